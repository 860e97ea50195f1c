/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen over VNC (RFC 6143), by libvncserver. Which waits for its clients and believes them,
 * so it is not in the machine's process: a server's process owns the sockets, and each connection
 * has a process of its own (display/vnc/client.c) that sees the picture in memory it cannot write,
 * and tells of keys and pointers in short messages. A client that reads nothing, or that breaks the
 * library, harms itself.
 */
#ifndef DISPLAY_VNC_H
#define DISPLAY_VNC_H

#include "display/display.h"

#define VNC_PASSWORD_BYTES 8 /* that count, RFC 6143 7.2.2 */

typedef struct Vnc Vnc;

typedef struct {
    bool on;
    char *option;          /* as it was written, for error messages */
    char *host, *path;     /* path: a Unix socket's; else host: "" is all of the host's addresses */
    unsigned number, last; /* ports 5900 + number to 5900 + last are tried */
    bool password;
    unsigned clients; /* at most */
    unsigned key_delay_ms;
    const char *title;
} VncOptions;

/* HOST:N, unix:PATH or none, then options. */
bool vnc_options_parse(VncOptions *options, const char *text, GError **error);
void vnc_options_clear(VncOptions *options);

/* What processes do that are to be able to do little. Either may be NULL. */
typedef struct {
    bool (*server)(void *opaque, GError **error); /* once it listens */
    void (*client)(void *opaque);
    void *opaque;
} VncConfine;

/* Listens and starts the server's process; before the machine has memory, of which it would keep a
 * copy. */
Vnc *vnc_start(const VncOptions *options, const VncConfine *confine, GError **error);
void vnc_free(Vnc *vnc);

typedef struct {
    /* A QMP command that does what a person at a client has done. */
    void (*command)(void *opaque, const char *text);
    /* An event of QMP's. */
    void (*event)(void *opaque, const char *name, const char *data);
} VncOwner;

/* From here on clients see the display's screen, and are heard. The display keeps `vnc` for
 * monitors. */
void vnc_attach(Vnc *vnc, Display *display, const VncOwner *owner, void *opaque);
/* Of clients that connect from now on; NULL: none gets in. `expires` is in seconds since 1970; 0:
 * it stays. Changing one leaves the other as it is. */
void vnc_set_password(Vnc *vnc, const char *password);
void vnc_expire_password(Vnc *vnc, int64_t expires);
bool vnc_wants_password(const Vnc *vnc);

typedef struct {
    const char *family, *host, *service; /* "ipv4", "ipv6", "unix" */
} VncPeer;
const VncPeer *vnc_address(const Vnc *vnc);
/* The clients by number; NULL after the last. */
const VncPeer *vnc_client_at(const Vnc *vnc, unsigned n);

#endif
