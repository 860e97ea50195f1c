/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: the cache of translations (2.4.3). */
#ifndef HW_I386_IOMMU_AMD_IOTLB_H
#define HW_I386_IOMMU_AMD_IOTLB_H

#include "base/caches.h"
#include "hw/i386/iommu/amd/pagewalk.h"

#define AMDVI_IOTLB_SLOTS 4096u
#define AMDVI_DOMAINS     65536u

typedef struct {
    uint64_t page; /* number of the 4 KiB page that was asked for */
    uint64_t epoch;
    uint64_t host; /* of that page */
    uint16_t domain;
    bool read, write;
} AmdviMapping;

typedef struct {
    AmdviMapping *slots;
    uint64_t *domain_epochs;
    uint64_t epoch, flushed;
    uint64_t hits, misses;
    uint64_t steps; /* slots looked at for invalidations */
} AmdviIotlb;

void amdvi_iotlb_init(AmdviIotlb *t);
void amdvi_iotlb_free(AmdviIotlb *t);
void amdvi_iotlb_reset(AmdviIotlb *t);
/* Its entries, for a checkpoint. */
void amdvi_iotlb_visit(AmdviIotlb *t, CacheVisit *visit);
void amdvi_iotlb_invalidate_all(AmdviIotlb *t);
/* From `address` to `last`, inclusive. */
void amdvi_iotlb_invalidate(AmdviIotlb *t, uint16_t domain, uint64_t address, uint64_t last);
/* Counts a hit or a miss. */
const AmdviMapping *amdvi_iotlb_find(AmdviIotlb *t, uint16_t domain, uint64_t address);
const AmdviMapping *amdvi_iotlb_fill(AmdviIotlb *t, uint16_t domain, uint64_t address,
                                     const AmdviPage *page);

#endif
