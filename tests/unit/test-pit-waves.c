/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The i8254's output while counts and gate change under it, against a counter that is clocked one
 * step at a time as the 8254 data sheet describes the modes. Channel 2 has a gate and shows its
 * output at port 61h.
 */
#include "hw/timer/i8254.h"

#define PIT_HZ 1193182ull

/* The data sheet's counter: CR holds the newest count, CE counts. */
typedef struct {
    unsigned mode;
    unsigned cr, ce; /* ce: clocks left of this cycle or half */
    bool out, gate, counting, second_half;
} Model;

static void model_reload(Model *m)
{
    if (m->mode == 3) {
        m->ce = m->second_half ? m->cr / 2 : (m->cr + 1) / 2;
        m->out = !m->second_half;
    } else {
        m->ce = m->cr;
        m->out = m->mode == 2;
    }
    m->counting = true;
}

static void model_clock(Model *m)
{
    if (!m->counting || (!m->gate && m->mode != 1)) {
        return;
    }
    m->ce--;
    switch (m->mode) {
    case 1:
        m->out |= m->ce == 0;
        m->counting = m->ce != 0;
        break;
    case 2: /* low for the one clock of count 1 */
        m->out = m->ce != 1;
        if (m->ce == 0) {
            model_reload(m);
        }
        break;
    default:
        if (m->ce == 0) {
            m->second_half = !m->second_half;
            model_reload(m);
        }
    }
}

static void model_gate(Model *m, bool gate)
{
    if (gate && !m->gate) {
        m->second_half = false;
        model_reload(m);
    } else if (!gate && m->mode != 1) {
        m->out = true; /* modes 2 and 3: high at once */
    }
    m->gate = gate;
}

typedef struct {
    Platform platform;
    Trace trace;
    Device *dev;
    Model model;
    uint64_t clocks;
    int64_t after;
} Rig;

static void out(Rig *rig, uint16_t port, uint8_t value)
{
    as_store(rig->platform.ports, port, value, 1);
}

/* Changes come a little after a clock, each a little more than the one before, so that rounded
 * times do not put one before the clock of another. */
#define AFTER_NS 5

static void advance_to(Rig *rig, uint64_t half_clocks)
{
    clock_advance_to(rig->platform.clock,
                     (int64_t)(half_clocks * NS_PER_SEC / (2 * PIT_HZ)) + rig->after);
}

static void write_count(Rig *rig, unsigned count)
{
    rig->after += AFTER_NS;
    advance_to(rig, 2 * rig->clocks);
    out(rig, 0x42, (uint8_t)count);
    out(rig, 0x42, (uint8_t)(count >> 8));
    rig->model.cr = count;
}

static void set_gate(Rig *rig, bool gate)
{
    rig->after += AFTER_NS;
    advance_to(rig, 2 * rig->clocks);
    out(rig, 0x61, gate);
    model_gate(&rig->model, gate);
}

static void rig_open(Rig *rig, unsigned mode, unsigned count)
{
    *rig = (Rig){.model = {.mode = mode, .out = true}};
    trace_init(&rig->trace);
    rig->platform = (Platform){
        .clock = clock_new(CLOCK_MANUAL), .ports = as_new("ports", 16), .trace = &rig->trace};
    rig->dev = device_new(&i8254_class, &rig->platform, "pit");
    g_assert_true(device_realize(rig->dev, NULL));
    device_reset(rig->dev);
    out(rig, 0x43, (uint8_t)(0xb0 | mode << 1));
    write_count(rig, count);
    set_gate(rig, true);
}

static void rig_close(Rig *rig)
{
    device_free(rig->dev);
    clock_free(rig->platform.clock);
    as_free(rig->platform.ports);
}

/* Compares in the middle of a clock, and goes to its end. */
static void step(Rig *rig)
{
    advance_to(rig, 2 * rig->clocks + 1);
    g_assert_cmpint(as_load(rig->platform.ports, 0x61, 1, NULL) >> 5 & 1, ==, rig->model.out);
    rig->clocks++;
    advance_to(rig, 2 * rig->clocks);
    model_clock(&rig->model);
}

static void run(Rig *rig, unsigned clocks)
{
    for (unsigned i = 0; i < clocks; i++) {
        step(rig);
    }
}

/* A new count at each point of the first three cycles: it is loaded at the end of the half-cycle
 * (mode 3) or of the cycle (mode 2) under way, or with the next trigger (mode 1). */
static void test_new_count(void)
{
    static const unsigned modes[] = {1, 2, 3};
    static const unsigned counts[][2] = {{20, 8}, {21, 9}, {8, 30}, {9, 31}, {20, 20}, {2, 7}};

    for (unsigned i = 0; i < G_N_ELEMENTS(modes) * G_N_ELEMENTS(counts); i++) {
        const unsigned *count = counts[i / G_N_ELEMENTS(modes)];

        for (unsigned at = 0; at < 3 * count[0]; at++) {
            Rig rig;

            rig_open(&rig, modes[i % G_N_ELEMENTS(modes)], count[0]);
            run(&rig, at);
            write_count(&rig, count[1]);
            run(&rig, 100);
            set_gate(&rig, false);
            run(&rig, 5);
            set_gate(&rig, true);
            run(&rig, 100);
            rig_close(&rig);
        }
    }
}

static void test_random(void)
{
    for (unsigned round = 0; round < 300; round++) {
        Rig rig;

        rig_open(&rig, (unsigned)g_test_rand_int_range(1, 4),
                 (unsigned)g_test_rand_int_range(2, 40));
        for (unsigned i = 0; i < 20; i++) {
            run(&rig, (unsigned)g_test_rand_int_range(0, 50));
            if (g_test_rand_int_range(0, 3) == 0) {
                set_gate(&rig, !rig.model.gate);
            } else {
                write_count(&rig, (unsigned)g_test_rand_int_range(2, 40));
            }
        }
        rig_close(&rig);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pit-waves/new-count", test_new_count);
    g_test_add_func("/pit-waves/random", test_random);
    return g_test_run();
}
