/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: the event log (2.5). */
#ifndef HW_I386_IOMMU_AMD_LOG_H
#define HW_I386_IOMMU_AMD_LOG_H

#include "base/clock.h"
#include "hw/core/device.h"
#include "hw/core/regfile.h"
#include "hw/i386/iommu/amd/event.h"
#include "hw/i386/iommu/amd/signal.h"

#define AMDVI_EVENTS_WAITING 64u

typedef struct {
    RegFile *regs;
    AmdviSignals *signals;
    const Device *dev;
    AddressSpace *memory;
    const MemRegion *own; /* the unit's registers, into which it does not write */
    uint64_t latency;     /* ns until an event is in the log */
    Timer timer;          /* of the oldest that waits */
    uint32_t waiting;     /* how many, and what they say; the oldest first */
    uint64_t words[AMDVI_EVENTS_WAITING * AMDVI_EVENT_WORDS];
    uint64_t count, lost; /* events that were to be logged; those of them that were not */
} AmdviLog;
extern const StateField amdvi_log_state[];

void amdvi_log_init(AmdviLog *log);
void amdvi_log_reset(AmdviLog *log);
void amdvi_log_restored(AmdviLog *log);
/* Is it switched on, and has it not overflowed? Sets EventLogRun. */
void amdvi_log_update(AmdviLog *log);
/* Appends an event, now or after the latency. */
void amdvi_log_event(AmdviLog *log, const AmdviEvent *event);

#endif
