/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ends of blocks.
 *
 * A direct jump inside a page is a host jump, once linked, until the target dies. One to another
 * page first asks the TLB whether that page is still where it was. Calls leave a note for their
 * return, so that most RETs need no look-up: the return address, and host code of the caller that
 * goes to the block after the call. Such notes are void when mappings change (mmu_tlb.c).
 */
#include "target/i386/jit/translate.h"

static void jump_to_stub(Tr *t, const uint8_t *stub)
{
    emit_target(&t->e, emit_jmp(&t->e), stub);
}

/* Is `offset` from the page's start still where it was when the exit was linked? rip changes. */
static void emit_page_check(Tr *t, Exit *x, int32_t page)
{
    Emit *e = &t->e;
    emit_load(e, 3, H_RAX, H_CPU, OP_REG_RIP);
    emit_alu_imm(e, ALU_ADD, tr_rip_size(t), H_RAX, page);
    emit_mov(e, 2, H_RCX, H_RAX);
    emit_shift_imm(e, 5, 2, H_RCX, PAGE_SHIFT - 6);
    emit_alu_imm(e, ALU_AND, 2, H_RCX, (TLB_SIZE - 1) << 6);
    emit_rm(e, 0x03, 3, H_RCX, H_CPU, CPU_OFF(tlb_now));
    emit_rm(e, 0x3b, 3, H_RAX, H_RCX, (int32_t)offsetof(TlbEntry, tag_exec));
    x->miss[0] = emit_jcc(e, 5);
    emit8(e, 0x48);
    emit8(e, 0xb8 | H_RDX);
    x->frame = e->p;
    emit64(e, 0);
    emit_rm(e, 0x3b, 3, H_RDX, H_RCX, (int32_t)offsetof(TlbEntry, paddr));
    x->miss[1] = emit_jcc(e, 5);
    emit_store(e, 3, H_RAX, H_CPU, OP_REG_RIP);
}

/* All is flushed. */
static void leave_by(Tr *t, unsigned n, int32_t offset)
{
    Exit *x = &t->exit[n];
    x->offset = offset;
    x->vec = t->vec;
    x->site = emit_jmp(&t->e);
    if (!t->block->link_local[n]) {
        emit_page_check(t, x, offset & -(int32_t)PAGE_SIZE);
        x->target = emit_jmp(&t->e);
    }
}

void tr_jump_if(Tr *t, const Op *op, unsigned cond)
{
    Emit *e = &t->e;
    tr_flush(t);
    if (t->block->link_local[0]) {
        t->exit[0].offset = op->target;
        t->exit[0].vec = t->vec;
        t->exit[0].site = emit_jcc(e, cond);
        leave_by(t, 1, op->off + op->len);
        return;
    }
    uint8_t *not_taken = emit_jcc(e, cond ^ 1);
    leave_by(t, 0, op->target);
    emit_here(e, not_taken);
    leave_by(t, 1, op->off + op->len);
}

/* "Not equal" if the address in rcx lies in another half of the address space than the code, or in
 * none: so if it is not canonical. The address is lost. */
static void compare_half(Emit *e)
{
    emit_rm(e, 0x33, 3, H_RCX, H_CPU, OP_REG_RIP);
    emit_shift_imm(e, 5, 3, H_RCX, 47);
}

/* Elsewhere each address that rIP may have is one. */
static bool is_wide(const Tr *t)
{
    return tr_rip_size(t) == 3;
}

static void tr_check_direct(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    if (!t->block->link_local[0] && is_wide(t)) {
        emit_load(e, 3, H_RCX, H_CPU, OP_REG_RIP);
        emit_lea(e, 3, H_RCX, H_RCX, op->target);
        compare_half(e);
        tr_slow_if(t, 5);
    }
}

/* The return address, in rcx, to the guest's stack. */
static void tr_push_return(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = tr_rip_size(t);
    int32_t unit = 1 << size;
    int sp = tr_mod(t, R_RSP * 8, H_RAX);
    emit_lea(e, size, H_RAX, sp, -unit);
    tr_tlb(t, op, size, true);
    emit_load(e, 3, H_RCX, H_CPU, OP_REG_RIP);
    emit_alu_imm(e, ALU_ADD, size, H_RCX, op->off + op->len);
    emit_store(e, size, H_RCX, H_RAX, 0);
    emit_lea(e, size, sp, sp, -unit);
    tr_put(t, R_RSP * 8, sp);
}

static int32_t notes_offset(const Tr *t)
{
    bool user = t->block->mode & CPU_MODE_USER;
    return CPU_OFF(returns) + (user ? (int32_t)sizeof(CpuReturns) : 0);
}

/* Notes the return to rcx, and host code for it: the place to emit_here() that at. */
static uint8_t *note_return(Tr *t)
{
    Emit *e = &t->e;
    if (!t->block->link_local[1]) {
        return NULL;
    }
    emit_load(e, 2, H_RDX, H_CPU, CPU_OFF(returns_top));
    emit_alu_imm(e, ALU_ADD, 2, H_RDX, 8);
    emit_alu_imm(e, ALU_AND, 2, H_RDX, 8 * (RETURNS - 1));
    emit_store(e, 2, H_RDX, H_CPU, CPU_OFF(returns_top));
    emit_rmx(e, 0x89, 3, H_RCX, H_CPU, H_RDX, 0,
             notes_offset(t) + (int32_t)offsetof(CpuReturns, linear));
    emit8(e, 0x48); /* lea rcx, [rip + ...] */
    emit8(e, 0x8d);
    emit8(e, 0x0d);
    emit32(e, 0);
    uint8_t *landing = e->p - 4;
    emit_rmx(e, 0x89, 3, H_RCX, H_CPU, H_RDX, 0,
             notes_offset(t) + (int32_t)offsetof(CpuReturns, host));
    return landing;
}

/* A RET to the noted address comes here, with the address in rax. */
static void emit_landing(Tr *t, const Op *op, uint8_t *landing)
{
    Emit *e = &t->e;
    if (landing) {
        emit_here(e, landing);
        t->vec = (VecState){0};
        emit_alu_imm(e, ALU_SUB, tr_rip_size(t), H_RAX, op->off + op->len);
        emit_store(e, 3, H_RAX, H_CPU, OP_REG_RIP);
        leave_by(t, 1, op->off + op->len);
    }
}

static void tr_call_direct(Tr *t, const Op *op)
{
    tr_check_direct(t, op);
    tr_push_return(t, op);
    tr_flush(t);
    uint8_t *landing = note_return(t);
    leave_by(t, 0, op->target);
    emit_landing(t, op, landing);
}

/* To rax. */
static void computed_target(Tr *t, const Op *op)
{
    if (op->src != OP_REG_ZERO) {
        int reg = tr_get(t, op->src, H_RAX);
        if (reg != H_RAX || !is_wide(t)) {
            emit_mov(&t->e, tr_rip_size(t), H_RAX, reg);
        }
    } else {
        tr_address(t, op);
        tr_tlb(t, op, tr_rip_size(t), false);
        emit_load(&t->e, tr_rip_size(t), H_RAX, H_RAX, 0);
    }
}

/* The loop, which is told where from, looks at a target that is nowhere. */
static void jump_computed(Tr *t, const Op *op)
{
    computed_target(t, op);
    tr_flush(t);
    emit_store_imm(&t->e, 2, op->off, H_CPU, CPU_OFF(jump_off));
    jump_to_stub(t, t->stubs->lookup);
}

/* No register can keep the target while the return address is pushed. */
static void call_computed(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    computed_target(t, op);
    if (is_wide(t)) {
        emit_mov(e, 3, H_RCX, H_RAX);
        compare_half(e);
        tr_slow_if(t, 5);
    }
    emit_store(e, 3, H_RAX, H_CPU, CPU_OFF(call_target));
    tr_push_return(t, op);
    tr_flush(t);
    uint8_t *landing = note_return(t);
    emit_load(e, 3, H_RAX, H_CPU, CPU_OFF(call_target));
    jump_to_stub(t, t->stubs->lookup);
    emit_landing(t, op, landing);
}

static void ret(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    int32_t notes = notes_offset(t);
    unsigned size = tr_rip_size(t);
    int sp = tr_mod(t, R_RSP * 8, H_RAX);
    emit_mov(e, size, H_RAX, sp);
    tr_tlb(t, op, size, false);
    emit_load(e, size, H_RAX, H_RAX, 0);
    emit_lea(e, size, sp, sp, 1 << size);
    tr_put(t, R_RSP * 8, sp);
    tr_flush(t);
    emit_load(e, 2, H_RCX, H_CPU, CPU_OFF(returns_top));
    emit_rmx(e, 0x3b, 3, H_RAX, H_CPU, H_RCX, 0, notes + (int32_t)offsetof(CpuReturns, linear));
    uint8_t *other = emit_jcc(e, 5);
    emit_lea(e, 3, H_RDX, H_RCX, -8);
    emit_alu_imm(e, ALU_AND, 2, H_RDX, 8 * (RETURNS - 1));
    emit_store(e, 2, H_RDX, H_CPU, CPU_OFF(returns_top));
    emit_rmx(e, 0xff, 2, 4, H_CPU, H_RCX, 0, notes + (int32_t)offsetof(CpuReturns, host));
    /* Elsewhere than was noted. */
    emit_here(e, other);
    if (!is_wide(t)) {
        jump_to_stub(t, t->stubs->lookup);
        return;
    }
    emit_mov(e, 3, H_RCX, H_RAX);
    compare_half(e);
    emit_target(e, emit_jcc(e, 4), t->stubs->lookup);
    emit_add_mem_imm(e, 3, -8, H_CPU, R_RSP * 8);
    tr_last_by_handler(t);
}

bool tr_branch(Tr *t, const Op *op)
{
    if (op->xop != XOP_JCC) {
        tr_settle(t);
    }
    switch (op->xop) {
    case XOP_JMP:
        tr_flush(t);
        leave_by(t, 0, op->target);
        return true;
    case XOP_CONTINUE:
        tr_flush(t);
        leave_by(t, 1, op->off);
        return true;
    case XOP_JCC:
        tr_jump_if(t, op, tr_condition(t, op->aux));
        return true;
    case XOP_CALL:
        tr_call_direct(t, op);
        return true;
    case XOP_RET:
        ret(t, op);
        return true;
    case XOP_JMP_COMPUTED:
    case XOP_CALL_COMPUTED:
        if (op->src == OP_REG_ZERO && !tr_address_ok(op)) {
            return false;
        }
        if (op->xop == XOP_JMP_COMPUTED) {
            jump_computed(t, op);
        } else {
            call_computed(t, op);
        }
        return true;
    default:
        return false;
    }
}
