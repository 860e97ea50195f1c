/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options for devices and what stands behind them: -device, -drive, -chardev, -serial. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/report.h"
#include "system/options.h"

static const char *bus_label(BusType bus)
{
    static const char *const names[] = {
        [BUS_NONE] = "none",
        [BUS_SYSTEM] = "System",
        [BUS_PCI] = "PCI",
        [BUS_ISA] = "ISA",
        [BUS_VIRTIO_SERIAL] = "virtio-serial-bus",
        [BUS_NVME] = "nvme-bus",
        [BUS_IDE] = "IDE",
        [BUS_SCSI] = "SCSI",
    };
    return names[bus];
}

static void list_device_class(const DeviceClass *cls)
{
    printf("name \"%s\", bus %s", cls->name, bus_label(cls->bus));
    if (cls->alias) {
        printf(", alias \"%s\"", cls->alias);
    }
    if (cls->desc) {
        printf(", desc \"%s\"", cls->desc);
    }
    printf("\n");
}

static void list_device_group(DeviceCategory category, const char *heading)
{
    for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
        if (!(*cls)->user_creatable || (*cls)->category != category) {
            continue;
        }
        if (heading) {
            printf("%s:\n", heading);
            heading = NULL;
        }
        list_device_class(*cls);
    }
    if (!heading) {
        printf("\n");
    }
}

/* By group, under QEMU's headings where it has the group; interrupt hardware leads, as it is what
 * this program is for. */
static void list_device_classes(void)
{
    static const struct {
        DeviceCategory category;
        const char *heading;
    } groups[] = {
        {DEVICE_INTERRUPT, "Interrupt remapping units, controllers and timers"},
        {DEVICE_BRIDGE, "Controller/Bridge/Hub devices"},
        {DEVICE_STORAGE, "Storage devices"},
        {DEVICE_NETWORK, "Network devices"},
        {DEVICE_INPUT, "Input devices"},
        {DEVICE_DISPLAY, "Display devices"},
        {DEVICE_MISC, "Misc devices"},
        {DEVICE_CPU, "CPU devices"},
    };
    static_assert(G_N_ELEMENTS(groups) == DEVICE_CATEGORIES - 1, "every group has a heading");
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        list_device_group(groups[i].category, groups[i].heading);
    }
}

/* "X,help"; false if X is unknown, which creating it will say better. */
static bool help_device(OptList *opts)
{
    const char *driver = optlist_get(opts, "driver");
    const DeviceClass *cls = driver ? device_class_find(driver) : NULL;
    if (cls) {
        GString *text = g_string_new(NULL);
        device_class_help(cls, text);
        fputs(text->str, stdout);
        g_string_free(text, TRUE);
    }
    return cls != NULL;
}

static bool opt_device(Options *o, const char *value, GError **error)
{
    if (opt_wants_help(value)) {
        list_device_classes();
        o->done = true;
        return true;
    }
    g_autofree char *text = options_flatten(value, error);
    if (!text) {
        return false;
    }
    g_autoptr(OptList) opts = optlist_parse(text, "driver");
    if ((optlist_get(opts, "help") || optlist_get(opts, "?")) && help_device(opts)) {
        o->done = true;
        return true;
    }
    g_ptr_array_add(o->devices, g_steal_pointer(&text));
    return true;
}

/* A property of what is not there changes nothing: tools write them for every machine. */
static void warn_no_driver(const char *value, const char *driver)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const DeviceClass *const *c = device_classes; *c; c++) {
        g_ptr_array_add(names, (char *)(*c)->name);
    }
    const char *near = nearest_name(driver, (const char *const *)names->pdata, names->len);
    g_printerr(PROGRAM ": warning: -global %s: there is no device '%s'%s%s%s\n", value, driver,
               near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* "-global driver.prop=value" or its long form. */
static bool opt_global(Options *o, const char *value, GError **error)
{
    const char *equals = strchr(value, '='), *dot = strchr(value, '.');
    g_autofree char *driver = NULL, *prop = NULL, *text = NULL;
    if (equals && dot && dot < equals) {
        driver = g_strndup(value, (size_t)(dot - value));
        prop = g_strndup(dot + 1, (size_t)(equals - dot - 1));
        text = g_strdup(equals + 1);
    } else {
        g_autoptr(OptList) opts = optlist_parse(value, NULL);
        driver = g_strdup(optlist_get(opts, "driver"));
        prop = g_strdup(optlist_get(opts, "property"));
        text = g_strdup(optlist_get(opts, "value"));
    }
    if (!driver || !prop || !text) {
        g_set_error(error, OPT_ERROR, 0, "write DRIVER.PROPERTY=VALUE");
        return false;
    }
    const DeviceClass *cls = device_class_find(driver);
    if (g_ascii_strcasecmp(driver, "ICH9-LPC") == 0 &&
        (strcmp(prop, "disable_s3") == 0 || strcmp(prop, "disable_s4") == 0)) {
        g_printerr(PROGRAM ": warning: -global %s: guests are told of the sleep states that there "
                           "are; they need not use them\n",
                   value);
        return true;
    }
    if (!cls) {
        warn_no_driver(value, driver);
        return true;
    }
    /* A scratch instance would need a platform: only the name is checked here. */
    if (!device_class_find_prop(cls, prop)) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (const PropInfo *p = cls->props; p && p->name; p++) {
            g_ptr_array_add(names, (char *)p->name);
        }
        opt_error_nearest(error, prop, (const char *const *)names->pdata, names->len,
                          "device '%s' has no property '%s'", driver, prop);
        return false;
    }
    g_hash_table_replace(o->globals, g_strdup_printf("%s.%s", driver, prop),
                         g_steal_pointer(&text));
    return true;
}

static bool unknown_interface(const char *interface, GError **error)
{
    static const char *const names[] = {"none", "virtio", "ide", "pflash"};
    static const char *const absent[] = {"scsi", "floppy", "sd", "mtd", "xen"};
    for (size_t i = 0; i < G_N_ELEMENTS(absent); i++) {
        if (strcmp(interface, absent[i]) == 0) {
            g_set_error(error, OPT_ERROR, 0,
                        "if=%s: is not supported yet; use if=virtio, or if=none,id=ID with "
                        "-device virtio-blk-pci,drive=ID",
                        interface);
            return false;
        }
    }
    opt_error_nearest(error, interface, names, G_N_ELEMENTS(names), "if=%s: there is none",
                      interface);
    return false;
}

/* Those of block/: raw, and what qemu-nbd reads for it. */
static bool read_format(DriveOption *drive, const char *format, GError **error)
{
    static const char *const names[] = {"raw", "qcow2", "vmdk", "vdi", "vhdx", "vpc", "qed", NULL};
    if (format && !g_strv_contains(names, format)) {
        opt_error_nearest(error, format, names, G_N_ELEMENTS(names) - 1, "format=%s: there is none",
                          format);
        return false;
    }
    g_free(drive->format);
    drive->format = g_strdup(format);
    return true;
}

static void add_drive(Options *o, DriveOption *drive, const char *option, const char *value)
{
    drive->option = value ? g_strdup_printf("%s %s", option, value) : g_strdup(option);
    g_ptr_array_add(o->drives, drive);
    drive_add_device(o, drive);
}

static const char *const drive_harmless[] = {"cache",           "cache.direct", "cache.no-flush",
                                             "cache.writeback", "aio",          "detect-zeroes",
                                             "werror",          "rerror",       "unit",
                                             "node-name",       "iothread",     "copy-on-read",
                                             "auto-read-only",  "read-zeroes",  NULL};

/* locking=on|off|auto, a property of the file under an image. */
static bool read_locking(OptList *opts, const char *key, DriveOption *drive, GError **error)
{
    const char *text = optlist_get(opts, key);
    if (!text) {
        return true;
    }
    drive->unlocked = strcmp(text, "off") == 0;
    drive->locked = strcmp(text, "on") == 0;
    if (!drive->unlocked && !drive->locked && strcmp(text, "auto") != 0) {
        g_set_error(error, OPT_ERROR, 0, "%s=%s: is none of on, off and auto", key, text);
        return false;
    }
    return true;
}

static bool read_media(OptList *opts, DriveOption *drive, GError **error)
{
    const char *media = optlist_get(opts, "media");
    drive->cdrom = media && strcmp(media, "cdrom") == 0;
    if (media && !drive->cdrom && strcmp(media, "disk") != 0) {
        g_set_error(error, OPT_ERROR, 0, "media=%s: is neither disk nor cdrom", media);
        return false;
    }
    return true;
}

static bool read_discard(OptList *opts, DriveOption *drive, GError **error)
{
    const char *discard = optlist_get(opts, "discard");
    drive->unmap = discard && (strcmp(discard, "unmap") == 0 || strcmp(discard, "on") == 0);
    if (discard && !drive->unmap && strcmp(discard, "ignore") != 0 && strcmp(discard, "off") != 0) {
        g_set_error(error, OPT_ERROR, 0, "discard=%s: is neither unmap nor ignore", discard);
        return false;
    }
    return true;
}

/* if=, ide where nothing is said. */
static bool read_interface(const char *text, DriveOption *drive, GError **error)
{
    static const char *const names[] = {[DRIVE_NONE] = "none",
                                        [DRIVE_VIRTIO] = "virtio",
                                        [DRIVE_IDE] = "ide",
                                        [DRIVE_PFLASH] = "pflash"};
    drive->interface = DRIVE_IDE;
    for (size_t i = 0; text && i <= G_N_ELEMENTS(names); i++) {
        if (i == G_N_ELEMENTS(names)) {
            return unknown_interface(text, error);
        }
        if (strcmp(text, names[i]) == 0) {
            drive->interface = (DriveInterface)i;
            break;
        }
    }
    return true;
}

/* As QEMU calls a drive that has no name. */
static char *drive_default_id(const Options *o, const DriveOption *drive)
{
    if (drive->interface == DRIVE_IDE) {
        return g_strdup_printf("ide%u-%s0", drive->index, drive->cdrom ? "cd" : "hd");
    }
    if (drive->interface == DRIVE_PFLASH) {
        return g_strdup_printf("pflash%u", drive->index);
    }
    return g_strdup_printf("%s%u", drive->interface == DRIVE_VIRTIO ? "virtio" : "none",
                           o->drives->len);
}

static bool read_drive(Options *o, OptList *opts, DriveOption *drive, GError **error)
{
    const char *file = optlist_get(opts, "file"), *id = optlist_get(opts, "id"),
               *interface = optlist_get(opts, "if"), *index = optlist_get(opts, "index"),
               *bus = optlist_get(opts, "bus"), *unit = optlist_get(opts, "unit"),
               *format = optlist_get(opts, "format"), *driver = optlist_get(opts, "driver");
    file = file ? file : optlist_get(opts, "file.filename");
    optlist_ignore(opts, drive_harmless);
    bool read_only = false;
    if (!read_interface(interface, drive, error) || !read_media(opts, drive, error) ||
        !read_discard(opts, drive, error) || !read_format(drive, format ? format : driver, error) ||
        !optlist_bool(opts, "readonly", &read_only, error) ||
        !optlist_bool(opts, "read-only", &read_only, error) ||
        !optlist_bool(opts, "snapshot", &drive->snapshot, error) ||
        !read_locking(opts, "file.locking", drive, error) || !optlist_finish(opts, error)) {
        return false;
    }
    drive->read_only = read_only || drive->cdrom;
    if (!file && !drive->cdrom) {
        g_set_error(error, OPT_ERROR, 0, "file= is missing");
        return false;
    }
    if (drive->interface == DRIVE_IDE && !drive_find_place(o, drive, index ? index : bus, error)) {
        return false;
    }
    if (drive->interface == DRIVE_PFLASH && !drive_become_flash(o, drive, unit, error)) {
        return false;
    }
    if (file) {
        drive->file = options_fdset_path(o, g_str_has_prefix(file, "file:") ? file + 5 : file,
                                         drive->read_only, error);
        if (!drive->file) {
            return false;
        }
    }
    drive->id = id ? g_strdup(id) : drive_default_id(o, drive);
    if (drive->interface == DRIVE_PFLASH) {
        o->machine.firmware.flash[drive->index] = options_keep(o, drive->id);
    }
    return true;
}

bool drive_add(Options *o, const char *option, const char *text, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "file");
    DriveOption *drive = g_new0(DriveOption, 1);
    if (!read_drive(o, opts, drive, error)) {
        g_free(drive->file);
        g_free(drive->format);
        g_free(drive);
        return false;
    }
    add_drive(o, drive, option, NULL);
    return true;
}

static bool opt_drive(Options *o, const char *value, GError **error)
{
    g_autofree char *option = g_strdup_printf("-drive %s", value);
    return drive_add(o, option, value, error);
}

static DriveOption *find_drive(const Options *o, const char *id)
{
    for (guint i = 0; i < o->drives->len; i++) {
        DriveOption *drive = o->drives->pdata[i];
        if (strcmp(drive->id, id) == 0) {
            return drive;
        }
    }
    return NULL;
}

/* A node of a format over a file node, or over "file.filename"; a file node by itself. */
static bool read_blockdev(Options *o, OptList *opts, DriveOption *drive, GError **error)
{
    static const char *const drivers[] = {"file", "host_device", "raw", "qcow2", "vmdk",
                                          "vdi",  "vhdx",        "vpc", "qed"};
    static const char *const harmless[] = {"file.driver",       "file.node-name",      "file.aio",
                                           "file.cache.direct", "file.cache.no-flush", NULL};
    const char *driver = optlist_get(opts, "driver"), *node = optlist_get(opts, "node-name"),
               *name = optlist_get(opts, "filename"), *under = optlist_get(opts, "file"),
               *inner = optlist_get(opts, "file.filename");
    optlist_ignore(opts, drive_harmless);
    optlist_ignore(opts, harmless);
    if (!optlist_bool(opts, "read-only", &drive->read_only, error) ||
        !read_locking(opts, "file.locking", drive, error) ||
        !read_locking(opts, "locking", drive, error) || !read_discard(opts, drive, error) ||
        !optlist_finish(opts, error)) {
        return false;
    }
    bool known = false;
    for (size_t i = 0; driver && i < G_N_ELEMENTS(drivers); i++) {
        known = known || strcmp(driver, drivers[i]) == 0;
    }
    if (!known) {
        opt_error_nearest(error, driver ? driver : "", drivers, G_N_ELEMENTS(drivers),
                          "driver=%s: there is none", driver ? driver : "");
        return false;
    }
    if (!node) {
        g_set_error(error, OPT_ERROR, 0, "node-name= is missing");
        return false;
    }
    bool is_file = strcmp(driver, "file") == 0 || strcmp(driver, "host_device") == 0;
    DriveOption *lower = under ? find_drive(o, under) : NULL;
    if (under && !lower) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: no -blockdev before this one has that node-name",
                    under);
        return false;
    }
    const char *file = lower ? lower->file : is_file ? name : inner;
    if (!file) {
        g_set_error(error, OPT_ERROR, 0, "filename= (or file= for a format's driver) is missing");
        return false;
    }
    drive->read_only = drive->read_only || (lower && lower->read_only);
    drive->unlocked = drive->unlocked || (lower && lower->unlocked);
    drive->locked = drive->locked || (lower && lower->locked);
    if (lower && strcmp(driver, "raw") != 0) {
        lower->below = true; /* as a raw image it may have no good size */
    }
    drive->file = options_fdset_path(o, file, drive->read_only, error);
    if (!drive->file) {
        return false;
    }
    drive->format = g_strdup(is_file ? "raw" : driver);
    drive->id = g_strdup(node);
    return true;
}

static bool opt_blockdev(Options *o, const char *value, GError **error)
{
    g_autofree char *text = options_flatten(value, error);
    if (!text) {
        return false;
    }
    g_autoptr(OptList) opts = optlist_parse(text, "driver");
    DriveOption *drive = g_new0(DriveOption, 1);
    if (!read_blockdev(o, opts, drive, error)) {
        g_free(drive);
        return false;
    }
    add_drive(o, drive, "-blockdev", value);
    return true;
}

static bool opt_no_floppy(Options *o, const char *value, GError **error)
{
    g_set_error(error, OPT_ERROR, 0,
                "there is no floppy or SD controller yet; write -drive file=%s,format=raw", value);
    return false;
}

static bool opt_snapshot(Options *o, const char *value, GError **error)
{
    o->snapshot_all = true;
    return true;
}

static bool opt_chardev(Options *o, const char *value, GError **error)
{
    if (opt_wants_help(value)) {
        GString *text = g_string_new(NULL);
        chr_help(text);
        fputs(text->str, stdout);
        g_string_free(text, TRUE);
        o->done = true;
        return true;
    }
    g_autofree char *text = options_flatten(value, error);
    if (!text) {
        return false;
    }
    g_ptr_array_add(o->chardevs, g_steal_pointer(&text));
    return true;
}

static bool opt_serial(Options *o, const char *value, GError **error)
{
    if (o->serials->len == G_N_ELEMENTS(o->machine.serial)) {
        g_set_error(error, OPT_ERROR, 0, "there are four serial ports at most");
        return false;
    }
    if (g_str_has_prefix(value, "mon:")) {
        o->default_monitor = false;
    }
    g_ptr_array_add(o->serials, g_strdup(value));
    return true;
}

static bool only_none(const char *value, const char *what, GError **error)
{
    if (strcmp(value, "none") == 0) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "there is no %s yet; use 'none'", what);
    return false;
}

static bool opt_parallel(Options *o, const char *value, GError **error)
{
    return strcmp(value, "null") == 0 || only_none(value, "parallel port", error);
}

static bool opt_vnc(Options *o, const char *value, GError **error)
{
    return vnc_options_parse(&o->vnc, value, error);
}

static bool opt_display(Options *o, const char *value, GError **error)
{
    static const char *const kinds[] = {"none", "curses", "vnc=:N"};
    if (g_str_has_prefix(value, "vnc=")) {
        return opt_vnc(o, value + 4, error);
    }
    if (strcmp(value, "none") == 0 || strcmp(value, "curses") == 0) {
        o->curses = value[0] == 'c';
        return true;
    }
    opt_error_nearest(error, value, kinds, G_N_ELEMENTS(kinds), "there is no display '%s'", value);
    return false;
}

static bool opt_curses(Options *o, const char *value, GError **error)
{
    o->curses = true;
    return true;
}

static bool opt_vga(Options *o, const char *value, GError **error)
{
    o->vga_said = true;
    if (strcmp(value, "std") == 0) {
        g_ptr_array_insert(o->devices, 0, g_strdup("VGA"));
        return true;
    }
    if (strcmp(value, "none") == 0) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "there is no such display adapter; use std or none");
    return false;
}

/* There is no sound card, so what would play it makes no difference. */
static bool opt_audio(Options *o, const char *value, GError **error)
{
    static const char *const drivers[] = {"none",     "alsa", "dbus",  "jack",  "oss", "pa",
                                          "pipewire", "sdl",  "sndio", "spice", "wav", NULL};
    g_autofree char *text = options_flatten(value, error);
    if (!text) {
        return false;
    }
    g_autoptr(OptList) opts = optlist_parse(text, "driver");
    const char *driver = optlist_get(opts, "driver");
    if (opt_wants_help(driver ? driver : "") || !driver) {
        printf("Available audio drivers:\nnone\n");
        o->done = true;
        return true;
    }
    if (!g_strv_contains(drivers, driver)) {
        opt_error_nearest(error, driver, drivers, G_N_ELEMENTS(drivers) - 1,
                          "there is no audio driver '%s'", driver);
        return false;
    }
    if (strcmp(driver, "none") != 0) {
        g_printerr(PROGRAM ": warning: %s: there is no sound card; nothing is played\n", value);
    }
    return true;
}

static bool opt_usb(Options *o, const char *value, GError **error)
{
    g_printerr(PROGRAM ": warning: -usb: there are no USB 1 and 2 controllers; none is added\n");
    return true;
}

static bool opt_debugcon(Options *o, const char *value, GError **error)
{
    g_free(o->debugcon);
    o->debugcon = g_strdup(value);
    return true;
}

const OptRow opt_rows_device[] = {
    {"device", true, opt_device, "a device: DRIVER[,PROPERTY=VALUE...]; help lists them"},
    {"global", true, opt_global, "a property of every such device: DRIVER.PROPERTY=VALUE"},
    {"drive", true, opt_drive,
     "a disk: file=PATH,if=ide|virtio|none[,id=,format=,media=,index=,snapshot=]"},
    {"blockdev", true, opt_blockdev, "a disk: driver=file|raw|qcow2...,node-name=ID,filename=PATH"},
    {"snapshot", false, opt_snapshot, "forget what is written to disks"},
    {"chardev", true, opt_chardev, "a character device: BACKEND,id=ID[,...]; help lists them"},
    {"serial", true, opt_serial, "a serial port: stdio, mon:stdio, file:PATH, unix:PATH, pty ..."},
    {"debugcon", true, opt_debugcon, "the debug port 0xe9 to a character device"},
    {"display", true, opt_display,
     "where the screen is seen: none, curses (on the terminal), vnc=HOST:N"},
    {"curses", false, opt_curses, "the same as -display curses"},
    {"pflash", true, opt_pflash, "a file of flash with firmware, or with its variables"},
    {"vga", true, opt_vga, "the display adapter: std, none"},
    {"vnc", true, opt_vnc,
     "the screen over VNC: HOST:N|unix:PATH|none[,password=on][,to=N][,connections=N]"},
    {"parallel", true, opt_parallel, "none"},
    {"audio", true, opt_audio, "none"},
    {"audiodev", true, opt_audio, NULL,
     "there is no sound card; a driver other than none is a warning"},
    {"hda", true, opt_hda, "the first disk, an image; -hdb, -hdc and -hdd are the others"},
    {"hdb", true, opt_hdb, NULL},
    {"hdc", true, opt_hdc, NULL},
    {"hdd", true, opt_hdd, NULL},
    {"cdrom", true, opt_cdrom, "a CD-ROM drive with the image in it"},
    {"fda", true, opt_no_floppy, NULL, "refused: there is no floppy or SD controller"},
    {"fdb", true, opt_no_floppy, NULL, "refused: there is no floppy or SD controller"},
    {"sd", true, opt_no_floppy, NULL, "refused: there is no floppy or SD controller"},
    {"usb", false, opt_usb, NULL,
     "a warning: there are no USB 1 and 2 controllers, and none is added"},
    {"usbdevice", true, opt_not_yet, NULL},
    {"tpmdev", true, NULL, NULL, "there is no TPM; leave it out"},
    {NULL},
};
