/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions and interrupts (Intel SDM vol. 3, chapter 6).
 *
 * Anything that executes may raise: cpu_raise*() record the exception and unwind to cpu->unwind;
 * the executor restores a precise state (registers as before the instruction, RIP at it) and calls
 * cpu_deliver().
 */
#ifndef TARGET_I386_EXCP_H
#define TARGET_I386_EXCP_H

#include "target/i386/cpu_state.h"

/* What sigsetjmp(*cpu->unwind) returns. */
typedef enum {
    CPU_UNWIND_NOT, /* it has been set up */
    CPU_UNWIND_EXCP,
    CPU_UNWIND_ANEW,
} CpuUnwind;

/* Nothing is raised: the instruction is to be executed again, from its beginning. */
G_NORETURN void cpu_begin_anew(Cpu *cpu);
G_NORETURN void cpu_raise(Cpu *cpu, int vector);
G_NORETURN void cpu_raise_error(Cpu *cpu, int vector, uint32_t error);
/* A #DB that is a fault, for these conditions in DR6. */
G_NORETURN void cpu_raise_debug(Cpu *cpu, uint32_t dr6);
/* CR2 is set to `address`. */
G_NORETURN void cpu_raise_page_fault(Cpu *cpu, uint64_t address, uint32_t error);

/* Delivers cpu->excp through the IDT (or real-mode IVT), with double-fault classification; sets
 * cpu->shutdown on a triple fault. cpu->rip must be the return address to push. Never unwinds. */
void cpu_deliver(Cpu *cpu);
/* The same for cpu_raise_debug(). */
void cpu_deliver_debug(Cpu *cpu, uint32_t dr6);
/* INT3, INTO: raise with `next_rip` as the return address; checks gate DPL. */
G_NORETURN void cpu_raise_software(Cpu *cpu, int vector, uint64_t next_rip);
/* INT n of two bytes: the same, and IOPL and the redirection map of virtual-8086 mode count. */
G_NORETURN void cpu_raise_int_n(Cpu *cpu, int vector, uint64_t next_rip);
/* INT1: the same for #DB, from any level (SDM vol. 2, INT n). */
G_NORETURN void cpu_raise_int1(Cpu *cpu, uint64_t next_rip);
/* A vector from the APIC, or an NMI. Never unwinds. */
void cpu_deliver_external(Cpu *cpu, int vector);

/* Pending events at an instruction boundary, with priorities (SDM 6.9): returns true if the flow of
 * control changed. Handles INIT, SIPI, NMI, INTR, KICK's bit excepted. */
bool cpu_take_events(Cpu *cpu);

#endif
