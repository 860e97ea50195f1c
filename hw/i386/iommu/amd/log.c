/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: the event log: a ring of events in memory (2.5). */
#include "hw/i386/iommu/amd/log.h"

#include <string.h>

#include "hw/core/rid.h"
#include "hw/i386/iommu/amd/regs.h"
#include "hw/i386/iommu/amd/ring.h"

const StateField amdvi_log_state[] = {
    STATE_FIELD(STATE_TIMER, AmdviLog, timer),
    STATE_FIELD(STATE_UINT32, AmdviLog, waiting),
    STATE_ARRAY(STATE_UINT64, AmdviLog, words, AMDVI_EVENTS_WAITING *AMDVI_EVENT_BYTES / 8),
    STATE_NOT_SAVED(AmdviLog, count),
    STATE_NOT_SAVED(AmdviLog, lost),
    STATE_END,
};

static const AmdviRing event_ring = {.base = AMDVI_EVTLOG_BASE,
                                     .head = AMDVI_EVTLOG_HEAD,
                                     .tail = AMDVI_EVTLOG_TAIL,
                                     .enable = AMDVI_CTL_EVENT_LOG_EN,
                                     .run = AMDVI_ST_EVENT_RUN,
                                     .overflow = AMDVI_ST_EVENT_OVERFLOW,
                                     .interrupt = AMDVI_ST_EVENT_INT};

void amdvi_log_update(AmdviLog *log)
{
    amdvi_ring_update(log->regs, &event_ring);
}

static void log_append(AmdviLog *log, const uint64_t words[2])
{
    uint64_t at;
    if (amdvi_ring_advance(log->regs, &event_ring, AMDVI_EVENT_BYTES, &at)) {
        amdvi_ring_store(log->memory, log->own, at, words, AMDVI_EVENT_BYTES);
    } else {
        log->lost++;
    }
}

static void log_arm(AmdviLog *log)
{
    if (log->waiting && !timer_is_armed(&log->timer)) {
        timer_arm(&log->timer, clock_now(log->dev->platform->clock) + (int64_t)log->latency);
    }
}

static void log_fired(void *opaque)
{
    AmdviLog *log = opaque;
    uint64_t words[AMDVI_EVENT_WORDS];
    memcpy(words, log->words, sizeof(words));
    log->waiting--;
    memmove(log->words, log->words + AMDVI_EVENT_WORDS, log->waiting * sizeof(words));
    log_arm(log);
    log_append(log, words);
    amdvi_signals_update(log->signals);
    amdvi_signals_flush(log->signals);
}

void amdvi_log_init(AmdviLog *log)
{
    timer_init(&log->timer, log->dev->platform->clock, log_fired, log);
}

void amdvi_log_reset(AmdviLog *log)
{
    timer_cancel(&log->timer);
    log->waiting = 0;
    log->count = log->lost = 0;
}

/* A saved state may tell of more than there is room for, or of a timer without a cause. */
void amdvi_log_restored(AmdviLog *log)
{
    log->waiting = MIN(log->waiting, AMDVI_EVENTS_WAITING);
    if (!log->waiting) {
        timer_cancel(&log->timer);
    }
}

void amdvi_log_event(AmdviLog *log, const AmdviEvent *event)
{
    uint64_t words[2];
    amdvi_event_encode(event, words);
    log->count++;
    trace_event(log->dev->platform->trace, TRACE_AMDVI,
                "amdvi_event code=%s device=%s domain=%#x flags=%#x addr=%#" PRIx64,
                amdvi_event_name(event->code), rid_text(event->device_id).text, event->domain,
                event->flags, event->address);
    if (log->latency && log->waiting < AMDVI_EVENTS_WAITING) {
        memcpy(&log->words[log->waiting++ * AMDVI_EVENT_WORDS], words, sizeof(words));
        log_arm(log);
    } else if (log->latency) {
        log->lost++;
    } else {
        log_append(log, words);
        amdvi_signals_update(log->signals);
    }
}
