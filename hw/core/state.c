/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State tables: save, load and show what a guest can have changed. */
#include "hw/core/state.h"

#include <string.h>

#include "base/clock.h"

/* A timer is saved as its time, with this for "not armed". */
#define TIMER_NOT_ARMED INT64_MAX

static size_t element_size(const StateField *f)
{
    switch (f->type) {
    case STATE_BYTES:
        return 1;
    case STATE_TIMER:
        return sizeof(Timer);
    case STATE_SUB:
        return f->size;
    default:
        return (size_t)f->type;
    }
}

static size_t count_of(const StateField *f, const void *object)
{
    return f->length ? f->length(object) : f->count;
}

/* The first element. */
static uint8_t *field_at(const StateField *f, const void *object)
{
    uint8_t *at = (uint8_t *)object + f->offset;
    return f->length ? *(uint8_t **)at : at;
}

static int64_t timer_time(const Timer *timer)
{
    return timer->clock && timer_is_armed(timer) ? timer->expires : TIMER_NOT_ARMED;
}

void state_save(const StateField *table, const void *object, GByteArray *out)
{
    for (const StateField *f = table; f->name; f++) {
        const uint8_t *at = field_at(f, object);
        size_t size = element_size(f), count = count_of(f, object);
        for (size_t i = 0; i < count; i++, at += size) {
            if (f->type == STATE_SUB) {
                state_save(f->sub, at, out);
            } else if (f->type == STATE_TIMER) {
                int64_t when = timer_time((const Timer *)at);
                g_byte_array_append(out, (const guint8 *)&when, sizeof(when));
            } else {
                g_byte_array_append(out, at, (guint)size);
            }
        }
    }
}

static size_t saved_size(const StateField *table, const void *object)
{
    size_t total = 0;
    for (const StateField *f = table; f->name; f++) {
        const uint8_t *at = field_at(f, object);
        size_t each = f->type == STATE_SUB     ? saved_size(f->sub, at)
                      : f->type == STATE_TIMER ? sizeof(int64_t)
                                               : element_size(f);
        total += each * count_of(f, object);
    }
    return total;
}

static const uint8_t *load_fields(const StateField *table, void *object, const uint8_t *data)
{
    for (const StateField *f = table; f->name; f++) {
        uint8_t *at = field_at(f, object);
        size_t size = element_size(f), count = count_of(f, object);
        for (size_t i = 0; i < count; i++, at += size) {
            if (f->type == STATE_SUB) {
                data = load_fields(f->sub, at, data);
            } else if (f->type == STATE_TIMER) {
                int64_t when;
                memcpy(&when, data, sizeof(when));
                data += sizeof(when);
                if (when == TIMER_NOT_ARMED) {
                    timer_cancel((Timer *)at);
                } else {
                    timer_arm((Timer *)at, when);
                }
            } else {
                memcpy(at, data, size);
                data += size;
            }
        }
    }
    return data;
}

size_t state_load(const StateField *table, void *object, const uint8_t *data, size_t len)
{
    size_t needed = saved_size(table, object);
    if (len < needed) {
        return 0;
    }
    load_fields(table, object, data);
    return needed;
}

static void describe_value(const StateField *f, const uint8_t *at, GString *out)
{
    uint64_t value = 0;
    if (f->type == STATE_TIMER) {
        int64_t when = timer_time((const Timer *)at);
        if (when == TIMER_NOT_ARMED) {
            g_string_append(out, "off");
        } else {
            g_string_append_printf(out, "%" PRId64, when);
        }
        return;
    }
    memcpy(&value, at, element_size(f));
    g_string_append_printf(out, f->type == STATE_BYTES ? "%02" PRIx64 : "0x%" PRIx64, value);
}

static void describe_at(const StateField *table, const void *object, const char *prefix,
                        GString *out)
{
    for (const StateField *f = table; f->name; f++) {
        const uint8_t *at = field_at(f, object);
        size_t size = element_size(f), count = count_of(f, object);
        if (f->type == STATE_SUB) {
            for (size_t i = 0; i < f->count; i++, at += size) {
                g_autofree char *inner = f->count == 1
                                             ? g_strdup_printf("%s%s.", prefix, f->name)
                                             : g_strdup_printf("%s%s[%zu].", prefix, f->name, i);
                describe_at(f->sub, at, inner, out);
            }
            continue;
        }
        g_string_append_printf(out, "%s%s=", prefix, f->name);
        for (size_t i = 0; i < count; i++, at += size) {
            if (i > 0 && f->type != STATE_BYTES) {
                g_string_append_c(out, ',');
            }
            describe_value(f, at, out);
        }
        g_string_append_c(out, '\n');
    }
}

void state_describe(const StateField *table, const void *object, GString *out)
{
    describe_at(table, object, "", out);
}
