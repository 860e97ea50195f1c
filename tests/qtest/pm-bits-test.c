/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI power management registers (ACPI 4.8.3): status bits are cleared by writing 1 and by nothing
 * else, enable bits are written, and each byte is its own.
 */
#include "libqtest.h"
#include "tests/include/pm.h"

static void press_button(QTest *qts)
{
    json_object_unref(qtest_qmp(qts, "{'execute': 'system_powerdown'}"));
    /* The main loop presses the button between two commands. */
    qtest_wait_inw(qts, PM1_STS, PM1_PWRBTN);
}

static void test_status(void)
{
    QTest *qts = qtest_init("");
    press_button(qts);
    qtest_outw(qts, PM1_STS, 0);
    qtest_outw(qts, PM1_STS, (uint16_t)~PM1_PWRBTN);
    qtest_outb(qts, PM1_STS, 0xff);
    g_assert_cmphex(qtest_inw(qts, PM1_STS) & PM1_PWRBTN, ==, PM1_PWRBTN);
    g_assert_cmphex(qtest_inb(qts, PM1_STS + 1) & 1, ==, 1);
    qtest_outb(qts, PM1_STS + 1, PM1_PWRBTN >> 8);
    g_assert_cmphex(qtest_inw(qts, PM1_STS) & PM1_PWRBTN, ==, 0);
    qtest_quit(qts);
}

/* The interrupt is up while a status bit and its enable bit are both set. */
static void test_interrupt(void)
{
    QTest *qts = qtest_init("");
    qtest_irq_intercept_in(qts, "ioapic");
    press_button(qts);
    g_assert_false(qtest_get_irq(qts, SCI));
    qtest_outw(qts, PM1_EN, PM1_PWRBTN);
    g_assert_true(qtest_get_irq(qts, SCI));
    qtest_outw(qts, PM1_EN, 0);
    g_assert_false(qtest_get_irq(qts, SCI));
    qtest_outb(qts, PM1_EN + 1, PM1_PWRBTN >> 8);
    g_assert_true(qtest_get_irq(qts, SCI));
    qtest_outw(qts, PM1_STS, PM1_PWRBTN);
    g_assert_false(qtest_get_irq(qts, SCI));
    qtest_quit(qts);
}

static void test_enable(void)
{
    QTest *qts = qtest_init("");
    qtest_outw(qts, PM1_EN, 0x0121);
    qtest_outb(qts, PM1_EN + 1, 0x00);
    g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, 0x0021);
    qtest_outb(qts, PM1_EN, 0x01);
    qtest_outb(qts, PM1_EN + 1, 0x01);
    g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, 0x0101);
    qtest_outb(qts, PM1_EN, 0x00);
    g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, 0x0100);
    qtest_quit(qts);
}

static void test_general(void)
{
    QTest *qts = qtest_init("");
    for (uint16_t i = 0; i < 8; i++) {
        qtest_outb(qts, GPE0_STS + i, 0xff);
        g_assert_cmphex(qtest_inb(qts, GPE0_STS + i), ==, 0);
        qtest_outb(qts, GPE0_EN + i, (uint8_t)(0x11 * i));
    }
    for (uint16_t i = 0; i < 8; i++) {
        g_assert_cmphex(qtest_inb(qts, GPE0_EN + i), ==, 0x11 * i);
    }
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pm-bits/status", test_status);
    g_test_add_func("/pm-bits/interrupt", test_interrupt);
    g_test_add_func("/pm-bits/enable", test_enable);
    g_test_add_func("/pm-bits/general", test_general);
    return g_test_run();
}
