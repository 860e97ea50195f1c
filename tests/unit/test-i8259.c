/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The i8259 pair, as a CPU sees it through its ports and the acknowledge cycle. */
#include "hw/intc/i8259.h"

typedef struct {
    Platform platform;
    Trace trace;
    Device *dev;
    AddressSpace *ports;
    IrqLine intr_line;
    IrqOut drive[16];
    bool intr;
} Rig;

static void on_intr(void *opaque, int n, bool level)
{
    ((Rig *)opaque)->intr = level;
}

static void out(Rig *rig, uint16_t port, uint8_t value)
{
    as_store(rig->ports, port, value, 1);
}

static uint8_t in(Rig *rig, uint16_t port)
{
    return (uint8_t)as_load(rig->ports, port, 1, NULL);
}

static void line(Rig *rig, int n, bool level)
{
    irq_connect(&rig->drive[n], device_irq_in(rig->dev, "", n));
    irq_set(&rig->drive[n], level);
}

/* A rise, after a fall if need be. */
static void edge(Rig *rig, int n)
{
    line(rig, n, false);
    line(rig, n, true);
}

static int ack(Rig *rig)
{
    return i8259_ack(rig->dev, 0);
}

static Rig *rig_new(uint8_t master_icw4)
{
    Rig *rig = g_new0(Rig, 1);

    trace_init(&rig->trace);
    rig->ports = as_new("ports", 16);
    rig->platform = (Platform){.ports = rig->ports, .trace = &rig->trace};
    irq_line_init(&rig->intr_line, on_intr, rig, 0);
    rig->dev = device_new(&i8259_class, &rig->platform, "pic");
    irq_connect(i8259_intr_out(rig->dev), &rig->intr_line);
    g_assert_true(device_realize(rig->dev, NULL));
    device_reset(rig->dev);
    out(rig, 0x20, 0x11);
    out(rig, 0x21, 0x30);
    out(rig, 0x21, 0x04);
    out(rig, 0x21, master_icw4);
    out(rig, 0xa0, 0x11);
    out(rig, 0xa1, 0x38);
    out(rig, 0xa1, 0x02);
    out(rig, 0xa1, 0x01);
    return rig;
}

static void rig_free(Rig *rig)
{
    device_free(rig->dev);
    as_free(rig->ports);
    g_free(rig);
}

static void test_edges_and_priority(void)
{
    Rig *rig = rig_new(0x01);

    edge(rig, 4);
    g_assert_true(rig->intr);
    edge(rig, 1);
    g_assert_cmphex(in(rig, 0x20), ==, 0x12);
    g_assert_cmphex(ack(rig), ==, 0x31);
    g_assert_false(rig->intr); /* 4 waits below 1 */
    out(rig, 0x20, 0x0b);
    g_assert_cmphex(in(rig, 0x20), ==, 0x02);
    out(rig, 0x20, 0x20);
    g_assert_true(rig->intr);
    g_assert_cmphex(ack(rig), ==, 0x34);
    edge(rig, 0); /* higher: nests */
    g_assert_true(rig->intr);
    g_assert_cmphex(ack(rig), ==, 0x30);
    out(rig, 0x20, 0x64); /* specific EOI of 4 */
    g_assert_cmphex(in(rig, 0x20), ==, 0x01);
    rig_free(rig);
}

static void test_masks(void)
{
    Rig *rig = rig_new(0x01);

    out(rig, 0x21, 0xef);
    out(rig, 0xa1, 0x55);
    g_assert_cmphex(in(rig, 0x21), ==, 0xef);
    g_assert_cmphex(in(rig, 0xa1), ==, 0x55);
    edge(rig, 3);
    g_assert_false(rig->intr);
    out(rig, 0x21, 0x00); /* latched meanwhile */
    g_assert_true(rig->intr);
    g_assert_cmphex(ack(rig), ==, 0x33);
    rig_free(rig);
}

static void test_cascade(void)
{
    Rig *rig = rig_new(0x01);

    line(rig, 12, true);
    g_assert_cmphex(ack(rig), ==, 0x3c);
    out(rig, 0x20, 0x0b);
    out(rig, 0xa0, 0x0b);
    g_assert_cmphex(in(rig, 0x20), ==, 0x04);
    g_assert_cmphex(in(rig, 0xa0), ==, 0x10);
    edge(rig, 8); /* fully nested: the slave is blocked by itself at the master */
    g_assert_false(rig->intr);
    out(rig, 0xa0, 0x20);
    out(rig, 0x20, 0x20);
    g_assert_cmphex(ack(rig), ==, 0x38);
    rig_free(rig);

    rig = rig_new(0x11); /* special fully nested mode */
    line(rig, 12, true);
    g_assert_cmphex(ack(rig), ==, 0x3c);
    edge(rig, 8);
    g_assert_true(rig->intr);
    g_assert_cmphex(ack(rig), ==, 0x38);
    rig_free(rig);
}

static void test_level_and_spurious(void)
{
    Rig *rig = rig_new(0x01);

    out(rig, 0x4d0, 0xff);
    out(rig, 0x4d1, 0xff);
    g_assert_cmphex(in(rig, 0x4d0), ==, 0xf8);
    g_assert_cmphex(in(rig, 0x4d1), ==, 0xde);
    line(rig, 5, true);
    g_assert_cmphex(ack(rig), ==, 0x35);
    out(rig, 0x20, 0x20);
    g_assert_true(rig->intr); /* still high */
    line(rig, 5, false);
    g_assert_cmphex(ack(rig), ==, 0x37); /* the CPU was late: spurious */
    g_assert_false(rig->intr);
    out(rig, 0x20, 0x0b);
    g_assert_cmphex(in(rig, 0x20), ==, 0x00);
    rig_free(rig);
}

static uint8_t isr(Rig *rig, uint16_t port)
{
    out(rig, port, 0x0b);
    return in(rig, port);
}

static uint8_t irr(Rig *rig, uint16_t port)
{
    out(rig, port, 0x0a);
    return in(rig, port);
}

/*
 * Edge or level, master or slave: a request that falls before its acknowledge leaves INT up and
 * gets the default vector, of the chip that it came from, without an in-service bit there.
 */
static void check_gone(int irq, bool level, uint8_t icw4)
{
    Rig *rig = rig_new(icw4);
    bool slave = irq >= 8;
    uint16_t port = slave ? 0xa0 : 0x20;
    uint8_t bit = (uint8_t)(1u << (irq & 7)), cascade = slave && !(icw4 & 2) ? 0x04 : 0;

    out(rig, 0x4d0, level ? 0xff : 0);
    out(rig, 0x4d1, level ? 0xff : 0);
    bool is_level = in(rig, slave ? 0x4d1 : 0x4d0) & bit;
    edge(rig, irq);
    g_assert_cmphex(irr(rig, port), ==, bit);
    line(rig, irq, false);
    g_assert_cmphex(irr(rig, port), ==, 0);
    g_assert_true(rig->intr);
    g_assert_cmphex(ack(rig), ==, slave ? 0x3f : 0x37);
    g_assert_false(rig->intr);
    g_assert_cmphex(isr(rig, 0xa0), ==, 0);
    g_assert_cmphex(isr(rig, 0x20), ==, cascade);
    out(rig, 0x20, 0x20);
    /* One that comes back in time is itself again. */
    edge(rig, irq);
    line(rig, irq, false);
    line(rig, irq, true);
    g_assert_cmphex(ack(rig), ==, 0x30 + irq);
    line(rig, irq, false); /* after the acknowledge it may, unless that ended the level already */
    g_assert_cmpint(rig->intr, ==, is_level && (icw4 & 2) && !slave);
    rig_free(rig);
}

static void test_gone(void)
{
    for (int irq = 0; irq < 16; irq++) {
        for (int level = 0; irq != 2 && level < 2; level++) {
            check_gone(irq, level, 0x01);
            check_gone(irq, level, 0x03); /* automatic EOI, on the master */
        }
    }
}

/* What was not signalled leaves nothing behind, nor does what the mask hides; another request takes
 * its place; ICW1 and a poll end it. */
static void test_not_gone(void)
{
    Rig *rig = rig_new(0x01);

    out(rig, 0x21, 0x10);
    edge(rig, 4);
    line(rig, 4, false);
    g_assert_false(rig->intr);
    out(rig, 0x21, 0x00);
    g_assert_false(rig->intr);
    edge(rig, 3);
    out(rig, 0x21, 0x08); /* masked: INT goes, and no acknowledge follows */
    g_assert_false(rig->intr);
    out(rig, 0x21, 0x00);
    edge(rig, 5);
    line(rig, 3, false);
    g_assert_cmphex(ack(rig), ==, 0x35);
    g_assert_cmphex(isr(rig, 0x20), ==, 0x20);
    edge(rig, 6); /* waits below 5 */
    line(rig, 6, false);
    out(rig, 0x20, 0x20);
    g_assert_false(rig->intr);
    edge(rig, 1);
    line(rig, 1, false);
    out(rig, 0x20, 0x0c);
    g_assert_cmphex(in(rig, 0x20) & 0x80, ==, 0);
    g_assert_false(rig->intr);
    edge(rig, 1);
    line(rig, 1, false);
    g_assert_true(rig->intr);
    out(rig, 0x20, 0x11);
    g_assert_false(rig->intr);
    rig_free(rig);
}

static void test_rotation(void)
{
    Rig *rig = rig_new(0x01);

    edge(rig, 3);
    g_assert_cmphex(ack(rig), ==, 0x33);
    out(rig, 0x20, 0xa0); /* rotate on non-specific EOI: 3 is lowest now */
    edge(rig, 3);
    edge(rig, 4);
    g_assert_cmphex(ack(rig), ==, 0x34);
    out(rig, 0x20, 0x20);
    g_assert_cmphex(ack(rig), ==, 0x33);
    out(rig, 0x20, 0xe3); /* rotate on specific EOI */
    out(rig, 0x20, 0xc7); /* set priority: 7 is lowest, as after ICW1 */
    edge(rig, 7);
    edge(rig, 0);
    g_assert_cmphex(ack(rig), ==, 0x30);
    rig_free(rig);
}

static void test_auto_eoi(void)
{
    Rig *rig = rig_new(0x03);

    out(rig, 0x20, 0x80); /* rotate in AEOI */
    edge(rig, 3);
    g_assert_cmphex(ack(rig), ==, 0x33);
    out(rig, 0x20, 0x0b);
    g_assert_cmphex(in(rig, 0x20), ==, 0x00);
    edge(rig, 3);
    edge(rig, 6);
    g_assert_cmphex(ack(rig), ==, 0x36);
    rig_free(rig);
}

static void test_special_mask(void)
{
    Rig *rig = rig_new(0x01);

    edge(rig, 1);
    g_assert_cmphex(ack(rig), ==, 0x31);
    out(rig, 0x21, 0x02);
    out(rig, 0x20, 0x68);
    edge(rig, 6); /* lower, but 1 is masked */
    g_assert_true(rig->intr);
    g_assert_cmphex(ack(rig), ==, 0x36);
    out(rig, 0x20, 0x20); /* ends 6, not the masked 1 */
    out(rig, 0x20, 0x0b);
    g_assert_cmphex(in(rig, 0x20), ==, 0x02);
    rig_free(rig);
}

static void test_poll(void)
{
    Rig *rig = rig_new(0x01);

    edge(rig, 5);
    out(rig, 0x20, 0x0c);
    g_assert_cmphex(in(rig, 0x20), ==, 0x85);
    g_assert_false(rig->intr);
    out(rig, 0x20, 0x0b);
    g_assert_cmphex(in(rig, 0x20), ==, 0x20);
    out(rig, 0x20, 0x0c);
    g_assert_cmphex(in(rig, 0x20) & 0x80, ==, 0);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i8259/edges-and-priority", test_edges_and_priority);
    g_test_add_func("/i8259/masks", test_masks);
    g_test_add_func("/i8259/cascade", test_cascade);
    g_test_add_func("/i8259/level-and-spurious", test_level_and_spurious);
    g_test_add_func("/i8259/gone", test_gone);
    g_test_add_func("/i8259/not-gone", test_not_gone);
    g_test_add_func("/i8259/rotation", test_rotation);
    g_test_add_func("/i8259/auto-eoi", test_auto_eoi);
    g_test_add_func("/i8259/special-mask", test_special_mask);
    g_test_add_func("/i8259/poll", test_poll);
    return g_test_run();
}
