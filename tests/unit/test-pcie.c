/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PCI Express capability: what a function says of itself, and function-level reset (PCI Express
 * 5.0, 6.6.2 and 7.5.3). */
#include "hw/pci/pci_internal.h"
#include "hw/pci/pcie.h"
#include "pci-fixture.h"

#define DEVFN       PCI_DEVFN(5, 0)
#define CONTROL     (w->pci.pcie_cap + (unsigned)PCI_EXP_DEVCTL)
#define START_RESET PCI_EXP_DEVCTL_BCR_FLR

typedef struct {
    PciDevice pci;
    unsigned resets;
} Widget;

static bool endpoint_realize(Device *dev, GError **error)
{
    PciDevice *pci = (PciDevice *)dev;
    pcie_add_capability(pci, &(PcieSetup){.type = pcie_endpoint_type(pci), .flr = true});
    return true;
}

static bool port_realize(Device *dev, GError **error)
{
    pcie_add_capability((PciDevice *)dev,
                        &(PcieSetup){.type = PCIE_ROOT_PORT, .port = 7, .slot = true});
    return true;
}

static void widget_reset(Device *dev)
{
    ((Widget *)dev)->resets++;
}

static const PciDeviceClass express_pci = {.ids = {.vendor_id = 0x1234}, .express = true};
static const DeviceClass endpoint_class = {.name = "endpoint",
                                           .bus = BUS_PCI,
                                           .instance_size = sizeof(Widget),
                                           .bus_props = pci_bus_props,
                                           .bus_class = &express_pci,
                                           .realize = endpoint_realize,
                                           .reset = widget_reset};
static const DeviceClass port_class = {.name = "port",
                                       .bus = BUS_PCI,
                                       .instance_size = sizeof(Widget),
                                       .bus_props = pci_bus_props,
                                       .bus_class = &express_pci,
                                       .realize = port_realize,
                                       .reset = widget_reset};

typedef struct {
    Platform platform;
    PciBus *bus;
    PciTop top;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->bus = pci_root_up(&f->platform, (PciHost){.opaque = &f->top, .above = pci_top_above});
}

static void teardown(Fixture *f, gconstpointer data)
{
    pci_bus_free(f->bus);
    as_free(f->platform.memory);
    as_free(f->platform.ports);
}

static Widget *add(Fixture *f, const DeviceClass *cls)
{
    Widget *w = (Widget *)device_new(cls, &f->platform, "widget");
    w->pci.devfn = DEVFN;
    g_assert_true(pci_bus_attach(f->bus, &w->pci, NULL));
    g_assert_true(device_realize(&w->pci.dev, NULL));
    return w;
}

static void gone(Widget *w)
{
    pci_bus_detach(&w->pci);
    device_free(&w->pci.dev);
}

static void write_control(Fixture *f, const Widget *w, uint32_t value)
{
    pci_config_write(f->bus, 0, DEVFN, CONTROL, value, 2);
}

static void test_endpoint_on_the_root_bus_has_no_link(Fixture *f, gconstpointer data)
{
    Widget *w = add(f, &endpoint_class);
    g_assert_cmpint(pcie_port_type(&w->pci), ==, PCIE_ROOT_COMPLEX_ENDPOINT);
    g_assert_cmpuint(pci_get_long(&w->pci.config[w->pci.pcie_cap + PCI_EXP_LNKCAP]), ==, 0);
    g_assert_cmpuint(w->pci.config[w->pci.pcie_cap], ==, PCI_CAP_ID_EXP);
    gone(w);
}

static void test_port_has_its_number_and_a_link_that_is_up(Fixture *f, gconstpointer data)
{
    Widget *w = add(f, &port_class);
    const uint8_t *cap = &w->pci.config[w->pci.pcie_cap];
    g_assert_cmpint(pcie_port_type(&w->pci), ==, PCIE_ROOT_PORT);
    g_assert_cmphex(pci_get_word(cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_SLOT, ==, PCI_EXP_FLAGS_SLOT);
    g_assert_cmphex(pci_get_long(cap + PCI_EXP_LNKCAP) >> 24, ==, 7);
    g_assert_cmphex(pci_get_word(cap + PCI_EXP_LNKSTA), ==, 0x0011);
    gone(w);
}

static void test_function_level_reset_resets_the_device_and_its_configuration(Fixture *f,
                                                                              gconstpointer data)
{
    Widget *w = add(f, &endpoint_class);
    pci_config_write(f->bus, 0, DEVFN, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    write_control(f, w, PCI_EXP_DEVCTL_RELAX_EN);
    g_assert_cmpuint(w->resets, ==, 0);
    write_control(f, w, START_RESET);
    g_assert_cmpuint(w->resets, ==, 1);
    g_assert_false(pci_is_bus_master(&w->pci));
    g_assert_cmphex(pci_config_read(f->bus, 0, DEVFN, CONTROL, 2) & START_RESET, ==, 0);
    gone(w);
}

static void test_reset_starts_with_the_byte_that_has_the_bit(Fixture *f, gconstpointer data)
{
    Widget *w = add(f, &endpoint_class);
    pci_config_write(f->bus, 0, DEVFN, CONTROL, 0xff, 1);
    g_assert_cmpuint(w->resets, ==, 0);
    pci_config_write(f->bus, 0, DEVFN, CONTROL + 1, START_RESET >> 8, 1);
    g_assert_cmpuint(w->resets, ==, 1);
    pci_config_write(f->bus, 0, DEVFN, CONTROL, START_RESET, 4);
    g_assert_cmpuint(w->resets, ==, 2);
    gone(w);
}

static void test_port_without_the_capability_ignores_the_bit(Fixture *f, gconstpointer data)
{
    Widget *w = add(f, &port_class);
    write_control(f, w, START_RESET);
    g_assert_cmpuint(w->resets, ==, 0);
    gone(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define T(name_, f_) g_test_add("/pcie/" name_, Fixture, NULL, setup, f_, teardown)
    T("root-bus-endpoint", test_endpoint_on_the_root_bus_has_no_link);
    T("port", test_port_has_its_number_and_a_link_that_is_up);
    T("flr", test_function_level_reset_resets_the_device_and_its_configuration);
    T("flr-byte", test_reset_starts_with_the_byte_that_has_the_bit);
    T("no-flr", test_port_without_the_capability_ignores_the_bit);
    return g_test_run();
}
