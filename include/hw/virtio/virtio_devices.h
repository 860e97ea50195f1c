/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtio devices there are, for the list of classes. */
#ifndef HW_VIRTIO_VIRTIO_DEVICES_H
#define HW_VIRTIO_VIRTIO_DEVICES_H

#include "hw/core/device.h"

extern const DeviceClass virtio_blk_class; /* virtio-blk-pci */
extern const DeviceClass virtio_rng_class; /* virtio-rng-pci */

#endif
