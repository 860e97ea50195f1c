/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI behind a bridge (PCI-to-PCI Bridge 1.2, chapters 3 and 4): bus numbers in configuration
 * cycles and requester ids, windows, and what passes upstream only while the bridge may master.
 */
#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"
#include "pci-fixture.h"

#define BAR_SIZE 0x2000u
#define BAR_AT   0x80100000u
#define WIDE     0x200000u
#define WIDE_AT  0x80200000u

typedef struct {
    PciDevice pci;
    MemRegion mem, big, wide;
} Endpoint;

static uint64_t endpoint_read(void *opaque, uint64_t offset, unsigned size)
{
    return 0x5a;
}

static void endpoint_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
}

static const MemOps endpoint_ops = {.read = endpoint_read, .write = endpoint_write};

static bool endpoint_realize(Device *dev, GError **error)
{
    Endpoint *e = (Endpoint *)dev;
    e->mem = (MemRegion){.name = "mem", .size = BAR_SIZE, .kind = MEM_IO, .ops = &endpoint_ops};
    e->big = (MemRegion){.name = "big", .size = BAR_SIZE, .kind = MEM_IO, .ops = &endpoint_ops};
    e->wide = (MemRegion){.name = "wide", .size = WIDE, .kind = MEM_IO, .ops = &endpoint_ops};
    pci_register_bar(&e->pci, 0, PCI_BAR_MEM32, &e->mem);
    pci_register_bar(&e->pci, 2, PCI_BAR_MEM64_PREFETCH, &e->big);
    pci_register_bar(&e->pci, 4, PCI_BAR_MEM32, &e->wide);
    return msi_init(&e->pci, 1, true, false, error);
}

static const PciDeviceClass endpoint_pci = {
    .ids = {.vendor_id = 0x1234, .device_id = 0x5678, .class_code = 0xff0000}};
static const DeviceClass endpoint_class = {.name = "endpoint",
                                           .bus = BUS_PCI,
                                           .instance_size = sizeof(Endpoint),
                                           .bus_props = pci_bus_props,
                                           .bus_class = &endpoint_pci,
                                           .realize = endpoint_realize};

typedef struct {
    Platform platform;
    PciBus *root, *middle, *inner; /* two bridges, one behind the other */
    PciDevice *outer_bridge, *inner_bridge;
    Endpoint *endpoint; /* 00.3 of the inner bus */
    PciTop top;
} Fixture;

static void set_command(PciDevice *pci, uint16_t command)
{
    pci_device_config_write(pci, PCI_COMMAND, command, 2);
}

static void number(PciDevice *bridge, uint8_t primary, uint8_t secondary, uint8_t last)
{
    pci_device_config_write(bridge, PCI_PRIMARY_BUS, primary, 1);
    pci_device_config_write(bridge, PCI_SECONDARY_BUS, secondary, 1);
    pci_device_config_write(bridge, PCI_SUBORDINATE_BUS, last, 1);
}

static void setup(Fixture *f, gconstpointer data)
{
    f->root = pci_root_up(&f->platform, (PciHost){.opaque = &f->top, .above = pci_top_above});
    f->outer_bridge = pci_add(&f->platform, &bridge_class, f->root, "4");
    f->middle = pci_child_bus_new(f->outer_bridge, "outer");
    f->inner_bridge = pci_add(&f->platform, &bridge_class, f->middle, "2");
    f->inner = pci_child_bus_new(f->inner_bridge, "inner");
    f->endpoint = (Endpoint *)pci_add(&f->platform, &endpoint_class, f->inner, "0.0");
    number(f->outer_bridge, 0, 3, 9);
    number(f->inner_bridge, 3, 7, 9);
}

static void teardown(Fixture *f, gconstpointer data)
{
    pci_bus_free(f->root); /* and the buses behind its bridges */
    device_free(&f->endpoint->pci.dev);
    device_free(&f->inner_bridge->dev);
    device_free(&f->outer_bridge->dev);
    as_free(f->platform.memory);
    as_free(f->platform.ports);
}

static void test_numbers(Fixture *f, gconstpointer data)
{
    g_assert_cmphex(pci_requester_id(&f->endpoint->pci), ==, 0x0700);
    g_assert_cmphex(pci_requester_id(f->inner_bridge), ==, 0x0310);
    g_assert_cmphex(pci_config_read(f->root, 7, 0, PCI_VENDOR_ID, 4), ==, 0x56781234);
    g_assert_cmphex(pci_config_read(f->root, 3, 2 << 3, PCI_VENDOR_ID, 4), ==, 0x9abc1234);
    g_assert_cmphex(pci_config_read(f->root, 8, 0, PCI_VENDOR_ID, 4), ==, 0xffffffff);
    number(f->inner_bridge, 3, 8, 9);
    g_assert_cmphex(pci_requester_id(&f->endpoint->pci), ==, 0x0800);
    g_assert_cmphex(pci_config_read(f->root, 7, 0, PCI_VENDOR_ID, 4), ==, 0xffffffff);
    g_assert_cmphex(pci_config_read(f->root, 8, 0, PCI_VENDOR_ID, 4), ==, 0x56781234);
    /* The outer bridge does not pass on what is beyond its subordinate bus. */
    number(f->outer_bridge, 0, 3, 7);
    g_assert_cmphex(pci_config_read(f->root, 8, 0, PCI_VENDOR_ID, 4), ==, 0xffffffff);
}

static uint32_t id_at(Fixture *f, uint8_t bus, uint8_t devfn)
{
    return pci_config_read(f->root, bus, devfn, PCI_VENDOR_ID, 4);
}

/* A bridge's write moves the ids of all that is behind it, at any depth, and of nothing else. */
static void test_renumber(Fixture *f, gconstpointer data)
{
    number(f->outer_bridge, 0, 4, 9);
    g_assert_cmphex(pci_requester_id(f->outer_bridge), ==, 0x0020);
    g_assert_cmphex(pci_requester_id(f->inner_bridge), ==, 0x0410);
    g_assert_cmphex(pci_requester_id(&f->endpoint->pci), ==, 0x0700);
    g_assert_cmphex(id_at(f, 3, 2 << 3), ==, 0xffffffff);
    g_assert_cmphex(id_at(f, 4, 2 << 3), ==, 0x9abc1234);
    g_assert_cmphex(id_at(f, 7, 0), ==, 0x56781234);
    pci_device_config_write(f->outer_bridge, PCI_PRIMARY_BUS, 0x0b0a0500, 4); /* all at once */
    g_assert_cmphex(pci_requester_id(f->inner_bridge), ==, 0x0510);
    g_assert_cmphex(id_at(f, 5, 2 << 3), ==, 0x9abc1234);
    pci_device_reset(f->inner_bridge);
    g_assert_cmphex(pci_requester_id(&f->endpoint->pci), ==, 0);
    g_assert_cmphex(id_at(f, 7, 0), ==, 0xffffffff);
    g_assert_cmphex(id_at(f, 0, 0), ==, 0xffffffff); /* an unnumbered bus is no part of bus 0 */
}

/* Of bridges that claim the same numbers the first forwards; what leaves gives way to the other. */
static void test_overlap(Fixture *f, gconstpointer data)
{
    PciDevice *first = pci_add(&f->platform, &bridge_class, f->root, "3");
    PciBus *behind = pci_child_bus_new(first, "first");
    Endpoint *e = (Endpoint *)pci_add(&f->platform, &endpoint_class, behind, "1");
    Endpoint *late;
    number(first, 0, 7, 8);
    g_assert_cmphex(pci_requester_id(&e->pci), ==, 0x0708);
    g_assert_cmphex(id_at(f, 7, 8), ==, 0x56781234);
    g_assert_cmphex(id_at(f, 7, 0), ==, 0xffffffff);
    g_assert_cmphex(id_at(f, 3, 2 << 3), ==, 0x9abc1234);
    late = (Endpoint *)pci_add(&f->platform, &endpoint_class, f->inner,
                               "2"); /* where nothing arrives */
    g_assert_cmphex(pci_requester_id(&late->pci), ==, 0x0710);
    g_assert_cmphex(id_at(f, 7, 2 << 3), ==, 0xffffffff);
    pci_bus_detach(&e->pci);
    g_assert_cmphex(id_at(f, 7, 8), ==, 0xffffffff);
    pci_bus_detach(first);
    g_assert_cmphex(id_at(f, 7, 2 << 3), ==, 0x56781234);
    g_assert_cmphex(id_at(f, 7, 0), ==, 0x56781234);
    pci_bus_detach(&late->pci);
    g_assert_cmphex(id_at(f, 7, 2 << 3), ==, 0xffffffff);
    device_free(&late->pci.dev);
    device_free(&e->pci.dev);
    device_free(&first->dev);
}

static void notify(Fixture *f)
{
    uint8_t cap = f->endpoint->pci.msi.cap;
    pci_device_config_write(&f->endpoint->pci, cap + PCI_MSI_ADDRESS_LO, 0xfee01000, 4);
    pci_device_config_write(&f->endpoint->pci, cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
    msi_notify(&f->endpoint->pci, 0);
}

/* Messages and DMA pass a bridge that may master, and carry the number of the bus they are from. */
static void test_mastering(Fixture *f, gconstpointer data)
{
    for (unsigned i = 0; i < 8; i++) {
        PciDevice *const chain[] = {&f->endpoint->pci, f->inner_bridge, f->outer_bridge};
        uint32_t word = 0;
        for (unsigned k = 0; k < 3; k++) {
            set_command(chain[k], i >> k & 1 ? PCI_COMMAND_MASTER : 0);
        }
        f->top = (PciTop){0};
        g_assert_cmpint(pci_dma_read(&f->endpoint->pci, 0x1000, &word, 4), ==,
                        i == 7 ? MEM_OK : MEM_ACCESS_ERROR);
        g_assert_cmpint(pci_dma_write(&f->endpoint->pci, 0x1000, &word, 4), ==,
                        i == 7 ? MEM_OK : MEM_ACCESS_ERROR);
        notify(f);
        g_assert_cmpuint(f->top.reads, ==, i == 7);
        g_assert_cmpuint(f->top.writes, ==, i == 7);
        g_assert_cmpuint(f->top.messages, ==, i == 7);
        if (i == 7) {
            g_assert_cmphex(f->top.read.requester_id, ==, 0x0700);
            g_assert_cmphex(f->top.write.requester_id, ==, 0x0700);
            g_assert_cmphex(f->top.message.requester_id, ==, 0x0700);
        }
    }
}

static bool answers(Fixture *f, uint64_t at)
{
    return as_load(f->platform.memory, at, 1, NULL) == 0x5a;
}

static void open_window(PciDevice *bridge, uint16_t base, uint16_t limit)
{
    pci_device_config_write(bridge, PCI_MEMORY_BASE, base, 2);
    pci_device_config_write(bridge, PCI_MEMORY_LIMIT, limit, 2);
}

/* A BAR answers where all of it is in the windows of all bridges above. */
static void test_windows(Fixture *f, gconstpointer data)
{
    PciDevice *e = &f->endpoint->pci;
    static const struct {
        uint16_t base, limit;
        uint32_t bar;
        bool answers;
    } rows[] = {
        {0x8010, 0x8010, BAR_AT, true},
        {0x8010, 0x8010, BAR_AT + 0x100000 - BAR_SIZE, true},
        {0x8010, 0x8010, BAR_AT - BAR_SIZE, false},
        {0x8010, 0x8010, BAR_AT + 0x100000, false},
        {0x8010, 0x8040, BAR_AT + 0x300000, true},
        {0x8020, 0x8010, BAR_AT, false}, /* closed: base above limit */
        {0x8020, 0x8010, BAR_AT + 0x100000, false},
    };
    set_command(f->outer_bridge, PCI_COMMAND_MEMORY);
    set_command(f->inner_bridge, PCI_COMMAND_MEMORY);
    set_command(e, PCI_COMMAND_MEMORY);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows) * 2; i++) {
        PciDevice *narrow = i & 1 ? f->outer_bridge : f->inner_bridge;
        PciDevice *wide = i & 1 ? f->inner_bridge : f->outer_bridge;
        open_window(wide, 0x8000, 0x80f0);
        open_window(narrow, rows[i / 2].base, rows[i / 2].limit);
        pci_device_config_write(e, PCI_BASE_ADDRESS_0, rows[i / 2].bar, 4);
        g_test_message("row %u", i);
        g_assert_cmpint(answers(f, rows[i / 2].bar), ==, rows[i / 2].answers);
    }
    /* Half of it in a window is not enough. */
    pci_device_config_write(e, PCI_BASE_ADDRESS_0, 0, 4);
    open_window(f->inner_bridge, 0x8020, 0x8020);
    open_window(f->outer_bridge, 0x8020, 0x8020);
    pci_device_config_write(e, PCI_BASE_ADDRESS_4, WIDE_AT, 4);
    g_assert_false(answers(f, WIDE_AT));
    open_window(f->inner_bridge, 0x8020, 0x8030);
    g_assert_false(answers(f, WIDE_AT));
    open_window(f->outer_bridge, 0x8020, 0x8030);
    g_assert_true(answers(f, WIDE_AT));
    set_command(f->outer_bridge, 0);
    g_assert_false(answers(f, WIDE_AT));
}

/* Numbers and windows that come by a state load, or go by a reset, count as written ones do. */
static void test_state(Fixture *f, gconstpointer data)
{
    PciDevice *e = &f->endpoint->pci;
    PciDevice *const bridges[] = {f->outer_bridge, f->inner_bridge};
    g_autoptr(GByteArray) saved = g_byte_array_new();
    for (unsigned i = 0; i < G_N_ELEMENTS(bridges); i++) {
        set_command(bridges[i], PCI_COMMAND_MEMORY);
        open_window(bridges[i], 0x8010, 0x8010);
    }
    set_command(e, PCI_COMMAND_MEMORY);
    pci_device_config_write(e, PCI_BASE_ADDRESS_0, BAR_AT, 4);
    state_save(pci_device_state, f->inner_bridge, saved);
    g_assert_true(answers(f, BAR_AT));
    pci_device_reset(f->inner_bridge);
    g_assert_false(answers(f, BAR_AT));
    g_assert_cmphex(pci_requester_id(e), ==, 0);
    g_assert_true(state_load(pci_device_state, state_version(pci_device_state), f->inner_bridge,
                             saved->data, saved->len, NULL));
    pci_device_restored(f->inner_bridge);
    g_assert_true(answers(f, BAR_AT));
    g_assert_cmphex(pci_requester_id(e), ==, 0x0700);
    g_assert_cmphex(id_at(f, 7, 0), ==, 0x56781234);
}

/* The prefetchable window and the BAR have 64 bits. */
static void test_high(Fixture *f, gconstpointer data)
{
    PciDevice *const bridges[] = {f->outer_bridge, f->inner_bridge};
    set_command(&f->endpoint->pci, PCI_COMMAND_MEMORY);
    pci_device_config_write(&f->endpoint->pci, PCI_BASE_ADDRESS_2, 0x40000000, 4);
    pci_device_config_write(&f->endpoint->pci, PCI_BASE_ADDRESS_3, 0x12, 4);
    for (unsigned i = 0; i < G_N_ELEMENTS(bridges); i++) {
        g_assert_false(answers(f, 0x1240000000));
        set_command(bridges[i], PCI_COMMAND_MEMORY);
        pci_device_config_write(bridges[i], PCI_PREF_MEMORY_BASE, 0x4000, 2);
        pci_device_config_write(bridges[i], PCI_PREF_MEMORY_LIMIT, 0x4000, 2);
        pci_device_config_write(bridges[i], PCI_PREF_BASE_UPPER32, 0x12, 4);
        pci_device_config_write(bridges[i], PCI_PREF_LIMIT_UPPER32, 0x12, 4);
    }
    g_assert_true(answers(f, 0x1240000000));
    g_assert_false(answers(f, 0x40000000));
}

/* Error bits stay until 1 is written to them, and other writes leave them. */
static void test_status(Fixture *f, gconstpointer data)
{
    PciDevice *e = &f->endpoint->pci;
    pci_set_word(&e->config[PCI_STATUS], pci_get_word(&e->config[PCI_STATUS]) |
                                             PCI_STATUS_REC_MASTER_ABORT |
                                             PCI_STATUS_DETECTED_PARITY);
    pci_device_config_write(e, PCI_STATUS, 0, 2);
    pci_device_config_write(e, PCI_STATUS + 1, PCI_STATUS_REC_MASTER_ABORT >> 8, 1);
    g_assert_cmphex(pci_device_config_read(e, PCI_STATUS, 2), ==,
                    PCI_STATUS_DETECTED_PARITY | PCI_STATUS_CAP_LIST);
    pci_device_config_write(e, PCI_STATUS, 0xffff, 2);
    g_assert_cmphex(pci_device_config_read(e, PCI_STATUS, 2), ==, PCI_STATUS_CAP_LIST);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(Fixture *f, gconstpointer data);
    } tests[] = {{"/pci-bridge/numbers", test_numbers},     {"/pci-bridge/renumber", test_renumber},
                 {"/pci-bridge/overlap", test_overlap},     {"/pci-bridge/state", test_state},
                 {"/pci-bridge/mastering", test_mastering}, {"/pci-bridge/windows", test_windows},
                 {"/pci-bridge/high", test_high},           {"/pci-bridge/status", test_status}};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, setup, tests[i].run, teardown);
    }
    return g_test_run();
}
