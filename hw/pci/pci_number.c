/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bus numbers and what follows from them: requester ids, the upstream that the board has for an id,
 * and who answers a configuration cycle
 * (PCI-to-PCI Bridge 1.2, 3.1 and 3.2.5; PCI Express 5.0, 2.2.6.2 and 7.3.3).
 *
 * They are found once, when a function is attached or a bridge's numbers change. Of two buses with
 * one number, or bridges with overlapping ranges, the first by slot is the one that is reached.
 */
#include "hw/pci/pci_internal.h"

uint8_t pci_bus_number(const PciBus *bus)
{
    return bus->bridge ? bus->bridge->config[PCI_SECONDARY_BUS] : bus->number;
}

/* The bus of that number below or at `bus`, as bridges' registers route configuration cycles. */
static PciBus *bus_by_number(PciBus *bus, uint8_t number)
{
    if (pci_bus_number(bus) == number) {
        return bus;
    }
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        PciBus *child = bus->child[devfn];
        if (!child || !child->bridge || !pci_bus_is_open(child)) {
            continue;
        }
        const uint8_t *config = child->bridge->config;
        if (config[PCI_SECONDARY_BUS] != 0 && number >= config[PCI_SECONDARY_BUS] &&
            number <= config[PCI_SUBORDINATE_BUS]) {
            return bus_by_number(child, number);
        }
    }
    return NULL;
}

static bool is_reachable(PciBus *root, PciBus *bus)
{
    uint8_t number = pci_bus_number(bus);
    PciBus *from = pci_root_at(root, number); /* none below the first number of a domain */
    return from && bus_by_number(from, number) == bus;
}

static void number_function(PciBus *root, PciDevice *pci, bool reachable)
{
    pci->rid = (uint16_t)(pci_bus_number(pci->bus) << 8 | pci->devfn);
    pci->up = pci->bus->up;
    if (reachable && pcie_answers(pci->bus, (uint8_t)pci->devfn)) {
        root->by_rid[pci->rid] = pci;
    }
    pcie_sriov_number(root, pci, reachable);
}

/* What is above a root bus's bridge may depend on what is behind it. */
static void ask_above(PciBus *root, PciDevice *pci)
{
    while (pci->bus->bridge) {
        pci = pci->bus->bridge;
    }
    pci->up = root->host.above(root->host.opaque, pci);
}

static void number_bus(PciBus *root, PciBus *bus)
{
    bool reachable = is_reachable(root, bus);
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        if (bus->devices[devfn]) {
            number_function(root, bus->devices[devfn], reachable);
        }
        if (bus->child[devfn]) {
            number_bus(root, bus->child[devfn]);
        }
        if (!bus->bridge && bus->devices[devfn]) {
            ask_above(root, bus->devices[devfn]);
        }
    }
}

static void forget(PciDevice *pci, void *opaque)
{
    ((PciBus *)opaque)->by_rid[pci->rid] = NULL;
}

void pci_renumber(PciBus *bus)
{
    PciBus *root = pci_root_of(bus);
    pci_bus_foreach(root, forget, root);
    number_bus(root, root);
}

void pci_give_number(PciDevice *pci)
{
    PciBus *root = pci_root_of(pci->bus);
    number_function(root, pci, is_reachable(root, pci->bus));
    ask_above(root, pci);
}

void pci_take_number(PciDevice *pci)
{
    PciBus *root = pci_root_of(pci->bus);
    if (root->by_rid[pci->rid] == pci) {
        root->by_rid[pci->rid] = NULL;
    }
    if (pci->bus->bridge) {
        ask_above(root, pci);
    }
}
