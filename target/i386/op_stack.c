/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PUSH, POP, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE (Intel SDM vol. 2).
 */
#include "target/i386/decode.h"
#include "target/i386/excp.h"
#include "target/i386/stack.h"
#include "target/i386/system_ops.h"

static ALWAYS_INLINE bool push64(Cpu *cpu, uint64_t v, bool cold)
{
    uint64_t sp = cpu->gpr[R_RSP] - 8;
    if (!mem_put(cpu, sp, 64, cold, v)) {
        return false;
    }
    cpu->gpr[R_RSP] = sp;
    return true;
}

static ALWAYS_INLINE bool pop64(Cpu *cpu, unsigned reg, bool cold)
{
    uint64_t v;
    if (!mem_get(cpu, cpu->gpr[R_RSP], 64, cold, &v)) {
        return false;
    }
    cpu->gpr[R_RSP] += 8;
    *(uint64_t *)op_reg(cpu, reg) = v;
    return true;
}

MEM_HANDLER(push_r64, push64(cpu, *(uint64_t *)op_reg(cpu, op->src), cold))
MEM_HANDLER(push_i64, push64(cpu, (uint64_t)op->imm, cold))
MEM_HANDLER(pop_r64, pop64(cpu, op->dst, cold))

static OpNext push_reg(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    stack_push(cpu, reg_get(cpu, op->src, op->osize * 8), op->osize);
    NEXT();
}

static OpNext push_imm(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    stack_push(cpu, (uint64_t)op->imm, op->osize);
    NEXT();
}

static OpNext push_mem(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    stack_push(cpu, mem_load(cpu, op_ea(cpu, op, op->osize, false), op->osize * 8), op->osize);
    NEXT();
}

/* The selector zero-extended; SP moves by the whole operand. */
static OpNext push_seg(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    stack_push(cpu, cpu->seg[op->aux].selector, op->osize);
    NEXT();
}

/* Intel's writes 16 of the 32 bits (SDM vol. 2, PUSH). */
static OpNext push_seg_part(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t sp = cpu->gpr[R_RSP] - op->osize;
    mem_store(cpu, stack_linear(cpu, sp, 2, true), 16, cpu->seg[op->aux].selector);
    stack_set(cpu, sp);
    NEXT();
}

static OpNext pop_reg(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v = stack_peek(cpu, 0, op->osize);
    stack_set(cpu, cpu->gpr[R_RSP] + op->osize);
    reg_set(cpu, op->dst, op->osize * 8, v);
    NEXT();
}

/* An address that uses rSP uses its value after the pop: the decoder added that to disp. */
static OpNext pop_mem(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v = stack_peek(cpu, 0, op->osize);
    mem_store(cpu, op_ea(cpu, op, op->osize, true), op->osize * 8, v);
    stack_set(cpu, cpu->gpr[R_RSP] + op->osize);
    NEXT();
}

static OpNext pop_seg(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint16_t selector = (uint16_t)stack_peek(cpu, 0, op->osize == 2 ? 2 : op->osize);
    uint64_t sp = cpu->gpr[R_RSP] + op->osize;
    uint64_t mask = stack_mask(cpu); /* of the old SS */
    seg_load(cpu, op->aux, selector);
    stack_set_by(cpu, sp, mask);
    OpNext next = op_finish(cpu, op);
    cpu->int_shadow = op->aux == SEG_SS ? SHADOW_SS : SHADOW_NONE;
    return next;
}

OpFn op_select_push_pop(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0];
    bool push = d->zi.mnemonic == ZYDIS_MNEMONIC_PUSH;
    bool fast = (d->mode & CPU_MODE_CS64) && op->osize == 8;
    bool known = decode_plain_size(d, op);
    if (decode_is_imm(a)) {
        op->imm = a->imm.value.s;
        if (known) {
            op_translates(op, XOP_PUSH, FORM_RI, op->osize * 8u);
        }
        return fast ? push_i64 : push_imm;
    }
    if (decode_is_mem(a)) {
        decode_mem(d, op, a);
        if (!push && op->base == R_RSP * 8) {
            op->disp += op->osize;
        }
        if (push && known) {
            op_translates(op, XOP_PUSH, FORM_RM, op->osize * 8u);
        }
        return push ? push_mem : pop_mem;
    }
    int seg = decode_seg(a->reg.value);
    if (seg >= 0) {
        op->aux = (uint8_t)seg;
        d->ends = !push;
        if (push) {
            return op->osize == 4 && !cpu_model_is_amd(d->model) ? push_seg_part : push_seg;
        }
        return seg == SEG_CS ? NULL : pop_seg;
    }
    op->src = op->dst = decode_reg(a->reg.value);
    if (known) {
        op_translates(op, push ? XOP_PUSH : XOP_POP, FORM_RR, op->osize * 8u);
    }
    if (push) {
        return fast ? push_r64 : push_reg;
    }
    return fast ? pop_r64 : pop_reg;
}

static OpNext pusha(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t sp = cpu->gpr[R_RSP];
    for (unsigned i = 0; i < 8; i++) {
        mmu_probe_write(cpu, stack_linear(cpu, sp - (i + 1) * op->osize, op->osize, true),
                        op->osize);
    }
    for (unsigned i = 0; i < 8; i++) {
        uint64_t at = stack_linear(cpu, sp - (i + 1) * op->osize, op->osize, true);
        mem_store(cpu, at, op->osize * 8, cpu->gpr[i]);
    }
    stack_set(cpu, sp - 8u * op->osize);
    NEXT();
}

static OpNext popa(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v[8];
    for (unsigned i = 0; i < 8; i++) {
        v[i] = stack_peek(cpu, i * op->osize, op->osize);
    }
    for (unsigned i = 0; i < 8; i++) {
        if (7 - i != R_RSP) {
            reg_set(cpu, (7 - i) * 8, op->osize * 8, v[i]);
        }
    }
    stack_set(cpu, cpu->gpr[R_RSP] + 8u * op->osize);
    NEXT();
}

static OpNext pushf(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    stack_push(cpu, sys_pushf(cpu, op->osize), op->osize);
    NEXT();
}

static OpNext popf(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_check_flags_access(cpu, op->osize);
    uint64_t v = stack_peek(cpu, 0, op->osize);
    sys_popf(cpu, v, op->osize);
    stack_set(cpu, cpu->gpr[R_RSP] + op->osize);
    return op_finish(cpu, op);
}

static OpNext op_leave(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t frame = cpu->gpr[R_RBP];
    uint64_t v = mem_load(cpu, stack_linear(cpu, frame, op->osize, false), op->osize * 8);
    stack_set(cpu, frame + op->osize);
    reg_set(cpu, R_RBP * 8, op->osize * 8, v);
    NEXT();
}

/* The whole frame is checked before anything is stored. */
static OpNext op_enter(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    unsigned size = op->osize, level = op->aux & 31, locals = (uint16_t)op->imm;
    uint64_t sp = cpu->gpr[R_RSP], frame = sp - size;
    for (unsigned i = 1; i < level; i++) {
        uint64_t at = stack_linear(cpu, cpu->gpr[R_RBP] - i * size, size, false);
        mem_load(cpu, at, (int)size * 8);
    }
    unsigned pushes = level ? level + 1 : 1;
    for (unsigned i = 0; i < pushes; i++) {
        mmu_probe_write(cpu, stack_linear(cpu, frame - i * size, size, true), size);
    }
    uint64_t top = frame - (pushes - 1) * size - locals;
    mmu_probe_write(cpu, stack_linear(cpu, top, size, true), size);
    mem_store(cpu, stack_linear(cpu, frame, size, true), (int)size * 8, cpu->gpr[R_RBP]);
    /* Nothing faults from here. The old display may overlap what is pushed: copy one by one. */
    for (unsigned i = 1; i < pushes; i++) {
        uint64_t v = frame;
        if (i < level) {
            uint64_t at = stack_linear(cpu, cpu->gpr[R_RBP] - i * size, size, false);
            v = mem_load(cpu, at, (int)size * 8);
        }
        mem_store(cpu, stack_linear(cpu, frame - i * size, size, true), (int)size * 8, v);
    }
    stack_set(cpu, top);
    uint64_t mask = stack_mask(cpu);
    uint64_t rbp = (cpu->gpr[R_RBP] & ~mask) | (frame & mask);
    reg_set(cpu, R_RBP * 8, (int)size * 8, rbp);
    NEXT();
}

OpFn op_select_frame(Decode *d, Op *op)
{
    switch (d->zi.mnemonic) {
    case ZYDIS_MNEMONIC_PUSHA:
    case ZYDIS_MNEMONIC_PUSHAD:
        return pusha;
    case ZYDIS_MNEMONIC_POPA:
    case ZYDIS_MNEMONIC_POPAD:
        return popa;
    case ZYDIS_MNEMONIC_PUSHF:
    case ZYDIS_MNEMONIC_PUSHFD:
    case ZYDIS_MNEMONIC_PUSHFQ:
        return pushf;
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
    case ZYDIS_MNEMONIC_POPFQ:
        d->ends = true;
        return popf;
    case ZYDIS_MNEMONIC_LEAVE:
        if (decode_plain_size(d, op)) {
            op_translates(op, XOP_LEAVE, FORM_RR, op->osize * 8u);
        }
        return op_leave;
    default:
        op->imm = d->ops[0].imm.value.s;
        op->aux = (uint8_t)d->ops[1].imm.value.u;
        return op_enter;
    }
}
