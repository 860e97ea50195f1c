/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory: the address, the soft TLB's compare in line, and the stack.
 */
#include "target/i386/jit/translate.h"

bool tr_address_ok(const Op *op)
{
    if (op->ea_kind == EA_TRUNC) {
        return op->asize == 4;
    }
    return (op->ea_kind == EA_FAST || op->ea_kind == EA_SEGBASE) && op->disp == (int32_t)op->disp;
}

void tr_address(Tr *t, const Op *op)
{
    tr_address_in(t, op, H_RAX);
}

void tr_address_in(Tr *t, const Op *op, int to)
{
    Emit *e = &t->e;
    int base = H_NONE, index = H_NONE;
    bool cut = op->ea_kind == EA_TRUNC;
    if (op->base == OP_REG_RIP) {
        base = H_RAX;
        emit_load(e, 3, H_RAX, H_CPU, OP_REG_RIP);
    } else if (op->base != OP_REG_ZERO) {
        base = tr_get(t, op->base, H_RAX);
    }
    if (op->index != OP_REG_ZERO) {
        index = tr_get(t, op->index, H_RCX);
    }
    if (base == H_NONE || index != H_NONE || op->disp) {
        emit_rmx(e, 0x8d, cut ? 2 : 3, to, base, index, op->scale, (int32_t)op->disp);
    } else if (cut || base != to) {
        emit_mov(e, cut ? 2 : 3, to, base);
    }
    if (op->ea_kind == EA_SEGBASE && op->xop != XOP_LEA) {
        emit_rm(e, 0x03, 3, H_RAX, H_CPU,
                CPU_OFF(seg) + op->seg * (int32_t)sizeof(CpuSegment) +
                    (int32_t)offsetof(CpuSegment, base));
    }
}

/* One compare decides: an access that crosses into the next page has its last byte in a page that
 * cannot be the tag of the first one's entry. */
static void mem_compare(Tr *t, unsigned bytes, bool aligned, bool write)
{
    Emit *e = &t->e;
    emit_mov(e, 2, H_RCX, H_RAX);
    emit_shift_imm(e, 5, 2, H_RCX, PAGE_SHIFT - 6);
    emit_alu_imm(e, ALU_AND, 2, H_RCX, (TLB_SIZE - 1) << 6);
    emit_rm(e, 0x03, 3, H_RCX, H_CPU, CPU_OFF(tlb_now));
    if (aligned || bytes == 1) {
        emit_mov(e, 3, H_RDX, H_RAX);
    } else {
        emit_lea(e, 3, H_RDX, H_RAX, (int32_t)bytes - 1);
    }
    emit_alu_imm(e, ALU_AND, 3, H_RDX, -(int32_t)PAGE_SIZE | (aligned ? (int32_t)bytes - 1 : 0));
    emit_rm(e, 0x3b, 3, H_RDX, H_RCX,
            (int32_t)(write ? offsetof(TlbEntry, tag_write) : offsetof(TlbEntry, tag_read)));
}

void tr_tlb_compare(Tr *t, unsigned bytes, bool write)
{
    mem_compare(t, bytes, false, write);
}

static void to_host(Tr *t)
{
    emit_rm(&t->e, 0x03, 3, H_RAX, H_RCX, (int32_t)offsetof(TlbEntry, addend));
}

void tr_tlb(Tr *t, const Op *op, unsigned size, bool write)
{
    tr_tlb_compare(t, 1u << size, write);
    tr_slow_if(t, 5);
    to_host(t);
}

void tr_tlb_vector(Tr *t, unsigned bytes, bool aligned, bool write)
{
    mem_compare(t, bytes, aligned, write);
    tr_slow_if(t, 5);
    to_host(t);
}

/* How many PUSHes or POPs of registers other than rSP follow one another from here. */
static unsigned stack_run(const Tr *t)
{
    const Op *op = &t->block->ops[t->at];
    unsigned n = 0;
    while (t->at + n < t->block->n_ops && op[n].xop == op->xop &&
           OP_FORM_KIND(op[n].form) == FORM_RR && op[n].src != R_RSP * 8) {
        n++;
    }
    return n;
}

/* A run is one access to the TLB; the slow path goes through the handlers of all. */
static void stack_many(Tr *t, unsigned n)
{
    Emit *e = &t->e;
    const Op *op = &t->block->ops[t->at];
    bool push = op->xop == XOP_PUSH;
    unsigned size = op_size(op);
    int sp = tr_mod(t, R_RSP * 8, H_RAX);
    int32_t unit = 1 << size, bytes = (int32_t)n * unit;
    emit_lea(e, size, H_RAX, sp, push ? -bytes : 0);
    tr_tlb_compare(t, (unsigned)bytes, push);
    tr_slow_run(t, 5, t->at + n - 1);
    to_host(t);
    for (unsigned i = 0; i < n; i++) {
        if (push) {
            emit_store(e, size, tr_get(t, op[i].src, H_RCX), H_RAX,
                       bytes - unit * (int32_t)(i + 1));
        } else {
            int reg = tr_dst(t, op[i].dst, H_RCX);
            emit_load(e, size, reg, H_RAX, unit * (int32_t)i);
            tr_put(t, op[i].dst, reg);
        }
    }
    emit_lea(e, size, sp, sp, push ? -bytes : bytes);
    tr_put(t, R_RSP * 8, sp);
    t->at += n - 1;
}

/* No register can keep the operand while the stack is looked up. */
static void push_memory(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    int32_t unit = 1 << size;
    tr_address(t, op);
    tr_tlb(t, op, size, false);
    emit_load(e, size, H_RAX, H_RAX, 0);
    emit_store(e, size, H_RAX, H_CPU, CPU_OFF(call_target));
    int sp = tr_mod(t, R_RSP * 8, H_RAX);
    emit_lea(e, size, H_RAX, sp, -unit);
    tr_tlb(t, op, size, true);
    emit_load(e, size, H_RCX, H_CPU, CPU_OFF(call_target));
    emit_store(e, size, H_RCX, H_RAX, 0);
    emit_lea(e, size, sp, sp, -unit);
    tr_put(t, R_RSP * 8, sp);
}

static void mem_push(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    int32_t unit = 1 << size;
    int sp = tr_mod(t, R_RSP * 8, H_RAX);
    emit_lea(e, size, H_RAX, sp, -unit);
    tr_tlb(t, op, size, true);
    if (OP_FORM_KIND(op->form) == FORM_RI) {
        emit_store_imm(e, size, (int32_t)op->imm, H_RAX, 0);
    } else {
        emit_store(e, size, tr_get(t, op->src, H_RCX), H_RAX, 0);
    }
    emit_lea(e, size, sp, sp, -unit);
    tr_put(t, R_RSP * 8, sp);
}

static void mem_pop(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    int32_t unit = 1 << size;
    int sp = tr_mod(t, R_RSP * 8, H_RAX);
    emit_mov(e, size, H_RAX, sp);
    tr_tlb(t, op, size, false);
    emit_load(e, size, H_RAX, H_RAX, 0);
    emit_lea(e, size, sp, sp, unit);
    tr_put(t, R_RSP * 8, sp);
    tr_write(t, op->dst, size, H_RAX);
}

static void mem_leave(Tr *t, const Op *op)
{
    Emit *e = &t->e;
    unsigned size = op_size(op);
    int32_t unit = 1 << size;
    int bp = tr_mod(t, R_RBP * 8, H_RAX), sp = tr_dst(t, R_RSP * 8, H_RAX);
    emit_mov(e, size, H_RAX, bp);
    tr_tlb(t, op, size, false);
    emit_lea(e, size, sp, bp, unit);
    emit_load(e, size, bp, H_RAX, 0);
    tr_put(t, R_RSP * 8, sp);
    tr_put(t, R_RBP * 8, bp);
}

bool tr_stack(Tr *t, const Op *op)
{
    if (op->xop == XOP_LEAVE) {
        mem_leave(t, op);
        return true;
    }
    unsigned n = stack_run(t);
    if (n > 1) {
        stack_many(t, n);
    } else if (op->xop == XOP_POP) {
        mem_pop(t, op);
    } else if (OP_FORM_KIND(op->form) == FORM_RM) {
        if (!tr_address_ok(op)) {
            return false;
        }
        push_memory(t, op);
    } else if (OP_FORM_KIND(op->form) == FORM_RI && op->imm != (int32_t)op->imm) {
        return false;
    } else {
        mem_push(t, op);
    }
    return true;
}
