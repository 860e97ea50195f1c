/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC timer: one-shot, periodic and TSC-deadline. Intel SDM vol. 3, 11.5.4.
 *
 * The count is a function of the clock: (timer_start, timer_count, timer_initial, divisor). Nothing
 * runs a tick; a host timer is armed only for the next expiry, and only while the LVT entry lets it
 * through. Expiries that pass while nobody looks become one.
 */
#include "hw/intc/apic_internal.h"
#include "hw/intr/lint.h"

/* The closest two expiries of a periodic timer may come: a period of a few ns asks for more
 * interrupts than any processor takes, and must not keep the host from everything else. */
#define MIN_PERIOD_NS 5000

#define DIVIDE_MASK 0xbu

typedef enum { TIMER_ONE_SHOT, TIMER_PERIODIC, TIMER_DEADLINE, TIMER_RESERVED } TimerMode;

static TimerMode timer_mode_of(uint32_t lvt)
{
    return (lvt & LVT_TIMER_MODE_MASK) >> LVT_TIMER_MODE_SHIFT;
}

static TimerMode timer_mode(const ApicState *s)
{
    return timer_mode_of(s->lvt[APIC_LVT_TIMER]);
}

static int64_t timer_now(const ApicState *s)
{
    return clock_now(s->dev.platform->clock);
}

/* Figure 11-10: 000b is 2, 110b is 128, 111b is 1. */
static unsigned timer_divisor(const ApicState *s)
{
    unsigned code = (s->timer_divide & 3) | ((s->timer_divide >> 1) & 4);

    return 1u << ((code + 1) & 7);
}

static uint64_t timer_elapsed(const ApicState *s, int64_t now)
{
    if (now <= s->timer_start) {
        return 0;
    }
    return muldiv64((uint64_t)(now - s->timer_start), s->links.timer_hz,
                    (uint64_t)NS_PER_SEC * timer_divisor(s));
}

/* When `ticks` have passed since timer_start, rounded up; INT64_MAX if that is beyond time. */
static int64_t timer_time_of(const ApicState *s, uint64_t ticks)
{
    unsigned __int128 ns = (unsigned __int128)ticks * NS_PER_SEC * timer_divisor(s);

    ns = (ns + s->links.timer_hz - 1) / s->links.timer_hz;
    if (ns > (uint64_t)(INT64_MAX - s->timer_start)) {
        return INT64_MAX;
    }
    return s->timer_start + (int64_t)ns;
}

static uint32_t timer_count_at(const ApicState *s, int64_t now)
{
    uint64_t ticks = timer_elapsed(s, now);

    if (timer_mode(s) > TIMER_PERIODIC || s->timer_count == 0) {
        return 0; /* at zero it stands, whatever the mode becomes, until it is loaded again */
    }
    if (ticks < s->timer_count) {
        return s->timer_count - (uint32_t)ticks;
    }
    if (timer_mode(s) == TIMER_ONE_SHOT || s->timer_initial == 0) {
        return 0;
    }
    return s->timer_initial - (uint32_t)((ticks - s->timer_count) % s->timer_initial);
}

uint32_t apic_timer_current(const ApicState *s)
{
    return timer_count_at(s, timer_now(s));
}

/* Makes the present count the starting point, so that rate or mode may change under it. */
static void timer_rebase(ApicState *s)
{
    int64_t now = timer_now(s);

    s->timer_count = timer_count_at(s, now);
    s->timer_start = now;
}

/* The first expiry after `now`, or INT64_MAX. */
static int64_t timer_next_expiry(const ApicState *s, int64_t now)
{
    uint64_t ticks = timer_elapsed(s, now), periods;

    if (s->timer_count == 0) {
        return INT64_MAX;
    }
    if (ticks < s->timer_count) {
        return timer_time_of(s, s->timer_count);
    }
    if (timer_mode(s) == TIMER_ONE_SHOT || s->timer_initial == 0) {
        return INT64_MAX;
    }
    periods = (ticks - s->timer_count) / s->timer_initial + 1;
    int64_t due = timer_time_of(s, s->timer_count + periods * s->timer_initial);
    return MAX(due, now + MIN_PERIOD_NS);
}

/* The CPU's TSC; without a CPU it counts nanoseconds. */
static uint64_t timer_tsc(const ApicState *s)
{
    const CpuPins *pins = s->links.pins;

    return pins && pins->tsc ? pins->tsc(s->links.pins_opaque) : (uint64_t)timer_now(s);
}

static int64_t timer_tsc_to_ns(const ApicState *s, uint64_t tsc)
{
    const CpuPins *pins = s->links.pins;

    if (pins && pins->tsc_to_ns) {
        return pins->tsc_to_ns(s->links.pins_opaque, tsc);
    }
    return tsc > INT64_MAX ? INT64_MAX : (int64_t)tsc;
}

static bool deadline_has_passed(const ApicState *s)
{
    return s->tsc_deadline != 0 && timer_tsc(s) >= s->tsc_deadline;
}

static int64_t timer_next_deadline(const ApicState *s)
{
    if (s->tsc_deadline == 0) {
        return INT64_MAX;
    }
    /* One that passed may lie before the machine's time began. */
    return deadline_has_passed(s) ? timer_now(s) : timer_tsc_to_ns(s, s->tsc_deadline);
}

void apic_timer_rearm(ApicState *s)
{
    int64_t when = INT64_MAX;

    if (!(s->lvt[APIC_LVT_TIMER] & LVT_MASKED) && apic_is_enabled(s)) {
        switch (timer_mode(s)) {
        case TIMER_ONE_SHOT:
        case TIMER_PERIODIC:
            when = timer_next_expiry(s, timer_now(s));
            break;
        case TIMER_DEADLINE:
            when = timer_next_deadline(s);
            break;
        default:
            break;
        }
    }
    if (when == INT64_MAX) {
        timer_cancel(&s->timer);
    } else {
        timer_arm(&s->timer, when);
    }
}

/* A deadline that the TSC has reached is over: the MSR reads 0, and the interrupt is there unless
 * the entry is masked (11.5.4.1). */
static void deadline_reached(ApicState *s)
{
    s->tsc_deadline = 0;
    timer_cancel(&s->timer);
    apic_fire_lvt(s, APIC_LVT_TIMER);
}

static void timer_fire(void *opaque)
{
    ApicState *s = opaque;

    if (timer_mode(s) != TIMER_DEADLINE) {
        apic_timer_rearm(s);
        apic_fire_lvt(s, APIC_LVT_TIMER);
    } else if (deadline_has_passed(s)) {
        deadline_reached(s);
    } else {
        apic_timer_rearm(s); /* the TSC was set back */
    }
}

void apic_timer_catch_up(ApicState *s)
{
    if (timer_mode(s) == TIMER_DEADLINE) {
        if (deadline_has_passed(s)) {
            deadline_reached(s);
        }
    } else if (timer_is_armed(&s->timer) && s->timer.expires <= timer_now(s)) {
        timer_cancel(&s->timer);
        timer_fire(s);
    }
}

void apic_timer_init(ApicState *s)
{
    timer_init(&s->timer, s->dev.platform->clock, timer_fire, s);
}

void apic_timer_reset(ApicState *s)
{
    s->timer_initial = 0;
    s->timer_count = 0;
    s->timer_divide = 0;
    s->timer_start = 0;
    s->tsc_deadline = 0;
    timer_cancel(&s->timer);
}

void apic_timer_set_lvt(ApicState *s, uint32_t value)
{
    TimerMode old = timer_mode(s), now = timer_mode_of(value);

    apic_timer_catch_up(s);
    if (now != old) {
        timer_rebase(s);
        /* Into or out of deadline mode disarms the timer (11.5.4.1). */
        if (now == TIMER_DEADLINE || old == TIMER_DEADLINE) {
            s->timer_initial = 0;
            s->timer_count = 0;
            s->tsc_deadline = 0;
        }
    }
    s->lvt[APIC_LVT_TIMER] = value;
    apic_timer_rearm(s);
}

void apic_timer_set_initial(ApicState *s, uint32_t count)
{
    if (timer_mode(s) == TIMER_DEADLINE) { /* ignored (11.5.4.1) */
        if (count) {
            LINT_BREAK(&s->dev, LINT_COUNT_IN_DEADLINE_MODE, "count %u", count);
        }
        return;
    }
    apic_timer_catch_up(s);
    s->timer_initial = count;
    s->timer_count = count;
    s->timer_start = timer_now(s);
    apic_timer_rearm(s);
}

void apic_timer_set_divide(ApicState *s, uint32_t value)
{
    apic_timer_catch_up(s);
    timer_rebase(s);
    s->timer_divide = value & DIVIDE_MASK;
    apic_timer_rearm(s);
}

uint64_t apic_timer_get_deadline(ApicState *s)
{
    if (timer_mode(s) != TIMER_DEADLINE) {
        return 0;
    }
    apic_timer_catch_up(s);
    return s->tsc_deadline;
}

void apic_timer_set_deadline(ApicState *s, uint64_t tsc)
{
    if (timer_mode(s) == TIMER_DEADLINE) {
        apic_timer_catch_up(s);
        s->tsc_deadline = tsc;
        apic_timer_rearm(s);
        apic_timer_catch_up(s); /* one in the past fires at once */
    } else if (tsc) {
        LINT_BREAK(&s->dev, LINT_DEADLINE_IN_OTHER_MODE, "LVT timer %#x", s->lvt[APIC_LVT_TIMER]);
    }
}

void apic_tsc_changed(ApicState *s)
{
    if (timer_mode(s) == TIMER_DEADLINE) {
        apic_timer_rearm(s);
        apic_timer_catch_up(s);
    }
}
