/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pc-testdev: what kvm-unit-tests uses to poke at a PC (QEMU's documented register map). */
#ifndef HW_MISC_PC_TESTDEV_H
#define HW_MISC_PC_TESTDEV_H

#include "hw/core/device.h"

extern const DeviceClass pc_testdev_class;

#endif
