/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest RAM while a kernel is loaded. An image says where it goes; what the boot protocol adds
 * (modules, tables, command lines) goes where nothing lies yet.
 */
#include <string.h>

#include "hw/i386/boot/boot_internal.h"

typedef struct {
    uint64_t base, end; /* `end` exclusive */
} Range;

void boot_ram_init(BootRam *ram, const BootInfo *info)
{
    *ram = (BootRam){info, g_array_new(FALSE, FALSE, sizeof(Range))};
}

void boot_ram_clear(BootRam *ram)
{
    g_clear_pointer(&ram->taken, g_array_unref);
}

/* By the memory map: what it keeps for tables and firmware is no place for a kernel. */
static bool is_ram(const BootInfo *info, uint64_t addr, uint64_t len)
{
    for (size_t i = 0; i < info->e820->count; i++) {
        const E820Entry *e = &info->e820->entry[i];
        if (e->type == E820_RAM && addr >= e->base && len <= e->size &&
            addr - e->base <= e->size - len) {
            return true;
        }
    }
    return false;
}

bool boot_take(BootRam *ram, uint64_t addr, uint64_t len)
{
    const Range range = {addr, addr + len};
    if (len == 0) {
        return true;
    }
    if (!is_ram(ram->info, addr, len) || !as_ram_ptr(ram->info->memory, addr, len)) {
        return false;
    }
    g_array_append_val(ram->taken, range);
    return true;
}

bool boot_put(BootRam *ram, uint64_t addr, const void *data, size_t len)
{
    if (len > 0 && boot_take(ram, addr, len)) {
        memcpy(as_ram_to_write(ram->info->memory, addr, len), data, len);
        as_ram_written(ram->info->memory, addr, len);
        return true;
    }
    return len == 0;
}

bool boot_zero(BootRam *ram, uint64_t addr, uint64_t len)
{
    if (len > 0 && boot_take(ram, addr, len)) {
        memset(as_ram_to_write(ram->info->memory, addr, len), 0, len);
        as_ram_written(ram->info->memory, addr, len);
        return true;
    }
    return len == 0;
}

static gint compare_ranges(gconstpointer a, gconstpointer b)
{
    const Range *x = a, *y = b;
    return x->base < y->base ? -1 : x->base > y->base;
}

/* A search for a place, over the gaps of free RAM. */
typedef struct {
    uint64_t len, align, best; /* `best` is 0 until there is one */
    bool high;
} Search;

static void ram_consider(Search *s, uint64_t start, uint64_t end)
{
    if (start >= end || end - start < s->len) {
        return;
    }
    uint64_t at = (s->high ? end - s->len : start + s->align - 1) & ~(s->align - 1);
    if (at < start || at > end - s->len) {
        return;
    }
    if (s->best == 0 || (s->high ? at > s->best : at < s->best)) {
        s->best = at;
    }
}

static void search(const BootRam *ram, Search *s, uint64_t floor, uint64_t limit)
{
    const E820Map *map = ram->info->e820;
    g_array_sort(ram->taken, compare_ranges);
    for (size_t i = 0; i < map->count; i++) {
        const E820Entry *e = &map->entry[i];
        uint64_t start = MAX(e->base, floor), end = MIN(e->base + e->size, limit);
        if (e->type != E820_RAM) {
            continue;
        }
        for (guint n = 0; n < ram->taken->len && start < end; n++) {
            const Range *t = &g_array_index(ram->taken, Range, n);
            ram_consider(s, start, MIN(t->base, end));
            start = MAX(start, t->end);
        }
        ram_consider(s, start, end);
    }
}

uint64_t boot_place_high(const BootRam *ram, uint64_t len, uint64_t floor, uint64_t limit)
{
    Search s = {.len = MAX(len, 1), .align = PAGE_SIZE, .high = true};
    search(ram, &s, MAX(floor, BOOT_LOW_START), limit);
    return s.best;
}

uint64_t boot_place_low(const BootRam *ram, uint64_t len, uint64_t floor, uint64_t limit)
{
    Search s = {.len = MAX(len, 1), .align = PAGE_SIZE};
    search(ram, &s, MAX(floor, BOOT_LOW_START), limit);
    return s.best;
}

uint64_t boot_put_table(BootRam *ram, const void *data, size_t len, uint64_t align)
{
    Search s = {.len = MAX(len, 1), .align = align};
    search(ram, &s, BOOT_LOW_START, BOOT_LIMIT);
    return s.best && boot_put(ram, s.best, data, len) ? s.best : 0;
}

uint64_t boot_put_text(BootRam *ram, const char *text)
{
    return boot_put_table(ram, text, strlen(text) + 1, 1);
}

uint64_t boot_ram_size(const BootInfo *info)
{
    uint64_t size = 0;
    for (size_t i = 0; i < info->e820->count; i++) {
        size += info->e820->entry[i].type == E820_RAM ? info->e820->entry[i].size : 0;
    }
    return size;
}

uint64_t boot_ram_end(const BootInfo *info, uint64_t from)
{
    uint64_t end = from;
    for (size_t i = 0; i < info->e820->count; i++) {
        const E820Entry *e = &info->e820->entry[i];
        if (e->type == E820_RAM && e->base <= end) {
            end = MAX(end, e->base + e->size);
        }
    }
    return end;
}
