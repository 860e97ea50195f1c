/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One local APIC: registers and MSRs, modes, priorities, EOI, errors, LVT, LINT and the timer. */
#include "hw/intc/apic.h"

typedef struct {
    Platform platform;
    Trace trace;
    ApicBus *bus;
    Device *dev;
    ApicState *apic;
    bool intr;
    int nmis, sipi, eois;
    uint8_t eoi_vector;
    int64_t tsc_offset;
    IrqOut lint[2];
} Rig;

static void pin_intr(void *opaque, bool level)
{
    ((Rig *)opaque)->intr = level;
}

static void pin_nmi(void *opaque)
{
    ((Rig *)opaque)->nmis++;
}

static void pin_sipi(void *opaque, uint8_t vector)
{
    ((Rig *)opaque)->sipi = vector;
}

static uint64_t pin_tsc(void *opaque)
{
    Rig *rig = opaque;

    return (uint64_t)(clock_now(rig->platform.clock) + rig->tsc_offset);
}

static int64_t pin_tsc_to_ns(void *opaque, uint64_t tsc)
{
    return (int64_t)tsc - ((Rig *)opaque)->tsc_offset;
}

static void on_eoi(void *opaque, uint8_t vector)
{
    ((Rig *)opaque)->eois++;
    ((Rig *)opaque)->eoi_vector = vector;
}

static int on_pic_ack(void *opaque, uint32_t apic_id)
{
    return 0x08;
}

static const CpuPins pins = {
    .intr = pin_intr,
    .nmi = pin_nmi,
    .sipi = pin_sipi,
    .tsc = pin_tsc,
    .tsc_to_ns = pin_tsc_to_ns,
};

static Rig *rig_new(void)
{
    Rig *rig = g_new0(Rig, 1);

    trace_init(&rig->trace);
    rig->platform = (Platform){.clock = clock_new(CLOCK_MANUAL), .trace = &rig->trace};
    rig->bus = apic_bus_new(NULL);
    apic_bus_add_eoi_listener(rig->bus, on_eoi, rig);
    rig->dev = device_new(&apic_class, &rig->platform, "apic0");
    *apic_links(rig->dev) = (ApicLinks){
        .bus = rig->bus,
        .apic_id = 0x123,
        .is_bsp = true,
        .x2apic = true,
        .tsc_deadline = true,
        .eoi_suppression = true,
        .timer_hz = 1000000000,
        .pins = &pins,
        .pins_opaque = rig,
        .pic_ack = on_pic_ack,
        .phys_bits = 40,
    };
    g_assert_true(device_realize(rig->dev, NULL));
    device_reset(rig->dev);
    rig->apic = apic_from_device(rig->dev);
    irq_connect(&rig->lint[0], apic_lint(rig->apic, 0));
    irq_connect(&rig->lint[1], apic_lint(rig->apic, 1));
    return rig;
}

static void rig_free(Rig *rig)
{
    device_free(rig->dev);
    apic_bus_free(rig->bus);
    clock_free(rig->platform.clock);
    g_free(rig);
}

static uint32_t rd(Rig *rig, uint32_t reg)
{
    return (uint32_t)apic_mmio_read(rig->apic, reg, 4);
}

static void wr(Rig *rig, uint32_t reg, uint32_t value)
{
    apic_mmio_write(rig->apic, reg, value, 4);
}

static bool wrmsr(Rig *rig, uint32_t msr, uint64_t value)
{
    return apic_msr_write(rig->apic, msr, value);
}

static uint64_t rdmsr(Rig *rig, uint32_t msr)
{
    uint64_t value = 0;

    g_assert_true(apic_msr_read(rig->apic, msr, &value));
    return value;
}

static bool rdmsr_faults(Rig *rig, uint32_t msr)
{
    uint64_t value;

    return !apic_msr_read(rig->apic, msr, &value);
}

static void fixed(Rig *rig, uint8_t vector, bool level)
{
    ApicMsg msg = {.vector = vector, .level = level, .assert_level = true};

    apic_accept(rig->apic, &msg);
}

static void advance(Rig *rig, int64_t ns)
{
    clock_advance_to(rig->platform.clock, clock_now(rig->platform.clock) + ns);
}

static void test_reset_values(void)
{
    static const struct {
        uint32_t reg, value;
    } rows[] = {
        {0x20, 0x23000000}, {0x30, 0x01050014}, {0x80, 0},        {0xd0, 0},
        {0xe0, 0xffffffff}, {0xf0, 0xff},       {0x280, 0},       {0x300, 0},
        {0x310, 0},         {0x320, 0x10000},   {0x330, 0x10000}, {0x340, 0x10000},
        {0x350, 0x10000},   {0x360, 0x10000},   {0x370, 0x10000}, {0x380, 0},
        {0x390, 0},         {0x3e0, 0},
    };
    Rig *rig = rig_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmphex(rd(rig, rows[i].reg), ==, rows[i].value);
    }
    g_assert_cmphex(rdmsr(rig, MSR_IA32_APIC_BASE), ==, 0xfee00900);
    rig_free(rig);
}

static void test_write_masks(void)
{
    static const struct {
        uint32_t reg, value;
    } rows[] = {
        {0x20, 0x23000000}, {0x30, 0x01050014}, {0x80, 0xff},        {0xd0, 0xff000000},
        {0xe0, 0xffffffff}, {0xf0, 0x13ff},     {0x310, 0xff000000}, {0x320, 0x700ff},
        {0x330, 0x107ff},   {0x340, 0x107ff},   {0x350, 0x1a7ff},    {0x360, 0x1a7ff},
        {0x370, 0x100ff},   {0x3e0, 0xb},
    };
    Rig *rig = rig_new();

    wr(rig, 0xf0, 0x1ff);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t reset = rd(rig, rows[i].reg);

        wr(rig, rows[i].reg, 0xffffffff);
        g_assert_cmphex(rd(rig, rows[i].reg), ==, rows[i].value);
        if (rows[i].reg != 0xf0) {
            wr(rig, rows[i].reg, reset);
        }
    }
    wr(rig, 0xe0, 0);
    g_assert_cmphex(rd(rig, 0xe0), ==, 0x0fffffff);
    rig_free(rig);
}

static void test_narrow_accesses(void)
{
    Rig *rig = rig_new();

    g_assert_cmphex(apic_mmio_read(rig->apic, 0x30, 1), ==, 0x14);
    g_assert_cmphex(apic_mmio_read(rig->apic, 0x32, 2), ==, 0x0105);
    g_assert_cmphex(apic_mmio_read(rig->apic, 0x34, 4), ==, 0);
    apic_mmio_write(rig->apic, 0x80, 0x50, 1);
    apic_mmio_write(rig->apic, 0x84, 0x50, 4);
    apic_mmio_write(rig->apic, 0x80, 0x50, 8);
    g_assert_cmphex(rd(rig, 0x80), ==, 0);
    rig_free(rig);
}

static void test_mode_transitions(void)
{
    Rig *rig = rig_new();

    g_assert_false(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00501)); /* reserved bit */
    g_assert_false(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00500)); /* EXTD without EN */
    g_assert_false(wrmsr(rig, MSR_IA32_APIC_BASE, 1ull << 40 | 0xfee00900));
    g_assert_true(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00100));
    g_assert_cmphex(apic_mmio_base(rig->apic), ==, UINT64_MAX);
    g_assert_false(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00d00)); /* disabled to x2APIC */
    g_assert_true(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfed00900));
    g_assert_cmphex(apic_mmio_base(rig->apic), ==, 0xfed00000);
    g_assert_true(rdmsr_faults(rig, 0x802));
    g_assert_true(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00d00));
    g_assert_false(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00900)); /* x2APIC to xAPIC */
    g_assert_cmphex(rdmsr(rig, 0x802), ==, 0x123);
    g_assert_cmphex(rdmsr(rig, 0x80d), ==, 0x00120008);
    g_assert_true(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00100));
    rig_free(rig);

    rig = rig_new();
    apic_links(rig->dev)->x2apic = false;
    g_assert_false(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00d00));
    rig_free(rig);
}

static void test_x2apic_faults(void)
{
    static const uint32_t no_read[] = {0x800, 0x801, 0x804, 0x809, 0x80b, 0x80c, 0x80e,
                                       0x829, 0x82f, 0x831, 0x83a, 0x83f, 0x840, 0x8ff};
    static const uint32_t no_write[] = {0x802, 0x803, 0x80a, 0x80d, 0x80e, 0x810, 0x818,
                                        0x820, 0x82f, 0x831, 0x839, 0x840, 0x8ff};
    static const struct {
        uint32_t msr;
        uint64_t bad;
    } reserved[] = {{0x808, 0x100},   {0x80b, 1},      {0x80f, 0x400},   {0x80f, 1ull << 32},
                    {0x828, 1},       {0x830, 0x2000}, {0x830, 0x10000}, {0x830, 0x100000},
                    {0x832, 0x80000}, {0x832, 0x800},  {0x833, 0x20000}, {0x835, 0x800},
                    {0x837, 0x100},   {0x83e, 4},      {0x83f, 0x100},   {0x838, 1ull << 32}};
    Rig *rig = rig_new();

    g_assert_true(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00d00));
    for (unsigned i = 0; i < G_N_ELEMENTS(no_read); i++) {
        g_assert_true(rdmsr_faults(rig, no_read[i]));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(no_write); i++) {
        g_assert_false(wrmsr(rig, no_write[i], 0));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(reserved); i++) {
        g_assert_false(wrmsr(rig, reserved[i].msr, reserved[i].bad));
    }
    g_assert_true(wrmsr(rig, 0x80f, 0x11ff));
    g_assert_true(wrmsr(rig, 0x83f, 0x55));
    g_assert_true(apic_irr(rig->apic, 0x55));
    g_assert_true(wrmsr(rig, 0x830, 0x0000012300000056));
    g_assert_cmphex(rdmsr(rig, 0x830), ==, 0x0000012300000056);
    g_assert_true(apic_irr(rig->apic, 0x56));
    rig_free(rig);
}

static void test_priorities(void)
{
    Rig *rig = rig_new();

    wr(rig, 0xf0, 0x1ff);
    fixed(rig, 0x41, false);
    fixed(rig, 0x52, false);
    fixed(rig, 0x51, false);
    g_assert_true(rig->intr);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x52);
    g_assert_cmphex(rd(rig, 0xa0), ==, 0x50);
    g_assert_false(rig->intr); /* 51h is of the same class */
    g_assert_cmpint(apic_ack(rig->apic), ==, -1);
    fixed(rig, 0x61, false);
    g_assert_true(rig->intr);
    apic_set_cr8(rig->apic, 6);
    g_assert_cmphex(rd(rig, 0x80), ==, 0x60);
    g_assert_false(rig->intr);
    apic_set_cr8(rig->apic, 0);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x61);
    wr(rig, 0xb0, 0);
    g_assert_false(apic_isr(rig->apic, 0x61));
    g_assert_true(apic_isr(rig->apic, 0x52));
    wr(rig, 0xb0, 0);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x51);
    wr(rig, 0xb0, 0);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x41);
    wr(rig, 0xb0, 0);
    wr(rig, 0xb0, 0); /* nothing in service */
    g_assert_cmphex(rd(rig, 0xa0), ==, 0);
    g_assert_cmpint(rig->eois, ==, 0);
    rig_free(rig);
}

static void test_eoi_broadcast(void)
{
    Rig *rig = rig_new();

    wr(rig, 0xf0, 0x1ff);
    fixed(rig, 0x71, true);
    g_assert_true(apic_tmr(rig->apic, 0x71));
    apic_ack(rig->apic);
    wr(rig, 0xb0, 0);
    g_assert_cmpint(rig->eois, ==, 1);
    g_assert_cmphex(rig->eoi_vector, ==, 0x71);
    wr(rig, 0xf0, 0x11ff); /* suppressed */
    fixed(rig, 0x71, true);
    apic_ack(rig->apic);
    wr(rig, 0xb0, 0);
    g_assert_cmpint(rig->eois, ==, 1);
    wr(rig, 0xf0, 0x1ff);
    fixed(rig, 0x71, false); /* an edge clears TMR */
    apic_ack(rig->apic);
    wr(rig, 0xb0, 0);
    g_assert_cmpint(rig->eois, ==, 1);
    rig_free(rig);
}

static void test_errors(void)
{
    Rig *rig = rig_new();

    wr(rig, 0xf0, 0x1ff);
    wr(rig, 0x370, 0x33);
    fixed(rig, 5, false);
    g_assert_cmphex(rd(rig, 0x280), ==, 0); /* not before a write */
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x33);
    wr(rig, 0xb0, 0);
    rd(rig, 0x40); /* reserved; no second interrupt before ESR is written */
    g_assert_false(apic_irr(rig->apic, 0x33));
    wr(rig, 0x280, 0);
    g_assert_cmphex(rd(rig, 0x280), ==, 0xc0);
    wr(rig, 0x280, 0);
    g_assert_cmphex(rd(rig, 0x280), ==, 0);
    wr(rig, 0x300, 0x40005); /* self, vector 5 */
    g_assert_true(apic_irr(rig->apic, 0x33));
    wr(rig, 0x280, 0);
    g_assert_cmphex(rd(rig, 0x280), ==, 0x60);
    wr(rig, 0x370, 5); /* an error vector that is itself illegal */
    rd(rig, 0x2f0);
    wr(rig, 0x280, 0);
    g_assert_cmphex(rd(rig, 0x280), ==, 0xc0);
    rig_free(rig);
}

static void test_software_disable(void)
{
    ApicMsg msg = {.dest = 0xff, .vector = 0x44, .assert_level = true};
    Rig *rig = rig_new();

    wr(rig, 0xf0, 0x1ff);
    wr(rig, 0x320, 0x40);
    wr(rig, 0xf0, 0xff);
    g_assert_cmphex(rd(rig, 0x320), ==, 0x10040);
    wr(rig, 0x320, 0x40);
    g_assert_cmphex(rd(rig, 0x320), ==, 0x10040); /* stays masked */
    g_assert_false(intr_reached(apic_bus_deliver(rig->bus, &msg)));
    msg.mode = INTR_MODE_NMI;
    g_assert_true(intr_reached(apic_bus_deliver(rig->bus, &msg)));
    g_assert_cmpint(rig->nmis, ==, 1);
    msg.mode = INTR_MODE_SIPI;
    msg.vector = 3; /* below 16 is fine here */
    g_assert_true(intr_reached(apic_bus_deliver(rig->bus, &msg)));
    g_assert_cmpint(rig->sipi, ==, 3);
    g_assert_true(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00100));
    g_assert_false(intr_reached(apic_bus_deliver(rig->bus, &msg)));
    rig_free(rig);
}

static void test_lint(void)
{
    Rig *rig = rig_new();

    irq_raise(&rig->lint[0]);
    g_assert_false(rig->intr); /* masked at reset */
    apic_set_virtual_wire(rig->apic);
    g_assert_true(rig->intr);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x08);
    irq_lower(&rig->lint[0]);
    g_assert_false(rig->intr);
    irq_raise(&rig->lint[1]);
    irq_raise(&rig->lint[1]);
    g_assert_cmpint(rig->nmis, ==, 1);

    wr(rig, 0x350, 0x8055); /* LINT0 fixed, level */
    irq_raise(&rig->lint[0]);
    g_assert_cmphex(rd(rig, 0x350), ==, 0xc055);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x55);
    g_assert_false(rig->intr);
    wr(rig, 0xb0, 0); /* still high: again */
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x55);
    irq_lower(&rig->lint[0]);
    wr(rig, 0xb0, 0);
    g_assert_cmphex(rd(rig, 0x350), ==, 0x8055);
    g_assert_cmpint(apic_ack(rig->apic), ==, -1);

    /* The other polarity: active is low. */
    wr(rig, 0x350, 0xa055);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x55);
    irq_raise(&rig->lint[0]);
    wr(rig, 0xb0, 0);
    g_assert_cmpint(apic_ack(rig->apic), ==, -1);
    wr(rig, 0x350, 0x2700); /* ExtINT */
    g_assert_false(rig->intr);
    irq_lower(&rig->lint[0]);
    g_assert_true(rig->intr);
    wr(rig, 0x350, 0x700);
    g_assert_false(rig->intr);
    wr(rig, 0x350, 0x2056); /* an edge: the fall */
    irq_raise(&rig->lint[0]);
    g_assert_cmpint(apic_ack(rig->apic), ==, -1);
    irq_lower(&rig->lint[0]);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x56);
    wr(rig, 0xb0, 0);
    wr(rig, 0x360, 0x2400); /* LINT1, NMI */
    g_assert_cmpint(rig->nmis, ==, 1);
    irq_lower(&rig->lint[1]);
    g_assert_cmpint(rig->nmis, ==, 2);

    /* Disabled, the pins are INTR and NMI. */
    g_assert_true(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00100));
    irq_raise(&rig->lint[0]);
    g_assert_true(rig->intr);
    irq_lower(&rig->lint[0]);
    g_assert_false(rig->intr);
    irq_raise(&rig->lint[1]);
    g_assert_cmpint(rig->nmis, ==, 3);
    rig_free(rig);
}

static void test_timer_one_shot(void)
{
    Rig *rig = rig_new();

    wr(rig, 0xf0, 0x1ff);
    wr(rig, 0x320, 0x40);
    wr(rig, 0x3e0, 0x3); /* by 16 */
    wr(rig, 0x380, 1000);
    g_assert_cmpuint(rd(rig, 0x390), ==, 1000);
    advance(rig, 8000);
    g_assert_cmpuint(rd(rig, 0x390), ==, 500);
    wr(rig, 0x3e0, 0xb); /* by 1: the remaining 500 take 500 ns */
    advance(rig, 499);
    g_assert_cmpuint(rd(rig, 0x390), ==, 1);
    g_assert_false(rig->intr);
    advance(rig, 1);
    g_assert_cmpuint(rd(rig, 0x390), ==, 0);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x40);
    wr(rig, 0xb0, 0);
    advance(rig, 100000);
    g_assert_false(rig->intr);

    /* Masked over its end: nothing comes afterwards, and no host timer runs. */
    wr(rig, 0x320, 0x10040);
    wr(rig, 0x380, 100);
    g_assert_cmpint(clock_deadline(rig->platform.clock), ==, INT64_MAX);
    advance(rig, 1000);
    wr(rig, 0x320, 0x40);
    advance(rig, 1000);
    g_assert_false(rig->intr);
    rig_free(rig);
}

static void test_timer_periodic(void)
{
    Rig *rig = rig_new();

    wr(rig, 0xf0, 0x1ff);
    wr(rig, 0x3e0, 0xb);
    wr(rig, 0x320, 0x20040);
    wr(rig, 0x380, 100000);
    for (int i = 0; i < 5; i++) {
        advance(rig, 99999);
        g_assert_false(rig->intr);
        advance(rig, 1);
        g_assert_cmpint(apic_ack(rig->apic), ==, 0x40);
        wr(rig, 0xb0, 0);
    }
    advance(rig, 25000);
    g_assert_cmpuint(rd(rig, 0x390), ==, 75000);
    /* One-shot and back keeps the count; at zero it stays there. */
    wr(rig, 0x320, 0x00040);
    g_assert_cmpuint(rd(rig, 0x390), ==, 75000);
    wr(rig, 0x320, 0x20040);
    g_assert_cmpuint(rd(rig, 0x390), ==, 75000);
    wr(rig, 0x320, 0x00040);
    advance(rig, 75000);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x40);
    wr(rig, 0xb0, 0);
    wr(rig, 0x320, 0x20040);
    advance(rig, 200000);
    g_assert_cmpuint(rd(rig, 0x390), ==, 0);
    g_assert_false(rig->intr);
    /* A period of one count neither hangs nor loses the interrupt. */
    wr(rig, 0x380, 1);
    advance(rig, NS_PER_SEC / 10);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x40);
    wr(rig, 0x380, 0);
    g_assert_cmpint(clock_deadline(rig->platform.clock), ==, INT64_MAX);
    rig_free(rig);
}

static void test_timer_deadline(void)
{
    Rig *rig = rig_new();

    rig->tsc_offset = 1000000;
    wr(rig, 0xf0, 0x1ff);
    g_assert_true(wrmsr(rig, MSR_IA32_TSC_DEADLINE, 5)); /* not in this mode */
    g_assert_cmphex(rdmsr(rig, MSR_IA32_TSC_DEADLINE), ==, 0);
    wr(rig, 0x320, 0x40040);
    wr(rig, 0x380, 100);
    g_assert_cmpuint(rd(rig, 0x380), ==, 0);
    g_assert_true(wrmsr(rig, MSR_IA32_TSC_DEADLINE, 1005000));
    g_assert_cmpuint(rdmsr(rig, MSR_IA32_TSC_DEADLINE), ==, 1005000);
    advance(rig, 4999);
    g_assert_false(rig->intr);
    advance(rig, 1);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x40);
    wr(rig, 0xb0, 0);
    g_assert_cmphex(rdmsr(rig, MSR_IA32_TSC_DEADLINE), ==, 0);

    /* In the past, or now: at once, with no turn of the clock, and the MSR reads 0. */
    for (uint64_t ago = 0; ago < 2; ago++) {
        g_assert_true(wrmsr(rig, MSR_IA32_TSC_DEADLINE, 1005000 - ago));
        g_assert_cmpint(apic_ack(rig->apic), ==, 0x40);
        g_assert_cmphex(rdmsr(rig, MSR_IA32_TSC_DEADLINE), ==, 0);
        wr(rig, 0xb0, 0);
        advance(rig, 0);
        g_assert_false(rig->intr); /* once */
    }
    wr(rig, 0x320, 0x50040); /* masked: over, too, and lost */
    g_assert_true(wrmsr(rig, MSR_IA32_TSC_DEADLINE, 1));
    g_assert_cmphex(rdmsr(rig, MSR_IA32_TSC_DEADLINE), ==, 0);
    wr(rig, 0x320, 0x40040);
    g_assert_false(rig->intr);
    /* The TSC jumps over it. */
    g_assert_true(wrmsr(rig, MSR_IA32_TSC_DEADLINE, 1006000));
    rig->tsc_offset += 1000;
    g_assert_cmphex(rdmsr(rig, MSR_IA32_TSC_DEADLINE), ==, 0);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x40);
    wr(rig, 0xb0, 0);
    g_assert_true(wrmsr(rig, MSR_IA32_TSC_DEADLINE, 1007000));
    rig->tsc_offset += 1000;
    apic_tsc_changed(rig->apic);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x40);
    wr(rig, 0xb0, 0);
    rig->tsc_offset -= 2000;
    apic_tsc_changed(rig->apic);

    g_assert_true(wrmsr(rig, MSR_IA32_TSC_DEADLINE, 1100000));
    wr(rig, 0x320, 0x00040); /* another mode disarms */
    advance(rig, 200000);
    g_assert_false(rig->intr);

    wr(rig, 0x320, 0x40040);
    g_assert_true(wrmsr(rig, MSR_IA32_TSC_DEADLINE, 2000000));
    rig->tsc_offset += 700000; /* the TSC is written */
    apic_tsc_changed(rig->apic);
    advance(rig, 95000);
    g_assert_true(rig->intr);

    apic_links(rig->dev)->tsc_deadline = false;
    g_assert_true(rdmsr_faults(rig, MSR_IA32_TSC_DEADLINE));
    g_assert_false(wrmsr(rig, MSR_IA32_TSC_DEADLINE, 0));
    rig_free(rig);
}

static void test_init_keeps_base(void)
{
    Rig *rig = rig_new();

    g_assert_true(wrmsr(rig, MSR_IA32_APIC_BASE, 0xfee00d00));
    g_assert_true(wrmsr(rig, 0x80f, 0x1ff));
    apic_init_reset(rig->apic);
    g_assert_cmphex(rdmsr(rig, MSR_IA32_APIC_BASE), ==, 0xfee00d00);
    g_assert_cmphex(rdmsr(rig, 0x80f), ==, 0xff);
    rig_free(rig);
}

static void test_state(void)
{
    g_autoptr(GByteArray) saved = g_byte_array_new();
    Rig *rig = rig_new();

    wr(rig, 0xf0, 0x1ff);
    wr(rig, 0x320, 0x40);
    wr(rig, 0x3e0, 0xb);
    wr(rig, 0x380, 1000);
    fixed(rig, 0x61, true);
    state_save(apic_class.state, rig->apic, saved);
    device_reset(rig->dev);
    g_assert_false(rig->intr);
    g_assert_true(state_load(apic_class.state, state_version(apic_class.state), rig->apic,
                             saved->data, saved->len, NULL));
    apic_class.restored(rig->dev);
    g_assert_true(rig->intr);
    g_assert_cmpint(apic_ack(rig->apic), ==, 0x61);
    advance(rig, 1000);
    g_assert_true(apic_irr(rig->apic, 0x40));
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/apic/reset-values", test_reset_values);
    g_test_add_func("/apic/write-masks", test_write_masks);
    g_test_add_func("/apic/narrow-accesses", test_narrow_accesses);
    g_test_add_func("/apic/mode-transitions", test_mode_transitions);
    g_test_add_func("/apic/x2apic-faults", test_x2apic_faults);
    g_test_add_func("/apic/priorities", test_priorities);
    g_test_add_func("/apic/eoi-broadcast", test_eoi_broadcast);
    g_test_add_func("/apic/errors", test_errors);
    g_test_add_func("/apic/software-disable", test_software_disable);
    g_test_add_func("/apic/lint", test_lint);
    g_test_add_func("/apic/timer-one-shot", test_timer_one_shot);
    g_test_add_func("/apic/timer-periodic", test_timer_periodic);
    g_test_add_func("/apic/timer-deadline", test_timer_deadline);
    g_test_add_func("/apic/init-keeps-base", test_init_keeps_base);
    g_test_add_func("/apic/state", test_state);
    return g_test_run();
}
