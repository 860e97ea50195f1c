/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory: the address, and the soft TLB's compare in line. An access that is not aligned to
 * its size takes the slow path, so that none crosses a page.
 */
#include "target/i386/jit/translate.h"

bool tr_address_ok(const Op *op)
{
    return (op->ea_kind == EA_FAST || op->ea_kind == EA_SEGBASE) && op->disp == (int32_t)op->disp;
}

void tr_address(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    int base = H_NONE, index = H_NONE;
    if (op->base == OP_REG_RIP) {
        base = H_RAX;
        emit_load(e, 3, H_RAX, H_CPU, OP_REG_RIP);
    } else if (op->base != OP_REG_ZERO) {
        base = tr_get(t, op->base);
    }
    if (op->index != OP_REG_ZERO) {
        index = tr_get(t, op->index);
    }
    emit_rmx(e, 0x8d, 3, H_RAX, base, index, op->scale, (int32_t)op->disp);
    if (op->ea_kind == EA_SEGBASE && op->xop != XOP_LEA) {
        emit_rm(e, 0x03, 3, H_RAX, H_CPU,
                CPU_OFF(seg) + op->seg * (int32_t)sizeof(CpuSegment) +
                    (int32_t)offsetof(CpuSegment, base));
    }
}

void tr_tlb(Tr *t, const Op *op, unsigned size, bool write)
{
    Emit *e = &t->e;
    emit_mov(e, 3, H_RCX, H_RAX);
    emit_shift_imm(e, 5, 3, H_RCX, PAGE_SHIFT - 6);
    emit_alu_imm(e, 4, 2, H_RCX, (TLB_SIZE - 1) << 6);
    emit_rm(e, 0x03, 3, H_RCX, H_CPU, CPU_OFF(tlb_now));
    emit_mov(e, 3, H_RDX, H_RAX);
    emit_alu_imm(e, 4, 3, H_RDX, -(int32_t)PAGE_SIZE | ((1 << size) - 1));
    emit_rm(e, 0x3b, 3, H_RDX, H_RCX,
            (int32_t)(write ? offsetof(TlbEntry, tag_write) : offsetof(TlbEntry, tag_read)));
    SlowPath *s = &t->slow[t->n_slow++];
    s->from = emit_jcc(e, 5);
    s->op = t->at;
    s->join = NULL;
    emit_rm(e, 0x03, 3, H_RAX, H_RCX, (int32_t)offsetof(TlbEntry, addend));
}

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
        emit_store(e, size, tr_source(t, op->src, size, H_RCX), H_RAX, 0);
    } else if (size >= 2) {
        emit_load(e, size, tr_def(t, op->dst), H_RAX, 0);
        tr_put(t, op->dst);
    } else {
        emit_load(e, size, H_RAX, H_RAX, 0);
        tr_write(t, op->dst, size, H_RAX);
    }
    return true;
}

static bool extend(Tr *t, const Op *op, unsigned form)
{
    Emit *e = &t->e;
    unsigned size = op_size(op), from = op->aux;
    if (size < 2 || from >= size || (form == FORM_RM && !tr_address_ok(op))) {
        return false;
    }
    int base = H_CPU, disp = op->src;
    if (form == FORM_RM) {
        tr_address(t, op);
        tr_tlb(t, op, from, false);
        base = H_RAX;
        disp = 0;
    }
    int r = tr_def(t, op->dst);
    if (op->xop == XOP_MOVZX) {
        emit_load(e, from, r, base, disp);
    } else {
        emit_load_signed(e, from, size, r, base, disp);
    }
    tr_put(t, op->dst);
    return true;
}

static bool lea(Tr *t, const Op *op)
{
    if (op->ea_kind > EA_SEGBASE || op->disp != (int32_t)op->disp || op->asize < op->osize) {
        return false;
    }
    tr_address(t, op);
    emit_mov(&t->e, op_size(op), tr_def(t, op->dst), H_RAX);
    tr_put(t, op->dst);
    return true;
}

bool tr_move(Tr *t, const Op *op)
{
    Emit *e = &t->e;
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
    if (form == FORM_RI && size >= 2) {
        emit_const(e, tr_def(t, op->dst), size == 2 ? (uint32_t)op->imm : (uint64_t)op->imm);
        tr_put(t, op->dst);
    } else if (form == FORM_RI) {
        emit_store_imm(e, size, (int32_t)op->imm, H_CPU, op->dst);
        tr_forget(t, op->dst);
    } else if (size >= 2) {
        int from = tr_get(t, op->src);
        emit_mov(e, size, H_RAX, from);
        tr_write(t, op->dst, 3, H_RAX);
    } else {
        emit_load(e, size, H_RAX, H_CPU, op->src);
        tr_write(t, op->dst, size, H_RAX);
    }
    return true;
}

bool tr_stack(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    const unsigned sp = R_RSP * 8;
    if (op->xop == XOP_PUSH) {
        if (op->imm != (int32_t)op->imm) {
            return false;
        }
        emit_rm(e, 0x8d, 3, H_RAX, tr_get(t, sp), -8);
        tr_tlb(t, op, 3, true);
        if (OP_FORM_KIND(op->form) == FORM_RI) {
            emit_store_imm(e, 3, (int32_t)op->imm, H_RAX, 0);
        } else {
            emit_store(e, 3, tr_get(t, op->src), H_RAX, 0);
        }
        int r = tr_get(t, sp);
        emit_rm(e, 0x8d, 3, r, r, -8);
        tr_put(t, sp);
        return true;
    }
    emit_mov(e, 3, H_RAX, tr_get(t, sp));
    tr_tlb(t, op, 3, false);
    emit_load(e, 3, H_RAX, H_RAX, 0);
    int r = tr_get(t, sp);
    emit_rm(e, 0x8d, 3, r, r, 8);
    tr_put(t, sp);
    tr_write(t, op->dst, 3, H_RAX);
    return true;
}
