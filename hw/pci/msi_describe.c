/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What monitors show of MSI and MSI-X: what a function would send now, and what keeps it from it.
 */
#include <linux/pci_regs.h>

#include "hw/pci/ims.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"

static void describe_remappable(uint64_t address, const Facts *f)
{
    uint32_t handle = (uint32_t)(address >> 5 & 0x7fff) | (uint32_t)(address >> 2 & 1) << 15;
    bool subhandle = address & 1u << 3;

    facts_number(f, "handle", handle);
    facts_flag(f, "subhandle-valid", subhandle);
    facts_say(f, " (remappable, handle %u%s)", handle, subhandle ? " + data" : "");
}

static void describe_compatibility(uint64_t address, uint32_t data, const Facts *f)
{
    unsigned vector = data & MSI_DATA_VECTOR_MASK;
    unsigned dest = (unsigned)(address >> MSI_ADDR_DEST_SHIFT & MSI_ADDR_DEST_MASK);

    facts_number(f, "vector", vector);
    facts_number(f, "destination", dest);
    facts_say(f, " (compatibility, vector %02xh to %02x)", vector, dest);
}

void msi_describe_as_message(uint64_t address, uint32_t data, const Facts *f)
{
    bool request = intr_window_contains(address);
    bool remappable = address & 1u << 4; /* VT-d 5.1.2.2 */

    facts_hex(f, "address", address);
    facts_hex(f, "data", data);
    facts_text(f, "format", !request ? "none" : remappable ? "remappable" : "compatibility");
    facts_say(f, "%08" PRIx64 " data %08x", address, data);
    if (!request) {
        facts_say(f, " (no interrupt request)");
    } else if (remappable) {
        describe_remappable(address, f);
    } else {
        describe_compatibility(address, data, f);
    }
}

/* Of a function in a domain whose aperture remaps: which vector of that it asks for. */
static void describe_for_aperture(const PciDevice *aperture, uint64_t address, uint32_t data,
                                  const Facts *f)
{
    unsigned vector = (unsigned)(address >> MSI_ADDR_DEST_SHIFT & MSI_ADDR_DEST_MASK);

    facts_hex(f, "address", address);
    facts_hex(f, "data", data);
    facts_text(f, "format", "remapped-by-vmd");
    facts_text(f, "vmd", aperture->dev.id);
    facts_number(f, "vmd-vector", vector);
    facts_say(f, "%08" PRIx64 " data %08x (vector %u of %s%s)", address, data, vector,
              aperture->dev.id, vector < aperture->msix.vectors ? "" : ", which has none");
}

static void describe_message_of(const PciDevice *pci, uint64_t address, uint32_t data,
                                const Facts *f)
{
    const PciDevice *aperture = pci_message_rewriter(pci);

    if (aperture && intr_window_contains(address)) {
        describe_for_aperture(aperture, address, data, f);
    } else {
        msi_describe_as_message(address, data, f);
    }
}

/* Of vector 0; the others differ in the data's low bits. */
static void describe_msi_message(const PciDevice *pci, const Facts *f)
{
    uint64_t address;
    uint32_t data;

    msi_get_message(pci, &address, &data);
    describe_message_of(pci, address, data, f);
}

static void describe_msi_masks(const PciDevice *pci, const uint8_t *cap, const Facts *f)
{
    const uint8_t *at = cap + (pci->msi.is64 ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);
    uint32_t mask = pci_get_long(at), pending = pci_get_long(at + 4);

    facts_hex(f, "mask", mask);
    facts_hex(f, "pending", pending);
    facts_say(f, ", mask %08x pending %08x", mask, pending);
}

static void describe_msi(const PciDevice *pci, const Facts *f)
{
    const uint8_t *cap = &pci->config[pci->msi.cap];
    uint16_t flags = pci_get_word(cap + PCI_MSI_FLAGS);
    bool on = flags & PCI_MSI_FLAGS_ENABLE;
    unsigned enabled = 1u << ((flags & PCI_MSI_FLAGS_QSIZE) >> 4);

    facts_open(f, "msi");
    facts_flag(f, "enabled", on);
    facts_number(f, "vectors-enabled", enabled);
    facts_number(f, "vectors", pci->msi.vectors);
    facts_say(f, "  MSI %s, %u of %u vectors: ", on ? "on" : "off", enabled, pci->msi.vectors);
    describe_msi_message(pci, f);
    if (pci->msi.maskable) {
        describe_msi_masks(pci, cap, f);
    }
    facts_say(f, "\n");
    facts_close(f);
}

static void describe_msix_message(const PciDevice *pci, unsigned n, const Facts *f)
{
    const uint8_t *entry = &pci->msix.table[(size_t)n * PCI_MSIX_ENTRY_SIZE];
    uint64_t address = pci_get_long(entry + PCI_MSIX_ENTRY_LOWER_ADDR) |
                       (uint64_t)pci_get_long(entry + PCI_MSIX_ENTRY_UPPER_ADDR) << 32;

    describe_message_of(pci, address, pci_get_long(entry + PCI_MSIX_ENTRY_DATA), f);
}

static void describe_msix_entry(const PciDevice *pci, unsigned n, const Facts *f)
{
    const uint8_t *entry = &pci->msix.table[(size_t)n * PCI_MSIX_ENTRY_SIZE];
    bool masked = pci_get_long(entry + PCI_MSIX_ENTRY_VECTOR_CTRL) & 1;
    bool pending = pci->msix.pba[n / 8] >> n % 8 & 1;
    bool has_address = pci_get_long(entry + PCI_MSIX_ENTRY_LOWER_ADDR) |
                       pci_get_long(entry + PCI_MSIX_ENTRY_UPPER_ADDR);

    if (masked && !pending && !has_address) {
        return; /* never set up */
    }
    facts_open(f, NULL);
    facts_number(f, "number", n);
    facts_say(f, "  %4u ", n);
    describe_msix_message(pci, n, f);
    facts_flag(f, "masked", masked);
    facts_flag(f, "pending", pending);
    facts_say(f, "%s%s\n", masked ? ", masked" : "", pending ? ", pending" : "");
    facts_close(f);
}

static void describe_msix(const PciDevice *pci, const Facts *f)
{
    uint16_t flags = pci_get_word(&pci->config[pci->msix.cap + PCI_MSIX_FLAGS]);
    bool on = flags & PCI_MSIX_FLAGS_ENABLE, masked = flags & PCI_MSIX_FLAGS_MASKALL;

    facts_open(f, "msix");
    facts_flag(f, "enabled", on);
    facts_flag(f, "function-masked", masked);
    facts_number(f, "vectors", pci->msix.vectors);
    facts_say(f, "  MSI-X %s%s, %u vectors\n", on ? "on" : "off", masked ? ", function masked" : "",
              pci->msix.vectors);
    facts_open_list(f, "entries");
    for (unsigned n = 0; n < pci->msix.vectors; n++) {
        describe_msix_entry(pci, n, f);
    }
    facts_close_list(f);
    facts_close(f);
}

void msi_describe(const PciDevice *pci, const Facts *f)
{
    bool master = pci_is_bus_master(pci);

    facts_flag(f, "bus-master", master);
    if (!master) {
        facts_say(f, "  no bus master: it can send nothing\n");
    }
    if (pci->msi.cap) {
        describe_msi(pci, f);
    }
    if (pci->msix.cap) {
        describe_msix(pci, f);
    }
    if (pci->ims) {
        pci_ims_describe(pci->ims, f);
    }
}

void msi_describe_message(const PciDevice *pci, bool msix, unsigned n, const Facts *f)
{
    if (!msix && pci->msi.cap) {
        describe_msi_message(pci, f);
    } else if (msix && n < pci->msix.vectors) {
        describe_msix_message(pci, n, f);
    }
}
