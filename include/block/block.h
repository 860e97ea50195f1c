/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block backends: what is behind -drive, -blockdev and -hda. Offsets and lengths are bytes.
 * Requests are done at once on the caller's thread.
 */
#ifndef BLOCK_BLOCK_H
#define BLOCK_BLOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

typedef struct BlockBackend BlockBackend;

typedef struct {
    const char *file;   /* NULL: a drive without a medium */
    const char *format; /* as QEMU calls it; NULL: what it looks like */
    bool read_only;
    bool snapshot; /* writes go to a temporary overlay and are forgotten */
    bool unlocked; /* file.locking=off */
    bool locked;   /* file.locking=on: locks are a must */
    bool unmap;    /* discard=unmap: what is discarded is given back to the host */
} BlockOptions;

BlockBackend *blk_open(const char *id, const BlockOptions *options, GError **error);
void blk_close(BlockBackend *blk);
const char *blk_id(const BlockBackend *blk);
/* NULL without a medium. */
const char *blk_file(const BlockBackend *blk);
/* Whether a program has to read the image for us: `format` is not raw, or NULL and the file looks
 * like something else. */
bool blk_format_needs_program(const char *file, const char *format);
/* Of the medium, as QEMU calls it; "raw" without one. */
const char *blk_format(const BlockBackend *blk);
/* It was taken for raw, since it looked like nothing else. What would make its first sector look
 * like another format's header is not written then. */
bool blk_format_was_guessed(const BlockBackend *blk);
/* Who claimed it, or NULL. */
const char *blk_owner(const BlockBackend *blk);
/* 0 without a medium. */
uint64_t blk_size(const BlockBackend *blk);
bool blk_is_read_only(const BlockBackend *blk);
/* False with errno set on a host error; out-of-range requests are errors too. */
bool blk_read(BlockBackend *blk, uint64_t offset, void *buf, size_t len);
bool blk_write(BlockBackend *blk, uint64_t offset, const void *buf, size_t len);
bool blk_readv(BlockBackend *blk, uint64_t offset, const struct iovec *iov, unsigned count);
bool blk_writev(BlockBackend *blk, uint64_t offset, const struct iovec *iov, unsigned count);
bool blk_flush(BlockBackend *blk);
/* What is there may be forgotten, or stay. */
bool blk_discard(BlockBackend *blk, uint64_t offset, uint64_t len);
/* Told before each write that will be tried; nothing is discarded then. NULL to remove. */
void blk_set_keeper(BlockBackend *blk,
                    void (*keep)(void *opaque, BlockBackend *blk, uint64_t offset, size_t len),
                    void *opaque);
/* With `snapshot`: what was written, by clusters of this size, the last of which ends with the
 * drive; and all of it forgotten. */
#define BLK_CLUSTER_SIZE 65536ull
bool blk_has_overlay(const BlockBackend *blk);
bool blk_cluster_is_overlaid(const BlockBackend *blk, uint64_t cluster);
void blk_forget_overlay(BlockBackend *blk);
/* Exclusive use by one device of ours. Other processes are kept from using the file in ways that do
 * not go together with ours; `share_rw` bears that others write, too. */
bool blk_claim(BlockBackend *blk, const char *owner, bool share_rw, GError **error);
/* The device is gone; the next one may have it. (What keeps other processes away stays.) */
void blk_release(BlockBackend *blk);

/*
 * Media that come and go. The device that has claimed the drive says so, and keeps the tray: it
 * asks blk_changes() before each command. A medium that the guest holds is only asked for.
 */
void blk_set_removable(BlockBackend *blk, bool removable);
bool blk_is_removable(const BlockBackend *blk);
bool blk_has_medium(const BlockBackend *blk);
/* How often the medium was changed, or taken out. */
uint64_t blk_changes(const BlockBackend *blk);
void blk_set_tray(BlockBackend *blk, bool open, bool held);
bool blk_tray_is_open(const BlockBackend *blk);
bool blk_tray_is_held(const BlockBackend *blk);
/* Somebody has pressed the button of a tray that is held; true once. */
bool blk_take_eject_request(BlockBackend *blk);
/* For monitors. False with an error if the guest holds it and `force` is off: then it was asked. */
bool blk_eject(BlockBackend *blk, bool force, GError **error);
/* The new medium; the old one is kept where the new one cannot be opened. */
bool blk_change(BlockBackend *blk, const BlockOptions *options, bool force, GError **error);

#endif
