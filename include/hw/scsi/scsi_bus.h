/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SCSI bus: the units behind a host adapter, by target and logical unit number, and the devices
 * that are plugged into it, scsi-hd and scsi-cd (SAM-5, 4.6 and 4.7).
 */
#ifndef HW_SCSI_SCSI_BUS_H
#define HW_SCSI_SCSI_BUS_H

#include "hw/core/device.h"
#include "hw/scsi/scsi.h"

#define SCSI_TARGETS 256u
#define SCSI_LUNS    256u /* of a target */

extern const DeviceClass scsi_hd_class; /* scsi-hd */
extern const DeviceClass scsi_cd_class; /* scsi-cd */

typedef struct ScsiBus {
    Device *adapter;
    /* A unit came or went; may be NULL. */
    void (*changed)(Device *adapter, uint8_t target, uint16_t lun, bool came);
    GPtrArray *devices; /* of scsi-hd and scsi-cd */
    ScsiUnit nobody;    /* answers for the numbers that no unit of a target has */
} ScsiBus;

void scsi_bus_init(ScsiBus *bus, Device *adapter);
/* Its devices are on no bus then. */
void scsi_bus_end(ScsiBus *bus);
/* Gives a device its place on `bus`, which it says or gets. To be called before realize. */
bool scsi_bus_plug(ScsiBus *bus, Device *dev, GError **error);
/* The `bus` property of a scsi-hd or scsi-cd; NULL: any. */
const char *scsi_bus_name(const Device *dev);
/* The adapter that a device is behind; NULL for any other device. */
Device *scsi_adapter_of(const Device *dev);

/* The unit; `nobody` where a target has none of that number; NULL: there is no such target. */
ScsiUnit *scsi_bus_find(ScsiBus *bus, uint8_t target, uint16_t lun);
/* As a reset of the bus, or of one target. */
void scsi_bus_reset(ScsiBus *bus);
void scsi_bus_reset_target(ScsiBus *bus, uint8_t target);
/* The numbers of a target's units, ascending, `most` of them; how many. */
size_t scsi_bus_luns(const ScsiBus *bus, uint8_t target, uint16_t *luns, size_t most);

#endif
