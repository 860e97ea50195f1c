/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves between vector registers, memory and general registers (Intel SDM vol. 2). A mnemonic has a
 * row for each direction.
 */
#include "target/i386/vec.h"

/* Legacy forms. */
static void sse_load16u(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, fpu_load128u(cpu, ea));
}

static void sse_load16a(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, fpu_load128(cpu, ea));
}

static void sse_store16u(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_store128u(cpu, ea, fpu_xmm(cpu, insn->src));
}

static void sse_store16a(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_store128(cpu, ea, fpu_xmm(cpu, insn->src));
}

static void sse_copy16(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, fpu_xmm(cpu, insn->src));
}

/* Zero-extending loads. */
static void sse_load8z(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, _mm_cvtsi64_si128((int64_t)mmu_load64(cpu, ea)));
}

static void sse_load4z(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, _mm_cvtsi32_si128((int32_t)mmu_load32(cpu, ea)));
}

static void sse_copy8z(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, _mm_move_epi64(fpu_xmm(cpu, insn->src)));
}

/* Merging moves: the rest of the destination stays. */
static void sse_load_low8(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[0] = mmu_load64(cpu, ea);
}

static void sse_load_high8(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[1] = mmu_load64(cpu, ea);
}

static void sse_copy_low8(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[0] = cpu->fpu.vec[insn->src].lo[0];
}

static void sse_copy_low4(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint64_t *dst = &cpu->fpu.vec[insn->dst].lo[0];

    fpu_check_sse(cpu);
    *dst = (*dst & ~0xffffffffull) | (uint32_t)cpu->fpu.vec[insn->src].lo[0];
}

static void sse_copy_high_to_low(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[0] = cpu->fpu.vec[insn->src].lo[1];
}

static void sse_copy_low_to_high(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[1] = cpu->fpu.vec[insn->src].lo[0];
}

static void sse_store8(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    mmu_store64(cpu, ea, cpu->fpu.vec[insn->src].lo[0]);
}

static void sse_store4(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    mmu_store32(cpu, ea, (uint32_t)cpu->fpu.vec[insn->src].lo[0]);
}

static void sse_store_high8(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    mmu_store64(cpu, ea, cpu->fpu.vec[insn->src].lo[1]);
}

static void sse_from_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint64_t value = cpu->gpr[insn->src];

    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[0] = insn->opsize == 8 ? value : (uint32_t)value;
    cpu->fpu.vec[insn->dst].lo[1] = 0;
}

static void sse_to_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_gpr(cpu, insn, cpu->fpu.vec[insn->src].lo[0]);
}

static void sse_maskmovdqu(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint8_t data[16], mask[16];

    fpu_check_sse(cpu);
    _mm_storeu_si128((__m128i *)data, fpu_xmm(cpu, insn->dst));
    _mm_storeu_si128((__m128i *)mask, fpu_xmm(cpu, insn->src));
    /* The whole operand must be writable, whatever the mask. */
    mmu_probe_write(cpu, ea, 16);
    for (unsigned i = 0; i < 16; i++) {
        if (mask[i] & 0x80) {
            mmu_store8(cpu, ea + i, data[i]);
        }
    }
}

/* VEX forms: loads and copies of whole registers. */
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
    AVX_HANDLERS_AS(k_, width_, false, AVX_GPR_OPERAND)
FROM_GPR(DEFINE_FROM_GPR)

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

#define ROW(m_, flags_, w_, wide_, sse_, ...)                                                      \
    {                                                                                              \
        VEC_NAMES(m_), .flags = flags_, .width = {w_, wide_}, .sse = sse_, .avx = { __VA_ARGS__ }  \
    }
#define SSE(reg_, mem_) SSE_FORM_OWN(reg_, mem_, NULL)
#define LOAD(m_)                                                                                   \
    ROW(m_, 0, 16, 32, SSE(sse_copy16, sse_load16u), AVX_FORM(load_x), AVX_FORM(load_y))
#define STORE(m_)                                                                                  \
    ROW(m_, VEC_STORE, 16, 32, SSE(NULL, sse_store16u), AVX_MEM_FORM(store_x),                     \
        AVX_MEM_FORM(store_y))
#define LOAD_ALIGNED(m_)                                                                           \
    ROW(m_, VEC_ALIGNED, 16, 32, SSE(sse_copy16, sse_load16a), AVX_FORM(load_aligned_x),           \
        AVX_FORM(load_aligned_y))
#define STORE_ALIGNED(m_)                                                                          \
    ROW(m_, VEC_STORE | VEC_ALIGNED, 16, 32, SSE(NULL, sse_store16a),                              \
        AVX_MEM_FORM(store_aligned_x), AVX_MEM_FORM(store_aligned_y))
/* A scalar: VEX.L counts for nothing. */
#define LOAD_SCALAR(m_, w_, sse_reg_, sse_mem_)                                                    \
    ROW(m_, 0, w_, w_, SSE(sse_reg_, sse_mem_), {scalar_##w_, merge_##w_##_r, scalar_##w_##_m},    \
        {scalar_##w_, merge_##w_##_r, scalar_##w_##_m})
#define STORE_SCALAR(m_, w_)                                                                       \
    ROW(m_, VEC_STORE, w_, w_, SSE(NULL, sse_store##w_), AVX_MEM_FORM(store_##w_),                 \
        AVX_MEM_FORM(store_##w_))
/* A part of a register, and VEX.128 only. */
#define LOAD_HALF(m_, load_, k_) ROW(m_, 0, 8, 0, SSE(NULL, load_), {k_, NULL, k_##_m})
#define STORE_PART(m_, w_)                                                                         \
    ROW(m_, VEC_STORE, w_, 0, SSE(NULL, sse_store##w_), AVX_MEM_FORM(store_##w_))
#define STORE_HIGH(m_)         ROW(m_, VEC_STORE | VEC_SAME, 8, 0, SSE(NULL, sse_store_high8))
#define BETWEEN(m_, copy_, k_) ROW(m_, 0, 0, 0, SSE(copy_, NULL), AVX_REG_FORM(k_))
#define FROM_GPR_ROW(m_, w_, load_)                                                                \
    ROW(m_, VEC_GPR, w_, 0, SSE(sse_from_gpr, load_), AVX_FORM(gpr_##w_))
#define TO_GPR(m_, k_) ROW(m_, VEC_TO_GPR, 0, 0, SSE(sse_to_gpr, NULL), AVX_REG_FORM(k_))

static const VecRow rows[] = {
    LOAD(MOVUPS),
    LOAD(MOVUPD),
    LOAD(MOVDQU),
    LOAD(LDDQU),
    STORE(MOVUPS),
    STORE(MOVUPD),
    STORE(MOVDQU),
    LOAD_ALIGNED(MOVAPS),
    LOAD_ALIGNED(MOVAPD),
    LOAD_ALIGNED(MOVDQA),
    LOAD_ALIGNED(MOVNTDQA),
    STORE_ALIGNED(MOVAPS),
    STORE_ALIGNED(MOVAPD),
    STORE_ALIGNED(MOVDQA),
    STORE_ALIGNED(MOVNTDQ),
    STORE_ALIGNED(MOVNTPS),
    STORE_ALIGNED(MOVNTPD),
    LOAD_SCALAR(MOVSS, 4, sse_copy_low4, sse_load4z),
    LOAD_SCALAR(MOVSD, 8, sse_copy_low8, sse_load8z),
    STORE_SCALAR(MOVSS, 4),
    STORE_SCALAR(MOVSD, 8),
    FROM_GPR_ROW(MOVD, 4, sse_load4z),
    FROM_GPR_ROW(MOVQ, 8, sse_load8z),
    ROW(MOVQ, 0, 8, 0, SSE(sse_copy8z, sse_load8z), AVX_FORM(load_8)),
    TO_GPR(MOVD, to_gpr_4),
    TO_GPR(MOVQ, to_gpr_8),
    STORE_PART(MOVD, 4),
    STORE_PART(MOVQ, 8),
    STORE_PART(MOVLPS, 8),
    STORE_PART(MOVLPD, 8),
    STORE_HIGH(MOVHPS),
    STORE_HIGH(MOVHPD),
    LOAD_HALF(MOVLPS, sse_load_low8, low_8),
    LOAD_HALF(MOVLPD, sse_load_low8, low_8),
    LOAD_HALF(MOVHPS, sse_load_high8, high_8),
    LOAD_HALF(MOVHPD, sse_load_high8, high_8),
    BETWEEN(MOVHLPS, sse_copy_high_to_low, high_to_low),
    BETWEEN(MOVLHPS, sse_copy_low_to_high, low_to_high),
    ROW(MASKMOVDQU, VEC_SAME, 0, 0, SSE(sse_maskmovdqu, NULL)),
};

VecTable vec_move_table(void)
{
    return (VecTable){rows, G_N_ELEMENTS(rows)};
}
