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

void e820_encode(const E820Entry *entry, uint8_t out[E820_ENTRY_BYTES])
{
    bytes_put64(out, entry->base);
    bytes_put64(out + 8, entry->size);
    bytes_put32(out + 16, entry->type);
}
