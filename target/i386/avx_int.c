/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VEX-encoded instructions with two vector sources that do not look at MXCSR: integer arithmetic,
 * logic, packing, AES rounds (Intel SDM vol. 2). Shuffles and others with one source are in
 * avx_shuffle.c.
 */
#include "target/i386/avx.h"

/* Both sizes, memory operands as long as a register. */
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
    X(PXOR, pxor)                                                                                  \
    X(ANDPS, andps)                                                                                \
    X(ANDPD, andpd)                                                                                \
    X(ANDNPS, andnps)                                                                              \
    X(ANDNPD, andnpd)                                                                              \
    X(ORPS, orps)                                                                                  \
    X(ORPD, orpd)                                                                                  \
    X(XORPS, xorps)                                                                                \
    X(XORPD, xorpd)                                                                                \
    X(PCMPEQB, pcmpeqb)                                                                            \
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
    X(PSLLVD, psllvd)                                                                              \
    X(PSLLVQ, psllvq)                                                                              \
    X(PSRLVD, psrlvd)                                                                              \
    X(PSRLVQ, psrlvq)                                                                              \
    X(PSRAVD, psravd)                                                                              \
    X(AESENC, aesenc)                                                                              \
    X(AESENCLAST, aesenclast)                                                                      \
    X(AESDEC, aesdec)                                                                              \
    X(AESDECLAST, aesdeclast)

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

#define KERNELS(name_, wide_)                                                                      \
    AVX_KERNEL3(name_##_x, "v" #name_, x)                                                          \
    AVX_HANDLERS(name_##_x, 16)                                                                    \
    AVX_KERNEL3(name_##_y, "v" #name_, y)                                                          \
    AVX_HANDLERS(name_##_y, wide_)
#define DEFINE(mnemonic_, name_)       KERNELS(name_, 32)
#define DEFINE_SHIFT(mnemonic_, name_) KERNELS(name_, 16)
OPS(DEFINE)
SHIFTS(DEFINE_SHIFT)

#define ROW_AS(mnemonic_, name_, wide_)                                                            \
    {.mnemonic = ZYDIS_MNEMONIC_V##mnemonic_,                                                      \
     .width = {16, wide_},                                                                         \
     .form = {AVX_FORM(name_##_x), AVX_FORM(name_##_y)}},
#define ROW(mnemonic_, name_)       ROW_AS(mnemonic_, name_, 32)
#define SHIFT_ROW(mnemonic_, name_) ROW_AS(mnemonic_, name_, 16)
static const AvxRow rows[] = {OPS(ROW) SHIFTS(SHIFT_ROW)};

AvxTable avx_int_table(void)
{
    return (AvxTable){rows, G_N_ELEMENTS(rows)};
}
