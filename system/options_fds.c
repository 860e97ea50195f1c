/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -add-fd: files that whoever started the program has opened. A set has some of one file, for
 * reading, writing or both; /dev/fdset/SET as an image's name is the one that fits.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "system/options.h"

#define FDSET_FOLDER "/dev/fdset/"

bool opt_add_fd(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, NULL);
    const char *opaque = optlist_get(opts, "opaque");
    uint64_t fd = UINT64_MAX, set = UINT64_MAX;
    if (!optlist_uint(opts, "fd", 0, INT32_MAX, &fd, error) ||
        !optlist_uint(opts, "set", 0, INT32_MAX, &set, error) || !optlist_finish(opts, error)) {
        return false;
    }
    if (fd == UINT64_MAX || set == UINT64_MAX) {
        g_set_error(error, OPT_ERROR, 0, "write fd=NUMBER,set=NUMBER");
        return false;
    }
    if (fd <= STDERR_FILENO) {
        g_set_error(error, OPT_ERROR, 0, "fd=%d: stdin, stdout and stderr cannot be used", (int)fd);
        return false;
    }
    if (fcntl((int)fd, F_GETFD) < 0) {
        g_set_error(error, OPT_ERROR, 0, "fd=%d: is not open", (int)fd);
        return false;
    }
    fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    FdsetFile file = {
        .set = (unsigned)set, .fd = (int)fd, .opaque = opaque ? options_keep(o, opaque) : NULL};
    g_array_append_val(o->fdsets, file);
    return true;
}

/* Does it let as much be done as is wanted? */
static bool fdset_fits(int fd, bool read_only)
{
    int mode = fcntl(fd, F_GETFL) & O_ACCMODE;
    return mode == O_RDWR || (read_only && mode == O_RDONLY);
}

char *options_fdset_path(const Options *o, const char *file, bool read_only, GError **error)
{
    uint64_t set;
    bool known = false;
    if (!g_str_has_prefix(file, FDSET_FOLDER) ||
        !opt_parse_uint(file + strlen(FDSET_FOLDER), &set)) {
        return g_strdup(file);
    }
    for (guint i = 0; i < o->fdsets->len; i++) {
        const FdsetFile *one = &g_array_index(o->fdsets, FdsetFile, i);
        known = known || one->set == set;
        if (one->set == set && fdset_fits(one->fd, read_only)) {
            return g_strdup_printf("/proc/self/fd/%d", one->fd);
        }
    }
    g_set_error(error, OPT_ERROR, 0, "%s: %s", file,
                known ? "none of the set's files is open for that; say readonly=on?"
                      : "no -add-fd before it has this set");
    return NULL;
}
