/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accelerators: what makes vCPUs run. The main loop asks the one that -accel chose for slices and
 * does everything else (timers, input, resets) between them, on the same thread. What a vCPU is,
 * the accelerator says by its VcpuOps.
 */
#ifndef MACHINE_ACCEL_H
#define MACHINE_ACCEL_H

#include "base/optlist.h"
#include "machine/machine.h"

typedef enum {
    ACCEL_RAN,    /* some vCPU has more to do */
    ACCEL_HALTED, /* every vCPU waits for an interrupt */
} AccelResult;

struct AccelOps {
    const char *name, *desc;
    bool has_cpus; /* false: nobody behind the local APICs, and the clock moves by hand */
    /* NULL if it always works here. The error says why it does not. */
    bool (*available)(GError **error);
    /* Reads its own keys of an -accel into *options, which the caller frees with g_free(). NULL: it
     * has none. */
    bool (*configure)(OptList *opts, void **options, GError **error);
    /*
     * Before the board is built: makes *state, the accelerator's own, which is what its vCPUs
     * share, and says in *traits what the machine's CPU model has. `options` is what configure()
     * made, or NULL if there was no -accel.
     */
    bool (*start)(Machine *machine, const void *options, void **state, VcpuTraits *traits,
                  GError **error);
    void (*stop)(void *state); /* after the last vCPU is gone: frees `state` */
    const VcpuOps *vcpu;
    /*
     * Lets the vCPUs run in turn until about `until_ns` of the machine's clock, until all are
     * halted, or until runstate_pending() or !runstate_is_running(); whichever comes first. The
     * caller gives at most a millisecond or so, and never past the next timer. Where time is
     * counted (base/clock.h), also at Machine.pause_at; what runs when, depends on none of these. A
     * vCPU that gets CPU_TRIPLE_FAULT is reported by machine_triple_fault(), and CPU_BREAK stops
     * the machine and is left in Machine.broke. NULL without CPUs.
     */
    AccelResult (*run_slice)(Machine *machine, void *state, int64_t until_ns);
    /* What all vCPUs have executed together, as the clock counts it (VcpuOps.spent). NULL without
     * CPUs. */
    uint64_t (*executed)(const void *state);
    /* Whose turn it is, as a state table of `state`: what runs next follows from it. May be NULL.
     */
    const StateField *turns;
    /* VcpuOps.step of a vCPU as a turn of its own, the machine being stopped. NULL without CPUs. */
    CpuExit (*step)(Machine *machine, void *state, Vcpu *vcpu, bool masked);
    /* Makes run_slice() return soon; called from device code inside it. May be NULL. */
    void (*kick)(Machine *machine, void *state);
};

extern const AccelOps tcg_accel;   /* accel/tcg */
extern const AccelOps qtest_accel; /* accel/qtest */

/* AccelOps.executed now; 0 without CPUs. */
uint64_t machine_executed(const Machine *machine);
/* Makes the vCPU `index` of a machine under construction; owned by the machine. */
Vcpu *machine_make_vcpu(Machine *machine, unsigned index, uint32_t apic_id, ApicState *apic);
/* A vCPU cannot go on: dumps it under -d cpu_reset and requests a reset. */
void machine_triple_fault(Machine *machine, const Vcpu *vcpu);

#endif
