/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hot-plug slot of a PCI Express port: native hot-plug with an attention button, a power
 * controller and a power indicator. Private to this folder.
 */
#ifndef HW_PCI_BRIDGE_SLOT_H
#define HW_PCI_BRIDGE_SLOT_H

#include "base/clock.h"
#include "hw/pci/pci.h"

typedef struct {
    PciDevice *port;
    PciBus *behind;
    bool hotplug;      /* else what is in the slot when the machine starts stays there */
    bool surprise;     /* devices may leave without being asked for */
    bool interrupts;   /* the condition of its interrupt, as it was last seen */
    bool asked;        /* somebody wants the device back */
    uint64_t asked_at; /* ns of the machine's clock */
    Timer release;     /* the guest let go; outside of its access we do, too */
} Slot;

extern const StateField slot_state[];

/* The slot's part of the capability that the port has, with its number. `behind` is the port's. */
void slot_init(Slot *slot, PciDevice *port, PciBus *behind, uint16_t number);
void slot_free(Slot *slot);
/* After the port's configuration was reset, loaded, or written in [offset, offset + size). */
void slot_reset(Slot *slot);
void slot_restored(Slot *slot);
void slot_written(Slot *slot, uint32_t offset, unsigned size);
/* PciSlotOps' parts. */
bool slot_takes(const Slot *slot, GError **error);
bool slot_ask(Slot *slot, GError **error);
void slot_plugged(Slot *slot);
void slot_emptied(Slot *slot);

#endif
