/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accelerators: what makes vCPUs run. The main loop asks the one that -accel chose for slices and
 * does everything else (timers, input, resets) between them, on the same thread.
 */
#ifndef MACHINE_ACCEL_H
#define MACHINE_ACCEL_H

#include "machine/machine.h"

typedef enum {
    ACCEL_RAN,    /* some vCPU has more to do */
    ACCEL_HALTED, /* every vCPU waits for an interrupt */
} AccelResult;

typedef struct {
    const char *name, *desc;
    bool has_cpus; /* false: nobody behind the local APICs, and the clock moves by hand */
    /* NULL if it always works here. The error says why it does not. */
    bool (*available)(GError **error);
    /* After the board was built; *state is the accelerator's own. May be NULL. */
    bool (*start)(Machine *machine, void **state, GError **error);
    /*
     * Lets the vCPUs run in turn until about `until_ns` of the machine's clock, until all are
     * halted, or until runstate_pending() or !runstate_is_running(); whichever comes first. The
     * caller gives at most a millisecond or so, and never past the next timer. A vCPU that gets
     * CPU_TRIPLE_FAULT is reported by machine_triple_fault(). NULL without CPUs.
     */
    AccelResult (*run_slice)(Machine *machine, void *state, int64_t until_ns);
    /* Makes run_slice() return soon; called from device code inside it. May be NULL. */
    void (*kick)(Machine *machine, void *state);
    void (*stop)(Machine *machine, void *state); /* frees `state`; may be NULL */
} AccelOps;

extern const AccelOps tcg_accel;   /* accel/tcg */
extern const AccelOps qtest_accel; /* accel/qtest */

/* A vCPU cannot go on: dumps it under -d cpu_reset and requests a reset. */
void machine_triple_fault(Machine *machine, struct Cpu *cpu);

#endif
