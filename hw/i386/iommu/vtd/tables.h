/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: reads of root, context, page and interrupt remapping tables. A unit with ECAP.C clear does
 * not snoop the CPUs' caches for them, and for one with CAP.RWBF set they may be in a write buffer
 * (6.8). With stale-tables the unit then sees what memory has; descriptors of the queue and of
 * posted interrupts are snooped always (11.4.3).
 */
#ifndef HW_I386_IOMMU_VTD_TABLES_H
#define HW_I386_IOMMU_VTD_TABLES_H

#include <stdbool.h>

#include "base/dram.h"

typedef struct {
    AddressSpace *memory;
    Dram *dram; /* of stale-tables; else NULL */
    /* The last entry that was read while a store to it was still on its way; for lint. */
    bool behind, was_absent; /* absent where the unit looked, and not in what was stored */
    uint64_t behind_at;
} VtdTables;

MemResult vtd_tables_read(VtdTables *t, uint64_t addr, void *buf, size_t len);
/* Where the host has what the unit sees, as as_ram_ptr() says. */
const void *vtd_tables_ptr(VtdTables *t, uint64_t addr, size_t len);
/* Sets `behind` if the entry of 8 or 16 bytes has a store on its way. */
void vtd_tables_compare(VtdTables *t, uint64_t addr, size_t len);

#endif
