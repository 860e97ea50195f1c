/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns under -icount. The clock follows what all vCPUs have executed together, as it would pass on
 * one host thread, and what is executed follows from the machine's state alone.
 *
 * A vCPU's turn ends after so many instructions, with PAUSE, or when it is halted. In between it is
 * cut where a timer is due, and wherever the main loop or somebody else wants to look: the same
 * vCPU goes on afterwards, so that who looks changes nothing. A part begins and ends between two
 * blocks of code, and where blocks end, both tiers agree.
 */
#include "accel/tcg/tcg.h"

/* So that turn lengths are other numbers than what the guest gets from the same seed. */
#define LENGTHS_SEED 0x7475726e73ull
/* The shortest turn that is drawn, as a part of the quantum: 1/8. */
#define LENGTHS_SHIFT 3

const StateField tcg_turns[] = {
    STATE_FIELD(STATE_UINT32, TcgState, next),
    STATE_FIELD_MAX(STATE_UINT64, TcgState, quantum, TCG_QUANTUM),
    STATE_FIELD(STATE_UINT8, TcgState, waiting),
    STATE_FIELD(STATE_UINT64, TcgState, done),
    STATE_FIELD(STATE_UINT32, TcgState, counted.index),
    STATE_FIELD(STATE_UINT32, TcgState, counted.places),
    STATE_FIELD_MAX(STATE_UINT64, TcgState, counted.left, TCG_QUANTUM),
    STATE_FIELD(STATE_UINT64, TcgState, counted.used),
    STATE_FIELD(STATE_UINT64, TcgState, counted.lengths.state),
    STATE_END,
};

uint64_t tcg_executed(const void *state)
{
    const TcgState *t = state;
    return t->done + (t->running ? t->running->ops->spent(t->running) - t->begun_at : 0);
}

static uint64_t counted_executed(void *opaque)
{
    return tcg_executed(opaque);
}

/* A timer that is due within the turn under way cuts it short. Whether it does so must not depend
 * on where the turn is cut anyway. */
static void counted_sooner(void *opaque, int64_t expires_ns)
{
    TcgState *t = opaque;
    if (t->running && expires_ns < t->counted.end) {
        t->running->ops->kick(t->running);
    }
}

void tcg_counted_start(TcgState *t, const Machine *machine)
{
    const ClockCount count = {counted_executed, counted_sooner, t};
    if (machine->opts.vary_turns) {
        random_seed(&t->counted.lengths, machine->opts.seed ^ LENGTHS_SEED);
    }
    clock_follow(t->clock, &count);
}

static bool can_execute(const Vcpu *cpu)
{
    return !cpu->held && cpu->ops->has_work(cpu);
}

static bool any_can(const Machine *machine)
{
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        if (can_execute(machine->cpus[i])) {
            return true;
        }
    }
    return false;
}

static uint64_t turn_length(TcgState *t)
{
    uint64_t least = MAX(t->quantum >> LENGTHS_SHIFT, 1);
    if (!t->counted.lengths.seeded || least >= t->quantum) {
        return MAX(t->quantum, 1); /* a saved state may have any */
    }
    return least + random_next(&t->counted.lengths) % (t->quantum - least);
}

/* The next place of the round of turns, or the first of another round. */
static Vcpu *next_place(const Machine *machine, TcgState *t)
{
    TcgCounted *c = &t->counted;
    if (c->places == 0) {
        tcg_next_round(t);
        c->places = machine->cpu_count;
    }
    c->places--;
    c->index = t->next % machine->cpu_count;
    t->next = (c->index + 1) % machine->cpu_count;
    return machine->cpus[c->index];
}

/* Whose turn it is. NULL: all wait; then nothing has changed, for it may be asked at any time. */
static Vcpu *whose_turn(const Machine *machine, TcgState *t)
{
    TcgCounted *c = &t->counted;
    Vcpu *cpu = machine->cpus[c->index % machine->cpu_count];
    if ((c->left > 0 && can_execute(cpu)) || cpu->ops->block_left(cpu) > 0) {
        return cpu;
    }
    if (!any_can(machine)) {
        return NULL;
    }
    do {
        cpu = next_place(machine, t);
    } while (!can_execute(cpu));
    c->left = turn_length(t);
    c->used = 0;
    return cpu;
}

/* How far a part may go. */
static uint64_t part_budget(const Machine *machine, TcgState *t, int64_t until_ns)
{
    int64_t deadline = clock_deadline(t->clock), until = MIN(until_ns, deadline);
    uint64_t room = clock_instructions_until(t->clock, until), budget = MIN(t->counted.left, room);
    return machine->pause_at > t->done ? MIN(budget, machine->pause_at - t->done) : budget;
}

static void run_part(Machine *machine, TcgState *t, Vcpu *cpu, int64_t until_ns)
{
    TcgCounted *c = &t->counted;
    uint64_t before = t->done, budget = part_budget(machine, t, until_ns);
    c->end = clock_now(t->clock) + clock_duration(t->clock, c->left);
    CpuExit exit = tcg_run_part(machine, t, cpu, budget);
    uint64_t spent = t->done - before;
    c->used += spent;
    c->left = exit == CPU_RAN || exit == CPU_BREAK ? c->left - MIN(spent, c->left) : 0;
    if (exit == CPU_YIELDED) {
        tcg_yielded(machine, t, c->used);
    }
}

static bool must_look(const Machine *machine, TcgState *t, int64_t until_ns)
{
    int64_t now = clock_now(t->clock);
    return now >= until_ns || now >= clock_deadline(t->clock) ||
           (machine->pause_at && t->done >= machine->pause_at);
}

AccelResult tcg_counted_slice(Machine *machine, TcgState *t, int64_t until_ns)
{
    Vcpu *cpu;
    while ((cpu = whose_turn(machine, t)) != NULL) {
        run_part(machine, t, cpu, until_ns);
        if (tcg_must_return(machine) || must_look(machine, t, until_ns)) {
            return ACCEL_RAN;
        }
    }
    return ACCEL_HALTED;
}
