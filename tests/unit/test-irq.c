/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wires: a line is high while any of its drivers pulls it, whatever they do and in which order. */
#include "hw/core/device.h"

enum { LINES = 3, OUTS = 8, STEPS = 20000 };

typedef struct {
    IrqLine line[LINES];
    IrqOut out[OUTS];
    bool seen[LINES];     /* the level by what the handler was told */
    unsigned told[LINES]; /* how often */
} Rig;

static void on_line(void *opaque, int n, bool level)
{
    Rig *rig = opaque;

    g_assert_cmpint(rig->seen[n], !=, level); /* told of changes and of nothing else */
    rig->seen[n] = level;
    rig->told[n]++;
}

static void rig_init(Rig *rig)
{
    *rig = (Rig){0};
    for (int i = 0; i < LINES; i++) {
        irq_line_init(&rig->line[i], on_line, rig, i);
    }
}

static void test_two_drivers(void)
{
    Rig rig;

    rig_init(&rig);
    irq_connect(&rig.out[0], &rig.line[0]);
    irq_connect(&rig.out[1], &rig.line[0]);
    irq_raise(&rig.out[0]);
    irq_raise(&rig.out[1]);
    irq_lower(&rig.out[1]);
    g_assert_true(rig.seen[0]); /* the other one still pulls */
    irq_pulse(&rig.out[1]);
    g_assert_true(rig.seen[0]);
    g_assert_cmpuint(rig.told[0], ==, 1);
    irq_lower(&rig.out[0]);
    g_assert_false(rig.seen[0]);
    irq_pulse(&rig.out[1]);
    g_assert_cmpuint(rig.told[0], ==, 4);
    irq_set(&rig.out[2], true); /* not connected: keeps its level */
    irq_connect(&rig.out[2], &rig.line[0]);
    g_assert_true(rig.seen[0]);
    irq_connect(&rig.out[2], NULL);
    g_assert_false(rig.seen[0]);
}

/* Sets, pulses and moves at random, against what the definition says. */
static void test_random(void)
{
    Rig rig;
    int at[OUTS];
    bool level[OUTS] = {0};

    rig_init(&rig);
    for (int i = 0; i < OUTS; i++) {
        at[i] = -1;
    }
    for (int step = 0; step < STEPS; step++) {
        int o = g_test_rand_int_range(0, OUTS);

        switch (g_test_rand_int_range(0, 4)) {
        case 0:
        case 1:
            level[o] = g_test_rand_bit();
            irq_set(&rig.out[o], level[o]);
            break;
        case 2:
            irq_pulse(&rig.out[o]);
            level[o] = false;
            break;
        default:
            at[o] = g_test_rand_int_range(-1, LINES);
            irq_connect(&rig.out[o], at[o] < 0 ? NULL : &rig.line[at[o]]);
        }
        for (int l = 0; l < LINES; l++) {
            bool high = false;
            for (int i = 0; i < OUTS; i++) {
                high |= at[i] == l && level[i];
            }
            g_assert_cmpint(rig.seen[l], ==, high);
            g_assert_cmpint(irq_line_level(&rig.line[l]), ==, high);
        }
    }
}

/* A device that goes takes its share along; a receiver that goes leaves its drivers alone. */

typedef struct {
    Device dev;
    IrqOut out;
    IrqLine in;
} Gadget;

static const DeviceClass gadget_class = {.name = "gadget", .instance_size = sizeof(Gadget)};

static Gadget *gadget_new(const Platform *platform, Rig *rig)
{
    Gadget *g = (Gadget *)device_new(&gadget_class, platform, NULL);

    device_add_irq_out(&g->dev, "", &g->out, 1);
    device_add_irq_in(&g->dev, "", &g->in, 1, on_line, rig);
    return g;
}

static void test_devices(void)
{
    Platform platform = {0};
    Rig rig;

    rig_init(&rig);
    Gadget *sender = gadget_new(&platform, &rig), *receiver = gadget_new(&platform, &rig);
    irq_connect(&sender->out, &rig.line[1]);
    irq_connect(&rig.out[0], &rig.line[1]);
    irq_connect(&rig.out[2], &receiver->in);
    irq_raise(&sender->out);
    irq_raise(&rig.out[2]);
    g_assert_true(rig.seen[1]);
    device_free(&sender->dev);
    g_assert_false(rig.seen[1]);
    irq_raise(&rig.out[0]);
    g_assert_true(rig.seen[1]);
    device_free(&receiver->dev);
    g_assert_null(rig.out[2].line);
    g_assert_true(rig.out[2].level);
    irq_lower(&rig.out[2]);
}

static void count(void *opaque, int n, bool level)
{
    ((int *)opaque)[n] += level ? 1 : 100;
}

/* Who watches a line is told in place of its handler; who watches an output, beside it. */
static void test_watch(void)
{
    Rig rig;
    int told[2] = {0};

    rig_init(&rig);
    irq_connect(&rig.out[0], &rig.line[0]);
    irq_connect(&rig.out[1], &rig.line[0]);
    rig.out[1].watch = (IrqWatch){.changed = count, .opaque = told, .n = 1};
    irq_raise(&rig.out[0]);
    irq_pulse(&rig.out[1]);
    g_assert_cmpint(told[1], ==, 101);
    g_assert_cmpuint(rig.told[0], ==, 1);
    rig.line[0].watch = (IrqWatch){.changed = count, .opaque = told, .n = 0};
    irq_lower(&rig.out[0]);
    g_assert_cmpint(told[0], ==, 100);
    g_assert_cmpuint(rig.told[0], ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/irq/two-drivers", test_two_drivers);
    g_test_add_func("/irq/random", test_random);
    g_test_add_func("/irq/devices", test_devices);
    g_test_add_func("/irq/watch", test_watch);
    return g_test_run();
}
