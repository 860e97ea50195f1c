/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: INVALIDATE_IOTLB_PAGES asks a device, which takes its time (2.4.4). Until it has answered
 * no later COMPLETION_WAIT is over. InvTimeOut of CONTROL says how long that may be; then the
 * command is over, and IOTLB_INV_TIMEOUT is logged (2.5.8). An answer that comes after that is not
 * heeded.
 */
#include "hw/i386/iommu/amd/asked.h"

#include "hw/i386/iommu/amd/unit.h"

#define NO_TIMEOUT   0
#define LAST_TIMEOUT 6 /* 100 s; 7 is reserved, and no time-out here */

static const StateField amdvi_request_state[] = {
    STATE_FIELD(STATE_UINT16, AmdviRequest, device_id),
    STATE_FIELD(STATE_UINT64, AmdviRequest, command),
    STATE_FIELD(STATE_UINT64, AmdviRequest, ends),
    STATE_END,
};

const StateField amdvi_asked_state[] = {
    STATE_FIELD(STATE_TIMER, AmdviAsked, timeout),
    STATE_FIELD(STATE_UINT32, AmdviAsked, tags),
    STATE_STRUCTS(AmdviAsked, requests, AMDVI_TAGS, AmdviRequest, amdvi_request_state),
    STATE_END,
};

/* 3.4.3: 1 ms, and ten times as much for each further step. */
static uint64_t asked_ends(const AmdviState *s)
{
    uint64_t code = field_get(amdvi_reg(s, AMDVI_CONTROL), AMDVI_CTL_INV_TIMEOUT);
    uint64_t time = NS_PER_MS;
    if (code == NO_TIMEOUT || code > LAST_TIMEOUT) {
        return 0;
    }
    while (--code) {
        time *= 10;
    }
    return (uint64_t)clock_now(s->dev.platform->clock) + time;
}

static void asked_arm(AmdviAsked *asked)
{
    uint64_t first = UINT64_MAX;
    for (unsigned tag = 0; tag < AMDVI_TAGS; tag++) {
        uint64_t ends = asked->requests[tag].ends;
        if ((asked->tags & 1u << tag) && ends) {
            first = MIN(first, ends);
        }
    }
    if (first != UINT64_MAX) {
        timer_arm(&asked->timeout, (int64_t)first);
    } else {
        timer_cancel(&asked->timeout);
    }
}

void amdvi_asked_add(AmdviState *s, const AmdviCmd *c, uint64_t command)
{
    AmdviAsked *asked = &s->asked;
    unsigned tag = (unsigned)__builtin_ctz(~asked->tags);
    asked->tags |= 1u << tag;
    asked->requests[tag] =
        (AmdviRequest){.device_id = c->device_id, .command = command, .ends = asked_ends(s)};
    asked_arm(asked);
    amdvi_ats_invalidate(s, c, tag);
}

void amdvi_asked_answered(AmdviState *s, uint16_t device_id, uint32_t tags)
{
    AmdviAsked *asked = &s->asked;
    for (unsigned tag = 0; tag < AMDVI_TAGS; tag++) {
        if ((tags & 1u << tag) && asked->requests[tag].device_id == device_id) {
            asked->tags &= ~(1u << tag);
        }
    }
    asked_arm(asked);
    amdvi_queue_settled(s);
}

static void asked_time_is_over(void *opaque)
{
    AmdviState *s = opaque;
    AmdviAsked *asked = &s->asked;
    int64_t now = clock_now(s->dev.platform->clock);
    for (unsigned tag = 0; tag < AMDVI_TAGS; tag++) {
        const AmdviRequest *r = &asked->requests[tag];
        if ((asked->tags & 1u << tag) && r->ends && (int64_t)r->ends <= now) {
            asked->tags &= ~(1u << tag);
            amdvi_log_event(&s->log, &(AmdviEvent){.code = AMDVI_EV_IOTLB_INV_TIMEOUT,
                                                   .device_id = r->device_id,
                                                   .address = r->command});
        }
    }
    asked_arm(asked);
    amdvi_queue_settled(s);
}

void amdvi_asked_init(AmdviState *s)
{
    timer_init(&s->asked.timeout, s->dev.platform->clock, asked_time_is_over, s);
}

void amdvi_asked_reset(AmdviAsked *asked)
{
    timer_cancel(&asked->timeout);
    asked->tags = 0;
}
