/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: where an entry in guest memory is in the host's: found again when the map changes. */
#ifndef HW_I386_IOMMU_AMD_HOSTPTR_H
#define HW_I386_IOMMU_AMD_HOSTPTR_H

#include <string.h>

#include "base/memory.h"

typedef struct {
    uint64_t address, generation;
    const void *host; /* NULL: not known, or no RAM */
} AmdviHostPtr;

/* Is memory at `address` still what `bytes` are? What cannot be read is not. */
static inline bool amdvi_host_equals(AmdviHostPtr *p, AddressSpace *memory, uint64_t address,
                                     const void *bytes, size_t len)
{
    uint64_t generation = as_generation(memory);
    if (G_UNLIKELY(!p->host || p->address != address || p->generation != generation)) {
        *p = (AmdviHostPtr){address, generation, as_ram_ptr(memory, address, len)};
        if (!p->host) {
            return false;
        }
    }
    return memcmp(p->host, bytes, len) == 0;
}

#endif
