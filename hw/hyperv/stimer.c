/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Synthetic timers (TLFS 12.3), four a VP: one-shot at a reference time, or periodic; each by a
 * message through a SINT or, in direct mode, by a vector.
 *
 * A periodic timer that comes late skips what it missed and keeps its beat; a lazy one starts a
 * period anew. Expiries closer than 5 us become one.
 */
#include "hw/hyperv/hyperv_internal.h"

#include "base/bytes.h"

#define MSR_STIMER0_CONFIG 0x400000b0u

/* Configuration (TLFS 12.3.1). */
#define CONFIG_ENABLE       (1ull << 0)
#define CONFIG_PERIODIC     (1ull << 1)
#define CONFIG_LAZY         (1ull << 2)
#define CONFIG_AUTO_ENABLE  (1ull << 3)
#define CONFIG_VECTOR_SHIFT 4
#define CONFIG_DIRECT       (1ull << 12)
#define CONFIG_SINT_SHIFT   16
#define CONFIG_RESERVED     (~0xf1fffull)

#define NS_PER_UNIT   100u
#define UNITS_MAX     ((uint64_t)INT64_MAX / NS_PER_UNIT)
#define CLOSEST_UNITS 50u

#define MESSAGE_TIMER_EXPIRED 0x80000010u
/* HV_TIMER_MESSAGE_PAYLOAD */
#define PAYLOAD_INDEX      0
#define PAYLOAD_EXPIRATION 8
#define PAYLOAD_DELIVERY   16
#define PAYLOAD_BYTES      24

const StateField hv_timer_state[] = {
    STATE_FIELD(STATE_UINT64, HvTimer, config), STATE_FIELD(STATE_UINT64, HvTimer, count),
    STATE_FIELD(STATE_UINT64, HvTimer, next),   STATE_FIELD(STATE_UINT64, HvTimer, expired),
    STATE_FIELD(STATE_UINT8, HvTimer, pending), STATE_FIELD(STATE_UINT64, HvTimer, waiting),
    STATE_FIELD(STATE_TIMER, HvTimer, timer),   STATE_END,
};

static unsigned stimer_index(const HvTimer *t)
{
    return (unsigned)(t - t->vp->timer);
}

static unsigned sint_of(const HvTimer *t)
{
    return t->config >> CONFIG_SINT_SHIFT & 15;
}

static uint64_t open_record(HvTimer *t)
{
    return journal_reopen(hv_journal(t->vp->hv), &t->waiting, JOURNAL_STIMER, t->vp->name, 0,
                          stimer_index(t));
}

static void post_message(HvTimer *t)
{
    HvMessage message = {.type = MESSAGE_TIMER_EXPIRED, .size = PAYLOAD_BYTES};

    bytes_put32(message.payload + PAYLOAD_INDEX, stimer_index(t));
    bytes_put64(message.payload + PAYLOAD_EXPIRATION, t->expired);
    bytes_put64(message.payload + PAYLOAD_DELIVERY, hv_reference_time(t->vp->hv));
    t->pending = hv_synic_post(t->vp, sint_of(t), &message, &t->waiting, open_record(t)) ==
                 INTR_MESSAGE_SLOT_FULL;
}

static void expire(HvTimer *t)
{
    t->expired = t->next;
    if (t->config & CONFIG_DIRECT) {
        hv_interrupt(t->vp, open_record(t), (uint8_t)(t->config >> CONFIG_VECTOR_SHIFT));
    } else if (t->pending) {
        journal_end(
            hv_journal(t->vp->hv),
            journal_open(hv_journal(t->vp->hv), JOURNAL_STIMER, t->vp->name, 0, stimer_index(t)),
            INTR_MERGED_WAITING);
    } else {
        post_message(t);
    }
}

/* The clock reaches `next` a nanosecond after the reference time reads it: not before. */
static void arm(HvTimer *t)
{
    timer_arm(&t->timer, t->next >= UNITS_MAX ? INT64_MAX : (int64_t)(t->next * NS_PER_UNIT + 1));
}

static uint64_t next_period(const HvTimer *t, uint64_t now)
{
    uint64_t period = MAX(t->count, CLOSEST_UNITS);

    if ((t->config & CONFIG_LAZY) || t->next > now) {
        return now + period;
    }
    return t->next + ((now - t->next) / period + 1) * period;
}

static void stimer_fire(void *opaque)
{
    HvTimer *t = opaque;
    uint64_t now = hv_reference_time(t->vp->hv);

    if (t->config & CONFIG_PERIODIC) {
        expire(t);
        t->next = next_period(t, now);
        arm(t);
    } else {
        t->config &= ~CONFIG_ENABLE; /* TLFS 12.3.1: a one-shot timer ends disabled */
        expire(t);
    }
}

/* A timer runs that is enabled and has a count. One without a source cannot be enabled. */
static void stimer_restart(HvTimer *t)
{
    timer_cancel(&t->timer);
    t->pending = false;
    journal_withdraw(hv_journal(t->vp->hv), &t->waiting, INTR_EVENT_SETTLED);
    if (!(t->config & CONFIG_DIRECT) && sint_of(t) == 0) {
        t->config &= ~CONFIG_ENABLE;
    }
    if (!(t->config & CONFIG_ENABLE) || t->count == 0) {
        return;
    }
    uint64_t now = hv_reference_time(t->vp->hv);
    bool periodic = t->config & CONFIG_PERIODIC;
    t->next = periodic ? now + MIN(MAX(t->count, CLOSEST_UNITS), UNITS_MAX) : t->count;
    if (!periodic && t->next <= now) {
        stimer_fire(t); /* a time that is over: at once */
    } else {
        arm(t);
    }
}

static bool write_config(HvTimer *t, uint64_t value)
{
    bool direct = hv_offers(t->vp->hv, HV_STIMER_DIRECT);

    if ((value & CONFIG_RESERVED) || ((value & CONFIG_DIRECT) && !direct)) {
        return false;
    }
    t->config = value;
    stimer_restart(t);
    return true;
}

static bool write_count(HvTimer *t, uint64_t value)
{
    t->count = value;
    if (value == 0) {
        t->config &= ~CONFIG_ENABLE;
    } else if (t->config & CONFIG_AUTO_ENABLE) {
        t->config |= CONFIG_ENABLE;
    }
    stimer_restart(t);
    return true;
}

/* Configuration and count alternate. */
static HvTimer *timer_of(HvVp *vp, uint32_t msr)
{
    return &vp->timer[(msr - MSR_STIMER0_CONFIG) / 2];
}

static bool is_count(uint32_t msr)
{
    return (msr - MSR_STIMER0_CONFIG) % 2;
}

bool hv_stimer_read(HvVp *vp, uint32_t msr, uint64_t *value)
{
    const HvTimer *t = timer_of(vp, msr);

    *value = is_count(msr) ? t->count : t->config;
    return true;
}

bool hv_stimer_write(HvVp *vp, uint32_t msr, uint64_t value)
{
    HvTimer *t = timer_of(vp, msr);

    return is_count(msr) ? write_count(t, value) : write_config(t, value);
}

void hv_stimer_slots_emptied(HvVp *vp)
{
    for (unsigned i = 0; i < HV_TIMERS; i++) {
        if (vp->timer[i].pending) {
            post_message(&vp->timer[i]);
        }
    }
}

void hv_stimer_init(HvVp *vp)
{
    for (unsigned i = 0; i < HV_TIMERS; i++) {
        vp->timer[i].vp = vp;
        timer_init(&vp->timer[i].timer, vp->hv->dev.platform->clock, stimer_fire, &vp->timer[i]);
    }
}

void hv_stimer_reset(HvVp *vp)
{
    for (unsigned i = 0; i < HV_TIMERS; i++) {
        HvTimer *t = &vp->timer[i];
        timer_cancel(&t->timer);
        journal_withdraw(hv_journal(vp->hv), &t->waiting, INTR_DEVICE_RESET);
        t->config = t->count = t->next = t->expired = 0;
        t->pending = false;
    }
}
