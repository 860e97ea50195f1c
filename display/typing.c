/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which keys a keysym presses (display/typing.h). */
#include "display/typing.h"

#include <string.h>

#define KP_FIRST 0xffb0u /* with NumLock; else a key of the number pad is Home or Left */
#define KP_LAST  0xffb9u
#define KP_POINT 0xffaeu

/* The guest turns its locks on and off as it likes, and says so by its keyboard's lights. Between
 * two changes of those we know better: a press that it has not looked at yet. */
static void look_at_leds(Typing *t, unsigned leds)
{
    unsigned changed = leds ^ t->told_leds;
    t->told_leds = leds;
    t->locks = (t->locks & ~changed) | (leds & changed);
}

static bool wants_num_lock(uint32_t keysym)
{
    return (keysym >= KP_FIRST && keysym <= KP_LAST) || keysym == KP_POINT;
}

static void press_num_lock(Typing *t, TypingEmit emit, void *opaque)
{
    const Key *key = key_find("num_lock");
    emit(opaque, key, true);
    emit(opaque, key, false);
    t->locks ^= KEYBOARD_NUM;
}

static void note_modifier(Typing *t, const Key *key, bool down)
{
    unsigned shift = strcmp(key->name, "shift") == 0     ? 1u
                     : strcmp(key->name, "shift_r") == 0 ? 2u
                                                         : 0u;
    t->shifts = (t->shifts & ~shift) | (down ? shift : 0);
    if (down && strcmp(key->name, "caps_lock") == 0) {
        t->locks ^= KEYBOARD_CAPS;
    } else if (down && strcmp(key->name, "num_lock") == 0) {
        t->locks ^= KEYBOARD_NUM;
    }
}

static bool shift_is_to_be_down(const Typing *t, KeysymShift shift)
{
    bool caps = t->locks & KEYBOARD_CAPS;
    switch (shift) {
    case SHIFT_UP:
        return false;
    case SHIFT_DOWN:
        return true;
    case SHIFT_LETTER:
        return caps;
    case SHIFT_CAPITAL:
        return !caps;
    default:
        return t->shifts != 0;
    }
}

static void emit_shifts(unsigned shifts, bool down, TypingEmit emit, void *opaque)
{
    static const char *const names[] = {"shift", "shift_r"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (shifts >> i & 1) {
            emit(opaque, key_find(names[i]), down);
        }
    }
}

void typing_key(Typing *t, unsigned leds, uint32_t keysym, bool down, TypingEmit emit, void *opaque)
{
    KeysymShift shift;
    const Key *key = keysym_find(keysym, &shift);
    look_at_leds(t, leds);
    if (!key) {
        return;
    }
    note_modifier(t, key, down);
    if (!down) {
        emit(opaque, key, false);
        return;
    }
    if (wants_num_lock(keysym) && !(t->locks & KEYBOARD_NUM)) {
        press_num_lock(t, emit, opaque);
    }
    bool is_down = t->shifts != 0, turns = shift_is_to_be_down(t, shift) != is_down;
    unsigned turned = is_down ? t->shifts : 1;
    if (turns) {
        emit_shifts(turned, !is_down, emit, opaque);
    }
    emit(opaque, key, true);
    if (turns) {
        emit_shifts(turned, is_down, emit, opaque);
    }
}
