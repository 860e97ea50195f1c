/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine goes into a file or a channel, and on from there in another process: QMP's `migrate`
 * and -incoming. Drives stay where they are, but for what -snapshot forgets, which goes along. The
 * machine stops for all of it. Between turns.
 */
#ifndef MACHINE_MIGRATION_H
#define MACHINE_MIGRATION_H

#include "machine/machine.h"

/* "file:PATH", "exec:COMMAND", "fd:NUMBER", "tcp:HOST:PORT" or "unix:PATH"; else an error. */
bool migration_uri_is_known(const char *uri, GError **error);
/* Afterwards the run state is "postmigrate"; if false, it is what it was. */
bool migration_send(Machine *machine, const char *uri, GError **error);
/* The machine runs afterwards unless it was to start paused. From a file it comes at once, by other
 * channels from the main loop: until then the run state is "inmigrate", and if what comes is no
 * machine like this one, the program ends with status 1. */
bool migration_receive(Machine *machine, const char *uri, GError **error);

#endif
