/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drives' sections of a saved machine (docs/state.md): the clusters that were written. Of a drive
 * that writes for good there is no section, for its file is there, and goes on changing.
 */
#include "machine/machine_drives.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/report.h"

#define HEADER_SIZE 8 /* the drive's size; then for each cluster its number and its bytes */

typedef struct {
    const Backends *backends;
    const char **ids;
    size_t count, at;
} Drives;

static Drives all_drives(const Backends *backends)
{
    Drives all = {.backends = backends};
    if (backends) {
        all.ids = backends_drive_ids(backends, &all.count);
    }
    return all;
}

static BlockBackend *next_drive(Drives *all)
{
    if (all->at < all->count) {
        return backends_drive(all->backends, all->ids[all->at++]);
    }
    g_clear_pointer(&all->ids, g_free);
    return NULL;
}

static BlockBackend *next_overlaid(Drives *all)
{
    BlockBackend *blk;
    while ((blk = next_drive(all)) != NULL && !blk_has_overlay(blk)) {
    }
    return blk;
}

static size_t cluster_bytes(const BlockBackend *blk, uint64_t cluster)
{
    uint64_t left = blk_size(blk) - cluster * BLK_CLUSTER_SIZE;
    return (size_t)MIN(left, BLK_CLUSTER_SIZE);
}

static void drive_put(GByteArray *out, uint64_t value)
{
    g_byte_array_append(out, (const guint8 *)&value, sizeof(value));
}

static bool save_clusters(BlockBackend *blk, GByteArray *out, GError **error)
{
    drive_put(out, blk_size(blk));
    for (uint64_t n = 0; n * BLK_CLUSTER_SIZE < blk_size(blk); n++) {
        if (!blk_cluster_is_overlaid(blk, n)) {
            continue;
        }
        uint8_t bytes[BLK_CLUSTER_SIZE];
        size_t len = cluster_bytes(blk, n);
        if (out->len > UINT32_MAX - 2 * BLK_CLUSTER_SIZE ||
            !blk_read(blk, n * BLK_CLUSTER_SIZE, bytes, len)) {
            g_set_error(error, STATE_ERROR, STATE_ERROR_MALFORMED,
                        "drive '%s': what was written to it cannot be read, or is more than 4 GiB",
                        blk_id(blk));
            return false;
        }
        drive_put(out, n);
        g_byte_array_append(out, bytes, (guint)len);
    }
    return true;
}

bool drives_save(const Backends *backends, GByteArray *out, GError **error)
{
    Drives all = all_drives(backends);
    bool saved = true;
    BlockBackend *blk;
    while ((blk = next_overlaid(&all)) != NULL) {
        StateSectionMark mark = state_section_begin(out, "drive", blk_id(blk), 0);
        saved = saved && save_clusters(blk, out, error);
        state_section_end(out, mark);
    }
    return saved;
}

static bool check_clusters(const BlockBackend *blk, const StateSection *saved)
{
    if (saved->len < HEADER_SIZE || bytes_load(saved->data, 8) != blk_size(blk)) {
        return false;
    }
    uint64_t lowest = 0;
    for (size_t at = HEADER_SIZE; at < saved->len;) {
        if (saved->len - at < 8) {
            return false;
        }
        uint64_t n = bytes_load(saved->data + at, 8);
        if (n < lowest || n > blk_size(blk) / BLK_CLUSTER_SIZE ||
            n * BLK_CLUSTER_SIZE >= blk_size(blk) || saved->len - at - 8 < cluster_bytes(blk, n)) {
            return false;
        }
        at += 8 + cluster_bytes(blk, n);
        lowest = n + 1;
    }
    return true;
}

bool drives_check(const Backends *backends, GPtrArray *sections, GPtrArray *saved, GError **error)
{
    Drives all = all_drives(backends);
    bool good = true;
    BlockBackend *blk;
    while ((blk = next_overlaid(&all)) != NULL) {
        StateSection *section =
            good ? state_stream_take(sections, "drive", blk_id(blk), error) : NULL;
        if (section && !check_clusters(blk, section)) {
            g_set_error(
                error, STATE_ERROR, STATE_ERROR_MALFORMED,
                "drive '%s': the saved one has another size, or clusters that are not there",
                blk_id(blk));
            section = NULL;
        }
        good = section != NULL;
        g_ptr_array_add(saved, section);
    }
    return good;
}

static bool load_clusters(BlockBackend *blk, const StateSection *saved)
{
    size_t len;
    blk_forget_overlay(blk);
    for (size_t at = HEADER_SIZE; at < saved->len; at += 8 + len) {
        uint64_t n = bytes_load(saved->data + at, 8);
        len = cluster_bytes(blk, n);
        if (!blk_write(blk, n * BLK_CLUSTER_SIZE, saved->data + at + 8, len)) {
            return false;
        }
    }
    return true;
}

void drives_load(const Backends *backends, const GPtrArray *saved)
{
    Drives all = all_drives(backends);
    BlockBackend *blk;
    for (guint i = 0; (blk = next_overlaid(&all)) != NULL; i++) {
        if (!load_clusters(blk, saved->pdata[i])) {
            g_printerr(PROGRAM ": drive %s: what was saved could not be written: %s\n", blk_id(blk),
                       g_strerror(errno));
        }
    }
}

uint64_t drives_limit(const Backends *backends)
{
    Drives all = all_drives(backends);
    uint64_t limit = 0;
    BlockBackend *blk;
    while ((blk = next_overlaid(&all)) != NULL) {
        limit += blk_size(blk) + (blk_size(blk) / BLK_CLUSTER_SIZE + 1) * 8 + 1024;
    }
    return limit;
}

BlockBackend *drives_find_written(const Backends *backends)
{
    Drives all = all_drives(backends);
    BlockBackend *blk, *found = NULL;
    while ((blk = next_drive(&all)) != NULL) {
        if (!found && blk_owner(blk) && !blk_is_read_only(blk) && !blk_has_overlay(blk)) {
            found = blk;
        }
    }
    return found;
}
