/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating-point vector arithmetic and conversions within vector registers (Intel SDM vol. 1,
 * chapter 11): the host's instruction under the guest's rounding, DAZ and FZ, with precise #XM.
 */
#include "target/i386/sse_fp.h"

#include "target/i386/fpu_internal.h"

typedef __m128i VecOp(__m128i dst, __m128i src);

/* mnemonic, instruction, memory width, where results may be denormal */
#define FP_OPS(X)                                                                                  \
    X(ADDPS, addps, 16, PS)                                                                        \
    X(ADDPD, addpd, 16, PD)                                                                        \
    X(ADDSS, addss, 4, SS)                                                                         \
    X(ADDSD, addsd, 8, SD)                                                                         \
    X(SUBPS, subps, 16, PS)                                                                        \
    X(SUBPD, subpd, 16, PD)                                                                        \
    X(SUBSS, subss, 4, SS)                                                                         \
    X(SUBSD, subsd, 8, SD)                                                                         \
    X(MULPS, mulps, 16, PS)                                                                        \
    X(MULPD, mulpd, 16, PD)                                                                        \
    X(MULSS, mulss, 4, SS)                                                                         \
    X(MULSD, mulsd, 8, SD)                                                                         \
    X(DIVPS, divps, 16, PS)                                                                        \
    X(DIVPD, divpd, 16, PD)                                                                        \
    X(DIVSS, divss, 4, SS)                                                                         \
    X(DIVSD, divsd, 8, SD)                                                                         \
    X(ADDSUBPS, addsubps, 16, PS)                                                                  \
    X(ADDSUBPD, addsubpd, 16, PD)                                                                  \
    X(HADDPS, haddps, 16, PS)                                                                      \
    X(HADDPD, haddpd, 16, PD)                                                                      \
    X(HSUBPS, hsubps, 16, PS)                                                                      \
    X(HSUBPD, hsubpd, 16, PD)                                                                      \
    X(CVTPD2PS, cvtpd2ps, 16, PS2)                                                                 \
    X(CVTSD2SS, cvtsd2ss, 8, SS)

#define FP_OPS_NEVER_TINY(X)                                                                       \
    X(SQRTPS, sqrtps, 16)                                                                          \
    X(SQRTPD, sqrtpd, 16)                                                                          \
    X(SQRTSS, sqrtss, 4)                                                                           \
    X(SQRTSD, sqrtsd, 8)                                                                           \
    X(MINPS, minps, 16)                                                                            \
    X(MINPD, minpd, 16)                                                                            \
    X(MINSS, minss, 4)                                                                             \
    X(MINSD, minsd, 8)                                                                             \
    X(MAXPS, maxps, 16)                                                                            \
    X(MAXPD, maxpd, 16)                                                                            \
    X(MAXSS, maxss, 4)                                                                             \
    X(MAXSD, maxsd, 8)                                                                             \
    X(CVTPS2PD, cvtps2pd, 8)                                                                       \
    X(CVTSS2SD, cvtss2sd, 4)                                                                       \
    X(CVTDQ2PS, cvtdq2ps, 16)                                                                      \
    X(CVTDQ2PD, cvtdq2pd, 8)                                                                       \
    X(CVTPS2DQ, cvtps2dq, 16)                                                                      \
    X(CVTTPS2DQ, cvttps2dq, 16)                                                                    \
    X(CVTPD2DQ, cvtpd2dq, 16)                                                                      \
    X(CVTTPD2DQ, cvttpd2dq, 16)

#define DEFINE_OP(mnemonic_, name, ...)                                                            \
    static __m128i op_##name(__m128i dst, __m128i src)                                             \
    {                                                                                              \
        __asm__ volatile(#name " %1, %0" : "+x"(dst) : "x"(src));                                  \
        return dst;                                                                                \
    }
FP_OPS(DEFINE_OP)
FP_OPS_NEVER_TINY(DEFINE_OP)

typedef struct {
    uint16_t mnemonic;
    uint8_t width;
    FpTiny tiny;
    VecOp *op;
} FpRow;

#define ROW(mnemonic_, name, width_, tiny_)                                                        \
    {ZYDIS_MNEMONIC_##mnemonic_, width_, FP_TINY_##tiny_, op_##name},
#define ROW_NEVER(mnemonic_, name, width_)                                                         \
    {ZYDIS_MNEMONIC_##mnemonic_, width_, FP_NOT_TINY, op_##name},
static const FpRow rows[] = {FP_OPS(ROW) FP_OPS_NEVER_TINY(ROW_NEVER)};

static bool tiny32(uint32_t bits)
{
    return !(bits & 0x7f800000) && (bits & 0x007fffff);
}

static bool tiny64(uint64_t bits)
{
    return !(bits & 0x7ff0000000000000) && (bits & 0x000fffffffffffff);
}

bool sse_fp_is_tiny(FpTiny kind, const uint8_t *result, unsigned size)
{
    bool wide = kind == FP_TINY_SD || kind == FP_TINY_PD, found = false;
    unsigned width = wide ? 8 : 4, end = kind == FP_TINY_SS || kind == FP_TINY_SD ? width : size;

    end = kind == FP_TINY_PS2 ? 8 : kind == FP_NOT_TINY ? 0 : end;
    for (unsigned i = 0; i < end; i += width) {
        uint64_t bits = 0;
        memcpy(&bits, result + i, width);
        found |= wide ? tiny64(bits) : tiny32((uint32_t)bits);
    }
    return found;
}

void sse_fp_run(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    VecOp *op = insn->impl;
    __m128i src, result;
    uint32_t flags;

    fpu_check_sse(cpu);
    src = fpu_src(cpu, insn, ea);
    fpu_mxcsr_begin(cpu);
    result = op(fpu_xmm(cpu, insn->dst), src);
    flags = fpu_mxcsr_end(cpu);
    if (G_LIKELY(fpu_mxcsr_all_masked(cpu))) {
        cpu->fpu.mxcsr |= flags;
    } else {
        fpu_mxcsr_raise(cpu, flags,
                        sse_fp_is_tiny(insn->src2, (const uint8_t *)&result, sizeof(result)));
    }
    fpu_set_xmm(cpu, insn->dst, result);
}

bool sse_fp_lookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, FpuInsn *out)
{
    if (zi->operand_count_visible != 2 || !fpu_is_class(&ops[0], ZYDIS_REGCLASS_XMM)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const FpRow *row = &rows[i];
        if (row->mnemonic == zi->mnemonic) {
            out->run = sse_fp_run;
            out->impl = row->op;
            out->width = row->width;
            out->src2 = row->tiny;
            return true;
        }
    }
    return false;
}
