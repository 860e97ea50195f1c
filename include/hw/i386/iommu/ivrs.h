/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IVRS table (AMD I/O Virtualization 5.2), in which units of AMD's kind are told of. */
#ifndef HW_I386_IOMMU_IVRS_H
#define HW_I386_IOMMU_IVRS_H

#include "hw/i386/iommu/iommu.h"

/* 00:14.0: the SMBus function, whose id the southbridge's IOAPIC and HPET send under. */
#define AMD_SOUTHBRIDGE_DEVFN 0xa0

extern const IommuTable ivrs_table;

/* What firmware gets wrong, in the order of ivrs_broken_choices. */
typedef enum {
    IVRS_NOT_BROKEN,
    IVRS_IOAPIC_ID, /* the IOAPIC is not the southbridge's */
    IVRS_NO_IOAPIC, /* the IOAPIC is not told of */
    IVRS_NO_HPET,   /* nor is the HPET */
    IVRS_NO_IVHD,   /* there is no block of a unit */
    IVRS_OLD_IVHD,  /* only that of type 10h */
    IVRS_WRONG_EFR, /* the features told are not the unit's */
} IvrsBroken;
extern const char *const ivrs_broken_choices[];

/* What IommuClass.table_part fills in. */
typedef struct {
    bool intremap;
    uint64_t features, features2; /* as its registers tell them */
    uint16_t device_id;           /* of its PCI function, */
    uint8_t capability;           /* and where the capability block is in that */
    IvrsBroken broken;
} IvrsUnit;

#endif
