/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main loop: one thread that gives vCPUs slices, fires timers, polls the host and carries out
 * latched requests. While vCPUs run, the host is polled about every millisecond; when all are
 * halted the loop sleeps until the next timer or until the host has something.
 */
#include "base/report.h"
#include "hw/intr/break.h"
#include "monitor/journal.h"
#include "system/hashes.h"
#include "system/idle.h"
#include "system/past.h"
#include "system/signals.h"

/* How long vCPUs run between looks at the host, */
#define SLICE_NS NS_PER_MS
/* and where instructions are counted, what they execute in about that time. */
#define SLICE_INSTRUCTIONS 1000000

typedef struct {
    Vm *vm;
    Idle idle;
    Hashes hashes;
    Replay replay;
    Past past;
    GSource *signals_source;
} Loop;

G_GNUC_PRINTF(3, 4)
static void send_event(Vm *vm, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *data = format ? g_strdup_vprintf(format, args) : NULL;
    va_end(args);
    for (guint i = 0; i < vm->qmps->len; i++) {
        qmp_event(vm->qmps->pdata[i], name, data);
    }
}

static void send_cause(Vm *vm, const char *name, RunCause cause)
{
    send_event(vm, name, "{\"guest\": %s, \"reason\": \"%s\"}",
               run_cause_is_guest(cause) ? "true" : "false", run_cause_name(cause));
}

static void on_requested(void *opaque)
{
    Vm *vm = opaque;
    if (vm->set_up && vm->accel->kick) {
        vm->accel->kick(vm->machine, vm->machine->accel_state);
    }
}

static void on_told(void *opaque, const char *event, const char *data)
{
    send_event(opaque, event, data ? "%s" : NULL, data);
}

static void on_changed(void *opaque, bool running)
{
    Vm *vm = opaque;
    if (running) {
        clock_start(vm->platform.clock);
    } else {
        clock_stop(vm->platform.clock);
    }
    if (!running && vm->gdb) {
        gdb_machine_stopped(vm->gdb);
    }
    send_event(vm, running ? "RESUME" : "STOP", NULL);
}

static void vm_finish(Vm *vm, int status)
{
    vm->ended = true;
    vm->status = status;
}

static void do_shutdown(Vm *vm, RunCause cause)
{
    send_cause(vm, "SHUTDOWN", cause);
    if (vm->opts->no_shutdown && run_cause_is_guest(cause)) {
        runstate_mark_shutdown(vm->runstate);
    } else {
        vm_finish(vm, 0);
    }
}

static void do_reset(Vm *vm, RunCause cause)
{
    g_autoptr(GError) error = NULL;
    if (vm->opts->no_reboot && run_cause_is_guest(cause)) {
        do_shutdown(vm, cause);
        return;
    }
    if (!machine_restart(vm->machine, &error)) {
        g_printerr(PROGRAM ": after a reset: %s\n", error->message);
        vm_finish(vm, 1);
        return;
    }
    runstate_mark_reset(vm->runstate);
    send_cause(vm, "RESET", cause);
}

static void do_wakeup(Vm *vm)
{
    g_autoptr(GError) error = NULL;
    runstate_mark_suspended(vm->runstate, false); /* first: what wakes us may still ask for it */
    if (!machine_wake(vm->machine, &error)) {
        g_printerr(PROGRAM ": after a sleep: %s\n", error->message);
        vm_finish(vm, 1);
        return;
    }
    send_event(vm, "WAKEUP", NULL);
}

/* The sleep before what ends it, which may have come with it. */
static void do_sleep_requests(Vm *vm, const RunRequests *todo)
{
    if (todo->suspend) {
        runstate_mark_suspended(vm->runstate, true);
        send_event(vm, "SUSPEND", NULL);
    }
    if (todo->wakeup) {
        do_wakeup(vm);
    }
}

/* The end before a reset, a reset before sleeping and waking, that before the power button. */
static void do_requests(Vm *vm)
{
    RunRequests todo = runstate_take(vm->runstate);
    if (todo.exit) {
        vm_finish(vm, todo.exit_status);
    } else if (todo.shutdown) {
        do_shutdown(vm, todo.shutdown_cause);
    } else if (todo.reset) {
        do_reset(vm, todo.reset_cause);
    } else {
        do_sleep_requests(vm, &todo);
    }
    if (todo.powerdown && !vm->ended) {
        runstate_press_power_button(vm->runstate);
        send_event(vm, "POWERDOWN", NULL);
    }
}

static void loop_run_timers(const Loop *loop)
{
    if (runstate_time_passes(loop->vm->runstate) && !past_within_block(loop->vm)) {
        clock_run(loop->vm->platform.clock);
    }
}

static gboolean on_host_signal(gint fd, GIOCondition condition, gpointer opaque)
{
    runstate_request_shutdown(((Vm *)opaque)->runstate, CAUSE_HOST_SIGNAL);
    return G_SOURCE_REMOVE; /* there is one first signal */
}

/* Something comes to the machine from within a look at the host. */
static void loop_settle(void *opaque)
{
    Loop *loop = opaque;
    Vm *vm = loop->vm;
    idle_catch_up(&loop->idle);
    loop_run_timers(loop);
    while (runstate_pending(vm->runstate) && !vm->ended) {
        do_requests(vm);
    }
}

static bool loop_init(Loop *loop, Vm *vm)
{
    static const RunObserver observer = {
        .requested = on_requested, .changed = on_changed, .told = on_told};
    *loop = (Loop){.vm = vm};
    if (!hashes_open(&loop->hashes, vm)) {
        return false;
    }
    if (!replay_open(&loop->replay, vm, loop_settle, loop)) {
        hashes_close(&loop->hashes);
        return false;
    }
    if (!idle_init(&loop->idle, vm, &loop->replay)) {
        replay_close(&loop->replay);
        hashes_close(&loop->hashes);
        return false;
    }
    past_init(&loop->past, vm, &loop->replay);
    loop->signals_source = idle_watch(signals_watch(), on_host_signal, vm);
    runstate_set_observer(vm->runstate, &observer, vm);
    return true;
}

static void loop_free(Loop *loop)
{
    runstate_set_observer(loop->vm->runstate, NULL, NULL);
    idle_unwatch(loop->signals_source);
    idle_free(&loop->idle);
    past_free(&loop->past);
    replay_close(&loop->replay);
    hashes_close(&loop->hashes);
}

/* 0 is never. */
static uint64_t sooner_of(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Timers fire, and what has come from outside, or came here once, is handed over. */
static void loop_take_in(Loop *loop)
{
    Vm *vm = loop->vm;
    loop_run_timers(loop);
    if (!runstate_time_passes(vm->runstate)) {
        return;
    }
    if (!past_within_block(vm) && !replay_deliver(&loop->replay)) {
        vm->ended = true;
    }
    loop->idle.no_further = past_no_further(&loop->past);
}

/* Runs vCPUs up to the next timer or for a slice. True if all are halted. */
static bool run_cpus(Loop *loop)
{
    Vm *vm = loop->vm;
    Clock *clock = vm->platform.clock;
    past_note(&loop->past);
    vm->machine->pause_at =
        sooner_of(sooner_of(loop->hashes.at, replay_next(&loop->replay)), past_next(&loop->past));
    loop->idle.no_further = past_no_further(&loop->past);
    int64_t slice = clock_is_counted(clock) ? clock_duration(clock, SLICE_INSTRUCTIONS) : SLICE_NS;
    int64_t left = idle_until_deadline(&loop->idle), until = clock_now(clock) + MIN(left, slice);
    return vm->accel->run_slice(vm->machine, vm->machine->accel_state, until) == ACCEL_HALTED;
}

/* Somebody waited for an attempt to interrupt to end, and one has. */
static void look_at_break(const Vm *vm)
{
    Machine *machine = vm->machine;
    uint16_t cpu;
    const JournalRecord *r = NULL;
    if (runstate_is_running(machine->runstate)) {
        r = journal_break_take(&machine->journal, &cpu);
    }
    if (!r) {
        return;
    }
    g_autoptr(GString) said = g_string_new(PROGRAM ": stopped by break-intr: ");
    journal_say(machine, r, said);
    g_string_append_c(said, '\n');
    g_printerr("%s", said->str);
    if (vm->gdb) {
        gdb_say(vm->gdb, said->str);
    }
    if (machine->cpu_count > 0) {
        machine->broke = machine->cpus[cpu < machine->cpu_count ? cpu : 0];
        machine->broke_for = (VcpuBreakpoint){0};
    }
    runstate_stop(machine->runstate);
}

/* Who times a guest, or waits for one, is told why it took longer than the guest says. */
static void tell_withheld_time(const Vm *vm)
{
    Clock *clock = vm->platform.clock;
    int64_t withheld = clock_withheld(clock);
    if (withheld >= NS_PER_SEC) {
        g_printerr(PROGRAM ": the host ran others for %.1f s instead of the machine, which counted "
                           "%.1f s\n",
                   (double)withheld / NS_PER_SEC, (double)clock_now(clock) / NS_PER_SEC);
    }
}

/* -lint error: a guest that ended well may have broken rules all the same. */
static int exit_status(const Vm *vm)
{
    unsigned broken = lint_rules_broken(&vm->machine->lint);
    if (vm->opts->machine.lint != LINT_MODE_ERROR || broken == 0) {
        return vm->status;
    }
    g_printerr(PROGRAM ": lint: %u rule%s broken: exit status %d\n", broken,
               broken == 1 ? " was" : "s were", LINT_ERROR_STATUS);
    return LINT_ERROR_STATUS;
}

static bool enter_sandbox(const Vm *vm)
{
    g_autoptr(GError) error = NULL;
    const Options *o = vm->opts;
    if (sandbox_enter(&o->sandbox, &o->sandbox_needs, vm->helper, &error)) {
        return true;
    }
    g_printerr(PROGRAM ": %s\n", error->message);
    return false;
}

int vm_run(Vm *vm)
{
    Loop loop;
    if (!loop_init(&loop, vm)) {
        return 1;
    }
    if (!enter_sandbox(vm)) {
        loop_free(&loop);
        return 1;
    }
    bool has_cpus = vm->accel->run_slice && vm->machine->cpu_count > 0;
    gint64 next_poll = 0;
    if (!vm->opts->paused) {
        runstate_cont(vm->runstate);
    }
    while (!vm->ended) {
        bool idle = true;
        loop_take_in(&loop);
        look_at_break(vm);
        if (!vm->ended && !runstate_pending(vm->runstate) && runstate_is_running(vm->runstate)) {
            idle = !has_cpus || run_cpus(&loop);
            past_look(&loop.past);
            look_at_break(vm);
            if (!vm->machine->seeks && !past_within_block(vm)) {
                hashes_look(&loop.hashes);
            }
        }
        if (runstate_pending(vm->runstate)) {
            do_requests(vm);
            continue;
        }
        gint64 now = g_get_monotonic_time();
        if (idle && idle_sleep(&loop.idle)) {
            continue;
        }
        if (!idle) {
            idle_ended(&loop.idle);
        }
        if (now >= next_poll) {
            loop_run_timers(&loop); /* before anything that comes in this place */
            idle_poll_host(false);
            next_poll = now + SLICE_NS / 1000;
        }
    }
    tell_withheld_time(vm);
    journal_sum_up(&vm->journal, vm->machine);
    loop_free(&loop);
    return exit_status(vm);
}
