/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPUs taking turns on the main thread.
 *
 * Each vCPU that has work runs for a quantum of instructions; PAUSE ends its turn early, since
 * whoever it waits for needs the time. Between turns the clock is asked whether the slice is over
 * or a timer is due. Which vCPU goes first rotates from slice to slice.
 */
#include "system/accel.h"
#include "target/i386/cpu.h"

/* A fraction of a millisecond: the latency of a timer or an interprocessor interrupt. */
#define QUANTUM 20000

typedef struct {
    unsigned next; /* whose turn it is */
    Cpu *running;
} TcgState;

static bool tcg_start(Machine *machine, void **state, GError **error)
{
    *state = g_new0(TcgState, 1);
    return true;
}

static void tcg_stop(Machine *machine, void *state)
{
    g_free(state);
}

static void tcg_kick(Machine *machine, void *state)
{
    TcgState *t = state;
    if (t->running) {
        cpu_kick(t->running);
    }
}

/* One vCPU's turn. */
static void tcg_turn(Machine *machine, TcgState *t, Cpu *cpu)
{
    t->running = cpu;
    CpuExit exit = cpu_run(cpu, QUANTUM);
    t->running = NULL;
    if (exit == CPU_TRIPLE_FAULT) {
        machine_triple_fault(machine, cpu);
    }
}

static bool must_return(Machine *machine)
{
    return runstate_pending(machine->runstate) || !runstate_is_running(machine->runstate);
}

static AccelResult tcg_run_slice(Machine *machine, void *state, int64_t until_ns)
{
    TcgState *t = state;
    Clock *clock = machine->platform.clock;
    for (;;) {
        bool any = false;
        for (unsigned i = 0; i < machine->cpu_count; i++) {
            Cpu *cpu = machine->cpus[t->next];
            t->next = (t->next + 1) % machine->cpu_count;
            if (!cpu || !cpu_has_work(cpu)) {
                continue;
            }
            any = true;
            tcg_turn(machine, t, cpu);
            if (must_return(machine)) {
                return ACCEL_RAN;
            }
        }
        if (!any) {
            return ACCEL_HALTED;
        }
        int64_t now = clock_now(clock);
        if (now >= until_ns || now >= clock_deadline(clock)) {
            return ACCEL_RAN;
        }
    }
}

const AccelOps tcg_accel = {
    .name = "tcg",
    .desc = "vCPUs interpreted, one after another",
    .has_cpus = true,
    .start = tcg_start,
    .run_slice = tcg_run_slice,
    .kick = tcg_kick,
    .stop = tcg_stop,
};
