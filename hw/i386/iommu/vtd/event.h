/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: the unit's own interrupts (7.4). */
#ifndef HW_I386_IOMMU_VTD_EVENT_H
#define HW_I386_IOMMU_VTD_EVENT_H

#include "hw/core/device.h"
#include "hw/core/regfile.h"
#include "hw/core/state.h"
#include "hw/intc/apic_bus.h"

typedef enum { VTD_EVENT_FAULT, VTD_EVENT_INVALIDATION, VTD_EVENTS } VtdEvent;

typedef struct {
    RegFile *regs;
    ApicBus *apic_bus;
    const Device *dev;
    bool wide;                    /* there are upper address registers: 32-bit ids */
    uint32_t due;                 /* bit a VtdEvent */
    uint64_t waiting[VTD_EVENTS]; /* serial numbers of those due or pending */
} VtdEvents;
extern const StateField vtd_events_state[];

void vtd_events_init(VtdEvents *e, RegFile *regs, ApicBus *apic_bus, const Device *dev, bool wide);
void vtd_events_reset(VtdEvents *e);
void vtd_event_raise(VtdEvents *e, VtdEvent event);
/* Software has dealt with every condition of the event: nothing is pending any more. */
void vtd_event_settle(VtdEvents *e, VtdEvent event);
/* What is sent was changed; `name` is the register's. */
void vtd_event_message_written(const VtdEvents *e, const char *name, VtdEvent event);
void vtd_event_control_written(VtdEvents *e, VtdEvent event);
/* Sends what is due: the last act of every entry into the unit. */
void vtd_events_flush(VtdEvents *e);

#endif
