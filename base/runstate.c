/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run state: latched requests and whether the machine runs (include/base/runstate.h). */
#include "base/jobs.h"

typedef enum {
    RUN_PRELAUNCH,
    RUN_RUNNING,
    RUN_PAUSED,
    RUN_SHUTDOWN,
    RUN_INCOMING,
    RUN_MIGRATED,
} RunPhase;

struct RunState {
    RunPhase phase;
    bool suspended; /* in whichever phase: a sleeping machine can be stopped */
    RunRequests latched;
    const RunObserver *observer;
    void *observer_opaque;
    void (*button)(void *opaque);
    void *button_opaque;
    GPtrArray *jobs; /* of Job * */
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

void runstate_stop(RunState *rs)
{
    if (rs->phase == RUN_RUNNING) {
        set_phase(rs, RUN_PAUSED);
        notify_request(rs);
    }
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
