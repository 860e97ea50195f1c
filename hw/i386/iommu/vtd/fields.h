/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of words: a "shift, width" pair each, so that vtd_get(word, IRTE_V) names one. */
#ifndef HW_I386_IOMMU_VTD_FIELDS_H
#define HW_I386_IOMMU_VTD_FIELDS_H

#include <inttypes.h>

static inline uint64_t vtd_get(uint64_t word, unsigned shift, unsigned width)
{
    return (word >> shift) & (width >= 64 ? UINT64_MAX : (1ull << width) - 1);
}

static inline uint64_t vtd_put(uint64_t value, unsigned shift, unsigned width)
{
    return (value & (width >= 64 ? UINT64_MAX : (1ull << width) - 1)) << shift;
}

static inline uint64_t vtd_mask(unsigned shift, unsigned width)
{
    return vtd_put(UINT64_MAX, shift, width);
}

/* Bits shift and up, to the end of the word. */
static inline uint64_t vtd_mask_from(unsigned shift)
{
    return shift >= 64 ? 0 : UINT64_MAX << shift;
}

#endif
