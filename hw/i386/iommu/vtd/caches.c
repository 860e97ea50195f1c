/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: what a saved state is without and a checkpoint has: the caches, entry for entry, since
 * under -icount a stale one is to be stale again; who wrote what; counts.
 */
#include "base/caches.h"
#include "hw/i386/iommu/vtd/unit.h"

static void visit_tables(VtdTables *t, CacheVisit *visit)
{
    CACHE_VISIT(visit, t->behind);
    CACHE_VISIT(visit, t->was_absent);
    CACHE_VISIT(visit, t->behind_at);
    if (t->dram) {
        dram_visit(t->dram, visit);
    }
}

static void vtd_visit(VtdState *s, CacheVisit *visit)
{
    vtd_iec_visit(&s->iec, visit);
    vtd_dmacache_visit(&s->cache, visit);
    visit_tables(&s->tables, visit);
    vtd_watch_visit(&s->irt_watch, visit);
    vtd_watch_visit(&s->queue_watch, visit);
    CACHE_VISIT(visit, s->verdicts);
    CACHE_VISIT(visit, s->faults.count);
    CACHE_VISIT(visit, s->faults.lost);
    CACHE_VISIT(visit, s->queue.descriptors);
    CACHE_VISIT(visit, s->queue.work);
}

void vtd_save_caches(const Device *dev, GByteArray *out)
{
    CacheVisit visit = {.out = out};
    vtd_visit((VtdState *)dev, &visit);
}

const uint8_t *vtd_load_caches(Device *dev, const uint8_t *saved)
{
    CacheVisit visit = {.in = saved};
    vtd_visit((VtdState *)dev, &visit);
    return visit.in;
}
