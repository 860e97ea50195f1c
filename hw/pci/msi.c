/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MSI capability, with 64-bit addresses, per-vector masking and several messages (PCI Local Bus
 * 3.0, 6.8.1). All its state is in configuration space.
 */
#include "hw/pci/msi.h"

#include "hw/intr/journal.h"
#include "hw/pci/pci_internal.h"

/* 6.8.1.1: the layout depends on whether addresses are 64 bits wide. */
static uint8_t data_offset(const PciDevice *pci)
{
    return (uint8_t)(pci->msi.cap + (pci->msi.is64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32));
}

static uint8_t mask_offset(const PciDevice *pci)
{
    return (uint8_t)(pci->msi.cap + (pci->msi.is64 ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32));
}

static uint8_t pending_offset(const PciDevice *pci)
{
    return (uint8_t)(mask_offset(pci) + 4);
}

static uint16_t msi_control(const PciDevice *pci)
{
    return pci_get_word(&pci->config[pci->msi.cap + PCI_MSI_FLAGS]);
}

static uint8_t capability_size(bool is64, bool maskable)
{
    if (maskable) {
        return is64 ? PCI_MSI_PENDING_64 + 4 : PCI_MSI_PENDING_32 + 4;
    }
    return is64 ? PCI_MSI_DATA_64 + 2 : PCI_MSI_DATA_32 + 2;
}

bool msi_init(PciDevice *pci, unsigned vectors, bool is64, bool maskable, GError **error)
{
    if (vectors == 0 || vectors > PCI_MSI_MAX_VECTORS || (vectors & (vectors - 1)) != 0) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: %u MSI vectors; 1, 2, 4, 8, 16 or 32 are possible", pci->dev.id, vectors);
        return false;
    }
    uint8_t cap = pci_add_capability(pci, PCI_CAP_ID_MSI, capability_size(is64, maskable));
    pci->msi =
        (PciMsi){.cap = cap, .vectors = (uint8_t)vectors, .is64 = is64, .maskable = maskable};
    uint16_t log2_vectors = (uint16_t)__builtin_ctz(vectors);
    pci_set_word(&pci->config[cap + PCI_MSI_FLAGS],
                 (uint16_t)(log2_vectors << 1 | (is64 ? PCI_MSI_FLAGS_64BIT : 0) |
                            (maskable ? PCI_MSI_FLAGS_MASKBIT : 0)));
    pci_set_word(&pci->writable[cap + PCI_MSI_FLAGS], PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
    pci_set_long(&pci->writable[cap + PCI_MSI_ADDRESS_LO], 0xfffffffc);
    if (is64) {
        pci_set_long(&pci->writable[cap + PCI_MSI_ADDRESS_HI], 0xffffffff);
    }
    pci_set_word(&pci->writable[data_offset(pci)], 0xffff);
    if (maskable) {
        pci_set_long(&pci->writable[mask_offset(pci)], 0xffffffff >> (32 - vectors));
    }
    return true;
}

bool msi_enabled(const PciDevice *pci)
{
    return pci->msi.cap != 0 && (msi_control(pci) & PCI_MSI_FLAGS_ENABLE) != 0;
}

static unsigned vectors_enabled(const PciDevice *pci)
{
    unsigned log2_enabled = (msi_control(pci) & PCI_MSI_FLAGS_QSIZE) >> 4;
    /* Reserved encodings, and more than were asked for, cannot be granted. */
    return MIN(1u << MIN(log2_enabled, 5u), pci->msi.vectors);
}

static uint64_t msi_open(PciDevice *pci, unsigned n)
{
    return journal_open(pci->dev.platform->journal, JOURNAL_MSI, pci->dev.id, pci->rid, n);
}

void msi_get_message(const PciDevice *pci, uint64_t *address, uint32_t *data)
{
    const uint8_t *cap = &pci->config[pci->msi.cap];
    *address = pci_get_long(cap + PCI_MSI_ADDRESS_LO);
    *data = pci_get_word(&pci->config[data_offset(pci)]);
    if (pci->msi.is64) {
        *address |= (uint64_t)pci_get_long(cap + PCI_MSI_ADDRESS_HI) << 32;
    }
}

static IntrResult msi_send_vector(PciDevice *pci, unsigned n, uint64_t serial)
{
    uint64_t address;
    uint32_t data;
    msi_get_message(pci, &address, &data);
    data = (data & ~(vectors_enabled(pci) - 1)) | n;
    pci->msi.half_sent |= pci->msi.halves != 0;
    return pci_send_message(pci, serial, address, data);
}

IntrResult msi_notify(PciDevice *pci, unsigned n)
{
    Journal *journal = pci->dev.platform->journal;
    uint64_t serial = msi_open(pci, n);
    if (!msi_enabled(pci)) {
        return journal_keep(journal, serial, INTR_MSI_DISABLED);
    }
    n %= vectors_enabled(pci);
    if (pci->msi.maskable) {
        uint32_t mask = pci_get_long(&pci->config[mask_offset(pci)]);
        uint8_t *pending = &pci->config[pending_offset(pci)];
        if ((mask & 1u << n) != 0) {
            pci_set_long(pending, pci_get_long(pending) | 1u << n);
            return journal_wait(journal, serial, INTR_VECTOR_MASKED, &pci->msi.waiting[n]);
        }
    }
    return msi_send_vector(pci, n, serial);
}

void msi_config_written(PciDevice *pci, uint32_t offset, unsigned size)
{
    if (!msi_enabled(pci) || !pci->msi.maskable ||
        !pci_ranges_overlap(offset, size, pci->msi.cap, capability_size(pci->msi.is64, true))) {
        return;
    }
    uint8_t *pending = &pci->config[pending_offset(pci)];
    uint32_t mask = pci_get_long(&pci->config[mask_offset(pci)]);
    uint32_t due = pci_get_long(pending) & ~mask;
    pci_set_long(pending, pci_get_long(pending) & mask);
    for (; due != 0; due &= due - 1) {
        unsigned n = (unsigned)__builtin_ctz(due);
        uint64_t serial = journal_reopen(pci->dev.platform->journal, &pci->msi.waiting[n],
                                         JOURNAL_MSI, pci->dev.id, pci->rid, n);
        msi_send_vector(pci, n % vectors_enabled(pci), serial);
    }
}

/* The capability itself is reset with the configuration space. */
void msi_reset(PciDevice *pci)
{
    for (unsigned n = 0; n < G_N_ELEMENTS(pci->msi.waiting); n++) {
        journal_withdraw(pci->dev.platform->journal, &pci->msi.waiting[n], INTR_DEVICE_RESET);
    }
}
