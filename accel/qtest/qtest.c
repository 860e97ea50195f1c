/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -accel qtest: vCPUs that execute nothing. A test program drives the machine through the qtest
 * server and plays the CPUs itself; the clock moves only when it says so.
 */
#include "machine/accel.h"
#include "target/i386/cpu.h"

/* Nobody is behind a local APIC's pins; its clock still has to tell the time. */
static void no_pin(void *opaque)
{
}
static void no_level(void *opaque, bool level)
{
}
static void no_sipi(void *opaque, uint8_t vector)
{
}
static uint64_t clock_tsc(void *opaque)
{
    return muldiv64((uint64_t)clock_now(opaque), CPU_TSC_HZ, NS_PER_SEC);
}
static int64_t clock_tsc_to_ns(void *opaque, uint64_t tsc)
{
    return (int64_t)muldiv64(tsc, NS_PER_SEC, CPU_TSC_HZ);
}
static const CpuPins no_pins = {
    .intr = no_level,
    .nmi = no_pin,
    .smi = no_pin,
    .init = no_pin,
    .sipi = no_sipi,
    .tsc = clock_tsc,
    .tsc_to_ns = clock_tsc_to_ns,
    .base_changed = no_pin,
};

static void qtest_vcpu_free(Vcpu *vcpu)
{
    g_free(vcpu);
}

static void qtest_vcpu_describe(const Vcpu *vcpu, GString *out)
{
    g_string_append(out, "played by the qtest client\n");
}

/* There is no state to set. */
static void qtest_vcpu_reset(Vcpu *vcpu)
{
}
static void qtest_vcpu_boot(Vcpu *vcpu, const CpuBoot *boot)
{
}
static void qtest_vcpu_firmware_mtrrs(Vcpu *vcpu, uint64_t uncached)
{
}
static void qtest_vcpu_set_a20(Vcpu *vcpu, bool on)
{
}
static void qtest_vcpu_map_changed(Vcpu *vcpu)
{
}

static Vcpu *qtest_vcpu_create(void *accel, const VcpuConfig *config);

static const VcpuOps qtest_vcpu = {
    .create = qtest_vcpu_create,
    .free = qtest_vcpu_free,
    .reset = qtest_vcpu_reset,
    .describe = qtest_vcpu_describe,
    .boot = qtest_vcpu_boot,
    .firmware_mtrrs = qtest_vcpu_firmware_mtrrs,
    .set_a20 = qtest_vcpu_set_a20,
    .map_changed = qtest_vcpu_map_changed,
};

/* `accel` is the machine's clock. */
static Vcpu *qtest_vcpu_create(void *accel, const VcpuConfig *config)
{
    Vcpu *vcpu = g_new(Vcpu, 1);
    *vcpu = (Vcpu){
        .ops = &qtest_vcpu,
        .index = config->index,
        .apic_id = config->apic_id,
        .pins = &no_pins,
        .pins_opaque = accel,
    };
    return vcpu;
}

/* Local APICs are as the CPU model says, though nobody is behind them. */
static bool qtest_start(Machine *machine, const void *options, void **state, VcpuTraits *traits,
                        GError **error)
{
    CpuModel *model = cpu_model_parse(machine_cpu_model(machine), error);
    if (!model) {
        return false;
    }
    *traits = cpu_model_traits(model);
    cpu_model_free(model);
    *state = machine->platform.clock;
    return true;
}

static void qtest_stop(void *state)
{
}

const AccelOps qtest_accel = {
    .name = "qtest",
    .desc = "no CPUs; a test program drives the machine",
    .has_cpus = false,
    .start = qtest_start,
    .stop = qtest_stop,
    .vcpu = &qtest_vcpu,
};
