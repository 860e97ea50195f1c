/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See base/facts.h. */
#include "base/facts.h"

void facts_say(const Facts *f, const char *format, ...)
{
    if (f->words) {
        va_list args;

        va_start(args, format);
        g_string_append_vprintf(f->words, format, args);
        va_end(args);
    }
}

void facts_open(const Facts *f, const char *name)
{
    if (f->sink) {
        f->sink->open(f->opaque, name, false);
    }
}

void facts_close(const Facts *f)
{
    if (f->sink) {
        f->sink->close(f->opaque, false);
    }
}

void facts_open_list(const Facts *f, const char *name)
{
    if (f->sink) {
        f->sink->open(f->opaque, name, true);
    }
}

void facts_close_list(const Facts *f)
{
    if (f->sink) {
        f->sink->close(f->opaque, true);
    }
}

void facts_number(const Facts *f, const char *name, uint64_t value)
{
    if (f->sink) {
        f->sink->number(f->opaque, name, value);
    }
}

void facts_hex(const Facts *f, const char *name, uint64_t value)
{
    if (f->sink) {
        f->sink->hex(f->opaque, name, value);
    }
}

void facts_flag(const Facts *f, const char *name, bool value)
{
    if (f->sink) {
        f->sink->flag(f->opaque, name, value);
    }
}

void facts_text(const Facts *f, const char *name, const char *value)
{
    if (f->sink && value) {
        f->sink->text(f->opaque, name, value);
    }
}
