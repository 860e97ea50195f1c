/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions by rows: what an operation's legacy form and its VEX forms of 128 and 256
 * bits are (Intel SDM vol. 2). The vec_*.c files have the rows and, beside them, what they name:
 * functions for the legacy form (sse.h), kernels and their handlers for the others (avx.h).
 *
 * Rows are found by mnemonic and the kinds of the operands, for one mnemonic can be several
 * instructions. What is not here: MMX (mmx.c), SHA (sse_sha.c).
 */
#ifndef TARGET_I386_VEC_H
#define TARGET_I386_VEC_H

#include "target/i386/avx.h"
#include "target/i386/sse.h"

typedef enum {
    VEC_FP = 1,      /* obeys MXCSR */
    VEC_ALIGNED = 2, /* VEX: #GP for a memory operand that is not aligned to its size */
    VEC_GPR = 4,     /* the register operand is a general one */
    VEC_STORE = 8,   /* the first operand is memory */
    VEC_TO_GPR = 16, /* the destination is a general register */
    VEC_SAME = 32,   /* VEX: does what the legacy form does */
    VEC_MASKED = 64, /* VEX: only with all exceptions masked, else what the legacy form does */
    /* Of mnemonics that are several instructions: only with such a general register or integer. */
    VEC_SIZE_4 = 128,
    VEC_SIZE_8 = 256,
    VEC_IMM = 512,     /* has an immediate */
    VEC_RAISES = 1024, /* VEX: handlers raise, and look at MXCSR, by themselves */
    VEC_GATHER = 2048, /* three different registers */
    VEC_W = 4096,      /* the legacy form is told of REX.W or VEX.W as its operand size */
} VecFlags;

/* An operation. Of what it does not have, the mnemonic or the form is zero. */
typedef struct {
    uint16_t mnemonic, vex;
    uint16_t flags;   /* VecFlags */
    uint8_t tiny;     /* FpTiny */
    uint8_t width[2]; /* of the memory operand or element: legacy and VEX.128, VEX.256 */
    SseForm sse;
    AvxForm avx[2];
    /* Tables of entry points (FPU_IMM_TABLE) for VEC_IMM, if it is not the form that takes it. */
    const uint8_t *sse_imm, *avx_imm[2];
} VecRow;

#define VEC_NAMES(m_)    .mnemonic = ZYDIS_MNEMONIC_##m_, .vex = ZYDIS_MNEMONIC_V##m_
#define VEC_VEX_NAME(m_) .vex = ZYDIS_MNEMONIC_V##m_

typedef struct {
    const VecRow *rows;
    size_t count;
} VecTable;
VecTable vec_int_table(void), vec_shuffle_table(void), vec_fp_table(void), vec_imm_table(void),
    vec_approx_table(void), vec_move_table(void), vec_gpr_table(void), vec_string_table(void),
    avx_fma_table(void), avx_mask_table(void);

/* An instruction's operands, as look-up and decoding need them. */
typedef struct {
    const ZydisDecodedOperand *mem;
    unsigned rm_size; /* of the integer or general register that is converted, in bytes */
    bool store, to_gpr, from_gpr, mmx, imm;
    uint8_t imm_value;
    uint8_t dst, vvvv, src; /* register numbers */
    uint8_t reg4;           /* in the immediate byte, or a vector of indices */
} VecOperands;
VecOperands vec_operands(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops);

/* The row of an instruction, or NULL. */
const VecRow *vec_find(const VecIndex *index, const ZydisDecodedInstruction *zi,
                       const VecOperands *o);

/* Fills in `out` for a legacy encoding if there is a row for it. */
bool vec_lookup(const VecIndex *index, const ZydisDecodedInstruction *zi,
                const ZydisDecodedOperand *ops, FpuInsn *out);

/* The immediate, as far as it counts. */
uint8_t vec_imm(const VecRow *row, const VecOperands *o);

/* Has the row's legacy form executed: for a legacy encoding, or a VEX one that does the same. */
void vec_fill_legacy(const VecRow *row, const VecOperands *o, const ZydisDecodedInstruction *zi,
                     FpuInsn *out);

#endif
