/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions that involve a general register, memory elements or RFLAGS (Intel SDM vol.
 * 2): masks, extracts, inserts, conversions from and to integers, comparisons that set flags,
 * LDMXCSR and STMXCSR.
 */
#include "target/i386/vec.h"

typedef uint64_t ToGpr(__m128i src);
typedef __m128i FromGpr(__m128i dst, uint64_t value);
typedef uint32_t ToFlags(__m128i a, __m128i b);

/* Sign masks to a general register. */
#define MASKS(X)                                                                                   \
    X(PMOVMSKB, pmovmskb)                                                                          \
    X(MOVMSKPS, movmskps)                                                                          \
    X(MOVMSKPD, movmskpd)
/* To integers: mnemonic, name, width of the memory operand. */
#define TO_GPR(X)                                                                                  \
    X(CVTSS2SI, cvtss2si, 4)                                                                       \
    X(CVTTSS2SI, cvttss2si, 4)                                                                     \
    X(CVTSD2SI, cvtsd2si, 8)                                                                       \
    X(CVTTSD2SI, cvttsd2si, 8)
/* From integers. */
#define FROM_GPR(X)                                                                                \
    X(CVTSI2SS, cvtsi2ss)                                                                          \
    X(CVTSI2SD, cvtsi2sd)
/* Comparisons that set flags: of a scalar; of registers, with VEX only for some. OF, SF and AF come
 * out clear. */
#define COMPARISONS(X)                                                                             \
    X(COMISS, comiss, 4)                                                                           \
    X(COMISD, comisd, 8)                                                                           \
    X(UCOMISS, ucomiss, 4)                                                                         \
    X(UCOMISD, ucomisd, 8)
#define TESTS(X) X(PTEST, ptest)
#define TESTS_VEX(X)                                                                               \
    X(TESTPS, testps)                                                                              \
    X(TESTPD, testpd)
/* Elements: mnemonic, width. */
#define EXTRACTS(X)                                                                                \
    X(PEXTRB, 1)                                                                                   \
    X(PEXTRW, 2)                                                                                   \
    X(PEXTRD, 4)                                                                                   \
    X(PEXTRQ, 8)                                                                                   \
    X(EXTRACTPS, 4)
#define INSERTS(X)                                                                                 \
    X(PINSRB, 1)                                                                                   \
    X(PINSRW, 2)                                                                                   \
    X(PINSRD, 4)                                                                                   \
    X(PINSRQ, 8)
#define EXTRACTS_HALF(X)                                                                           \
    X(EXTRACTF128)                                                                                 \
    X(EXTRACTI128)

/* Legacy forms: functions of the host's instruction, and what runs them. */
#define SSE_TO_GPR_AS(name_, size_, type_)                                                         \
    static uint64_t sse_##name_##_##size_(__m128i src)                                             \
    {                                                                                              \
        type_ r;                                                                                   \
        __asm__ volatile(#name_ " %1, %0" : "=r"(r) : "x"(src));                                   \
        return r;                                                                                  \
    }
#define SSE_TO_GPR(m_, name_, ...)                                                                 \
    SSE_TO_GPR_AS(name_, 4, uint32_t) SSE_TO_GPR_AS(name_, 8, uint64_t)
#define SSE_MASK(m_, name_) SSE_TO_GPR_AS(name_, 4, uint32_t)
#define SSE_FROM_GPR_AS(name_, size_, suffix_, type_)                                              \
    static __m128i sse_##name_##_##size_(__m128i dst, uint64_t value)                              \
    {                                                                                              \
        __asm__ volatile(#name_ #suffix_ " %1, %0" : "+x"(dst) : "r"((type_)value));               \
        return dst;                                                                                \
    }
#define SSE_FROM_GPR(m_, name_)                                                                    \
    SSE_FROM_GPR_AS(name_, 4, l, uint32_t) SSE_FROM_GPR_AS(name_, 8, q, uint64_t)
#define SSE_TO_FLAGS(m_, name_, ...)                                                               \
    static uint32_t sse_##name_(__m128i a, __m128i b)                                              \
    {                                                                                              \
        bool cf, pf, zf;                                                                           \
        __asm__ volatile(#name_ " %4, %3"                                                          \
                         : "=@ccc"(cf), "=@ccp"(pf), "=@ccz"(zf)                                   \
                         : "x"(a), "x"(b));                                                        \
        return (cf ? FLAG_CF : 0) | (pf ? FLAG_PF : 0) | (zf ? FLAG_ZF : 0);                       \
    }
MASKS(SSE_MASK)
TO_GPR(SSE_TO_GPR)
FROM_GPR(SSE_FROM_GPR)
COMPARISONS(SSE_TO_FLAGS)
TESTS(SSE_TO_FLAGS)

static void sse_run_mask(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    ToGpr *op = insn->impl;

    fpu_check_sse(cpu);
    fpu_set_gpr(cpu, insn, op(fpu_xmm(cpu, insn->src)));
}

static void sse_run_to_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
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

static void sse_run_from_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    FromGpr *op = insn->impl;
    uint64_t value;
    __m128i result;

    fpu_check_sse(cpu);
    if (insn->src != NO_REG) {
        value = cpu->gpr[insn->src];
    } else {
        value = insn->width == 8 ? mmu_load64(cpu, ea) : mmu_load32(cpu, ea);
    }
    fpu_mxcsr_begin(cpu);
    result = op(fpu_xmm(cpu, insn->dst), value);
    fpu_mxcsr_merge(cpu, fpu_mxcsr_end(cpu));
    fpu_set_xmm(cpu, insn->dst, result);
}

static void sse_run_compare(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
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

static void sse_run_test(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    ToFlags *op = insn->impl;

    fpu_check_sse(cpu);
    flags_set_arith(cpu, op(fpu_xmm(cpu, insn->dst), fpu_src(cpu, insn, ea)));
}

/* PEXTRx, EXTRACTPS and PINSRx: insn->width is the element's size, insn->imm picks it. */
static uint8_t *sse_element(Cpu *cpu, unsigned reg, const FpuInsn *insn)
{
    unsigned count = 16 / insn->width;

    return (uint8_t *)cpu->fpu.vec[reg].lo + insn->width * (insn->imm & (count - 1));
}

static void sse_run_extract(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint64_t value = 0;

    fpu_check_sse(cpu);
    memcpy(&value, sse_element(cpu, insn->src, insn), insn->width);
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

static void sse_run_insert(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
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
    memcpy(sse_element(cpu, insn->dst, insn), &value, insn->width);
}

static void sse_run_ldmxcsr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint32_t value;

    fpu_check_sse(cpu);
    value = mmu_load32(cpu, ea);
    if (value & ~MXCSR_VALID) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    fpu_set_mxcsr(cpu, value);
}

static void sse_run_stmxcsr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    mmu_store32(cpu, ea, fpu_mxcsr(&cpu->fpu));
}

/* VEX forms. */
#define AVX_FROM_GPR(name_, size_, suffix_)                                                        \
    AVX_KERNEL3(name_##_##size_, "v" #name_ #suffix_, x)                                           \
    AVX_HANDLERS_AS(name_##_##size_, size_, false, AVX_GPR_OPERAND)
#define DEFINE_FROM_GPR(m_, name_) AVX_FROM_GPR(name_, 4, l) AVX_FROM_GPR(name_, 8, q)
FROM_GPR(DEFINE_FROM_GPR)

/* An element from a general register or memory, the rest from VEX.vvvv. */
static ALWAYS_INLINE void avx_insert(Cpu *cpu, const Op *op, const void *b, unsigned width)
{
    VecReg r = {.lo = {cpu->fpu.vec[op->src].lo[0], cpu->fpu.vec[op->src].lo[1]}};
    memcpy((uint8_t *)r.lo + width * (avx_insn(op)->imm & (16 / width - 1)), b, width);
    cpu->fpu.vec[op->dst] = r;
}
#define DEFINE_INSERT(m_, w_)                                                                      \
    static ALWAYS_INLINE void insert_##w_(Cpu *cpu, const Op *op, const void *b)                   \
    {                                                                                              \
        avx_insert(cpu, op, b, w_);                                                                \
    }                                                                                              \
    AVX_HANDLERS_AS(insert_##w_, w_, false, AVX_GPR_OPERAND)
INSERTS(DEFINE_INSERT)

/* VEXTRACTF128 and VEXTRACTI128. */
static const uint64_t *avx_half(const Cpu *cpu, const Op *op)
{
    const VecReg *v = &cpu->fpu.vec[op->aux];
    return avx_insn(op)->imm & 1 ? v->hi : v->lo;
}

static OpNext extract_r(Cpu *cpu, const Op *op)
{
    const uint64_t *from = avx_half(cpu, op);
    cpu->fpu.vec[op->dst] = (VecReg){.lo = {from[0], from[1]}};
    NEXT();
}

static OpNext extract_m(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    mmu_store_bytes(cpu, avx_address(cpu, op, true), avx_half(cpu, op), 16);
    NEXT();
}

#define AVX_MASK(k_, text_, r_)                                                                    \
    static OpNext k_##_r(Cpu *cpu, const Op *op)                                                   \
    {                                                                                              \
        uint32_t mask;                                                                             \
        __asm__ volatile("vmovdqa %1, %%" #r_ "mm0\n\t" text_ " %%" #r_ "mm0, %0" AVX_END_##r_     \
                         : "=r"(mask)                                                              \
                         : "m"(cpu->fpu.vec[op->aux])                                              \
                         : "xmm0");                                                                \
        cpu->gpr[op->dst] = mask;                                                                  \
        NEXT();                                                                                    \
    }
#define DEFINE_MASK(m_, name_) AVX_MASK(name_##_x, "v" #name_, x) AVX_MASK(name_##_y, "v" #name_, y)
MASKS(DEFINE_MASK)

/* The first source is where others have their destination. */
#define AVX_TO_FLAGS(k_, text_, r_, width_)                                                        \
    static ALWAYS_INLINE void k_(Cpu *cpu, const Op *op, const void *b)                            \
    {                                                                                              \
        uint64_t flags;                                                                            \
        __asm__ volatile("vmovdqa %1, %%" #r_ "mm0\n\t" text_ " %2, %%" #r_                        \
                         "mm0\n\tlahf\n\tmovzbl %%ah, %%eax" AVX_END_##r_                          \
                         : "=a"(flags)                                                             \
                         : "m"(cpu->fpu.vec[op->dst]), AVX_B(b)                                    \
                         : "xmm0", "cc");                                                          \
        flags_set_arith(cpu, flags &(FLAG_CF | FLAG_PF | FLAG_ZF));                                \
    }                                                                                              \
    AVX_HANDLERS(k_, width_)
#define DEFINE_COMPARISON(m_, name_, w_) AVX_TO_FLAGS(name_, "v" #name_, x, w_)
#define DEFINE_TEST(m_, name_)                                                                     \
    AVX_TO_FLAGS(name_##_x, "v" #name_, x, 16) AVX_TO_FLAGS(name_##_y, "v" #name_, y, 32)
COMPARISONS(DEFINE_COMPARISON)
TESTS(DEFINE_TEST)
TESTS_VEX(DEFINE_TEST)

#define AVX_TO_GPR(name_, size_, type_, width_)                                                    \
    static ALWAYS_INLINE void name_##_##size_(Cpu *cpu, const Op *op, const void *b)               \
    {                                                                                              \
        type_ value;                                                                               \
        __asm__ volatile("v" #name_ " %1, %0" : "=r"(value) : AVX_B(b));                           \
        cpu->gpr[op->dst] = value;                                                                 \
    }                                                                                              \
    AVX_HANDLERS(name_##_##size_, width_)
#define DEFINE_TO_GPR(m_, name_, width_)                                                           \
    AVX_TO_GPR(name_, 4, uint32_t, width_) AVX_TO_GPR(name_, 8, uint64_t, width_)
TO_GPR(DEFINE_TO_GPR)

#define ROW(flags_, w_, wide_, sse_, ...)                                                          \
    {.flags = flags_, .width = {w_, wide_}, .sse = sse_, __VA_ARGS__},
#define TWICE(form_)     .avx = {form_, form_}
#define SSE(run_, impl_) SSE_FORM_OWN(run_, run_, impl_)
#define ROW_MASK(m_, name_)                                                                        \
    ROW(VEC_TO_GPR, 0, 0, SSE_FORM_OWN(sse_run_mask, NULL, sse_##name_##_4), VEC_NAMES(m_),        \
        .avx = {AVX_REG_FORM(name_##_x), AVX_REG_FORM(name_##_y)})
#define ROW_TO_GPR_AS(m_, name_, w_, size_)                                                        \
    ROW(VEC_TO_GPR | VEC_FP | VEC_MASKED | VEC_SIZE_##size_, w_, w_,                               \
        SSE(sse_run_to_gpr, sse_##name_##_##size_), VEC_NAMES(m_),                                 \
        TWICE(AVX_FORM(name_##_##size_)))
#define ROW_TO_GPR(m_, name_, w_) ROW_TO_GPR_AS(m_, name_, w_, 4) ROW_TO_GPR_AS(m_, name_, w_, 8)
#define ROW_FROM_GPR_AS(m_, name_, size_)                                                          \
    ROW(VEC_GPR | VEC_FP | VEC_SIZE_##size_, size_, size_,                                         \
        SSE(sse_run_from_gpr, sse_##name_##_##size_), VEC_NAMES(m_),                               \
        TWICE(AVX_FORM(name_##_##size_)))
#define ROW_FROM_GPR(m_, name_) ROW_FROM_GPR_AS(m_, name_, 4) ROW_FROM_GPR_AS(m_, name_, 8)
#define ROW_COMPARISON(m_, name_, w_)                                                              \
    ROW(VEC_FP | VEC_MASKED, w_, w_, SSE(sse_run_compare, sse_##name_), VEC_NAMES(m_),             \
        TWICE(AVX_FORM(name_)))
#define X_AND_Y(name_) .avx = {AVX_FORM(name_##_x), AVX_FORM(name_##_y)}
#define ROW_TEST(m_, name_)                                                                        \
    ROW(0, 16, 32, SSE(sse_run_test, sse_##name_), VEC_NAMES(m_), X_AND_Y(name_))
#define ROW_TEST_VEX(m_, name_) ROW(0, 16, 32, SSE(NULL, NULL), VEC_VEX_NAME(m_), X_AND_Y(name_))
#define ROW_EXTRACT(m_, w_)                                                                        \
    ROW(VEC_SAME | VEC_IMM | VEC_TO_GPR, w_, w_, SSE_FORM_OWN(sse_run_extract, NULL, NULL),        \
        VEC_NAMES(m_))                                                                             \
    ROW(VEC_SAME | VEC_IMM | VEC_STORE, w_, w_, SSE_FORM_OWN(NULL, sse_run_extract, NULL),         \
        VEC_NAMES(m_))
#define ROW_INSERT(m_, w_)                                                                         \
    ROW(VEC_GPR | VEC_IMM, w_, 0, SSE(sse_run_insert, NULL), VEC_NAMES(m_),                        \
        .avx = {AVX_FORM(insert_##w_)})
#define ROW_EXTRACT_HALF(m_)                                                                       \
    ROW(VEC_IMM, 0, 16, SSE(NULL, NULL), VEC_VEX_NAME(m_),                                         \
        .avx = {AVX_NO_FORM, AVX_REG_FORM(extract)})                                               \
    ROW(VEC_IMM | VEC_STORE, 0, 16, SSE(NULL, NULL), VEC_VEX_NAME(m_),                             \
        .avx = {AVX_NO_FORM, AVX_MEM_FORM(extract)})
#define ROW_MXCSR(m_, run_)                                                                        \
    ROW(VEC_SAME | VEC_STORE, 4, 4, SSE_FORM_OWN(NULL, run_, NULL), VEC_NAMES(m_))
static const VecRow rows[] = {
    MASKS(ROW_MASK) TO_GPR(ROW_TO_GPR) FROM_GPR(ROW_FROM_GPR) COMPARISONS(ROW_COMPARISON)
        TESTS(ROW_TEST) TESTS_VEX(ROW_TEST_VEX) EXTRACTS(ROW_EXTRACT) INSERTS(ROW_INSERT)
            EXTRACTS_HALF(ROW_EXTRACT_HALF) ROW_MXCSR(LDMXCSR, sse_run_ldmxcsr)
                ROW_MXCSR(STMXCSR, sse_run_stmxcsr)};

VecTable vec_gpr_table(void)
{
    return (VecTable){rows, G_N_ELEMENTS(rows)};
}
