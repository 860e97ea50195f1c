/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ringbuf: output kept in memory, the newest of it, for the monitor's ringbuf-read. */
#include "chardev/internal.h"

#define RINGBUF_DEFAULT 65536

typedef struct {
    Chardev chr;
    uint8_t *data;
    uint64_t size, head, tail; /* head and tail count bytes ever written and read */
} ChrRingbuf;

static bool ringbuf_open(Chardev *chr, OptList *opts, GError **error)
{
    ChrRingbuf *s = (ChrRingbuf *)chr;
    s->size = RINGBUF_DEFAULT;
    if (!optlist_size(opts, "size", 1, &s->size, error)) {
        return false;
    }
    if (s->size == 0 || (s->size & (s->size - 1)) != 0 || s->size > (1u << 28)) {
        g_set_error(error, OPT_ERROR, 0,
                    "size=%" G_GUINT64_FORMAT ": must be a power of two up to 256M", s->size);
        return false;
    }
    s->data = g_malloc0(s->size);
    return true;
}

static void ringbuf_close(Chardev *chr)
{
    g_free(((ChrRingbuf *)chr)->data);
}

static void ringbuf_write(Chardev *chr, const uint8_t *data, size_t len)
{
    ChrRingbuf *s = (ChrRingbuf *)chr;
    for (size_t i = 0; i < len; i++) {
        s->data[s->head++ & (s->size - 1)] = data[i];
    }
    if (s->head - s->tail > s->size) {
        s->tail = s->head - s->size;
    }
}

bool chr_ringbuf_read(Chardev *chr, size_t len, GString *out)
{
    if (chr->ops != &chr_ringbuf_ops) {
        return false;
    }
    ChrRingbuf *s = (ChrRingbuf *)chr;
    for (; len > 0 && s->tail < s->head; len--) {
        g_string_append_c(out, (char)s->data[s->tail++ & (s->size - 1)]);
    }
    return true;
}

const ChrOps chr_ringbuf_ops = {
    .name = "ringbuf",
    .instance_size = sizeof(ChrRingbuf),
    .open = ringbuf_open,
    .close = ringbuf_close,
    .write = ringbuf_write,
};
