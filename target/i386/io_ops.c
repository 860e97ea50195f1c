/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port I/O with IOPL and the TSS's permission map (Intel SDM vol. 1, 19.5), the interrupt flag,
 * and the small privileged instructions.
 */
#include "base/dram.h"
#include "target/i386/cpu_private.h"
#include "target/i386/post.h"
#include "target/i386/segment_private.h"
#include "target/i386/system_ops.h"

#define TSS32_LEAST_SIZE 0x67u

static bool io_map_allows(Cpu *cpu, uint16_t port, unsigned size)
{
    uint32_t map, offset, bits;

    if (!(SEG_ATTR_TYPE(cpu->tr.attr) & 8) || cpu->tr.limit < TSS32_LEAST_SIZE) {
        return false;
    }
    map = (uint32_t)mmu_load_system(cpu, cpu->tr.base + TSS_IO_MAP_BASE, 2);
    offset = map + port / 8;
    /* Two bytes are always read (the map ends with one of all ones). */
    if (offset + 1 > cpu->tr.limit) {
        return false;
    }
    bits = (uint32_t)mmu_load_system(cpu, cpu->tr.base + offset, 2) >> (port & 7);
    return (bits & ((1u << size) - 1)) == 0;
}

void sys_check_io(Cpu *cpu, uint16_t port, unsigned size)
{
    bool by_map = (cpu->cr0 & CR0_PE) && (in_v86(cpu) || cpu->cpl > iopl(cpu));

    if (by_map && !io_map_allows(cpu, port, size)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
}

uint32_t sys_in(Cpu *cpu, uint16_t port, unsigned size)
{
    MemResult result;
    uint32_t value;
    CpuBefore before;

    sys_check_io(cpu, port, size);
    before = cpu_device_enter(cpu);
    value = (uint32_t)as_load(cpu->cfg.ports, port, size, &result);
    cpu_device_leave(cpu, before);
    debug_io_access(cpu, port, size);
    return value;
}

void sys_out(Cpu *cpu, uint16_t port, uint32_t value, unsigned size)
{
    CpuBefore before;

    sys_check_io(cpu, port, size);
    before = cpu_device_enter(cpu);
    as_store(cpu->cfg.ports, port, value, size);
    cpu_device_leave(cpu, before);
    debug_io_access(cpu, port, size);
}

void sys_hlt(Cpu *cpu)
{
    sys_require_cpl0(cpu);
    cpu->halted = true;
    cpu->int_shadow = SHADOW_NONE;
}

/* The flag of CLI and STI: IF in real mode or with CPL within IOPL, else VIF if there is one. */
static uint32_t interrupt_flag(Cpu *cpu)
{
    if (!(cpu->cr0 & CR0_PE) || cpu->cpl <= iopl(cpu)) {
        return FLAG_IF;
    }
    if (!has_virtual_if(cpu)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    return FLAG_VIF;
}

void sys_cli(Cpu *cpu)
{
    cpu->rflags &= ~interrupt_flag(cpu);
}

void sys_sti(Cpu *cpu)
{
    uint32_t flag = interrupt_flag(cpu);

    if (flag == FLAG_VIF && (cpu->rflags & FLAG_VIP)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    cpu->rflags |= flag;
}

void sys_check_flags_access(Cpu *cpu, unsigned opsize)
{
    if (in_v86(cpu) && iopl(cpu) < 3 && !(has_virtual_if(cpu) && opsize == 2)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
}

uint32_t sys_pushf(Cpu *cpu, unsigned opsize)
{
    uint32_t flags = flags_get(cpu) & ~(FLAG_RF | FLAG_VM);

    sys_check_flags_access(cpu, opsize);
    return in_v86(cpu) && iopl(cpu) < 3 ? virtual_flags(flags) : flags;
}

void sys_popf(Cpu *cpu, uint64_t value, unsigned opsize)
{
    uint32_t change = FLAGS_ARITH | FLAG_TF | FLAG_DF | FLAG_NT | FLAG_AC | FLAG_ID | FLAG_RF;

    sys_check_flags_access(cpu, opsize);
    if (in_v86(cpu) && iopl(cpu) < 3) {
        value = seg_virtual_flags_in(cpu, value);
        change |= FLAG_VIF;
    }
    if (!(cpu->cr0 & CR0_PE) || cpu->cpl <= iopl(cpu)) {
        change |= FLAG_IF;
    }
    if (cpu->cpl == 0) {
        change |= FLAG_IOPL;
    }
    value &= ~(uint64_t)FLAG_RF;
    if (opsize == 2) {
        change &= 0xffff | FLAG_VIF;
    }
    flags_set(cpu, (flags_get(cpu) & ~change) | ((uint32_t)value & change) | FLAG_1);
}

uint64_t sys_rdtsc(Cpu *cpu)
{
    if ((cpu->cr4 & CR4_TSD) && cpu->cpl > 0) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    return cpu_tsc(cpu);
}

void sys_rdpmc(Cpu *cpu)
{
    cpu_raise_error(cpu, EXCP_GP, 0); /* CPUID shows no counters: no ECX is right */
}

void sys_invlpg(Cpu *cpu, uint64_t addr)
{
    sys_require_cpl0(cpu);
    mmu_flush_page(cpu, addr);
}

void sys_swapgs(Cpu *cpu)
{
    uint64_t base = cpu->seg[SEG_GS].base;

    if (!in_code64(cpu)) {
        cpu_raise(cpu, EXCP_UD);
    }
    sys_require_cpl0(cpu);
    cpu->seg[SEG_GS].base = cpu->kernel_gs_base;
    cpu->kernel_gs_base = base;
}

void sys_wbinvd(Cpu *cpu)
{
    sys_require_cpl0(cpu);
    CpuBefore before = cpu_device_enter(cpu);
    as_flush_lines(cpu->cfg.memory);
    cpu_device_leave(cpu, before);
}
