/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: invalidation descriptors (6.5.2). */
#ifndef HW_I386_IOMMU_VTD_DESC_H
#define HW_I386_IOMMU_VTD_DESC_H

#include <inttypes.h>
#include <stdbool.h>

#include "base/trace.h"

/* IQERCD.IQEI (11.4.9.9). */
typedef enum {
    VTD_IQEI_NONE = 0,
    VTD_IQEI_TAIL = 1,
    VTD_IQEI_FETCH = 2,
    VTD_IQEI_TYPE = 3,
    VTD_IQEI_RESERVED = 4,
    VTD_IQEI_WIDTH = 5,
    VTD_IQEI_TAIL_ALIGNMENT = 6,
} VtdQueueError;

typedef enum {
    VTD_DESC_CONTEXT = 1,
    VTD_DESC_IOTLB = 2,
    VTD_DESC_DEVICE_TLB = 3,
    VTD_DESC_IEC = 4,
    VTD_DESC_WAIT = 5,
} VtdDescType;

/* Granularities: those of CCMD.CIRG and IOTLB.IIRG too. */
enum { VTD_INV_GLOBAL = 1, VTD_INV_DOMAIN = 2, VTD_INV_DEVICE = 3, VTD_INV_PAGE = 3 };

typedef struct {
    VtdDescType type;
    uint8_t granularity;
    uint16_t domain, source_id;
    uint8_t function_mask;                /* context cache */
    uint8_t address_mask;                 /* IOTLB */
    bool hint;                            /* IOTLB: leaf only */
    uint64_t address;                     /* IOTLB, device TLB; wait: status address */
    bool size;                            /* device TLB */
    bool global;                          /* IEC */
    uint8_t index_mask;                   /* IEC */
    uint16_t index;                       /* IEC */
    bool interrupt, status, fence, drain; /* wait */
    uint32_t status_data;                 /* wait */
} VtdDesc;

/* What a unit takes, for the descriptors' checks. */
typedef struct {
    bool intremap, device_iotlb, page_drain;
    uint8_t max_address_mask, max_handle_mask;
} VtdDescLimits;
VtdQueueError vtd_desc_decode(const uint64_t q[2], const VtdDescLimits *limits, VtdDesc *out);

/* Prints what a valid descriptor asks for, in group vtd, which is on. In desc_trace.c. */
void vtd_desc_trace(const VtdDesc *d, Trace *trace);

#endif
