/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine and the terminal's process share; private to display/curses/. */
#ifndef DISPLAY_CURSES_INTERNAL_H
#define DISPLAY_CURSES_INTERNAL_H

#include <stdatomic.h>

#include "display/curses.h"

/* The serial is odd while the machine writes. */
typedef struct {
    _Atomic uint32_t serial;
    ScreenText text;
} CursesFrame;

/* What was typed: a key that goes down, or up; or the wish to end. */
typedef struct {
    uint32_t keysym; /* 0: the end */
    uint32_t down;
} CursesKey;

/* The terminal's process. In terminal.c. */
void curses_run(const CursesFrame *frame, int machine) __attribute__((noreturn));
/* Takes the terminal. */
bool curses_open_terminal(void);

/* The keysyms of a key as ncurses has it: what is held (0: nothing) and what is pressed. False: it
 * is none that a guest can have. In terminal_keys.c. */
typedef struct {
    uint32_t held, keysym;
} CursesStroke;
bool curses_stroke(int key, CursesStroke *stroke);

/* Unicode of a character of the PC's own set (code page 437). In cp437.c. */
wchar_t curses_character(uint8_t character);

#endif
