/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ends of blocks: direct jumps that get linked to their target's host code, and computed ones
 * through the vCPU's jump cache.
 *
 * A jump inside a page is linked for good, until the target dies. One to another page, whose
 * mapping may change, asks the jump cache and the TLB each time, as a computed jump does.
 */
#include "target/i386/jit/translate.h"

/* The loop has to know whose link is to be followed. */
void tr_set_block(Tr *t)
{
    Emit *e = &t->e;
    emit_const(e, H_RAX, (uint64_t)(uintptr_t)t->block);
    emit_load(e, 3, H_RCX, H_CPU, CPU_OFF(exec));
    emit_store(e, 3, H_RAX, H_RCX, (int32_t)offsetof(Exec, block));
}

static void leave_by(Tr *t, unsigned link, int64_t delta)
{
    Emit *e = &t->e;
    if (delta) {
        emit_add_mem_imm(e, (int32_t)delta, H_CPU, OP_REG_RIP);
    }
    if (!t->block->link_local[link]) {
        emit_target(e, emit_jmp(e), t->lookup);
        return;
    }
    emit_rm(e, 0x83, 2, 7, H_CPU, CPU_OFF(pending));
    emit8(e, 0);
    uint8_t *pending = emit_jcc(e, 5);
    emit_rm(e, 0x83, 3, 7, H_CPU, CPU_OFF(budget));
    emit8(e, 0);
    uint8_t *spent = emit_jcc(e, 14);
    t->link[link] = emit_jmp(e);
    emit_here(e, pending);
    emit_here(e, spent);
    emit_here(e, t->link[link]);
    tr_set_block(t);
    emit_const(e, H_RAX, link);
    emit8(e, 0xc3);
}

void tr_jump_if(Tr *t, const Op *op, unsigned cond)
{
    uint8_t *taken = emit_jcc(&t->e, cond);
    leave_by(t, 1, op->off + op->len);
    emit_here(&t->e, taken);
    leave_by(t, 0, op->target);
}

static void call(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    emit_rm(e, 0x8d, 3, H_RAX, tr_get(t, R_RSP * 8), -8);
    tr_tlb(t, op, 3, true);
    emit_load(e, 3, H_RCX, H_CPU, OP_REG_RIP);
    emit_alu_imm(e, ALU_ADD, 3, H_RCX, op->off + op->len);
    emit_store(e, 3, H_RCX, H_RAX, 0);
    int sp = tr_get(t, R_RSP * 8);
    emit_rm(e, 0x8d, 3, sp, sp, -8);
    tr_put(t, R_RSP * 8);
    leave_by(t, 0, op->target);
}

static void ret(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    emit_mov(e, 3, H_RAX, tr_get(t, R_RSP * 8));
    tr_tlb(t, op, 3, false);
    emit_load(e, 3, H_RAX, H_RAX, 0);
    emit_store(e, 3, H_RAX, H_CPU, OP_REG_RIP);
    int sp = tr_get(t, R_RSP * 8);
    emit_rm(e, 0x8d, 3, sp, sp, 8);
    tr_put(t, R_RSP * 8);
    emit_target(e, emit_jmp(e), t->lookup);
}

bool tr_branch(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    switch (op->xop) {
    case XOP_JMP:
        leave_by(t, 0, op->target);
        return true;
    case XOP_CONTINUE:
        leave_by(t, 1, op->off);
        return true;
    case XOP_JCC:
        tr_jump_if(t, op, tr_condition(t, op->aux));
        return true;
    case XOP_CALL:
        call(t, op);
        return true;
    case XOP_RET:
        ret(t, op);
        return true;
    default:
        emit_store(e, 3, tr_get(t, op->src), H_CPU, OP_REG_RIP);
        emit_target(e, emit_jmp(e), t->lookup);
        return true;
    }
}
