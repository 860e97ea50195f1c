/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mouse (IBM PS/2 Hardware Interface Technical Reference, "Mouse"), which is Microsoft's
 * IntelliMouse after sample rates 200, 100, 80 (id 3: a fourth byte for the wheel), and its
 * Explorer after 200, 200, 80 (id 4: two more buttons in that byte). A count is a dot of whoever
 * moves it, whatever the resolution.
 */
#include "hw/input/ps2.h"

#include <string.h>

#define MOUSE_SCALE_ONE  0xe6
#define MOUSE_SCALE_TWO  0xe7
#define MOUSE_RESOLUTION 0xe8
#define MOUSE_STATUS     0xe9
#define MOUSE_STREAM     0xea
#define MOUSE_READ       0xeb
#define MOUSE_UNWRAP     0xec
#define MOUSE_WRAP       0xee
#define MOUSE_REMOTE     0xf0
#define MOUSE_IDENTIFY   0xf2
#define MOUSE_RATE       0xf3
#define MOUSE_ENABLE     0xf4
#define MOUSE_DISABLE    0xf5
#define MOUSE_DEFAULT    0xf6
#define MOUSE_AGAIN      0xfe
#define MOUSE_RESET      0xff

#define STATUS_REMOTE  0x40
#define STATUS_ENABLED 0x20
#define STATUS_SCALING 0x10

#define MOVE_MAX  255
#define WHEEL_MAX 7
/* What moves while so many bytes wait for the host is added up. */
#define QUEUED_ENOUGH 16
#define FAR           0x10000

static void mouse_defaults(Ps2Mouse *s)
{
    s->sample_rate = 100;
    s->resolution = 2;
    s->reporting = s->doubles = s->remote = s->wraps = false;
    s->dx = s->dy = s->dz = 0;
    s->told = s->buttons;
    ps2_forget_data(&s->out);
}

void ps2_mouse_reset(Ps2Mouse *s)
{
    ps2_queue_clear(&s->out);
    mouse_defaults(s);
    s->command = s->id = 0;
    memset(s->rates, 0, sizeof(s->rates));
}

/* Takes as much as goes into one packet. */
static int take_move(int32_t *value, int max)
{
    int32_t part = CLAMP(*value, -max, max);
    *value -= part;
    return part;
}

/* Scaling 2:1, as the reference's table has it. */
static int doubled(int value)
{
    static const uint8_t small[] = {0, 1, 1, 3, 6, 9};
    int size = value < 0 ? -value : value;
    int scaled = size < (int)G_N_ELEMENTS(small) ? small[size] : MIN(2 * size, MOVE_MAX);
    return value < 0 ? -scaled : scaled;
}

static size_t make_packet(Ps2Mouse *s, bool scales, uint8_t packet[4])
{
    int dx = take_move(&s->dx, MOVE_MAX), dy = -take_move(&s->dy, MOVE_MAX);
    int dz = s->id ? take_move(&s->dz, WHEEL_MAX) : take_move(&s->dz, FAR) * 0;
    if (scales) {
        dx = doubled(dx);
        dy = doubled(dy);
    }
    packet[0] = (uint8_t)((s->buttons & 7) | 8 | (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0));
    packet[1] = (uint8_t)dx;
    packet[2] = (uint8_t)dy;
    packet[3] = s->id == 4 ? (uint8_t)((dz & 0xf) | (s->buttons >> 3 & 3) << 4) : (uint8_t)dz;
    s->told = s->buttons;
    return s->id ? 4 : 3;
}

static bool has_news(const Ps2Mouse *s)
{
    return s->dx || s->dy || (s->dz && s->id) || s->told != s->buttons;
}

/* A button is told of at once, so that no click is lost. */
static void report(Ps2Mouse *s, bool at_once)
{
    uint8_t packet[4];
    while (
        s->reporting && !s->remote && has_news(s) &&
        (at_once ? s->out.count <= PS2_DATA_MAX - sizeof(packet) : s->out.count < QUEUED_ENOUGH)) {
        ps2_say(&s->out, packet, make_packet(s, s->doubles, packet));
        at_once = false;
    }
}

static int32_t add_move(int32_t to, int by)
{
    return CLAMP(to + CLAMP(by, -FAR, FAR), -FAR, FAR);
}

void ps2_mouse_pointer(Ps2Mouse *s, const PointerEvent *event)
{
    uint8_t before = s->buttons;
    s->buttons = (uint8_t)event->buttons & 0x1f;
    if (!s->reporting) {
        s->told = s->buttons;
        return;
    }
    s->dx = add_move(s->dx, event->dx);
    s->dy = add_move(s->dy, event->dy);
    s->dz = add_move(s->dz, event->dz);
    report(s, before != s->buttons);
}

bool ps2_mouse_take(Ps2Mouse *s, uint8_t *byte)
{
    bool taken = ps2_take(&s->out, byte);
    report(s, false);
    return taken;
}

/* The host knocks. */
static void set_rate(Ps2Mouse *s, uint8_t rate)
{
    if (s->rates[0] == 200 && rate == 80) {
        s->id = s->rates[1] == 100 ? 3 : s->rates[1] == 200 ? 4 : s->id;
    }
    s->rates[0] = s->rates[1];
    s->rates[1] = s->sample_rate = rate;
}

static void mouse_argument(Ps2Mouse *s, uint8_t command, uint8_t byte)
{
    if (command == MOUSE_RATE) {
        set_rate(s, byte);
    } else {
        s->resolution = byte & 3;
    }
    ps2_reply(&s->out, PS2_ACK);
}

static void reply_status(Ps2Mouse *s)
{
    uint8_t left = s->buttons & 1 ? 4 : 0, right = s->buttons & 2 ? 1 : 0,
            middle = s->buttons & 4 ? 2 : 0;
    const uint8_t status[] = {(uint8_t)((s->remote ? STATUS_REMOTE : 0) |
                                        (s->reporting ? STATUS_ENABLED : 0) |
                                        (s->doubles ? STATUS_SCALING : 0) | left | middle | right),
                              s->resolution, s->sample_rate};
    ps2_reply_more(&s->out, status, sizeof(status));
}

static void reply_packet(Ps2Mouse *s)
{
    uint8_t packet[4];
    size_t count = make_packet(s, false, packet);
    ps2_reply_more(&s->out, packet, count);
}

static void mouse_command(Ps2Mouse *s, uint8_t byte)
{
    static const uint8_t passed[] = {PS2_BAT_OK, 0};
    ps2_reply(&s->out, PS2_ACK);
    switch (byte) {
    case MOUSE_SCALE_ONE:
    case MOUSE_SCALE_TWO:
        s->doubles = byte == MOUSE_SCALE_TWO;
        break;
    case MOUSE_RESOLUTION:
    case MOUSE_RATE:
        s->command = byte;
        break;
    case MOUSE_STATUS:
        reply_status(s);
        break;
    case MOUSE_STREAM:
    case MOUSE_REMOTE:
        s->remote = byte == MOUSE_REMOTE;
        break;
    case MOUSE_READ:
        reply_packet(s);
        break;
    case MOUSE_UNWRAP:
        break;
    case MOUSE_WRAP:
        s->wraps = true;
        break;
    case MOUSE_IDENTIFY:
        ps2_reply_more(&s->out, &s->id, 1);
        break;
    case MOUSE_ENABLE:
    case MOUSE_DISABLE:
        s->reporting = byte == MOUSE_ENABLE;
        break;
    case MOUSE_DEFAULT:
        mouse_defaults(s);
        break;
    case MOUSE_RESET:
        ps2_mouse_reset(s);
        ps2_reply(&s->out, PS2_ACK);
        ps2_reply_more(&s->out, passed, sizeof(passed));
        break;
    default:
        ps2_reply(&s->out, PS2_RESEND);
        break;
    }
}

void ps2_mouse_write(Ps2Mouse *s, uint8_t byte)
{
    uint8_t pending = s->command;
    s->command = 0;
    if (s->wraps && byte != MOUSE_UNWRAP && byte != MOUSE_RESET) {
        ps2_reply(&s->out, byte);
        return;
    }
    s->wraps = false;
    if (pending) {
        mouse_argument(s, pending, byte);
    } else if (byte == MOUSE_AGAIN) {
        ps2_reply(&s->out, s->out.last);
    } else {
        mouse_command(s, byte);
    }
}

const StateField ps2_mouse_state[] = {
    STATE_STRUCTS(Ps2Mouse, out, 1, Ps2Queue, ps2_queue_state),
    STATE_FIELD(STATE_UINT8, Ps2Mouse, command),
    STATE_FIELD(STATE_UINT8, Ps2Mouse, id),
    STATE_FIELD(STATE_UINT8, Ps2Mouse, sample_rate),
    STATE_FIELD(STATE_UINT8, Ps2Mouse, resolution),
    STATE_ARRAY(STATE_UINT8, Ps2Mouse, rates, 2),
    STATE_FIELD(STATE_UINT8, Ps2Mouse, reporting),
    STATE_FIELD(STATE_UINT8, Ps2Mouse, doubles),
    STATE_FIELD(STATE_UINT8, Ps2Mouse, remote),
    STATE_FIELD(STATE_UINT8, Ps2Mouse, wraps),
    STATE_FIELD(STATE_UINT8, Ps2Mouse, buttons),
    STATE_FIELD(STATE_UINT8, Ps2Mouse, told),
    STATE_FIELD(STATE_UINT32, Ps2Mouse, dx),
    STATE_FIELD(STATE_UINT32, Ps2Mouse, dy),
    STATE_FIELD(STATE_UINT32, Ps2Mouse, dz),
    STATE_END,
};
