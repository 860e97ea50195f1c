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
    uint32_t halves; /* pins whose upper half was changed while they were not masked */
    uint32_t raised; /* pins whose line was raised, and by whom: */
    JournalWhere raised_by[IOAPIC_PINS];
    int64_t sent_at[IOAPIC_PINS]; /* when remote IRR was set, plus 1; 0: unknown */
} IoapicRules;

/* Half of an entry was written: the upper one or the lower one. */
typedef struct {
    unsigned pin;
    bool upper;
    uint64_t old, now;
    bool active_low; /* the pin's wire is */
} IoapicEntryWrite;
void ioapic_rules_written(IoapicRules *rules, const Device *dev, const IoapicEntryWrite *w);
/* The line of a pin for PCI interrupts, whose entry is an edge's, rises or falls. */
void ioapic_rules_pci_edge(IoapicRules *rules, const Device *dev, unsigned pin, bool level);
/* A level wants to go while remote IRR is set. */
void ioapic_rules_waits(const IoapicRules *rules, const Device *dev, unsigned pin);
/* An EOI was for none of the pins. `waiting`: a bit a pin with remote IRR. */
void ioapic_rules_eoi(const Device *dev, uint8_t vector, uint32_t waiting);
/* Something else than IOREGSEL, IOWIN or an EOI register was accessed; or an index that is none. */
void ioapic_rules_index(const Device *dev, unsigned index, bool write);

#endif
