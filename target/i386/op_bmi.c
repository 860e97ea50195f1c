/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BMI1, BMI2, LZCNT, ADCX and ADOX (Intel SDM vol. 2).
 *
 * Each is a function of the operand that may be in memory, `b`, at an operand size of `w` bits;
 * op->aux is the register operand that VEX.vvvv names. Flags that the SDM leaves undefined come out
 * as a logical operation would set them.
 */
#include "target/i386/cpuid.h"
#include "target/i386/decode.h"

static ALWAYS_INLINE uint64_t other(Cpu *cpu, const Op *op, int w)
{
    return reg_get(cpu, op->aux, w);
}

static ALWAYS_INLINE void result(Cpu *cpu, const Op *op, int w, uint64_t v)
{
    reg_set(cpu, op->dst, w, v);
}

/* ZF and SF by the result, CF as told, OF clear. */
static ALWAYS_INLINE void flagged(Cpu *cpu, const Op *op, int w, uint64_t v, bool cf)
{
    cc_result(cpu, w, v, cf ? FLAG_CF : 0);
    result(cpu, op, w, v);
}

static ALWAYS_INLINE void andn(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    flagged(cpu, op, w, ~other(cpu, op, w) & b, false);
}

/* The start in bits 7:0, the length in bits 15:8. */
static ALWAYS_INLINE void bextr(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    uint64_t control = other(cpu, op, w);
    unsigned start = control & 0xff, length = control >> 8 & 0xff;
    uint64_t v = start < (unsigned)w ? b >> start : 0;
    flagged(cpu, op, w, length < 64 ? v & ((1ull << length) - 1) : v, false);
}

static ALWAYS_INLINE void bzhi(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    unsigned n = other(cpu, op, w) & 0xff;
    bool all = n >= (unsigned)w;
    flagged(cpu, op, w, all ? b : b & ((1ull << n) - 1), all);
}

static ALWAYS_INLINE void blsi(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    flagged(cpu, op, w, b & -b, b != 0);
}

static ALWAYS_INLINE void blsmsk(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    flagged(cpu, op, w, b ^ (b - 1), b == 0);
}

static ALWAYS_INLINE void blsr(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    flagged(cpu, op, w, b & (b - 1), b == 0);
}

static ALWAYS_INLINE void pdep(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    uint64_t v;
    __asm__("pdep %2, %1, %0" : "=r"(v) : "r"(other(cpu, op, w)), "r"(b));
    result(cpu, op, w, v);
}

static ALWAYS_INLINE void pext(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    uint64_t v;
    __asm__("pext %2, %1, %0" : "=r"(v) : "r"(other(cpu, op, w)), "r"(b));
    result(cpu, op, w, v);
}

static ALWAYS_INLINE void rorx(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    unsigned n = (unsigned)op->imm & (unsigned)(w - 1);
    result(cpu, op, w, n ? b >> n | b << ((unsigned)w - n) : b);
}

static ALWAYS_INLINE unsigned shift_count(Cpu *cpu, const Op *op, int w)
{
    return (unsigned)other(cpu, op, w) & (unsigned)(w - 1);
}

static ALWAYS_INLINE void sarx(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    result(cpu, op, w, (uint64_t)((int64_t)op_sext(b, w) >> shift_count(cpu, op, w)));
}

static ALWAYS_INLINE void shlx(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    result(cpu, op, w, b << shift_count(cpu, op, w));
}

static ALWAYS_INLINE void shrx(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    result(cpu, op, w, b >> shift_count(cpu, op, w));
}

/* One register for both halves gets the high one. */
static ALWAYS_INLINE void mulx(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)reg_get(cpu, R_RDX * 8, w) * b;
    reg_set(cpu, op->aux, w, (uint64_t)product);
    result(cpu, op, w, (uint64_t)(product >> w));
}

static ALWAYS_INLINE void counted(Cpu *cpu, const Op *op, int w, uint64_t n)
{
    flags_set_arith(cpu, (n == (uint64_t)w ? FLAG_CF : 0) | (n == 0 ? FLAG_ZF : 0));
    result(cpu, op, w, n);
}

static ALWAYS_INLINE void lzcnt(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    counted(cpu, op, w, b ? (uint64_t)(__builtin_clzll(b) - (64 - w)) : (uint64_t)w);
}

static ALWAYS_INLINE void tzcnt(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    counted(cpu, op, w, b ? (uint64_t)__builtin_ctzll(b) : (uint64_t)w);
}

/* One flag is carry in and out; the others stay. */
static ALWAYS_INLINE void add_carry(Cpu *cpu, const Op *op, unsigned byte, int w, uint64_t b)
{
    if (cpu->cc_op != CC_OP(CCK_CARRIES, 64)) {
        flags_to_carries(cpu);
    }
    unsigned bit = 8 * byte;
    unsigned __int128 sum =
        (unsigned __int128)reg_get(cpu, op->dst, w) + b + (cpu->cc_src >> bit & 1);
    cpu->cc_src = (cpu->cc_src & ~(1ull << bit)) | (uint64_t)(sum >> w & 1) << bit;
    result(cpu, op, w, (uint64_t)sum);
}

static ALWAYS_INLINE void adcx(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    add_carry(cpu, op, CC_CARRY_CF, w, b);
}

static ALWAYS_INLINE void adox(Cpu *cpu, const Op *op, int w, uint64_t b)
{
    add_carry(cpu, op, CC_CARRY_OF, w, b);
}

/* mnemonic, function, feature */
#define OPS(X_)                                                                                    \
    X_(ANDN, andn, BMI1)                                                                           \
    X_(BEXTR, bextr, BMI1)                                                                         \
    X_(BLSI, blsi, BMI1)                                                                           \
    X_(BLSMSK, blsmsk, BMI1)                                                                       \
    X_(BLSR, blsr, BMI1)                                                                           \
    X_(TZCNT, tzcnt, BMI1)                                                                         \
    X_(BZHI, bzhi, BMI2)                                                                           \
    X_(MULX, mulx, BMI2)                                                                           \
    X_(PDEP, pdep, BMI2)                                                                           \
    X_(PEXT, pext, BMI2)                                                                           \
    X_(RORX, rorx, BMI2)                                                                           \
    X_(SARX, sarx, BMI2)                                                                           \
    X_(SHLX, shlx, BMI2)                                                                           \
    X_(SHRX, shrx, BMI2)                                                                           \
    X_(LZCNT, lzcnt, ABM)                                                                          \
    X_(ADCX, adcx, ADX)                                                                            \
    X_(ADOX, adox, ADX)

#define HANDLERS(name_, w_)                                                                        \
    static OpNext name_##_r##w_(Cpu *cpu, const Op *op)                                            \
    {                                                                                              \
        name_(cpu, op, w_, reg_get(cpu, op->src, w_));                                             \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext name_##_m##w_(Cpu *cpu, const Op *op)                                            \
    {                                                                                              \
        MAY_RAISE();                                                                               \
        name_(cpu, op, w_, mem_load(cpu, op_ea(cpu, op, w_ / 8, false), w_));                      \
        NEXT();                                                                                    \
    }
#define DEFINE(mnemonic_, name_, feature_) HANDLERS(name_, 32) HANDLERS(name_, 64)
OPS(DEFINE)
/* Only the counts have a 16-bit form. */
HANDLERS(lzcnt, 16)
HANDLERS(tzcnt, 16)

typedef struct {
    uint16_t mnemonic;
    uint16_t feature;
    OpFn fn[2][2]; /* 32 or 64 bits; register or memory */
} BmiRow;

#define ROW(mnemonic_, name_, feature_)                                                            \
    {ZYDIS_MNEMONIC_##mnemonic_,                                                                   \
     FEAT_##feature_,                                                                              \
     {{name_##_r32, name_##_m32}, {name_##_r64, name_##_m64}}},
static const BmiRow rows[] = {OPS(ROW)};

static OpFn handler(const Decode *d, const BmiRow *row, bool mem)
{
    if (d->zi.operand_width == 16) {
        return d->zi.mnemonic == ZYDIS_MNEMONIC_LZCNT ? (mem ? lzcnt_m16 : lzcnt_r16)
                                                      : (mem ? tzcnt_m16 : tzcnt_r16);
    }
    return row->fn[d->zi.operand_width == 64][mem];
}

/* SDM vol. 2, 2.3: VEX is no prefix in real-address and virtual-8086 mode. */
static bool vex_allowed(const Decode *d)
{
    return d->zi.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY ||
           ((d->mode & CPU_MODE_PE) && !(d->mode & CPU_MODE_VM));
}

/* Operands in order: the destination, and of the rest one that ModRM.rm names, one that VEX.vvvv
 * names and an immediate, as far as there are any. Some have VEX.vvvv as their destination. */
static bool operands(Decode *d, Op *op)
{
    bool mem = false;
    op->aux = OP_REG_ZERO;
    op->dst = decode_reg(d->ops[0].reg.value);
    for (unsigned i = 1; i < d->zi.operand_count_visible; i++) {
        const ZydisDecodedOperand *o = &d->ops[i];
        if (decode_is_mem(o)) {
            decode_mem(d, op, o);
            mem = true;
        } else if (decode_is_imm(o)) {
            op->imm = (int64_t)o->imm.value.u;
        } else if (o->encoding == ZYDIS_OPERAND_ENCODING_NDSNDD) {
            op->aux = decode_reg(o->reg.value);
        } else {
            op->src = decode_reg(o->reg.value);
        }
    }
    return mem;
}

OpFn op_select_bmi(Decode *d, Op *op)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const BmiRow *row = &rows[i];
        if (row->mnemonic == d->zi.mnemonic) {
            if (!cpu_model_has(d->model, row->feature) || !vex_allowed(d) ||
                (d->zi.attributes & ZYDIS_ATTRIB_HAS_LOCK)) {
                return NULL;
            }
            bool flags = d->zi.cpu_flags && d->zi.cpu_flags->modified;
            bool mem = operands(d, op);
            d->pure = !mem;
            bool carries = row->feature == FEAT_ADX;
            op_translates(op,
                          carries ? XOP_ADX
                          : flags ? XOP_BMI_FLAGS
                                  : XOP_BMI,
                          mem ? FORM_RM : FORM_RR, d->zi.operand_width);
            return handler(d, row, mem);
        }
    }
    return NULL;
}
