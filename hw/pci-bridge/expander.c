/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pxb-pcie: a further root bus, beside the first one, under the same remapping units or under none,
 * with its own bus numbers (PCI Firmware 3.2, 4.2). The function that stands for it on the first
 * root bus has nothing but a header.
 */
#include "hw/pci-bridge/bridges.h"

#define REDHAT_VENDOR 0x1b36
#define NUMBER_MAX    0xfe /* of FFh are the ids of what is not on PCI */
#define NO_DOMAIN     128

typedef struct {
    PciDevice pci;
    uint8_t bus_nr;
    uint16_t numa_node;
    bool bypass_iommu;
} Expander;

bool expander_proximity(const PciDevice *expander, uint16_t *domain)
{
    *domain = ((const Expander *)expander)->numa_node;
    return *domain != NO_DOMAIN;
}

static bool expander_realize(Device *dev, GError **error)
{
    Expander *e = (Expander *)dev;
    PciBus *bus = pci_expander_bus_new(&e->pci, dev->id, e->bus_nr, error);
    if (bus && e->bypass_iommu) {
        pci_root_set_bypass(bus);
    }
    return bus != NULL;
}

static void expander_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
}

static const PropInfo expander_props[] = {
    PROP_RANGE(PROP_UINT8, "bus_nr", Expander, bus_nr, "0", 0, NUMBER_MAX,
               "the root bus's number, 1 to 254"),
    PROP_RANGE(PROP_UINT16, "numa_node", Expander, numa_node, "128", 0, NO_DOMAIN,
               "the root bus's proximity domain; 128 is none"),
    PROP(PROP_BOOL, "bypass_iommu", Expander, bypass_iommu, "off",
         "what is on the root bus goes by no remapping unit"),
    PROP_END,
};

static const StateField expander_state[] = {
    PCI_STATE,
    STATE_END,
};

static const PciDeviceClass pxb_pcie_pci = {
    .ids.vendor_id = REDHAT_VENDOR,
    .ids.device_id = 0x000b,
    .ids.class_code = 0x060000,
};

const DeviceClass pxb_pcie_class = {
    .name = "pxb-pcie",
    .desc = "PCI Express expander: a further root bus",
    .bus = BUS_PCI,
    .category = DEVICE_BRIDGE,
    .user_creatable = true,
    .instance_size = sizeof(Expander),
    .props = expander_props,
    .bus_props = pci_bus_props,
    .bus_class = &pxb_pcie_pci,
    .state = expander_state,
    .realize = expander_realize,
    .restored = expander_restored,
};
