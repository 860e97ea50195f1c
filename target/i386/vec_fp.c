/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating-point arithmetic and conversions within vector registers, and F16C's VCVTPH2PS (Intel
 * SDM vol. 1, chapter 11.5; vol. 2). Those with an immediate are in vec_imm.c.
 */
#include "target/i386/vec.h"

/* Two sources; packed: mnemonic, name, whose results may be denormal. */
#define PACKED3(X)                                                                                 \
    X(ADDPS, addps, PS)                                                                            \
    X(ADDPD, addpd, PD)                                                                            \
    X(SUBPS, subps, PS)                                                                            \
    X(SUBPD, subpd, PD)                                                                            \
    X(MULPS, mulps, PS)                                                                            \
    X(MULPD, mulpd, PD)                                                                            \
    X(DIVPS, divps, PS)                                                                            \
    X(DIVPD, divpd, PD)                                                                            \
    X(ADDSUBPS, addsubps, PS)                                                                      \
    X(ADDSUBPD, addsubpd, PD)                                                                      \
    X(HADDPS, haddps, PS)                                                                          \
    X(HADDPD, haddpd, PD)                                                                          \
    X(HSUBPS, hsubps, PS)                                                                          \
    X(HSUBPD, hsubpd, PD)                                                                          \
    X(MINPS, minps, NONE)                                                                          \
    X(MINPD, minpd, NONE)                                                                          \
    X(MAXPS, maxps, NONE)                                                                          \
    X(MAXPD, maxpd, NONE)

/* Two sources; scalar: mnemonic, name, width of the memory operand, denormal results. */
#define SCALAR3(X)                                                                                 \
    X(ADDSS, addss, 4, SS)                                                                         \
    X(ADDSD, addsd, 8, SD)                                                                         \
    X(SUBSS, subss, 4, SS)                                                                         \
    X(SUBSD, subsd, 8, SD)                                                                         \
    X(MULSS, mulss, 4, SS)                                                                         \
    X(MULSD, mulsd, 8, SD)                                                                         \
    X(DIVSS, divss, 4, SS)                                                                         \
    X(DIVSD, divsd, 8, SD)                                                                         \
    X(SQRTSS, sqrtss, 4, NONE)                                                                     \
    X(SQRTSD, sqrtsd, 8, NONE)                                                                     \
    X(MINSS, minss, 4, NONE)                                                                       \
    X(MINSD, minsd, 8, NONE)                                                                       \
    X(MAXSS, maxss, 4, NONE)                                                                       \
    X(MAXSD, maxsd, 8, NONE)                                                                       \
    X(CVTSS2SD, cvtss2sd, 4, NONE)                                                                 \
    X(CVTSD2SS, cvtsd2ss, 8, SS)

/* One source: mnemonic, name, widths of the memory operand. */
#define PACKED2(X)                                                                                 \
    X(SQRTPS, sqrtps, 16, 32)                                                                      \
    X(SQRTPD, sqrtpd, 16, 32)                                                                      \
    X(CVTPS2PD, cvtps2pd, 8, 16)                                                                   \
    X(CVTDQ2PS, cvtdq2ps, 16, 32)                                                                  \
    X(CVTDQ2PD, cvtdq2pd, 8, 16)                                                                   \
    X(CVTPS2DQ, cvtps2dq, 16, 32)                                                                  \
    X(CVTTPS2DQ, cvttps2dq, 16, 32)

/* One source, twice as long as the result. */
#define NARROWING(X)                                                                               \
    X(CVTPD2PS, cvtpd2ps, PS)                                                                      \
    X(CVTPD2DQ, cvtpd2dq, NONE)                                                                    \
    X(CVTTPD2DQ, cvttpd2dq, NONE)

/* VEX only. */
#define PACKED2_VEX(X) X(CVTPH2PS, cvtph2ps, 8, 16)

#define DEFINE_PACKED3(m_, name_, tiny_)                                                           \
    AVX_KERNEL3(name_##_x, "v" #name_, x)                                                          \
    AVX_HANDLERS(name_##_x, 16)                                                                    \
    AVX_KERNEL3(name_##_y, "v" #name_, y)                                                          \
    AVX_HANDLERS(name_##_y, 32)
#define DEFINE_SCALAR3(m_, name_, w_, tiny_)                                                       \
    AVX_KERNEL3(name_##_x, "v" #name_, x)                                                          \
    AVX_HANDLERS(name_##_x, w_)
#define DEFINE_PACKED2(m_, name_, w_, wide_)                                                       \
    AVX_KERNEL2(name_##_x, "v" #name_, x)                                                          \
    AVX_HANDLERS(name_##_x, w_)                                                                    \
    AVX_KERNEL2(name_##_y, "v" #name_, y)                                                          \
    AVX_HANDLERS(name_##_y, wide_)
#define DEFINE_NARROWING(m_, name_, tiny_)                                                         \
    AVX_KERNEL2(name_##_x, "v" #name_ "x", x)                                                      \
    AVX_HANDLERS(name_##_x, 16)                                                                    \
    AVX_KERNEL2_AS(name_##_y, "v" #name_ "y", x, y)                                                \
    AVX_HANDLERS(name_##_y, 32)
#define SSE(m_, name_, ...) SSE_OP(name_)
PACKED3(SSE)
SCALAR3(SSE)
PACKED2(SSE)
NARROWING(SSE)
PACKED3(DEFINE_PACKED3)
SCALAR3(DEFINE_SCALAR3)
PACKED2(DEFINE_PACKED2)
PACKED2_VEX(DEFINE_PACKED2)
NARROWING(DEFINE_NARROWING)

#define FP_TINY_NONE FP_NOT_TINY
#define ROW_AS(x_, y_, w_, wide_, tiny_, ...)                                                      \
    {__VA_ARGS__, .width = {w_, wide_}, .flags = VEC_FP, .tiny = FP_TINY_##tiny_,                  \
     .avx = {AVX_FORM(x_), AVX_FORM(y_)}},
#define ROW(m_, name_, y_, w_, wide_, tiny_)                                                       \
    ROW_AS(name_##_x, y_, w_, wide_, tiny_, VEC_NAMES(m_), .sse = SSE_FORM_FP(sse_##name_, w_))
#define ROW_PACKED3(m_, name_, tiny_)     ROW(m_, name_, name_##_y, 16, 32, tiny_)
#define ROW_SCALAR3(m_, name_, w_, tiny_) ROW(m_, name_, name_##_x, w_, w_, tiny_)
#define ROW_PACKED2(m_, name_, w_, wide_) ROW(m_, name_, name_##_y, w_, wide_, NONE)
#define ROW_PACKED2_VEX(m_, name_, w_, wide_)                                                      \
    ROW_AS(name_##_x, name_##_y, w_, wide_, NONE, VEC_VEX_NAME(m_))
#define ROW_NARROWING(m_, name_, tiny_) ROW(m_, name_, name_##_y, 16, 32, tiny_)
static const VecRow rows[] = {PACKED3(ROW_PACKED3) SCALAR3(ROW_SCALAR3) PACKED2(ROW_PACKED2)
                                  PACKED2_VEX(ROW_PACKED2_VEX) NARROWING(ROW_NARROWING)};

VecTable vec_fp_table(void)
{
    return (VecTable){rows, G_N_ELEMENTS(rows)};
}
