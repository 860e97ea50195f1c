/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HPET on the board: registers at each width, IOAPIC pins, legacy replacement, FSB messages. */
#include "libqtest.h"

#define HPET      0xfed00000ull
#define IOAPIC    0xfec00000ull
#define APIC_BASE 0xfee00000ull

static void set_rte(QTest *qts, unsigned pin, uint32_t low)
{
    qtest_writel(qts, IOAPIC, 0x11 + 2 * pin);
    qtest_writel(qts, IOAPIC + 0x10, 0);
    qtest_writel(qts, IOAPIC, 0x10 + 2 * pin);
    qtest_writel(qts, IOAPIC + 0x10, low);
}

static void test_registers(void)
{
    QTest *qts = qtest_init("-smp 1");

    g_assert_cmphex(qtest_readl(qts, HPET), ==, 0x8086a201);
    g_assert_cmphex(qtest_readl(qts, HPET + 4), ==, 10000000);
    g_assert_cmphex(qtest_readq(qts, HPET), ==, 0x009896808086a201);
    qtest_writel(qts, HPET + 0x10, 0xfffffffc);
    g_assert_cmphex(qtest_readq(qts, HPET + 0x10), ==, 0);
    qtest_writeq(qts, HPET + 0xf0, 0x123456789abcdef0);
    qtest_writel(qts, HPET + 0xf4, 1);
    g_assert_cmphex(qtest_readq(qts, HPET + 0xf0), ==, 0x19abcdef0);
    g_assert_cmphex(qtest_readw(qts, HPET + 0xf2), ==, 0x9abc);
    qtest_writel(qts, HPET + 0x10, 1);
    qtest_clock_step(qts, 1000);
    g_assert_cmphex(qtest_readq(qts, HPET + 0xf0), ==, 0x19abcdef0 + 100);
    qtest_quit(qts);
}

/* A timer takes the routes that its capabilities offer, and otherwise stays where it was. */
static void test_routes(void)
{
    QTest *qts = qtest_init("-smp 1");

    for (unsigned t = 0; t < 3; t++) {
        uint64_t at = HPET + 0x100 + t * 0x20;
        uint32_t offered = (uint32_t)(qtest_readq(qts, at) >> 32), now = 0;

        g_assert_cmphex(offered, !=, 0);
        for (uint32_t route = 0; route < 32; route++) {
            qtest_writel(qts, at, route << 9);
            now = offered >> route & 1 ? route : now;
            g_assert_cmpuint(qtest_readl(qts, at) >> 9 & 31, ==, now);
        }
    }
    qtest_quit(qts);
}

static void test_pin(void)
{
    QTest *qts = qtest_init("-smp 1");

    qtest_writel(qts, APIC_BASE + 0xf0, 0x1ff);
    set_rte(qts, 20, 0x45);
    qtest_writel(qts, HPET + 0x100, 20 << 9 | 4);
    qtest_writel(qts, HPET + 0x108, 1000);
    qtest_writel(qts, HPET + 0x10c, 0);
    qtest_writel(qts, HPET + 0x10, 1);
    qtest_clock_step(qts, 9999);
    g_assert_false(qtest_apic_irr(qts, 0, 0x45));
    qtest_clock_step(qts, 1);
    g_assert_true(qtest_apic_irr(qts, 0, 0x45));
    qtest_quit(qts);
}

static void test_legacy(void)
{
    QTest *qts = qtest_init("-smp 1");

    qtest_writel(qts, APIC_BASE + 0xf0, 0x1ff);
    set_rte(qts, 2, 0x46);
    set_rte(qts, 8, 0x56);
    for (unsigned t = 0x100; t <= 0x120; t += 0x20) {
        qtest_writel(qts, HPET + t, 4);
        qtest_writel(qts, HPET + t + 8, 1000);
        qtest_writel(qts, HPET + t + 0xc, 0);
    }
    qtest_writel(qts, HPET + 0x10, 3);
    qtest_clock_step(qts, 10000);
    g_assert_true(qtest_apic_irr(qts, 0, 0x46));
    g_assert_true(qtest_apic_irr(qts, 0, 0x56));
    qtest_quit(qts);
}

static void test_fsb(void)
{
    QTest *qts = qtest_init("-smp 1 -global hpet.msi=on");

    qtest_writel(qts, APIC_BASE + 0xf0, 0x1ff);
    g_assert_cmphex(qtest_readl(qts, HPET + 0x140) & 0x8000, ==, 0x8000);
    qtest_writel(qts, HPET + 0x150, 0x4047);
    qtest_writel(qts, HPET + 0x154, 0xfee00000);
    qtest_writel(qts, HPET + 0x140, 0x4004);
    qtest_writel(qts, HPET + 0x148, 1000);
    qtest_writel(qts, HPET + 0x14c, 0);
    qtest_writel(qts, HPET + 0x10, 1);
    qtest_clock_step(qts, 10000);
    g_assert_true(qtest_apic_irr(qts, 0, 0x47));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hpet/registers", test_registers);
    g_test_add_func("/hpet/routes", test_routes);
    g_test_add_func("/hpet/pin", test_pin);
    g_test_add_func("/hpet/legacy", test_legacy);
    g_test_add_func("/hpet/fsb", test_fsb);
    return g_test_run();
}
