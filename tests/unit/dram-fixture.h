/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CPU's stores, for tests without one: into RAM, past as_store(), as the CPU's TLB has them. */
#ifndef TESTS_UNIT_DRAM_FIXTURE_H
#define TESTS_UNIT_DRAM_FIXTURE_H

#include "base/bytes.h"
#include "base/dram.h"

static inline void cpu_store(AddressSpace *as, uint64_t at, uint64_t value, unsigned size)
{
    MemRegion *region = as_lookup(as, at, NULL, NULL);
    if (region->page_flags[(at - region->base) >> PAGE_SHIFT] & PAGE_CLEAN) {
        as_page_touched(as, region, at);
    }
    bytes_store(region->host + (at - region->base), value, size);
}

static inline void cpu_flush(AddressSpace *as, uint64_t at)
{
    as_flush_line(as, as_ram_ptr(as, at, 1));
}

#endif
