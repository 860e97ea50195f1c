/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PCI Express port's link: one device behind it, with more than 8 functions by ARI (PCI Express
 * 5.0, 6.13, 7.3.3 and 7.8.7), and nobody while the link is down. */
#include "hw/pci/pci_internal.h"
#include "hw/pci/pcie.h"
#include "pci-fixture.h"

#define ID      0x56781234u
#define NOBODY  0xffffffffu
#define BEHIND  3
#define ARI_FWD PCI_EXP_DEVCTL2_ARI

static bool function_realize(Device *dev, GError **error)
{
    PciDevice *pci = (PciDevice *)dev;
    pcie_add_capability(pci, &(PcieSetup){.type = pcie_endpoint_type(pci)});
    return true;
}

static bool port_realize(Device *dev, GError **error)
{
    pcie_add_capability((PciDevice *)dev, &(PcieSetup){.type = PCIE_ROOT_PORT});
    return true;
}

static const PciDeviceClass function_pci = {
    .ids = {.vendor_id = 0x1234, .device_id = 0x5678}, .express = true, .interrupt_pin = 1};
static const DeviceClass function_class = {.name = "function",
                                           .bus = BUS_PCI,
                                           .instance_size = sizeof(PciDevice),
                                           .bus_props = pci_bus_props,
                                           .bus_class = &function_pci,
                                           .realize = function_realize};
static const PciDeviceClass port_pci = {
    .ids = {.vendor_id = 0x1b36}, .express = true, .header_type = PCI_HEADER_TYPE_BRIDGE};
static const DeviceClass port_class = {.name = "port",
                                       .bus = BUS_PCI,
                                       .instance_size = sizeof(PciDevice),
                                       .bus_props = pci_bus_props,
                                       .bus_class = &port_pci,
                                       .realize = port_realize};

typedef struct {
    Platform platform;
    PciBus *root, *behind;
    PciDevice *port;
    GPtrArray *functions;
    PciTop top;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->root = pci_root_up(&f->platform, (PciHost){.opaque = &f->top, .above = pci_top_above});
    f->port = pci_add(&f->platform, &port_class, f->root, "4");
    f->behind = pci_child_bus_new(f->port, "port");
    f->functions = g_ptr_array_new();
    pci_device_config_write(f->port, PCI_SECONDARY_BUS, BEHIND | BEHIND << 8, 2);
}

static void teardown(Fixture *f, gconstpointer data)
{
    pci_bus_free(f->root);
    for (guint i = 0; i < f->functions->len; i++) {
        device_free(f->functions->pdata[i]);
    }
    g_ptr_array_unref(f->functions);
    device_free(&f->port->dev);
    as_free(f->platform.memory);
    as_free(f->platform.ports);
}

static PciDevice *try_function(Fixture *f, const char *addr, bool multifunction, GError **error)
{
    PciDevice *pci = (PciDevice *)device_new(&function_class, &f->platform, addr);
    g_assert_true(device_set_prop(&pci->dev, "addr", addr, NULL));
    pci->multifunction = multifunction;
    if (!pci_bus_attach(f->behind, pci, error)) {
        device_free(&pci->dev);
        return NULL;
    }
    g_assert_true(device_realize(&pci->dev, NULL));
    pci_device_reset(pci);
    g_ptr_array_add(f->functions, pci);
    return pci;
}

static PciDevice *add_function(Fixture *f, const char *addr, bool multifunction)
{
    GError *error = NULL;
    PciDevice *pci = try_function(f, addr, multifunction, &error);
    g_assert_no_error(error);
    return pci;
}

static uint32_t id_at(Fixture *f, uint8_t devfn)
{
    return pci_config_read(f->root, BEHIND, devfn, PCI_VENDOR_ID, 4);
}

static void forward(Fixture *f, uint16_t bits)
{
    pci_device_config_write(f->port, f->port->pcie_cap + PCI_EXP_DEVCTL2, bits, 2);
}

static uint8_t next_of(const PciDevice *pci)
{
    return pci->config[pci->ari_cap + 5];
}

static void test_single_function_has_no_more_devices(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    PciDevice *only = add_function(f, "0", false);
    g_assert_cmpuint(only->ari_cap, ==, 0);
    g_assert_null(try_function(f, "1", false, &error));
    g_assert_nonnull(strstr(error->message, "only device 0"));
}

static void test_functions_beyond_8_answer_once_the_port_forwards(Fixture *f, gconstpointer data)
{
    PciDevice *zero = add_function(f, "0.0", true), *far = add_function(f, "1f.7", false);
    PciDevice *three = add_function(f, "0.3", false);
    g_assert_cmphex(pci_device_config_read(zero, zero->ari_cap, 4), ==,
                    PCI_EXT_CAP_ID_ARI | 1 << 16);
    g_assert_cmphex(next_of(zero), ==, 3);
    g_assert_cmphex(next_of(three), ==, 0xff);
    g_assert_cmphex(next_of(far), ==, 0);
    g_assert_cmphex(id_at(f, 3), ==, ID);
    g_assert_cmphex(id_at(f, 0xff), ==, NOBODY);
    forward(f, ARI_FWD);
    g_assert_cmphex(id_at(f, 3), ==, ID);
    g_assert_cmphex(id_at(f, 0xff), ==, ID);
    g_assert_cmphex(pci_requester_id(far), ==, BEHIND << 8 | 0xff);
    forward(f, 0);
    g_assert_cmphex(id_at(f, 0xff), ==, NOBODY);
    forward(f, ARI_FWD);
    pci_bus_detach(three);
    g_assert_cmphex(next_of(zero), ==, 0xff);
    pci_device_reset(zero);
    g_assert_cmphex(next_of(zero), ==, 0xff);
    pci_device_reset(f->port);
    g_assert_cmphex(pci_device_config_read(f->port, f->port->pcie_cap + PCI_EXP_DEVCTL2, 2), ==, 0);
}

static void test_nobody_answers_while_the_link_is_down(Fixture *f, gconstpointer data)
{
    add_function(f, "0", false);
    pci_bus_set_link(f->behind, false);
    g_assert_cmphex(id_at(f, 0), ==, NOBODY);
    pci_bus_set_link(f->behind, true);
    g_assert_cmphex(id_at(f, 0), ==, ID);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define T(name_, f_) g_test_add("/pcie-links/" name_, Fixture, NULL, setup, f_, teardown)
    T("single", test_single_function_has_no_more_devices);
    T("ari", test_functions_beyond_8_answer_once_the_port_forwards);
    T("down", test_nobody_answers_while_the_link_is_down);
    return g_test_run();
}
