/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RTC's time in each format (MC146818A data sheet, table 2), and what SET does to register B.
 */
#include "libqtest.h"

#define SECONDS 0x00
#define MINUTES 0x02
#define HOURS   0x04
#define REG_B   0x0b
#define B_SET   0x80
#define B_AIE   0x20
#define B_UIE   0x10
#define B_DM    0x04
#define B_24    0x02

static uint8_t bcd(unsigned value)
{
    return (uint8_t)(value / 10 << 4 | value % 10);
}

/* Midnight is 12 AM and noon 12 PM, in both formats and in both directions. */
static void test_hours(void)
{
    QTest *qts = qtest_init("-smp 1");
    qtest_cmos_write(qts, MINUTES, 0);
    qtest_cmos_write(qts, SECONDS, 0);
    for (unsigned hour = 0; hour < 24; hour++) {
        unsigned twelve = hour % 12 ? hour % 12 : 12, pm = hour >= 12 ? 0x80 : 0;
        g_test_message("hour %u", hour);
        qtest_cmos_write(qts, REG_B, B_24);
        qtest_cmos_write(qts, HOURS, bcd(hour));
        qtest_cmos_write(qts, REG_B, 0);
        g_assert_cmphex(qtest_cmos_read(qts, HOURS), ==, bcd(twelve) | pm);
        qtest_cmos_write(qts, REG_B, B_DM);
        g_assert_cmphex(qtest_cmos_read(qts, HOURS), ==, twelve | pm);
        qtest_cmos_write(qts, REG_B, B_24);
        qtest_cmos_write(qts, HOURS, 0x05);
        qtest_cmos_write(qts, REG_B, 0);
        qtest_cmos_write(qts, HOURS, (uint8_t)(bcd(twelve) | pm));
        qtest_cmos_write(qts, REG_B, B_24 | B_DM);
        g_assert_cmphex(qtest_cmos_read(qts, HOURS), ==, hour);
    }
    qtest_quit(qts);
}

/* SET clears UIE, and leaves the other enables. */
static void test_set(void)
{
    QTest *qts = qtest_init("-smp 1");
    qtest_cmos_write(qts, REG_B, B_24 | B_UIE | B_AIE);
    g_assert_cmphex(qtest_cmos_read(qts, REG_B), ==, B_24 | B_UIE | B_AIE);
    qtest_cmos_write(qts, REG_B, B_SET | B_24 | B_UIE | B_AIE);
    g_assert_cmphex(qtest_cmos_read(qts, REG_B), ==, B_SET | B_24 | B_AIE);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtc/hours", test_hours);
    g_test_add_func("/rtc/set", test_set);
    return g_test_run();
}
