/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ide-hd and ide-cd: ATA devices over -drive, on the bus of a controller. */
#include <string.h>

#include "hw/ide/ide.h"
#include "hw/ide/ide_bus.h"

#define CD_BLOCK    2048u
#define SERIAL_MOST 20
#define MODEL_MOST  40

typedef struct {
    Device dev;
    char *bus_name;
    uint32_t unit;
    BlockBackend *blk;
    char *serial, *model, *version;
    uint64_t wwn;
    uint32_t rotation, bootindex;
    uint32_t logical_block_size, physical_block_size;
    bool share_rw;
    IdeBus *bus; /* from plugging on */
    unsigned place;
    AtaDrive drive;
} IdeDrive;

static IdeDrive *ide_of(Device *dev)
{
    return (IdeDrive *)dev;
}

IdeBus *ide_bus(Device *controller, unsigned n)
{
    return controller->cls == &ich9_ahci_class ? ahci_bus(controller, n) : NULL;
}

/* "ID.N", or any bus with room. */
static IdeBus *find_ide_bus(const GPtrArray *devices, const char *name)
{
    for (guint i = 0; i < devices->len; i++) {
        Device *dev = devices->pdata[i];
        IdeBus *bus;
        for (unsigned n = 0; (bus = ide_bus(dev, n)) != NULL; n++) {
            g_autofree char *its_name = g_strdup_printf("%s.%u", dev->id, n);
            bool has_room = !bus->drives[0] || (bus->units > 1 && !bus->drives[1]);
            if (name ? strcmp(its_name, name) == 0 : has_room) {
                return bus;
            }
        }
    }
    return NULL;
}

static unsigned free_unit(const IdeBus *bus)
{
    return bus->drives[0] && bus->units > 1 ? 1 : 0;
}

bool ide_plug(const GPtrArray *devices, Device *dev, GError **error)
{
    IdeDrive *s = ide_of(dev);
    IdeBus *bus = find_ide_bus(devices, s->bus_name);
    if (!bus) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%s: no bus '%s'%s; -machine q35 has ide.0 to ide.5", dev->id,
                    s->bus_name ? s->bus_name : "ide", s->bus_name ? "" : " with room");
        return false;
    }
    unsigned unit = s->unit == UINT32_MAX ? free_unit(bus) : s->unit;
    if (unit >= bus->units || bus->drives[unit]) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%s: unit=%u of '%s' is taken, or not there; it takes %u", dev->id, unit,
                    s->bus_name ? s->bus_name : "ide", bus->units);
        return false;
    }
    s->bus = bus;
    s->place = unit;
    return true;
}

Device *ide_controller_of(const Device *dev)
{
    return dev->cls->bus == BUS_IDE && ide_of((Device *)dev)->bus
               ? ide_of((Device *)dev)->bus->controller
               : NULL;
}

static bool text_fits(const IdeDrive *s, const char *name, const char *text, size_t most,
                      GError **error)
{
    if (text && strlen(text) > most) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: %s=%s is longer than %zu characters", s->dev.id, name, text, most);
        return false;
    }
    return true;
}

static bool ide_check(const IdeDrive *s, bool is_cd, GError **error)
{
    if (!s->blk) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: no drive; give drive=ID of a -drive with if=none,id=ID", s->dev.id);
        return false;
    }
    if (!is_cd && !blk_has_medium(s->blk)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: a disk needs an image; give its -drive file=PATH", s->dev.id);
        return false;
    }
    if (s->logical_block_size != ATA_SECTOR) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: logical_block_size=%u; an IDE disk has %u", s->dev.id,
                    s->logical_block_size, ATA_SECTOR);
        return false;
    }
    return text_fits(s, "serial", s->serial, SERIAL_MOST, error) &&
           text_fits(s, "model", s->model, MODEL_MOST, error) &&
           text_fits(s, "ver", s->version, 8, error);
}

/* The serial number of a drive that has none of its user's: its place. */
static char *default_serial(const IdeDrive *s)
{
    unsigned number = 0;
    while (ide_bus(s->bus->controller, number) != s->bus) {
        number++;
    }
    return g_strdup_printf("SY%05u", number * IDE_UNITS + s->place + 1);
}

static void set_up(IdeDrive *s, bool is_cd)
{
    s->drive = (AtaDrive){
        .dev = &s->dev,
        .blk = s->blk,
        .is_cd = is_cd,
        .is_serial = s->bus->is_serial,
        .serial = s->serial ? g_strdup(s->serial) : default_serial(s),
        .model = g_strdup(s->model ? s->model
                          : is_cd  ? "SWITCHYARD DVD-ROM"
                                   : "SWITCHYARD DISK"),
        .version = g_strdup(s->version ? s->version : "1"),
        .wwn = s->wwn,
        .rotation = s->rotation,
    };
    s->drive.scsi = (ScsiUnit){
        .kind = SCSI_CD,
        .blk = s->blk,
        .block = CD_BLOCK,
        .vendor = "SWITCHYD",
        .product = "DVD-ROM",
        .version = s->drive.version,
        .serial = s->drive.serial,
        .wwn = s->wwn,
    };
}

static bool ide_realize(Device *dev, GError **error)
{
    IdeDrive *s = ide_of(dev);
    bool is_cd = dev->cls == &ide_cd_class;
    if (!ide_check(s, is_cd, error)) {
        return false;
    }
    if (!blk_claim(s->blk, dev->id, s->share_rw, error)) {
        g_prefix_error(error, "%s: ", dev->id);
        return false;
    }
    blk_set_removable(s->blk, is_cd);
    set_up(s, is_cd);
    s->bus->drives[s->place] = &s->drive;
    return true;
}

static void ide_unrealize(Device *dev)
{
    IdeDrive *s = ide_of(dev);
    s->bus->drives[s->place] = NULL;
    g_free(s->drive.serial);
    g_free(s->drive.model);
    g_free(s->drive.version);
    blk_release(s->blk);
}

static void ide_reset(Device *dev)
{
    ata_power_on(&ide_of(dev)->drive);
}

/* What the tray is, is the drive's to know. */
static void ide_restored(Device *dev)
{
    AtaDrive *d = &ide_of(dev)->drive;
    if (!ata_state_makes_sense(d)) {
        ata_power_on(d);
    }
}

#define IDE_PROPS                                                                                  \
    PROP(PROP_DRIVE, "drive", IdeDrive, blk, NULL, "the -drive to show"),                          \
        PROP(PROP_STRING, "bus", IdeDrive, bus_name, NULL, "ide.0 to ide.5; the first with room"), \
        PROP(PROP_UINT32, "unit", IdeDrive, unit, "0xffffffff", "place on the bus; all: any"),     \
        PROP(PROP_STRING, "serial", IdeDrive, serial, NULL, "serial number, 20 characters"),       \
        PROP(PROP_STRING, "model", IdeDrive, model, NULL, "model, 40 characters"),                 \
        PROP(PROP_STRING, "ver", IdeDrive, version, NULL, "firmware's revision, 8 characters"),    \
        PROP(PROP_UINT64, "wwn", IdeDrive, wwn, "0", "worldwide name; 0: none"),                   \
        PROP(PROP_UINT32, "bootindex", IdeDrive, bootindex, NULL, "place in the boot order"),      \
        PROP(PROP_UINT32, "logical_block_size", IdeDrive, logical_block_size, "512", "bytes"),     \
        PROP(PROP_UINT32, "physical_block_size", IdeDrive, physical_block_size, "512", "bytes"),   \
        PROP(PROP_BOOL, "share-rw", IdeDrive, share_rw, "off",                                     \
             "others may write to the image, too")

static const PropInfo ide_hd_props[] = {
    IDE_PROPS,
    PROP_RANGE(PROP_UINT32, "rotation_rate", IdeDrive, rotation, "0", 0, 0xfffe,
               "turns a minute; 1: does not turn, 0: is not said"),
    PROP_END,
};

static const PropInfo ide_cd_props[] = {
    IDE_PROPS,
    PROP_END,
};

static const StateField ide_state[] = {
    STATE_STRUCTS(IdeDrive, drive, 1, AtaDrive, ata_state),
    STATE_END,
};

#define IDE_CLASS(name_, desc_, props_)                                                            \
    {                                                                                              \
        .name = name_, .desc = desc_, .bus = BUS_IDE, .category = DEVICE_STORAGE,                  \
        .user_creatable = true, .instance_size = sizeof(IdeDrive), .props = props_,                \
        .state = ide_state, .realize = ide_realize, .unrealize = ide_unrealize,                    \
        .reset = ide_reset, .restored = ide_restored,                                              \
    }

const DeviceClass ide_hd_class = IDE_CLASS("ide-hd", "ATA disk", ide_hd_props);
const DeviceClass ide_cd_class = IDE_CLASS("ide-cd", "ATAPI CD-ROM drive", ide_cd_props);
