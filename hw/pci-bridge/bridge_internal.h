/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bridges have in common. Private to this folder. */
#ifndef HW_PCI_BRIDGE_BRIDGE_INTERNAL_H
#define HW_PCI_BRIDGE_BRIDGE_INTERNAL_H

#include "hw/pci-bridge/bridges.h"
#include "hw/pci/pci.h"

typedef struct {
    PciDevice pci;
    PciBus *behind; /* named like the bridge */
} Bridge;

/* Makes the bus behind; the last step of realize. */
void bridge_make_bus(Bridge *bridge);
/* The capability that stands for the ids of a bridge's board (PCI-to-PCI Bridge 1.2, 3.2.5.13). */
void bridge_add_subsystem(PciDevice *pci, uint16_t vendor_id, uint16_t device_id);
/* DeviceClass.restored. */
void bridge_restored(Device *dev);

#endif
