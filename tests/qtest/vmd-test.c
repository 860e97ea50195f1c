/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMD: its registers, configuration space and windows of the domain behind it, messages from
 * there remapped by its table and passed on as they are, DMA under its id, devices that come and go
 * behind it. Linux's driver (drivers/pci/controller/vmd.c) is the specification.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "far-lib.h"
#include "tests/include/testdevs.h"
#include "vtd-lib.h"

#define DEVFN    (6 << 3)
#define TABLE    7 /* 256 entries */
#define VMCAP    0x40
#define VMCONFIG 0x44
#define VMLOCK   0x70
#define BYPASS   2
#define NOBODY   0xffffffffu
#define PORT     0x000c1b36u
#define TESTDEV  0x00f51b36u
#define SVT_ID   (1ull << 18)
#define VECTORS  33
#define MESSAGE  0xfee00000u
/* Of the endpoint behind port 0, from the first window's start. */
#define REGS_AT  0x0
#define TABLE_AT 0x10000

typedef struct {
    Vtd *v;
    QTest *qts;
    uint8_t devfn;                  /* of the VMD */
    uint64_t cfg, membar1, membar2; /* its BARs */
    uint64_t regs, table;           /* of the endpoint */
} Fixture;

static uint64_t own_reg(const Fixture *f, unsigned offset)
{
    return far_ecam(0, f->devfn, offset);
}

static uint64_t behind(const Fixture *f, uint8_t bus, uint8_t devfn, unsigned offset)
{
    return f->cfg + ((uint64_t)bus << 20) + ((uint64_t)devfn << 12) + offset;
}

static uint64_t bar_of(const Fixture *f, int n)
{
    return qtest_readq(f->qts, own_reg(f, PCI_BASE_ADDRESS_0 + 4 * (unsigned)n));
}

static void read_bars(Fixture *f)
{
    f->cfg = bar_of(f, 0) & ~0xfull;
    f->membar1 = bar_of(f, 2) & 0xfffffff0;
    f->membar2 = bar_of(f, 4) & ~0xfull;
    far_command(f->qts, 0, f->devfn, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* Numbers port 0, opens it, and places what is behind it. */
static void place_endpoint(Fixture *f)
{
    QTest *qts = f->qts;
    uint32_t window = (uint32_t)(f->membar1 >> 16);
    qtest_writel(qts, behind(f, 0, 0, PCI_PRIMARY_BUS), 0x010100);
    qtest_writel(qts, behind(f, 0, 0, PCI_MEMORY_BASE), window | window << 16);
    qtest_writew(qts, behind(f, 0, 0, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    f->regs = f->membar1 + REGS_AT;
    f->table = f->membar1 + TABLE_AT;
    qtest_writel(qts, behind(f, 1, 0, PCI_BASE_ADDRESS_0), (uint32_t)f->regs);
    qtest_writel(qts, behind(f, 1, 0, PCI_BASE_ADDRESS_2), (uint32_t)f->table);
    qtest_writew(qts, behind(f, 1, 0, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* A machine with a unit and a VMD at 00:06.0; `more` are the VMD's properties and further options.
 */
static Fixture *start_vmd(const char *more)
{
    Fixture *f = g_new0(Fixture, 1);
    g_autofree char *all = g_strdup_printf(" -device vmd,id=v,addr=6%s", more);
    f->v = vtd_start(all, 1, true);
    f->qts = f->v->qts;
    f->devfn = DEVFN;
    read_bars(f);
    return f;
}

/* With an endpoint behind port 0. */
static Fixture *start_full(const char *props)
{
    g_autofree char *all = g_strdup_printf("%s -device intr-testdev,id=end,bus=v.0", props);
    Fixture *f = start_vmd(all);
    place_endpoint(f);
    return f;
}

static void stop_vmd(Fixture *f)
{
    vtd_stop(f->v);
    g_free(f);
}

static uint32_t id_behind(const Fixture *f, uint8_t bus, uint8_t devfn)
{
    return qtest_readl(f->qts, behind(f, bus, devfn, PCI_VENDOR_ID));
}

/* The endpoint's MSI-X capability, by its configuration space. */
static uint64_t endpoint_msix(const Fixture *f)
{
    uint8_t at = qtest_readb(f->qts, behind(f, 1, 0, PCI_CAPABILITY_LIST));
    while (at != 0 && qtest_readb(f->qts, behind(f, 1, 0, at)) != PCI_CAP_ID_MSIX) {
        at = qtest_readb(f->qts, behind(f, 1, 0, at + PCI_CAP_LIST_NEXT));
    }
    g_assert_cmphex(at, !=, 0);
    return behind(f, 1, 0, at);
}

static uint64_t own_msix(const Fixture *f)
{
    return own_reg(f, qtest_pci_find_capability(f->qts, 0, f->devfn, PCI_CAP_ID_MSIX));
}

static void write_entry(QTest *qts, uint64_t table, unsigned n, uint64_t address, uint32_t data,
                        bool masked)
{
    qtest_writeq(qts, table + 16 * n, address);
    qtest_writel(qts, table + 16 * n + 8, data);
    qtest_writel(qts, table + 16 * n + 12, masked);
}

/* Vector 0 of the endpoint, whose message is this. */
static void endpoint_interrupts(const Fixture *f, uint64_t address, uint32_t data)
{
    write_entry(f->qts, f->table, 0, address, data, false);
    qtest_writew(f->qts, endpoint_msix(f) + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
    qtest_writel(f->qts, f->regs + E_DATA, 0);
    qtest_writel(f->qts, f->regs + E_COMMAND, C_MSIX);
}

/* Entry n of the VMD's table sends by entry n of the unit's, which takes the VMD alone. */
static void open_vector(const Fixture *f, unsigned n, uint8_t vector)
{
    Pair irte = irte_for(vector, 0, true);
    irte.high = f->devfn | SVT_ID;
    vtd_set_irte(f->v, n, irte);
    vtd_flush_iec(f->v);
    write_entry(f->qts, f->membar2, n, remappable_address(n, false), 0, false);
}

static void own_table(const Fixture *f, uint16_t flags)
{
    qtest_writew(f->qts, own_msix(f) + PCI_MSIX_FLAGS, flags);
}

static void expect_why(const Fixture *f, const char *says)
{
    g_autofree char *why = qtest_hmp(f->qts, "why end");
    if (!strstr(why, says)) {
        g_error("'why end' says no '%s':\n%s", says, why);
    }
}

static void test_registers(void)
{
    static const struct {
        const char *props;
        uint32_t id, vmcap, writable;
        unsigned vectors;
    } rows[] = {
        {"", 0x201d8086, 0, 0, 33},
        {",mode=bypass", 0x28c08086, 1, BYPASS, 64},
        {",model=28c0", 0x28c08086, 1, 0, 64},
        {",model=467f", 0x467f8086, 1, 0, 19},
        {",model=9a0b,vectors=255", 0x9a0b8086, 1, 0, 255},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Fixture *f = start_vmd(rows[i].props);
        g_assert_cmphex(far_id(f->qts, 0, DEVFN), ==, rows[i].id);
        g_assert_cmphex(far_config(f->qts, 0, DEVFN, PCI_CLASS_REVISION) >> 8, ==, 0x010400);
        g_assert_cmphex(qtest_readw(f->qts, own_reg(f, VMCAP)), ==, rows[i].vmcap);
        qtest_writew(f->qts, own_reg(f, VMCONFIG), 0xffff);
        g_assert_cmphex(qtest_readw(f->qts, own_reg(f, VMCONFIG)), ==, rows[i].writable);
        g_assert_cmphex(qtest_readl(f->qts, own_reg(f, VMLOCK)), ==, 0);
        g_assert_cmpuint(qtest_readw(f->qts, own_msix(f) + PCI_MSIX_FLAGS), ==,
                         rows[i].vectors - 1);
        g_assert_cmphex(qtest_readl(f->qts, own_msix(f) + PCI_MSIX_TABLE), ==, 4);
        g_assert_cmphex(qtest_readl(f->qts, own_msix(f) + PCI_MSIX_PBA), ==, 0x1004);
        stop_vmd(f);
    }
}

/* A function's configuration space is where ECAM has it; the machine's own domain has none of it.
 */
static void test_config(void)
{
    Fixture *f = start_vmd(",ports=2 -device edu,bus=v.1 -device pcie-root-port,id=extra,bus=v");
    g_assert_cmphex(id_behind(f, 0, 0), ==, PORT);
    g_assert_cmphex(id_behind(f, 0, 1 << 3), ==, PORT);
    g_assert_cmphex(id_behind(f, 0, 2 << 3), ==, PORT);
    g_assert_cmphex(id_behind(f, 0, 3 << 3), ==, NOBODY);
    g_assert_cmphex(qtest_readl(f->qts, behind(f, 0, 1 << 3, PCI_PRIMARY_BUS)), ==, 0);
    g_assert_cmphex(id_behind(f, 5, 0), ==, NOBODY);
    qtest_writel(f->qts, behind(f, 0, 1 << 3, PCI_PRIMARY_BUS), 0x050500);
    g_assert_cmphex(id_behind(f, 5, 0), ==, 0x11e81234);
    g_assert_cmphex(far_id(f->qts, 5, 0), ==, NOBODY);
    qtest_writeb(f->qts, behind(f, 5, 0, PCI_INTERRUPT_LINE), 0x77);
    g_assert_cmphex(qtest_readb(f->qts, behind(f, 5, 0, PCI_INTERRUPT_LINE)), ==, 0x77);
    g_assert_cmphex(qtest_readw(f->qts, behind(f, 5, 0, PCI_DEVICE_ID)), ==, 0x11e8);
    g_autofree char *pci = qtest_hmp(f->qts, "info pci");
    g_assert_nonnull(strstr(pci, "Domain behind v:\n  Bus  0, device   0, function 0:"));
    vtd_reset(f->v);
    read_bars(f);
    g_assert_cmphex(id_behind(f, 5, 0), ==, NOBODY);
    stop_vmd(f);
}

/* Bus numbers may begin elsewhere: at the window's start is the first one. */
static void test_bus_start(void)
{
    static const struct {
        const char *props;
        uint16_t config;
        uint8_t first;
    } rows[] = {{",model=28c0,bus-start=128", 0x100, 128},
                {",model=ad0b,bus-start=224", 0x200, 224}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *all = g_strdup_printf("%s -device edu,bus=v.0", rows[i].props);
        Fixture *f = start_vmd(all);
        uint32_t first = rows[i].first;
        g_assert_cmphex(qtest_readw(f->qts, own_reg(f, VMCONFIG)), ==, rows[i].config);
        g_assert_cmphex(id_behind(f, 0, 0), ==, PORT);
        qtest_writel(f->qts, behind(f, 0, 0, PCI_PRIMARY_BUS),
                     first | (first + 3) << 8 | (first + 3) << 16);
        g_assert_cmphex(id_behind(f, 3, 0), ==, 0x11e81234);
        stop_vmd(f);
    }
    /* Beyond the last bus there is nothing, */
    Fixture *f = start_vmd(",model=28c0,bus-start=224,cfgbar-size=64M -device edu,bus=v.0");
    g_assert_cmphex(id_behind(f, 32, 0), ==, NOBODY);
    /* nor in a bus before the first one. */
    qtest_writel(f->qts, behind(f, 0, 0, PCI_PRIMARY_BUS), 0x0505e0);
    g_assert_cmphex(id_behind(f, 37, 0), ==, NOBODY);
    stop_vmd(f);
}

/* Writes come later, in their order, unless a read pushes them. */
static void test_posted(void)
{
    Fixture *f = start_vmd(",cfg-latency=1000 -device edu,bus=v.0");
    uint64_t line = behind(f, 0, 0, PCI_INTERRUPT_LINE);
    g_autofree char *before = NULL, *after = NULL;
    qtest_writeb(f->qts, line, 0x11);
    before = qtest_hmp(f->qts, "info pci");
    g_assert_null(strstr(before, "IRQ 17"));
    qtest_writeb(f->qts, line, 0x12);
    qtest_clock_step(f->qts, 1000);
    after = qtest_hmp(f->qts, "info pci");
    g_assert_nonnull(strstr(after, "IRQ 18"));
    qtest_writeb(f->qts, line, 0x13);
    g_assert_cmphex(qtest_readb(f->qts, line), ==, 0x13);
    /* There is room for 16; the 17th makes the first one go on. */
    for (unsigned n = 0; n < 16; n++) {
        qtest_writeb(f->qts, line, (uint8_t)(0x20 + n));
    }
    g_autofree char *full = qtest_hmp(f->qts, "info pci");
    g_assert_nonnull(strstr(full, "IRQ 19"));
    qtest_writeb(f->qts, line, 0x30);
    g_autofree char *first = qtest_hmp(f->qts, "info pci");
    g_assert_nonnull(strstr(first, "IRQ 32"));
    /* A reset drops what is on its way. */
    vtd_reset(f->v);
    qtest_clock_step(f->qts, 1000);
    read_bars(f);
    g_assert_cmphex(qtest_readb(f->qts, line), ==, 0);
    stop_vmd(f);
}

/* What is behind decodes where a window and the bridges let it. */
static void test_windows(void)
{
    Fixture *f = start_vmd(",membar2-size=4M -device edu,bus=v.0");
    place_endpoint(f);
    g_assert_cmphex(qtest_readl(f->qts, f->regs + EDU_ID), ==, 0x010000ed);
    g_assert_cmphex(qtest_readl(f->qts, f->membar1 + 0x200000), ==, NOBODY);
    far_command(f->qts, 0, f->devfn, PCI_COMMAND_MASTER);
    g_assert_cmphex(qtest_readl(f->qts, f->regs + EDU_ID), ==, NOBODY);
    far_command(f->qts, 0, f->devfn, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    g_assert_cmphex(qtest_readl(f->qts, f->regs + EDU_ID), ==, 0x010000ed);
    /* The second window, above its own registers; */
    uint64_t second = f->membar2 + 0x200000;
    uint32_t window = (uint32_t)(second >> 16);
    qtest_writel(f->qts, behind(f, 0, 0, PCI_MEMORY_BASE), window | window << 16);
    qtest_writel(f->qts, behind(f, 1, 0, PCI_BASE_ADDRESS_0), (uint32_t)second);
    g_assert_cmphex(qtest_readl(f->qts, second + EDU_ID), ==, 0x010000ed);
    /* over them nothing is passed down; */
    window = (uint32_t)(f->membar2 >> 16);
    qtest_writel(f->qts, behind(f, 0, 0, PCI_MEMORY_BASE), window | window << 16);
    qtest_writel(f->qts, behind(f, 1, 0, PCI_BASE_ADDRESS_0), (uint32_t)f->membar2);
    write_entry(f->qts, f->membar2, 0, 0x123456780, 5, true);
    g_assert_cmphex(qtest_readq(f->qts, f->membar2), ==, 0x123456780);
    /* nor beside both. */
    qtest_writel(f->qts, behind(f, 0, 0, PCI_MEMORY_BASE), 0xfe00fe00);
    qtest_writel(f->qts, behind(f, 1, 0, PCI_BASE_ADDRESS_0), 0xfe000000);
    g_assert_cmphex(qtest_readl(f->qts, 0xfe000000 + EDU_ID), ==, NOBODY);
    stop_vmd(f);
}

/* The message's destination names an entry of the VMD's table; its message goes out under the
 * VMD's id. */
static void test_remap(void)
{
    Fixture *f = start_full("");
    vtd_remap_on(f->v, TABLE, true);
    open_vector(f, 3, 0x53);
    open_vector(f, 32, 0x62);
    own_table(f, PCI_MSIX_FLAGS_ENABLE);
    endpoint_interrupts(f, MESSAGE | 3 << 12, 0);
    g_assert_true(vtd_took(f->v, 0, 0x53));
    expect_why(f, "end (01:00.0) MSI-X 0");
    expect_why(f, "; VMD 00:06.0 has it as its vector 3; entry 3 of intel-iommu");
    expect_why(f, "the unit saw requester 00:06.0");
    endpoint_interrupts(f, MESSAGE | 32 << 12, 0x4041); /* data says nothing */
    g_assert_true(vtd_took(f->v, 0, 0x62));
    g_autofree char *msi = qtest_hmp(f->qts, "info msi end");
    g_assert_nonnull(strstr(msi, "end (01:00.0 behind v)"));
    g_assert_nonnull(strstr(msi, "fee20000 data 00004041 (vector 32 of v)"));
    vtd_expect_no_fault(f->v);
    stop_vmd(f);
}

static void test_remap_refused(void)
{
    Fixture *f = start_full("");
    vtd_remap_on(f->v, TABLE, true);
    open_vector(f, 0, 0x53);
    endpoint_interrupts(f, MESSAGE, 0);
    expect_why(f, "was dropped: the VMD above it remaps, and that one's MSI-X is disabled; VMD "
                  "00:06.0 has it as its vector 0");
    own_table(f, PCI_MSIX_FLAGS_ENABLE);
    endpoint_interrupts(f, MESSAGE | VECTORS << 12, 0);
    expect_why(f, "its MSI-X table has no such entry; it asked for vector 33 of VMD 00:06.0");
    g_autofree char *msi = qtest_hmp(f->qts, "info msi end");
    g_assert_nonnull(strstr(msi, "(vector 33 of v, which has none)"));
    endpoint_interrupts(f, MESSAGE | 255 << 12, 0);
    expect_why(f, "no such entry; it asked for vector 255 of VMD 00:06.0");
    far_command(f->qts, 0, f->devfn, PCI_COMMAND_MEMORY);
    endpoint_interrupts(f, MESSAGE, 0);
    expect_why(f, "a bridge above it does not pass it on");
    far_command(f->qts, 0, f->devfn, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    g_assert_cmpint(qtest_apic_ack(f->qts, 0), ==, -1);
    endpoint_interrupts(f, MESSAGE, 0);
    g_assert_true(vtd_took(f->v, 0, 0x53));
    vtd_expect_no_fault(f->v);
    stop_vmd(f);
}

/* Vectors of the VMD's table are masked as others are, and wait in its pending bits. */
static void test_remap_masked(void)
{
    Fixture *f = start_full("");
    uint64_t pending = f->membar2 + 0x1000;
    vtd_remap_on(f->v, TABLE, true);
    open_vector(f, 5, 0x55);
    own_table(f, PCI_MSIX_FLAGS_ENABLE);
    qtest_writel(f->qts, f->membar2 + 16 * 5 + 12, 1);
    endpoint_interrupts(f, MESSAGE | 5 << 12, 0);
    g_assert_cmphex(qtest_readq(f->qts, pending), ==, 1 << 5);
    expect_why(f, "waits in its pending bit: the vector is masked; VMD 00:06.0 has it as its "
                  "vector 5");
    endpoint_interrupts(f, MESSAGE | 5 << 12, 0);
    g_assert_false(qtest_apic_irr(f->qts, 0, 0x55));
    qtest_writel(f->qts, f->membar2 + 16 * 5 + 12, 0);
    g_assert_true(vtd_took(f->v, 0, 0x55)); /* two became one */
    g_assert_cmpint(qtest_apic_ack(f->qts, 0), ==, -1);
    own_table(f, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
    endpoint_interrupts(f, MESSAGE | 5 << 12, 0);
    g_assert_false(qtest_apic_irr(f->qts, 0, 0x55));
    own_table(f, PCI_MSIX_FLAGS_ENABLE);
    g_assert_true(vtd_took(f->v, 0, 0x55));
    stop_vmd(f);
}

/* With bypass, messages go on as they are, under the VMD's id. */
static void test_bypass(void)
{
    Fixture *f = start_full(",mode=bypass");
    vtd_remap_on(f->v, TABLE, true);
    open_vector(f, 7, 0x57);
    own_table(f, PCI_MSIX_FLAGS_ENABLE);
    endpoint_interrupts(f, remappable_address(7, false), 0);
    expect_why(f,
               "vector is masked; VMD 00:06.0 has it as its vector 0"); /* until the bit is set */
    qtest_writew(f->qts, own_reg(f, VMCONFIG), BYPASS);
    own_table(f, 0);
    endpoint_interrupts(f, remappable_address(7, false), 0);
    g_assert_true(vtd_took(f->v, 0, 0x57));
    Pair irte = irte_for(0x57, 0, true);
    irte.high = 0x0100 | SVT_ID; /* what the endpoint is called in its domain */
    vtd_set_irte(f->v, 7, irte);
    vtd_flush_iec(f->v);
    endpoint_interrupts(f, remappable_address(7, false), 0);
    vtd_expect_fault(f->v, 0x26, f->devfn, 7ull << 48);
    vtd_reset(f->v);
    g_assert_cmphex(qtest_readw(f->qts, own_reg(f, VMCONFIG)), ==, 0);
    stop_vmd(f);
}

static uint32_t endpoint_dma(const Fixture *f, uint32_t command, uint64_t address, uint32_t word)
{
    qtest_writel(f->qts, f->regs + E_BUFFER, word);
    qtest_writeq(f->qts, f->regs + E_ADDR, address);
    qtest_writel(f->qts, f->regs + E_FLAGS, 0);
    qtest_writel(f->qts, f->regs + E_LEN, 4);
    qtest_writel(f->qts, f->regs + E_COMMAND, command);
    return qtest_readl(f->qts, f->regs + E_RESULT);
}

/* DMA from behind is the VMD's, and so is its translation. */
static void test_dma(void)
{
    Fixture *f = g_new0(Fixture, 1);
    f->v = vtd_start_dma(" -device vmd,id=v,addr=6 -device intr-testdev,id=end,bus=v.0");
    f->qts = f->v->qts;
    f->devfn = DEVFN;
    read_bars(f);
    place_endpoint(f);
    vtd_set_context(f->v, DEVFN, vtd_ss_context(0, 3, DOMAIN));
    vtd_map(f->v, AT_SS, 3, 1, 0x7000, AT_DATA | SS_RW);
    vtd_flush_dma(f->v);
    endpoint_dma(f, C_WRITE, 0x7010, 0x12345678);
    g_assert_cmphex(qtest_readl(f->qts, AT_DATA + 0x10), ==, 0x12345678);
    vtd_expect_no_fault(f->v);
    qtest_writel(f->qts, AT_DATA + 0x14, 0xabcdef01);
    endpoint_dma(f, C_READ, 0x7014, 0);
    g_assert_cmphex(qtest_readl(f->qts, f->regs + E_BUFFER), ==, 0xabcdef01);
    endpoint_dma(f, C_WRITE, 0x9000, 1);
    Fault fault = vtd_take_fault(f->v, 0);
    g_assert_cmphex(fault.sid, ==, DEVFN);
    far_command(f->qts, 0, f->devfn, PCI_COMMAND_MEMORY);
    endpoint_dma(f, C_READ, 0x7014, 0);
    g_assert_cmphex(qtest_readl(f->qts, f->regs + E_BUFFER), !=, 0xabcdef01);
    endpoint_dma(f, C_WRITE, 0x7010, 2);
    g_assert_cmphex(qtest_readl(f->qts, AT_DATA + 0x10), ==, 0x12345678);
    stop_vmd(f);
}

/* A dword that a function writes into the window itself is remapped, too. */
static void test_written(void)
{
    Fixture *f = start_full("");
    vtd_remap_on(f->v, TABLE, true);
    open_vector(f, 9, 0x59);
    own_table(f, PCI_MSIX_FLAGS_ENABLE);
    endpoint_dma(f, C_WRITE, MESSAGE | 9 << 12, 0);
    g_assert_true(vtd_took(f->v, 0, 0x59));
    endpoint_dma(f, C_WRITE, MESSAGE | 200 << 12, 0);
    g_assert_cmpint(qtest_apic_ack(f->qts, 0), ==, -1);
    vtd_expect_no_fault(f->v);
    stop_vmd(f);
}

/* Two with the same numbers behind them know nothing of each other. */
static void test_two(void)
{
    Fixture *f =
        start_full(" -device vmd,id=w,addr=7,mode=bypass -device intr-testdev,bus=w.0,id=far");
    Fixture other = *f;
    other.devfn = 7 << 3;
    read_bars(&other);
    place_endpoint(&other);
    g_assert_cmphex(other.cfg, !=, f->cfg);
    vtd_remap_on(f->v, TABLE, true);
    open_vector(f, 2, 0x52);
    open_vector(&other, 4, 0x64);
    own_table(f, PCI_MSIX_FLAGS_ENABLE);
    qtest_writew(f->qts, own_reg(&other, VMCONFIG), BYPASS);
    endpoint_interrupts(&other, remappable_address(4, false), 0);
    g_assert_true(vtd_took(f->v, 0, 0x64));
    endpoint_interrupts(f, MESSAGE | 2 << 12, 0);
    g_assert_true(vtd_took(f->v, 0, 0x52));
    vtd_expect_no_fault(f->v);
    stop_vmd(f);
}

static void must_succeed(JsonObject *response)
{
    g_assert_true(json_object_has_member(response, "return"));
    json_object_unref(response);
}

/* Slots behind are hot-plug slots, whose ports interrupt by the VMD. */
static void test_hotplug(void)
{
    Fixture *f = start_vmd("");
    must_succeed(qtest_qmp(f->qts, "{'execute': 'device_add', 'arguments': {'driver': "
                                   "'intr-testdev', 'id': 'end', 'bus': 'v.0'}}"));
    place_endpoint(f);
    g_assert_cmphex(id_behind(f, 1, 0), ==, NOBODY); /* no power */
    uint8_t at = qtest_readb(f->qts, behind(f, 0, 0, PCI_CAPABILITY_LIST));
    while (qtest_readb(f->qts, behind(f, 0, 0, at)) != PCI_CAP_ID_EXP) {
        at = qtest_readb(f->qts, behind(f, 0, 0, at + PCI_CAP_LIST_NEXT));
    }
    uint64_t control = behind(f, 0, 0, at + PCI_EXP_SLTCTL);
    g_assert_cmphex(qtest_readw(f->qts, behind(f, 0, 0, at + PCI_EXP_SLTSTA)), ==,
                    PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_ABP);
    qtest_writew(f->qts, control, PCI_EXP_SLTCTL_PWR_ON | PCI_EXP_SLTCTL_PWR_IND_ON);
    g_assert_cmphex(id_behind(f, 1, 0), ==, TESTDEV);
    place_endpoint(f);
    vtd_remap_on(f->v, TABLE, true);
    open_vector(f, 1, 0x51);
    own_table(f, PCI_MSIX_FLAGS_ENABLE);
    endpoint_interrupts(f, MESSAGE | 1 << 12, 0);
    g_assert_true(vtd_took(f->v, 0, 0x51));
    must_succeed(qtest_qmp(f->qts, "{'execute': 'device_del', 'arguments': {'id': 'end'}}"));
    qtest_writew(f->qts, control, PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF);
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(f->qts, "DEVICE_DELETED");
    g_assert_nonnull(event);
    g_assert_cmphex(id_behind(f, 1, 0), ==, NOBODY);
    g_assert_cmphex(qtest_readl(f->qts, f->regs), ==, NOBODY);
    stop_vmd(f);
}

/* A guest to which a hypervisor gave the VMD reads where its windows are, and uses these addresses
 * behind it. */
static void test_shadow(void)
{
    Fixture *f = start_vmd(",mode=bypass,membar1-phys=0x90000000 -device edu,bus=v.0");
    g_assert_cmphex(qtest_readl(f->qts, own_reg(f, VMLOCK)), ==, 2);
    g_assert_cmphex(qtest_readq(f->qts, f->membar2 + 0x2000), ==, 0x90000000);
    g_assert_cmphex(qtest_readq(f->qts, f->membar2 + 0x2008), ==, f->membar2);
    qtest_writel(f->qts, behind(f, 0, 0, PCI_PRIMARY_BUS), 0x010100);
    qtest_writel(f->qts, behind(f, 0, 0, PCI_MEMORY_BASE), 0x90109010);
    qtest_writew(f->qts, behind(f, 0, 0, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    qtest_writel(f->qts, behind(f, 1, 0, PCI_BASE_ADDRESS_0), 0x90100000);
    qtest_writew(f->qts, behind(f, 1, 0, PCI_COMMAND), PCI_COMMAND_MEMORY);
    g_assert_cmphex(qtest_readl(f->qts, f->membar1 + 0x100000 + EDU_ID), ==, 0x010000ed);
    stop_vmd(f);
    f = start_vmd(",membar1-phys=0x90000000,membar2-phys=0x1234500000");
    uint8_t cap = qtest_pci_find_capability(f->qts, 0, DEVFN, PCI_CAP_ID_VNDR);
    g_assert_cmphex(qtest_readb(f->qts, own_reg(f, cap + 2u)), ==, 24);
    g_assert_cmphex(qtest_readl(f->qts, own_reg(f, cap + 4u)), ==, 0x53484457);
    g_assert_cmphex(qtest_readq(f->qts, own_reg(f, cap + 8u)), ==, 0x90000000);
    g_assert_cmphex(qtest_readq(f->qts, own_reg(f, cap + 16u)), ==, 0x1234500000);
    stop_vmd(f);
}

static void test_mistakes(void)
{
    static const struct {
        const char *devices, *says;
    } cases[] = {
        {"vmd,mode=bypass,model=201d", "mode=bypass goes with model=28c0"},
        {"vmd,bus-start=128", "leave bus-start= out"},
        {"vmd,cfgbar-size=3M", "powers of two"},
        {"vmd,membar2-size=64K", "powers of two"},
        {"vmd,ports=33", "32"},
        {"vmd,id=v -device vmd,bus=v", "leave bus= out, or make it pcie.0"},
        {"vmd,id=v -device pxb-pcie,bus=v,bus_nr=9", "leave bus= out, or make it pcie.0"},
        {"pcie-root-port,id=rp -device vmd,bus=rp", "leave bus= out, or make it pcie.0"},
        {"vmd,id=v,ports=1 -device edu,bus=v.1", "there is no such bus"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *args = g_strdup_printf(
            "-machine q35 -nodefaults -display none -accel qtest -device %s", cases[i].devices);
        g_autofree char *out = NULL, *err = NULL;
        g_assert_cmpint(qtest_run(args, &out, &err), ==, 1);
        g_test_message("%s", err);
        g_assert_nonnull(strstr(err, cases[i].says));
    }
    /* While the machine runs none comes, and nothing of it stays. */
    Fixture *f = start_vmd("");
    g_autoptr(JsonObject) response =
        qtest_qmp(f->qts, "{'execute': 'device_add', 'arguments': {'driver': 'vmd', 'id': 'w'}}");
    g_assert_true(json_object_has_member(response, "error"));
    g_autofree char *pci = qtest_hmp(f->qts, "info pci");
    g_assert_null(strstr(pci, "Domain behind w"));
    vtd_reset(f->v);
    stop_vmd(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vmd/registers", test_registers);
    g_test_add_func("/vmd/config", test_config);
    g_test_add_func("/vmd/bus-start", test_bus_start);
    g_test_add_func("/vmd/posted", test_posted);
    g_test_add_func("/vmd/windows", test_windows);
    g_test_add_func("/vmd/remap", test_remap);
    g_test_add_func("/vmd/remap-refused", test_remap_refused);
    g_test_add_func("/vmd/remap-masked", test_remap_masked);
    g_test_add_func("/vmd/bypass", test_bypass);
    g_test_add_func("/vmd/dma", test_dma);
    g_test_add_func("/vmd/written", test_written);
    g_test_add_func("/vmd/two", test_two);
    g_test_add_func("/vmd/hotplug", test_hotplug);
    g_test_add_func("/vmd/shadow", test_shadow);
    g_test_add_func("/vmd/mistakes", test_mistakes);
    return g_test_run();
}
