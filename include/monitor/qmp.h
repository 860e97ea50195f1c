/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP: JSON commands on a character device (QEMU Machine Protocol). */
#ifndef MONITOR_QMP_H
#define MONITOR_QMP_H

#include "chardev/chardev.h"
#include "machine/machine.h"

typedef struct Qmp Qmp;
Qmp *qmp_new(Machine *machine, Chardev *chr, bool pretty, GError **error);
void qmp_free(Qmp *qmp);
/* Carries out a command ({"execute": ..., "arguments": ...}) that was recorded. Nobody is told how
 * it went: who had asked was. */
void qmp_execute(Machine *machine, const char *text);
/* An event for every connected client that has negotiated; `data` is a JSON object or NULL. */
void qmp_event(Qmp *qmp, const char *name, const char *data);

#endif
