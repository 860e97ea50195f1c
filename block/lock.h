/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks that keep programs from writing to one image at a time. The bytes that are locked are those
 * that QEMU's programs were seen to lock, so that either respects the other's. Private to system/.
 */
#ifndef BLOCK_LOCK_H
#define BLOCK_LOCK_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    bool writes;        /* it is written to */
    bool shares_writes; /* others may write, too */
    bool required;      /* a file system without locks is an error */
} BlockLock;

/* Held until `fd` is closed. An error says which use `file` is refused for. */
bool block_lock(int fd, const char *file, const BlockLock *lock, GError **error);

#endif
