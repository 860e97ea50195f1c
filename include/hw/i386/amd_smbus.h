/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 00:14.0 of AMD's platforms: the southbridge's SMBus function, under whose id its IOAPIC and HPET
 * send. Its configuration space alone is there: AMD's SMBus controller is told of elsewhere.
 */
#ifndef HW_I386_AMD_SMBUS_H
#define HW_I386_AMD_SMBUS_H

#include "hw/core/device.h"

extern const DeviceClass amd_smbus_class;

#endif
