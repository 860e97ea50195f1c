/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scsi-hd and scsi-cd: logical units over -drive, on the bus of a host adapter. */
#include "hw/scsi/scsi_device.h"

#include <stdio.h>
#include <string.h>

#define CD_BLOCK 2048u

static ScsiDevice *scsi_of(Device *dev)
{
    return (ScsiDevice *)dev;
}

static bool scsi_bad_value(GError **error, const ScsiDevice *d, const char *why)
{
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE, "%s: %s", d->dev.id, why);
    return false;
}

static bool scsi_text_fits(const ScsiDevice *d, const char *name, const char *text, size_t most,
                           GError **error)
{
    if (text && strlen(text) > most) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: %s=%s is longer than %zu characters", d->dev.id, name, text, most);
        return false;
    }
    return true;
}

static bool is_block_size(uint32_t size)
{
    return size >= 512 && size <= SCSI_BUFFER && (size & (size - 1)) == 0;
}

static bool scsi_check(const ScsiDevice *d, bool is_cd, GError **error)
{
    if (!d->blk) {
        return scsi_bad_value(error, d, "no drive; give drive=ID of a -drive with if=none,id=ID");
    }
    if (!is_cd && !blk_has_medium(d->blk)) {
        return scsi_bad_value(error, d, "a disk needs an image; give its -drive file=PATH");
    }
    if (!is_block_size(d->logical_block_size) || !is_block_size(d->physical_block_size) ||
        d->logical_block_size > d->physical_block_size) {
        return scsi_bad_value(error, d,
                              "block sizes are powers of two from 512 to 4096, "
                              "logical_block_size not above physical_block_size");
    }
    return scsi_text_fits(d, "serial", d->serial, 36, error) &&
           scsi_text_fits(d, "vendor", d->vendor, 8, error) &&
           scsi_text_fits(d, "product", d->product, 16, error) &&
           scsi_text_fits(d, "ver", d->version, 4, error);
}

static void set_up_unit(ScsiDevice *d, bool is_cd)
{
    snprintf(d->own_serial, sizeof(d->own_serial), "SY%03u%03u", d->target % 1000, d->lun % 1000);
    d->unit = (ScsiUnit){
        .kind = is_cd ? SCSI_CD : SCSI_DISK,
        .blk = d->blk,
        .block = is_cd ? CD_BLOCK : d->logical_block_size,
        .physical = is_cd ? CD_BLOCK : d->physical_block_size,
        .rotation = (uint16_t)d->rotation,
        .vendor = d->vendor ? d->vendor : "SWITCHYD",
        .product = d->product ? d->product
                   : is_cd    ? "CD-ROM"
                              : "HARDDISK",
        .version = d->version ? d->version : "1",
        .serial = d->serial ? d->serial : d->own_serial,
        .wwn = d->wwn,
        .bus = d->bus,
        .target = (uint8_t)d->target,
    };
}

static bool scsi_realize(Device *dev, GError **error)
{
    ScsiDevice *d = scsi_of(dev);
    bool is_cd = dev->cls == &scsi_cd_class;
    if (!scsi_check(d, is_cd, error)) {
        return false;
    }
    if (!blk_claim(d->blk, dev->id, d->share_rw, error)) {
        g_prefix_error(error, "%s: ", dev->id);
        return false;
    }
    blk_set_removable(d->blk, is_cd);
    set_up_unit(d, is_cd);
    scsi_reset(&d->unit);
    g_ptr_array_add(d->bus->devices, d);
    if (d->bus->changed) {
        d->bus->changed(d->bus->adapter, (uint8_t)d->target, (uint16_t)d->lun, true);
    }
    return true;
}

static void scsi_unrealize(Device *dev)
{
    ScsiDevice *d = scsi_of(dev);
    if (d->bus) {
        g_ptr_array_remove(d->bus->devices, d);
        if (d->bus->changed) {
            d->bus->changed(d->bus->adapter, (uint8_t)d->target, (uint16_t)d->lun, false);
        }
    }
    blk_release(d->blk);
}

static void scsi_device_reset(Device *dev)
{
    scsi_reset(&scsi_of(dev)->unit);
}

static void scsi_restored(Device *dev)
{
    ScsiUnit *u = &scsi_of(dev)->unit;
    if (!scsi_state_makes_sense(u)) {
        scsi_reset(u);
    }
}

#define SCSI_PROPS                                                                                 \
    PROP(PROP_DRIVE, "drive", ScsiDevice, blk, NULL, "the -drive to show"),                        \
        PROP(PROP_STRING, "bus", ScsiDevice, bus_name, NULL,                                       \
             "ID.0 of a host adapter, scsi.0 of one without id; the first"),                       \
        PROP(PROP_UINT32, "channel", ScsiDevice, channel, "0", "0"),                               \
        PROP(PROP_UINT32, "scsi-id", ScsiDevice, target, "0xffffffff",                             \
             "target, 0 to 255; the first that is free"),                                          \
        PROP(PROP_UINT32, "lun", ScsiDevice, lun, "0xffffffff", "logical unit, 0 to 255; 0"),      \
        PROP(PROP_STRING, "serial", ScsiDevice, serial, NULL, "serial number, 36 characters"),     \
        PROP(PROP_STRING, "vendor", ScsiDevice, vendor, NULL, "vendor, 8 characters"),             \
        PROP(PROP_STRING, "product", ScsiDevice, product, NULL, "product, 16 characters"),         \
        PROP(PROP_STRING, "ver", ScsiDevice, version, NULL, "revision, 4 characters"),             \
        PROP(PROP_UINT64, "wwn", ScsiDevice, wwn, "0", "worldwide name; 0: none"),                 \
        PROP(PROP_UINT32, "bootindex", ScsiDevice, bootindex, NULL, "place in the boot order"),    \
        PROP(PROP_UINT32, "logical_block_size", ScsiDevice, logical_block_size, "512", "bytes"),   \
        PROP(PROP_UINT32, "physical_block_size", ScsiDevice, physical_block_size, "512", "bytes"), \
        PROP(PROP_BOOL, "share-rw", ScsiDevice, share_rw, "off",                                   \
             "others may write to the image, too")

static const PropInfo scsi_hd_props[] = {
    SCSI_PROPS,
    PROP_RANGE(PROP_UINT32, "rotation_rate", ScsiDevice, rotation, "0", 0, 0xfffe,
               "turns a minute; 1: does not turn, 0: is not said"),
    PROP_END,
};

static const PropInfo scsi_cd_props[] = {
    SCSI_PROPS,
    PROP_END,
};

static const StateField scsi_device_state[] = {
    STATE_STRUCTS(ScsiDevice, unit, 1, ScsiUnit, scsi_state),
    STATE_END,
};

#define SCSI_CLASS(name_, desc_, props_)                                                           \
    {                                                                                              \
        .name = name_, .desc = desc_, .bus = BUS_SCSI, .category = DEVICE_STORAGE,                 \
        .user_creatable = true, .instance_size = sizeof(ScsiDevice), .props = props_,              \
        .state = scsi_device_state, .realize = scsi_realize, .unrealize = scsi_unrealize,          \
        .reset = scsi_device_reset, .restored = scsi_restored,                                     \
    }

const DeviceClass scsi_hd_class = SCSI_CLASS("scsi-hd", "SCSI disk", scsi_hd_props);
const DeviceClass scsi_cd_class = SCSI_CLASS("scsi-cd", "SCSI CD-ROM drive", scsi_cd_props);
