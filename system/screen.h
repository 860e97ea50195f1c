/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where people see the machine's screen: displays that the command line asks for. Private to
 * system/. */
#ifndef SYSTEM_SCREEN_H
#define SYSTEM_SCREEN_H

#include "system/vm.h"

/* -vnc's server, before the machine has memory; *vnc stays NULL if there is to be none. */
bool screen_start_vnc(const Options *options, Vnc **vnc, GError **error);
/* When the machine is there: clients see it, and what they do comes as QMP's commands. */
void screen_attach(Vm *vm);

#endif
