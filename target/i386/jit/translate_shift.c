/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shifts and rotates of registers.
 *
 * What is recorded of a shift is its operand before the last step, so that step is done on its own
 * where flags are wanted. Rotates whose flags are wanted are left to the handler: they change two
 * of them.
 */
#include "target/i386/jit/translate.h"

static const uint8_t extensions[] = {4, 5, 7, 0, 1}; /* SHL, SHR, SAR, ROL, ROR */
static const uint8_t kinds[] = {CCK_SHL, CCK_SHR, CCK_SAR};

static void shift_constant(Tr *t, const Op *op, unsigned which, unsigned size)
{
    Emit *e = &t->e;
    unsigned n = (unsigned)op->imm;
    if (which < sizeof(kinds)) {
        tr_drop_late(t);
    }
    int reg = tr_mod(t, op->dst, H_RAX);
    if (flags_dead(op)) {
        emit_shift_imm(e, extensions[which], size, reg, n);
        tr_put(t, op->dst, reg);
        return;
    }
    if (n > 1) {
        emit_shift_imm(e, extensions[which], size, reg, n - 1);
    }
    tr_record_source(t, size, reg);
    emit_shift_imm(e, extensions[which], size, reg, 1);
    tr_put(t, op->dst, reg);
    tr_record(t, kinds[which], size, reg);
}

/* A count of zero changes no flag, but clears the upper half of a 32-bit operand's register. */
static void shift_counted(Tr *t, const Op *op, unsigned which, unsigned size)
{
    Emit *e = &t->e;
    if (!flags_dead(op)) {
        tr_settle(t);
    }
    int count = tr_get(t, R_RCX * 8, H_RCX);
    if (count != H_RCX) {
        emit_mov(e, 2, H_RCX, count);
    }
    int reg = tr_mod(t, op->dst, H_RAX);
    if (flags_dead(op)) {
        emit_shift_cl(e, extensions[which], size, reg);
        tr_put(t, op->dst, reg);
        return;
    }
    if (size == 2) {
        emit_mov(e, 2, reg, reg);
    }
    emit_alu_imm(e, ALU_AND, 2, H_RCX, size == 3 ? 63 : 31);
    uint8_t *none = emit_jcc(e, 4);
    emit_alu_imm(e, ALU_SUB, 2, H_RCX, 1);
    emit_shift_cl(e, extensions[which], size, reg);
    tr_record_source(t, size, reg);
    emit_shift_imm(e, extensions[which], size, reg, 1);
    tr_record(t, kinds[which], size, reg);
    emit_here(e, none);
    tr_put(t, op->dst, reg);
    t->cc = CC_UNKNOWN;
}

bool tr_shift(Tr *t, const Op *op)
{
    unsigned which = op->xop - XOP_SHL, size = op_size(op);
    bool high_byte = size == 0 && (op->dst & 7);
    if (high_byte || (which >= sizeof(kinds) && !flags_dead(op))) {
        return false;
    }
    if (op->aux) {
        shift_counted(t, op, which, size);
    } else {
        shift_constant(t, op, which, size);
    }
    return true;
}
