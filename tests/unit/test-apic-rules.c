/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of the local APIC that are easily bent unseen, each against the words of Intel SDM vol. 3:
 * ids, what software-disabling does to the LVT, arbitration priority, what a mode change keeps.
 */
#include "hw/intc/apic.h"

#define ID 0x123u

typedef struct {
    Platform platform;
    Trace trace;
    ApicBus *bus;
    Device *dev;
    ApicState *apic;
} Rig;

static void rig_open(Rig *rig, bool id_writable)
{
    *rig = (Rig){0};
    trace_init(&rig->trace);
    rig->platform = (Platform){.clock = clock_new(CLOCK_MANUAL), .trace = &rig->trace};
    rig->bus = apic_bus_new(NULL);
    rig->dev = device_new(&apic_class, &rig->platform, "apic");
    *apic_links(rig->dev) = (ApicLinks){
        .bus = rig->bus, .apic_id = ID, .is_bsp = true, .x2apic = true, .id_writable = id_writable};
    g_assert_true(device_realize(rig->dev, NULL));
    device_reset(rig->dev);
    rig->apic = apic_from_device(rig->dev);
}

static void rig_close(Rig *rig)
{
    device_free(rig->dev);
    apic_bus_free(rig->bus);
    clock_free(rig->platform.clock);
}

static uint32_t rd(Rig *rig, uint32_t reg)
{
    return (uint32_t)apic_mmio_read(rig->apic, reg, 4);
}

static void wr(Rig *rig, uint32_t reg, uint32_t value)
{
    apic_mmio_write(rig->apic, reg, value, 4);
}

static uint64_t rdmsr(Rig *rig, uint32_t msr)
{
    uint64_t value = 0;

    g_assert_true(apic_msr_read(rig->apic, msr, &value));
    return value;
}

static void accept(Rig *rig, uint8_t vector)
{
    ApicMsg msg = {.vector = vector, .assert_level = true};

    apic_accept(rig->apic, &msg);
}

static void wrmsr(Rig *rig, uint32_t msr, uint64_t value)
{
    g_assert_true(apic_msr_write(rig->apic, msr, value));
}

/* "Some processors permit software to modify the APIC ID" (11.4.6): then it is what the bus answers
 * to, until the APIC is disabled or reset; INIT keeps it (11.4.7.3), x2APIC mode has its own. */
static void test_writable_id(void)
{
    ApicMsg msg = {.dest = 0x45, .vector = 2, .mode = INTR_MODE_NMI, .assert_level = true};
    Rig rig;

    rig_open(&rig, true);
    wr(&rig, 0x20, 0x45678901);
    g_assert_cmphex(rd(&rig, 0x20), ==, 0x45000000);
    g_assert_true(intr_reached(apic_bus_deliver(rig.bus, &msg)));
    msg.dest = ID;
    g_assert_false(intr_reached(apic_bus_deliver(rig.bus, &msg)));
    apic_init_reset(rig.apic);
    g_assert_cmphex(rd(&rig, 0x20), ==, 0x45000000);
    wrmsr(&rig, MSR_IA32_APIC_BASE, 0xfee00d00);
    g_assert_cmphex(rdmsr(&rig, 0x802), ==, ID);
    msg.dest = 0x45;
    g_assert_false(intr_reached(apic_bus_deliver(rig.bus, &msg)));
    wrmsr(&rig, MSR_IA32_APIC_BASE, 0xfee00100);
    wrmsr(&rig, MSR_IA32_APIC_BASE, 0xfee00900);
    g_assert_cmphex(rd(&rig, 0x20), ==, 0x23000000);
    wr(&rig, 0x20, 0x45000000);
    device_reset(rig.dev);
    g_assert_cmphex(rd(&rig, 0x20), ==, 0x23000000);
    rig_close(&rig);
}

static void test_fixed_id(void)
{
    Rig rig;

    rig_open(&rig, false);
    wr(&rig, 0x20, 0x45000000);
    g_assert_cmphex(rd(&rig, 0x20), ==, 0x23000000);
    rig_close(&rig);
}

/*
 * 11.4.7.2: "The mask bits for all the LVT entries are set. Attempts to reset these bits will be
 * ignored." Nothing else of an entry changes; reset (11.4.7.1) and INIT (11.4.7.3) are what zeroes
 * the rest.
 */
static void test_lvt_of_disabled(void)
{
    static const uint32_t entries[][2] = {{0x320, 0x20041}, {0x330, 0x142}, {0x340, 0x443},
                                          {0x350, 0xa744},  {0x360, 0x445}, {0x370, 0x46}};
    Rig rig;

    rig_open(&rig, false);
    wr(&rig, 0xf0, 0x1ff);
    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        wr(&rig, entries[i][0], entries[i][1]);
    }
    wr(&rig, 0xf0, 0xff);
    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        g_assert_cmphex(rd(&rig, entries[i][0]), ==, entries[i][1] | 0x10000);
        wr(&rig, entries[i][0], entries[i][1] ^ 0x3);
        g_assert_cmphex(rd(&rig, entries[i][0]), ==, (entries[i][1] ^ 0x3) | 0x10000);
    }
    wr(&rig, 0xf0, 0x1ff); /* unmasks nothing by itself */
    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        g_assert_cmphex(rd(&rig, entries[i][0]), ==, (entries[i][1] ^ 0x3) | 0x10000);
        wr(&rig, entries[i][0], entries[i][1]);
        g_assert_cmphex(rd(&rig, entries[i][0]), ==, entries[i][1]);
    }
    apic_init_reset(rig.apic);
    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        g_assert_cmphex(rd(&rig, entries[i][0]), ==, 0x10000);
    }
    rig_close(&rig);
}

/* 11.6.2.4: IF (TPR[7:4] >= IRRV[7:4]) AND (TPR[7:4] > ISRV[7:4]) THEN APR = TPR, ELSE APR[7:4] =
 * max(TPR[7:4] AND ISRV[7:4], IRRV[7:4]), APR[3:0] = 0. */
static uint32_t arbitration_priority(uint32_t tpr, uint32_t irrv, uint32_t isrv)
{
    uint32_t t = tpr >> 4, r = irrv >> 4, s = isrv >> 4;

    return t >= r && t > s ? tpr : MAX(t & s, r) << 4;
}

static void test_arbitration(void)
{
    for (uint32_t isr = 0; isr < 16; isr++) {
        for (uint32_t irr = 0; irr < 16; irr++) {
            Rig rig;

            rig_open(&rig, false);
            wr(&rig, 0xf0, 0x1ff);
            if (isr) {
                accept(&rig, (uint8_t)(isr << 4 | 5));
                g_assert_cmpint(apic_ack(rig.apic), ==, isr << 4 | 5);
            }
            if (irr) {
                accept(&rig, (uint8_t)(irr << 4 | 9));
            }
            for (uint32_t tpr = 0; tpr < 256; tpr += 7) {
                wr(&rig, 0x80, tpr);
                g_assert_cmphex(rd(&rig, 0x90), ==, arbitration_priority(tpr, irr << 4, isr << 4));
            }
            rig_close(&rig);
        }
    }
}

/* Going into x2APIC mode keeps the registers, but for ICR's upper half (11.12.5.1). */
static void test_entering_x2apic(void)
{
    Rig rig;

    rig_open(&rig, false);
    wr(&rig, 0xf0, 0x1ff);
    wr(&rig, 0x80, 0x35);
    wr(&rig, 0x350, 0x8741);
    wr(&rig, 0x310, 0xab000000);
    wr(&rig, 0x300, 0x00051); /* to nobody */
    g_assert_cmphex(rd(&rig, 0x310), ==, 0xab000000);
    wrmsr(&rig, MSR_IA32_APIC_BASE, 0xfee00d00);
    g_assert_cmphex(rdmsr(&rig, 0x830), ==, 0x51);
    g_assert_cmphex(rdmsr(&rig, 0x80f), ==, 0x1ff);
    g_assert_cmphex(rdmsr(&rig, 0x808), ==, 0x35);
    g_assert_cmphex(rdmsr(&rig, 0x835), ==, 0x8741);
    rig_close(&rig);
}

/* An APIC that software disabled takes no fixed interrupt, its own included (11.4.7.2). */
static void test_self_ipi_while_disabled(void)
{
    Rig rig;

    rig_open(&rig, false);
    wrmsr(&rig, MSR_IA32_APIC_BASE, 0xfee00d00);
    for (unsigned enabled = 0; enabled < 2; enabled++) {
        wrmsr(&rig, 0x80f, enabled << 8 | 0xff);
        wrmsr(&rig, 0x83f, 0x61);
        wrmsr(&rig, 0x830, 0x40062); /* the shorthand for self */
        wrmsr(&rig, 0x830, (uint64_t)ID << 32 | 0x63);
        wrmsr(&rig, 0x830, 0x80064); /* all, and self */
        for (uint8_t vector = 0x61; vector <= 0x64; vector++) {
            g_assert_cmpint(apic_irr(rig.apic, vector), ==, enabled);
        }
    }
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/apic-rules/writable-id", test_writable_id);
    g_test_add_func("/apic-rules/fixed-id", test_fixed_id);
    g_test_add_func("/apic-rules/lvt-of-disabled", test_lvt_of_disabled);
    g_test_add_func("/apic-rules/arbitration", test_arbitration);
    g_test_add_func("/apic-rules/entering-x2apic", test_entering_x2apic);
    g_test_add_func("/apic-rules/self-ipi-while-disabled", test_self_ipi_while_disabled);
    return g_test_run();
}
