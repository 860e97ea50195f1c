/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CMPXCHG and XADD with memory, of 32 and 64 bits. vCPUs take turns, so plain loads and stores are
 * as atomic as the guest asks for.
 */
#include "target/i386/jit/translate.h"

bool tr_cmpxchg(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    if (!tr_address_ok(op)) {
        return false;
    }
    tr_address(t, op);
    tr_tlb(t, op, size, true);
    tr_drop_late(t);
    emit_mov(e, 3, H_RDX, H_RAX);
    emit_load(e, size, H_RCX, H_RDX, 0);
    emit_mov(e, 3, H_RAX, tr_get(t, R_RAX * 8, H_RAX));
    emit_alu_rr(e, ALU_SUB, size, H_RAX, H_RCX);
    uint8_t *differs = emit_jcc(e, 5);
    int source = tr_get(t, op->src, H_RAX);
    emit_store(e, size, source, H_RDX, 0);
    emit_const(e, H_RAX, 0);
    uint8_t *done = emit_jmp(e);
    emit_here(e, differs);
    tr_write(t, R_RAX * 8, size, H_RCX);
    emit_here(e, done);
    if (!flags_dead(op)) {
        tr_record_source(t, size, H_RCX);
        tr_record(t, CCK_SUB, size, H_RAX);
    }
    return true;
}

bool tr_xadd(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    if (!tr_address_ok(op)) {
        return false;
    }
    tr_address(t, op);
    tr_tlb(t, op, size, true);
    tr_drop_late(t);
    int source = tr_get(t, op->src, H_RCX);
    emit_mov(e, 3, H_RDX, source);
    emit_rm(e, 0x03, size, H_RDX, H_RAX, 0);
    if (!flags_dead(op)) {
        /* The old value goes to the guest's register last: it is the sum's second operand. */
        emit8(e, 0x52); /* push rdx */
        tr_record_source(t, size, source);
        emit8(e, 0x5a); /* pop rdx */
    }
    emit_load(e, size, H_RCX, H_RAX, 0);
    emit_store(e, size, H_RDX, H_RAX, 0);
    emit_mov(e, 3, H_RAX, H_RDX);
    if (!flags_dead(op)) {
        tr_record(t, CCK_ADD, size, H_RAX);
    }
    tr_write(t, op->src, size, H_RCX);
    return true;
}
