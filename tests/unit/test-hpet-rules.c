/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of the HPET that are easily bent unseen (IA-PC HPET 1.0a, 2.3.8 and 2.3.9): comparators of
 * 32 bits past a wrap, what a change of trigger mode does to the status, what an FSB timer sends.
 */
#include "hw/timer/hpet.h"
#include "tests/include/hpet.h"

#define PIN  20
#define WRAP (1ull << 32)

typedef struct {
    Platform platform;
    Trace trace;
    Device *dev;
    IrqLine line[32];
    unsigned rises, sent;
} Rig;

static void on_line(void *opaque, int n, bool level)
{
    ((Rig *)opaque)->rises += level;
}

static IntrResult on_send(void *opaque, const IntrMsg *msg)
{
    ((Rig *)opaque)->sent++;
    return INTR_DELIVERED;
}

static void rig_open(Rig *rig)
{
    *rig = (Rig){0};
    trace_init(&rig->trace);
    rig->platform = (Platform){
        .clock = clock_new(CLOCK_MANUAL), .memory = as_new("memory", 52), .trace = &rig->trace};
    rig->dev = device_new(&hpet_class, &rig->platform, "hpet");
    hpet_links(rig->dev)->sink = (IntrSink){.send = on_send, .opaque = rig};
    g_assert_true(device_set_prop(rig->dev, "msi", "on", NULL));
    g_assert_true(device_realize(rig->dev, NULL));
    for (int i = 0; i < 32; i++) {
        irq_line_init(&rig->line[i], on_line, rig, i);
        hpet_connect(rig->dev, i, &rig->line[i]);
    }
    as_add(rig->platform.memory, hpet_region(rig->dev), HPET_BASE);
    device_reset(rig->dev);
}

static void rig_close(Rig *rig)
{
    as_remove(rig->platform.memory, hpet_region(rig->dev));
    device_free(rig->dev);
    clock_free(rig->platform.clock);
    as_free(rig->platform.memory);
}

static uint64_t rd(Rig *rig, unsigned reg)
{
    return as_load(rig->platform.memory, HPET_BASE + reg, 8, NULL);
}

static void wr(Rig *rig, unsigned reg, uint64_t value)
{
    as_store(rig->platform.memory, HPET_BASE + reg, value, 8);
}

/* To `count` of the main counter, which started at 0 together with the clock: 10 ns each. */
static void run_to(Rig *rig, uint64_t count)
{
    clock_advance_to(rig->platform.clock, (int64_t)(count * 10));
}

/* One match a round of 2^32 counts, at the comparator's count and at no other. */
static void test_past_wraps(void)
{
    static const uint32_t comparators[] = {0, 1, 1000, 0x80000000, 0xffffffff};

    for (unsigned i = 0; i < G_N_ELEMENTS(comparators); i++) {
        Rig rig;

        rig_open(&rig);
        wr(&rig, HPET_TIMER(0), PIN << 9 | HPET_INT_ENB | HPET_32MODE);
        wr(&rig, HPET_COMPARATOR(0), comparators[i]);
        wr(&rig, HPET_CONFIG, 1);
        for (uint64_t round = 0; round < 4; round++) {
            uint64_t match = round * WRAP + comparators[i];

            if (match > 0) {
                run_to(&rig, match - 1);
                g_assert_cmpuint(rig.rises, ==, round);
            }
            run_to(&rig, match);
            g_assert_cmpuint(rig.rises, ==, round + 1);
            run_to(&rig, match + 1000);
            g_assert_cmpuint(rig.rises, ==, round + 1);
        }
        g_assert_cmphex(rd(&rig, HPET_COMPARATOR(0)), ==, comparators[i]);
        rig_close(&rig);
    }
}

/* Set beyond the counter's low half, a 32-bit comparator is 32 bits all the same; a 64-bit one
 * waits for the whole value. */
static void test_width(void)
{
    for (unsigned wide = 0; wide < 2; wide++) {
        Rig rig;

        rig_open(&rig);
        wr(&rig, HPET_TIMER(0), PIN << 9 | HPET_INT_ENB | (wide ? 0 : HPET_32MODE));
        wr(&rig, HPET_COMPARATOR(0), WRAP + 5000);
        wr(&rig, HPET_CONFIG, 1);
        run_to(&rig, 5000);
        g_assert_cmpuint(rig.rises, ==, !wide);
        run_to(&rig, WRAP + 4999);
        g_assert_cmpuint(rig.rises, ==, !wide);
        run_to(&rig, WRAP + 5000);
        g_assert_cmpuint(rig.rises, ==, 1 + !wide);
        rig_close(&rig);
    }
}

/* A periodic comparator of 32 bits wraps with the counter's low half. */
static void test_periodic_wraps(void)
{
    const uint64_t period = 0x30000000;
    Rig rig;

    rig_open(&rig);
    wr(&rig, HPET_TIMER(0), PIN << 9 | HPET_INT_ENB | HPET_32MODE | HPET_PERIODIC | HPET_VAL_SET);
    wr(&rig, HPET_COMPARATOR(0), period);
    wr(&rig, HPET_COMPARATOR(0), period);
    wr(&rig, HPET_CONFIG, 1);
    for (unsigned n = 1; n < 30; n++) {
        run_to(&rig, n * period - 1);
        g_assert_cmpuint(rig.rises, ==, n - 1);
        run_to(&rig, n * period);
        g_assert_cmpuint(rig.rises, ==, n);
        g_assert_cmphex(rd(&rig, HPET_COMPARATOR(0)), ==, (uint32_t)((n + 1) * period));
    }
    rig_close(&rig);
}

/* The status bit is a level timer's: as an edge timer it has none, and it is not there again
 * afterwards; an edge timer's matches set none. */
static void test_level_to_edge(void)
{
    Rig rig;

    rig_open(&rig);
    wr(&rig, HPET_TIMER(0), PIN << 9 | HPET_INT_ENB | HPET_LEVEL);
    wr(&rig, HPET_COMPARATOR(0), 1000);
    wr(&rig, HPET_CONFIG, 1);
    run_to(&rig, 1000);
    g_assert_cmphex(rd(&rig, HPET_STATUS), ==, 1);
    g_assert_true(irq_line_level(&rig.line[PIN]));
    wr(&rig, HPET_TIMER(0), PIN << 9 | HPET_INT_ENB);
    g_assert_cmphex(rd(&rig, HPET_STATUS), ==, 0);
    g_assert_false(irq_line_level(&rig.line[PIN]));
    wr(&rig, HPET_TIMER(0), PIN << 9 | HPET_INT_ENB | HPET_LEVEL);
    g_assert_cmphex(rd(&rig, HPET_STATUS), ==, 0);
    g_assert_false(irq_line_level(&rig.line[PIN]));
    wr(&rig, HPET_TIMER(0), PIN << 9 | HPET_INT_ENB);
    wr(&rig, HPET_COMPARATOR(0), 2000);
    run_to(&rig, 2000);
    g_assert_cmpuint(rig.rises, ==, 2);
    g_assert_cmphex(rd(&rig, HPET_STATUS), ==, 0);
    rig_close(&rig);
}

/* An FSB timer sends while HPET_INT_ENB is set, and drives no wire in any case. */
static void test_fsb_enable(void)
{
    for (unsigned level = 0; level < 2; level++) {
        Rig rig;

        rig_open(&rig);
        wr(&rig, HPET_FSB(0), 0xfee0000000000041);
        wr(&rig, HPET_TIMER(0), PIN << 9 | HPET_FSB_EN | (level ? HPET_LEVEL : 0));
        wr(&rig, HPET_COMPARATOR(0), 1000);
        wr(&rig, HPET_CONFIG, 1);
        run_to(&rig, 1500);
        g_assert_cmpuint(rig.sent, ==, 0);
        wr(&rig, HPET_TIMER(0), PIN << 9 | HPET_FSB_EN | HPET_INT_ENB | (level ? HPET_LEVEL : 0));
        g_assert_cmpuint(rig.sent, ==, 0); /* what passed is gone */
        wr(&rig, HPET_COMPARATOR(0), 2000);
        run_to(&rig, 2000);
        g_assert_cmpuint(rig.sent, ==, 1);
        wr(&rig, HPET_TIMER(0), PIN << 9 | HPET_FSB_EN | (level ? HPET_LEVEL : 0));
        wr(&rig, HPET_COMPARATOR(0), 3000);
        run_to(&rig, 3000);
        g_assert_cmpuint(rig.sent, ==, 1);
        g_assert_cmpuint(rig.rises, ==, 0);
        rig_close(&rig);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hpet-rules/past-wraps", test_past_wraps);
    g_test_add_func("/hpet-rules/width", test_width);
    g_test_add_func("/hpet-rules/periodic-wraps", test_periodic_wraps);
    g_test_add_func("/hpet-rules/level-to-edge", test_level_to_edge);
    g_test_add_func("/hpet-rules/fsb-enable", test_fsb_enable);
    return g_test_run();
}
