/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A number for all that a machine is, so that two runs can be compared without keeping either: what
 * machine_save() saves (docs/state.md), hashed. Called between turns, as that is.
 */
#ifndef MACHINE_STATE_HASH_H
#define MACHINE_STATE_HASH_H

#include "machine/machine.h"

typedef struct {
    uint64_t executed; /* AccelOps.executed; 0 without CPUs */
    uint64_t cpus;     /* registers */
    uint64_t devices;  /* and clock, wires, turns: all the rest */
    uint64_t ram;
} StateHash;

StateHash machine_state_hash(Machine *machine);
/* "instructions N: cpus H, devices H, ram H" */
void state_hash_describe(const StateHash *hash, GString *out);
/* A line for each section: "name id: H"; without memory's, which takes longest, or with them. */
void machine_state_hash_parts(Machine *machine, GString *out);
void machine_state_hash_sections(Machine *machine, GString *out);

#endif
