/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bridges to conventional PCI: pci-bridge, which is conventional itself, and pcie-pci-bridge (PCI
 * Express to PCI/PCI-X Bridge 1.0). Nothing on a conventional bus says who sends it, so the bridge
 * puts an id of its own in (2.3): here secondary bus, device 0, function 0, or the bridge's.
 */
#include <linux/pci_regs.h>

#include "hw/pci-bridge/bridge_internal.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"

#define REDHAT_VENDOR 0x1b36

typedef enum { ALIAS_BRIDGE, ALIAS_NONE, ALIAS_SECONDARY } BridgeAlias;
static const char *const alias_names[] = {"bridge", "none", "secondary", NULL};

typedef struct {
    Bridge bridge;
    int alias; /* BridgeAlias */
    int msi;   /* OnOffAuto */
    uint8_t chassis;
} ConventionalBridge;

static uint16_t alias_of(const ConventionalBridge *b, uint16_t requester_id)
{
    switch (b->alias) {
    case ALIAS_BRIDGE:
        return pci_requester_id(&b->bridge.pci);
    case ALIAS_SECONDARY:
        return (uint16_t)(pci_bus_number(b->bridge.behind) << 8);
    default:
        return requester_id;
    }
}

/* Prefixes, and so a PASID, are PCI Express's. */
static bool conventional_pass(PciDevice *pci, BusReq *req)
{
    *req = (BusReq){.requester_id = alias_of((ConventionalBridge *)pci, req->requester_id)};
    return true;
}

/* Nothing in a bridge interrupts; but these have the capability. */
static bool add_msi(ConventionalBridge *b, GError **error)
{
    return b->msi == ONOFF_OFF || msi_init(&b->bridge.pci, 1, true, true, error);
}

/* PCI-to-PCI Bridge 1.2, 13.2: no expansion slots are told of, so that they are not numbered. */
static void add_slot_numbering(ConventionalBridge *b)
{
    uint8_t cap = pci_add_capability(&b->bridge.pci, PCI_CAP_ID_SLOTID, PCI_CAP_SIZEOF + 2);
    b->bridge.pci.config[cap + PCI_SID_CHASSIS_NR] = b->chassis;
}

static bool pci_bridge_realize(Device *dev, GError **error)
{
    ConventionalBridge *b = (ConventionalBridge *)dev;
    if (!add_msi(b, error)) {
        return false;
    }
    if (b->chassis != 0) {
        add_slot_numbering(b);
    }
    bridge_make_bus(&b->bridge);
    return true;
}

static bool pcie_pci_bridge_realize(Device *dev, GError **error)
{
    ConventionalBridge *b = (ConventionalBridge *)dev;
    pcie_add_capability(&b->bridge.pci, &(PcieSetup){.type = PCIE_TO_PCI_BRIDGE});
    if (!add_msi(b, error)) {
        return false;
    }
    bridge_make_bus(&b->bridge);
    return true;
}

static const PropInfo pci_bridge_props[] = {
    PROP(PROP_UINT8, "chassis_nr", ConventionalBridge, chassis, "0",
         "chassis number, unless 0, in a slot numbering capability"),
    PROP(PROP_BOOL_OR_AUTO, "msi", ConventionalBridge, msi, "auto", "have the MSI capability"),
    PROP_CHOICE("alias", ConventionalBridge, alias, "bridge", alias_names,
                "the requester id of all that comes from behind"),
    PROP_END,
};

static const PropInfo pcie_pci_bridge_props[] = {
    PROP(PROP_BOOL_OR_AUTO, "msi", ConventionalBridge, msi, "auto", "have the MSI capability"),
    PROP_CHOICE("alias", ConventionalBridge, alias, "secondary", alias_names,
                "the requester id of all that comes from behind"),
    PROP_END,
};

static const StateField conventional_state[] = {
    PCI_STATE,
    STATE_END,
};

static const PciDeviceClass pci_bridge_pci = {
    .ids.vendor_id = REDHAT_VENDOR,
    .ids.device_id = 0x0001,
    .ids.class_code = 0x060400,
    .header_type = PCI_HEADER_TYPE_BRIDGE,
    .pass = conventional_pass,
};

static const PciDeviceClass pcie_pci_bridge_pci = {
    .ids.vendor_id = REDHAT_VENDOR,
    .ids.device_id = 0x000e,
    .ids.class_code = 0x060400,
    .express = true,
    .header_type = PCI_HEADER_TYPE_BRIDGE,
    .pass = conventional_pass,
};

const DeviceClass pci_bridge_class = {
    .name = "pci-bridge",
    .desc = "PCI to PCI bridge",
    .bus = BUS_PCI,
    .category = DEVICE_BRIDGE,
    .user_creatable = true,
    .instance_size = sizeof(ConventionalBridge),
    .props = pci_bridge_props,
    .bus_props = pci_bus_props,
    .bus_class = &pci_bridge_pci,
    .state = conventional_state,
    .realize = pci_bridge_realize,
    .restored = bridge_restored,
};

const DeviceClass pcie_pci_bridge_class = {
    .name = "pcie-pci-bridge",
    .desc = "PCI Express to PCI bridge",
    .bus = BUS_PCI,
    .category = DEVICE_BRIDGE,
    .user_creatable = true,
    .instance_size = sizeof(ConventionalBridge),
    .props = pcie_pci_bridge_props,
    .bus_props = pci_bus_props,
    .bus_class = &pcie_pci_bridge_pci,
    .state = conventional_state,
    .realize = pcie_pci_bridge_realize,
    .restored = bridge_restored,
};
