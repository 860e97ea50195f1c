/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VGA: a standard VGA with Bochs' display interface (1234:1111). */
#ifndef HW_DISPLAY_VGA_H
#define HW_DISPLAY_VGA_H

#include "hw/core/device.h"

extern const DeviceClass vga_class;

#endif
