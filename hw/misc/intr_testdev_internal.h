/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of intr-testdev share: the device, its registers and its commands. */
#ifndef HW_MISC_INTR_TESTDEV_INTERNAL_H
#define HW_MISC_INTR_TESTDEV_INTERNAL_H

#include "base/clock.h"
#include "hw/core/regfile.h"
#include "hw/pci/ats.h"
#include "hw/pci/ims.h"
#include "hw/pci/msi.h"
#include "hw/pci/pri.h"

#define INTR_TESTDEV_BUFFER 0x1000u
#define INTR_TESTDEV_ROWS   18

enum {
    REG_ADDR = 0x00,
    REG_DATA = 0x08,
    REG_FLAGS = 0x0c,
    REG_RID = 0x10,
    REG_PASID = 0x14,
    REG_LEN = 0x18,
    REG_COMMAND = 0x1c,
    REG_RESULT = 0x20,
    REG_LEFT = 0x24,
    REG_RING = 0x28,
    REG_RING_COUNT = 0x30,
    REG_DELAY = 0x34,
    REG_REPEAT = 0x38,
    REG_IMS_BASE = 0x40,
    REG_XLAT = 0x48,
    REG_XLAT_SHIFT = 0x50,
    REG_KEPT = 0x54,
    REG_PRI = 0x58,
    REG_SPAN = 0x5c,
};
#define FLAG_RID        1u
#define FLAG_PASID      2u
#define FLAG_TRANSLATED 4u /* of DMA: ADDR is a translated address, */
#define FLAG_ATS        8u /* or one that the device translates */

typedef struct {
    PciDevice pci;
    /* Properties. */
    uint32_t requester_id; /* more than 16 bits: the device's own */
    uint8_t pin;
    uint8_t msi_vectors;
    bool msi_64, msi_mask;
    uint16_t msix_vectors;
    uint8_t msix_pba_bar;
    int ims_where; /* IMS_OFF .. IMS_BOTH */
    uint16_t ims_slots;
    uint8_t sriov_vfs;
    MemRegion region;
    RegFile regs;
    uint64_t values[INTR_TESTDEV_ROWS]; /* the register file's */
    uint8_t buffer[INTR_TESTDEV_BUFFER];
    bool has_ats, has_pri;
    int ats_completion; /* PciAtsCompletion */
    PciIms ims;
    PciAts ats;
    PciPri pri;
    Timer delay; /* until the command is carried out (again) */
} IntrTestdev;

static inline uint64_t intr_testdev_reg(const IntrTestdev *t, uint32_t offset)
{
    return regfile_get(&t->regs, offset);
}

/* intr_testdev_regs.c: BAR 0. */
void intr_testdev_regs_init(IntrTestdev *t);
void intr_testdev_regs_free(IntrTestdev *t);
void intr_testdev_regs_reset(IntrTestdev *t);

/* intr_testdev_command.c: carries a command out with what the registers hold; for RESULT. */
uint32_t intr_testdev_perform(IntrTestdev *t, uint32_t command);

#endif
