/* SPDX-License-Identifier: GPL-2.0-or-later */
/* i8259, i8254 and RTC on the board: ports, and interrupts from the timer chips to the pair. */
#include "libqtest.h"

static void init_pics(QTest *qts)
{
    static const uint8_t words[2][4] = {{0x11, 0x30, 0x04, 0x01}, {0x11, 0x38, 0x02, 0x01}};

    for (unsigned i = 0; i < 2; i++) {
        uint16_t port = i ? 0xa0 : 0x20;

        qtest_outb(qts, port, words[i][0]);
        for (unsigned n = 1; n < 4; n++) {
            qtest_outb(qts, port + 1, words[i][n]);
        }
        qtest_outb(qts, port + 1, 0xff);
    }
}

static void test_pic_registers(void)
{
    QTest *qts = qtest_init("-smp 1");

    init_pics(qts);
    qtest_outb(qts, 0x21, 0x5a);
    qtest_outb(qts, 0xa1, 0xa5);
    g_assert_cmphex(qtest_inb(qts, 0x21), ==, 0x5a);
    g_assert_cmphex(qtest_inb(qts, 0xa1), ==, 0xa5);
    /* Initialisation clears the mask. */
    qtest_outb(qts, 0x20, 0x11);
    for (uint8_t word = 2; word <= 4; word++) {
        qtest_outb(qts, 0x21, word == 2 ? 0x30 : word == 3 ? 0x04 : 0x01);
    }
    g_assert_cmphex(qtest_inb(qts, 0x21), ==, 0);
    qtest_outb(qts, 0x4d0, 0xff);
    qtest_outb(qts, 0x4d1, 0xff);
    g_assert_cmphex(qtest_inb(qts, 0x4d0), ==, 0xf8);
    g_assert_cmphex(qtest_inb(qts, 0x4d1), ==, 0xde);
    qtest_quit(qts);
}

static void test_pit_to_pic(void)
{
    QTest *qts = qtest_init("-smp 1");

    init_pics(qts);
    qtest_outb(qts, 0x43, 0x30);
    init_pics(qts); /* forget edges of before */
    qtest_outb(qts, 0x40, 0xe8);
    qtest_outb(qts, 0x40, 0x03);
    g_assert_cmphex(qtest_inb(qts, 0x20) & 1, ==, 0);
    qtest_clock_step(qts, 900000);
    g_assert_cmphex(qtest_inb(qts, 0x20) & 1, ==, 1);
    qtest_quit(qts);
}

static void test_pit_port61(void)
{
    QTest *qts = qtest_init("-smp 1");

    qtest_outb(qts, 0x61, 0);
    qtest_outb(qts, 0x43, 0xb0);
    qtest_outb(qts, 0x42, 0xe8);
    qtest_outb(qts, 0x42, 0x03);
    qtest_clock_step(qts, 900000);
    g_assert_cmphex(qtest_inb(qts, 0x61) & 0x20, ==, 0);
    qtest_outb(qts, 0x61, 1);
    qtest_clock_step(qts, 900000);
    g_assert_cmphex(qtest_inb(qts, 0x61) & 0x21, ==, 0x21);
    qtest_quit(qts);
}

static void test_rtc_date(void)
{
    QTest *qts = qtest_init("-smp 1 -rtc base=2024-02-29T23:59:59");

    g_assert_cmphex(qtest_cmos_read(qts, 7), ==, 0x29);
    qtest_clock_step(qts, 1000000000);
    g_assert_cmphex(qtest_cmos_read(qts, 7), ==, 0x01);
    g_assert_cmphex(qtest_cmos_read(qts, 8), ==, 0x03);
    g_assert_cmphex(qtest_cmos_read(qts, 9), ==, 0x24);
    g_assert_cmphex(qtest_cmos_read(qts, 0x32), ==, 0x20);
    g_assert_cmphex(qtest_cmos_read(qts, 0x0d), ==, 0x80);
    qtest_quit(qts);
}

static void test_rtc_to_pic(void)
{
    QTest *qts = qtest_init("-smp 1");

    init_pics(qts);
    qtest_cmos_read(qts, 0x0c);
    qtest_cmos_write(qts, 0x0b, 0x12);
    qtest_clock_step(qts, 1000000000);
    g_assert_cmphex(qtest_inb(qts, 0xa0) & 1, ==, 1);
    g_assert_cmphex(qtest_cmos_read(qts, 0x0c) & 0x90, ==, 0x90);
    g_assert_cmphex(qtest_cmos_read(qts, 0x0c), ==, 0);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i8259/registers", test_pic_registers);
    g_test_add_func("/i8254/to-pic", test_pit_to_pic);
    g_test_add_func("/i8254/port61", test_pit_port61);
    g_test_add_func("/rtc/date", test_rtc_date);
    g_test_add_func("/rtc/to-pic", test_rtc_to_pic);
    return g_test_run();
}
