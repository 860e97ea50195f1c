/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cutting a byte stream into JSON values. Clients send several commands in one packet, halves of
 * commands, strings in single quotes, and 0xff bytes to flush; all of that comes out as one call a
 * value, or one call an error.
 */
#ifndef MONITOR_QMP_FRAME_H
#define MONITOR_QMP_FRAME_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define QMP_FRAME_MAX_BYTES (8u << 20)
#define QMP_FRAME_MAX_DEPTH 1024

typedef struct {
    /* One whole JSON text with double quotes only. */
    void (*value)(void *opaque, const char *text);
    void (*error)(void *opaque, const char *why);
} QmpFrameOps;

typedef struct {
    const QmpFrameOps *ops;
    void *opaque;
    GString *text; /* the value so far */
    int braces, brackets;
    char quote; /* inside a string: the character that ends it; else 0 */
    bool escape;
    bool recovering;  /* after an error: skipping to something that may start a value */
    bool to_line_end; /* and not before the line's end: what was nested too deep has many starts */
} QmpFrame;

void qmp_frame_init(QmpFrame *frame, const QmpFrameOps *ops, void *opaque);
void qmp_frame_free(QmpFrame *frame);
void qmp_frame_reset(QmpFrame *frame);
void qmp_frame_feed(QmpFrame *frame, const uint8_t *data, size_t len);

#endif
