/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST; INC, DEC, NEG, NOT (Intel SDM vol. 2).
 *
 * A handler for each operation, size and operand form. LOCK needs nothing: vCPUs take turns.
 */
#include "target/i386/alu.h"

#define ALU_FUNCS(kind_, bits_)                                                                    \
    static OpNext alu_rr_##kind_##bits_(Cpu *cpu, const Op *op)                                    \
    {                                                                                              \
        alu_rr(cpu, op, ALU_##kind_, bits_, true);                                                 \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext alu_rr_nf_##kind_##bits_(Cpu *cpu, const Op *op)                                 \
    {                                                                                              \
        alu_rr(cpu, op, ALU_##kind_, bits_, false);                                                \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext alu_ri_##kind_##bits_(Cpu *cpu, const Op *op)                                    \
    {                                                                                              \
        alu_ri(cpu, op, ALU_##kind_, bits_, true);                                                 \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext alu_ri_nf_##kind_##bits_(Cpu *cpu, const Op *op)                                 \
    {                                                                                              \
        alu_ri(cpu, op, ALU_##kind_, bits_, false);                                                \
        NEXT();                                                                                    \
    }                                                                                              \
    MEM_HANDLER(alu_rm_##kind_##bits_, alu_rm(cpu, op, ALU_##kind_, bits_, EA_FAST, cold))         \
    MEM_HANDLER(alu_mr_##kind_##bits_, alu_mx(cpu, op, ALU_##kind_, bits_, EA_FAST, false, cold))  \
    MEM_HANDLER(alu_mi_##kind_##bits_, alu_mx(cpu, op, ALU_##kind_, bits_, EA_FAST, true, cold))   \
    MEM_HANDLER(alu_rms_##kind_##bits_, alu_rm(cpu, op, ALU_##kind_, bits_, EA_SEGBASE, cold))     \
    MEM_HANDLER(alu_mrs_##kind_##bits_,                                                            \
                alu_mx(cpu, op, ALU_##kind_, bits_, EA_SEGBASE, false, cold))                      \
    MEM_HANDLER(alu_mis_##kind_##bits_, alu_mx(cpu, op, ALU_##kind_, bits_, EA_SEGBASE, true, cold))

#define ALU_SIZES(kind_)                                                                           \
    ALU_FUNCS(kind_, 8) ALU_FUNCS(kind_, 16) ALU_FUNCS(kind_, 32) ALU_FUNCS(kind_, 64)
ALU_SIZES(ADD)
ALU_SIZES(OR)
ALU_SIZES(ADC)
ALU_SIZES(SBB)
ALU_SIZES(AND)
ALU_SIZES(SUB)
ALU_SIZES(XOR)
ALU_SIZES(CMP)
ALU_SIZES(TEST)

/* By kind, size and form; memory forms have a slow variant. */
typedef struct {
    OpFn fn[FORMS];
    OpFn slow[FORMS];
    OpFn no_flags[2]; /* FORM_RR and FORM_RI */
} AluRow;
#define ALU_ROW(kind_, bits_)                                                                      \
    {                                                                                              \
        {alu_rr_##kind_##bits_, alu_ri_##kind_##bits_, alu_rm_##kind_##bits_,                      \
         alu_mr_##kind_##bits_, alu_mi_##kind_##bits_},                                            \
            {NULL, NULL, alu_rms_##kind_##bits_, alu_mrs_##kind_##bits_, alu_mis_##kind_##bits_},  \
        {                                                                                          \
            alu_rr_nf_##kind_##bits_, alu_ri_nf_##kind_##bits_                                     \
        }                                                                                          \
    }
#define ALU_ROWS(kind_)                                                                            \
    [ALU_##kind_] = {ALU_ROW(kind_, 8), ALU_ROW(kind_, 16), ALU_ROW(kind_, 32), ALU_ROW(kind_, 64)}
static const AluRow alu_rows[ALU_KINDS][4] = {
    ALU_ROWS(ADD), ALU_ROWS(OR),  ALU_ROWS(ADC), ALU_ROWS(SBB),  ALU_ROWS(AND),
    ALU_ROWS(SUB), ALU_ROWS(XOR), ALU_ROWS(CMP), ALU_ROWS(TEST),
};

static int alu_kind(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_ADD:
        return ALU_ADD;
    case ZYDIS_MNEMONIC_OR:
        return ALU_OR;
    case ZYDIS_MNEMONIC_ADC:
        return ALU_ADC;
    case ZYDIS_MNEMONIC_SBB:
        return ALU_SBB;
    case ZYDIS_MNEMONIC_AND:
        return ALU_AND;
    case ZYDIS_MNEMONIC_SUB:
        return ALU_SUB;
    case ZYDIS_MNEMONIC_XOR:
        return ALU_XOR;
    case ZYDIS_MNEMONIC_CMP:
        return ALU_CMP;
    default:
        return ALU_TEST;
    }
}

/* xor r,r: the idiom for zero. */
static OpNext alu_zero(Cpu *cpu, const Op *op)
{
    *(uint64_t *)op_reg(cpu, op->dst) = 0;
    cpu->cc_op = CC_OP(CCK_LOGIC, 64);
    cpu->cc_dst = 0;
    NEXT();
}

static OpNext alu_zero_nf(Cpu *cpu, const Op *op)
{
    *(uint64_t *)op_reg(cpu, op->dst) = 0;
    NEXT();
}

/* test r,r and the like: one operand. */
#define TEST_SELF(bits_)                                                                           \
    static OpNext test_self##bits_(Cpu *cpu, const Op *op)                                         \
    {                                                                                              \
        cc_set(cpu, CCK_LOGIC, bits_, reg_get(cpu, op->dst, bits_), 0);                            \
        NEXT();                                                                                    \
    }
TEST_SELF(32)
TEST_SELF(64)

OpFn op_select_alu(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0], *b = &d->ops[1];
    int kind = alu_kind(d->zi.mnemonic), form;
    int bits = a->size;
    const AluRow *row = &alu_rows[kind][CC_SIZE(bits)];
    bool slow = false;

    if (decode_is_reg(a)) {
        op->dst = decode_reg(a->reg.value);
    }
    if (decode_is_imm(b)) {
        op->imm = b->imm.value.s;
    } else if (decode_is_reg(b)) {
        op->src = decode_reg(b->reg.value);
    }
    if (decode_is_mem(a)) {
        slow = !decode_mem(d, op, a);
        form = decode_is_imm(b) ? FORM_MI : FORM_MR;
    } else if (decode_is_mem(b)) {
        slow = !decode_mem(d, op, b);
        form = FORM_RM;
    } else {
        form = decode_is_imm(b) ? FORM_RI : FORM_RR;
        d->pure = true;
        d->no_flags = row->no_flags[form];
    }
    op_translates(op, XOP_ALU + (unsigned)kind, (unsigned)form, (unsigned)bits);
    if (slow) {
        return row->slow[form];
    }
    d->fused = op_fused(kind, form, bits);
    if (form == FORM_RR && op->dst == op->src && bits >= 32) {
        if (kind == ALU_XOR || kind == ALU_SUB) {
            d->no_flags = alu_zero_nf;
            return alu_zero;
        }
        if (kind == ALU_TEST) {
            return bits == 32 ? test_self32 : test_self64;
        }
    }
    return row->fn[form];
}

enum { UN_INC, UN_DEC, UN_NEG, UN_NOT, UN_KINDS };

static ALWAYS_INLINE uint64_t unary_do(Cpu *cpu, int kind, int bits, uint64_t a, bool flags)
{
    uint64_t r;
    switch (kind) {
    case UN_INC:
        r = a + 1;
        if (flags) {
            cc_set(cpu, CCK_INC, bits, r, flags_cf(cpu));
        }
        return r;
    case UN_DEC:
        r = a - 1;
        if (flags) {
            cc_set(cpu, CCK_DEC, bits, r, flags_cf(cpu));
        }
        return r;
    case UN_NEG:
        r = -a;
        if (flags) {
            cc_set(cpu, CCK_SUB, bits, r, a);
        }
        return r;
    default:
        return ~a;
    }
}

static ALWAYS_INLINE bool unary_mem(Cpu *cpu, const Op *op, int kind, int bits, bool cold)
{
    uint64_t ea;
    if (!ea_try(cpu, op, -1, bits, true, cold, &ea)) {
        return false;
    }
    void *host = cold ? mem_rmw(cpu, ea, bits) : mem_hit(cpu, ea, bits);
    if (G_LIKELY(host != NULL)) {
        host_set(host, bits, unary_do(cpu, kind, bits, host_get(host, bits), true));
        return true;
    }
    if (!cold) {
        return false;
    }
    uint64_t a = mem_load(cpu, ea, bits);
    mem_store(cpu, ea, bits, unary_do(cpu, kind, bits, a, true));
    return true;
}

#define UNARY_FUNCS(kind_, bits_)                                                                  \
    static OpNext un_r_##kind_##bits_(Cpu *cpu, const Op *op)                                      \
    {                                                                                              \
        uint64_t a = reg_get(cpu, op->dst, bits_);                                                 \
        reg_set(cpu, op->dst, bits_, unary_do(cpu, UN_##kind_, bits_, a, true));                   \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext un_nf_##kind_##bits_(Cpu *cpu, const Op *op)                                     \
    {                                                                                              \
        uint64_t a = reg_get(cpu, op->dst, bits_);                                                 \
        reg_set(cpu, op->dst, bits_, unary_do(cpu, UN_##kind_, bits_, a, false));                  \
        NEXT();                                                                                    \
    }                                                                                              \
    MEM_HANDLER(un_m_##kind_##bits_, unary_mem(cpu, op, UN_##kind_, bits_, cold))
#define UNARY_SIZES(kind_)                                                                         \
    UNARY_FUNCS(kind_, 8) UNARY_FUNCS(kind_, 16) UNARY_FUNCS(kind_, 32) UNARY_FUNCS(kind_, 64)
UNARY_SIZES(INC)
UNARY_SIZES(DEC)
UNARY_SIZES(NEG)
UNARY_SIZES(NOT)

#define UNARY_ROW(kind_, bits_)                                                                    \
    {                                                                                              \
        un_r_##kind_##bits_, un_nf_##kind_##bits_, un_m_##kind_##bits_                             \
    }
#define UNARY_ROWS(kind_)                                                                          \
    [UN_##kind_] = {UNARY_ROW(kind_, 8), UNARY_ROW(kind_, 16), UNARY_ROW(kind_, 32),               \
                    UNARY_ROW(kind_, 64)}
static const OpFn unary_rows[UN_KINDS][4][3] = {UNARY_ROWS(INC), UNARY_ROWS(DEC), UNARY_ROWS(NEG),
                                                UNARY_ROWS(NOT)};

OpFn op_select_unary(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0];
    int kind = UN_NOT;
    if (d->zi.mnemonic == ZYDIS_MNEMONIC_INC) {
        kind = UN_INC;
    } else if (d->zi.mnemonic == ZYDIS_MNEMONIC_DEC) {
        kind = UN_DEC;
    } else if (d->zi.mnemonic == ZYDIS_MNEMONIC_NEG) {
        kind = UN_NEG;
    }
    const OpFn *row = unary_rows[kind][CC_SIZE(a->size)];
    op_translates(op, XOP_INC + (unsigned)kind, decode_is_reg(a) ? FORM_RR : FORM_MR, a->size);
    if (decode_is_mem(a)) {
        decode_mem(d, op, a);
        return row[2];
    }
    op->dst = decode_reg(a->reg.value);
    d->pure = true;
    d->no_flags = row[1];
    return row[0];
}
