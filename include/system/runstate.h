/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run state: who may ask the machine to reset, power off or stop. Requests are latched and carried
 * out by the main loop between instructions, so a device may ask from inside a register write.
 */
#ifndef SYSTEM_RUNSTATE_H
#define SYSTEM_RUNSTATE_H

#include <stdbool.h>

typedef struct RunState RunState;

typedef enum {
    CAUSE_GUEST_RESET,
    CAUSE_GUEST_SHUTDOWN,
    CAUSE_GUEST_PANIC, /* triple fault */
    CAUSE_HOST_QMP_QUIT,
    CAUSE_HOST_QMP_RESET,
    CAUSE_HOST_SIGNAL,
} RunCause;

void runstate_request_reset(RunState *rs, RunCause cause);
void runstate_request_shutdown(RunState *rs, RunCause cause);
/* isa-debug-exit: end with this exit status. */
void runstate_request_exit(RunState *rs, int status);
void runstate_request_powerdown(RunState *rs); /* the power button */
void runstate_stop(RunState *rs);
void runstate_cont(RunState *rs);
bool runstate_is_running(const RunState *rs);
const char *
runstate_name(const RunState *rs); /* QMP's RunState: "running", "paused", "prelaunch"... */

#endif
