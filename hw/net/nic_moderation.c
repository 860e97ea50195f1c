/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts that are held back: by a least interval (82574L data sheet, 7.4.4), and after packets
 * (7.1.6.4 and 7.2.4.2). */
#include "hw/net/nic.h"

#define DELAY_UNIT_NS 1024

const StateField nic_throttle_state[] = {
    STATE_FIELD(STATE_TIMER, NicThrottle, timer),
    STATE_FIELD(STATE_UINT64, NicThrottle, allowed_at),
    STATE_END,
};

void nic_throttle_init(NicThrottle *t, Clock *clock, void (*fire)(void *opaque), void *opaque)
{
    *t = (NicThrottle){0};
    timer_init(&t->timer, clock, fire, opaque);
}

void nic_throttle_reset(NicThrottle *t)
{
    timer_cancel(&t->timer);
    t->allowed_at = 0;
}

bool nic_throttle_pass(NicThrottle *t, uint64_t interval)
{
    uint64_t now = interval || t->allowed_at ? (uint64_t)clock_now(t->timer.clock) : 0;
    if (now < t->allowed_at) {
        if (!timer_is_armed(&t->timer)) {
            timer_arm(&t->timer, (int64_t)t->allowed_at);
        }
        return false;
    }
    t->allowed_at = interval ? now + interval : 0;
    return true;
}

const StateField nic_delay_state[] = {
    STATE_FIELD(STATE_TIMER, NicDelay, timer),
    STATE_FIELD(STATE_UINT64, NicDelay, latest),
    STATE_END,
};

void nic_delay_init(NicDelay *d, Clock *clock, void (*fire)(void *opaque), void *opaque)
{
    *d = (NicDelay){0};
    timer_init(&d->timer, clock, fire, opaque);
}

void nic_delay_reset(NicDelay *d)
{
    timer_cancel(&d->timer);
}

void nic_delay_event(NicDelay *d, uint32_t packet, uint32_t absolute)
{
    uint64_t now = (uint64_t)clock_now(d->timer.clock), at = now + (uint64_t)packet * DELAY_UNIT_NS;
    if (!timer_is_armed(&d->timer)) {
        d->latest = absolute ? now + (uint64_t)absolute * DELAY_UNIT_NS : INT64_MAX;
    }
    timer_cancel(&d->timer);
    timer_arm(&d->timer, (int64_t)MIN(at, d->latest));
}
