/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device that -drive makes for its image, by if= and media=, and the old options that are a
 * -drive: -hda to -hdd, -cdrom. IDE drives have places, as on the board: index=N is bus ide.N.
 */
#include <string.h>

#include "hw/ide/ide.h"
#include "system/options.h"

#define CDROM_INDEX 2 /* where -cdrom is */

static const char *drive_class(const DriveOption *drive)
{
    if (drive->interface == DRIVE_VIRTIO) {
        return "virtio-blk-pci";
    }
    return drive->cdrom ? "ide-cd" : "ide-hd";
}

void drive_add_device(Options *o, const DriveOption *drive)
{
    if (drive->interface == DRIVE_NONE || drive->interface == DRIVE_PFLASH) {
        return; /* the board's, or a -device's */
    }
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%s,drive=", drive_class(drive));
    for (const char *p = drive->id; *p; p++) {
        g_string_append(text, *p == ',' ? ",," : (char[]){*p, '\0'});
    }
    if (drive->interface == DRIVE_IDE) {
        g_string_append_printf(text, ",bus=ide.%u", drive->index);
    }
    g_ptr_array_add(o->devices, g_string_free(text, FALSE));
}

static bool index_is_taken(const Options *o, unsigned index)
{
    for (guint i = 0; i < o->drives->len; i++) {
        const DriveOption *other = o->drives->pdata[i];
        if (other->interface == DRIVE_IDE && other->index == index) {
            return true;
        }
    }
    return false;
}

bool drive_find_place(const Options *o, DriveOption *drive, const char *index, GError **error)
{
    char *end = NULL;
    drive->index = index ? (unsigned)g_ascii_strtoull(index, &end, 10) : 0;
    while (!index && drive->index < ICH9_AHCI_PORTS && index_is_taken(o, drive->index)) {
        drive->index++;
    }
    if ((end && *end) || drive->index >= ICH9_AHCI_PORTS || index_is_taken(o, drive->index)) {
        g_set_error(error, OPT_ERROR, 0,
                    "index=%s: there is no such place for an IDE drive, or another -drive has it; "
                    "they are 0 to %d",
                    index ? index : "", ICH9_AHCI_PORTS - 1);
        return false;
    }
    return true;
}

static bool add_short(Options *o, const char *option, const char *file, unsigned index, bool cdrom,
                      GError **error)
{
    g_autoptr(GString) text = g_string_new("file=");
    for (const char *p = file; *p; p++) {
        g_string_append(text, *p == ',' ? ",," : (char[]){*p, '\0'});
    }
    g_string_append_printf(text, ",if=ide,index=%u%s", index, cdrom ? ",media=cdrom" : "");
    g_autofree char *written = g_strdup_printf("%s %s", option, file);
    return drive_add(o, written, text->str, error);
}

bool drive_become_flash(Options *o, DriveOption *drive, const char *unit, GError **error)
{
    const char **flash = o->machine.firmware.flash;
    size_t n = unit ? (size_t)(unit[0] - '0') : flash[0] ? 1 : 0;
    if (n > 1 || (unit && unit[1]) || flash[n]) {
        g_set_error(error, OPT_ERROR, 0, "if=pflash: there are units 0 and 1, one file each");
        return false;
    }
    drive->index = (unsigned)n;
    return true;
}

bool opt_pflash(Options *o, const char *value, GError **error)
{
    g_autoptr(GString) text = g_string_new("if=pflash,file=");
    for (const char *p = value; *p; p++) {
        g_string_append(text, *p == ',' ? ",," : (char[]){*p, '\0'});
    }
    g_autofree char *written = g_strdup_printf("-pflash %s", value);
    return drive_add(o, written, text->str, error);
}

bool opt_cdrom(Options *o, const char *value, GError **error)
{
    return add_short(o, "-cdrom", value, CDROM_INDEX, true, error);
}

#define SHORT_DISK(letter_, index_)                                                                \
    bool opt_hd##letter_(Options *o, const char *value, GError **error)                            \
    {                                                                                              \
        return add_short(o, "-hd" #letter_, value, index_, false, error);                          \
    }
SHORT_DISK(a, 0)
SHORT_DISK(b, 1)
SHORT_DISK(c, 2)
SHORT_DISK(d, 3)
