/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is plugged into the 8042's two ports: a keyboard and a mouse, each with its own queue of
 * bytes for the controller (IBM PS/2 Hardware Interface Technical Reference, "Keyboards" and
 * "Mouse"). Private to hw/input/.
 */
#ifndef HW_INPUT_PS2_H
#define HW_INPUT_PS2_H

#include "display/display.h"
#include "hw/core/state.h"

#define PS2_ACK    0xfa
#define PS2_RESEND 0xfe
#define PS2_BAT_OK 0xaa

#define PS2_REPLY_MAX 8
#define PS2_DATA_MAX  128

/* The answer to the last command goes before what was typed or moved. */
typedef struct {
    uint8_t reply[PS2_REPLY_MAX], data[PS2_DATA_MAX];
    uint32_t reply_head, reply_count, head, count;
    uint8_t last; /* for the host that asks for it again */
} Ps2Queue;

void ps2_queue_clear(Ps2Queue *q);
/* The answer to a command, instead of what is left of the one before; `count` at most PS2_REPLY_MAX
 * together with ps2_reply_more(). */
void ps2_reply(Ps2Queue *q, uint8_t byte);
void ps2_reply_more(Ps2Queue *q, const uint8_t *bytes, size_t count);
/* All of it or, where there is no room, nothing: false. */
bool ps2_say(Ps2Queue *q, const uint8_t *bytes, size_t count);
/* The next byte on its way to the host; false if there is none. */
bool ps2_take(Ps2Queue *q, uint8_t *byte);
void ps2_forget_data(Ps2Queue *q);
/* After a load: what cannot be becomes what can. */
void ps2_queue_restored(Ps2Queue *q);
extern const StateField ps2_queue_state[];

/* A key of set 3 says when it goes up, or does not: FCh and FDh, F8h, F9h and the like. */
typedef struct {
    Ps2Queue out;
    uint8_t command; /* that waits for its argument, or 0 */
    uint8_t set;     /* 1 to 3 */
    uint8_t leds, typematic;
    bool scans;
    uint8_t breaks[32]; /* set 3, a bit a code */
} Ps2Keyboard;

void ps2_keyboard_reset(Ps2Keyboard *s);
void ps2_keyboard_write(Ps2Keyboard *s, uint8_t byte);
void ps2_keyboard_key(Ps2Keyboard *s, const Key *key, bool down);
extern const StateField ps2_keyboard_state[];

/* Three buttons; a wheel and two more once the host has knocked for them by sample rates. */
typedef struct {
    Ps2Queue out;
    uint8_t command, id; /* 0; 3: wheel; 4: wheel and five buttons */
    uint8_t sample_rate, resolution;
    uint8_t rates[2]; /* the last but one and the last rate but this */
    bool reporting, doubles, remote, wraps;
    uint8_t buttons, told; /* now, and as the host knows them */
    int32_t dx, dy, dz;    /* that the host does not know yet; y down */
} Ps2Mouse;

void ps2_mouse_reset(Ps2Mouse *s);
void ps2_mouse_write(Ps2Mouse *s, uint8_t byte);
void ps2_mouse_pointer(Ps2Mouse *s, const PointerEvent *event);
/* The next byte for the controller. */
bool ps2_mouse_take(Ps2Mouse *s, uint8_t *byte);
extern const StateField ps2_mouse_state[];

#endif
