/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remapping units beside each other, of two classes: who is under which, by name, by path and
 * behind bridges; what scopes are refused; tables and descriptions.
 */
#include <linux/pci_regs.h>

#include "hw/i386/boot/acpi.h"
#include "hw/i386/iommu/vtd.h"
#include "hw/intc/ioapic.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"
#include "tests/unit/iommu-fixture.h"

/* A function, and two kinds of bridges: one that lets ids pass, one that may put its own in. */
static const PciDeviceClass function_pci = {.ids = {.vendor_id = 0x1234, .device_id = 1}};
static const DeviceClass function_class = {.name = "function",
                                           .bus = BUS_PCI,
                                           .instance_size = sizeof(PciDevice),
                                           .bus_props = pci_bus_props,
                                           .bus_class = &function_pci};

static bool port_realize(Device *dev, GError **error)
{
    PciDevice *pci = (PciDevice *)dev;
    pcie_add_capability(pci, &(PcieSetup){.type = PCIE_ROOT_PORT});
    pci_child_bus_new(pci, dev->id);
    return true;
}

static bool bridge_realize(Device *dev, GError **error)
{
    pci_child_bus_new((PciDevice *)dev, dev->id);
    return true;
}

/* A function with two virtual ones. */
static const PciDeviceClass virtual_pci = {.ids = {.vendor_id = 0x1234, .device_id = 4},
                                           .express = true};
static const DeviceClass virtual_class = {.name = "virtual",
                                          .bus = BUS_PCI,
                                          .instance_size = sizeof(PciDevice),
                                          .bus_props = pci_bus_props,
                                          .bus_class = &virtual_pci};

static void virtual_setup(PciDevice *pf, PciDevice *vf, unsigned n)
{
    /* Nothing that it needs to know. */
}

static bool physical_realize(Device *dev, GError **error)
{
    PciDevice *pci = (PciDevice *)dev;
    const PcieSriovSetup setup = {
        .vf_class = &virtual_class, .total = 2, .vf_device_id = 4, .setup = virtual_setup};
    pcie_add_capability(pci, &(PcieSetup){.type = PCIE_ENDPOINT});
    return pcie_sriov_init(pci, &setup, error);
}

static const DeviceClass physical_class = {.name = "physical",
                                           .bus = BUS_PCI,
                                           .instance_size = sizeof(PciDevice),
                                           .bus_props = pci_bus_props,
                                           .bus_class = &virtual_pci,
                                           .realize = physical_realize};

static const PciDeviceClass port_pci = {
    .ids = {.vendor_id = 0x1234, .device_id = 2, .class_code = 0x060400},
    .express = true,
    .header_type = PCI_HEADER_TYPE_BRIDGE};
static const DeviceClass port_class = {.name = "port",
                                       .bus = BUS_PCI,
                                       .instance_size = sizeof(PciDevice),
                                       .bus_props = pci_bus_props,
                                       .bus_class = &port_pci,
                                       .realize = port_realize};
static const PciDeviceClass old_bridge_pci = {
    .ids = {.vendor_id = 0x1234, .device_id = 3, .class_code = 0x060400},
    .header_type = PCI_HEADER_TYPE_BRIDGE};
static const DeviceClass old_bridge_class = {.name = "old-bridge",
                                             .bus = BUS_PCI,
                                             .instance_size = sizeof(PciDevice),
                                             .bus_props = pci_bus_props,
                                             .bus_class = &old_bridge_pci,
                                             .realize = bridge_realize};

/* On the board: f1 at 1, f2 at 2, a port p at 3 with f3, f4 and a port q behind it with f5 and f6,
 * a conventional bridge o at 5 with f7. */
typedef struct {
    Board board;
    Tally *units[3];
    PciDevice *f[9], *p, *q, *o;
} Rig;

static void set_buses(PciDevice *bridge, uint8_t secondary, uint8_t subordinate)
{
    PciBus *root = bridge->bus;
    while (pci_bus_bridge(root)) {
        root = pci_bus_bridge(root)->bus;
    }
    uint8_t bus = pci_bus_number(bridge->bus), devfn = (uint8_t)bridge->devfn;
    pci_config_write(root, bus, devfn, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    pci_config_write(root, bus, devfn, PCI_SECONDARY_BUS, secondary, 1);
    pci_config_write(root, bus, devfn, PCI_SUBORDINATE_BUS, subordinate, 1);
}

static void open_masters(PciDevice *pci, void *opaque)
{
    pci_config_write(opaque, pci_bus_number(pci->bus), (uint8_t)pci->devfn, PCI_COMMAND,
                     PCI_COMMAND_MASTER, 2);
}

static void number(Rig *r, uint8_t first)
{
    set_buses(r->p, first, first + 3);
    set_buses(r->q, first + 1, first + 2);
    set_buses(r->o, first + 4, first + 4);
    pci_bus_foreach(r->board.machine->pci_root, open_masters, r->board.machine->pci_root);
}

static void open_rig(Rig *r, const char *const scopes[3])
{
    static const char *const ids[] = {"u0", "u1", "u2"};
    *r = (Rig){0};
    Board *b = &r->board;
    open_board(b);
    for (unsigned i = 0; i < 3 && scopes[i]; i++) {
        r->units[i] = add_tally(b, ids[i], scopes[i]);
    }
    build_board(b);
    PciBus *root = b->machine->pci_root;
    r->f[1] = plug(b, &function_class, root, "f1", "1");
    r->f[2] = plug(b, &function_class, root, "f2", "2");
    r->p = plug(b, &port_class, root, "p", "3");
    r->f[3] = plug(b, &function_class, pci_bus_behind(r->p), "f3", "0.0");
    r->f[4] = plug(b, &function_class, pci_bus_behind(r->p), "f4", "0.1");
    r->q = plug(b, &port_class, pci_bus_behind(r->p), "q", "0.2");
    r->f[5] = plug(b, &function_class, pci_bus_behind(r->q), "f5", "0.0");
    r->f[6] = plug(b, &function_class, pci_bus_behind(r->q), "f6", "0.7");
    r->o = plug(b, &old_bridge_class, root, "o", "5");
    r->f[7] = plug(b, &function_class, pci_bus_behind(r->o), "f7", "0");
    number(r, 1);
}

static uint64_t all_messages(const Rig *r)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < 3 && r->units[i]; i++) {
        sum += r->units[i]->messages;
    }
    return sum;
}

/* A message, a read and a write of f `n` reach this unit and no other, under its own id. */
static void expect_unit(const Rig *r, unsigned n, unsigned unit)
{
    PciDevice *pci = r->f[n];
    Tally *t = r->units[unit];
    uint64_t before = t->messages, all = all_messages(r), reads = t->reads, writes = t->writes;
    uint32_t word = 0;
    pci_send_message(pci, 0, INTR_WINDOW_BASE, 0x41);
    g_assert_cmpuint(t->messages, ==, before + 1);
    g_assert_cmpuint(all_messages(r), ==, all + 1);
    g_assert_cmphex(t->last, ==, pci->rid);
    g_assert_cmpint(pci_dma_read(pci, 0x1000, &word, 4), ==, MEM_OK);
    g_assert_cmphex(word, ==, PATTERN * 0x01010101u);
    g_assert_cmpint(pci_dma_write(pci, 0x1000, &word, 4), ==, MEM_OK);
    g_assert_cmpuint(t->reads, ==, reads + 1);
    g_assert_cmpuint(t->writes, ==, writes + 1);
}

typedef struct {
    const char *what;
    const char *scopes[3];
    uint8_t under[8]; /* the unit of f1 to f7 */
} Way;

static const Way ways[] = {
    {"one", {"all"}, {0}},
    {"by id", {"f1", "f2", "all"}, {0, 0, 1, 2, 2, 2, 2, 2}},
    {"the rest first", {"all", "f2+f1"}, {0, 1, 1, 0, 0, 0, 0, 0}},
    {"by path", {"00:01.0+0:5.0", "all"}, {0, 0, 1, 1, 1, 1, 1, 0}},
    {"a bridge", {"p", "all"}, {0, 1, 1, 0, 0, 0, 0, 1}},
    {"a bridge behind a bridge", {"q", "all"}, {0, 1, 1, 1, 1, 0, 0, 1}},
    {"by a path through bridges", {"00:03.0/00.2", "all"}, {0, 1, 1, 1, 1, 0, 0, 1}},
    {"a function without its bridge", {"f4", "all"}, {0, 1, 1, 1, 0, 1, 1, 1}},
    {"two deep", {"00:03.0/00.2/00.7", "all"}, {0, 1, 1, 1, 1, 1, 0, 1}},
    {"nested", {"f5", "q+f1", "p+all"}, {0, 1, 2, 2, 2, 0, 1, 2}},
    {"nested three", {"f5+f2", "p", "all"}, {0, 2, 0, 1, 1, 0, 1, 2}},
    {"inside out", {"f6+f3", "q", "all"}, {0, 2, 2, 0, 2, 1, 0, 2}},
};

/* Whatever the numbers of the buses are, and after a function was unplugged and another came. */
static void test_ways(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        const Way *way = &ways[i];
        Rig r;
        g_test_message("%s", way->what);
        open_rig(&r, way->scopes);
        static const uint8_t numbers[] = {1, 5, 200, 1};
        for (size_t k = 0; k < G_N_ELEMENTS(numbers); k++) {
            number(&r, numbers[k]);
            for (unsigned n = 1; n <= 7; n++) {
                expect_unit(&r, n, way->under[n]);
            }
        }
        close_board(&r.board);
    }
}

/* The last id of a bridge's buses is its, too. */
static void test_last_id(void)
{
    Rig r;
    open_rig(&r, (const char *const[3]){"b", "all"});
    PciDevice *b = plug(&r.board, &old_bridge_class, pci_bus_behind(r.p), "b", "0.3");
    r.f[8] = plug(&r.board, &function_class, pci_bus_behind(b), "f8", "1f.7");
    set_buses(b, 4, 4);
    pci_bus_foreach(r.board.machine->pci_root, open_masters, r.board.machine->pci_root);
    g_assert_cmphex(r.f[8]->rid, ==, 0x4ff);
    expect_unit(&r, 8, 0);
    expect_unit(&r, 3, 1);
    close_board(&r.board);
}

/* A route goes when the last thing does that needs it, and comes again. */
static void test_unplugged(void)
{
    Rig r;
    open_rig(&r, (const char *const[3]){"f4", "all"});
    pci_bus_detach(r.f[4]);
    expect_unit(&r, 3, 1);
    g_assert_true(pci_bus_attach(pci_bus_behind(r.p), r.f[4], NULL));
    pci_device_reset(r.f[4]);
    open_masters(r.f[4], r.board.machine->pci_root);
    expect_unit(&r, 3, 1);
    expect_unit(&r, 4, 0);
    close_board(&r.board);
}

static uint32_t find_sriov(PciBus *root, uint16_t rid)
{
    uint32_t at = PCIE_CONFIG_SIZE / 16;
    while (at) {
        uint32_t header = pci_config_read(root, rid >> 8, (uint8_t)rid, at, 4);
        if ((header & 0xffff) == PCI_EXT_CAP_ID_SRIOV) {
            break;
        }
        at = header >> 20;
    }
    return at;
}

/* Virtual functions are where their physical one is, as soon as there are any. */
static void test_virtual(void)
{
    static const char *const scopes[] = {"pf", "p"};
    for (unsigned i = 0; i < G_N_ELEMENTS(scopes); i++) {
        Rig r = {0};
        Board *b = &r.board;
        open_board(b);
        r.units[0] = add_tally(b, "u0", scopes[i]);
        r.units[1] = add_tally(b, "u1", "all");
        build_board(b);
        PciBus *root = b->machine->pci_root;
        r.p = plug(b, &port_class, root, "p", "3");
        r.f[1] = plug(b, &physical_class, pci_bus_behind(r.p), "pf", "0");
        set_buses(r.p, 1, 1);
        open_masters(r.f[1], root);
        uint32_t cap = find_sriov(root, r.f[1]->rid);
        g_assert_cmpuint(cap, !=, 0);
        pci_config_write(root, 1, 0, cap + PCI_SRIOV_NUM_VF, 2, 2);
        pci_config_write(root, 1, 0, cap + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE, 2);
        g_assert_cmpuint(pcie_sriov_shown(r.f[1]), ==, 2);
        expect_unit(&r, 1, 0);
        for (unsigned n = 0; n < 2; n++) {
            r.f[2] = pcie_sriov_vf(r.f[1], n);
            open_masters(r.f[2], root);
            g_assert_cmphex(r.f[2]->rid, !=, r.f[1]->rid);
            pci_config_write(root, 1, (uint8_t)r.f[2]->rid, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
            expect_unit(&r, 2, 0);
        }
        close_board(b);
    }
}

typedef struct {
    const char *scopes[3];
    const char *says[2];
} Refusal;

static const Refusal refusals[] = {
    {{"f1", "f2"}, {"id=u1", "no unit takes what nobody names"}},
    {{"all", "f2+all"}, {"id=u1", "'u0' takes what nobody names already"}},
    {{"f1+f8", "all"}, {"id=u0", "nothing that sends has the id 'f8'"}},
    {{"00:06.0", "all"}, {"id=u0", "no function at 00:06.0"}},
    {{"00:03.0/03.0", "all"}, {"id=u0", "no function at 00:03.0/03.0"}},
    {{"01:00.0", "all"}, {"id=u0", "no function at 01:00.0"}},
    {{"f1", "f1", "all"}, {"id=u1", "f1 is in the scope of 'u0' already"}},
    {{"f1+0:1.0", "all"}, {"id=u0", "f1 is in the scope of 'u0' already"}},
    {{"ioapic", "hpet+ioapic", "all"}, {"id=u1", "ioapic is in the scope of 'u0' already"}},
    {{"p", "f3", "all"}, {"id=u1", "f3 is under 'u0' already"}},
    {{"p+f5", "all"}, {"id=u0", "f5 is behind a bridge that the scope names"}},
    {{"f1", "f2+all"}, {"id=u1", "'all' takes f2, too"}},
    {{"f7", "all"}, {"id=u0", "f7 sends under the id of the bridge o"}},
};

static bool check(const Board *b, GError **error)
{
    return machine_check(b->machine, error);
}

static void test_refusals(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        Rig r;
        g_autoptr(GError) error = NULL;
        open_rig(&r, refusals[i].scopes);
        g_assert_false(check(&r.board, &error));
        for (size_t k = 0; k < G_N_ELEMENTS(refusals[i].says); k++) {
            g_test_message("%s", error->message);
            g_assert_nonnull(strstr(error->message, refusals[i].says[k]));
        }
        close_board(&r.board);
    }
}

/* What is no name is refused when the unit is made. */
static void test_names(void)
{
    static const char *const bad[] = {
        "",        "+",        "f1+",
        "f1++f2",  "0:0",      "0:0.8",
        "0:20.0",  "100:0.0",  "0:0.0/",
        "0:0.0/1", "0:0.0,f1", ":0.0",
        "0:.0",    "0:000.0",  "0:1.0.0",
        "0:1f.00", "0:1.0+",   "x:1.0",
        "0x0:1.0", "0: 1.0",   "0:1.0/1.0/1.0/1.0/1.0/1.0/1.0/1.0/1.0"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        IommuPlace place = {.scope = (char *)bad[i]};
        g_autoptr(GError) error = NULL;
        g_assert_false(iommu_place_parse(&place, &error));
        g_assert_nonnull(strstr(error->message, "is no name"));
    }
    IommuPlace place = {.scope = (char *)"0:1.0/1.0/1.0/1.0/1.0/1.0/1.0/1f.7"};
    g_assert_true(iommu_place_parse(&place, NULL));
    g_assert_false(place.include_all);
    iommu_place_clear(&place);
}

/* The board wires an emitter to the unit that names it, and maps both units. */
static void test_board(void)
{
    enum { IOREGSEL = 0, IOWIN = 0x10, RTE = 0x10, PIN = 20, VER = 0 };
    Board b;
    IrqOut wire = {0};
    GError *error = NULL;
    open_board(&b);
    Device *vtd = machine_add_system_device(b.machine, "intel-iommu", &error);
    g_assert_no_error(error);
    Tally *tally = add_tally(&b, "second", "ioapic");
    build_board(&b);
    AddressSpace *memory = b.platform.memory;
    g_assert_cmphex(as_load(memory, VTD_DEFAULT_BASE + VER, 4, NULL), ==, 0x10);
    g_assert_cmphex(as_load(memory, TALLY_BASE + 0x1000, 4, NULL), ==, 1);
    as_store(memory, IOAPIC_BASE + IOREGSEL, RTE + 2 * PIN, 4);
    as_store(memory, IOAPIC_BASE + IOWIN, 0x42 | 1 << 13, 4); /* edge, active low */
    irq_connect(&wire, device_irq_in(b.machine->ioapics->pdata[0], "", PIN));
    irq_raise(&wire);
    irq_lower(&wire);
    g_assert_cmpuint(tally->messages, >, 0);
    g_assert_cmphex(tally->last, ==, ACPI_IOAPIC_SID);
    g_assert_cmpuint(iommu_count(vtd, iommu_counter_find(vtd, "compatibility")), ==, 0);
    irq_line_clear(device_irq_in(b.machine->ioapics->pdata[0], "", PIN));
    close_board(&b);
}

/* Registers lie where nothing else does. */
static void test_bases(void)
{
    static const struct {
        const char *base, *says;
    } rows[] = {{"0xfed81000", "the registers of 'u0'"},
                {"0xfed81800", "a multiple of 4 KiB"},
                {"0x3fff000", "that is RAM"},
                {"0xfec00000", "that is where IOAPICs go"},
                {"0xfed00000", "that is where HPETs go"},
                {"0xfee01000", "that is the interrupt range"},
                {"0xc0000000", "that is where BARs go"},
                {"0xb0000000", "that is configuration space"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Board b;
        g_autoptr(GError) error = NULL;
        open_board(&b);
        Tally *first = add_tally(&b, "u0", "lpc"), *second = add_tally(&b, "u1", "all");
        g_assert_true(device_set_prop(&first->dev, "base", "0xfed81000", NULL));
        g_assert_true(device_set_prop(&second->dev, "base", rows[i].base, NULL));
        g_assert_false(machine_build(b.machine, &error));
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, rows[i].says));
        g_assert_nonnull(strstr(error->message, rows[i].base));
        close_board(&b);
    }
}

static const uint8_t *find(const GByteArray *blob, const char *signature)
{
    for (guint i = 0; i + 4 <= blob->len; i += 64) {
        if (memcmp(blob->data + i, signature, 4) == 0) {
            return blob->data + i;
        }
    }
    return NULL;
}

/* Each kind of unit has its table, which tells of its kind alone. */
static void test_tables(void)
{
    enum { HEADER = 36, LENGTH = 4, REVISION = 8, DMAR_HEADER = 48, DRHD_LENGTH = 2 };
    Board b;
    open_board(&b);
    machine_add_system_device(b.machine, "intel-iommu,scope=lpc", NULL);
    add_tally(&b, "second", NULL);
    build_board(&b);
    g_assert_true(check(&b, NULL));
    const uint32_t ids[] = {0};
    const AcpiInfo info = {.apic_ids = ids, .cpus = 1, .iommus = b.machine->iommus};
    g_autoptr(GByteArray) blob = acpi_build(&info, 0x100000, NULL);
    const uint8_t *tally = find(blob, "TALY"), *dmar = find(blob, "DMAR");
    g_assert_nonnull(tally);
    g_assert_nonnull(dmar);
    g_assert_cmpuint(tally[LENGTH], ==, HEADER + 5);
    g_assert_cmpuint(tally[REVISION], ==, 7);
    g_assert_true(memcmp(tally + HEADER, "tally", 5) == 0);
    g_assert_cmpuint(dmar[LENGTH], ==, DMAR_HEADER + dmar[DMAR_HEADER + DRHD_LENGTH]);
    close_board(&b);
}

/* What the table is told: types, start buses and paths, of what is there at the time. */
static void test_told(void)
{
    static const IommuScopeEntry wanted[] = {
        {.name = "hpet", .type = IOMMU_HPET, .bus = 0xff, .steps = 1, .path = {8}},
        {.name = "f6", .type = IOMMU_FUNCTION, .steps = 3, .path = {0x18, 2, 7}},
        {.name = "o", .type = IOMMU_BRIDGE, .steps = 1, .path = {0x28}},
        {.name = "f1", .type = IOMMU_FUNCTION, .steps = 1, .path = {8}}};
    Rig r;
    open_rig(&r, (const char *const[3]){"f6+o+hpet+0:1.0", "all"});
    g_assert_true(check(&r.board, NULL));
    const IommuScope *scope = &r.units[0]->links.scope;
    g_assert_false(scope->include_all);
    g_assert_cmpuint(scope->count, ==, G_N_ELEMENTS(wanted));
    for (size_t i = 0; i < scope->count; i++) {
        const IommuScopeEntry *is = &scope->entries[i], *should = &wanted[i];
        g_assert_cmpstr(is->name, ==, should->name);
        g_assert_cmpint(is->type, ==, should->type);
        g_assert_cmpint(is->bus, ==, should->bus);
        g_assert_cmpmem(is->path, is->steps, should->path, should->steps);
    }
    scope = &r.units[1]->links.scope;
    g_assert_true(scope->include_all);
    g_assert_cmpuint(scope->count, ==, 1);
    g_assert_cmpstr(scope->entries[0].name, ==, "ioapic");
    pci_bus_detach(r.f[6]);
    g_assert_true(r.board.machine->cls->boot(r.board.machine, NULL));
    g_assert_cmpuint(r.units[0]->links.scope.count, ==, 3);
    g_assert_true(pci_bus_attach(pci_bus_behind(r.q), r.f[6], NULL));
    close_board(&r.board);
}

/* An emitter that firmware forgot is under its unit all the same; a dead unit answers nothing. */
static void test_forgotten(void)
{
    static const struct {
        const char *broken, *told;
    } rows[] = {{"no", "ioapic hpet "},
                {"no-ioapic-scope", "hpet "},
                {"no-hpet-scope", "ioapic "},
                {"dead-unit", "ioapic hpet "}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Board b;
        open_board(&b);
        Tally *tally = add_tally(&b, "u0", NULL);
        g_assert_true(device_set_prop(&tally->dev, "broken", rows[i].broken, NULL));
        build_board(&b);
        g_assert_true(check(&b, NULL));
        g_autoptr(GString) told = g_string_new(NULL);
        for (size_t k = 0; k < tally->links.scope.count; k++) {
            g_string_append_printf(told, "%s ", tally->links.scope.entries[k].name);
        }
        g_assert_cmpstr(told->str, ==, rows[i].told);
        g_assert_true(iommu_above_emitter(b.machine->iommus, "ioapic") == &tally->dev);
        bool dead = strcmp(rows[i].broken, "dead-unit") == 0;
        g_assert_cmphex(as_load(b.platform.memory, TALLY_BASE, 4, NULL), ==, dead ? UINT32_MAX : 0);
        close_board(&b);
    }
}

/* What monitors ask, without knowing the class. */
static void test_describe(void)
{
    Board b;
    open_board(&b);
    machine_add_system_device(b.machine, "intel-iommu,scope=00:00.0", NULL);
    machine_add_system_device(b.machine, "intel-iommu,scope=lpc,base=0xfedb0000", NULL);
    Tally *tally = add_tally(&b, "third", NULL);
    build_board(&b);
    g_assert_true(check(&b, NULL));
    static const char *const says[] = {
        "intel-iommu at 0xfed90000: mch, no others; interrupt remapping off, DMA translation off",
        "intel-iommu.1 at 0xfedb0000: lpc, no others; interrupt remapping off, DMA translation off",
        "third at 0xfed82000: ioapic, hpet, and all the rest; counts"};
    for (guint i = 0; i < b.machine->iommus->len; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        iommu_describe(b.machine->iommus->pdata[i], text);
        g_assert_cmpstr(text->str, ==, says[i]);
    }
    tally->messages = 3;
    g_assert_cmpuint(iommu_count(&tally->dev, iommu_counter_find(&tally->dev, "messages")), ==, 3);
    g_assert_null(iommu_counter_find(&tally->dev, "blocked"));
    close_board(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/iommu/ways", test_ways);
    g_test_add_func("/iommu/unplugged", test_unplugged);
    g_test_add_func("/iommu/last-id", test_last_id);
    g_test_add_func("/iommu/virtual", test_virtual);
    g_test_add_func("/iommu/refusals", test_refusals);
    g_test_add_func("/iommu/names", test_names);
    g_test_add_func("/iommu/board", test_board);
    g_test_add_func("/iommu/bases", test_bases);
    g_test_add_func("/iommu/tables", test_tables);
    g_test_add_func("/iommu/told", test_told);
    g_test_add_func("/iommu/forgotten", test_forgotten);
    g_test_add_func("/iommu/describe", test_describe);
    return g_test_run();
}
