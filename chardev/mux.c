/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mux: several front ends on one character device, one of them in focus for input. Ctrl-A is
 * the escape (QEMU's manual page, "Keys in the character backend multiplexer"). Left out: time
 * stamps (t) and disk commit (s).
 */
#include <string.h>

#include "chardev/internal.h"

#define MUX_ESCAPE 0x01 /* Ctrl-A */

static void send_focus_event(Chardev *chr, ChrEvent event)
{
    if (chr->focus < chr->frontends->len) {
        ChrFrontend *front = &g_array_index(chr->frontends, ChrFrontend, chr->focus);
        if (front->handlers->event) {
            front->handlers->event(front->opaque, event);
        }
    }
}

static void next_focus(Chardev *chr)
{
    if (chr->frontends->len == 0) {
        return;
    }
    send_focus_event(chr, CHR_FOCUS_OUT);
    chr->focus = (chr->focus + 1) % chr->frontends->len;
    send_focus_event(chr, CHR_FOCUS_IN);
}

static void mux_show_help(Chardev *chr)
{
    static const char text[] = "\r\nC-a h    print this help\r\n"
                               "C-a x    exit emulator\r\n"
                               "C-a b    send break (magic sysrq)\r\n"
                               "C-a c    switch between console and monitor\r\n"
                               "C-a C-a  send C-a\r\n";
    chr_write(chr, text, sizeof(text) - 1);
}

/* The key after Ctrl-A. True if it is for the front end after all. */
static bool escape_key(Chardev *chr, uint8_t key)
{
    switch (key) {
    case MUX_ESCAPE:
        return true;
    case 'x':
        if (chr->quit) {
            chr->quit(chr->quit_opaque);
        }
        return false;
    case 'c':
        next_focus(chr);
        return false;
    case 'b':
        chr_send_break(chr);
        return false;
    case 'h':
    case '?':
        mux_show_help(chr);
        return false;
    default:
        return false;
    }
}

/* One byte; true if it goes to the front end in focus. */
static bool filter(Chardev *chr, uint8_t byte)
{
    if (chr->escape) {
        chr->escape = false;
        return escape_key(chr, byte);
    }
    chr->escape = byte == MUX_ESCAPE;
    return !chr->escape;
}

void chr_mux_receive(Chardev *chr, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!filter(chr, data[i])) {
            continue;
        }
        if (chr->backlog->len == 0 && chr_focus_room(chr) > 0) {
            chr_focus_receive(chr, &data[i], 1);
        } else {
            g_byte_array_append(chr->backlog, &data[i], 1);
        }
    }
}

void chr_mux_flush(Chardev *chr)
{
    size_t room;
    while (chr->backlog->len > 0 && (room = chr_focus_room(chr)) > 0) {
        uint8_t chunk[256];
        guint n = (guint)MIN(MIN(room, sizeof(chunk)), chr->backlog->len);
        memcpy(chunk, chr->backlog->data, n);
        g_byte_array_remove_range(chr->backlog, 0, n);
        chr_focus_receive(chr, chunk, n);
    }
}
