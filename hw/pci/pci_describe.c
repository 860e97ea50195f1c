/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The `info pci` page. */
#include "hw/pci/pci_internal.h"

static void describe_bar(const PciBar *bar, int n, GString *out)
{
    const char *kind = pci_bar_is_io(bar)   ? "I/O"
                       : pci_bar_is_64(bar) ? "64 bit memory"
                                            : "32 bit memory";
    if (bar->mapped_at == PCI_BAR_UNMAPPED) {
        g_string_append_printf(out, "      BAR%d: %s, %" PRIu64 " bytes (not mapped)\n", n, kind,
                               bar->size);
    } else {
        g_string_append_printf(out, "      BAR%d: %s at 0x%04" PRIx64 " [0x%04" PRIx64 "].\n", n,
                               kind, bar->mapped_at, bar->mapped_at + bar->size - 1);
    }
}

static void describe_window(const PciDevice *bridge, PciWindowKind kind, GString *out)
{
    static const char *const names[] = {
        [PCI_WINDOW_IO] = "IO",
        [PCI_WINDOW_MEM] = "memory",
        [PCI_WINDOW_PREFETCH] = "prefetchable memory",
    };
    PciWindow window = pci_bridge_window(bridge, kind);
    if (window.base > window.limit) {
        g_string_append_printf(out, "      %s range: none\n", names[kind]);
    } else {
        g_string_append_printf(out, "      %s range [0x%08" PRIx64 ", 0x%08" PRIx64 "]\n",
                               names[kind], window.base, window.limit);
    }
}

static void describe_bridge(const PciDevice *bridge, GString *out)
{
    const uint8_t *config = bridge->config;
    g_string_append_printf(
        out, "      BUS %d.\n      secondary bus %d.\n      subordinate bus %d.\n",
        config[PCI_PRIMARY_BUS], config[PCI_SECONDARY_BUS], config[PCI_SUBORDINATE_BUS]);
    for (PciWindowKind kind = 0; kind < PCI_WINDOWS; kind++) {
        describe_window(bridge, kind, out);
    }
}

static void describe_device(PciDevice *pci, void *opaque)
{
    GString *out = opaque;
    const uint8_t *config = pci->config;
    g_string_append_printf(out, "  Bus %2d, device %3d, function %d:\n", pci_bus_number(pci->bus),
                           PCI_SLOT_OF(pci->devfn), PCI_FUNC_OF(pci->devfn));
    g_string_append_printf(out, "    %s: PCI device %04x:%04x\n", pci->dev.cls->name,
                           pci_get_word(&config[PCI_VENDOR_ID]),
                           pci_get_word(&config[PCI_DEVICE_ID]));
    if (config[PCI_INTERRUPT_PIN] != 0) {
        g_string_append_printf(out, "      IRQ %d, pin %c\n", config[PCI_INTERRUPT_LINE],
                               '@' + config[PCI_INTERRUPT_PIN]);
    }
    if (pci_is_bridge(pci)) {
        describe_bridge(pci, out);
    }
    for (int n = 0; n <= PCI_ROM_BAR; n++) {
        if (pci->bars[n].present) {
            describe_bar(&pci->bars[n], n, out);
        }
    }
    g_string_append_printf(out, "      id \"%s\"\n", pci->dev.has_user_id ? pci->dev.id : "");
}

static void describe_domain(PciDevice *pci, void *opaque)
{
    if (pci->domain) {
        g_string_append_printf(opaque, "Domain behind %s:\n", pci->dev.id);
        pci_describe(pci->domain, opaque);
    }
}

void pci_describe(PciBus *root, GString *out)
{
    pci_bus_foreach(root, describe_device, out);
    pci_bus_foreach(root, describe_domain, out);
}
