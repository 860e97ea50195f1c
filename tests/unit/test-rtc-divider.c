/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RTC's divider: which settings of DV keep time and how fast, its reset, and what hangs from
 * it. */
#include "hw/rtc/mc146818.h"

typedef struct {
    Platform platform;
    Trace trace;
    Device *dev;
} Rig;

static void rig_open(Rig *rig)
{
    *rig = (Rig){0};
    trace_init(&rig->trace);
    rig->platform = (Platform){
        .clock = clock_new(CLOCK_MANUAL), .ports = as_new("ports", 16), .trace = &rig->trace};
    rig->dev = device_new(&mc146818_class, &rig->platform, "rtc");
    g_assert_true(device_set_prop(rig->dev, "base", "2024-02-29T12:00:00", NULL));
    g_assert_true(device_realize(rig->dev, NULL));
    device_reset(rig->dev);
}

static void rig_close(Rig *rig)
{
    device_free(rig->dev);
    clock_free(rig->platform.clock);
    as_free(rig->platform.ports);
}

static void advance(Rig *rig, int64_t ns)
{
    clock_advance_to(rig->platform.clock, clock_now(rig->platform.clock) + ns);
}

static uint8_t cmos(Rig *rig, uint8_t index)
{
    as_store(rig->platform.ports, 0x70, index, 1);
    return (uint8_t)as_load(rig->platform.ports, 0x71, 1, NULL);
}

static void set_cmos(Rig *rig, uint8_t index, uint8_t value)
{
    as_store(rig->platform.ports, 0x70, index, 1);
    as_store(rig->platform.ports, 0x71, value, 1);
}

static unsigned seconds(Rig *rig)
{
    uint8_t bcd = cmos(rig, 0);

    return (bcd >> 4) * 10u + (bcd & 15);
}

/* How many seconds of the machine make one of the face, for each DV; 0: it stands. */
static const int lengths[8] = {128, 32, 1, 0, 0, 0, 0, 0};

/* Out of reset the first update comes after half a second of the face, then one a second. */
static void test_reset(void)
{
    for (unsigned from = 6; from < 8; from++) {
        for (unsigned dv = 0; dv < 3; dv++) {
            int64_t half = lengths[dv] * NS_PER_SEC / 2;
            Rig rig;

            rig_open(&rig);
            advance(&rig, 700 * NS_PER_MS);
            set_cmos(&rig, 0x0a, (uint8_t)(from << 4 | 6));
            g_assert_cmphex(cmos(&rig, 0x0a), ==, from << 4 | 6);
            advance(&rig, 1000 * NS_PER_SEC);
            g_assert_cmpuint(seconds(&rig), ==, 0);
            g_assert_cmphex(cmos(&rig, 0x0c), ==, 0x40); /* a period before the reset, no update */
            set_cmos(&rig, 0, 0x40);
            set_cmos(&rig, 0x0a, (uint8_t)(dv << 4 | 6));
            advance(&rig, half - 1);
            g_assert_cmpuint(seconds(&rig), ==, 40);
            g_assert_cmphex(cmos(&rig, 0x0a) & 0x80, ==, 0x80);
            advance(&rig, 1);
            g_assert_cmpuint(seconds(&rig), ==, 41);
            g_assert_cmphex(cmos(&rig, 0x0a) & 0x80, ==, 0);
            for (unsigned i = 0; i < 5; i++) {
                advance(&rig, 2 * half - 1);
                g_assert_cmpuint(seconds(&rig), ==, 41 + i);
                advance(&rig, 1);
                g_assert_cmpuint(seconds(&rig), ==, 42 + i);
            }
            rig_close(&rig);
        }
    }
}

/* Changed while it runs, the second under way goes on; the test settings stand. */
static void test_settings(void)
{
    for (unsigned dv = 0; dv < 6; dv++) {
        int64_t second = lengths[dv] * NS_PER_SEC;
        Rig rig;

        rig_open(&rig);
        advance(&rig, NS_PER_SEC + NS_PER_SEC / 4);
        set_cmos(&rig, 0x0a, (uint8_t)(dv << 4 | 6));
        if (second == 0) {
            advance(&rig, 1000 * NS_PER_SEC);
            g_assert_cmpuint(seconds(&rig), ==, 1);
            g_assert_cmphex(cmos(&rig, 0x0a) & 0x80, ==, 0);
            set_cmos(&rig, 0x0a, 0x26);
            advance(&rig, NS_PER_SEC);
            g_assert_cmpuint(seconds(&rig), ==, 2);
        } else {
            advance(&rig, second * 3 / 4 - 1);
            g_assert_cmpuint(seconds(&rig), ==, 1);
            advance(&rig, 1);
            g_assert_cmpuint(seconds(&rig), ==, 2);
            advance(&rig, second * 7);
            g_assert_cmpuint(seconds(&rig), ==, 9);
            set_cmos(&rig, 0x0a, 0x26);
            advance(&rig, 11 * NS_PER_SEC);
            g_assert_cmpuint(seconds(&rig), ==, 20);
        }
        rig_close(&rig);
    }
}

/* Table 5: rates 1 and 2 depend on the crystal that DV names, the others on its divider alone. */
static void test_periodic(void)
{
    for (unsigned dv = 0; dv < 8; dv++) {
        for (unsigned rate = 0; rate < 16; rate++) {
            unsigned shift = rate == 0 ? 0 : dv == 2 && rate < 3 ? rate + 6 : rate - 1;
            bool runs = rate != 0 && lengths[dv] != 0;
            Rig rig;

            rig_open(&rig);
            set_cmos(&rig, 0x0a, 0x70);
            set_cmos(&rig, 0x0a, (uint8_t)(dv << 4 | rate));
            cmos(&rig, 0x0c);
            for (int64_t i = 1; i <= 10; i++) {
                /* The end of period i, rounded up. */
                int64_t end = ((i * lengths[dv] * NS_PER_SEC << shift) + 32767) / 32768;

                clock_advance_to(rig.platform.clock, runs ? end - 1 : i * 1000 * NS_PER_SEC);
                g_assert_cmphex(cmos(&rig, 0x0c) & 0x40, ==, 0);
                advance(&rig, 1);
                g_assert_cmphex(cmos(&rig, 0x0c) & 0x40, ==, runs ? 0x40 : 0);
            }
            rig_close(&rig);
        }
    }
}

/* SET holds the time but not the divider: an update comes when it would have come. */
static void test_set(void)
{
    Rig rig;

    rig_open(&rig);
    advance(&rig, 300 * NS_PER_MS);
    set_cmos(&rig, 0x0b, 0x82);
    set_cmos(&rig, 0, 0x50);
    advance(&rig, 1500 * NS_PER_MS);
    set_cmos(&rig, 0x0b, 0x02);
    advance(&rig, 200 * NS_PER_MS - 1);
    g_assert_cmpuint(seconds(&rig), ==, 50);
    advance(&rig, 1);
    g_assert_cmpuint(seconds(&rig), ==, 51);
    /* Both: the divider starts when its reset ends, the time when SET does. */
    set_cmos(&rig, 0x0b, 0x82);
    set_cmos(&rig, 0x0a, 0x76);
    advance(&rig, 777 * NS_PER_MS);
    set_cmos(&rig, 0x0a, 0x26);
    advance(&rig, 200 * NS_PER_MS);
    set_cmos(&rig, 0x0b, 0x02);
    advance(&rig, 300 * NS_PER_MS - 1);
    g_assert_cmpuint(seconds(&rig), ==, 51);
    advance(&rig, 1);
    g_assert_cmpuint(seconds(&rig), ==, 52);
    rig_close(&rig);
}

/* The alarm and the update interrupt follow the face. */
static void test_alarm(void)
{
    Rig rig;

    rig_open(&rig);
    set_cmos(&rig, 1, 0x03);
    set_cmos(&rig, 3, 0xff);
    set_cmos(&rig, 5, 0xff);
    set_cmos(&rig, 0x0b, 0x22);
    set_cmos(&rig, 0x0a, 0x16); /* 32 s a second */
    advance(&rig, 3 * 32 * NS_PER_SEC - 1);
    g_assert_false(mc146818_irq_out(rig.dev)->level);
    advance(&rig, 1);
    g_assert_true(mc146818_irq_out(rig.dev)->level);
    g_assert_cmphex(cmos(&rig, 0x0c) & 0xb0, ==, 0xb0);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtc-divider/reset", test_reset);
    g_test_add_func("/rtc-divider/settings", test_settings);
    g_test_add_func("/rtc-divider/periodic", test_periodic);
    g_test_add_func("/rtc-divider/set", test_set);
    g_test_add_func("/rtc-divider/alarm", test_alarm);
    return g_test_run();
}
