/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VEX-encoded vector instructions: finding the handler of one, and what handlers do when they
 * cannot go the fast way (Intel SDM vol. 2, 2.3 and 2.4 for the exceptions).
 */
#include "target/i386/avx.h"

#include "target/i386/block.h"
#include "target/i386/cpuid.h"

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
                        sse_fp_is_tiny(insn->tiny, (const uint8_t *)result->lo, sizeof(*result)));
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

typedef struct {
    uint16_t isa_set;
    uint16_t feature;
} IsaRow;

/* AVX forms of other extensions need both. */
static bool has_features(const Decode *d)
{
    static const IsaRow sets[] = {
        {ZYDIS_ISA_SET_AVX, FEAT_AVX},         {ZYDIS_ISA_SET_AVX2, FEAT_AVX2},
        {ZYDIS_ISA_SET_AVX2GATHER, FEAT_AVX2}, {ZYDIS_ISA_SET_AVXAES, FEAT_AES},
        {ZYDIS_ISA_SET_FMA, FEAT_FMA},         {ZYDIS_ISA_SET_F16C, FEAT_F16C},
        {ZYDIS_ISA_SET_VAES, FEAT_VAES},       {ZYDIS_ISA_SET_VPCLMULQDQ, FEAT_VPCLMULQDQ},
    };
    if (d->zi.mnemonic == ZYDIS_MNEMONIC_VPCLMULQDQ && !cpu_model_has(d->model, FEAT_PCLMULQDQ)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sets); i++) {
        if (sets[i].isa_set == d->zi.meta.isa_set) {
            return cpu_model_has(d->model, FEAT_AVX) && cpu_model_has(d->model, sets[i].feature);
        }
    }
    return false;
}

/* What look-up and decoding need of the operands. */
typedef struct {
    const ZydisDecodedOperand *mem;
    unsigned rm_size; /* of the integer or general register that is converted, in bytes */
    bool store, to_gpr, from_gpr, imm;
    uint8_t imm_value;
    uint8_t reg4; /* in the immediate byte, or a vector of indices */
} Operands;

/* Fills in op->dst, op->src and op->aux. */
static Operands read_operands(const Decode *d, Op *op)
{
    Operands o = {0};
    for (unsigned i = 0; i < d->zi.operand_count_visible; i++) {
        const ZydisDecodedOperand *x = &d->ops[i];
        uint8_t number = decode_is_reg(x) ? (uint8_t)ZydisRegisterGetId(x->reg.value) : 0;
        bool gpr = decode_is_reg(x) && fpu_is_gpr(x);
        if (decode_is_mem(x)) {
            o.mem = x;
            o.store = i == 0;
            o.rm_size = o.rm_size ? o.rm_size : x->size / 8;
            if (x->mem.type == ZYDIS_MEMOP_TYPE_VSIB) {
                o.reg4 = (uint8_t)ZydisRegisterGetId(x->mem.index);
            }
        } else if (decode_is_imm(x)) {
            o.imm = true;
            o.imm_value = (uint8_t)x->imm.value.u;
        } else if (i == 0) {
            op->dst = number;
            o.to_gpr = gpr;
        } else if (x->encoding == ZYDIS_OPERAND_ENCODING_NDSNDD) {
            op->src = number;
        } else if (x->encoding == ZYDIS_OPERAND_ENCODING_IS4) {
            o.reg4 = number;
        } else {
            op->aux = number;
            o.from_gpr = gpr;
        }
        o.rm_size = gpr ? x->size / 8u : o.rm_size;
    }
    return o;
}

static bool row_fits(const AvxRow *row, const Decode *d, const Operands *o, unsigned wide)
{
    unsigned size = row->flags & AVX_SIZE_4 ? 4 : row->flags & AVX_SIZE_8 ? 8 : 0;
    const AvxForm *form = &row->form[wide];
    return row->mnemonic == d->zi.mnemonic && (o->mem ? form->mem != NULL : form->reg != NULL) &&
           o->store == !!(row->flags & AVX_STORE) && o->to_gpr == !!(row->flags & AVX_TO_GPR) &&
           (o->mem || o->from_gpr == !!(row->flags & AVX_GPR)) && (!size || size == o->rm_size) &&
           o->imm == (row->imm[wide] || (row->flags & AVX_IMM)) &&
           (!(row->flags & AVX_MASKED) || (d->mode & CPU_MODE_MASKED));
}

static const AvxRow *find_row(const Decode *d, const Operands *o, unsigned wide)
{
    const AvxTable tables[] = {avx_int_table(), avx_move_table(), avx_shuffle_table(),
                               avx_imm_table(), avx_fp_table(),   avx_fma_table(),
                               avx_mask_table()};
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (row_fits(&tables[t].rows[i], d, o, wide)) {
                return &tables[t].rows[i];
            }
        }
    }
    return NULL;
}

static AvxInsn *keep(const Decode *d, const AvxRow *row, const Operands *o, unsigned wide)
{
    AvxInsn *insn = code_cache_alloc(d->code, sizeof(*insn));
    uint8_t imm = o->imm_value;
    /* From memory, its only element is taken: the immediate's source field counts for nothing. */
    if (row->mnemonic == ZYDIS_MNEMONIC_VINSERTPS && o->mem) {
        imm &= 0x3f;
    }
    *insn = (AvxInsn){
        .kernel = row->form[wide].kernel,
        .entry = row->imm[wide] ? row->imm[wide] + AVX_IMM_ENTRY * imm : NULL,
        .imm = imm,
        .reg4 = o->reg4,
        .width = row->width[wide],
        .tiny = row->tiny,
        .aligned = row->flags & AVX_ALIGNED,
        .gpr = o->from_gpr,
    };
    return insn;
}

static bool registers_clash(const AvxRow *row, const Op *op, const Operands *o)
{
    return (row->flags & AVX_GATHER) &&
           (op->dst == op->src || op->dst == o->reg4 || op->src == o->reg4);
}

/* The handler for a row, with the operands filled in. */
static OpFn select_row(Decode *d, Op *op, const AvxRow *row, const Operands *o, unsigned wide)
{
    bool judged = (row->flags & AVX_FP) && !(d->mode & CPU_MODE_MASKED);
    if (registers_clash(row, op, o)) {
        return NULL;
    }
    AvxInsn *insn = keep(d, row, o, wide);
    op->imm = (int64_t)(uintptr_t)insn;
    op->osize = wide ? 32 : 16;
    if (o->mem) {
        decode_mem(d, op, o->mem);
    } else {
        d->pure = !judged && !(row->flags & AVX_RAISES);
    }
    op_describe_vector(d, op, &insn->described);
    if (o->mem) {
        return judged ? judged_m : row->form[wide].mem;
    }
    return judged ? judged_r : row->form[wide].reg;
}

OpFn op_select_avx(Decode *d, Op *op)
{
    FpuInsn legacy = {0};
    if (!has_features(d)) {
        return NULL;
    }
    unsigned wide = d->zi.avx.vector_length == 256;
    Operands o = read_operands(d, op);
    const AvxRow *row = find_row(d, &o, wide);
    if (!row && !fpu_lookup_vex(&d->zi, d->ops, &legacy)) {
        return NULL;
    }
    if (!(d->mode & CPU_MODE_AVX)) {
        return disabled;
    }
    if (row) {
        return select_row(d, op, row, &o, wide);
    }
    op_describe_vector(d, op, &legacy);
    return op_fpu_glue(d, op, &legacy);
}
