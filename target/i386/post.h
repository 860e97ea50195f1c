/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rest of the machine wants of a vCPU's own state: posted, and taken by the vCPU itself
 * where no instruction of its is half done. Nobody else touches its TLB, its predicted returns, its
 * budget or its A20 mask.
 *
 * Taken before a block is entered; and after the vCPU's own access to a device, for what that has
 * brought about (a BAR moved, a line raised) holds from the next instruction on.
 */
#ifndef TARGET_I386_POST_H
#define TARGET_I386_POST_H

#include "target/i386/mxcsr.h"

/* The map of memory changed. */
void cpu_post_flush(Cpu *cpu);
void cpu_post_a20(Cpu *cpu, bool on);
/* A page of physical memory has decoded code: writes to it are to be noticed. */
void cpu_post_watch(Cpu *cpu, uint64_t paddr);
/* Host code that returns were predicted to is gone. */
void cpu_post_forget_returns(Cpu *cpu);

/* On the vCPU's own thread, or while it does not run. */
void cpu_take_posted(Cpu *cpu);

/*
 * Around what the vCPU does to a device or to its APIC: `before` is what cpu_device_enter() gave.
 * Whatever the device computes in floating point (GLib's tables do as they grow) leaves no
 * exception in the guest's MXCSR.
 */
typedef struct {
    uint32_t pending, mxcsr;
} CpuBefore;

static inline CpuBefore cpu_device_enter(const Cpu *cpu)
{
    return (CpuBefore){cpu->pending, host_mxcsr_store()};
}
static inline void cpu_device_leave(Cpu *cpu, CpuBefore before)
{
    if (G_UNLIKELY(host_mxcsr_store() != before.mxcsr)) {
        host_mxcsr_load(before.mxcsr);
    }
    if (G_UNLIKELY(cpu->pending & ~before.pending)) {
        cpu_end_budget(cpu);
        cpu_take_posted(cpu);
    }
}

#endif
