/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: I/O page tables for host translation (2.2.3), and the cache of what they said. */
#ifndef HW_I386_IOMMU_AMD_PAGEWALK_H
#define HW_I386_IOMMU_AMD_PAGEWALK_H

#include "base/memory.h"

typedef enum {
    AMDVI_WALK_OK,
    AMDVI_WALK_NOT_PRESENT,
    AMDVI_WALK_RESERVED,
    AMDVI_WALK_UNREADABLE,
} AmdviWalkStatus;

/* A page of 4 KiB or more: `shift` says how large. */
typedef struct {
    uint64_t host; /* where it begins */
    uint8_t shift;
    bool read, write;
} AmdviPage;

/* By `levels` (1 to 6) of tables from `table` on. */
AmdviWalkStatus amdvi_page_walk(AddressSpace *memory, uint64_t table, unsigned levels,
                                uint64_t address, AmdviPage *out);

#endif
