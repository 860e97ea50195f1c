/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding a vector instruction's row, for both encodings; and what becomes of a legacy one. avx.c
 * has the rest for VEX.
 */
#include "target/i386/vec.h"

static void vec_take_operand(const ZydisDecodedOperand *x, unsigned i, VecOperands *o)
{
    bool is_reg = x->type == ZYDIS_OPERAND_TYPE_REGISTER, gpr = fpu_is_gpr(x);
    uint8_t number = is_reg ? (uint8_t)ZydisRegisterGetId(x->reg.value) : 0;
    o->mmx |= fpu_is_class(x, ZYDIS_REGCLASS_MMX);
    if (fpu_is_mem(x)) {
        o->mem = x;
        o->store = i == 0;
        o->rm_size = o->rm_size ? o->rm_size : x->size / 8;
        if (x->mem.type == ZYDIS_MEMOP_TYPE_VSIB) {
            o->reg4 = (uint8_t)ZydisRegisterGetId(x->mem.index);
        }
    } else if (x->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        o->imm = true;
        o->imm_value = (uint8_t)x->imm.value.u;
    } else if (i == 0) {
        o->dst = number;
        o->to_gpr = gpr;
    } else if (x->encoding == ZYDIS_OPERAND_ENCODING_NDSNDD) {
        o->vvvv = number;
    } else if (x->encoding == ZYDIS_OPERAND_ENCODING_IS4) {
        o->reg4 = number;
    } else {
        o->src = number;
        o->from_gpr = gpr;
    }
    o->rm_size = gpr ? x->size / 8u : o->rm_size;
}

VecOperands vec_operands(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    VecOperands o = {0};
    for (unsigned i = 0; i < zi->operand_count_visible; i++) {
        vec_take_operand(&ops[i], i, &o);
    }
    return o;
}

static bool operands_fit(const VecRow *row, const VecOperands *o)
{
    unsigned size = row->flags & VEC_SIZE_4 ? 4 : row->flags & VEC_SIZE_8 ? 8 : 0;
    return !o->mmx && o->store == !!(row->flags & VEC_STORE) &&
           o->to_gpr == !!(row->flags & VEC_TO_GPR) &&
           (o->mem || o->from_gpr == !!(row->flags & VEC_GPR)) && (!size || size == o->rm_size) &&
           o->imm == !!(row->flags & VEC_IMM);
}

static bool has_form(const VecRow *row, const VecOperands *o, const ZydisDecodedInstruction *zi)
{
    const AvxForm *avx = &row->avx[zi->avx.vector_length == 256];
    if (zi->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX && !(row->flags & VEC_SAME)) {
        return o->mem ? avx->mem != NULL : avx->reg != NULL;
    }
    return o->mem ? row->sse.mem != NULL : row->sse.reg != NULL;
}

/* What `visit` is told: a row under each of its mnemonics. */
typedef void VecVisit(VecIndex *index, unsigned mnemonic, const VecRow *row);

#define ROWS_MAX 1024 /* each counts for two */
struct VecIndex {
    uint16_t end[ZYDIS_MNEMONIC_MAX_VALUE + 1]; /* of a mnemonic's rows; they begin at the last's */
    const VecRow *row[ROWS_MAX];
};

static void visit_rows(VecIndex *index, VecVisit *visit)
{
    const VecTable tables[] = {vec_move_table(),  vec_int_table(),    vec_shuffle_table(),
                               vec_fp_table(),    vec_imm_table(),    vec_gpr_table(),
                               avx_fma_table(),   vec_string_table(), avx_mask_table(),
                               vec_approx_table()};
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            visit(index, tables[t].rows[i].mnemonic, &tables[t].rows[i]);
            visit(index, tables[t].rows[i].vex, &tables[t].rows[i]);
        }
    }
}

static void count_row(VecIndex *index, unsigned mnemonic, const VecRow *row)
{
    index->end[mnemonic]++;
}

static void place_row(VecIndex *index, unsigned mnemonic, const VecRow *row)
{
    index->row[index->end[mnemonic]++] = row;
}

VecIndex *vec_index_new(void)
{
    VecIndex *index = g_new0(VecIndex, 1);
    unsigned total = 0;
    visit_rows(index, count_row);
    for (unsigned m = 0; m <= ZYDIS_MNEMONIC_MAX_VALUE; m++) {
        unsigned count = index->end[m];
        index->end[m] = (uint16_t)total;
        total += count;
    }
    g_assert(total <= ROWS_MAX);
    visit_rows(index, place_row);
    return index;
}

const VecRow *vec_find(const VecIndex *index, const ZydisDecodedInstruction *zi,
                       const VecOperands *o)
{
    G_STATIC_ASSERT(ZYDIS_MNEMONIC_INVALID == 0);
    if (zi->mnemonic == ZYDIS_MNEMONIC_INVALID) {
        return NULL;
    }
    for (unsigned i = index->end[zi->mnemonic - 1]; i < index->end[zi->mnemonic]; i++) {
        const VecRow *row = index->row[i];
        if (operands_fit(row, o) && has_form(row, o, zi)) {
            return row;
        }
    }
    return NULL;
}

uint8_t vec_imm(const VecRow *row, const VecOperands *o)
{
    /* INSERTPS picks an element of a register source, but takes the one there is from memory: the
     * immediate's source field then counts for nothing (SDM vol. 2). */
    return row->mnemonic == ZYDIS_MNEMONIC_INSERTPS && o->mem ? o->imm_value & 0x3f : o->imm_value;
}

void vec_fill_legacy(const VecRow *row, const VecOperands *o, const ZydisDecodedInstruction *zi,
                     FpuInsn *out)
{
    out->vex = zi->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX;
    out->run = o->mem ? row->sse.mem : row->sse.reg;
    out->impl = row->sse_imm ? row->sse_imm + FPU_IMM_ENTRY * vec_imm(row, o) : row->sse.impl;
    out->width = row->width[0];
    out->src2 = row->tiny;
    if (row->flags & VEC_W) {
        out->opsize = (out->vex ? zi->raw.vex.W : zi->raw.rex.W) ? 8 : 4;
    }
}

bool vec_lookup(const VecIndex *index, const ZydisDecodedInstruction *zi,
                const ZydisDecodedOperand *ops, FpuInsn *out)
{
    VecOperands o = vec_operands(zi, ops);
    const VecRow *row = vec_find(index, zi, &o);
    if (row) {
        vec_fill_legacy(row, &o, zi, out);
    }
    return row != NULL;
}
