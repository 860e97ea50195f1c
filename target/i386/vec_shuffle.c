/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shuffles, unpacks, blends by a register, extensions, broadcasts, and other instructions with one
 * vector source that do not look at MXCSR (Intel SDM vol. 2). Those with an immediate are in
 * vec_imm.c.
 */
#include "target/i386/vec.h"

/* Two sources. */
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
    X(PSHUFB, pshufb)

/* Two sources, VEX only; 256 bits only. */
#define OPS3_VEX(X)                                                                                \
    X(PERMILPS, permilps)                                                                          \
    X(PERMILPD, permilpd)
#define OPS3_WIDE(X)                                                                               \
    X(PERMD, permd)                                                                                \
    X(PERMPS, permps)

/* One source: mnemonic, name, widths of the memory operand. */
#define OPS2(X)                                                                                    \
    X(PABSB, pabsb, 16, 32)                                                                        \
    X(PABSW, pabsw, 16, 32)                                                                        \
    X(PABSD, pabsd, 16, 32)                                                                        \
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
    X(PMOVZXDQ, pmovzxdq, 8, 16)

/* One source, VEX only; 256 bits only. */
#define OPS2_VEX(X)                                                                                \
    X(BROADCASTSS, broadcastss, 4, 4)                                                              \
    X(PBROADCASTB, pbroadcastb, 1, 1)                                                              \
    X(PBROADCASTW, pbroadcastw, 2, 2)                                                              \
    X(PBROADCASTD, pbroadcastd, 4, 4)                                                              \
    X(PBROADCASTQ, pbroadcastq, 8, 8)
#define OPS2_WIDE(X)                                                                               \
    X(BROADCASTSD, broadcastsd, 8)                                                                 \
    X(BROADCASTF128, broadcastf128, 16)                                                            \
    X(BROADCASTI128, broadcasti128, 16)

/* One source, not of 256 bits. */
#define OPS2_NARROW(X)                                                                             \
    X(PHMINPOSUW, phminposuw, 16)                                                                  \
    X(AESIMC, aesimc, 16)

/* The mask is XMM0, or with VEX the register in the immediate byte. */
#define BLENDS(X)                                                                                  \
    X(PBLENDVB, pblendvb)                                                                          \
    X(BLENDVPS, blendvps)                                                                          \
    X(BLENDVPD, blendvpd)

typedef __m128i BlendOp(__m128i dst, __m128i src, __m128i mask);

static void run_blend(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    BlendOp *op = insn->impl;
    __m128i src;

    fpu_check_sse(cpu);
    src = fpu_src(cpu, insn, ea);
    fpu_set_xmm(cpu, insn->dst, op(fpu_xmm(cpu, insn->dst), src, fpu_xmm(cpu, 0)));
}

#define SSE_BLEND(name_)                                                                           \
    static __m128i sse_##name_(__m128i dst, __m128i src, __m128i mask)                             \
    {                                                                                              \
        __asm__ volatile(#name_ " %%xmm0, %1, %0" : "+x"(dst) : "x"(src), "Yz"(mask));             \
        return dst;                                                                                \
    }
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
#define DEFINE2(m_, name_, w_, wide_) KERNEL2(name_, x, w_) KERNEL2(name_, y, wide_)
#define DEFINE2_NARROW(m_, name_, w_) KERNEL2(name_, x, w_)
#define DEFINE2_WIDE(m_, name_, w_)   KERNEL2(name_, y, w_)
#define DEFINE_BLEND(m_, name_)       KERNEL_BLEND(name_, x, 16) KERNEL_BLEND(name_, y, 32)
#define SSE(m_, name_, ...)           SSE_OP(name_)
#define SSE_MASKED(m_, name_)         SSE_BLEND(name_)
OPS3(SSE)
OPS2(SSE)
OPS2_NARROW(SSE)
BLENDS(SSE_MASKED)
OPS3(DEFINE3)
OPS3_VEX(DEFINE3)
OPS3_WIDE(DEFINE3_WIDE)
OPS2(DEFINE2)
OPS2_VEX(DEFINE2)
OPS2_NARROW(DEFINE2_NARROW)
OPS2_WIDE(DEFINE2_WIDE)
BLENDS(DEFINE_BLEND)

#define ROW(m_, name_, w_, wide_, ...)                                                             \
    {VEC_NAMES(m_), .width = {w_, wide_}, .sse = SSE_FORM(sse_##name_, w_), .avx = {__VA_ARGS__}},
#define ROW_VEX(m_, w_, wide_, ...)    {VEC_VEX_NAME(m_), .width = {w_, wide_}, .avx = {__VA_ARGS__}},
#define X_AND_Y(name_)                 AVX_FORM(name_##_x), AVX_FORM(name_##_y)
#define ONLY_Y(name_)                  AVX_NO_FORM, AVX_FORM(name_##_y)
#define ROW3(m_, name_)                ROW(m_, name_, 16, 32, X_AND_Y(name_))
#define ROW3_VEX(m_, name_)            ROW_VEX(m_, 16, 32, X_AND_Y(name_))
#define ROW3_WIDE(m_, name_)           ROW_VEX(m_, 0, 32, ONLY_Y(name_))
#define ROW2(m_, name_, w_, wide_)     ROW(m_, name_, w_, wide_, X_AND_Y(name_))
#define ROW2_VEX(m_, name_, w_, wide_) ROW_VEX(m_, w_, wide_, X_AND_Y(name_))
#define ROW2_NARROW(m_, name_, w_)     ROW(m_, name_, w_, 0, AVX_FORM(name_##_x), AVX_NO_FORM)
#define ROW2_WIDE(m_, name_, w_)       ROW_VEX(m_, 0, w_, ONLY_Y(name_))
#define ROW_BLEND(m_, name_)                                                                       \
    {VEC_NAMES(m_), .width = {16, 32}, .sse = {run_blend, run_blend, sse_##name_},                 \
     .avx = {X_AND_Y(name_)}},
static const VecRow rows[] = {OPS3(ROW3) OPS3_VEX(ROW3_VEX) OPS3_WIDE(ROW3_WIDE) OPS2(
    ROW2) OPS2_VEX(ROW2_VEX) OPS2_NARROW(ROW2_NARROW) OPS2_WIDE(ROW2_WIDE) BLENDS(ROW_BLEND)};

VecTable vec_shuffle_table(void)
{
    return (VecTable){rows, G_N_ELEMENTS(rows)};
}
