/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is behind a bridge, as one: its reset, by Bridge Control or a link that goes down
 * (PCI-to-PCI Bridge 1.2, 3.2.5.17, bit 6; PCI Express 5.0, 6.6.1 and 7.5.1.3.13), and whether it
 * can be reached at all.
 */
#include "hw/pci/pci_internal.h"

bool pci_is_bridge(const PciDevice *pci)
{
    return pci->pci_cls->header_type == PCI_HEADER_TYPE_BRIDGE;
}

PciBus *pci_bus_behind(const PciDevice *bridge)
{
    PciBus *bus = bridge->bus && !bridge->pf ? bridge->bus->child[bridge->devfn] : NULL;
    return bus && bus->bridge ? bus : NULL;
}

PciDevice *pci_bus_bridge(const PciBus *bus)
{
    return bus->bridge;
}

PciDevice *pci_bus_slot(const PciBus *bus, GError **error)
{
    PciDevice *port = bus->bridge;
    if (!port || !port->pci_cls->slot) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "Bus '%s' does not support hotplugging", bus->name);
        return NULL;
    }
    return port->pci_cls->slot->takes(port, error) ? port : NULL;
}

void pci_slot_released(PciDevice *port)
{
    const PciHost *host = &pci_root_of(port->bus)->host;
    if (host->released) {
        host->released(host->opaque, port);
    }
}

static bool is_held_in_reset(const PciDevice *bridge)
{
    return pci_get_word(&bridge->config[PCI_BRIDGE_CONTROL]) & PCI_BRIDGE_CTL_BUS_RESET;
}

bool pci_bus_is_open(const PciBus *bus)
{
    return !bus->bridge || (!bus->link_down && !is_held_in_reset(bus->bridge));
}

static void reset_one(PciDevice *pci, void *opaque)
{
    pci_function_reset(pci);
}

void pci_bus_reset(PciBus *bus)
{
    pci_bus_foreach(bus, reset_one, NULL);
}

void pci_bus_set_link(PciBus *bus, bool up)
{
    if (bus->link_down == up) {
        bus->link_down = !up;
        pci_renumber(bus);
    }
}

void pci_bridge_written(PciDevice *pci, uint32_t offset, unsigned size, uint16_t old_control)
{
    PciBus *behind = pci_bus_behind(pci);
    if (!pci_is_bridge(pci) || !behind ||
        !pci_ranges_overlap(offset, size, PCI_BRIDGE_CONTROL, 2)) {
        return;
    }
    bool was_held = old_control & PCI_BRIDGE_CTL_BUS_RESET;
    if (was_held == is_held_in_reset(pci)) {
        return;
    }
    if (!was_held) {
        trace_event(pci->dev.platform->trace, TRACE_PCI, "pci_bus_reset bridge=%04x", pci->rid);
        pci_bus_reset(behind);
    }
    pci_renumber(behind);
}
