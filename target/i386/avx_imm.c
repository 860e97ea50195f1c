/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VEX-encoded instructions with an immediate byte (Intel SDM vol. 2). As in sse_imm.c the assembler
 * makes one entry point for each immediate; here on registers 1 (VEX.vvvv), 2 (the operand that may
 * be memory) and 0 (the result).
 */
#include "target/i386/avx.h"

/* Two sources, both sizes. */
#define OPS3(X)                                                                                    \
    X(SHUFPS, shufps)                                                                              \
    X(SHUFPD, shufpd)                                                                              \
    X(PALIGNR, palignr)                                                                            \
    X(PBLENDW, pblendw)                                                                            \
    X(PBLENDD, pblendd)                                                                            \
    X(BLENDPS, blendps)                                                                            \
    X(BLENDPD, blendpd)                                                                            \
    X(MPSADBW, mpsadbw)                                                                            \
    X(PCLMULQDQ, pclmulqdq)
#define OPS3_FP(X)                                                                                 \
    X(CMPPS, cmpps)                                                                                \
    X(CMPPD, cmppd)

#define OPS3_DP(X)        X(DPPS, dpps)
#define OPS3_DP_NARROW(X) X(DPPD, dppd)
/* Two sources, 256 bits. */
#define OPS3_WIDE(X)                                                                               \
    X(PERM2F128, perm2f128, 32)                                                                    \
    X(PERM2I128, perm2i128, 32)
#define OPS3_HALF(X)                                                                               \
    X(INSERTF128, insertf128)                                                                      \
    X(INSERTI128, inserti128)
/* Two sources, scalar. */
#define OPS3_SCALAR(X)                                                                             \
    X(CMPSS, cmpss, 4)                                                                             \
    X(CMPSD, cmpsd, 8)                                                                             \
    X(ROUNDSS, roundss, 4)                                                                         \
    X(ROUNDSD, roundsd, 8)
/* One source, both sizes. */
#define OPS2(X)                                                                                    \
    X(PSHUFD, pshufd)                                                                              \
    X(PSHUFHW, pshufhw)                                                                            \
    X(PSHUFLW, pshuflw)                                                                            \
    X(PERMILPS, permilps)                                                                          \
    X(PERMILPD, permilpd)                                                                          \
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
#define OPS2_FP(X)                                                                                 \
    X(ROUNDPS, roundps)                                                                            \
    X(ROUNDPD, roundpd)
#define OPS2_NARROW(X) X(AESKEYGENASSIST, aeskeygenassist)
#define OPS2_WIDE(X)                                                                               \
    X(PERMQ, permq)                                                                                \
    X(PERMPD, permpd)

#define TABLE3(m_, name_, ...)                                                                     \
    AVX_IMM_TABLE(avx_imm_##name_##_x, "v" #name_ " $i, %xmm2, %xmm1, %xmm0")
#define TABLE3_WIDE(m_, name_, ...)                                                                \
    AVX_IMM_TABLE(avx_imm_##name_##_y, "v" #name_ " $i, %ymm2, %ymm1, %ymm0")
#define TABLE3_HALF(m_, name_)                                                                     \
    AVX_IMM_TABLE(avx_imm_##name_##_y, "v" #name_ " $i, %xmm2, %ymm1, %ymm0")
#define TABLE2(m_, name_)      AVX_IMM_TABLE(avx_imm_##name_##_x, "v" #name_ " $i, %xmm2, %xmm0")
#define TABLE2_WIDE(m_, name_) AVX_IMM_TABLE(avx_imm_##name_##_y, "v" #name_ " $i, %ymm2, %ymm0")
OPS3(TABLE3)
OPS3(TABLE3_WIDE)
OPS3_FP(TABLE3)
OPS3_FP(TABLE3_WIDE)
OPS3_DP(TABLE3)
OPS3_DP(TABLE3_WIDE)
OPS3_DP_NARROW(TABLE3)
OPS3_WIDE(TABLE3_WIDE)
OPS3_HALF(TABLE3_HALF)
OPS3_SCALAR(TABLE3)
OPS2(TABLE2)
OPS2(TABLE2_WIDE)
OPS2_FP(TABLE2)
OPS2_FP(TABLE2_WIDE)
OPS2_NARROW(TABLE2)
OPS2_WIDE(TABLE2_WIDE)
TABLE3(INSERTPS, insertps)

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

/* VINSERTPS picks an element of a register source, but takes the one there is from memory. */

#define ROW(m_, flags_, tiny_, w_, wide_, table_, table_y_, ...)                                   \
    {.mnemonic = ZYDIS_MNEMONIC_V##m_,                                                             \
     .width = {w_, wide_},                                                                         \
     .flags = flags_,                                                                              \
     .tiny = tiny_,                                                                                \
     .form = {__VA_ARGS__},                                                                        \
     .imm = {table_, table_y_}},
#define BOTH(m_, name_, flags_, tiny_)                                                             \
    ROW(m_, flags_, tiny_, 16, 32, avx_imm_##name_##_x, avx_imm_##name_##_y, AVX_FORM(imm_x),      \
        AVX_FORM(imm_y))
#define ROW_INT(m_, name_)    BOTH(m_, name_, 0, FP_NOT_TINY)
#define ROW_FP(m_, name_)     BOTH(m_, name_, AVX_FP, FP_NOT_TINY)
#define ROW_DP(m_, name_)     BOTH(m_, name_, AVX_FP, FP_TINY_DPPS)
#define ROW_NARROW(m_, name_) ROW(m_, 0, 0, 16, 0, avx_imm_##name_##_x, NULL, AVX_FORM(imm_x))
#define ROW_DP_NARROW(m_, name_)                                                                   \
    ROW(m_, AVX_FP, FP_TINY_DPPD, 16, 0, avx_imm_##name_##_x, NULL, AVX_FORM(imm_x))
#define ROW_WIDE(m_, name_, ...)                                                                   \
    ROW(m_, 0, 0, 0, 32, NULL, avx_imm_##name_##_y, AVX_NO_FORM, AVX_FORM(imm_y))
#define ROW_HALF(m_, name_)                                                                        \
    ROW(m_, 0, 0, 0, 16, NULL, avx_imm_##name_##_y, AVX_NO_FORM, AVX_FORM(imm_half))
#define SCALAR_FORM_4 AVX_FORM(imm_ss)
#define SCALAR_FORM_8 AVX_FORM(imm_sd)
#define ROW_SCALAR(m_, name_, w_)                                                                  \
    ROW(m_, AVX_FP, 0, w_, w_, avx_imm_##name_##_x, avx_imm_##name_##_x, SCALAR_FORM_##w_,         \
        SCALAR_FORM_##w_)
static const AvxRow rows[] = {
    OPS3(ROW_INT) OPS3_FP(ROW_FP) OPS3_DP(ROW_DP) OPS3_DP_NARROW(ROW_DP_NARROW) OPS3_WIDE(ROW_WIDE)
        OPS3_HALF(ROW_HALF) OPS3_SCALAR(ROW_SCALAR) OPS2(ROW_INT) OPS2_FP(ROW_FP)
            OPS2_NARROW(ROW_NARROW) OPS2_WIDE(ROW_WIDE)
                ROW(INSERTPS, 0, 0, 4, 0, avx_imm_insertps_x, NULL, {imm_ss, imm_x_r, imm_ss_m})};

AvxTable avx_imm_table(void)
{
    return (AvxTable){rows, G_N_ELEMENTS(rows)};
}
