/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions with two sources that do not look at MXCSR: integer arithmetic, logic,
 * packing, AES rounds (Intel SDM vol. 2). Shuffles and others with one source are in vec_shuffle.c,
 * those with an immediate in vec_imm.c.
 */
#include "target/i386/vec.h"

/* Memory operands as long as a register. */
#define OPS(X)                                                                                     \
    X(PADDB, paddb)                                                                                \
    X(PADDW, paddw)                                                                                \
    X(PADDD, paddd)                                                                                \
    X(PADDQ, paddq)                                                                                \
    X(PADDSB, paddsb)                                                                              \
    X(PADDSW, paddsw)                                                                              \
    X(PADDUSB, paddusb)                                                                            \
    X(PADDUSW, paddusw)                                                                            \
    X(PSUBB, psubb)                                                                                \
    X(PSUBW, psubw)                                                                                \
    X(PSUBD, psubd)                                                                                \
    X(PSUBQ, psubq)                                                                                \
    X(PSUBSB, psubsb)                                                                              \
    X(PSUBSW, psubsw)                                                                              \
    X(PSUBUSB, psubusb)                                                                            \
    X(PSUBUSW, psubusw)                                                                            \
    X(PMULLW, pmullw)                                                                              \
    X(PMULHW, pmulhw)                                                                              \
    X(PMULHUW, pmulhuw)                                                                            \
    X(PMULUDQ, pmuludq)                                                                            \
    X(PMULDQ, pmuldq)                                                                              \
    X(PMULLD, pmulld)                                                                              \
    X(PMULHRSW, pmulhrsw)                                                                          \
    X(PMADDWD, pmaddwd)                                                                            \
    X(PMADDUBSW, pmaddubsw)                                                                        \
    X(PSADBW, psadbw)                                                                              \
    X(PAVGB, pavgb)                                                                                \
    X(PAVGW, pavgw)                                                                                \
    X(PMINUB, pminub)                                                                              \
    X(PMINUW, pminuw)                                                                              \
    X(PMINUD, pminud)                                                                              \
    X(PMINSB, pminsb)                                                                              \
    X(PMINSW, pminsw)                                                                              \
    X(PMINSD, pminsd)                                                                              \
    X(PMAXUB, pmaxub)                                                                              \
    X(PMAXUW, pmaxuw)                                                                              \
    X(PMAXUD, pmaxud)                                                                              \
    X(PMAXSB, pmaxsb)                                                                              \
    X(PMAXSW, pmaxsw)                                                                              \
    X(PMAXSD, pmaxsd)                                                                              \
    X(PAND, pand)                                                                                  \
    X(PANDN, pandn)                                                                                \
    X(POR, por)                                                                                    \
    X(ANDPS, andps)                                                                                \
    X(ANDPD, andpd)                                                                                \
    X(ANDNPS, andnps)                                                                              \
    X(ANDNPD, andnpd)                                                                              \
    X(ORPS, orps)                                                                                  \
    X(ORPD, orpd)                                                                                  \
    X(XORPD, xorpd)                                                                                \
    X(PCMPEQW, pcmpeqw)                                                                            \
    X(PCMPEQD, pcmpeqd)                                                                            \
    X(PCMPEQQ, pcmpeqq)                                                                            \
    X(PCMPGTB, pcmpgtb)                                                                            \
    X(PCMPGTW, pcmpgtw)                                                                            \
    X(PCMPGTD, pcmpgtd)                                                                            \
    X(PCMPGTQ, pcmpgtq)                                                                            \
    X(PACKSSWB, packsswb)                                                                          \
    X(PACKSSDW, packssdw)                                                                          \
    X(PACKUSWB, packuswb)                                                                          \
    X(PACKUSDW, packusdw)                                                                          \
    X(PHADDW, phaddw)                                                                              \
    X(PHADDD, phaddd)                                                                              \
    X(PHADDSW, phaddsw)                                                                            \
    X(PHSUBW, phsubw)                                                                              \
    X(PHSUBD, phsubd)                                                                              \
    X(PHSUBSW, phsubsw)                                                                            \
    X(PSIGNB, psignb)                                                                              \
    X(PSIGNW, psignw)                                                                              \
    X(PSIGND, psignd)                                                                              \
    X(AESENC, aesenc)                                                                              \
    X(AESENCLAST, aesenclast)                                                                      \
    X(AESDEC, aesdec)                                                                              \
    X(AESDECLAST, aesdeclast)

/* The ones whose legacy form is worth its own function: string functions and memory clearing live
 * on them. */
#define OPS_OWN(X)                                                                                 \
    X(PXOR, pxor, run_pxor_reg, sse_run_mem16)                                                     \
    X(XORPS, xorps, run_pxor_reg, sse_run_mem16)                                                   \
    X(PCMPEQB, pcmpeqb, run_pcmpeqb_reg, run_pcmpeqb_mem)

/* VEX only. */
#define OPS_VEX(X)                                                                                 \
    X(PSLLVD, psllvd)                                                                              \
    X(PSLLVQ, psllvq)                                                                              \
    X(PSRLVD, psrlvd)                                                                              \
    X(PSRLVQ, psrlvq)                                                                              \
    X(PSRAVD, psravd)

/* Shifts of all elements by the low quadword of a 128-bit operand. */
#define SHIFTS(X)                                                                                  \
    X(PSLLW, psllw)                                                                                \
    X(PSLLD, pslld)                                                                                \
    X(PSLLQ, psllq)                                                                                \
    X(PSRLW, psrlw)                                                                                \
    X(PSRLD, psrld)                                                                                \
    X(PSRLQ, psrlq)                                                                                \
    X(PSRAW, psraw)                                                                                \
    X(PSRAD, psrad)

static void run_pxor_reg(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, _mm_xor_si128(fpu_xmm(cpu, insn->dst), fpu_xmm(cpu, insn->src)));
}

static void run_pcmpeqb_reg(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, _mm_cmpeq_epi8(fpu_xmm(cpu, insn->dst), fpu_xmm(cpu, insn->src)));
}

static void run_pcmpeqb_mem(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, _mm_cmpeq_epi8(fpu_xmm(cpu, insn->dst), fpu_load128(cpu, ea)));
}

#define KERNELS(name_, wide_)                                                                      \
    AVX_KERNEL3(name_##_x, "v" #name_, x)                                                          \
    AVX_HANDLERS(name_##_x, 16)                                                                    \
    AVX_KERNEL3(name_##_y, "v" #name_, y)                                                          \
    AVX_HANDLERS(name_##_y, wide_)
#define DEFINE(m_, name_, ...)  KERNELS(name_, 32)
#define DEFINE_SHIFT(m_, name_) KERNELS(name_, 16)
#define SSE(m_, name_, ...)     SSE_OP(name_)
OPS(SSE)
OPS_OWN(SSE)
SHIFTS(SSE)
OPS(DEFINE)
OPS_OWN(DEFINE)
OPS_VEX(DEFINE)
SHIFTS(DEFINE_SHIFT)

#define ROW_AS(m_, name_, wide_, ...)                                                              \
    {VEC_NAMES(m_), .width = {16, wide_}, .sse = __VA_ARGS__,                                      \
     .avx = {AVX_FORM(name_##_x), AVX_FORM(name_##_y)}},
#define ROW(m_, name_)                 ROW_AS(m_, name_, 32, SSE_FORM(sse_##name_, 16))
#define ROW_OWN(m_, name_, reg_, mem_) ROW_AS(m_, name_, 32, SSE_FORM_OWN(reg_, mem_, sse_##name_))
#define ROW_SHIFT(m_, name_)           ROW_AS(m_, name_, 16, SSE_FORM(sse_##name_, 16))
#define ROW_VEX(m_, name_)                                                                         \
    {VEC_VEX_NAME(m_), .width = {16, 32}, .avx = {AVX_FORM(name_##_x), AVX_FORM(name_##_y)}},
static const VecRow rows[] = {OPS(ROW) OPS_OWN(ROW_OWN) OPS_VEX(ROW_VEX) SHIFTS(ROW_SHIFT)};

VecTable vec_int_table(void)
{
    return (VecTable){rows, G_N_ELEMENTS(rows)};
}
