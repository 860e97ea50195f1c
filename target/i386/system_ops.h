/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Privileged instructions' effects: control and debug registers, MSRs, CPUID, port I/O, XSETBV.
 * Privilege checks are done here; functions raise by unwinding.
 */
#ifndef TARGET_I386_SYSTEM_OPS_H
#define TARGET_I386_SYSTEM_OPS_H

#include "target/i386/cpu_state.h"

/* #GP(0) unless CPL is 0. */
void sys_require_cpl0(Cpu *cpu);
uint64_t sys_read_cr(Cpu *cpu, int n);
void sys_write_cr(Cpu *cpu, int n, uint64_t value);
uint64_t sys_read_dr(Cpu *cpu, int n);
void sys_write_dr(Cpu *cpu, int n, uint64_t value);
/* ECX -> EDX:EAX and back. */
void sys_rdmsr(Cpu *cpu);
void sys_wrmsr(Cpu *cpu);
/* CPUID with EAX, ECX; writes EAX, EBX, ECX, EDX. */
void sys_cpuid(Cpu *cpu);
void sys_xgetbv(Cpu *cpu);
void sys_xsetbv(Cpu *cpu);
void sys_rdpkru(Cpu *cpu);
void sys_wrpkru(Cpu *cpu);
void sys_set_pkru(Cpu *cpu, uint32_t value);
uint64_t sys_rdtsc(Cpu *cpu); /* checks CR4.TSD */
void sys_rdpmc(Cpu *cpu);
/* IN and OUT with IOPL and the TSS's permission map. size 1, 2, 4. */
uint32_t sys_in(Cpu *cpu, uint16_t port, unsigned size);
void sys_out(Cpu *cpu, uint16_t port, uint32_t value, unsigned size);
/* Just the check, for INS and OUTS. */
void sys_check_io(Cpu *cpu, uint16_t port, unsigned size);
void sys_hlt(Cpu *cpu);
void sys_cli(Cpu *cpu);
void sys_sti(Cpu *cpu);
void sys_clts(Cpu *cpu);
/* Bits of CR4 that the model has. */
uint64_t sys_cr4_writable(const Cpu *cpu);
void sys_lmsw(Cpu *cpu, uint16_t value);
void sys_invlpg(Cpu *cpu, uint64_t addr);
void sys_swapgs(Cpu *cpu);
void sys_wbinvd(Cpu *cpu);
/* SGDT, SIDT, SLDT, STR, SMSW: #GP(0) if UMIP forbids them now. */
void sys_check_umip(Cpu *cpu);
/* MOV to and from segment bases: RDFSBASE and so on are #UD without CR4.FSGSBASE. */
void sys_check_fsgsbase(Cpu *cpu);
/* PUSHF and POPF: #GP(0) in virtual-8086 mode without IOPL 3, nor VIF in its place. */
void sys_check_flags_access(Cpu *cpu, unsigned opsize);
/* What PUSHF pushes. */
uint32_t sys_pushf(Cpu *cpu, unsigned opsize);
/* POPF with `opsize` 2, 4 or 8 and its privilege rules. */
void sys_popf(Cpu *cpu, uint64_t value, unsigned opsize);
/* #UD, #NM checks before x87 and vector instructions (CR0.EM, TS, CR4.OSFXSR, OSXSAVE). */
void sys_check_x87(Cpu *cpu);
void sys_check_sse(Cpu *cpu);
/* The feature words: is this CPUID feature there? Feature ids are in cpuid.h. */
bool cpu_has_feature(const Cpu *cpu, int feature);
/* Where the makers' manuals differ: true for AMD's way, false for Intel's. */
bool cpu_is_amd(const Cpu *cpu);
/* MAXPHYADDR. */
unsigned cpu_phys_bits(const Cpu *cpu);

#endif
