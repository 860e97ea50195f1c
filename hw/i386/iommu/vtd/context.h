/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: root and context tables of legacy mode (3.4.2, 9.1, 9.3). */
#ifndef HW_I386_IOMMU_VTD_CONTEXT_H
#define HW_I386_IOMMU_VTD_CONTEXT_H

#include "base/memory.h"
#include "hw/i386/iommu/vtd/fault.h"
#include "hw/i386/iommu/vtd/tables.h"

typedef enum {
    VTD_TT_UNTRANSLATED = 0,
    VTD_TT_ALL = 1,
    VTD_TT_PASS_THROUGH = 2
} VtdTranslationType;

typedef struct {
    bool present;
    bool reserved; /* a reserved bit is set */
    uint64_t context_table;
} VtdRootEntry;
void vtd_root_decode(uint64_t low, uint64_t high, uint8_t haw, VtdRootEntry *out);

typedef struct {
    bool present, fpd, reserved;
    uint8_t type;  /* VtdTranslationType or 3 */
    uint8_t width; /* AW */
    uint16_t domain;
    uint64_t table;
} VtdContextEntry;
void vtd_context_decode(uint64_t low, uint64_t high, uint8_t haw, VtdContextEntry *out);

/* A source's context, as the context cache holds it. */
typedef struct {
    uint64_t epoch;
    uint64_t table;
    uint16_t domain;
    uint8_t levels; /* of the second-stage table: 3, 4, 5 */
    uint8_t type;
    uint8_t fault; /* VtdFaultReason; cached only with caching mode */
    bool fpd;
} VtdContext;

/* What a unit takes, for the entries' checks. */
typedef struct {
    uint8_t haw;
    uint8_t sagaw;        /* CAP.SAGAW: a bit for each AW */
    uint16_t domain_mask; /* of domain ids, the bits that there are */
    bool device_iotlb, pass_through;
} VtdContextLimits;

VtdFaultReason vtd_context_walk(VtdTables *tables, uint64_t root_table, VtdContextLimits limits,
                                uint16_t source_id, VtdContext *out);

#endif
