/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options for shared folders: -fsdev, and -virtfs, which is made of one and a -device. */
#include <string.h>

#include "fsdev/fsdev.h"
#include "system/options.h"

static void show_drivers(Options *o)
{
    g_print("Available fsdev drivers:\nlocal\n");
    o->done = true;
}

static void share_free(gpointer share)
{
    fsdev_options_clear(share);
    g_free(share);
}

GPtrArray *options_new_shares(void)
{
    return g_ptr_array_new_with_free_func(share_free);
}

static bool add_share(Options *o, OptList *opts, const char *id, GError **error)
{
    FsdevOptions *share = g_new0(FsdevOptions, 1);
    g_ptr_array_add(o->shares, share);
    return fsdev_options_read(opts, id, share, error) && optlist_finish(opts, error);
}

static bool opt_fsdev(Options *o, const char *value, GError **error)
{
    if (opt_wants_help(value)) {
        show_drivers(o);
        return true;
    }
    g_autoptr(OptList) opts = optlist_parse(value, "fsdriver");
    return add_share(o, opts, optlist_get(opts, "id"), error);
}

/* -virtfs local,path=,mount_tag=,...: the share's id is its own if it names none, else the tag. */
static bool opt_virtfs(Options *o, const char *value, GError **error)
{
    if (opt_wants_help(value)) {
        show_drivers(o);
        return true;
    }
    g_autoptr(OptList) opts = optlist_parse(value, "fsdriver");
    const char *id = optlist_get(opts, "id"), *tag = optlist_get(opts, "mount_tag");
    if (!tag) {
        g_set_error(error, OPT_ERROR, 0, "mount_tag= is missing: the guest mounts by it");
        return false;
    }
    GString *device = g_string_new("virtio-9p-pci");
    optlist_put(device, "fsdev", id ? id : tag);
    optlist_put(device, "mount_tag", tag);
    g_ptr_array_add(o->devices, g_string_free(device, false));
    return add_share(o, opts, id ? id : tag, error);
}

const OptRow opt_rows_share[] = {
    {"fsdev", true, opt_fsdev,
     "a shared folder: local,id=ID,path=FOLDER,security_model=MODEL[,readonly=on]"},
    {"virtfs", true, opt_virtfs,
     "one with its device: local,path=FOLDER,mount_tag=TAG,security_model=MODEL"},
    {NULL},
};
