/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host bridge of a Q35-style machine: the two ways to configuration space (PCI 3.0, 3.2.2.3.2; PCI
 * Express 5.0, 7.2.2), and port CF9h, which lies in the middle of them. Memory is mapped by the
 * board; the SMRAM registers are left out.
 */
#include "hw/i386/mch.h"

#include <string.h>

#include "base/bytes.h"
#include "base/runstate.h"

#define CONFIG_ADDRESS  0xcf8
#define CONFIG_ENABLE   (1u << 31)
#define RESET_OFFSET    1 /* CF9h */
#define RESET_CPU       (1u << 2)
#define PCIEXBAR        0x60
#define PCIEXBAR_ENABLE 1u
/* Its length in buses is 256 >> n; so many address bits count, of the 36 (5.1.12). */
#define PCIEXBAR_LENGTH_SHIFT 1
#define PCIEXBAR_LENGTH_MASK  3u
#define PCIEXBAR_LENGTHS      3
#define PCIEXBAR_WRITABLE     0xffc000007ull
#define PAM0                  0x90
#define PAM_WRITABLE          0x33
#define PAM0_WRITABLE         0x30

typedef struct {
    PciDevice pci;
    MchLinks links;
    uint32_t address;
    uint8_t reset_control;
    MemRegion ports, ecam;
} MchState;

MchLinks *mch_links(Device *dev)
{
    return &((MchState *)dev)->links;
}

/* Bits 1:0 of CONFIG_ADDRESS are reserved: the access itself names the byte. */
static uint32_t register_at(const MchState *s, uint64_t offset)
{
    uint32_t low = s->links.adds_low_bits ? s->address & 3 : 0;
    return (s->address & 0xfc) | low | (offset & 3);
}

static uint64_t ports_read(void *opaque, uint64_t offset, unsigned size)
{
    MchState *s = opaque;
    if (offset == RESET_OFFSET && size == 1) {
        return s->reset_control;
    }
    if (offset < 4) {
        return size == 4 ? s->address : UINT64_MAX;
    }
    if (!(s->address & CONFIG_ENABLE)) {
        return UINT64_MAX;
    }
    return pci_config_read(s->pci.bus, (uint8_t)(s->address >> 16), (uint8_t)(s->address >> 8),
                           register_at(s, offset), size);
}

/* A rising RST_CPU bit resets, hard or soft alike (ICH9 13.7.5). */
static void write_reset_control(MchState *s, uint8_t value)
{
    if ((value & RESET_CPU) && !(s->reset_control & RESET_CPU)) {
        runstate_request_reset(s->pci.dev.platform->runstate, CAUSE_GUEST_RESET);
    }
    s->reset_control = value & 0x0e;
}

static void ports_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    MchState *s = opaque;
    if (offset == RESET_OFFSET && size == 1) {
        write_reset_control(s, (uint8_t)value);
    } else if (offset < 4) {
        if (size == 4) {
            s->address = (uint32_t)value;
        }
    } else if (s->address & CONFIG_ENABLE) {
        pci_config_write(s->pci.bus, (uint8_t)(s->address >> 16), (uint8_t)(s->address >> 8),
                         register_at(s, offset), (uint32_t)value, size);
    }
}

static const MemOps ports_ops = {.read = ports_read, .write = ports_write, .max_size = 4};

static uint64_t ecam_read(void *opaque, uint64_t offset, unsigned size)
{
    MchState *s = opaque;
    return pci_config_read(s->pci.bus, (uint8_t)(offset >> 20), (uint8_t)(offset >> 12),
                           offset & 0xfff, size);
}

static void ecam_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    MchState *s = opaque;
    pci_config_write(s->pci.bus, (uint8_t)(offset >> 20), (uint8_t)(offset >> 12), offset & 0xfff,
                     (uint32_t)value, size);
}

static const MemOps ecam_ops = {.read = ecam_read, .write = ecam_write, .max_size = 4};

static uint64_t pciexbar(const MchState *s)
{
    return bytes_get64(s->pci.config + PCIEXBAR);
}

static unsigned ecam_length(const MchState *s)
{
    return pciexbar(s) >> PCIEXBAR_LENGTH_SHIFT & PCIEXBAR_LENGTH_MASK;
}

uint64_t mch_ecam_base(Device *dev)
{
    const MchState *s = (const MchState *)dev;
    return pciexbar(s) & PCIEXBAR_WRITABLE & ~((MCH_ECAM_SIZE >> ecam_length(s)) - 1);
}

static void place_ecam(MchState *s)
{
    AddressSpace *memory = s->pci.dev.platform->memory;
    bool on = (pciexbar(s) & PCIEXBAR_ENABLE) && ecam_length(s) < PCIEXBAR_LENGTHS;
    uint64_t base = mch_ecam_base(&s->pci.dev), size = MCH_ECAM_SIZE >> ecam_length(s);
    bool mapped = region_is_mapped(&s->ecam);
    if (mapped && (!on || s->ecam.base != base || s->ecam.size != size)) {
        as_remove(memory, &s->ecam);
        mapped = false;
    }
    if (on && !mapped) {
        s->ecam.size = size;
        as_add(memory, &s->ecam, base);
    }
}

static void place_memory(MchState *s)
{
    place_ecam(s);
    pam_set(s->links.pam, s->pci.config + PAM0);
}

static void mch_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    place_memory((MchState *)pci);
}

void mch_set_up(Device *dev)
{
    MchState *s = (MchState *)dev;
    pam_open(s->pci.config + PAM0);
    bytes_put64(s->pci.config + PCIEXBAR, MCH_ECAM_BASE | PCIEXBAR_ENABLE);
    place_memory(s);
}

static bool mch_realize(Device *dev, GError **error)
{
    MchState *s = (MchState *)dev;
    s->ports = (MemRegion){
        .name = "pci-config", .size = 8, .kind = MEM_IO, .ops = &ports_ops, .opaque = s};
    s->ecam = (MemRegion){
        .name = "pcie-mmcfg", .size = MCH_ECAM_SIZE, .kind = MEM_IO, .ops = &ecam_ops, .opaque = s};
    as_add(dev->platform->ports, &s->ports, CONFIG_ADDRESS);
    bytes_put64(s->pci.writable + PCIEXBAR, PCIEXBAR_WRITABLE);
    memset(s->pci.writable + PAM0, PAM_WRITABLE, PAM_REGISTERS);
    s->pci.writable[PAM0] = PAM0_WRITABLE;
    return true;
}

static void mch_unrealize(Device *dev)
{
    MchState *s = (MchState *)dev;
    as_remove(dev->platform->ports, &s->ports);
    if (region_is_mapped(&s->ecam)) {
        as_remove(dev->platform->memory, &s->ecam);
    }
}

static void mch_reset(Device *dev)
{
    MchState *s = (MchState *)dev;
    s->address = 0;
    s->reset_control = 0;
    place_memory(s);
}

static void mch_restored(Device *dev)
{
    pci_device_restored((PciDevice *)dev);
    place_memory((MchState *)dev);
}

static const StateField mch_state[] = {
    STATE_STRUCTS(MchState, pci, 1, PciDevice, pci_device_state),
    STATE_FIELD(STATE_UINT32, MchState, address),
    STATE_FIELD(STATE_UINT8, MchState, reset_control),
    STATE_END,
};

static const PciDeviceClass mch_pci = {
    .ids.vendor_id = 0x8086,
    .ids.device_id = 0x29c0,
    .ids.revision = 2,
    .ids.class_code = 0x060000,
    /* By these SeaBIOS knows whose machine it is on, and asks fw_cfg. */
    .ids.subsystem_vendor_id = 0x1af4,
    .ids.subsystem_id = 0x1100,
    .config_written = mch_config_written,
};

const DeviceClass mch_class = {
    .name = "mch",
    .desc = "host bridge",
    .bus = BUS_PCI,
    .instance_size = sizeof(MchState),
    .bus_props = pci_bus_props,
    .bus_class = &mch_pci,
    .state = mch_state,
    .realize = mch_realize,
    .unrealize = mch_unrealize,
    .reset = mch_reset,
    .restored = mch_restored,
};
