/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stack in any mode: width by the mode, linear address by SS. Used where the fast handlers for
 * 64-bit code do not apply.
 */
#ifndef TARGET_I386_STACK_H
#define TARGET_I386_STACK_H

#include "target/i386/op.h"

static inline uint64_t stack_mask(const Cpu *cpu)
{
    return cpu->mode & CPU_MODE_CS64 ? ~0ull : cpu->mode & CPU_MODE_SS32 ? 0xffffffffull : 0xffff;
}

static inline uint64_t stack_linear(Cpu *cpu, uint64_t offset, unsigned size, bool write)
{
    offset &= stack_mask(cpu);
    if (cpu->mode & (CPU_MODE_CS64 | CPU_MODE_FLAT)) {
        return offset;
    }
    return seg_linear(cpu, SEG_SS, offset, size, write);
}

/* `mask` is stack_mask(): SP leaves the rest of rSP alone, ESP clears it, as any 32-bit result
 * does. */
static inline void stack_set_by(Cpu *cpu, uint64_t sp, uint64_t mask)
{
    uint64_t kept = mask == 0xffff ? cpu->gpr[R_RSP] & ~mask : 0;
    cpu->gpr[R_RSP] = kept | (sp & mask);
}

static inline void stack_set(Cpu *cpu, uint64_t sp)
{
    stack_set_by(cpu, sp, stack_mask(cpu));
}

/* The value `depth` bytes above the top. */
static inline uint64_t stack_peek(Cpu *cpu, unsigned depth, unsigned size)
{
    uint64_t at = stack_linear(cpu, cpu->gpr[R_RSP] + depth, size, false);
    return mem_load(cpu, at, (int)size * 8);
}

static inline void stack_push(Cpu *cpu, uint64_t value, unsigned size)
{
    uint64_t sp = cpu->gpr[R_RSP] - size;
    mem_store(cpu, stack_linear(cpu, sp, size, true), (int)size * 8, value);
    stack_set(cpu, sp);
}

#endif
