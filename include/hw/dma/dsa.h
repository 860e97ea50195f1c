/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dsa: a data streaming accelerator. See docs/devices/dsa.md. */
#ifndef HW_DMA_DSA_H
#define HW_DMA_DSA_H

#include "hw/core/device.h"

extern const DeviceClass dsa_class;

#endif
