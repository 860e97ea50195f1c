/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/rid.h"

#include <stdio.h>

RidText rid_text(uint16_t requester_id)
{
    RidText out;

    snprintf(out.text, sizeof(out.text), "%02x:%02x.%x", (unsigned)requester_id >> 8,
             (unsigned)requester_id >> 3 & 0x1f, (unsigned)requester_id & 7);
    return out;
}
