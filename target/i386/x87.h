/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What x87.c and x87_env.c share.
 */
#ifndef TARGET_I386_X87_H
#define TARGET_I386_X87_H

#include "target/i386/fpu_internal.h"

/* Control word: bit 6 reads as one, bits 7 and 13 to 15 as zero. */
#define FCW_WRITABLE   0x1f3fu
#define FCW_ALWAYS_SET 0x0040u

/* Recomputes FSW.ES and B from the exception flags and masks. */
void x87_update_summary(FpuState *fpu);

/* insn->opsize is 2 for the 16-bit formats. */
void x87_run_fldenv(Cpu *cpu, const FpuInsn *insn, uint64_t ea);
void x87_run_fnstenv(Cpu *cpu, const FpuInsn *insn, uint64_t ea);
void x87_run_frstor(Cpu *cpu, const FpuInsn *insn, uint64_t ea);
void x87_run_fnsave(Cpu *cpu, const FpuInsn *insn, uint64_t ea);

#endif
