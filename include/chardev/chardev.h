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

typedef enum { CHR_OPENED, CHR_CLOSED, CHR_BREAK } ChrEvent;

typedef struct {
    /* How many bytes the front end can take now. */
    size_t (*can_receive)(void *opaque);
    void (*receive)(void *opaque, const uint8_t *data, size_t len);
    void (*event)(void *opaque, ChrEvent event); /* may be NULL */
} ChrHandlers;

/* From the text after -serial, -monitor or -qmp ("stdio", "mon:stdio", "file:x", "unix:p,server=on,
 * wait=off", "tcp:h:p", "null", "none"→NULL without error, "chardev:id"), or -chardev's
 * ("socket,id=c,path=p"). */
Chardev *chr_new_from_spec(const char *id, const char *spec, GError **error);
Chardev *chr_new_from_options(const char *text, GError **error);
void chr_free(Chardev *chr);
const char *chr_id(const Chardev *chr);
/* A front end attaches; at most one, or several with a mux. */
bool chr_attach(Chardev *chr, const ChrHandlers *handlers, void *opaque, GError **error);
void chr_detach(Chardev *chr, void *opaque);
/* Writes all, waiting for a slow reader at most a bounded time; what cannot be written is dropped.
 */
void chr_write(Chardev *chr, const void *data, size_t len);
/* The front end can take input again. */
void chr_accept_input(Chardev *chr);

#endif
