/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VEX-encoded moves, inserts and extracts, conversions from and to general registers, and
 * comparisons that set flags (Intel SDM vol. 2).
 *
 * What extracts an element, or stores a high half, does the same as its legacy form: avx_legacy()
 * finds those.
 */
#include "target/i386/avx.h"

#define GPR_OPERAND &cpu->gpr[op->aux]

/* Loads and copies of whole registers. */
#define LOADS(X)                                                                                   \
    X(load_x, vmovdqu, x, 16, false)                                                               \
    X(load_y, vmovdqu, y, 32, false)                                                               \
    X(load_aligned_x, vmovdqu, x, 16, true)                                                        \
    X(load_aligned_y, vmovdqu, y, 32, true)                                                        \
    X(load_8, vmovq, x, 8, false)
#define DEFINE_LOAD(k_, text_, r_, width_, aligned_)                                               \
    AVX_KERNEL2(k_, #text_, r_)                                                                    \
    AVX_HANDLERS_AS(k_, width_, aligned_, &cpu->fpu.vec[op->aux])
LOADS(DEFINE_LOAD)

/* From general registers. */
#define FROM_GPR(X)                                                                                \
    X(gpr_4, vmovd, 4)                                                                             \
    X(gpr_8, vmovq, 8)
#define DEFINE_FROM_GPR(k_, text_, width_)                                                         \
    AVX_KERNEL2(k_, #text_, x)                                                                     \
    AVX_HANDLERS_AS(k_, width_, false, GPR_OPERAND)
FROM_GPR(DEFINE_FROM_GPR)

#define CONVERSIONS(X)                                                                             \
    X(cvtsi2ss_4, vcvtsi2ssl, 4)                                                                   \
    X(cvtsi2ss_8, vcvtsi2ssq, 8)                                                                   \
    X(cvtsi2sd_4, vcvtsi2sdl, 4)                                                                   \
    X(cvtsi2sd_8, vcvtsi2sdq, 8)
#define DEFINE_CONVERSION(k_, text_, width_)                                                       \
    AVX_KERNEL3(k_, #text_, x)                                                                     \
    AVX_HANDLERS_AS(k_, width_, false, GPR_OPERAND)
CONVERSIONS(DEFINE_CONVERSION)

/* Half of a register from memory, the other from VEX.vvvv. */
AVX_KERNEL3(low_8, "vmovlps", x)
AVX_MEM_HANDLER(low_8, 8, false)
AVX_KERNEL3(high_8, "vmovhps", x)
AVX_MEM_HANDLER(high_8, 8, false)

/* A scalar from memory, with zeros. */
AVX_KERNEL2(scalar_4, "vmovss", x)
AVX_MEM_HANDLER(scalar_4, 4, false)
AVX_KERNEL2(scalar_8, "vmovsd", x)
AVX_MEM_HANDLER(scalar_8, 8, false)

/* These have no memory operand. */
#define MERGES(X)                                                                                  \
    X(merge_4, vmovss)                                                                             \
    X(merge_8, vmovsd)                                                                             \
    X(high_to_low, vmovhlps)                                                                       \
    X(low_to_high, vmovlhps)
#define DEFINE_MERGE(k_, text_)                                                                    \
    static OpNext k_##_r(Cpu *cpu, const Op *op)                                                   \
    {                                                                                              \
        VecReg *v = cpu->fpu.vec;                                                                  \
        __asm__ volatile("vmovdqa %1, %%xmm1\n\tvmovdqa %2, %%xmm2\n\t" #text_                     \
                         " %%xmm2, %%xmm1, %%xmm0\n\tvmovdqa %%ymm0, %0"                           \
                         : "=m"(v[op->dst])                                                        \
                         : "m"(v[op->src]), "m"(v[op->aux])                                        \
                         : "xmm0", "xmm1", "xmm2");                                                \
        NEXT();                                                                                    \
    }
MERGES(DEFINE_MERGE)

/* An element from a general register or memory, the rest from VEX.vvvv. */
static ALWAYS_INLINE void insert(Cpu *cpu, const Op *op, const void *b, unsigned width)
{
    VecReg r = {.lo = {cpu->fpu.vec[op->src].lo[0], cpu->fpu.vec[op->src].lo[1]}};
    memcpy((uint8_t *)r.lo + width * (avx_insn(op)->imm & (16 / width - 1)), b, width);
    cpu->fpu.vec[op->dst] = r;
}
#define DEFINE_INSERT(w_)                                                                          \
    static ALWAYS_INLINE void insert_##w_(Cpu *cpu, const Op *op, const void *b)                   \
    {                                                                                              \
        insert(cpu, op, b, w_);                                                                    \
    }                                                                                              \
    AVX_HANDLERS_AS(insert_##w_, w_, false, GPR_OPERAND)
DEFINE_INSERT(1)
DEFINE_INSERT(2)
DEFINE_INSERT(4)
DEFINE_INSERT(8)

/* Stores. */
#define DEFINE_STORE(k_, width_, aligned_)                                                         \
    static OpNext k_##_m(Cpu *cpu, const Op *op)                                                   \
    {                                                                                              \
        void *to = avx_hit(cpu, op, width_, aligned_, true);                                       \
        if (G_UNLIKELY(!to)) {                                                                     \
            return avx_store_miss(cpu, op);                                                        \
        }                                                                                          \
        memcpy(to, &cpu->fpu.vec[op->aux], width_);                                                \
        NEXT();                                                                                    \
    }
DEFINE_STORE(store_4, 4, false)
DEFINE_STORE(store_8, 8, false)
DEFINE_STORE(store_x, 16, false)
DEFINE_STORE(store_y, 32, false)
DEFINE_STORE(store_aligned_x, 16, true)
DEFINE_STORE(store_aligned_y, 32, true)

static OpNext to_gpr_4_r(Cpu *cpu, const Op *op)
{
    cpu->gpr[op->dst] = (uint32_t)cpu->fpu.vec[op->aux].lo[0];
    NEXT();
}

static OpNext to_gpr_8_r(Cpu *cpu, const Op *op)
{
    cpu->gpr[op->dst] = cpu->fpu.vec[op->aux].lo[0];
    NEXT();
}

/* VEXTRACTF128. */
static const uint64_t *half(const Cpu *cpu, const Op *op)
{
    const VecReg *v = &cpu->fpu.vec[op->aux];
    return avx_insn(op)->imm & 1 ? v->hi : v->lo;
}

static OpNext extract_r(Cpu *cpu, const Op *op)
{
    const uint64_t *from = half(cpu, op);
    cpu->fpu.vec[op->dst] = (VecReg){.lo = {from[0], from[1]}};
    NEXT();
}

static OpNext extract_m(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    mmu_store_bytes(cpu, avx_address(cpu, op, true), half(cpu, op), 16);
    NEXT();
}

/* Sign masks to a general register. */
#define MASKS(X)                                                                                   \
    X(pmovmskb_x, vpmovmskb, x)                                                                    \
    X(pmovmskb_y, vpmovmskb, y)                                                                    \
    X(movmskps_x, vmovmskps, x)                                                                    \
    X(movmskps_y, vmovmskps, y)                                                                    \
    X(movmskpd_x, vmovmskpd, x)                                                                    \
    X(movmskpd_y, vmovmskpd, y)
#define DEFINE_MASK(k_, text_, r_)                                                                 \
    static OpNext k_##_r(Cpu *cpu, const Op *op)                                                   \
    {                                                                                              \
        uint32_t mask;                                                                             \
        __asm__ volatile("vmovdqa %1, %%" #r_ "mm0\n\t" #text_ " %%" #r_ "mm0, %0" AVX_END_##r_    \
                         : "=r"(mask)                                                              \
                         : "m"(cpu->fpu.vec[op->aux])                                              \
                         : "xmm0");                                                                \
        cpu->gpr[op->dst] = mask;                                                                  \
        NEXT();                                                                                    \
    }
MASKS(DEFINE_MASK)

/* The first source is where others have their destination. OF, SF and AF come out clear. */
#define COMPARISONS(X)                                                                             \
    X(ptest_x, vptest, x, 16)                                                                      \
    X(ptest_y, vptest, y, 32)                                                                      \
    X(testps_x, vtestps, x, 16)                                                                    \
    X(testps_y, vtestps, y, 32)                                                                    \
    X(testpd_x, vtestpd, x, 16)                                                                    \
    X(testpd_y, vtestpd, y, 32)                                                                    \
    X(comiss, vcomiss, x, 4)                                                                       \
    X(comisd, vcomisd, x, 8)                                                                       \
    X(ucomiss, vucomiss, x, 4)                                                                     \
    X(ucomisd, vucomisd, x, 8)
#define DEFINE_COMPARISON(k_, text_, r_, width_)                                                   \
    static ALWAYS_INLINE void k_(Cpu *cpu, const Op *op, const void *b)                            \
    {                                                                                              \
        uint64_t flags;                                                                            \
        __asm__ volatile("vmovdqa %1, %%" #r_ "mm0\n\t" #text_ " %2, %%" #r_                       \
                         "mm0\n\tlahf\n\tmovzbl %%ah, %%eax" AVX_END_##r_                          \
                         : "=a"(flags)                                                             \
                         : "m"(cpu->fpu.vec[op->dst]), AVX_B(b)                                    \
                         : "xmm0", "cc");                                                          \
        flags_set_arith(cpu, flags &(FLAG_CF | FLAG_PF | FLAG_ZF));                                \
    }                                                                                              \
    AVX_HANDLERS(k_, width_)
COMPARISONS(DEFINE_COMPARISON)

/* To integers. */
#define TO_GPR(X)                                                                                  \
    X(cvtss2si, 4)                                                                                 \
    X(cvttss2si, 4)                                                                                \
    X(cvtsd2si, 8)                                                                                 \
    X(cvttsd2si, 8)
#define DEFINE_TO_GPR_AS(name_, size_, type_, width_)                                              \
    static ALWAYS_INLINE void name_##_##size_(Cpu *cpu, const Op *op, const void *b)               \
    {                                                                                              \
        type_ value;                                                                               \
        __asm__ volatile("v" #name_ " %1, %0" : "=r"(value) : AVX_B(b));                           \
        cpu->gpr[op->dst] = value;                                                                 \
    }                                                                                              \
    AVX_HANDLERS(name_##_##size_, width_)
#define DEFINE_TO_GPR(name_, width_)                                                               \
    DEFINE_TO_GPR_AS(name_, 4, uint32_t, width_) DEFINE_TO_GPR_AS(name_, 8, uint64_t, width_)
TO_GPR(DEFINE_TO_GPR)

#define ROW(m_, flags_, w_, wide_, ...)                                                            \
    {                                                                                              \
        .mnemonic = ZYDIS_MNEMONIC_##m_, .width = {w_, wide_}, .flags = flags_, .form = {          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define STORE_FORM(k_)                                                                             \
    {                                                                                              \
        NULL, NULL, k_##_m                                                                         \
    }
#define REG_FORM(k_)                                                                               \
    {                                                                                              \
        NULL, k_##_r, NULL                                                                         \
    }
#define MEM_FORM(k_)                                                                               \
    {                                                                                              \
        k_, NULL, k_##_m                                                                           \
    }
#define MOVE(m_)                                                                                   \
    ROW(m_, 0, 16, 32, AVX_FORM(load_x), AVX_FORM(load_y)),                                        \
        ROW(m_, AVX_STORE, 16, 32, STORE_FORM(store_x), STORE_FORM(store_y))
#define STORE_ALIGNED(m_)                                                                          \
    ROW(m_, AVX_STORE | AVX_ALIGNED, 16, 32, STORE_FORM(store_aligned_x),                          \
        STORE_FORM(store_aligned_y))
#define LOAD_ALIGNED(m_)                                                                           \
    ROW(m_, AVX_ALIGNED, 16, 32, AVX_FORM(load_aligned_x), AVX_FORM(load_aligned_y))
#define MASK(m_, k_) ROW(m_, AVX_TO_GPR, 0, 0, REG_FORM(k_##_x), REG_FORM(k_##_y))
#define TEST(m_, k_) ROW(m_, AVX_FLAGS, 16, 32, AVX_FORM(k_##_x), AVX_FORM(k_##_y))
#define COMPARE(m_, k_, w_)                                                                        \
    ROW(m_, AVX_FLAGS | AVX_FP | AVX_MASKED, w_, w_, AVX_FORM(k_), AVX_FORM(k_))
#define INTEGER(m_, k_, w_)                                                                        \
    ROW(m_, AVX_TO_GPR | AVX_FP | AVX_MASKED | AVX_SIZE_4, w_, w_, AVX_FORM(k_##_4),               \
        AVX_FORM(k_##_4)),                                                                         \
        ROW(m_, AVX_TO_GPR | AVX_FP | AVX_MASKED | AVX_SIZE_8, w_, w_, AVX_FORM(k_##_8),           \
            AVX_FORM(k_##_8))
#define CONVERT(m_, k_)                                                                            \
    ROW(m_, AVX_GPR | AVX_FP | AVX_SIZE_4, 4, 4, AVX_FORM(k_##_4), AVX_FORM(k_##_4)),              \
        ROW(m_, AVX_GPR | AVX_FP | AVX_SIZE_8, 8, 8, AVX_FORM(k_##_8), AVX_FORM(k_##_8))
#define EXTRACT(m_)                                                                                \
    ROW(m_, AVX_IMM, 0, 16, AVX_NO_FORM, REG_FORM(extract)),                                       \
        ROW(m_, AVX_STORE | AVX_IMM, 0, 16, AVX_NO_FORM, STORE_FORM(extract))

static const AvxRow rows[] = {
    MOVE(VMOVUPS),
    MOVE(VMOVUPD),
    MOVE(VMOVDQU),
    LOAD_ALIGNED(VMOVAPS),
    LOAD_ALIGNED(VMOVAPD),
    LOAD_ALIGNED(VMOVDQA),
    LOAD_ALIGNED(VMOVNTDQA),
    STORE_ALIGNED(VMOVAPS),
    STORE_ALIGNED(VMOVAPD),
    STORE_ALIGNED(VMOVDQA),
    STORE_ALIGNED(VMOVNTDQ),
    STORE_ALIGNED(VMOVNTPS),
    STORE_ALIGNED(VMOVNTPD),
    ROW(VLDDQU, 0, 16, 32, AVX_FORM(load_x), AVX_FORM(load_y)),
    ROW(VMOVD, AVX_GPR, 4, 0, AVX_FORM(gpr_4)),
    ROW(VMOVQ, AVX_GPR, 8, 0, AVX_FORM(gpr_8)),
    ROW(VMOVQ, 0, 8, 0, AVX_FORM(load_8)),
    ROW(VMOVD, AVX_TO_GPR, 0, 0, REG_FORM(to_gpr_4)),
    ROW(VMOVQ, AVX_TO_GPR, 0, 0, REG_FORM(to_gpr_8)),
    ROW(VMOVD, AVX_STORE, 4, 0, STORE_FORM(store_4)),
    ROW(VMOVQ, AVX_STORE, 8, 0, STORE_FORM(store_8)),
    ROW(VMOVSS, AVX_STORE, 4, 4, STORE_FORM(store_4), STORE_FORM(store_4)),
    ROW(VMOVSD, AVX_STORE, 8, 8, STORE_FORM(store_8), STORE_FORM(store_8)),
    ROW(VMOVLPS, AVX_STORE, 8, 0, STORE_FORM(store_8)),
    ROW(VMOVLPD, AVX_STORE, 8, 0, STORE_FORM(store_8)),
    ROW(VMOVSS, 0, 4, 4, {scalar_4, merge_4_r, scalar_4_m}, {scalar_4, merge_4_r, scalar_4_m}),
    ROW(VMOVSD, 0, 8, 8, {scalar_8, merge_8_r, scalar_8_m}, {scalar_8, merge_8_r, scalar_8_m}),
    ROW(VMOVLPS, 0, 8, 0, MEM_FORM(low_8)),
    ROW(VMOVLPD, 0, 8, 0, MEM_FORM(low_8)),
    ROW(VMOVHPS, 0, 8, 0, MEM_FORM(high_8)),
    ROW(VMOVHPD, 0, 8, 0, MEM_FORM(high_8)),
    ROW(VMOVHLPS, 0, 0, 0, REG_FORM(high_to_low)),
    ROW(VMOVLHPS, 0, 0, 0, REG_FORM(low_to_high)),
    ROW(VPINSRB, AVX_GPR | AVX_IMM, 1, 0, AVX_FORM(insert_1)),
    ROW(VPINSRW, AVX_GPR | AVX_IMM, 2, 0, AVX_FORM(insert_2)),
    ROW(VPINSRD, AVX_GPR | AVX_IMM, 4, 0, AVX_FORM(insert_4)),
    ROW(VPINSRQ, AVX_GPR | AVX_IMM, 8, 0, AVX_FORM(insert_8)),
    EXTRACT(VEXTRACTF128),
    EXTRACT(VEXTRACTI128),
    MASK(VPMOVMSKB, pmovmskb),
    MASK(VMOVMSKPS, movmskps),
    MASK(VMOVMSKPD, movmskpd),
    TEST(VPTEST, ptest),
    TEST(VTESTPS, testps),
    TEST(VTESTPD, testpd),
    COMPARE(VCOMISS, comiss, 4),
    COMPARE(VCOMISD, comisd, 8),
    COMPARE(VUCOMISS, ucomiss, 4),
    COMPARE(VUCOMISD, ucomisd, 8),
    INTEGER(VCVTSS2SI, cvtss2si, 4),
    INTEGER(VCVTTSS2SI, cvttss2si, 4),
    INTEGER(VCVTSD2SI, cvtsd2si, 8),
    INTEGER(VCVTTSD2SI, cvttsd2si, 8),
    CONVERT(VCVTSI2SS, cvtsi2ss),
    CONVERT(VCVTSI2SD, cvtsi2sd),
};

AvxTable avx_move_table(void)
{
    return (AvxTable){rows, G_N_ELEMENTS(rows)};
}
