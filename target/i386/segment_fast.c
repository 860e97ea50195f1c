/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SYSCALL, SYSRET, SYSENTER and SYSEXIT with Intel's rules (Intel SDM vol. 2; vol. 3, 5.8.7,
 * 5.8.8): SYSCALL only in 64-bit code, SYSRET to a non-canonical address faults in ring 0.
 */
#include "target/i386/segment_private.h"

#define STAR_SYSCALL_SHIFT 32
#define STAR_SYSRET_SHIFT  48
#define SYSRET_FLAGS       0x3c7fd7u /* all but RF, VM and the reserved bits */

/* Flat segments of a privilege level, without a look at the descriptor tables. */
static void set_flat(Cpu *cpu, uint16_t cs, uint16_t ss, unsigned cpl, uint32_t code_attr)
{
    cpu->seg[SEG_CS] = (CpuSegment){.selector = (uint16_t)((cs & ~3u) | cpl),
                                    .limit = UINT32_MAX,
                                    .attr = code_attr | ATTR_DPL(cpl)};
    cpu->seg[SEG_SS] = (CpuSegment){.selector = (uint16_t)((ss & ~3u) | cpl),
                                    .limit = UINT32_MAX,
                                    .attr = ATTR_DATA32 | ATTR_DPL(cpl)};
    cpu->cpl = (uint8_t)cpl;
}

/* Like flags_set(), but for the mode, which the caller updates. */
static void set_flags(Cpu *cpu, uint32_t flags)
{
    flags_set_arith(cpu, flags);
    cpu->rflags = (flags & ~FLAGS_ARITH) | FLAG_1;
}

void seg_syscall(Cpu *cpu, uint64_t next_rip)
{
    uint16_t cs = (uint16_t)(cpu->star >> STAR_SYSCALL_SHIFT);
    uint32_t flags = flags_get(cpu);

    if (!(cpu->efer & EFER_SCE) || !in_code64(cpu)) {
        cpu_raise(cpu, EXCP_UD);
    }
    cpu->gpr[R_RCX] = next_rip;
    cpu->gpr[R_R8 + 3] = flags & ~FLAG_RF;
    set_flat(cpu, cs, (uint16_t)(cs + 8), 0, ATTR_CODE64);
    cpu->rip = cpu->lstar;
    set_flags(cpu, flags & ~(uint32_t)cpu->sfmask & ~FLAG_RF);
    cpu_update_level(cpu);
}

void seg_sysret(Cpu *cpu, unsigned opsize)
{
    uint16_t base = (uint16_t)(cpu->star >> STAR_SYSRET_SHIFT);
    uint64_t rip = cpu->gpr[R_RCX];
    bool wide = opsize == 8;

    if (!(cpu->efer & EFER_SCE) || !in_code64(cpu)) {
        cpu_raise(cpu, EXCP_UD);
    }
    if (cpu->cpl != 0 || (wide && !mmu_is_canonical(rip))) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    set_flat(cpu, (uint16_t)(base + (wide ? 16 : 0)), (uint16_t)(base + 8), 3,
             wide ? ATTR_CODE64 : ATTR_CODE32);
    cpu->rip = wide ? rip : (uint32_t)rip;
    set_flags(cpu, (uint32_t)cpu->gpr[R_R8 + 3] & SYSRET_FLAGS);
    if (wide) {
        cpu_update_level(cpu);
    } else {
        cpu_update_mode(cpu);
    }
}

void seg_sysenter(Cpu *cpu)
{
    uint16_t cs = (uint16_t)cpu->sysenter_cs;
    bool wide = in_ia32e(cpu);

    if (!(cpu->cr0 & CR0_PE) || SEL_NULL(cs)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    set_flat(cpu, cs, (uint16_t)(cs + 8), 0, wide ? ATTR_CODE64 : ATTR_CODE32);
    cpu->gpr[R_RSP] = wide ? cpu->sysenter_esp : (uint32_t)cpu->sysenter_esp;
    cpu->rip = wide ? cpu->sysenter_eip : (uint32_t)cpu->sysenter_eip;
    cpu->rflags &= ~(FLAG_VM | FLAG_IF | FLAG_RF);
    cpu_update_mode(cpu);
}

void seg_sysexit(Cpu *cpu, unsigned opsize)
{
    uint16_t cs = (uint16_t)cpu->sysenter_cs;
    uint64_t rip = cpu->gpr[R_RDX], rsp = cpu->gpr[R_RCX];
    bool wide = opsize == 8;

    if (!in_protected(cpu) || SEL_NULL(cs) || cpu->cpl != 0 ||
        (wide && (!mmu_is_canonical(rip) || !mmu_is_canonical(rsp)))) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    set_flat(cpu, (uint16_t)(cs + (wide ? 32 : 16)), (uint16_t)(cs + (wide ? 40 : 24)), 3,
             wide ? ATTR_CODE64 : ATTR_CODE32);
    cpu->gpr[R_RSP] = wide ? rsp : (uint32_t)rsp;
    cpu->rip = wide ? rip : (uint32_t)rip;
    cpu_update_mode(cpu);
}
