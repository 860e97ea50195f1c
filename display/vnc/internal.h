/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine, the server's process and those of clients share; private to display/vnc/. */
#ifndef DISPLAY_VNC_INTERNAL_H
#define DISPLAY_VNC_INTERNAL_H

#include <stdatomic.h>

#include "display/vnc.h"

#define VNC_WIDTH_MAX   2560u
#define VNC_HEIGHT_MAX  1600u
#define VNC_TILE_WIDTH  64u
#define VNC_TILE_HEIGHT 16u
#define VNC_COLUMNS     (VNC_WIDTH_MAX / VNC_TILE_WIDTH)
#define VNC_ROWS        (VNC_HEIGHT_MAX / VNC_TILE_HEIGHT)
#define VNC_CLIENTS_MAX 64u
#define VNC_LISTENERS   8u

/* Pixels are changed first, then their tile's serial, then the frame's: who has seen a serial sends
 * what is there now, and what changes meanwhile has another one. */
typedef struct {
    _Atomic uint32_t size; /* width in bits 31:16, height */
    _Atomic uint32_t serial;
    _Atomic uint32_t tiles[VNC_ROWS][VNC_COLUMNS];
    uint32_t pixels[VNC_HEIGHT_MAX][VNC_WIDTH_MAX] __attribute__((aligned(4096)));
} VncFrame;

typedef enum {
    VNC_MSG_CONNECTED, /* to the machine: peer */
    VNC_MSG_READY,     /* shaken hands */
    VNC_MSG_GONE,
    VNC_MSG_KEY,
    VNC_MSG_POINTER,
    VNC_MSG_PASSWORD, /* to the server */
} VncMessageKind;

/* One packet each. */
typedef struct {
    uint32_t kind, client;
    union {
        struct {
            char family[8], host[64], service[32];
        } peer;
        struct {
            uint32_t keysym;
            uint32_t down;
        } key;
        struct {
            uint16_t x, y;
            uint32_t buttons;
        } pointer;
        struct {
            char text[VNC_PASSWORD_BYTES + 1];
            uint8_t given;
            int64_t expires;
        } password;
    };
} VncMessage;

typedef struct {
    int listeners[VNC_LISTENERS];
    unsigned listener_count;
    int machine; /* the socket to it */
    VncFrame *frame;
    const VncOptions *options;
    VncConfine confine;
    VncMessage password; /* as it was told last */
} VncServer;

/* Sockets for what the options say; `address` is the first one's. In listen.c. */
bool vnc_listen(const VncOptions *options, VncServer *server, VncMessage *address, GError **error);
void vnc_close_listeners(VncServer *server);
/* Who is at the other end, or (here) at this one. */
void vnc_name_peer(int fd, bool here, VncMessage *out);

/* The server's process. In server.c. */
void vnc_serve(VncServer *server) __attribute__((noreturn));
/* A connection's. In client.c. */
void vnc_serve_client(const VncServer *server, int fd, unsigned client) __attribute__((noreturn));
/* What libvncserver does once and needs files for. */
void vnc_client_prepare(void);

/* Lays `picture` into the frame; NULL is black. Whether anything changed. In frame.c. */
bool vnc_frame_update(VncFrame *frame, pixman_image_t *picture);

#endif
