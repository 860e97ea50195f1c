/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI Express capability and function-level reset (PCI Express 5.0, 6.6.2 and 7.5.3); links and
 * the functions behind them, with the ARI capability (6.13 and 7.8.7).
 */
#include "hw/pci/pcie.h"

#include "hw/pci/pci_internal.h"

#define PCIE_CAP_BYTES   60
#define CAP_VERSION      2u
#define TYPE_SHIFT       4
#define MESSAGE_SHIFT    9
#define PORT_SHIFT       24
#define DEVCTL_RESET     (PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN | 2u << 12)
#define DEVCTL_WRITABLE  0x7fffu /* all but bit 15, which starts a function-level reset */
#define DEVSTA_W1C       0x000fu
#define LNKCTL_WRITABLE  (PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC)
#define DEVCTL2_WRITABLE 0x001fu /* completion timeout value and disable */

/* One lane at 2.5 GT/s, which is up. */
#define LINK_CAP    (PCI_EXP_LNKCAP_SLS_2_5GB | 1u << 4)
#define LINK_STATUS (PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1)

#define ARI_BYTES         8
#define ARI_NEXT_FUNCTION 5 /* a byte */

static bool has_link(PciePortType type)
{
    return type != PCIE_ROOT_COMPLEX_ENDPOINT;
}

static bool is_port_to_link(PciePortType type)
{
    return type == PCIE_ROOT_PORT || type == PCIE_DOWNSTREAM_PORT;
}

static void add_device_registers(PciDevice *pci, uint8_t cap, PciePortType type, bool flr)
{
    pci_set_long(&pci->config[cap + PCI_EXP_DEVCAP],
                 PCI_EXP_DEVCAP_RBER | (flr ? PCI_EXP_DEVCAP_FLR : 0));
    pci_set_word(&pci->config[cap + PCI_EXP_DEVCTL], DEVCTL_RESET);
    pci_set_word(&pci->writable[cap + PCI_EXP_DEVCTL], DEVCTL_WRITABLE);
    pci_set_word(&pci->w1c[cap + PCI_EXP_DEVSTA], DEVSTA_W1C);
    pci_set_word(&pci->writable[cap + PCI_EXP_DEVCTL2], DEVCTL2_WRITABLE);
    if (is_port_to_link(type)) {
        pci_set_long(&pci->config[cap + PCI_EXP_DEVCAP2], PCI_EXP_DEVCAP2_ARI);
        pci_set_word(&pci->writable[cap + PCI_EXP_DEVCTL2], DEVCTL2_WRITABLE | PCI_EXP_DEVCTL2_ARI);
    }
}

static void add_link_registers(PciDevice *pci, uint8_t cap, uint8_t port, PciePortType type)
{
    pci_set_long(&pci->config[cap + PCI_EXP_LNKCAP], LINK_CAP | (uint32_t)port << PORT_SHIFT);
    pci_set_word(&pci->config[cap + PCI_EXP_LNKSTA], LINK_STATUS);
    pci_set_word(&pci->writable[cap + PCI_EXP_LNKCTL],
                 LNKCTL_WRITABLE | (is_port_to_link(type) ? PCI_EXP_LNKCTL_LD : 0));
    pci_set_word(&pci->config[cap + PCI_EXP_LNKCTL2], PCI_EXP_LNKCTL2_TLS_2_5GT);
}

uint8_t pcie_add_capability(PciDevice *pci, const PcieSetup *setup)
{
    uint8_t cap = pci_add_capability(pci, PCI_CAP_ID_EXP, PCIE_CAP_BYTES);
    uint32_t flags = CAP_VERSION | (uint32_t)setup->type << TYPE_SHIFT |
                     (setup->slot ? PCI_EXP_FLAGS_SLOT : 0) |
                     (uint32_t)setup->message_number << MESSAGE_SHIFT;
    pci->pcie_cap = cap;
    pci_set_word(&pci->config[cap + PCI_EXP_FLAGS], (uint16_t)flags);
    add_device_registers(pci, cap, setup->type, setup->flr);
    if (has_link(setup->type)) {
        add_link_registers(pci, cap, setup->port, setup->type);
    }
    if (setup->type == PCIE_ENDPOINT && pci_bus_is_link(pci->bus) &&
        (pci->multifunction || pci->devfn != 0)) {
        pcie_add_ari(pci);
    }
    return cap;
}

void pcie_add_ari(PciDevice *pci)
{
    pci->ari_cap = pcie_add_extended_capability(pci, PCI_EXT_CAP_ID_ARI, 1, ARI_BYTES);
    pcie_chain_functions(pci->bus);
}

/* 7.8.7.2: each names the next, in any order that begins at function 0; the last names 0. */
void pcie_chain_functions(PciBus *bus)
{
    uint8_t next = 0;
    for (int devfn = PCI_DEVFNS - 1; devfn >= 0; devfn--) {
        PciDevice *pci = bus->devices[devfn];
        if (pci && pci->ari_cap) {
            pci->config[pci->ari_cap + ARI_NEXT_FUNCTION] = next;
            pci->reset_config[pci->ari_cap + ARI_NEXT_FUNCTION] = next;
            next = (uint8_t)devfn;
        }
    }
}

bool pci_bus_is_link(const PciBus *bus)
{
    return bus->bridge && bus->bridge->pcie_cap && is_port_to_link(pcie_port_type(bus->bridge));
}

/* 7.3.3: a port sends on what is for device 0; with ARI forwarding there is but one device. */
bool pcie_answers(const PciBus *bus, uint8_t devfn)
{
    return PCI_SLOT_OF(devfn) == 0 || !pci_bus_is_link(bus) ||
           pci_get_word(&bus->bridge->config[bus->bridge->pcie_cap + PCI_EXP_DEVCTL2]) &
               PCI_EXP_DEVCTL2_ARI;
}

bool pcie_is_hotplug_slot(const PciDevice *pci)
{
    return pci->pcie_cap && is_port_to_link(pcie_port_type(pci)) &&
           pci_get_long(&pci->config[pci->pcie_cap + PCI_EXP_SLTCAP]) & PCI_EXP_SLTCAP_HPC;
}

bool pcie_check_address(const PciBus *bus, const PciDevice *pci, GError **error)
{
    const PciDevice *zero = bus->devices[0];
    if (PCI_SLOT_OF(pci->devfn) == 0 || !pci_bus_is_link(bus) || (zero && zero->ari_cap)) {
        return true;
    }
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                "there is only device 0 behind PCI Express port %s, so addr=%x.%x of %s cannot be; "
                "leave addr= out, or make it 0.1 to 0.7 with multifunction=on at 0.0",
                bus->bridge->dev.id, PCI_SLOT_OF(pci->devfn), PCI_FUNC_OF(pci->devfn), pci->dev.id);
    return false;
}

PciePortType pcie_endpoint_type(const PciDevice *pci)
{
    return pci->bus->bridge ? PCIE_ENDPOINT : PCIE_ROOT_COMPLEX_ENDPOINT;
}

PciePortType pcie_port_type(const PciDevice *pci)
{
    uint16_t flags = pci_get_word(&pci->config[pci->pcie_cap + PCI_EXP_FLAGS]);
    return (PciePortType)((flags & PCI_EXP_FLAGS_TYPE) >> TYPE_SHIFT);
}

void pcie_start_flr(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    uint32_t high = pci->pcie_cap + PCI_EXP_DEVCTL + 1u; /* the byte that has bit 15 */
    if (!pci->pcie_cap || high < offset || high >= offset + size) {
        return;
    }
    uint8_t *config = pci->config;
    bool asked = value >> (8 * (high - offset)) & (PCI_EXP_DEVCTL_BCR_FLR >> 8);
    if (asked && pci_get_long(&config[pci->pcie_cap + PCI_EXP_DEVCAP]) & PCI_EXP_DEVCAP_FLR) {
        trace_event(pci->dev.platform->trace, TRACE_PCI, "pci_flr sid=%04x", pci->rid);
        pci_function_reset(pci);
    }
}
