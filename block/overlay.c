/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block/overlay.h"

#include <string.h>
#include <unistd.h>

#include "base/optlist.h"
#include "block/iov.h"

#define CLUSTER_SIZE BLK_CLUSTER_SIZE /* what is copied at once */
#define AT_ONCE      64

struct BlockOverlay {
    BlockImage *base;
    int fd;
    uint8_t *written; /* bit a cluster */
};

static size_t overlay_bits_size(const BlockOverlay *overlay)
{
    return (overlay->base->size / CLUSTER_SIZE + 8) / 8;
}

BlockOverlay *overlay_new(BlockImage *base, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(GError) why = NULL;
    int fd = g_file_open_tmp("switchyard-XXXXXX", &name, &why);
    if (fd < 0) {
        g_set_error(error, OPT_ERROR, 0, "snapshot=on: no temporary file can be made: %s",
                    why->message);
        return NULL;
    }
    unlink(name);
    BlockOverlay *overlay = g_new0(BlockOverlay, 1);
    *overlay = (BlockOverlay){.base = base, .fd = fd};
    overlay->written = g_malloc0(overlay_bits_size(overlay));
    return overlay;
}

void overlay_free(BlockOverlay *overlay)
{
    if (overlay) {
        close(overlay->fd);
        g_free(overlay->written);
        g_free(overlay);
    }
}

bool overlay_has(const BlockOverlay *overlay, uint64_t cluster)
{
    return overlay->written[cluster / 8] & (1u << (cluster % 8));
}

void overlay_forget(BlockOverlay *overlay)
{
    memset(overlay->written, 0, overlay_bits_size(overlay));
}

/* How much of [at, at + len) lies in the cluster of `at`. */
static size_t cluster_part(uint64_t at, size_t len)
{
    uint64_t left = CLUSTER_SIZE - at % CLUSTER_SIZE;
    return left < len ? (size_t)left : len;
}

/* Bytes [skip, skip + len) of the list, from the base image or from the overlay's file. */
static bool read_part(BlockOverlay *overlay, uint64_t at, const struct iovec *iov, unsigned count,
                      size_t skip, size_t len)
{
    bool from_overlay = overlay_has(overlay, at / CLUSTER_SIZE);
    while (len > 0) {
        struct iovec part[AT_ONCE];
        unsigned n = iov_part(iov, count, skip, len, part, AT_ONCE);
        size_t bytes = iov_bytes(part, n);
        if (!(from_overlay ? file_readv(overlay->fd, at, part, n)
                           : overlay->base->ops->readv(overlay->base, at, part, n))) {
            return false;
        }
        at += bytes;
        skip += bytes;
        len -= bytes;
    }
    return true;
}

bool overlay_readv(BlockOverlay *overlay, uint64_t at, const struct iovec *iov, unsigned count)
{
    size_t bytes = iov_bytes(iov, count);
    for (size_t done = 0, part; done < bytes; done += part) {
        part = cluster_part(at + done, bytes - done);
        if (!read_part(overlay, at + done, iov, count, done, part)) {
            return false;
        }
    }
    return true;
}

/* Copies a cluster before a first write changes a part of it. */
static bool copy_cluster(BlockOverlay *overlay, uint64_t cluster)
{
    if (overlay_has(overlay, cluster)) {
        return true;
    }
    uint64_t start = cluster * CLUSTER_SIZE;
    size_t len = (size_t)MIN(CLUSTER_SIZE, overlay->base->size - start);
    g_autofree uint8_t *copy = g_malloc(len);
    const struct iovec all = {copy, len};
    if (!overlay->base->ops->readv(overlay->base, start, &all, 1) ||
        !file_writev(overlay->fd, start, &all, 1)) {
        return false;
    }
    overlay->written[cluster / 8] |= (uint8_t)(1u << (cluster % 8));
    return true;
}

bool overlay_writev(BlockOverlay *overlay, uint64_t at, const struct iovec *iov, unsigned count)
{
    uint64_t end = at + iov_bytes(iov, count);
    for (uint64_t from = at; from < end; from += cluster_part(from, end - from)) {
        if (!copy_cluster(overlay, from / CLUSTER_SIZE)) {
            return false;
        }
    }
    return file_writev(overlay->fd, at, iov, count);
}
