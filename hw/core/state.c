/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State tables: saving what a guest can have changed (include/hw/core/state.h, docs/state.md). */
#include <string.h>

#include "hw/core/regfile.h"
#include "hw/core/state_private.h"

GQuark state_error_quark(void)
{
    return g_quark_from_static_string("switchyard-state-error");
}

uint32_t state_version(const StateField *table)
{
    uint32_t version = 0;
    for (const StateField *f = table;; f++) {
        version = MAX(version, f->since);
        if (!f->name) {
            return version;
        }
    }
}

size_t state_element_size(const StateField *f)
{
    switch (f->type) {
    case STATE_BYTES:
        return 1;
    case STATE_TIMER:
        return sizeof(Timer);
    case STATE_SUB:
    case STATE_UNSAVED:
        return f->size;
    case STATE_REGS:
        return sizeof(RegFile);
    default:
        return (size_t)f->type;
    }
}

static void state_put(GByteArray *out, uint64_t value, unsigned bytes)
{
    g_byte_array_append(out, (const guint8 *)&value, bytes);
}

static void state_put_header(GByteArray *out, const StateField *f, size_t count)
{
    size_t len = strlen(f->name);
    g_assert(len < 256 && count <= UINT32_MAX);
    state_put(out, len, 1);
    g_byte_array_append(out, (const guint8 *)f->name, (guint)len);
    state_put(out, f->type, 1);
    state_put(out, count, 4);
}

static void save_regs(const RegFile *rf, GByteArray *out)
{
    for (size_t i = 0; i < rf->count; i++) {
        state_put(out, rf->rows[i].offset, 4);
        state_put(out, rf->values[i], 8);
    }
}

static void save_field(const StateField *f, const void *object, GByteArray *out)
{
    const uint8_t *at = state_field_at(f, object);
    size_t count = state_field_count(f, object), size = state_element_size(f);
    switch (f->type) {
    case STATE_REGS:
        state_put_header(out, f, ((const RegFile *)at)->count);
        save_regs((const RegFile *)at, out);
        break;
    case STATE_TIMER:
        state_put_header(out, f, count);
        for (size_t i = 0; i < count; i++) {
            const Timer *timer = (const Timer *)at + i;
            int64_t when = state_timer_time(timer);
            state_put(out, (uint64_t)when, 8);
            state_put(out, when == STATE_TIMER_OFF ? 0 : timer->order, 8);
        }
        break;
    case STATE_SUB:
        state_put_header(out, f, count);
        state_put(out, state_version(f->sub), 4);
        for (size_t i = 0; i < count; i++) {
            state_save(f->sub, at + i * size, out);
        }
        break;
    default:
        state_put_header(out, f, count);
        g_byte_array_append(out, at, (guint)(count * size));
        break;
    }
}

void state_save(const StateField *table, const void *object, GByteArray *out)
{
    for (const StateField *f = table; f->name; f++) {
        if (f->type != STATE_UNSAVED) {
            save_field(f, object, out);
        }
    }
}
