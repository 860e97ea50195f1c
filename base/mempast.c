/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See base/mempast.h. Pages of zeros, which a young guest mostly begins to use, take no room. */
#include "base/mempast.h"

#include <string.h>

#include "base/memory_internal.h"
#include "base/undo.h"

/* A page's place as a number: its region's, and its own. */
#define REGION_SHIFT 48

struct MemPast {
    AddressSpace *as;
    GPtrArray *regions; /* of MemRegion * */
    Undo *pages;
};

static uint8_t *past_page(const MemRegion *region, uint64_t page)
{
    return region->host + (page << PAGE_SHIFT);
}

static bool past_page_is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0;
}

/* A vCPU may be in the middle of its program, and the guest's MXCSR be the host's: GLib's tables
 * grow by floating-point arithmetic, whose exceptions are none of the guest's. */
static void keep_page(void *opaque, MemRegion *region, uint64_t page)
{
    MemPast *past = opaque;
    unsigned mxcsr = __builtin_ia32_stmxcsr();
    guint n;
    if (g_ptr_array_find(past->regions, region, &n)) {
        const uint8_t *now = past_page(region, page);
        undo_keep(past->pages, (uint64_t)n << REGION_SHIFT | page,
                  past_page_is_zero(now) ? NULL : now, PAGE_SIZE);
    }
    __builtin_ia32_ldmxcsr(mxcsr);
}

MemPast *mem_past_new(AddressSpace *as, const GPtrArray *regions)
{
    MemPast *past = g_new0(MemPast, 1);
    *past = (MemPast){.as = as, .regions = g_ptr_array_new(), .pages = undo_new()};
    for (guint i = 0; i < regions->len; i++) {
        g_ptr_array_add(past->regions, regions->pdata[i]);
    }
    as_set_keeper(as, keep_page, past);
    return past;
}

static void mark_region(const MemRegion *region, bool on)
{
    for (uint64_t page = 0; page < region->size >> PAGE_SHIFT; page++) {
        uint8_t flags = region->page_flags[page];
        region->page_flags[page] = on ? flags | PAGE_KEPT : flags & (uint8_t)~PAGE_KEPT;
    }
}

/* TLBs know which pages are marked. */
static void mark_pages(const MemPast *past, bool on)
{
    for (guint i = 0; i < past->regions->len; i++) {
        mark_region(past->regions->pdata[i], on);
    }
    as_map_changed(past->as);
}

void mem_past_free(MemPast *past)
{
    if (!past) {
        return;
    }
    as_set_keeper(past->as, NULL, NULL);
    undo_free(past->pages);
    g_ptr_array_unref(past->regions);
    g_free(past);
}

void mem_past_mark(MemPast *past)
{
    undo_mark(past->pages);
    mark_pages(past, true);
}

static void put_page_back(void *opaque, uint64_t place, const void *data, size_t len)
{
    const MemPast *past = opaque;
    const MemRegion *region = past->regions->pdata[place >> REGION_SHIFT];
    uint64_t page = place & ((1ull << REGION_SHIFT) - 1);
    if (data) {
        memcpy(past_page(region, page), data, len);
    } else {
        memset(past_page(region, page), 0, PAGE_SIZE);
    }
    if (region->page_flags[page] & PAGE_CODE) {
        as_ram_written(past->as, region->base + (page << PAGE_SHIFT), PAGE_SIZE);
    }
}

void mem_past_return(MemPast *past, unsigned n)
{
    undo_return(past->pages, n, put_page_back, past);
    mark_pages(past, true);
}

void mem_past_forget(MemPast *past, unsigned n)
{
    undo_forget(past->pages, n);
    if (undo_marks(past->pages) == 0) {
        mark_pages(past, false);
    }
}

uint64_t mem_past_bytes(const MemPast *past)
{
    return undo_bytes(past->pages);
}
