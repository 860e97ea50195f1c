/* SPDX-License-Identifier: GPL-2.0-or-later */
/* isa-debug-exit: a port whose write ends the emulator (QEMU's documented interface). */
#ifndef HW_MISC_DEBUG_EXIT_H
#define HW_MISC_DEBUG_EXIT_H

#include "hw/core/device.h"

extern const DeviceClass debug_exit_class; /* properties iobase, iosize */

#endif
