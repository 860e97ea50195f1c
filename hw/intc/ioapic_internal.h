/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOAPIC, private parts: pins and messages (ioapic.c), registers (ioapic_regs.c), the device
 * (ioapic_device.c).
 */
#ifndef HW_INTC_IOAPIC_INTERNAL_H
#define HW_INTC_IOAPIC_INTERNAL_H

#include "hw/intc/ioapic_rules.h"

#define VERSION_82093AA 0x11
#define VERSION_ICH     0x20

/* EOIs that are on their way (eoi-delay); of more, the oldest arrives early. */
#define IOAPIC_EOIS 32

typedef struct {
    Device dev;
    IoapicLinks links;
    MemRegion region;
    IoapicPlace place;
    uint32_t version, eoi_delay;
    uint8_t pins;
    int eoi_register; /* OnOffAuto */
    bool has_eoi_register;
    bool stuck_remote_irr, level_as_edge; /* hardware's habits, on request */

    uint16_t select;
    uint8_t id;
    uint64_t rte[IOAPIC_PINS_MAX];
    bool asked[IOAPIC_PINS_MAX];       /* somebody asks at the pin */
    bool stuck[IOAPIC_PINS_MAX];       /* stuck-remote-irr: for good */
    bool interrupted[IOAPIC_PINS_MAX]; /* level-as-edge: the next one will be */
    uint8_t again[IOAPIC_PINS_MAX];    /* EOIs in a row that found the pin active; 255: or more */
    uint64_t waiting[IOAPIC_PINS_MAX]; /* serial number of a level that was not sent yet, or 0 */
    bool pausing[IOAPIC_PINS_MAX];     /* looks again when `pause` ends */
    Timer pause;
    uint32_t eois; /* that are under way, the oldest first */
    uint8_t eoi_vector[IOAPIC_EOIS];
    int64_t eoi_at[IOAPIC_EOIS];
    Timer eoi_timer; /* for the oldest */

    IrqLine lines[IOAPIC_PINS_MAX];
    uint64_t sent[IOAPIC_PINS_MAX];
    IoapicRules rules;
} IoapicState;

static inline IoapicState *ioapic_from(void *dev)
{
    return dev;
}

static inline IntrDeliveryMode rte_mode(uint64_t rte)
{
    return (rte >> RTE_DELIVERY_SHIFT) & RTE_DELIVERY_MASK;
}

/* The board says of the first 32 pins what their wires are; the others are active high. */
static inline bool ioapic_pin_in(uint32_t bits, unsigned pin)
{
    return pin < 32 && (bits >> pin & 1);
}

/* Is the wire at the level that the entry calls active? (82093AA 3.2.4, bit 13) */
bool ioapic_pin_is_active(const IoapicState *s, unsigned pin);
/* An IrqHandler. */
void ioapic_line(void *opaque, int n, bool level);
/* Half of an entry is written: `index` is twice the pin, plus 1 for the upper half. */
void ioapic_write_rte(IoapicState *s, unsigned index, uint32_t value);
/* Timers. */
void ioapic_pause_ends(void *opaque);
void ioapic_eoi_arrives(void *opaque);
/* Pins and EOIs are as at power-on. */
void ioapic_reset_pins(IoapicState *s);

extern const MemOps ioapic_ops;

#endif
