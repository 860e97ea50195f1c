/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * igb: Intel's gigabit controller 82576 over a -netdev: MSI-X with ten vectors, sixteen queues each
 * way, up to seven virtual functions with mailboxes. Left out: see the files, and power management.
 */
#include "hw/core/backends.h"
#include "hw/net/igb_internal.h"
#include "hw/net/intel_nics.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"

#define MSIX_BAR  3
#define VF_DEVICE 0x10ca

static const NicEepromKind eeprom_82576 = {
    .device_id = 0x10c9,
    .subsystem_id = 0xa03c,
    .subsystem_vendor_id = 0x8086,
    .eerd_start = 0x01,
    .eerd_done = 0x02,
    .eerd_address_shift = 2,
};
static const NicPhyKind phy_82576 = {
    .family = NIC_PHY_IGP, .id_high = 0x02a8, .id_low = 0x0391, .page_select = 31};

static void igb_can_send(void *opaque)
{
    igb_kick(opaque);
}

static const NicOps igb_nic_ops = {
    .receive = igb_receive,
    .received = igb_received,
    .can_send = igb_can_send,
    .link_changed = igb_link_changed,
};

static void igb_set_up_vf(PciDevice *pf, PciDevice *vf, unsigned index)
{
    ((IgbVf *)vf)->igb = (Igb *)pf;
}

static void igb_free_parts(Igb *n)
{
    netdev_detach(n->netdev);
    timer_cancel(&n->work);
    igb_intr_free(&n->intr);
    igb_queues_free(n);
    igb_regs_free(n);
}

static bool igb_init_pci(Igb *n, GError **error)
{
    pcie_add_capability(&n->pci, &(PcieSetup){.type = pcie_endpoint_type(&n->pci), .flr = true});
    pci_register_bar(&n->pci, 0, PCI_BAR_MEM32, &n->mmio);
    if (!msi_init(&n->pci, 1, true, true, error) ||
        !msix_init(&n->pci, IGB_VECTORS, MSIX_BAR, error)) {
        return false;
    }
    const PcieSriovSetup setup = {.vf_class = &igbvf_class,
                                  .total = n->sriov_vfs,
                                  .vf_device_id = VF_DEVICE,
                                  .setup = igb_set_up_vf};
    return n->sriov_vfs == 0 || pcie_sriov_init(&n->pci, &setup, error);
}

static bool igb_realize(Device *dev, GError **error)
{
    Igb *n = (Igb *)dev;
    if (n->mac[0] & 1) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: mac= is a multicast address; make its first byte even", dev->id);
        return false;
    }
    if (n->netdev && !netdev_attach(n->netdev, dev->id, &igb_nic_ops, n, error)) {
        return false;
    }
    backends_claim_mac(dev->platform->backends, n->mac);
    timer_init(&n->work, dev->platform->clock, igb_work, n);
    nic_eeprom_init(&n->eeprom, &eeprom_82576, n->mac);
    nic_phy_init(&n->phy, &phy_82576);
    igb_intr_init(&n->intr, &n->pci, IGB_VECTORS);
    igb_queues_init(n);
    igb_regs_init(n);
    if (igb_init_pci(n, error)) {
        return true;
    }
    igb_free_parts(n);
    return false;
}

static void igb_unrealize(Device *dev)
{
    igb_free_parts((Igb *)dev);
}

static void igb_reset(Device *dev)
{
    igb_reset_all((Igb *)dev);
}

static void igb_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    Igb *n = (Igb *)pci;
    igb_update_together(n);
    igb_intr_update(&n->intr);
    igb_kick(n);
}

static const PropInfo igb_props[] = {
    PROP(PROP_NETDEV, "netdev", Igb, netdev, NULL, "the -netdev to talk to"),
    PROP(PROP_MAC, "mac", Igb, mac, NULL, "address; else the next after 52:54:00:12:34:56"),
    PROP(PROP_UINT32, "bootindex", Igb, bootindex, NULL, "accepted; no firmware reads it"),
    PROP_RANGE(PROP_UINT8, "sriov-vfs", Igb, sriov_vfs, "7", 0, IGB_VFS, "virtual functions"),
    PROP_END,
};

static const StateField queue_state[] = {
    STATE_REGFILE(IgbQueue, regs),
    STATE_STRUCTS(IgbQueue, next, 1, NicTx, nic_tx_state),
    STATE_STRUCTS(IgbQueue, contexts, IGB_CONTEXTS, NicOffload, nic_offload_state),
    STATE_FIELD(STATE_UINT8, IgbQueue, starved),
    STATE_END,
};

static const StateField igb_state[] = {
    PCI_STATE,
    STATE_REGFILE(Igb, regs),
    STATE_STRUCTS(Igb, intr, 1, IgbIntr, igb_intr_state),
    STATE_STRUCTS(Igb, rx, IGB_QUEUES, IgbQueue, queue_state),
    STATE_STRUCTS(Igb, tx, IGB_QUEUES, IgbQueue, queue_state),
    STATE_STRUCTS(Igb, filter, 1, NicFilter, nic_filter_state),
    STATE_ARRAY(STATE_UINT32, Igb, reta, IGB_RETA_WORDS),
    STATE_ARRAY(STATE_UINT32, Igb, rssrk, NIC_RSS_KEY_WORDS),
    STATE_ARRAY(STATE_UINT32, Igb, uta, 128),
    STATE_ARRAY(STATE_UINT32, Igb, vlvf, 32),
    STATE_ARRAY(STATE_UINT32, Igb, vmolr, IGB_POOLS),
    STATE_ARRAY(STATE_UINT32, Igb, mail, IGB_POOLS *IGB_MAIL_WORDS),
    STATE_ARRAY(STATE_UINT32, Igb, v2p, IGB_POOLS),
    STATE_STRUCTS(Igb, eeprom, 1, NicEeprom, nic_eeprom_state),
    STATE_STRUCTS(Igb, phy, 1, NicPhy, nic_phy_state),
    STATE_FIELD(STATE_TIMER, Igb, work),
    STATE_FIELD(STATE_UINT8, Igb, told_together),
    STATE_NOT_SAVED(Igb, room), /* within one call only */
    STATE_END,
};

static void igb_restored(Device *dev)
{
    Igb *n = (Igb *)dev;
    bool was_up = igb_reg(n, IGB_STATUS) & STATUS_LU;
    pci_device_restored(&n->pci);
    if (was_up != igb_link_is_up(n)) {
        igb_link_changed(n, igb_link_is_up(n));
    }
}

static const PciDeviceClass igb_pci = {
    .ids.vendor_id = 0x8086,
    .ids.device_id = 0x10c9,
    .ids.subsystem_vendor_id = 0x8086,
    .ids.subsystem_id = 0xa03c,
    .ids.revision = 1,
    .ids.class_code = 0x020000,
    .interrupt_pin = 1,
    .express = true,
    .config_written = igb_config_written,
};

const DeviceClass igb_class = {
    .name = "igb",
    .desc = "Intel 82576 gigabit Ethernet controller with virtual functions",
    .bus = BUS_PCI,
    .category = DEVICE_NETWORK,
    .user_creatable = true,
    .instance_size = sizeof(Igb),
    .props = igb_props,
    .bus_props = pci_bus_props,
    .bus_class = &igb_pci,
    .state = igb_state,
    .realize = igb_realize,
    .unrealize = igb_unrealize,
    .reset = igb_reset,
    .restored = igb_restored,
};
