/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOAPIC: 24 to 240 pins, version 11h (82093AA) or 20h (ICH: with an EOI register). A machine may
 * have several; all pins together are its global system interrupts (GSIs, ACPI 5.2.12.3).
 *
 * Each redirection entry emits an interrupt message whose address and data are built from its bits:
 * with remapping those bits are a handle, and the IOAPIC knows nothing of it (VT-d 5.1.5.1).
 */
#ifndef HW_INTC_IOAPIC_H
#define HW_INTC_IOAPIC_H

#include "hw/core/device.h"
#include "hw/core/intr_msg.h"

#define IOAPIC_PINS        24 /* at least, and of the board's own unless told otherwise */
#define IOAPIC_PINS_MAX    240
#define IOAPIC_GSI_MAX     0xff00
#define IOAPIC_ID_MAX      15
#define IOAPIC_BASE        0xfec00000ull
#define IOAPIC_LAST_BASE   0xfecff000ull
#define IOAPIC_WINDOW_SIZE 0x1000ull

extern const DeviceClass ioapic_class; /* properties: docs/devices/ioapic.md */

typedef struct {
    IntrSink sink;         /* where messages go */
    uint16_t requester_id; /* the source id that the DMAR table gives this IOAPIC */
    /* A bit a pin. Lines are logical levels: at these pins the wire is low while something is asked
     * for. */
    uint32_t active_low;
    /* Pins at which an entry's polarity has no effect: what is asked for counts. */
    uint32_t any_polarity;
    bool shares_eois; /* there are others, for whose pins an EOI may be */
} IoapicLinks;
IoapicLinks *ioapic_links(Device *dev);

/* Where it is, as properties say; the board fills in what they leave to it, before realize. */
typedef struct {
    uint64_t base;
    uint32_t gsi_base;
    uint8_t id;
} IoapicPlace;
IoapicPlace *ioapic_place(Device *dev);
unsigned ioapic_pins(Device *dev);
uint8_t ioapic_version(Device *dev);
/* The IOAPIC of a list that a GSI is a pin of, or NULL. */
Device *ioapic_list_find(const GPtrArray *ioapics, uint32_t gsi, unsigned *pin);

MemRegion *ioapic_region(Device *dev); /* to be mapped by the board */
/* Input lines: device_irq_in(dev, "", pin). */
/* An EOI broadcast by a local APIC: clears remote IRR of level pins with this vector. */
void ioapic_eoi(void *dev, uint8_t vector);
/* A pin as it is now. */
typedef struct {
    uint64_t rte;
    uint8_t vector; /* of the entry, that EOIs are compared with */
    bool level, masked, remote_irr;
    bool stuck;    /* for good: stuck-remote-irr */
    bool ending;   /* an EOI for its vector is under way: eoi-delay */
    bool active;   /* the line is at the level that the entry calls active */
    uint8_t again; /* EOIs in a row that found it so; IOAPIC_AGAIN_MOST: or more */
} IoapicPin;
#define IOAPIC_AGAIN_MOST UINT8_MAX
IoapicPin ioapic_pin(Device *dev, unsigned pin);
/* `info pic`: a line, and one for each pin. */
void ioapic_describe(Device *dev, GString *out);

#endif
