/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A debugger's breakpoints, which the guest knows nothing of: DR0 to DR3 are debug_regs.h's. */
#ifndef TARGET_I386_BREAKPOINTS_H
#define TARGET_I386_BREAKPOINTS_H

#include "target/i386/cpu_state.h"

/* A data breakpoint lies in this linear page, or one of code. */
bool breakpoints_watch_page(const Cpu *cpu, uint64_t page);
bool breakpoints_in_code_page(const Cpu *cpu, uint64_t page);
/* The instruction at `linear` has to be executed by itself. */
bool breakpoints_want_step(const Cpu *cpu, uint64_t linear);
/* An access that may hit one is about to be made: in the middle of a block, the instruction is
 * begun anew, by itself. Does not return then. */
void breakpoints_before_access(Cpu *cpu, uint64_t addr, unsigned size, bool write);
/* An access that may hit one was made: cpu_run() ends with CPU_BREAK after the instruction. */
void breakpoints_data_access(Cpu *cpu, uint64_t addr, unsigned size, bool write);
/* cpu_run() begins at `linear`: one that it ended at is passed only if it is still there. */
void breakpoints_resume(Cpu *cpu, uint64_t linear);
/* An instruction at `linear` is about to be executed: true if a breakpoint is there, at which
 * cpu_run() did not end just now. It does then. */
bool breakpoints_stop(Cpu *cpu, uint64_t linear);
/* VcpuStop: is it time to go one by one, and is it there? `first`: nothing comes before the next
 * instruction any more. */
bool breakpoints_near_stop(const Cpu *cpu);
bool breakpoints_at_stop(Cpu *cpu, uint64_t linear, bool first);
void breakpoints_free(Cpu *cpu);

#endif
