/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main loop: one thread that gives vCPUs slices, fires timers, polls the host and carries out
 * latched requests. While vCPUs run, the host is polled about every millisecond; when all are
 * halted the loop sleeps until the next timer or until the host has something.
 */
#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/report.h"
#include "system/signals.h"
#include "system/vm.h"

/* How long vCPUs run between looks at the host. */
#define SLICE_NS NS_PER_MS

typedef struct {
    Vm *vm;
    int timer; /* timerfd: GLib's own time-outs are in milliseconds, timers of guests are not */
    GSource *timer_source;
    bool alarm_failed; /* said once */
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

static gboolean on_host_signal(gint fd, GIOCondition condition, gpointer opaque)
{
    runstate_request_shutdown(((Vm *)opaque)->runstate, CAUSE_HOST_SIGNAL);
    return G_SOURCE_REMOVE; /* there is one first signal */
}

static gboolean on_timer(gint fd, GIOCondition condition, gpointer opaque)
{
    uint64_t expirations;
    /* Only to quiet the descriptor; clock_run() finds out what is due. */
    while (read(fd, &expirations, sizeof(expirations)) < 0 && errno == EINTR) {
    }
    return G_SOURCE_CONTINUE;
}

static GSource *loop_watch(int fd, GUnixFDSourceFunc callback, gpointer data)
{
    GSource *source = g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_callback(source, G_SOURCE_FUNC(callback), data, NULL);
    g_source_attach(source, NULL);
    return source;
}

static void loop_unwatch(GSource *source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

static bool loop_init(Loop *loop, Vm *vm)
{
    static const RunObserver observer = {
        .requested = on_requested, .changed = on_changed, .told = on_told};
    *loop = (Loop){.vm = vm};
    loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (loop->timer < 0) {
        g_printerr(PROGRAM ": the host gives no timer: %s\n", g_strerror(errno));
        return false;
    }
    loop->timer_source = loop_watch(loop->timer, on_timer, NULL);
    loop->signals_source = loop_watch(signals_watch(), on_host_signal, vm);
    runstate_set_observer(vm->runstate, &observer, vm);
    return true;
}

static void loop_free(Loop *loop)
{
    runstate_set_observer(loop->vm->runstate, NULL, NULL);
    loop_unwatch(loop->signals_source);
    loop_unwatch(loop->timer_source);
    close(loop->timer);
}

/* How long until the next timer, or INT64_MAX if none can fire by itself. */
static int64_t until_deadline(Vm *vm)
{
    Clock *clock = vm->platform.clock;
    if (!clock_is_running(clock) || !vm->accel->has_cpus) {
        return INT64_MAX;
    }
    return clock_until_deadline(clock);
}

static void poll_host(bool block)
{
    g_main_context_iteration(NULL, block);
    /* Several sources may be ready; each iteration serves those of one priority. */
    while (g_main_context_pending(NULL)) {
        g_main_context_iteration(NULL, FALSE);
    }
}

/* Wakes the loop in `left` ns; INT64_MAX: not by time. */
static bool set_alarm(Loop *loop, int64_t left)
{
    struct itimerspec when = {0};
    if (left != INT64_MAX) {
        when.it_value.tv_sec = left / NS_PER_SEC;
        when.it_value.tv_nsec = left % NS_PER_SEC;
    }
    if (timerfd_settime(loop->timer, 0, &when, NULL) == 0) {
        return true;
    }
    report_once(&loop->alarm_failed, "the host sets no alarm for %" PRId64 " ns: %s", left,
                g_strerror(errno));
    return false;
}

/* Nothing to run: sleeps until a timer is due or the host has something. */
static void sleep_until_work(Loop *loop)
{
    int64_t left = until_deadline(loop->vm);
    if (left == 0) {
        return;
    }
    if (!set_alarm(loop, left)) {
        return; /* stay awake rather than never wake up */
    }
    clock_set_idle(loop->vm->platform.clock, true);
    poll_host(true);
    clock_set_idle(loop->vm->platform.clock, false);
}

/* Runs vCPUs up to the next timer or for a slice. True if all are halted. */
static bool run_cpus(Vm *vm)
{
    int64_t left = until_deadline(vm);
    int64_t until = clock_now(vm->platform.clock) + MIN(left, SLICE_NS);
    return vm->accel->run_slice(vm->machine, vm->machine->accel_state, until) == ACCEL_HALTED;
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

int vm_run(Vm *vm)
{
    Loop loop;
    if (!loop_init(&loop, vm)) {
        return 1;
    }
    bool has_cpus = vm->accel->run_slice && vm->machine->cpu_count > 0;
    gint64 next_poll = 0;
    if (!vm->opts->paused) {
        runstate_cont(vm->runstate);
    }
    while (!vm->ended) {
        bool idle = true;
        if (runstate_time_passes(vm->runstate)) {
            clock_run(vm->platform.clock);
        }
        if (runstate_is_running(vm->runstate)) {
            idle = !has_cpus || run_cpus(vm);
        }
        if (runstate_pending(vm->runstate)) {
            do_requests(vm);
            continue;
        }
        gint64 now = g_get_monotonic_time();
        if (idle) {
            sleep_until_work(&loop);
        } else if (now >= next_poll) {
            poll_host(false);
            next_poll = now + SLICE_NS / 1000;
        }
    }
    tell_withheld_time(vm);
    journal_sum_up(&vm->journal, vm->machine);
    loop_free(&loop);
    return exit_status(vm);
}
