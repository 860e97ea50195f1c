/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flash of the common flash interface, with Intel's command set: a chip a byte wide. */
#ifndef HW_BLOCK_PFLASH_H
#define HW_BLOCK_PFLASH_H

#include "hw/core/device.h"

extern const DeviceClass pflash_class; /* property "drive" */
/* After realize: what it holds, as it is now, and how much. */
uint8_t *pflash_bytes(Device *dev);
uint64_t pflash_size(Device *dev);
/* Maps it so that it ends where `end` begins. */
void pflash_map(Device *dev, uint64_t end);

#endif
