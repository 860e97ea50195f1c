/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qtest protocol's answers, to the letter. */
#include "libqtest.h"

static void assert_answer(QTest *qts, const char *command, const char *expected)
{
    g_autofree char *answer = qtest_command(qts, "%s", command);
    g_assert_cmpstr(answer, ==, expected);
}

static void test_basic(void)
{
    QTest *qts = qtest_init("-machine none");
    assert_answer(qts, "endianness", "little");
    assert_answer(qts, "inb 0x70", "0x00ff");
    assert_answer(qts, "inw 0x70", "0xffff");
    assert_answer(qts, "inl 0x70", "0xffffffff");
    assert_answer(qts, "outb 0x70 0x1", "");
    assert_answer(qts, "readb 0x1000", "0x00000000000000ff");
    assert_answer(qts, "readq 0x1000", "0xffffffffffffffff");
    assert_answer(qts, "writel 0x1000 0x12345678", "");
    assert_answer(qts, "read 0x1000 3", "0xffffff");
    assert_answer(qts, "b64read 0x1000 3", "////");
    assert_answer(qts, "memset 0x1000 0x100 0x55", "");
    qtest_quit(qts);
}

static void test_clock(void)
{
    QTest *qts = qtest_init("-machine none");
    assert_answer(qts, "clock_step 1000", "1000");
    assert_answer(qts, "clock_set 5000", "5000");
    assert_answer(qts, "clock_set 10", "5000");
    /* No timer: the clock stands. */
    assert_answer(qts, "clock_step", "5000");
    qtest_quit(qts);
}

static void test_garbage(void)
{
    QTest *qts = qtest_init("-machine none");
    assert_answer(qts, "frobnicate 1 2", "FAIL Unknown command 'frobnicate'");
    assert_answer(qts, "inb", "FAIL inb needs 1 arguments");
    assert_answer(qts, "inb zz", "FAIL 'zz' is no number");
    assert_answer(qts, "irq_intercept_in nothing", "FAIL Unknown device");
    assert_answer(qts, "set_irq_in nothing unnamed-gpio-in 0 1", "FAIL Unknown device");
    assert_answer(qts, "read 0 0xffffffffffffffff",
                  "FAIL length 18446744073709551615 is over 16777216");
    assert_answer(qts, "apic 0", "FAIL there is no CPU 0");
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest-proto/basic", test_basic);
    g_test_add_func("/qtest-proto/clock", test_clock);
    g_test_add_func("/qtest-proto/garbage", test_garbage);
    return g_test_run();
}
