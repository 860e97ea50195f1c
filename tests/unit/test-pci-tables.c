/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of the size that a device says: MSI-X with up to 2048 vectors (PCI Express 6.1, 7.7.2),
 * configuration space of 256 or 4096 bytes; in saved states, too.
 */
#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"
#include "pci-fixture.h"

#define MSIX_BAR 2
#define BAR_AT   0xd0000000u
#define DEVFN    PCI_DEVFN(5, 0)
#define MESSAGE  0xfee01000u
#define EXTENDED 0x100u

typedef struct {
    PciDevice pci;
    unsigned vectors;
} Widget;

static bool widget_realize(Device *dev, GError **error)
{
    Widget *w = (Widget *)dev;
    if (w->pci.pci_cls->express) {
        uint16_t cap = pcie_add_extended_capability(&w->pci, PCI_EXT_CAP_ID_VNDR, 1, 0xf00);
        pci_set_long(&w->pci.writable[cap + 0xefc], 0xffffffff);
    }
    return msix_init(&w->pci, w->vectors, MSIX_BAR, error);
}

static const PciDeviceClass express_pci = {.ids = {.vendor_id = 0x1234}, .express = true};
static const PciDeviceClass conventional_pci = {.ids = {.vendor_id = 0x1234}};
static const StateField widget_state[] = {PCI_STATE, STATE_END};
static const DeviceClass express_class = {.name = "express",
                                          .bus = BUS_PCI,
                                          .instance_size = sizeof(Widget),
                                          .bus_props = pci_bus_props,
                                          .bus_class = &express_pci,
                                          .state = widget_state,
                                          .realize = widget_realize};
static const DeviceClass conventional_class = {.name = "conventional",
                                               .bus = BUS_PCI,
                                               .instance_size = sizeof(Widget),
                                               .bus_props = pci_bus_props,
                                               .bus_class = &conventional_pci,
                                               .state = widget_state,
                                               .realize = widget_realize};

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

static Widget *attach(Fixture *f, const DeviceClass *cls, unsigned vectors)
{
    Widget *w = (Widget *)device_new(cls, &f->platform, "widget");
    w->pci.devfn = DEVFN;
    w->vectors = vectors;
    g_assert_true(pci_bus_attach(f->bus, &w->pci, NULL));
    return w;
}

static Widget *add(Fixture *f, const DeviceClass *cls, unsigned vectors)
{
    Widget *w = attach(f, cls, vectors);
    g_assert_true(device_realize(&w->pci.dev, NULL));
    pci_device_reset(&w->pci);
    return w;
}

static void drop(Widget *w)
{
    pci_bus_detach(&w->pci);
    device_free(&w->pci.dev);
}

static uint32_t get(Fixture *f, uint32_t reg, unsigned size)
{
    return pci_config_read(f->bus, 0, DEVFN, reg, size);
}

static void put(Fixture *f, uint32_t reg, uint32_t value, unsigned size)
{
    pci_config_write(f->bus, 0, DEVFN, reg, value, size);
}

static void set_flags(Fixture *f, const Widget *w, uint16_t flags)
{
    put(f, w->pci.msix.cap + PCI_MSIX_FLAGS, flags, 2);
}

/* Enabled and mapped, with `n` in the data of vector n. */
static void start(Fixture *f, Widget *w)
{
    put(f, PCI_BASE_ADDRESS_2, BAR_AT, 4);
    put(f, PCI_COMMAND, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY, 2);
    set_flags(f, w, PCI_MSIX_FLAGS_ENABLE);
    for (unsigned n = 0; n < w->vectors; n++) {
        as_store(f->platform.memory, BAR_AT + n * PCI_MSIX_ENTRY_SIZE, MESSAGE, 8);
        as_store(f->platform.memory, BAR_AT + n * PCI_MSIX_ENTRY_SIZE + 8, n, 4);
    }
}

static void mask(Fixture *f, unsigned n, bool masked)
{
    as_store(f->platform.memory, BAR_AT + n * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL,
             masked, 4);
}

static uint64_t pending(Fixture *f, const Widget *w, unsigned n)
{
    uint32_t pba = get(f, w->pci.msix.cap + PCI_MSIX_PBA, 4) & ~7u;
    return as_load(f->platform.memory, BAR_AT + pba + n / 64 * 8, 8, NULL);
}

/* The last vector of each count is one like all: masked, pending, sent. */
static void test_vectors(Fixture *f, gconstpointer data)
{
    static const unsigned counts[] = {1, 2, 63, 64, 65, 128, 129, 256, 257, 2047, 2048};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        Widget *w = add(f, &express_class, counts[i]);
        unsigned last = counts[i] - 1;
        f->top.messages = 0;
        start(f, w);
        g_assert_cmpuint(get(f, w->pci.msix.cap + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE, ==,
                         last);
        msix_notify(&w->pci, last);
        msix_notify(&w->pci, counts[i]); /* there is none */
        g_assert_cmpuint(f->top.messages, ==, 0);
        g_assert_cmphex(pending(f, w, last), ==, 1ull << last % 64);
        mask(f, last, false);
        g_assert_cmpuint(f->top.messages, ==, 1);
        g_assert_cmpuint(f->top.message.data, ==, last);
        g_assert_cmphex(pending(f, w, last), ==, 0);
        set_flags(f, w, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
        msix_notify(&w->pci, last);
        g_assert_cmpuint(f->top.messages, ==, 1);
        set_flags(f, w, PCI_MSIX_FLAGS_ENABLE);
        g_assert_cmpuint(f->top.messages, ==, 2);
        /* Behind the table there is nothing, up to the pending bits. */
        if (counts[i] * PCI_MSIX_ENTRY_SIZE < w->pci.msix.region.size / 2) {
            mask(f, counts[i], true);
            g_assert_cmphex(
                as_load(f->platform.memory, BAR_AT + counts[i] * PCI_MSIX_ENTRY_SIZE + 12, 4, NULL),
                ==, 0);
        }
        drop(w);
    }
}

static void test_refused(Fixture *f, gconstpointer data)
{
    static const unsigned counts[] = {0, 2049, 1u << 16};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autoptr(GError) error = NULL;
        Widget *w = attach(f, &express_class, counts[i]);
        g_assert_false(device_realize(&w->pci.dev, &error));
        g_assert_nonnull(strstr(error->message, "1 to 2048"));
        drop(w);
    }
}

static void test_state(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) saved = g_byte_array_new();
    Widget *w = add(f, &express_class, PCI_MSIX_MAX_VECTORS);
    unsigned last = PCI_MSIX_MAX_VECTORS - 1;
    start(f, w);
    put(f, PCIE_CONFIG_SIZE - 4, 0x12345678, 4);
    msix_notify(&w->pci, last);
    state_save(widget_state, w, saved);
    drop(w);
    w = add(f, &express_class, PCI_MSIX_MAX_VECTORS);
    g_assert_true(
        state_load(widget_state, state_version(widget_state), w, saved->data, saved->len, NULL));
    pci_device_restored(&w->pci);
    g_assert_cmphex(get(f, PCIE_CONFIG_SIZE - 4, 4), ==, 0x12345678);
    g_assert_cmphex(pending(f, w, last), ==, 1ull << 63);
    f->top.messages = 0;
    mask(f, last, false);
    g_assert_cmpuint(f->top.messages, ==, 1);
    g_assert_cmpuint(f->top.message.data, ==, last);
    drop(w);
}

/* A conventional device ends at 256 bytes. */
static void test_config(Fixture *f, gconstpointer data)
{
    Widget *w = add(f, &conventional_class, 1);
    g_assert_cmphex(get(f, EXTENDED - 4, 4), ==, 0);
    g_assert_cmphex(get(f, EXTENDED, 4), ==, 0xffffffff);
    put(f, EXTENDED, 0, 4);
    put(f, PCIE_CONFIG_SIZE - 1, 0, 1);
    g_assert_cmphex(get(f, PCIE_CONFIG_SIZE - 1, 1), ==, 0xff);
    drop(w);
    w = add(f, &express_class, 1);
    g_assert_cmphex(get(f, EXTENDED, 2), ==, PCI_EXT_CAP_ID_VNDR);
    put(f, PCIE_CONFIG_SIZE - 4, 0x12345678, 4);
    g_assert_cmphex(get(f, PCIE_CONFIG_SIZE - 4, 4), ==, 0x12345678);
    pci_device_reset(&w->pci);
    g_assert_cmphex(get(f, PCIE_CONFIG_SIZE - 4, 4), ==, 0);
    drop(w);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(Fixture *f, gconstpointer data);
    } tests[] = {{"/pci-tables/vectors", test_vectors},
                 {"/pci-tables/refused", test_refused},
                 {"/pci-tables/state", test_state},
                 {"/pci-tables/config", test_config}};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, setup, tests[i].run, teardown);
    }
    return g_test_run();
}
