/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: second-stage tables (3.7, 9.8). */
#ifndef HW_I386_IOMMU_VTD_PAGEWALK_H
#define HW_I386_IOMMU_VTD_PAGEWALK_H

#include "base/memory.h"
#include "hw/i386/iommu/vtd/fault.h"
#include "hw/i386/iommu/vtd/tables.h"

/* A page's translation, as the IOTLB holds it. */
typedef struct {
    uint64_t epoch;
    uint64_t page; /* input address >> shift */
    uint64_t host; /* physical address of the page */
    uint16_t domain;
    uint8_t shift; /* 12, 21, 30 */
    bool read, write, snoop, transient;
    uint8_t fault; /* VtdFaultReason; cached only with caching mode */
} VtdMapping;

typedef struct {
    uint8_t haw;
    bool snoop, transient; /* these leaf bits exist */
} VtdPteBits;

VtdFaultReason vtd_page_walk(VtdTables *tables, uint64_t table, unsigned levels, VtdPteBits bits,
                             uint64_t address, VtdMapping *out);

#endif
