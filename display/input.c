/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keyboards and pointers: which of several has what is pressed and moved, and what is gathered
 * until a pointer is told. */
#include "display/internal.h"

#define MOVE_MAX 0x10000

static void input_attach(Inputs *inputs, const void *ops, void *opaque)
{
    for (unsigned i = 0; i < INPUTS_MAX; i++) {
        if (!inputs->all[i].ops) {
            inputs->all[i] = (Input){.ops = ops, .opaque = opaque};
            return;
        }
    }
}

void input_detach(Inputs *inputs, void *opaque)
{
    for (unsigned i = 0; i < INPUTS_MAX; i++) {
        if (inputs->all[i].opaque == opaque) {
            inputs->all[i] = (Input){0};
        }
    }
}

static void input_prefer(Inputs *inputs, const void *opaque, bool prefer)
{
    for (unsigned i = 0; i < INPUTS_MAX; i++) {
        if (inputs->all[i].ops && inputs->all[i].opaque == opaque) {
            inputs->all[i].rank = prefer ? ++inputs->ranks : 0;
        }
    }
}

static const Input *input_current(const Inputs *inputs)
{
    const Input *best = NULL;
    for (unsigned i = 0; i < INPUTS_MAX; i++) {
        const Input *one = &inputs->all[i];
        if (one->ops && (!best || one->rank > best->rank)) {
            best = one;
        }
    }
    return best;
}

/* The one with that number among those that are there. */
static const Input *input_at(const Inputs *inputs, unsigned n)
{
    for (unsigned i = 0; i < INPUTS_MAX; i++) {
        if (inputs->all[i].ops && n-- == 0) {
            return &inputs->all[i];
        }
    }
    return NULL;
}

void display_attach_keyboard(Display *display, const KeyboardOps *ops, void *opaque)
{
    if (display) {
        input_attach(&display->keyboards, ops, opaque);
    }
}

void display_attach_pointer(Display *display, const PointerOps *ops, void *opaque)
{
    if (display) {
        input_attach(&display->pointers, ops, opaque);
    }
}

void display_prefer(Display *display, void *opaque, bool prefer)
{
    if (display) {
        input_prefer(&display->keyboards, opaque, prefer);
        input_prefer(&display->pointers, opaque, prefer);
    }
}

bool display_press(Display *display, const Key *key, bool down)
{
    const Input *to = display ? input_current(&display->keyboards) : NULL;
    if (!to) {
        return false;
    }
    ((const KeyboardOps *)to->ops)->key(to->opaque, key, down);
    return true;
}

unsigned display_leds(const Display *display)
{
    const Input *to = display ? input_current(&display->keyboards) : NULL;
    const KeyboardOps *ops = to ? to->ops : NULL;
    return ops && ops->leds ? ops->leds(to->opaque) : 0;
}

static int limited(int value)
{
    return CLAMP(value, -MOVE_MAX, MOVE_MAX);
}

void display_pointer_move(Display *display, int dx, int dy, int dz)
{
    PointerEvent *event = &display->pointer;
    event->dx = limited(event->dx + limited(dx));
    event->dy = limited(event->dy + limited(dy));
    event->dz = limited(event->dz + limited(dz));
}

void display_pointer_place(Display *display, unsigned x, unsigned y)
{
    display->pointer.x = MIN(x, POINTER_MAX);
    display->pointer.y = MIN(y, POINTER_MAX);
}

void display_pointer_press(Display *display, unsigned buttons, bool down)
{
    display->pointer.buttons = (display->pointer.buttons & ~buttons) | (down ? buttons : 0);
}

PointerEvent display_pointer_now(const Display *display)
{
    return display->pointer;
}

bool display_pointer_sync(Display *display)
{
    const Input *to = input_current(&display->pointers);
    if (to) {
        ((const PointerOps *)to->ops)->event(to->opaque, &display->pointer);
    }
    display->pointer.dx = display->pointer.dy = display->pointer.dz = 0;
    return to;
}

const PointerOps *display_pointer_at(const Display *display, unsigned n)
{
    const Input *one = display ? input_at(&display->pointers, n) : NULL;
    return one ? one->ops : NULL;
}

bool display_pointer_is_current(const Display *display, unsigned n)
{
    const Input *one = display ? input_at(&display->pointers, n) : NULL;
    return one && one == input_current(&display->pointers);
}

bool display_pointer_choose(Display *display, unsigned n)
{
    const Input *one = display ? input_at(&display->pointers, n) : NULL;
    if (one) {
        input_prefer(&display->pointers, one->opaque, true);
    }
    return one;
}

bool display_pointer_is_absolute(const Display *display)
{
    const Input *one = display ? input_current(&display->pointers) : NULL;
    return one && ((const PointerOps *)one->ops)->absolute;
}
