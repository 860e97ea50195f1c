/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two-operand arithmetic, NEG, NOT, INC and DEC.
 */
#include "target/i386/jit/translate.h"

static int32_t cut_imm(const Op *op, unsigned size)
{
    return (int32_t)flags_sext((uint64_t)op->imm, size);
}

/* After the operation; `source` is H_NONE for the immediate. */
static void record_alu(Tr *t, const Op *op, unsigned kind, int result, int source)
{
    bool sub = kind == ALU_SUB || kind == ALU_CMP;
    unsigned record = sub ? CCK_SUB : kind == ALU_ADD ? CCK_ADD : CCK_LOGIC;
    t->host_flags = HOST_ALL;
    if (!flags_dead(op)) {
        tr_flags(t, record, op_size(op), result, source, cut_imm(op, op_size(op)));
    }
}

static void compute(Tr *t, const Op *op, unsigned kind, int dst, int source)
{
    unsigned host = kind == ALU_CMP ? ALU_SUB : kind == ALU_TEST ? ALU_AND : kind;
    if (source == H_NONE) {
        emit_alu_imm(&t->e, host, op_size(op), dst, cut_imm(op, op_size(op)));
    } else {
        emit_alu_rr(&t->e, host, op_size(op), dst, source);
    }
}

/* The first operand is memory. */
static void alu_memory(Tr *t, const Op *op, unsigned kind, bool writes)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    int source = H_NONE;
    tr_address(t, op);
    tr_tlb(t, op, size, writes);
    if (OP_FORM_KIND(op->form) == FORM_MR) {
        source = tr_get_sized(t, op->src, size, H_RCX);
    }
    tr_drop_late(t);
    emit_load(e, size, H_RDX, H_RAX, 0);
    compute(t, op, kind, H_RDX, source);
    if (writes) {
        emit_store(e, size, H_RDX, H_RAX, 0);
    }
    if (!flags_dead(op)) {
        emit_mov(e, 3, H_RAX, H_RDX);
    }
    record_alu(t, op, kind, H_RAX, source);
}

/* The second operand: a register, or H_NONE for the immediate. Not rax. */
static int alu_source(Tr *t, const Op *op, unsigned size)
{
    switch (OP_FORM_KIND(op->form)) {
    case FORM_RM:
        tr_address(t, op);
        tr_tlb(t, op, size, false);
        emit_load(&t->e, size, H_RCX, H_RAX, 0);
        return H_RCX;
    case FORM_RR:
        return tr_get_sized(t, op->src, size, H_RCX);
    default:
        return H_NONE;
    }
}

static void alu_register(Tr *t, const Op *op, unsigned kind, bool writes)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    int source = alu_source(t, op, size), dst;
    tr_drop_late(t);
    if (writes && size >= 2) {
        dst = tr_mod(t, op->dst, H_RAX);
        bool source_is_read_later = !flags_dead(op) && (kind == ALU_ADD || kind == ALU_SUB);
        if (dst == source && source_is_read_later) {
            emit_mov(e, 3, H_RCX, source);
            source = H_RCX;
        }
        compute(t, op, kind, dst, source);
        tr_put(t, op->dst, dst);
        record_alu(t, op, kind, dst, source);
    } else {
        dst = tr_get_sized(t, op->dst, size, H_RAX);
        if (dst != H_RAX) {
            emit_mov(e, 3, H_RAX, dst);
        }
        dst = H_RAX;
        compute(t, op, kind, dst, source);
        record_alu(t, op, kind, dst, source);
        if (writes) {
            tr_write(t, op->dst, size, dst);
        }
    }
}

/* CMP and TEST that only the host's flags need to know of now. */
static bool alu_compare(Tr *t, const Op *op, unsigned kind)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    unsigned late = kind == ALU_CMP ? LATE_COMPARE : LATE_TEST;
    bool high = (op->dst & 7) || (OP_FORM_KIND(op->form) == FORM_RR && (op->src & 7));
    if (!flags_dead(op) && (op->cond != OP_NO_COND || high || OP_FORM_KIND(op->form) == FORM_RM)) {
        return false;
    }
    int source = alu_source(t, op, size);
    tr_drop_late(t);
    int dst = tr_get_sized(t, op->dst, size, H_RAX);
    if (!flags_dead(op) && !tr_flags_late(t, late, size, dst, source, cut_imm(op, size))) {
        return false;
    }
    if (kind == ALU_CMP && source == H_NONE) {
        emit_alu_imm(e, ALU_CMP, size, dst, cut_imm(op, size));
    } else if (kind == ALU_CMP) {
        emit_alu_rr(e, ALU_CMP, size, dst, source);
    } else if (source == H_NONE) {
        emit_rr(e, size ? 0xf7 : 0xf6, size, 0, dst);
        emit_imm(e, size, cut_imm(op, size));
    } else {
        emit_rr(e, size ? 0x85 : 0x84, size, source, dst);
    }
    t->host_flags = HOST_ALL;
    return true;
}

/* Carry in: the guest's CF in the host's. The source is safe in rdx or pinned. */
static bool alu_with_carry(Tr *t, const Op *op, unsigned kind)
{
    Emit *e = &t->e;
    unsigned size = op_size(op), form = OP_FORM_KIND(op->form);
    int source = H_NONE;
    if (size < 2 || form > FORM_RM) {
        return false;
    }
    if (form == FORM_RM) {
        tr_address(t, op);
        tr_tlb(t, op, size, false);
        emit_load(e, size, H_RDX, H_RAX, 0);
        source = H_RDX;
    }
    unsigned c = tr_condition(t, 2);
    if (c != 2) {
        emit_setcc(e, c, H_RAX);
        emit_alu_imm(e, ALU_ADD, 0, H_RAX, -1);
    }
    if (form == FORM_RR) {
        source = tr_get(t, op->src, H_RDX);
    }
    tr_drop_late(t);
    int dst = tr_mod(t, op->dst, H_RAX);
    compute(t, op, kind, dst, source);
    tr_put(t, op->dst, dst);
    if (!flags_dead(op)) {
        tr_record_host_flags(t);
    }
    if (form == FORM_RM) {
        t->cc = CC_UNKNOWN;
    }
    return true;
}

bool tr_alu(Tr *t, const Op *op)
{
    unsigned kind = op->xop - XOP_ALU, form = OP_FORM_KIND(op->form);
    bool writes = kind != ALU_CMP && kind != ALU_TEST;
    if (form >= FORM_RM && !tr_address_ok(op)) {
        return false;
    }
    if (kind == ALU_ADC || kind == ALU_SBB) {
        return alu_with_carry(t, op, kind);
    }
    if (form == FORM_MR || form == FORM_MI) {
        alu_memory(t, op, kind, writes);
    } else if (writes || !alu_compare(t, op, kind)) {
        alu_register(t, op, kind, writes);
    }
    if (op->cond != OP_NO_COND) {
        tr_jump_if(t, op, op->cond);
    }
    return true;
}

static void unary_compute(Tr *t, const Op *op, int reg)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    if (op->xop == XOP_INC || op->xop == XOP_DEC) {
        emit_alu_imm(e, op->xop == XOP_INC ? ALU_ADD : ALU_SUB, size, reg, 1);
    } else {
        emit_rr(e, size ? 0xf7 : 0xf6, size, op->xop == XOP_NEG ? 3 : 2, reg);
    }
}

static void unary_record(Tr *t, const Op *op, int result)
{
    static const uint8_t kinds[] = {CCK_INC, CCK_DEC, CCK_SUB};
    if (op->xop == XOP_NOT) {
        return;
    }
    t->host_flags = op->xop == XOP_NEG ? HOST_ALL : HOST_REST;
    if (!flags_dead(op)) {
        tr_record(t, kinds[op->xop - XOP_INC], op_size(op), result);
    }
}

bool tr_unary(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    bool live = !flags_dead(op), counts = op->xop == XOP_INC || op->xop == XOP_DEC;
    int at = H_NONE, reg;
    if (OP_FORM_KIND(op->form) == FORM_MR) {
        if (!tr_address_ok(op)) {
            return false;
        }
        tr_address(t, op);
        tr_tlb(t, op, size, true);
        emit_mov(e, 3, H_RDX, H_RAX);
        at = H_RDX;
    }
    if (counts && live) {
        tr_keep_carry(t);
    }
    if (op->xop == XOP_NEG || (live && op->xop != XOP_NOT)) {
        tr_drop_late(t);
    }
    if (at >= 0) {
        reg = H_RCX;
        emit_load(e, size, reg, at, 0);
    } else if (size >= 2) {
        reg = tr_mod(t, op->dst, H_RCX);
    } else {
        reg = tr_get_sized(t, op->dst, size, H_RCX);
        if (reg != H_RCX) {
            emit_mov(e, 3, H_RCX, reg);
            reg = H_RCX;
        }
    }
    if (op->xop == XOP_NEG && live) {
        emit_sext(e, size, H_RAX, reg);
        emit_store(e, 3, H_RAX, H_CPU, CPU_OFF(cc_src));
    }
    unary_compute(t, op, reg);
    if (at >= 0) {
        emit_store(e, size, reg, at, 0);
    } else if (size >= 2) {
        tr_put(t, op->dst, reg);
    } else {
        tr_write(t, op->dst, size, reg);
    }
    unary_record(t, op, reg);
    return true;
}
