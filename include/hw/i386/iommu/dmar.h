/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMAR table (VT-d 8), in which units of Intel's kind are told of. */
#ifndef HW_I386_IOMMU_DMAR_H
#define HW_I386_IOMMU_DMAR_H

#include "hw/i386/iommu/iommu.h"

extern const IommuTable dmar_table;

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
} DmarUnit;

#endif
