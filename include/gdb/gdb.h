/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gdb server: one client at a time on a character backend, which sees the machine as a process
 * and its vCPUs as threads 1, 2 ... (Debugging with gdb, appendix E: Remote Serial Protocol).
 *
 * Whoever connects stops the machine. A client that goes away takes its breakpoints with it.
 */
#ifndef GDB_GDB_H
#define GDB_GDB_H

#include "chardev/chardev.h"
#include "machine/machine.h"

typedef struct Gdb Gdb;

/* The machine and the backend stay the caller's. */
Gdb *gdb_new(Machine *machine, Chardev *chr, GError **error);
void gdb_free(Gdb *gdb);
/* Text for the console of a client that waits for the machine to stop; nothing otherwise. */
void gdb_say(Gdb *gdb, const char *text);
/* The machine stopped, for whatever reason: a client that waits for it is told. */
void gdb_machine_stopped(Gdb *gdb);

#endif
