/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host bridge of a Q35-style machine: the two ways to configuration space (PCI 3.0, 3.2.2.3.2; PCI
 * Express 5.0, 7.2.2), and port CF9h, which lies in the middle of them. Memory is mapped by the
 * board; the PAM and SMRAM registers are left out.
 */
#include "hw/i386/mch.h"

#include "base/runstate.h"

#define CONFIG_ADDRESS  0xcf8
#define CONFIG_ENABLE   (1u << 31)
#define RESET_OFFSET    1 /* CF9h */
#define RESET_CPU       (1u << 2)
#define PCIEXBAR        0x60
#define PCIEXBAR_ENABLE 1u

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

static bool mch_realize(Device *dev, GError **error)
{
    MchState *s = (MchState *)dev;
    s->ports = (MemRegion){
        .name = "pci-config", .size = 8, .kind = MEM_IO, .ops = &ports_ops, .opaque = s};
    s->ecam = (MemRegion){
        .name = "pcie-mmcfg", .size = MCH_ECAM_SIZE, .kind = MEM_IO, .ops = &ecam_ops, .opaque = s};
    as_add(dev->platform->ports, &s->ports, CONFIG_ADDRESS);
    as_add(dev->platform->memory, &s->ecam, MCH_ECAM_BASE);
    pci_set_long(s->pci.config + PCIEXBAR, (uint32_t)MCH_ECAM_BASE | PCIEXBAR_ENABLE);
    return true;
}

static void mch_unrealize(Device *dev)
{
    MchState *s = (MchState *)dev;
    as_remove(dev->platform->ports, &s->ports);
    as_remove(dev->platform->memory, &s->ecam);
}

static void mch_reset(Device *dev)
{
    MchState *s = (MchState *)dev;
    s->address = 0;
    s->reset_control = 0;
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
};
