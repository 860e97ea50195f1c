/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HPET on the board: registers at each width, IOAPIC pins, legacy replacement, FSB messages. */
#include "libqtest.h"
#include "tests/include/apic.h"
#include "tests/include/hpet.h"
#include "tests/include/ioapic.h"

static void set_rte(QTest *qts, unsigned pin, uint32_t low)
{
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL_HIGH(pin));
    qtest_writel(qts, IOAPIC_PAGE + IOWIN, 0);
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL(pin));
    qtest_writel(qts, IOAPIC_PAGE + IOWIN, low);
}

static void test_registers(void)
{
    QTest *qts = qtest_init("-smp 1");

    g_assert_cmphex(qtest_readl(qts, HPET_PAGE), ==, 0x8086a201);
    g_assert_cmphex(qtest_readl(qts, HPET_PAGE + HPET_PERIOD), ==, 10000000);
    g_assert_cmphex(qtest_readq(qts, HPET_PAGE), ==, 0x009896808086a201);
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 0xfffffffc);
    g_assert_cmphex(qtest_readq(qts, HPET_PAGE + HPET_CONFIG), ==, 0);
    qtest_writeq(qts, HPET_PAGE + HPET_COUNTER, 0x123456789abcdef0);
    qtest_writel(qts, HPET_PAGE + HPET_COUNTER + 4, 1);
    g_assert_cmphex(qtest_readq(qts, HPET_PAGE + HPET_COUNTER), ==, 0x19abcdef0);
    g_assert_cmphex(qtest_readw(qts, HPET_PAGE + HPET_COUNTER + 2), ==, 0x9abc);
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 1);
    qtest_clock_step(qts, 1000);
    g_assert_cmphex(qtest_readq(qts, HPET_PAGE + HPET_COUNTER), ==, 0x19abcdef0 + 100);
    qtest_quit(qts);
}

/* A timer takes the routes that its capabilities offer, and otherwise stays where it was. */
static void test_routes(void)
{
    QTest *qts = qtest_init("-smp 1");

    for (unsigned t = 0; t < 3; t++) {
        uint64_t at = HPET_PAGE + HPET_TIMER(t);
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

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    set_rte(qts, 20, 0x45);
    qtest_writel(qts, HPET_PAGE + HPET_TIMER(0), 20 << 9 | HPET_INT_ENB);
    qtest_writel(qts, HPET_PAGE + HPET_COMPARATOR(0), 1000);
    qtest_writel(qts, HPET_PAGE + HPET_COMPARATOR(0) + 4, 0);
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 1);
    qtest_clock_step(qts, 9999);
    g_assert_false(qtest_apic_irr(qts, 0, 0x45));
    qtest_clock_step(qts, 1);
    g_assert_true(qtest_apic_irr(qts, 0, 0x45));
    qtest_quit(qts);
}

static void test_legacy(void)
{
    QTest *qts = qtest_init("-smp 1");

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    set_rte(qts, 2, 0x46);
    set_rte(qts, 8, 0x56);
    for (unsigned t = 0; t < 2; t++) {
        qtest_writel(qts, HPET_PAGE + HPET_TIMER(t), HPET_INT_ENB);
        qtest_writel(qts, HPET_PAGE + HPET_COMPARATOR(t), 1000);
        qtest_writel(qts, HPET_PAGE + HPET_COMPARATOR(t) + 4, 0);
    }
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 3);
    qtest_clock_step(qts, 10000);
    g_assert_true(qtest_apic_irr(qts, 0, 0x46));
    g_assert_true(qtest_apic_irr(qts, 0, 0x56));
    qtest_quit(qts);
}

static void test_fsb(void)
{
    QTest *qts = qtest_init("-smp 1 -global hpet.msi=on");

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    g_assert_cmphex(qtest_readl(qts, HPET_PAGE + HPET_TIMER(2)) & HPET_FSB_CAP, ==, HPET_FSB_CAP);
    qtest_writel(qts, HPET_PAGE + HPET_FSB(2), 0x4047);
    qtest_writel(qts, HPET_PAGE + HPET_FSB(2) + 4, APIC_PAGE);
    qtest_writel(qts, HPET_PAGE + HPET_TIMER(2), HPET_FSB_EN | HPET_INT_ENB);
    qtest_writel(qts, HPET_PAGE + HPET_COMPARATOR(2), 1000);
    qtest_writel(qts, HPET_PAGE + HPET_COMPARATOR(2) + 4, 0);
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 1);
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
