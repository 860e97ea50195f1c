/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character backends: stdio, null, file, pipe, pty, unix and TCP sockets, ring buffer, and the mux
 * that lets the monitor and a serial port share one. Input arrives from the main loop.
 */
#ifndef CHARDEV_CHARDEV_H
#define CHARDEV_CHARDEV_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Chardev Chardev;

typedef enum {
    CHR_OPENED,
    CHR_CLOSED,
    CHR_BREAK,
    CHR_FOCUS_IN, /* mux: input goes to this front end from now on */
    CHR_FOCUS_OUT,
} ChrEvent;

typedef struct {
    /* How many bytes the front end can take now. */
    size_t (*can_receive)(void *opaque);
    void (*receive)(void *opaque, const uint8_t *data, size_t len);
    void (*event)(void *opaque, ChrEvent event); /* may be NULL */
    bool guest; /* input is the guest's, and passes the gate if there is one */
} ChrHandlers;

/* What decides when input comes to the guest: it gets what the host has, and hands it over by
 * chr_guest_receive() and chr_guest_event(). */
typedef struct {
    size_t (*room)(void *opaque, Chardev *chr);
    void (*data)(void *opaque, Chardev *chr, const uint8_t *data, size_t len);
    void (*event)(void *opaque, Chardev *chr, ChrEvent event);
    bool (*mutes)(void *opaque, Chardev *chr); /* its output */
} ChrGate;

/* From the text after -serial, -monitor or -qmp ("stdio", "mon:stdio", "file:x", "unix:p,server=on,
 * wait=off", "tcp:h:p", "null", "none"→NULL without error), or -chardev's ("socket,id=c,path=p").
 * "chardev:id" is the caller's to look up. */
Chardev *chr_new_from_spec(const char *id, const char *spec, GError **error);
Chardev *chr_new_from_options(const char *text, GError **error);
void chr_free(Chardev *chr);
const char *chr_id(const Chardev *chr);
/* What it is connected to, for query-chardev: "stdio", "unix:/x,server=on" ... */
const char *chr_filename(const Chardev *chr);
/* "mon:": the monitor is to share it. */
bool chr_wants_monitor(const Chardev *chr);
bool chr_is_stdio(const Chardev *chr);
bool chr_is_mux(const Chardev *chr);
bool chr_has_frontend(const Chardev *chr);
/* Ctrl-A x on a mux. */
void chr_set_quit_handler(Chardev *chr, void (*quit)(void *opaque), void *opaque);
/* The name of the n-th backend, or NULL. */
const char *chr_backend_name(unsigned n);
/* Backend names, one a line, for -chardev help. */
void chr_help(GString *out);
/* A break to the front end in focus, as the escape's `b` gives it. */
void chr_send_break(Chardev *chr);
/* Takes up to `len` bytes out of a ring buffer; false if `chr` is none. */
bool chr_ringbuf_read(Chardev *chr, size_t len, GString *out);
/* A front end attaches; at most one, or several with a mux. */
bool chr_attach(Chardev *chr, const ChrHandlers *handlers, void *opaque, GError **error);
void chr_detach(Chardev *chr, void *opaque);
/* Writes all, waiting for a slow reader at most a bounded time; what cannot be written is dropped.
 */
void chr_write(Chardev *chr, const void *data, size_t len);
/* What the guest says, unless its gate knows that it has been said before. */
void chr_guest_write(Chardev *chr, const void *data, size_t len);
/* NULL: none. */
void chr_set_gate(Chardev *chr, const ChrGate *gate, void *opaque);
/* To the guest's front end, of those of a mux the first: how much it can take, input, an event. */
size_t chr_guest_room(Chardev *chr);
void chr_guest_receive(Chardev *chr, const uint8_t *data, size_t len);
void chr_guest_event(Chardev *chr, ChrEvent event);
/* The front end can take input again. */
void chr_accept_input(Chardev *chr);

#endif
