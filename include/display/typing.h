/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys as people's windows and terminals name them, by X keysyms (X.Org's keysymdef.h), to the keys
 * of a US keyboard. A keysym that has another shift state than is held is pressed with the one it
 * has: what the guest sees is the character, whatever keyboard the person has.
 */
#ifndef DISPLAY_TYPING_H
#define DISPLAY_TYPING_H

#include "display/display.h"

/* What of a keysym's own does the shift key decide? */
typedef enum { SHIFT_ANY, SHIFT_UP, SHIFT_DOWN, SHIFT_LETTER, SHIFT_CAPITAL } KeysymShift;

/* NULL: a US keyboard has no such key. */
const Key *keysym_find(uint32_t keysym, KeysymShift *shift);

/* One person's keyboard; all 0 at first. */
typedef struct {
    unsigned shifts;    /* that are held: 1 left, 2 right */
    unsigned locks;     /* KEYBOARD_CAPS and NUM, as the guest is thought to have them */
    unsigned told_leds; /* the guest's keyboard, when it was last looked at */
} Typing;

typedef void (*TypingEmit)(void *opaque, const Key *key, bool down);
/* Emits what has to be pressed and let go. `leds` are display_leds(). */
void typing_key(Typing *typing, unsigned leds, uint32_t keysym, bool down, TypingEmit emit,
                void *opaque);

#endif
