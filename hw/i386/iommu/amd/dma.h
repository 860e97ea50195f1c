/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: what DMA (dma.c) and address translation services (ats.c) share of an access. */
#ifndef HW_I386_IOMMU_AMD_DMA_H
#define HW_I386_IOMMU_AMD_DMA_H

#include "hw/i386/iommu/amd/unit.h"

/* One access. */
typedef struct {
    const BusReq *req;
    uint64_t addr;
    bool write;
    bool translation; /* a translation request */
} AmdviAccess;

/* Logs an event about it. */
void amdvi_dma_log(AmdviState *s, const AmdviAccess *a, AmdviEventCode code, uint16_t domain,
                   uint16_t flags);
/* Its requester's device table entry; NULL: there is none, which has been logged. */
AmdviDevEntry *amdvi_dma_entry(AmdviState *s, const AmdviAccess *a);
/* Is it in the exclusion range (3.4.4), and is that for it? */
bool amdvi_dma_is_excluded(const AmdviState *s, const AmdviDte *dte, uint64_t addr, size_t len);
/* The mapping of the access's page, from the cache or from the tables. */
AmdviWalkStatus amdvi_dma_mapping(AmdviState *s, const AmdviAccess *a, const AmdviDte *dte,
                                  AmdviMapping *out);
/* Refuses it for what became of its mapping, which is logged. */
MemResult amdvi_dma_refuse_page(AmdviState *s, const AmdviAccess *a, AmdviDevEntry *e,
                                AmdviWalkStatus status);
/* The same for what is no request for what it is (2.5.9). */
MemResult amdvi_dma_refuse_request(AmdviState *s, const AmdviAccess *a, uint16_t type);

/* ats.c: may a request with a translated address pass? Else it has been logged why not. */
bool amdvi_ats_may_access(AmdviState *s, const AmdviAccess *a, size_t len);

#endif
