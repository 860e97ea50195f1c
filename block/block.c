/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block backends: an image, with an optional overlay that forgets, and who uses it
 * (include/block/block.h). Left out: asynchronous requests.
 */
#include "block/block.h"

#include <errno.h>
#include <string.h>

#include "base/optlist.h"
#include "block/format.h"
#include "block/iov.h"
#include "block/nbd.h"
#include "block/overlay.h"

struct BlockBackend {
    char *id;
    char *file;
    char *owner;
    const char *format;    /* a constant */
    bool guessed;          /* it is raw for want of another format */
    BlockImage *image;     /* NULL without a medium */
    BlockOverlay *overlay; /* NULL without snapshot */
    BlockOptions options;  /* but for the file */
    bool share_rw;         /* as it was claimed */
    bool removable, tray_open, tray_held, eject_asked;
    uint64_t changes;
    void (*keep)(void *opaque, BlockBackend *blk, uint64_t offset, size_t len);
    void *keep_opaque;
};

static void drop_medium(BlockBackend *blk)
{
    if (blk->image) {
        overlay_free(blk->overlay);
        blk->image->ops->close(blk->image);
    }
    blk->overlay = NULL;
    blk->image = NULL;
    g_clear_pointer(&blk->file, g_free);
}

static BlockImage *open_image(BlockBackend *blk, const BlockOptions *options, bool writes,
                              GError **error)
{
    const char *format =
        options->format ? g_intern_string(options->format) : format_probe(options->file, error);
    if (!format) {
        return NULL;
    }
    bool is_raw = strcmp(format, "raw") == 0;
    if (!is_raw && !nbd_knows_format(format)) {
        g_set_error(error, OPT_ERROR, 0,
                    "format=%s: there is none; there is raw, qcow2, vmdk, vdi, vhdx, vpc, qed",
                    format);
        return NULL;
    }
    blk->format = format;
    blk->guessed = is_raw && !options->format;
    return is_raw ? raw_open(options, writes, error)
                  : nbd_image_open(options, format, writes, error);
}

static bool insert_medium(BlockBackend *blk, const BlockOptions *options, GError **error)
{
    bool writes = !options->read_only && !options->snapshot;
    blk->options = *options;
    blk->options.file = blk->options.format = NULL;
    blk->format = "raw";
    if (!options->file) {
        return true;
    }
    blk->image = open_image(blk, options, writes, error);
    if (!blk->image) {
        return false;
    }
    blk->file = g_strdup(options->file);
    if (options->snapshot) {
        blk->overlay = overlay_new(blk->image, error);
    }
    return !options->snapshot || blk->overlay;
}

BlockBackend *blk_open(const char *id, const BlockOptions *options, GError **error)
{
    BlockBackend *blk = g_new0(BlockBackend, 1);
    blk->id = g_strdup(id);
    if (!insert_medium(blk, options, error)) {
        blk_close(blk);
        return NULL;
    }
    return blk;
}

void blk_close(BlockBackend *blk)
{
    if (!blk) {
        return;
    }
    drop_medium(blk);
    g_free(blk->owner);
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

const char *blk_format(const BlockBackend *blk)
{
    return blk->format;
}

bool blk_format_was_guessed(const BlockBackend *blk)
{
    return blk->guessed;
}

const char *blk_owner(const BlockBackend *blk)
{
    return blk->owner;
}

uint64_t blk_size(const BlockBackend *blk)
{
    return blk->image ? blk->image->size : 0;
}

bool blk_is_read_only(const BlockBackend *blk)
{
    return blk->options.read_only;
}

static bool block_in_range(const BlockBackend *blk, uint64_t offset, uint64_t len)
{
    if (!blk->image || offset > blk->image->size || len > blk->image->size - offset) {
        errno = blk->image ? EINVAL : ENOMEDIUM;
        return false;
    }
    return true;
}

static bool block_may_write(const BlockBackend *blk)
{
    if (blk->options.read_only) {
        errno = EROFS;
    }
    return !blk->options.read_only;
}

bool blk_readv(BlockBackend *blk, uint64_t offset, const struct iovec *iov, unsigned count)
{
    if (!block_in_range(blk, offset, iov_bytes(iov, count))) {
        return false;
    }
    return blk->overlay ? overlay_readv(blk->overlay, offset, iov, count)
                        : blk->image->ops->readv(blk->image, offset, iov, count);
}

/* A guest could write another format's header, and the next start would follow what that says. */
static bool block_head_stays_raw(BlockBackend *blk, uint64_t offset, const struct iovec *iov,
                                 unsigned count)
{
    uint8_t head[FORMAT_HEAD];
    size_t len = MIN(blk->image->size, FORMAT_HEAD), all = iov_bytes(iov, count);
    if (!blk->guessed || blk->overlay || offset >= len) {
        return true;
    }
    size_t part = MIN(all, len - (size_t)offset);
    if (!blk_read(blk, 0, head, len)) {
        return false;
    }
    iov_gather(iov, count, head + offset, part);
    if (format_of_head(head, len)) {
        errno = EPERM;
        return false;
    }
    return true;
}

bool blk_writev(BlockBackend *blk, uint64_t offset, const struct iovec *iov, unsigned count)
{
    size_t len = iov_bytes(iov, count);
    if (!block_may_write(blk) || !block_in_range(blk, offset, len) ||
        !block_head_stays_raw(blk, offset, iov, count)) {
        return false;
    }
    if (blk->keep) {
        blk->keep(blk->keep_opaque, blk, offset, len);
    }
    return blk->overlay ? overlay_writev(blk->overlay, offset, iov, count)
                        : blk->image->ops->writev(blk->image, offset, iov, count);
}

bool blk_read(BlockBackend *blk, uint64_t offset, void *buf, size_t len)
{
    return blk_readv(blk, offset, &(struct iovec){buf, len}, 1);
}

bool blk_write(BlockBackend *blk, uint64_t offset, const void *buf, size_t len)
{
    return blk_writev(blk, offset, &(struct iovec){(void *)buf, len}, 1);
}

void blk_set_keeper(BlockBackend *blk,
                    void (*keep)(void *opaque, BlockBackend *blk, uint64_t offset, size_t len),
                    void *opaque)
{
    blk->keep = keep;
    blk->keep_opaque = opaque;
}

bool blk_flush(BlockBackend *blk)
{
    return !blk->image || blk->options.read_only || blk->overlay ||
           blk->image->ops->flush(blk->image);
}

bool blk_discard(BlockBackend *blk, uint64_t offset, uint64_t len)
{
    if (!block_may_write(blk) || !block_in_range(blk, offset, len)) {
        return false;
    }
    /* What somebody wants to have back may stay. */
    return !blk->options.unmap || blk->overlay || blk->keep || len == 0 ||
           blk->image->ops->discard(blk->image, offset, len);
}

bool blk_has_overlay(const BlockBackend *blk)
{
    return blk->overlay != NULL;
}

bool blk_cluster_is_overlaid(const BlockBackend *blk, uint64_t cluster)
{
    return blk->overlay && overlay_has(blk->overlay, cluster);
}

void blk_forget_overlay(BlockBackend *blk)
{
    if (blk->overlay) {
        overlay_forget(blk->overlay);
    }
}

static bool lock_medium(BlockBackend *blk, GError **error)
{
    const BlockLock lock = {
        .writes = !blk->options.read_only && !blk->overlay,
        .shares_writes = blk->share_rw,
        .required = blk->options.locked,
    };
    return !blk->image || blk->options.unlocked || !blk->image->ops->lock ||
           blk->image->ops->lock(blk->image, &lock, error);
}

bool blk_claim(BlockBackend *blk, const char *owner, bool share_rw, GError **error)
{
    if (blk->owner) {
        g_set_error(error, OPT_ERROR, 0,
                    "drive '%s' is in use by another device; give each its own -drive", blk->id);
        return false;
    }
    blk->share_rw = share_rw;
    if (!lock_medium(blk, error)) {
        return false;
    }
    blk->owner = g_strdup(owner);
    return true;
}

void blk_release(BlockBackend *blk)
{
    g_clear_pointer(&blk->owner, g_free);
    blk->removable = blk->tray_open = blk->tray_held = blk->eject_asked = false;
}

void blk_set_removable(BlockBackend *blk, bool removable)
{
    blk->removable = removable;
}

bool blk_is_removable(const BlockBackend *blk)
{
    return blk->removable;
}

bool blk_has_medium(const BlockBackend *blk)
{
    return blk->image != NULL;
}

uint64_t blk_changes(const BlockBackend *blk)
{
    return blk->changes;
}

void blk_set_tray(BlockBackend *blk, bool open, bool held)
{
    blk->tray_open = open;
    blk->tray_held = held;
}

bool blk_tray_is_open(const BlockBackend *blk)
{
    return blk->tray_open;
}

bool blk_tray_is_held(const BlockBackend *blk)
{
    return blk->tray_held;
}

bool blk_take_eject_request(BlockBackend *blk)
{
    bool asked = blk->eject_asked;
    blk->eject_asked = false;
    return asked;
}

static bool may_take_out(BlockBackend *blk, bool force, GError **error)
{
    if (!blk->removable) {
        g_set_error(error, OPT_ERROR, 0, "drive '%s' has no medium that can be taken out", blk->id);
        return false;
    }
    if (blk->tray_held && !blk->tray_open && !force) {
        blk->eject_asked = true;
        g_set_error(error, OPT_ERROR, 0,
                    "drive '%s' is locked by the guest, which was asked to let the medium go; "
                    "try again, or force it",
                    blk->id);
        return false;
    }
    return true;
}

bool blk_eject(BlockBackend *blk, bool force, GError **error)
{
    if (!may_take_out(blk, force, error)) {
        return false;
    }
    drop_medium(blk);
    blk->changes++;
    blk->tray_open = true;
    return true;
}

bool blk_change(BlockBackend *blk, const BlockOptions *options, bool force, GError **error)
{
    if (!may_take_out(blk, force, error)) {
        return false;
    }
    BlockBackend fresh = {.id = blk->id, .share_rw = blk->share_rw};
    if (!insert_medium(&fresh, options, error) || !lock_medium(&fresh, error)) {
        drop_medium(&fresh);
        return false;
    }
    drop_medium(blk);
    blk->image = fresh.image;
    blk->overlay = fresh.overlay;
    blk->file = fresh.file;
    blk->format = fresh.format;
    blk->guessed = fresh.guessed;
    blk->options = fresh.options;
    blk->changes++;
    blk->tray_open = false;
    return true;
}
