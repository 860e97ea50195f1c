/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOAPIC: 24 pins, version 11h (82093AA) or 20h (ICH: with an EOI register).
 *
 * Each redirection entry emits an interrupt message whose address and data are built from its bits:
 * with remapping those bits are a handle, and the IOAPIC knows nothing of it (VT-d 5.1.5.1).
 */
#ifndef HW_INTC_IOAPIC_H
#define HW_INTC_IOAPIC_H

#include "hw/core/device.h"
#include "hw/core/intr_msg.h"

#define IOAPIC_PINS        24
#define IOAPIC_BASE        0xfec00000ull
#define IOAPIC_WINDOW_SIZE 0x1000ull

extern const DeviceClass ioapic_class; /* properties: version=0x20|0x11, id */

typedef struct {
    IntrSink sink;         /* where messages go */
    uint16_t requester_id; /* the source id that the DMAR table gives this IOAPIC */
    /* A bit a pin. Lines are logical levels: at these pins the wire is low while something is asked
     * for. */
    uint32_t active_low;
    /* Pins at which an entry's polarity has no effect: what is asked for counts. */
    uint32_t any_polarity;
} IoapicLinks;
IoapicLinks *ioapic_links(Device *dev);

MemRegion *ioapic_region(Device *dev); /* to be mapped by the board */
/* Input lines: device_irq_in(dev, "", pin). */
/* An EOI broadcast by a local APIC: clears remote IRR of level pins with this vector. */
void ioapic_eoi(void *dev, uint8_t vector);
/* A pin as it is now. */
typedef struct {
    uint64_t rte;
    uint8_t vector; /* of the entry, that EOIs are compared with */
    bool level, masked, remote_irr;
    bool active;   /* the line is at the level that the entry calls active */
    uint8_t again; /* EOIs in a row that found it so; IOAPIC_AGAIN_MOST: or more */
} IoapicPin;
#define IOAPIC_AGAIN_MOST UINT8_MAX
IoapicPin ioapic_pin(Device *dev, unsigned pin);
/* `info pic`: one line a pin. */
void ioapic_describe(Device *dev, GString *out);

#endif
