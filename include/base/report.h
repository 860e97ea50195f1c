/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program says of the host's failures while the machine runs: one line, once. */
#ifndef BASE_REPORT_H
#define BASE_REPORT_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

/* What it calls itself, in front of its messages. */
#define PROGRAM "qemu-system-x86_64"

/* "qemu-system-x86_64: ..." on stderr, unless *said; then sets it. */
void report_once(bool *said, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* After writing to `file`: false if it took no more (a full disk), which is said with `what`, its
 * name for people. The caller writes no more. */
bool report_written(FILE *file, const char *what);

#endif
