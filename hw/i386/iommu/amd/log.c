/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the event log: a ring of events in memory (2.5). When its tail would meet its head, the
 * event is lost and EventOverflow set; nothing more is logged until software has cleared that and
 * switched the log off and on (3.4.15).
 */
#include "hw/i386/iommu/amd/log.h"

#include <string.h>

#include "hw/core/rid.h"
#include "hw/i386/iommu/amd/regs.h"

#define LENGTH_LEAST 8 /* 256 entries; less is reserved */

const StateField amdvi_log_state[] = {
    STATE_FIELD(STATE_TIMER, AmdviLog, timer),
    STATE_FIELD(STATE_UINT32, AmdviLog, waiting),
    STATE_ARRAY(STATE_UINT64, AmdviLog, words, AMDVI_EVENTS_WAITING *AMDVI_EVENT_BYTES / 8),
    STATE_NOT_SAVED(AmdviLog, count),
    STATE_NOT_SAVED(AmdviLog, lost),
    STATE_END,
};

void amdvi_log_update(AmdviLog *log)
{
    const uint64_t on = AMDVI_CTL_IOMMU_EN | AMDVI_CTL_EVENT_LOG_EN;
    bool enabled = (regfile_get(log->regs, AMDVI_CONTROL) & on) == on;
    bool overflown = regfile_get(log->regs, AMDVI_STATUS) & AMDVI_ST_EVENT_OVERFLOW;
    if (!enabled) {
        amdvi_change_status(log->regs, 0, AMDVI_ST_EVENT_RUN);
    } else if (!overflown) {
        amdvi_change_status(log->regs, AMDVI_ST_EVENT_RUN, 0);
    }
}

static void log_append(AmdviLog *log, const uint64_t words[2])
{
    uint64_t base = regfile_get(log->regs, AMDVI_EVTLOG_BASE);
    unsigned length = (unsigned)field_get(base, AMDVI_RING_LENGTH);
    uint32_t bytes = AMDVI_EVENT_BYTES << (length < LENGTH_LEAST ? LENGTH_LEAST : length);
    uint32_t tail = (uint32_t)regfile_get(log->regs, AMDVI_EVTLOG_TAIL) % bytes;
    uint32_t next = (tail + AMDVI_EVENT_BYTES) % bytes;
    if (!(regfile_get(log->regs, AMDVI_STATUS) & AMDVI_ST_EVENT_RUN)) {
        log->lost++;
        return;
    }
    if (next == regfile_get(log->regs, AMDVI_EVTLOG_HEAD)) {
        log->lost++;
        amdvi_change_status(log->regs, AMDVI_ST_EVENT_OVERFLOW, AMDVI_ST_EVENT_RUN);
        return;
    }
    uint64_t at = (base & AMDVI_BASE_MASK) + tail;
    regfile_set(log->regs, AMDVI_EVTLOG_TAIL, next);
    amdvi_change_status(log->regs, AMDVI_ST_EVENT_INT, 0);
    if (as_lookup(log->memory, at, NULL, NULL) != log->own) {
        as_write(log->memory, at, words, AMDVI_EVENT_BYTES);
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
