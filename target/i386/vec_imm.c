/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions with an immediate byte (Intel SDM vol. 2): shuffles, shifts, blends, inserts
 * from vector registers, rounding, comparisons, dot products, AESKEYGENASSIST, PCLMULQDQ.
 *
 * The assembler makes one entry point for each immediate, so the host's instruction decides what
 * each of the 256 values means: for legacy forms on registers 0 (also the result) and 1, for VEX
 * forms on 1 (VEX.vvvv), 2 (the operand that may be memory) and 0 (the result).
 */
#include "target/i386/vec.h"

/* Two sources. */
#define OPS3(X)                                                                                    \
    X(SHUFPS, shufps)                                                                              \
    X(SHUFPD, shufpd)                                                                              \
    X(PALIGNR, palignr)                                                                            \
    X(PBLENDW, pblendw)                                                                            \
    X(BLENDPS, blendps)                                                                            \
    X(BLENDPD, blendpd)                                                                            \
    X(MPSADBW, mpsadbw)                                                                            \
    X(PCLMULQDQ, pclmulqdq)
#define OPS3_FP(X)                                                                                 \
    X(CMPPS, cmpps)                                                                                \
    X(CMPPD, cmppd)
#define OPS3_DP(X)        X(DPPS, dpps)
#define OPS3_DP_NARROW(X) X(DPPD, dppd)
#define OPS3_INSERT(X)    X(INSERTPS, insertps)
/* Two sources, scalar. */
#define OPS3_SCALAR(X)                                                                             \
    X(CMPSS, cmpss, 4)                                                                             \
    X(CMPSD, cmpsd, 8)                                                                             \
    X(ROUNDSS, roundss, 4)                                                                         \
    X(ROUNDSD, roundsd, 8)
/* Two sources, VEX only; of 256 bits, and with half of that in memory. */
#define OPS3_VEX(X) X(PBLENDD, pblendd)
#define OPS3_WIDE(X)                                                                               \
    X(PERM2F128, perm2f128)                                                                        \
    X(PERM2I128, perm2i128)
#define OPS3_HALF(X)                                                                               \
    X(INSERTF128, insertf128)                                                                      \
    X(INSERTI128, inserti128)

/* One source. */
#define OPS2(X)                                                                                    \
    X(PSHUFD, pshufd)                                                                              \
    X(PSHUFHW, pshufhw)                                                                            \
    X(PSHUFLW, pshuflw)
#define OPS2_FP(X)                                                                                 \
    X(ROUNDPS, roundps)                                                                            \
    X(ROUNDPD, roundpd)
#define OPS2_NARROW(X) X(AESKEYGENASSIST, aeskeygenassist)
/* The source is the destination where there is no other, and never memory. */
#define SHIFTS(X)                                                                                  \
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
/* One source, VEX only; of 256 bits. */
#define OPS2_VEX(X)                                                                                \
    X(PERMILPS, permilps)                                                                          \
    X(PERMILPD, permilpd)
#define OPS2_WIDE(X)                                                                               \
    X(PERMQ, permq)                                                                                \
    X(PERMPD, permpd)

#define TABLE_SSE(m_, name_, ...) FPU_IMM_TABLE(sse_imm_##name_, #name_ " $i, %xmm1, %xmm0");
#define TABLE_SHIFT(m_, name_)    FPU_IMM_TABLE(sse_imm_##name_, #name_ " $i, %xmm0");
#define TABLE3_X(m_, name_, ...)                                                                   \
    FPU_IMM_TABLE(avx_imm_##name_##_x, "v" #name_ " $i, %xmm2, %xmm1, %xmm0");
#define TABLE3_Y(m_, name_)                                                                        \
    FPU_IMM_TABLE(avx_imm_##name_##_y, "v" #name_ " $i, %ymm2, %ymm1, %ymm0");
#define TABLE3_HALF(m_, name_)                                                                     \
    FPU_IMM_TABLE(avx_imm_##name_##_y, "v" #name_ " $i, %xmm2, %ymm1, %ymm0");
#define TABLE2_X(m_, name_)            FPU_IMM_TABLE(avx_imm_##name_##_x, "v" #name_ " $i, %xmm2, %xmm0");
#define TABLE2_Y(m_, name_)            FPU_IMM_TABLE(avx_imm_##name_##_y, "v" #name_ " $i, %ymm2, %ymm0");
#define TABLES3_VEX(m_, name_)         TABLE3_X(m_, name_) TABLE3_Y(m_, name_)
#define TABLES3(m_, name_)             TABLE_SSE(m_, name_) TABLES3_VEX(m_, name_)
#define TABLES3_NARROW(m_, name_, ...) TABLE_SSE(m_, name_) TABLE3_X(m_, name_)
#define TABLES2_VEX(m_, name_)         TABLE2_X(m_, name_) TABLE2_Y(m_, name_)
#define TABLES2(m_, name_)             TABLE_SSE(m_, name_) TABLES2_VEX(m_, name_)
#define TABLES2_NARROW(m_, name_)      TABLE_SSE(m_, name_) TABLE2_X(m_, name_)
#define TABLES_SHIFT(m_, name_)        TABLE_SHIFT(m_, name_) TABLES2_VEX(m_, name_)
OPS3(TABLES3)
OPS3_FP(TABLES3)
OPS3_DP(TABLES3)
OPS3_DP_NARROW(TABLES3_NARROW)
OPS3_INSERT(TABLES3_NARROW)
OPS3_SCALAR(TABLES3_NARROW)
OPS3_VEX(TABLES3_VEX)
OPS3_WIDE(TABLE3_Y)
OPS3_HALF(TABLE3_HALF)
OPS2(TABLES2)
OPS2_FP(TABLES2)
OPS2_NARROW(TABLES2_NARROW)
OPS2_VEX(TABLES2_VEX)
OPS2_WIDE(TABLE2_Y)
SHIFTS(TABLES_SHIFT)

static void imm_run_shift(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    SseOp *op = insn->impl;
    __m128i value = fpu_xmm(cpu, insn->dst);

    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, op(value, value));
}

/* Calls the entry point; `load_` fetches the operand. The call writes below the stack pointer,
 * where a leaf function may keep things. */
#define KERNEL(k_, load_, r_, width_)                                                              \
    static ALWAYS_INLINE void k_(Cpu *cpu, const Op *op, const void *b)                            \
    {                                                                                              \
        VecReg *v = cpu->fpu.vec;                                                                  \
        __asm__ volatile(load_ "\n\tvmovdqa (%1), %%ymm1\n\tlea -128(%%rsp), %%rsp\n\t"            \
                               "call *%2\n\tlea 128(%%rsp), %%rsp\n\t"                             \
                               "vmovdqa %%ymm0, (%0)" AVX_END_y                                    \
                         :                                                                         \
                         : "r"(&v[op->dst]), "r"(&v[op->src]), "r"(avx_insn(op)->entry), "r"(b)    \
                         : "memory", "xmm0", "xmm1", "xmm2");                                      \
    }                                                                                              \
    AVX_HANDLERS(k_, width_)
KERNEL(imm_x, "vmovdqu (%3), %%xmm2", x, 16)
KERNEL(imm_y, "vmovdqu (%3), %%ymm2", y, 32)
KERNEL(imm_half, "vmovdqu (%3), %%xmm2", y, 16)
KERNEL(imm_ss, "vmovd (%3), %%xmm2", x, 4)
KERNEL(imm_sd, "vmovq (%3), %%xmm2", x, 8)

#define ROW(flags_, tiny_, w_, wide_, ...)                                                         \
    {.flags = VEC_IMM | (flags_), .tiny = tiny_, .width = {w_, wide_}, __VA_ARGS__},
/* The parts of a row: the legacy form and the VEX ones. */
#define SSE(m_, name_, ...) VEC_NAMES(m_), .sse_imm = sse_imm_##name_, .sse = __VA_ARGS__
#define X_AND_Y(name_)                                                                             \
    .avx_imm = {avx_imm_##name_##_x, avx_imm_##name_##_y}, .avx = {AVX_FORM(imm_x), AVX_FORM(imm_y)}
#define ONLY_X(name_)     .avx_imm = {avx_imm_##name_##_x, NULL}, .avx = {AVX_FORM(imm_x)}
#define ONLY_Y(name_, k_) .avx_imm = {NULL, avx_imm_##name_##_y}, .avx = {AVX_NO_FORM, AVX_FORM(k_)}
#define SAME_XY(name_, ...)                                                                        \
    .avx_imm = {avx_imm_##name_##_x, avx_imm_##name_##_x}, .avx = {__VA_ARGS__, __VA_ARGS__}

#define ROW_INT(m_, name_)                                                                         \
    ROW(0, FP_NOT_TINY, 16, 32, SSE(m_, name_, SSE_FORM(NULL, 16)), X_AND_Y(name_))
#define ROW_SHIFT(m_, name_)                                                                       \
    ROW(0, FP_NOT_TINY, 16, 32, SSE(m_, name_, SSE_FORM_OWN(imm_run_shift, NULL, NULL)),           \
        X_AND_Y(name_))
#define ROW_FP(m_, name_)                                                                          \
    ROW(VEC_FP, FP_NOT_TINY, 16, 32, SSE(m_, name_, SSE_FORM_FP(NULL, 16)), X_AND_Y(name_))
#define SSE_DP(m_, name_)        SSE(m_, name_, SSE_FORM_OWN(sse_run_dp, sse_run_dp, NULL))
#define ROW_DP(m_, name_)        ROW(VEC_FP, FP_TINY_DPPS, 16, 32, SSE_DP(m_, name_), X_AND_Y(name_))
#define ROW_DP_NARROW(m_, name_) ROW(VEC_FP, FP_TINY_DPPD, 16, 0, SSE_DP(m_, name_), ONLY_X(name_))
#define ROW_NARROW(m_, name_)                                                                      \
    ROW(0, FP_NOT_TINY, 16, 0, SSE(m_, name_, SSE_FORM(NULL, 16)), ONLY_X(name_))
#define ROW_INSERT(m_, name_)                                                                      \
    ROW(0, FP_NOT_TINY, 4, 0, SSE(m_, name_, SSE_FORM(NULL, 4)),                                   \
        .avx_imm = {avx_imm_##name_##_x, NULL}, .avx = {{imm_ss, imm_x_r, imm_ss_m}})
#define SCALAR_FORM_4 AVX_FORM(imm_ss)
#define SCALAR_FORM_8 AVX_FORM(imm_sd)
#define ROW_SCALAR(m_, name_, w_)                                                                  \
    ROW(VEC_FP, FP_NOT_TINY, w_, w_, SSE(m_, name_, SSE_FORM_FP(NULL, w_)),                        \
        SAME_XY(name_, SCALAR_FORM_##w_))
#define ROW_VEX(m_, name_)  ROW(0, FP_NOT_TINY, 16, 32, VEC_VEX_NAME(m_), X_AND_Y(name_))
#define ROW_WIDE(m_, name_) ROW(0, FP_NOT_TINY, 0, 32, VEC_VEX_NAME(m_), ONLY_Y(name_, imm_y))
#define ROW_HALF(m_, name_) ROW(0, FP_NOT_TINY, 0, 16, VEC_VEX_NAME(m_), ONLY_Y(name_, imm_half))
static const VecRow rows[] = {
    OPS3(ROW_INT) OPS3_FP(ROW_FP) OPS3_DP(ROW_DP) OPS3_DP_NARROW(ROW_DP_NARROW)
        OPS3_INSERT(ROW_INSERT) OPS3_SCALAR(ROW_SCALAR) OPS3_VEX(ROW_VEX) OPS3_WIDE(ROW_WIDE)
            OPS3_HALF(ROW_HALF) OPS2(ROW_INT) OPS2_FP(ROW_FP) OPS2_NARROW(ROW_NARROW)
                OPS2_VEX(ROW_VEX) OPS2_WIDE(ROW_WIDE) SHIFTS(ROW_SHIFT)};

VecTable vec_imm_table(void)
{
    return (VecTable){rows, G_N_ELEMENTS(rows)};
}
