/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87, MMX and vector instructions, carried out with the host's own instructions.
 *
 * The decoder asks fpu_lookup() once for each decoded instruction and stores the function it gets;
 * the executor calls it with the instruction's operands resolved to addresses. Memory operands are
 * loaded and stored by the handlers through mmu.h.
 */
#ifndef TARGET_I386_FPU_H
#define TARGET_I386_FPU_H

#include <Zydis/Zydis.h>

#include "target/i386/cpu_state.h"

typedef struct FpuInsn FpuInsn;
typedef struct VecIndex VecIndex;

/* Executes one instruction. `ea` is the linear address of its memory operand, if it has one. May
 * raise. The caller has done nothing yet but compute `ea`. */
typedef void (*FpuHandler)(Cpu *cpu, const FpuInsn *insn, uint64_t ea);

/* For instructions with a memory operand, before its address is looked at: true if the instruction
 * has ended without it. `offset` is where the operand is in its segment. */
typedef bool (*FpuEarlyHandler)(Cpu *cpu, const FpuInsn *insn, uint64_t offset);

/* Raises what must be raised before anything else. */
typedef void (*FpuCheck)(Cpu *cpu);

/* What a handler needs, filled in by fpu_lookup(). */
struct FpuInsn {
    FpuHandler run;
    FpuEarlyHandler early; /* or NULL */
    FpuCheck check;        /* see fpu_check_of() */
    const void *impl;      /* the operation: a host thunk or function, private to fpu files */
    uint8_t dst, src;      /* register numbers; 0xff where the operand is memory or absent */
    uint8_t src2;
    uint8_t imm;
    uint8_t width;              /* of the memory operand in bytes */
    uint8_t opsize;             /* of a general register operand: 4 or 8 */
    bool vex;                   /* VEX-encoded */
    uint16_t fop;               /* x87 opcode, for FOP */
    const struct VecCode *code; /* for the translator; NULL if it has to call run() */
};

/* Decides how to run a decoded x87, MMX, SSE, AES, PCLMUL, XSAVE-family instruction. False if it is
 * not ours or the CPU model lacks the feature: #UD. */
bool fpu_lookup(const CpuModel *model, const VecIndex *index, const ZydisDecodedInstruction *zi,
                const ZydisDecodedOperand *ops, FpuInsn *out);

/* All rows of vector instructions by mnemonic (vec.c); to be freed by g_free(). */
VecIndex *vec_index_new(void);

/* What an instruction checks before its memory operand's address: #UD, #NM, #MF; or NULL. */
FpuCheck fpu_check_of(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops);

/* XINUSE: the state components that are not in their initial configuration (SDM vol. 1, 13.6). */
uint32_t fpu_xinuse(const Cpu *cpu);

void fpu_reset(Cpu *cpu);
/* FNINIT. */
void fpu_init_x87(FpuState *fpu);
/* The 512-byte FXSAVE image, for FXSAVE, XSAVE and tests. */
void fpu_get_fxsave(const FpuState *fpu, uint8_t image[512], bool rexw);
void fpu_set_fxsave(FpuState *fpu, const uint8_t image[512], bool rexw);

#endif
