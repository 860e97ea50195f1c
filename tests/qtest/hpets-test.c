/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HPET blocks: each comparator's messages through the remapping unit, widths, and what is not
 * there.
 */
#include "tests/include/apic.h"
#include "tests/include/hpet.h"
#include "vtd-lib.h"

#define SECOND    (HPET_PAGE + 0x1000)
#define SID_FIRST 0xff08 /* the board's own; each after it has the next function */
#define VECTOR    0x40
#define COUNT_NS  10
#define TIMERS    32

enum { GCAP_COUNT_SIZE = 1 << 13, GCAP_LEG_RT = 1 << 15, TN_SIZE_CAP = 1 << 5 };

static void wr(QTest *qts, uint64_t at, uint64_t value)
{
    qtest_writel(qts, at, (uint32_t)value);
    qtest_writel(qts, at + 4, (uint32_t)(value >> 32));
}

/* Timer `n` is to send `address` and `data` when the counter is at `count`. */
static void set_message(QTest *qts, uint64_t page, unsigned n, uint64_t address, uint32_t data,
                        uint64_t count)
{
    wr(qts, page + HPET_FSB(n), address << 32 | data);
    qtest_writel(qts, page + HPET_TIMER(n), HPET_FSB_EN | HPET_INT_ENB);
    wr(qts, page + HPET_COMPARATOR(n), count);
}

/* Every comparator of two blocks has an entry of the table for its block's source id. The last of
 * each is refused: its entry is for the other block. */
static void test_remapped(void)
{
    Vtd *v = vtd_start(" -global hpet.timers=32 -device hpet,timers=32", 1, false);

    vtd_remap_on(v, 7, false);
    for (unsigned i = 0; i < 2 * TIMERS; i++) {
        bool other = i / TIMERS, last = i % TIMERS == TIMERS - 1;
        Pair irte = irte_for((uint8_t)(VECTOR + i), 0, false);

        irte.high = IRTE_SVT_SID | (SID_FIRST + (last ? !other : other));
        vtd_set_irte(v, i, irte);
        set_message(v->qts, other ? SECOND : HPET_PAGE, i % TIMERS, remappable_address(i, false), 0,
                    100 + 100 * (i % TIMERS));
    }
    vtd_flush_iec(v);
    for (unsigned other = 0; other < 2; other++) {
        uint64_t page = other ? SECOND : HPET_PAGE;

        g_assert_cmphex(qtest_readl(v->qts, page) >> 8 & 0x1f, ==, TIMERS - 1);
        qtest_writel(v->qts, page + HPET_CONFIG, 1);
        for (unsigned n = 0; n < TIMERS; n++) {
            unsigned i = other * TIMERS + n;

            qtest_clock_step(v->qts, 100 * COUNT_NS - 1);
            g_assert_false(qtest_apic_irr(v->qts, 0, (uint8_t)(VECTOR + i)));
            qtest_clock_step(v->qts, 1);
            g_assert_cmpint(vtd_took(v, 0, (uint8_t)(VECTOR + i)), ==, n < TIMERS - 1);
        }
        vtd_expect_fault(v, 0x26, (uint16_t)(SID_FIRST + other),
                         (uint64_t)(other * TIMERS + TIMERS - 1) << 48);
        qtest_writel(v->qts, page + HPET_CONFIG, 0);
    }
    vtd_stop(v);
}

/* A message each period. */
static void test_periodic(void)
{
    Vtd *v = vtd_start("", 1, false);
    QTest *qts = v->qts;

    wr(qts, HPET_PAGE + HPET_FSB(2), APIC_PAGE << 32 | VECTOR);
    qtest_writel(qts, HPET_PAGE + HPET_TIMER(2),
                 HPET_FSB_EN | HPET_INT_ENB | HPET_PERIODIC | HPET_VAL_SET);
    qtest_writeq(qts, HPET_PAGE + HPET_COMPARATOR(2), 1000);
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 1);
    for (unsigned i = 0; i < 10; i++) {
        qtest_clock_step(qts, 1000 * COUNT_NS - 1);
        g_assert_false(vtd_took(v, 0, VECTOR));
        qtest_clock_step(qts, 1);
        g_assert_true(vtd_took(v, 0, VECTOR));
    }
    vtd_stop(v);
}

/* A counter of 32 bits wraps, and a comparator behind the wrap matches after it. */
static void test_count_size(void)
{
    QTest *qts = qtest_init("-global hpet.count-size=32 -global hpet.msi=on");

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    g_assert_cmphex(qtest_readl(qts, HPET_PAGE) & GCAP_COUNT_SIZE, ==, 0);
    g_assert_cmphex(qtest_readl(qts, HPET_PAGE + HPET_TIMER(0)) & TN_SIZE_CAP, ==, 0);
    g_assert_cmphex(qtest_readq(qts, HPET_PAGE + HPET_COMPARATOR(0)), ==, 0xffffffff);
    wr(qts, HPET_PAGE + HPET_COUNTER, 0x1fffffff0);
    g_assert_cmphex(qtest_readq(qts, HPET_PAGE + HPET_COUNTER), ==, 0xfffffff0);
    set_message(qts, HPET_PAGE, 0, APIC_PAGE, VECTOR, 0x700000010);
    g_assert_cmphex(qtest_readq(qts, HPET_PAGE + HPET_COMPARATOR(0)), ==, 0x10);
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 1);
    qtest_clock_step(qts, 31 * COUNT_NS);
    g_assert_cmphex(qtest_readq(qts, HPET_PAGE + HPET_COUNTER), ==, 0xf);
    g_assert_false(qtest_apic_irr(qts, 0, VECTOR));
    qtest_clock_step(qts, COUNT_NS);
    g_assert_true(qtest_apic_irr(qts, 0, VECTOR));
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 0);
    qtest_clock_step(qts, 1000);
    g_assert_cmphex(qtest_readq(qts, HPET_PAGE + HPET_COUNTER), ==, 0x10);
    qtest_quit(qts);
}

/* Comparators of 32 bits with a counter of 64 match once in 2^32 counts. */
static void test_timer_size(void)
{
    QTest *qts = qtest_init("-global hpet.timer-size=32 -global hpet.msi=on");

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    g_assert_cmphex(qtest_readl(qts, HPET_PAGE) & GCAP_COUNT_SIZE, ==, GCAP_COUNT_SIZE);
    g_assert_cmphex(qtest_readl(qts, HPET_PAGE + HPET_TIMER(1)) & TN_SIZE_CAP, ==, 0);
    qtest_writel(qts, HPET_PAGE + HPET_TIMER(1), HPET_32MODE);
    g_assert_cmphex(qtest_readl(qts, HPET_PAGE + HPET_TIMER(1)) & HPET_32MODE, ==, 0);
    wr(qts, HPET_PAGE + HPET_COUNTER, 0x500000000);
    set_message(qts, HPET_PAGE, 1, APIC_PAGE, VECTOR, 1000);
    qtest_writel(qts, HPET_PAGE + HPET_CONFIG, 1);
    for (unsigned i = 0; i < 2; i++) {
        qtest_clock_step(qts, i ? (1ll << 32) * COUNT_NS : 1000 * COUNT_NS);
        g_assert_cmpint(qtest_apic_ack(qts, 0), ==, VECTOR);
        qtest_apic_eoi(qts, 0);
    }
    qtest_quit(qts);
}

/* No capability, no message: bits and route read back as 0, and the timer keeps its pin. */
static void test_no_messages(void)
{
    static const struct {
        const char *args;
        bool there;
    } rows[] = {{"-machine q35 -nodefaults", false},
                {"-machine q35 -nodefaults -device intel-iommu", true},
                {"-machine q35 -nodefaults -device intel-iommu -global hpet.msi=off", false},
                {"-machine q35 -nodefaults -global hpet.msi=on", true}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        QTest *qts = qtest_init(rows[i].args);
        bool there = rows[i].there;

        for (unsigned n = 0; n < 3; n++) {
            set_message(qts, HPET_PAGE, n, APIC_PAGE, VECTOR, 1000);
            uint32_t conf = qtest_readl(qts, HPET_PAGE + HPET_TIMER(n));
            g_assert_cmphex(conf & (HPET_FSB_CAP | HPET_FSB_EN), ==,
                            there ? HPET_FSB_CAP | HPET_FSB_EN : 0);
            g_assert_cmphex(qtest_readq(qts, HPET_PAGE + HPET_FSB(n)), ==,
                            there ? APIC_PAGE << 32 | VECTOR : 0);
        }
        qtest_quit(qts);
    }
}

/* Only the board's own block takes the i8254's and the RTC's interrupts over. */
static void test_legacy(void)
{
    QTest *qts = qtest_init("-device hpet");

    for (unsigned other = 0; other < 2; other++) {
        uint64_t page = other ? SECOND : HPET_PAGE;

        g_assert_cmpint(!!(qtest_readl(qts, page) & GCAP_LEG_RT), ==, !other);
        qtest_writel(qts, page + HPET_CONFIG, 2);
        g_assert_cmphex(qtest_readl(qts, page + HPET_CONFIG), ==, other ? 0 : 2);
    }
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hpets/remapped", test_remapped);
    g_test_add_func("/hpets/periodic", test_periodic);
    g_test_add_func("/hpets/count-size", test_count_size);
    g_test_add_func("/hpets/timer-size", test_timer_size);
    g_test_add_func("/hpets/no-messages", test_no_messages);
    g_test_add_func("/hpets/legacy", test_legacy);
    return g_test_run();
}
