/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The q35 machine's root bus, and the chipset's functions on it. */
#include "hw/i386/mch.h"
#include "hw/i386/q35_internal.h"

static void slot_released(void *opaque, PciDevice *port)
{
    machine_slot_released(opaque, port);
}

bool q35_build_pci(Q35Machine *m, GError **error)
{
    Machine *machine = &m->machine;
    const PciHost host = {
        .intx_line = q35_intx_line,
        .opaque = m,
        .translated = machine->iommus->len > 0,
        .above = q35_above,
        .released = slot_released,
        .memory = machine->platform.memory,
        .ports = machine->platform.ports,
    };
    machine->pci_root = pci_root_bus_new("pcie.0", &host);
    Device *mch = q35_make(m, &mch_class, "mch");
    m->lpc = q35_make(m, &lpc_class, "lpc");
    *lpc_links(m->lpc) = (LpcLinks){.routing_changed = q35_routing_changed, .opaque = m};
    mch_links(mch)->adds_low_bits = q35_forgives(m, FORGIVE_CF8_LOW_BITS);
    ((PciDevice *)mch)->devfn = PCI_DEVFN(0, 0);
    ((PciDevice *)m->lpc)->devfn = LPC_DEVFN;
    ((PciDevice *)m->lpc)->multifunction = true;
    return pci_bus_attach(machine->pci_root, (PciDevice *)mch, error) &&
           q35_finish(m, mch, error) &&
           pci_bus_attach(machine->pci_root, (PciDevice *)m->lpc, error) &&
           q35_finish(m, m->lpc, error);
}
