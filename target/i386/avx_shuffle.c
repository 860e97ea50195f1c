/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VEX-encoded shuffles, unpacks, blends by a register, extensions, broadcasts, and other
 * instructions with one vector source that do not look at MXCSR (Intel SDM vol. 2). Those with an
 * immediate are in avx_imm.c.
 */
#include "target/i386/avx.h"

/* Two sources, both sizes. */
#define OPS3(X)                                                                                    \
    X(PUNPCKLBW, punpcklbw)                                                                        \
    X(PUNPCKLWD, punpcklwd)                                                                        \
    X(PUNPCKLDQ, punpckldq)                                                                        \
    X(PUNPCKLQDQ, punpcklqdq)                                                                      \
    X(PUNPCKHBW, punpckhbw)                                                                        \
    X(PUNPCKHWD, punpckhwd)                                                                        \
    X(PUNPCKHDQ, punpckhdq)                                                                        \
    X(PUNPCKHQDQ, punpckhqdq)                                                                      \
    X(UNPCKLPS, unpcklps)                                                                          \
    X(UNPCKLPD, unpcklpd)                                                                          \
    X(UNPCKHPS, unpckhps)                                                                          \
    X(UNPCKHPD, unpckhpd)                                                                          \
    X(PERMILPS, permilps)                                                                          \
    X(PERMILPD, permilpd)                                                                          \
    X(PSHUFB, pshufb)

/* Two sources, 256 bits only. */
#define OPS3_WIDE(X)                                                                               \
    X(PERMD, permd)                                                                                \
    X(PERMPS, permps)

/* Two sources, a scalar result: mnemonic, name, width of the memory operand. */
#define OPS3_SCALAR(X)                                                                             \
    X(RCPSS, rcpss, 4)                                                                             \
    X(RSQRTSS, rsqrtss, 4)

/* One source, both sizes: mnemonic, name, widths of the memory operand. */
#define OPS2(X)                                                                                    \
    X(PABSB, pabsb, 16, 32)                                                                        \
    X(PABSW, pabsw, 16, 32)                                                                        \
    X(PABSD, pabsd, 16, 32)                                                                        \
    X(RCPPS, rcpps, 16, 32)                                                                        \
    X(RSQRTPS, rsqrtps, 16, 32)                                                                    \
    X(MOVDDUP, movddup, 8, 32)                                                                     \
    X(MOVSHDUP, movshdup, 16, 32)                                                                  \
    X(MOVSLDUP, movsldup, 16, 32)                                                                  \
    X(PMOVSXBW, pmovsxbw, 8, 16)                                                                   \
    X(PMOVSXBD, pmovsxbd, 4, 8)                                                                    \
    X(PMOVSXBQ, pmovsxbq, 2, 4)                                                                    \
    X(PMOVSXWD, pmovsxwd, 8, 16)                                                                   \
    X(PMOVSXWQ, pmovsxwq, 4, 8)                                                                    \
    X(PMOVSXDQ, pmovsxdq, 8, 16)                                                                   \
    X(PMOVZXBW, pmovzxbw, 8, 16)                                                                   \
    X(PMOVZXBD, pmovzxbd, 4, 8)                                                                    \
    X(PMOVZXBQ, pmovzxbq, 2, 4)                                                                    \
    X(PMOVZXWD, pmovzxwd, 8, 16)                                                                   \
    X(PMOVZXWQ, pmovzxwq, 4, 8)                                                                    \
    X(PMOVZXDQ, pmovzxdq, 8, 16)                                                                   \
    X(BROADCASTSS, broadcastss, 4, 4)                                                              \
    X(PBROADCASTB, pbroadcastb, 1, 1)                                                              \
    X(PBROADCASTW, pbroadcastw, 2, 2)                                                              \
    X(PBROADCASTD, pbroadcastd, 4, 4)                                                              \
    X(PBROADCASTQ, pbroadcastq, 8, 8)

/* One source, one size. */
#define OPS2_NARROW(X)                                                                             \
    X(PHMINPOSUW, phminposuw, 16)                                                                  \
    X(AESIMC, aesimc, 16)
#define OPS2_WIDE(X)                                                                               \
    X(BROADCASTSD, broadcastsd, 8)                                                                 \
    X(BROADCASTF128, broadcastf128, 16)                                                            \
    X(BROADCASTI128, broadcasti128, 16)

/* The mask is the register in the immediate byte. */
#define BLENDS(X)                                                                                  \
    X(PBLENDVB, pblendvb)                                                                          \
    X(BLENDVPS, blendvps)                                                                          \
    X(BLENDVPD, blendvpd)

#define KERNEL3(name_, r_, width_)                                                                 \
    AVX_KERNEL3(name_##_##r_, "v" #name_, r_)                                                      \
    AVX_HANDLERS(name_##_##r_, width_)
#define KERNEL2(name_, r_, width_)                                                                 \
    AVX_KERNEL2(name_##_##r_, "v" #name_, r_)                                                      \
    AVX_HANDLERS(name_##_##r_, width_)
#define KERNEL_BLEND(name_, r_, width_)                                                            \
    static ALWAYS_INLINE void name_##_##r_(Cpu *cpu, const Op *op, const void *b)                  \
    {                                                                                              \
        VecReg *v = cpu->fpu.vec;                                                                  \
        __asm__ volatile("vmovdqa %1, %%" #r_ "mm1\n\tvmovdqa %3, %%" #r_ "mm2\n\tv" #name_        \
                         " %%" #r_ "mm2, %2, %%" #r_ "mm1, %%" #r_                                 \
                         "mm0\n\tvmovdqa %%ymm0, %0" AVX_END_##r_                                  \
                         : "=m"(v[op->dst])                                                        \
                         : "m"(v[op->src]), AVX_B(b), "m"(v[avx_insn(op)->reg4])                   \
                         : "xmm0", "xmm1", "xmm2");                                                \
    }                                                                                              \
    AVX_HANDLERS(name_##_##r_, width_)

#define DEFINE3(m_, name_)            KERNEL3(name_, x, 16) KERNEL3(name_, y, 32)
#define DEFINE3_WIDE(m_, name_)       KERNEL3(name_, y, 32)
#define DEFINE3_SCALAR(m_, name_, w_) KERNEL3(name_, x, w_)
#define DEFINE2(m_, name_, w_, wide_) KERNEL2(name_, x, w_) KERNEL2(name_, y, wide_)
#define DEFINE2_NARROW(m_, name_, w_) KERNEL2(name_, x, w_)
#define DEFINE2_WIDE(m_, name_, w_)   KERNEL2(name_, y, w_)
#define DEFINE_BLEND(m_, name_)       KERNEL_BLEND(name_, x, 16) KERNEL_BLEND(name_, y, 32)
OPS3(DEFINE3)
OPS3_WIDE(DEFINE3_WIDE)
OPS3_SCALAR(DEFINE3_SCALAR)
OPS2(DEFINE2)
OPS2_NARROW(DEFINE2_NARROW)
OPS2_WIDE(DEFINE2_WIDE)
BLENDS(DEFINE_BLEND)

#define ROW(m_, w0_, w1_, ...)                                                                     \
    {.mnemonic = ZYDIS_MNEMONIC_V##m_, .width = {w0_, w1_}, .form = {__VA_ARGS__}},
#define X_AND_Y(name_)            AVX_FORM(name_##_x), AVX_FORM(name_##_y)
#define ONLY_Y(name_)             AVX_NO_FORM, AVX_FORM(name_##_y)
#define ONLY_X(name_)             AVX_FORM(name_##_x), AVX_NO_FORM
#define X_TWICE(name_)            AVX_FORM(name_##_x), AVX_FORM(name_##_x)
#define ROW3(m_, name_)           ROW(m_, 16, 32, X_AND_Y(name_))
#define ROW3_WIDE(m_, name_)      ROW(m_, 0, 32, ONLY_Y(name_))
#define ROW_SCALAR(m_, name_, w_) ROW(m_, w_, w_, X_TWICE(name_))
#define ROW2(m_, name_, w_, y_)   ROW(m_, w_, y_, X_AND_Y(name_))
#define ROW_NARROW(m_, name_, w_) ROW(m_, w_, 0, ONLY_X(name_))
#define ROW_WIDE(m_, name_, w_)   ROW(m_, 0, w_, ONLY_Y(name_))
static const AvxRow rows[] = {OPS3(ROW3) OPS3_WIDE(ROW3_WIDE) OPS3_SCALAR(ROW_SCALAR) OPS2(ROW2)
                                  OPS2_NARROW(ROW_NARROW) OPS2_WIDE(ROW_WIDE) BLENDS(ROW3)};

AvxTable avx_shuffle_table(void)
{
    return (AvxTable){rows, G_N_ELEMENTS(rows)};
}
