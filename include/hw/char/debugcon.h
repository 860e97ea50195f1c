/* SPDX-License-Identifier: GPL-2.0-or-later */
/* isa-debugcon: a port whose bytes go straight to a character device (QEMU's documented one). */
#ifndef HW_CHAR_DEBUGCON_H
#define HW_CHAR_DEBUGCON_H

#include "chardev/chardev.h"
#include "hw/core/device.h"

extern const DeviceClass debugcon_class; /* properties iobase, readback, chardev */
void debugcon_set_chardev(Device *dev, Chardev *chr);

#endif
