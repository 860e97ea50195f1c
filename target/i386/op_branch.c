/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jumps, calls, returns, loops, software interrupts, BOUND (Intel SDM vol. 2).
 *
 * Near branches in 64-bit code have handlers of their own; other modes share ones that cut the
 * target to the operand size. A branch to an address beyond the code segment's limit, or to one
 * that is not canonical, faults as the branch that it is, with nothing done; the loop in interp.c
 * looks at the targets of JMP and Jcc in 64-bit code, which have nothing to undo.
 */
#include "target/i386/decode.h"
#include "target/i386/excp.h"
#include "target/i386/stack.h"

static ALWAYS_INLINE uint64_t cut(const Op *op, uint64_t rip)
{
    return op->osize == 2 ? (uint16_t)rip : op->osize == 4 ? (uint32_t)rip : rip;
}

static ALWAYS_INLINE bool target_ok(const Cpu *cpu, uint64_t rip)
{
    return cpu->mode & CPU_MODE_CS64 ? mmu_is_canonical(rip)
                                     : cpu->mode & CPU_MODE_FLAT || rip <= cpu->seg[SEG_CS].limit;
}

static ALWAYS_INLINE void check_target(Cpu *cpu, uint64_t rip)
{
    if (G_UNLIKELY(!target_ok(cpu, rip))) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
}

static OpNext jmp64(Cpu *cpu, const Op *op)
{
    cpu->rip += (uint64_t)(int64_t)op->target;
    return NEXT_LINK0;
}

static ALWAYS_INLINE uint64_t relative_target(const Cpu *cpu, const Op *op)
{
    return cut(op, cpu->rip + (uint64_t)(int64_t)op->target);
}

static OpNext jmp_rel(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t target = relative_target(cpu, op);
    check_target(cpu, target);
    cpu->rip = target;
    return NEXT_LINK0;
}

/* SDM vol. 2, CALL: the stack's address is looked at first, then the target, then memory. */
static G_NORETURN void call_out_of_range(Cpu *cpu, uint64_t sp)
{
    if (!mmu_is_canonical(sp)) {
        cpu_raise_error(cpu, EXCP_SS, 0);
    }
    cpu_raise_error(cpu, EXCP_GP, 0);
}

static ALWAYS_INLINE bool call_push(Cpu *cpu, const Op *op, bool cold)
{
    uint64_t sp = cpu->gpr[R_RSP] - 8;
    if (G_UNLIKELY(!mmu_is_canonical(cpu->rip + (uint64_t)(int64_t)op->target))) {
        if (!cold) {
            return false;
        }
        call_out_of_range(cpu, sp);
    }
    if (!mem_put(cpu, sp, 64, cold, cpu->rip + op->off + op->len)) {
        return false;
    }
    cpu->gpr[R_RSP] = sp;
    cpu->rip += (uint64_t)(int64_t)op->target;
    return true;
}

static __attribute__((noinline, cold)) OpNext call64_cold(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    call_push(cpu, op, true);
    return NEXT_LINK0;
}

static OpNext call64(Cpu *cpu, const Op *op)
{
    if (G_UNLIKELY(!call_push(cpu, op, false))) {
        return call64_cold(cpu, op);
    }
    return NEXT_LINK0;
}

/* Likewise, in any mode. */
static void call_check(Cpu *cpu, const Op *op, uint64_t target)
{
    if (G_UNLIKELY(!target_ok(cpu, target))) {
        uint64_t sp = stack_linear(cpu, cpu->gpr[R_RSP] - op->osize, op->osize, true);
        call_out_of_range(cpu, sp);
    }
}

static OpNext call_rel(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t target = relative_target(cpu, op);
    call_check(cpu, op, target);
    stack_push(cpu, op_next_rip(cpu, op), op->osize);
    cpu->rip = target;
    return NEXT_LINK0;
}

static ALWAYS_INLINE uint64_t branch_operand(Cpu *cpu, const Op *op)
{
    if (op->src != OP_REG_ZERO) {
        return reg_get(cpu, op->src, op->osize * 8);
    }
    return mem_load(cpu, op_ea(cpu, op, op->osize, false), op->osize * 8);
}

static OpNext jmp_indirect(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t target = branch_operand(cpu, op);
    check_target(cpu, target);
    cpu->rip = target;
    return NEXT_JUMP;
}

static OpNext call_indirect(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t target = branch_operand(cpu, op);
    call_check(cpu, op, target);
    stack_push(cpu, op_next_rip(cpu, op), op->osize);
    cpu->rip = target;
    return NEXT_JUMP;
}

static ALWAYS_INLINE bool ret_pop(Cpu *cpu, bool cold)
{
    uint64_t target;
    if (!mem_get(cpu, cpu->gpr[R_RSP], 64, cold, &target)) {
        return false;
    }
    if (G_UNLIKELY(!mmu_is_canonical(target))) {
        if (!cold) {
            return false;
        }
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    cpu->gpr[R_RSP] += 8;
    cpu->rip = target;
    return true;
}

static __attribute__((noinline, cold)) OpNext ret64_cold(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    ret_pop(cpu, true);
    return NEXT_JUMP;
}

static OpNext ret64(Cpu *cpu, const Op *op)
{
    if (G_UNLIKELY(!ret_pop(cpu, false))) {
        return ret64_cold(cpu, op);
    }
    return NEXT_JUMP;
}

static OpNext ret_near(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t target = stack_peek(cpu, 0, op->osize);
    check_target(cpu, target);
    stack_set(cpu, cpu->gpr[R_RSP] + op->osize + (uint64_t)op->imm);
    cpu->rip = target;
    return NEXT_JUMP;
}

#define JCC_FUNCS(cond_)                                                                           \
    static OpNext jcc64_##cond_(Cpu *cpu, const Op *op)                                            \
    {                                                                                              \
        if (flags_cond(cpu, cond_)) {                                                              \
            cpu->rip += (uint64_t)(int64_t)op->target;                                             \
            return NEXT_LINK0;                                                                     \
        }                                                                                          \
        cpu->rip += op->off + op->len;                                                             \
        return NEXT_LINK1;                                                                         \
    }
FOR_CONDITIONS(JCC_FUNCS)
#define JCC_ITEM(c_) jcc64_##c_,
static const OpFn jcc64[16] = {FOR_CONDITIONS(JCC_ITEM)};

static OpNext conditional(Cpu *cpu, const Op *op, bool taken)
{
    if (taken) {
        return jmp_rel(cpu, op);
    }
    cpu->rip = op_next_rip(cpu, op);
    return NEXT_LINK1;
}

static OpNext jcc_any(Cpu *cpu, const Op *op)
{
    return conditional(cpu, op, flags_cond(cpu, op->aux));
}

static uint64_t count_get(Cpu *cpu, const Op *op)
{
    return reg_get(cpu, R_RCX * 8, op->asize * 8);
}

static OpNext jcxz(Cpu *cpu, const Op *op)
{
    return conditional(cpu, op, count_get(cpu, op) == 0);
}

enum { LOOP_PLAIN, LOOP_EQUAL, LOOP_NOT_EQUAL };

static OpNext loop(Cpu *cpu, const Op *op)
{
    uint64_t count = op_zext(count_get(cpu, op) - 1, op->asize * 8);
    bool taken = count != 0;
    if (op->aux != LOOP_PLAIN) {
        taken = taken && flags_zf(cpu) == (op->aux == LOOP_EQUAL);
    }
    OpNext next = conditional(cpu, op, taken);
    reg_set(cpu, R_RCX * 8, op->asize * 8, count);
    return next;
}

/* Far transfers: selector and offset are constants, or in memory. */
static OpNext far_jump(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    seg_far_jump(cpu, (uint16_t)op->disp, (uint64_t)op->imm, op->osize, op_next_rip(cpu, op));
    return NEXT_EVENT;
}

static OpNext far_call(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    seg_far_call(cpu, (uint16_t)op->disp, (uint64_t)op->imm, op->osize, op_next_rip(cpu, op));
    return NEXT_EVENT;
}

static OpNext far_indirect(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t ea = op_ea(cpu, op, op->osize + 2u, false);
    uint64_t offset = mem_load(cpu, ea, op->osize * 8);
    uint16_t selector = mmu_load16(cpu, ea + op->osize);
    if (op->mnemonic == ZYDIS_MNEMONIC_CALL) {
        seg_far_call(cpu, selector, offset, op->osize, op_next_rip(cpu, op));
    } else {
        seg_far_jump(cpu, selector, offset, op->osize, op_next_rip(cpu, op));
    }
    return NEXT_EVENT;
}

static OpNext far_ret(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    seg_far_ret(cpu, op->osize, (unsigned)op->imm);
    return NEXT_EVENT;
}

static OpNext iret(Cpu *cpu, const Op *op)
{
    uint32_t mode = cpu->mode;
    MAY_RAISE();
    seg_iret(cpu, op->osize, op_next_rip(cpu, op));
    return op_level_changed(cpu, mode);
}

static OpNext int_n(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    cpu_raise_int_n(cpu, (int)op->imm, op_next_rip(cpu, op));
}

static OpNext int3(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    cpu_raise_software(cpu, EXCP_BP, op_next_rip(cpu, op));
}

static OpNext int1(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    cpu_raise_int1(cpu, op_next_rip(cpu, op));
}

static OpNext into(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    if (flags_of(cpu)) {
        cpu_raise_software(cpu, EXCP_OF, op_next_rip(cpu, op));
    }
    NEXT();
}

static OpNext bound(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    int bits = op->osize * 8;
    uint64_t ea = op_ea(cpu, op, 2u * op->osize, false);
    int64_t index = (int64_t)op_sext(reg_get(cpu, op->dst, bits), bits);
    int64_t low = (int64_t)op_sext(mem_load(cpu, ea, bits), bits);
    int64_t high = (int64_t)op_sext(mem_load(cpu, ea + op->osize, bits), bits);
    if (index < low || index > high) {
        cpu_raise(cpu, EXCP_BR);
    }
    NEXT();
}

static void branch_translates(const Decode *d, Op *op, unsigned xop)
{
    if (decode_plain_size(d, op)) {
        op_translates(op, xop, FORM_RR, op->osize * 8u);
    }
}

static OpFn select_relative(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0];
    bool is64 = d->mode & CPU_MODE_CS64;
    op->target = (int32_t)(op->off + op->len + a->imm.value.s);
    op->osize = is64 ? 8 : d->zi.operand_width / 8;
    d->links[0] = true;
    if (d->zi.mnemonic == ZYDIS_MNEMONIC_JMP) {
        branch_translates(d, op, XOP_JMP);
        return is64 ? jmp64 : jmp_rel;
    }
    if (d->zi.mnemonic == ZYDIS_MNEMONIC_CALL) {
        d->links[1] = true; /* by its return */
        branch_translates(d, op, XOP_CALL);
        return is64 ? call64 : call_rel;
    }
    d->links[1] = true;
    switch (d->zi.mnemonic) {
    case ZYDIS_MNEMONIC_LOOP:
        op->aux = LOOP_PLAIN;
        return loop;
    case ZYDIS_MNEMONIC_LOOPE:
        op->aux = LOOP_EQUAL;
        return loop;
    case ZYDIS_MNEMONIC_LOOPNE:
        op->aux = LOOP_NOT_EQUAL;
        return loop;
    case ZYDIS_MNEMONIC_JCXZ:
    case ZYDIS_MNEMONIC_JECXZ:
    case ZYDIS_MNEMONIC_JRCXZ:
        return jcxz;
    default:
        op->aux = (uint8_t)decode_cond(d->zi.mnemonic);
        branch_translates(d, op, XOP_JCC);
        return is64 ? jcc64[op->aux] : jcc_any;
    }
}

static OpFn select_jump_call(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0];
    bool call = d->zi.mnemonic == ZYDIS_MNEMONIC_CALL;
    bool far = d->zi.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
    if (a->type == ZYDIS_OPERAND_TYPE_POINTER) {
        op->disp = a->ptr.segment;
        op->imm = a->ptr.offset;
        return call ? far_call : far_jump;
    }
    if (decode_is_imm(a)) {
        return select_relative(d, op);
    }
    if (decode_is_mem(a)) {
        decode_mem(d, op, a);
        if (far) {
            op->osize = (uint8_t)(a->size / 8 - 2);
            return far_indirect;
        }
    } else {
        op->src = decode_reg(a->reg.value);
    }
    op->osize = d->mode & CPU_MODE_CS64 ? 8 : d->zi.operand_width / 8;
    d->links[1] = call;
    branch_translates(d, op, call ? XOP_CALL_COMPUTED : XOP_JMP_COMPUTED);
    return call ? call_indirect : jmp_indirect;
}

OpFn op_select_branch(Decode *d, Op *op)
{
    d->ends = true;
    switch (d->zi.mnemonic) {
    case ZYDIS_MNEMONIC_RET:
        op->imm = d->zi.operand_count_visible ? (int64_t)(d->ops[0].imm.value.u & 0xffff) : 0;
        if (d->zi.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) {
            return far_ret;
        }
        op->osize = d->mode & CPU_MODE_CS64 ? 8 : d->zi.operand_width / 8;
        if (op->imm == 0) {
            branch_translates(d, op, XOP_RET);
        }
        return op->osize == 8 && op->imm == 0 ? ret64 : ret_near;
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
        return iret;
    case ZYDIS_MNEMONIC_INT:
        op->imm = (int64_t)(d->ops[0].imm.value.u & 0xff);
        return int_n;
    case ZYDIS_MNEMONIC_INT3:
        return int3;
    case ZYDIS_MNEMONIC_INT1:
        return int1;
    case ZYDIS_MNEMONIC_INTO:
        d->ends = false;
        return into;
    case ZYDIS_MNEMONIC_BOUND:
        d->ends = false;
        op->dst = decode_reg(d->ops[0].reg.value);
        decode_mem(d, op, &d->ops[1]);
        return bound;
    case ZYDIS_MNEMONIC_JMP:
    case ZYDIS_MNEMONIC_CALL:
        return select_jump_call(d, op);
    default:
        return select_relative(d, op);
    }
}
