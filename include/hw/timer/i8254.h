/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * i8254 programmable interval timer, ports 40h to 43h, and port 61h (speaker and channel 2 gate).
 * Intel 8254 data sheet; ICH9 13.5 and 13.7.1.
 */
#ifndef HW_TIMER_I8254_H
#define HW_TIMER_I8254_H

#include "hw/core/device.h"

extern const DeviceClass i8254_class; /* maps its own ports */
/* Channel 0's output. */
IrqOut *i8254_irq_out(Device *dev);
/* HPET legacy replacement takes channel 0's interrupt away while on. */
void i8254_set_irq_enabled(Device *dev, bool enabled);

#endif
