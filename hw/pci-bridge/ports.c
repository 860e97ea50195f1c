/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI Express ports (PCI Express 5.0, 1.3.1, 1.3.3 and 7.5.1.3): pcie-root-port, and a switch of an
 * x3130-upstream with xio3130-downstream ports on the bus behind it. Left out: error reporting,
 * access control services, power management events.
 */
#include <linux/pci_regs.h>

#include "hw/pci-bridge/bridge_internal.h"
#include "hw/pci-bridge/slot.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"

#define REDHAT_VENDOR 0x1b36
#define TI_VENDOR     0x104c
#define MSIX_BAR      0
#define SLOT_MAX      0x1fff

typedef struct {
    Bridge bridge;
    Slot slot; /* not an upstream port's */
    uint8_t port, chassis;
    uint16_t slot_number;
} Port;

static bool refuse_place(const Device *dev, const char *where, GError **error)
{
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED, "%s: %s goes %s", dev->id, dev->cls->name,
                where);
    return false;
}

static void port_add_capability(Port *p, PciePortType type)
{
    PciDevice *pci = &p->bridge.pci;
    bool slot = type != PCIE_UPSTREAM_PORT;
    uint8_t cap =
        pcie_add_capability(pci, &(PcieSetup){.type = type, .port = p->port, .slot = slot});
    if (type == PCIE_ROOT_PORT) {
        pci_set_word(&pci->writable[cap + PCI_EXP_RTCTL],
                     PCI_EXP_RTCTL_SECEE | PCI_EXP_RTCTL_SENFEE | PCI_EXP_RTCTL_SEFEE |
                         PCI_EXP_RTCTL_PMEIE);
    }
}

static void port_make_slot(Port *p)
{
    bridge_make_bus(&p->bridge);
    slot_init(&p->slot, &p->bridge.pci, p->bridge.behind, p->slot_number);
}

static bool root_port_realize(Device *dev, GError **error)
{
    Port *p = (Port *)dev;
    if (pci_bus_bridge(p->bridge.pci.bus)) {
        return refuse_place(dev, "on a root bus: leave bus= out, or make it pcie.0", error);
    }
    port_add_capability(p, PCIE_ROOT_PORT);
    bridge_add_subsystem(&p->bridge.pci, REDHAT_VENDOR, 0);
    if (!msix_init(&p->bridge.pci, 1, MSIX_BAR, error)) {
        return false;
    }
    port_make_slot(p);
    return true;
}

static bool add_ti_capabilities(Port *p, PciePortType type, GError **error)
{
    if (!msi_init(&p->bridge.pci, 1, true, false, error)) {
        return false;
    }
    bridge_add_subsystem(&p->bridge.pci, 0, 0);
    port_add_capability(p, type);
    return true;
}

static bool upstream_realize(Device *dev, GError **error)
{
    const PciDevice *above = pci_bus_bridge(((PciDevice *)dev)->bus);
    PciePortType type = above && above->pcie_cap ? pcie_port_type(above) : PCIE_ENDPOINT;
    if (type != PCIE_ROOT_PORT && type != PCIE_DOWNSTREAM_PORT) {
        return refuse_place(dev, "behind a root or downstream port: bus=ID of one", error);
    }
    if (!add_ti_capabilities((Port *)dev, PCIE_UPSTREAM_PORT, error)) {
        return false;
    }
    bridge_make_bus(&((Port *)dev)->bridge);
    return true;
}

static bool downstream_realize(Device *dev, GError **error)
{
    const PciDevice *above = pci_bus_bridge(((PciDevice *)dev)->bus);
    if (!above || !above->pcie_cap || pcie_port_type(above) != PCIE_UPSTREAM_PORT) {
        return refuse_place(dev, "behind an upstream port: bus=ID of one", error);
    }
    if (!add_ti_capabilities((Port *)dev, PCIE_DOWNSTREAM_PORT, error)) {
        return false;
    }
    port_make_slot((Port *)dev);
    return true;
}

static void pcie_port_unrealize(Device *dev)
{
    slot_free(&((Port *)dev)->slot);
}

static void port_reset(Device *dev)
{
    slot_reset(&((Port *)dev)->slot);
}

static void port_restored(Device *dev)
{
    bridge_restored(dev);
    slot_restored(&((Port *)dev)->slot);
}

static void port_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    slot_written(&((Port *)pci)->slot, offset, size);
}

static bool port_takes(const PciDevice *pci, GError **error)
{
    return slot_takes(&((const Port *)pci)->slot, error);
}

static bool port_ask(PciDevice *pci, GError **error)
{
    return slot_ask(&((Port *)pci)->slot, error);
}

static void port_plugged(PciDevice *pci)
{
    slot_plugged(&((Port *)pci)->slot);
}

static void port_emptied(PciDevice *pci)
{
    slot_emptied(&((Port *)pci)->slot);
}

static const PciSlotOps port_slot = {
    .takes = port_takes,
    .ask = port_ask,
    .plugged = port_plugged,
    .emptied = port_emptied,
};

static const PropInfo slot_props[] = {
    PROP(PROP_UINT8, "port", Port, port, "0", "port number, in Link Capabilities"),
    PROP(PROP_UINT8, "chassis", Port, chassis, "0",
         "the slot's chassis, which no register tells of"),
    PROP_RANGE(PROP_UINT16, "slot", Port, slot_number, "0", 0, SLOT_MAX,
               "physical slot number, in Slot Capabilities"),
    PROP(PROP_BOOL, "hotplug", Port, slot.hotplug, "on",
         "devices may come and go while the machine runs"),
    PROP(PROP_BOOL, "hotplug-surprise", Port, slot.surprise, "off",
         "the slot tells that a device may go without being asked for"),
    PROP_END,
};

static const PropInfo upstream_props[] = {
    PROP(PROP_UINT8, "port", Port, port, "0", "port number, in Link Capabilities"),
    PROP_END,
};

static const StateField port_state[] = {
    PCI_STATE,
    STATE_STRUCTS(Port, slot, 1, Slot, slot_state),
    STATE_END,
};

static const StateField upstream_state[] = {
    PCI_STATE,
    STATE_END,
};

static const PciDeviceClass root_port_pci = {
    .ids.vendor_id = REDHAT_VENDOR,
    .ids.device_id = 0x000c,
    .ids.class_code = 0x060400,
    .interrupt_pin = 1,
    .express = true,
    .header_type = PCI_HEADER_TYPE_BRIDGE,
    .config_written = port_written,
    .slot = &port_slot,
};

static const PciDeviceClass upstream_pci = {
    .ids.vendor_id = TI_VENDOR,
    .ids.device_id = 0x8232,
    .ids.revision = 2,
    .ids.class_code = 0x060400,
    .express = true,
    .header_type = PCI_HEADER_TYPE_BRIDGE,
};

static const PciDeviceClass downstream_pci = {
    .ids.vendor_id = TI_VENDOR,
    .ids.device_id = 0x8233,
    .ids.revision = 1,
    .ids.class_code = 0x060400,
    .interrupt_pin = 1,
    .express = true,
    .header_type = PCI_HEADER_TYPE_BRIDGE,
    .config_written = port_written,
    .slot = &port_slot,
};

const DeviceClass pcie_root_port_class = {
    .name = "pcie-root-port",
    .desc = "PCI Express root port",
    .bus = BUS_PCI,
    .category = DEVICE_BRIDGE,
    .user_creatable = true,
    .instance_size = sizeof(Port),
    .props = slot_props,
    .bus_props = pci_bus_props,
    .bus_class = &root_port_pci,
    .state = port_state,
    .realize = root_port_realize,
    .unrealize = pcie_port_unrealize,
    .reset = port_reset,
    .restored = port_restored,
};

const DeviceClass x3130_upstream_class = {
    .name = "x3130-upstream",
    .desc = "TI X3130 upstream port of a PCI Express switch",
    .bus = BUS_PCI,
    .category = DEVICE_BRIDGE,
    .user_creatable = true,
    .instance_size = sizeof(Port),
    .props = upstream_props,
    .bus_props = pci_bus_props,
    .bus_class = &upstream_pci,
    .state = upstream_state,
    .realize = upstream_realize,
    .restored = bridge_restored,
};

const DeviceClass xio3130_downstream_class = {
    .name = "xio3130-downstream",
    .desc = "TI X3130 downstream port of a PCI Express switch",
    .bus = BUS_PCI,
    .category = DEVICE_BRIDGE,
    .user_creatable = true,
    .instance_size = sizeof(Port),
    .props = slot_props,
    .bus_props = pci_bus_props,
    .bus_class = &downstream_pci,
    .state = port_state,
    .realize = downstream_realize,
    .unrealize = pcie_port_unrealize,
    .reset = port_reset,
    .restored = port_restored,
};
