/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of a UV hub's clock whose entry is masked, as it is after a reset. */
#include "hw/intc/uv_hub.h"
#include "intr/ways.h"
#include "tests/include/uv.h"

IntrResult way_hub_masked(Rig *rig)
{
    Device *dev = device_new(&uv_hub_class, &rig->platform, "hub0");
    uv_hub_links(dev)->apic_bus = rig->apics;
    g_assert_true(device_realize(dev, NULL));
    device_reset(dev);
    const MemRegion *region = uv_hub_region(dev);
    region->ops->write(region->opaque, UV_INT_CMPB, 1000000, 8);
    clock_advance_to(rig->platform.clock, clock_now(rig->platform.clock) + NS_PER_SEC);
    device_free(dev);
    return WAY_TRACED;
}
