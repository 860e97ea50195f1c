/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000 and e1000e: Intel's gigabit controllers 82540EM (PCI, one interrupt pin) and 82574L (PCI
 * Express, MSI-X with five vectors, two queues each way) over a -netdev. Left out: power management
 * and wake-up, the flash.
 */
#include "hw/core/backends.h"
#include "hw/net/e1000_internal.h"
#include "hw/net/intel_nics.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"

#define INTEL           0x8086
#define CLASS_ETHERNET  0x020000
#define SUBVENDOR       0x8086
#define E1000E_MSIX_BAR 3

static const NicEepromKind eeprom_82540em = {
    .device_id = 0x100e,
    .subsystem_id = 0x001e,
    .subsystem_vendor_id = SUBVENDOR,
    .eerd_start = 0x01,
    .eerd_done = 0x10,
    .eerd_address_shift = 8,
    .microwire = true,
};
static const NicPhyKind phy_82540em = {
    .family = NIC_PHY_M88, .id_high = 0x0141, .id_low = 0x0c20, .page_select = 29};
static const E1000Model model_82540em = {
    .queues = 1,
    .addresses = 16,
    .io_bar = 1,
    .io_size = 64,
    .causes = ICR_82540_CAUSES,
    .eeprom = &eeprom_82540em,
    .phy = &phy_82540em,
};

static const NicEepromKind eeprom_82574l = {
    .device_id = 0x10d3,
    .subsystem_id = 0xa01f,
    .subsystem_vendor_id = SUBVENDOR,
    .eerd_start = 0x01,
    .eerd_done = 0x02,
    .eerd_address_shift = 2,
};
static const NicPhyKind phy_82574l = {
    .family = NIC_PHY_M88, .id_high = 0x0141, .id_low = 0x0cb1, .page_select = 22};
static const E1000Model model_82574l = {
    .is_82574 = true,
    .queues = E1000_QUEUES,
    .addresses = 16,
    .io_bar = 2,
    .io_size = 32,
    .causes = ICR_82574_CAUSES,
    .eeprom = &eeprom_82574l,
    .phy = &phy_82574l,
};

static void e1000_can_send(void *opaque)
{
    e1000_kick(opaque);
}

static const NicOps e1000_nic_ops = {
    .receive = e1000_receive,
    .received = e1000_received,
    .can_send = e1000_can_send,
    .link_changed = e1000_link_changed,
};

static void free_parts(E1000 *n)
{
    timer_cancel(&n->work);
    e1000_intr_reset(n);
    for (unsigned q = 0; q < E1000_QUEUES; q++) {
        nic_tx_free(&n->tx[q].next);
    }
    e1000_regs_free(n);
}

static bool e1000_attach(E1000 *n, GError **error)
{
    Device *dev = &n->pci.dev;
    if (n->mac[0] & 1) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: mac= is a multicast address; make its first byte even", dev->id);
        return false;
    }
    if (n->netdev && !netdev_attach(n->netdev, dev->id, &e1000_nic_ops, n, error)) {
        return false;
    }
    backends_claim_mac(dev->platform->backends, n->mac);
    return true;
}

static bool e1000_init(E1000 *n, const E1000Model *model, GError **error)
{
    n->model = model;
    if (!e1000_attach(n, error)) {
        return false;
    }
    for (unsigned q = 0; q < model->queues; q++) {
        nic_tx_init(&n->tx[q].next);
    }
    timer_init(&n->work, n->pci.dev.platform->clock, e1000_work, n);
    nic_eeprom_init(&n->eeprom, model->eeprom, n->mac);
    nic_phy_init(&n->phy, model->phy);
    e1000_intr_init(n);
    e1000_regs_init(n);
    pci_register_bar(&n->pci, 0, PCI_BAR_MEM32, &n->mmio);
    pci_register_bar(&n->pci, model->io_bar, PCI_BAR_IO, &n->io);
    return true;
}

static bool e1000_realize(Device *dev, GError **error)
{
    return e1000_init((E1000 *)dev, &model_82540em, error);
}

static void e1000_unrealize(Device *dev)
{
    E1000 *n = (E1000 *)dev;
    netdev_detach(n->netdev);
    free_parts(n);
}

static bool e1000e_realize(Device *dev, GError **error)
{
    E1000 *n = (E1000 *)dev;
    if (!e1000_init(n, &model_82574l, error)) {
        return false;
    }
    pcie_add_capability(&n->pci, &(PcieSetup){.type = pcie_endpoint_type(&n->pci)});
    if (msi_init(&n->pci, 1, true, false, error) &&
        msix_init(&n->pci, E1000_VECTORS, E1000E_MSIX_BAR, error)) {
        return true;
    }
    e1000_unrealize(dev);
    return false;
}

static void e1000_reset(Device *dev)
{
    e1000_reset_all((E1000 *)dev);
}

/* Which way interrupts go, and bus mastering, may be another. */
static void e1000_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    E1000 *n = (E1000 *)pci;
    e1000_intr_update(n);
    e1000_kick(n);
}

static const PropInfo e1000_props[] = {
    PROP(PROP_NETDEV, "netdev", E1000, netdev, NULL, "the -netdev to talk to"),
    PROP(PROP_MAC, "mac", E1000, mac, NULL, "address; else the next after 52:54:00:12:34:56"),
    PROP(PROP_UINT32, "bootindex", E1000, bootindex, NULL, "accepted; no firmware reads it"),
    PROP_END,
};

static const PciDeviceClass e1000_pci = {
    .ids.vendor_id = INTEL,
    .ids.device_id = 0x100e,
    .ids.subsystem_vendor_id = SUBVENDOR,
    .ids.subsystem_id = 0x001e,
    .ids.revision = 0x03,
    .ids.class_code = CLASS_ETHERNET,
    .interrupt_pin = 1,
    .config_written = e1000_config_written,
};

const DeviceClass e1000_class = {
    .name = "e1000",
    .alias = "e1000-82540em",
    .desc = "Intel 82540EM gigabit Ethernet controller",
    .bus = BUS_PCI,
    .category = DEVICE_NETWORK,
    .user_creatable = true,
    .instance_size = sizeof(E1000),
    .props = e1000_props,
    .bus_props = pci_bus_props,
    .bus_class = &e1000_pci,
    .state = e1000_state,
    .realize = e1000_realize,
    .unrealize = e1000_unrealize,
    .reset = e1000_reset,
    .restored = e1000_restored,
};

static const PciDeviceClass e1000e_pci = {
    .ids.vendor_id = INTEL,
    .ids.device_id = 0x10d3,
    .ids.subsystem_vendor_id = SUBVENDOR,
    .ids.subsystem_id = 0xa01f,
    .ids.class_code = CLASS_ETHERNET,
    .interrupt_pin = 1,
    .express = true,
    .config_written = e1000_config_written,
};

const DeviceClass e1000e_class = {
    .name = "e1000e",
    .desc = "Intel 82574L gigabit Ethernet controller",
    .bus = BUS_PCI,
    .category = DEVICE_NETWORK,
    .user_creatable = true,
    .instance_size = sizeof(E1000),
    .props = e1000_props,
    .bus_props = pci_bus_props,
    .bus_class = &e1000e_pci,
    .state = e1000e_state,
    .realize = e1000e_realize,
    .unrealize = e1000_unrealize,
    .reset = e1000_reset,
    .restored = e1000_restored,
};
