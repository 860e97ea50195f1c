/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bridges have in common: the bus behind, and who made their board. */
#include <linux/pci_regs.h>

#include "hw/pci-bridge/bridge_internal.h"

#define SUBSYSTEM_CAP_BYTES 8

void bridge_make_bus(Bridge *bridge)
{
    bridge->behind = pci_child_bus_new(&bridge->pci, bridge->pci.dev.id);
}

void bridge_add_subsystem(PciDevice *pci, uint16_t vendor_id, uint16_t device_id)
{
    uint8_t cap = pci_add_capability(pci, PCI_CAP_ID_SSVID, SUBSYSTEM_CAP_BYTES);
    pci_set_word(&pci->config[cap + PCI_SSVID_VENDOR_ID], vendor_id);
    pci_set_word(&pci->config[cap + PCI_SSVID_DEVICE_ID], device_id);
}

void bridge_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
}
