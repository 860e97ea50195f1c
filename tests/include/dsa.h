/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A data streaming accelerator (DSA 1.0), as Linux's idxd driver names its registers. */
#ifndef TESTS_DSA_H
#define TESTS_DSA_H

#include <stdint.h>

#define DSA_VENDOR 0x8086
#define DSA_DEVICE 0x0b25

enum {
    DSA_R_VERSION = 0x00,
    DSA_R_GENCAP = 0x10,
    DSA_R_WQCAP = 0x20,
    DSA_R_GRPCAP = 0x30,
    DSA_R_ENGCAP = 0x38,
    DSA_R_OPCAP = 0x40,
    DSA_R_TABLES = 0x60, /* group, queue, permission, message store: 16 bits each, in 256 bytes */
    DSA_R_GENCTRL = 0x88,
    DSA_R_GENSTS = 0x90,
    DSA_R_INTCAUSE = 0x98,
    DSA_R_CMD = 0xa0,
    DSA_R_CMDSTS = 0xa8,
    DSA_R_CMDCAP = 0xb0,
    DSA_R_SWERR = 0xc0,
};

/* CMD: operand, command in bits 24:20, interrupt in bit 31. */
enum {
    DSA_C_ENABLE_DEVICE = 1,
    DSA_C_DISABLE_DEVICE,
    DSA_C_DRAIN_ALL,
    DSA_C_ABORT_ALL,
    DSA_C_RESET_DEVICE,
    DSA_C_ENABLE_WQ,
    DSA_C_DISABLE_WQ,
    DSA_C_DRAIN_WQ,
    DSA_C_ABORT_WQ,
    DSA_C_RESET_WQ,
    DSA_C_REQUEST_HANDLE = 13,
    DSA_C_RELEASE_HANDLE,
};
#define DSA_C_INTERRUPT (1u << 31)
#define DSA_C_IMS       0x10000u /* of the handle commands' operand */
#define DSA_C_ACTIVE    (1u << 31)

#define DSA_CAUSE_ERROR   0x01u
#define DSA_CAUSE_COMMAND 0x02u
#define DSA_CAUSE_REVOKED 0x80000000u

/* Dword 2 of WQCFG; dword 3 has 2^n bytes, and 2^n descriptors from bit 5 on. */
#define DSA_WQ_DEDICATED    1u
#define DSA_WQ_PRIORITY(n_) ((n_) << 4)

/* A queue's portals. */
#define DSA_PORTAL(wq_) (0x4000u * (wq_))
#define DSA_PORTAL_MSIX 0x1000u /* limited, as drivers of kernels use them */
#define DSA_PORTAL_SLOT 0x3000u

enum {
    DSA_O_NOOP = 0x00,
    DSA_O_BATCH,
    DSA_O_DRAIN,
    DSA_O_MEMMOVE,
    DSA_O_FILL,
    DSA_O_COMPARE,
    DSA_O_COMPARE_PATTERN,
    DSA_O_DUALCAST = 0x09,
    DSA_O_CRCGEN = 0x10,
    DSA_O_COPY_CRC,
    DSA_O_CFLUSH = 0x20,
};

enum {
    DSA_D_FENCE = 0x1,
    DSA_D_BLOCK_ON_FAULT = 0x2,
    DSA_D_RECORD_VALID = 0x4,
    DSA_D_RECORD = 0x8,
    DSA_D_INTERRUPT = 0x10,
    DSA_D_CHECK = 0x80,
    DSA_D_SEED_MEMORY = 0x10000,
    DSA_D_CRC_PLAIN = 0x20000,
    DSA_D_DATA_PLAIN = 0x40000,
};

typedef struct {
    uint32_t pasid_privileged;
    uint32_t flags_opcode;
    uint64_t record, source, destination;
    uint32_t size;
    uint16_t handle, reserved;
    uint64_t extra[3];
} DsaDescriptor;

typedef struct {
    uint8_t status, result;
    uint16_t reserved;
    uint32_t completed;
    uint64_t fault, extra[2];
} DsaCompletion;

_Static_assert(sizeof(DsaDescriptor) == 64 && sizeof(DsaCompletion) == 32, "as in memory");

#endif
