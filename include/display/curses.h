/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen on the terminal, as text, by ncurses; and the terminal's keys. A terminal may take
 * nothing for as long as it likes, so it has a process of its own, which puts the terminal back
 * however the machine's ends.
 */
#ifndef DISPLAY_CURSES_H
#define DISPLAY_CURSES_H

#include "display/display.h"

typedef struct Curses Curses;

typedef struct {
    /* A QMP command that does what the person at the terminal has done. */
    void (*command)(void *opaque, const char *text);
    /* The person wants the end (Ctrl-A x), or the terminal is gone. */
    void (*quit)(void *opaque);
} CursesOwner;

/* Takes the terminal; before the machine has memory. `confine` is called in the new process, once
 * it has all its files. */
Curses *curses_start(bool (*confine)(void *opaque, GError **error), void *opaque, GError **error);
/* Waits until the terminal is as it was. */
void curses_free(Curses *curses);
void curses_attach(Curses *curses, Display *display, const CursesOwner *owner, void *opaque);

#endif
