/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMP: the monitor for people, a line at a time, with its `info` pages. */
#ifndef MONITOR_HMP_H
#define MONITOR_HMP_H

#include "chardev/chardev.h"
#include "machine/machine.h"

typedef struct Hmp Hmp;
Hmp *hmp_new(Machine *machine, Chardev *chr, GError **error);
void hmp_free(Hmp *hmp);
/* Carries out one command line; what it has to say is appended to `out`. */
void hmp_execute(Machine *machine, unsigned cpu, const char *line, GString *out);

#endif
