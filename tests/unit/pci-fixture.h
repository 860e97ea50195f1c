/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of PCI: a root bus, what is above it and keeps what arrives there, and a bridge. */
#ifndef TESTS_UNIT_PCI_FIXTURE_H
#define TESTS_UNIT_PCI_FIXTURE_H

#include <string.h>

#include "hw/pci/pci.h"

/* What arrived at the top: the last of each kind, and how many. Reads give 77h. */
typedef struct {
    BusReq read, write;
    IntrMsg message;
    unsigned reads, writes, messages;
} PciTop;

static inline MemResult pci_top_read(void *opaque, const BusReq *req, uint64_t addr, void *buf,
                                     size_t len)
{
    PciTop *top = opaque;
    top->read = *req;
    top->reads++;
    memset(buf, 0x77, len);
    return MEM_OK;
}

static inline MemResult pci_top_write(void *opaque, const BusReq *req, uint64_t addr,
                                      const void *buf, size_t len)
{
    PciTop *top = opaque;
    top->write = *req;
    top->writes++;
    return MEM_OK;
}

static inline IntrResult pci_top_interrupt(void *opaque, const IntrMsg *msg)
{
    PciTop *top = opaque;
    top->message = *msg;
    top->messages++;
    return INTR_DELIVERED;
}

static inline Upstream pci_top_upstream(PciTop *top)
{
    static const UpstreamOps ops = {pci_top_read, pci_top_write, pci_top_interrupt};
    return (Upstream){&ops, top};
}

/* For a host whose `opaque` is a PciTop. */
static inline Upstream pci_top_above(void *opaque, PciDevice *pci)
{
    return pci_top_upstream(opaque);
}

/* Address spaces for the platform, and a root bus that has them and `host`'s other fields. */
static inline PciBus *pci_root_up(Platform *platform, PciHost host)
{
    platform->memory = as_new("memory", 52);
    platform->ports = as_new("ports", 16);
    host.memory = platform->memory;
    host.ports = platform->ports;
    return pci_root_bus_new("pcie.0", &host);
}

/* A bridge that passes everything while it may master. */
static const PciDeviceClass bridge_pci = {
    .ids = {.vendor_id = 0x1234, .device_id = 0x9abc, .class_code = 0x060400},
    .header_type = PCI_HEADER_TYPE_BRIDGE};
static const DeviceClass bridge_class = {.name = "bridge",
                                         .bus = BUS_PCI,
                                         .instance_size = sizeof(PciDevice),
                                         .bus_props = pci_bus_props,
                                         .bus_class = &bridge_pci};

/* A device of the class at `addr`, as after a reset. */
static inline PciDevice *pci_add(Platform *platform, const DeviceClass *cls, PciBus *bus,
                                 const char *addr)
{
    Device *dev = device_new(cls, platform, cls->name);
    g_assert_true(device_set_prop(dev, "addr", addr, NULL));
    g_assert_true(pci_bus_attach(bus, (PciDevice *)dev, NULL));
    g_assert_true(device_realize(dev, NULL));
    pci_device_reset((PciDevice *)dev);
    return (PciDevice *)dev;
}

#endif
