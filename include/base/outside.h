/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes to a machine from outside and is no guest's doing: frames of networks and commands of
 * monitors. Where a run is recorded or replayed somebody keeps the door: frames wait for a place
 * that can be found again, commands are written down, or nothing gets in at all. (Character devices
 * have a ChrGate each.)
 */
#ifndef BASE_OUTSIDE_H
#define BASE_OUTSIDE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a monitor's command does to the machine that has to be known to have the same run again. */
typedef enum {
    COMMAND_UNSTATED,  /* a row that forgot to say it; a test finds it */
    COMMAND_KEEPS,     /* nothing: it shows something, or stops it and lets it go on */
    COMMAND_CHANGES,   /* something: a replay has to carry it out at the same place */
    COMMAND_REPLACES,  /* the machine is another one afterwards: `loadvm` */
    COMMAND_GOES_BACK, /* it is as it was before: `restore` */
    COMMAND_CARRIES,   /* another command, which says it itself */
} CommandEffect;

typedef enum { COMMAND_HMP, COMMAND_QMP } CommandTongue;

typedef struct {
    /* How many more frames of that network may come. */
    size_t (*room)(void *opaque, const char *netdev);
    void (*frame)(void *opaque, const char *netdev, const uint8_t *data, size_t len);
    /* The guest sends something, to which an answer should not have to wait. False: it has sent it
     * before, and the host is not to get it again. */
    bool (*sends)(void *opaque);
    /* Before a command; `text` is all of it. False with an error: not here and now. */
    bool (*command)(void *opaque, CommandEffect effect, CommandTongue tongue, const char *text,
                    GError **error);
} OutsideOps;

typedef struct {
    bool keeps_frames;     /* they pass `ops`, */
    bool closed;           /* and the host's networks are not opened: a recording has them */
    const OutsideOps *ops; /* NULL: commands come as they come, and frames that are kept get lost */
    void *opaque;
} Outside;

#endif
