/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A keyboard of 101 keys and some (IBM PS/2 Hardware Interface Technical Reference, "Keyboards"):
 * scan code sets 1 to 3, all of its commands. Repeated codes are whoever presses a key's to send,
 * so the typematic rate is kept and does nothing. A key that finds no room is lost.
 */
#include "hw/input/ps2.h"

#include <string.h>

#define KBD_SET_LEDS      0xed
#define KBD_ECHO          0xee
#define KBD_CHOOSE_SET    0xf0
#define KBD_IDENTIFY      0xf2
#define KBD_TYPEMATIC     0xf3
#define KBD_ENABLE        0xf4
#define KBD_DISABLE       0xf5
#define KBD_DEFAULT       0xf6
#define KBD_ALL_REPEAT    0xf7
#define KBD_ALL_BREAK     0xf8
#define KBD_ALL_MAKE      0xf9
#define KBD_ALL_BOTH      0xfa
#define KBD_KEY_REPEATS   0xfb
#define KBD_KEY_BREAKS    0xfc
#define KBD_KEY_MAKES     0xfd
#define KBD_AGAIN         0xfe
#define KBD_RESET         0xff
#define TYPEMATIC_DEFAULT 0x2b /* 500 ms, 10.9 a second */
#define ID_FIRST          0xab
#define ID_SECOND         0x83
/* An argument is less; what is not less is a new command. */
#define ARGUMENT_END 0xed

#define KBD_SAY(s_, ...)                                                                           \
    ps2_say(&(s_)->out, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void set_breaks(Ps2Keyboard *s, uint8_t code, bool breaks)
{
    uint8_t bit = (uint8_t)(1u << (code & 7));
    s->breaks[code >> 3] = (uint8_t)((s->breaks[code >> 3] & ~bit) | (breaks ? bit : 0));
}

/* Set 3 at first: of the keys that are held while others are pressed is told that they go up. */
static void default_breaks(Ps2Keyboard *s)
{
    static const char *const names[] = {"shift", "shift_r", "ctrl", "alt", "caps_lock"};
    memset(s->breaks, 0, sizeof(s->breaks));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        set_breaks(s, key_find(names[i])->set3, true);
    }
}

static void kbd_defaults(Ps2Keyboard *s)
{
    s->set = 2;
    s->typematic = TYPEMATIC_DEFAULT;
    s->command = 0;
    ps2_forget_data(&s->out);
    default_breaks(s);
}

void ps2_keyboard_reset(Ps2Keyboard *s)
{
    ps2_queue_clear(&s->out);
    kbd_defaults(s);
    s->leds = 0;
    s->scans = true;
}

/* A code with E0h or E1h in front. */
static void say_code(Ps2Keyboard *s, uint16_t code, bool breaks)
{
    uint8_t bytes[3];
    size_t count = 0;
    if (code >> 8) {
        bytes[count++] = (uint8_t)(code >> 8);
    }
    if (breaks && s->set != 1) {
        bytes[count++] = 0xf0;
    }
    bytes[count++] = (uint8_t)(code | (breaks && s->set == 1 ? 0x80 : 0));
    ps2_say(&s->out, bytes, count);
}

/* It goes down and up at once. */
static void say_pause(Ps2Keyboard *s)
{
    if (s->set == 1) {
        KBD_SAY(s, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
    } else {
        KBD_SAY(s, 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77);
    }
}

static void say_set3(Ps2Keyboard *s, const Key *key, bool down)
{
    if (down || (s->breaks[key->set3 >> 3] >> (key->set3 & 7) & 1)) {
        say_code(s, key->set3, !down);
    }
}

void ps2_keyboard_key(Ps2Keyboard *s, const Key *key, bool down)
{
    if (!s->scans) {
        return;
    }
    if (s->set == 3) {
        say_set3(s, key, down);
    } else if (key->set1 >> 8 != 0xe1) {
        say_code(s, s->set == 1 ? key->set1 : key->set2, !down);
    } else if (down) {
        say_pause(s);
    }
}

static void choose_set(Ps2Keyboard *s, uint8_t set)
{
    if (set > 3) {
        ps2_reply(&s->out, PS2_RESEND);
        return;
    }
    ps2_reply(&s->out, PS2_ACK);
    if (set == 0) {
        ps2_reply_more(&s->out, &s->set, 1);
    } else {
        s->set = set;
        ps2_forget_data(&s->out);
    }
}

/* FBh to FDh go on until a command comes. */
static void kbd_argument(Ps2Keyboard *s, uint8_t command, uint8_t byte)
{
    if (command == KBD_CHOOSE_SET) {
        choose_set(s, byte);
        return;
    }
    switch (command) {
    case KBD_SET_LEDS:
        s->leds = byte & 7;
        break;
    case KBD_TYPEMATIC:
        s->typematic = byte & 0x7f;
        break;
    default:
        set_breaks(s, byte, command == KBD_KEY_BREAKS);
        s->command = command;
        break;
    }
    ps2_reply(&s->out, PS2_ACK);
}

static void kbd_command(Ps2Keyboard *s, uint8_t byte)
{
    static const uint8_t id[] = {ID_FIRST, ID_SECOND}, passed[] = {PS2_BAT_OK};
    ps2_reply(&s->out, PS2_ACK);
    switch (byte) {
    case KBD_SET_LEDS:
    case KBD_CHOOSE_SET:
    case KBD_TYPEMATIC:
    case KBD_KEY_REPEATS:
    case KBD_KEY_BREAKS:
    case KBD_KEY_MAKES:
        s->command = byte;
        break;
    case KBD_IDENTIFY:
        ps2_reply_more(&s->out, id, sizeof(id));
        break;
    case KBD_ENABLE:
        s->scans = true;
        ps2_forget_data(&s->out);
        break;
    case KBD_DISABLE:
    case KBD_DEFAULT:
        kbd_defaults(s);
        s->scans = byte != KBD_DISABLE;
        break;
    case KBD_ALL_REPEAT:
    case KBD_ALL_MAKE:
        memset(s->breaks, 0, sizeof(s->breaks));
        break;
    case KBD_ALL_BREAK:
    case KBD_ALL_BOTH:
        memset(s->breaks, 0xff, sizeof(s->breaks));
        break;
    case KBD_RESET:
        ps2_keyboard_reset(s);
        ps2_reply(&s->out, PS2_ACK);
        ps2_reply_more(&s->out, passed, sizeof(passed));
        break;
    default:
        ps2_reply(&s->out, PS2_RESEND);
        break;
    }
}

void ps2_keyboard_write(Ps2Keyboard *s, uint8_t byte)
{
    uint8_t pending = s->command;
    s->command = 0;
    if (pending && byte < ARGUMENT_END) {
        kbd_argument(s, pending, byte);
    } else if (byte == KBD_ECHO) {
        ps2_reply(&s->out, KBD_ECHO);
    } else if (byte == KBD_AGAIN) {
        ps2_reply(&s->out, s->out.last);
    } else {
        kbd_command(s, byte);
    }
}

const StateField ps2_keyboard_state[] = {
    STATE_STRUCTS(Ps2Keyboard, out, 1, Ps2Queue, ps2_queue_state),
    STATE_FIELD(STATE_UINT8, Ps2Keyboard, command),
    STATE_FIELD_MAX(STATE_UINT8, Ps2Keyboard, set, 3),
    STATE_FIELD(STATE_UINT8, Ps2Keyboard, leds),
    STATE_FIELD(STATE_UINT8, Ps2Keyboard, typematic),
    STATE_FIELD(STATE_UINT8, Ps2Keyboard, scans),
    STATE_ARRAY(STATE_UINT8, Ps2Keyboard, breaks, 32),
    STATE_END,
};
