/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD's unit beside a rig's. */
#ifndef TESTS_UNIT_INTR_AMDVI_UNIT_H
#define TESTS_UNIT_INTR_AMDVI_UNIT_H

#include "hw/i386/iommu/amdvi.h"
#include "intr/rig.h"
#include "tests/include/amdvi.h"

static inline Device *rig_add_amdvi(Rig *rig)
{
    uint64_t base;
    Device *unit = device_new(&amdvi_class, &rig->platform, "amdvi0");
    *iommu_class(unit)->links(unit) =
        (IommuLinks){.apic_bus = rig->apics, .memory = rig->platform.memory};
    g_assert_true(device_realize(unit, NULL));
    device_reset(unit);
    as_add(rig->platform.memory, iommu_class(unit)->region(unit, &base), AMD_BASE);
    return unit;
}

static inline void rig_remove_amdvi(Rig *rig, Device *unit)
{
    uint64_t base;
    as_remove(rig->platform.memory, iommu_class(unit)->region(unit, &base));
    device_free(unit);
}

#endif
