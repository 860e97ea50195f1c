/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: what the unit's logs have in common (2.5 to 2.7): a ring in memory that the unit writes
 * at its tail. When the tail would meet the head, the entry is lost and the overflow bit set;
 * nothing more is logged until software has cleared that and switched the log off and on (3.4.15).
 */
#ifndef HW_I386_IOMMU_AMD_RING_H
#define HW_I386_IOMMU_AMD_RING_H

#include "base/memory.h"
#include "hw/core/regfile.h"

/* Its registers, and its bits in CONTROL (beside IommuEn) and STATUS. */
typedef struct {
    uint32_t base, head, tail;
    uint64_t enable, run, overflow, interrupt;
} AmdviRing;

/* Is it switched on, and has it not overflowed? Sets its run bit. */
void amdvi_ring_update(RegFile *regs, const AmdviRing *ring);
/* Room for an entry of `bytes`, whose address is *at; false: the log is not running, or has just
 * overflowed. */
bool amdvi_ring_advance(RegFile *regs, const AmdviRing *ring, uint32_t bytes, uint64_t *at);
/* A write of the unit's, which does not go into its own registers (`own`). */
void amdvi_ring_store(AddressSpace *memory, const MemRegion *own, uint64_t at, const void *entry,
                      size_t bytes);

#endif
