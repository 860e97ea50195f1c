/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: the device table, and the cache of its entries (2.2.2, 2.4.2). */
#ifndef HW_I386_IOMMU_AMD_DEVCACHE_H
#define HW_I386_IOMMU_AMD_DEVCACHE_H

#include "base/caches.h"
#include "hw/i386/iommu/amd/dte.h"
#include "hw/i386/iommu/amd/hostptr.h"

#define AMDVI_DEVICES 65536u

typedef enum { AMDVI_DEV_OK, AMDVI_DEV_BEYOND, AMDVI_DEV_UNREADABLE } AmdviDevStatus;

typedef struct {
    AmdviDte dte;
    uint64_t words[AMDVI_DTE_WORDS]; /* as read, to tell stale entries */
    uint64_t epoch;                  /* valid while above the cache's */
    bool fault_logged;               /* with SE: the one page fault was */
    AmdviHostPtr at;
} AmdviDevEntry;

typedef struct {
    AddressSpace *memory;
    AmdviDevEntry *entries; /* one a device id */
    uint64_t base;          /* DEVTAB_BASE, as software wrote it last */
    uint64_t epoch, flushed;
    uint64_t hits, misses, stale_hits;
} AmdviDevCache;

void amdvi_devcache_init(AmdviDevCache *c, AddressSpace *memory);
void amdvi_devcache_free(AmdviDevCache *c);
void amdvi_devcache_reset(AmdviDevCache *c);
/* Its entries, for a checkpoint. */
void amdvi_devcache_visit(AmdviDevCache *c, CacheVisit *visit);
void amdvi_devcache_invalidate(AmdviDevCache *c, uint16_t device_id);
void amdvi_devcache_invalidate_all(AmdviDevCache *c);
/* The entry to use, from the cache or from memory; *out stays until the cache is asked again. */
AmdviDevStatus amdvi_devcache_get(AmdviDevCache *c, uint16_t device_id, AmdviDevEntry **out);
/* Looks, and changes nothing: the entry in memory, and the one that the cache holds or NULL. */
AmdviDevStatus amdvi_devcache_peek(const AmdviDevCache *c, uint16_t device_id,
                                   uint64_t words[AMDVI_DTE_WORDS], const AmdviDevEntry **cached);

#endif
