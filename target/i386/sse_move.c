/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves between vector registers, memory and general registers (Intel SDM vol. 2). A row names the
 * kinds of the two operands, because one mnemonic stands for several directions.
 */
#include "target/i386/fpu_internal.h"

static void load16u(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, fpu_load128u(cpu, ea));
}

static void load16a(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, fpu_load128(cpu, ea));
}

static void store16u(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_store128u(cpu, ea, fpu_xmm(cpu, insn->src));
}

static void store16a(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_store128(cpu, ea, fpu_xmm(cpu, insn->src));
}

static void copy16(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, fpu_xmm(cpu, insn->src));
}

/* Zero-extending loads. */
static void load8z(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, _mm_cvtsi64_si128((int64_t)mmu_load64(cpu, ea)));
}

static void load4z(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, _mm_cvtsi32_si128((int32_t)mmu_load32(cpu, ea)));
}

static void copy8z(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, _mm_move_epi64(fpu_xmm(cpu, insn->src)));
}

/* Merging moves: the rest of the destination stays. */
static void load_low8(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[0] = mmu_load64(cpu, ea);
}

static void load_high8(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[1] = mmu_load64(cpu, ea);
}

static void copy_low8(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[0] = cpu->fpu.vec[insn->src].lo[0];
}

static void copy_low4(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint64_t *dst = &cpu->fpu.vec[insn->dst].lo[0];

    fpu_check_sse(cpu);
    *dst = (*dst & ~0xffffffffull) | (uint32_t)cpu->fpu.vec[insn->src].lo[0];
}

static void copy_high_to_low(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[0] = cpu->fpu.vec[insn->src].lo[1];
}

static void copy_low_to_high(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[1] = cpu->fpu.vec[insn->src].lo[0];
}

static void store8(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    mmu_store64(cpu, ea, cpu->fpu.vec[insn->src].lo[0]);
}

static void store4(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    mmu_store32(cpu, ea, (uint32_t)cpu->fpu.vec[insn->src].lo[0]);
}

static void store_high8(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    mmu_store64(cpu, ea, cpu->fpu.vec[insn->src].lo[1]);
}

static void from_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint64_t value = cpu->gpr[insn->src];

    fpu_check_sse(cpu);
    cpu->fpu.vec[insn->dst].lo[0] = insn->opsize == 8 ? value : (uint32_t)value;
    cpu->fpu.vec[insn->dst].lo[1] = 0;
}

static void to_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    fpu_set_gpr(cpu, insn, cpu->fpu.vec[insn->src].lo[0]);
}

/* MOVNTI needs no OSFXSR and touches no vector state. */
static void movnti(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    if (insn->opsize == 8) {
        mmu_store64(cpu, ea, cpu->gpr[insn->src]);
    } else {
        mmu_store32(cpu, ea, (uint32_t)cpu->gpr[insn->src]);
    }
}

static void maskmovdqu(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
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

typedef enum { X, M, R } Kind; /* XMM, memory, general register */

typedef struct {
    uint16_t mnemonic;
    Kind dst, src;
    FpuHandler run;
} MoveRow;

#define ROW(mnemonic_, dst_, src_, run_)                                                           \
    {                                                                                              \
        ZYDIS_MNEMONIC_##mnemonic_, dst_, src_, run_                                               \
    }
#define FULL(mnemonic_, load_, store_)                                                             \
    ROW(mnemonic_, X, M, load_), ROW(mnemonic_, M, X, store_), ROW(mnemonic_, X, X, copy16)

static const MoveRow rows[] = {
    FULL(MOVUPS, load16u, store16u),
    FULL(MOVUPD, load16u, store16u),
    FULL(MOVDQU, load16u, store16u),
    FULL(MOVAPS, load16a, store16a),
    FULL(MOVAPD, load16a, store16a),
    FULL(MOVDQA, load16a, store16a),
    ROW(LDDQU, X, M, load16u),
    ROW(MOVNTDQA, X, M, load16a),
    ROW(MOVNTDQ, M, X, store16a),
    ROW(MOVNTPS, M, X, store16a),
    ROW(MOVNTPD, M, X, store16a),
    ROW(MOVNTI, M, R, movnti),
    ROW(MOVQ, X, M, load8z),
    ROW(MOVQ, M, X, store8),
    ROW(MOVQ, X, X, copy8z),
    ROW(MOVQ, X, R, from_gpr),
    ROW(MOVQ, R, X, to_gpr),
    ROW(MOVD, X, M, load4z),
    ROW(MOVD, M, X, store4),
    ROW(MOVD, X, R, from_gpr),
    ROW(MOVD, R, X, to_gpr),
    ROW(MOVSD, X, M, load8z),
    ROW(MOVSD, M, X, store8),
    ROW(MOVSD, X, X, copy_low8),
    ROW(MOVSS, X, M, load4z),
    ROW(MOVSS, M, X, store4),
    ROW(MOVSS, X, X, copy_low4),
    ROW(MOVLPS, X, M, load_low8),
    ROW(MOVLPS, M, X, store8),
    ROW(MOVLPD, X, M, load_low8),
    ROW(MOVLPD, M, X, store8),
    ROW(MOVHPS, X, M, load_high8),
    ROW(MOVHPS, M, X, store_high8),
    ROW(MOVHPD, X, M, load_high8),
    ROW(MOVHPD, M, X, store_high8),
    ROW(MOVHLPS, X, X, copy_high_to_low),
    ROW(MOVLHPS, X, X, copy_low_to_high),
    ROW(MASKMOVDQU, X, X, maskmovdqu),
};

static bool is_kind(const ZydisDecodedOperand *op, Kind kind)
{
    switch (kind) {
    case X:
        return fpu_is_class(op, ZYDIS_REGCLASS_XMM);
    case M:
        return fpu_is_mem(op);
    default:
        return fpu_is_gpr(op);
    }
}

bool sse_move_lookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops,
                     FpuInsn *out)
{
    if (zi->operand_count_visible != 2) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const MoveRow *row = &rows[i];
        if (row->mnemonic == zi->mnemonic && is_kind(&ops[0], row->dst) &&
            is_kind(&ops[1], row->src)) {
            out->run = row->run;
            return true;
        }
    }
    return false;
}
