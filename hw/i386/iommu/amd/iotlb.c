/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the cache of translations: what a domain's tables said of a page of 4 KiB, until an
 * INVALIDATE_IOMMU_PAGES that covers it, INVALIDATE_IOMMU_ALL, or another page that takes its slot.
 * Pages that are not present are not kept (capability header, NpCache).
 */
#include "hw/i386/iommu/amd/iotlb.h"

#include "base/zeroed.h"

#define DOMAIN_SPREAD 0x9e5u
/* Up to so many pages slots are looked for by page; beyond, all slots are looked at. */
#define FEW_PAGES 64

void amdvi_iotlb_init(AmdviIotlb *t)
{
    *t = (AmdviIotlb){0};
    t->slots = zeroed_new(AmdviMapping, AMDVI_IOTLB_SLOTS);
    t->domain_epochs = zeroed_new(uint64_t, AMDVI_DOMAINS);
}

void amdvi_iotlb_free(AmdviIotlb *t)
{
    zeroed_clear(t->slots, AMDVI_IOTLB_SLOTS);
    zeroed_clear(t->domain_epochs, AMDVI_DOMAINS);
}

void amdvi_iotlb_visit(AmdviIotlb *t, CacheVisit *visit)
{
    cache_visit(visit, t->slots, sizeof(*t->slots) * AMDVI_IOTLB_SLOTS);
    cache_visit(visit, t->domain_epochs, sizeof(*t->domain_epochs) * AMDVI_DOMAINS);
    CACHE_VISIT(visit, t->epoch);
    CACHE_VISIT(visit, t->flushed);
    CACHE_VISIT(visit, t->hits);
    CACHE_VISIT(visit, t->misses);
    CACHE_VISIT(visit, t->steps);
}

void amdvi_iotlb_reset(AmdviIotlb *t)
{
    amdvi_iotlb_invalidate_all(t);
    t->hits = t->misses = 0;
}

void amdvi_iotlb_invalidate_all(AmdviIotlb *t)
{
    t->flushed = ++t->epoch;
}

static AmdviMapping *iotlb_slot(const AmdviIotlb *t, uint16_t domain, uint64_t page)
{
    return &t->slots[(domain * DOMAIN_SPREAD + page) % AMDVI_IOTLB_SLOTS];
}

static void invalidate_few(AmdviIotlb *t, uint16_t domain, uint64_t first, uint64_t last)
{
    for (uint64_t page = first; page <= last; page++) {
        AmdviMapping *m = iotlb_slot(t, domain, page);
        if (m->domain == domain && m->page == page) {
            m->epoch = 0;
        }
    }
    t->steps += last - first + 1;
}

static void invalidate_many(AmdviIotlb *t, uint16_t domain, uint64_t first, uint64_t last)
{
    for (size_t i = 0; i < AMDVI_IOTLB_SLOTS; i++) {
        AmdviMapping *m = &t->slots[i];
        if (m->domain == domain && m->page >= first && m->page <= last) {
            m->epoch = 0;
        }
    }
    t->steps += AMDVI_IOTLB_SLOTS;
}

void amdvi_iotlb_invalidate(AmdviIotlb *t, uint16_t domain, uint64_t address, uint64_t last)
{
    uint64_t first_page = address >> PAGE_SHIFT, last_page = last >> PAGE_SHIFT;
    if (address == 0 && last == UINT64_MAX) {
        t->domain_epochs[domain] = ++t->epoch;
        t->steps++;
    } else if (last_page - first_page < FEW_PAGES) {
        invalidate_few(t, domain, first_page, last_page);
    } else {
        invalidate_many(t, domain, first_page, last_page);
    }
}

const AmdviMapping *amdvi_iotlb_find(AmdviIotlb *t, uint16_t domain, uint64_t address)
{
    uint64_t page = address >> PAGE_SHIFT;
    const AmdviMapping *m = iotlb_slot(t, domain, page);
    bool valid = m->domain == domain && m->page == page && m->epoch > t->flushed &&
                 m->epoch > t->domain_epochs[domain];
    *(valid ? &t->hits : &t->misses) += 1;
    return valid ? m : NULL;
}

const AmdviMapping *amdvi_iotlb_fill(AmdviIotlb *t, uint16_t domain, uint64_t address,
                                     const AmdviPage *page)
{
    uint64_t number = address >> PAGE_SHIFT;
    uint64_t within = ((1ull << page->shift) - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    AmdviMapping *m = iotlb_slot(t, domain, number);
    *m = (AmdviMapping){
        .page = number,
        .epoch = ++t->epoch,
        .host = page->host + (address & within),
        .domain = domain,
        .read = page->read,
        .write = page->write,
    };
    return m;
}
