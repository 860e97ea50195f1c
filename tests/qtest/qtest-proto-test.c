/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qtest protocol's answers, to the letter. */
#include <string.h>

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

/* Lines of words that exist and words that do not, from a fixed seed. */
static void test_random(void)
{
    static const char *const words[] = {
        "inb",
        "outl",
        "readq",
        "write",
        "b64read",
        "b64write",
        "memset",
        "clock_step",
        "apic_ack",
        "irq_intercept_in",
        "set_irq_in",
        "msr_write",
        "0",
        "1",
        "0x1000",
        "0xffffffffffffffff",
        "-1",
        "x",
        "99999999999999999999",
        "0x",
        "",
        "\t",
        "clock_set",
        "apic",
        "unnamed-gpio-in",
    };
    QTest *qts = qtest_init("-machine none");
    GRand *rand = g_rand_new_with_seed(1);
    for (int i = 0; i < 2000; i++) {
        GString *line = g_string_new("x");
        int count = g_rand_int_range(rand, 1, 6);
        g_string_truncate(line, 0);
        for (int w = 0; w < count; w++) {
            g_string_append_printf(line, "%s ",
                                   words[g_rand_int_range(rand, 0, G_N_ELEMENTS(words))]);
        }
        g_string_prepend(line, i % 2 ? "" : "readb ");
        if (strspn(line->str, " ") != line->len) {
            g_free(qtest_command(qts, "%s", line->str));
        }
        g_string_free(line, TRUE);
    }
    g_rand_free(rand);
    assert_answer(qts, "endianness", "little");
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest-proto/basic", test_basic);
    g_test_add_func("/qtest-proto/clock", test_clock);
    g_test_add_func("/qtest-proto/garbage", test_garbage);
    g_test_add_func("/qtest-proto/random", test_random);
    return g_test_run();
}
