/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Glue to the x87 and vector instructions of fpu.h: the decoder's last resort for a mnemonic.
 */
#include "target/i386/block.h"
#include "target/i386/decode.h"
#include "target/i386/fpu.h"

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
    insn->run(cpu, insn, ea_slow(cpu, op, MAX(insn->width, 1), op->aux));
    NEXT();
}

OpFn op_select_fpu(Decode *d, Op *op)
{
    FpuInsn insn = {0};
    if (!fpu_lookup(d->model, &d->zi, d->ops, &insn)) {
        return NULL;
    }
    FpuInsn *kept = code_cache_alloc(d->code, sizeof(insn));
    *kept = insn;
    op->imm = (int64_t)(uintptr_t)kept;
    for (unsigned i = 0; i < d->zi.operand_count; i++) {
        const ZydisDecodedOperand *o = &d->ops[i];
        /* MASKMOVQ's and MASKMOVDQU's destination is a hidden operand */
        if (decode_is_mem(o)) {
            op->aux = (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
            return decode_mem(d, op, o) ? fpu_mem : fpu_mem_slow;
        }
    }
    return fpu_reg;
}
