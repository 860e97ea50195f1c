/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder's last resort for a mnemonic: the bit manipulation extensions, and glue to the x87
 * and vector instructions of fpu.h.
 */
#include "target/i386/block.h"
#include "target/i386/cpuid.h"
#include "target/i386/decode.h"
#include "target/i386/fpu.h"
#include "target/i386/vec_code.h"

static OpNext fpu_reg(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    const FpuInsn *insn = (const FpuInsn *)(uintptr_t)op->imm;
    insn->run(cpu, insn, 0);
    NEXT();
}

static OpNext fpu_mem(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    const FpuInsn *insn = (const FpuInsn *)(uintptr_t)op->imm;
    insn->run(cpu, insn, ea_fast(cpu, op));
    NEXT();
}

static OpNext fpu_mem_slow(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    const FpuInsn *insn = (const FpuInsn *)(uintptr_t)op->imm;
    if (insn->check) {
        insn->check(cpu);
    }
    insn->run(cpu, insn, ea_slow(cpu, op, MAX(insn->width, 1), op->aux));
    NEXT();
}

static OpNext fpu_mem_early(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    const FpuInsn *insn = (const FpuInsn *)(uintptr_t)op->imm;
    uint64_t offset = ea_fast(cpu, op);
    if (op->asize < 8) {
        offset = op->asize == 4 ? (uint32_t)offset : (uint16_t)offset;
    }
    if (!insn->early(cpu, insn, offset)) {
        insn->run(cpu, insn, op_ea(cpu, op, MAX(insn->width, 1), op->aux));
    }
    NEXT();
}

/* After an instruction that sets MXCSR, what later ops assume may be wrong. */
static OpNext fpu_mem_mode(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    const FpuInsn *insn = (const FpuInsn *)(uintptr_t)op->imm;
    uint32_t mode = cpu->mode;
    if (insn->check) {
        insn->check(cpu);
    }
    insn->run(cpu, insn, op_ea(cpu, op, MAX(insn->width, 1), false));
    if (mode == cpu->mode) {
        NEXT();
    }
    op_stale(cpu, op + 1);
    return NEXT_EVENT;
}

static bool sets_mxcsr(ZydisMnemonic mnemonic)
{
    static const uint16_t all[] = {ZYDIS_MNEMONIC_LDMXCSR, ZYDIS_MNEMONIC_VLDMXCSR,
                                   ZYDIS_MNEMONIC_FXRSTOR, ZYDIS_MNEMONIC_FXRSTOR64,
                                   ZYDIS_MNEMONIC_XRSTOR,  ZYDIS_MNEMONIC_XRSTOR64,
                                   ZYDIS_MNEMONIC_XRSTORS, ZYDIS_MNEMONIC_XRSTORS64};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        if (all[i] == mnemonic) {
            return true;
        }
    }
    return false;
}

void op_describe_vector(Decode *d, Op *op, FpuInsn *insn)
{
    VecCode code;
    uint32_t needed = 0;
    const bool sha = d->zi.meta.isa_set == ZYDIS_ISA_SET_SHA;
    if (!vec_code_make(&d->zi, d->ops, &code) ||
        (sha && !cpu_model_host_has(d->model, FEAT_SHA_NI))) {
        return;
    }
    code.aligned &= !sha || !cpu_model_is_amd(d->model); /* as in sse_sha.c */
    needed |= code.vex || code.zero_upper ? CPU_MODE_AVX : CPU_MODE_SSE;
    needed |= code.fp ? CPU_MODE_MASKED : 0;
    /* VZEROUPPER of 32-bit code leaves the registers alone that it cannot name. */
    bool plain = (d->mode & CPU_MODE_CS64) || (cpu_mode_is_flat32(d->mode) && !code.zero_upper);
    if (!plain || (d->mode & needed) != needed) {
        return;
    }
    VecCode *kept = code_cache_alloc(d->code, sizeof(code));
    *kept = code;
    insn->code = kept;
    op->xop = XOP_VECTOR;
    d->pure = code.rm_kind != VEC_MEM;
}

OpFn op_fpu_glue(Decode *d, Op *op, const FpuInsn *insn)
{
    FpuInsn *kept = code_cache_alloc(d->code, sizeof(*insn));
    *kept = *insn;
    op->imm = (int64_t)(uintptr_t)kept;
    for (unsigned i = 0; i < d->zi.operand_count; i++) {
        const ZydisDecodedOperand *o = &d->ops[i];
        /* MASKMOVQ's and MASKMOVDQU's destination is a hidden operand */
        if (decode_is_mem(o)) {
            kept->check = fpu_check_of(&d->zi, d->ops);
            op->aux = (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
            bool fast = decode_mem(d, op, o);
            if (sets_mxcsr(d->zi.mnemonic)) {
                return fpu_mem_mode;
            }
            if (insn->early && !cpu_model_is_amd(d->model)) {
                return fpu_mem_early;
            }
            return fast ? fpu_mem : fpu_mem_slow;
        }
    }
    return fpu_reg;
}

OpFn op_select_fpu(Decode *d, Op *op)
{
    FpuInsn insn = {0};
    OpFn bmi = op_select_bmi(d, op);
    if (bmi) {
        return bmi;
    }
    if (d->zi.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX) {
        return op_select_avx(d, op);
    }
    if (!fpu_lookup(d->model, code_cache_vec_index(d->code), &d->zi, d->ops, &insn)) {
        return NULL;
    }
    op_describe_vector(d, op, &insn);
    return op_fpu_glue(d, op, &insn);
}
