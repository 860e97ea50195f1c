/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files about the IVRS table share with each other and with nobody else. */
#ifndef HW_I386_IOMMU_IVRS_INTERNAL_H
#define HW_I386_IOMMU_IVRS_INTERNAL_H

#include "hw/i386/iommu/ivrs.h"

/* The entries of a unit's block (5.2.2.2), which is one of `units`. */
void ivrs_put_entries(GByteArray *t, const GPtrArray *units, Device *unit, const IvrsUnit *part);
/* The blocks of memory that is kept for functions under it (5.2.3). */
void ivrs_put_memory(GByteArray *t, Device *unit);

#endif
