/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INTx: the level a device asks for, the disable bit, and the way of its pin to the root bus
 * (PCI Local Bus 3.0, 2.2.6 and 6.2.2; swizzling: PCI-to-PCI Bridge 1.2, 9.1).
 */
#include "hw/pci/pci_internal.h"

void pci_route_pin(const PciDevice *pci, int pin, uint8_t *root_devfn, int *root_pin)
{
    while (pci->bus->bridge) {
        pin = (pin + PCI_SLOT_OF(pci->devfn)) % PCI_PINS;
        pci = pci->bus->bridge;
    }
    *root_devfn = PCI_DEVFN(PCI_SLOT_OF(pci->devfn), 0);
    *root_pin = pin;
}

static void drive_wire(PciDevice *pci, bool level)
{
    PciBus *root = pci_root_of(pci->bus);
    uint8_t devfn;
    int pin;
    pci_route_pin(pci, pci->config[PCI_INTERRUPT_PIN] - 1, &devfn, &pin);
    uint16_t *count = &root->intx_count[PCI_SLOT_OF(devfn)][pin];
    bool before = *count > 0;
    *count = (uint16_t)(level ? *count + 1 : *count - 1);
    bool after = *count > 0;
    if (before != after && root->host.set_intx) {
        root->host.set_intx(root->host.opaque, devfn, pin, after);
    }
}

void pci_update_intx(PciDevice *pci)
{
    bool disabled = (pci_get_word(&pci->config[PCI_COMMAND]) & PCI_COMMAND_INTX_DISABLE) != 0;
    bool wire = pci->intx_level && !disabled;
    if (wire == pci->intx_wire) {
        return;
    }
    pci->intx_wire = wire;
    trace_event(pci->dev.platform->trace, TRACE_PCI, "pci_intx sid=%04x pin=%d level=%d",
                pci_requester_id(pci), pci->config[PCI_INTERRUPT_PIN], wire);
    drive_wire(pci, wire);
}

void pci_set_intx(PciDevice *pci, bool level)
{
    uint8_t pin = pci->config[PCI_INTERRUPT_PIN];
    if (!pci->bus || pin == 0 || pin > PCI_PINS) {
        return;
    }
    pci->intx_level = level;
    if (level) {
        pci->config[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
    } else {
        pci->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
    }
    pci_update_intx(pci);
}
