/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State tables: loading. Everything is looked at before anything is changed, and nothing that the
 * saved state says of itself is believed: a name, type or count that is not the table's is an error
 * that says where.
 */
#include <stdarg.h>
#include <string.h>

#include "base/bytes.h"
#include "hw/core/regfile.h"
#include "hw/core/state_private.h"

typedef struct {
    const uint8_t *data;
    size_t left;
    bool apply; /* second pass: put into the object what the first found good */
    GError **error;
} StateReader;

static bool G_GNUC_PRINTF(3, 4) fail(StateReader *r, const StateField *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(r->error, STATE_ERROR, STATE_ERROR_MALFORMED, "%s: %s", f->name, what);
    return false;
}

/* NULL if there are fewer. */
static const uint8_t *state_take(StateReader *r, size_t bytes)
{
    if (bytes > r->left) {
        return NULL;
    }
    const uint8_t *at = r->data;
    r->data += bytes;
    r->left -= bytes;
    return at;
}

static bool state_take_value(StateReader *r, const StateField *f, unsigned bytes, uint64_t *value)
{
    const uint8_t *at = state_take(r, bytes);
    *value = 0;
    if (!at) {
        return fail(r, f, "the saved state ends here");
    }
    *value = bytes_load(at, bytes);
    return true;
}

static bool take_header(StateReader *r, const StateField *f, uint64_t *count)
{
    uint64_t len, type;
    *count = 0;
    if (!state_take_value(r, f, 1, &len)) {
        return false;
    }
    const uint8_t *name = state_take(r, len);
    if (!name) {
        return fail(r, f, "the saved state ends here");
    }
    if (len != strlen(f->name) || memcmp(name, f->name, len) != 0) {
        g_autofree char *raw = g_strndup((const char *)name, len);
        g_autofree char *shown = g_strescape(raw, NULL);
        return fail(r, f, "in its place the saved state has '%s'", shown);
    }
    if (!state_take_value(r, f, 1, &type) || !state_take_value(r, f, 4, count)) {
        return false;
    }
    if (type != f->type) {
        return fail(r, f, "type %" PRIu64 " where %u is meant", type, f->type);
    }
    return true;
}

static bool load_plain(StateReader *r, const StateField *f, uint8_t *at, size_t count)
{
    size_t size = state_element_size(f);
    const uint8_t *data = state_take(r, count * size);
    if (!data) {
        return fail(r, f, "the saved state ends here");
    }
    for (size_t i = 0; f->max && i < count; i++) {
        uint64_t value = bytes_load(data + i * size, (unsigned)size);
        if (value > f->max) {
            return fail(r, f, "0x%" PRIx64 " is more than 0x%" PRIx64, value, f->max);
        }
    }
    if (r->apply && count > 0) {
        memcpy(at, data, count * size);
    }
    return true;
}

static bool load_timers(StateReader *r, const StateField *f, Timer *timer, size_t count)
{
    for (size_t i = 0; i < count; i++, timer++) {
        uint64_t when, order;
        if (!state_take_value(r, f, 8, &when) || !state_take_value(r, f, 8, &order)) {
            return false;
        }
        bool armed = (int64_t)when != STATE_TIMER_OFF;
        if (armed && !timer->clock) {
            return fail(r, f, "a timer that is not there runs");
        }
        if (!r->apply) {
            continue;
        }
        if (armed) {
            timer_restore(timer, (int64_t)when, order);
        } else {
            timer_cancel(timer);
        }
    }
    return true;
}

static bool load_reg(StateReader *r, const StateField *f, const RegFile *rf, GHashTable *seen)
{
    uint64_t offset, value;
    if (!state_take_value(r, f, 4, &offset) || !state_take_value(r, f, 8, &value)) {
        return false;
    }
    const RegRow *row = regfile_find(rf, (uint32_t)offset);
    if (!row) {
        return fail(r, f, "there is no register at 0x%" PRIx64, offset);
    }
    if (!g_hash_table_add(seen, (void *)row)) {
        return fail(r, f, "%s comes twice", row->name);
    }
    if (row->width < 8 && value >> (8 * row->width)) {
        return fail(r, f, "0x%" PRIx64 " is too wide for %s", value, row->name);
    }
    if (r->apply) {
        rf->values[row - rf->rows] = value;
    }
    return true;
}

/* An older state may lack registers: they have their reset values. */
static bool load_regs(StateReader *r, const StateField *f, RegFile *rf, size_t count, bool older)
{
    if (count > rf->count || (count < rf->count && !older)) {
        return fail(r, f, "%zu registers where there are %zu", count, rf->count);
    }
    if (r->apply) {
        regfile_reset(rf);
    }
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        if (!load_reg(r, f, rf, seen)) {
            return false;
        }
    }
    return true;
}

static bool load_table(StateReader *r, const StateField *table, uint32_t version, uint8_t *object);

static bool version_is_known(StateReader *r, const StateField *f, uint64_t version)
{
    uint32_t known = state_version(f->sub);
    return version <= known ||
           fail(r, f, "version %" PRIu64 " is newer than version %u", version, known);
}

static bool state_load_structs(StateReader *r, const StateField *f, uint8_t *at, size_t count)
{
    uint64_t version;
    if (!state_take_value(r, f, 4, &version) || !version_is_known(r, f, version)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!load_table(r, f->sub, (uint32_t)version, at + i * f->size)) {
            if (count == 1) {
                g_prefix_error(r->error, "%s.", f->name);
            } else {
                g_prefix_error(r->error, "%s[%zu].", f->name, i);
            }
            return false;
        }
    }
    return true;
}

static bool load_field(StateReader *r, const StateField *f, uint8_t *object, bool older)
{
    uint8_t *at = (uint8_t *)state_field_at(f, object);
    uint64_t count;
    if (!take_header(r, f, &count)) {
        return false;
    }
    if (f->type == STATE_REGS) {
        return load_regs(r, f, (RegFile *)at, count, older);
    }
    size_t expected = state_field_count(f, object);
    if (count != expected) {
        return fail(r, f, "%" PRIu64 " elements where there are %zu", count, expected);
    }
    switch (f->type) {
    case STATE_TIMER:
        return load_timers(r, f, (Timer *)at, count);
    case STATE_SUB:
        return state_load_structs(r, f, at, count);
    default:
        return load_plain(r, f, at, count);
    }
}

static bool load_table(StateReader *r, const StateField *table, uint32_t version, uint8_t *object)
{
    bool older = version < state_version(table);
    for (const StateField *f = table; f->name; f++) {
        if (f->type != STATE_UNSAVED && f->since <= version && !load_field(r, f, object, older)) {
            return false;
        }
    }
    return true;
}

static bool state_read_all(StateReader r, const StateField *table, uint32_t version, void *object)
{
    if (version > state_version(table)) {
        g_set_error(r.error, STATE_ERROR, STATE_ERROR_MALFORMED,
                    "version %u is newer than version %u", version, state_version(table));
        return false;
    }
    if (!load_table(&r, table, version, object)) {
        return false;
    }
    if (r.left > 0) {
        g_set_error(r.error, STATE_ERROR, STATE_ERROR_MALFORMED,
                    "%zu bytes follow after the last field", r.left);
        return false;
    }
    return true;
}

bool state_check(const StateField *table, uint32_t version, const void *object, const uint8_t *data,
                 size_t len, GError **error)
{
    return state_read_all((StateReader){data, len, false, error}, table, version, (void *)object);
}

bool state_load(const StateField *table, uint32_t version, void *object, const uint8_t *data,
                size_t len, GError **error)
{
    return state_check(table, version, object, data, len, error) &&
           state_read_all((StateReader){data, len, true, error}, table, version, object);
}
