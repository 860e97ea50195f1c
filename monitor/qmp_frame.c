/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting a byte stream into JSON values (RFC 8259, and strings in single quotes as QEMU has). */
#include "monitor/qmp_frame.h"

#include <string.h>

#include "base/jsontext.h"

void qmp_frame_init(QmpFrame *frame, const QmpFrameOps *ops, void *opaque)
{
    *frame = (QmpFrame){.ops = ops, .opaque = opaque, .text = g_string_new(NULL)};
}

void qmp_frame_free(QmpFrame *frame)
{
    g_string_free(frame->text, TRUE);
}

void qmp_frame_reset(QmpFrame *frame)
{
    g_string_truncate(frame->text, 0);
    frame->braces = frame->brackets = 0;
    frame->quote = 0;
    frame->escape = frame->recovering = frame->to_line_end = false;
}

static void frame_fail(QmpFrame *frame, const char *why)
{
    qmp_frame_reset(frame);
    frame->recovering = true;
    frame->ops->error(frame->opaque, why);
}

static void complete(QmpFrame *frame)
{
    g_autofree char *text = g_strdup(frame->text->str);
    qmp_frame_reset(frame);
    if (!g_utf8_validate(text, -1, NULL)) {
        frame->ops->error(frame->opaque, "JSON parse error, a string is not UTF-8");
    } else if (json_text_has_nul(text)) {
        frame->ops->error(frame->opaque, "JSON parse error, a string contains NUL");
    } else if (json_text_has_strange_number(text)) {
        frame->ops->error(frame->opaque, "JSON parse error, a number is out of range");
    } else {
        frame->ops->value(frame->opaque, text);
    }
}

/* Bytes that no UTF-8 text has. */
static bool impossible(uint8_t c)
{
    return c == 0xc0 || c == 0xc1 || c >= 0xf5;
}

static void in_string(QmpFrame *frame, uint8_t c)
{
    if (c < 0x20 || impossible(c)) {
        frame_fail(frame, "JSON parse error, stray byte in a string");
        return;
    }
    if (frame->escape) {
        frame->escape = false;
        if (c == '\'') { /* only single-quoted strings need this escape; JSON has none */
            g_string_append_c(frame->text, '\'');
        } else {
            g_string_append_c(frame->text, '\\');
            g_string_append_c(frame->text, (char)c);
        }
        return;
    }
    if (c == '\\') {
        frame->escape = true;
    } else if (c == (uint8_t)frame->quote) {
        g_string_append_c(frame->text, '"');
        frame->quote = 0;
    } else {
        g_string_append(frame->text, c == '"' ? "\\" : "");
        g_string_append_c(frame->text, (char)c);
    }
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_nested(const QmpFrame *frame)
{
    return frame->braces + frame->brackets > 0;
}

static void nest(QmpFrame *frame, uint8_t c)
{
    frame->braces += c == '{' ? 1 : c == '}' ? -1 : 0;
    frame->brackets += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (frame->braces < 0 || frame->brackets < 0) {
        frame_fail(frame, "JSON parse error, unbalanced brackets");
    } else if (frame->braces + frame->brackets > QMP_FRAME_MAX_DEPTH) {
        frame_fail(frame, "JSON parse error, nested too deep");
        frame->to_line_end = true;
    } else if (!is_nested(frame)) {
        complete(frame);
    }
}

static void outside_string(QmpFrame *frame, uint8_t c)
{
    if (is_space(c)) {
        /* At the top level it ends a bare word or number. */
        if (!is_nested(frame) && frame->text->len > 0) {
            complete(frame);
        } else if (is_nested(frame)) {
            g_string_append_c(frame->text, ' ');
        }
        return;
    }
    if (c == '"' || c == '\'') {
        frame->quote = (char)c;
        g_string_append_c(frame->text, '"');
        return;
    }
    if (c < 0x20 || c >= 0x7f || strchr("%&@$#!^*()=|;<>?/~`\\", c)) {
        frame_fail(frame, "JSON parse error, stray byte");
        return;
    }
    g_string_append_c(frame->text, (char)c);
    if (strchr("{}[]", c)) {
        nest(frame, c);
    }
}

static void feed_byte(QmpFrame *frame, uint8_t c)
{
    if (frame->recovering) {
        frame->recovering = c != '\n' && (frame->to_line_end || (c != '{' && c != '['));
        frame->to_line_end = frame->to_line_end && frame->recovering;
        if (frame->recovering || c == '\n') {
            return;
        }
    }
    if (frame->quote) {
        in_string(frame, c);
    } else {
        outside_string(frame, c);
    }
    if (frame->text->len > QMP_FRAME_MAX_BYTES) {
        frame_fail(frame, "JSON parse error, value too long");
    }
}

void qmp_frame_feed(QmpFrame *frame, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        feed_byte(frame, data[i]);
    }
}
