/* SPDX-License-Identifier: GPL-2.0-or-later */
/* intr-testdev, the emitter: its registers, flags and commands. */
#ifndef TESTS_INCLUDE_INTR_TESTDEV_H
#define TESTS_INCLUDE_INTR_TESTDEV_H

enum {
    E_ADDR = 0,
    E_DATA = 8,
    E_FLAGS = 0xc,
    E_RID = 0x10,
    E_PASID = 0x14,
    E_LEN = 0x18,
    E_COMMAND = 0x1c,
    E_RESULT = 0x20,
    E_LEFT = 0x24,
    E_RING = 0x28,
    E_COUNT = 0x30,
    E_DELAY = 0x34,
    E_REPEAT = 0x38,
    E_IMS_BASE = 0x40,
    E_XLAT = 0x48,
    E_XLAT_SHIFT = 0x50,
    E_KEPT = 0x54,
    E_PRI = 0x58,
    E_BUFFER = 0x1000
};
enum {
    C_MESSAGE = 1,
    C_WRITE,
    C_READ,
    C_MSI,
    C_MSIX,
    C_RING,
    C_PIN,
    C_IMS,
    C_IMS_MEMORY,
    C_IMS_CHANGED,
    C_TRANSLATE,
    C_REQUEST_PAGE
};

/* DATA of C_REQUEST_PAGE, beside the group, and E_PRI. */
#define PAGE_LAST                       (1u << 9)
#define PAGE_READ                       (1u << 10)
#define PAGE_WRITE                      (1u << 11)
#define PRI_RESPONSE(n_, code_, group_) ((uint32_t)(n_) << 16 | (code_) << 12 | (group_))

#endif
