/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HPET, i8254 and RTC on a clock that the test moves. */
#include "hw/rtc/mc146818.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"

#define PIT_HZ  1193182ll
#define LINES   34
#define LEGACY0 32

typedef struct {
    Platform platform;
    Trace trace;
    Device *dev;
    AddressSpace *memory, *ports;
    IrqLine line[LINES];
    unsigned rises[LINES];
    unsigned sent;
    IntrMsg last;
    int legacy;
} Rig;

static void on_line(void *opaque, int n, bool level)
{
    ((Rig *)opaque)->rises[n] += level;
}

static IntrResult on_send(void *opaque, const IntrMsg *msg)
{
    Rig *rig = opaque;

    rig->sent++;
    rig->last = *msg;
    return INTR_DELIVERED;
}

static void on_legacy(void *opaque, bool on)
{
    ((Rig *)opaque)->legacy = on;
}

static Rig *rig_new(const DeviceClass *cls)
{
    Rig *rig = g_new0(Rig, 1);

    trace_init(&rig->trace);
    rig->ports = as_new("ports", 16);
    rig->memory = as_new("memory", 52);
    rig->platform = (Platform){.clock = clock_new(CLOCK_MANUAL),
                               .memory = rig->memory,
                               .ports = rig->ports,
                               .trace = &rig->trace};
    for (int i = 0; i < LINES; i++) {
        irq_line_init(&rig->line[i], on_line, rig, i);
    }
    rig->dev = device_new(cls, &rig->platform, "dev");
    return rig;
}

static void rig_free(Rig *rig)
{
    device_free(rig->dev);
    clock_free(rig->platform.clock);
    as_free(rig->ports);
    as_free(rig->memory);
    g_free(rig);
}

static void advance(Rig *rig, int64_t ns)
{
    clock_advance_to(rig->platform.clock, clock_now(rig->platform.clock) + ns);
}

static void out(Rig *rig, uint16_t port, uint8_t value)
{
    as_store(rig->ports, port, value, 1);
}

static uint8_t in(Rig *rig, uint16_t port)
{
    return (uint8_t)as_load(rig->ports, port, 1, NULL);
}

/* HPET. */

static Rig *hpet_new(const char *msi, const char *timers)
{
    Rig *rig = rig_new(&hpet_class);

    *hpet_links(rig->dev) = (HpetLinks){.sink = {.send = on_send, .opaque = rig},
                                        .requester_id = 0xf0f9,
                                        .legacy_changed = on_legacy,
                                        .legacy_opaque = rig};
    g_assert_true(device_set_prop(rig->dev, "msi", msi, NULL));
    g_assert_true(device_set_prop(rig->dev, "timers", timers, NULL));
    g_assert_true(device_realize(rig->dev, NULL));
    for (int i = 0; i < 32; i++) {
        hpet_connect(rig->dev, i, &rig->line[i]);
    }
    hpet_connect_legacy(rig->dev, 0, &rig->line[LEGACY0]);
    hpet_connect_legacy(rig->dev, 1, &rig->line[LEGACY0 + 1]);
    as_add(rig->memory, hpet_region(rig->dev), HPET_BASE);
    device_reset(rig->dev);
    return rig;
}

static void hpet_close(Rig *rig)
{
    as_remove(rig->memory, hpet_region(rig->dev));
    rig_free(rig);
}

static uint64_t hrd(Rig *rig, unsigned reg, unsigned size)
{
    return as_load(rig->memory, HPET_BASE + reg, size, NULL);
}

static void hwr(Rig *rig, unsigned reg, uint64_t value, unsigned size)
{
    as_store(rig->memory, HPET_BASE + reg, value, size);
}

static void test_hpet_registers(void)
{
    Rig *rig = hpet_new("off", "3");

    g_assert_cmphex(hrd(rig, 0, 8), ==, 0x009896808086a201);
    g_assert_cmphex(hrd(rig, 4, 4), ==, 10000000);
    hwr(rig, 0, 0, 8);
    g_assert_cmphex(hrd(rig, 0, 4), ==, 0x8086a201);
    for (unsigned t = 0x100; t < 0x160; t += 0x20) {
        g_assert_cmphex(hrd(rig, t, 8), ==, 0x00ff010400000030);
        g_assert_cmphex(hrd(rig, t + 8, 8), ==, UINT64_MAX);
        hwr(rig, t, UINT64_MAX & ~0x3e00ull, 8);
        g_assert_cmphex(hrd(rig, t, 8), ==, 0x00ff01040000013e);
        hwr(rig, t, 3 << 9, 4); /* not a pin it can drive */
        g_assert_cmphex(hrd(rig, t, 4), ==, 0x30);
        hwr(rig, t, 20 << 9, 4);
        g_assert_cmphex(hrd(rig, t, 4), ==, 0x2830);
        hwr(rig, t + 0x10, UINT64_MAX, 8);
        g_assert_cmphex(hrd(rig, t + 0x10, 8), ==, 0);
    }
    g_assert_cmphex(hrd(rig, 0x160, 8), ==, 0);
    hwr(rig, 0xf0, 0x1122334455667788, 8); /* halted: in halves and whole */
    hwr(rig, 0xf4, 0xaabbccdd, 4);
    g_assert_cmphex(hrd(rig, 0xf0, 8), ==, 0xaabbccdd55667788);
    g_assert_cmphex(hrd(rig, 0xf4, 4), ==, 0xaabbccdd);
    hpet_close(rig);
}

static void test_hpet_one_shot(void)
{
    Rig *rig = hpet_new("off", "3");

    hwr(rig, 0x100, 20 << 9 | 4, 4);
    hwr(rig, 0x108, 1000, 8);
    advance(rig, NS_PER_SEC);
    g_assert_cmpuint(rig->rises[20], ==, 0); /* halted */
    hwr(rig, 0x10, 1, 4);
    advance(rig, 9999);
    g_assert_cmphex(hrd(rig, 0xf0, 8), ==, 999);
    g_assert_cmpuint(rig->rises[20], ==, 0);
    advance(rig, 1);
    g_assert_cmpuint(rig->rises[20], ==, 1);
    advance(rig, NS_PER_SEC);
    g_assert_cmpuint(rig->rises[20], ==, 1);
    hwr(rig, 0x10, 0, 4);
    g_assert_cmphex(hrd(rig, 0xf0, 8), ==, 100001000);
    advance(rig, NS_PER_SEC);
    g_assert_cmphex(hrd(rig, 0xf0, 8), ==, 100001000);

    /* 32-bit mode wraps round. */
    hwr(rig, 0x100, 20 << 9 | 4 | 0x100, 4);
    hwr(rig, 0xf0, 0xfffffff0, 8);
    hwr(rig, 0x108, 0x10, 4);
    hwr(rig, 0x10, 1, 4);
    advance(rig, 0x20 * 10);
    g_assert_cmpuint(rig->rises[20], ==, 2);
    hpet_close(rig);
}

static void test_hpet_periodic(void)
{
    Rig *rig = hpet_new("off", "3");

    hwr(rig, 0x120, 21 << 9 | 0x4c, 4); /* VAL_SET */
    hwr(rig, 0x128, 1000, 8);
    hwr(rig, 0x128, 2000, 8); /* now the period alone */
    g_assert_cmphex(hrd(rig, 0x120, 4) & 0x40, ==, 0);
    hwr(rig, 0x10, 1, 4);
    advance(rig, 10000);
    g_assert_cmpuint(rig->rises[21], ==, 1);
    g_assert_cmpuint(hrd(rig, 0x128, 8), ==, 3000);
    advance(rig, 100000);
    g_assert_cmpuint(rig->rises[21], ==, 6);
    /* A period of one count must not hang. */
    hwr(rig, 0x128, 1, 8);
    advance(rig, NS_PER_SEC / 10);
    g_assert_cmpuint(rig->rises[21], >, 100);
    hpet_close(rig);
}

static void test_hpet_level(void)
{
    Rig *rig = hpet_new("off", "3");

    hwr(rig, 0x140, 22 << 9 | 6, 4);
    hwr(rig, 0x148, 100, 8);
    hwr(rig, 0x10, 1, 4);
    advance(rig, 1000);
    g_assert_true(irq_line_level(&rig->line[22]));
    g_assert_cmphex(hrd(rig, 0x20, 4), ==, 4);
    hwr(rig, 0x20, 3, 4);
    g_assert_true(irq_line_level(&rig->line[22]));
    hwr(rig, 0x20, 4, 4);
    g_assert_false(irq_line_level(&rig->line[22]));
    g_assert_cmphex(hrd(rig, 0x20, 4), ==, 0);
    hwr(rig, 0x148, 200, 8);
    advance(rig, 1000);
    g_assert_true(irq_line_level(&rig->line[22]));
    hwr(rig, 0x140, 22 << 9 | 2, 4); /* disabled: the status stays */
    g_assert_false(irq_line_level(&rig->line[22]));
    g_assert_cmphex(hrd(rig, 0x20, 4), ==, 4);
    hpet_close(rig);
}

static void test_hpet_legacy(void)
{
    Rig *rig = hpet_new("off", "3");

    hwr(rig, 0x100, 20 << 9 | 4, 4);
    hwr(rig, 0x108, 100, 8);
    hwr(rig, 0x120, 20 << 9 | 4, 4);
    hwr(rig, 0x128, 100, 8);
    hwr(rig, 0x10, 3, 4);
    g_assert_cmpint(rig->legacy, ==, 1);
    advance(rig, 1000);
    g_assert_cmpuint(rig->rises[LEGACY0], ==, 1);
    g_assert_cmpuint(rig->rises[LEGACY0 + 1], ==, 1);
    g_assert_cmpuint(rig->rises[20], ==, 0);
    device_reset(rig->dev);
    g_assert_cmpint(rig->legacy, ==, 0);
    hpet_close(rig);
}

/* In place of the i8254 the line rests high and dips at each match: an i8259 wants a request to
 * stay. Whatever ends that role ends the rest. */
static void test_hpet_legacy_rests(void)
{
    static const struct {
        unsigned reg;
        uint64_t value, back;
    } ends[] = {{0x10, 1, 3}, {0x10, 2, 3}, {0x100, 8, 12}, {0x100, 14, 12}};
    Rig *rig = hpet_new("off", "3");

    hwr(rig, 0x10, 3, 4);
    hwr(rig, 0x100, 4 | 8 | 0x40, 4);
    hwr(rig, 0x108, 1000, 8);
    hwr(rig, 0x108, 1000, 8);
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        unsigned before = rig->rises[LEGACY0];

        advance(rig, 30000);
        g_assert_cmpuint(rig->rises[LEGACY0], ==, before + 3);
        g_assert_true(irq_line_level(&rig->line[LEGACY0]));
        hwr(rig, ends[i].reg, ends[i].value, 4);
        g_assert_false(irq_line_level(&rig->line[LEGACY0]));
        hwr(rig, ends[i].reg, ends[i].back, 4);
        g_assert_false(irq_line_level(&rig->line[LEGACY0]));
    }
    advance(rig, 10000);
    device_reset(rig->dev);
    g_assert_false(irq_line_level(&rig->line[LEGACY0]));
    hpet_close(rig);
}

static void test_hpet_fsb(void)
{
    Rig *rig = hpet_new("on", "32");

    g_assert_cmphex(hrd(rig, 0, 4), ==, 0x8086bf01);
    g_assert_cmphex(hrd(rig, 0x100 + 31 * 0x20, 4), ==, 0x8030);
    hwr(rig, 0x100 + 31 * 0x20, 0x4004, 4);
    hwr(rig, 0x110 + 31 * 0x20, 0xfee0100000004042, 8);
    hwr(rig, 0x108 + 31 * 0x20, 500, 8);
    hwr(rig, 0x10, 1, 4);
    advance(rig, 5000);
    g_assert_cmpuint(rig->sent, ==, 1);
    g_assert_cmphex(rig->last.address, ==, 0xfee01000);
    g_assert_cmphex(rig->last.data, ==, 0x4042);
    g_assert_cmphex(rig->last.requester_id, ==, 0xf0f9);
    hpet_close(rig);
}

/* i8254. */

static Rig *pit_new(void)
{
    Rig *rig = rig_new(&i8254_class);

    irq_connect(i8254_irq_out(rig->dev), &rig->line[0]);
    g_assert_true(device_realize(rig->dev, NULL));
    device_reset(rig->dev);
    rig->rises[0] = 0;
    return rig;
}

static int64_t pit_ns(int64_t ticks)
{
    return (ticks * NS_PER_SEC + PIT_HZ - 1) / PIT_HZ;
}

static unsigned pit_count(Rig *rig, unsigned channel)
{
    unsigned low;

    out(rig, 0x43, (uint8_t)(channel << 6));
    low = in(rig, (uint16_t)(0x40 + channel));
    return low | (unsigned)in(rig, (uint16_t)(0x40 + channel)) << 8;
}

static void pit_load(Rig *rig, unsigned channel, uint8_t control, uint16_t count)
{
    out(rig, 0x43, (uint8_t)(channel << 6 | control));
    out(rig, (uint16_t)(0x40 + channel), (uint8_t)count);
    out(rig, (uint16_t)(0x40 + channel), (uint8_t)(count >> 8));
}

static void test_pit_rate(void)
{
    Rig *rig = pit_new();

    pit_load(rig, 0, 0x34, 11932); /* mode 2, 100 Hz */
    advance(rig, NS_PER_SEC + NS_PER_MS);
    g_assert_cmpuint(rig->rises[0], ==, 100);
    pit_load(rig, 0, 0x36, 11932); /* mode 3 */
    rig->rises[0] = 0;
    advance(rig, NS_PER_SEC + NS_PER_MS);
    g_assert_cmpuint(rig->rises[0], ==, 100);
    out(rig, 0x43, 0x34); /* no count yet: stands */
    rig->rises[0] = 0;
    advance(rig, NS_PER_SEC);
    g_assert_cmpuint(rig->rises[0], ==, 0);
    pit_load(rig, 0, 0x34, 1);
    advance(rig, NS_PER_SEC / 10); /* must not hang */
    i8254_set_irq_enabled(rig->dev, false);
    g_assert_cmpint(clock_deadline(rig->platform.clock), ==, INT64_MAX);
    rig_free(rig);
}

static void test_pit_one_shot(void)
{
    Rig *rig = pit_new();

    pit_load(rig, 0, 0x30, 1000);
    rig->rises[0] = 0;
    g_assert_false(irq_line_level(&rig->line[0]));
    advance(rig, pit_ns(250));
    g_assert_cmpuint(pit_count(rig, 0), ==, 750);
    out(rig, 0x43, 0xe2); /* read back status of channel 0 */
    g_assert_cmphex(in(rig, 0x40), ==, 0x30);
    advance(rig, pit_ns(751));
    g_assert_cmpuint(rig->rises[0], ==, 1);
    out(rig, 0x43, 0xc2); /* status and count */
    g_assert_cmphex(in(rig, 0x40), ==, 0xb0);
    g_assert_cmphex(in(rig, 0x40) | in(rig, 0x40) << 8, >, 0xff00); /* ran on below zero */
    rig_free(rig);
}

static void test_pit_new_count(void)
{
    Rig *rig = pit_new();

    pit_load(rig, 0, 0x34, 1000);
    advance(rig, pit_ns(400));
    out(rig, 0x40, 100);
    out(rig, 0x40, 0);
    g_assert_cmpuint(pit_count(rig, 0), ==, 600); /* this cycle ends as it began */
    advance(rig, pit_ns(620));
    g_assert_cmpuint(pit_count(rig, 0), <=, 100);
    rig_free(rig);
}

static void test_pit_bcd_and_latch(void)
{
    Rig *rig = pit_new();

    pit_load(rig, 1, 0x35, 0x1000);
    advance(rig, pit_ns(1));
    out(rig, 0x43, 0x40);
    advance(rig, pit_ns(100));
    g_assert_cmphex(in(rig, 0x41), ==, 0x99);
    g_assert_cmphex(in(rig, 0x41), ==, 0x09);
    out(rig, 0x43, 0x54); /* low byte only */
    out(rig, 0x41, 0x80);
    g_assert_cmphex(in(rig, 0x41), ==, 0x80);
    g_assert_cmphex(in(rig, 0x41), ==, 0x80);
    rig_free(rig);
}

static void test_pit_port61(void)
{
    Rig *rig = pit_new();
    uint8_t before;

    pit_load(rig, 2, 0x30, 1000);
    g_assert_cmphex(in(rig, 0x61) & 0x2f, ==, 0);
    advance(rig, pit_ns(2000)); /* gated off: stands */
    g_assert_cmphex(in(rig, 0x61) & 0x20, ==, 0);
    out(rig, 0x61, 0xff);
    g_assert_cmphex(in(rig, 0x61) & 0xef, ==, 0x0f);
    advance(rig, pit_ns(1001));
    g_assert_cmphex(in(rig, 0x61) & 0x20, ==, 0x20);
    before = in(rig, 0x61);
    advance(rig, 15085);
    g_assert_cmphex((before ^ in(rig, 0x61)) & 0x10, ==, 0x10);

    out(rig, 0x61, 0); /* mode 1: a rising gate triggers */
    pit_load(rig, 2, 0x32, 500);
    g_assert_cmphex(in(rig, 0x61) & 0x20, ==, 0x20);
    out(rig, 0x61, 1);
    g_assert_cmphex(in(rig, 0x61) & 0x20, ==, 0);
    advance(rig, pit_ns(501));
    g_assert_cmphex(in(rig, 0x61) & 0x20, ==, 0x20);
    rig_free(rig);
}

/* RTC. */

static Rig *rtc_new(const char *base)
{
    Rig *rig = rig_new(&mc146818_class);

    irq_connect(mc146818_irq_out(rig->dev), &rig->line[8]);
    g_assert_true(device_set_prop(rig->dev, "base", base, NULL));
    g_assert_true(device_realize(rig->dev, NULL));
    device_reset(rig->dev);
    return rig;
}

static uint8_t cmos(Rig *rig, uint8_t index)
{
    out(rig, 0x70, index);
    return in(rig, 0x71);
}

static void set_cmos(Rig *rig, uint8_t index, uint8_t value)
{
    out(rig, 0x70, index);
    out(rig, 0x71, value);
}

static void check_time(Rig *rig, const char *expected)
{
    g_autofree char *got = g_strdup_printf("%02x%02x-%02x-%02x %02x:%02x:%02x %x", cmos(rig, 0x32),
                                           cmos(rig, 9), cmos(rig, 8), cmos(rig, 7), cmos(rig, 4),
                                           cmos(rig, 2), cmos(rig, 0), cmos(rig, 6));

    g_assert_cmpstr(got, ==, expected);
}

static void test_rtc_time(void)
{
    Rig *rig = rtc_new("2024-02-28T23:59:58");

    check_time(rig, "2024-02-28 23:59:58 4");
    advance(rig, 2 * NS_PER_SEC);
    check_time(rig, "2024-02-29 00:00:00 5");
    advance(rig, 86400 * NS_PER_SEC);
    check_time(rig, "2024-03-01 00:00:00 6");
    set_cmos(rig, 0x0b, 0x82);
    set_cmos(rig, 0x32, 0x19);
    set_cmos(rig, 0x09, 0x99);
    set_cmos(rig, 0x08, 0x12);
    set_cmos(rig, 0x07, 0x31);
    set_cmos(rig, 0x04, 0x23);
    set_cmos(rig, 0x02, 0x59);
    set_cmos(rig, 0x00, 0x59);
    set_cmos(rig, 0x06, 0x06);
    advance(rig, 10 * NS_PER_SEC); /* SET: stands */
    check_time(rig, "1999-12-31 23:59:59 6");
    set_cmos(rig, 0x0b, 0x02);
    advance(rig, NS_PER_SEC);
    check_time(rig, "2000-01-01 00:00:00 7");
    set_cmos(rig, 0x0b, 0x00); /* 12 hours */
    g_assert_cmphex(cmos(rig, 4), ==, 0x12);
    set_cmos(rig, 4, 0x93);
    set_cmos(rig, 0x0b, 0x06); /* 24 hours, binary */
    g_assert_cmpuint(cmos(rig, 4), ==, 13);
    set_cmos(rig, 2, 255); /* nonsense is clamped */
    g_assert_cmpuint(cmos(rig, 2), ==, 59);
    rig_free(rig);
}

static void test_rtc_uip(void)
{
    Rig *rig = rtc_new("2024-01-01");

    g_assert_cmphex(cmos(rig, 0x0a), ==, 0x26);
    advance(rig, NS_PER_SEC - NS_PER_MS);
    g_assert_cmphex(cmos(rig, 0x0a), ==, 0xa6);
    advance(rig, NS_PER_MS);
    g_assert_cmphex(cmos(rig, 0x0a), ==, 0x26);
    g_assert_cmphex(cmos(rig, 0), ==, 1);
    set_cmos(rig, 0x0a, 0x76); /* divider held */
    advance(rig, 10 * NS_PER_SEC);
    g_assert_cmphex(cmos(rig, 0), ==, 1);
    set_cmos(rig, 0x0a, 0x26);
    advance(rig, NS_PER_SEC / 2 - 1);
    g_assert_cmphex(cmos(rig, 0), ==, 1);
    advance(rig, 1);
    g_assert_cmphex(cmos(rig, 0), ==, 2);
    g_assert_cmphex(cmos(rig, 0x0d), ==, 0x80);
    rig_free(rig);
}

static void test_rtc_interrupts(void)
{
    Rig *rig = rtc_new("2024-01-01");

    g_assert_cmpint(clock_deadline(rig->platform.clock), ==, INT64_MAX);
    advance(rig, NS_PER_SEC);
    g_assert_cmphex(cmos(rig, 0x0c), ==, 0x50); /* seen without enables */
    g_assert_cmphex(cmos(rig, 0x0c), ==, 0);

    set_cmos(rig, 0x0b, 0x42); /* periodic, 1024 Hz */
    for (unsigned i = 0; i < 1024; i++) {
        advance(rig, NS_PER_SEC / 1024 + 1);
        g_assert_cmphex(cmos(rig, 0x0c) & 0xc0, ==, 0xc0);
    }
    advance(rig, NS_PER_SEC);
    g_assert_cmpuint(rig->rises[8], >=, 1025); /* one more, then it waits for C */
    g_assert_true(irq_line_level(&rig->line[8]));
    g_assert_cmphex(cmos(rig, 0x0c), ==, 0xd0);
    g_assert_false(irq_line_level(&rig->line[8]));

    set_cmos(rig, 0x0b, 0x12); /* update ended */
    advance(rig, NS_PER_SEC);
    g_assert_true(irq_line_level(&rig->line[8]));
    g_assert_cmphex(cmos(rig, 0x0c) & 0x90, ==, 0x90);

    set_cmos(rig, 0x0b, 0x22); /* alarm at any hour, 30 minutes, 15 seconds */
    set_cmos(rig, 5, 0xff);
    set_cmos(rig, 3, 0x30);
    set_cmos(rig, 1, 0x15);
    cmos(rig, 0x0c);
    advance(rig, 1800 * NS_PER_SEC);
    g_assert_false(irq_line_level(&rig->line[8]));
    advance(rig, 20 * NS_PER_SEC);
    g_assert_true(irq_line_level(&rig->line[8]));
    g_assert_cmphex(cmos(rig, 0x0c) & 0xa0, ==, 0xa0);
    set_cmos(rig, 3, 0x77); /* never */
    g_assert_cmpint(clock_deadline(rig->platform.clock), ==, INT64_MAX);
    device_reset(rig->dev);
    g_assert_cmphex(cmos(rig, 0x0b), ==, 0x02);
    rig_free(rig);
}

static void test_rtc_cmos(void)
{
    g_autoptr(GError) error = NULL;
    Rig *rig = rtc_new("utc");

    set_cmos(rig, 0x40, 0x5a);
    set_cmos(rig, 0x7f, 0xa5);
    g_assert_cmphex(cmos(rig, 0xc0), ==, 0x5a); /* bit 7 is the NMI mask */
    device_reset(rig->dev);
    g_assert_cmphex(cmos(rig, 0x7f), ==, 0xa5);
    mc146818_set_cmos(rig->dev, 0x34, 0x12);
    g_assert_cmphex(cmos(rig, 0x34), ==, 0x12);
    rig_free(rig);

    rig = rig_new(&mc146818_class);
    g_assert_true(device_set_prop(rig->dev, "base", "yesterday", NULL));
    g_assert_false(device_realize(rig->dev, &error));
    g_assert_nonnull(strstr(error->message, "yesterday"));
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hpet/registers", test_hpet_registers);
    g_test_add_func("/hpet/one-shot", test_hpet_one_shot);
    g_test_add_func("/hpet/periodic", test_hpet_periodic);
    g_test_add_func("/hpet/level", test_hpet_level);
    g_test_add_func("/hpet/legacy", test_hpet_legacy);
    g_test_add_func("/hpet/legacy-rests", test_hpet_legacy_rests);
    g_test_add_func("/hpet/fsb", test_hpet_fsb);
    g_test_add_func("/i8254/rate", test_pit_rate);
    g_test_add_func("/i8254/one-shot", test_pit_one_shot);
    g_test_add_func("/i8254/new-count", test_pit_new_count);
    g_test_add_func("/i8254/bcd-and-latch", test_pit_bcd_and_latch);
    g_test_add_func("/i8254/port61", test_pit_port61);
    g_test_add_func("/rtc/time", test_rtc_time);
    g_test_add_func("/rtc/uip", test_rtc_uip);
    g_test_add_func("/rtc/interrupts", test_rtc_interrupts);
    g_test_add_func("/rtc/cmos", test_rtc_cmos);
    return g_test_run();
}
