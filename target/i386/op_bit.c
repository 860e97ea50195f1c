/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BT, BTS, BTR, BTC, BSF, BSR, POPCNT, CRC32, CMPXCHG, CMPXCHG8B, CMPXCHG16B (Intel SDM vol. 2).
 *
 * BSF and BSR of zero leave the destination alone, as processors do.
 */
#include "target/i386/cpuid.h"
#include "target/i386/decode.h"
#include "target/i386/excp.h"

enum { BIT_TEST, BIT_SET, BIT_RESET, BIT_COMPLEMENT };

/* CF is the bit; ZF stays, the others are undefined. */
static ALWAYS_INLINE void bit_flags(Cpu *cpu, bool cf)
{
    if (cpu->cc_op == CC_FLAGS) {
        cpu->cc_src = (cpu->cc_src & ~(uint64_t)FLAG_CF) | cf;
    } else {
        cpu->cc_op = CC_OP(CCK_RES, 64);
        cpu->cc_src = cf;
    }
}

static ALWAYS_INLINE uint64_t bit_do(Cpu *cpu, int kind, uint64_t a, unsigned n)
{
    uint64_t mask = 1ull << n;
    bit_flags(cpu, a & mask);
    switch (kind) {
    case BIT_SET:
        return a | mask;
    case BIT_RESET:
        return a & ~mask;
    case BIT_COMPLEMENT:
        return a ^ mask;
    default:
        return a;
    }
}

/* A register's bit offset reaches beyond the operand, in both directions. */
static ALWAYS_INLINE void bit_mem(Cpu *cpu, const Op *op, int kind, int bits)
{
    MAY_RAISE();
    Op at = *op;
    int64_t n = op->imm;
    if (op->src != OP_REG_ZERO) {
        n = (int64_t)op_sext(reg_get(cpu, op->src, bits), bits);
        at.disp += (n >> (bits == 64 ? 6 : bits == 32 ? 5 : 4)) * (bits / 8);
    }
    uint64_t ea = op_ea(cpu, &at, bits / 8, kind != BIT_TEST);
    unsigned bit = (unsigned)n & (unsigned)(bits - 1);
    if (kind == BIT_TEST) {
        bit_do(cpu, kind, mem_load(cpu, ea, bits), bit);
        return;
    }
    void *host = mem_rmw(cpu, ea, bits);
    if (G_LIKELY(host != NULL)) {
        host_set(host, bits, bit_do(cpu, kind, host_get(host, bits), bit));
    } else {
        uint64_t a = mem_load(cpu, ea, bits);
        mem_store(cpu, ea, bits, bit_do(cpu, kind, a, bit));
    }
}

#define BIT_FUNCS(kind_, bits_)                                                                    \
    static OpNext bit_r_##kind_##bits_(Cpu *cpu, const Op *op)                                     \
    {                                                                                              \
        uint64_t n = op->src == OP_REG_ZERO ? (uint64_t)op->imm : reg_get(cpu, op->src, bits_);    \
        uint64_t a = reg_get(cpu, op->dst, bits_);                                                 \
        a = bit_do(cpu, BIT_##kind_, a, (unsigned)n & (bits_ - 1));                                \
        if (BIT_##kind_ != BIT_TEST) {                                                             \
            reg_set(cpu, op->dst, bits_, a);                                                       \
        }                                                                                          \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext bit_m_##kind_##bits_(Cpu *cpu, const Op *op)                                     \
    {                                                                                              \
        bit_mem(cpu, op, BIT_##kind_, bits_);                                                      \
        NEXT();                                                                                    \
    }
#define BIT_SIZES(kind_) BIT_FUNCS(kind_, 16) BIT_FUNCS(kind_, 32) BIT_FUNCS(kind_, 64)
BIT_SIZES(TEST)
BIT_SIZES(SET)
BIT_SIZES(RESET)
BIT_SIZES(COMPLEMENT)
#define BIT_ROW(kind_)                                                                             \
    [BIT_##kind_] = {{NULL, NULL},                                                                 \
                     {bit_r_##kind_##16, bit_m_##kind_##16},                                       \
                     {bit_r_##kind_##32, bit_m_##kind_##32},                                       \
                     {bit_r_##kind_##64, bit_m_##kind_##64}}
static const OpFn bit_rows[4][4][2] = {BIT_ROW(TEST), BIT_ROW(SET), BIT_ROW(RESET),
                                       BIT_ROW(COMPLEMENT)};

OpFn op_select_bit(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0], *b = &d->ops[1];
    int kind = d->zi.mnemonic == ZYDIS_MNEMONIC_BT    ? BIT_TEST
               : d->zi.mnemonic == ZYDIS_MNEMONIC_BTS ? BIT_SET
               : d->zi.mnemonic == ZYDIS_MNEMONIC_BTR ? BIT_RESET
                                                      : BIT_COMPLEMENT;
    const OpFn *row = bit_rows[kind][CC_SIZE(a->size)];
    if (decode_is_imm(b)) {
        op->imm = b->imm.value.s & 63;
    } else {
        op->src = decode_reg(b->reg.value);
    }
    if (decode_is_mem(a)) {
        decode_mem(d, op, a);
        return row[1];
    }
    op->dst = decode_reg(a->reg.value);
    op->aux = (uint8_t)kind;
    op_translates(op, XOP_BIT, FORM_RR, a->size);
    d->pure = true;
    return row[0];
}

static ALWAYS_INLINE uint64_t scan_operand(Cpu *cpu, const Op *op, int bits)
{
    if (op->src != OP_REG_ZERO) {
        return reg_get(cpu, op->src, bits);
    }
    return mem_load(cpu, op_ea(cpu, op, (unsigned)bits / 8, false), bits);
}

static OpNext bsf(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v = scan_operand(cpu, op, op->osize * 8);
    if (v) {
        reg_set(cpu, op->dst, op->osize * 8, (uint64_t)__builtin_ctzll(v));
    }
    flags_set_arith(cpu, v ? 0 : FLAG_ZF | FLAG_PF);
    NEXT();
}

static OpNext bsr(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v = scan_operand(cpu, op, op->osize * 8);
    if (v) {
        reg_set(cpu, op->dst, op->osize * 8, 63 - (uint64_t)__builtin_clzll(v));
    }
    flags_set_arith(cpu, v ? 0 : FLAG_ZF | FLAG_PF);
    NEXT();
}

static OpNext popcnt(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v = scan_operand(cpu, op, op->osize * 8);
    reg_set(cpu, op->dst, op->osize * 8, (uint64_t)__builtin_popcountll(v));
    flags_set_arith(cpu, v ? 0 : FLAG_ZF);
    NEXT();
}

/* CRC-32C, reflected, of one source operand of `aux` bytes. */
static OpNext crc32c(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v = scan_operand(cpu, op, op->aux * 8);
    uint32_t crc = (uint32_t)reg_get(cpu, op->dst, 32);
    for (unsigned i = 0; i < op->aux; i++, v >>= 8) {
        crc ^= (uint8_t)v;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
        }
    }
    reg_set(cpu, op->dst, 64, crc);
    NEXT();
}

OpFn op_select_scan(Decode *d, Op *op)
{
    const ZydisDecodedOperand *b = &d->ops[1];
    op->dst = decode_reg(d->ops[0].reg.value);
    if (decode_is_mem(b)) {
        decode_mem(d, op, b);
    } else {
        op->src = decode_reg(b->reg.value);
        d->pure = true;
    }
    bool forward = d->zi.mnemonic == ZYDIS_MNEMONIC_BSF;
    switch (d->zi.mnemonic) {
    case ZYDIS_MNEMONIC_BSF:
    case ZYDIS_MNEMONIC_BSR:
        if (op->osize >= 4) {
            op_translates(op, forward ? XOP_BSF : XOP_BSR, FORM_RR, op->osize * 8u);
        }
        return forward ? bsf : bsr;
    case ZYDIS_MNEMONIC_POPCNT:
        return cpu_model_has(d->model, FEAT_POPCNT) ? popcnt : NULL;
    default:
        op->aux = (uint8_t)(b->size / 8);
        return cpu_model_has(d->model, FEAT_SSE42) ? crc32c : NULL;
    }
}

static ALWAYS_INLINE void cmpxchg(Cpu *cpu, const Op *op, int bits)
{
    MAY_RAISE();
    uint64_t acc = reg_get(cpu, R_RAX * 8, bits), old;
    uint64_t new = reg_get(cpu, op->src, bits);
    if (op->dst != OP_REG_ZERO) {
        old = reg_get(cpu, op->dst, bits);
        if (acc == old) {
            reg_set(cpu, op->dst, bits, new);
        }
    } else {
        uint64_t ea = op_ea(cpu, op, bits / 8, true);
        void *host = mem_rmw(cpu, ea, bits);
        old = host ? host_get(host, bits) : mem_load(cpu, ea, bits);
        if (host) {
            host_set(host, bits, acc == old ? new : old);
        } else {
            mem_store(cpu, ea, bits, acc == old ? new : old);
        }
    }
    cc_set(cpu, CCK_SUB, bits, acc - old, old);
    if (acc != old) {
        reg_set(cpu, R_RAX * 8, bits, old);
    }
}

#define CMPXCHG_FUNC(bits_)                                                                        \
    static OpNext cmpxchg##bits_(Cpu *cpu, const Op *op)                                           \
    {                                                                                              \
        cmpxchg(cpu, op, bits_);                                                                   \
        NEXT();                                                                                    \
    }
CMPXCHG_FUNC(8)
CMPXCHG_FUNC(16)
CMPXCHG_FUNC(32)
CMPXCHG_FUNC(64)

/* CMPXCHG8B and CMPXCHG16B: halves of `half` bytes. */
static ALWAYS_INLINE void cmpxchg_pair(Cpu *cpu, const Op *op, int half)
{
    MAY_RAISE();
    uint64_t ea = op_ea(cpu, op, 2 * half / 8, true);
    if (half == 64 && (ea & 15)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    mmu_probe_write(cpu, ea, 2 * half / 8);
    uint64_t low = mem_load(cpu, ea, half), high = mem_load(cpu, ea + half / 8, half);
    bool equal = low == reg_get(cpu, R_RAX * 8, half) && high == reg_get(cpu, R_RDX * 8, half);
    if (equal) {
        mem_store(cpu, ea, half, reg_get(cpu, R_RBX * 8, half));
        mem_store(cpu, ea + half / 8, half, reg_get(cpu, R_RCX * 8, half));
    } else {
        mem_store(cpu, ea, half, low);
        mem_store(cpu, ea + half / 8, half, high);
        reg_set(cpu, R_RAX * 8, half, low);
        reg_set(cpu, R_RDX * 8, half, high);
    }
    flags_set_zf(cpu, equal);
}

static OpNext cmpxchg8b(Cpu *cpu, const Op *op)
{
    cmpxchg_pair(cpu, op, 32);
    NEXT();
}

static OpNext cmpxchg16b(Cpu *cpu, const Op *op)
{
    cmpxchg_pair(cpu, op, 64);
    NEXT();
}

OpFn op_select_cmpxchg(Decode *d, Op *op)
{
    static const OpFn fns[4] = {cmpxchg8, cmpxchg16, cmpxchg32, cmpxchg64};
    const ZydisDecodedOperand *a = &d->ops[0];
    if (decode_is_mem(a)) {
        decode_mem(d, op, a);
    } else {
        op->dst = decode_reg(a->reg.value);
        d->pure = true;
    }
    if (d->zi.mnemonic == ZYDIS_MNEMONIC_CMPXCHG8B) {
        return cpu_model_has(d->model, FEAT_CX8) ? cmpxchg8b : NULL;
    }
    if (d->zi.mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B) {
        return cpu_model_has(d->model, FEAT_CX16) ? cmpxchg16b : NULL;
    }
    op->src = decode_reg(d->ops[1].reg.value);
    if (decode_is_mem(a) && a->size >= 32) {
        op_translates(op, XOP_CMPXCHG, FORM_MR, a->size);
    }
    return fns[CC_SIZE(a->size)];
}
