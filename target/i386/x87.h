/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the x87 files share.
 */
#ifndef TARGET_I386_X87_H
#define TARGET_I386_X87_H

#include "target/i386/fpu_internal.h"

/* The tag word as FSTENV has it, two bits a register, and as FpuState keeps it. */
uint16_t x87_full_tags(const FpuState *fpu);
uint8_t x87_abridged_tags(uint16_t word);
/* insn->opsize is 2 for the 16-bit formats. */
void x87_run_fldenv(Cpu *cpu, const FpuInsn *insn, uint64_t ea);
void x87_run_fnstenv(Cpu *cpu, const FpuInsn *insn, uint64_t ea);
void x87_run_frstor(Cpu *cpu, const FpuInsn *insn, uint64_t ea);
void x87_run_fnsave(Cpu *cpu, const FpuInsn *insn, uint64_t ea);

/* #NM, and exceptions that are pending. */
void x87_check_waiting(Cpu *cpu);
/* FOP, FIP and, for an operand in memory, FDP. */
void x87_note_pointers(Cpu *cpu, const FpuInsn *insn, bool mem, uint64_t ea);

/* FpuInsn.impl of a transcendental instruction, or NULL. */
const void *x87_find_trans(ZydisMnemonic mnemonic);
void x87_run_trans(Cpu *cpu, const FpuInsn *insn, uint64_t ea);

#endif
