/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slices of what qtest commands ask for. */
#include "system/qtest_work.h"

#include <string.h>

#define SLICE_COST (1024u * 1024) /* bytes moved, or what takes as long */
#define PART       4096u
#define PART_COST  (16 * PART) /* of a part that is no memory */
#define MOST_FIRES 256u

/* The next part; what it cost. */
static uint32_t work_move(QtestWork *w)
{
    uint8_t page[PART];
    size_t len = (size_t)MIN(w->len, PART);
    bool is_ram = as_ram_ptr(w->memory, w->addr, len) != NULL;
    if (w->kind == WORK_READ) {
        as_read(w->memory, w->addr, w->data + w->done, len);
    } else if (w->kind == WORK_WRITE) {
        as_write(w->memory, w->addr, w->data + w->done, len);
    } else {
        memset(page, w->value, len);
        as_write(w->memory, w->addr, page, len);
    }
    w->addr += len;
    w->done += len;
    w->len -= len;
    return is_ram ? (uint32_t)len : PART_COST;
}

bool qtest_work_slice(QtestWork *w)
{
    if (w->kind == WORK_TIME) {
        return clock_advance_some(w->clock, w->until, MOST_FIRES);
    }
    for (uint32_t spent = 0; w->len > 0 && spent < SLICE_COST;) {
        spent += work_move(w);
    }
    return w->len == 0;
}

void qtest_work_clear(QtestWork *w)
{
    g_free(w->data);
    *w = (QtestWork){0};
}

void qtest_put_hex(GString *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        g_string_append_c(out, digits[data[i] >> 4]);
        g_string_append_c(out, digits[data[i] & 15]);
    }
}

uint8_t *qtest_take_hex(const char *text, size_t len)
{
    uint8_t *data = g_malloc0(len + 1);
    for (size_t i = 0; i < len && text[0] && text[1]; i++, text += 2) {
        int high = g_ascii_xdigit_value(text[0]), low = g_ascii_xdigit_value(text[1]);
        data[i] = (uint8_t)(MAX(high, 0) << 4 | MAX(low, 0));
    }
    return data;
}
