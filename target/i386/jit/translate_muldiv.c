/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiplication and division of 32 and 64 bits. A division that may not fit goes to the handler,
 * which raises #DE if it does not.
 */
#include "target/i386/jit/translate.h"

/* CF and OF are the host's, the others as the interpreter has them: by the low half. */
static void record_product(Tr *t, const Op *op, unsigned size, int low)
{
    Emit *e = &t->e;
    if (flags_dead(op)) {
        return;
    }
    emit_setcc(e, 2, H_RAX);
    emit_rr(e, 0x69, 2, H_RAX, H_RAX);
    emit32(e, FLAG_CF | FLAG_OF);
    emit_store(e, 3, H_RAX, H_CPU, CPU_OFF(cc_src));
    tr_record(t, CCK_RES, size, low);
}

/* The r/m operand: a register, or loaded into rcx. */
static int tr_operand(Tr *t, const Op *op, unsigned size)
{
    if (op->src != OP_REG_ZERO) {
        return tr_get(t, op->src, H_RCX);
    }
    tr_address(t, op);
    tr_tlb(t, op, size, false);
    emit_load(&t->e, size, H_RCX, H_RAX, 0);
    return H_RCX;
}

static void multiply(Tr *t, const Op *op, unsigned size)
{
    Emit *e = &t->e;
    int source = tr_operand(t, op, size);
    tr_drop_late(t);
    if (op->aux) { /* by a constant */
        int dst = tr_dst(t, op->dst, H_RDX);
        emit_rr(e, 0x69, size, dst, source);
        emit32(e, (uint32_t)op->imm);
        tr_put(t, op->dst, dst);
        if (dst == H_RDX && !flags_dead(op)) {
            emit_mov(e, 3, H_RCX, dst);
            dst = H_RCX;
        }
        record_product(t, op, size, dst);
        return;
    }
    int dst = tr_mod(t, op->dst, H_RDX);
    emit_rr(e, 0x0faf, size, dst, source);
    tr_put(t, op->dst, dst);
    if (dst == H_RDX && !flags_dead(op)) {
        emit_mov(e, 3, H_RCX, dst);
        dst = H_RCX;
    }
    record_product(t, op, size, dst);
}

static void write_pair(Tr *t, unsigned size)
{
    tr_write(t, R_RAX * 8, size, H_RAX);
    tr_write(t, R_RDX * 8, size, H_RDX);
}

static void multiply_wide(Tr *t, const Op *op, unsigned size)
{
    Emit *e = &t->e;
    int source = tr_operand(t, op, size);
    tr_drop_late(t);
    emit_mov(e, 3, H_RAX, tr_get(t, R_RAX * 8, H_RAX));
    emit_rr(e, 0xf7, size, op->xop == XOP_MUL_WIDE ? 4 : 5, source);
    write_pair(t, size);
    if (!flags_dead(op)) {
        emit_mov(e, 3, H_RCX, H_RAX);
        record_product(t, op, size, H_RCX);
    }
}

static void tr_divide(Tr *t, const Op *op, unsigned size)
{
    Emit *e = &t->e;
    int source = tr_operand(t, op, size);
    emit_mov(e, 3, H_RDX, tr_get(t, R_RDX * 8, H_RDX));
    emit_mov(e, 3, H_RAX, tr_get(t, R_RAX * 8, H_RAX));
    emit_alu_rr(e, ALU_CMP, size, H_RDX, source);
    tr_slow_if(t, 3);
    emit_rr(e, 0xf7, size, 6, source);
    write_pair(t, size);
}

/* What fits for sure: a dividend of one word, and neither 0 nor -1 to divide by. */
static void tr_divide_signed(Tr *t, const Op *op, unsigned size)
{
    Emit *e = &t->e;
    int source = tr_operand(t, op, size);
    emit_mov(e, 3, H_RAX, tr_get(t, R_RAX * 8, H_RAX));
    emit_mov(e, 3, H_RDX, H_RAX);
    emit_shift_imm(e, 7, size, H_RDX, size == 3 ? 63 : 31);
    emit_rm(e, 0x3b, size, H_RDX, H_CPU, R_RDX * 8);
    tr_slow_if(t, 5);
    emit_lea(e, 3, H_RDX, source, 1);
    emit_alu_imm(e, ALU_CMP, size, H_RDX, 1);
    tr_slow_if(t, 6);
    if (size == 3) {
        emit8(e, 0x48);
    }
    emit8(e, 0x99); /* CDQ, CQO */
    emit_rr(e, 0xf7, size, 7, source);
    write_pair(t, size);
}

bool tr_multiply(Tr *t, const Op *op)
{
    unsigned size = op_size(op);
    if (op->src == OP_REG_ZERO && !tr_address_ok(op)) {
        return false;
    }
    switch (op->xop) {
    case XOP_IMUL:
        multiply(t, op, size);
        break;
    case XOP_DIV:
        tr_divide(t, op, size);
        break;
    case XOP_IDIV:
        tr_flush(t); /* so that the Cpu's rDX can be compared with */
        tr_divide_signed(t, op, size);
        break;
    default:
        multiply_wide(t, op, size);
        break;
    }
    return true;
}
