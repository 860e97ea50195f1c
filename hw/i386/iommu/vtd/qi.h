/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: the invalidation queue (6.5.2). It acts on the whole unit. */
#ifndef HW_I386_IOMMU_VTD_QI_H
#define HW_I386_IOMMU_VTD_QI_H

#include "base/clock.h"
#include "hw/core/state.h"

#define VTD_QUEUE_SLOT  16u                         /* bytes of the smaller descriptors */
#define VTD_QUEUE_SLOTS (0x80000u / VTD_QUEUE_SLOT) /* with QS 7 */

/* Device-TLB invalidations under way: one a tag (PCIe ATS 10.3). */
#define VTD_ITAGS 32

/* The unit of cost: about what it takes to look at an entry of a cache. */
#define VTD_QI_UNIT_NS 10
/* What is done at once: half a millisecond's. */
#define VTD_QI_BUDGET 50000

typedef struct VtdState VtdState; /* unit.h */

typedef struct {
    Timer step;         /* qi-latency, and the rest of an overlong run */
    Timer timeout;      /* of the device-TLB invalidations under way */
    bool running;       /* the queue is being run: an inner IQT write only moves the tail */
    uint32_t tags_busy; /* device-TLB invalidations under way */
    uint16_t tag_source[VTD_ITAGS];
    bool wait_pending; /* a wait descriptor that they hold up */
    bool wait_interrupt, wait_status;
    uint32_t wait_data;
    uint64_t wait_address;
    uint64_t descriptors; /* done since power-on */
    uint64_t work;        /* what they cost, in VTD_QI_UNIT_NS */
} VtdQueue;

extern const StateField vtd_qi_state[];

void vtd_qi_init(VtdState *s);
void vtd_qi_reset(VtdState *s);
/* QIE was set. */
void vtd_qi_enable(VtdState *s);
void vtd_qi_disable(VtdState *s);
void vtd_qi_restored(VtdState *s);
/* Something that may let the queue go on has happened: the tail, QIE, an error cleared. */
void vtd_qi_kick(VtdState *s);

#endif
