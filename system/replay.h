/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -icount rr=record|replay: what comes from outside, with where it came; private to system/. */
#ifndef SYSTEM_REPLAY_H
#define SYSTEM_REPLAY_H

#include <stdio.h>

#include "base/outside.h"
#include "system/replay_items.h"
#include "system/vm.h"

typedef struct {
    Vm *vm;
    ReplayMode mode;
    /* The machine comes to a place between turns: time that it waited has passed, timers have
     * fired, what was asked of it is done. */
    void (*settle)(void *opaque);
    void *settle_opaque;
    FILE *file;       /* record: where it is written */
    GPtrArray *waits; /* of ReplayItem *: what has come and was not delivered yet */
    /* Of ReplayItem *: what came, or is to come, in a run that can go back or is replayed;
     * Machine.inputs of them are delivered. */
    GPtrArray *items;
    bool remembers;    /* the machine can go back */
    uint64_t front;    /* and has executed that much, */
    int64_t front_ns;  /* at that time */
    uint64_t check_at; /* instructions: when hashes are written next */
    uint64_t agreed;   /* instructions: where the last hash was the recorded one */
    bool hands_over;   /* a command of the recording is carried out */
} Replay;

/* False, having said why. */
bool replay_open(Replay *replay, Vm *vm, void (*settle)(void *opaque), void *opaque);
void replay_close(Replay *replay);
/* Between turns, with all timers fired: hands over what has come, or what came then. False if the
 * run has departed from the recorded one, or that has ended; Vm.status says which. */
bool replay_deliver(Replay *replay);
/* Something has come that a vCPU may wait for. */
bool replay_has_input(const Replay *replay);
/* From now on the machine can go back: what comes is kept. */
void replay_remember(Replay *replay);
/* The machine is where it has been before. */
bool replay_is_past(const Replay *replay);
/* A command is carried out here that changes the machine. */
void replay_note_command(Replay *replay, CommandTongue tongue, const char *text);
/* Somebody has changed the past: what came in it once is of another run. */
void replay_forget_future(Replay *replay);
/* Where the machine has to pause for it (Machine.pause_at); 0: nowhere. */
uint64_t replay_next(const Replay *replay);
/* When, if it is to come without another instruction being executed; else INT64_MAX. */
int64_t replay_next_ns(const Replay *replay);

#endif
