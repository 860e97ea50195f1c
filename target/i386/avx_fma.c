/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FMA: fused multiplication and addition (Intel SDM vol. 1, 14.5; vol. 2).
 */
#include "target/i386/vec.h"

/* The three orders of the operands. */
#define ORDERS(X_, m_, name_)                                                                      \
    X_(m_##132, name_##132)                                                                        \
    X_(m_##213, name_##213)                                                                        \
    X_(m_##231, name_##231)
#define ALL(X_)                                                                                    \
    ORDERS(X_, FMADD, fmadd)                                                                       \
    ORDERS(X_, FMSUB, fmsub)                                                                       \
    ORDERS(X_, FNMADD, fnmadd)                                                                     \
    ORDERS(X_, FNMSUB, fnmsub)
#define ALTERNATING(X_)                                                                            \
    ORDERS(X_, FMADDSUB, fmaddsub)                                                                 \
    ORDERS(X_, FMSUBADD, fmsubadd)

#define KERNEL(name_, r_, width_)                                                                  \
    AVX_KERNEL_FMA(name_##_##r_, "v" #name_, r_)                                                   \
    AVX_HANDLERS(name_##_##r_, width_)
#define DEFINE_PACKED(m_, name_)                                                                   \
    KERNEL(name_##ps, x, 16)                                                                       \
    KERNEL(name_##ps, y, 32) KERNEL(name_##pd, x, 16) KERNEL(name_##pd, y, 32)
#define DEFINE_SCALAR(m_, name_) KERNEL(name_##ss, x, 4) KERNEL(name_##sd, x, 8)
ALL(DEFINE_PACKED)
ALTERNATING(DEFINE_PACKED)
ALL(DEFINE_SCALAR)

#define ROW(m_, x_, y_, w_, wide_, tiny_)                                                          \
    {.vex = ZYDIS_MNEMONIC_V##m_,                                                                  \
     .width = {w_, wide_},                                                                         \
     .flags = VEC_FP,                                                                              \
     .tiny = FP_TINY_##tiny_,                                                                      \
     .avx = {AVX_FORM(x_), AVX_FORM(y_)}},
#define ROWS_PACKED(m_, name_)                                                                     \
    ROW(m_##PS, name_##ps_x, name_##ps_y, 16, 32, PS)                                              \
    ROW(m_##PD, name_##pd_x, name_##pd_y, 16, 32, PD)
#define ROWS_SCALAR(m_, name_)                                                                     \
    ROW(m_##SS, name_##ss_x, name_##ss_x, 4, 4, SS)                                                \
    ROW(m_##SD, name_##sd_x, name_##sd_x, 8, 8, SD)
static const VecRow rows[] = {ALL(ROWS_PACKED) ALTERNATING(ROWS_PACKED) ALL(ROWS_SCALAR)};

VecTable avx_fma_table(void)
{
    return (VecTable){rows, G_N_ELEMENTS(rows)};
}
