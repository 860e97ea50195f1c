/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between cpu.c and the files that take events and read the TSC. */
#ifndef TARGET_I386_CPU_PRIVATE_H
#define TARGET_I386_CPU_PRIVATE_H

#include "target/i386/cpu_state.h"

/* INIT: as RESET, but MSRs, the TSC and the FPU keep their state (SDM vol. 3, table 9-1). */
void cpu_init_reset(Cpu *cpu);
/* The TSC now, without privilege checks. */
uint64_t cpu_tsc(Cpu *cpu);

#endif
