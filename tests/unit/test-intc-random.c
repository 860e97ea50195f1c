/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random guest accesses to the interrupt controllers and timers together, with random steps of the
 * clock: whatever a guest writes, nothing fails, hangs or arms a timer in the past for good; and a
 * device that is saved and loaded goes on the same.
 */
#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"

#define STEPS     600000
#define PER_ROUND 200

typedef struct {
    Platform platform;
    Trace trace;
    ApicBus *bus;
    Device *apic, *ioapic, *pic, *pit, *rtc, *hpet;
    IrqLine gsi[IOAPIC_PINS];
    IrqOut guest[IOAPIC_PINS], to_pic[16], to_ioapic[IOAPIC_PINS];
} Rig;

static void on_gsi(void *opaque, int n, bool level)
{
    Rig *rig = opaque;

    if (n < 16) {
        irq_set(&rig->to_pic[n], level);
    }
    irq_set(&rig->to_ioapic[n], level);
}

static void on_legacy(void *opaque, bool on)
{
    Rig *rig = opaque;

    i8254_set_irq_enabled(rig->pit, !on);
    mc146818_set_irq_enabled(rig->rtc, !on);
}

static Device *add(Rig *rig, const DeviceClass *cls)
{
    return device_new(cls, &rig->platform, cls->name);
}

static void rig_wire(Rig *rig)
{
    for (int i = 0; i < IOAPIC_PINS; i++) {
        irq_line_init(&rig->gsi[i], on_gsi, rig, i);
        irq_connect(&rig->guest[i], &rig->gsi[i]);
        hpet_connect(rig->hpet, i, &rig->gsi[i]);
    }
    hpet_connect_legacy(rig->hpet, 0, &rig->gsi[0]);
    hpet_connect_legacy(rig->hpet, 1, &rig->gsi[8]);
    *apic_links(rig->apic) = (ApicLinks){.bus = rig->bus,
                                         .is_bsp = true,
                                         .x2apic = true,
                                         .tsc_deadline = true,
                                         .eoi_suppression = true,
                                         .pic_ack = i8259_ack,
                                         .pic_opaque = rig->pic};
    ioapic_links(rig->ioapic)->sink = apic_bus_sink(rig->bus);
    *hpet_links(rig->hpet) = (HpetLinks){
        .sink = apic_bus_sink(rig->bus), .legacy_changed = on_legacy, .legacy_opaque = rig};
    irq_connect(i8254_irq_out(rig->pit), &rig->gsi[0]);
    irq_connect(mc146818_irq_out(rig->rtc), &rig->gsi[8]);
    apic_bus_add_eoi_listener(rig->bus, ioapic_eoi, rig->ioapic);
}

static void rig_open(Rig *rig)
{
    *rig = (Rig){0};
    trace_init(&rig->trace);
    rig->platform = (Platform){.clock = clock_new(CLOCK_MANUAL),
                               .memory = as_new("memory", 52),
                               .ports = as_new("ports", 16),
                               .trace = &rig->trace};
    rig->bus = apic_bus_new(NULL);
    rig->apic = add(rig, &apic_class);
    rig->ioapic = add(rig, &ioapic_class);
    rig->pic = add(rig, &i8259_class);
    rig->pit = add(rig, &i8254_class);
    rig->rtc = add(rig, &mc146818_class);
    rig->hpet = add(rig, &hpet_class);
    g_assert_true(device_set_prop(rig->rtc, "base", "2024-02-29T12:00:00", NULL));
    g_assert_true(device_set_prop(rig->hpet, "msi", "on", NULL));
    rig_wire(rig);
    g_assert_true(device_realize(rig->apic, NULL));
    g_assert_true(device_realize(rig->ioapic, NULL));
    g_assert_true(device_realize(rig->pic, NULL));
    g_assert_true(device_realize(rig->pit, NULL));
    g_assert_true(device_realize(rig->rtc, NULL));
    g_assert_true(device_realize(rig->hpet, NULL));
    irq_connect(i8259_intr_out(rig->pic), apic_lint(apic_from_device(rig->apic), 0));
    for (int i = 0; i < IOAPIC_PINS; i++) {
        irq_connect(&rig->to_ioapic[i], device_irq_in(rig->ioapic, "", i));
    }
    for (int i = 0; i < 16; i++) {
        irq_connect(&rig->to_pic[i], device_irq_in(rig->pic, "", i));
    }
    as_add(rig->platform.memory, ioapic_region(rig->ioapic), IOAPIC_BASE);
    as_add(rig->platform.memory, hpet_region(rig->hpet), HPET_BASE);
}

static void rig_reset(Rig *rig)
{
    device_reset(rig->apic);
    device_reset(rig->ioapic);
    device_reset(rig->pic);
    device_reset(rig->pit);
    device_reset(rig->rtc);
    device_reset(rig->hpet);
}

static void rig_close(Rig *rig)
{
    as_remove(rig->platform.memory, hpet_region(rig->hpet));
    as_remove(rig->platform.memory, ioapic_region(rig->ioapic));
    device_free(rig->hpet);
    device_free(rig->rtc);
    device_free(rig->pit);
    device_free(rig->pic);
    device_free(rig->ioapic);
    device_free(rig->apic);
    apic_bus_free(rig->bus);
    as_free(rig->platform.ports);
    as_free(rig->platform.memory);
    clock_free(rig->platform.clock);
}

static uint64_t random_value(GRand *rand)
{
    uint64_t wide = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);

    switch (g_rand_int_range(rand, 0, 5)) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return wide & 0xff;
    case 3:
        return 1ull << (wide & 63);
    default:
        return wide;
    }
}

static void random_port(Rig *rig, GRand *rand, uint64_t value)
{
    static const uint16_t ports[] = {0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x40,
                                     0x41, 0x42, 0x43, 0x43, 0x61,  0x70,  0x71};
    uint16_t port = ports[g_rand_int_range(rand, 0, G_N_ELEMENTS(ports))];

    if (g_rand_boolean(rand)) {
        as_store(rig->platform.ports, port, value, 1);
    } else {
        as_load(rig->platform.ports, port, 1, NULL);
    }
}

static void random_memory(Rig *rig, GRand *rand, uint64_t value)
{
    static const unsigned sizes[] = {1, 2, 4, 4, 4, 8, 8};
    unsigned size = sizes[g_rand_int_range(rand, 0, G_N_ELEMENTS(sizes))];
    uint64_t addr =
        HPET_BASE + (uint64_t)(g_rand_int(rand) & (g_rand_boolean(rand) ? 0x1f8 : 0x3f));

    if (g_rand_int_range(rand, 0, 3) == 0) {
        as_store(rig->platform.memory, IOAPIC_BASE, g_rand_int(rand) & 0x3f, 4);
        addr = IOAPIC_BASE + (g_rand_int_range(rand, 0, 8) ? 0x10 : 0x40);
    }
    if (g_rand_int_range(rand, 0, 3)) {
        as_store(rig->platform.memory, addr, value, size);
    } else {
        as_load(rig->platform.memory, addr, size, NULL);
    }
}

static void random_apic(Rig *rig, GRand *rand, uint64_t value)
{
    ApicState *apic = apic_from_device(rig->apic);
    uint64_t got;

    switch (g_rand_int_range(rand, 0, 12)) {
    case 0:
        apic_msr_write(apic, MSR_IA32_APIC_BASE, 0xfee00000 | (value & 0xd00));
        break;
    case 1:
        apic_msr_write(apic, MSR_IA32_TSC_DEADLINE, value);
        break;
    case 2:
        apic_set_cr8(apic, value & 15);
        break;
    case 3:
        apic_msr_read(apic, MSR_X2APIC_FIRST + (g_rand_int(rand) & 0x3f), &got);
        break;
    case 4:
    case 5:
    case 6:
        apic_msr_write(apic, MSR_X2APIC_FIRST + (g_rand_int(rand) & 0x3f), value);
        break;
    case 7:
        apic_mmio_read(apic, g_rand_int(rand) & 0xfff, 4);
        break;
    case 8:
        g_assert_cmpint(apic_ack(apic), <, 256);
        break;
    case 9:
        apic_mmio_write(apic, 0xf0, 0x1ff, 4);
        break;
    default:
        apic_mmio_write(apic, g_rand_int(rand) & 0x3f0, value, 4);
        break;
    }
}

static void random_step(Rig *rig, GRand *rand)
{
    int64_t now = clock_now(rig->platform.clock), ns = g_rand_int_range(rand, 0, 20000);

    if (g_rand_int_range(rand, 0, 200) == 0) {
        ns *= 1000; /* now and then the machine's time jumps */
    }
    clock_advance_to(rig->platform.clock, now + ns);
    g_assert_cmpint(clock_deadline(rig->platform.clock), >=, now);
}

static void random_access(Rig *rig, GRand *rand)
{
    uint64_t value = random_value(rand);

    switch (g_rand_int_range(rand, 0, 5)) {
    case 0:
        random_port(rig, rand, value);
        break;
    case 1:
        random_memory(rig, rand, value);
        break;
    case 2:
        random_apic(rig, rand, value);
        break;
    case 3:
        irq_set(&rig->guest[g_rand_int_range(rand, 0, IOAPIC_PINS)], value & 1);
        break;
    default:
        random_step(rig, rand);
        break;
    }
}

/* Saves, loads over itself, and compares. */
static void round_trip(Device *dev)
{
    g_autoptr(GByteArray) before = g_byte_array_new(), after = g_byte_array_new();

    state_save(dev->cls->state, dev, before);
    g_assert_true(state_load(dev->cls->state, state_version(dev->cls->state), dev, before->data,
                             before->len, NULL));
    if (dev->cls->restored) {
        dev->cls->restored(dev);
    }
    state_save(dev->cls->state, dev, after);
    g_assert_cmpmem(before->data, before->len, after->data, after->len);
}

static void test_random(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(0xacce55);
    Rig rig;

    rig_open(&rig);
    for (unsigned i = 0; i < STEPS; i++) {
        if (i % PER_ROUND == 0) {
            rig_reset(&rig);
        }
        random_access(&rig, rand);
    }
    round_trip(rig.ioapic);
    round_trip(rig.pic);
    round_trip(rig.pit);
    round_trip(rig.rtc);
    round_trip(rig.hpet);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/intc-random", test_random);
    return g_test_run();
}
