/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions that involve a general register, memory elements or RFLAGS (Intel SDM vol.
 * 2): masks, extracts, inserts, conversions from and to integers, comparisons that set flags,
 * LDMXCSR and STMXCSR.
 */
#include "target/i386/fpu_internal.h"

typedef uint64_t ToGpr(__m128i src);
typedef __m128i FromGpr(__m128i dst, uint64_t value);
typedef uint32_t ToFlags(__m128i a, __m128i b);

/* xmm -> general register; name##4 and name##8 by its size */
#define TO_GPR_FP(X)                                                                               \
    X(CVTSS2SI, cvtss2si, 4)                                                                       \
    X(CVTTSS2SI, cvttss2si, 4)                                                                     \
    X(CVTSD2SI, cvtsd2si, 8)                                                                       \
    X(CVTTSD2SI, cvttsd2si, 8)
#define TO_GPR_MASK(X)                                                                             \
    X(PMOVMSKB, pmovmskb, 16)                                                                      \
    X(MOVMSKPS, movmskps, 16)                                                                      \
    X(MOVMSKPD, movmskpd, 16)
#define DEFINE_TO_GPR(mnemonic_, name, width_)                                                     \
    static uint64_t name##4(__m128i src)                                                           \
    {                                                                                              \
        uint32_t r;                                                                                \
        __asm__ volatile(#name " %1, %0" : "=r"(r) : "x"(src));                                    \
        return r;                                                                                  \
    }                                                                                              \
    static uint64_t name##8(__m128i src)                                                           \
    {                                                                                              \
        uint64_t r;                                                                                \
        __asm__ volatile(#name " %1, %0" : "=r"(r) : "x"(src));                                    \
        return r;                                                                                  \
    }
TO_GPR_FP(DEFINE_TO_GPR)
TO_GPR_MASK(DEFINE_TO_GPR)

#define FROM_GPR(X)                                                                                \
    X(CVTSI2SS, cvtsi2ss)                                                                          \
    X(CVTSI2SD, cvtsi2sd)
#define DEFINE_FROM_GPR(mnemonic_, name)                                                           \
    static __m128i name##4(__m128i dst, uint64_t value)                                            \
    {                                                                                              \
        __asm__ volatile(#name "l %1, %0" : "+x"(dst) : "r"((uint32_t)value));                     \
        return dst;                                                                                \
    }                                                                                              \
    static __m128i name##8(__m128i dst, uint64_t value)                                            \
    {                                                                                              \
        __asm__ volatile(#name "q %1, %0" : "+x"(dst) : "r"(value));                               \
        return dst;                                                                                \
    }
FROM_GPR(DEFINE_FROM_GPR)

/* OF, SF and AF come out clear. */
#define TO_FLAGS(X)                                                                                \
    X(COMISS, comiss, 4, true)                                                                     \
    X(COMISD, comisd, 8, true)                                                                     \
    X(UCOMISS, ucomiss, 4, true)                                                                   \
    X(UCOMISD, ucomisd, 8, true)                                                                   \
    X(PTEST, ptest, 16, false)
#define DEFINE_TO_FLAGS(mnemonic_, name, ...)                                                      \
    static uint32_t name##_flags(__m128i a, __m128i b)                                             \
    {                                                                                              \
        bool cf, pf, zf;                                                                           \
        __asm__ volatile(#name " %4, %3"                                                           \
                         : "=@ccc"(cf), "=@ccp"(pf), "=@ccz"(zf)                                   \
                         : "x"(a), "x"(b));                                                        \
        return (cf ? FLAG_CF : 0) | (pf ? FLAG_PF : 0) | (zf ? FLAG_ZF : 0);                       \
    }
TO_FLAGS(DEFINE_TO_FLAGS)

static void run_mask(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    ToGpr *op = insn->impl;

    fpu_check_sse(cpu);
    fpu_set_gpr(cpu, insn, op(fpu_xmm(cpu, insn->src)));
}

static void run_to_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    ToGpr *op = insn->impl;
    __m128i src;
    uint64_t value;

    fpu_check_sse(cpu);
    src = fpu_src(cpu, insn, ea);
    fpu_mxcsr_begin(cpu);
    value = op(src);
    fpu_mxcsr_merge(cpu, fpu_mxcsr_end(cpu));
    fpu_set_gpr(cpu, insn, value);
}

static void run_from_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    FromGpr *op = insn->impl;
    uint64_t value;
    __m128i result;

    fpu_check_sse(cpu);
    if (insn->src != NO_REG) {
        value = cpu->gpr[insn->src];
    } else {
        value = insn->opsize == 8 ? mmu_load64(cpu, ea) : mmu_load32(cpu, ea);
    }
    fpu_mxcsr_begin(cpu);
    result = op(fpu_xmm(cpu, insn->dst), value);
    fpu_mxcsr_merge(cpu, fpu_mxcsr_end(cpu));
    fpu_set_xmm(cpu, insn->dst, result);
}

static void run_compare(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    ToFlags *op = insn->impl;
    __m128i src;
    uint32_t flags;

    fpu_check_sse(cpu);
    src = fpu_src(cpu, insn, ea);
    fpu_mxcsr_begin(cpu);
    flags = op(fpu_xmm(cpu, insn->dst), src);
    fpu_mxcsr_merge(cpu, fpu_mxcsr_end(cpu));
    flags_set_arith(cpu, flags);
}

static void run_ptest(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    flags_set_arith(cpu, ptest_flags(fpu_xmm(cpu, insn->dst), fpu_src(cpu, insn, ea)));
}

/* PEXTRx, EXTRACTPS and PINSRx: insn->width is the element's size, insn->imm picks it. */
static uint8_t *element(Cpu *cpu, unsigned reg, const FpuInsn *insn)
{
    unsigned count = 16 / insn->width;

    return (uint8_t *)cpu->fpu.vec[reg].lo + insn->width * (insn->imm & (count - 1));
}

static void run_extract(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint64_t value = 0;

    fpu_check_sse(cpu);
    memcpy(&value, element(cpu, insn->src, insn), insn->width);
    if (insn->dst != NO_REG) {
        cpu->gpr[insn->dst] = value;
        return;
    }
    switch (insn->width) {
    case 1:
        mmu_store8(cpu, ea, (uint8_t)value);
        break;
    case 2:
        mmu_store16(cpu, ea, (uint16_t)value);
        break;
    case 4:
        mmu_store32(cpu, ea, (uint32_t)value);
        break;
    default:
        mmu_store64(cpu, ea, value);
        break;
    }
}

static void run_insert(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint64_t value;

    fpu_check_sse(cpu);
    if (insn->src != NO_REG) {
        value = cpu->gpr[insn->src];
    } else if (insn->width == 8) {
        value = mmu_load64(cpu, ea);
    } else {
        value = (uint64_t)_mm_cvtsi128_si64(fpu_load_src(cpu, insn, ea));
    }
    memcpy(element(cpu, insn->dst, insn), &value, insn->width);
}

static void run_ldmxcsr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint32_t value;

    fpu_check_sse(cpu);
    value = mmu_load32(cpu, ea);
    if (value & ~MXCSR_VALID) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    fpu_set_mxcsr(cpu, value);
}

static void run_stmxcsr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    mmu_store32(cpu, ea, fpu_mxcsr(&cpu->fpu));
}

typedef struct {
    uint16_t mnemonic;
    uint8_t width; /* of memory or of an element; 0: the general register's size */
    uint8_t operands;
    FpuHandler run;
    const void *impl4, *impl8; /* by the general register's size */
} GprRow;

#define ROW(mnemonic_, width_, operands_, run_, impl4_, impl8_)                                    \
    {                                                                                              \
        ZYDIS_MNEMONIC_##mnemonic_, width_, operands_, run_, impl4_, impl8_                        \
    }
#define ROW_MASK(mnemonic_, name, width_) ROW(mnemonic_, width_, 2, run_mask, name##4, name##8),
#define ROW_TO(mnemonic_, name, width_)   ROW(mnemonic_, width_, 2, run_to_gpr, name##4, name##8),
#define ROW_FROM(mnemonic_, name)         ROW(mnemonic_, 0, 2, run_from_gpr, name##4, name##8),
#define ROW_FLAGS(mnemonic_, name, width_, fp_)                                                    \
    ROW(mnemonic_, width_, 2, fp_ ? run_compare : run_ptest, name##_flags, name##_flags),

static const GprRow rows[] = {
    TO_GPR_MASK(ROW_MASK) TO_GPR_FP(ROW_TO) FROM_GPR(ROW_FROM) TO_FLAGS(ROW_FLAGS)
        ROW(PEXTRB, 1, 3, run_extract, NULL, NULL),
    ROW(PEXTRW, 2, 3, run_extract, NULL, NULL),
    ROW(PEXTRD, 4, 3, run_extract, NULL, NULL),
    ROW(PEXTRQ, 8, 3, run_extract, NULL, NULL),
    ROW(EXTRACTPS, 4, 3, run_extract, NULL, NULL),
    ROW(PINSRB, 1, 3, run_insert, NULL, NULL),
    ROW(PINSRW, 2, 3, run_insert, NULL, NULL),
    ROW(PINSRD, 4, 3, run_insert, NULL, NULL),
    ROW(PINSRQ, 8, 3, run_insert, NULL, NULL),
    ROW(LDMXCSR, 4, 1, run_ldmxcsr, NULL, NULL),
    ROW(STMXCSR, 4, 1, run_stmxcsr, NULL, NULL),
};

static bool has_mmx(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    for (unsigned i = 0; i < zi->operand_count_visible; i++) {
        if (fpu_is_class(&ops[i], ZYDIS_REGCLASS_MMX)) {
            return true;
        }
    }
    return false;
}

bool sse_gpr_lookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, FpuInsn *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const GprRow *row = &rows[i];
        if (row->mnemonic == zi->mnemonic && row->operands == zi->operand_count_visible &&
            !has_mmx(zi, ops)) {
            /* An integer source in memory has the size of the operand, as a register has. */
            if (!row->width && out->src == NO_REG) {
                out->opsize = out->width;
            }
            out->run = row->run;
            out->impl = out->opsize == 8 ? row->impl8 : row->impl4;
            out->width = row->width;
            return true;
        }
    }
    return false;
}
