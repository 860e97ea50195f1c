/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a display knows; private to display/. */
#ifndef DISPLAY_INTERNAL_H
#define DISPLAY_INTERNAL_H

#include "display/display.h"

#define INPUTS_MAX 8

typedef struct {
    const void *ops; /* NULL: the place is free */
    void *opaque;
    unsigned rank; /* the greatest is the current one */
} Input;

/* Keyboards or pointers. */
typedef struct {
    Input all[INPUTS_MAX];
    unsigned ranks; /* given so far */
} Inputs;

struct Display {
    const ScreenOps *screen;
    void *screen_opaque;
    Inputs keyboards, pointers;
    PointerEvent pointer; /* what is gathered */
    struct Vnc *vnc;
};

void input_detach(Inputs *inputs, void *opaque);

#endif
