/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The APIC bus: takes an addressed message and hands it to the local APICs it matches
 * (Intel SDM vol. 3, 11.6 "Issuing interprocessor interrupts" and 11.6.2 "Determining IPI
 * destination"; x2APIC 11.12). EOIs travel the other way, to whoever registered for them.
 */
#ifndef HW_INTC_APIC_BUS_H
#define HW_INTC_APIC_BUS_H

#include "base/trace.h"
#include "hw/core/intr_msg.h"
#include "hw/core/state.h"

typedef struct ApicBus ApicBus;
typedef struct ApicState ApicState;
typedef struct Journal Journal; /* hw/intr/journal.h */

/* Whose turn it is among equals; the rest follows from the local APICs. */
extern const StateField apic_bus_state[];

/* `journal` may be NULL. */
ApicBus *apic_bus_new(Journal *journal);
void apic_bus_free(ApicBus *bus);

/* A local APIC joins; `apic_id` is its initial id, unique. Look-up by id is O(1) up to 64 Ki ids.
 */
void apic_bus_attach(ApicBus *bus, ApicState *apic, uint32_t apic_id);
void apic_bus_detach(ApicBus *bus, uint32_t apic_id);
/* A local APIC's mode or logical id changed: the bus looks at all of them again. */
void apic_bus_changed(ApicBus *bus);

/*
 * Delivers to every local APIC that `msg` addresses, or to one of them for lowest priority and
 * redirection hint. Physical destination FFh (xAPIC) and FFFFFFFFh are broadcasts. The answer is
 * the highest-ranking of all that it matched. Reserved delivery modes are dropped, and so are
 * vectors below 16 (fixed: noted in the receiver's error status, SDM 11.5.3).
 */
IntrResult apic_bus_deliver(ApicBus *bus, const ApicMsg *msg);

/* The destination shorthands of an IPI: to everyone, or to everyone but `except`. `msg->dest` is
 * not looked at. */
IntrResult apic_bus_deliver_all(ApicBus *bus, const ApicMsg *msg, const ApicState *except);

/* The same to one local APIC that the sender knows by other means than ids: `msg->dest` is not
 * looked at. */
IntrResult apic_bus_deliver_to(ApicBus *bus, const ApicMsg *msg, ApicState *apic);

/* Compatibility format: decodes the address and data of a message and delivers it. This is the
 * sink at the top of a machine without remapping. */
IntrSink apic_bus_sink(ApicBus *bus);

/* Decodes a message. Bits 63:40 of the address extend the destination id to 32
 * bits as the DMAR unit's own events do (VT-d 11.4.8.5: upper address bits 31:8 are id bits 31:8).
 */
ApicMsg apic_msg_decode(const IntrMsg *msg);

/* Who wants EOI broadcasts (IOAPICs). Called with the vector of a level-triggered interrupt. */
void apic_bus_add_eoi_listener(ApicBus *bus, void (*eoi)(void *opaque, uint8_t vector),
                               void *opaque);
void apic_bus_broadcast_eoi(ApicBus *bus, uint8_t vector);

/* Messages that reached a local APIC, and the others, since reset, for `info apic` and the demo's
 * table. */
typedef struct {
    uint64_t delivered;
    uint64_t dropped;
} ApicBusStats;
ApicBusStats apic_bus_stats(const ApicBus *bus);
void apic_bus_reset_stats(ApicBus *bus);

#endif
