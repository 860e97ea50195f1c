/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What -fsdev and -virtfs say of a share (include/fsdev/fsdev.h). */
#include <string.h>

#include "fsdev/fsdev.h"

#define FILE_MODE   0600
#define FOLDER_MODE 0700

static bool read_security(OptList *opts, FsdevSecurity *security, GError **error)
{
    static const struct {
        const char *name;
        FsdevSecurity security;
    } models[] = {{"none", FSDEV_NONE},
                  {"passthrough", FSDEV_PASSTHROUGH},
                  {"mapped", FSDEV_MAPPED},
                  {"mapped-xattr", FSDEV_MAPPED}};
    const char *text = optlist_get(opts, "security_model");
    for (size_t i = 0; text && i < G_N_ELEMENTS(models); i++) {
        if (strcmp(text, models[i].name) == 0) {
            *security = models[i].security;
            return true;
        }
    }
    if (text && strcmp(text, "mapped-file") == 0) {
        g_set_error(error, OPT_ERROR, 0,
                    "security_model=mapped-file: is not supported; mapped-xattr keeps the same in "
                    "attributes of files");
    } else if (text) {
        g_set_error(error, OPT_ERROR, 0,
                    "security_model=%s: write 'mapped-xattr', 'none' or 'passthrough'", text);
    } else {
        g_set_error(error, OPT_ERROR, 0,
                    "security_model= is missing: mapped-xattr, none or passthrough");
    }
    return false;
}

/* Octal. */
static bool read_mode(OptList *opts, const char *key, mode_t *mode, GError **error)
{
    const char *text = optlist_get(opts, key);
    guint64 value = 0;
    if (!text) {
        return true;
    }
    if (!g_ascii_string_to_unsigned(text, 8, 0, 0777, &value, NULL)) {
        g_set_error(error, OPT_ERROR, 0, "%s=%s: is no mode in octal, 0 to 777", key, text);
        return false;
    }
    *mode = (mode_t)value;
    return true;
}

static bool read_driver(OptList *opts, GError **error)
{
    const char *driver = optlist_get(opts, "fsdriver");
    if (driver && strcmp(driver, "local") == 0) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "%s: there is no such driver; it is 'local'",
                driver ? driver : "");
    return false;
}

bool fsdev_options_read(OptList *opts, const char *id, FsdevOptions *options, GError **error)
{
    static const char *const told[] = {"writeout", "multidevs", NULL};
    *options = (FsdevOptions){.file_mode = FILE_MODE, .folder_mode = FOLDER_MODE};
    optlist_ignore(opts, told);
    const char *path = optlist_get(opts, "path");
    if (!read_driver(opts, error) || !read_security(opts, &options->security, error) ||
        !optlist_bool(opts, "readonly", &options->readonly, error) ||
        !read_mode(opts, "fmode", &options->file_mode, error) ||
        !read_mode(opts, "dmode", &options->folder_mode, error)) {
        return false;
    }
    if (!path || !id) {
        g_set_error(error, OPT_ERROR, 0, "%s= is missing", path ? "id" : "path");
        return false;
    }
    options->path = g_strdup(path);
    options->id = g_strdup(id);
    return true;
}

void fsdev_options_clear(FsdevOptions *options)
{
    g_free(options->path);
    g_free(options->id);
    *options = (FsdevOptions){0};
}
