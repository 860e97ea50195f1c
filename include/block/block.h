/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block backends: raw files and devices behind -drive, -blockdev and -hda. Offsets and lengths are
 * bytes. Requests are done at once on the caller's thread.
 */
#ifndef BLOCK_BLOCK_H
#define BLOCK_BLOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct BlockBackend BlockBackend;

typedef struct {
    const char *file;
    bool read_only;
    bool snapshot; /* writes go to a temporary overlay and are forgotten */
    bool unlocked; /* file.locking=off */
    bool locked;   /* file.locking=on: locks are a must */
} BlockOptions;

BlockBackend *blk_open(const char *id, const BlockOptions *options, GError **error);
void blk_close(BlockBackend *blk);
const char *blk_id(const BlockBackend *blk);
const char *blk_file(const BlockBackend *blk);
/* Who claimed it, or NULL. */
const char *blk_owner(const BlockBackend *blk);
uint64_t blk_size(const BlockBackend *blk);
bool blk_is_read_only(const BlockBackend *blk);
/* False with errno set on a host error; out-of-range requests are errors too. */
bool blk_read(BlockBackend *blk, uint64_t offset, void *buf, size_t len);
bool blk_write(BlockBackend *blk, uint64_t offset, const void *buf, size_t len);
bool blk_flush(BlockBackend *blk);
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

#endif
