/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: I/O page tables (2.2.3). An entry's Next Level says what it points to: 0 is a page of its
 * level's default size, 7 a page of the size that its address field tells, and another one a table,
 * of any lower level: the address bits of those left out have to be 0. Permissions of all levels
 * have to agree.
 */
#include "hw/i386/iommu/amd/pagewalk.h"

#include "base/fields.h"

#define PTE_PR         0, 1
#define PTE_NEXT_LEVEL 9, 3
#define PTE_ADDRESS    12, 40
#define PTE_IR         61, 1
#define PTE_IW         62, 1

#define NEXT_PAGE       0
#define NEXT_SIZED_PAGE 7

#define LEVEL_BITS 9
#define INDEX_MASK ((1u << LEVEL_BITS) - 1)

/* The lowest address bit that a table of that level decides by. */
static unsigned pte_level_shift(unsigned level)
{
    return PAGE_SHIFT + LEVEL_BITS * (level - 1);
}

/* The lowest clear bit of the address tells the size: 2^(n + 1) bytes for bit n (table 15). It is
 * larger than the default page of the level, and smaller than that of the next. */
static bool sized_page(uint64_t pte, unsigned level, AmdviPage *out)
{
    uint64_t clear = ~((pte & field_mask(PTE_ADDRESS)) >> PAGE_SHIFT);
    unsigned shift = PAGE_SHIFT + 1u + (unsigned)__builtin_ctzll(clear);
    unsigned least = pte_level_shift(level), most = pte_level_shift(level + 1);
    out->shift = (uint8_t)shift;
    return shift > least && shift < most;
}

static AmdviWalkStatus finish_walk(uint64_t pte, AmdviPage *out)
{
    out->host = pte & field_mask(PTE_ADDRESS) & ~((1ull << out->shift) - 1);
    return AMDVI_WALK_OK;
}

/* Bits of the address between the entry's level and that of the table that it points to. */
static bool skips_set_bits(uint64_t address, unsigned level, unsigned next)
{
    unsigned low = pte_level_shift(next + 1), high = pte_level_shift(level);
    return high > low && (address >> low & ((1ull << (high - low)) - 1));
}

AmdviWalkStatus amdvi_page_walk(AddressSpace *memory, uint64_t table, unsigned levels,
                                uint64_t address, AmdviPage *out)
{
    *out = (AmdviPage){.read = true, .write = true};
    if (levels < 6 && address >> pte_level_shift(levels + 1)) {
        return AMDVI_WALK_NOT_PRESENT;
    }
    for (unsigned level = levels;;) {
        MemResult result;
        uint64_t index = address >> pte_level_shift(level) & INDEX_MASK;
        uint64_t pte = as_load(memory, table + index * 8, 8, &result);
        if (result != MEM_OK) {
            return AMDVI_WALK_UNREADABLE;
        }
        if (!field_get(pte, PTE_PR)) {
            return AMDVI_WALK_NOT_PRESENT;
        }
        unsigned next = (unsigned)field_get(pte, PTE_NEXT_LEVEL);
        out->read &= field_get(pte, PTE_IR);
        out->write &= field_get(pte, PTE_IW);
        if (next == NEXT_PAGE) {
            out->shift = (uint8_t)pte_level_shift(level);
            return finish_walk(pte, out);
        }
        if (next == NEXT_SIZED_PAGE) {
            return sized_page(pte, level, out) ? finish_walk(pte, out) : AMDVI_WALK_RESERVED;
        }
        if (next >= level) {
            return AMDVI_WALK_RESERVED;
        }
        if (skips_set_bits(address, level, next)) {
            return AMDVI_WALK_NOT_PRESENT;
        }
        table = pte & field_mask(PTE_ADDRESS);
        level = next;
    }
}
