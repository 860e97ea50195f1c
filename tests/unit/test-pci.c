/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI core against a fake root complex: sizing, decoding, INTx, MSI, MSI-X, assignment. */
#include <linux/pci_regs.h>

#include "hw/pci/msi.h"
#include "pci-fixture.h"

#define MSI_ADDR 0xfee01000u

typedef struct {
    Platform platform;
    PciBus *bus;
    PciTop top;
    IrqLine wire[32][4];
} Fixture;

typedef struct {
    PciDevice pci;
    MemRegion mem, io, big;
} Widget;

static uint64_t widget_read(void *opaque, uint64_t offset, unsigned size)
{
    return 0x5a;
}

static void widget_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
}

static const MemOps widget_ops = {.read = widget_read, .write = widget_write};

static MemRegion window(uint64_t size)
{
    return (MemRegion){.name = "widget", .size = size, .kind = MEM_IO, .ops = &widget_ops};
}

static bool widget_realize(Device *dev, GError **error)
{
    Widget *w = (Widget *)dev;
    w->mem = window(0x2000);
    w->io = window(0x20);
    w->big = window(0x100000);
    pci_register_bar(&w->pci, 0, PCI_BAR_MEM32, &w->mem);
    pci_register_bar(&w->pci, 1, PCI_BAR_IO, &w->io);
    pci_register_bar(&w->pci, 4, PCI_BAR_MEM64_PREFETCH, &w->big);
    return msi_init(&w->pci, 4, true, true, error) && msix_init(&w->pci, 3, 2, error);
}

static const PciDeviceClass widget_pci = {
    .ids.vendor_id = 0x1234,
    .ids.device_id = 0x5678,
    .ids.class_code = 0xff0000,
    .interrupt_pin = 1,
};

static const DeviceClass widget_class = {
    .name = "widget",
    .bus = BUS_PCI,
    .instance_size = sizeof(Widget),
    .bus_props = pci_bus_props,
    .bus_class = &widget_pci,
    .realize = widget_realize,
};

static Upstream fake_above(void *opaque, PciDevice *pci)
{
    return pci_top_upstream(&((Fixture *)opaque)->top);
}

static void nobody(void *opaque, int n, bool level)
{
}

static IrqLine *fake_intx_line(void *opaque, uint8_t devfn, int pin)
{
    return &((Fixture *)opaque)->wire[devfn >> 3][pin];
}

static uint8_t fake_irq_of(void *opaque, uint8_t devfn, int pin)
{
    return (uint8_t)(10 + pin);
}

static void setup(Fixture *f, gconstpointer data)
{
    for (int n = 0; n < 32 * 4; n++) {
        irq_line_init(&f->wire[n / 4][n % 4], nobody, f, n);
    }
    f->bus = pci_root_up(&f->platform,
                         (PciHost){.opaque = f, .above = fake_above, .intx_line = fake_intx_line});
}

static void teardown(Fixture *f, gconstpointer data)
{
    pci_bus_free(f->bus);
    as_free(f->platform.memory);
    as_free(f->platform.ports);
}

static Widget *add_widget(Fixture *f, const char *addr)
{
    return (Widget *)pci_add(&f->platform, &widget_class, f->bus, addr);
}

static void free_widget(Widget *w)
{
    pci_bus_detach(&w->pci);
    device_free(&w->pci.dev);
}

static uint32_t get(Fixture *f, const Widget *w, uint32_t reg, unsigned size)
{
    return pci_config_read(f->bus, 0, (uint8_t)w->pci.devfn, reg, size);
}

static void put(Fixture *f, const Widget *w, uint32_t reg, uint32_t value, unsigned size)
{
    pci_config_write(f->bus, 0, (uint8_t)w->pci.devfn, reg, value, size);
}

static void assign_below(Fixture *f, uint64_t mem32_limit)
{
    PciAssignment how = {
        .mem32_base = 0xc0000000,
        .mem32_limit = mem32_limit,
        .mem64_base = 0x800000000,
        .mem64_limit = 0xfffffffff,
        .io_base = 0xc000,
        .io_limit = 0xffff,
        .irq_of = fake_irq_of,
    };
    pci_assign_resources(f->bus, &how);
}

static void assign(Fixture *f)
{
    assign_below(f, 0xfebfffff);
}

static void test_header(Fixture *f, gconstpointer data)
{
    Widget *w = add_widget(f, "5.0");
    g_assert_cmphex(get(f, w, PCI_VENDOR_ID, 4), ==, 0x56781234);
    g_assert_cmphex(pci_config_read(f->bus, 0, 0x30, 0, 4), ==, 0xffffffff);
    g_assert_cmphex(pci_config_read(f->bus, 3, 0x28, 0, 2), ==, 0xffff);
    put(f, w, PCI_VENDOR_ID, 0, 4);
    put(f, w, PCI_COMMAND, 0xffff, 2);
    g_assert_cmphex(get(f, w, PCI_VENDOR_ID, 4), ==, 0x56781234);
    g_assert_cmphex(get(f, w, PCI_COMMAND, 2), ==, 0x547);
    g_assert_cmphex(get(f, w, 0x100, 4), ==, 0xffffffff);
    pci_device_reset(&w->pci);
    g_assert_cmphex(get(f, w, PCI_COMMAND, 2), ==, 0);
    free_widget(w);
}

/* An instance may say that it is something else than its class: other functions keep the class's.
 */
static void test_ids(Fixture *f, gconstpointer data)
{
    static const PciIds ids = {.vendor_id = 0xabcd,
                               .device_id = 0xef01,
                               .subsystem_vendor_id = 0x1111,
                               .subsystem_id = 0x2222,
                               .revision = 7,
                               .class_code = 0x020304};
    Widget *other = (Widget *)device_new(&widget_class, &f->platform, NULL);
    other->pci.ids = &ids;
    g_assert_true(pci_bus_attach(f->bus, &other->pci, NULL));
    g_assert_true(device_realize(&other->pci.dev, NULL));
    Widget *w = add_widget(f, "5");
    g_assert_cmphex(get(f, other, PCI_VENDOR_ID, 4), ==, 0xef01abcd);
    g_assert_cmphex(get(f, other, PCI_REVISION_ID, 4), ==, 0x02030407);
    g_assert_cmphex(get(f, other, PCI_SUBSYSTEM_VENDOR_ID, 4), ==, 0x22221111);
    pci_device_reset(&other->pci);
    g_assert_cmphex(get(f, other, PCI_VENDOR_ID, 4), ==, 0xef01abcd);
    g_assert_cmphex(get(f, w, PCI_VENDOR_ID, 4), ==, 0x56781234);
    g_assert_cmphex(get(f, w, PCI_REVISION_ID, 4), ==, 0xff000000);
    g_assert_cmphex(get(f, w, PCI_SUBSYSTEM_VENDOR_ID, 4), ==, 0);
    free_widget(other);
    free_widget(w);
}

static void test_bars(Fixture *f, gconstpointer data)
{
    Widget *w = add_widget(f, "5");
    MemResult result;
    put(f, w, PCI_BASE_ADDRESS_0, 0xffffffff, 4);
    g_assert_cmphex(get(f, w, PCI_BASE_ADDRESS_0, 4), ==, 0xffffe000);
    put(f, w, PCI_BASE_ADDRESS_1, 0xffffffff, 4);
    g_assert_cmphex(get(f, w, PCI_BASE_ADDRESS_1, 4), ==, 0xffffffe1);
    put(f, w, PCI_BASE_ADDRESS_4, 0xffffffff, 4);
    put(f, w, PCI_BASE_ADDRESS_5, 0xffffffff, 4);
    g_assert_cmphex(get(f, w, PCI_BASE_ADDRESS_4, 4), ==, 0xfff0000c);
    g_assert_cmphex(get(f, w, PCI_BASE_ADDRESS_5, 4), ==, 0xffffffff);
    put(f, w, PCI_BASE_ADDRESS_0, 0xd0000000, 4);
    as_load(f->platform.memory, 0xd0000000, 1, &result);
    g_assert_cmpint(result, ==, MEM_DECODE_ERROR);
    put(f, w, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(as_load(f->platform.memory, 0xd0001fff, 1, &result), ==, 0x5a);
    put(f, w, PCI_BASE_ADDRESS_0, 0xd0004000, 4);
    as_load(f->platform.memory, 0xd0000000, 1, &result);
    g_assert_cmpint(result, ==, MEM_DECODE_ERROR);
    g_assert_cmphex(as_load(f->platform.memory, 0xd0004000, 1, &result), ==, 0x5a);
    put(f, w, PCI_COMMAND, 0, 2);
    as_load(f->platform.memory, 0xd0004000, 1, &result);
    g_assert_cmpint(result, ==, MEM_DECODE_ERROR);
    free_widget(w);
}

static void test_assignment(Fixture *f, gconstpointer data)
{
    Widget *a = add_widget(f, "2"), *b = add_widget(f, "3");
    assign(f);
    g_assert_cmphex(a->pci.bars[0].mapped_at, ==, 0xc0000000);
    g_assert_cmphex(b->pci.bars[0].mapped_at, ==, 0xc0002000);
    g_assert_cmphex(a->pci.bars[1].mapped_at, ==, 0xc000);
    g_assert_cmphex(b->pci.bars[1].mapped_at, ==, 0xc020);
    g_assert_cmphex(a->pci.bars[4].mapped_at, ==, 0xc0100000);
    g_assert_cmphex(b->pci.bars[4].mapped_at, ==, 0xc0200000);
    g_assert_cmpuint(get(f, a, PCI_INTERRUPT_LINE, 1), ==, 10);
    g_assert_false(pci_is_bus_master(&a->pci));
    pci_device_reset(&a->pci);
    g_assert_cmphex(a->pci.bars[0].mapped_at, ==, PCI_BAR_UNMAPPED);
    g_assert_cmphex(get(f, a, PCI_BASE_ADDRESS_0, 4), ==, 0);
    free_widget(a);
    free_widget(b);
}

/* 64-bit BARs are above 4 GiB only where not all fit below, and then no more of them than needed.
 */
static void test_bars_above_4g(Fixture *f, gconstpointer data)
{
    static const struct {
        uint64_t limit, a, b;
    } rows[] = {
        {0xc02fffff, 0xc0100000, 0xc0200000},   {0xc02ffffe, 0x800000000, 0xc0100000},
        {0xc01fffff, 0x800000000, 0xc0100000},  {0xc01ffffe, 0x800000000, 0x800100000},
        {0xc000ffff, 0x800000000, 0x800100000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Widget *a = add_widget(f, "2"), *b = add_widget(f, "3");
        assign_below(f, rows[i].limit);
        g_assert_cmphex(a->pci.bars[4].mapped_at, ==, rows[i].a);
        g_assert_cmphex(b->pci.bars[4].mapped_at, ==, rows[i].b);
        g_assert_cmphex(b->pci.bars[0].mapped_at, ==, 0xc0002000);
        free_widget(a);
        free_widget(b);
    }
}

static void test_intx(Fixture *f, gconstpointer data)
{
    Widget *w = add_widget(f, "5");
    pci_set_intx(&w->pci, true);
    g_assert_true(irq_line_level(&f->wire[5][0]));
    g_assert_cmphex(get(f, w, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, ==, PCI_STATUS_INTERRUPT);
    put(f, w, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
    g_assert_false(irq_line_level(&f->wire[5][0]));
    g_assert_cmphex(get(f, w, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, ==, PCI_STATUS_INTERRUPT);
    put(f, w, PCI_COMMAND, 0, 2);
    g_assert_true(irq_line_level(&f->wire[5][0]));
    pci_device_reset(&w->pci);
    g_assert_false(irq_line_level(&f->wire[5][0]));
    free_widget(w);
}

/* A function in MSI or MSI-X mode keeps off its pin, and STATUS shows the request all the same. */
static void test_intx_beside_messages(Fixture *f, gconstpointer data)
{
    Widget *w = add_widget(f, "5");
    const struct {
        uint32_t flags;
        uint16_t enable;
    } modes[] = {
        {w->pci.msi.cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE},
        {w->pci.msix.cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE},
        {w->pci.msix.cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        pci_set_intx(&w->pci, true);
        g_assert_true(irq_line_level(&f->wire[5][0]));
        put(f, w, modes[i].flags, modes[i].enable, 2);
        g_assert_false(irq_line_level(&f->wire[5][0]));
        g_assert_cmphex(get(f, w, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, !=, 0);
        put(f, w, modes[i].flags, 0, 2);
        g_assert_true(irq_line_level(&f->wire[5][0]));
        put(f, w, modes[i].flags + 1, modes[i].enable >> 8, 1);
        put(f, w, modes[i].flags, modes[i].enable & 0xff, 1);
        g_assert_false(irq_line_level(&f->wire[5][0]));
        pci_set_intx(&w->pci, false); /* one that comes and goes meanwhile */
        pci_set_intx(&w->pci, true);
        g_assert_false(irq_line_level(&f->wire[5][0]));
        put(f, w, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
        put(f, w, modes[i].flags, 0, 2);
        g_assert_false(irq_line_level(&f->wire[5][0]));
        put(f, w, PCI_COMMAND, 0, 2);
        g_assert_true(irq_line_level(&f->wire[5][0]));
        put(f, w, modes[i].flags, modes[i].enable, 2);
        pci_set_intx(&w->pci, false);
        put(f, w, modes[i].flags, 0, 2);
        g_assert_false(irq_line_level(&f->wire[5][0]));
    }
    pci_set_intx(&w->pci, true);
    put(f, w, modes[0].flags, modes[0].enable, 2);
    pci_device_reset(&w->pci);
    g_assert_false(irq_line_level(&f->wire[5][0]));
    free_widget(w);
}

static void test_msi(Fixture *f, gconstpointer data)
{
    Widget *w = add_widget(f, "5");
    uint32_t cap = w->pci.msi.cap;
    put(f, w, cap + PCI_MSI_ADDRESS_LO, MSI_ADDR, 4);
    put(f, w, cap + PCI_MSI_DATA_64, 0x4043, 2);
    put(f, w, cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE | 1 << 4, 2);
    msi_notify(&w->pci, 0);
    g_assert_cmpuint(f->top.messages, ==, 0); /* no bus mastering, no message */
    put(f, w, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    msi_notify(&w->pci, 3); /* of two enabled vectors, number one */
    g_assert_cmpuint(f->top.messages, ==, 1);
    g_assert_cmphex(f->top.message.address, ==, MSI_ADDR);
    g_assert_cmphex(f->top.message.data, ==, 0x4043);
    g_assert_cmphex(f->top.message.requester_id, ==, 0x28);
    put(f, w, cap + PCI_MSI_MASK_64, 0xffffffff, 4);
    g_assert_cmphex(get(f, w, cap + PCI_MSI_MASK_64, 4), ==, 0xf);
    msi_notify(&w->pci, 0);
    g_assert_cmpuint(f->top.messages, ==, 1);
    g_assert_cmphex(get(f, w, cap + PCI_MSI_PENDING_64, 4), ==, 1);
    put(f, w, cap + PCI_MSI_MASK_64, 0, 4);
    g_assert_cmpuint(f->top.messages, ==, 2);
    g_assert_cmphex(f->top.message.data, ==, 0x4042);
    g_assert_cmphex(get(f, w, cap + PCI_MSI_PENDING_64, 4), ==, 0);
    put(f, w, cap + PCI_MSI_ADDRESS_HI, 1, 4); /* not the interrupt window: a memory write */
    msi_notify(&w->pci, 0);
    g_assert_cmpuint(f->top.messages, ==, 2);
    g_assert_cmpuint(f->top.writes, ==, 1);
    free_widget(w);
}

static void test_msix(Fixture *f, gconstpointer data)
{
    Widget *w = add_widget(f, "5");
    uint32_t cap = w->pci.msix.cap;
    assign(f);
    AddressSpace *mem = f->platform.memory;
    uint64_t table = w->pci.bars[2].mapped_at;
    uint64_t pba = table + (get(f, w, cap + PCI_MSIX_PBA, 4) & ~7u);
    put(f, w, PCI_COMMAND, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(get(f, w, cap + PCI_MSIX_FLAGS, 2), ==, 2);
    g_assert_cmphex(as_load(mem, table + 16 + 12, 4, NULL), ==, 1);
    as_store(mem, table + 16, MSI_ADDR, 8);
    as_store(mem, table + 24, 0x55, 4);
    put(f, w, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, 2);
    msix_notify(&w->pci, 1);
    msix_notify(&w->pci, 0xffff);
    g_assert_cmpuint(f->top.messages, ==, 0);
    g_assert_cmphex(as_load(mem, pba, 4, NULL), ==, 2);
    put(f, w, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
    as_store(mem, table + 28, 0, 4);
    g_assert_cmpuint(f->top.messages, ==, 0);
    put(f, w, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, 2);
    g_assert_cmpuint(f->top.messages, ==, 1);
    g_assert_cmphex(f->top.message.data, ==, 0x55);
    g_assert_cmphex(as_load(mem, pba, 4, NULL), ==, 0);
    msix_notify(&w->pci, 1);
    g_assert_cmpuint(f->top.messages, ==, 2);
    /* Of vector control there is the mask bit and no other. */
    as_store(mem, table + 28, 0xffffffff, 4);
    g_assert_cmphex(as_load(mem, table + 28, 4, NULL), ==, 1);
    free_widget(w);
}

/* What goes upstream needs bus mastering in the device and in every bridge on its way (PCI-to-PCI
 * Bridge 1.2, 3.2.5.3); interrupts by wire do not. */
static void test_bridge(Fixture *f, gconstpointer data)
{
    PciDevice *bridge = pci_add(&f->platform, &bridge_class, f->bus, "3");
    PciBus *behind = pci_child_bus_new(bridge, "behind");
    Widget *w = (Widget *)pci_add(&f->platform, &widget_class, behind, "5");
    uint8_t byte = 0;
    pci_config_write(f->bus, 0, 3 << 3, PCI_SECONDARY_BUS, 1, 1);
    pci_config_write(f->bus, 0, 3 << 3, PCI_SUBORDINATE_BUS, 1, 1);
    pci_config_write(f->bus, 1, 5 << 3, w->pci.msi.cap + PCI_MSI_ADDRESS_LO, MSI_ADDR, 4);
    pci_config_write(f->bus, 1, 5 << 3, w->pci.msi.cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
    for (unsigned masters = 0; masters < 4; masters++) {
        bool both = masters == 3;
        unsigned messages = f->top.messages, writes = f->top.writes;
        pci_config_write(f->bus, 0, 3 << 3, PCI_COMMAND, masters & 1 ? PCI_COMMAND_MASTER : 0, 2);
        pci_config_write(f->bus, 1, 5 << 3, PCI_COMMAND, masters & 2 ? PCI_COMMAND_MASTER : 0, 2);
        g_assert_cmpint(pci_is_bus_master(&w->pci), ==, masters >= 2);
        g_assert_cmpint(pci_upstream(&w->pci) != NULL, ==, masters >= 2);
        g_assert_cmpint(pci_dma_read(&w->pci, 0x1000, &byte, 1) == MEM_OK, ==, both);
        g_assert_cmphex(byte, ==, both ? 0x77 : 0xff);
        g_assert_cmpint(pci_dma_write(&w->pci, 0x1000, &byte, 1) == MEM_OK, ==, both);
        g_assert_cmpuint(f->top.writes - writes, ==, both);
        msi_notify(&w->pci, 0);
        g_assert_cmpuint(f->top.messages - messages, ==, both);
    }
    g_assert_cmphex(f->top.message.requester_id, ==, 1 << 8 | 5 << 3);
    pci_config_write(f->bus, 0, 3 << 3, PCI_COMMAND, 0, 2);
    pci_config_write(f->bus, 1, 5 << 3, w->pci.msi.cap + PCI_MSI_FLAGS, 0, 2);
    pci_set_intx(&w->pci, true);
    g_assert_true(irq_line_level(&f->wire[3][(0 + 5) % 4])); /* INTA# of slot 5, swizzled */
    free_widget(w);
    g_assert_false(irq_line_level(&f->wire[3][1]));
    pci_bus_detach(bridge);
    device_free(&bridge->dev);
}

static void test_slots(Fixture *f, gconstpointer data)
{
    Widget *w = add_widget(f, "5");
    g_autoptr(GError) error = NULL;
    Device *other = device_new(&widget_class, &f->platform, "other");
    g_assert_true(device_set_prop(other, "addr", "5", NULL));
    g_assert_false(pci_bus_attach(f->bus, (PciDevice *)other, &error));
    g_assert_nonnull(strstr(error->message, "pcie.0:05.0"));
    ((PciDevice *)other)->devfn = -1;
    g_assert_true(pci_bus_attach(f->bus, (PciDevice *)other, NULL));
    g_assert_cmpint(((PciDevice *)other)->devfn, ==, 0);
    pci_bus_detach((PciDevice *)other);
    device_free(other);
    free_widget(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/pci/header", Fixture, NULL, setup, test_header, teardown);
    g_test_add("/pci/ids", Fixture, NULL, setup, test_ids, teardown);
    g_test_add("/pci/bars", Fixture, NULL, setup, test_bars, teardown);
    g_test_add("/pci/assignment", Fixture, NULL, setup, test_assignment, teardown);
    g_test_add("/pci/bars-above-4g", Fixture, NULL, setup, test_bars_above_4g, teardown);
    g_test_add("/pci/intx", Fixture, NULL, setup, test_intx, teardown);
    g_test_add("/pci/intx-beside-messages", Fixture, NULL, setup, test_intx_beside_messages,
               teardown);
    g_test_add("/pci/msi", Fixture, NULL, setup, test_msi, teardown);
    g_test_add("/pci/msix", Fixture, NULL, setup, test_msix, teardown);
    g_test_add("/pci/bridge", Fixture, NULL, setup, test_bridge, teardown);
    g_test_add("/pci/slots", Fixture, NULL, setup, test_slots, teardown);
    return g_test_run();
}
