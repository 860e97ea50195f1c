/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root bus's bridge with several units above it: some of what is behind it is in the scope of
 * another unit than the bridge. Which one a request goes to is told by its requester id, as it
 * leaves the bridge. A route has ids; it is filled in again whenever they change.
 */
#ifndef HW_I386_IOMMU_ROUTE_H
#define HW_I386_IOMMU_ROUTE_H

#include "hw/i386/iommu/scope.h"

typedef struct IommuRoute IommuRoute;

IommuRoute *iommu_route_new(void);
void iommu_route_free(IommuRoute *route);
/* Fills it in by what is behind `bridge` now; `rest` is above the bridge itself. False if all is
 * under one unit, so that no route is needed. */
bool iommu_route_survey(IommuRoute *route, const GPtrArray *units, const PciDevice *bridge,
                        Upstream rest);
Upstream iommu_route_upstream(IommuRoute *route);

#endif
