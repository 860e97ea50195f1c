/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sleeping until there is something to do. Where time is counted (-icount), nobody executes and so
 * no time passes by itself: it jumps to the next timer, either at once (sleep=off) or when the
 * host's clock has gone as far. What wakes the loop before and gives no vCPU anything to do, a
 * monitor's question for one, leaves no trace in the machine's time.
 */
#include "system/idle.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/report.h"

#define ROUNDS_AT_MOST 64 /* of serving the host at once */

static gboolean on_timer(gint fd, GIOCondition condition, gpointer opaque)
{
    uint64_t expirations;
    /* Only to quiet the descriptor; clock_run() finds out what is due. */
    while (read(fd, &expirations, sizeof(expirations)) < 0 && errno == EINTR) {
    }
    return G_SOURCE_CONTINUE;
}

GSource *idle_watch(int fd, GUnixFDSourceFunc callback, gpointer data)
{
    GSource *source = g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_callback(source, G_SOURCE_FUNC(callback), data, NULL);
    g_source_attach(source, NULL);
    return source;
}

void idle_unwatch(GSource *source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

bool idle_init(Idle *idle, Vm *vm, const Replay *replay)
{
    *idle = (Idle){.vm = vm, .replay = replay, .no_further = INT64_MAX};
    idle->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (idle->timer < 0) {
        g_printerr(PROGRAM ": the host gives no timer: %s\n", g_strerror(errno));
        return false;
    }
    idle->timer_source = idle_watch(idle->timer, on_timer, NULL);
    return true;
}

void idle_free(Idle *idle)
{
    idle_unwatch(idle->timer_source);
    close(idle->timer);
}

int64_t idle_until_deadline(const Idle *idle)
{
    Clock *clock = idle->vm->platform.clock;
    if (!clock_is_running(clock) || !idle->vm->accel->has_cpus) {
        return INT64_MAX;
    }
    return clock_until_deadline(clock);
}

void idle_poll_host(bool block)
{
    g_main_context_iteration(NULL, block);
    /* Several sources may be ready; each iteration serves those of one priority. One that is always
     * ready must not keep the rest of the loop waiting. */
    for (unsigned n = 0; n < ROUNDS_AT_MOST && g_main_context_pending(NULL); n++) {
        g_main_context_iteration(NULL, FALSE);
    }
}

/* Wakes the loop in `left` ns; INT64_MAX: not by time. */
static bool set_alarm(Idle *idle, int64_t left)
{
    struct itimerspec when = {0};
    if (left != INT64_MAX) {
        when.it_value.tv_sec = left / NS_PER_SEC;
        when.it_value.tv_nsec = left % NS_PER_SEC;
    }
    if (timerfd_settime(idle->timer, 0, &when, NULL) == 0) {
        return true;
    }
    report_once(&idle->alarm_failed, "the host sets no alarm for %" PRId64 " ns: %s", left,
                g_strerror(errno));
    return false;
}

static int64_t idle_host_now(void)
{
    return g_get_monotonic_time() * NS_PER_US;
}

static bool somebody_has_work(const Idle *idle)
{
    const Vm *vm = idle->vm;
    const Machine *machine = vm->machine;
    bool runs = runstate_is_running(vm->runstate);
    for (unsigned i = 0; runs && i < machine->cpu_count; i++) {
        const Vcpu *cpu = machine->cpus[i];
        if (cpu->ops->has_work && cpu->ops->has_work(cpu)) {
            return true;
        }
    }
    return runstate_pending(vm->runstate) || replay_has_input(idle->replay);
}

static void skip(Idle *idle, int64_t ns)
{
    Clock *clock = idle->vm->platform.clock;
    clock_skip_to(clock, clock_now(clock) + ns);
    idle->since = 0;
}

/* How far time may jump where nobody executes. */
static int64_t room_to_skip(const Idle *idle)
{
    int64_t now = clock_now(idle->vm->platform.clock), left = idle_until_deadline(idle);
    return idle->no_further == INT64_MAX ? left : MIN(left, MAX(idle->no_further, now) - now);
}

void idle_catch_up(Idle *idle)
{
    if (idle->since && clock_is_running(idle->vm->platform.clock)) {
        int64_t slept = idle_host_now() - idle->since, left = room_to_skip(idle);
        skip(idle, MIN(slept, left));
    }
}

/* Those who replay do not wait for what has come already. */
static bool idle_jumps(const Idle *idle)
{
    const IcountOptions *o = &idle->vm->opts->icount;
    return !o->sleep || o->rr == REPLAY_PLAY || idle->vm->machine->seeks;
}

/* With sleep=on, `left` ns before the next timer. */
static bool sleep_counted(Idle *idle, int64_t left)
{
    idle->since = idle->since ? idle->since : idle_host_now();
    int64_t slept = idle_host_now() - idle->since;
    if (slept >= left) {
        skip(idle, left);
        return false;
    }
    if (!set_alarm(idle, left == INT64_MAX ? left : left - slept)) {
        return false;
    }
    idle_poll_host(true);
    if (somebody_has_work(idle)) {
        idle_catch_up(idle);
    }
    return true;
}

bool idle_sleep(Idle *idle)
{
    Clock *clock = idle->vm->platform.clock;
    int64_t left = idle_until_deadline(idle);
    if (left == 0) {
        return false;
    }
    if (clock_is_counted(clock) && clock_is_running(clock)) {
        left = room_to_skip(idle);
        if (idle_jumps(idle) && left != INT64_MAX) {
            skip(idle, left);
            return false;
        }
        return sleep_counted(idle, left);
    }
    idle->since = 0;
    if (!set_alarm(idle, left)) {
        return false; /* stay awake rather than never wake up */
    }
    clock_set_idle(clock, true);
    idle_poll_host(true);
    clock_set_idle(clock, false);
    return true;
}

void idle_ended(Idle *idle)
{
    idle->since = 0;
}
