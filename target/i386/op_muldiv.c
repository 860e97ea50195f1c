/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MUL, IMUL, DIV, IDIV (Intel SDM vol. 2). Flags that the manual leaves undefined: SF, ZF and PF of
 * a product are those of its low half, AF is clear; a division changes none.
 */
#include "target/i386/decode.h"
#include "target/i386/excp.h"

typedef unsigned __int128 u128;
typedef __int128 i128;

/* The r/m operand. */
static ALWAYS_INLINE uint64_t op_operand(Cpu *cpu, const Op *op, int bits)
{
    if (op->src != OP_REG_ZERO) {
        return reg_get(cpu, op->src, bits);
    }
    return mem_load(cpu, op_ea(cpu, op, bits / 8, false), bits);
}

/* rDX:rAX, or AX for bytes. */
static ALWAYS_INLINE void set_wide(Cpu *cpu, int bits, u128 v)
{
    if (bits == 8) {
        reg_set(cpu, R_RAX * 8, 16, (uint64_t)v);
    } else {
        reg_set(cpu, R_RAX * 8, bits, (uint64_t)v);
        reg_set(cpu, R_RDX * 8, bits, (uint64_t)(v >> bits));
    }
}

static ALWAYS_INLINE u128 get_wide(Cpu *cpu, int bits)
{
    if (bits == 8) {
        return (uint16_t)cpu->gpr[R_RAX];
    }
    return (u128)reg_get(cpu, R_RDX * 8, bits) << bits | reg_get(cpu, R_RAX * 8, bits);
}

static ALWAYS_INLINE void mul_wide(Cpu *cpu, const Op *op, int bits, bool sign)
{
    MAY_RAISE();
    uint64_t a = reg_get(cpu, R_RAX * 8, bits), b = op_operand(cpu, op, bits);
    u128 r;
    bool over;
    if (sign) {
        r = (u128)((i128)(int64_t)op_sext(a, bits) * (int64_t)op_sext(b, bits));
        over = (i128)r != (i128)(int64_t)op_sext((uint64_t)r, bits);
    } else {
        r = (u128)a * b;
        over = (r >> bits) != 0;
    }
    set_wide(cpu, bits, r);
    cc_result(cpu, bits, (uint64_t)r, over ? FLAG_CF | FLAG_OF : 0);
}

static ALWAYS_INLINE uint64_t mul_signed(Cpu *cpu, int bits, uint64_t a, uint64_t b)
{
    int64_t r;
    bool over = __builtin_mul_overflow((int64_t)op_sext(a, bits), (int64_t)op_sext(b, bits), &r) ||
                (uint64_t)r != op_sext((uint64_t)r, bits);
    cc_result(cpu, bits, (uint64_t)r, over ? FLAG_CF | FLAG_OF : 0);
    return (uint64_t)r;
}

static ALWAYS_INLINE void op_divide(Cpu *cpu, const Op *op, int bits)
{
    MAY_RAISE();
    uint64_t d = op_operand(cpu, op, bits), q, r;
    u128 n = get_wide(cpu, bits);
    if (d == 0) {
        cpu_raise(cpu, EXCP_DE);
    }
    if ((uint64_t)(n >> 64) == 0) {
        q = (uint64_t)n / d;
        r = (uint64_t)n % d;
    } else {
        if ((uint64_t)(n >> 64) >= d) {
            cpu_raise(cpu, EXCP_DE);
        }
        q = (uint64_t)(n / d);
        r = (uint64_t)(n % d);
    }
    if (q != op_zext(q, bits)) {
        cpu_raise(cpu, EXCP_DE);
    }
    if (bits == 8) {
        reg_set(cpu, R_RAX * 8, 16, r << 8 | q);
    } else {
        reg_set(cpu, R_RAX * 8, bits, q);
        reg_set(cpu, R_RDX * 8, bits, r);
    }
}

static ALWAYS_INLINE void op_divide_signed(Cpu *cpu, const Op *op, int bits)
{
    MAY_RAISE();
    int64_t d = (int64_t)op_sext(op_operand(cpu, op, bits), bits);
    u128 wide = get_wide(cpu, bits);
    i128 n = bits == 64   ? (i128)wide
             : bits == 32 ? (i128)(int64_t)wide
             : bits == 16 ? (i128)(int32_t)wide
                          : (i128)(int16_t)wide;
    i128 q, r;
    if (d == 0) {
        cpu_raise(cpu, EXCP_DE);
    }
    if (n == (int64_t)n && !(d == -1 && (int64_t)n == INT64_MIN)) {
        q = (int64_t)n / d;
        r = (int64_t)n % d;
    } else if (d == -1) {
        cpu_raise(cpu, EXCP_DE); /* larger than any quotient, or its smallest value negated */
    } else {
        q = n / d;
        r = n % d;
    }
    if (q != (i128)(int64_t)op_sext((uint64_t)q, bits)) {
        cpu_raise(cpu, EXCP_DE);
    }
    if (bits == 8) {
        reg_set(cpu, R_RAX * 8, 16, (uint64_t)r << 8 | (uint8_t)q);
    } else {
        reg_set(cpu, R_RAX * 8, bits, (uint64_t)q);
        reg_set(cpu, R_RDX * 8, bits, (uint64_t)r);
    }
}

#define MULDIV_FUNCS(bits_)                                                                        \
    static OpNext mul##bits_(Cpu *cpu, const Op *op)                                               \
    {                                                                                              \
        mul_wide(cpu, op, bits_, false);                                                           \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext imul##bits_(Cpu *cpu, const Op *op)                                              \
    {                                                                                              \
        mul_wide(cpu, op, bits_, true);                                                            \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext imul2_##bits_(Cpu *cpu, const Op *op)                                            \
    {                                                                                              \
        MAY_RAISE();                                                                               \
        uint64_t b = op_operand(cpu, op, bits_);                                                   \
        reg_set(cpu, op->dst, bits_, mul_signed(cpu, bits_, reg_get(cpu, op->dst, bits_), b));     \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext imul3_##bits_(Cpu *cpu, const Op *op)                                            \
    {                                                                                              \
        MAY_RAISE();                                                                               \
        uint64_t b = op_operand(cpu, op, bits_);                                                   \
        reg_set(cpu, op->dst, bits_, mul_signed(cpu, bits_, b, (uint64_t)op->imm));                \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext div##bits_(Cpu *cpu, const Op *op)                                               \
    {                                                                                              \
        op_divide(cpu, op, bits_);                                                                 \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext idiv##bits_(Cpu *cpu, const Op *op)                                              \
    {                                                                                              \
        op_divide_signed(cpu, op, bits_);                                                          \
        NEXT();                                                                                    \
    }
MULDIV_FUNCS(8)
MULDIV_FUNCS(16)
MULDIV_FUNCS(32)
MULDIV_FUNCS(64)

enum { MD_MUL, MD_IMUL, MD_IMUL2, MD_IMUL3, MD_DIV, MD_IDIV, MD_KINDS };
#define MULDIV_ROW(b_)                                                                             \
    {                                                                                              \
        mul##b_, imul##b_, imul2_##b_, imul3_##b_, div##b_, idiv##b_                               \
    }
static const OpFn muldiv_rows[4][MD_KINDS] = {MULDIV_ROW(8), MULDIV_ROW(16), MULDIV_ROW(32),
                                              MULDIV_ROW(64)};

static const uint8_t muldiv_xops[MD_KINDS] = {XOP_MUL_WIDE, XOP_IMUL_WIDE, XOP_IMUL,
                                              XOP_IMUL,     XOP_DIV,       XOP_IDIV};

OpFn op_select_muldiv(Decode *d, Op *op)
{
    const ZydisDecodedOperand *rm = &d->ops[0];
    int kind;
    switch (d->zi.mnemonic) {
    case ZYDIS_MNEMONIC_MUL:
        kind = MD_MUL;
        break;
    case ZYDIS_MNEMONIC_IMUL:
        kind = MD_IMUL + d->zi.operand_count_visible - 1;
        break;
    case ZYDIS_MNEMONIC_DIV:
        kind = MD_DIV;
        break;
    default:
        kind = MD_IDIV;
        break;
    }
    if (kind == MD_IMUL2 || kind == MD_IMUL3) {
        op->dst = decode_reg(d->ops[0].reg.value);
        rm = &d->ops[1];
        op->imm = kind == MD_IMUL3 ? d->ops[2].imm.value.s : 0;
    }
    if (decode_is_mem(rm)) {
        decode_mem(d, op, rm);
    } else {
        op->src = decode_reg(rm->reg.value);
        d->pure = kind < MD_DIV;
    }
    if (rm->size >= 32) {
        op_translates(op, muldiv_xops[kind], FORM_RR, rm->size);
        op->aux = kind == MD_IMUL3;
    }
    return muldiv_rows[CC_SIZE(rm->size)][kind];
}
