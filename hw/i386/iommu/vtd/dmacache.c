/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the context cache and the IOTLB (6.2). Entries carry domain (and for the IOTLB, address)
 * tags and hold until an invalidation covers them. The context cache has room for every source; the
 * IOTLB is set-associative and may also lose an entry to another, as hardware's does. There are no
 * paging-structure caches, so the invalidation hint makes no difference; the tables above the leaf
 * are read at each miss. Entries that are not present or not valid are kept only in caching mode,
 * and then a context entry belongs to domain 0 (6.1).
 *
 * Global and per-domain invalidations raise an epoch that entries are compared with. Those of many
 * pages find the domain's entries in order (pagetree): what they cost grows with what they drop,
 * and with the logarithm of what they leave.
 */
#include "hw/i386/iommu/vtd/dmacache.h"
#include "base/zeroed.h"
#include "hw/core/rid.h"
#include "hw/i386/iommu/vtd/desc.h"

#define SOURCES   65536u
#define DOMAINS   65536u
#define TLB_SLOTS (VTD_IOTLB_SETS * VTD_IOTLB_WAYS)

static uint64_t dmacache_next_epoch(VtdDmaCache *c)
{
    return ++c->epoch;
}

void vtd_dmacache_init(VtdDmaCache *c, Trace *trace, bool caching_mode, unsigned domain_bits)
{
    c->domain_mask = (uint16_t)((1u << domain_bits) - 1);
    c->trace = trace;
    c->caching_mode = caching_mode;
    c->contexts = zeroed_new(VtdContext, SOURCES);
    c->context_epochs = zeroed_new(uint64_t, DOMAINS);
    c->tlb_domains = zeroed_new(VtdTlbDomain, DOMAINS);
    c->tlb = zeroed_new(VtdMapping, TLB_SLOTS);
    vtd_pagetree_init(&c->tree, TLB_SLOTS);
}

void vtd_dmacache_free(VtdDmaCache *c)
{
    zeroed_clear(c->contexts, SOURCES);
    zeroed_clear(c->context_epochs, DOMAINS);
    zeroed_clear(c->tlb_domains, DOMAINS);
    zeroed_clear(c->tlb, TLB_SLOTS);
    vtd_pagetree_free(&c->tree);
}

void vtd_dmacache_reset(VtdDmaCache *c)
{
    c->context_epoch = c->tlb_epoch = dmacache_next_epoch(c);
    c->victim = 0;
    c->large_shifts = 0;
}

void vtd_dmacache_visit(VtdDmaCache *c, CacheVisit *visit)
{
    cache_visit(visit, c->contexts, sizeof(*c->contexts) * SOURCES);
    cache_visit(visit, c->context_epochs, sizeof(*c->context_epochs) * DOMAINS);
    cache_visit(visit, c->tlb_domains, sizeof(*c->tlb_domains) * DOMAINS);
    cache_visit(visit, c->tlb, sizeof(*c->tlb) * TLB_SLOTS);
    cache_visit(visit, c->tree.nodes, sizeof(*c->tree.nodes) * (TLB_SLOTS + 1));
    CACHE_VISIT(visit, c->tree.random);
    CACHE_VISIT(visit, c->tree.steps);
    CACHE_VISIT(visit, c->context_epoch);
    CACHE_VISIT(visit, c->tlb_epoch);
    CACHE_VISIT(visit, c->epoch);
    CACHE_VISIT(visit, c->victim);
    CACHE_VISIT(visit, c->large_shifts);
}

const VtdContext *vtd_context_cached(const VtdDmaCache *c, uint16_t source_id)
{
    const VtdContext *ctx = &c->contexts[source_id];
    return ctx->epoch > c->context_epoch && ctx->epoch > c->context_epochs[ctx->domain] ? ctx
                                                                                        : NULL;
}

void vtd_context_fill(VtdDmaCache *c, uint16_t source_id, VtdContext *context)
{
    if (context->fault == VTD_OK || c->caching_mode) {
        context->domain = context->fault == VTD_OK ? context->domain : 0;
        context->epoch = dmacache_next_epoch(c);
        c->contexts[source_id] = *context;
    }
}

static VtdMapping *set_of(VtdDmaCache *c, uint16_t domain, uint64_t page, unsigned shift)
{
    uint64_t hash = (page ^ (uint64_t)domain << 20 ^ (uint64_t)shift << 40) * 0x9e3779b97f4a7c15ull;
    return &c->tlb[(hash >> 48) % VTD_IOTLB_SETS * VTD_IOTLB_WAYS];
}

/* A slot is in its domain's tree as long as it is valid. */
static bool is_valid(const VtdDmaCache *c, const VtdMapping *m)
{
    return m->epoch > c->tlb_epoch && m->epoch > c->tlb_domains[m->domain].epoch;
}

/* A domain's tree, empty if a global invalidation came since it was looked at. */
static uint16_t *pages_of(VtdDmaCache *c, uint16_t domain)
{
    VtdTlbDomain *d = &c->tlb_domains[domain];
    if (d->epoch < c->tlb_epoch) {
        *d = (VtdTlbDomain){.epoch = c->tlb_epoch, .pages = VTD_TREE_EMPTY};
    }
    return &d->pages;
}

static unsigned slot_of(const VtdDmaCache *c, const VtdMapping *m)
{
    return (unsigned)(m - c->tlb);
}

static void drop(VtdDmaCache *c, VtdMapping *m)
{
    vtd_pagetree_remove(&c->tree, pages_of(c, m->domain), slot_of(c, m));
    m->epoch = 0;
}

static VtdMapping *find_page(VtdDmaCache *c, uint16_t domain, uint64_t page, unsigned shift)
{
    VtdMapping *set = set_of(c, domain, page, shift);
    for (unsigned i = 0; i < VTD_IOTLB_WAYS; i++) {
        if (set[i].page == page && set[i].domain == domain && set[i].shift == shift &&
            is_valid(c, &set[i])) {
            return &set[i];
        }
    }
    return NULL;
}

static const uint8_t page_shifts[] = {12, 21, 30};

const VtdMapping *vtd_iotlb_find(VtdDmaCache *c, uint16_t domain, uint64_t address)
{
    for (size_t i = 0; i < G_N_ELEMENTS(page_shifts); i++) {
        if (i > 0 && !(c->large_shifts & (1u << i))) {
            continue;
        }
        const VtdMapping *m = find_page(c, domain, address >> page_shifts[i], page_shifts[i]);
        if (m) {
            return m;
        }
    }
    return NULL;
}

void vtd_iotlb_fill(VtdDmaCache *c, VtdMapping *mapping)
{
    VtdMapping *set = set_of(c, mapping->domain, mapping->page, mapping->shift);
    VtdMapping *slot = &set[c->victim++ % VTD_IOTLB_WAYS];
    for (unsigned i = 0; i < VTD_IOTLB_WAYS; i++) {
        if (!is_valid(c, &set[i])) {
            slot = &set[i];
        }
    }
    for (size_t i = 1; i < G_N_ELEMENTS(page_shifts); i++) {
        c->large_shifts |= mapping->shift == page_shifts[i] ? 1u << i : 0;
    }
    if (is_valid(c, slot)) {
        drop(c, slot);
    }
    mapping->epoch = dmacache_next_epoch(c);
    *slot = *mapping;
    vtd_pagetree_insert(&c->tree, pages_of(c, slot->domain), slot_of(c, slot),
                        slot->page << (slot->shift - PAGE_SHIFT));
}

/* Device-selective (6.5.2.1): the sources must match under the function mask, and the domain must
 * be the one that their entries are tagged with. */
static void invalidate_sources(VtdDmaCache *c, uint16_t domain, uint16_t source_id, uint8_t mask)
{
    static const uint8_t ignored[] = {0, 4, 6, 7};
    for (unsigned fn = 0; fn < 8; fn++) {
        VtdContext *ctx = &c->contexts[(source_id & ~7u) | fn];
        if (((fn ^ source_id) & 7 & ~ignored[mask]) == 0 && ctx->domain == domain) {
            ctx->epoch = 0;
        }
    }
}

void vtd_context_invalidate(VtdDmaCache *c, uint8_t granularity, uint16_t domain,
                            uint16_t source_id, uint8_t function_mask)
{
    trace_event(c->trace, TRACE_VTD, "vtd_inv_context granularity=%u domain=%u sid=%s mask=%u",
                granularity, domain, rid_text(source_id).text, function_mask);
    domain &= c->domain_mask;
    if (granularity == VTD_INV_GLOBAL) {
        c->context_epoch = dmacache_next_epoch(c);
    } else if (granularity == VTD_INV_DOMAIN) {
        c->context_epochs[domain] = dmacache_next_epoch(c);
    } else {
        invalidate_sources(c, domain, source_id, function_mask);
    }
}

/* Pages of a size that reach beyond the range, and the range itself if it is one page. */
static void drop_page(VtdDmaCache *c, uint16_t domain, uint64_t address, uint64_t pages)
{
    for (size_t i = 0; i < G_N_ELEMENTS(page_shifts); i++) {
        unsigned shift = page_shifts[i];
        bool cached = i == 0 || (c->large_shifts & (1u << i));
        if (!cached || pages << PAGE_SHIFT > 1ull << shift) {
            continue;
        }
        VtdMapping *m = find_page(c, domain, address >> shift, shift);
        if (m) {
            drop(c, m);
        }
    }
}

static void drop_range(VtdDmaCache *c, uint16_t domain, uint64_t address, uint64_t pages)
{
    uint64_t first = address >> PAGE_SHIFT;
    uint16_t covered = vtd_pagetree_cut(&c->tree, pages_of(c, domain), first, first + pages - 1);
    for (int slot; (slot = vtd_pagetree_pop(&c->tree, &covered)) >= 0;) {
        c->tlb[slot].epoch = 0;
    }
}

void vtd_iotlb_invalidate(VtdDmaCache *c, uint8_t granularity, uint16_t domain, uint64_t address,
                          uint8_t address_mask)
{
    trace_event(c->trace, TRACE_VTD,
                "vtd_inv_iotlb granularity=%u domain=%u addr=%#" PRIx64 " mask=%u", granularity,
                domain, address, address_mask);
    domain &= c->domain_mask;
    if (granularity == VTD_INV_GLOBAL) {
        c->tlb_epoch = dmacache_next_epoch(c);
        return;
    }
    if (granularity == VTD_INV_DOMAIN) {
        c->tlb_domains[domain] = (VtdTlbDomain){.epoch = dmacache_next_epoch(c)};
        return;
    }
    uint64_t pages = 1ull << address_mask;
    address &= ~((pages << PAGE_SHIFT) - 1);
    if (pages > 1) {
        drop_range(c, domain, address, pages);
    }
    drop_page(c, domain, address, pages);
}
