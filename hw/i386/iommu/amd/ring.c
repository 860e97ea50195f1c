/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: what the unit's logs have in common (2.5 to 2.7). */
#include "hw/i386/iommu/amd/ring.h"

#include "hw/i386/iommu/amd/regs.h"

#define LENGTH_LEAST 8 /* a page; less is reserved */
#define LEAST_BYTES  4096u

void amdvi_ring_update(RegFile *regs, const AmdviRing *ring)
{
    const uint64_t on = AMDVI_CTL_IOMMU_EN | ring->enable;
    bool enabled = (regfile_get(regs, AMDVI_CONTROL) & on) == on;
    if (!enabled) {
        amdvi_change_status(regs, 0, ring->run);
    } else if (!(regfile_get(regs, AMDVI_STATUS) & ring->overflow)) {
        amdvi_change_status(regs, ring->run, 0);
    }
}

bool amdvi_ring_advance(RegFile *regs, const AmdviRing *ring, uint32_t bytes, uint64_t *at)
{
    uint64_t base = regfile_get(regs, ring->base);
    unsigned length = (unsigned)field_get(base, AMDVI_RING_LENGTH);
    uint32_t size = LEAST_BYTES << (length < LENGTH_LEAST ? 0 : length - LENGTH_LEAST);
    uint32_t tail = (uint32_t)regfile_get(regs, ring->tail) % size;
    uint32_t next = (tail + bytes) % size;
    if (!(regfile_get(regs, AMDVI_STATUS) & ring->run)) {
        return false;
    }
    if (next == regfile_get(regs, ring->head)) {
        amdvi_change_status(regs, ring->overflow, ring->run);
        return false;
    }
    regfile_set(regs, ring->tail, next);
    amdvi_change_status(regs, ring->interrupt, 0);
    *at = (base & AMDVI_BASE_MASK) + tail;
    return true;
}

void amdvi_ring_store(AddressSpace *memory, const MemRegion *own, uint64_t at, const void *entry,
                      size_t bytes)
{
    if (as_lookup(memory, at, NULL, NULL) != own) {
        as_write(memory, at, entry, bytes);
    }
}
