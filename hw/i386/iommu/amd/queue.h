/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: the command buffer (2.4). It acts on the whole unit. */
#ifndef HW_I386_IOMMU_AMD_QUEUE_H
#define HW_I386_IOMMU_AMD_QUEUE_H

#include "base/clock.h"
#include "hw/core/state.h"
#include "hw/i386/iommu/amd/cmd.h"

/* The unit of cost: about what it takes to look at an entry of a cache. */
#define AMDVI_QUEUE_UNIT_NS 10
/* What is done at once: half a millisecond's. */
#define AMDVI_QUEUE_BUDGET 50000

typedef struct AmdviState AmdviState; /* unit.h */

typedef struct {
    Timer step; /* command-latency, and the rest of an overlong run */
    bool waits; /* for devices: the last command was a COMPLETION_WAIT, this one */
    AmdviCmd wait;
    bool running;      /* commands are being done: an inner write of the tail only moves it */
    bool failed;       /* one was illegal, or could not be read: until CmdBufEn is set again */
    uint64_t commands; /* done since power-on */
    uint64_t work;     /* what they cost, in AMDVI_QUEUE_UNIT_NS */
} AmdviQueue;
extern const StateField amdvi_queue_state[];

void amdvi_queue_init(AmdviState *s);
void amdvi_queue_reset(AmdviState *s);
/* How long the buffer is. */
uint32_t amdvi_queue_bytes(const AmdviState *s);
/* CONTROL has changed from `old`: starts or stops it, and sets CmdBufRun. */
void amdvi_queue_control(AmdviState *s, uint64_t old);
/* Of what devices were asked for something is over, and perhaps the last. */
void amdvi_queue_settled(AmdviState *s);
/* Something that may let it go on has happened. */
void amdvi_queue_kick(AmdviState *s);

#endif
