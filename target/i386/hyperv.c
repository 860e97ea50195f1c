/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU's side of a Hyper-V partition: hypercalls by VMCALL (on AMD's, VMMCALL), whose registers
 * depend on the mode (TLFS 3.7), synthetic MSRs and CPUID leaves.
 */
#include "target/i386/hyperv.h"

#include "target/i386/cpu_private.h"
#include "target/i386/cpuid.h"
#include "target/i386/excp.h"
#include "target/i386/mmu.h"
#include "target/i386/post.h"
#include "target/i386/system_ops.h"

static uint64_t pair(const Cpu *cpu, int high, int low)
{
    return cpu->gpr[high] << 32 | (uint32_t)cpu->gpr[low];
}

static HvRegs call_regs(const Cpu *cpu)
{
    HvRegs r;

    if (cpu->mode & CPU_MODE_CS64) {
        r.control = cpu->gpr[R_RCX];
        r.input = cpu->gpr[R_RDX];
        r.output = cpu->gpr[R_R8];
    } else {
        r.control = pair(cpu, R_RDX, R_RAX);
        r.input = pair(cpu, R_RBX, R_RCX);
        r.output = pair(cpu, R_RDI, R_RSI);
    }
    for (unsigned i = 0; i < HV_CALL_XMM; i++) {
        r.xmm[2 * i] = cpu->fpu.vec[i].lo[0];
        r.xmm[2 * i + 1] = cpu->fpu.vec[i].lo[1];
    }
    return r;
}

static void set_result(Cpu *cpu, uint64_t result)
{
    if (cpu->mode & CPU_MODE_CS64) {
        cpu->gpr[R_RAX] = result;
    } else {
        cpu->gpr[R_RAX] = (uint32_t)result;
        cpu->gpr[R_RDX] = result >> 32;
    }
}

void hyperv_call(Cpu *cpu, bool amd)
{
    uint64_t result;

    if (!cpu->cfg.hyperv || amd != cpu_is_amd(cpu) || cpu->cpl != 0 || !(cpu->mode & CPU_MODE_PE)) {
        cpu_raise(cpu, EXCP_UD);
    }
    HvRegs regs = call_regs(cpu);
    CpuBefore before = cpu_device_enter(cpu);
    bool established = hv_hypercall(cpu->cfg.hyperv, &regs, &result);
    cpu_device_leave(cpu, before);
    if (!established) {
        cpu_raise(cpu, EXCP_UD);
    }
    set_result(cpu, result);
}

bool hyperv_msr_read(Cpu *cpu, uint32_t msr, uint64_t *value)
{
    CpuBefore before = cpu_device_enter(cpu);
    bool known = hv_msr_read(cpu->cfg.hyperv, msr, value);

    cpu_device_leave(cpu, before);
    return known;
}

bool hyperv_msr_write(Cpu *cpu, uint32_t msr, uint64_t value)
{
    CpuBefore before = cpu_device_enter(cpu);
    bool known = hv_msr_write(cpu->cfg.hyperv, msr, value);

    cpu_device_leave(cpu, before);
    return known;
}

CpuidResult hyperv_cpuid(const Cpu *cpu, uint32_t leaf)
{
    HvLeaf r = hv_cpuid(cpu->cfg.hyperv, leaf);

    return (CpuidResult){r.eax, r.ebx, r.ecx, r.edx};
}

void hyperv_tsc_moved(Cpu *cpu)
{
    if (cpu->cfg.hyperv) {
        CpuBefore before = cpu_device_enter(cpu);
        hv_tsc_moved(cpu->cfg.hyperv, cpu->tsc_offset != 0);
        cpu_device_leave(cpu, before);
    }
}

static void pin_flush(void *opaque)
{
    cpu_post_flush(opaque);
}

static uint64_t pin_instructions(void *opaque)
{
    return cpu_instructions(opaque);
}

const HvPins cpu_hv_pins = {.flush = pin_flush, .instructions = pin_instructions};
