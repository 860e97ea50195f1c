/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where people see the machine's screen: displays that the command line asks for. Private to
 * system/. */
#ifndef SYSTEM_SCREEN_H
#define SYSTEM_SCREEN_H

#include "display/curses.h"
#include "system/vm.h"

/* What the command line asks for; NULL: not this one. */
typedef struct {
    Vnc *vnc;
    Curses *curses;
} Screens;

/* Before the machine has memory. */
bool screen_start(const Options *options, Screens *screens, GError **error);
/* When the machine is there: clients see it, and what they do comes as QMP's commands. */
void screen_attach(const Screens *screens, Vm *vm);
void screen_stop(Screens *screens);

#endif
