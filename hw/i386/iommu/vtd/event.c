/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the unit's own interrupts. Fault and invalidation events share one scheme of control, data,
 * address and upper address registers, with a mask (IM) and a pending bit (IP) (7.4, 11.4.7.2 and
 * 11.4.9.5 with those after them). Their messages go to the APIC bus as they are: they are never
 * remapped (5.1.6). The page request event has the same scheme and comes with page requests.
 */
#include "hw/i386/iommu/vtd/event.h"

#include <string.h>

#include "hw/i386/iommu/vtd/regs.h"
#include "hw/intr/lint.h"

#define FIRST_VECTOR 16

typedef struct {
    const char *name;
    uint32_t control, data, address, upper;
} EventRegs;

static const EventRegs event_regs[VTD_EVENTS] = {
    [VTD_EVENT_FAULT] = {"fault", VTD_FECTL, VTD_FEDATA, VTD_FEADDR, VTD_FEUADDR},
    [VTD_EVENT_INVALIDATION] = {"invalidation", VTD_IECTL, VTD_IEDATA, VTD_IEADDR, VTD_IEUADDR},
};

/* What is due is sent before the unit is left. */
const StateField vtd_events_state[] = {
    STATE_ARRAY(STATE_UINT64, VtdEvents, waiting, VTD_EVENTS),
    STATE_END,
};

void vtd_events_init(VtdEvents *e, RegFile *regs, ApicBus *apic_bus, const Device *dev, bool wide)
{
    *e = (VtdEvents){.regs = regs, .apic_bus = apic_bus, .dev = dev, .wide = wide};
}

void vtd_events_reset(VtdEvents *e)
{
    e->due = 0;
    for (unsigned event = 0; event < VTD_EVENTS; event++) {
        journal_withdraw(e->dev->platform->journal, &e->waiting[event], INTR_DEVICE_RESET);
    }
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
    Journal *journal = e->dev->platform->journal;
    bool masked = regfile_get(e->regs, event_regs[event].control) & VTD_EVENT_IM;
    uint64_t serial = journal_open(journal, JOURNAL_EVENT, e->dev->id, 0, event);
    journal_wait(journal, serial, masked ? INTR_EVENT_MASKED : INTR_ON_ITS_WAY, &e->waiting[event]);
    if (masked) {
        event_set_pending(e, event, true);
    } else {
        e->due |= 1u << event;
    }
}

void vtd_event_settle(VtdEvents *e, VtdEvent event)
{
    event_set_pending(e, event, false);
    if (!(e->due & 1u << event)) {
        journal_withdraw(e->dev->platform->journal, &e->waiting[event], INTR_EVENT_SETTLED);
    }
}

static void event_check_message(const VtdEvents *e, VtdEvent event)
{
    const EventRegs *regs = &event_regs[event];
    uint64_t address = regfile_get(e->regs, regs->address), data = regfile_get(e->regs, regs->data);
    if (!intr_window_contains(address)) {
        LINT_BREAK(e->dev, LINT_EVENT_WITHOUT_ADDRESS, "%s event, address %#" PRIx64, regs->name,
                   address);
    } else if ((data >> MSI_DATA_DELIVERY_SHIFT & MSI_DATA_DELIVERY_MASK) <= INTR_MODE_LOWEST &&
               (data & MSI_DATA_VECTOR_MASK) < FIRST_VECTOR) {
        LINT_BREAK(e->dev, LINT_EVENT_VECTOR_LOW, "%s event, data %#" PRIx64, regs->name, data);
    }
}

void vtd_event_message_written(const VtdEvents *e, const char *name, VtdEvent event)
{
    if (!(regfile_get(e->regs, event_regs[event].control) & VTD_EVENT_IM)) {
        LINT_BREAK(e->dev, LINT_EVENT_CHANGED_LIVE, "%s", name);
    }
}

void vtd_event_control_written(VtdEvents *e, VtdEvent event)
{
    uint64_t control = regfile_get(e->regs, event_regs[event].control);
    if (!(control & VTD_EVENT_IM)) {
        event_check_message(e, event);
    }
    if ((control & VTD_EVENT_IP) && !(control & VTD_EVENT_IM)) {
        event_set_pending(e, event, false);
        e->due |= 1u << event;
    }
}

static void send(VtdEvents *e, VtdEvent event)
{
    const EventRegs *regs = &event_regs[event];
    const Platform *platform = e->dev->platform;
    IntrMsg msg = {
        .address = regfile_get(e->regs, regs->address),
        .data = (uint32_t)regfile_get(e->regs, regs->data),
        .serial = journal_reopen(platform->journal, &e->waiting[event], JOURNAL_EVENT, e->dev->id,
                                 0, event),
    };
    if (!intr_window_contains(msg.address)) {
        trace_event(platform->trace, TRACE_GUEST_ERRORS,
                    "vtd_event_address serial=%" PRIu64 " event=%s addr=%#" PRIx64, msg.serial,
                    regs->name, msg.address);
        journal_end(platform->journal, msg.serial, INTR_NOT_A_REQUEST);
        return;
    }
    /* Without EIM there is no upper address register, and ids have 8 bits. */
    if (e->wide) {
        msg.address |= regfile_get(e->regs, regs->upper) << 32;
    }
    journal_send(platform->journal, &msg);
    ApicMsg out = apic_msg_decode(&msg);
    apic_bus_deliver(e->apic_bus, &out);
}

void vtd_events_flush(VtdEvents *e)
{
    while (G_UNLIKELY(e->due)) {
        VtdEvent event = (VtdEvent)__builtin_ctz(e->due);
        e->due &= e->due - 1;
        send(e, event);
    }
}
