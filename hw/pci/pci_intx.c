/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INTx: the level a device asks for, what keeps it off the pin, and the pin's way to the root bus
 * (PCI Local Bus 3.0, 2.2.6 and 6.2.2; swizzling: PCI-to-PCI Bridge 1.2, 9.1).
 */
#include "hw/pci/msi.h"
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

static bool has_pin(const PciDevice *pci)
{
    uint8_t pin = pci->config[PCI_INTERRUPT_PIN];
    return pin > 0 && pin <= PCI_PINS;
}

static void wire_pin(PciDevice *pci)
{
    const PciHost *host = &pci_root_of(pci->bus)->host;
    uint8_t devfn;
    int pin;
    if (has_pin(pci) && host->intx_line) {
        pci_route_pin(pci, pci->config[PCI_INTERRUPT_PIN] - 1, &devfn, &pin);
        irq_connect(&pci->intx, host->intx_line(host->opaque, devfn, pin));
    }
}

void pci_connect_intx(PciDevice *pci)
{
    device_add_irq_out(&pci->dev, "intx", &pci->intx, 1);
    wire_pin(pci);
}

void pci_use_intx_pin(PciDevice *pci, uint8_t pin)
{
    pci->config[PCI_INTERRUPT_PIN] = pin;
    wire_pin(pci);
}

/* INTx must not be used while MSI or MSI-X is enabled (6.8.1.3 and 6.8.2.3, "MSI Enable"). */
static bool may_use_intx(const PciDevice *pci)
{
    bool disabled = (pci_get_word(&pci->config[PCI_COMMAND]) & PCI_COMMAND_INTX_DISABLE) != 0;
    return !disabled && !msi_enabled(pci) && !msix_enabled(pci);
}

void pci_update_intx(PciDevice *pci)
{
    bool wire = pci->intx_level && may_use_intx(pci);
    if (wire == pci->intx.level) {
        return;
    }
    trace_event(pci->dev.platform->trace, TRACE_PCI, "pci_intx sid=%04x pin=%d level=%d",
                pci_requester_id(pci), pci->config[PCI_INTERRUPT_PIN], wire);
    irq_set(&pci->intx, wire);
}

void pci_set_intx(PciDevice *pci, bool level)
{
    if (!pci->bus || !has_pin(pci)) {
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
