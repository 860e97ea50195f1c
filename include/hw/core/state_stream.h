/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A saved state: named, sized, versioned sections, each with a checksum (docs/state.md). What a
 * section holds is a state table's affair, or, for memory, its owner's.
 */
#ifndef HW_CORE_STATE_STREAM_H
#define HW_CORE_STATE_STREAM_H

#include "hw/core/state.h"

void state_stream_begin(GByteArray *out);
void state_stream_end(GByteArray *out);

/* One section: what is appended between these two. `name` and `id` have at most 255 bytes. */
typedef struct {
    guint start, payload;
} StateSectionMark;
StateSectionMark state_section_begin(GByteArray *out, const char *name, const char *id,
                                     uint32_t version);
void state_section_end(GByteArray *out, StateSectionMark mark);
/* A section with what `table` says of `object`. */
void state_section_save(GByteArray *out, const char *name, const char *id, const StateField *table,
                        const void *object);

typedef struct {
    char *name, *id;
    uint32_t version;
    const uint8_t *data; /* in what was parsed */
    size_t len;
    bool taken;
} StateSection;

/* All sections, in a new array of StateSection; NULL if any byte is not what was written. `data`
 * must outlive it. */
GPtrArray *state_stream_parse(const uint8_t *data, size_t len, GError **error);
/* The first of this name and id that nobody took before, or NULL. */
StateSection *state_stream_take(GPtrArray *sections, const char *name, const char *id,
                                GError **error);
/* False, with its name, if a section is left that nobody took. */
bool state_stream_all_taken(const GPtrArray *sections, GError **error);

#endif
