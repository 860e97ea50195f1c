/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a decoded block to host code: the second tier of execution, for 64-bit guest code.
 *
 * Ops that are not translated, and slow paths, tail-call the op's handler, which goes on by
 * tail-calling the next op's; that op's `fn` then is host code again. So a translated block is
 * still a block to everybody else: when it dies, its ops become op_stale() and whoever is inside
 * leaves it at the next op.
 *
 * Left out: code other than 64-bit, single-instruction blocks, and builds without optimization,
 * where handlers do not tail-call and so going from block to block would grow the stack.
 */
#include "target/i386/jit/translate.h"

#include "target/i386/block.h"

#define ARENA_SIZE ((size_t)64 << 20)
/* More than any block takes. */
#define ROOM (64u << 10)

struct Jit {
    CodeArena arena;
    uint8_t *lookup, *dead; /* stubs, in the writable view */
    size_t stubs;           /* their size */
};

static const int8_t pool[] = {H_RSI, H_R8, H_R9, H_R10, H_R11};

static bool whole(unsigned off)
{
    return off < 128 && (off & 7) == 0;
}

void tr_forget_all(Tr *t)
{
    memset(t->cached, H_NONE, sizeof(t->cached));
    memset(t->holds, H_NONE, sizeof(t->holds));
}

void tr_forget(Tr *t, unsigned off)
{
    unsigned guest = off / 8;
    if (off < 128 && t->cached[guest] != H_NONE) {
        t->holds[t->cached[guest]] = H_NONE;
        t->cached[guest] = H_NONE;
    }
}

int tr_def(Tr *t, unsigned off)
{
    unsigned guest = off / 8;
    int best = t->cached[guest];
    if (best == H_NONE) {
        best = pool[0];
        for (size_t i = 0; i < sizeof(pool); i++) {
            int r = pool[i];
            if (t->holds[r] == H_NONE) {
                best = r;
                break;
            }
            if (t->used[r] < t->used[best]) {
                best = r;
            }
        }
        if (t->holds[best] != H_NONE) {
            t->cached[t->holds[best]] = H_NONE;
        }
        t->holds[best] = (int8_t)guest;
        t->cached[guest] = (int8_t)best;
    }
    t->used[best] = ++t->clock;
    return best;
}

int tr_get(Tr *t, unsigned off)
{
    bool had = t->cached[off / 8] != H_NONE;
    int r = tr_def(t, off);
    if (!had) {
        emit_load(&t->e, 3, r, H_CPU, (int32_t)off);
    }
    return r;
}

void tr_put(Tr *t, unsigned off)
{
    emit_store(&t->e, 3, t->cached[off / 8], H_CPU, (int32_t)off);
}

int tr_source(Tr *t, unsigned off, unsigned size, int scratch)
{
    if (whole(off) && (size >= 2 || t->cached[off / 8] != H_NONE)) {
        return tr_get(t, off);
    }
    emit_load(&t->e, size, scratch, H_CPU, (int32_t)off);
    return scratch;
}

void tr_write(Tr *t, unsigned off, unsigned size, int reg)
{
    if (size >= 2) {
        emit_mov(&t->e, size, tr_def(t, off), reg);
        tr_put(t, off);
    } else {
        emit_store(&t->e, size, reg, H_CPU, (int32_t)off);
        tr_forget(t, off);
    }
}

static uint8_t *to_rx(const Tr *t, const uint8_t *rw)
{
    return t->arena->rx + (rw - t->arena->rw);
}

static OpFn as_handler(const Tr *t, const uint8_t *rw)
{
    return (OpFn)(uintptr_t)to_rx(t, rw);
}

static void goto_handler(Tr *t, unsigned n)
{
    if (n + 1u == t->block->n_ops) {
        tr_set_block(t);
    }
    emit_const(&t->e, H_RSI, (uint64_t)(uintptr_t)&t->block->ops[n]);
    emit_jmp_abs(&t->e, (const void *)(uintptr_t)t->fn[n]);
}

static void by_handler(Tr *t)
{
    goto_handler(t, t->at);
    tr_forget_all(t);
    t->cc = CC_FLAGS;
    t->resume[t->at + 1] = as_handler(t, t->e.p);
}

static bool translate_op(Tr *t, const Op *op)
{
    if (op->xop >= XOP_ALU && op->xop < XOP_MOV) {
        return tr_alu(t, op);
    }
    switch (op->xop) {
    case XOP_MOV:
    case XOP_MOVZX:
    case XOP_MOVSX:
    case XOP_LEA:
        return tr_move(t, op);
    case XOP_SHL:
    case XOP_SHR:
    case XOP_SAR:
    case XOP_INC:
    case XOP_DEC:
        return tr_shift(t, op);
    case XOP_PUSH:
    case XOP_POP:
        return tr_stack(t, op);
    case XOP_SETCC:
    case XOP_CMOV:
        return tr_cond(t, op);
    case XOP_NONE:
        return false;
    default:
        return tr_branch(t, op);
    }
}

static void emit_slow_paths(Tr *t)
{
    Emit *e = &t->e;
    for (unsigned i = 0; i < t->n_slow; i++) {
        SlowPath *s = &t->slow[i];
        emit_here(e, s->from);
        goto_handler(t, s->op);
        if (s->op + 1u == t->block->n_ops) {
            continue;
        }
        t->resume[s->op + 1] = as_handler(t, e->p);
        for (int guest = 0; guest < 16; guest++) {
            if (s->cached[guest] != H_NONE) {
                emit_load(e, 3, s->cached[guest], H_CPU, guest * 8);
            }
        }
        emit_target(e, emit_jmp(e), s->join);
    }
}

static void translate_ops(Tr *t)
{
    for (t->at = 0; t->at < t->block->n_ops; t->at++) {
        unsigned slow = t->n_slow;
        if (!translate_op(t, &t->block->ops[t->at])) {
            by_handler(t);
        }
        if (t->n_slow > slow) {
            t->slow[slow].join = t->e.p;
            memcpy(t->slow[slow].cached, t->cached, sizeof(t->cached));
        }
    }
    emit_slow_paths(t);
}

static void commit(Jit *jit, Tr *t, const uint8_t *chain, const uint8_t *body)
{
    Block *b = t->block;
    for (unsigned i = 1; i < b->n_ops; i++) {
        if (t->resume[i]) {
            b->ops[i].fn = t->resume[i];
        }
    }
    for (unsigned n = 0; n < 2; n++) {
        b->host_link[n] = t->link[n] ? to_rx(t, t->link[n]) : NULL;
    }
    b->host = to_rx(t, chain);
    b->enter = as_handler(t, body);
    jit->arena.used = ((size_t)(t->e.p - jit->arena.rw) + 15) & ~(size_t)15;
}

static bool translatable(const Block *b)
{
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#else
    return (b->mode & CPU_MODE_CS64) && !(b->mode & (CPU_MODE_TF | 1u << 31)) && b->alive &&
           !b->crosses;
#endif
}

void jit_translate(Jit *jit, Block *block)
{
    if (!translatable(block) || jit_full(jit)) {
        return;
    }
    Tr t = {.arena = &jit->arena, .block = block, .lookup = jit->lookup};
    t.e.p = jit->arena.rw + jit->arena.used;
    t.e.end = t.e.p + ROOM;
    tr_forget_all(&t);
    for (unsigned i = 0; i < block->n_ops; i++) {
        t.fn[i] = block->ops[i].fn;
    }
    const uint8_t *chain = t.e.p;
    emit_add_mem_imm(&t.e, -(int32_t)block->n_insns, H_CPU, CPU_OFF(budget));
    emit_add_mem_imm(&t.e, -(int32_t)block_offset(block), H_CPU, OP_REG_RIP);
    const uint8_t *body = t.e.p;
    translate_ops(&t);
    if (!t.e.overflow) {
        commit(jit, &t, chain, body);
    }
}

static void patch(Jit *jit, uint8_t *rx, const uint8_t *to_rx_)
{
    int32_t disp = (int32_t)(to_rx_ - (rx + 4));
    memcpy(arena_writable(&jit->arena, rx), &disp, 4);
}

void jit_link(Jit *jit, Block *from, unsigned n, Block *to)
{
    patch(jit, from->host_link[n], to->host);
    from->host_link[n] = NULL;
}

void jit_kill(Jit *jit, Block *block)
{
    *arena_writable(&jit->arena, block->host) = 0xe9;
    patch(jit, block->host + 1, jit->arena.rx + (jit->dead - jit->arena.rw));
}

bool jit_full(const Jit *jit)
{
    return jit->arena.used + ROOM > jit->arena.size;
}

void jit_reset(Jit *jit)
{
    jit->arena.used = jit->stubs;
}

/* cpu->rip is set: to its block's host code, or back to the loop. */
static void emit_lookup(Emit *e)
{
    uint8_t *fail[7];
    emit_rm(e, 0x83, 2, 7, H_CPU, CPU_OFF(pending));
    emit8(e, 0);
    fail[0] = emit_jcc(e, 5);
    emit_rm(e, 0x83, 3, 7, H_CPU, CPU_OFF(budget));
    emit8(e, 0);
    fail[1] = emit_jcc(e, 14);
    emit_load(e, 3, H_RAX, H_CPU, OP_REG_RIP);
    emit_mov(e, 3, H_RCX, H_RAX);
    emit_shift_imm(e, 5, 3, H_RCX, JUMP_BITS);
    emit_alu_rr(e, 6, 2, H_RCX, H_RAX);
    emit_alu_imm(e, 4, 2, H_RCX, JUMPS - 1);
    emit_shift_imm(e, 4, 2, H_RCX, 4);
    emit_rm(e, 0x03, 3, H_RCX, H_CPU, CPU_OFF(exec));
    emit_load(e, 3, H_RSI, H_RCX, (int32_t)offsetof(Exec, jumps[0].block));
    emit_rm(e, 0x3b, 3, H_RAX, H_RCX, (int32_t)offsetof(Exec, jumps[0].linear));
    fail[2] = emit_jcc(e, 5);
    emit_rr(e, 0x85, 3, H_RSI, H_RSI);
    fail[3] = emit_jcc(e, 4);
    emit_load(e, 2, H_RCX, H_RSI, (int32_t)offsetof(Block, mode));
    emit_rm(e, 0x3b, 2, H_RCX, H_CPU, CPU_OFF(mode));
    fail[4] = emit_jcc(e, 5);
    emit_mov(e, 3, H_RCX, H_RAX);
    emit_shift_imm(e, 5, 3, H_RCX, PAGE_SHIFT - 6);
    emit_alu_imm(e, 4, 2, H_RCX, (TLB_SIZE - 1) << 6);
    emit_rm(e, 0x03, 3, H_RCX, H_CPU, CPU_OFF(tlb_now));
    emit_mov(e, 3, H_RDX, H_RAX);
    emit_alu_imm(e, 4, 3, H_RDX, -(int32_t)PAGE_SIZE);
    emit_rm(e, 0x3b, 3, H_RDX, H_RCX, (int32_t)offsetof(TlbEntry, tag_exec));
    fail[5] = emit_jcc(e, 5);
    emit_alu_imm(e, 4, 2, H_RAX, PAGE_SIZE - 1);
    emit_rm(e, 0x0b, 3, H_RAX, H_RCX, (int32_t)offsetof(TlbEntry, paddr));
    emit_rm(e, 0x3b, 3, H_RAX, H_RSI, (int32_t)offsetof(Block, paddr));
    fail[6] = emit_jcc(e, 5);
    emit_load(e, 3, H_RAX, H_RSI, (int32_t)offsetof(Block, host));
    emit_rr(e, 0x85, 3, H_RAX, H_RAX);
    uint8_t *cold = emit_jcc(e, 4);
    emit8(e, 0xff);
    emit8(e, 0xe0);
    emit_here(e, cold);
    for (unsigned i = 0; i < 7; i++) {
        emit_here(e, fail[i]);
    }
}

static void emit_back(Emit *e)
{
    emit_const(e, H_RAX, NEXT_JUMP);
    emit8(e, 0xc3);
}

Jit *jit_new(void)
{
    Jit *jit = g_new0(Jit, 1);
    if (!arena_init(&jit->arena, ARENA_SIZE)) {
        g_free(jit);
        return NULL;
    }
    G_STATIC_ASSERT(sizeof(((Exec *)NULL)->jumps[0]) == 16);
    Emit e = {.p = jit->arena.rw, .end = jit->arena.rw + ROOM};
    jit->lookup = e.p;
    emit_lookup(&e);
    jit->dead = e.p;
    emit_back(&e);
    jit->stubs = jit->arena.used = ((size_t)(e.p - jit->arena.rw) + 15) & ~(size_t)15;
    return jit;
}

void jit_free(Jit *jit)
{
    if (jit) {
        arena_free(&jit->arena);
        g_free(jit);
    }
}
