/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vCPUs of -accel tcg: target/i386's Cpu by the names that the machine knows. */
#include "accel/tcg/tcg.h"
#include "target/i386/cpuid.h"
#include "target/i386/mmu.h"

typedef struct {
    Vcpu base;
    Cpu *cpu;
} TcgVcpu;

static Cpu *cpu_of(const Vcpu *vcpu)
{
    return ((const TcgVcpu *)vcpu)->cpu;
}

static Vcpu *tcg_vcpu_create(void *accel, const VcpuConfig *config)
{
    const TcgState *t = accel;
    CpuConfig cpu_config = t->config;
    TcgVcpu *v = g_new0(TcgVcpu, 1);
    cpu_config.index = config->index;
    cpu_config.apic_id = config->apic_id;
    cpu_config.apic = config->apic;
    cpu_config.hyperv = config->hyperv;
    v->cpu = cpu_new(&cpu_config);
    if (config->hyperv) {
        hv_vp_connect_cpu(config->hyperv, &cpu_hv_pins, v->cpu);
    }
    v->base = (Vcpu){
        .ops = &tcg_vcpu,
        .index = config->index,
        .apic_id = config->apic_id,
        .pins = &cpu_pins,
        .pins_opaque = v->cpu,
    };
    return &v->base;
}

static void tcg_vcpu_free(Vcpu *vcpu)
{
    cpu_free(cpu_of(vcpu));
    g_free(vcpu);
}

static void tcg_vcpu_reset(Vcpu *vcpu)
{
    cpu_reset(cpu_of(vcpu));
}

static CpuExit tcg_vcpu_run(Vcpu *vcpu, uint64_t budget)
{
    return cpu_run(cpu_of(vcpu), budget);
}

static CpuExit tcg_vcpu_step(Vcpu *vcpu, bool masked)
{
    return cpu_step(cpu_of(vcpu), masked);
}

static void tcg_vcpu_kick(Vcpu *vcpu)
{
    cpu_kick(cpu_of(vcpu));
}

static bool tcg_vcpu_has_work(const Vcpu *vcpu)
{
    return cpu_has_work(cpu_of(vcpu));
}

static uint64_t tcg_vcpu_instructions(const Vcpu *vcpu)
{
    return cpu_instructions(cpu_of(vcpu));
}

static uint64_t tcg_vcpu_spent(const Vcpu *vcpu)
{
    return cpu_spent(cpu_of(vcpu));
}

static void tcg_vcpu_reg_get(const Vcpu *vcpu, const VcpuReg *reg, void *value)
{
    cpu_reg_get(cpu_of(vcpu), reg, value);
}

static void tcg_vcpu_reg_set(Vcpu *vcpu, const VcpuReg *reg, const void *value)
{
    cpu_reg_set(cpu_of(vcpu), reg, value);
}

static bool tcg_vcpu_break_insert(Vcpu *vcpu, const VcpuBreakpoint *breakpoint)
{
    return cpu_break_insert(cpu_of(vcpu), breakpoint);
}

static bool tcg_vcpu_break_remove(Vcpu *vcpu, const VcpuBreakpoint *breakpoint)
{
    return cpu_break_remove(cpu_of(vcpu), breakpoint);
}

static const VcpuBreakpoint *tcg_vcpu_break_hit(const Vcpu *vcpu)
{
    return cpu_break_hit(cpu_of(vcpu));
}

static void tcg_vcpu_stop_at(Vcpu *vcpu, const VcpuStop *stop)
{
    cpu_stop_at(cpu_of(vcpu), stop);
}

static bool tcg_vcpu_before_stop(const Vcpu *vcpu, VcpuStop *found)
{
    return cpu_before_stop(cpu_of(vcpu), found);
}

static VcpuStop tcg_vcpu_last_began(const Vcpu *vcpu)
{
    return cpu_last_began(cpu_of(vcpu));
}

static uint64_t tcg_vcpu_block_left(const Vcpu *vcpu)
{
    return cpu_block_left(cpu_of(vcpu));
}

static void tcg_vcpu_set_block_left(Vcpu *vcpu, uint64_t left)
{
    cpu_set_block_left(cpu_of(vcpu), left);
}

static bool tcg_vcpu_translate(Vcpu *vcpu, uint64_t linear, uint64_t *physical)
{
    return mmu_debug_translate(cpu_of(vcpu), linear, physical);
}

static CpuidResult tcg_vcpu_cpuid(Vcpu *vcpu, uint32_t leaf, uint32_t subleaf)
{
    return cpuid_query(cpu_of(vcpu), leaf, subleaf);
}

static void tcg_vcpu_describe(const Vcpu *vcpu, GString *out)
{
    cpu_describe(cpu_of(vcpu), out);
}

static void tcg_vcpu_boot(Vcpu *vcpu, const CpuBoot *boot)
{
    cpu_set_boot(cpu_of(vcpu), boot);
}

static void tcg_vcpu_firmware_mtrrs(Vcpu *vcpu, uint64_t uncached)
{
    cpu_set_firmware_mtrrs(cpu_of(vcpu), uncached);
}

static void tcg_vcpu_set_a20(Vcpu *vcpu, bool on)
{
    cpu_set_a20(cpu_of(vcpu), on);
}

static void tcg_vcpu_map_changed(Vcpu *vcpu)
{
    cpu_map_changed(cpu_of(vcpu));
}

void tcg_vcpu_where(void *opaque, JournalWhere *where)
{
    const Vcpu *vcpu = opaque;

    where->cpu = (uint16_t)vcpu->index;
    cpu_where(cpu_of(vcpu), &where->rip, &where->instructions);
}

const VcpuOps tcg_vcpu = {
    .create = tcg_vcpu_create,
    .free = tcg_vcpu_free,
    .reset = tcg_vcpu_reset,
    .run = tcg_vcpu_run,
    .step = tcg_vcpu_step,
    .kick = tcg_vcpu_kick,
    .has_work = tcg_vcpu_has_work,
    .instructions = tcg_vcpu_instructions,
    .spent = tcg_vcpu_spent,
    .reg = cpu_reg,
    .reg_get = tcg_vcpu_reg_get,
    .reg_set = tcg_vcpu_reg_set,
    .break_insert = tcg_vcpu_break_insert,
    .break_remove = tcg_vcpu_break_remove,
    .break_hit = tcg_vcpu_break_hit,
    .stop_at = tcg_vcpu_stop_at,
    .before_stop = tcg_vcpu_before_stop,
    .last_began = tcg_vcpu_last_began,
    .block_left = tcg_vcpu_block_left,
    .set_block_left = tcg_vcpu_set_block_left,
    .translate = tcg_vcpu_translate,
    .cpuid = tcg_vcpu_cpuid,
    .describe = tcg_vcpu_describe,
    .boot = tcg_vcpu_boot,
    .firmware_mtrrs = tcg_vcpu_firmware_mtrrs,
    .set_a20 = tcg_vcpu_set_a20,
    .map_changed = tcg_vcpu_map_changed,
};
