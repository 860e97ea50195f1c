/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks during far transfers and interrupts: pushed to and popped from before the registers
 * change, so that a fault leaves the CPU as it was; and the stack pointers in the TSS (Intel SDM
 * vol. 3, 7.2.1, 7.7).
 */
#include "target/i386/segment_private.h"

SegStack stack_make(Cpu *cpu, const CpuSegment *ss, uint64_t sp, unsigned cpl, bool wide)
{
    SegStack s = {.ss = *ss, .sp = sp, .wide = wide, .mmu_mode = mmu_mode_of_cpl(cpu, cpl)};

    s.mask = wide ? UINT64_MAX : ss->attr & SEG_ATTR_DB ? UINT32_MAX : 0xffff;
    return s;
}

SegStack stack_current(Cpu *cpu)
{
    return stack_make(cpu, &cpu->seg[SEG_SS], cpu->gpr[R_RSP], cpu->cpl, in_code64(cpu));
}

static uint64_t stack_linear(Cpu *cpu, const SegStack *s, uint64_t sp, unsigned size, bool write)
{
    if (s->wide) {
        if (!mmu_is_canonical(sp) || !mmu_is_canonical(sp + size - 1)) {
            cpu_raise_error(cpu, EXCP_SS, s->error);
        }
        return sp;
    }
    return seg_linear_in(cpu, &s->ss, (uint32_t)(sp & s->mask), size, write, EXCP_SS, s->error);
}

/* The part of the pointer above the mask is kept as it is. */
static void stack_move(SegStack *s, uint64_t delta)
{
    s->sp = (s->sp & ~s->mask) | ((s->sp + delta) & s->mask);
}

void stack_push(Cpu *cpu, SegStack *s, uint64_t value, unsigned size)
{
    stack_move(s, 0ull - size);
    mmu_store_as(cpu, stack_linear(cpu, s, s->sp, size, true), value, size, s->mmu_mode);
}

uint64_t stack_pop(Cpu *cpu, SegStack *s, unsigned size)
{
    uint64_t addr = stack_linear(cpu, s, s->sp, size, false);
    uint64_t value = mmu_load_as(cpu, addr, size, s->mmu_mode);

    stack_move(s, size);
    return value;
}

void stack_skip(SegStack *s, unsigned bytes)
{
    stack_move(s, bytes);
}

void stack_commit(Cpu *cpu, const SegStack *s)
{
    cpu->gpr[R_RSP] = s->sp;
}

static uint64_t tss_field(Cpu *cpu, uint32_t offset, unsigned size)
{
    if (offset + size - 1 > cpu->tr.limit) {
        cpu_raise_error(cpu, EXCP_TS, SEL_ERROR(cpu->tr.selector));
    }
    return mmu_load_system(cpu, cpu->tr.base + offset, size);
}

uint64_t tss_stack(Cpu *cpu, unsigned cpl, uint16_t *ss)
{
    uint64_t sp;

    if (in_ia32e(cpu)) {
        return tss_field(cpu, 4 + 8 * cpl, 8);
    }
    if (SEG_ATTR_TYPE(cpu->tr.attr) & 8) {
        sp = tss_field(cpu, 4 + 8 * cpl, 4);
        *ss = (uint16_t)tss_field(cpu, 8 + 8 * cpl, 2);
    } else {
        sp = tss_field(cpu, 2 + 4 * cpl, 2);
        *ss = (uint16_t)tss_field(cpu, 4 + 4 * cpl, 2);
    }
    return sp;
}

uint64_t tss_ist(Cpu *cpu, unsigned n)
{
    return tss_field(cpu, 0x24 + 8 * (n - 1), 8);
}
