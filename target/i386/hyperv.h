/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU's side of a Hyper-V partition: what its software asks goes to the VP (hw/hyperv/). */
#ifndef TARGET_I386_HYPERV_H
#define TARGET_I386_HYPERV_H

#include "target/i386/cpu_state.h"

/* VMCALL or VMMCALL. */
void hyperv_call(Cpu *cpu, bool amd);
/* False if that is #GP. */
bool hyperv_msr_read(Cpu *cpu, uint32_t msr, uint64_t *value);
bool hyperv_msr_write(Cpu *cpu, uint32_t msr, uint64_t value);
CpuidResult hyperv_cpuid(const Cpu *cpu, uint32_t leaf);
/* The TSC was set. */
void hyperv_tsc_moved(Cpu *cpu);

#endif
