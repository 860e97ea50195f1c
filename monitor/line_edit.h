/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line that somebody types at a terminal: a cursor, history, Tab; private to monitor/.
 *
 * readline and libedit want a terminal of their own and its size, and wait in read(); a monitor has
 * a character device, which may be a socket or a terminal shared with a serial port, and gets a
 * byte whenever one comes. Hence this: bytes in, bytes out, no other state of the terminal than
 * where the cursor stands in the line.
 */
#ifndef MONITOR_LINE_EDIT_H
#define MONITOR_LINE_EDIT_H

#include <glib.h>
#include <stdint.h>

#define LINE_EDIT_MOST    4096 /* bytes of a line; more are dropped */
#define LINE_EDIT_HISTORY 64   /* lines */

typedef struct {
    /* To the terminal, which is in raw mode: lines end with "\r\n". */
    void (*write)(void *opaque, const char *text, size_t len);
    /* A line was entered; "\r\n" was written. The prompt is written after it. */
    void (*enter)(void *opaque, const char *line);
    /* Tab: appends (g_strdup) what the last word of `before`, which ends at the cursor, can go on
     * to; returns where in `before` that word begins. NULL: Tab does nothing. */
    size_t (*complete)(void *opaque, const char *before, GPtrArray *found);
} LineEditOps;

typedef struct LineEdit LineEdit;

/* `prompt` and `ops` outlive it. */
LineEdit *line_edit_new(const char *prompt, const LineEditOps *ops, void *opaque);
void line_edit_free(LineEdit *le);
/* One byte of what is typed, of whatever value. */
void line_edit_key(LineEdit *le, uint8_t byte);
/* The prompt, and what has been typed so far, from the left margin. */
void line_edit_show(LineEdit *le);

#endif
