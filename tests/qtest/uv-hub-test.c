/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uv-hub: messages at once and by its clock, masked, and what the registers hold. */
#include <string.h>

#include "tests/include/uv.h"
#include "tests/qtest/libqtest.h"

#define MACHINE "-machine q35 -nodefaults -smp 2 -device uv-hub,pnode=5,rtc-hz=1000000"
#define VECTOR  0x61

static uint64_t uv_read(QTest *qts, uint32_t reg)
{
    return qtest_readq(qts, UV_LOCAL_MMR_BASE + reg);
}

static void uv_write(QTest *qts, uint32_t reg, uint64_t value)
{
    qtest_writeq(qts, UV_LOCAL_MMR_BASE + reg, value);
}

static QTest *start(void)
{
    QTest *qts = qtest_init(MACHINE);
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        qtest_msr_write(qts, cpu, 0x1b, 0xfee00c00 | (cpu == 0) << 8); /* x2APIC */
        qtest_msr_write(qts, cpu, 0x80f, 0x1ff);
    }
    return qts;
}

static bool took(QTest *qts, unsigned cpu)
{
    bool there = qtest_apic_irr(qts, cpu, VECTOR);
    if (there) {
        g_assert_cmpint(qtest_apic_ack(qts, cpu), ==, VECTOR);
        qtest_apic_eoi(qts, cpu);
    }
    return there;
}

static void test_registers(void)
{
    QTest *qts = start();
    g_assert_cmphex(uv_read(qts, UV_NODE_ID), ==, 1 | UV4_PART_NUMBER << 12 | 5ull << 32);
    g_assert_cmphex(uv_read(qts, UV_RTC1_INT_CONFIG), ==, UV_ENTRY_MASK);
    uv_write(qts, UV_RTC1_INT_CONFIG, UINT64_MAX & ~UV_ENTRY_MASK);
    g_assert_cmphex(uv_read(qts, UV_RTC1_INT_CONFIG), ==, 0xffffffff00000fff);
    qtest_writel(qts, UV_LOCAL_MMR_BASE + UV_RTC1_INT_CONFIG, 0); /* too narrow */
    g_assert_cmphex(uv_read(qts, UV_RTC1_INT_CONFIG), ==, 0xffffffff00000fff);
    uv_write(qts, UV_INT_CMPB, UINT64_MAX);
    g_assert_cmphex(uv_read(qts, UV_INT_CMPB), ==, UINT64_MAX >> 8);
    qtest_quit(qts);
}

static void test_at_once(void)
{
    QTest *qts = start();
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        uv_write(qts, UV_IPI_INT, cpu << 16 | VECTOR); /* without bit 63 */
        g_assert_false(took(qts, cpu));
        uv_write(qts, UV_IPI_INT, UV_IPI_SEND | cpu << 16 | VECTOR);
        g_assert_true(took(qts, cpu));
        g_assert_false(took(qts, !cpu));
    }
    qtest_quit(qts);
}

static void test_clock(void)
{
    QTest *qts = start();
    qtest_clock_step(qts, 1000000);
    g_assert_cmpuint(uv_read(qts, UV_RTC), ==, 1000);
    uv_write(qts, UV_RTC1_INT_CONFIG, 1ull << 32 | VECTOR);
    uv_write(qts, UV_INT_CMPB, 1500);
    qtest_clock_step(qts, 499000);
    g_assert_false(took(qts, 1));
    g_assert_cmphex(uv_read(qts, UV_EVENT_OCCURRED2), ==, 0);
    qtest_clock_step(qts, 2000);
    g_assert_true(took(qts, 1));
    g_assert_cmphex(uv_read(qts, UV_EVENT_OCCURRED2), ==, UV_EVENT_RTC_1);
    uv_write(qts, UV_EVENT_OCCURRED2_ALIAS, 1);
    g_assert_cmphex(uv_read(qts, UV_EVENT_OCCURRED2_ALIAS), ==, UV_EVENT_RTC_1);
    uv_write(qts, UV_EVENT_OCCURRED2_ALIAS, UV_EVENT_RTC_1);
    g_assert_cmphex(uv_read(qts, UV_EVENT_OCCURRED2), ==, 0);
    qtest_clock_step(qts, 1000000000);
    g_assert_false(took(qts, 1));
    uv_write(qts, UV_INT_CMPB, uv_read(qts, UV_RTC)); /* it is that now: after 2^56 again */
    qtest_clock_step(qts, 1000000000);
    g_assert_false(took(qts, 1));
    qtest_quit(qts);
}

static void test_masked(void)
{
    QTest *qts = start();
    uv_write(qts, UV_RTC1_INT_CONFIG, UV_ENTRY_MASK | VECTOR);
    uv_write(qts, UV_INT_CMPB, 1000);
    qtest_clock_step(qts, 2000000);
    g_assert_cmphex(uv_read(qts, UV_EVENT_OCCURRED2), ==, UV_EVENT_RTC_1);
    uv_write(qts, UV_RTC1_INT_CONFIG, VECTOR);
    qtest_clock_step(qts, 2000000);
    g_assert_false(took(qts, 0));
    g_autofree char *out = qtest_hmp(qts, "info journal kind=uv-hub,state=hub-masked");
    g_assert_nonnull(strstr(out, "RTC1_INT_CONFIG"));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/uv-hub/registers", test_registers);
    g_test_add_func("/uv-hub/at-once", test_at_once);
    g_test_add_func("/uv-hub/clock", test_clock);
    g_test_add_func("/uv-hub/masked", test_masked);
    return g_test_run();
}
