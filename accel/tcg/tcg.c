/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPUs taking turns on the main thread.
 *
 * Each vCPU that has work runs for a quantum of instructions; PAUSE ends its turn early, since
 * whoever it waits for needs the time. While somebody waits, turns are short, so that it soon sees
 * what it waits for, and twice as long each time that it does not. Between turns the clock is asked
 * whether the slice is over or a timer is due. Which vCPU goes first rotates from slice to slice.
 */
#include "accel/tcg/tcg.h"

#include "hw/intr/break.h"

/* For each vCPU: where many wait for one, that one needs the time more than they. */
#define QUANTUM_SHORT 500
/* With more instructions, a turn that ends with PAUSE has begun to wait for something else. */
#define POLL_INSNS 256

/* The translator, unless it is not wanted or, where either will do, not to be had. */
static bool set_tier(CodeCache *code, const TcgOptions *options, GError **error)
{
    if (options->tier == TCG_TIER_INTERP || code_cache_set_hot(code, options->hot_runs) ||
        options->tier == TCG_TIER_AUTO) {
        return true;
    }
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                "no memory for host code; -accel tcg,tier=interp needs none");
    return false;
}

static CpuConfig common_config(const Machine *machine, const TcgState *t)
{
    const MachineOptions *opts = &machine->opts;
    const Platform *p = &machine->platform;
    return (CpuConfig){
        .cores = opts->cores,
        .threads = opts->threads,
        .total = opts->max_cpus,
        .fmask_upper_ignored = forgives(opts->forgive, FORGIVE_FMASK_UPPER),
        .model = t->model,
        .memory = p->memory,
        .ports = p->ports,
        .clock = p->clock,
        .random = p->random,
        .trace = p->trace,
        .code = t->code,
    };
}

static void tcg_stop(void *state)
{
    TcgState *t = state;
    if (!t) {
        return;
    }
    if (clock_is_counted(t->clock)) {
        clock_follow(t->clock, NULL);
    }
    code_cache_free(t->code);
    cpu_model_free(t->model);
    g_free(t);
}

static bool tcg_start(Machine *machine, const void *options, void **state, VcpuTraits *traits,
                      GError **error)
{
    const TcgOptions fallback = tcg_default_options();
    TcgState *t = *state = g_new0(TcgState, 1);
    t->clock = machine->platform.clock;
    t->quantum = TCG_QUANTUM;
    if (clock_is_counted(t->clock)) {
        tcg_counted_start(t, machine);
    }
    t->model = cpu_model_parse(machine_cpu_model(machine), error);
    if (!t->model) {
        return false;
    }
    t->code = code_cache_new(machine->platform.memory);
    t->config = common_config(machine, t);
    *traits = cpu_model_traits(t->model);
    return set_tier(t->code, options ? options : &fallback, error);
}

static void tcg_kick(Machine *machine, void *state)
{
    TcgState *t = state;
    if (t->running) {
        t->running->ops->kick(t->running);
    }
}

/* What happens from now to tcg_leave() is this vCPU's doing. */
static void tcg_enter(Machine *machine, TcgState *t, Vcpu *cpu)
{
    t->running = cpu;
    t->begun_at = cpu->ops->spent(cpu);
    machine->journal.where_opaque = cpu;
    machine->journal.where = tcg_vcpu_where;
}

static void tcg_leave(Machine *machine, TcgState *t)
{
    machine->journal.where = NULL;
    t->done += t->running->ops->spent(t->running) - t->begun_at;
    t->running = NULL;
}

CpuExit tcg_run_part(Machine *machine, TcgState *t, Vcpu *cpu, uint64_t budget)
{
    tcg_enter(machine, t, cpu);
    CpuExit exit = cpu->ops->run(cpu, budget);
    tcg_leave(machine, t);
    if (exit == CPU_TRIPLE_FAULT) {
        machine_triple_fault(machine, cpu);
    }
    if (exit == CPU_BREAK) {
        machine->broke = cpu;
        machine->broke_for = *cpu->ops->break_hit(cpu);
        if (!machine->seeks) {
            runstate_stop(machine->runstate);
        }
    }
    return exit;
}

void tcg_yielded(const Machine *machine, TcgState *t, uint64_t instructions)
{
    t->waiting = true;
    if (instructions > POLL_INSNS) {
        t->quantum = MIN(TCG_QUANTUM, QUANTUM_SHORT * machine->cpu_count);
    }
}

void tcg_next_round(TcgState *t)
{
    t->quantum = t->waiting ? MIN(t->quantum * 2, TCG_QUANTUM) : TCG_QUANTUM;
    t->waiting = false;
}

/* One vCPU's turn. */
static void tcg_turn(Machine *machine, TcgState *t, Vcpu *cpu)
{
    uint64_t before = cpu->ops->instructions(cpu);
    if (tcg_run_part(machine, t, cpu, t->quantum) == CPU_YIELDED) {
        tcg_yielded(machine, t, cpu->ops->instructions(cpu) - before);
    }
}

bool tcg_must_return(const Machine *machine)
{
    return runstate_pending(machine->runstate) || !runstate_is_running(machine->runstate) ||
           (machine->seeks && machine->broke) || journal_break_is_due(&machine->journal);
}

/* Between two rounds of turns the host's clock is looked at. */
static AccelResult run_rounds(Machine *machine, TcgState *t, int64_t until_ns)
{
    Clock *clock = t->clock;
    for (;;) {
        bool any = false;
        for (unsigned i = 0; i < machine->cpu_count; i++) {
            Vcpu *cpu = machine->cpus[t->next % machine->cpu_count];
            t->next = (t->next + 1) % machine->cpu_count;
            if (cpu->held || !cpu->ops->has_work(cpu)) {
                continue;
            }
            any = true;
            tcg_turn(machine, t, cpu);
            if (tcg_must_return(machine)) {
                return ACCEL_RAN;
            }
        }
        if (!any) {
            return ACCEL_HALTED;
        }
        tcg_next_round(t);
        int64_t now = clock_now(clock);
        if (now >= until_ns || now >= clock_deadline(clock)) {
            return ACCEL_RAN;
        }
    }
}

static AccelResult tcg_run_slice(Machine *machine, void *state, int64_t until_ns)
{
    TcgState *t = state;
    return clock_is_counted(t->clock) ? tcg_counted_slice(machine, t, until_ns)
                                      : run_rounds(machine, t, until_ns);
}

static CpuExit tcg_step(Machine *machine, void *state, Vcpu *cpu, bool masked)
{
    TcgState *t = state;
    tcg_enter(machine, t, cpu);
    CpuExit exit = cpu->ops->step(cpu, masked);
    tcg_leave(machine, t);
    if (exit == CPU_TRIPLE_FAULT) {
        machine_triple_fault(machine, cpu);
    }
    return exit;
}

const AccelOps tcg_accel = {
    .name = "tcg",
    .desc = "vCPUs interpreted and translated, one after another",
    .has_cpus = true,
    .configure = tcg_configure,
    .start = tcg_start,
    .stop = tcg_stop,
    .vcpu = &tcg_vcpu,
    .run_slice = tcg_run_slice,
    .executed = tcg_executed,
    .turns = tcg_turns,
    .step = tcg_step,
    .kick = tcg_kick,
};
