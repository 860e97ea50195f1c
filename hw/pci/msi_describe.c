/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What monitors show of MSI and MSI-X: what a function would send now, and what keeps it from it.
 */
#include <linux/pci_regs.h>

#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"

static void describe_message(uint64_t address, uint32_t data, GString *out)
{
    g_string_append_printf(out, "%08" PRIx64 " data %08x", address, data);
    if (!intr_window_contains(address)) {
        g_string_append(out, " (no interrupt request)");
    } else if (address & 1u << 4) { /* VT-d 5.1.2.2 */
        uint32_t handle = (uint32_t)(address >> 5 & 0x7fff) | (uint32_t)(address >> 2 & 1) << 15;

        g_string_append_printf(out, " (remappable, handle %u%s)", handle,
                               address & 1u << 3 ? " + data" : "");
    } else {
        g_string_append_printf(out, " (compatibility, vector %02xh to %02x)",
                               data & MSI_DATA_VECTOR_MASK,
                               (unsigned)(address >> MSI_ADDR_DEST_SHIFT & MSI_ADDR_DEST_MASK));
    }
}

/* Of vector 0; the others differ in the data's low bits. */
static void describe_msi_message(const PciDevice *pci, GString *out)
{
    uint64_t address;
    uint32_t data;

    msi_get_message(pci, &address, &data);
    describe_message(address, data, out);
}

static void describe_msi(const PciDevice *pci, GString *out)
{
    const uint8_t *cap = &pci->config[pci->msi.cap];
    uint16_t flags = pci_get_word(cap + PCI_MSI_FLAGS);

    g_string_append_printf(
        out, "  MSI %s, %u of %u vectors: ", flags & PCI_MSI_FLAGS_ENABLE ? "on" : "off",
        1u << ((flags & PCI_MSI_FLAGS_QSIZE) >> 4), pci->msi.vectors);
    describe_msi_message(pci, out);
    if (pci->msi.maskable) {
        const uint8_t *mask = cap + (pci->msi.is64 ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);

        g_string_append_printf(out, ", mask %08x pending %08x", pci_get_long(mask),
                               pci_get_long(mask + 4));
    }
    g_string_append_c(out, '\n');
}

static void describe_msix_message(const PciDevice *pci, unsigned n, GString *out)
{
    const uint8_t *entry = &pci->msix.table[(size_t)n * PCI_MSIX_ENTRY_SIZE];
    uint64_t address = pci_get_long(entry + PCI_MSIX_ENTRY_LOWER_ADDR) |
                       (uint64_t)pci_get_long(entry + PCI_MSIX_ENTRY_UPPER_ADDR) << 32;

    describe_message(address, pci_get_long(entry + PCI_MSIX_ENTRY_DATA), out);
}

static void describe_msix(const PciDevice *pci, GString *out)
{
    uint16_t flags = pci_get_word(&pci->config[pci->msix.cap + PCI_MSIX_FLAGS]);

    g_string_append_printf(
        out, "  MSI-X %s%s, %u vectors\n", flags & PCI_MSIX_FLAGS_ENABLE ? "on" : "off",
        flags & PCI_MSIX_FLAGS_MASKALL ? ", function masked" : "", pci->msix.vectors);
    for (unsigned n = 0; n < pci->msix.vectors; n++) {
        const uint8_t *entry = &pci->msix.table[n * PCI_MSIX_ENTRY_SIZE];
        bool masked = pci_get_long(entry + PCI_MSIX_ENTRY_VECTOR_CTRL) & 1;
        bool pending = pci->msix.pba[n / 8] >> n % 8 & 1;
        bool has_address = pci_get_long(entry + PCI_MSIX_ENTRY_LOWER_ADDR) |
                           pci_get_long(entry + PCI_MSIX_ENTRY_UPPER_ADDR);

        if (masked && !pending && !has_address) {
            continue; /* never set up */
        }
        g_string_append_printf(out, "  %4u ", n);
        describe_msix_message(pci, n, out);
        g_string_append_printf(out, "%s%s\n", masked ? ", masked" : "", pending ? ", pending" : "");
    }
}

void msi_describe(const PciDevice *pci, GString *out)
{
    if (!pci_is_bus_master(pci)) {
        g_string_append(out, "  no bus master: it can send nothing\n");
    }
    if (pci->msi.cap) {
        describe_msi(pci, out);
    }
    if (pci->msix.cap) {
        describe_msix(pci, out);
    }
}

void msi_describe_message(const PciDevice *pci, bool msix, unsigned n, GString *out)
{
    if (!msix && pci->msi.cap) {
        describe_msi_message(pci, out);
    } else if (msix && n < pci->msix.vectors) {
        describe_msix_message(pci, n, out);
    }
}
