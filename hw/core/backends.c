/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line named: drives, character devices, netdevs (include/hw/core/backends.h). */
#include "hw/core/outside.h"

#include <string.h>

#include "base/optlist.h"
#include "display/display.h"

struct Backends {
    GPtrArray *drives;   /* of BlockBackend * */
    GPtrArray *chardevs; /* of Chardev * */
    GPtrArray *netdevs;  /* of Netdev * */
    GPtrArray *fsdevs;   /* of Fsdev * */
    Display *display;
    Outside outside;
    const GPtrArray *folders; /* of char * */
    bool mac_taken[256];      /* by last byte, of those that cards without a mac= get */
};

static void close_drive(gpointer blk)
{
    blk_close(blk);
}

static void close_chardev(gpointer chr)
{
    chr_free(chr);
}

static void close_netdev(gpointer nd)
{
    netdev_free(nd);
}

static void close_fsdev(gpointer fsdev)
{
    fsdev_free(fsdev);
}

Backends *backends_new(void)
{
    Backends *backends = g_new0(Backends, 1);
    backends->drives = g_ptr_array_new_with_free_func(close_drive);
    backends->chardevs = g_ptr_array_new_with_free_func(close_chardev);
    backends->netdevs = g_ptr_array_new_with_free_func(close_netdev);
    backends->fsdevs = g_ptr_array_new_with_free_func(close_fsdev);
    backends->display = display_new();
    return backends;
}

void backends_free(Backends *backends)
{
    if (!backends) {
        return;
    }
    g_ptr_array_unref(backends->drives);
    g_ptr_array_unref(backends->chardevs);
    g_ptr_array_unref(backends->netdevs);
    g_ptr_array_unref(backends->fsdevs);
    display_free(backends->display);
    g_free(backends);
}

void backends_set_folders(Backends *backends, const GPtrArray *folders)
{
    backends->folders = folders;
}

const GPtrArray *backends_folders(const Backends *backends)
{
    return backends->folders;
}

Outside *backends_outside(Backends *backends)
{
    return &backends->outside;
}

bool outside_passes(Backends *backends, CommandEffect effect, CommandTongue tongue,
                    const char *text, GError **error)
{
    const Outside *outside = backends ? &backends->outside : NULL;
    return !outside || !outside->ops ||
           outside->ops->command(outside->opaque, effect, tongue, text, error);
}

Display *backends_display(const Backends *backends)
{
    return backends ? backends->display : NULL;
}

BlockBackend *backends_drive(const Backends *backends, const char *id)
{
    for (guint i = 0; i < backends->drives->len; i++) {
        if (strcmp(blk_id(backends->drives->pdata[i]), id) == 0) {
            return backends->drives->pdata[i];
        }
    }
    return NULL;
}

Chardev *backends_chardev(const Backends *backends, const char *id)
{
    for (guint i = 0; i < backends->chardevs->len; i++) {
        if (strcmp(chr_id(backends->chardevs->pdata[i]), id) == 0) {
            return backends->chardevs->pdata[i];
        }
    }
    return NULL;
}

Netdev *backends_netdev(const Backends *backends, const char *id)
{
    for (guint i = 0; i < backends->netdevs->len; i++) {
        if (strcmp(netdev_id(backends->netdevs->pdata[i]), id) == 0) {
            return backends->netdevs->pdata[i];
        }
    }
    return NULL;
}

Fsdev *backends_fsdev(const Backends *backends, const char *id)
{
    for (guint i = 0; i < backends->fsdevs->len; i++) {
        if (strcmp(fsdev_id(backends->fsdevs->pdata[i]), id) == 0) {
            return backends->fsdevs->pdata[i];
        }
    }
    return NULL;
}

const Fsdev *backends_fsdev_in_use(const Backends *backends)
{
    for (guint i = 0; backends && i < backends->fsdevs->len; i++) {
        if (fsdev_in_use(backends->fsdevs->pdata[i])) {
            return backends->fsdevs->pdata[i];
        }
    }
    return NULL;
}

bool backends_add_fsdev(Backends *backends, Fsdev *fsdev, GError **error)
{
    if (backends_fsdev(backends, fsdev_id(fsdev))) {
        g_set_error(error, OPT_ERROR, 0, "id=%s: another fsdev has this id; choose a new one",
                    fsdev_id(fsdev));
        fsdev_free(fsdev);
        return false;
    }
    g_ptr_array_add(backends->fsdevs, fsdev);
    return true;
}

bool backends_add_drive(Backends *backends, BlockBackend *blk, GError **error)
{
    if (backends_drive(backends, blk_id(blk))) {
        g_set_error(error, OPT_ERROR, 0, "id=%s: another drive has this id; choose a new one",
                    blk_id(blk));
        blk_close(blk);
        return false;
    }
    g_ptr_array_add(backends->drives, blk);
    return true;
}

bool backends_add_chardev(Backends *backends, Chardev *chr, GError **error)
{
    if (backends_chardev(backends, chr_id(chr))) {
        g_set_error(error, OPT_ERROR, 0, "id=%s: another chardev has this id; choose a new one",
                    chr_id(chr));
        chr_free(chr);
        return false;
    }
    g_ptr_array_add(backends->chardevs, chr);
    return true;
}

bool backends_add_netdev(Backends *backends, Netdev *nd, GError **error)
{
    if (backends_netdev(backends, netdev_id(nd))) {
        g_set_error(error, OPT_ERROR, 0, "id=%s: another netdev has this id; choose a new one",
                    netdev_id(nd));
        netdev_free(nd);
        return false;
    }
    g_ptr_array_add(backends->netdevs, nd);
    return true;
}

void backends_remove_chardev(Backends *backends, Chardev *chr)
{
    g_ptr_array_remove(backends->chardevs, chr);
}

bool backends_remove_netdev(Backends *backends, const char *id, GError **error)
{
    Netdev *nd = backends_netdev(backends, id);
    if (!nd) {
        g_set_error(error, OPT_ERROR, 0, "Device '%s' not found", id);
        return false;
    }
    if (netdev_owner(nd)) {
        g_set_error(error, OPT_ERROR, 0, "netdev '%s' is in use by '%s'; remove that first", id,
                    netdev_owner(nd));
        return false;
    }
    g_ptr_array_remove(backends->netdevs, nd);
    return true;
}

const char **backends_drive_ids(const Backends *backends, size_t *count)
{
    const char **ids = g_new0(const char *, backends->drives->len + 1);
    for (guint i = 0; i < backends->drives->len; i++) {
        ids[i] = blk_id(backends->drives->pdata[i]);
    }
    *count = backends->drives->len;
    return ids;
}

const char **backends_chardev_ids(const Backends *backends, size_t *count)
{
    const char **ids = g_new0(const char *, backends->chardevs->len + 1);
    for (guint i = 0; i < backends->chardevs->len; i++) {
        ids[i] = chr_id(backends->chardevs->pdata[i]);
    }
    *count = backends->chardevs->len;
    return ids;
}

const char **backends_netdev_ids(const Backends *backends, size_t *count)
{
    const char **ids = g_new0(const char *, backends->netdevs->len + 1);
    for (guint i = 0; i < backends->netdevs->len; i++) {
        ids[i] = netdev_id(backends->netdevs->pdata[i]);
    }
    *count = backends->netdevs->len;
    return ids;
}

const char **backends_fsdev_ids(const Backends *backends, size_t *count)
{
    const char **ids = g_new0(const char *, backends->fsdevs->len + 1);
    for (guint i = 0; i < backends->fsdevs->len; i++) {
        ids[i] = fsdev_id(backends->fsdevs->pdata[i]);
    }
    *count = backends->fsdevs->len;
    return ids;
}

void backends_claim_mac(Backends *backends, uint8_t mac[NET_MAC_SIZE])
{
    static const uint8_t none[NET_MAC_SIZE],
        first[NET_MAC_SIZE] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
    const unsigned last = NET_MAC_SIZE - 1;
    if (memcmp(mac, none, NET_MAC_SIZE) == 0) {
        memcpy(mac, first, NET_MAC_SIZE);
        while (backends && backends->mac_taken[mac[last]] && mac[last] != first[last] - 1) {
            mac[last]++;
        }
    }
    if (backends && memcmp(mac, first, last) == 0) {
        backends->mac_taken[mac[last]] = true;
    }
}
