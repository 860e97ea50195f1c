/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run state: who may ask the machine to reset, power off or stop. Requests are latched and carried
 * out by the main loop between instructions, so a device may ask from inside a register write.
 */
#ifndef BASE_RUNSTATE_H
#define BASE_RUNSTATE_H

#include <stdbool.h>

typedef struct RunState RunState;

typedef enum {
    CAUSE_GUEST_RESET,
    CAUSE_GUEST_SHUTDOWN,
    CAUSE_GUEST_PANIC, /* triple fault */
    CAUSE_HOST_QMP_QUIT,
    CAUSE_HOST_QMP_RESET,
    CAUSE_HOST_SIGNAL, /* the last */
} RunCause;

void runstate_request_reset(RunState *rs, RunCause cause);
void runstate_request_shutdown(RunState *rs, RunCause cause);
/* isa-debug-exit: end with this exit status. */
void runstate_request_exit(RunState *rs, int status);
void runstate_request_powerdown(RunState *rs); /* the power button */
/* Sleep with memory kept (S3): CPUs stop, time goes on, until somebody asks to wake up. A request
 * to wake up without a sleep, or one to come, does nothing. */
void runstate_request_suspend(RunState *rs);
void runstate_request_wakeup(RunState *rs);
bool runstate_is_suspended(const RunState *rs); /* or is about to be */
void runstate_stop(RunState *rs);
void runstate_cont(RunState *rs);
bool runstate_is_running(const RunState *rs);  /* vCPUs run */
bool runstate_time_passes(const RunState *rs); /* they run, or sleep */
const char *
runstate_name(const RunState *rs); /* QMP's RunState: "running", "paused", "prelaunch"... */

/* What follows when a watchdog was not fed, as -watchdog-action and watchdog-set-action name it. */
typedef enum {
    WATCHDOG_RESET,
    WATCHDOG_SHUTDOWN, /* the power button: the guest may still shut down */
    WATCHDOG_POWEROFF, /* the program ends */
    WATCHDOG_PAUSE,    /* "watchdog" is the run state then */
    WATCHDOG_DEBUG,    /* a line of text */
    WATCHDOG_NONE,
    WATCHDOG_NMI, /* on all CPUs */
    WATCHDOG_ACTIONS,
} WatchdogAction;
/* QMP's WatchdogAction, and back; false if there is none of that name. */
const char *watchdog_action_name(WatchdogAction action);
bool watchdog_action_find(const char *name, WatchdogAction *action);
void runstate_set_watchdog(RunState *rs, WatchdogAction action);
/* A watchdog's time is over: monitors are told (WATCHDOG), and the action is done. */
void runstate_watchdog_expired(RunState *rs);
/* What pulses the board's NMI pin. NULL to remove. */
void runstate_set_nmi(RunState *rs, void (*pulse)(void *opaque), void *opaque);

/* What the power button does: the board's ACPI block. NULL to remove. */
void runstate_set_power_button(RunState *rs, void (*pressed)(void *opaque), void *opaque);

/* The main loop's side. */

/* A new state is "prelaunch". */
RunState *runstate_new(void);
void runstate_free(RunState *rs);

typedef struct {
    bool reset, shutdown, exit, powerdown, suspend, wakeup;
    RunCause reset_cause, shutdown_cause;
    int exit_status;
} RunRequests;

/* True if anything is latched: a vCPU must return to the main loop. */
bool runstate_pending(const RunState *rs);
/* Hands over and clears what is latched. */
RunRequests runstate_take(RunState *rs);
/* Presses the button; false if no board has one. */
bool runstate_press_power_button(RunState *rs);
/* The machine ended but the process stays (-no-shutdown): "shutdown" until a reset. */
void runstate_mark_shutdown(RunState *rs);
/* A reset ended that state, and a sleep. */
void runstate_mark_reset(RunState *rs);
/* The machine fell asleep, or woke up. */
void runstate_mark_suspended(RunState *rs, bool suspended);

/* A machine that waits to be loaded: "inmigrate", in which it cannot go on; then "paused". */
void runstate_mark_incoming(RunState *rs, bool waits);
/* It was saved, and may go on elsewhere: "postmigrate". */
void runstate_mark_migrated(RunState *rs);

/* What a saved machine has of it. Whether it was running or paused is the host's affair. */
typedef struct {
    RunRequests requests;
    bool suspended;
    bool ended; /* "shutdown" */
} RunSaved;
RunSaved runstate_save(const RunState *rs);
/* The run state is as it was then; a machine that goes on after its end is paused. */
void runstate_restore(RunState *rs, const RunSaved *saved);

/* Something that monitors tell their clients: QMP's name of the event, and its data in JSON, or
 * NULL. */
void runstate_tell(RunState *rs, const char *event, const char *data);

/* Told of every request (to make a vCPU return), of every stop and go, and of what monitors are to
 * tell. One of each. */
typedef struct {
    void (*requested)(void *opaque);
    void (*changed)(void *opaque, bool running);
    void (*told)(void *opaque, const char *event, const char *data);
} RunObserver;
void runstate_set_observer(RunState *rs, const RunObserver *observer, void *opaque);

/* "guest-reset" and so on, as in QMP's ShutdownCause. */
const char *run_cause_name(RunCause cause);
bool run_cause_is_guest(RunCause cause);

#endif
