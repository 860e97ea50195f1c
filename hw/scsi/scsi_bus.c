/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/scsi/scsi_bus.h"

#include "hw/scsi/scsi_device.h"

void scsi_bus_init(ScsiBus *bus, Device *adapter)
{
    *bus = (ScsiBus){.adapter = adapter, .devices = g_ptr_array_new()};
    bus->nobody = (ScsiUnit){.kind = SCSI_NOBODY,
                             .block = 512,
                             .vendor = "SWITCHYD",
                             .product = "NOBODY",
                             .version = "1",
                             .serial = "",
                             .bus = bus};
}

void scsi_bus_end(ScsiBus *bus)
{
    for (guint i = 0; i < bus->devices->len; i++) {
        ((ScsiDevice *)bus->devices->pdata[i])->bus = NULL;
    }
    g_ptr_array_unref(bus->devices);
}

static ScsiDevice *scsi_device_at(const ScsiBus *bus, uint32_t target, uint32_t lun)
{
    for (guint i = 0; i < bus->devices->len; i++) {
        ScsiDevice *d = bus->devices->pdata[i];
        if (d->target == target && d->lun == lun) {
            return d;
        }
    }
    return NULL;
}

static bool has_target(const ScsiBus *bus, uint32_t target)
{
    for (guint i = 0; i < bus->devices->len; i++) {
        if (((ScsiDevice *)bus->devices->pdata[i])->target == target) {
            return true;
        }
    }
    return false;
}

/* What is not said is the first target with nothing, and its first unit. */
static void choose_place(const ScsiBus *bus, ScsiDevice *d)
{
    d->lun = d->lun == SCSI_ANY ? 0 : d->lun;
    while (d->target == SCSI_ANY || (d->any_target && scsi_device_at(bus, d->target, d->lun))) {
        d->any_target = true;
        d->target++;
    }
}

bool scsi_bus_plug(ScsiBus *bus, Device *dev, GError **error)
{
    ScsiDevice *d = (ScsiDevice *)dev;
    choose_place(bus, d);
    if (d->channel != 0 || d->target >= SCSI_TARGETS || d->lun >= SCSI_LUNS) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%s: channel=%u,scsi-id=%u,lun=%u: the bus has channel 0, scsi-id 0 to %u and "
                    "lun 0 to %u",
                    dev->id, d->channel, d->target, d->lun, SCSI_TARGETS - 1, SCSI_LUNS - 1);
        return false;
    }
    if (scsi_device_at(bus, d->target, d->lun)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%s: scsi-id=%u,lun=%u is taken by '%s'", dev->id, d->target, d->lun,
                    scsi_device_at(bus, d->target, d->lun)->dev.id);
        return false;
    }
    d->bus = bus;
    return true;
}

const char *scsi_bus_name(const Device *dev)
{
    return ((const ScsiDevice *)dev)->bus_name;
}

Device *scsi_adapter_of(const Device *dev)
{
    bool is_plugged = dev->cls->bus == BUS_SCSI && ((const ScsiDevice *)dev)->bus;
    return is_plugged ? ((const ScsiDevice *)dev)->bus->adapter : NULL;
}

ScsiUnit *scsi_bus_find(ScsiBus *bus, uint8_t target, uint16_t lun)
{
    ScsiDevice *d = scsi_device_at(bus, target, lun);
    if (d) {
        return &d->unit;
    }
    bus->nobody.target = target;
    return has_target(bus, target) ? &bus->nobody : NULL;
}

void scsi_bus_reset(ScsiBus *bus)
{
    for (guint i = 0; i < bus->devices->len; i++) {
        scsi_reset(&((ScsiDevice *)bus->devices->pdata[i])->unit);
    }
}

void scsi_bus_reset_target(ScsiBus *bus, uint8_t target)
{
    for (guint i = 0; i < bus->devices->len; i++) {
        ScsiDevice *d = bus->devices->pdata[i];
        if (d->target == target) {
            scsi_reset(&d->unit);
        }
    }
}

size_t scsi_bus_luns(const ScsiBus *bus, uint8_t target, uint16_t *luns, size_t most)
{
    size_t count = 0;
    for (uint32_t lun = 0; lun < SCSI_LUNS && count < most; lun++) {
        if (scsi_device_at(bus, target, lun)) {
            luns[count++] = (uint16_t)lun;
        }
    }
    return count;
}
