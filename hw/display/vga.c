/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device: memory in BAR 0, registers in BAR 2 (QEMU's docs/specs/standard-vga.rst), the VGA's
 * ports and its window at A0000h, which it has whatever COMMAND says, and its BIOS.
 */
#include "hw/display/vga.h"

#include <string.h>

#include "base/datafile.h"
#include "hw/core/backends.h"
#include "hw/display/vga_internal.h"

#define MMIO_SIZE      0x1000u
#define MMIO_VGA       0x400u /* ports 3C0h to 3DFh */
#define MMIO_VGA_LAST  0x41fu
#define MMIO_DISPI     0x500u
#define MMIO_DISPI_END (MMIO_DISPI + 2 * DISPI_REGS)
#define DISPI_PORT     0x1ce
#define WINDOW_RANK    2 /* over the hole that boards have there */
#define ROM_MAX        0x100000u
#define ROM_MIN        0x800u

static uint64_t vga_mmio_read(void *opaque, uint64_t offset, unsigned size)
{
    Vga *vga = opaque;
    if (offset >= MMIO_VGA && offset <= MMIO_VGA_LAST) {
        return vga_port_read(vga, offset - MMIO_VGA + 0x10, 1);
    }
    if (offset >= MMIO_DISPI && offset < MMIO_DISPI_END) {
        uint16_t value = vga_dispi_read(vga, (unsigned)(offset - MMIO_DISPI) / 2);
        return size == 1 && (offset & 1) ? value >> 8 : value;
    }
    return 0;
}

static void vga_mmio_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Vga *vga = opaque;
    if (offset >= MMIO_VGA && offset <= MMIO_VGA_LAST) {
        for (unsigned i = 0; i < size; i++) {
            vga_port_write(vga, offset - MMIO_VGA + 0x10 + i, value >> (8 * i) & 0xff, 1);
        }
    } else if (offset >= MMIO_DISPI && offset < MMIO_DISPI_END && size == 2) {
        vga_dispi_write(vga, (unsigned)(offset - MMIO_DISPI) / 2, (uint16_t)value);
    }
}

static const MemOps mmio_ops = {.read = vga_mmio_read, .write = vga_mmio_write, .max_size = 2};
static const MemOps window_ops = {
    .read = vga_window_read, .write = vga_window_write, .max_size = 1};
static const MemOps ports_ops = {.read = vga_port_read, .write = vga_port_write, .max_size = 1};
static const MemOps dispi_ops = {
    .read = vga_dispi_port_read, .write = vga_dispi_port_write, .min_size = 2, .max_size = 2};

static const ScreenOps screen_ops = {.draw = vga_draw, .text = vga_text};

static uint64_t power_of_two(uint64_t size)
{
    uint64_t power = ROM_MIN;
    while (power < size) {
        power *= 2;
    }
    return power;
}

static bool vga_load_rom(Vga *vga, GError **error)
{
    const Backends *backends = vga->pci.dev.platform->backends;
    if (!vga->romfile || !vga->romfile[0] || !backends) {
        return true;
    }
    g_autoptr(GBytes) bytes = datafile_read(backends_folders(backends), vga->romfile, error);
    if (!bytes) {
        return false;
    }
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    if (size > ROM_MAX) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "romfile=%s: %zu bytes: an option ROM has 1 MiB at most", vga->romfile, size);
        return false;
    }
    if (!ram_init(&vga->rom, "vga.rom", power_of_two(MAX(size, PAGE_SIZE)), error)) {
        return false;
    }
    memcpy(vga->rom.host, data, size);
    vga->rom.kind = MEM_ROM;
    pci_register_bar(&vga->pci, PCI_ROM_BAR, PCI_BAR_MEM32, &vga->rom);
    return true;
}

static void map_legacy(Vga *vga)
{
    const Platform *platform = vga->pci.dev.platform;
    vga->window = (MemRegion){.name = "vga-window",
                              .size = VGA_WINDOW_SIZE,
                              .kind = MEM_IO,
                              .priority = WINDOW_RANK,
                              .ops = &window_ops,
                              .opaque = vga};
    vga->ports = (MemRegion){
        .name = "vga", .size = VGA_PORTS, .kind = MEM_IO, .ops = &ports_ops, .opaque = vga};
    vga->dispi_ports =
        (MemRegion){.name = "dispi", .size = 4, .kind = MEM_IO, .ops = &dispi_ops, .opaque = vga};
    as_add(platform->memory, &vga->window, VGA_WINDOW);
    as_add(platform->ports, &vga->ports, VGA_FIRST_PORT);
    as_add(platform->ports, &vga->dispi_ports, DISPI_PORT);
}

static bool vga_realize(Device *dev, GError **error)
{
    Vga *vga = (Vga *)dev;
    uint64_t size = (uint64_t)vga->memory_mib << 20;
    if (vga->memory_mib & (vga->memory_mib - 1)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "vgamem_mb=%u: must be a power of two", vga->memory_mib);
        return false;
    }
    if (!vga_load_rom(vga, error) || !ram_init(&vga->vram, "vga.vram", size, error)) {
        ram_free(&vga->rom);
        return false;
    }
    vga->mmio = (MemRegion){
        .name = "vga.mmio", .size = MMIO_SIZE, .kind = MEM_IO, .ops = &mmio_ops, .opaque = vga};
    pci_register_bar(&vga->pci, 0, PCI_BAR_MEM32, &vga->vram);
    pci_register_bar(&vga->pci, 2, PCI_BAR_MEM32, &vga->mmio);
    map_legacy(vga);
    display_attach_screen(backends_display(dev->platform->backends), &screen_ops, vga);
    return true;
}

static void vga_unrealize(Device *dev)
{
    Vga *vga = (Vga *)dev;
    display_detach(backends_display(dev->platform->backends), vga);
    as_remove(dev->platform->memory, &vga->window);
    as_remove(dev->platform->ports, &vga->ports);
    as_remove(dev->platform->ports, &vga->dispi_ports);
    ram_free(&vga->vram);
    ram_free(&vga->rom);
    g_clear_pointer(&vga->picture, pixman_image_unref);
}

static void vga_reset(Device *dev)
{
    Vga *vga = (Vga *)dev;
    vga_regs_reset(vga);
    vga_dispi_reset(vga);
}

static void vga_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
    vga_dispi_restored((Vga *)dev);
}

static size_t vga_memory_size(const void *region)
{
    return ((const MemRegion *)region)->size;
}

static const StateField vga_memory_state[] = {
    STATE_BYTES_PTR(MemRegion, host, vga_memory_size),
    STATE_END,
};

static const StateField vga_state[] = {
    PCI_STATE,
    STATE_STRUCTS(Vga, vram, 1, MemRegion, vga_memory_state),
    STATE_FIELD(STATE_UINT8, Vga, misc),
    STATE_FIELD(STATE_UINT8, Vga, feature),
    STATE_FIELD(STATE_UINT8, Vga, status_reads),
    STATE_FIELD_MAX(STATE_UINT8, Vga, seq_index, VGA_SEQ_REGS - 1),
    STATE_ARRAY(STATE_UINT8, Vga, seq, VGA_SEQ_REGS),
    STATE_FIELD_MAX(STATE_UINT8, Vga, graph_index, VGA_GRAPH_REGS - 1),
    STATE_ARRAY(STATE_UINT8, Vga, graph, VGA_GRAPH_REGS),
    STATE_FIELD_MAX(STATE_UINT8, Vga, crtc_index, 0x1f),
    STATE_ARRAY(STATE_UINT8, Vga, crtc, VGA_CRTC_REGS),
    STATE_FIELD_MAX(STATE_UINT8, Vga, attr_index, 0x3f),
    STATE_ARRAY(STATE_UINT8, Vga, attr, VGA_ATTR_REGS),
    STATE_FIELD(STATE_UINT8, Vga, attr_data),
    STATE_ARRAY(STATE_UINT8, Vga, dac, VGA_COLOURS * 3),
    STATE_FIELD(STATE_UINT8, Vga, dac_mask),
    STATE_FIELD(STATE_UINT8, Vga, dac_read),
    STATE_FIELD(STATE_UINT8, Vga, dac_write),
    STATE_FIELD_MAX(STATE_UINT8, Vga, dac_part, 2),
    STATE_FIELD(STATE_UINT8, Vga, dac_reading),
    STATE_ARRAY(STATE_UINT8, Vga, latch, VGA_PLANES),
    STATE_FIELD(STATE_UINT16, Vga, dispi_index),
    STATE_ARRAY(STATE_UINT16, Vga, dispi, DISPI_REGS),
    STATE_END,
};

static const PropInfo vga_props[] = {
    PROP_RANGE(PROP_UINT32, "vgamem_mb", Vga, memory_mib, "16", 1, 256, "MiB of its memory"),
    PROP(PROP_STRING, "romfile", Vga, romfile, "vgabios-stdvga.bin", "its BIOS; empty: none"),
    PROP_END,
};

static const PciDeviceClass vga_pci = {
    .ids.vendor_id = 0x1234,
    .ids.device_id = 0x1111,
    .ids.subsystem_vendor_id = 0x1af4,
    .ids.subsystem_id = 0x1100,
    .ids.revision = 2,
    .ids.class_code = 0x030000,
};

const DeviceClass vga_class = {
    .name = "VGA",
    .desc = "standard VGA with Bochs' display interface",
    .bus = BUS_PCI,
    .category = DEVICE_DISPLAY,
    .user_creatable = true,
    .instance_size = sizeof(Vga),
    .props = vga_props,
    .bus_props = pci_bus_props,
    .bus_class = &vga_pci,
    .state = vga_state,
    .realize = vga_realize,
    .unrealize = vga_unrealize,
    .reset = vga_reset,
    .restored = vga_restored,
};
