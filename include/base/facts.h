/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of something, told once for two readers: in words for people, and as named values
 * for programs. Who describes a thing says both side by side, so that they do not differ; who asks
 * gives the reader that it wants.
 */
#ifndef BASE_FACTS_H
#define BASE_FACTS_H

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>

/* Gets the named values. `name` is NULL for what stands in a list. */
typedef struct {
    void (*open)(void *opaque, const char *name, bool list);
    void (*close)(void *opaque, bool list);
    void (*number)(void *opaque, const char *name, uint64_t value);
    void (*hex)(void *opaque, const char *name, uint64_t value);
    void (*flag)(void *opaque, const char *name, bool value);
    void (*text)(void *opaque, const char *name, const char *value);
} FactsSink;

typedef struct {
    GString *words;        /* NULL: nobody wants them */
    const FactsSink *sink; /* NULL: the same */
    void *opaque;          /* the sink's */
} Facts;

/* Words alone. */
void facts_say(const Facts *f, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Values alone: within an object or a list, up to the matching close. */
void facts_open(const Facts *f, const char *name);
void facts_close(const Facts *f);
void facts_open_list(const Facts *f, const char *name);
void facts_close_list(const Facts *f);
void facts_number(const Facts *f, const char *name, uint64_t value);
/* Of 64 bits, or something that people write so. */
void facts_hex(const Facts *f, const char *name, uint64_t value);
void facts_flag(const Facts *f, const char *name, bool value);
/* `value` NULL is nothing. */
void facts_text(const Facts *f, const char *name, const char *value);

#endif
