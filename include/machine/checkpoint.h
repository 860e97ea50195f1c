/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checkpoints: the machine as it was a while ago, in this process's memory. Devices and vCPUs are
 * saved as in a saved state (docs/state.md); of memory and drives is kept what is written later
 * (base/undo.h), so that taking one and going back costs what has changed. Between turns.
 */
#ifndef MACHINE_CHECKPOINT_H
#define MACHINE_CHECKPOINT_H

#include "machine/machine.h"

/* What CheckpointLimits are where nothing is said, and how many there can be. */
#define CHECKPOINTS_DEFAULT 16u
#define CHECKPOINTS_MOST    4096u
#define CHECKPOINTS_BYTES   (1ull << 30)
/* -icount: instructions between two that the main loop takes. */
#define CHECKPOINTS_EVERY 20000000u

typedef struct {
    unsigned id;       /* from 1 on */
    bool automatic;    /* taken by the main loop, and the first to go */
    uint64_t executed; /* AccelOps.executed */
    int64_t clock_ns;
    uint64_t inputs; /* Machine.inputs */
    GByteArray *state;
    GByteArray *caches;  /* of devices that have some */
    uint64_t *vcpus;     /* what of each VcpuOps.block_left() said */
    JournalPast journal; /* its end */
} Checkpoint;

/* The machine as it is. Makes room where there are too many. Its number. */
unsigned checkpoint_take(Machine *machine, bool automatic);
/* Of Checkpoint *, the oldest first; NULL or empty without any. */
const GPtrArray *checkpoints(const Machine *machine);
/* What they keep, in bytes. */
uint64_t checkpoints_bytes(const Machine *machine);
/* Goes back to the one with this number, or for 0 to the last; later ones are gone. The machine is
 * unchanged if there is none, or if devices have come or gone since. */
bool checkpoint_restore(Machine *machine, unsigned id, GError **error);
/* All of them: the machine is another now. */
void checkpoints_forget(Machine *machine);
void checkpoints_free(Machine *machine);

#endif
