/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See tables.h. */
#include "hw/i386/iommu/vtd/tables.h"

#include <string.h>

#define MOST_BYTES 16u

/* The first byte of an entry says whether it is present: R and W of page tables, P of others. */
static bool entry_is_present(const uint8_t *entry, size_t len)
{
    return entry[0] & (len == 8 ? 3 : 1);
}

void vtd_tables_compare(VtdTables *t, uint64_t addr, size_t len)
{
    uint8_t held[MOST_BYTES] = {0}, stored[MOST_BYTES] = {0};
    if (!t->dram || len > MOST_BYTES || dram_read(t->dram, addr, held, len) != MEM_OK ||
        as_read(t->memory, addr, stored, len) != MEM_OK || memcmp(held, stored, len) == 0) {
        return;
    }
    t->behind = true;
    t->behind_at = addr;
    t->was_absent = !entry_is_present(held, len) && entry_is_present(stored, len);
}

MemResult vtd_tables_read(VtdTables *t, uint64_t addr, void *buf, size_t len)
{
    if (G_LIKELY(!t->dram)) {
        return as_read(t->memory, addr, buf, len);
    }
    vtd_tables_compare(t, addr, len);
    return dram_read(t->dram, addr, buf, len);
}

const void *vtd_tables_ptr(VtdTables *t, uint64_t addr, size_t len)
{
    return t->dram ? dram_ptr(t->dram, addr, len) : as_ram_ptr(t->memory, addr, len);
}
