/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMAR table (VT-d 8), in which units of Intel's kind are told of. */
#ifndef HW_I386_IOMMU_DMAR_H
#define HW_I386_IOMMU_DMAR_H

#include "hw/i386/iommu/iommu.h"

extern const IommuTable dmar_table;

/* What else the table tells of a unit, as its user says it (VT-d 8.4, 8.7, 8.8). The functions that
 * are named are lists of the unit's place. */
typedef struct {
    char *rmrr; /* properties */
    char *andd;
    char *satc;
    bool satc_required;
} DmarTold;

#define DMAR_TOLD_PROPS(struct_, field_)                                                           \
    PROP(PROP_STRING, "rmrr", struct_, field_.rmrr, NULL,                                          \
         "memory reserved for functions under it: START-END:NAMES; more with ; between them"),     \
        PROP(PROP_STRING, "andd", struct_, field_.andd, NULL,                                      \
             "a function under it as ACPI's namespace has it: PATH@NAME; more with ; between"),    \
        PROP(PROP_STRING, "satc", struct_, field_.satc, NULL,                                      \
             "functions under it with translation caches of the SoC: names, with + between them"), \
        PROP(PROP_BOOL, "satc-required", struct_, field_.satc_required, "off",                     \
             "the table says that those need their caches on")

/* For realize of unit `number`, after iommu_place_parse(). */
bool dmar_told_parse(const DmarTold *told, unsigned number, IommuPlace *place, GError **error);

/* What IommuClass.table_part fills in. */
typedef struct {
    bool intremap;
    bool x2apic_opt_out;
    bool dma_ctrl_opt_in;
    uint8_t host_address_width;  /* bits */
    uint8_t register_pages_log2; /* the DRHD's size field: 2^n pages of registers */
    bool device_iotlb;
    bool has_proximity;
    uint32_t proximity; /* a domain of the SRAT */
    bool satc_required;
} DmarUnit;

#endif
