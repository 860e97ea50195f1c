/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bus as a stage of its devices' way up: bridges of kinds that only this file knows stop or alias
 * what passes, one behind the other, and the board says once what is above a root bus's function.
 */
#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"
#include "pci-fixture.h"

#define MESSAGE 0xfee01000u
#define UNITS   2

static bool endpoint_realize(Device *dev, GError **error)
{
    return msi_init((PciDevice *)dev, 1, true, false, error);
}

static const PciDeviceClass endpoint_pci = {.ids = {.vendor_id = 0x1234, .device_id = 0x5678}};
static const DeviceClass endpoint_class = {.name = "endpoint",
                                           .bus = BUS_PCI,
                                           .instance_size = sizeof(PciDevice),
                                           .bus_props = pci_bus_props,
                                           .bus_class = &endpoint_pci,
                                           .realize = endpoint_realize};

/* As a bridge from PCI Express to conventional PCI does (revision 1.0, 2.3): its secondary bus,
 * function 0, stands for all behind it. */
static bool alias_pass(PciDevice *bridge, BusReq *req)
{
    req->requester_id = (uint16_t)(bridge->config[PCI_SECONDARY_BUS] << 8);
    return true;
}

/* Stops what has no PASID, and takes the PASID away. */
static bool picky_pass(PciDevice *bridge, BusReq *req)
{
    bool passes = req->has_pasid;
    req->has_pasid = false;
    req->pasid = 0;
    return passes;
}

#define BRIDGE(name_, pass_)                                                                       \
    static const PciDeviceClass name_##_pci = {.ids = {.vendor_id = 0x1234, .device_id = 0x9abc},  \
                                               .header_type = PCI_HEADER_TYPE_BRIDGE,              \
                                               .pass = pass_};                                     \
    static const DeviceClass name_##_class = {.name = #name_,                                      \
                                              .bus = BUS_PCI,                                      \
                                              .instance_size = sizeof(PciDevice),                  \
                                              .bus_props = pci_bus_props,                          \
                                              .bus_class = &name_##_pci}
BRIDGE(plain, NULL);
BRIDGE(alias, alias_pass);
BRIDGE(picky, picky_pass);

typedef struct {
    Platform platform;
    PciBus *root;
    PciTop units[UNITS];
    unsigned asked;
    uint16_t apart; /* the root bus's function above which the second unit is */
    GPtrArray *devices;
} Fixture;

static Upstream above(void *opaque, PciDevice *pci)
{
    Fixture *f = opaque;
    f->asked++;
    return pci_top_upstream(&f->units[pci->rid == f->apart]);
}

static PciDevice *add(Fixture *f, const DeviceClass *cls, PciBus *bus, const char *addr)
{
    PciDevice *pci = pci_add(&f->platform, cls, bus, addr);
    pci_device_config_write(pci, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    if (pci->msi.cap) {
        pci_device_config_write(pci, pci->msi.cap + PCI_MSI_ADDRESS_LO, MESSAGE, 4);
        pci_device_config_write(pci, pci->msi.cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
    }
    g_ptr_array_add(f->devices, &pci->dev);
    return pci;
}

static PciBus *add_bridge(Fixture *f, const DeviceClass *cls, PciBus *bus, const char *addr,
                          uint8_t secondary, uint8_t last)
{
    PciDevice *bridge = add(f, cls, bus, addr);
    PciBus *behind = pci_child_bus_new(bridge, "behind");
    pci_device_config_write(bridge, PCI_SECONDARY_BUS, secondary, 1);
    pci_device_config_write(bridge, PCI_SUBORDINATE_BUS, last, 1);
    return behind;
}

static void setup(Fixture *f, gconstpointer data)
{
    f->root = pci_root_up(&f->platform, (PciHost){.opaque = f, .above = above});
    f->devices = g_ptr_array_new();
    f->apart = UINT16_MAX;
}

static void teardown(Fixture *f, gconstpointer data)
{
    pci_bus_free(f->root);
    for (guint i = 0; i < f->devices->len; i++) {
        device_free(f->devices->pdata[i]);
    }
    g_ptr_array_unref(f->devices);
    as_free(f->platform.memory);
    as_free(f->platform.ports);
}

/* One of each kind: they arrive at that unit with that id, or none does. */
static void expect(Fixture *f, PciDevice *pci, unsigned n, bool arrives, uint16_t as)
{
    PciTop *unit = &f->units[n];
    uint8_t byte = 0;
    memset(f->units, 0, sizeof(f->units));
    g_assert_cmpint(pci_dma_read(pci, 0x1000, &byte, 1), ==, arrives ? MEM_OK : MEM_ACCESS_ERROR);
    g_assert_cmphex(byte, ==, arrives ? 0x77 : 0xff);
    g_assert_cmpint(pci_dma_write(pci, 0x1000, &byte, 1), ==, arrives ? MEM_OK : MEM_ACCESS_ERROR);
    msi_notify(pci, 0);
    g_assert_cmpuint(unit->reads, ==, arrives);
    g_assert_cmpuint(unit->writes, ==, arrives);
    g_assert_cmpuint(unit->messages, ==, arrives);
    g_assert_cmpuint(f->units[1 - n].reads + f->units[1 - n].writes + f->units[1 - n].messages, ==,
                     0);
    if (arrives) {
        g_assert_cmphex(unit->read.requester_id, ==, as);
        g_assert_cmphex(unit->write.requester_id, ==, as);
        g_assert_cmphex(unit->message.requester_id, ==, as);
        g_assert_cmphex(unit->message.address, ==, MESSAGE);
    }
}

/* Everything behind an aliasing bridge, at any depth, has the id that the bridge gives it. */
static void test_alias(Fixture *f, gconstpointer data)
{
    PciBus *outer = add_bridge(f, &plain_class, f->root, "4", 3, 9);
    PciBus *middle = add_bridge(f, &alias_class, outer, "2", 5, 9);
    PciBus *inner = add_bridge(f, &plain_class, middle, "1", 7, 9);
    PciDevice *beside = add(f, &endpoint_class, outer, "6");
    PciDevice *near = add(f, &endpoint_class, middle, "6.3");
    PciDevice *far = add(f, &endpoint_class, inner, "6");
    expect(f, beside, 0, true, 0x0330);
    expect(f, near, 0, true, 0x0500);
    expect(f, far, 0, true, 0x0500);
    g_assert_cmphex(pci_requester_id(near), ==, 0x0533);
    pci_device_config_write(middle->bridge, PCI_SECONDARY_BUS, 6, 1);
    expect(f, near, 0, true, 0x0600);
    expect(f, far, 0, true, 0x0600);
    pci_device_config_write(outer->bridge, PCI_SECONDARY_BUS, 2, 1);
    expect(f, beside, 0, true, 0x0230);
}

/* The outermost of two aliases is what is seen above. */
static void test_nested(Fixture *f, gconstpointer data)
{
    PciBus *outer = add_bridge(f, &alias_class, f->root, "4", 3, 9);
    PciBus *inner = add_bridge(f, &alias_class, outer, "2", 5, 9);
    PciDevice *pci = add(f, &endpoint_class, inner, "6");
    PciDevice *const chain[] = {pci, inner->bridge, outer->bridge};
    expect(f, pci, 0, true, 0x0300);
    for (unsigned i = 0; i < G_N_ELEMENTS(chain); i++) {
        pci_device_config_write(chain[i], PCI_COMMAND, 0, 2);
        expect(f, pci, 0, false, 0);
        pci_device_config_write(chain[i], PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    }
    expect(f, pci, 0, true, 0x0300);
}

/* A bridge sees a request's PASID, may stop the request for it, and may change it. */
static void test_pasid(Fixture *f, gconstpointer data)
{
    PciBus *outer = add_bridge(f, &plain_class, f->root, "4", 3, 9);
    PciBus *inner = add_bridge(f, &picky_class, outer, "2", 5, 9);
    PciDevice *pci = add(f, &endpoint_class, inner, "6");
    BusReq req = {.requester_id = 0xbeef, .has_pasid = true, .pasid = 0x12345};
    IntrMsg msg = {.address = MESSAGE, .data = 0x55, .requester_id = 0xbeef, .has_pasid = true};
    uint8_t byte = 0;
    expect(f, pci, 0, false, 0);
    g_assert_cmpint(upstream_write(pci_upstream(pci), &req, 0x1000, &byte, 1), ==, MEM_OK);
    g_assert_cmphex(f->units[0].write.requester_id, ==, 0xbeef);
    g_assert_false(f->units[0].write.has_pasid);
    g_assert_cmphex(f->units[0].write.pasid, ==, 0);
    g_assert_cmphex(req.pasid, ==, 0x12345); /* the sender's own is as it was */
    g_assert_cmpint(upstream_interrupt(pci_upstream(pci), &msg), ==, INTR_DELIVERED);
    g_assert_cmphex(f->units[0].message.data, ==, 0x55);
    g_assert_false(f->units[0].message.has_pasid);
    msg.has_pasid = false;
    g_assert_cmpint(upstream_interrupt(pci_upstream(pci), &msg), ==, INTR_BRIDGE_OFF);
}

/* The board says once what is above a function of the root bus: requests do not ask. */
static void test_above(Fixture *f, gconstpointer data)
{
    PciDevice *first = add(f, &endpoint_class, f->root, "1");
    f->apart = PCI_DEVFN(4, 0);
    PciBus *behind = add_bridge(f, &plain_class, f->root, "4", 3, 9);
    PciDevice *second = add(f, &endpoint_class, behind, "6");
    unsigned asked = f->asked;
    expect(f, first, 0, true, 0x0008);
    expect(f, second, 1, true, 0x0330);
    g_assert_cmpuint(f->asked, ==, asked);
    f->apart = PCI_DEVFN(1, 0);
    expect(f, first, 0, true, 0x0008); /* what is wired stays wired */
    pci_device_config_write(behind->bridge, PCI_SECONDARY_BUS, 5, 1);
    g_assert_cmpuint(f->asked, >, asked);
    expect(f, first, 1, true, 0x0008);
    expect(f, second, 0, true, 0x0530);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(Fixture *f, gconstpointer data);
    } tests[] = {{"/pci-stage/alias", test_alias},
                 {"/pci-stage/nested", test_nested},
                 {"/pci-stage/pasid", test_pasid},
                 {"/pci-stage/above", test_above}};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, setup, tests[i].run, teardown);
    }
    return g_test_run();
}
