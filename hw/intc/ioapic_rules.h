/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOAPIC: a redirection entry's bits (82093AA 3.2.4), and lint's checks of entries. */
#ifndef HW_INTC_IOAPIC_RULES_H
#define HW_INTC_IOAPIC_RULES_H

#include "hw/intc/ioapic.h"
#include "hw/intr/record.h"

#define RTE_VECTOR_MASK    0xffull
#define RTE_DELIVERY_SHIFT 8
#define RTE_DELIVERY_MASK  0x7ull
#define RTE_DEST_LOGICAL   (1ull << 11)
#define RTE_POLARITY       (1ull << 13)
#define RTE_REMOTE_IRR     (1ull << 14)
#define RTE_LEVEL          (1ull << 15)
#define RTE_MASKED         (1ull << 16)
#define RTE_HANDLE_SHIFT   48

/* What lint remembers. It is forgotten at a reset, and not saved. */
typedef struct {
    bool halves[IOAPIC_PINS_MAX]; /* the upper half was changed while the pin was not masked */
    bool raised[IOAPIC_PINS_MAX]; /* the line was raised, and by whom: */
    JournalWhere raised_by[IOAPIC_PINS_MAX];
    int64_t sent_at[IOAPIC_PINS_MAX]; /* when remote IRR was set, plus 1; 0: unknown */
} IoapicRules;

/* Half of an entry was written: the upper one or the lower one. */
typedef struct {
    unsigned pin;
    bool upper;
    uint64_t old, now;
    bool active_low; /* the pin's wire is */
} IoapicEntryWrite;
/* What the pin's interrupt is has changed while remote IRR was set; but edge mode, masked, is the
 * way to clear a remote IRR where there is no EOI register. */
bool ioapic_entry_is_rewritten(const IoapicEntryWrite *w);
void ioapic_rules_written(IoapicRules *rules, const Device *dev, const IoapicEntryWrite *w);
/* The line of a pin for PCI interrupts, whose entry is an edge's, rises or falls. */
void ioapic_rules_pci_edge(IoapicRules *rules, const Device *dev, unsigned pin, bool level);
/* A level wants to go while remote IRR is set. */
void ioapic_rules_waits(const IoapicRules *rules, const Device *dev, unsigned pin);
/* An EOI was for none of the pins. `waiting`: one that has remote IRR set, or -1. */
void ioapic_rules_eoi(const Device *dev, uint8_t vector, int waiting);
/* Something else than IOREGSEL, IOWIN or an EOI register was accessed; or an index that is none. */
void ioapic_rules_index(const Device *dev, unsigned index, bool write);

#endif
