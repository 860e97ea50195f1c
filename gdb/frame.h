/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of the remote serial protocol (E.1): "$payload#xx" with acknowledgements and escapes. */
#ifndef GDB_FRAME_H
#define GDB_FRAME_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A client's packets may be that long, as qSupported tells it. */
#define GDB_PACKET_BYTES 0x4000

typedef struct {
    /* A packet; its escapes are undone and a NUL follows. */
    void (*packet)(void *opaque, const char *payload, size_t len);
    void (*damaged)(void *opaque);   /* its sum was wrong, or it was too long */
    void (*again)(void *opaque);     /* '-': the last answer, once more */
    void (*interrupt)(void *opaque); /* Ctrl-C */
} GdbFrameOps;

typedef struct {
    const GdbFrameOps *ops;
    void *opaque;
    GString *payload;
    enum { GDB_FRAME_IDLE, GDB_FRAME_PAYLOAD, GDB_FRAME_ESCAPED, GDB_FRAME_SUM } state;
    uint8_t sum;
    char digits[3]; /* of the sum, so far */
    bool too_long;
} GdbFrame;

void gdb_frame_init(GdbFrame *frame, const GdbFrameOps *ops, void *opaque);
void gdb_frame_free(GdbFrame *frame);
void gdb_frame_reset(GdbFrame *frame);
void gdb_frame_feed(GdbFrame *frame, const uint8_t *data, size_t len);
/* A packet with this payload, which may have any bytes. */
void gdb_frame_append(GString *out, const char *payload, size_t len);

#endif
