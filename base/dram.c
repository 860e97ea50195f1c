/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See base/dram.h. Beside each region of RAM there is an image of it, which lags behind. A page is
 * touched once it may differ from its image; until then it has PAGE_CLEAN, and its first store
 * takes the CPU's slow path.
 */
#include "base/dram.h"

#include <string.h>

#include "base/memory_internal.h"
#include "base/zeroed.h"

/* Of lines that were flushed into the write buffer, so many are remembered; more go on at once. */
#define MOST_LINES 4096u

typedef struct {
    MemRegion *region;
    uint8_t *image;
    uint8_t *touched; /* one a page */
    uint64_t size;    /* the region's, which may be gone at the end */
} Bank;

typedef struct {
    guint bank;
    uint64_t offset; /* in its region: of a page, or of a line */
} Place;

struct Dram {
    AddressSpace *as;
    DramConfig config;
    GArray *banks;   /* of Bank */
    GArray *touched; /* of Place: pages */
    GArray *lines;   /* of Place: flushed, and in the write buffer */
    bool all_lines;  /* they all are */
};

static Bank *bank_at(const Dram *d, guint n)
{
    return &g_array_index(d->banks, Bank, n);
}

/* The index of a region's bank, or that of none. */
static guint bank_of(const Dram *d, const MemRegion *region)
{
    guint n = 0;
    while (n < d->banks->len && bank_at(d, n)->region != region) {
        n++;
    }
    return n;
}

Dram *dram_new(AddressSpace *as, DramConfig config)
{
    Dram *d = g_new0(Dram, 1);
    *d = (Dram){
        .as = as,
        .config = config,
        .banks = g_array_new(false, false, sizeof(Bank)),
        .touched = g_array_new(false, false, sizeof(Place)),
        .lines = g_array_new(false, false, sizeof(Place)),
    };
    g_ptr_array_add(as_drams(as), d);
    return d;
}

void dram_free(Dram *d)
{
    if (!d) {
        return;
    }
    g_ptr_array_remove(as_drams(d->as), d);
    for (guint n = 0; n < d->banks->len; n++) {
        Bank *bank = bank_at(d, n);
        zeroed_clear(bank->image, bank->size);
        zeroed_clear(bank->touched, bank->size >> PAGE_SHIFT);
    }
    g_array_free(d->banks, true);
    g_array_free(d->touched, true);
    g_array_free(d->lines, true);
    g_free(d);
}

/* What RAM has at a place is now in memory. */
static void catch_up(const Bank *bank, uint64_t offset, size_t len)
{
    memcpy(bank->image + offset, bank->region->host + offset, len);
}

static void mark_clean(Bank *bank, uint64_t page)
{
    bank->touched[page] = false;
    bank->region->page_flags[page] |= PAGE_CLEAN;
}

static void forget_lines(Dram *d)
{
    g_array_set_size(d->lines, 0);
    d->all_lines = false;
}

static void add_banks(Dram *d)
{
    const GPtrArray *regions = as_regions(d->as);
    for (guint i = 0; i < regions->len; i++) {
        MemRegion *region = regions->pdata[i];
        if (region->kind == MEM_RAM && region->page_flags && bank_of(d, region) == d->banks->len) {
            Bank bank = {
                .region = region,
                .image = zeroed_new(uint8_t, region->size),
                .touched = zeroed_new(uint8_t, region->size >> PAGE_SHIFT),
                .size = region->size,
            };
            g_array_append_val(d->banks, bank);
        }
    }
}

void dram_settle(Dram *d)
{
    add_banks(d);
    for (guint n = 0; n < d->banks->len; n++) {
        Bank *bank = bank_at(d, n);
        for (uint64_t at = 0; at < bank->size; at += PAGE_SIZE) {
            /* Pages that nobody has used stay the host's. */
            if (memcmp(bank->image + at, bank->region->host + at, PAGE_SIZE) != 0) {
                catch_up(bank, at, PAGE_SIZE);
            }
            mark_clean(bank, at >> PAGE_SHIFT);
        }
    }
    g_array_set_size(d->touched, 0);
    forget_lines(d);
    as_map_changed(d->as); /* TLBs know which pages are marked */
}

static void catch_up_all(Dram *d)
{
    if (d->touched->len == 0) {
        return;
    }
    for (guint i = 0; i < d->touched->len; i++) {
        const Place *page = &g_array_index(d->touched, Place, i);
        Bank *bank = bank_at(d, page->bank);
        catch_up(bank, page->offset, PAGE_SIZE);
        mark_clean(bank, page->offset >> PAGE_SHIFT);
    }
    g_array_set_size(d->touched, 0);
    as_map_changed(d->as);
}

static void visit_places(GArray *places, CacheVisit *visit)
{
    guint count = places->len;
    CACHE_VISIT(visit, count);
    g_array_set_size(places, count);
    cache_visit(visit, places->data, sizeof(Place) * count);
}

/* Memory lags behind in these pages, by what their images have. */
void dram_visit(Dram *d, CacheVisit *visit)
{
    visit_places(d->touched, visit);
    for (guint i = 0; i < d->touched->len; i++) {
        const Place *page = &g_array_index(d->touched, Place, i);
        Bank *bank = bank_at(d, page->bank);
        cache_visit(visit, bank->image + page->offset, PAGE_SIZE);
        bank->touched[page->offset >> PAGE_SHIFT] = true;
        bank->region->page_flags[page->offset >> PAGE_SHIFT] &= (uint8_t)~PAGE_CLEAN;
    }
    visit_places(d->lines, visit);
    CACHE_VISIT(visit, d->all_lines);
}

void dram_drain(Dram *d)
{
    if (!d->config.buffered) {
        return;
    }
    if (!d->config.cached || d->all_lines) {
        catch_up_all(d);
    }
    for (guint i = 0; i < d->lines->len; i++) {
        const Place *line = &g_array_index(d->lines, Place, i);
        catch_up(bank_at(d, line->bank), line->offset, DRAM_LINE);
    }
    forget_lines(d);
}

bool dram_waits_for_drain(const Dram *d, uint64_t addr)
{
    const MemRegion *region = as_lookup(d->as, addr, NULL, NULL);
    bool waits = d->config.buffered && (!d->config.cached || d->all_lines);
    for (guint i = 0; region && !waits && i < d->lines->len; i++) {
        const Place *line = &g_array_index(d->lines, Place, i);
        waits = bank_at(d, line->bank)->region == region &&
                line->offset == ((addr - region->base) & ~(uint64_t)(DRAM_LINE - 1));
    }
    return waits;
}

const void *dram_ptr(const Dram *d, uint64_t addr, size_t len)
{
    const MemRegion *region = as_lookup(d->as, addr, NULL, NULL);
    guint n = bank_of(d, region);
    return region && n < d->banks->len && as_ram_ptr(d->as, addr, len)
               ? bank_at(d, n)->image + (addr - region->base)
               : NULL;
}

MemResult dram_read(const Dram *d, uint64_t addr, void *buf, size_t len)
{
    const void *held = dram_ptr(d, addr, len);
    if (!held) {
        return as_read(d->as, addr, buf, len);
    }
    memcpy(buf, held, len);
    return MEM_OK;
}

static void flush_line(Dram *d, guint n, uint64_t offset)
{
    Place line = {n, offset};
    if (d->config.buffered && d->lines->len < MOST_LINES) {
        g_array_append_val(d->lines, line);
    } else {
        catch_up(bank_at(d, n), offset, DRAM_LINE);
    }
}

void as_flush_line(AddressSpace *as, const void *host)
{
    for (guint i = 0; i < as_drams(as)->len; i++) {
        Dram *d = as_drams(as)->pdata[i];
        for (guint n = 0; d->config.cached && n < d->banks->len; n++) {
            const Bank *bank = bank_at(d, n);
            uint64_t offset = (uint64_t)((uintptr_t)host - (uintptr_t)bank->region->host);
            if (offset < bank->size) {
                flush_line(d, n, offset & ~(uint64_t)(DRAM_LINE - 1));
            }
        }
    }
}

void as_flush_lines(AddressSpace *as)
{
    for (guint i = 0; i < as_drams(as)->len; i++) {
        Dram *d = as_drams(as)->pdata[i];
        if (d->config.cached && d->config.buffered) {
            d->all_lines = true;
        } else if (d->config.cached) {
            catch_up_all(d);
        }
    }
}

void as_page_touched(AddressSpace *as, MemRegion *region, uint64_t addr)
{
    uint64_t page = (addr - region->base) >> PAGE_SHIFT;
    region->page_flags[page] &= (uint8_t)~PAGE_CLEAN;
    for (guint i = 0; i < as_drams(as)->len; i++) {
        Dram *d = as_drams(as)->pdata[i];
        Place place = {bank_of(d, region), page << PAGE_SHIFT};
        if (place.bank < d->banks->len && !bank_at(d, place.bank)->touched[page]) {
            bank_at(d, place.bank)->touched[page] = true;
            g_array_append_val(d->touched, place);
        }
    }
}

void as_written_through(AddressSpace *as, const MemRegion *region, uint64_t addr, size_t len)
{
    for (guint i = 0; i < as_drams(as)->len; i++) {
        const Dram *d = as_drams(as)->pdata[i];
        guint n = bank_of(d, region);
        if (n < d->banks->len) {
            catch_up(bank_at(d, n), addr - region->base, len);
        }
    }
}
