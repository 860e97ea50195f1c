/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine goes into a file, and on from there in another process: QMP's `migrate` and -incoming.
 * Drives stay where they are, but for what -snapshot forgets, which goes along. The machine stops
 * for all of it. Between turns.
 */
#ifndef MACHINE_MIGRATION_H
#define MACHINE_MIGRATION_H

#include "machine/machine.h"

/* `uri` is "file:PATH". Afterwards the run state is "postmigrate"; if false, it is what it was. */
bool migration_send(Machine *machine, const char *uri, GError **error);
/* The machine runs afterwards unless it was to start paused. */
bool migration_receive(Machine *machine, const char *uri, GError **error);

#endif
