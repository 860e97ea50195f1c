/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of bytes that a PS/2 device has for its controller. */
#include "hw/input/ps2.h"

#include <string.h>

void ps2_queue_clear(Ps2Queue *q)
{
    *q = (Ps2Queue){0};
}

void ps2_reply(Ps2Queue *q, uint8_t byte)
{
    q->reply_head = q->reply_count = 0;
    ps2_reply_more(q, &byte, 1);
}

void ps2_reply_more(Ps2Queue *q, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count && q->reply_count < PS2_REPLY_MAX; i++) {
        q->reply[(q->reply_head + q->reply_count++) % PS2_REPLY_MAX] = bytes[i];
    }
}

bool ps2_say(Ps2Queue *q, const uint8_t *bytes, size_t count)
{
    if (count > PS2_DATA_MAX - q->count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        q->data[(q->head + q->count++) % PS2_DATA_MAX] = bytes[i];
    }
    return true;
}

static uint8_t next_of(const uint8_t *ring, uint32_t size, uint32_t *head, uint32_t *count)
{
    uint8_t byte = ring[*head];
    *head = (*head + 1) % size;
    --*count;
    return byte;
}

bool ps2_take(Ps2Queue *q, uint8_t *byte)
{
    if (q->reply_count > 0) {
        *byte = next_of(q->reply, PS2_REPLY_MAX, &q->reply_head, &q->reply_count);
    } else if (q->count > 0) {
        *byte = next_of(q->data, PS2_DATA_MAX, &q->head, &q->count);
    } else {
        return false;
    }
    q->last = *byte;
    return true;
}

void ps2_forget_data(Ps2Queue *q)
{
    q->head = q->count = 0;
}

void ps2_queue_restored(Ps2Queue *q)
{
    q->reply_head %= PS2_REPLY_MAX;
    q->reply_count = MIN(q->reply_count, PS2_REPLY_MAX);
    q->head %= PS2_DATA_MAX;
    q->count = MIN(q->count, PS2_DATA_MAX);
}

const StateField ps2_queue_state[] = {
    STATE_ARRAY(STATE_UINT8, Ps2Queue, reply, PS2_REPLY_MAX),
    STATE_ARRAY(STATE_UINT8, Ps2Queue, data, PS2_DATA_MAX),
    STATE_FIELD(STATE_UINT32, Ps2Queue, reply_head),
    STATE_FIELD(STATE_UINT32, Ps2Queue, reply_count),
    STATE_FIELD(STATE_UINT32, Ps2Queue, head),
    STATE_FIELD(STATE_UINT32, Ps2Queue, count),
    STATE_FIELD(STATE_UINT8, Ps2Queue, last),
    STATE_END,
};
