/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * i8254 on the board (Intel 8254 data sheet): what OUT and the count are at single input clocks,
 * the gate, latches, the null count. Channel 2, for port 61h has its gate and its OUT.
 */
#include "libqtest.h"

#define HZ      1193182
#define COUNT   1000u
#define CHANNEL 2
#define DATA    (0x40 + CHANNEL)
#define CONTROL 0x43
#define PORT_61 0x61

typedef struct {
    QTest *qts;
    int64_t start; /* when the count was loaded */
} Pit;

static void set_gate(Pit *p, bool high)
{
    qtest_outb(p->qts, PORT_61, high);
}

static bool out(Pit *p)
{
    return qtest_inb(p->qts, PORT_61) >> 5 & 1;
}

static void load(Pit *p, uint16_t count)
{
    qtest_outb(p->qts, DATA, (uint8_t)count);
    qtest_outb(p->qts, DATA, (uint8_t)(count >> 8));
}

static Pit pit_start(unsigned mode)
{
    Pit p = {.qts = qtest_init("-smp 1")};
    set_gate(&p, true);
    qtest_outb(p.qts, CONTROL, (uint8_t)(CHANNEL << 6 | 3 << 4 | mode << 1));
    load(&p, COUNT);
    p.start = qtest_clock_step(p.qts, 1) - 1;
    return p;
}

/* The middle of the given input clock after the start. */
static void go_to(Pit *p, uint64_t clock)
{
    qtest_clock_set(p->qts, p->start + (int64_t)((clock * 1000000000 + 500000000) / HZ));
}

static void latch(Pit *p)
{
    qtest_outb(p->qts, CONTROL, CHANNEL << 6);
}

static uint16_t take(Pit *p)
{
    uint8_t low = qtest_inb(p->qts, DATA);
    return (uint16_t)(qtest_inb(p->qts, DATA) << 8 | low);
}

static uint16_t count(Pit *p)
{
    latch(p);
    return take(p);
}

static uint8_t status(Pit *p)
{
    qtest_outb(p->qts, CONTROL, 0xe0 | 2 << CHANNEL);
    return qtest_inb(p->qts, DATA);
}

static void test_rate(void)
{
    Pit p = pit_start(2);
    for (unsigned cycle = 0; cycle < 3; cycle++) {
        static const unsigned clocks[] = {0, 1, COUNT / 2, COUNT - 3, COUNT - 2, COUNT - 1};
        for (unsigned i = 0; i < G_N_ELEMENTS(clocks); i++) {
            go_to(&p, cycle * COUNT + clocks[i]);
            g_assert_cmpint(out(&p), ==, clocks[i] != COUNT - 1);
            g_assert_cmpuint(count(&p), ==, COUNT - clocks[i]);
        }
    }
    qtest_quit(p.qts);
}

/* A low gate holds the count and OUT high; a rising one starts the cycle anew. */
static void test_gate(void)
{
    Pit p = pit_start(2);
    go_to(&p, COUNT / 2);
    set_gate(&p, false);
    go_to(&p, 3 * COUNT - 1);
    g_assert_true(out(&p));
    g_assert_cmpuint(count(&p), ==, COUNT / 2);
    set_gate(&p, true);
    g_assert_cmpuint(count(&p), ==, COUNT);
    p.start = qtest_clock_step(p.qts, 1) - 1;
    go_to(&p, 10);
    g_assert_cmpuint(count(&p), ==, COUNT - 10);
    qtest_quit(p.qts);
}

/* A latched count stays until it is read, whatever is latched meanwhile. */
static void test_latch(void)
{
    Pit p = pit_start(2);
    go_to(&p, 100);
    latch(&p);
    go_to(&p, 200);
    latch(&p);
    g_assert_cmpuint(take(&p), ==, COUNT - 100);
    g_assert_cmpuint(count(&p), ==, COUNT - 200);
    qtest_quit(p.qts);
}

/* The status says whether the count that was written has got to where it counts. */
static void test_null_count(void)
{
    Pit p = pit_start(2);
    enum { NULL_COUNT = 0x40 };
    g_assert_cmphex(status(&p) & NULL_COUNT, ==, 0);
    go_to(&p, 100);
    load(&p, 2 * COUNT);
    g_assert_cmphex(status(&p) & NULL_COUNT, ==, NULL_COUNT);
    g_assert_cmpuint(count(&p), ==, COUNT - 100);
    go_to(&p, COUNT + 5);
    g_assert_cmphex(status(&p) & NULL_COUNT, ==, 0);
    g_assert_cmpuint(count(&p), ==, 2 * COUNT - 5);
    qtest_outb(p.qts, CONTROL, CHANNEL << 6 | 3 << 4 | 2 << 1);
    g_assert_cmphex(status(&p) & NULL_COUNT, ==, NULL_COUNT);
    qtest_quit(p.qts);
}

/* In mode 0 the first byte of a new count stops the old one. */
static void test_first_byte(void)
{
    Pit p = pit_start(0);
    go_to(&p, COUNT / 2);
    qtest_outb(p.qts, DATA, COUNT & 0xff);
    go_to(&p, 2 * COUNT);
    g_assert_false(out(&p));
    qtest_outb(p.qts, DATA, COUNT >> 8);
    p.start = qtest_clock_step(p.qts, 1) - 1;
    go_to(&p, COUNT - 2);
    g_assert_false(out(&p));
    go_to(&p, COUNT + 1);
    g_assert_true(out(&p));
    qtest_quit(p.qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pit/rate", test_rate);
    g_test_add_func("/pit/gate", test_gate);
    g_test_add_func("/pit/latch", test_latch);
    g_test_add_func("/pit/null-count", test_null_count);
    g_test_add_func("/pit/first-byte", test_first_byte);
    return g_test_run();
}
