/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtio devices there are, for the list of classes. */
#ifndef HW_VIRTIO_VIRTIO_DEVICES_H
#define HW_VIRTIO_VIRTIO_DEVICES_H

#include "hw/core/device.h"

extern const DeviceClass virtconsole_class;     /* ports of virtio-serial-pci */
extern const DeviceClass virtio_9p_class;       /* virtio-9p-pci */
extern const DeviceClass virtio_blk_class;      /* virtio-blk-pci */
extern const DeviceClass virtio_keyboard_class; /* virtio-keyboard-pci */
extern const DeviceClass virtio_mouse_class;    /* virtio-mouse-pci */
extern const DeviceClass virtio_net_class;      /* virtio-net-pci */
extern const DeviceClass virtio_rng_class;      /* virtio-rng-pci */
extern const DeviceClass virtio_scsi_class;     /* virtio-scsi-pci */
extern const DeviceClass virtio_serial_class;   /* virtio-serial-pci */
extern const DeviceClass virtio_tablet_class;   /* virtio-tablet-pci */
extern const DeviceClass virtserialport_class;

/* Finds the port's virtio-serial-pci among `devices` (of Device *) by its bus property, or the
 * first, and gives it a number. To be called before realize. */
bool virtio_serial_plug(GPtrArray *devices, Device *port, GError **error);
/* The virtio-serial-pci that a port is on; NULL for any other device. */
Device *virtio_serial_of(const Device *port);

/* Finds the virtio-scsi-pci of a scsi-hd or scsi-cd so, too, and gives it its place there. */
bool virtio_scsi_plug(GPtrArray *devices, Device *unit, GError **error);

#endif
