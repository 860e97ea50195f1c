/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files about scopes share with each other and with nobody else. */
#ifndef HW_I386_IOMMU_SCOPE_INTERNAL_H
#define HW_I386_IOMMU_SCOPE_INTERNAL_H

#include "hw/i386/iommu/scope.h"

static inline IommuPlace *iommu_place(Device *unit)
{
    return iommu_class(unit)->place(unit);
}

/* The way from a root bus to the function; 0 if it is too long for a table to tell. */
size_t iommu_path_of(const PciDevice *pci, uint8_t *bus, uint8_t path[IOMMU_PATH_MAX]);
bool iommu_name_is(const IommuName *name, const PciDevice *pci);
/* The unit that takes the rest, or NULL. */
Device *iommu_above_rest(const GPtrArray *units);

#endif
