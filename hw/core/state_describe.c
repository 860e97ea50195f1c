/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State tables: as text, for x-query-device-state. */
#include <string.h>

#include "base/bytes.h"
#include "hw/core/regfile.h"
#include "hw/core/state_private.h"

static void describe_value(const StateField *f, const uint8_t *at, GString *out)
{
    if (f->type == STATE_TIMER) {
        int64_t when = state_timer_time((const Timer *)at);
        if (when == STATE_TIMER_OFF) {
            g_string_append(out, "off");
        } else {
            g_string_append_printf(out, "%" PRId64, when);
        }
        return;
    }
    uint64_t value = bytes_load(at, (unsigned)state_element_size(f));
    g_string_append_printf(out, f->type == STATE_BYTES ? "%02" PRIx64 : "0x%" PRIx64, value);
}

/* Registers of the same name are told apart by number. */
static void describe_regs(const RegFile *rf, const char *prefix, GString *out)
{
    g_autoptr(GHashTable) total = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < rf->count; i++) {
        char *name = (char *)rf->rows[i].name;
        size_t n = GPOINTER_TO_SIZE(g_hash_table_lookup(total, name));
        g_hash_table_insert(total, name, GSIZE_TO_POINTER(n + 1));
    }
    for (size_t i = 0; i < rf->count; i++) {
        char *name = (char *)rf->rows[i].name;
        size_t n = GPOINTER_TO_SIZE(g_hash_table_lookup(seen, name));
        g_string_append_printf(out, "%s%s", prefix, name);
        if (GPOINTER_TO_SIZE(g_hash_table_lookup(total, name)) > 1) {
            g_string_append_printf(out, "[%zu]", n);
        }
        g_string_append_printf(out, "=0x%" PRIx64 "\n", rf->values[i]);
        g_hash_table_insert(seen, name, GSIZE_TO_POINTER(n + 1));
    }
}

static void describe_table(const StateField *table, const void *object, const char *prefix,
                           GString *out);

static void describe_structs(const StateField *f, const void *object, const char *prefix,
                             GString *out)
{
    const uint8_t *at = state_field_at(f, object);
    size_t count = state_field_count(f, object);
    for (size_t i = 0; i < count; i++, at += f->size) {
        g_autofree char *inner = count == 1 ? g_strdup_printf("%s%s.", prefix, f->name)
                                            : g_strdup_printf("%s%s[%zu].", prefix, f->name, i);
        describe_table(f->sub, at, inner, out);
    }
}

static void describe_field(const StateField *f, const void *object, const char *prefix,
                           GString *out)
{
    const uint8_t *at = state_field_at(f, object);
    size_t size = state_element_size(f), count = state_field_count(f, object);
    g_string_append_printf(out, "%s%s=", prefix, f->name);
    for (size_t i = 0; i < count; i++, at += size) {
        if (i > 0 && f->type != STATE_BYTES) {
            g_string_append_c(out, ',');
        }
        describe_value(f, at, out);
    }
    g_string_append_c(out, '\n');
}

static void describe_table(const StateField *table, const void *object, const char *prefix,
                           GString *out)
{
    for (const StateField *f = table; f->name; f++) {
        if (f->type == STATE_SUB) {
            describe_structs(f, object, prefix, out);
        } else if (f->type == STATE_REGS) {
            describe_regs((const RegFile *)state_field_at(f, object), prefix, out);
        } else if (f->type != STATE_UNSAVED) {
            describe_field(f, object, prefix, out);
        }
    }
}

void state_describe(const StateField *table, const void *object, GString *out)
{
    describe_table(table, object, "", out);
}
