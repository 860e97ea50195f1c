/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a snapshot: header and compressed state. Private to machine/. */
#ifndef MACHINE_SNAPSHOT_FILE_H
#define MACHINE_SNAPSHOT_FILE_H

#include "machine/snapshot.h"

/* The file as bytes: header and compressed state. The caller's. */
GByteArray *snapshot_file_encode(const SnapshotInfo *info, const GByteArray *state);
/* The state that such bytes hold, of `limit` bytes at most; NULL with an error, which names `path`.
 */
GByteArray *snapshot_file_decode(const char *path, const uint8_t *data, size_t len, uint64_t limit,
                                 GError **error);
/* Writes anew or not at all. `info` without name and bytes. */
bool snapshot_file_write(const char *path, const SnapshotInfo *info, const GByteArray *state,
                         GError **error);
/* The header alone; name is NULL. */
bool snapshot_file_look(const char *path, SnapshotInfo *info, GError **error);
/* The state, of `limit` bytes at most; NULL with an error. */
GByteArray *snapshot_file_read(const char *path, uint64_t limit, GError **error);

#endif
