/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration space: header, masked accesses and capability lists (PCI Local Bus 3.0, 6.1 to 6.3
 * and 6.7; PCI Express 5.0, 7.5 and 7.6.3 for the extended list).
 */
#include <string.h>

#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"

#define COMMAND_WRITABLE                                                                           \
    (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |               \
     PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)
#define STATUS_W1C                                                                                 \
    (PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT | PCI_STATUS_REC_TARGET_ABORT |               \
     PCI_STATUS_REC_MASTER_ABORT | PCI_STATUS_SIG_SYSTEM_ERROR | PCI_STATUS_DETECTED_PARITY)
#define HEADER_MULTIFUNCTION 0x80
#define FIRST_CAPABILITY     PCI_STD_HEADER_SIZEOF
#define NO_DEVICE            0xffffffffu

uint32_t pci_config_size(const PciDevice *pci)
{
    return pci->pci_cls->express ? PCIE_CONFIG_SIZE : PCI_CONFIG_SIZE;
}

static void init_bridge_masks(PciDevice *pci)
{
    memset(&pci->writable[PCI_PRIMARY_BUS], 0xff, 4);
    pci->writable[PCI_IO_BASE] = pci->writable[PCI_IO_LIMIT] = (uint8_t)PCI_IO_RANGE_MASK;
    for (int reg = PCI_MEMORY_BASE; reg <= PCI_PREF_MEMORY_LIMIT; reg += 2) {
        pci_set_word(&pci->writable[reg], (uint16_t)PCI_MEMORY_RANGE_MASK);
    }
    pci_set_word(&pci->config[PCI_PREF_MEMORY_BASE], PCI_PREF_RANGE_TYPE_64);
    pci_set_word(&pci->config[PCI_PREF_MEMORY_LIMIT], PCI_PREF_RANGE_TYPE_64);
    memset(&pci->writable[PCI_PREF_BASE_UPPER32], 0xff, 8);
    pci_set_word(&pci->writable[PCI_BRIDGE_CONTROL],
                 PCI_BRIDGE_CTL_PARITY | PCI_BRIDGE_CTL_SERR | PCI_BRIDGE_CTL_BUS_RESET);
    pci_set_word(&pci->w1c[PCI_SEC_STATUS], STATUS_W1C);
}

static void init_ids(PciDevice *pci)
{
    const PciIds *ids = pci->ids ? pci->ids : &pci->pci_cls->ids;
    uint8_t *config = pci->config;
    pci_set_word(&config[PCI_VENDOR_ID], ids->vendor_id);
    pci_set_word(&config[PCI_DEVICE_ID], ids->device_id);
    config[PCI_REVISION_ID] = ids->revision;
    config[PCI_CLASS_PROG] = (uint8_t)ids->class_code;
    pci_set_word(&config[PCI_CLASS_DEVICE], (uint16_t)(ids->class_code >> 8));
    if (!pci_is_bridge(pci)) {
        pci_set_word(&config[PCI_SUBSYSTEM_VENDOR_ID], ids->subsystem_vendor_id);
        pci_set_word(&config[PCI_SUBSYSTEM_ID], ids->subsystem_id);
    }
}

static void allocate_config(PciDevice *pci)
{
    size_t size = pci_config_size(pci);
    pci->config = g_malloc0(size);
    pci->writable = g_malloc0(size);
    pci->w1c = g_malloc0(size);
    pci->reset_config = g_malloc0(size);
}

void pci_config_free(PciDevice *pci)
{
    g_clear_pointer(&pci->config, g_free);
    g_clear_pointer(&pci->writable, g_free);
    g_clear_pointer(&pci->w1c, g_free);
    g_clear_pointer(&pci->reset_config, g_free);
}

void pci_config_init(PciDevice *pci)
{
    const PciDeviceClass *cls = pci->pci_cls;
    allocate_config(pci);
    uint8_t *config = pci->config;
    init_ids(pci);
    config[PCI_HEADER_TYPE] =
        (uint8_t)(cls->header_type | (pci->multifunction ? HEADER_MULTIFUNCTION : 0));
    config[PCI_INTERRUPT_PIN] = cls->interrupt_pin;
    pci_set_word(&pci->writable[PCI_COMMAND], COMMAND_WRITABLE);
    pci_set_word(&pci->w1c[PCI_STATUS], STATUS_W1C);
    pci->writable[PCI_CACHE_LINE_SIZE] = 0xff;
    pci->writable[PCI_INTERRUPT_LINE] = 0xff;
    if (pci_is_bridge(pci)) {
        init_bridge_masks(pci);
    }
    pci->next_cap = FIRST_CAPABILITY;
    pci->next_ext_cap = PCI_CONFIG_SIZE;
}

/* Realize fills in the configuration, so the first write or reset after it sees reset values. */
void pci_keep_reset_config(PciDevice *pci)
{
    if (!pci->have_reset_config) {
        memcpy(pci->reset_config, pci->config, pci_config_size(pci));
        pci->have_reset_config = true;
    }
}

uint8_t pci_add_capability(PciDevice *pci, uint8_t cap_id, uint8_t size)
{
    uint8_t offset = (uint8_t)pci->next_cap;
    g_assert(pci->next_cap + size <= PCI_CONFIG_SIZE);
    pci->config[offset] = cap_id;
    pci->config[offset + PCI_CAP_LIST_NEXT] = pci->config[PCI_CAPABILITY_LIST];
    pci->config[PCI_CAPABILITY_LIST] = offset;
    pci->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
    pci->next_cap = (uint16_t)((offset + size + 3) & ~3);
    return offset;
}

uint16_t pcie_add_extended_capability(PciDevice *pci, uint16_t cap_id, uint8_t version,
                                      uint16_t size)
{
    uint16_t offset = pci->next_ext_cap;
    g_assert(pci->pci_cls->express && offset + size <= PCIE_CONFIG_SIZE);
    pci_set_long(&pci->config[offset], cap_id | (uint32_t)version << 16);
    if (pci->last_ext_cap != 0) {
        uint32_t head = pci_get_long(&pci->config[pci->last_ext_cap]);
        pci_set_long(&pci->config[pci->last_ext_cap], head | (uint32_t)offset << 20);
    }
    pci->last_ext_cap = offset;
    pci->next_ext_cap = (uint16_t)((offset + size + 3) & ~3);
    return offset;
}

uint32_t pci_device_config_read(PciDevice *pci, uint32_t offset, unsigned size)
{
    uint32_t limit = pci_config_size(pci);
    uint32_t value = 0;
    if (pci->pci_cls->config_reading) {
        pci->pci_cls->config_reading(pci, offset, size);
    }
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = offset + i < limit ? pci->config[offset + i] : 0xff;
        value |= (uint32_t)byte << (8 * i);
    }
    return value;
}

static void write_byte(PciDevice *pci, uint32_t offset, uint8_t value)
{
    uint8_t writable = pci->writable[offset];
    uint8_t kept = pci->config[offset] & (uint8_t)~writable;
    kept &= (uint8_t) ~(value & pci->w1c[offset]);
    pci->config[offset] = (uint8_t)(kept | (value & writable));
}

static void follow_in_child(PciDevice *pci, void *opaque)
{
    pci_update_bars(pci);
}

/* A bridge's windows and COMMAND decide what is decoded behind it. */
static void follow_decoding(PciDevice *pci)
{
    PciBus *child = pci_bus_behind(pci);
    pci_update_bars(pci);
    if (child) {
        pci_bus_foreach(child, follow_in_child, NULL);
    }
}

static void follow_bus_numbers(PciDevice *pci)
{
    PciBus *child = pci_bus_behind(pci);
    if (child) {
        pci_renumber(child);
    }
}

void pci_config_replaced(PciDevice *pci)
{
    follow_bus_numbers(pci);
    follow_decoding(pci);
    if (pci->sriov) {
        pcie_sriov_update(pci);
    }
}

static void follow_config_write(PciDevice *pci, uint32_t offset, unsigned size)
{
    pci_update_intx(pci); /* COMMAND, or the enable bit of MSI or MSI-X */
    if (pci_ranges_overlap(offset, size, PCI_SECONDARY_BUS, 2) ||
        (pci->pcie_cap && pci_ranges_overlap(offset, size, pci->pcie_cap + PCI_EXP_DEVCTL2, 2))) {
        follow_bus_numbers(pci); /* or how many functions answer: ARI forwarding */
    }
    if (offset < PCI_STD_HEADER_SIZEOF) {
        follow_decoding(pci);
    }
    msi_config_written(pci, offset, size);
    msix_config_written(pci, offset, size);
    pcie_sriov_written(pci, offset, size);
}

void pci_device_config_write(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    uint32_t limit = pci_config_size(pci);
    if (offset >= limit) {
        return;
    }
    size = MIN(size, limit - offset);
    pci_keep_reset_config(pci);
    PciRulesView before = pci_rules_look(pci);
    uint16_t control = pci_get_word(&pci->config[PCI_BRIDGE_CONTROL]);
    for (unsigned i = 0; i < size; i++) {
        write_byte(pci, offset + i, (uint8_t)(value >> (8 * i)));
    }
    pci_rules_config_written(pci, &before);
    follow_config_write(pci, offset, size);
    pci_bridge_written(pci, offset, size, control);
    if (pci->pci_cls->config_written) {
        pci->pci_cls->config_written(pci, offset, value, size);
    }
    pcie_start_flr(pci, offset, value, size);
}

static PciDevice *device_at(PciBus *root, uint8_t bus, uint8_t devfn)
{
    return root->by_rid[bus << 8 | devfn];
}

uint32_t pci_config_read(PciBus *root, uint8_t bus, uint8_t devfn, uint32_t offset, unsigned size)
{
    PciDevice *pci = device_at(root, bus, devfn);
    if (!pci) {
        return NO_DEVICE >> (32 - 8 * size);
    }
    uint32_t value = pci_device_config_read(pci, offset, size);
    trace_event(pci->dev.platform->trace, TRACE_PCI,
                "pci_config_read sid=%02x%02x reg=%03x "
                "size=%u data=%x",
                bus, devfn, offset, size, value);
    return value;
}

void pci_config_write(PciBus *root, uint8_t bus, uint8_t devfn, uint32_t offset, uint32_t value,
                      unsigned size)
{
    PciDevice *pci = device_at(root, bus, devfn);
    if (!pci) {
        return;
    }
    trace_event(pci->dev.platform->trace, TRACE_PCI,
                "pci_config_write sid=%02x%02x reg=%03x "
                "size=%u data=%x",
                bus, devfn, offset, size, value);
    pci_device_config_write(pci, offset, value, size);
}
