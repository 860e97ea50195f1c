/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a person at a window does, as the QMP command that does the same: `input-send-event`. So it
 * goes the way that commands go, and is recorded and replayed with them.
 */
#ifndef DISPLAY_PERSON_H
#define DISPLAY_PERSON_H

#include "display/typing.h"

#define PERSON_KEYS_MAX 160

typedef struct {
    Typing typing;
    bool held[PERSON_KEYS_MAX]; /* by key_at()'s number */
    bool placed;                /* x and y are known */
    unsigned x, y, buttons;
} Person;

typedef struct {
    unsigned x, y;          /* in the window, */
    unsigned width, height; /* which is so large */
    unsigned buttons;       /* RFC 6143 7.5.5: left, middle, right, wheel up, wheel down */
} PersonPointer;

/* Each gives the command's text, which the caller frees, or NULL: nothing is to be done. */
char *person_key(Person *person, Display *display, uint32_t keysym, bool down);
char *person_pointer(Person *person, Display *display, const PersonPointer *pointer);
/* Lets go of what is held. */
char *person_leaves(Person *person, Display *display);

#endif
