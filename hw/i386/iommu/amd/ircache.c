/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the cache of interrupt remapping table entries. An entry once used is used again,
 * decoded, until INVALIDATE_INTERRUPT_TABLE of its device or INVALIDATE_IOMMU_ALL (2.4.5, 2.4.8),
 * or until another one takes its slot, as hardware may do at any time. It is known by device id and
 * index: where the table was does not count. Entries that cannot be used are not kept.
 */
#include "hw/i386/iommu/amd/ircache.h"

#include "base/zeroed.h"

/* Consecutive indexes lie side by side; devices are spread. */
#define DEVICE_SPREAD 0x9e5u

void amdvi_ircache_init(AmdviIrCache *c, AddressSpace *memory, Clock *clock)
{
    *c = (AmdviIrCache){.memory = memory, .clock = clock};
    c->slots = zeroed_new(AmdviIrEntry, AMDVI_IRCACHE_SLOTS);
    c->device_epochs = zeroed_new(uint64_t, AMDVI_IRCACHE_DEVICES);
}

void amdvi_ircache_free(AmdviIrCache *c)
{
    zeroed_clear(c->slots, AMDVI_IRCACHE_SLOTS);
    zeroed_clear(c->device_epochs, AMDVI_IRCACHE_DEVICES);
}

void amdvi_ircache_visit(AmdviIrCache *c, CacheVisit *visit)
{
    cache_visit(visit, c->slots, sizeof(*c->slots) * AMDVI_IRCACHE_SLOTS);
    cache_visit(visit, c->device_epochs, sizeof(*c->device_epochs) * AMDVI_IRCACHE_DEVICES);
    CACHE_VISIT(visit, c->epoch);
    CACHE_VISIT(visit, c->flushed);
    CACHE_VISIT(visit, c->hits);
    CACHE_VISIT(visit, c->misses);
    CACHE_VISIT(visit, c->stale_hits);
}

void amdvi_ircache_reset(AmdviIrCache *c)
{
    amdvi_ircache_invalidate_all(c);
    c->hits = c->misses = c->stale_hits = 0;
}

void amdvi_ircache_invalidate(AmdviIrCache *c, uint16_t device_id)
{
    c->device_epochs[device_id] = ++c->epoch;
}

void amdvi_ircache_invalidate_all(AmdviIrCache *c)
{
    c->flushed = ++c->epoch;
}

static uint32_t ircache_key(const AmdviIrPlace *at)
{
    return (uint32_t)at->device_id * AMDVI_IRT_MAX + at->index;
}

static AmdviIrEntry *ircache_slot(const AmdviIrCache *c, const AmdviIrPlace *at)
{
    return &c->slots[(at->device_id * DEVICE_SPREAD + at->index) % AMDVI_IRCACHE_SLOTS];
}

static bool ircache_holds(const AmdviIrCache *c, const AmdviIrPlace *at, const AmdviIrEntry *e)
{
    return e->key == ircache_key(at) && e->epoch > c->flushed &&
           e->epoch > c->device_epochs[at->device_id];
}

static bool ircache_read(const AmdviIrCache *c, const AmdviIrPlace *at, AmdviIrteMode mode,
                         uint64_t raw[2])
{
    unsigned bytes = amdvi_irte_bytes(mode);
    raw[0] = raw[1] = 0;
    return as_read(c->memory, at->table + (uint64_t)at->index * bytes, raw, bytes) == MEM_OK;
}

static AmdviIrteStatus ircache_prepare(const uint64_t raw[2], AmdviIrteMode mode, AmdviIrEntry *e)
{
    AmdviIrte irte;
    amdvi_irte_decode(raw[0], raw[1], mode, &irte);
    *e = (AmdviIrEntry){.low = raw[0], .high = raw[1], .sup_iopf = irte.sup_iopf};
    if (!irte.remap_en) {
        return AMDVI_IRTE_NOT_MAPPED;
    }
    if (irte.reserved) {
        return AMDVI_IRTE_RESERVED;
    }
    e->guest = irte.guest;
    e->is_run = irte.is_run;
    e->ga_log = irte.ga_log;
    e->tag = irte.tag;
    e->page = irte.page;
    e->msg = (ApicMsg){
        .dest = irte.dest,
        .vector = irte.vector,
        .mode = (IntrDeliveryMode)irte.int_type,
        .logical = irte.logical,
        .level = irte.rq_eoi,
        .assert_level = true,
    };
    return AMDVI_IRTE_OK;
}

static inline AmdviIrLookup ircache_hit(AmdviIrCache *c, const AmdviIrPlace *at, AmdviIrteMode mode,
                                        AmdviIrEntry *e)
{
    unsigned bytes = amdvi_irte_bytes(mode);
    uint64_t address = at->table + (uint64_t)at->index * bytes;
    bool stale = !amdvi_host_equals(&e->at, c->memory, address, e->raw, bytes);
    c->hits++;
    c->stale_hits += stale;
    return (AmdviIrLookup){.entry = e, .cached = true, .stale = stale};
}

AmdviIrLookup amdvi_ircache_get(AmdviIrCache *c, const AmdviIrPlace *at, AmdviIrteMode mode,
                                bool keep, AmdviIrEntry *scratch)
{
    uint64_t raw[2];
    AmdviIrEntry *slot = ircache_slot(c, at);
    if (G_LIKELY(keep && ircache_holds(c, at, slot))) {
        return ircache_hit(c, at, mode, slot);
    }
    c->misses++;
    AmdviIrLookup found = {.entry = scratch};
    if (!ircache_read(c, at, mode, raw)) {
        *scratch = (AmdviIrEntry){0};
        found.status = AMDVI_IRTE_UNREADABLE;
        return found;
    }
    found.status = ircache_prepare(raw, mode, scratch);
    if (found.status == AMDVI_IRTE_OK && keep) {
        scratch->key = ircache_key(at);
        scratch->epoch = ++c->epoch;
        scratch->cached_at = c->clock ? clock_last(c->clock) : 0;
        *slot = *scratch;
    }
    return found;
}

bool amdvi_ircache_peek(const AmdviIrCache *c, const AmdviIrPlace *at, AmdviIrteMode mode,
                        uint64_t raw[2], const AmdviIrEntry **cached)
{
    const AmdviIrEntry *slot = ircache_slot(c, at);
    *cached = ircache_holds(c, at, slot) ? slot : NULL;
    return ircache_read(c, at, mode, raw);
}
