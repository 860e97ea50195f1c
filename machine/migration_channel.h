/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine is sent by or comes in by: exec:COMMAND, fd:NUMBER, tcp:HOST:PORT, unix:PATH. All
 * bytes up to the end. Private to machine/.
 */
#ifndef MACHINE_MIGRATION_CHANNEL_H
#define MACHINE_MIGRATION_CHANNEL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* `uri` is one that migration_uri_is_known(), but of no file. Sends all of it, and waits until it
 * is taken. */
bool migration_channel_put(const char *uri, const GByteArray *bytes, GError **error);

/* It has come; or NULL, with what is wrong. `bytes` are the caller's still. */
typedef void (*MigrationTaken)(void *opaque, const GByteArray *bytes, const GError *error);
/* Listens, or reads, from the main loop, and calls `taken` once. At most `most` bytes. False if it
 * cannot be opened; then nobody is called. */
bool migration_channel_take(const char *uri, uint64_t most, MigrationTaken taken, void *opaque,
                            GError **error);

#endif
