/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPUs taking turns on the main thread.
 *
 * Each vCPU that has work runs for a quantum of instructions; PAUSE ends its turn early, since
 * whoever it waits for needs the time. While somebody waits, turns are short, so that it soon sees
 * what it waits for, and twice as long each time that it does not. Between turns the clock is asked
 * whether the slice is over or a timer is due. Which vCPU goes first rotates from slice to slice.
 */
#include "machine/accel.h"
#include "target/i386/cpu.h"

/* A fraction of a millisecond: the latency of a timer or an interprocessor interrupt. */
#define QUANTUM 20000
/* For each vCPU: where many wait for one, that one needs the time more than they. */
#define QUANTUM_SHORT 500
/* With more instructions, a turn that ends with PAUSE has begun to wait for something else. */
#define POLL_INSNS 256

typedef struct {
    unsigned next; /* whose turn it is */
    uint64_t quantum;
    bool waiting; /* somebody is, as this round of turns has shown */
    Cpu *running;
} TcgState;

static bool tcg_start(Machine *machine, void **state, GError **error)
{
    TcgState *t = g_new0(TcgState, 1);
    t->quantum = QUANTUM;
    *state = t;
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
    uint64_t before = cpu_instructions(cpu);
    t->running = cpu;
    CpuExit exit = cpu_run(cpu, t->quantum);
    t->running = NULL;
    if (exit == CPU_YIELDED) {
        t->waiting = true;
        if (cpu_instructions(cpu) - before > POLL_INSNS) {
            t->quantum = MIN(QUANTUM, QUANTUM_SHORT * machine->cpu_count);
        }
    }
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
        t->quantum = t->waiting ? MIN(t->quantum * 2, QUANTUM) : QUANTUM;
        t->waiting = false;
        int64_t now = clock_now(clock);
        if (now >= until_ns || now >= clock_deadline(clock)) {
            return ACCEL_RAN;
        }
    }
}

const AccelOps tcg_accel = {
    .name = "tcg",
    .desc = "vCPUs interpreted and translated, one after another",
    .has_cpus = true,
    .start = tcg_start,
    .run_slice = tcg_run_slice,
    .kick = tcg_kick,
    .stop = tcg_stop,
};
