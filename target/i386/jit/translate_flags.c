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

#define CC_OP_SIZED(kind_, size_) ((uint32_t)(kind_) << CC_SHIFT | (size_))

/* Operands are sign-extended (flags.h). */
static void emit_operand(Emit *e, unsigned size, int reg, int32_t off)
{
    if (size < 3) {
        emit_sext(e, size, H_RDX, reg);
        reg = H_RDX;
    }
    emit_store(e, 3, reg, H_CPU, off);
}

static void emit_source(Emit *e, unsigned size, int reg)
{
    emit_operand(e, size, reg, CPU_OFF(cc_src));
}

static void emit_result(Emit *e, unsigned kind, unsigned size, int result)
{
    emit_operand(e, size, result, CPU_OFF(cc_dst));
    emit_store_imm(e, 2, (int32_t)CC_OP_SIZED(kind, size), H_CPU, CPU_OFF(cc_op));
}

void tr_record(Tr *t, unsigned kind, unsigned size, int result)
{
    t->cc = CC_OP_SIZED(kind, size);
    tr_drop_late(t);
    emit_result(&t->e, kind, size, result);
}

void tr_record_source(Tr *t, unsigned size, int reg)
{
    emit_source(&t->e, size, reg);
}

static bool is_compare(unsigned kind)
{
    return kind == LATE_COMPARE || kind == LATE_TEST;
}

/* What kind of record becomes of it. */
static unsigned record_kind(unsigned late)
{
    return late == LATE_COMPARE ? CCK_SUB : late == LATE_TEST ? CCK_LOGIC : late;
}

void tr_emit_late(Emit *e, const LateFlags *l)
{
    unsigned kind = record_kind(l->kind);
    int result = l->a;
    if (is_compare(l->kind)) {
        unsigned alu = l->kind == LATE_COMPARE ? ALU_SUB : ALU_AND;
        emit_mov(e, 3, H_RAX, l->a);
        result = H_RAX;
        if (l->b == H_NONE) {
            emit_alu_imm(e, alu, l->size, H_RAX, l->imm);
        } else {
            emit_alu_rr(e, alu, l->size, H_RAX, l->b);
        }
    }
    if (kind != CCK_LOGIC && l->b == H_NONE) {
        emit_store_imm(e, 3, l->imm, H_CPU, CPU_OFF(cc_src));
    } else if (kind != CCK_LOGIC) {
        emit_source(e, l->size, l->b);
    }
    emit_result(e, kind, l->size, result);
}

/* The caller may be in the middle of an op, with rax and rdx in use. */
void tr_settle(Tr *t)
{
    Emit *e = &t->e;
    bool scratch = is_compare(t->late.kind) || t->late.size < 3;
    if (t->late.kind == LATE_NONE) {
        return;
    }
    if (scratch) {
        emit8(e, 0x50); /* push rax; push rdx */
        emit8(e, 0x52);
    }
    tr_emit_late(e, &t->late);
    if (scratch) {
        emit8(e, 0x5a);
        emit8(e, 0x58);
    }
    tr_drop_late(t);
}

static bool is_pinned(int reg)
{
    return reg != H_RAX && reg != H_RCX && reg != H_RDX;
}

bool tr_flags_late(Tr *t, unsigned kind, unsigned size, int a, int b, int32_t imm)
{
    if (!is_pinned(a) || (b != H_NONE && !is_pinned(b))) {
        return false;
    }
    t->late = (LateFlags){(uint8_t)kind, (uint8_t)size, (int8_t)a, (int8_t)b, imm};
    t->cc = CC_OP_SIZED(record_kind(kind), size);
    return true;
}

void tr_flags(Tr *t, unsigned kind, unsigned size, int a, int b, int32_t imm)
{
    if (tr_flags_late(t, kind, size, a, kind == CCK_LOGIC ? H_NONE : b, imm)) {
        return;
    }
    if (kind != CCK_LOGIC && b == H_NONE) {
        emit_store_imm(&t->e, 3, imm, H_CPU, CPU_OFF(cc_src));
    } else if (kind != CCK_LOGIC) {
        tr_record_source(t, size, b);
    }
    tr_record(t, kind, size, a);
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
    tr_drop_late(t);
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

bool tr_can_redo(uint32_t cc)
{
    unsigned kind = cc >> CC_SHIFT;
    return cc < CC_CF_IN_SRC && (kind == CCK_SUB || kind == CCK_ADD || kind == CCK_LOGIC);
}

void tr_redo(Emit *e, uint32_t cc)
{
    unsigned kind = cc >> CC_SHIFT, size = cc & 3;
    emit_load(e, 3, H_RAX, H_CPU, CPU_OFF(cc_dst));
    if (kind == CCK_LOGIC) {
        emit_rr(e, 0x85, 3, H_RAX, H_RAX);
        return;
    }
    emit_load(e, 3, H_RCX, H_CPU, CPU_OFF(cc_src));
    emit_alu_rr(e, kind == CCK_SUB ? ALU_ADD : ALU_SUB, 3, H_RAX, H_RCX);
    emit_alu_rr(e, kind == CCK_SUB ? ALU_CMP : ALU_ADD, size, H_RAX, H_RCX);
}

/* Any flags. Those that were there when the block was translated are likely to be there again: a
 * second jump after one compare begins a block. */
static unsigned condition_by_call(Tr *t, unsigned cond)
{
    Emit *e = &t->e;
    uint8_t *other = NULL, *done = NULL;
    if (!cc_known(t) && tr_can_redo(t->guess)) {
        emit_rm(e, 0x81, 2, 7, H_CPU, CPU_OFF(cc_op));
        emit32(e, t->guess);
        other = emit_jcc(e, 5);
        tr_redo(e, t->guess);
        emit_rr(e, 0x0f90 | cond, 0, 0, H_RAX);
        done = emit_jmp(e);
        emit_here(e, other);
    }
    emit_const(e, H_RAX, (uint64_t)(uintptr_t)condition_calls[cond]);
    emit_rr(e, 0xff, 2, 2, H_RAX);
    if (done) {
        emit_here(e, done);
    }
    emit_rr(e, 0x84, 0, H_RAX, H_RAX);
    return 5;
}

static void alu(Emit *e, unsigned kind, unsigned size, const LateFlags *l, int reg)
{
    if (l->b == H_NONE) {
        emit_alu_imm(e, kind, size, reg, l->imm);
    } else {
        emit_alu_rr(e, kind, size, reg, l->b);
    }
}

/* The same from registers. Uses rax. */
static void redo_late(Emit *e, const LateFlags *l)
{
    if (l->kind == LATE_COMPARE) {
        alu(e, ALU_CMP, l->size, l, l->a);
        return;
    }
    if (l->kind == CCK_LOGIC) {
        emit_rr(e, l->size ? 0x85 : 0x84, l->size, l->a, l->a);
        return;
    }
    emit_mov(e, 3, H_RAX, l->a);
    if (l->kind == LATE_TEST) {
        alu(e, ALU_AND, l->size, l, H_RAX);
    } else if (l->kind == CCK_SUB) {
        alu(e, ALU_ADD, 3, l, H_RAX);
        alu(e, ALU_CMP, l->size, l, H_RAX);
    } else {
        alu(e, ALU_SUB, 3, l, H_RAX);
        alu(e, ALU_ADD, l->size, l, H_RAX);
    }
}

unsigned tr_condition(Tr *t, unsigned cond)
{
    Emit *e = &t->e;
    unsigned kind = t->cc >> CC_SHIFT, pair = cond / 2;
    if (host_flags_do(t, cond)) {
        return cond;
    }
    t->host_flags = 0;
    if (pair == COND_B && (t->cc == CC_CF_IN_SRC || kind <= CCK_CARRIES)) {
        emit_load(e, 0, H_RAX, H_CPU, CPU_OFF(cc_src)); /* it may just have been stored as a byte */
        emit_rr(e, 0x0fba, 2, 4, H_RAX);                /* bt $0 */
        emit8(e, 0);
        return cond;
    }
    if (!cc_known(t)) {
        return condition_by_call(t, cond);
    }
    if (t->late.kind) {
        redo_late(e, &t->late);
        t->host_flags = HOST_ALL;
        return cond;
    }
    if (tr_can_redo(t->cc)) {
        tr_redo(e, t->cc);
        t->host_flags = HOST_ALL;
        return cond;
    }
    bool by_result = pair == COND_Z || pair == COND_S || pair == COND_P;
    if (kind > CCK_CARRIES && by_result) {
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
