/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MMX (Intel SDM vol. 1, chapter 9) with its SSE, SSE2 and SSSE3 additions. MMX registers are the
 * mantissas of the x87's physical registers. Every instruction here leaves the host's x87 state
 * empty.
 */
#include "target/i386/fpu_internal.h"

typedef uint64_t MmxOp(uint64_t dst, uint64_t src);
typedef __m128i MmxToXmm(__m128i dst, uint64_t src);
typedef uint64_t XmmToMmx(__m128i src);

/* mnemonic, instruction, memory width */
#define MMX_OPS(X)                                                                                 \
    X(PADDB, paddb, 8)                                                                             \
    X(PADDW, paddw, 8)                                                                             \
    X(PADDD, paddd, 8)                                                                             \
    X(PADDQ, paddq, 8)                                                                             \
    X(PADDSB, paddsb, 8)                                                                           \
    X(PADDSW, paddsw, 8)                                                                           \
    X(PADDUSB, paddusb, 8)                                                                         \
    X(PADDUSW, paddusw, 8)                                                                         \
    X(PSUBB, psubb, 8)                                                                             \
    X(PSUBW, psubw, 8)                                                                             \
    X(PSUBD, psubd, 8)                                                                             \
    X(PSUBQ, psubq, 8)                                                                             \
    X(PSUBSB, psubsb, 8)                                                                           \
    X(PSUBSW, psubsw, 8)                                                                           \
    X(PSUBUSB, psubusb, 8)                                                                         \
    X(PSUBUSW, psubusw, 8)                                                                         \
    X(PMULLW, pmullw, 8)                                                                           \
    X(PMULHW, pmulhw, 8)                                                                           \
    X(PMULHUW, pmulhuw, 8)                                                                         \
    X(PMULUDQ, pmuludq, 8)                                                                         \
    X(PMADDWD, pmaddwd, 8)                                                                         \
    X(PSADBW, psadbw, 8)                                                                           \
    X(PAVGB, pavgb, 8)                                                                             \
    X(PAVGW, pavgw, 8)                                                                             \
    X(PMINUB, pminub, 8)                                                                           \
    X(PMINSW, pminsw, 8)                                                                           \
    X(PMAXUB, pmaxub, 8)                                                                           \
    X(PMAXSW, pmaxsw, 8)                                                                           \
    X(PAND, pand, 8)                                                                               \
    X(PANDN, pandn, 8)                                                                             \
    X(POR, por, 8)                                                                                 \
    X(PXOR, pxor, 8)                                                                               \
    X(PCMPEQB, pcmpeqb, 8)                                                                         \
    X(PCMPEQW, pcmpeqw, 8)                                                                         \
    X(PCMPEQD, pcmpeqd, 8)                                                                         \
    X(PCMPGTB, pcmpgtb, 8)                                                                         \
    X(PCMPGTW, pcmpgtw, 8)                                                                         \
    X(PCMPGTD, pcmpgtd, 8)                                                                         \
    X(PSLLW, psllw, 8)                                                                             \
    X(PSLLD, pslld, 8)                                                                             \
    X(PSLLQ, psllq, 8)                                                                             \
    X(PSRLW, psrlw, 8)                                                                             \
    X(PSRLD, psrld, 8)                                                                             \
    X(PSRLQ, psrlq, 8)                                                                             \
    X(PSRAW, psraw, 8)                                                                             \
    X(PSRAD, psrad, 8)                                                                             \
    X(PACKSSWB, packsswb, 8)                                                                       \
    X(PACKSSDW, packssdw, 8)                                                                       \
    X(PACKUSWB, packuswb, 8)                                                                       \
    X(PUNPCKLBW, punpcklbw, 4)                                                                     \
    X(PUNPCKLWD, punpcklwd, 4)                                                                     \
    X(PUNPCKLDQ, punpckldq, 4)                                                                     \
    X(PUNPCKHBW, punpckhbw, 8)                                                                     \
    X(PUNPCKHWD, punpckhwd, 8)                                                                     \
    X(PUNPCKHDQ, punpckhdq, 8)                                                                     \
    X(PSHUFB, pshufb, 8)                                                                           \
    X(PHADDW, phaddw, 8)                                                                           \
    X(PHADDD, phaddd, 8)                                                                           \
    X(PHADDSW, phaddsw, 8)                                                                         \
    X(PHSUBW, phsubw, 8)                                                                           \
    X(PHSUBD, phsubd, 8)                                                                           \
    X(PHSUBSW, phsubsw, 8)                                                                         \
    X(PMADDUBSW, pmaddubsw, 8)                                                                     \
    X(PMULHRSW, pmulhrsw, 8)                                                                       \
    X(PSIGNB, psignb, 8)                                                                           \
    X(PSIGNW, psignw, 8)                                                                           \
    X(PSIGND, psignd, 8)                                                                           \
    X(PABSB, pabsb, 8)                                                                             \
    X(PABSW, pabsw, 8)                                                                             \
    X(PABSD, pabsd, 8)

#define MMX_CLOBBERS                                                                               \
    "mm0", "mm1", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)"

#define DEFINE_OP(mnemonic_, name, width_)                                                         \
    static uint64_t mmx_##name(uint64_t dst, uint64_t src)                                         \
    {                                                                                              \
        __asm__ volatile("movq %0, %%mm0\n\tmovq %1, %%mm1\n\t" #name " %%mm1, %%mm0\n\t"          \
                         "movq %%mm0, %0\n\temms"                                                  \
                         : "+r"(dst)                                                               \
                         : "r"(src)                                                                \
                         : MMX_CLOBBERS);                                                          \
        return dst;                                                                                \
    }
MMX_OPS(DEFINE_OP)

#define DEFINE_FROM_MMX(name)                                                                      \
    static __m128i mmx_##name(__m128i dst, uint64_t src)                                           \
    {                                                                                              \
        __asm__ volatile("movq %1, %%mm0\n\t" #name " %%mm0, %0\n\temms"                           \
                         : "+x"(dst)                                                               \
                         : "r"(src)                                                                \
                         : MMX_CLOBBERS);                                                          \
        return dst;                                                                                \
    }
DEFINE_FROM_MMX(cvtpi2ps)
DEFINE_FROM_MMX(cvtpi2pd)

#define DEFINE_TO_MMX(name)                                                                        \
    static uint64_t mmx_##name(__m128i src)                                                        \
    {                                                                                              \
        uint64_t dst;                                                                              \
        __asm__ volatile(#name " %1, %%mm0\n\tmovq %%mm0, %0\n\temms"                              \
                         : "=r"(dst)                                                               \
                         : "x"(src)                                                                \
                         : MMX_CLOBBERS);                                                          \
        return dst;                                                                                \
    }
DEFINE_TO_MMX(cvtps2pi)
DEFINE_TO_MMX(cvttps2pi)
DEFINE_TO_MMX(cvtpd2pi)
DEFINE_TO_MMX(cvttpd2pi)

/* Immediates: one entry point each, on %mm0 and %mm1, for call_imm(). */
FPU_IMM_TABLE(mmx_imm_pshufw, "pshufw $i, %mm1, %mm0");
FPU_IMM_TABLE(mmx_imm_palignr, "palignr $i, %mm1, %mm0");
FPU_IMM_TABLE(mmx_imm_psllw, "psllw $i, %mm0");
FPU_IMM_TABLE(mmx_imm_pslld, "pslld $i, %mm0");
FPU_IMM_TABLE(mmx_imm_psllq, "psllq $i, %mm0");
FPU_IMM_TABLE(mmx_imm_psrlw, "psrlw $i, %mm0");
FPU_IMM_TABLE(mmx_imm_psrld, "psrld $i, %mm0");
FPU_IMM_TABLE(mmx_imm_psrlq, "psrlq $i, %mm0");
FPU_IMM_TABLE(mmx_imm_psraw, "psraw $i, %mm0");
FPU_IMM_TABLE(mmx_imm_psrad, "psrad $i, %mm0");

static uint64_t call_imm(const void *entry, uint64_t dst, uint64_t src)
{
    __asm__ volatile("movq %0, %%mm0\n\tmovq %2, %%mm1\n\tlea -128(%%rsp), %%rsp\n\tcall *%1\n\t"
                     "lea 128(%%rsp), %%rsp\n\tmovq %%mm0, %0\n\temms"
                     : "+r"(dst)
                     : "r"(entry), "r"(src)
                     : "memory", MMX_CLOBBERS);
    return dst;
}

static uint64_t mm(const Cpu *cpu, unsigned n)
{
    return cpu->fpu.st[n].mantissa;
}

static uint64_t mmx_src(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    if (insn->src != NO_REG) {
        return mm(cpu, insn->src);
    }
    return insn->width == 8 ? mmu_load64(cpu, ea) : mmu_load32(cpu, ea);
}

static void mmx_finish(Cpu *cpu, const FpuInsn *insn, uint64_t result)
{
    fpu_enter_mmx(cpu);
    fpu_set_mm(cpu, insn->dst, result);
}

static void run_op(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    MmxOp *op = insn->impl;
    uint64_t src;

    fpu_check_mmx(cpu);
    src = mmx_src(cpu, insn, ea);
    mmx_finish(cpu, insn, op(mm(cpu, insn->dst), src));
}

static void run_imm(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint64_t src;

    fpu_check_mmx(cpu);
    src = mmx_src(cpu, insn, ea);
    mmx_finish(cpu, insn, call_imm(insn->impl, mm(cpu, insn->dst), src));
}

static void mmx_run_shift(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_mmx(cpu);
    mmx_finish(cpu, insn, call_imm(insn->impl, mm(cpu, insn->dst), 0));
}

static void run_load(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_mmx(cpu);
    mmx_finish(cpu, insn, mmx_src(cpu, insn, ea));
}

static void run_store(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_mmx(cpu);
    if (insn->width == 8) {
        mmu_store64(cpu, ea, mm(cpu, insn->src));
    } else {
        mmu_store32(cpu, ea, (uint32_t)mm(cpu, insn->src));
    }
    fpu_enter_mmx(cpu);
}

static void run_from_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint64_t value = cpu->gpr[insn->src];

    fpu_check_mmx(cpu);
    mmx_finish(cpu, insn, insn->opsize == 8 ? value : (uint32_t)value);
}

static void run_to_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_mmx(cpu);
    fpu_enter_mmx(cpu);
    fpu_set_gpr(cpu, insn, mm(cpu, insn->src));
}

static void run_pmovmskb(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    __m128i value = _mm_cvtsi64_si128((int64_t)mm(cpu, insn->src));

    fpu_check_mmx(cpu);
    fpu_enter_mmx(cpu);
    fpu_set_gpr(cpu, insn, (uint32_t)_mm_movemask_epi8(value) & 0xff);
}

static void run_pextrw(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_mmx(cpu);
    fpu_enter_mmx(cpu);
    fpu_set_gpr(cpu, insn, (uint16_t)(mm(cpu, insn->src) >> (16 * (insn->imm & 3))));
}

static void run_pinsrw(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    unsigned shift = 16 * (insn->imm & 3);
    uint64_t value;

    fpu_check_mmx(cpu);
    value = insn->src == NO_REG ? mmu_load16(cpu, ea) : (uint16_t)cpu->gpr[insn->src];
    mmx_finish(cpu, insn, (mm(cpu, insn->dst) & ~(0xffffull << shift)) | value << shift);
}

static void run_maskmovq(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint64_t data = mm(cpu, insn->dst), mask = mm(cpu, insn->src);

    fpu_check_mmx(cpu);
    fpu_enter_mmx(cpu);
    mmu_probe_write(cpu, ea, 8);
    for (unsigned i = 0; i < 8; i++) {
        if (mask >> (8 * i + 7) & 1) {
            mmu_store8(cpu, ea + i, (uint8_t)(data >> (8 * i)));
        }
    }
}

static void run_emms(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_mmx(cpu);
    fpu_enter_mmx(cpu);
    cpu->fpu.ftw = 0;
}

static void check_both(Cpu *cpu)
{
    fpu_check_sse(cpu);
    fpu_check_mmx(cpu);
}

static void run_movq2dq(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    check_both(cpu);
    fpu_enter_mmx(cpu);
    fpu_set_xmm(cpu, insn->dst, _mm_cvtsi64_si128((int64_t)mm(cpu, insn->src)));
}

static void run_movdq2q(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    check_both(cpu);
    mmx_finish(cpu, insn, cpu->fpu.vec[insn->src].lo[0]);
}

/* CVTPI2PS and CVTPI2PD. The latter, from memory, leaves the x87 state alone (SDM vol. 2). */
static void run_mmx_to_xmm(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    MmxToXmm *op = insn->impl;
    bool x87 = insn->src != NO_REG || op == mmx_cvtpi2ps;
    __m128i result;
    uint64_t src;
    uint32_t flags;

    fpu_check_sse(cpu);
    if (x87) {
        fpu_check_mmx(cpu);
    }
    src = mmx_src(cpu, insn, ea);
    fpu_mxcsr_begin(cpu);
    result = op(fpu_xmm(cpu, insn->dst), src);
    flags = fpu_mxcsr_end(cpu);
    /* The transition happens even if #XM follows. */
    if (x87) {
        fpu_enter_mmx(cpu);
    }
    fpu_mxcsr_merge(cpu, flags);
    fpu_set_xmm(cpu, insn->dst, result);
}

static void run_xmm_to_mmx(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    XmmToMmx *op = insn->impl;
    __m128i src;
    uint64_t result;
    uint32_t flags;

    check_both(cpu);
    src = fpu_src(cpu, insn, ea);
    fpu_mxcsr_begin(cpu);
    result = op(src);
    flags = fpu_mxcsr_end(cpu);
    fpu_enter_mmx(cpu);
    fpu_mxcsr_merge(cpu, flags);
    mmx_finish(cpu, insn, result);
}

typedef enum { Q, M, R, V, I, ANY, NONE } Kind; /* MMX, memory, general, XMM, immediate */

typedef struct {
    uint16_t mnemonic;
    Kind dst, src;
    uint8_t width;
    FpuHandler run;
    const void *impl;
    bool imm; /* impl is a table by immediate */
} MmxRow;

#define ROW(mnemonic_, dst_, src_, width_, run_, impl_, imm_)                                      \
    {                                                                                              \
        ZYDIS_MNEMONIC_##mnemonic_, dst_, src_, width_, run_, impl_, imm_                          \
    }
/* An immediate second operand is the shift by constant, a row further down. */
#define ROW_OP(mnemonic_, name, width_)                                                            \
    ROW(mnemonic_, Q, Q, width_, run_op, mmx_##name, false),                                       \
        ROW(mnemonic_, Q, M, width_, run_op, mmx_##name, false),
#define ROW_SHIFT(mnemonic_, name) ROW(mnemonic_, Q, I, 0, mmx_run_shift, mmx_imm_##name, true)

static const MmxRow rows[] = {
    ROW(MOVQ, Q, Q, 8, run_load, NULL, false),
    ROW(MOVQ, Q, M, 8, run_load, NULL, false),
    ROW(MOVQ, M, Q, 8, run_store, NULL, false),
    ROW(MOVQ, Q, R, 8, run_from_gpr, NULL, false),
    ROW(MOVQ, R, Q, 8, run_to_gpr, NULL, false),
    ROW(MOVD, Q, M, 4, run_load, NULL, false),
    ROW(MOVD, M, Q, 4, run_store, NULL, false),
    ROW(MOVD, Q, R, 4, run_from_gpr, NULL, false),
    ROW(MOVD, R, Q, 4, run_to_gpr, NULL, false),
    ROW(MOVNTQ, M, Q, 8, run_store, NULL, false),
    MMX_OPS(ROW_OP) ROW_SHIFT(PSLLW, psllw),
    ROW_SHIFT(PSLLD, pslld),
    ROW_SHIFT(PSLLQ, psllq),
    ROW_SHIFT(PSRLW, psrlw),
    ROW_SHIFT(PSRLD, psrld),
    ROW_SHIFT(PSRLQ, psrlq),
    ROW_SHIFT(PSRAW, psraw),
    ROW_SHIFT(PSRAD, psrad),
    ROW(PSHUFW, Q, ANY, 8, run_imm, mmx_imm_pshufw, true),
    ROW(PALIGNR, Q, ANY, 8, run_imm, mmx_imm_palignr, true),
    ROW(PMOVMSKB, R, Q, 0, run_pmovmskb, NULL, false),
    ROW(PEXTRW, R, Q, 0, run_pextrw, NULL, false),
    ROW(PINSRW, Q, ANY, 2, run_pinsrw, NULL, false),
    ROW(MASKMOVQ, Q, Q, 8, run_maskmovq, NULL, false),
    ROW(EMMS, NONE, NONE, 0, run_emms, NULL, false),
    ROW(MOVQ2DQ, V, Q, 0, run_movq2dq, NULL, false),
    ROW(MOVDQ2Q, Q, V, 0, run_movdq2q, NULL, false),
    ROW(CVTPI2PS, V, ANY, 8, run_mmx_to_xmm, mmx_cvtpi2ps, false),
    ROW(CVTPI2PD, V, ANY, 8, run_mmx_to_xmm, mmx_cvtpi2pd, false),
    ROW(CVTPS2PI, Q, ANY, 8, run_xmm_to_mmx, mmx_cvtps2pi, false),
    ROW(CVTTPS2PI, Q, ANY, 8, run_xmm_to_mmx, mmx_cvttps2pi, false),
    ROW(CVTPD2PI, Q, ANY, 16, run_xmm_to_mmx, mmx_cvtpd2pi, false),
    ROW(CVTTPD2PI, Q, ANY, 16, run_xmm_to_mmx, mmx_cvttpd2pi, false),
};

static bool is_kind(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, unsigned n,
                    Kind kind)
{
    if (n >= zi->operand_count_visible) {
        return kind == NONE;
    }
    switch (kind) {
    case Q:
        return fpu_is_class(&ops[n], ZYDIS_REGCLASS_MMX);
    case V:
        return fpu_is_class(&ops[n], ZYDIS_REGCLASS_XMM);
    case M:
        return fpu_is_mem(&ops[n]);
    case R:
        return fpu_is_gpr(&ops[n]);
    case I:
        return ops[n].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
    default:
        return kind == ANY;
    }
}

bool mmx_lookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, FpuInsn *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const MmxRow *row = &rows[i];
        if (row->mnemonic == zi->mnemonic && is_kind(zi, ops, 0, row->dst) &&
            is_kind(zi, ops, 1, row->src)) {
            out->run = row->run;
            out->impl =
                row->imm ? (const uint8_t *)row->impl + FPU_IMM_ENTRY * out->imm : row->impl;
            out->width = row->width;
            return true;
        }
    }
    return false;
}
