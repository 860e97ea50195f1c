/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VEX-encoded vector instructions: finding the handler of one, and what handlers do when they
 * cannot go the fast way (Intel SDM vol. 2, 2.3 and 2.4 for the exceptions).
 */
#include "target/i386/block.h"
#include "target/i386/vec.h"

#define XCR0_AVX 6u /* SSE and AVX state */

static OpNext disabled(Cpu *cpu, const Op *op)
{
    bool protected = (cpu->mode & CPU_MODE_PE) && !(cpu->mode & CPU_MODE_VM);
    MAY_RAISE();
    if (!protected || !(cpu->cr4 & CR4_OSXSAVE) || (cpu->xcr0 & XCR0_AVX) != XCR0_AVX) {
        cpu_raise(cpu, EXCP_UD);
    }
    cpu_raise(cpu, EXCP_NM);
}

uint64_t avx_address(Cpu *cpu, const Op *op, bool write)
{
    const AvxInsn *insn = avx_insn(op);
    uint64_t ea = op_ea(cpu, op, insn->width, write);
    if (insn->aligned && (ea & (insn->width - 1u))) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    return ea;
}

static __attribute__((noinline)) void load_and_run(Cpu *cpu, const Op *op)
{
    const AvxInsn *insn = avx_insn(op);
    VecReg b;
    mmu_load_bytes(cpu, avx_address(cpu, op, false), &b, insn->width);
    insn->kernel(cpu, op, &b);
}

OpNext avx_miss(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    load_and_run(cpu, op);
    NEXT();
}

OpNext avx_store_miss(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    mmu_store_bytes(cpu, avx_address(cpu, op, true), &cpu->fpu.vec[op->aux], avx_insn(op)->width);
    NEXT();
}

static void raise_flags(Cpu *cpu, const Op *op, uint32_t flags, const VecReg *result, const void *b)
{
    const AvxInsn *insn = avx_insn(op);
    if (insn->tiny == FP_TINY_DPPS || insn->tiny == FP_TINY_DPPD) {
        sse_dp_raise(cpu, insn->tiny, &cpu->fpu.vec[op->src], b, op->osize, insn->imm);
    } else {
        fpu_mxcsr_raise(cpu, flags,
                        sse_is_tiny(insn->tiny, (const uint8_t *)result->lo, sizeof(*result)));
    }
}

/* Runs a kernel and puts the result in place only if no exception is raised. */
static void judge(Cpu *cpu, const Op *op, const void *b)
{
    const AvxInsn *insn = avx_insn(op);
    VecReg *dst = &cpu->fpu.vec[op->dst], before = *dst, result;
    uint32_t flags;
    fpu_mxcsr_begin(cpu);
    insn->kernel(cpu, op, b);
    flags = fpu_mxcsr_end(cpu);
    if (fpu_mxcsr_all_masked(cpu)) {
        cpu->fpu.mxcsr |= flags;
        return;
    }
    result = *dst;
    *dst = before;
    raise_flags(cpu, op, flags, &result, b);
    *dst = result;
}

static __attribute__((noinline)) void judge_memory(Cpu *cpu, const Op *op)
{
    VecReg b;
    mmu_load_bytes(cpu, avx_address(cpu, op, false), &b, avx_insn(op)->width);
    judge(cpu, op, &b);
}

static __attribute__((noinline)) void judge_register(Cpu *cpu, const Op *op)
{
    VecReg b = cpu->fpu.vec[op->aux];
    if (avx_insn(op)->gpr) {
        b.lo[0] = cpu->gpr[op->aux];
    }
    judge(cpu, op, &b);
}

static OpNext judged_m(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    judge_memory(cpu, op);
    NEXT();
}

static OpNext judged_r(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    judge_register(cpu, op);
    NEXT();
}

static AvxInsn *keep(const Decode *d, const VecRow *row, const VecOperands *o, unsigned wide)
{
    AvxInsn *insn = code_cache_alloc(d->code, sizeof(*insn));
    uint8_t imm = vec_imm(row, o);
    *insn = (AvxInsn){
        .kernel = row->avx[wide].kernel,
        .entry = row->avx_imm[wide] ? row->avx_imm[wide] + FPU_IMM_ENTRY * imm : NULL,
        .imm = imm,
        .reg4 = o->reg4,
        .width = row->width[wide],
        .tiny = row->tiny,
        .aligned = row->flags & VEC_ALIGNED,
        .gpr = o->from_gpr,
    };
    return insn;
}

static bool registers_clash(const VecRow *row, const VecOperands *o)
{
    return (row->flags & VEC_GATHER) &&
           (o->dst == o->vvvv || o->dst == o->reg4 || o->vvvv == o->reg4);
}

/* The handler of a row's VEX form, with the operands filled in. */
static OpFn select_form(Decode *d, Op *op, const VecRow *row, const VecOperands *o, unsigned wide)
{
    bool judged = (row->flags & VEC_FP) && !(d->mode & CPU_MODE_MASKED);
    if (registers_clash(row, o)) {
        return NULL;
    }
    AvxInsn *insn = keep(d, row, o, wide);
    op->dst = o->dst;
    op->src = o->vvvv;
    op->aux = o->src;
    op->imm = (int64_t)(uintptr_t)insn;
    op->osize = wide ? 32 : 16;
    if (o->mem) {
        decode_mem(d, op, o->mem);
    } else {
        d->pure = !judged && !(row->flags & VEC_RAISES);
    }
    op_describe_vector(d, op, &insn->described);
    if (o->mem) {
        return judged ? judged_m : row->avx[wide].mem;
    }
    return judged ? judged_r : row->avx[wide].reg;
}

static OpFn select_legacy(Decode *d, Op *op, const VecRow *row, const VecOperands *o)
{
    FpuInsn insn;
    fpu_fill_operands(&d->zi, d->ops, &insn);
    vec_fill_legacy(row, o, &d->zi, &insn);
    op_describe_vector(d, op, &insn);
    return op_fpu_glue(d, op, &insn);
}

OpFn op_select_avx(Decode *d, Op *op)
{
    VecOperands o = vec_operands(&d->zi, d->ops);
    const VecRow *row = vec_find(code_cache_vec_index(d->code), &d->zi, &o);
    if (!fpu_has_features(d->model, &d->zi) || !row) {
        return NULL;
    }
    if (!(d->mode & CPU_MODE_AVX)) {
        return disabled;
    }
    if ((row->flags & VEC_SAME) || ((row->flags & VEC_MASKED) && !(d->mode & CPU_MODE_MASKED))) {
        return select_legacy(d, op, row, &o);
    }
    return select_form(d, op, row, &o, d->zi.avx.vector_length == 256);
}
