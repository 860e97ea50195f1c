/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the device table, and the cache of its entries. One that was used is used again, whatever
 * it says, until INVALIDATE_DEVTAB_ENTRY or INVALIDATE_IOMMU_ALL covers it (2.4.2, 2.4.8): that
 * makes a guest's forgotten invalidation visible. There is room for every device id.
 */
#include "hw/i386/iommu/amd/devcache.h"

#include "base/zeroed.h"
#include "hw/i386/iommu/amd/regs.h"

#define TABLE_PAGE 4096u

void amdvi_devcache_init(AmdviDevCache *c, AddressSpace *memory)
{
    *c = (AmdviDevCache){.memory = memory};
    c->entries = zeroed_new(AmdviDevEntry, AMDVI_DEVICES);
}

void amdvi_devcache_free(AmdviDevCache *c)
{
    zeroed_clear(c->entries, AMDVI_DEVICES);
}

void amdvi_devcache_visit(AmdviDevCache *c, CacheVisit *visit)
{
    cache_visit(visit, c->entries, sizeof(*c->entries) * AMDVI_DEVICES);
    CACHE_VISIT(visit, c->epoch);
    CACHE_VISIT(visit, c->flushed);
    CACHE_VISIT(visit, c->hits);
    CACHE_VISIT(visit, c->misses);
    CACHE_VISIT(visit, c->stale_hits);
}

void amdvi_devcache_reset(AmdviDevCache *c)
{
    amdvi_devcache_invalidate_all(c);
    c->hits = c->misses = c->stale_hits = 0;
}

void amdvi_devcache_invalidate(AmdviDevCache *c, uint16_t device_id)
{
    c->entries[device_id].epoch = 0;
}

void amdvi_devcache_invalidate_all(AmdviDevCache *c)
{
    c->flushed = ++c->epoch;
}

/* False: it is beyond the table's end. */
static bool devcache_address(const AmdviDevCache *c, uint16_t device_id, uint64_t *address)
{
    uint64_t bytes = (field_get(c->base, AMDVI_DEVTAB_SIZE) + 1) * TABLE_PAGE;
    uint64_t offset = (uint64_t)device_id * AMDVI_DTE_BYTES;
    *address = (c->base & AMDVI_BASE_MASK) + offset;
    return offset < bytes;
}

static AmdviDevStatus devcache_read(const AmdviDevCache *c, uint16_t device_id,
                                    uint64_t words[AMDVI_DTE_WORDS])
{
    uint64_t address;
    if (!devcache_address(c, device_id, &address)) {
        return AMDVI_DEV_BEYOND;
    }
    MemResult result = as_read(c->memory, address, words, AMDVI_DTE_BYTES);
    return result == MEM_OK ? AMDVI_DEV_OK : AMDVI_DEV_UNREADABLE;
}

static bool devcache_holds(const AmdviDevCache *c, uint16_t device_id)
{
    return c->entries[device_id].epoch > c->flushed;
}

static inline bool devcache_is_stale(AmdviDevCache *c, uint16_t device_id)
{
    uint64_t address;
    AmdviDevEntry *e = &c->entries[device_id];
    return !devcache_address(c, device_id, &address) ||
           !amdvi_host_equals(&e->at, c->memory, address, e->words, AMDVI_DTE_BYTES);
}

AmdviDevStatus amdvi_devcache_get(AmdviDevCache *c, uint16_t device_id, AmdviDevEntry **out)
{
    AmdviDevEntry *e = &c->entries[device_id];
    *out = e;
    if (G_LIKELY(devcache_holds(c, device_id))) {
        c->hits++;
        c->stale_hits += devcache_is_stale(c, device_id);
        return AMDVI_DEV_OK;
    }
    c->misses++;
    AmdviDevStatus status = devcache_read(c, device_id, e->words);
    if (status != AMDVI_DEV_OK) {
        return status;
    }
    amdvi_dte_decode(e->words, &e->dte);
    e->fault_logged = false;
    e->epoch = ++c->epoch;
    return AMDVI_DEV_OK;
}

AmdviDevStatus amdvi_devcache_peek(const AmdviDevCache *c, uint16_t device_id,
                                   uint64_t words[AMDVI_DTE_WORDS], const AmdviDevEntry **cached)
{
    *cached = devcache_holds(c, device_id) ? &c->entries[device_id] : NULL;
    return devcache_read(c, device_id, words);
}
