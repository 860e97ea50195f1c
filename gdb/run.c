/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Going on, stepping, and what is said at a stop (E.2: vCont, c, s, ?; E.3).
 *
 * To let vCPUs go on is to let the machine run, with those held back that the client wants to stay.
 * A step is made at once: one instruction of that vCPU, and one of each other that may go on, since
 * it may wait for them.
 */
#include <errno.h>

#include "gdb/server.h"
#include "machine/accel.h"

#define SIGNAL_INT  2
#define SIGNAL_TRAP 5

static void say_stop(Gdb *gdb, const Vcpu *vcpu, int signal)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_printf(out, "T%02xthread:", signal);
    gdb_put_thread(gdb, out, vcpu->index);
    g_string_append_c(out, ';');
    if (vcpu == gdb->machine->broke) {
        gdb_put_break(gdb, out, vcpu);
    }
    if (gdb->machine->at_begin) {
        g_string_append(out, "replaylog:begin;");
    }
    gdb->machine->broke = NULL;
    gdb->machine->at_begin = false;
    gdb->cpu = gdb->resumed = vcpu->index;
    gdb->owes_stop = false;
    gdb_send_text(gdb, out->str);
}

void gdb_machine_stopped(Gdb *gdb)
{
    Vcpu *broke = gdb->machine->broke;
    for (unsigned i = 0; i < gdb->machine->cpu_count; i++) {
        gdb->machine->cpus[i]->held = false;
    }
    if (gdb->owes_stop) {
        say_stop(gdb, broke ? broke : gdb_cpu(gdb), broke ? SIGNAL_TRAP : SIGNAL_INT);
    }
}

void gdb_say_stopped(Gdb *gdb, const char *args)
{
    say_stop(gdb, gdb_cpu(gdb), SIGNAL_TRAP);
}

void gdb_let_go(Gdb *gdb)
{
    gdb->machine->broke = NULL;
    runstate_cont(gdb->machine->runstate);
}

static void let_run(Gdb *gdb)
{
    gdb->owes_stop = true;
    gdb_let_go(gdb);
    if (!runstate_is_running(gdb->machine->runstate)) {
        gdb_machine_stopped(gdb); /* a machine that has ended does not go on */
    }
}

static CpuExit run_one(Gdb *gdb, Vcpu *vcpu, bool masked)
{
    const AccelOps *accel = gdb->machine->opts.accel;
    CpuExit exit = accel->step(gdb->machine, gdb->machine->accel_state, vcpu, masked);
    if (exit == CPU_BREAK) {
        gdb->machine->broke = vcpu;
        gdb->machine->broke_for = *vcpu->ops->break_hit(vcpu);
    }
    return exit;
}

/* The other vCPUs that may go on, an instruction each. True if one of them hit a breakpoint. */
static bool step_others(Gdb *gdb, const Vcpu *stepped)
{
    Machine *machine = gdb->machine;
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        Vcpu *other = machine->cpus[i];
        if (other != stepped && !other->held && other->ops->has_work(other) &&
            run_one(gdb, other, false) == CPU_BREAK) {
            return true;
        }
    }
    return false;
}

static void step(Gdb *gdb, Vcpu *vcpu)
{
    Machine *machine = gdb->machine;
    if (machine->past) { /* a step that is none of the run's would end what can be gone back */
        gdb->owes_stop = true;
        machine->past->forward(machine->past->opaque, vcpu);
        return;
    }
    bool time_passes = !(gdb->step_flags & GDB_STEP_NO_TIMER);
    machine->broke = NULL;
    if (time_passes) {
        clock_start(machine->platform.clock);
        clock_run(machine->platform.clock);
    }
    if (!step_others(gdb, vcpu)) {
        run_one(gdb, vcpu, gdb->step_flags & GDB_STEP_NO_IRQ);
    }
    if (time_passes) {
        clock_stop(machine->platform.clock);
    }
    gdb->owes_stop = true;
    say_stop(gdb, machine->broke ? machine->broke : vcpu, SIGNAL_TRAP);
}

static bool can_step(const Gdb *gdb)
{
    return gdb->machine->opts.accel->step && !runstate_is_running(gdb->machine->runstate);
}

/* "ADDR" after c and s; a signal of C and S means nothing to a machine. */
static void take_pc(Gdb *gdb, const char *args)
{
    uint64_t pc;
    if (gdb_take_number(&args, &pc)) {
        gdb_set_pc(gdb, gdb->resumed, pc);
    }
}

void gdb_continue(Gdb *gdb, const char *args)
{
    take_pc(gdb, args);
    let_run(gdb);
}

void gdb_step(Gdb *gdb, const char *args)
{
    if (!can_step(gdb)) {
        gdb_send_error(gdb, ENOSYS);
        return;
    }
    take_pc(gdb, args);
    step(gdb, gdb->machine->cpus[gdb->resumed]);
}

/* bs, bc. */
void gdb_reverse(Gdb *gdb, const char *args)
{
    const MachinePast *past = gdb->machine->past;
    if (!past || runstate_is_running(gdb->machine->runstate) || (*args != 's' && *args != 'c')) {
        gdb_send_text(gdb, "");
        return;
    }
    gdb->owes_stop = true;
    past->reverse(past->opaque, *args == 's' ? gdb->machine->cpus[gdb->resumed] : NULL);
}

/* What a vCPU is to do by vCont, which lists actions with whom they are for. */
typedef struct {
    char *of; /* 'c', 's', or 0: nothing, for each vCPU */
    bool good;
} Actions;

/* The leftmost action that names a vCPU is its own. */
static void give_action(Gdb *gdb, Actions *actions, char what, int cpu)
{
    for (unsigned i = 0; i < gdb->machine->cpu_count; i++) {
        if (!actions->of[i] && (cpu < 0 || (unsigned)cpu == i)) {
            actions->of[i] = what;
        }
    }
}

/* One action at *text: "c", "C05", "s:p1.2" ... */
static void take_action(Gdb *gdb, Actions *actions, const char **text)
{
    char what = g_ascii_tolower(**text);
    uint64_t signal;
    int cpu = -1;
    actions->good &= what == 'c' || what == 's';
    if (g_ascii_isupper(*(*text)++)) {
        actions->good &= gdb_take_number(text, &signal);
    }
    if (gdb_take_prefix(text, ":")) {
        actions->good &= gdb_take_thread(gdb, text, &cpu);
    }
    if (actions->good) {
        give_action(gdb, actions, what, cpu);
    }
}

void gdb_resume(Gdb *gdb, const char *args)
{
    Machine *machine = gdb->machine;
    g_autofree char *of = g_malloc0(machine->cpu_count);
    Actions actions = {of, *args != '\0'};
    Vcpu *stepped = NULL;
    do {
        take_action(gdb, &actions, &args);
    } while (actions.good && gdb_take_prefix(&args, ";"));
    if (!actions.good || *args) {
        gdb_send_error(gdb, EINVAL);
        return;
    }
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        machine->cpus[i]->held = !of[i] && !machine->past;
        if (of[i] == 's' && (!stepped || i == gdb->resumed)) {
            stepped = machine->cpus[i];
        }
    }
    if (stepped && can_step(gdb)) {
        step(gdb, stepped);
    } else {
        let_run(gdb);
    }
}
