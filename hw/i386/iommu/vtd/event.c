/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the unit's own interrupts. Fault and invalidation events share one scheme of control, data,
 * address and upper address registers, with a mask (IM) and a pending bit (IP) (7.4, 11.4.7.2 and
 * 11.4.9.5 with those after them). Their messages go to the APIC bus as they are: they are never
 * remapped (5.1.6). The page request event has the same scheme and comes with page requests.
 */
#include "hw/i386/iommu/vtd/event.h"

#include <string.h>

#include "hw/core/intr_log.h"
#include "hw/i386/iommu/vtd/regs.h"

typedef struct {
    const char *name;
    uint32_t control, data, address, upper;
} EventRegs;

static const EventRegs event_regs[VTD_EVENTS] = {
    [VTD_EVENT_FAULT] = {"fault", VTD_FECTL, VTD_FEDATA, VTD_FEADDR, VTD_FEUADDR},
    [VTD_EVENT_INVALIDATION] = {"invalidation", VTD_IECTL, VTD_IEDATA, VTD_IEADDR, VTD_IEUADDR},
};

void vtd_events_init(VtdEvents *e, RegFile *regs, ApicBus *apic_bus, const Device *dev, bool wide)
{
    *e = (VtdEvents){.regs = regs, .apic_bus = apic_bus, .dev = dev, .wide = wide};
}

void vtd_events_reset(VtdEvents *e)
{
    e->due = 0;
    memset(e->waiting, 0, sizeof(e->waiting));
}

static void event_set_pending(VtdEvents *e, VtdEvent event, bool pending)
{
    uint32_t offset = event_regs[event].control;
    uint64_t control = regfile_get(e->regs, offset);
    control = pending ? control | VTD_EVENT_IP : control & ~(uint64_t)VTD_EVENT_IP;
    regfile_set(e->regs, offset, control);
}

void vtd_event_raise(VtdEvents *e, VtdEvent event)
{
    const Platform *platform = e->dev->platform;
    uint64_t serial = intr_serial_next(platform->intr_log);
    intr_serial_wait(&e->waiting[event], serial);
    if (regfile_get(e->regs, event_regs[event].control) & VTD_EVENT_IM) {
        event_set_pending(e, event, true);
        trace_event(platform->trace, TRACE_VTD,
                    "vtd_event_kept serial=%" PRIu64 " dev=%s event=%s result=%s", serial,
                    e->dev->id, event_regs[event].name, intr_result_name(INTR_EVENT_MASKED));
    } else {
        e->due |= 1u << event;
    }
}

void vtd_event_settle(VtdEvents *e, VtdEvent event)
{
    event_set_pending(e, event, false);
    if (!(e->due & 1u << event)) {
        e->waiting[event] = 0;
    }
}

void vtd_event_control_written(VtdEvents *e, VtdEvent event)
{
    uint64_t control = regfile_get(e->regs, event_regs[event].control);
    if ((control & VTD_EVENT_IP) && !(control & VTD_EVENT_IM)) {
        event_set_pending(e, event, false);
        e->due |= 1u << event;
    }
}

static void send(VtdEvents *e, VtdEvent event)
{
    const EventRegs *regs = &event_regs[event];
    const Platform *platform = e->dev->platform;
    uint64_t address = regfile_get(e->regs, regs->address);
    uint32_t data = (uint32_t)regfile_get(e->regs, regs->data);
    uint64_t serial = intr_serial_take(platform->intr_log, &e->waiting[event]);
    if (!intr_window_contains(address)) {
        trace_event(platform->trace, TRACE_GUEST_ERRORS,
                    "vtd_event_address serial=%" PRIu64 " event=%s addr=%#" PRIx64 " result=%s",
                    serial, regs->name, address, intr_result_name(INTR_NOT_A_REQUEST));
        return;
    }
    /* Without EIM there is no upper address register, and ids have 8 bits. */
    if (e->wide) {
        address |= regfile_get(e->regs, regs->upper) << 32;
    }
    trace_event(platform->trace, TRACE_VTD,
                "vtd_event serial=%" PRIu64 " dev=%s event=%s addr=%#" PRIx64 " data=%#x", serial,
                e->dev->id, regs->name, address, data);
    ApicMsg msg = apic_msg_decode(address, data);
    msg.serial = serial;
    apic_bus_deliver(e->apic_bus, &msg);
}

void vtd_events_flush(VtdEvents *e)
{
    while (G_UNLIKELY(e->due)) {
        VtdEvent event = (VtdEvent)__builtin_ctz(e->due);
        e->due &= e->due - 1;
        send(e, event);
    }
}
