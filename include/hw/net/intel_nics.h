/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel's gigabit Ethernet controllers, for the list of classes. */
#ifndef HW_NET_INTEL_NICS_H
#define HW_NET_INTEL_NICS_H

#include "hw/core/device.h"

extern const DeviceClass e1000_class;  /* e1000: 82540EM */
extern const DeviceClass e1000e_class; /* e1000e: 82574L */
extern const DeviceClass igb_class;    /* igb: 82576 */

#endif
