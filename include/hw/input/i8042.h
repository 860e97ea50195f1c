/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8042 keyboard controller of a PC, ports 60h and 64h, with an idle keyboard and mouse. */
#ifndef HW_INPUT_I8042_H
#define HW_INPUT_I8042_H

#include "hw/core/device.h"

extern const DeviceClass i8042_class; /* maps its own ports; IRQ 1 and IRQ 12 */

#endif
