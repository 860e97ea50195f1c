/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a decoded block to host code: the second tier of execution, for 64-bit guest code and for
 * 32-bit code in flat segments.
 *
 * Ops that are not translated, and slow paths, tail-call the op's handler, which goes on by
 * tail-calling the next op's; that op's `fn` then is host code again. So a translated block is
 * still a block to everybody else: when it dies, its ops become op_stale() and whoever is inside
 * leaves it at the next op.
 *
 * Left out: 16-bit code, segments that are not flat, and single-instruction blocks.
 */
#include "target/i386/jit/translate_vector.h"

static OpFn as_handler(const Tr *t, const uint8_t *rw)
{
    return (OpFn)(uintptr_t)arena_executable(t->arena, rw);
}

/* The loop has to know whose exit is taken. */
static void set_block(Tr *t)
{
    Emit *e = &t->e;
    emit_const(e, H_RAX, (uint64_t)(uintptr_t)t->block);
    emit_load(e, 3, H_RCX, H_CPU, CPU_OFF(exec));
    emit_store(e, 3, H_RAX, H_RCX, (int32_t)offsetof(Exec, block));
}

static void goto_handler(Tr *t, unsigned n, bool budget)
{
    Emit *e = &t->e;
    if (n + 1u == t->block->n_ops) {
        set_block(t);
    }
    if (budget) {
        emit_store(e, 3, H_BUDGET, H_CPU, CPU_OFF(budget));
    }
    emit_const(e, H_RSI, (uint64_t)(uintptr_t)&t->block->ops[n]);
    emit_jmp_abs(e, (const void *)(uintptr_t)t->block->ops[n].fn);
}

void tr_last_by_handler(Tr *t)
{
    vec_end_upper(&t->e, &t->vec);
    goto_handler(t, t->block->n_ops - 1u, true);
}

static void call_stub(Tr *t, const uint8_t *stub)
{
    emit8(&t->e, 0xe8);
    emit32(&t->e, 0);
    emit_target(&t->e, t->e.p - 4, stub);
}

static void by_handler(Tr *t)
{
    tr_flush(t);
    vec_end_upper(&t->e, &t->vec);
    t->vec = (VecState){0};
    goto_handler(t, t->at, true);
    t->cc = CC_UNKNOWN;
    t->host_flags = 0;
    if (t->at + 1u < t->block->n_ops) {
        t->resume[t->at + 1] = as_handler(t, t->e.p);
        call_stub(t, t->stubs->reload);
    }
}

void tr_slow_run(Tr *t, unsigned cond, unsigned last)
{
    t->slow[t->n_slow++] = (SlowPath){.from = emit_jcc(&t->e, cond),
                                      .op = (uint8_t)t->at,
                                      .last = (uint8_t)last,
                                      .dirty = t->dirty,
                                      .vec = t->vec,
                                      .late = t->late,
                                      .carries = t->carries,
                                      .restore = CC_UNKNOWN};
}

void tr_slow_if(Tr *t, unsigned cond)
{
    tr_slow_run(t, cond, t->at);
}

static void emit_slow_paths(Tr *t)
{
    Emit *e = &t->e;
    for (unsigned i = 0; i < t->n_slow; i++) {
        const SlowPath *s = &t->slow[i];
        emit_here(e, s->from);
        registers_store(e, s->dirty);
        vec_store(e, &s->vec);
        vec_end_upper(e, &s->vec);
        if (s->late.kind) {
            tr_emit_late(e, &s->late);
        }
        if (s->carries.on) {
            tr_store_carries(e, &s->carries);
        }
        goto_handler(t, s->op, !s->carries.on);
        if (s->last + 1u < t->block->n_ops) {
            t->resume[s->last + 1] = as_handler(t, e->p);
            call_stub(t, t->stubs->reload);
            vec_load(e, &s->vec_join);
            if (s->carries_join.on) {
                tr_load_carries(e, &s->carries_join);
            }
            if (s->restore != CC_UNKNOWN) {
                tr_redo(e, s->restore);
            }
            if (s->kept.reg != H_NONE) {
                emit_load(e, 3, s->kept.reg, H_CPU, s->kept.off);
            }
            emit_target(e, emit_jmp(e), s->join);
        }
    }
}

static bool translate_op(Tr *t, const Op *op)
{
    if (op->xop >= XOP_ALU && op->xop < XOP_ALU + ALU_KINDS) {
        return tr_alu(t, op);
    }
    switch (op->xop) {
    case XOP_NONE:
        return false;
    case XOP_NOP:
        return true;
    case XOP_INC:
    case XOP_DEC:
    case XOP_NEG:
    case XOP_NOT:
        return tr_unary(t, op);
    case XOP_MOV:
    case XOP_MOVZX:
    case XOP_MOVSX:
    case XOP_LEA:
        return tr_move(t, op);
    case XOP_XCHG:
    case XOP_BSWAP:
        return tr_exchange(t, op);
    case XOP_SIGN:
        return tr_sign(t, op);
    case XOP_CMPXCHG:
        return tr_cmpxchg(t, op);
    case XOP_XADD:
        return tr_xadd(t, op);
    case XOP_SHL:
    case XOP_SHR:
    case XOP_SAR:
    case XOP_ROL:
    case XOP_ROR:
        return tr_shift(t, op);
    case XOP_IMUL:
    case XOP_MUL_WIDE:
    case XOP_IMUL_WIDE:
    case XOP_DIV:
    case XOP_IDIV:
        return tr_multiply(t, op);
    case XOP_BIT:
    case XOP_BSF:
    case XOP_BSR:
        return tr_bit(t, op);
    case XOP_BMI:
    case XOP_BMI_FLAGS:
        return tr_bmi(t, op);
    case XOP_ADX:
        return tr_adx(t, op);
    case XOP_PUSH:
    case XOP_POP:
    case XOP_LEAVE:
        return tr_stack(t, op);
    case XOP_SETCC:
    case XOP_CMOV:
        return tr_cond(t, op);
    case XOP_VECTOR:
        return tr_vector(t, op);
    default:
        return tr_branch(t, op);
    }
}

/* Ops that leave the host's flags alone, or look at them if these are right. */
static bool keeps_host_flags(const Op *op)
{
    bool registers = OP_FORM_KIND(op->form) <= FORM_RI;
    switch (op->xop) {
    case XOP_ALU + ALU_ADC:
    case XOP_ALU + ALU_SBB:
    case XOP_MOV:
    case XOP_MOVZX:
    case XOP_MOVSX:
    case XOP_XCHG:
        return registers;
    case XOP_LEA:
    case XOP_BSWAP:
    case XOP_NOP:
    case XOP_JCC:
    case XOP_SETCC:
    case XOP_CMOV:
        return true;
    default:
        return false;
    }
}

/* Ops that go between ADCX and ADOX: they neither read nor write flags. */
static bool keeps_carries(const Op *op)
{
    switch (op->xop) {
    case XOP_ADX:
    case XOP_BMI:
    case XOP_MOV:
    case XOP_MOVZX:
    case XOP_MOVSX:
    case XOP_LEA:
    case XOP_NOP:
        return true;
    default:
        return false;
    }
}

/* A handler records flags even where nobody reads them. */
static bool handler_records(const Op *op)
{
    return op->xop < XOP_MOV || (op->xop >= XOP_INC && op->xop <= XOP_XADD);
}

/* Arithmetic that has just set the host's flags: its slow path can do that too. */
static bool can_restore(const Tr *t, const Op *op)
{
    return op->xop < XOP_MOV && !flags_dead(op) && t->host_flags == HOST_ALL && tr_can_redo(t->cc);
}

/* Slow paths come back here. */
static void join_slow_paths(Tr *t, const Op *op, unsigned first)
{
    if (first == t->n_slow) {
        return;
    }
    bool restore = can_restore(t, op);
    if (!tr_is_kept(t)) {
        t->kept.reg = H_NONE;
    }
    for (unsigned i = first; i < t->n_slow; i++) {
        t->slow[i].join = t->e.p;
        t->slow[i].vec_join = t->vec;
        t->slow[i].carries_join = t->carries;
        t->slow[i].kept = t->kept;
        t->slow[i].restore = restore ? t->cc : CC_UNKNOWN;
    }
    if (!restore) {
        t->host_flags = 0;
    }
    if (flags_dead(op) && handler_records(op) && !t->late.kind) {
        t->cc = CC_UNKNOWN;
    }
}

static void translate_ops(Tr *t)
{
    for (t->at = 0; t->at < t->block->n_ops; t->at++) {
        const Op *op = &t->block->ops[t->at];
        unsigned slow = t->n_slow;
        if (!keeps_carries(op)) {
            tr_end_carries(t);
        }
        if (!keeps_host_flags(op)) {
            t->host_flags = 0;
        }
        if (translate_op(t, op)) {
            join_slow_paths(t, op, slow);
        } else {
            by_handler(t);
        }
    }
    emit_slow_paths(t);
}

/* Pays for the block's instructions, or leaves for the loop. */
static uint8_t *emit_prologue(Tr *t)
{
    Emit *e = &t->e;
    emit_alu_imm(e, ALU_SUB, 3, H_BUDGET, t->block->n_insns);
    uint8_t *spent = emit_jcc(e, 8);
    return spent;
}

static void emit_spent(Tr *t, uint8_t *spent)
{
    Emit *e = &t->e;
    emit_here(e, spent);
    emit_alu_imm(e, ALU_ADD, 3, H_BUDGET, t->block->n_insns);
    emit_add_mem_imm(e, 3, (int32_t)block_offset(t->block), H_CPU, OP_REG_RIP);
    emit_target(e, emit_jmp(e), t->stubs->jump);
}

/* The way in for blocks that have `needs` in the host's registers. */
static void emit_warm_entry(Tr *t, const uint8_t *body, const uint8_t *spent)
{
    Emit *e = &t->e;
    t->warm = e->p;
    emit_target(e, emit_prologue(t), spent);
    emit_target(e, emit_jmp(e), body);
}

/* What an exit does until it is linked. */
static void emit_ways_out(Tr *t)
{
    Emit *e = &t->e;
    for (unsigned n = 0; n < 2; n++) {
        Exit *x = &t->exit[n];
        if (x->site) {
            x->out = e->p;
            emit_here(e, x->site);
            for (unsigned i = 0; i < 2 && x->miss[i]; i++) {
                emit_here(e, x->miss[i]);
            }
            emit_add_mem_imm(e, tr_rip_size(t), x->offset, H_CPU, OP_REG_RIP);
            emit_const(e, H_RAX, (uint64_t)(uintptr_t)t->block);
            emit_target(e, emit_jmp(e), t->stubs->exit[n]);
        }
    }
}

void tr_block(Tr *t)
{
    t->kept.reg = H_NONE;
    t->cc = CC_UNKNOWN;
    t->needs = t->vec = vec_needs(t->block);
    uint8_t *spent = emit_prologue(t);
    vec_load(&t->e, &t->vec);
    const uint8_t *body = t->e.p;
    translate_ops(t);
    const uint8_t *spent_at = t->e.p;
    emit_spent(t, spent);
    if (t->needs.cached) {
        emit_warm_entry(t, body, spent_at);
    }
    emit_ways_out(t);
}
