/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions with an immediate byte (Intel SDM vol. 2): shuffles, shifts, blends, inserts
 * from vector registers, rounding, comparisons, dot products, AESKEYGENASSIST, PCLMULQDQ.
 *
 * The assembler makes one entry point for each immediate, so the host's instruction decides what
 * each of the 256 values means.
 */
#include "target/i386/fpu_internal.h"
#include "target/i386/sse_fp.h"

#define IMM_OPS(X)                                                                                 \
    X(PSHUFD, pshufd)                                                                              \
    X(PSHUFHW, pshufhw)                                                                            \
    X(PSHUFLW, pshuflw)                                                                            \
    X(SHUFPS, shufps)                                                                              \
    X(SHUFPD, shufpd)                                                                              \
    X(PALIGNR, palignr)                                                                            \
    X(PBLENDW, pblendw)                                                                            \
    X(BLENDPS, blendps)                                                                            \
    X(BLENDPD, blendpd)                                                                            \
    X(MPSADBW, mpsadbw)                                                                            \
    X(AESKEYGENASSIST, aeskeygenassist)                                                            \
    X(PCLMULQDQ, pclmulqdq)                                                                        \
    X(INSERTPS, insertps)                                                                          \
    X(CMPPS, cmpps)                                                                                \
    X(CMPPD, cmppd)                                                                                \
    X(CMPSS, cmpss)                                                                                \
    X(CMPSD, cmpsd)                                                                                \
    X(ROUNDPS, roundps)                                                                            \
    X(ROUNDPD, roundpd)                                                                            \
    X(ROUNDSS, roundss)                                                                            \
    X(ROUNDSD, roundsd)                                                                            \
    X(DPPS, dpps)                                                                                  \
    X(DPPD, dppd)

/* Shifts of the one operand. */
#define IMM_SHIFTS(X)                                                                              \
    X(PSLLW, psllw)                                                                                \
    X(PSLLD, pslld)                                                                                \
    X(PSLLQ, psllq)                                                                                \
    X(PSRLW, psrlw)                                                                                \
    X(PSRLD, psrld)                                                                                \
    X(PSRLQ, psrlq)                                                                                \
    X(PSRAW, psraw)                                                                                \
    X(PSRAD, psrad)                                                                                \
    X(PSLLDQ, pslldq)                                                                              \
    X(PSRLDQ, psrldq)

#define DEFINE_IMM(mnemonic_, name)   FPU_IMM_TABLE(imm_##name, #name " $i, %xmm1, %xmm0");
#define DEFINE_SHIFT(mnemonic_, name) FPU_IMM_TABLE(imm_##name, #name " $i, %xmm0");
IMM_OPS(DEFINE_IMM)
IMM_SHIFTS(DEFINE_SHIFT)

/* A vector in XMM0 and one in XMM1, result in XMM0: the System V calling convention. */
typedef __m128i VecOp(__m128i dst, __m128i src);

typedef struct {
    uint16_t mnemonic;
    uint8_t width;
    bool fp; /* obeys MXCSR */
    FpTiny tiny;
    const uint8_t *table;
} ImmRow;

#define INT_ROW(mnemonic_, name, width_)                                                           \
    {                                                                                              \
        ZYDIS_MNEMONIC_##mnemonic_, width_, false, FP_NOT_TINY, imm_##name                         \
    }
#define FP_ROW(mnemonic_, name, width_, tiny_)                                                     \
    {                                                                                              \
        ZYDIS_MNEMONIC_##mnemonic_, width_, true, tiny_, imm_##name                                \
    }
#define SHIFT_ROW(mnemonic_, name) INT_ROW(mnemonic_, name, 16),

static const ImmRow rows[] = {INT_ROW(PSHUFD, pshufd, 16),
                              INT_ROW(PSHUFHW, pshufhw, 16),
                              INT_ROW(PSHUFLW, pshuflw, 16),
                              INT_ROW(SHUFPS, shufps, 16),
                              INT_ROW(SHUFPD, shufpd, 16),
                              INT_ROW(PALIGNR, palignr, 16),
                              INT_ROW(PBLENDW, pblendw, 16),
                              INT_ROW(BLENDPS, blendps, 16),
                              INT_ROW(BLENDPD, blendpd, 16),
                              INT_ROW(MPSADBW, mpsadbw, 16),
                              INT_ROW(AESKEYGENASSIST, aeskeygenassist, 16),
                              INT_ROW(PCLMULQDQ, pclmulqdq, 16),
                              INT_ROW(INSERTPS, insertps, 4),
                              FP_ROW(CMPPS, cmpps, 16, FP_NOT_TINY),
                              FP_ROW(CMPPD, cmppd, 16, FP_NOT_TINY),
                              FP_ROW(CMPSS, cmpss, 4, FP_NOT_TINY),
                              FP_ROW(CMPSD, cmpsd, 8, FP_NOT_TINY),
                              FP_ROW(ROUNDPS, roundps, 16, FP_NOT_TINY),
                              FP_ROW(ROUNDPD, roundpd, 16, FP_NOT_TINY),
                              FP_ROW(ROUNDSS, roundss, 4, FP_NOT_TINY),
                              FP_ROW(ROUNDSD, roundsd, 8, FP_NOT_TINY),
                              FP_ROW(DPPS, dpps, 16, FP_TINY_DPPS),
                              FP_ROW(DPPD, dppd, 16, FP_TINY_DPPD),
                              IMM_SHIFTS(SHIFT_ROW)};

static void run_imm(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    VecOp *op = insn->impl;
    __m128i src;

    fpu_check_sse(cpu);
    src = fpu_src(cpu, insn, ea);
    fpu_set_xmm(cpu, insn->dst, op(fpu_xmm(cpu, insn->dst), src));
}

static void run_dp(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    VecOp *op = insn->impl;
    __m128i dst = fpu_xmm(cpu, insn->dst), src, result;
    uint32_t flags;

    fpu_check_sse(cpu);
    src = fpu_src(cpu, insn, ea);
    fpu_mxcsr_begin(cpu);
    result = op(dst, src);
    flags = fpu_mxcsr_end(cpu);
    if (fpu_mxcsr_all_masked(cpu)) {
        fpu_mxcsr_merge(cpu, flags);
    } else {
        sse_dp_raise(cpu, insn->src2, &dst, &src, sizeof(dst), insn->imm);
    }
    fpu_set_xmm(cpu, insn->dst, result);
}

static bool is_dp(const ImmRow *row)
{
    return row->tiny == FP_TINY_DPPS || row->tiny == FP_TINY_DPPD;
}

static void run_shift(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    VecOp *op = insn->impl;
    __m128i value = fpu_xmm(cpu, insn->dst);

    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, op(value, value));
}

/* INSERTPS picks an element of a register source, but takes the one there is from memory: the
 * immediate's source field then counts for nothing (SDM vol. 2). */
static const uint8_t *entry(const ImmRow *row, uint8_t imm, bool mem)
{
    if (row->mnemonic == ZYDIS_MNEMONIC_INSERTPS && mem) {
        imm &= 0x3f;
    }
    return row->table + FPU_IMM_ENTRY * imm;
}

static bool is_shift(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    return zi->operand_count_visible == 2 && ops[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

static bool is_imm(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    return zi->operand_count_visible == 3 && ops[2].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
           (fpu_is_mem(&ops[1]) || fpu_is_class(&ops[1], ZYDIS_REGCLASS_XMM));
}

bool sse_imm_lookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, FpuInsn *out)
{
    bool shift = is_shift(zi, ops);

    if (!fpu_is_class(&ops[0], ZYDIS_REGCLASS_XMM) || (!shift && !is_imm(zi, ops))) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const ImmRow *row = &rows[i];
        if (row->mnemonic == zi->mnemonic) {
            out->run = shift ? run_shift : is_dp(row) ? run_dp : row->fp ? sse_fp_run : run_imm;
            out->impl = entry(row, out->imm, !shift && fpu_is_mem(&ops[1]));
            out->width = row->width;
            out->src2 = row->tiny;
            return true;
        }
    }
    return false;
}
