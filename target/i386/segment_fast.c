/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SYSCALL, SYSRET, SYSENTER and SYSEXIT. The makers differ, and a model does as its maker:
 *
 *             Intel (SDM vol. 2; vol. 3, 5.8.7, 5.8.8)  AMD (APM vol. 3)
 *   SYSCALL   #UD outside 64-bit code                   to CSTAR, or STAR[31:0] without long mode
 *   SYSRET    #UD outside 64-bit code                   in any protected mode
 *             a non-canonical RCX is #GP in ring 0      is loaded, and ring 3 faults
 *             loads all of SS                           loads SS's selector alone
 *   SYSENTER, SYSEXIT: any protected mode               #UD in long mode
 */
#include "target/i386/segment_private.h"
#include "target/i386/system_ops.h"

#define STAR_SYSCALL_SHIFT 32
#define STAR_SYSRET_SHIFT  48
#define SYSRET_FLAGS       0x3c7fd7u /* all but RF, VM and the reserved bits */

static void set_flat_code(Cpu *cpu, uint16_t cs, unsigned cpl, uint32_t attr)
{
    cpu->seg[SEG_CS] = (CpuSegment){.selector = (uint16_t)((cs & ~3u) | cpl),
                                    .limit = UINT32_MAX,
                                    .attr = attr | ATTR_DPL(cpl)};
    cpu->cpl = (uint8_t)cpl;
}

/* Flat segments of a privilege level, without a look at the descriptor tables. */
static void set_flat(Cpu *cpu, uint16_t cs, uint16_t ss, unsigned cpl, uint32_t code_attr)
{
    set_flat_code(cpu, cs, cpl, code_attr);
    cpu->seg[SEG_SS] = (CpuSegment){.selector = (uint16_t)((ss & ~3u) | cpl),
                                    .limit = UINT32_MAX,
                                    .attr = ATTR_DATA32 | ATTR_DPL(cpl)};
}

/* Like flags_set(), but for the mode, which the caller updates. */
static void fast_set_flags(Cpu *cpu, uint32_t flags)
{
    flags_set_arith(cpu, flags);
    cpu->rflags = (flags & ~FLAGS_ARITH) | FLAG_1;
}

/* AMD's without long mode: EIP is in STAR, and no mask. */
static void syscall_legacy(Cpu *cpu, uint64_t next_rip)
{
    uint16_t cs = (uint16_t)(cpu->star >> STAR_SYSCALL_SHIFT);

    cpu->gpr[R_RCX] = (uint32_t)next_rip;
    set_flat(cpu, cs, (uint16_t)(cs + 8), 0, ATTR_CODE32);
    cpu->rip = (uint32_t)cpu->star;
    cpu->rflags &= ~(FLAG_VM | FLAG_IF | FLAG_RF);
    cpu_update_mode(cpu);
}

void seg_syscall(Cpu *cpu, uint64_t next_rip)
{
    uint16_t cs = (uint16_t)(cpu->star >> STAR_SYSCALL_SHIFT);
    uint32_t flags = flags_get(cpu);
    bool from_64 = in_code64(cpu);

    if (!(cpu->efer & EFER_SCE) || (!from_64 && !cpu_is_amd(cpu))) {
        cpu_raise(cpu, EXCP_UD);
    }
    if (!in_ia32e(cpu)) {
        syscall_legacy(cpu, next_rip);
        return;
    }
    cpu->gpr[R_RCX] = next_rip;
    cpu->gpr[R_R8 + 3] = flags & ~FLAG_RF;
    set_flat(cpu, cs, (uint16_t)(cs + 8), 0, ATTR_CODE64);
    cpu->rip = from_64 ? cpu->lstar : cpu->cstar;
    fast_set_flags(cpu, flags & ~(uint32_t)cpu->sfmask & ~FLAG_RF);
    if (from_64) {
        cpu_update_level(cpu);
    } else {
        cpu_update_mode(cpu);
    }
}

static void sysret_segments(Cpu *cpu, bool wide)
{
    uint16_t base = (uint16_t)(cpu->star >> STAR_SYSRET_SHIFT);
    uint16_t cs = (uint16_t)(base + (wide ? 16 : 0)), ss = (uint16_t)(base + 8);

    if (cpu_is_amd(cpu)) {
        set_flat_code(cpu, cs, 3, wide ? ATTR_CODE64 : ATTR_CODE32);
        cpu->seg[SEG_SS].selector = ss;
    } else {
        set_flat(cpu, cs, ss, 3, wide ? ATTR_CODE64 : ATTR_CODE32);
    }
}

void seg_sysret(Cpu *cpu, unsigned opsize)
{
    uint64_t rip = cpu->gpr[R_RCX];
    bool from_64 = in_code64(cpu), wide = from_64 && opsize == 8, amd = cpu_is_amd(cpu);

    if (!(cpu->efer & EFER_SCE) || (!from_64 && !amd)) {
        cpu_raise(cpu, EXCP_UD);
    }
    if (!in_protected(cpu) || cpu->cpl != 0 || (wide && !amd && !mmu_is_canonical(rip))) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    sysret_segments(cpu, wide);
    cpu->rip = wide ? rip : (uint32_t)rip;
    if (from_64) {
        fast_set_flags(cpu, (uint32_t)cpu->gpr[R_R8 + 3] & SYSRET_FLAGS);
    } else {
        cpu->rflags |= FLAG_IF;
    }
    if (wide) {
        cpu_update_level(cpu);
    } else {
        cpu_update_mode(cpu);
    }
}

static void refuse_in_amds_long_mode(Cpu *cpu)
{
    if (in_ia32e(cpu) && cpu_is_amd(cpu)) {
        cpu_raise(cpu, EXCP_UD);
    }
}

void seg_sysenter(Cpu *cpu)
{
    uint16_t cs = (uint16_t)cpu->sysenter_cs;
    bool wide = in_ia32e(cpu);

    refuse_in_amds_long_mode(cpu);
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

    refuse_in_amds_long_mode(cpu);
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
