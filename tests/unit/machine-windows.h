/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a guest finds the registers of a machine's devices (machine-fixture.h). */
#ifndef TESTS_UNIT_MACHINE_WINDOWS_H
#define TESTS_UNIT_MACHINE_WINDOWS_H

#include "machine-scenes.h"

typedef struct {
    bool ports;
    uint64_t base;
    uint32_t len;
    unsigned weight;
    const char *of; /* the class whose registers these are */
} Window;

/* Of devices that have no configuration space. */
static const Window board_windows[] = {
    {true, 0x20, 2, 2, "isa-i8259"},
    {true, 0xa0, 2, 2, "isa-i8259"},
    {true, 0x4d0, 2, 1, "isa-i8259"},
    {true, 0x40, 4, 4, "isa-pit"},
    {true, 0x61, 1, 2, "isa-pit"},
    {true, 0x60, 1, 2, "i8042"},
    {true, 0x64, 1, 2, "i8042"},
    {true, 0x70, 2, 4, "mc146818rtc"},
    {true, 0x92, 1, 1, "ICH9-LPC"},
    {true, 0xb2, 2, 1, "ICH9-LPC"},
    {true, 0xcf8, 8, 1, "mch"},
    {true, 0x3b0, 0x30, 4, "VGA"},
    {true, 0x1ce, 4, 2, "VGA"},
    {false, 0xa0000, 0x20000, 2, "VGA"},
    {true, 0x510, 12, 2, "fw_cfg"},
    {true, 0x2e8, 8, 4, "isa-serial"},
    {true, 0x402, 1, 1, "isa-debugcon"},
    {true, 0x501, 4, 1, "isa-debug-exit"},
    {true, 0x600, 0x40, 4, "ich9-pm"},
    {true, 0xe0, 12, 2, "pc-testdev"},
    {true, 0x2000, 24, 2, "pc-testdev"},
    {false, 0xff000000, 0x100, 1, "pc-testdev"},
    {true, 0x3000, 4, 1, "hyperv-testdev"},
    {false, IOAPIC_BASE, 0x50, 6, "ioapic"},
    {false, IOAPIC_BASE + 0x1000, 0x50, 1, "ioapic"},
    {false, HPET_BASE, 0x160, 8, "hpet"},
    {false, HPET_BASE + 0x1000, 0x160, 1, "hpet"},
    {false, VTD_BASE, 0x100, 8, "intel-iommu"},
    {false, VTD_BASE + 0xb00, 0x200, 1, "intel-iommu"},
    {false, UV_LOCAL_MMR_BASE, 8, 1, "uv-hub"},
    {false, UV_LOCAL_MMR_BASE + UV_INT_CMPB, 8, 4, "uv-hub"},
    {false, UV_LOCAL_MMR_BASE + UV_IPI_INT, 8, 2, "uv-hub"},
    {false, UV_LOCAL_MMR_BASE + UV_RTC1_INT_CONFIG, 8, 4, "uv-hub"},
    {false, UV_LOCAL_MMR_BASE + UV_EVENT_OCCURRED2, 16, 2, "uv-hub"},
    {false, UV_LOCAL_MMR_BASE + UV_RTC, 8, 1, "uv-hub"},
    {false, AMD_BASE, 0x40, 4, "amd-iommu"},
    {false, AMD_BASE + CMD_HEAD, 0x30, 4, "amd-iommu"},
};

typedef struct {
    GArray *windows; /* of Window */
    unsigned weights;
} Map;

static inline void map_add(Map *map, Window window)
{
    g_array_append_val(map->windows, window);
    map->weights += window.weight;
}

/* Its configuration space; and its BARs, if they are asked for. */
static inline void map_device(Map *map, Box *box, PciDevice *pci, bool with_bars)
{
    const char *of = pci->dev.cls->name;
    uint64_t config = MCH_ECAM_BASE + ((uint64_t)pci_requester_id(pci) << 12);
    map_add(map, (Window){false, config, 8, 1, of});
    map_add(map, (Window){false, config + 0x34, 0x100 - 0x34, 2, of});
    for (unsigned bar = 0; bar < PCI_BARS && with_bars; bar++) {
        uint32_t low = (uint32_t)as_load(box->platform.memory, config + 0x10 + 4 * bar, 4, NULL);
        bool ports = low & 1, wide = !ports && (low & 6) == 4;
        uint64_t base = low & (ports ? ~3u : ~15u);
        if (wide) {
            base |= as_load(box->platform.memory, config + 0x14 + 4 * bar, 4, NULL) << 32;
        }
        if (base) {
            map_add(map, (Window){ports, base, ports ? 0x20 : 0x100, 8, of});
            map_add(map, (Window){ports, base, ports ? 0x20 : 0x4000, 2, of});
        }
        bar += wide;
    }
}

/* Functions in another domain are reached through the BARs of whoever has it behind it. `skip` is
 * the class whose BARs are left out; NULL for none. */
/* `skip` names classes whose registers are left out; NULL: none. */
static inline void map_open(Map *map, Box *box, const char *skip)
{
    *map = (Map){.windows = g_array_new(false, false, sizeof(Window))};
    for (size_t i = 0; i < G_N_ELEMENTS(board_windows); i++) {
        map_add(map, board_windows[i]);
    }
    for (guint i = 0; i < box->machine->devices->len; i++) {
        Device *dev = box->machine->devices->pdata[i];
        if (dev->cls->bus == BUS_PCI && !pci_domain_aperture((PciDevice *)dev)) {
            map_device(map, box, (PciDevice *)dev, !skip || !strstr(skip, dev->cls->name));
        }
    }
}

#endif
