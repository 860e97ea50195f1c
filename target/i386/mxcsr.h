/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's MXCSR on the host (Intel SDM vol. 1, 10.2.3).
 *
 * While cpu_run() executes a guest that can use SSE and masks every exception, which is nearly
 * always (CPU_MODE_MASKED), the host's MXCSR is the guest's, and of fpu.mxcsr only the masks count.
 * `mxcsr_live` says so. Otherwise each instruction runs under the guest's rounding with every
 * exception masked, and the flags are judged afterwards.
 *
 * So what cpu_run() calls does no floating-point arithmetic outside the files that emulate it,
 * except for devices (post.h); and nobody reads or writes fpu.mxcsr but through this header.
 */
#ifndef TARGET_I386_MXCSR_H
#define TARGET_I386_MXCSR_H

#include "target/i386/cpu_state.h"

#define MXCSR_FLAGS      0x003fu
#define MXCSR_PRE        0x0007u /* IE, DE, ZE: found before the computation */
#define MXCSR_UE         0x0010u
#define MXCSR_MASK_SHIFT 7
#define MXCSR_MASKS      0x1f80u
#define MXCSR_FZ         0x8000u
#define MXCSR_DEFAULT    0x1f80u
#define MXCSR_VALID      0xffffu

static inline bool fpu_mxcsr_all_masked(const Cpu *cpu)
{
    return (cpu->fpu.mxcsr & MXCSR_MASKS) == MXCSR_MASKS;
}

static inline void host_mxcsr_load(uint32_t value)
{
    __asm__ volatile("ldmxcsr %0" : : "m"(value) : "memory");
}
static inline uint32_t host_mxcsr_store(void)
{
    uint32_t value;

    __asm__ volatile("stmxcsr %0" : "=m"(value) : : "memory");
    return value;
}

/* All of the guest's exceptions are masked: lets the host's MXCSR stand for the guest's. */
static inline void fpu_mxcsr_enter(Cpu *cpu)
{
    if (!cpu->fpu.mxcsr_live) {
        host_mxcsr_load(cpu->fpu.mxcsr);
        cpu->fpu.mxcsr_live = true;
    }
}
/* The host's MXCSR is the host's again. */
static inline void fpu_mxcsr_leave(Cpu *cpu)
{
    if (cpu->fpu.mxcsr_live) {
        cpu->fpu.mxcsr = host_mxcsr_store() & MXCSR_VALID;
        cpu->fpu.mxcsr_live = false;
        host_mxcsr_load(MXCSR_DEFAULT);
    }
}

/* What the guest sees. */
static inline uint32_t fpu_mxcsr(const FpuState *fpu)
{
    return fpu->mxcsr_live ? host_mxcsr_store() & MXCSR_VALID : fpu->mxcsr;
}
/* By an instruction after which the block goes on only if the mode is as before. */
static inline void fpu_set_mxcsr(Cpu *cpu, uint32_t value)
{
    fpu_mxcsr_leave(cpu);
    cpu->fpu.mxcsr = value;
    cpu_update_mode(cpu);
    if (cpu->mode & CPU_MODE_MASKED) {
        fpu_mxcsr_enter(cpu);
    }
}

/* Around one floating-point instruction of the host's. */
static inline void fpu_mxcsr_begin(const Cpu *cpu)
{
    uint32_t host = (cpu->fpu.mxcsr & ~MXCSR_FLAGS) | MXCSR_MASKS;

    if (G_LIKELY(cpu->fpu.mxcsr_live)) {
        return;
    }
    /* Flush-to-zero works only while underflow is masked. */
    if (!(cpu->fpu.mxcsr & (MXCSR_UE << MXCSR_MASK_SHIFT))) {
        host &= ~MXCSR_FZ;
    }
    host_mxcsr_load(host);
}
/* The exceptions it had, unless they are collected in the host's MXCSR. */
static inline uint32_t fpu_mxcsr_end(const Cpu *cpu)
{
    if (G_LIKELY(cpu->fpu.mxcsr_live)) {
        return 0;
    }
    uint32_t flags = host_mxcsr_store();
    host_mxcsr_load(MXCSR_DEFAULT);
    return flags & MXCSR_FLAGS;
}

/* Merges `flags` into MXCSR; raises #XM (or #UD) if one of them is unmasked. `tiny` adds an
 * underflow that was exact, which only counts when underflow is unmasked. */
void fpu_mxcsr_raise(Cpu *cpu, uint32_t flags, bool tiny);
static inline void fpu_mxcsr_merge(Cpu *cpu, uint32_t flags)
{
    if (G_LIKELY(fpu_mxcsr_all_masked(cpu))) {
        cpu->fpu.mxcsr |= flags;
    } else {
        fpu_mxcsr_raise(cpu, flags, false);
    }
}

#endif
