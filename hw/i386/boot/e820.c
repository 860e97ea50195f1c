/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map that boot protocols hand to kernels. */
#include "hw/i386/boot/e820.h"

#include "base/bytes.h"

void e820_add(E820Map *map, uint64_t base, uint64_t size, uint32_t type)
{
    if (size > 0 && map->count < E820_MAX) {
        map->entry[map->count++] = (E820Entry){base, size, type};
    }
}

/* Where a range would be that lies in one of these ranges; `count` if it lies in none. */
static size_t find_around(const E820Map *map, uint64_t base, uint64_t size)
{
    size_t i = 0;
    while (i < map->count && (base < map->entry[i].base || size > map->entry[i].size ||
                              base - map->entry[i].base > map->entry[i].size - size)) {
        i++;
    }
    return i;
}

bool e820_reserve(E820Map *map, uint64_t base, uint64_t size)
{
    size_t at = find_around(map, base, size);
    if (at == map->count || map->entry[at].type == E820_RESERVED) {
        return at < map->count;
    }
    if (map->entry[at].type != E820_RAM || map->count + 2 > E820_MAX) {
        return false;
    }
    E820Map old = *map;
    const E820Entry *around = &old.entry[at];
    map->count = at;
    e820_add(map, around->base, base - around->base, E820_RAM);
    e820_add(map, base, size, E820_RESERVED);
    e820_add(map, base + size, around->base + around->size - (base + size), E820_RAM);
    for (size_t i = at + 1; i < old.count; i++) {
        e820_add(map, old.entry[i].base, old.entry[i].size, old.entry[i].type);
    }
    return true;
}

void e820_encode(const E820Entry *entry, uint8_t out[E820_ENTRY_BYTES])
{
    bytes_put64(out, entry->base);
    bytes_put64(out + 8, entry->size);
    bytes_put32(out + 16, entry->type);
}
