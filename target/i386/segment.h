/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segmentation, far transfers, task switches, and fast system calls (Intel SDM vol. 3, chapters 3,
 * 5 and 7). Functions raise by unwinding and change nothing before the last check has passed.
 */
#ifndef TARGET_I386_SEGMENT_H
#define TARGET_I386_SEGMENT_H

#include "target/i386/cpu_state.h"

/* MOV/POP/LxS to a segment register other than CS. */
void seg_load(Cpu *cpu, int seg, uint16_t selector);
/* Sets hidden parts directly: real mode, boot, SYSCALL. */
void seg_set(Cpu *cpu, int seg, uint16_t selector, uint64_t base, uint32_t limit, uint32_t attr);

/* The linear address of `offset` in `seg` with limit and type checks: #GP or #SS. In 64-bit code
 * only canonicality is checked, and FS and GS bases are added. */
uint64_t seg_linear(Cpu *cpu, int seg, uint64_t offset, unsigned size, bool write);

void seg_far_jump(Cpu *cpu, uint16_t selector, uint64_t offset, unsigned opsize, uint64_t next_rip);
void seg_far_call(Cpu *cpu, uint16_t selector, uint64_t offset, unsigned opsize, uint64_t next_rip);
void seg_far_ret(Cpu *cpu, unsigned opsize, unsigned pop_bytes);
/* `next_rip` is for the task that a nested one returns from. */
void seg_iret(Cpu *cpu, unsigned opsize, uint64_t next_rip);
void seg_syscall(Cpu *cpu, uint64_t next_rip);
void seg_sysret(Cpu *cpu, unsigned opsize);
void seg_sysenter(Cpu *cpu);
void seg_sysexit(Cpu *cpu, unsigned opsize);
void seg_lldt(Cpu *cpu, uint16_t selector);
void seg_ltr(Cpu *cpu, uint16_t selector);
/* LAR, LSL, VERR, VERW: true and the result if ZF is to be set. */
bool seg_lar(Cpu *cpu, uint16_t selector, uint32_t *result);
bool seg_lsl(Cpu *cpu, uint16_t selector, uint32_t *result);
bool seg_verify(Cpu *cpu, uint16_t selector, bool write);
void seg_task_switch(Cpu *cpu, uint16_t tss_selector, int source, uint64_t next_rip, bool has_error,
                     uint32_t error);
enum { TASK_JUMP, TASK_CALL, TASK_IRET, TASK_GATE };

#endif
