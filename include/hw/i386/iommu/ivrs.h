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
    IVRS_NO_ALIAS,  /* what is behind bridges is told of without the id that it comes with */
    IVRS_UNCOVERED, /* a function is not told of */
} IvrsBroken;
extern const char *const ivrs_broken_choices[];

/* How the table tells of functions, in the order of ivrs_entry_choices. */
typedef enum {
    IVRS_ALL,       /* one entry for all */
    IVRS_RANGES,    /* a range, and ranges of those that come with another id */
    IVRS_FUNCTIONS, /* an entry for each that is there */
} IvrsEntries;
extern const char *const ivrs_entry_choices[];

/* What the table tells of a unit as its user says it. */
typedef struct {
    int broken;  /* IvrsBroken */
    int entries; /* IvrsEntries */
    char *ivmd;
} IvrsTold;

#define IVRS_TOLD_PROPS(struct_, field_)                                                           \
    PROP_CHOICE("broken", struct_, field_.broken, "no", ivrs_broken_choices,                       \
                "what firmware gets wrong about it"),                                              \
        PROP_CHOICE("ivhd", struct_, field_.entries, "ranges", ivrs_entry_choices,                 \
                    "how its table tells of functions: all at once, in ranges, or each"),          \
        PROP(PROP_STRING, "ivmd", struct_, field_.ivmd, NULL,                                      \
             "memory kept for functions: START-END:NAMES[:exclusion]; more with ; between them")

/* For realize, after iommu_place_parse(): memory becomes lists of the unit's place. */
bool ivrs_told_parse(const IvrsTold *told, IommuPlace *place, GError **error);

/* What IommuClass.table_part fills in. */
typedef struct {
    bool intremap, device_iotlb;
    uint64_t features, features2; /* as its registers tell them */
    const PciDevice *function;    /* its PCI function, */
    uint8_t capability;           /* and where the capability block is in that */
    const IvrsTold *told;
} IvrsUnit;

#endif
