/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two-operand arithmetic, shifts by constants, INC and DEC, and conditions.
 *
 * Where the guest may look at the flags they are recorded as the interpreter does, by moves, which
 * leave the host's flags for the jump that follows. A condition whose compare is known from earlier
 * in the block is evaluated by doing that compare again; any other by a call.
 */
#include "target/i386/jit/translate.h"

static void record(Tr *t, unsigned kind, unsigned size, int result)
{
    Emit *e = &t->e;
    t->cc = kind << CC_SHIFT | size;
    if (size < 3) {
        emit_sext(e, size, H_RDX, result);
        result = H_RDX;
    }
    emit_store(e, 3, result, H_CPU, CPU_OFF(cc_dst));
    emit_store_imm(e, 2, (int32_t)t->cc, H_CPU, CPU_OFF(cc_op));
}

static void record_source(Tr *t, unsigned size, int reg)
{
    Emit *e = &t->e;
    if (size < 3) {
        emit_sext(e, size, H_RDX, reg);
        reg = H_RDX;
    }
    emit_store(e, 3, reg, H_CPU, CPU_OFF(cc_src));
}

static int32_t cut_imm(const Op *op, unsigned size)
{
    return (int32_t)flags_sext((uint64_t)op->imm, size);
}

static void record_alu(Tr *t, const Op *op, unsigned kind, int result, int source)
{
    unsigned size = op_size(op);
    bool sub = kind == ALU_SUB || kind == ALU_CMP;
    if (flags_dead(op)) {
        t->cc = CC_FLAGS;
        return;
    }
    if (sub || kind == ALU_ADD) {
        if (source == H_NONE) {
            emit_store_imm(&t->e, 3, cut_imm(op, size), H_CPU, CPU_OFF(cc_src));
        } else {
            record_source(t, size, source);
        }
    }
    record(t, sub ? CCK_SUB : kind == ALU_ADD ? CCK_ADD : CCK_LOGIC, size, result);
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
        source = tr_source(t, op->src, size, H_RCX);
    }
    emit_load(e, size, H_RDX, H_RAX, 0);
    compute(t, op, kind, H_RDX, source);
    if (writes) {
        emit_store(e, size, H_RDX, H_RAX, 0);
    }
    emit_mov(e, 3, H_RAX, H_RDX);
    record_alu(t, op, kind, H_RAX, source);
}

static void alu_register(Tr *t, const Op *op, unsigned kind, bool writes)
{
    Emit *e = &t->e;
    unsigned size = op_size(op), form = OP_FORM_KIND(op->form);
    int source = H_NONE, dst = H_RAX;
    if (form == FORM_RM) {
        tr_address(t, op);
        tr_tlb(t, op, size, false);
        emit_load(e, size, H_RCX, H_RAX, 0);
        source = H_RCX;
    } else if (form == FORM_RR) {
        source = tr_source(t, op->src, size, H_RCX);
    }
    if (size < 2) {
        emit_load(e, size, H_RAX, H_CPU, op->dst);
    } else if (!writes) {
        emit_mov(e, size, H_RAX, tr_get(t, op->dst));
    } else {
        if (source >= 0 && form == FORM_RR) {
            /* Fetching the destination may reuse the source's register, and so may the result. */
            emit_mov(e, 3, H_RCX, source);
            source = H_RCX;
        }
        dst = tr_get(t, op->dst);
    }
    compute(t, op, kind, dst, source);
    if (writes && size < 2) {
        emit_store(e, size, H_RAX, H_CPU, op->dst);
        tr_forget(t, op->dst);
    } else if (writes) {
        tr_put(t, op->dst);
    }
    record_alu(t, op, kind, dst, source);
}

bool tr_alu(Tr *t, const Op *op)
{
    unsigned kind = op->xop - XOP_ALU, form = OP_FORM_KIND(op->form);
    bool writes = kind != ALU_CMP && kind != ALU_TEST;
    if (kind == ALU_ADC || kind == ALU_SBB || (form >= FORM_RM && !tr_address_ok(op))) {
        return false;
    }
    if (form == FORM_MR || form == FORM_MI) {
        alu_memory(t, op, kind, writes);
    } else {
        alu_register(t, op, kind, writes);
    }
    if (op->cond != OP_NO_COND) {
        tr_jump_if(t, op, op->cond);
    }
    return true;
}

bool tr_shift(Tr *t, const Op *op)
{
    static const uint8_t ext[] = {4, 5, 7}, kinds[] = {CCK_SHL, CCK_SHR, CCK_SAR};
    Emit *e = &t->e;
    unsigned size = op_size(op);
    if (op->xop == XOP_INC || op->xop == XOP_DEC) {
        if (!flags_dead(op) || size < 2) {
            return false;
        }
        int r = tr_get(t, op->dst);
        emit_alu_imm(e, op->xop == XOP_INC ? 0 : 5, size, r, 1);
        tr_put(t, op->dst);
        t->cc = CC_FLAGS;
        return true;
    }
    unsigned which = op->xop - XOP_SHL, n = (unsigned)op->imm;
    int r = tr_get(t, op->dst);
    if (flags_dead(op)) {
        emit_shift_imm(e, ext[which], size, r, n);
        tr_put(t, op->dst);
        t->cc = CC_FLAGS;
        return true;
    }
    if (n > 1) {
        emit_shift_imm(e, ext[which], size, r, n - 1);
    }
    record_source(t, size, r);
    emit_shift_imm(e, ext[which], size, r, 1);
    tr_put(t, op->dst);
    record(t, kinds[which], size, r);
    return true;
}

#define COND_CALL(c_)                                                                              \
    static bool cond_##c_(Cpu *cpu)                                                                \
    {                                                                                              \
        return flags_cond(cpu, c_);                                                                \
    }
FOR_CONDITIONS(COND_CALL)
#define COND_ITEM(c_) cond_##c_,
static bool (*const cond_calls[16])(Cpu *) = {FOR_CONDITIONS(COND_ITEM)};

unsigned tr_condition(Tr *t, unsigned cond)
{
    Emit *e = &t->e;
    unsigned kind = t->cc >> CC_SHIFT, size = t->cc & 3;
    if (kind == CCK_LOGIC) {
        emit_load(e, 3, H_RAX, H_CPU, CPU_OFF(cc_dst));
        emit_rr(e, 0x85, 3, H_RAX, H_RAX);
        return cond;
    }
    if (kind == CCK_SUB || kind == CCK_ADD) {
        emit_load(e, 3, H_RAX, H_CPU, CPU_OFF(cc_dst));
        emit_load(e, 3, H_RCX, H_CPU, CPU_OFF(cc_src));
        emit_alu_rr(e, kind == CCK_SUB ? ALU_ADD : ALU_SUB, 3, H_RAX, H_RCX);
        emit_alu_rr(e, kind == CCK_SUB ? ALU_CMP : ALU_ADD, size, H_RAX, H_RCX);
        return cond;
    }
    /* Called from where rsp is 8 off alignment. */
    emit8(e, 0x57);
    emit_const(e, H_RAX, (uint64_t)(uintptr_t)cond_calls[cond]);
    emit8(e, 0xff);
    emit8(e, 0xd0);
    emit8(e, 0x5f);
    emit8(e, 0x84);
    emit8(e, 0xc0);
    tr_forget_all(t);
    return 5;
}

bool tr_cond(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned cond = tr_condition(t, op->aux), size = op_size(op);
    if (op->xop == XOP_SETCC) {
        emit_rr(e, 0x0f90 | cond, 0, 0, H_RAX);
        tr_write(t, op->dst, 0, H_RAX);
        return true;
    }
    int from = tr_get(t, op->src);
    emit_mov(e, 3, H_RCX, from);
    int to = tr_get(t, op->dst);
    emit_rr(e, 0x0f40 | cond, size, to, H_RCX);
    tr_put(t, op->dst);
    return true;
}
