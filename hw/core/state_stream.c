/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saved states as a whole: sections one after another (include/hw/core/state_stream.h). */
#include "hw/core/state_stream.h"

#include <string.h>
#include <zlib.h>

#include "base/bytes.h"

static const char magic[8] = "SWYDSTAT";
#define FORMAT      1u
#define HEADER_SIZE (sizeof(magic) + 4)
#define END_NAME    "end"

static void stream_put(GByteArray *out, uint64_t value, unsigned bytes)
{
    g_byte_array_append(out, (const guint8 *)&value, bytes);
}

static void put_string(GByteArray *out, const char *text)
{
    size_t whole = strlen(text), len = MIN(whole, UINT8_MAX);
    stream_put(out, len, 1);
    g_byte_array_append(out, (const guint8 *)text, (guint)len);
}

void state_stream_begin(GByteArray *out)
{
    g_byte_array_append(out, (const guint8 *)magic, sizeof(magic));
    stream_put(out, FORMAT, 4);
}

StateSectionMark state_section_begin(GByteArray *out, const char *name, const char *id,
                                     uint32_t version)
{
    StateSectionMark mark = {.start = out->len};
    put_string(out, name);
    put_string(out, id);
    stream_put(out, version, 4);
    stream_put(out, 0, 8); /* the length, by state_section_end() */
    mark.payload = out->len;
    return mark;
}

void state_section_end(GByteArray *out, StateSectionMark mark)
{
    bytes_store(out->data + mark.payload - 8, out->len - mark.payload, 8);
    stream_put(out, crc32_z(0, out->data + mark.start, out->len - mark.start), 4);
}

void state_section_save(GByteArray *out, const char *name, const char *id, const StateField *table,
                        const void *object)
{
    StateSectionMark mark = state_section_begin(out, name, id, state_version(table));
    state_save(table, object, out);
    state_section_end(out, mark);
}

void state_stream_end(GByteArray *out)
{
    state_section_end(out, state_section_begin(out, END_NAME, "", 0));
}

/* Reading. */

typedef struct {
    const uint8_t *data;
    size_t left;
} Input;

static const uint8_t *stream_take(Input *in, uint64_t bytes)
{
    if (bytes > in->left) {
        return NULL;
    }
    const uint8_t *at = in->data;
    in->data += bytes;
    in->left -= bytes;
    return at;
}

static bool stream_take_value(Input *in, unsigned bytes, uint64_t *value)
{
    const uint8_t *at = stream_take(in, bytes);
    *value = at ? bytes_load(at, bytes) : 0;
    return at != NULL;
}

/* A new string, or NULL. */
static char *take_string(Input *in)
{
    uint64_t len;
    const uint8_t *text = stream_take_value(in, 1, &len) ? stream_take(in, len) : NULL;
    return text ? g_strndup((const char *)text, len) : NULL;
}

static void section_free(void *opaque)
{
    StateSection *section = opaque;
    g_free(section->name);
    g_free(section->id);
    g_free(section);
}

static bool take_section(Input *in, StateSection *section)
{
    const uint8_t *start = in->data;
    uint64_t version, len, sum;
    section->name = take_string(in);
    section->id = section->name ? take_string(in) : NULL;
    if (!section->id || !stream_take_value(in, 4, &version) || !stream_take_value(in, 8, &len)) {
        return false;
    }
    section->version = (uint32_t)version;
    section->len = len;
    section->data = stream_take(in, len);
    size_t summed = (size_t)(in->data - start);
    return section->data && stream_take_value(in, 4, &sum) && sum == crc32_z(0, start, summed);
}

static GPtrArray *fail(GPtrArray *sections, GError **error, const char *what)
{
    g_ptr_array_unref(sections);
    g_set_error(error, STATE_ERROR, STATE_ERROR_MALFORMED, "%s", what);
    return NULL;
}

GPtrArray *state_stream_parse(const uint8_t *data, size_t len, GError **error)
{
    GPtrArray *sections = g_ptr_array_new_with_free_func(section_free);
    if (len < HEADER_SIZE || memcmp(data, magic, sizeof(magic)) != 0) {
        return fail(sections, error, "this is not a saved state");
    }
    if (bytes_load(data + sizeof(magic), 4) != FORMAT) {
        return fail(sections, error, "the saved state has a format of another version");
    }
    Input in = {data + HEADER_SIZE, len - HEADER_SIZE};
    for (;;) {
        StateSection *section = g_new0(StateSection, 1);
        g_ptr_array_add(sections, section);
        if (!take_section(&in, section)) {
            const StateSection *before =
                sections->len > 1 ? sections->pdata[sections->len - 2] : NULL;
            g_autofree char *what =
                g_strdup_printf("the saved state is damaged or ends early after section '%s'",
                                before ? before->name : "");
            return fail(sections, error, what);
        }
        if (strcmp(section->name, END_NAME) == 0) {
            g_ptr_array_set_size(sections, (gint)sections->len - 1);
            return in.left == 0 ? sections
                                : fail(sections, error, "the saved state goes on after its end");
        }
    }
}

StateSection *state_stream_take(GPtrArray *sections, const char *name, const char *id,
                                GError **error)
{
    for (guint i = 0; i < sections->len; i++) {
        StateSection *section = sections->pdata[i];
        if (!section->taken && strcmp(section->name, name) == 0 && strcmp(section->id, id) == 0) {
            section->taken = true;
            return section;
        }
    }
    g_set_error(error, STATE_ERROR, STATE_ERROR_MALFORMED,
                "the saved state has no section '%s' for '%s'", name, id);
    return NULL;
}

bool state_stream_all_taken(const GPtrArray *sections, GError **error)
{
    for (guint i = 0; i < sections->len; i++) {
        const StateSection *section = sections->pdata[i];
        if (!section->taken) {
            g_autofree char *name = g_strescape(section->name, NULL);
            g_autofree char *id = g_strescape(section->id, NULL);
            g_set_error(error, STATE_ERROR, STATE_ERROR_MALFORMED,
                        "the saved state has a section '%s' of '%s', which this machine has not",
                        name, id);
            return false;
        }
    }
    return true;
}
