/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: the codec of events (2.5). */
#include "hw/i386/iommu/amd/event.h"

#include "base/fields.h"

#define EVENT_DEVICE 0, 16
#define EVENT_DOMAIN 32, 16
#define EVENT_FLAGS  48, 12
#define EVENT_CODE   60, 4

void amdvi_event_encode(const AmdviEvent *event, uint64_t words[2])
{
    words[0] = field_put(event->device_id, EVENT_DEVICE) | field_put(event->domain, EVENT_DOMAIN) |
               field_put(event->flags, EVENT_FLAGS) | field_put(event->code, EVENT_CODE);
    words[1] = event->address;
}

const char *amdvi_event_name(AmdviEventCode code)
{
    static const char *const names[] = {
        [AMDVI_EV_NONE] = "none",
        [AMDVI_EV_ILLEGAL_DEV_TABLE_ENTRY] = "ILLEGAL_DEV_TABLE_ENTRY",
        [AMDVI_EV_IO_PAGE_FAULT] = "IO_PAGE_FAULT",
        [AMDVI_EV_DEV_TAB_HARDWARE_ERROR] = "DEV_TAB_HARDWARE_ERROR",
        [AMDVI_EV_PAGE_TAB_HARDWARE_ERROR] = "PAGE_TAB_HARDWARE_ERROR",
        [AMDVI_EV_ILLEGAL_COMMAND_ERROR] = "ILLEGAL_COMMAND_ERROR",
        [AMDVI_EV_COMMAND_HARDWARE_ERROR] = "COMMAND_HARDWARE_ERROR",
        [AMDVI_EV_IOTLB_INV_TIMEOUT] = "IOTLB_INV_TIMEOUT",
        [AMDVI_EV_INVALID_DEVICE_REQUEST] = "INVALID_DEVICE_REQUEST",
        [AMDVI_EV_INVALID_PPR_REQUEST] = "INVALID_PPR_REQUEST",
    };
    return names[code];
}
