/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder of the host's that a guest may have (-fsdev, -virtfs), spoken with in 9P2000.L. The
 * server is a process of its own, which can reach that folder and nothing else: what a guest makes
 * of it by a message is not in the machine's process.
 */
#ifndef FSDEV_FSDEV_H
#define FSDEV_FSDEV_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/optlist.h"

/* Bytes of a message, at most; the server agrees to no more. */
#define FSDEV_MESSAGE_MOST (512u * 1024)

/* Whose files are on the host that a guest makes. */
typedef enum {
    FSDEV_NONE,        /* the server's, and nothing is said if they can't be the guest's user's */
    FSDEV_PASSTHROUGH, /* the guest's user's: for root */
    FSDEV_MAPPED       /* the server's; owner, mode and kind are in attributes user.virtfs.* */
} FsdevSecurity;

typedef struct {
    char *id, *path;
    FsdevSecurity security;
    bool readonly;
    mode_t file_mode, folder_mode; /* on the host, with FSDEV_MAPPED */
} FsdevOptions;

typedef struct Fsdev Fsdev;

/* Reads local,path=,security_model=[,readonly=,fmode=,dmode=]; `id` is the share's. False and an
 * error that says what would be right. */
bool fsdev_options_read(OptList *opts, const char *id, FsdevOptions *options, GError **error);
void fsdev_options_clear(FsdevOptions *options);

/* Starts the server, which calls `forbid` (may be NULL) when it has its own limits. NULL and an
 * error: there is no such folder, or the host has no process for it. */
Fsdev *fsdev_new(const FsdevOptions *options, bool (*forbid)(void), GError **error);
/* The server is in this process: for tests, of which each message is then a part. */
Fsdev *fsdev_new_within(const FsdevOptions *options, GError **error);
/* Ends the server. */
void fsdev_free(Fsdev *fsdev);
const char *fsdev_id(const Fsdev *fsdev);
/* One front end at a time; false: it has one. NULL gives it back. */
bool fsdev_claim(Fsdev *fsdev, const char *owner);
const char *fsdev_owner(const Fsdev *fsdev);
/*
 * Sends a message of `len` bytes (7 to FSDEV_MESSAGE_MOST) and waits for its answer, of which there
 * are FSDEV_MESSAGE_MOST bytes of room. Gives the answer's length, or 0: the server is gone, or
 * took more than half a minute, and answers nothing any more.
 */
size_t fsdev_ask(Fsdev *fsdev, const uint8_t *message, size_t len, uint8_t *answer);
/* The guest has something of it open, which no saved machine could have again. */
bool fsdev_in_use(const Fsdev *fsdev);

#endif
