/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small parts of the core: clock and timers, register files, properties, names, state tables.
 */
#include <string.h>

#include "base/names.h"
#include "base/report.h"
#include "hw/core/device.h"
#include "hw/core/regfile.h"
#include "hw/core/upstream.h"

/* Timers */

typedef struct {
    Timer timer;
    int64_t planned;
    int fired;
} Shot;

static int64_t last_shot;

static void shot_fired(void *opaque)
{
    Shot *shot = opaque;
    int64_t now = clock_now(shot->timer.clock);
    g_assert_cmpint(now, ==, shot->planned);
    g_assert_cmpint(now, >=, last_shot);
    last_shot = now;
    shot->fired++;
}

static void test_timers(void)
{
    enum { SHOTS = 500 };
    Clock *clock = clock_new(CLOCK_MANUAL);
    Shot *shots = g_new0(Shot, SHOTS);
    bool cancelled[SHOTS] = {0};
    last_shot = 0;
    for (int i = 0; i < SHOTS; i++) {
        timer_init(&shots[i].timer, clock, shot_fired, &shots[i]);
        shots[i].planned = g_test_rand_int_range(1, 10000);
        timer_arm(&shots[i].timer, shots[i].planned);
    }
    for (int i = 0; i < SHOTS; i += 3) {
        if (g_test_rand_bit()) {
            timer_cancel(&shots[i].timer);
            cancelled[i] = true;
        } else {
            shots[i].planned = g_test_rand_int_range(1, 10000);
            timer_arm(&shots[i].timer, shots[i].planned);
        }
    }
    clock_advance_to(clock, 5000);
    for (int i = 0; i < SHOTS; i++) {
        g_assert_cmpint(shots[i].fired, ==, !cancelled[i] && shots[i].planned <= 5000);
    }
    clock_advance_to(clock, 10000);
    for (int i = 0; i < SHOTS; i++) {
        g_assert_cmpint(shots[i].fired, ==, !cancelled[i]);
    }
    g_assert_cmpint(clock_deadline(clock), ==, INT64_MAX);
    clock_free(clock);
    g_free(shots);
}

static void note_order(void *opaque)
{
    Shot *shot = opaque;
    shot->fired = (int)++last_shot;
}

/* Timers of one time fire in the order in which they were armed. */
static void test_timer_order(void)
{
    enum { SHOTS = 20 };
    Clock *clock = clock_new(CLOCK_MANUAL);
    Shot shots[SHOTS];
    last_shot = 0;
    for (int i = 0; i < SHOTS; i++) {
        timer_init(&shots[i].timer, clock, note_order, &shots[i]);
        timer_arm(&shots[i].timer, 100);
    }
    timer_arm(&shots[0].timer, 100); /* armed again, it is the last */
    clock_advance_to(clock, 100);
    for (int i = 0; i < SHOTS; i++) {
        g_assert_cmpint(shots[i].fired, ==, i ? i : SHOTS);
    }
    clock_free(clock);
}

static void rearm_in_the_past(void *opaque)
{
    Timer *timer = opaque;
    timer_arm(timer, 0);
}

static void test_timer_in_the_past(void)
{
    Clock *clock = clock_new(CLOCK_HOST);
    Timer timer;
    timer_init(&timer, clock, rearm_in_the_past, &timer);
    timer_arm(&timer, 0);
    clock_start(clock);
    g_assert_true(clock_run(clock)); /* comes back */
    timer_cancel(&timer);
    clock_stop(clock);
    int64_t stopped = clock_now(clock);
    g_usleep(1000);
    g_assert_cmpint(clock_now(clock), ==, stopped);
    clock_free(clock);
}

/* A host that the test scripts: each reading finds it `step` ns later, then `jump` more, once. */
typedef struct {
    int64_t now, step, jump;
    HostUse use;
} ScriptedHost;

static int64_t scripted_now(void *opaque)
{
    ScriptedHost *host = opaque;
    host->now += host->step + host->jump;
    host->jump = 0;
    return host->now;
}

static HostUse scripted_use(void *opaque)
{
    return ((ScriptedHost *)opaque)->use;
}

static Clock *scripted_clock(ScriptedHost *host)
{
    return clock_new_on(&(ClockHost){.now = scripted_now, .use = scripted_use, .opaque = host});
}

static void no_fire(void *opaque)
{
}

/* Wherever the deadline lies between one reading of the clock and the next, what is left is no
 * negative time, and a loop that sleeps for it finds its timer due within two rounds. */
static void test_clock_until_deadline(void)
{
    for (int64_t due = 0; due < 60; due++) {
        ScriptedHost host = {.now = 1000, .step = 7};
        Clock *clock = scripted_clock(&host);
        Timer timer;
        timer_init(&timer, clock, no_fire, NULL);
        g_assert_cmpint(clock_until_deadline(clock), ==, INT64_MAX);
        clock_start(clock);
        timer_arm(&timer, due);
        int rounds = 0;
        while (!clock_run(clock)) {
            int64_t left = clock_until_deadline(clock);
            g_assert_cmpint(left, >=, 0);
            g_assert_cmpint(left, <=, due);
            host.jump = left;
            g_assert_cmpint(++rounds, <=, 2);
        }
        clock_free(clock);
    }
}

/* Timers some ns apart, armed again from their own callbacks: none is ever lost. */
typedef struct {
    Timer timer;
    int64_t period;
    unsigned fired;
} Periodic;

static void periodic_fire(void *opaque)
{
    Periodic *p = opaque;
    p->fired++;
    timer_arm(&p->timer, p->timer.expires + p->period);
}

static void test_clock_many_timers(void)
{
    enum { TIMERS = 24, ROUNDS = 20000 };
    ScriptedHost host = {.now = 5, .step = 3};
    Clock *clock = scripted_clock(&host);
    Periodic all[TIMERS] = {0};
    clock_start(clock);
    for (int i = 0; i < TIMERS; i++) {
        all[i].period = 50000 + g_test_rand_int_range(0, 950000);
        timer_init(&all[i].timer, clock, periodic_fire, &all[i]);
        timer_arm(&all[i].timer, g_test_rand_int_range(0, 40));
    }
    for (int i = 0; i < ROUNDS; i++) {
        int64_t left = clock_until_deadline(clock);
        g_assert_cmpint(left, >=, 0);
        clock_set_idle(clock, true);
        host.jump = left + g_test_rand_int_range(0, 5);
        clock_set_idle(clock, false);
        host.step = g_test_rand_int_range(1, 30);
        clock_run(clock);
    }
    int64_t now = clock_now(clock);
    for (int i = 0; i < TIMERS; i++) {
        g_assert_true(timer_is_armed(&all[i].timer));
        g_assert_cmpint(all[i].fired, >=, now / all[i].period - 2);
    }
    for (int i = 0; i < TIMERS; i++) {
        timer_cancel(&all[i].timer);
    }
    clock_free(clock);
}

/* Time in which the scheduler ran others does not pass, however short; without its word a stretch
 * passes up to CLOCK_STALL_NS. While the machine sleeps all of it passes. */
static void test_clock_withheld(void)
{
    ScriptedHost host = {.now = 0};
    Clock *clock = scripted_clock(&host);
    clock_start(clock);
    host.jump = 3 * NS_PER_MS; /* busy with one thing for long */
    host.use.ran_ns += 3 * NS_PER_MS;
    g_assert_cmpint(clock_now(clock), ==, 3 * NS_PER_MS);
    host.jump = 3 * NS_PER_MS; /* another was run for all but 1 ms of it */
    host.use.ran_ns += 1 * NS_PER_MS;
    host.use.preemptions++;
    g_assert_cmpint(clock_now(clock), ==, 4 * NS_PER_MS);
    g_assert_cmpint(clock_withheld(clock), ==, 2 * NS_PER_MS);
    host.jump = CLOCK_STALL_NS + 5; /* stopped, and the scheduler tells nothing */
    g_assert_cmpint(clock_now(clock), ==, 4 * NS_PER_MS + CLOCK_STALL_NS);
    g_assert_cmpint(clock_withheld(clock), ==, 2 * NS_PER_MS + 5);
    clock_set_idle(clock, true);
    host.jump = NS_PER_SEC;
    host.use.preemptions++;
    clock_set_idle(clock, false);
    g_assert_cmpint(clock_now(clock), ==, 4 * NS_PER_MS + CLOCK_STALL_NS + NS_PER_SEC);
    host.jump = NS_PER_MS; /* what came before the sleep is not counted against this stretch */
    host.use.ran_ns += NS_PER_MS;
    host.use.preemptions++;
    g_assert_cmpint(clock_now(clock), ==, 5 * NS_PER_MS + CLOCK_STALL_NS + NS_PER_SEC);
    g_assert_cmpint(clock_withheld(clock), ==, 2 * NS_PER_MS + 5);
    clock_free(clock);
}

static GString *said;

static void keep_said(const char *text)
{
    g_string_append(said, text);
}

/* A log on a full disk ends with one line and does not stop the machine. The line goes where all
 * messages go, so that -msg timestamp=on has the time before it. */
static void test_log_full(void)
{
    said = g_string_new(NULL);
    GPrintFunc printerr = g_set_printerr_handler(keep_said);
    FILE *full = fopen("/dev/full", "w");
    g_assert_nonnull(full);
    fputs("a line\n", full);
    g_assert_false(report_written(full, "the log"));
    fclose(full);
    FILE *fine = fopen("/dev/null", "w");
    fputs("a line\n", fine);
    g_assert_true(report_written(fine, "the log"));
    fclose(fine);
    g_set_printerr_handler(printerr);
    g_assert_cmpstr(said->str, ==,
                    "qemu-system-x86_64: the log: No space left on device; nothing more is written "
                    "there\n");
    g_string_free(said, TRUE);
}

/* Register files */

typedef struct {
    RegFile rf;
    uint64_t values[4];
    unsigned writes;
    uint64_t old, now, written, mask;
} Chip;

static uint64_t read_inverted(void *opaque, const RegRow *row, uint64_t value)
{
    return ~value;
}

static void note_write(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                       uint64_t written, uint64_t mask)
{
    Chip *chip = opaque;
    chip->writes++;
    chip->old = old;
    chip->now = now;
    chip->written = written;
    chip->mask = mask;
}

static const RegRow chip_rows[] = {
    {.name = "RW",
     .offset = 0,
     .width = 8,
     .reset = 0x1122334455667788,
     .writable = UINT64_MAX,
     .written = note_write},
    {.name = "MIXED",
     .offset = 8,
     .width = 4,
     .reset = 0xff00ff00,
     .writable = 0x000000ff,
     .w1c = 0xff000000,
     .w1s = 0x00ff0000},
    {.name = "RO", .offset = 12, .width = 2, .reset = 0xabcd},
    {.name = "HOOK", .offset = 16, .width = 4, .reset = 5, .read = read_inverted},
};

/* Every access at every offset and width, against a byte-wise reading of the rows. */
static void test_regfile_widths(void)
{
    static const uint8_t at_reset[] = {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
                                       0x00, 0xff, 0x00, 0xff, 0xcd, 0xab, 0,    0,
                                       0xfa, 0xff, 0xff, 0xff, 0,    0,    0,    0};
    Chip chip = {0};
    regfile_init(&chip.rf, chip_rows, chip.values, G_N_ELEMENTS(chip_rows), 20, &chip);
    for (uint32_t offset = 0; offset < 24; offset++) {
        for (unsigned size = 1; size <= 8; size *= 2) {
            uint64_t value, expected = 0;
            bool known = true;
            for (unsigned i = 0; i < size; i++) {
                uint32_t at = offset + i;
                expected |= at < 24 ? (uint64_t)at_reset[at] << (8 * i) : 0;
                known &= at < 20 && at != 14 && at != 15;
            }
            g_assert_true(regfile_read(&chip.rf, offset, size, &value) == known);
            g_assert_cmphex(value, ==, expected);
        }
    }
    regfile_free(&chip.rf);
}

static void test_regfile_writes(void)
{
    Chip chip = {0};
    regfile_init(&chip.rf, chip_rows, chip.values, G_N_ELEMENTS(chip_rows), 20, &chip);
    g_assert_true(regfile_write(&chip.rf, 4, 4, 0xdeadbeef));
    g_assert_cmphex(regfile_get(&chip.rf, 0), ==, 0xdeadbeef55667788);
    g_assert_cmphex(chip.mask, ==, 0xffffffff00000000);
    g_assert_cmphex(chip.written, ==, 0xdeadbeef00000000);
    g_assert_cmphex(chip.old, ==, 0x1122334455667788);
    regfile_write(&chip.rf, 8, 4, 0x0f0f0f0f);
    g_assert_cmphex(regfile_get(&chip.rf, 8), ==, 0xf00fff0f);
    regfile_write(&chip.rf, 12, 2, 0);
    g_assert_cmphex(regfile_get(&chip.rf, 12), ==, 0xabcd);
    g_assert_false(regfile_write(&chip.rf, 14, 1, 1));
    g_assert_false(regfile_write(&chip.rf, 100, 8, 1));
    chip.writes = 0;
    regfile_write(&chip.rf, 6, 4, 0); /* two registers at once */
    g_assert_cmpuint(chip.writes, ==, 1);
    g_assert_cmphex(regfile_get(&chip.rf, 0) >> 48, ==, 0);
    regfile_reset(&chip.rf);
    g_assert_cmphex(regfile_get(&chip.rf, 8), ==, 0xff00ff00);
    regfile_free(&chip.rf);
}

/* Properties and state */

typedef struct {
    Device dev;
    bool flag;
    uint8_t small;
    uint32_t number;
    uint64_t size;
    char *text;
    int choice, tri;
    int32_t addr;
} Gadget;

static const char *const colours[] = {"red", "green", NULL};
static const PropInfo gadget_props[] = {
    PROP(PROP_BOOL, "flag", Gadget, flag, "on", "a flag"),
    PROP_RANGE(PROP_UINT8, "small", Gadget, small, "3", 1, 7, "a small number"),
    PROP(PROP_UINT32, "number", Gadget, number, "0x10", "a number"),
    PROP(PROP_SIZE, "size", Gadget, size, "4K", "a size"),
    PROP(PROP_STRING, "text", Gadget, text, NULL, "a text"),
    PROP_CHOICE("colour", Gadget, choice, "green", colours, "a colour"),
    PROP(PROP_ONOFFAUTO, "tri", Gadget, tri, NULL, "on, off or auto"),
    PROP(PROP_PCI_ADDR, "addr", Gadget, addr, NULL, "slot"),
    PROP_END,
};
static const PropValue plain[] = {{NULL}};
static const PropValue odd[] = {{"number", "7"}, {"tri", "on"}, {"text", "odd"}, {NULL}};
static const PropValue big[] = {{"number", "1000"}, {"size", "1M"}, {"flag", "off"}, {NULL}};
static const PropValue *const kinds[] = {plain, odd, big};
static const char *const kind_names[] = {"plain", "odd", "big", NULL};
static const PropInfo preset_props[] = {
    PROP_PRESET("kind", Gadget, choice, "plain", kind_names, kinds, "what it is like"),
    PROP(PROP_BOOL, "flag", Gadget, flag, "on", "a flag"),
    PROP(PROP_UINT32, "number", Gadget, number, "0x10", "a number"),
    PROP(PROP_UINT32, "x-number", Gadget, number, "0x10", "the same"),
    PROP(PROP_SIZE, "size", Gadget, size, "4K", "a size"),
    PROP(PROP_STRING, "text", Gadget, text, NULL, "a text"),
    PROP(PROP_ONOFFAUTO, "tri", Gadget, tri, NULL, "on, off or auto"),
    PROP_END,
};
static const DeviceClass preset_class = {
    .name = "preset", .instance_size = sizeof(Gadget), .props = preset_props};
static const DeviceClass gadget_class = {
    .name = "gadget", .instance_size = sizeof(Gadget), .props = gadget_props};

static void test_properties(void)
{
    static const struct {
        const char *name, *value, *error; /* NULL: it must be taken */
    } rows[] = {
        {"flag", "off", NULL},
        {"flag", "maybe", "on, off"},
        {"small", "7", NULL},
        {"small", "8", "from 1 to 7"},
        {"small", "300", "from 1 to 7"},
        {"number", "4294967296", "from 0 to 4294967295"},
        {"number", "-1", "whole number"},
        {"number", "12x", "whole number"},
        {"number", "", "whole number"},
        {"size", "3M", NULL},
        {"size", "99999999999999999999", "size"},
        {"size", "20000000000G", "size"},
        {"colour", "blue", "red, green"},
        {"tri", "auto", NULL},
        {"tri", "perhaps", "on, off, auto"},
        {"addr", "1f.7", NULL},
        {"addr", "20", "PCI address"},
        {"addr", "1.8", "PCI address"},
        {"colr", "red", "did you mean 'colour'"},
        {"zzzzzz", "1", "help' lists them"},
    };
    Platform platform = {0};
    Device *dev = device_new(&gadget_class, &platform, NULL);
    Gadget *g = (Gadget *)dev;
    g_assert_true(g->flag && g->small == 3 && g->number == 16 && g->size == 4096);
    g_assert_true(g->choice == 1 && g->addr == -1);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        bool ok = device_set_prop(dev, rows[i].name, rows[i].value, &error);
        g_assert_true(ok == (rows[i].error == NULL));
        if (!ok && !strstr(error->message, rows[i].error)) {
            g_error("%s=%s: '%s' has no '%s'", rows[i].name, rows[i].value, error->message,
                    rows[i].error);
        }
        g_assert_true(ok || !strchr(error->message, '\n'));
    }
    g_assert_cmpuint(g->size, ==, 3 << 20);
    g_assert_cmpint(g->addr, ==, 0xff);
    device_free(dev);
}

/* A preset gives way to what is set, before or after it, under any name; the last preset counts. */
static void test_presets(void)
{
    static const struct {
        const char *set[4][2];
        uint32_t number;
        uint64_t size;
        bool flag;
        int tri;
        const char *text;
    } rows[] = {
        {{{NULL}}, 16, 4096, true, ONOFF_AUTO, NULL},
        {{{"kind", "plain"}}, 16, 4096, true, ONOFF_AUTO, NULL},
        {{{"kind", "odd"}}, 7, 4096, true, ONOFF_ON, "odd"},
        {{{"kind", "odd"}, {"number", "16"}}, 16, 4096, true, ONOFF_ON, "odd"},
        {{{"number", "16"}, {"kind", "odd"}}, 16, 4096, true, ONOFF_ON, "odd"},
        {{{"x-number", "3"}, {"kind", "odd"}}, 3, 4096, true, ONOFF_ON, "odd"},
        {{{"kind", "odd"}, {"kind", "big"}}, 1000, 1 << 20, false, ONOFF_AUTO, NULL},
        {{{"text", "mine"}, {"kind", "odd"}, {"tri", "off"}}, 7, 4096, true, ONOFF_OFF, "mine"},
    };
    Platform platform = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Device *dev = device_new(&preset_class, &platform, NULL);
        Gadget *g = (Gadget *)dev;
        for (unsigned k = 0; k < 4 && rows[i].set[k][0]; k++) {
            g_assert_true(device_set_prop(dev, rows[i].set[k][0], rows[i].set[k][1], NULL));
        }
        g_assert_true(device_realize(dev, NULL));
        g_assert_cmpuint(g->number, ==, rows[i].number);
        g_assert_cmpuint(g->size, ==, rows[i].size);
        g_assert_true(g->flag == rows[i].flag && g->tri == rows[i].tri);
        g_assert_cmpstr(g->text, ==, rows[i].text);
        device_free(dev);
    }
    g_autoptr(GString) help = g_string_new(NULL);
    device_class_help(&preset_class, help);
    g_assert_nonnull(strstr(help->str, "odd sets number=7 tri=on text=odd\n"));
    g_assert_nonnull(strstr(help->str, "plain sets nothing\n"));
}

static void test_nearest(void)
{
    static const char *const names[] = {"intel-iommu", "virtio-blk-pci", "virtio-rng-pci", "edu"};
    g_assert_cmpstr(nearest_name("intel-iomu", names, 4), ==, "intel-iommu");
    g_assert_cmpstr(nearest_name("virtio-blk", names, 4), ==, "virtio-blk-pci");
    g_assert_cmpstr(nearest_name("deu", names, 4), ==, "edu");
    g_assert_null(nearest_name("xyzzy", names, 4));
    g_assert_null(nearest_name("", names, 4));
    g_assert_null(nearest_name("a", names, 0));
}

/* What of a bus master's writes is an interrupt request: all lengths and places near the window. */
static void test_window(void)
{
    const uint8_t data[16] = {0x78, 0x56, 0x34, 0x12};
    const BusReq req = {.requester_id = 0x0123};
    for (int64_t d = -16; d < 16; d++) {
        for (size_t len = 0; len <= 16; len++) {
            for (int end = 0; end < 2; end++) {
                uint64_t edge = INTR_WINDOW_BASE + (end ? INTR_WINDOW_SIZE : 0);
                uint64_t addr = edge + (uint64_t)d;
                bool touches = false;
                for (size_t i = 0; i < len; i++) {
                    touches |= addr + i >= INTR_WINDOW_BASE &&
                               addr + i < INTR_WINDOW_BASE + INTR_WINDOW_SIZE;
                }
                IntrMsg msg;
                bool is = upstream_write_is_interrupt(&req, addr, data, len, &msg);
                g_assert_true(upstream_touches_window(addr, len) == touches);
                g_assert_true(is == (touches && len == 4 && addr % 4 == 0));
                g_assert_true(!is || (msg.data == 0x12345678 && msg.requester_id == 0x0123));
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/timers", test_timers);
    g_test_add_func("/clock/order", test_timer_order);
    g_test_add_func("/clock/past", test_timer_in_the_past);
    g_test_add_func("/clock/until-deadline", test_clock_until_deadline);
    g_test_add_func("/clock/many-timers", test_clock_many_timers);
    g_test_add_func("/clock/withheld", test_clock_withheld);
    g_test_add_func("/log/full", test_log_full);
    g_test_add_func("/regfile/widths", test_regfile_widths);
    g_test_add_func("/regfile/writes", test_regfile_writes);
    g_test_add_func("/device/properties", test_properties);
    g_test_add_func("/device/presets", test_presets);
    g_test_add_func("/device/nearest", test_nearest);
    g_test_add_func("/upstream/window", test_window);
    return g_test_run();
}
