/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions xmm <- op(xmm, xmm/m) that do not look at MXCSR: integer arithmetic, logic,
 * shuffles, AES (Intel SDM vol. 2). Each is one function around the host's instruction. Those with
 * an immediate are in sse_imm.c, moves in sse_move.c.
 */
#include "target/i386/fpu_internal.h"

typedef __m128i VecOp(__m128i dst, __m128i src);
typedef __m128i VecOp3(__m128i dst, __m128i src, __m128i xmm0);

/* Memory operand of 16 bytes, aligned. */
#define OPS16(X)                                                                                   \
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
    X(PMADDWD, pmaddwd)                                                                            \
    X(PSADBW, psadbw)                                                                              \
    X(PAVGB, pavgb)                                                                                \
    X(PAVGW, pavgw)                                                                                \
    X(PMINUB, pminub)                                                                              \
    X(PMINSW, pminsw)                                                                              \
    X(PMAXUB, pmaxub)                                                                              \
    X(PMAXSW, pmaxsw)                                                                              \
    X(PAND, pand)                                                                                  \
    X(PANDN, pandn)                                                                                \
    X(POR, por)                                                                                    \
    X(PXOR, pxor)                                                                                  \
    X(PCMPEQB, pcmpeqb)                                                                            \
    X(PCMPEQW, pcmpeqw)                                                                            \
    X(PCMPEQD, pcmpeqd)                                                                            \
    X(PCMPGTB, pcmpgtb)                                                                            \
    X(PCMPGTW, pcmpgtw)                                                                            \
    X(PCMPGTD, pcmpgtd)                                                                            \
    X(PSLLW, psllw)                                                                                \
    X(PSLLD, pslld)                                                                                \
    X(PSLLQ, psllq)                                                                                \
    X(PSRLW, psrlw)                                                                                \
    X(PSRLD, psrld)                                                                                \
    X(PSRLQ, psrlq)                                                                                \
    X(PSRAW, psraw)                                                                                \
    X(PSRAD, psrad)                                                                                \
    X(PACKSSWB, packsswb)                                                                          \
    X(PACKSSDW, packssdw)                                                                          \
    X(PACKUSWB, packuswb)                                                                          \
    X(PUNPCKLBW, punpcklbw)                                                                        \
    X(PUNPCKLWD, punpcklwd)                                                                        \
    X(PUNPCKLDQ, punpckldq)                                                                        \
    X(PUNPCKLQDQ, punpcklqdq)                                                                      \
    X(PUNPCKHBW, punpckhbw)                                                                        \
    X(PUNPCKHWD, punpckhwd)                                                                        \
    X(PUNPCKHDQ, punpckhdq)                                                                        \
    X(PUNPCKHQDQ, punpckhqdq)                                                                      \
    X(ANDPS, andps)                                                                                \
    X(ANDPD, andpd)                                                                                \
    X(ANDNPS, andnps)                                                                              \
    X(ANDNPD, andnpd)                                                                              \
    X(ORPS, orps)                                                                                  \
    X(ORPD, orpd)                                                                                  \
    X(XORPS, xorps)                                                                                \
    X(XORPD, xorpd)                                                                                \
    X(UNPCKLPS, unpcklps)                                                                          \
    X(UNPCKLPD, unpcklpd)                                                                          \
    X(UNPCKHPS, unpckhps)                                                                          \
    X(UNPCKHPD, unpckhpd)                                                                          \
    X(MOVSHDUP, movshdup)                                                                          \
    X(MOVSLDUP, movsldup)                                                                          \
    X(RCPPS, rcpps)                                                                                \
    X(RSQRTPS, rsqrtps)                                                                            \
    X(PSHUFB, pshufb)                                                                              \
    X(PHADDW, phaddw)                                                                              \
    X(PHADDD, phaddd)                                                                              \
    X(PHADDSW, phaddsw)                                                                            \
    X(PHSUBW, phsubw)                                                                              \
    X(PHSUBD, phsubd)                                                                              \
    X(PHSUBSW, phsubsw)                                                                            \
    X(PMADDUBSW, pmaddubsw)                                                                        \
    X(PMULHRSW, pmulhrsw)                                                                          \
    X(PSIGNB, psignb)                                                                              \
    X(PSIGNW, psignw)                                                                              \
    X(PSIGND, psignd)                                                                              \
    X(PABSB, pabsb)                                                                                \
    X(PABSW, pabsw)                                                                                \
    X(PABSD, pabsd)                                                                                \
    X(PACKUSDW, packusdw)                                                                          \
    X(PCMPEQQ, pcmpeqq)                                                                            \
    X(PCMPGTQ, pcmpgtq)                                                                            \
    X(PHMINPOSUW, phminposuw)                                                                      \
    X(PMAXSB, pmaxsb)                                                                              \
    X(PMAXSD, pmaxsd)                                                                              \
    X(PMAXUW, pmaxuw)                                                                              \
    X(PMAXUD, pmaxud)                                                                              \
    X(PMINSB, pminsb)                                                                              \
    X(PMINSD, pminsd)                                                                              \
    X(PMINUW, pminuw)                                                                              \
    X(PMINUD, pminud)                                                                              \
    X(PMULDQ, pmuldq)                                                                              \
    X(PMULLD, pmulld)                                                                              \
    X(AESENC, aesenc)                                                                              \
    X(AESENCLAST, aesenclast)                                                                      \
    X(AESDEC, aesdec)                                                                              \
    X(AESDECLAST, aesdeclast)                                                                      \
    X(AESIMC, aesimc)

#define OPS8(X)                                                                                    \
    X(MOVDDUP, movddup)                                                                            \
    X(PMOVSXBW, pmovsxbw)                                                                          \
    X(PMOVSXWD, pmovsxwd)                                                                          \
    X(PMOVSXDQ, pmovsxdq)                                                                          \
    X(PMOVZXBW, pmovzxbw)                                                                          \
    X(PMOVZXWD, pmovzxwd)                                                                          \
    X(PMOVZXDQ, pmovzxdq)

#define OPS4(X)                                                                                    \
    X(RCPSS, rcpss)                                                                                \
    X(RSQRTSS, rsqrtss)                                                                            \
    X(PMOVSXBD, pmovsxbd)                                                                          \
    X(PMOVSXWQ, pmovsxwq)                                                                          \
    X(PMOVZXBD, pmovzxbd)                                                                          \
    X(PMOVZXWQ, pmovzxwq)

#define OPS2(X)                                                                                    \
    X(PMOVSXBQ, pmovsxbq)                                                                          \
    X(PMOVZXBQ, pmovzxbq)

/* The mask is implicitly XMM0. */
#define OPS_BLEND(X)                                                                               \
    X(PBLENDVB, pblendvb)                                                                          \
    X(BLENDVPS, blendvps)                                                                          \
    X(BLENDVPD, blendvpd)

#define DEFINE_OP(mnemonic_, name)                                                                 \
    static __m128i op_##name(__m128i dst, __m128i src)                                             \
    {                                                                                              \
        __asm__(#name " %1, %0" : "+x"(dst) : "x"(src));                                           \
        return dst;                                                                                \
    }
#define DEFINE_BLEND(mnemonic_, name)                                                              \
    static __m128i op_##name(__m128i dst, __m128i src, __m128i mask)                               \
    {                                                                                              \
        __asm__(#name " %%xmm0, %1, %0" : "+x"(dst) : "x"(src), "Yz"(mask));                       \
        return dst;                                                                                \
    }
OPS16(DEFINE_OP)
OPS8(DEFINE_OP)
OPS4(DEFINE_OP)
OPS2(DEFINE_OP)
OPS_BLEND(DEFINE_BLEND)

typedef struct {
    uint16_t mnemonic;
    uint8_t width;
    VecOp *op;
    VecOp3 *blend;
} IntRow;

#define ROW16(mnemonic_, name)  {ZYDIS_MNEMONIC_##mnemonic_, 16, op_##name, NULL},
#define ROW8(mnemonic_, name)   {ZYDIS_MNEMONIC_##mnemonic_, 8, op_##name, NULL},
#define ROW4(mnemonic_, name)   {ZYDIS_MNEMONIC_##mnemonic_, 4, op_##name, NULL},
#define ROW2(mnemonic_, name)   {ZYDIS_MNEMONIC_##mnemonic_, 2, op_##name, NULL},
#define ROW_BL(mnemonic_, name) {ZYDIS_MNEMONIC_##mnemonic_, 16, NULL, op_##name},
static const IntRow rows[] = {OPS16(ROW16) OPS8(ROW8) OPS4(ROW4) OPS2(ROW2) OPS_BLEND(ROW_BL)};

static void run_reg(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    VecOp *op = insn->impl;

    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, op(fpu_xmm(cpu, insn->dst), fpu_xmm(cpu, insn->src)));
}

static void run_mem16(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    VecOp *op = insn->impl;

    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, op(fpu_xmm(cpu, insn->dst), fpu_load128(cpu, ea)));
}

static void run_mem(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    VecOp *op = insn->impl;

    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, op(fpu_xmm(cpu, insn->dst), fpu_load_src(cpu, insn, ea)));
}

static void run_blend(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    VecOp3 *op = insn->impl;
    __m128i src;

    fpu_check_sse(cpu);
    src = fpu_src(cpu, insn, ea);
    fpu_set_xmm(cpu, insn->dst, op(fpu_xmm(cpu, insn->dst), src, fpu_xmm(cpu, 0)));
}

/* The ones worth their own function: string functions and memory clearing live on them. */
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

static FpuHandler pick_handler(const IntRow *row, bool mem)
{
    if (row->blend) {
        return run_blend;
    }
    switch (row->mnemonic) {
    case ZYDIS_MNEMONIC_PXOR:
    case ZYDIS_MNEMONIC_XORPS:
        return mem ? run_mem16 : run_pxor_reg;
    case ZYDIS_MNEMONIC_PCMPEQB:
        return mem ? run_pcmpeqb_mem : run_pcmpeqb_reg;
    default:
        return !mem ? run_reg : row->width == 16 ? run_mem16 : run_mem;
    }
}

bool sse_int_lookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, FpuInsn *out)
{
    if (zi->operand_count_visible != 2 || !fpu_is_class(&ops[0], ZYDIS_REGCLASS_XMM) ||
        !(fpu_is_mem(&ops[1]) || fpu_is_class(&ops[1], ZYDIS_REGCLASS_XMM))) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const IntRow *row = &rows[i];
        if (row->mnemonic == zi->mnemonic) {
            out->run = pick_handler(row, fpu_is_mem(&ops[1]));
            out->impl = row->blend ? (const void *)row->blend : (const void *)row->op;
            out->width = row->width;
            return true;
        }
    }
    return false;
}
