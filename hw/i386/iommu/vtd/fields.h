/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of words: a "shift, width" pair each, so that vtd_get(word, IRTE_V) names one. */
#ifndef HW_I386_IOMMU_VTD_FIELDS_H
#define HW_I386_IOMMU_VTD_FIELDS_H

#include "base/fields.h"

#define vtd_get  field_get
#define vtd_put  field_put
#define vtd_mask field_mask

/* Bits shift and up, to the end of the word. */
static inline uint64_t vtd_mask_from(unsigned shift)
{
    return shift >= 64 ? 0 : UINT64_MAX << shift;
}

#endif
