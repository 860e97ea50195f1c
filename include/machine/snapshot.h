/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A saved machine in a file: a header that says what it is, and the state (docs/state.md)
 * compressed. Between turns, as machine_save().
 */
#ifndef MACHINE_SNAPSHOT_H
#define MACHINE_SNAPSHOT_H

#include "machine/machine.h"

typedef struct {
    char *name;
    int64_t date;      /* seconds since 1970 of the host, */
    int64_t clock_ns;  /* and the machine's time */
    uint64_t executed; /* AccelOps.executed */
    uint64_t size;     /* of the state, before it was compressed */
    uint64_t bytes;    /* of the file */
} SnapshotInfo;

/* Any file. The machine is unchanged if false. */
bool snapshot_write(Machine *machine, const char *path, GError **error);
bool snapshot_read(Machine *machine, const char *path, GError **error);

/* The same as bytes; `path` is what errors name. The caller frees them; NULL with an error. */
GByteArray *snapshot_pack(Machine *machine, GError **error);
bool snapshot_unpack(Machine *machine, const char *path, const uint8_t *data, size_t len,
                     GError **error);
/* No bytes of a snapshot of this machine are more than that. */
uint64_t snapshot_most_bytes(const Machine *machine);

/* Those of -snapshots, by name; the machine stops meanwhile. An error without a folder. Drives that
 * are written to for good would not be as the machine remembers them: an error, too. */
bool snapshot_save(Machine *machine, const char *name, GError **error);
bool snapshot_load(Machine *machine, const char *name, GError **error);
bool snapshot_delete(Machine *machine, const char *name, GError **error);
/* False also for a name that none can have. */
bool snapshot_exists(const Machine *machine, const char *name);
/* Of SnapshotInfo, by name; files that are none are left out. NULL with an error. */
GPtrArray *snapshot_list(const Machine *machine, GError **error);

#endif
