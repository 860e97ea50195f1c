/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A q35 machine with vCPUs that are no translator's: one made up here, and qtest's. */
#include "hw/isa/a20.h"
#include "vcpu-fixture.h"

/* What the machine does to a made-up vCPU. */
typedef struct {
    Vcpu base;
    unsigned resets, boots, mtrrs, map_changes, nmis, smis, inits, sipis;
    uint8_t sipi_vector;
    bool intr, a20;
    uint64_t rip;
} FakeVcpu;

static struct {
    unsigned made, freed, started, stopped;
} fake_counts;

static FakeVcpu *fake(void *opaque)
{
    return opaque;
}
static void fake_intr(void *opaque, bool level)
{
    fake(opaque)->intr = level;
}
static void fake_nmi(void *opaque)
{
    fake(opaque)->nmis++;
}
static void fake_smi(void *opaque)
{
    fake(opaque)->smis++;
}
static void fake_init(void *opaque)
{
    fake(opaque)->inits++;
}
static void fake_sipi(void *opaque, uint8_t vector)
{
    fake(opaque)->sipis++;
    fake(opaque)->sipi_vector = vector;
}
static uint64_t fake_tsc(void *opaque)
{
    return 0;
}
static int64_t fake_tsc_to_ns(void *opaque, uint64_t tsc)
{
    return (int64_t)tsc;
}
static void fake_base_changed(void *opaque)
{
}
static const CpuPins fake_pins = {
    .intr = fake_intr,
    .nmi = fake_nmi,
    .smi = fake_smi,
    .init = fake_init,
    .sipi = fake_sipi,
    .tsc = fake_tsc,
    .tsc_to_ns = fake_tsc_to_ns,
    .base_changed = fake_base_changed,
};

static void fake_free(Vcpu *vcpu)
{
    fake_counts.freed++;
    g_free(vcpu);
}
static void fake_reset(Vcpu *vcpu)
{
    fake(vcpu)->resets++;
}
static void fake_describe(const Vcpu *vcpu, GString *out)
{
    g_string_append(out, "made up\n");
}
static void fake_boot(Vcpu *vcpu, const CpuBoot *boot)
{
    fake(vcpu)->boots++;
    fake(vcpu)->rip = boot->rip;
}
static void fake_firmware_mtrrs(Vcpu *vcpu, uint64_t uncached)
{
    fake(vcpu)->mtrrs++;
}
static void fake_set_a20(Vcpu *vcpu, bool on)
{
    fake(vcpu)->a20 = on;
}
static void fake_map_changed(Vcpu *vcpu)
{
    fake(vcpu)->map_changes++;
}

static Vcpu *fake_create(void *accel, const VcpuConfig *config);

static const VcpuOps fake_vcpu = {
    .create = fake_create,
    .free = fake_free,
    .reset = fake_reset,
    .describe = fake_describe,
    .boot = fake_boot,
    .firmware_mtrrs = fake_firmware_mtrrs,
    .set_a20 = fake_set_a20,
    .map_changed = fake_map_changed,
};

static Vcpu *fake_create(void *accel, const VcpuConfig *config)
{
    FakeVcpu *v = g_new0(FakeVcpu, 1);
    g_assert_true(accel == &fake_counts);
    g_assert_nonnull(config->apic);
    v->base = (Vcpu){&fake_vcpu, config->index, config->apic_id, &fake_pins, v};
    v->a20 = true;
    fake_counts.made++;
    return &v->base;
}

static bool fake_start(Machine *machine, const void *options, void **state, VcpuTraits *traits,
                       GError **error)
{
    fake_counts.started++;
    *state = &fake_counts;
    *traits = (VcpuTraits){.x2apic = true,
                           .phys_bits = 46,
                           .apic_id = -1,
                           .apic_timer_hz = 1000000,
                           .hyperv = hv_features_none()};
    return true;
}

static void fake_stop(void *state)
{
    g_assert_true(state == &fake_counts);
    g_assert_cmpuint(fake_counts.freed, ==, fake_counts.made);
    fake_counts.stopped++;
}

static const AccelOps fake_accel = {
    .name = "made-up", .start = fake_start, .stop = fake_stop, .vcpu = &fake_vcpu};

static uint64_t region_read(void *opaque, uint64_t offset, unsigned size)
{
    return 0;
}
static void region_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
}
static const MemOps region_ops = {.read = region_read, .write = region_write};

/* An interprocessor interrupt from the first local APIC. */
static void send_ipi(Rig *r, uint32_t to, uint32_t command)
{
    apic_mmio_write(r->machine->apics[0], 0x310, to << 24, 4);
    apic_mmio_write(r->machine->apics[0], 0x300, command, 4);
}

static void test_made_up(void)
{
    enum { ICR_SMI = 0x200, ICR_NMI = 0x400, ICR_INIT = 0x4500, ICR_SIPI = 0x600, SVR_ON = 0x1ff };
    Rig r;
    MemRegion region = {.name = "test", .size = 0x1000, .kind = MEM_IO, .ops = &region_ops};
    memset(&fake_counts, 0, sizeof(fake_counts));
    rig_up(&r, &fake_accel, 3);
    g_assert_cmpuint(fake_counts.started, ==, 1);
    g_assert_cmpuint(fake_counts.made, ==, 3);
    for (unsigned i = 0; i < 3; i++) {
        FakeVcpu *v = fake(r.machine->cpus[i]);
        g_assert_cmpuint(v->base.apic_id, ==, i);
        g_assert_cmpuint(v->resets, ==, 1);
        g_assert_cmpuint(v->mtrrs, ==, 1);
        g_assert_cmpuint(v->boots, ==, i == 0);
    }
    FakeVcpu *first = fake(r.machine->cpus[0]), *second = fake(r.machine->cpus[1]),
             *third = fake(r.machine->cpus[2]);
    g_assert_cmphex(first->rip, ==, 0x7c00);
    send_ipi(&r, 1, ICR_NMI);
    send_ipi(&r, 1, ICR_SMI);
    send_ipi(&r, 1, ICR_INIT);
    send_ipi(&r, 1, ICR_SIPI | 0x9a);
    g_assert_cmpuint(second->nmis, ==, 1);
    g_assert_cmpuint(second->smis, ==, 1);
    g_assert_cmpuint(second->inits, ==, 1);
    g_assert_cmpuint(second->sipis, ==, 1);
    g_assert_cmphex(second->sipi_vector, ==, 0x9a);
    apic_mmio_write(r.machine->apics[1], 0xf0, SVR_ON, 4);
    send_ipi(&r, 1, 0x35);
    g_assert_true(second->intr);
    g_assert_cmpint(apic_ack(r.machine->apics[1]), ==, 0x35);
    g_assert_false(second->intr);
    g_assert_cmpuint(first->nmis + third->nmis + first->inits + third->inits, ==, 0);
    unsigned before = third->map_changes;
    as_add(r.platform.memory, &region, 0xf0000000u);
    g_assert_cmpuint(third->map_changes, ==, before + 1);
    for (unsigned source = 0; source < A20_SOURCES; source++) {
        a20_gate_drive(r.machine->platform.a20, (A20Source)source, false);
    }
    g_assert_false(second->a20);
    a20_gate_drive(r.machine->platform.a20, A20_FAST, true);
    g_assert_true(second->a20);
    machine_reset(r.machine);
    g_assert_cmpuint(third->resets, ==, 2);
    rig_down(&r);
    g_assert_cmpuint(fake_counts.stopped, ==, 1);
}

/* Nothing executes, and the ops say so; the TSC is the clock's. */
static void test_qtest(void)
{
    Rig r;
    rig_up(&r, &qtest_accel, 2);
    Vcpu *v = r.machine->cpus[1];
    g_assert_null(v->ops->run);
    g_assert_null(v->ops->kick);
    g_assert_null(v->ops->translate);
    g_assert_null(v->ops->reg);
    g_assert_null(v->ops->break_insert);
    g_autoptr(GString) text = g_string_new(NULL);
    v->ops->describe(v, text);
    g_assert_nonnull(strstr(text->str, "qtest"));
    clock_advance_to(r.platform.clock, 12345);
    g_assert_cmpuint(v->pins->tsc(v->pins_opaque), ==, 12345);
    rig_down(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/accel/made-up", test_made_up);
    g_test_add_func("/accel/qtest", test_qtest);
    return g_test_run();
}
