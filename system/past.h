/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going back in a run under -icount, and forward in it as it went; private to system/. */
#ifndef SYSTEM_PAST_H
#define SYSTEM_PAST_H

#include "system/replay.h"

/* Where a machine can be. */
typedef struct {
    uint64_t executed; /* AccelOps.executed, */
    int64_t ns;        /* and the time */
    int cpu;           /* which is within a block, at `at`; -1: none is */
    VcpuStop at;
} PastPlace;

typedef enum {
    PAST_RESTS,    /* the machine goes its way */
    PAST_SEARCHES, /* for the last breakpoint hit before `end` */
    PAST_COUNTS,   /* for the last instruction of `step` before `end` */
    PAST_RETURNS,  /* to `found` */
    PAST_FORWARD,  /* until an instruction of `step` is done */
} PastPhase;

typedef struct {
    Vm *vm;
    Replay *replay;
    MachinePast ops;
    bool on;
    uint64_t next; /* instructions: when the next checkpoint is due; 0: none */
    PastPhase phase;
    unsigned n;    /* the checkpoint that it set out from, by its place in the list */
    PastPlace end; /* what lies behind that does not count */
    PastPlace found;
    VcpuBreakpoint found_for;
    bool has_found;
    Vcpu *step;
    VcpuStop step_end;
    uint64_t margin; /* so many instructions before its end it begins to go one by one */
} Past;

void past_init(Past *past, Vm *vm, Replay *replay);
void past_free(Past *past);
/* Between turns, with all that was due delivered: a checkpoint, if it is time. */
void past_note(Past *past);
/* Where the machine has to pause for it (Machine.pause_at); 0: nowhere. */
uint64_t past_next(const Past *past);
/* How far time may jump where nobody executes anything; INT64_MAX: as far as it likes. */
int64_t past_no_further(const Past *past);
/* After a slice: is it there? */
void past_look(Past *past);
/* Is a vCPU within a block? Then whatever comes between blocks waits. */
bool past_within_block(const Vm *vm);

#endif
