/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of words: a "shift, width" pair each, so that field_get(word, DTE_V) names one. */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include <inttypes.h>

static inline uint64_t field_get(uint64_t word, unsigned shift, unsigned width)
{
    return (word >> shift) & (width >= 64 ? UINT64_MAX : (1ull << width) - 1);
}

static inline uint64_t field_put(uint64_t value, unsigned shift, unsigned width)
{
    return (value & (width >= 64 ? UINT64_MAX : (1ull << width) - 1)) << shift;
}

static inline uint64_t field_mask(unsigned shift, unsigned width)
{
    return field_put(UINT64_MAX, shift, width);
}

#endif
