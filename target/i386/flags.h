/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic flags, computed when somebody reads them. cc_op says what cc_dst and cc_src mean.
 * The executor owns the encoding; everybody else uses flags_arith(), flags_get(), flags_set() and
 * flags_set_arith().
 *
 * cc_op is a kind and, in its low two bits, the operand size (8 << n bits). cc_dst is the result,
 * sign-extended to 64 bits, so that ZF and SF need no size; what cc_src is depends on the kind.
 */
#ifndef TARGET_I386_FLAGS_H
#define TARGET_I386_FLAGS_H

#include "target/i386/cpu_state.h"

/* cc_op 0: the arithmetic flags are in cc_src as they stand in RFLAGS. */
#define CC_FLAGS 0u

enum {
    CCK_FLAGS,
    CCK_CARRIES, /* see below; these two have no operation */
    CCK_ADD,     /* cc_src: second operand, sign-extended */
    CCK_ADC,     /* the same, with carry in */
    CCK_SUB,     /* cc_src: subtrahend, sign-extended */
    CCK_SBB,     /* the same, with borrow in */
    CCK_LOGIC,   /* CF, OF, AF clear */
    CCK_INC,     /* cc_src: CF as before */
    CCK_DEC,
    CCK_SHL, /* cc_src: the operand shifted by one less, sign-extended */
    CCK_SHR, /* likewise */
    CCK_SAR, /* likewise */
    CCK_RES, /* cc_src: CF, AF and OF in their places; the rest by cc_dst */
};
/* ADCX and ADOX take turns, and each leaves the other's flag alone. So CCK_CARRIES has a byte of
 * cc_src for each of CF, OF and AF. ZF is by cc_dst, and so are SF and PF unless bit 63 says that
 * they are kept further up in cc_src. */
#define CC_CARRY_CF         0
#define CC_CARRY_OF         1
#define CC_CARRY_AF         2
#define CC_CARRIES_KEPT     32
#define CC_SHIFT            2
#define CC_SIZE(bits_)      ((bits_) == 8 ? 0u : (bits_) == 16 ? 1u : (bits_) == 32 ? 2u : 3u)
#define CC_OP(kind_, bits_) ((uint32_t)(kind_) << CC_SHIFT | CC_SIZE(bits_))

/* The arithmetic flags now (FLAGS_ARITH bits). */
uint32_t flags_arith(const Cpu *cpu);

/* The whole of RFLAGS as PUSHF would give it (bit 1 set). */
static inline uint32_t flags_get(const Cpu *cpu)
{
    return (cpu->rflags & ~FLAGS_ARITH) | flags_arith(cpu) | FLAG_1;
}

/* Sets all of RFLAGS; the caller has masked what may change. Calls cpu_update_mode() if TF, VM or
 * AC changed. */
void flags_set(Cpu *cpu, uint32_t rflags);

/* Sets just the arithmetic flags. */
static inline void flags_set_arith(Cpu *cpu, uint32_t bits)
{
    cpu->cc_op = CC_FLAGS;
    cpu->cc_src = bits & FLAGS_ARITH;
}
/* ZF alone, the others as they are. */
static inline void flags_set_zf(Cpu *cpu, bool zf)
{
    flags_set_arith(cpu, (flags_arith(cpu) & ~FLAG_ZF) | (zf ? FLAG_ZF : 0));
}

/* Sign-extends the low 8 << size bits. */
static inline __attribute__((always_inline)) uint64_t flags_sext(uint64_t v, unsigned size)
{
    switch (size) {
    case 0:
        return (uint64_t)(int8_t)v;
    case 1:
        return (uint64_t)(int16_t)v;
    case 2:
        return (uint64_t)(int32_t)v;
    default:
        return v;
    }
}

static inline __attribute__((always_inline)) bool flags_cf(const Cpu *cpu)
{
    uint64_t r = cpu->cc_dst, b = cpu->cc_src;
    unsigned size = cpu->cc_op & 3;
    switch (cpu->cc_op >> CC_SHIFT) {
    case CCK_ADD:
        return r < b;
    case CCK_ADC:
        return r <= b;
    case CCK_SUB:
        return flags_sext(r + b, size) < b;
    case CCK_SBB:
        return flags_sext(r + b + 1, size) <= b;
    case CCK_LOGIC:
        return false;
    case CCK_SHL:
        return (int64_t)b < 0;
    default: /* the rest keep CF in bit 0 of cc_src */
        return b & 1;
    }
}

static inline __attribute__((always_inline)) bool flags_zf(const Cpu *cpu)
{
    if (cpu->cc_op == CC_FLAGS) {
        return cpu->cc_src & FLAG_ZF;
    }
    return cpu->cc_dst == 0;
}

/* Whether SF and PF stand in *bits, not in the result's. */
static inline __attribute__((always_inline)) bool flags_kept(const Cpu *cpu, uint64_t *bits)
{
    if (__builtin_expect(cpu->cc_op >= CC_OP(CCK_ADD, 8), 1)) {
        return false;
    }
    *bits = cpu->cc_op == CC_FLAGS ? cpu->cc_src : cpu->cc_src >> CC_CARRIES_KEPT;
    return cpu->cc_op == CC_FLAGS || cpu->cc_src >> 63;
}

static inline __attribute__((always_inline)) bool flags_sf(const Cpu *cpu)
{
    uint64_t bits;
    if (flags_kept(cpu, &bits)) {
        return bits & FLAG_SF;
    }
    return (int64_t)cpu->cc_dst < 0;
}

static inline __attribute__((always_inline)) bool flags_pf(const Cpu *cpu)
{
    uint64_t bits;
    if (flags_kept(cpu, &bits)) {
        return bits & FLAG_PF;
    }
    return !__builtin_parity((unsigned)cpu->cc_dst & 0xff);
}

static inline __attribute__((always_inline)) bool flags_of(const Cpu *cpu)
{
    uint64_t r = cpu->cc_dst, b = cpu->cc_src, a;
    unsigned size = cpu->cc_op & 3;
    switch (cpu->cc_op >> CC_SHIFT) {
    case CCK_ADD:
        a = flags_sext(r - b, size);
        return (int64_t)((a ^ r) & (b ^ r)) < 0;
    case CCK_ADC:
        a = flags_sext(r - b - 1, size);
        return (int64_t)((a ^ r) & (b ^ r)) < 0;
    case CCK_SUB:
        a = flags_sext(r + b, size);
        return (int64_t)((a ^ b) & (a ^ r)) < 0;
    case CCK_SBB:
        a = flags_sext(r + b + 1, size);
        return (int64_t)((a ^ b) & (a ^ r)) < 0;
    case CCK_LOGIC:
    case CCK_SAR:
        return false;
    case CCK_INC:
        return r == flags_sext(1ull << ((8u << size) - 1), size);
    case CCK_DEC:
        return r == (1ull << ((8u << size) - 1)) - 1;
    case CCK_SHL:
        return (int64_t)(r ^ b) < 0;
    case CCK_SHR:
        return (int64_t)b < 0;
    case CCK_CARRIES:
        return b >> 8 * CC_CARRY_OF & 1;
    default:
        return b & FLAG_OF;
    }
}

/* SF != OF: signed less. */
static inline __attribute__((always_inline)) bool flags_less(const Cpu *cpu)
{
    uint32_t kind = cpu->cc_op >> CC_SHIFT;
    if (kind == CCK_SUB) {
        return (int64_t)flags_sext(cpu->cc_dst + cpu->cc_src, cpu->cc_op & 3) <
               (int64_t)cpu->cc_src;
    }
    if (kind == CCK_LOGIC) {
        return (int64_t)cpu->cc_dst < 0;
    }
    return flags_sf(cpu) != flags_of(cpu);
}

static inline __attribute__((always_inline)) bool flags_af(const Cpu *cpu)
{
    uint64_t r = cpu->cc_dst, b = cpu->cc_src;
    switch (cpu->cc_op >> CC_SHIFT) {
    case CCK_FLAGS:
    case CCK_RES:
        return b & FLAG_AF;
    case CCK_CARRIES:
        return b >> 8 * CC_CARRY_AF & 1;
    case CCK_ADD:
        return (r ^ b ^ (r - b)) & 0x10;
    case CCK_ADC:
        return (r ^ b ^ (r - b - 1)) & 0x10;
    case CCK_SUB:
        return (r ^ b ^ (r + b)) & 0x10;
    case CCK_SBB:
        return (r ^ b ^ (r + b + 1)) & 0x10;
    case CCK_INC:
        return (r & 15) == 0;
    case CCK_DEC:
        return (r & 15) == 15;
    default:
        return false;
    }
}

/* Makes the record one of CCK_CARRIES with the same flags. */
static inline __attribute__((always_inline)) void flags_to_carries(Cpu *cpu)
{
    uint64_t kept = 0;
    uint64_t cf = flags_cf(cpu), of = flags_of(cpu), af = flags_af(cpu);
    if (cpu->cc_op == CC_FLAGS) {
        kept = (cpu->cc_src & (FLAG_SF | FLAG_PF)) << CC_CARRIES_KEPT | 1ull << 63;
        cpu->cc_dst = !(cpu->cc_src & FLAG_ZF);
    }
    cpu->cc_src = cf << 8 * CC_CARRY_CF | of << 8 * CC_CARRY_OF | af << 8 * CC_CARRY_AF | kept;
    cpu->cc_op = CC_OP(CCK_CARRIES, 64);
}

/* A condition code, the low four bits of Jcc, SETcc and CMOVcc opcodes. */
static inline __attribute__((always_inline)) bool flags_cond(const Cpu *cpu, unsigned cond)
{
    bool yes;
    switch (cond >> 1) {
    case 0:
        yes = flags_of(cpu);
        break;
    case 1:
        yes = flags_cf(cpu);
        break;
    case 2:
        yes = flags_zf(cpu);
        break;
    case 3:
        yes = flags_zf(cpu) || flags_cf(cpu);
        break;
    case 4:
        yes = flags_sf(cpu);
        break;
    case 5:
        yes = flags_pf(cpu);
        break;
    case 6:
        yes = flags_less(cpu);
        break;
    default:
        yes = flags_zf(cpu) || flags_less(cpu);
        break;
    }
    return yes != (cond & 1);
}

#endif
