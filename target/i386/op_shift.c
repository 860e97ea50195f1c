/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD (Intel SDM vol. 2).
 *
 * Counts are masked to 5 bits, 6 for 64-bit operands; a masked count of zero changes no flag. OF
 * is computed as for a count of one whatever the count.
 */
#include "target/i386/decode.h"

enum { SH_SHL, SH_SHR, SH_SAR, SH_ROL, SH_ROR, SH_RCL, SH_RCR, SH_KINDS };

static ALWAYS_INLINE void rotate_flags(Cpu *cpu, bool cf, bool of)
{
    uint32_t keep = flags_arith(cpu) & ~(uint32_t)(FLAG_CF | FLAG_OF);
    flags_set_arith(cpu, keep | (cf ? FLAG_CF : 0) | (of ? FLAG_OF : 0));
}

static ALWAYS_INLINE bool top_bit(uint64_t v, int bits)
{
    return v >> (bits - 1) & 1;
}

static ALWAYS_INLINE uint64_t rotate_do(Cpu *cpu, int kind, int bits, uint64_t a, unsigned n,
                                        bool flags)
{
    unsigned m = n & (unsigned)(bits - 1);
    uint64_t r = a;
    if (kind == SH_ROL) {
        r = m ? op_zext(a << m | a >> (bits - (int)m), bits) : a;
        if (flags) {
            rotate_flags(cpu, r & 1, top_bit(r, bits) != (r & 1));
        }
    } else {
        r = m ? op_zext(a >> m | a << (bits - (int)m), bits) : a;
        if (flags) {
            rotate_flags(cpu, top_bit(r, bits), top_bit(r, bits) != top_bit(r << 1, bits));
        }
    }
    return r;
}

/* Through CF: bits + 1 positions. Rare enough for a bit at a time. */
static ALWAYS_INLINE uint64_t rotate_carry(Cpu *cpu, int kind, int bits, uint64_t a, unsigned n)
{
    bool cf = flags_cf(cpu);
    n %= (unsigned)bits + 1;
    if (n == 0) {
        return a;
    }
    uint64_t r = a;
    for (unsigned i = 0; i < n; i++) {
        bool out;
        if (kind == SH_RCL) {
            out = top_bit(r, bits);
            r = op_zext(r << 1 | cf, bits);
        } else {
            out = r & 1;
            r = r >> 1 | (uint64_t)cf << (bits - 1);
        }
        cf = out;
    }
    bool of = kind == SH_RCL ? top_bit(r, bits) != cf : top_bit(r, bits) != top_bit(r << 1, bits);
    rotate_flags(cpu, cf, of);
    return r;
}

/* `a` is zero-extended; `n` is masked and not zero. */
static ALWAYS_INLINE uint64_t shift_do(Cpu *cpu, int kind, int bits, uint64_t a, unsigned n,
                                       bool flags)
{
    uint64_t r, last;
    switch (kind) {
    case SH_SHL:
        last = a << (n - 1);
        r = last << 1;
        break;
    case SH_SHR:
        last = a >> (n - 1);
        r = last >> 1;
        break;
    case SH_SAR:
        last = (uint64_t)((int64_t)op_sext(a, bits) >> (n - 1));
        r = (uint64_t)((int64_t)last >> 1);
        break;
    case SH_ROL:
    case SH_ROR:
        return rotate_do(cpu, kind, bits, a, n, flags);
    default:
        return rotate_carry(cpu, kind, bits, a, n);
    }
    if (flags) {
        cc_set(cpu, kind == SH_SHL ? CCK_SHL : kind == SH_SHR ? CCK_SHR : CCK_SAR, bits, r, last);
    }
    return r;
}

static ALWAYS_INLINE unsigned shift_mask(int bits)
{
    return bits == 64 ? 63 : 31;
}

/* A register destination with a zero count still has its upper half cleared. */
static ALWAYS_INLINE void shift_reg(Cpu *cpu, const Op *op, int kind, int bits, unsigned n)
{
    uint64_t a = reg_get(cpu, op->dst, bits);
    if (n & shift_mask(bits)) {
        a = shift_do(cpu, kind, bits, a, n & shift_mask(bits), true);
    }
    reg_set(cpu, op->dst, bits, a);
}

static ALWAYS_INLINE void shift_mem(Cpu *cpu, const Op *op, int kind, int bits)
{
    MAY_RAISE();
    unsigned n = (op->aux ? (unsigned)cpu->gpr[R_RCX] : (unsigned)op->imm) & shift_mask(bits);
    uint64_t ea = op_ea(cpu, op, bits / 8, true);
    void *host = mem_rmw(cpu, ea, bits);
    uint64_t a = host ? host_get(host, bits) : mem_load(cpu, ea, bits);
    if (n) {
        a = shift_do(cpu, kind, bits, a, n, true);
    }
    if (host) {
        host_set(host, bits, a);
    } else {
        mem_store(cpu, ea, bits, a);
    }
}

#define SHIFT_FUNCS(kind_, bits_)                                                                  \
    static OpNext sh_i_##kind_##bits_(Cpu *cpu, const Op *op)                                      \
    {                                                                                              \
        uint64_t a = reg_get(cpu, op->dst, bits_);                                                 \
        reg_set(cpu, op->dst, bits_,                                                               \
                shift_do(cpu, SH_##kind_, bits_, a, (unsigned)op->imm, true));                     \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext sh_nf_##kind_##bits_(Cpu *cpu, const Op *op)                                     \
    {                                                                                              \
        uint64_t a = reg_get(cpu, op->dst, bits_);                                                 \
        reg_set(cpu, op->dst, bits_,                                                               \
                shift_do(cpu, SH_##kind_, bits_, a, (unsigned)op->imm, false));                    \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext sh_c_##kind_##bits_(Cpu *cpu, const Op *op)                                      \
    {                                                                                              \
        shift_reg(cpu, op, SH_##kind_, bits_, (unsigned)cpu->gpr[R_RCX]);                          \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext sh_m_##kind_##bits_(Cpu *cpu, const Op *op)                                      \
    {                                                                                              \
        shift_mem(cpu, op, SH_##kind_, bits_);                                                     \
        NEXT();                                                                                    \
    }
#define SHIFT_SIZES(kind_)                                                                         \
    SHIFT_FUNCS(kind_, 8) SHIFT_FUNCS(kind_, 16) SHIFT_FUNCS(kind_, 32) SHIFT_FUNCS(kind_, 64)
SHIFT_SIZES(SHL)
SHIFT_SIZES(SHR)
SHIFT_SIZES(SAR)
SHIFT_SIZES(ROL)
SHIFT_SIZES(ROR)
SHIFT_SIZES(RCL)
SHIFT_SIZES(RCR)

#define SHIFT_ROW(kind_, b_)                                                                       \
    {                                                                                              \
        sh_i_##kind_##b_, sh_nf_##kind_##b_, sh_c_##kind_##b_, sh_m_##kind_##b_                    \
    }
#define SHIFT_ROWS(kind_)                                                                          \
    [SH_##kind_] = {SHIFT_ROW(kind_, 8), SHIFT_ROW(kind_, 16), SHIFT_ROW(kind_, 32),               \
                    SHIFT_ROW(kind_, 64)}
static const OpFn shift_rows[SH_KINDS][4][4] = {
    SHIFT_ROWS(SHL), SHIFT_ROWS(SHR), SHIFT_ROWS(SAR), SHIFT_ROWS(ROL),
    SHIFT_ROWS(ROR), SHIFT_ROWS(RCL), SHIFT_ROWS(RCR),
};

static int shift_kind(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_SHL:
        return SH_SHL;
    case ZYDIS_MNEMONIC_SHR:
        return SH_SHR;
    case ZYDIS_MNEMONIC_SAR:
        return SH_SAR;
    case ZYDIS_MNEMONIC_ROL:
        return SH_ROL;
    case ZYDIS_MNEMONIC_ROR:
        return SH_ROR;
    case ZYDIS_MNEMONIC_RCL:
        return SH_RCL;
    default:
        return SH_RCR;
    }
}

/* A register shifted by a constant of zero: only the upper half matters. */
static OpNext shift_none(Cpu *cpu, const Op *op)
{
    reg_set(cpu, op->dst, op->osize * 8, reg_get(cpu, op->dst, op->osize * 8));
    NEXT();
}

OpFn op_select_shift(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0], *b = &d->ops[1];
    int kind = shift_kind(d->zi.mnemonic);
    int bits = a->size;
    const OpFn *row = shift_rows[kind][CC_SIZE(bits)];
    op->aux = decode_is_reg(b);
    op->imm = decode_is_imm(b) ? (int64_t)(b->imm.value.u & shift_mask(bits)) : 0;
    op->osize = (uint8_t)(bits / 8);
    if (decode_is_mem(a)) {
        decode_mem(d, op, a);
        return row[3];
    }
    op->dst = decode_reg(a->reg.value);
    d->pure = true;
    if (!op->aux && op->imm == 0) {
        return shift_none;
    }
    if (kind <= SH_ROR) {
        op_translates(op, XOP_SHL + (unsigned)kind, FORM_RI, (unsigned)bits);
    }
    if (op->aux) {
        return row[2];
    }
    if (kind <= SH_ROR) {
        d->no_flags = row[1];
    }
    return row[0];
}

static uint64_t double_shift(Cpu *cpu, int bits, bool left, uint64_t a, uint64_t b, unsigned n)
{
    unsigned __int128 v;
    uint64_t r, last;
    if (bits == 16) {
        /* counts up to 31 go on into the first operand again */
        uint64_t w = left ? a << 32 | b << 16 | a : a << 32 | b << 16 | a;
        if (left) {
            r = w << n >> 32;
            last = w << (n - 1) >> 32;
        } else {
            r = w >> n;
            last = w >> (n - 1);
        }
    } else {
        v = left ? (unsigned __int128)a << bits | b : (unsigned __int128)b << bits | a;
        if (left) {
            r = (uint64_t)(v << n >> bits);
            last = (uint64_t)(v << (n - 1) >> bits);
        } else {
            r = (uint64_t)(v >> n);
            last = (uint64_t)(v >> (n - 1));
        }
    }
    bool cf = left ? top_bit(last, bits) : last & 1;
    bool of = top_bit(r, bits) != top_bit(last, bits);
    cc_result(cpu, bits, r, (cf ? FLAG_CF : 0) | (of ? FLAG_OF : 0));
    return r;
}

static OpNext shift_double(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    int bits = op->osize * 8;
    bool left = op->mnemonic == ZYDIS_MNEMONIC_SHLD, mem = op->dst == OP_REG_ZERO;
    unsigned n = (op->aux ? (unsigned)cpu->gpr[R_RCX] : (unsigned)op->imm) & shift_mask(bits);
    uint64_t ea = 0, a;
    if (mem) {
        ea = op_ea(cpu, op, op->osize, true);
        mmu_probe_write(cpu, ea, op->osize);
        a = mem_load(cpu, ea, bits);
    } else {
        a = reg_get(cpu, op->dst, bits);
    }
    if (n) {
        a = double_shift(cpu, bits, left, a, reg_get(cpu, op->src, bits), n);
    }
    if (mem) {
        mem_store(cpu, ea, bits, a);
    } else {
        reg_set(cpu, op->dst, bits, a);
    }
    NEXT();
}

OpFn op_select_double_shift(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0], *count = &d->ops[2];
    op->src = decode_reg(d->ops[1].reg.value);
    op->aux = decode_is_reg(count);
    op->imm = decode_is_imm(count) ? count->imm.value.s : 0;
    if (decode_is_mem(a)) {
        decode_mem(d, op, a);
    } else {
        op->dst = decode_reg(a->reg.value);
        d->pure = true;
    }
    return shift_double;
}
