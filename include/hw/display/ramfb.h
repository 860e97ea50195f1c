/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ramfb: a picture in the guest's memory, whose place and shape firmware writes to fw_cfg's file
 * etc/ramfb (28 bytes: address, fourcc, flags, width,
 * height, stride; big-endian).
 */
#ifndef HW_DISPLAY_RAMFB_H
#define HW_DISPLAY_RAMFB_H

#include "hw/core/device.h"

extern const DeviceClass ramfb_class;
/* After its realize: the file, and the screen. False: there is no room for the file. */
bool ramfb_connect(Device *dev, Device *fw_cfg);

#endif
