/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See base/memwatch.h. */
#include "base/memwatch.h"

#include "base/memory_internal.h"

/* Sets or clears PAGE_WATCHED on the RAM of [addr, addr+len). It is a guest that says where: the
 * range may reach to the last address there is, or beyond. */
static void mark(AddressSpace *as, uint64_t addr, uint64_t len, bool on)
{
    uint64_t page = addr & ~(PAGE_SIZE - 1);
    uint64_t last = addr + MIN(len, UINT64_MAX - addr);
    uint64_t pages = len == 0 ? 0 : (last - page + PAGE_SIZE - 1) / PAGE_SIZE;

    for (; pages > 0; pages--, page += PAGE_SIZE) {
        MemRegion *region = as_lookup(as, page, NULL, NULL);

        if (region && region->page_flags) {
            uint8_t *flags = &region->page_flags[(page - region->base) >> PAGE_SHIFT];
            *flags = on ? *flags | PAGE_WATCHED : *flags & (uint8_t)~PAGE_WATCHED;
        }
    }
}

static void mark_all(AddressSpace *as)
{
    for (guint i = 0; i < as_watches(as)->len; i++) {
        const MemWatch *watch = g_ptr_array_index(as_watches(as), i);

        mark(as, watch->addr, watch->len, true);
    }
}

void as_watch(AddressSpace *as, MemWatch *watch, uint64_t addr, uint64_t len)
{
    if (watch->addr == addr && watch->len == len) {
        return;
    }
    mark(as, watch->addr, watch->len, false);
    g_ptr_array_remove(as_watches(as), watch);
    watch->addr = addr;
    watch->len = len;
    if (len > 0) {
        g_ptr_array_add(as_watches(as), watch);
    }
    mark_all(as);
    as_map_changed(as); /* TLBs know which pages are watched */
}

void as_tell_watches(AddressSpace *as, uint64_t addr, size_t len)
{
    for (guint i = 0; i < as_watches(as)->len; i++) {
        const MemWatch *watch = g_ptr_array_index(as_watches(as), i);

        if (addr < watch->addr + watch->len && addr + len > watch->addr) {
            watch->written(watch->opaque, addr, len);
        }
    }
}
