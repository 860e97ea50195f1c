/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves, extensions, LEA, XCHG, BSWAP, CDQ and CQO.
 */
#include "target/i386/jit/translate.h"

static bool move_memory(Tr *t, const Op *op, unsigned form, unsigned size)
{
    Emit *e = &t->e;
    if (!tr_address_ok(op)) {
        return false;
    }
    tr_address(t, op);
    tr_tlb(t, op, size, form != FORM_RM);
    if (form == FORM_MI) {
        emit_store_imm(e, size, (int32_t)op->imm, H_RAX, 0);
    } else if (form == FORM_MR) {
        emit_store(e, size, tr_get_sized(t, op->src, size, H_RCX), H_RAX, 0);
    } else if (size >= 2) {
        int reg = tr_dst(t, op->dst, H_RCX);
        emit_load(e, size, reg, H_RAX, 0);
        tr_put(t, op->dst, reg);
    } else {
        emit_load(e, size, H_RAX, H_RAX, 0);
        tr_write(t, op->dst, size, H_RAX);
    }
    return true;
}

static void extend_to(Tr *t, const Op *op, int reg, int from)
{
    unsigned size = op_size(op);
    if (op->xop == XOP_MOVZX) {
        emit_zext(&t->e, op->aux, reg, from);
    } else if (size == 3) {
        emit_sext(&t->e, op->aux, reg, from);
    } else {
        emit_rr(&t->e, op->aux == 0 ? 0x0fbe : 0x0fbf, 2, reg, from);
    }
}

static bool extend(Tr *t, const Op *op, unsigned form)
{
    Emit *e = &t->e;
    unsigned size = op_size(op), from = op->aux;
    if (size < 2 || from >= size || (form == FORM_RM && !tr_address_ok(op))) {
        return false;
    }
    int reg;
    if (form == FORM_RM) {
        tr_address(t, op);
        tr_tlb(t, op, from, false);
        reg = tr_dst(t, op->dst, H_RCX);
        if (op->xop == XOP_MOVZX) {
            emit_load(e, from, reg, H_RAX, 0);
        } else {
            emit_load_signed(e, from, size, reg, H_RAX, 0);
        }
    } else {
        int source = tr_get_sized(t, op->src, from, H_RAX);
        reg = tr_dst(t, op->dst, H_RCX);
        extend_to(t, op, reg, source);
    }
    tr_put(t, op->dst, reg);
    return true;
}

static bool lea(Tr *t, const Op *op)
{
    /* Segments and the address size, which is no smaller than the operand's, do not matter. */
    if ((op_size(op) == 3 && op->disp != (int32_t)op->disp) || op->asize < op->osize) {
        return false;
    }
    int reg = tr_dst(t, op->dst, H_RAX);
    tr_address_in(t, op, reg);
    if (op_size(op) == 2) {
        emit_mov(&t->e, 2, reg, reg);
    }
    tr_put(t, op->dst, reg);
    return true;
}

static void move_registers(Tr *t, const Op *op, unsigned form, unsigned size)
{
    Emit *e = &t->e;
    if (form == FORM_RI && size >= 2) {
        int reg = tr_dst(t, op->dst, H_RAX);
        emit_const(e, reg, size == 2 ? (uint32_t)op->imm : (uint64_t)op->imm);
        tr_put(t, op->dst, reg);
    } else if (form == FORM_RI) {
        emit_const(e, H_RAX, size ? (uint16_t)op->imm : (uint8_t)op->imm);
        tr_write(t, op->dst, size, H_RAX);
    } else {
        tr_write(t, op->dst, size, tr_get_sized(t, op->src, size, H_RAX));
    }
}

bool tr_move(Tr *t, const Op *op)
{
    unsigned form = OP_FORM_KIND(op->form), size = op_size(op);
    if (op->xop == XOP_LEA) {
        return lea(t, op);
    }
    if (op->xop != XOP_MOV) {
        return extend(t, op, form);
    }
    if (form > FORM_RI) {
        return move_memory(t, op, form, size);
    }
    move_registers(t, op, form, size);
    return true;
}

/* XCHG with memory is a read and a write of one place: the write's rights imply the read's. */
static bool exchange_memory(Tr *t, const Op *op, unsigned size)
{
    Emit *e = &t->e;
    if (!tr_address_ok(op)) {
        return false;
    }
    tr_address(t, op);
    tr_tlb(t, op, size, true);
    emit_load(e, size, H_RDX, H_RAX, 0);
    emit_store(e, size, tr_get_sized(t, op->src, size, H_RCX), H_RAX, 0);
    tr_write(t, op->src, size, H_RDX);
    return true;
}

bool tr_exchange(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    if (op->xop == XOP_BSWAP) {
        int reg = tr_mod(t, op->dst, H_RAX);
        emit8(e, 0x40 | (size == 3 ? 8u : 0) | (reg >= 8 ? 1u : 0));
        emit8(e, 0x0f);
        emit8(e, 0xc8 | ((unsigned)reg & 7));
        tr_put(t, op->dst, reg);
        return true;
    }
    if (OP_FORM_KIND(op->form) == FORM_MR) {
        return exchange_memory(t, op, size);
    }
    emit_mov(e, 3, H_RAX, tr_get_sized(t, op->dst, size, H_RAX));
    emit_mov(e, 3, H_RDX, tr_get_sized(t, op->src, size, H_RCX));
    tr_write(t, op->dst, size, H_RDX);
    tr_write(t, op->src, size, H_RAX);
    return true;
}

bool tr_sign(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    int to = tr_dst(t, R_RDX * 8, H_RCX);
    emit_mov(e, size, to, tr_get(t, R_RAX * 8, H_RAX));
    emit_shift_imm(e, 7, size, to, size == 3 ? 63 : 31);
    tr_put(t, R_RDX * 8, to);
    return true;
}
