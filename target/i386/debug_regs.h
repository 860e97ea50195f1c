/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Breakpoints in DR0..DR3 as DR7 arms them; see debug_regs.c. */
#ifndef TARGET_I386_DEBUG_REGS_H
#define TARGET_I386_DEBUG_REGS_H

#include "target/i386/cpu_state.h"

#define DR6_B        0xfu
#define DR6_BD       (1u << 13)
#define DR6_BS       (1u << 14)
#define DR6_BT       (1u << 15)
#define DR6_FIXED    0xffff0ff0u
#define DR6_WRITABLE (DR6_B | DR6_BD | DR6_BS | DR6_BT)
#define DR7_ENABLES  0xffu
#define DR7_GD       (1u << 13)
#define DR7_FIXED    0x400u
#define DR7_WRITABLE 0xffff23ffu

/* DR6 bits of a trap that follows the instruction in execution. */
void debug_trap(Cpu *cpu, uint32_t bits);
/* A debug exception is about to be delivered: DR6 and DR7 as its handler finds them. */
void debug_enter(Cpu *cpu, uint32_t bits);
/* A data breakpoint lies in this linear page. */
bool debug_page_watched(const Cpu *cpu, uint64_t page);
/* An access that may hit one was made: a trap follows. */
void debug_data_access(Cpu *cpu, uint64_t addr, unsigned size, bool write);
void debug_io_access(Cpu *cpu, uint16_t port, unsigned size);

#endif
