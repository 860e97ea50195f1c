/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uv-hub: the interrupt registers of a hub of SGI's UV machines. Its messages go to the local APICs
 * as they are: no remapping unit is between. See docs/devices/uv-hub.md.
 */
#ifndef HW_INTC_UV_HUB_H
#define HW_INTC_UV_HUB_H

#include "hw/core/device.h"
#include "hw/intc/apic_bus.h"

#define UV_HUB_SIZE 0x100000ull /* of its registers, in the window of local ones */

extern const DeviceClass uv_hub_class;

typedef struct {
    ApicBus *apic_bus;
} UvHubLinks;
UvHubLinks *uv_hub_links(Device *dev);
MemRegion *uv_hub_region(Device *dev);
uint64_t uv_hub_base(const Device *dev);

#endif
