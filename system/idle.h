/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main loop while no vCPU has anything to do: it sleeps until the next timer, or until the host
 * has something. Private to system/. */
#ifndef SYSTEM_IDLE_H
#define SYSTEM_IDLE_H

#include <glib-unix.h>

#include "system/replay.h"

typedef struct {
    Vm *vm;
    const Replay *replay;
    int timer; /* timerfd: GLib's own time-outs are in milliseconds, timers of guests are not */
    GSource *timer_source;
    bool alarm_failed;  /* said once */
    int64_t no_further; /* -icount: time must not jump beyond; INT64_MAX: it may */
    int64_t since;      /* host time; -icount: when all vCPUs were halted; 0: they are not */
} Idle;

/* False, having said why, if the host has no timer for us. */
bool idle_init(Idle *idle, Vm *vm, const Replay *replay);
void idle_free(Idle *idle);
/* How long until the machine's next timer, or INT64_MAX if none can fire by itself. */
int64_t idle_until_deadline(const Idle *idle);
/* False: it was not for long, and the host was not asked. */
bool idle_sleep(Idle *idle);
/* -icount sleep=on: what the host's clock has gone on so far has passed for the machine. */
void idle_catch_up(Idle *idle);
/* Somebody had something to do. */
void idle_ended(Idle *idle);
/* Lets the host's sources run. */
void idle_poll_host(bool block);
/* A source for a descriptor that can be read. */
GSource *idle_watch(int fd, GUnixFDSourceFunc callback, gpointer data);
void idle_unwatch(GSource *source);

#endif
