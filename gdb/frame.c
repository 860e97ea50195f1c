/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gdb/frame.h"

#include <string.h>

#define ESCAPE     '}'
#define ESCAPE_XOR 0x20
#define CTRL_C     0x03

void gdb_frame_init(GdbFrame *frame, const GdbFrameOps *ops, void *opaque)
{
    *frame = (GdbFrame){.ops = ops, .opaque = opaque, .payload = g_string_new(NULL)};
}

void gdb_frame_free(GdbFrame *frame)
{
    g_string_free(frame->payload, true);
}

void gdb_frame_reset(GdbFrame *frame)
{
    g_string_truncate(frame->payload, 0);
    frame->state = GDB_FRAME_IDLE;
    frame->sum = 0;
    frame->too_long = false;
}

static void frame_outside(GdbFrame *frame, uint8_t byte)
{
    switch (byte) {
    case '$':
        gdb_frame_reset(frame);
        frame->state = GDB_FRAME_PAYLOAD;
        break;
    case '-':
        frame->ops->again(frame->opaque);
        break;
    case CTRL_C:
        frame->ops->interrupt(frame->opaque);
        break;
    default: /* '+', and noise */
        break;
    }
}

static void frame_keep(GdbFrame *frame, uint8_t byte)
{
    if (frame->payload->len < GDB_PACKET_BYTES) {
        g_string_append_c(frame->payload, (char)byte);
    } else {
        frame->too_long = true;
    }
}

static void frame_inside(GdbFrame *frame, uint8_t byte)
{
    if (byte == '#') {
        frame->state = GDB_FRAME_SUM;
        frame->digits[0] = '\0';
        return;
    }
    frame->sum = (uint8_t)(frame->sum + byte);
    if (frame->state == GDB_FRAME_ESCAPED) {
        frame_keep(frame, byte ^ ESCAPE_XOR);
        frame->state = GDB_FRAME_PAYLOAD;
    } else if (byte == ESCAPE) {
        frame->state = GDB_FRAME_ESCAPED;
    } else {
        frame_keep(frame, byte);
    }
}

static void frame_end(GdbFrame *frame)
{
    int high = g_ascii_xdigit_value(frame->digits[0]);
    int low = g_ascii_xdigit_value(frame->digits[1]);

    frame->state = GDB_FRAME_IDLE;
    if (high < 0 || low < 0 || (high << 4 | low) != frame->sum || frame->too_long) {
        frame->ops->damaged(frame->opaque);
        return;
    }
    frame->ops->packet(frame->opaque, frame->payload->str, frame->payload->len);
}

void gdb_frame_feed(GdbFrame *frame, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (frame->state == GDB_FRAME_IDLE) {
            frame_outside(frame, data[i]);
        } else if (frame->state != GDB_FRAME_SUM) {
            frame_inside(frame, data[i]);
        } else {
            size_t have = strlen(frame->digits);
            frame->digits[have] = (char)data[i];
            frame->digits[have + 1] = '\0';
            if (have + 1 == 2 || data[i] == '\0') {
                frame_end(frame);
            }
        }
    }
}

void gdb_frame_append(GString *out, const char *payload, size_t len)
{
    uint8_t sum = 0;

    g_string_append_c(out, '$');
    for (gsize at = out->len, i = 0; i < len; i++) {
        if (strchr("$#}*", payload[i]) && payload[i] != '\0') {
            g_string_append_c(out, ESCAPE);
            g_string_append_c(out, (char)(payload[i] ^ ESCAPE_XOR));
        } else {
            g_string_append_c(out, payload[i]);
        }
        for (; at < out->len; at++) {
            sum = (uint8_t)(sum + (uint8_t)out->str[at]);
        }
    }
    g_string_append_printf(out, "#%02x", sum);
}
