/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bridges that one can plug in, on a whole machine: numbers and windows as firmware would leave
 * them, and as a guest changes them; what comes from behind and under which id; pins; resets; ARI
 * (PCI-to-PCI Bridge 1.2; PCI Express 5.0; PCI Express to PCI Bridge 1.0).
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "far-lib.h"
#include "tests/include/testdevs.h"
#include "vtd-lib.h"

#define VECTOR 0x51
#define INDEX  9u
/* Of an IRTE's upper half: how the requester id is checked (VT-d 9.10). */
#define SVT_ID    (1ull << 18)
#define SVT_BUSES (2ull << 18)
#define FIRST_PIN 16 /* of the IOAPIC, PIRQ A */

/* Root port 1, a switch of two ports behind it, a conventional bus behind one of these, and another
 * one behind that: buses 1 to 5. Root port 2 is bus 6. */
#define TREE                                                                                       \
    " -device pcie-root-port,id=rp1,addr=1,slot=5,port=3 -device pcie-root-port,id=rp2,addr=2"     \
    " -device x3130-upstream,id=up,bus=rp1"                                                        \
    " -device xio3130-downstream,id=dn,bus=up,addr=1,slot=7"                                       \
    " -device pcie-pci-bridge,id=ppb,bus=dn -device pci-bridge,id=pb,bus=ppb,addr=5"

/* The bridges of TREE. */
static const struct {
    uint8_t bus, devfn, secondary, subordinate;
    uint32_t id;
    uint8_t type; /* of the PCI Express capability, FFh without */
} tree[] = {
    {0, 1 << 3, 1, 5, 0x000c1b36, PCI_EXP_TYPE_ROOT_PORT},
    {1, 0, 2, 5, 0x8232104c, PCI_EXP_TYPE_UPSTREAM},
    {2, 1 << 3, 3, 5, 0x8233104c, PCI_EXP_TYPE_DOWNSTREAM},
    {3, 0, 4, 5, 0x000e1b36, PCI_EXP_TYPE_PCI_BRIDGE},
    {4, 5 << 3, 5, 5, 0x00011b36, 0xff},
    {0, 2 << 3, 6, 6, 0x000c1b36, PCI_EXP_TYPE_ROOT_PORT},
};

static void open_tree(QTest *qts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tree); i++) {
        far_open(qts, tree[i].bus, tree[i].devfn);
    }
}

static QTest *tree_start(const char *more)
{
    QTest *qts = qtest_initf("-machine q35 -nodefaults -m 64M" TREE "%s", more);
    open_tree(qts);
    return qts;
}

static void test_numbers(void)
{
    QTest *qts = tree_start("");
    for (size_t i = 0; i < G_N_ELEMENTS(tree); i++) {
        uint32_t numbers = far_config(qts, tree[i].bus, tree[i].devfn, PCI_PRIMARY_BUS);
        g_assert_cmphex(far_id(qts, tree[i].bus, tree[i].devfn), ==, tree[i].id);
        g_assert_cmphex(
            numbers & 0xffffff, ==,
            (uint32_t)(tree[i].bus | tree[i].secondary << 8 | tree[i].subordinate << 16));
        if (tree[i].type != 0xff) {
            uint8_t cap = far_express(qts, tree[i].bus, tree[i].devfn);
            uint32_t flags = far_config(qts, tree[i].bus, tree[i].devfn, cap) >> 16;
            g_assert_cmphex((flags & PCI_EXP_FLAGS_TYPE) >> 4, ==, tree[i].type);
        }
    }
    uint8_t cap = far_express(qts, 0, 1 << 3);
    g_assert_cmphex(far_config(qts, 0, 1 << 3, cap + PCI_EXP_SLTCAP) >> 19, ==, 5);
    g_assert_cmphex(far_config(qts, 0, 1 << 3, cap + PCI_EXP_LNKCAP) >> 24, ==, 3);
    qtest_quit(qts);
}

/* Every window holds what is behind it, lies in the one above, and what wants none has none. */
static void test_windows(void)
{
    QTest *qts = tree_start(" -device edu,bus=pb,addr=1 -device edu,bus=ppb,addr=1"
                            " -device intr-testdev,bus=rp2");
    uint32_t bar = far_config(qts, 5, 1 << 3, PCI_BASE_ADDRESS_0);
    uint32_t low = 0, high = UINT32_MAX;
    for (size_t i = 0; i < 5; i++) {
        uint32_t window = far_config(qts, tree[i].bus, tree[i].devfn, PCI_MEMORY_BASE);
        uint32_t base = (window & 0xfff0) << 16, limit = (window & 0xfff00000) | 0xfffff;
        g_assert_cmphex(base, >=, low);
        g_assert_cmphex(limit, <=, high);
        g_assert_cmphex(bar, >=, base);
        g_assert_cmphex(bar + 0xfffff, <=, limit);
        low = base;
        high = limit;
        uint8_t io = (uint8_t)far_config(qts, tree[i].bus, tree[i].devfn, PCI_IO_BASE);
        uint8_t io_limit = (uint8_t)(far_config(qts, tree[i].bus, tree[i].devfn, PCI_IO_BASE) >> 8);
        g_assert_cmphex(io & 0xf0, >, io_limit & 0xf0);
    }
    g_assert_cmphex(qtest_readl(qts, far_device(qts, 5, 1 << 3).bar + EDU_ID), ==, 0x010000ed);
    g_assert_cmphex(qtest_readl(qts, far_device(qts, 4, 1 << 3).bar + EDU_ID), ==, 0x010000ed);
    g_autofree char *page = qtest_hmp(qts, "info pci");
    g_assert_nonnull(strstr(page, "secondary bus 4.\r\n      subordinate bus 5.")
                         ?: strstr(page, "secondary bus 4.\n      subordinate bus 5."));
    g_autofree char *range = g_strdup_printf("memory range [0x%08x, 0x%08x]", low, high);
    g_assert_nonnull(strstr(page, range));
    g_assert_nonnull(strstr(page, "IO range: none"));
    qtest_quit(qts);
}

/* The guest numbers and places otherwise. */
static void test_renumber(void)
{
    QTest *qts = tree_start(" -device edu,bus=rp2");
    g_assert_cmphex(far_id(qts, 6, 0), ==, 0x11e81234);
    qtest_writel(qts, far_ecam(0, 2 << 3, PCI_PRIMARY_BUS), 0x00404000);
    g_assert_cmphex(far_id(qts, 6, 0), ==, 0xffffffff);
    g_assert_cmphex(far_id(qts, 0x40, 0), ==, 0x11e81234);
    Far edu = far_device(qts, 0x40, 0);
    qtest_writel(qts, far_ecam(0, 2 << 3, PCI_MEMORY_BASE), 0xe000e000);
    g_assert_cmphex(qtest_readl(qts, edu.bar + EDU_ID), ==, 0xffffffff);
    qtest_writel(qts, far_ecam(0x40, 0, PCI_BASE_ADDRESS_0), 0xe0000000);
    g_assert_cmphex(qtest_readl(qts, 0xe0000000 + EDU_ID), ==, 0x010000ed);
    qtest_quit(qts);
}

/* Messages pass one bridge and five, unless one of them may not master. */
static void test_messages(void)
{
    static const struct {
        const char *place;
        uint8_t bus, devfn;
        size_t bridges;
    } rows[] = {{"bus=rp1", 1, 0, 1}, {"bus=dn", 3, 0, 3}, {"bus=pb,addr=2", 5, 2 << 3, 5}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        static const char *const trees[] = {
            " -device pcie-root-port,id=rp1,addr=1",
            " -device pcie-root-port,id=rp1,addr=1 -device x3130-upstream,id=up,bus=rp1"
            " -device xio3130-downstream,id=dn,bus=up,addr=1",
            TREE,
        };
        g_autofree char *props =
            g_strdup_printf("%s -device intr-testdev,%s", trees[i], rows[i].place);
        Vtd *v = vtd_start(props, 1, true);
        for (size_t k = 0; k < rows[i].bridges; k++) {
            far_open(v->qts, tree[k].bus, tree[k].devfn);
        }
        Far f = far_device(v->qts, rows[i].bus, rows[i].devfn);
        far_send(&f, 0xfee00000, VECTOR);
        g_assert_true(vtd_took(v, 0, VECTOR));
        for (size_t k = 0; k < rows[i].bridges; k++) {
            far_command(v->qts, tree[k].bus, tree[k].devfn, PCI_COMMAND_MEMORY);
            far_send(&f, 0xfee00000, VECTOR);
            g_assert_false(qtest_apic_irr(v->qts, 0, VECTOR));
            far_open(v->qts, tree[k].bus, tree[k].devfn);
        }
        far_send(&f, 0xfee00000, VECTOR);
        g_assert_true(vtd_took(v, 0, VECTOR));
        vtd_stop(v);
    }
}

static Pair checked_irte(uint64_t check)
{
    Pair irte = irte_for(VECTOR, 0, true);
    irte.high = check;
    return irte;
}

/* Which requester the unit sees: an entry for exactly that id lets it pass, the fault of an entry
 * for another names it. */
static void expect_requester(Vtd *v, const Far *f, uint16_t id)
{
    vtd_set_irte(v, INDEX, checked_irte(SVT_ID | id));
    vtd_flush_iec(v);
    far_send(f, remappable_address(INDEX, false), 0);
    g_assert_true(vtd_took(v, 0, VECTOR));
    vtd_set_irte(v, INDEX, checked_irte(SVT_ID | (uint16_t)(id ^ 0x800)));
    vtd_flush_iec(v);
    far_send(f, remappable_address(INDEX, false), 0);
    g_assert_false(qtest_apic_irr(v->qts, 0, VECTOR));
    vtd_expect_fault(v, 0x26, id, (uint64_t)INDEX << 48);
}

static void test_aliases(void)
{
    static const struct {
        const char *outer, *inner; /* alias= of pcie-pci-bridge and of the pci-bridge behind it */
        uint16_t id;
    } rows[] = {
        {"", "", 0x0400}, /* 2.3: whatever is behind an Express bridge is its secondary bus */
        {",alias=secondary", ",alias=secondary", 0x0400},
        {",alias=bridge", "", 0x0300},
        {",alias=none", "", 0x0428},
        {",alias=none", ",alias=secondary", 0x0500},
        {",alias=none", ",alias=none", 0x0510},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *props = g_strdup_printf(
            " -device pcie-root-port,id=rp1,addr=1 -device x3130-upstream,id=up,bus=rp1"
            " -device xio3130-downstream,id=dn,bus=up,addr=1"
            " -device pcie-pci-bridge,id=ppb,bus=dn%s -device pci-bridge,id=pb,bus=ppb,addr=5%s"
            " -device intr-testdev,bus=pb,addr=2",
            rows[i].outer, rows[i].inner);
        Vtd *v = vtd_start(props, 1, true);
        for (size_t k = 0; k < 5; k++) {
            far_open(v->qts, tree[k].bus, tree[k].devfn);
        }
        Far f = far_device(v->qts, 5, 2 << 3);
        vtd_remap_on(v, 7, true);
        expect_requester(v, &f, rows[i].id);
        vtd_stop(v);
    }
}

/* One entry for a bus, by its range, serves two devices that share an id, and nobody else. */
static void test_bus_range(void)
{
    Vtd *v =
        vtd_start(TREE " -device intr-testdev,bus=ppb,addr=2 -device intr-testdev,bus=pb,addr=3"
                       " -device intr-testdev,bus=rp2",
                  1, true);
    open_tree(v->qts);
    Far two[] = {far_device(v->qts, 4, 2 << 3), far_device(v->qts, 5, 3 << 3)};
    Far stranger = far_device(v->qts, 6, 0);
    vtd_remap_on(v, 7, true);
    vtd_set_irte(v, INDEX, checked_irte(SVT_BUSES | 4 << 8 | 5));
    vtd_flush_iec(v);
    for (size_t i = 0; i < G_N_ELEMENTS(two); i++) {
        far_send(&two[i], remappable_address(INDEX, false), 0);
        g_assert_true(vtd_took(v, 0, VECTOR));
    }
    far_send(&stranger, remappable_address(INDEX, false), 0);
    g_assert_false(qtest_apic_irr(v->qts, 0, VECTOR));
    vtd_expect_fault(v, 0x26, 0x0600, (uint64_t)INDEX << 48);
    vtd_expect_no_fault(v);
    g_autofree char *why = qtest_hmp(v->qts, "info journal state=source-refused");
    g_assert_nonnull(strstr(why, "the entry is for buses 04 to 05"));
    /* The alias is made of the number that the bus has now. */
    qtest_writew(v->qts, far_ecam(3, 0, PCI_SECONDARY_BUS), 0x0505);
    qtest_writel(v->qts, far_ecam(5, 2 << 3, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    Far moved = {v->qts, 5, 2 << 3, two[0].bar};
    expect_requester(v, &moved, 0x0500);
    vtd_stop(v);
}

/* The journal tells under which id a message went on. */
static void test_journal(void)
{
    Vtd *v = vtd_start(TREE " -device intr-testdev,id=far,bus=pb,addr=3", 1, true);
    open_tree(v->qts);
    Far f = far_device(v->qts, 5, 3 << 3);
    far_send(&f, 0xfee00000, VECTOR);
    g_assert_true(vtd_took(v, 0, VECTOR));
    g_autofree char *said = qtest_hmp(v->qts, "why far");
    g_test_message("%s", said);
    g_assert_nonnull(strstr(said, "04:00.0"));
    vtd_stop(v);
}

/* Pin A of slot 2 behind the inner bridge is pin C there, D of slot 5's... and so up to root port
 * 1's slot; where the last pin of the IOAPIC is again the first. */
static void test_pins(void)
{
    /* Root slot 1's pins are PIRQ F, G, H, E. Behind both conventional bridges: (A + 2 + 5) % 4 is
     * D; dn is in slot 1 of the switch, which makes that A. Behind one: (A + 3) % 4 = D, A. */
    QTest *qts = tree_start(" -device edu,id=a,bus=pb,addr=2 -device edu,id=b,bus=ppb,addr=3"
                            " -device edu,id=c,bus=pb,addr=3 -device edu,id=d,bus=rp2");
    static const struct {
        uint8_t bus, devfn, pin;
    } rows[] = {{5, 2 << 3, 21}, {4, 3 << 3, 21}, {5, 3 << 3, 22}, {6, 0, 22}};
    Far f[G_N_ELEMENTS(rows)];
    qtest_irq_intercept_in(qts, "ioapic");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        f[i] = far_device(qts, rows[i].bus, rows[i].devfn);
        qtest_writel(qts, f[i].bar + EDU_RAISE, 1);
        for (int pin = FIRST_PIN; pin < 24; pin++) {
            g_assert_cmpint(qtest_get_irq(qts, pin), ==, pin == rows[i].pin);
        }
        qtest_writel(qts, f[i].bar + EDU_ACK, 1);
        g_assert_false(qtest_get_irq(qts, rows[i].pin));
    }
    /* Two share a pin: it is high while one of them asks. */
    qtest_writel(qts, f[0].bar + EDU_RAISE, 1);
    qtest_writel(qts, f[1].bar + EDU_RAISE, 1);
    qtest_writel(qts, f[0].bar + EDU_ACK, 1);
    g_assert_true(qtest_get_irq(qts, 21));
    qtest_writel(qts, f[1].bar + EDU_ACK, 1);
    g_assert_false(qtest_get_irq(qts, 21));
    qtest_quit(qts);
}

/* Bridge Control, bit 6: all that is behind is reset and does not answer until the bit is off. */
static void test_secondary_reset(void)
{
    QTest *qts = tree_start(" -device edu,bus=pb,addr=2 -device edu,bus=rp2");
    uint64_t control = far_ecam(2, 1 << 3, PCI_BRIDGE_CONTROL);
    Far edu = far_device(qts, 5, 2 << 3), other = far_device(qts, 6, 0);
    qtest_irq_intercept_in(qts, "ioapic");
    qtest_writel(qts, edu.bar + EDU_RAISE, 1);
    qtest_writel(qts, other.bar + EDU_RAISE, 1);
    g_assert_true(qtest_get_irq(qts, 21));
    qtest_writew(qts, control, PCI_BRIDGE_CTL_BUS_RESET);
    g_assert_false(qtest_get_irq(qts, 21));
    g_assert_true(qtest_get_irq(qts, 22));
    g_assert_cmphex(far_id(qts, 3, 0), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, edu.bar + EDU_ID), ==, 0xffffffff);
    qtest_writew(qts, control, 0);
    g_assert_cmphex(far_id(qts, 3, 0), ==, 0x000e1b36);
    g_assert_cmphex(far_config(qts, 3, 0, PCI_PRIMARY_BUS), ==, 0);
    g_assert_cmphex(far_config(qts, 3, 0, PCI_COMMAND) & 0xffff, ==, 0);
    g_assert_cmphex(far_id(qts, 5, 2 << 3), ==, 0xffffffff);
    g_assert_cmphex(far_config(qts, 2, 1 << 3, PCI_PRIMARY_BUS) & 0xffffff, ==, 0x050302);
    g_assert_cmphex(qtest_readl(qts, other.bar + EDU_ID), ==, 0x010000ed);
    /* Set while it is held, it is as good as before; a machine's reset ends it. */
    qtest_writew(qts, control, PCI_BRIDGE_CTL_BUS_RESET);
    g_autoptr(JsonObject) done = qtest_qmp(qts, "{'execute': 'system_reset'}");
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(qts, "RESET");
    g_assert_nonnull(event);
    g_assert_cmphex(far_id(qts, 5, 2 << 3), ==, 0x11e81234);
    qtest_quit(qts);
}

/* One clear line for what cannot be plugged so. */
static void test_mistakes(void)
{
    static const struct {
        const char *args, *says;
    } rows[] = {
        {"-device pcie-root-port,id=p -device edu,bus=p,addr=1", "there is only device 0 behind"},
        {"-device pcie-root-port,id=p -device edu,bus=p -device edu,bus=p",
         "no free slot on PCI bus p"},
        {"-device pcie-root-port,id=p -device edu,bus=p,addr=0.0 -device edu,bus=p,addr=0.1",
         "multifunction=on"},
        {"-device x3130-upstream", "goes behind a root or downstream port"},
        {"-device pcie-root-port,id=p -device xio3130-downstream,bus=p",
         "goes behind an upstream port"},
        {"-device pcie-root-port,id=p -device pcie-root-port,bus=p", "goes on a root bus"},
        {"-device pci-bridge,id=p,alias=mine", "alias"},
        {"-device edu,bus=nowhere", "there is no such bus"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *args =
            g_strdup_printf("-machine q35 -accel qtest -display none %s", rows[i].args);
        g_autofree char *err = NULL;
        g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
        g_test_message("%s", err);
        g_assert_nonnull(strstr(err, rows[i].says));
        g_assert_cmpint(strcspn(err, "\n"), ==, (int)strlen(err) - 1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bridges/numbers", test_numbers);
    g_test_add_func("/bridges/windows", test_windows);
    g_test_add_func("/bridges/renumber", test_renumber);
    g_test_add_func("/bridges/messages", test_messages);
    g_test_add_func("/bridges/aliases", test_aliases);
    g_test_add_func("/bridges/bus-range", test_bus_range);
    g_test_add_func("/bridges/journal", test_journal);
    g_test_add_func("/bridges/pins", test_pins);
    g_test_add_func("/bridges/secondary-reset", test_secondary_reset);
    g_test_add_func("/bridges/mistakes", test_mistakes);
    return g_test_run();
}
