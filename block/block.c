/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block backends: raw files and host block devices, with an optional overlay that forgets
 * (include/block/block.h). Left out: other image formats, asynchronous requests.
 */
#include "block/block.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/optlist.h"
#include "block/lock.h"

#define SECTOR_SIZE  512
#define CLUSTER_SIZE BLK_CLUSTER_SIZE /* what the overlay copies at once */

struct BlockBackend {
    char *id;
    char *file;
    char *owner;
    int fd;
    int overlay;         /* -1 without snapshot */
    uint8_t *in_overlay; /* bit a cluster */
    uint64_t size;
    bool read_only, unlocked, lock_required;
};

static bool full_pread(int fd, void *buf, size_t len, uint64_t offset)
{
    uint8_t *p = buf;
    while (len > 0) {
        ssize_t n = pread(fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        if (n == 0) { /* the file shrank under us */
            memset(p, 0, len);
            return true;
        }
        p += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

static bool full_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
    const uint8_t *p = buf;
    while (len > 0) {
        ssize_t n = pwrite(fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        p += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

/* An image in a format with a header would be silently misread as raw. */
static bool block_check_format(const BlockBackend *blk, GError **error)
{
    static const struct {
        const char *magic, *name;
    } formats[] = {{"QFI\xfb", "qcow2"}, {"KDMV", "vmdk"}, {"vhdx", "vhdx"}, {"QED", "qed"}};
    char head[4] = "";
    if (!full_pread(blk->fd, head, sizeof(head), 0)) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: could not be read: %s", blk->file,
                    g_strerror(errno));
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (memcmp(head, formats[i].magic, sizeof(head)) == 0) {
            g_set_error(error, OPT_ERROR, 0,
                        "file=%s: is a %s image and only raw ones are read; convert it with "
                        "'qemu-img convert -O raw'",
                        blk->file, formats[i].name);
            return false;
        }
    }
    return true;
}

static bool is_no_directory(const BlockBackend *blk, GError **error)
{
    struct stat st;
    if (fstat(blk->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: is a directory; a raw image is needed",
                    blk->file);
        return false;
    }
    return true;
}

static bool find_size(BlockBackend *blk, GError **error)
{
    off_t end = lseek(blk->fd, 0, SEEK_END);
    if (end < 0) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: has no size: %s", blk->file, g_strerror(errno));
        return false;
    }
    blk->size = (uint64_t)end;
    if (end == 0 || end % SECTOR_SIZE != 0) {
        g_set_error(error, OPT_ERROR, 0,
                    "file=%s: has %" G_GUINT64_FORMAT
                    " bytes, which is no whole number of 512-byte sectors; is it truncated?",
                    blk->file, blk->size);
        return false;
    }
    return true;
}

static size_t overlay_bits_size(const BlockBackend *blk)
{
    return (blk->size / CLUSTER_SIZE + 8) / 8;
}

static bool open_overlay(BlockBackend *blk, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(GError) why = NULL;
    blk->overlay = g_file_open_tmp("switchyard-XXXXXX", &name, &why);
    if (blk->overlay < 0) {
        g_set_error(error, OPT_ERROR, 0, "snapshot=on: no temporary file can be made: %s",
                    why->message);
        return false;
    }
    unlink(name);
    blk->in_overlay = g_malloc0(overlay_bits_size(blk));
    return true;
}

BlockBackend *blk_open(const char *id, const BlockOptions *options, GError **error)
{
    BlockBackend *blk = g_new0(BlockBackend, 1);
    blk->id = g_strdup(id);
    blk->file = g_strdup(options->file);
    blk->read_only = options->read_only;
    blk->unlocked = options->unlocked;
    blk->lock_required = options->locked;
    blk->overlay = -1;
    bool writes = !options->read_only && !options->snapshot;
    /* A pipe without a writer would hold open() up; on files and disks the flag says nothing. */
    blk->fd = open(options->file, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (blk->fd < 0) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: could not be opened%s: %s", options->file,
                    writes ? " for writing" : "", g_strerror(errno));
        goto fail;
    }
    /* The format first: other formats' images have sizes of their own. */
    if (!is_no_directory(blk, error) || !block_check_format(blk, error) || !find_size(blk, error) ||
        (options->snapshot && !open_overlay(blk, error))) {
        goto fail;
    }
    return blk;
fail:
    blk_close(blk);
    return NULL;
}

void blk_close(BlockBackend *blk)
{
    if (!blk) {
        return;
    }
    if (blk->fd >= 0) {
        close(blk->fd);
    }
    if (blk->overlay >= 0) {
        close(blk->overlay);
    }
    g_free(blk->in_overlay);
    g_free(blk->owner);
    g_free(blk->file);
    g_free(blk->id);
    g_free(blk);
}

const char *blk_id(const BlockBackend *blk)
{
    return blk->id;
}

const char *blk_file(const BlockBackend *blk)
{
    return blk->file;
}

const char *blk_owner(const BlockBackend *blk)
{
    return blk->owner;
}

uint64_t blk_size(const BlockBackend *blk)
{
    return blk->size;
}

bool blk_is_read_only(const BlockBackend *blk)
{
    return blk->read_only;
}

static bool block_in_range(const BlockBackend *blk, uint64_t offset, size_t len)
{
    if (offset > blk->size || len > blk->size - offset) {
        errno = EINVAL;
        return false;
    }
    return true;
}

bool blk_cluster_is_overlaid(const BlockBackend *blk, uint64_t cluster)
{
    return blk->in_overlay && (blk->in_overlay[cluster / 8] & (1u << (cluster % 8)));
}

/* How much of [offset, offset+len) lies in the cluster of `offset`. */
static size_t cluster_part(uint64_t offset, size_t len)
{
    uint64_t left = CLUSTER_SIZE - offset % CLUSTER_SIZE;
    return left < len ? (size_t)left : len;
}

bool blk_read(BlockBackend *blk, uint64_t offset, void *buf, size_t len)
{
    uint8_t *p = buf;
    if (!block_in_range(blk, offset, len)) {
        return false;
    }
    if (blk->overlay < 0) {
        return full_pread(blk->fd, buf, len, offset);
    }
    while (len > 0) {
        size_t part = cluster_part(offset, len);
        bool overlaid = blk_cluster_is_overlaid(blk, offset / CLUSTER_SIZE);
        if (!full_pread(overlaid ? blk->overlay : blk->fd, p, part, offset)) {
            return false;
        }
        p += part;
        offset += part;
        len -= part;
    }
    return true;
}

/* Copies the cluster under `offset` before a first write changes a part of it. */
static bool overlay_cluster(BlockBackend *blk, uint64_t cluster)
{
    if (blk_cluster_is_overlaid(blk, cluster)) {
        return true;
    }
    uint64_t start = cluster * CLUSTER_SIZE;
    size_t len = (size_t)MIN(CLUSTER_SIZE, blk->size - start);
    g_autofree uint8_t *copy = g_malloc(len);
    if (!full_pread(blk->fd, copy, len, start) || !full_pwrite(blk->overlay, copy, len, start)) {
        return false;
    }
    blk->in_overlay[cluster / 8] |= (uint8_t)(1u << (cluster % 8));
    return true;
}

bool blk_write(BlockBackend *blk, uint64_t offset, const void *buf, size_t len)
{
    if (blk->read_only) {
        errno = EROFS;
        return false;
    }
    if (!block_in_range(blk, offset, len)) {
        return false;
    }
    if (blk->overlay < 0) {
        return full_pwrite(blk->fd, buf, len, offset);
    }
    for (uint64_t at = offset; at < offset + len; at += cluster_part(at, offset + len - at)) {
        if (!overlay_cluster(blk, at / CLUSTER_SIZE)) {
            return false;
        }
    }
    return full_pwrite(blk->overlay, buf, len, offset);
}

bool blk_flush(BlockBackend *blk)
{
    return blk->read_only || blk->overlay >= 0 || fdatasync(blk->fd) == 0;
}

bool blk_has_overlay(const BlockBackend *blk)
{
    return blk->overlay >= 0;
}

void blk_forget_overlay(BlockBackend *blk)
{
    if (blk->in_overlay) {
        memset(blk->in_overlay, 0, overlay_bits_size(blk));
    }
}

bool blk_claim(BlockBackend *blk, const char *owner, bool share_rw, GError **error)
{
    const BlockLock lock = {
        .writes = !blk->read_only && blk->overlay < 0,
        .shares_writes = share_rw,
        .required = blk->lock_required,
    };
    if (blk->owner) {
        g_set_error(error, OPT_ERROR, 0,
                    "drive '%s' is in use by another device; give each its own -drive", blk->id);
        return false;
    }
    if (!blk->unlocked && !block_lock(blk->fd, blk->file, &lock, error)) {
        return false;
    }
    blk->owner = g_strdup(owner);
    return true;
}

void blk_release(BlockBackend *blk)
{
    g_clear_pointer(&blk->owner, g_free);
}
