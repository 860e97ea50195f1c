/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Base address registers: sizing by read-only low bits, and mapping as COMMAND and the bridges
 * above allow (PCI Local Bus 3.0, 6.2.5; PCI-to-PCI Bridge 1.2, 4.2 to 4.4).
 *
 * An address of zero counts as unassigned, as it does for firmware and kernels.
 */
#include "hw/pci/pci_internal.h"

#define IO_SPACE_SIZE  0x10000ull
#define MEM_SPACE_BITS 52

uint32_t pci_bar_offset(const PciDevice *pci, int n)
{
    if (n == PCI_ROM_BAR) {
        return pci->pci_cls->header_type == PCI_HEADER_TYPE_BRIDGE ? PCI_ROM_ADDRESS1
                                                                   : PCI_ROM_ADDRESS;
    }
    return PCI_BASE_ADDRESS_0 + 4 * (uint32_t)n;
}

bool pci_bar_is_io(const PciBar *bar)
{
    return bar->type == PCI_BAR_IO;
}

bool pci_bar_is_64(const PciBar *bar)
{
    return bar->type == PCI_BAR_MEM64 || bar->type == PCI_BAR_MEM64_PREFETCH;
}

uint32_t pci_bar_type_bits(PciBarType type)
{
    static const uint32_t bits[] = {
        [PCI_BAR_IO] = PCI_BASE_ADDRESS_SPACE_IO,
        [PCI_BAR_MEM32] = PCI_BASE_ADDRESS_MEM_TYPE_32,
        [PCI_BAR_MEM64] = PCI_BASE_ADDRESS_MEM_TYPE_64,
        [PCI_BAR_MEM64_PREFETCH] = PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH,
    };
    return bits[type];
}

void pci_register_bar(PciDevice *pci, int n, PciBarType type, MemRegion *region)
{
    PciBar *bar = &pci->bars[n];
    uint64_t mask = ~(region->size - 1);
    uint32_t offset = pci_bar_offset(pci, n);
    g_assert((region->size & (region->size - 1)) == 0 && region->size >= 4);
    *bar = (PciBar){
        .present = true,
        .type = type,
        .region = region,
        .size = region->size,
        .mapped_at = PCI_BAR_UNMAPPED,
    };
    region->priority = PCI_BAR_PRIORITY;
    if (n == PCI_ROM_BAR) {
        pci_set_long(&pci->writable[offset],
                     ((uint32_t)mask & (uint32_t)PCI_ROM_ADDRESS_MASK) | PCI_ROM_ADDRESS_ENABLE);
        return;
    }
    pci_set_long(&pci->config[offset], pci_bar_type_bits(type));
    pci_set_long(&pci->writable[offset], (uint32_t)mask);
    if (pci_bar_is_64(bar)) {
        pci_set_long(&pci->writable[offset + 4], (uint32_t)(mask >> 32));
    }
}

static uint64_t programmed_address(const PciDevice *pci, int n)
{
    const PciBar *bar = &pci->bars[n];
    const uint8_t *reg = &pci->config[pci_bar_offset(pci, n)];
    uint64_t value = pci_get_long(reg);
    if (n == PCI_ROM_BAR && (value & PCI_ROM_ADDRESS_ENABLE) == 0) {
        return 0;
    }
    if (pci_bar_is_64(bar)) {
        value |= (uint64_t)pci_get_long(reg + 4) << 32;
    }
    return value & ~(bar->size - 1);
}

static PciWindow io_window(const uint8_t *config)
{
    return (PciWindow){
        .base = (uint64_t)(config[PCI_IO_BASE] & PCI_IO_RANGE_MASK) << 8,
        .limit = (uint64_t)(config[PCI_IO_LIMIT] & PCI_IO_RANGE_MASK) << 8 | 0xfff,
    };
}

static PciWindow memory_window(const uint8_t *config)
{
    return (PciWindow){
        .base = (uint64_t)(pci_get_word(&config[PCI_MEMORY_BASE]) & 0xfff0) << 16,
        .limit = (uint64_t)(pci_get_word(&config[PCI_MEMORY_LIMIT]) & 0xfff0) << 16 | 0xfffff,
    };
}

static PciWindow prefetch_window(const uint8_t *config)
{
    uint64_t base_high = pci_get_long(&config[PCI_PREF_BASE_UPPER32]);
    uint64_t limit_high = pci_get_long(&config[PCI_PREF_LIMIT_UPPER32]);
    return (PciWindow){
        .base = base_high << 32 | (uint64_t)(pci_get_word(&config[PCI_PREF_MEMORY_BASE]) & 0xfff0)
                                      << 16,
        .limit = limit_high << 32 |
                 (uint64_t)(pci_get_word(&config[PCI_PREF_MEMORY_LIMIT]) & 0xfff0) << 16 | 0xfffff,
    };
}

PciWindow pci_bridge_window(const PciDevice *bridge, PciWindowKind kind)
{
    static PciWindow (*const of[])(const uint8_t *config) = {
        [PCI_WINDOW_IO] = io_window,
        [PCI_WINDOW_MEM] = memory_window,
        [PCI_WINDOW_PREFETCH] = prefetch_window,
    };
    return of[kind](bridge->config);
}

static bool in_window(const PciDevice *bridge, PciWindowKind kind, uint64_t base, uint64_t last)
{
    PciWindow window = pci_bridge_window(bridge, kind);
    return base >= window.base && last <= window.limit;
}

static bool bridge_forwards(const PciDevice *bridge, bool io, uint64_t base, uint64_t last)
{
    uint16_t command = pci_get_word(&bridge->config[PCI_COMMAND]);
    if (io) {
        return (command & PCI_COMMAND_IO) != 0 && in_window(bridge, PCI_WINDOW_IO, base, last);
    }
    return (command & PCI_COMMAND_MEMORY) != 0 &&
           (in_window(bridge, PCI_WINDOW_MEM, base, last) ||
            in_window(bridge, PCI_WINDOW_PREFETCH, base, last));
}

/* Where the BAR answers now, or PCI_BAR_UNMAPPED. */
static uint64_t decoded_address(const PciDevice *pci, int n)
{
    const PciBar *bar = &pci->bars[n];
    bool io = pci_bar_is_io(bar);
    uint16_t enable = io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
    uint64_t space = io ? IO_SPACE_SIZE : 1ull << MEM_SPACE_BITS;
    bool enabled =
        pci->pf ? pcie_vf_decodes(pci) : (pci_get_word(&pci->config[PCI_COMMAND]) & enable) != 0;
    uint64_t base = pci->pf ? pcie_vf_address(pci, n) : programmed_address(pci, n);
    if (!enabled || base == 0 || base >= space || bar->size > space - base) {
        return PCI_BAR_UNMAPPED;
    }
    for (const PciDevice *bridge = pci->bus->bridge; bridge; bridge = bridge->bus->bridge) {
        if (!bridge_forwards(bridge, io, base, base + bar->size - 1)) {
            return PCI_BAR_UNMAPPED;
        }
    }
    return pci_domain_reach(pci_root_of(pci->bus), io, base, bar->size);
}

static void move_bar(PciDevice *pci, int n, uint64_t where)
{
    const PciHost *host = &pci_root_of(pci->bus)->host;
    PciBar *bar = &pci->bars[n];
    AddressSpace *as = pci_bar_is_io(bar) ? host->ports : host->memory;
    if (bar->mapped_at == where) {
        return;
    }
    if (bar->mapped_at != PCI_BAR_UNMAPPED) {
        as_remove(as, bar->region);
    }
    bar->mapped_at = where;
    if (where != PCI_BAR_UNMAPPED) {
        as_add(as, bar->region, where);
    }
    trace_event(pci->dev.platform->trace, TRACE_PCI,
                "pci_bar sid=%04x index=%d addr=%" PRIx64 " size=%" PRIx64, pci_requester_id(pci),
                n, where, bar->size);
}

void pci_update_bars(PciDevice *pci)
{
    for (int n = 0; n <= PCI_ROM_BAR; n++) {
        if (pci->bars[n].present) {
            move_bar(pci, n, decoded_address(pci, n));
        }
    }
}

void pci_unmap_bars(PciDevice *pci)
{
    for (int n = 0; n <= PCI_ROM_BAR; n++) {
        if (pci->bars[n].present) {
            move_bar(pci, n, PCI_BAR_UNMAPPED);
        }
    }
}
