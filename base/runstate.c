/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run state: latched requests and whether the machine runs (include/base/runstate.h). */
#include <string.h>

#include "base/jobs.h"
#include "base/report.h"

typedef enum {
    RUN_PRELAUNCH,
    RUN_RUNNING,
    RUN_PAUSED,
    RUN_SHUTDOWN,
    RUN_INCOMING,
    RUN_MIGRATED,
    RUN_WATCHDOG,
} RunPhase;

struct RunState {
    RunPhase phase;
    bool suspended; /* in whichever phase: a sleeping machine can be stopped */
    RunRequests latched;
    const RunObserver *observer;
    void *observer_opaque;
    void (*button)(void *opaque);
    void *button_opaque;
    void (*nmi)(void *opaque);
    void *nmi_opaque;
    WatchdogAction watchdog;
    bool watchdog_said; /* once: a guest could go on for ever */
    GPtrArray *jobs;    /* of Job * */
};

static void job_free(void *opaque)
{
    Job *job = opaque;
    if (job->work) {
        g_source_remove(job->work);
    }
    g_free(job->id);
    g_free(job->error);
    g_free(job);
}

RunState *runstate_new(void)
{
    RunState *rs = g_new0(RunState, 1);
    rs->jobs = g_ptr_array_new_with_free_func(job_free);
    return rs;
}

void runstate_free(RunState *rs)
{
    if (rs) {
        g_ptr_array_unref(rs->jobs);
        g_free(rs);
    }
}

GPtrArray *runstate_jobs(RunState *rs)
{
    return rs->jobs;
}

void runstate_set_observer(RunState *rs, const RunObserver *observer, void *opaque)
{
    rs->observer = observer;
    rs->observer_opaque = opaque;
}

void runstate_tell(RunState *rs, const char *event, const char *data)
{
    if (rs->observer && rs->observer->told) {
        rs->observer->told(rs->observer_opaque, event, data);
    }
}

void runstate_set_power_button(RunState *rs, void (*pressed)(void *opaque), void *opaque)
{
    rs->button = pressed;
    rs->button_opaque = opaque;
}

bool runstate_press_power_button(RunState *rs)
{
    if (rs->button) {
        rs->button(rs->button_opaque);
    }
    return rs->button != NULL;
}

static void notify_request(RunState *rs)
{
    if (rs->observer && rs->observer->requested) {
        rs->observer->requested(rs->observer_opaque);
    }
}

void runstate_request_reset(RunState *rs, RunCause cause)
{
    rs->latched.reset = true;
    rs->latched.reset_cause = cause;
    notify_request(rs);
}

void runstate_request_shutdown(RunState *rs, RunCause cause)
{
    rs->latched.shutdown = true;
    rs->latched.shutdown_cause = cause;
    notify_request(rs);
}

void runstate_request_exit(RunState *rs, int status)
{
    /* The first word counts: the guest was to stop at that instruction. */
    if (!rs->latched.exit) {
        rs->latched.exit = true;
        rs->latched.exit_status = status;
    }
    notify_request(rs);
}

void runstate_request_powerdown(RunState *rs)
{
    rs->latched.powerdown = true;
    notify_request(rs);
}

void runstate_request_suspend(RunState *rs)
{
    rs->latched.suspend = true;
    notify_request(rs);
}

void runstate_request_wakeup(RunState *rs)
{
    if (runstate_is_suspended(rs)) {
        rs->latched.wakeup = true;
        notify_request(rs);
    }
}

bool runstate_is_suspended(const RunState *rs)
{
    return rs->suspended || rs->latched.suspend;
}

bool runstate_pending(const RunState *rs)
{
    const RunRequests *r = &rs->latched;
    return r->reset || r->shutdown || r->exit || r->powerdown || r->suspend || r->wakeup;
}

RunRequests runstate_take(RunState *rs)
{
    RunRequests taken = rs->latched;
    rs->latched = (RunRequests){0};
    return taken;
}

static void set_phase(RunState *rs, RunPhase phase)
{
    bool was = rs->phase == RUN_RUNNING;
    bool is = phase == RUN_RUNNING;
    rs->phase = phase;
    if (was != is && rs->observer && rs->observer->changed) {
        rs->observer->changed(rs->observer_opaque, is);
    }
}

static void stop_as(RunState *rs, RunPhase phase)
{
    if (rs->phase == RUN_RUNNING) {
        set_phase(rs, phase);
        notify_request(rs);
    }
}

void runstate_stop(RunState *rs)
{
    stop_as(rs, RUN_PAUSED);
}

static const char *const watchdog_actions[WATCHDOG_ACTIONS] = {
    [WATCHDOG_RESET] = "reset",       [WATCHDOG_SHUTDOWN] = "shutdown",
    [WATCHDOG_POWEROFF] = "poweroff", [WATCHDOG_PAUSE] = "pause",
    [WATCHDOG_DEBUG] = "debug",       [WATCHDOG_NONE] = "none",
    [WATCHDOG_NMI] = "inject-nmi",
};

const char *watchdog_action_name(WatchdogAction action)
{
    return watchdog_actions[action];
}

bool watchdog_action_find(const char *name, WatchdogAction *action)
{
    for (unsigned i = 0; i < WATCHDOG_ACTIONS; i++) {
        if (strcmp(watchdog_actions[i], name) == 0) {
            *action = (WatchdogAction)i;
            return true;
        }
    }
    return false;
}

void runstate_set_watchdog(RunState *rs, WatchdogAction action)
{
    rs->watchdog = action;
}

void runstate_set_nmi(RunState *rs, void (*pulse)(void *opaque), void *opaque)
{
    rs->nmi = pulse;
    rs->nmi_opaque = opaque;
}

static void do_watchdog_action(RunState *rs)
{
    switch (rs->watchdog) {
    case WATCHDOG_RESET:
        runstate_request_reset(rs, CAUSE_GUEST_RESET);
        break;
    case WATCHDOG_SHUTDOWN:
        runstate_request_powerdown(rs);
        break;
    case WATCHDOG_POWEROFF:
        runstate_request_exit(rs, 0);
        break;
    case WATCHDOG_PAUSE:
        stop_as(rs, RUN_WATCHDOG);
        break;
    case WATCHDOG_DEBUG:
        if (!rs->watchdog_said) {
            g_printerr(PROGRAM ": watchdog: timer fired\n");
            rs->watchdog_said = true;
        }
        break;
    case WATCHDOG_NMI:
        if (rs->nmi) {
            rs->nmi(rs->nmi_opaque);
        }
        break;
    default:
        break;
    }
}

void runstate_watchdog_expired(RunState *rs)
{
    g_autofree char *data =
        g_strdup_printf("{\"action\": \"%s\"}", watchdog_action_name(rs->watchdog));
    runstate_tell(rs, "WATCHDOG", data);
    do_watchdog_action(rs);
}

void runstate_cont(RunState *rs)
{
    if (rs->phase != RUN_SHUTDOWN && rs->phase != RUN_INCOMING) {
        set_phase(rs, RUN_RUNNING);
    }
}

void runstate_mark_incoming(RunState *rs, bool waits)
{
    set_phase(rs, waits ? RUN_INCOMING : RUN_PAUSED);
}

void runstate_mark_migrated(RunState *rs)
{
    set_phase(rs, RUN_MIGRATED);
}

void runstate_mark_shutdown(RunState *rs)
{
    set_phase(rs, RUN_SHUTDOWN);
}

void runstate_mark_suspended(RunState *rs, bool suspended)
{
    rs->suspended = suspended;
}

void runstate_mark_reset(RunState *rs)
{
    rs->suspended = false;
    if (rs->phase == RUN_SHUTDOWN) {
        set_phase(rs, RUN_PAUSED);
    }
}

RunSaved runstate_save(const RunState *rs)
{
    return (RunSaved){
        .requests = rs->latched, .suspended = rs->suspended, .ended = rs->phase == RUN_SHUTDOWN};
}

void runstate_restore(RunState *rs, const RunSaved *saved)
{
    rs->latched = saved->requests;
    rs->suspended = saved->suspended;
    if (saved->ended) {
        set_phase(rs, RUN_SHUTDOWN);
    } else if (rs->phase == RUN_SHUTDOWN) {
        set_phase(rs, RUN_PAUSED);
    }
    if (runstate_pending(rs)) {
        notify_request(rs);
    }
}

bool runstate_is_running(const RunState *rs)
{
    return rs->phase == RUN_RUNNING && !rs->suspended;
}

bool runstate_time_passes(const RunState *rs)
{
    return rs->phase == RUN_RUNNING;
}

const char *runstate_name(const RunState *rs)
{
    if (rs->phase == RUN_RUNNING && rs->suspended) {
        return "suspended";
    }
    static const char *const names[] = {
        [RUN_PRELAUNCH] = "prelaunch", [RUN_RUNNING] = "running",    [RUN_PAUSED] = "paused",
        [RUN_SHUTDOWN] = "shutdown",   [RUN_INCOMING] = "inmigrate", [RUN_MIGRATED] = "postmigrate",
        [RUN_WATCHDOG] = "watchdog",
    };
    return names[rs->phase];
}

const char *run_cause_name(RunCause cause)
{
    static const char *const names[] = {
        [CAUSE_GUEST_RESET] = "guest-reset",
        [CAUSE_GUEST_SHUTDOWN] = "guest-shutdown",
        [CAUSE_GUEST_PANIC] = "guest-panic",
        [CAUSE_HOST_QMP_QUIT] = "host-qmp-quit",
        [CAUSE_HOST_QMP_RESET] = "host-qmp-system-reset",
        [CAUSE_HOST_SIGNAL] = "host-signal",
    };
    return names[cause];
}

bool run_cause_is_guest(RunCause cause)
{
    return cause <= CAUSE_GUEST_PANIC;
}
