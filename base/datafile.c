/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/datafile.h"

#include <stdbool.h>

static const char *const folders[] = {"/usr/share/seabios", "/usr/share/qemu", "/usr/share/OVMF",
                                      "/usr/share/ovmf", "/usr/lib/ipxe/qemu"};

/* Debian's packages, by how the names of their files begin. */
static const struct {
    const char *prefix, *package;
} packages[] = {
    {"bios", "seabios"},   {"vgabios", "seabios"}, {"OVMF", "ovmf"},
    {"pxe-", "ipxe-qemu"}, {"efi-", "ipxe-qemu"},  {"qboot", "qemu-system-data"},
};

static char *file_in(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&path) : NULL;
}

static void set_missing(GError **error, const char *name)
{
    g_autofree char *base = g_path_get_basename(name);
    const char *package = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(packages) && !package; i++) {
        package = g_str_has_prefix(base, packages[i].prefix) ? packages[i].package : NULL;
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "%s: there is no such file%s%s%s", name,
                package ? " (Debian's package '" : "", package ? package : "",
                package ? "' has it)" : "");
}

char *datafile_find(const GPtrArray *dirs, const char *name, GError **error)
{
    char *found = g_file_test(name, G_FILE_TEST_IS_REGULAR) ? g_strdup(name) : NULL;
    for (guint i = 0; !found && dirs && i < dirs->len; i++) {
        found = file_in(dirs->pdata[i], name);
    }
    for (size_t i = 0; !found && i < G_N_ELEMENTS(folders); i++) {
        found = file_in(folders[i], name);
    }
    if (!found) {
        set_missing(error, name);
    }
    return found;
}

GBytes *datafile_read(const GPtrArray *dirs, const char *name, GError **error)
{
    g_autofree char *path = datafile_find(dirs, name, error);
    char *data;
    gsize len;
    if (!path || !g_file_get_contents(path, &data, &len, error)) {
        return NULL;
    }
    return g_bytes_new_take(data, len);
}

void datafile_list_folders(const GPtrArray *dirs, GString *out)
{
    for (guint i = 0; dirs && i < dirs->len; i++) {
        g_string_append_printf(out, "%s\n", (const char *)dirs->pdata[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_string_append_printf(out, "%s\n", folders[i]);
    }
}
