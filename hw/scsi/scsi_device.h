/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A unit that is plugged into a bus. Private to hw/scsi/. */
#ifndef HW_SCSI_SCSI_DEVICE_H
#define HW_SCSI_SCSI_DEVICE_H

#include "hw/scsi/scsi_bus.h"

#define SCSI_ANY 0xffffffffu

typedef struct {
    Device dev;
    char *bus_name;
    uint32_t channel, target, lun;
    bool any_target; /* its place was not said */
    BlockBackend *blk;
    char *serial, *vendor, *product, *version;
    uint64_t wwn;
    uint32_t rotation, bootindex;
    uint32_t logical_block_size, physical_block_size;
    bool share_rw;
    char own_serial[16]; /* where none is given: its place */
    ScsiBus *bus;        /* from plugging on */
    ScsiUnit unit;
} ScsiDevice;

#endif
