/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the unit's own interrupts. Fault and invalidation events share one scheme of control, data,
 * address and upper address registers, with a mask (IM) and a pending bit (IP) (7.4, 11.4.7.2 and
 * 11.4.9.5 with those after them). Their messages go to the APIC bus as they are: they are never
 * remapped (5.1.6). The page request event has the same scheme and comes with page requests.
 */
#include "hw/core/intr_log.h"
#include "vtd_internal.h"

typedef struct {
    const char *name;
    uint32_t control, data, address, upper;
} EventRegs;

static const EventRegs event_regs[VTD_EVENTS] = {
    [VTD_EVENT_FAULT] = {"fault", VTD_FECTL, VTD_FEDATA, VTD_FEADDR, VTD_FEUADDR},
    [VTD_EVENT_INVALIDATION] = {"invalidation", VTD_IECTL, VTD_IEDATA, VTD_IEADDR, VTD_IEUADDR},
};

static void set_pending(VtdState *s, VtdEvent event, bool pending)
{
    uint32_t offset = event_regs[event].control;
    uint64_t control = vtd_reg(s, offset);
    control = pending ? control | VTD_EVENT_IP : control & ~(uint64_t)VTD_EVENT_IP;
    regfile_set(&s->regs, offset, control);
}

void vtd_event_raise(VtdState *s, VtdEvent event)
{
    uint64_t serial = intr_serial_next(s->dev.platform->intr_log);
    intr_serial_wait(&s->event_waiting[event], serial);
    if (vtd_reg(s, event_regs[event].control) & VTD_EVENT_IM) {
        set_pending(s, event, true);
        trace_event(s->dev.platform->trace, TRACE_VTD,
                    "vtd_event_kept serial=%" PRIu64 " dev=%s event=%s result=%s", serial,
                    s->dev.id, event_regs[event].name, intr_result_name(INTR_EVENT_MASKED));
    } else {
        s->events_due |= 1u << event;
    }
}

void vtd_event_settle(VtdState *s, VtdEvent event)
{
    set_pending(s, event, false);
    if (!(s->events_due & 1u << event)) {
        s->event_waiting[event] = 0;
    }
}

void vtd_event_control_written(VtdState *s, VtdEvent event)
{
    uint64_t control = vtd_reg(s, event_regs[event].control);
    if ((control & VTD_EVENT_IP) && !(control & VTD_EVENT_IM)) {
        set_pending(s, event, false);
        s->events_due |= 1u << event;
    }
}

static void send(VtdState *s, VtdEvent event)
{
    const EventRegs *regs = &event_regs[event];
    uint64_t address = vtd_reg(s, regs->address);
    uint32_t data = (uint32_t)vtd_reg(s, regs->data);
    uint64_t serial = intr_serial_take(s->dev.platform->intr_log, &s->event_waiting[event]);
    if (!intr_window_contains(address)) {
        VTD_GUEST_ERROR(s,
                        "vtd_event_address serial=%" PRIu64 " event=%s addr=%#" PRIx64 " result=%s",
                        serial, regs->name, address, intr_result_name(INTR_NOT_A_REQUEST));
        return;
    }
    /* Without EIM there is no upper address register, and ids have 8 bits. */
    if (s->eim) {
        address |= vtd_reg(s, regs->upper) << 32;
    }
    trace_event(s->dev.platform->trace, TRACE_VTD,
                "vtd_event serial=%" PRIu64 " dev=%s event=%s addr=%#" PRIx64 " data=%#x", serial,
                s->dev.id, regs->name, address, data);
    ApicMsg msg = apic_msg_decode(address, data);
    msg.serial = serial;
    apic_bus_deliver(s->links.apic_bus, &msg);
}

void vtd_events_flush(VtdState *s)
{
    while (G_UNLIKELY(s->events_due)) {
        VtdEvent event = (VtdEvent)__builtin_ctz(s->events_due);
        s->events_due &= s->events_due - 1;
        send(s, event);
    }
}
