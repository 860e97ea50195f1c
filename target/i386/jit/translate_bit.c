/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bit tests of registers, and scans.
 */
#include "target/i386/jit/translate.h"

/* BT changes CF and leaves ZF: flags kept as such get the bit, and a recorded result becomes
 * another kind of record of the same result. CF is in ecx. */
static void record_carry(Tr *t)
{
    Emit *e = &t->e;
    uint8_t *result = NULL, *done = NULL;
    if (!cc_known(t)) {
        emit_rm(e, 0x83, 2, 7, H_CPU, CPU_OFF(cc_op));
        emit8(e, CC_FLAGS);
        result = emit_jcc(e, 5);
    }
    if (!cc_known(t) || t->cc == CC_FLAGS) {
        emit_load(e, 2, H_RAX, H_CPU, CPU_OFF(cc_src));
        emit_alu_imm(e, ALU_AND, 2, H_RAX, ~(int32_t)FLAG_CF);
        emit_alu_rr(e, ALU_OR, 2, H_RCX, H_RAX);
    }
    if (result) {
        done = emit_jmp(e);
        emit_here(e, result);
    }
    if (t->cc != CC_FLAGS) {
        emit_store_imm(e, 2, CC_OP(CCK_RES, 64), H_CPU, CPU_OFF(cc_op));
        t->cc = cc_known(t) ? CC_OP(CCK_RES, 64) : CC_CF_IN_SRC;
    }
    if (done) {
        emit_here(e, done);
    }
    emit_store(e, 3, H_RCX, H_CPU, CPU_OFF(cc_src));
    t->host_flags = 0;
}

static void tr_bit_test(Tr *t, const Op *op, unsigned size)
{
    static const uint8_t opcodes[] = {0xa3, 0xab, 0xb3, 0xbb}; /* BT, BTS, BTR, BTC */
    Emit *e = &t->e;
    unsigned kind = op->aux;
    if (!flags_dead(op)) {
        tr_settle(t);
    }
    int reg = tr_mod(t, op->dst, H_RAX);
    if (op->src == OP_REG_ZERO) {
        emit_rr(e, 0x0fba, size, 4 + (int)kind, reg);
        emit8(e, (unsigned)op->imm & (size == 3 ? 63 : 31));
    } else {
        emit_rr(e, 0x0f00 | opcodes[kind], size, tr_get(t, op->src, H_RCX), reg);
    }
    if (kind) {
        tr_put(t, op->dst, reg);
    }
    t->host_flags = HOST_CF;
    if (!flags_dead(op)) {
        emit_setcc(e, 2, H_RCX);
        record_carry(t);
    }
}

/* A source of zero leaves the destination as it is. */
static bool scan(Tr *t, const Op *op, unsigned size)
{
    Emit *e = &t->e;
    int source;
    if (op->src == OP_REG_ZERO) {
        if (!tr_address_ok(op)) {
            return false;
        }
        tr_address(t, op);
        tr_tlb(t, op, size, false);
        emit_load(e, size, H_RCX, H_RAX, 0);
        source = H_RCX;
    } else {
        source = tr_get(t, op->src, H_RCX);
    }
    tr_drop_late(t);
    int reg = tr_mod(t, op->dst, H_RDX);
    emit_rr(e, op->xop == XOP_BSF ? 0x0fbc : 0x0fbd, size, H_RAX, source);
    emit_rr(e, 0x0f45, 3, reg, H_RAX);
    tr_put(t, op->dst, reg);
    if (!flags_dead(op)) {
        emit_setcc(e, 4, H_RAX);
        emit_rr(e, 0x6b, 2, H_RAX, H_RAX);
        emit8(e, FLAG_ZF | FLAG_PF);
        emit_store(e, 3, H_RAX, H_CPU, CPU_OFF(cc_src));
        emit_store_imm(e, 2, CC_FLAGS, H_CPU, CPU_OFF(cc_op));
        t->cc = CC_FLAGS;
    }
    return true;
}

bool tr_bit(Tr *t, const Op *op)
{
    unsigned size = op_size(op);
    if (op->xop == XOP_BIT) {
        tr_bit_test(t, op, size);
        return true;
    }
    return scan(t, op, size);
}
