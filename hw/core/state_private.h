/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What saving, loading and showing a state have in common. */
#ifndef HW_CORE_STATE_PRIVATE_H
#define HW_CORE_STATE_PRIVATE_H

#include "base/clock.h"
#include "hw/core/state.h"

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN);

/* A timer is saved as its time, with this for "not armed". */
#define STATE_TIMER_OFF INT64_MAX

static inline const uint8_t *state_field_at(const StateField *f, const void *object)
{
    const uint8_t *at = (const uint8_t *)object + f->offset;
    return f->length ? *(uint8_t *const *)at : at;
}

static inline size_t state_field_count(const StateField *f, const void *object)
{
    return f->length ? f->length(object) : f->count;
}

/* From one element to the next. */
size_t state_element_size(const StateField *f);

static inline int64_t state_timer_time(const Timer *timer)
{
    return timer->clock && timer_is_armed(timer) ? timer->expires : STATE_TIMER_OFF;
}

#endif
