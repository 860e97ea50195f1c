/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks and CD-ROM drives on ATA buses, and the controllers that have such. */
#ifndef HW_IDE_IDE_H
#define HW_IDE_IDE_H

#include "hw/core/device.h"

#define ICH9_AHCI_PORTS 6

extern const DeviceClass ich9_ahci_class, ide_hd_class, ide_cd_class;

/* Puts a drive that is not realized yet on its bus ("ID.N" of a controller among `devices`; the
 * first with room if it names none); false with an error. */
bool ide_plug(const GPtrArray *devices, Device *dev, GError **error);
/* The controller of such a drive; NULL for other devices. */
Device *ide_controller_of(const Device *dev);

#endif
