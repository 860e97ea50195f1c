/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Back to a place in a run is back to a checkpoint before it, and from there forward again: with
 * -icount the machine does the same once more, input is handed over where it came (replay.c), and
 * what the guest says was said before. The main loop does the running; this says from where to
 * where. To find the last hit of a breakpoint is to go through what lies between two checkpoints
 * and to remember the last one, then to go there.
 */
#include "system/past.h"

#include "base/report.h"
#include "machine/checkpoint.h"

/* Blocks have at most 64 instructions, but repeated ones count more than one. */
#define MARGIN_FIRST 4096u
#define MARGIN_MORE  64u

bool past_within_block(const Vm *vm)
{
    const Machine *machine = vm->machine;
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        const Vcpu *cpu = machine->cpus[i];
        if (cpu->ops->block_left && cpu->ops->block_left(cpu) > 0) {
            return true;
        }
    }
    return false;
}

static VcpuStop stop_here(const Vcpu *cpu)
{
    return (VcpuStop){.instructions = cpu->ops->instructions(cpu), .spent = cpu->ops->spent(cpu)};
}

static PastPlace place_here(const Vm *vm)
{
    const Machine *machine = vm->machine;
    PastPlace place = {machine_executed(machine), clock_now(vm->platform.clock), -1, {0}};
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        const Vcpu *cpu = machine->cpus[i];
        if (cpu->ops->block_left(cpu) > 0) {
            place.cpu = (int)i;
            place.at = stop_here(cpu);
        }
    }
    return place;
}

static PastPlace place_in(const Vm *vm, const Vcpu *cpu, VcpuStop at)
{
    return (PastPlace){machine_executed(vm->machine), clock_now(vm->platform.clock),
                       (int)cpu->index, at};
}

static void past_stop_at(const Past *past, Vcpu *cpu, VcpuStop at)
{
    at.from = at.instructions - MIN(past->margin, at.instructions);
    cpu->ops->stop_at(cpu, &at);
}

static void stop_nowhere(const Machine *machine)
{
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        machine->cpus[i]->ops->stop_at(machine->cpus[i], NULL);
    }
}

static const Checkpoint *past_checkpoint(const Past *past, unsigned n)
{
    return checkpoints(past->vm->machine)->pdata[n];
}

static void plan_next(Past *past)
{
    uint64_t every = past->vm->opts->icount.checkpoint_every;
    past->next = (machine_executed(past->vm->machine) / every + 1) * every;
}

/* It is there, or nowhere else. */
static void arrive(Past *past, Vcpu *broke, const VcpuBreakpoint *broke_for)
{
    Machine *machine = past->vm->machine;
    past->phase = PAST_RESTS;
    machine->seeks = false;
    machine->broke = broke;
    machine->broke_for = broke_for ? *broke_for : (VcpuBreakpoint){0};
    stop_nowhere(machine);
    plan_next(past);
    runstate_stop(machine->runstate);
}

static void arrive_at_begin(Past *past)
{
    past->vm->machine->at_begin = true;
    arrive(past, NULL, NULL);
}

static bool past_restore(Past *past, unsigned n)
{
    Machine *machine = past->vm->machine;
    GError *error = NULL;
    stop_nowhere(machine);
    machine->broke = NULL;
    past->n = n;
    if (checkpoint_restore(machine, past_checkpoint(past, n)->id, &error)) {
        plan_next(past);
        return true;
    }
    g_printerr(PROGRAM ": the way back is barred: %s\n", error->message);
    g_error_free(error);
    arrive_at_begin(past);
    return false;
}

static void set_out_for_found(Past *past)
{
    if (past_restore(past, past->n)) {
        past->phase = PAST_RETURNS;
        if (past->found.cpu >= 0) {
            past_stop_at(past, past->vm->machine->cpus[past->found.cpu], past->found.at);
        }
    }
}

static void search_from(Past *past, unsigned n)
{
    past->has_found = false;
    if (past_restore(past, n) && past->end.cpu >= 0) {
        past_stop_at(past, past->vm->machine->cpus[past->end.cpu], past->end.at);
    }
}

static void count_from(Past *past, unsigned n)
{
    if (!past_restore(past, n)) {
        return;
    }
    if (past->step->ops->instructions(past->step) < past->step_end.instructions) {
        past_stop_at(past, past->step, past->step_end);
    } else if (n > 0) {
        count_from(past, n - 1); /* it has not executed anything since */
    } else {
        arrive_at_begin(past);
    }
}

static bool is_before(const Checkpoint *c, const PastPlace *place)
{
    return c->executed < place->executed ||
           (c->executed == place->executed && c->clock_ns < place->ns);
}

/* The last checkpoint before `end`, or -1. */
static int checkpoint_before(const Past *past)
{
    const GPtrArray *list = checkpoints(past->vm->machine);
    int n = list ? (int)list->len - 1 : -1;
    while (n >= 0 && !is_before(list->pdata[n], &past->end)) {
        n--;
    }
    return n;
}

static void set_out(Past *past, PastPhase phase, Vcpu *step)
{
    Machine *machine = past->vm->machine;
    machine->seeks = true;
    past->phase = phase;
    past->margin = MARGIN_FIRST;
    past->step = step;
    past->end = place_here(past->vm);
    runstate_cont(machine->runstate);
}

static void past_reverse(void *opaque, Vcpu *step)
{
    Past *past = opaque;
    set_out(past, step ? PAST_COUNTS : PAST_SEARCHES, step);
    int n = checkpoint_before(past);
    if (n < 0) {
        arrive_at_begin(past);
    } else if (step) {
        past->step_end = stop_here(step);
        count_from(past, (unsigned)n);
    } else {
        search_from(past, (unsigned)n);
    }
}

static void past_forward(void *opaque, Vcpu *step)
{
    Past *past = opaque;
    set_out(past, PAST_FORWARD, step);
    VcpuStop at = {.instructions = step->ops->instructions(step) + 1};
    at.from = at.instructions - 1;
    step->ops->stop_at(step, &at);
}

/* What is looked at after a slice. */

static int past_order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Where the machine is, seen from `end`: below 0 before it, above 0 behind it. */
static int past_compare(const PastPlace *end, const Vm *vm, const Vcpu *broke)
{
    uint64_t executed = machine_executed(vm->machine);
    if (end->cpu < 0 && executed == end->executed) {
        int64_t now = clock_now(vm->platform.clock);
        return (now > end->ns) - (now < end->ns);
    }
    if (end->cpu < 0 || !broke || (int)broke->index != end->cpu) {
        return past_order(executed, end->executed);
    }
    VcpuStop here = stop_here(broke);
    int by_instructions = past_order(here.instructions, end->at.instructions);
    return by_instructions ? by_instructions : past_order(here.spent, end->at.spent);
}

/* Its stop is before the instruction at the end, or after the one that went there. */
static bool is_hit(const Past *past, const Vcpu *broke)
{
    const VcpuBreakpoint *hit = &past->vm->machine->broke_for;
    int at = past_compare(&past->end, past->vm, broke);
    return broke && hit->length > 0 && (hit->kind == VCPU_BREAK_CODE ? at < 0 : at <= 0);
}

/* A breakpoint's stop is before the instruction; that of data is to be, too, so that the value is
 * the one before it. */
static void note_hit(Past *past, const Vcpu *broke)
{
    const VcpuBreakpoint *hit = &past->vm->machine->broke_for;
    VcpuStop at = hit->kind == VCPU_BREAK_CODE ? stop_here(broke) : broke->ops->last_began(broke);
    past->found = place_in(past->vm, broke, at);
    past->found_for = *hit;
    past->has_found = true;
}

static void look_in_search(Past *past, const Vcpu *broke)
{
    bool end = past_compare(&past->end, past->vm, broke) >= 0;
    if (is_hit(past, broke)) {
        note_hit(past, broke);
    } else if (end && past->has_found) {
        set_out_for_found(past);
    } else if (end && past->n > 0) {
        const Checkpoint *c = past_checkpoint(past, past->n);
        past->end = (PastPlace){c->executed, c->clock_ns, -1, {0}};
        search_from(past, past->n - 1);
    } else if (end && past_restore(past, 0)) {
        arrive_at_begin(past);
    }
}

static void look_in_count(Past *past, const Vcpu *broke)
{
    VcpuStop found;
    if (broke != past->step || past->vm->machine->broke_for.length > 0) {
        return;
    }
    if (broke->ops->before_stop(broke, &found)) {
        past->found = place_in(past->vm, broke, found);
        past->found_for = (VcpuBreakpoint){0};
        set_out_for_found(past);
    } else {
        past->margin *= MARGIN_MORE; /* one instruction was more than that */
        count_from(past, past->n);
    }
}

static void look_in_return(Past *past, Vcpu *broke)
{
    if (!broke || (int)broke->index != past->found.cpu || past->vm->machine->broke_for.length > 0) {
        return;
    }
    if (broke->ops->instructions(broke) > past->found.at.instructions) {
        past->margin *= MARGIN_MORE;
        set_out_for_found(past);
        return;
    }
    arrive(past, broke, &past->found_for);
}

void past_look(Past *past)
{
    Machine *machine = past->vm->machine;
    Vcpu *broke = machine->broke;
    if (past->phase == PAST_RESTS) {
        return;
    }
    machine->broke = NULL;
    if (!runstate_is_running(machine->runstate) && !past->vm->ended) {
        arrive(past, NULL, NULL); /* somebody has stopped it on the way */
        return;
    }
    switch (past->phase) {
    case PAST_SEARCHES:
        look_in_search(past, broke);
        break;
    case PAST_COUNTS:
        look_in_count(past, broke);
        break;
    case PAST_RETURNS:
        look_in_return(past, broke);
        break;
    default: /* a step, or a breakpoint that somebody else came to */
        if (broke) {
            VcpuBreakpoint hit = machine->broke_for;
            arrive(past, broke, &hit);
        }
        break;
    }
}

uint64_t past_next(const Past *past)
{
    bool ends = past->phase == PAST_SEARCHES && past->end.cpu < 0;
    return ends ? MIN(past->next, past->end.executed) : past->next;
}

int64_t past_no_further(const Past *past)
{
    bool ends = past->phase == PAST_SEARCHES && past->end.cpu < 0 &&
                machine_executed(past->vm->machine) == past->end.executed;
    int64_t input = replay_next_ns(past->replay);
    return ends ? MIN(input, past->end.ns) : input;
}

static bool wanted(const Vm *vm)
{
    const IcountOptions *o = &vm->opts->icount;
    return o->on &&
           (o->checkpoints == CHECKPOINTS_ON || (o->checkpoints == CHECKPOINTS_FOR_GDB && vm->gdb));
}

static void forget_translations(const Machine *machine)
{
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        machine->cpus[i]->ops->map_changed(machine->cpus[i]);
    }
}

/* A debugger may come at any time. */
static void past_begin(Past *past)
{
    past->on = true;
    past->vm->machine->past = &past->ops;
    replay_remember(past->replay);
}

void past_note(Past *past)
{
    if (!past->on && wanted(past->vm)) {
        past_begin(past);
    }
    Machine *machine = past->vm->machine;
    if (!past->on || past_within_block(past->vm) ||
        (past->next > 0 && machine_executed(machine) < past->next)) {
        return;
    }
    if (past->phase == PAST_RESTS) {
        checkpoint_take(machine, true);
    } else {
        forget_translations(machine); /* as taking one did */
    }
    plan_next(past);
}

void past_init(Past *past, Vm *vm, Replay *replay)
{
    *past = (Past){.vm = vm, .replay = replay};
    past->ops = (MachinePast){past_reverse, past_forward, past};
    if (wanted(vm)) {
        past_begin(past);
    }
}

void past_free(Past *past)
{
    past->vm->machine->past = NULL;
}
