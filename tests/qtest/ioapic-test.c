/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOAPIC on the board, from pin to local APIC and back by EOI. */
#include "libqtest.h"
#include "tests/include/apic.h"
#include "tests/include/ioapic.h"

static uint32_t rd(QTest *qts, uint32_t index)
{
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, index);
    return qtest_readl(qts, IOAPIC_PAGE + IOWIN);
}

static void wr(QTest *qts, uint32_t index, uint32_t value)
{
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, index);
    qtest_writel(qts, IOAPIC_PAGE + IOWIN, value);
}

static void line(QTest *qts, int pin, int level)
{
    qtest_set_irq_in(qts, "ioapic", "", pin, level);
}

static void test_registers(void)
{
    QTest *qts = qtest_init("-smp 1");

    g_assert_cmphex(rd(qts, 1), ==, 0x00170020);
    wr(qts, 0, 0xffffffff);
    g_assert_cmphex(rd(qts, 0), ==, 0x0f000000);
    for (uint32_t i = 0x10; i < 0x40; i += 2) {
        g_assert_cmphex(rd(qts, i) & 0x10000, ==, 0x10000);
        wr(qts, i, 0xffffffff);
        wr(qts, i + 1, 0xffffffff);
        g_assert_cmphex(rd(qts, i), ==, 0x1afff);
        g_assert_cmphex(rd(qts, i + 1), ==, 0xffff0000);
    }
    qtest_quit(qts);
}

static void test_version_11(void)
{
    QTest *qts = qtest_init("-smp 1 -global ioapic.version=0x11");

    g_assert_cmphex(rd(qts, 1), ==, 0x00170011);
    qtest_quit(qts);
}

static void test_edge_and_level(void)
{
    QTest *qts = qtest_init("-smp 1");

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    wr(qts, 0x11 + 2 * 18, 0);
    wr(qts, 0x10 + 2 * 18, 0x41); /* edge */
    line(qts, 18, 1);
    g_assert_true(qtest_apic_irr(qts, 0, 0x41));
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, 0x41);
    qtest_apic_eoi(qts, 0);
    g_assert_false(qtest_apic_irr(qts, 0, 0x41));
    line(qts, 18, 0);

    wr(qts, 0x11 + 2 * 19, 0);
    wr(qts, 0x10 + 2 * 19, 0x8052); /* level */
    line(qts, 19, 1);
    g_assert_cmphex(rd(qts, 0x10 + 2 * 19), ==, 0xc052);
    g_assert_true(qtest_apic(qts, 0).tmr[0x52]);
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, 0x52);
    qtest_apic_eoi(qts, 0); /* broadcast; the line is still high */
    g_assert_true(qtest_apic_irr(qts, 0, 0x52));
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, 0x52);
    line(qts, 19, 0);
    qtest_apic_eoi(qts, 0);
    g_assert_cmphex(rd(qts, 0x10 + 2 * 19), ==, 0x8052);
    g_assert_false(qtest_apic_irr(qts, 0, 0x52));

    line(qts, 19, 1);
    line(qts, 19, 0);
    qtest_writel(qts, IOAPIC_PAGE + IOAPIC_EOI, 0x52); /* the EOI register */
    g_assert_cmphex(rd(qts, 0x10 + 2 * 19), ==, 0x8052);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ioapic/registers", test_registers);
    g_test_add_func("/ioapic/version-11", test_version_11);
    g_test_add_func("/ioapic/edge-and-level", test_edge_and_level);
    return g_test_run();
}
