/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: context cache and IOTLB (6.2). */
#ifndef HW_I386_IOMMU_VTD_DMACACHE_H
#define HW_I386_IOMMU_VTD_DMACACHE_H

#include "base/caches.h"
#include "hw/i386/iommu/vtd/context.h"
#include "hw/i386/iommu/vtd/pagetree.h"
#include "hw/i386/iommu/vtd/pagewalk.h"

#define VTD_IOTLB_WAYS 4
#define VTD_IOTLB_SETS 1024

/* A domain's entries in the IOTLB. */
typedef struct {
    uint64_t epoch; /* older entries are invalid */
    uint16_t pages; /* tree of the valid ones */
} VtdTlbDomain;

typedef struct {
    Trace *trace;
    bool caching_mode;
    uint16_t domain_mask;     /* bits of domain ids that there are (CAP.ND); the rest is ignored */
    VtdContext *contexts;     /* one a source id */
    uint64_t *context_epochs; /* one a domain */
    VtdTlbDomain *tlb_domains;
    uint64_t context_epoch, tlb_epoch;
    uint64_t epoch;  /* counts fills and invalidations */
    VtdMapping *tlb; /* VTD_IOTLB_SETS sets of VTD_IOTLB_WAYS */
    VtdPageTree tree;
    uint32_t victim;
    uint32_t large_shifts; /* bit 1: 2 MiB pages were cached, bit 2: 1 GiB */
} VtdDmaCache;

void vtd_dmacache_init(VtdDmaCache *c, Trace *trace, bool caching_mode, unsigned domain_bits);
void vtd_dmacache_free(VtdDmaCache *c);
void vtd_dmacache_reset(VtdDmaCache *c);
/* All of it, for a checkpoint. */
void vtd_dmacache_visit(VtdDmaCache *c, CacheVisit *visit);
const VtdContext *vtd_context_cached(const VtdDmaCache *c, uint16_t source_id);
void vtd_context_fill(VtdDmaCache *c, uint16_t source_id, VtdContext *context);
const VtdMapping *vtd_iotlb_find(VtdDmaCache *c, uint16_t domain, uint64_t address);
void vtd_iotlb_fill(VtdDmaCache *c, VtdMapping *mapping);
void vtd_context_invalidate(VtdDmaCache *c, uint8_t granularity, uint16_t domain,
                            uint16_t source_id, uint8_t function_mask);
void vtd_iotlb_invalidate(VtdDmaCache *c, uint8_t granularity, uint16_t domain, uint64_t address,
                          uint8_t address_mask);

#endif
