/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What some IOAPICs do that guests have to live with: each habit alone, and that it is off unless
 * it is asked for. */
#include <string.h>

#include "libqtest.h"
#include "tests/include/apic.h"
#include "tests/include/ioapic.h"

#define PIN        18
#define VECTOR     0x52
#define OTHER      0x53
#define REMOTE_IRR (1u << 14)

static QTest *start(const char *property)
{
    QTest *qts =
        qtest_initf("-smp 1 %s%s", property ? "-global ioapic." : "", property ? property : "");

    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    return qts;
}

static uint32_t entry(QTest *qts)
{
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL(PIN));
    return qtest_readl(qts, IOAPIC_PAGE + IOWIN);
}

static void set_entry(QTest *qts, uint32_t low)
{
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL(PIN));
    qtest_writel(qts, IOAPIC_PAGE + IOWIN, low);
}

static void line(QTest *qts, int level)
{
    qtest_set_irq_in(qts, "ioapic", "", PIN, level);
}

static void take(QTest *qts)
{
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, VECTOR);
}

static void why(QTest *qts, const char *expected)
{
    g_autofree char *out = qtest_hmp(qts, "why pin 18");

    if (!strstr(out, expected)) {
        g_error("not '%s':\n%s", expected, out);
    }
}

/* A level is up and its handler runs. Pins of PCI are active low. */
static void outstanding(QTest *qts)
{
    set_entry(qts, RTE_LEVEL | RTE_LOW | VECTOR);
    line(qts, 1);
    take(qts);
}

static void test_eoi_delay(void)
{
    for (unsigned late = 0; late < 2; late++) {
        QTest *qts = start(late ? "eoi-delay=5000" : NULL);

        outstanding(qts);
        qtest_apic_eoi(qts, 0);
        g_assert_cmpint(!!(entry(qts) & REMOTE_IRR), ==, 1); /* sent again, or not yet ended */
        g_assert_cmpint(qtest_apic_irr(qts, 0, VECTOR), ==, !late);
        if (late) {
            qtest_clock_step(qts, 4999);
            g_assert_false(qtest_apic_irr(qts, 0, VECTOR));
            why(qts, "an EOI for it is under way");
            line(qts, 0);
            qtest_clock_step(qts, 1);
            g_assert_false(qtest_apic_irr(qts, 0, VECTOR));
            g_assert_cmphex(entry(qts), ==, RTE_LEVEL | RTE_LOW | VECTOR);
        }
        qtest_quit(qts);
    }
}

/* EOIs that are under way arrive in their order, each after its own time, and compare the vector
 * that the entry has by then. */
static void test_eoi_order(void)
{
    QTest *qts = start("eoi-delay=5000");

    outstanding(qts);
    qtest_writel(qts, IOAPIC_PAGE + IOAPIC_EOI, OTHER);
    qtest_clock_step(qts, 1000);
    qtest_writel(qts, IOAPIC_PAGE + IOAPIC_EOI, VECTOR);
    qtest_clock_step(qts, 4000);
    g_assert_cmphex(entry(qts) & REMOTE_IRR, ==, REMOTE_IRR);
    line(qts, 0);
    qtest_clock_step(qts, 1000);
    g_assert_cmphex(entry(qts) & REMOTE_IRR, ==, 0);
    line(qts, 1);
    for (unsigned i = 0; i < 100; i++) { /* more than are remembered: the oldest arrive early */
        qtest_writel(qts, IOAPIC_PAGE + IOAPIC_EOI, i == 50 ? VECTOR : OTHER);
    }
    g_assert_cmphex(entry(qts) & REMOTE_IRR, ==, REMOTE_IRR);
    qtest_quit(qts);
}

static void test_eoi_reset(void)
{
    QTest *qts = start("eoi-delay=5000");

    outstanding(qts);
    qtest_apic_eoi(qts, 0);
    g_autoptr(JsonObject) done = qtest_qmp(qts, "{'execute': 'system_reset'}");
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(qts, "RESET");
    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    set_entry(qts, RTE_LEVEL | RTE_LOW | VECTOR); /* the line is still up */
    take(qts);
    qtest_clock_step(qts, 10000);
    g_assert_cmphex(entry(qts) & REMOTE_IRR, ==, REMOTE_IRR); /* none was under way any more */
    qtest_apic_eoi(qts, 0); /* nor does an old one come with a new one */
    qtest_clock_step(qts, 100);
    g_assert_cmphex(entry(qts) & REMOTE_IRR, ==, REMOTE_IRR);
    g_assert_false(qtest_apic_irr(qts, 0, VECTOR));
    qtest_quit(qts);
}

/* Rewritten with remote IRR set, the pin is lost until a reset; not so if it is masked only, or
 * goes through edge mode. */
static void test_stuck(void)
{
    QTest *qts = start("stuck-remote-irr=on");

    outstanding(qts);
    set_entry(qts, RTE_MASKED | RTE_LEVEL | RTE_LOW | VECTOR);
    qtest_apic_eoi(qts, 0);
    set_entry(qts, RTE_LEVEL | RTE_LOW | VECTOR);
    take(qts);
    set_entry(qts, RTE_MASKED | RTE_LOW | VECTOR); /* edge: clears remote IRR */
    qtest_apic_eoi(qts, 0);
    set_entry(qts, RTE_LEVEL | RTE_LOW | VECTOR);
    take(qts);
    set_entry(qts, RTE_LEVEL | RTE_LOW | OTHER);
    qtest_apic_eoi(qts, 0);
    qtest_writel(qts, IOAPIC_PAGE + IOAPIC_EOI, OTHER);
    g_assert_cmphex(entry(qts) & REMOTE_IRR, ==, REMOTE_IRR);
    line(qts, 0);
    line(qts, 1);
    why(qts, "its pin never sends again");
    why(qts, "the pin is stuck until a reset");
    set_entry(qts, RTE_MASKED | RTE_LOW | VECTOR);
    set_entry(qts, RTE_LOW | VECTOR);
    g_assert_cmphex(entry(qts) & REMOTE_IRR, ==, REMOTE_IRR); /* edge mode does not help */
    line(qts, 0);
    line(qts, 1); /* nor as an edge */
    g_assert_false(qtest_apic_irr(qts, 0, VECTOR));
    g_autoptr(JsonObject) done = qtest_qmp(qts, "{'execute': 'system_reset'}");
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(qts, "RESET");
    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    set_entry(qts, RTE_LEVEL | RTE_LOW | VECTOR);
    take(qts);
    qtest_quit(qts);
}

/* What waited for an EOI when the entry was rewritten is lost, and the journal says why. */
static void test_stuck_waiting(void)
{
    QTest *qts = start("stuck-remote-irr=on");

    outstanding(qts);
    line(qts, 0);
    line(qts, 1);
    why(qts, "the last one has had no EOI");
    set_entry(qts, RTE_LEVEL | RTE_LOW | OTHER);
    why(qts, "its pin never sends again");
    qtest_quit(qts);
}

static void test_not_stuck(void)
{
    QTest *qts = start(NULL);

    outstanding(qts);
    set_entry(qts, RTE_LEVEL | RTE_LOW | OTHER);
    qtest_writel(qts, IOAPIC_PAGE + IOAPIC_EOI, OTHER);
    g_assert_true(qtest_apic_irr(qts, 0, OTHER));
    qtest_quit(qts);
}

/* Masked in flight, the next level is an edge to the CPU: no EOI is broadcast for it, and the pin
 * waits for one. */
static void test_level_as_edge(void)
{
    for (unsigned habit = 0; habit < 2; habit++) {
        QTest *qts = start(habit ? "level-as-edge=on" : NULL);

        outstanding(qts);
        g_assert_true(qtest_apic(qts, 0).tmr[VECTOR]);
        set_entry(qts, RTE_MASKED | RTE_LEVEL | RTE_LOW | VECTOR);
        qtest_apic_eoi(qts, 0);
        set_entry(qts, RTE_LEVEL | RTE_LOW | VECTOR);
        g_assert_cmpint(qtest_apic(qts, 0).tmr[VECTOR], ==, !habit);
        take(qts);
        line(qts, 0);
        qtest_apic_eoi(qts, 0);
        g_assert_cmpint(!!(entry(qts) & REMOTE_IRR), ==, habit);
        if (habit) {
            qtest_writel(qts, IOAPIC_PAGE + IOAPIC_EOI, VECTOR); /* software makes up for it */
            line(qts, 1);
            g_assert_true(qtest_apic(qts, 0).tmr[VECTOR]); /* once */
        }
        qtest_quit(qts);
    }
}

/* Version 11h has none unless told; version 20h can be without. */
static void test_eoi_register(void)
{
    static const struct {
        const char *property;
        bool there;
    } rows[] = {{NULL, true},
                {"version=0x11", false},
                {"eoi-register=off", false},
                {"version=0x11 -global ioapic.eoi-register=on", true}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        QTest *qts = start(rows[i].property);

        outstanding(qts);
        line(qts, 0);
        qtest_writel(qts, IOAPIC_PAGE + IOAPIC_EOI, VECTOR);
        g_assert_cmpint(!(entry(qts) & REMOTE_IRR), ==, rows[i].there);
        set_entry(qts, RTE_MASKED | RTE_LOW | VECTOR); /* the way out without one */
        g_assert_cmphex(entry(qts) & REMOTE_IRR, ==, 0);
        qtest_quit(qts);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ioapic-habits/eoi-delay", test_eoi_delay);
    g_test_add_func("/ioapic-habits/eoi-order", test_eoi_order);
    g_test_add_func("/ioapic-habits/eoi-reset", test_eoi_reset);
    g_test_add_func("/ioapic-habits/stuck", test_stuck);
    g_test_add_func("/ioapic-habits/stuck-waiting", test_stuck_waiting);
    g_test_add_func("/ioapic-habits/not-stuck", test_not_stuck);
    g_test_add_func("/ioapic-habits/level-as-edge", test_level_as_edge);
    g_test_add_func("/ioapic-habits/eoi-register", test_eoi_register);
    return g_test_run();
}
