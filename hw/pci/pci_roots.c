/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root buses of a segment (PCI Firmware 3.2, 4.1.2 and 4.2): the first begins at bus 0, each
 * further one at its own number and belongs to an expander, a function of the first. A root bus has
 * the numbers up to the next one's; they share memory, ports and the board's interrupt lines.
 */
#include "hw/pci/pci_internal.h"

PciDevice *pci_bus_holder(const PciBus *bus)
{
    return bus->bridge ? bus->bridge : bus->expander;
}

PciBus *pci_expander_bus(const PciDevice *pci)
{
    PciBus *bus = pci->bus && !pci->pf ? pci->bus->child[pci->devfn] : NULL;
    return bus && bus->expander ? bus : NULL;
}

PciBus *pci_root_of(PciBus *bus)
{
    for (PciDevice *holder = pci_bus_holder(bus); holder; holder = pci_bus_holder(bus)) {
        bus = holder->bus;
    }
    return bus;
}

void pci_root_set_bypass(PciBus *root)
{
    root->bypass = true;
}

bool pci_root_bypasses(const PciBus *root)
{
    return root->bypass;
}

bool pci_bypasses_units(const PciDevice *pci)
{
    const PciBus *bus = pci->bus;
    while (bus->bridge) {
        bus = bus->bridge->bus;
    }
    return bus->bypass;
}

void pci_roots_foreach(PciBus *first, void (*visit)(PciBus *root, void *opaque), void *opaque)
{
    visit(first, opaque);
    for (int devfn = 0; devfn < PCI_DEVFNS; devfn++) {
        if (first->child[devfn] && first->child[devfn]->expander) {
            visit(first->child[devfn], opaque);
        }
    }
}

typedef struct {
    PciBus *bus;
    uint8_t number; /* the one that is looked for */
} RootSearch;

static void find_below(PciBus *root, void *opaque)
{
    RootSearch *s = opaque;
    if (root->number <= s->number && (!s->bus || root->number > s->bus->number)) {
        s->bus = root;
    }
}

PciBus *pci_root_at(PciBus *first, uint8_t number)
{
    RootSearch s = {.number = number};
    pci_roots_foreach(first, find_below, &s);
    return s.bus;
}

static void find_above(PciBus *root, void *opaque)
{
    RootSearch *s = opaque;
    if (root->number > s->number && (!s->bus || root->number < s->bus->number)) {
        s->bus = root;
    }
}

uint8_t pci_root_last(const PciBus *bus)
{
    RootSearch s = {.number = bus->number};
    pci_roots_foreach(pci_root_of((PciBus *)bus), find_above, &s);
    return s.bus ? s.bus->number - 1 : PCI_BUSES - 1;
}

void pci_root_close(PciBus *root, void *opaque)
{
    for (PciWindowKind kind = 0; kind < PCI_WINDOWS; kind++) {
        root->window[kind] = (PciWindow){.base = 1, .limit = 0};
    }
}

PciWindow pci_root_window(const PciBus *bus, PciWindowKind kind)
{
    return bus->window[kind];
}

/* The first root bus of the machine's own domain. */
static PciBus *outermost_root(PciBus *bus)
{
    PciBus *root = pci_root_of(bus);
    return root->aperture ? outermost_root(root->aperture->bus) : root;
}

static bool check_root(const PciDevice *expander, uint8_t number, GError **error)
{
    PciBus *first = outermost_root(expander->bus);
    const PciBus *there = pci_root_at(first, number);
    if (expander->bus != first) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%s: %s goes on the first root bus: leave bus= out, or make it %s",
                    expander->dev.id, expander->dev.cls->name, first->name);
        return false;
    }
    if (there->number == number) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED, "%s: bus number %u is that of '%s'",
                    expander->dev.id, number, there->name);
        return false;
    }
    return true;
}

PciBus *pci_expander_bus_new(PciDevice *expander, const char *name, uint8_t number, GError **error)
{
    if (!check_root(expander, number, error)) {
        return NULL;
    }
    PciBus *bus = g_new0(PciBus, 1);
    bus->name = g_strdup(name);
    bus->expander = expander;
    bus->number = number;
    pci_root_close(bus, NULL);
    expander->bus->child[expander->devfn] = bus;
    pci_renumber(bus);
    return bus;
}
