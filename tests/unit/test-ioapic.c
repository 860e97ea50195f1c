/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOAPIC: registers, edge and level pins, remote IRR, EOI, and the messages it builds. */
#include "hw/intc/ioapic.h"

#define SID 0xf0f8

typedef struct {
    Platform platform;
    Trace trace;
    Device *dev;
    AddressSpace *memory;
    unsigned sent;
    IntrMsg last;
    IrqOut drive[IOAPIC_PINS];
} Rig;

static IntrResult on_send(void *opaque, const IntrMsg *msg)
{
    Rig *rig = opaque;

    rig->sent++;
    rig->last = *msg;
    return INTR_DELIVERED;
}

static Rig *rig_new(const char *version)
{
    Rig *rig = g_new0(Rig, 1);

    trace_init(&rig->trace);
    rig->memory = as_new("memory", 52);
    rig->platform =
        (Platform){.clock = clock_new(CLOCK_MANUAL), .memory = rig->memory, .trace = &rig->trace};
    rig->dev = device_new(&ioapic_class, &rig->platform, "ioapic");
    *ioapic_links(rig->dev) =
        (IoapicLinks){.sink = {.send = on_send, .opaque = rig}, .requester_id = SID};
    g_assert_true(device_set_prop(rig->dev, "version", version, NULL));
    g_assert_true(device_realize(rig->dev, NULL));
    as_add(rig->memory, ioapic_region(rig->dev), IOAPIC_BASE);
    device_reset(rig->dev);
    return rig;
}

static void rig_free(Rig *rig)
{
    as_remove(rig->memory, ioapic_region(rig->dev));
    device_free(rig->dev);
    clock_free(rig->platform.clock);
    as_free(rig->memory);
    g_free(rig);
}

static uint32_t rd(Rig *rig, uint8_t index)
{
    as_store(rig->memory, IOAPIC_BASE, index, 4);
    return (uint32_t)as_load(rig->memory, IOAPIC_BASE + 0x10, 4, NULL);
}

static void wr(Rig *rig, uint8_t index, uint32_t value)
{
    as_store(rig->memory, IOAPIC_BASE, index, 4);
    as_store(rig->memory, IOAPIC_BASE + 0x10, value, 4);
}

static void set_rte(Rig *rig, unsigned pin, uint64_t rte)
{
    wr(rig, (uint8_t)(0x11 + 2 * pin), (uint32_t)(rte >> 32));
    wr(rig, (uint8_t)(0x10 + 2 * pin), (uint32_t)rte);
}

static void line(Rig *rig, int pin, bool level)
{
    irq_connect(&rig->drive[pin], device_irq_in(rig->dev, "", pin));
    irq_set(&rig->drive[pin], level);
}

static void test_registers(void)
{
    Rig *rig = rig_new("0x20");

    g_assert_cmphex(rd(rig, 0), ==, 0);
    wr(rig, 0, 0xffffffff);
    g_assert_cmphex(rd(rig, 0), ==, 0x0f000000);
    g_assert_cmphex(rd(rig, 2), ==, 0x0f000000);
    g_assert_cmphex(rd(rig, 1), ==, 0x00170020);
    wr(rig, 1, 0);
    g_assert_cmphex(rd(rig, 1), ==, 0x00170020);
    for (uint8_t pin = 0; pin < IOAPIC_PINS; pin++) {
        g_assert_cmphex(rd(rig, 0x10 + 2 * pin), ==, 0x10000);
        wr(rig, 0x10 + 2 * pin, 0xffffffff);
        wr(rig, 0x11 + 2 * pin, 0xffffffff);
        g_assert_cmphex(rd(rig, 0x10 + 2 * pin), ==, 0x1afff);
        g_assert_cmphex(rd(rig, 0x11 + 2 * pin), ==, 0xffff0000);
    }
    g_assert_cmphex(rd(rig, 0x40), ==, 0);
    g_assert_cmphex(rd(rig, 0x03), ==, 0);
    as_store(rig->memory, IOAPIC_BASE, 1, 1);
    g_assert_cmphex(as_load(rig->memory, IOAPIC_BASE + 0x10, 4, NULL), ==, 0x00170020);
    device_reset(rig->dev);
    g_assert_cmphex(rd(rig, 0x10), ==, 0x10000);
    rig_free(rig);

    rig = rig_new("0x11");
    g_assert_cmphex(rd(rig, 1), ==, 0x00170011);
    rig_free(rig);
}

static void test_bad_version(void)
{
    g_autoptr(GError) error = NULL;
    Platform platform = {0};
    Device *dev = device_new(&ioapic_class, &platform, "ioapic");

    g_assert_true(device_set_prop(dev, "version", "0x12", NULL));
    g_assert_false(device_realize(dev, &error));
    g_assert_nonnull(strstr(error->message, "0x11 or 0x20"));
    device_free(dev);
}

static void test_edge(void)
{
    Rig *rig = rig_new("0x20");

    set_rte(rig, 4, 0x0500000000000034);
    line(rig, 4, true);
    line(rig, 4, true);
    g_assert_cmpuint(rig->sent, ==, 1);
    g_assert_cmphex(rig->last.address, ==, 0xfee05000);
    g_assert_cmphex(rig->last.data, ==, 0x4034);
    g_assert_cmphex(rig->last.requester_id, ==, SID);
    line(rig, 4, false);
    line(rig, 4, true);
    g_assert_cmpuint(rig->sent, ==, 2);
    g_assert_cmphex(rd(rig, 0x18), ==, 0x34); /* no remote IRR */

    /* An edge on a masked pin is lost. */
    set_rte(rig, 4, 0x10034);
    line(rig, 4, false);
    line(rig, 4, true);
    set_rte(rig, 4, 0x34);
    g_assert_cmpuint(rig->sent, ==, 2);
    rig_free(rig);
}

static void test_level(void)
{
    Rig *rig = rig_new("0x20");

    set_rte(rig, 20, 0x18071); /* masked */
    line(rig, 20, true);
    g_assert_cmpuint(rig->sent, ==, 0);
    set_rte(rig, 20, 0x8071);
    g_assert_cmpuint(rig->sent, ==, 1);
    g_assert_cmphex(rig->last.data, ==, 0xc071);
    g_assert_cmphex(rd(rig, 0x10 + 40), ==, 0xc071); /* remote IRR */
    line(rig, 20, false);
    line(rig, 20, true);
    g_assert_cmpuint(rig->sent, ==, 1);
    ioapic_eoi(rig->dev, 0x72);
    g_assert_cmphex(rd(rig, 0x10 + 40), ==, 0xc071);
    ioapic_eoi(rig->dev, 0x71); /* still high */
    g_assert_cmpuint(rig->sent, ==, 2);
    line(rig, 20, false);
    as_store(rig->memory, IOAPIC_BASE + 0x40, 0x71, 4); /* the EOI register */
    g_assert_cmpuint(rig->sent, ==, 2);
    g_assert_cmphex(rd(rig, 0x10 + 40), ==, 0x8071);

    /* Reprogrammed while remote IRR is set: nothing ends the old vector. */
    line(rig, 20, true);
    set_rte(rig, 20, 0x8081);
    ioapic_eoi(rig->dev, 0x71);
    g_assert_cmphex(rd(rig, 0x10 + 40), ==, 0xc081);
    rig_free(rig);
}

/* A lowest-priority entry is a level as a fixed one is: remote IRR, and again after an EOI. The
 * modes that are edges by nature (82093AA 3.2.4) stay edges with the level bit set. */
static void test_level_modes(void)
{
    for (unsigned mode = 0; mode < 8; mode++) {
        Rig *rig = rig_new("0x20");
        bool level = mode < 2;

        set_rte(rig, 18, 0x8000 | mode << 8 | 0x61);
        line(rig, 18, true);
        g_assert_cmpuint(rig->sent, ==, 1);
        g_assert_cmphex(rig->last.data, ==, 0xc000 | mode << 8 | 0x61);
        g_assert_cmphex(rig->last.address, ==, 0xfee00000 | (mode == 1 ? 8 : 0));
        g_assert_cmphex(rd(rig, 0x10 + 36) & 0x4000, ==, level ? 0x4000 : 0);
        line(rig, 18, false);
        line(rig, 18, true);
        g_assert_cmpuint(rig->sent, ==, level ? 1 : 2);
        ioapic_eoi(rig->dev, 0x61);
        g_assert_cmpuint(rig->sent, ==, 2);
        line(rig, 18, false);
        ioapic_eoi(rig->dev, 0x61);
        g_assert_cmpuint(rig->sent, ==, 2);
        g_assert_cmphex(rd(rig, 0x10 + 36) & 0x4000, ==, 0);
        /* Behind the mask a level waits, an edge does not. */
        set_rte(rig, 18, 0x18000 | mode << 8 | 0x61);
        line(rig, 18, true);
        set_rte(rig, 18, 0x8000 | mode << 8 | 0x61);
        g_assert_cmpuint(rig->sent, ==, level ? 3 : 2);
        rig_free(rig);
    }
}

/*
 * Bit 13 inverts the input: an entry is active while the wire is at its level, whichever level the
 * wire has while nothing is asked for. Edges are changes of the wire; writing an entry makes none.
 */
static void check_polarity(Rig *rig, unsigned pin, bool entry_low, bool level)
{
    bool wire_low = ioapic_links(rig->dev)->active_low >> pin & 1;
    bool any = ioapic_links(rig->dev)->any_polarity >> pin & 1;
    uint64_t rte = 0x41 | (entry_low ? 1u << 13 : 0) | (level ? 1u << 15 : 0);

    set_rte(rig, pin, 1u << 16);
    line(rig, (int)pin, false);
    for (int step = 0; step < 6; step++) {
        bool asked = step & 1, changed = step > 0 && step != 3;
        bool active = any ? asked : (asked ^ wire_low) ^ entry_low;
        unsigned before = rig->sent;

        line(rig, (int)pin, asked);
        if (step == 0 || step == 3) {
            set_rte(rig, pin, 1u << 16); /* an edge entry: remote IRR goes */
            set_rte(rig, pin, 1u << 16 | rte);
            line(rig, (int)pin, !asked);
            line(rig, (int)pin, asked);
            before = rig->sent;
            set_rte(rig, pin, rte);
        }
        g_assert_cmpuint(rig->sent - before, ==, active && (level || changed));
        if (level && active) {
            g_assert_cmphex(rd(rig, (uint8_t)(0x10 + 2 * pin)) & 0x4000, ==, 0x4000);
            line(rig, (int)pin, !asked);
            ioapic_eoi(rig->dev, 0x41);
            g_assert_cmpuint(rig->sent - before, ==, 1);
            g_assert_cmphex(rd(rig, (uint8_t)(0x10 + 2 * pin)) & 0x4000, ==, 0);
        }
    }
}

static void test_polarity(void)
{
    Rig *rig = rig_new("0x20");

    ioapic_links(rig->dev)->active_low = 0xff0000;
    ioapic_links(rig->dev)->any_polarity = 0xf00000;
    for (unsigned i = 0; i < 4 * IOAPIC_PINS; i++) {
        check_polarity(rig, i / 4, i & 1, i & 2);
    }
    rig_free(rig);
}

/* A level that nothing ends comes again at each EOI, but leaves the processor some time. */
static void test_storm(void)
{
    Rig *rig = rig_new("0x20");
    unsigned at_once;

    set_rte(rig, 5, 0x8041);
    line(rig, 5, true);
    for (at_once = 0; at_once < 1000 && rig->sent > at_once; at_once++) {
        ioapic_eoi(rig->dev, 0x41);
    }
    g_assert_cmpuint(at_once, >=, 10);
    g_assert_cmpuint(at_once, <, 1000);
    for (unsigned i = 0; i < 10; i++) {
        clock_advance_to(rig->platform.clock, clock_now(rig->platform.clock) + NS_PER_MS);
        g_assert_cmpuint(rig->sent, ==, at_once + 1 + i);
        ioapic_eoi(rig->dev, 0x41);
        g_assert_cmpuint(rig->sent, ==, at_once + 1 + i);
    }
    line(rig, 5, false); /* ends it, also while the pin waits */
    clock_advance_to(rig->platform.clock, clock_now(rig->platform.clock) + NS_PER_MS);
    g_assert_cmpuint(rig->sent, ==, at_once + 10);
    line(rig, 5, true);
    ioapic_eoi(rig->dev, 0x41);
    g_assert_cmpuint(rig->sent, ==, at_once + 12);
    for (unsigned i = 0; i < 1000; i++) {
        ioapic_eoi(rig->dev, 0x41);
    }
    set_rte(rig, 5, 0x8041); /* so does a new entry */
    at_once = rig->sent;
    ioapic_eoi(rig->dev, 0x41);
    g_assert_cmpuint(rig->sent, ==, at_once + 1);
    rig_free(rig);
}

/* Version 11h has no EOI register: going through edge mode clears remote IRR. */
static void test_clear_by_edge(void)
{
    Rig *rig = rig_new("0x11");

    set_rte(rig, 9, 0x8099);
    line(rig, 9, true);
    as_store(rig->memory, IOAPIC_BASE + 0x40, 0x99, 4);
    g_assert_cmphex(rd(rig, 0x10 + 18), ==, 0xc099);
    set_rte(rig, 9, 0x10099);
    g_assert_cmphex(rd(rig, 0x10 + 18), ==, 0x10099);
    set_rte(rig, 9, 0x8099);
    g_assert_cmpuint(rig->sent, ==, 2);
    rig_free(rig);
}

/* VT-d 5.1.5.1: format bit 48, handle 14:0 in 63:49, handle 15 in bit 11. */
static void test_remappable(void)
{
    Rig *rig = rig_new("0x20");

    set_rte(rig, 3, 0xabcd000000000803);
    line(rig, 3, true);
    g_assert_cmphex(rig->last.address, ==, 0xfee00000 | 0xabcd0 | 4);
    g_assert_cmphex(rig->last.data, ==, 0x4803);
    rig_free(rig);
}

static void test_modes(void)
{
    Rig *rig = rig_new("0x20");

    set_rte(rig, 1, 0xff00000000000931); /* lowest priority, logical */
    line(rig, 1, true);
    g_assert_cmphex(rig->last.address, ==, 0xfeeff00c);
    g_assert_cmphex(rig->last.data, ==, 0x4931);
    set_rte(rig, 2, 0x8400); /* NMI is an edge even if it says level */
    line(rig, 2, true);
    g_assert_cmpuint(rig->sent, ==, 2);
    g_assert_cmphex(rd(rig, 0x14), ==, 0x8400);
    set_rte(rig, 0, 0x700); /* ExtINT */
    line(rig, 0, true);
    g_assert_cmphex(rig->last.data, ==, 0x4700);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ioapic/registers", test_registers);
    g_test_add_func("/ioapic/bad-version", test_bad_version);
    g_test_add_func("/ioapic/edge", test_edge);
    g_test_add_func("/ioapic/level-modes", test_level_modes);
    g_test_add_func("/ioapic/polarity", test_polarity);
    g_test_add_func("/ioapic/storm", test_storm);
    g_test_add_func("/ioapic/level", test_level);
    g_test_add_func("/ioapic/clear-by-edge", test_clear_by_edge);
    g_test_add_func("/ioapic/remappable", test_remappable);
    g_test_add_func("/ioapic/modes", test_modes);
    return g_test_run();
}
