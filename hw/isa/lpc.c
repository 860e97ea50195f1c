/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LPC bridge (Intel ICH9 data sheet, chapter 13). The routing registers only steer PIRQs to the
 * i8259 pair: at the IOAPIC they are always pins 16 to 23 (5.9). System management mode and the
 * chipset configuration space behind RCBA are left out.
 */
#include "hw/isa/lpc.h"

#include "base/runstate.h"
#include "hw/isa/a20.h"

enum { REG_PMBASE = 0x40, REG_PIRQ_A = 0x60, REG_PIRQ_E = 0x68, REG_LPC_EN = 0x82 };
#define PIRQ_DISABLED 0x80u
#define PIRQ_MASK     0x8fu
#define PMBASE        0x600u
#define PORT_A        0x92
#define PORT_A_INIT   1u
#define PORT_A_A20    2u
#define APM_CONTROL   0xb2

typedef struct {
    PciDevice pci;
    LpcLinks links;
    uint8_t port_a, apm[2];
    MemRegion port_a_region, apm_region;
} LpcState;

LpcLinks *lpc_links(Device *dev)
{
    return &((LpcState *)dev)->links;
}

static uint32_t pirq_register(int n)
{
    return n < 4 ? (uint32_t)(REG_PIRQ_A + n) : (uint32_t)(REG_PIRQ_E + n - 4);
}

int lpc_pirq_route(Device *dev, int n)
{
    uint8_t value = ((PciDevice *)dev)->config[pirq_register(n)];
    return value & PIRQ_DISABLED ? -1 : value & 0xf;
}

void lpc_set_pirq_route(Device *dev, int n, uint8_t irq)
{
    LpcState *s = (LpcState *)dev;
    s->pci.config[pirq_register(n)] = irq & PIRQ_MASK;
    if (s->links.routing_changed) {
        s->links.routing_changed(s->links.opaque, false);
    }
}

void lpc_set_serial_enabled(Device *dev, int port, bool enabled)
{
    uint8_t *reg = &((PciDevice *)dev)->config[REG_LPC_EN];
    *reg = (uint8_t)((*reg & ~(1u << port)) | (unsigned)enabled << port);
}

static void lpc_config_written(PciDevice *pci, uint32_t offset, uint32_t value, unsigned size)
{
    LpcState *s = (LpcState *)pci;
    if (offset + size > REG_PIRQ_A && offset < REG_PIRQ_E + 4 && s->links.routing_changed) {
        s->links.routing_changed(s->links.opaque, false);
    }
}

static uint64_t port_a_read(void *opaque, uint64_t offset, unsigned size)
{
    return ((LpcState *)opaque)->port_a;
}

static void port_a_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    LpcState *s = opaque;
    if ((value & PORT_A_INIT) && !(s->port_a & PORT_A_INIT)) {
        runstate_request_reset(s->pci.dev.platform->runstate, CAUSE_GUEST_RESET);
    }
    s->port_a = value & (PORT_A_INIT | PORT_A_A20);
    a20_gate_drive(s->pci.dev.platform->a20, A20_FAST, s->port_a & PORT_A_A20);
}

static const MemOps port_a_ops = {.read = port_a_read, .write = port_a_write, .max_size = 1};

/* The two bytes are storage; without system management mode nobody is told. */
static uint64_t apm_read(void *opaque, uint64_t offset, unsigned size)
{
    return ((LpcState *)opaque)->apm[offset];
}

static void apm_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    ((LpcState *)opaque)->apm[offset] = (uint8_t)value;
}

static const MemOps apm_ops = {.read = apm_read, .write = apm_write, .max_size = 1};

static bool lpc_realize(Device *dev, GError **error)
{
    LpcState *s = (LpcState *)dev;
    s->port_a_region =
        (MemRegion){.name = "port92", .size = 1, .kind = MEM_IO, .ops = &port_a_ops, .opaque = s};
    s->apm_region =
        (MemRegion){.name = "apm", .size = 2, .kind = MEM_IO, .ops = &apm_ops, .opaque = s};
    as_add(dev->platform->ports, &s->port_a_region, PORT_A);
    as_add(dev->platform->ports, &s->apm_region, APM_CONTROL);
    pci_set_long(s->pci.config + REG_PMBASE, PMBASE | 1);
    for (int n = 0; n < LPC_PIRQS; n++) {
        s->pci.config[pirq_register(n)] = PIRQ_DISABLED;
        s->pci.writable[pirq_register(n)] = PIRQ_MASK;
    }
    s->pci.writable[REG_LPC_EN] = 0xff;
    return true;
}

static void lpc_unrealize(Device *dev)
{
    LpcState *s = (LpcState *)dev;
    as_remove(dev->platform->ports, &s->port_a_region);
    as_remove(dev->platform->ports, &s->apm_region);
}

static void lpc_reset(Device *dev)
{
    LpcState *s = (LpcState *)dev;
    s->port_a = 0;
    a20_gate_drive(dev->platform->a20, A20_FAST, false);
    s->apm[0] = s->apm[1] = 0;
    for (int n = 0; n < LPC_PIRQS; n++) {
        s->pci.config[pirq_register(n)] = PIRQ_DISABLED;
    }
    s->pci.config[REG_LPC_EN] = 0;
    if (s->links.routing_changed) {
        s->links.routing_changed(s->links.opaque, false);
    }
}

static void lpc_restored(Device *dev)
{
    LpcState *s = (LpcState *)dev;
    pci_device_restored(&s->pci);
    a20_gate_drive(dev->platform->a20, A20_FAST, s->port_a & PORT_A_A20);
    if (s->links.routing_changed) {
        s->links.routing_changed(s->links.opaque, true);
    }
}

static const StateField lpc_state[] = {
    STATE_STRUCTS(LpcState, pci, 1, PciDevice, pci_device_state),
    STATE_FIELD(STATE_UINT8, LpcState, port_a),
    STATE_ARRAY(STATE_UINT8, LpcState, apm, 2),
    STATE_END,
};

static const PciDeviceClass lpc_pci = {
    .ids.vendor_id = 0x8086,
    .ids.device_id = 0x2918,
    .ids.revision = 2,
    .ids.class_code = 0x060100,
    .config_written = lpc_config_written,
};

const DeviceClass lpc_class = {
    .name = "ICH9-LPC",
    .desc = "LPC bridge",
    .bus = BUS_PCI,
    .instance_size = sizeof(LpcState),
    .bus_props = pci_bus_props,
    .bus_class = &lpc_pci,
    .state = lpc_state,
    .realize = lpc_realize,
    .unrealize = lpc_unrealize,
    .reset = lpc_reset,
    .restored = lpc_restored,
};
