/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic flags and conditions in host code.
 *
 * Where the guest may look at the flags they are recorded as the interpreter does (flags.h), by
 * moves, which leave the host's own flags for whoever comes next. A condition whose instruction is
 * known from earlier in the block is evaluated by doing the compare again; any other by a call.
 */
#include "target/i386/jit/condition.h"
#include "target/i386/jit/translate.h"

void tr_record(Tr *t, unsigned kind, unsigned size, int result)
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

void tr_record_source(Tr *t, unsigned size, int reg)
{
    Emit *e = &t->e;
    if (size < 3) {
        emit_sext(e, size, H_RDX, reg);
        reg = H_RDX;
    }
    emit_store(e, 3, reg, H_CPU, CPU_OFF(cc_src));
}

void tr_record_host_flags(Tr *t)
{
    static const uint8_t lahf_seto[] = {0x9f, 0x0f, 0x90, 0xc0, /* lahf; seto al */
                                        0x0f, 0xb6, 0xcc};      /* movzx ecx, ah */
    Emit *e = &t->e;
    for (unsigned i = 0; i < sizeof(lahf_seto); i++) {
        emit8(e, lahf_seto[i]);
    }
    emit_zext(e, 0, H_RAX, H_RAX);
    emit_shift_imm(e, 4, 2, H_RAX, 11);
    emit_alu_imm(e, ALU_AND, 2, H_RCX, FLAGS_ARITH & 0xff);
    emit_alu_rr(e, ALU_OR, 2, H_RCX, H_RAX);
    emit_store(e, 3, H_RCX, H_CPU, CPU_OFF(cc_src));
    emit_store_imm(e, 2, CC_FLAGS, H_CPU, CPU_OFF(cc_op));
    t->cc = CC_FLAGS;
    t->host_flags = 0;
}

static unsigned condition_by_call(Tr *t, unsigned cond)
{
    Emit *e = &t->e;
    emit_const(e, H_RAX, (uint64_t)(uintptr_t)condition_calls[cond]);
    emit_rr(e, 0xff, 2, 2, H_RAX);
    emit_rr(e, 0x84, 0, H_RAX, H_RAX);
    return 5;
}

/* Pairs of conditions, by what they look at. */
enum { COND_O, COND_B, COND_Z, COND_BE, COND_S, COND_P, COND_L, COND_LE };

static bool uses_carry(unsigned cond)
{
    return cond / 2 == COND_B || cond / 2 == COND_BE;
}

static bool host_flags_do(const Tr *t, unsigned cond)
{
    unsigned needs = cond / 2 == COND_B ? HOST_CF : uses_carry(cond) ? HOST_ALL : HOST_REST;
    return (t->host_flags & needs) == needs;
}

unsigned tr_condition(Tr *t, unsigned cond)
{
    Emit *e = &t->e;
    unsigned kind = t->cc >> CC_SHIFT, size = t->cc & 3, pair = cond / 2;
    if (host_flags_do(t, cond)) {
        return cond;
    }
    t->host_flags = 0;
    if (pair == COND_B && (t->cc == CC_CF_IN_SRC || t->cc == CC_FLAGS)) {
        emit_rm(e, 0x0fba, 2, 4, H_CPU, CPU_OFF(cc_src)); /* bt $0 */
        emit8(e, 0);
        return cond;
    }
    if (!cc_known(t)) {
        return condition_by_call(t, cond);
    }
    if (kind == CCK_SUB || kind == CCK_ADD) {
        emit_load(e, 3, H_RAX, H_CPU, CPU_OFF(cc_dst));
        emit_load(e, 3, H_RCX, H_CPU, CPU_OFF(cc_src));
        emit_alu_rr(e, kind == CCK_SUB ? ALU_ADD : ALU_SUB, 3, H_RAX, H_RCX);
        emit_alu_rr(e, kind == CCK_SUB ? ALU_CMP : ALU_ADD, size, H_RAX, H_RCX);
        return cond;
    }
    bool by_result = pair == COND_Z || pair == COND_S || pair == COND_P;
    if (kind == CCK_LOGIC || (kind != CCK_FLAGS && by_result)) {
        emit_load(e, 3, H_RAX, H_CPU, CPU_OFF(cc_dst));
        emit_rr(e, 0x85, 3, H_RAX, H_RAX);
        return cond;
    }
    if (kind == CCK_FLAGS && pair != COND_O && pair != COND_L && pair != COND_LE) {
        emit_load(e, 2, H_RAX, H_CPU, CPU_OFF(cc_src));
        emit_shift_imm(e, 4, 2, H_RAX, 8);
        emit8(e, 0x9e); /* SAHF: all but OF */
        return cond;
    }
    return condition_by_call(t, cond);
}

void tr_keep_carry(Tr *t)
{
    Emit *e = &t->e;
    unsigned kind = t->cc >> CC_SHIFT;
    uint8_t *kept = NULL;
    if (cc_known(t) && (kind == CCK_INC || kind == CCK_DEC)) {
        return;
    }
    if (!cc_known(t)) {
        emit_load(e, 2, H_RAX, H_CPU, CPU_OFF(cc_op));
        emit_alu_imm(e, ALU_SUB, 2, H_RAX, CCK_INC << CC_SHIFT);
        emit_alu_imm(e, ALU_CMP, 2, H_RAX, 2 << CC_SHIFT);
        kept = emit_jcc(e, 2);
    }
    unsigned c = tr_condition(t, 2);
    emit_setcc(e, c, H_RAX);
    emit_store(e, 3, H_RAX, H_CPU, CPU_OFF(cc_src));
    if (kept) {
        emit_here(e, kept);
    }
}

bool tr_cond(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    if (op->xop == XOP_SETCC) {
        unsigned cond = tr_condition(t, op->aux);
        emit_rr(e, 0x0f90 | cond, 0, 0, H_RAX);
        tr_write(t, op->dst, 0, H_RAX);
        return true;
    }
    unsigned cond = tr_condition(t, op->aux);
    int from = tr_get(t, op->src, H_RCX);
    int to = tr_mod(t, op->dst, H_RAX);
    emit_rr(e, 0x0f40 | cond, size, to, from);
    tr_put(t, op->dst, to);
    return true;
}
