/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87's transcendental instructions (Intel SDM vol. 1, 8.3.6 to 8.3.10; vol. 2), with results that
 * are the same on every host. They are within 0.51 units in the last place, in every rounding mode,
 * whatever FCW's precision control says.
 *
 * PE is set for every finite operand that is not zero, as makers' processors do. Where the SDM
 * leaves a result undefined (F2XM1 beyond 1, FYL2XP1 of -1 or less), it is the operand.
 */
#include "target/i386/x87.h"

#include "target/i386/x87_math.h"

#define FSW_IE 0x0001u
#define FSW_DE 0x0002u
#define FSW_ZE 0x0004u
#define FSW_OE 0x0008u
#define FSW_UE 0x0010u
#define FSW_PE 0x0020u
#define FSW_C2 0x0400u

#define QUIET    (1ull << 62)
#define INTEGER  (1ull << 63)
#define INFINITE 0x7fffu
#define RANGE    63 /* the operands of sines are below 2^63 */

static const X87Value x87_indefinite = {INTEGER | QUIET, 0xffff};
static const X87Value x87_one = {INTEGER, X87_BIAS};

typedef enum { X87_ZERO, X87_DENORMAL, X87_NORMAL, X87_INFINITE, X87_NAN, X87_UNSUPPORTED } Class;

/* SDM vol. 1, table 4-3 and 8.2.2. */
static Class x87_class(X87Value v)
{
    unsigned exponent = v.exponent & X87_EXPONENT;

    if (!exponent) {
        return v.mantissa ? X87_DENORMAL : X87_ZERO;
    }
    if (!(v.mantissa & INTEGER)) {
        return X87_UNSUPPORTED;
    }
    if (exponent == INFINITE) {
        return v.mantissa << 1 ? X87_NAN : X87_INFINITE;
    }
    return X87_NORMAL;
}

static bool is_negative(X87Value v)
{
    return v.exponent & X87_SIGN;
}

static bool is_signaling(X87Value v)
{
    return x87_class(v) == X87_NAN && !(v.mantissa & QUIET);
}

static X87Value with_sign(X87Value v, bool negative)
{
    v.exponent = (v.exponent & X87_EXPONENT) | (negative ? X87_SIGN : 0);
    return v;
}

static X87Value x87_zero(bool negative)
{
    return with_sign((X87Value){0}, negative);
}

static X87Value x87_infinity(bool negative)
{
    return with_sign((X87Value){INTEGER, INFINITE}, negative);
}

/* An instruction in execution: what it found, and one or two results. */
typedef struct {
    uint16_t fcw;
    uint16_t flags;
    bool up;
    bool again; /* C2: the operand is out of range, and stays */
    X87Value result, second;
} Trans;

static void invalid(Trans *t)
{
    t->flags |= FSW_IE;
    t->result = x87_indefinite;
}

/* Rounds a result; with it the flags that go with a computation. */
static X87Value rounded(Trans *t, Real a)
{
    X87Rounded r = x87_real_round(a, t->fcw);

    t->flags |= FSW_PE | (r.tiny ? FSW_UE : 0) | (r.huge ? FSW_OE : 0);
    t->up = r.up;
    return r.value;
}

/* What a denormal operand does; true if that is all. */
static bool denormal(Trans *t, X87Value a)
{
    t->flags |= x87_class(a) == X87_DENORMAL ? FSW_DE : 0;
    return t->flags & FSW_DE & ~t->fcw;
}

/* Of two NaNs the one with the larger significand, or else the positive one (SDM vol. 1, 4.8.3.5).
 */
static X87Value larger_nan(X87Value a, X87Value b)
{
    if (x87_class(a) != X87_NAN || x87_class(b) != X87_NAN) {
        return x87_class(a) == X87_NAN ? a : b;
    }
    /* a signaling one gives way to a quiet one (table 4-7) */
    if (is_signaling(a) != is_signaling(b)) {
        return is_signaling(a) ? b : a;
    }
    if (a.mantissa != b.mantissa) {
        return a.mantissa > b.mantissa ? a : b;
    }
    return is_negative(a) ? b : a;
}

/* Unsupported operands and NaNs; true if there was one. */
static bool took_nan(Trans *t, X87Value a, X87Value b)
{
    if (x87_class(a) == X87_UNSUPPORTED || x87_class(b) == X87_UNSUPPORTED) {
        invalid(t);
        return true;
    }
    if (x87_class(a) != X87_NAN && x87_class(b) != X87_NAN) {
        return false;
    }
    t->flags |= is_signaling(a) || is_signaling(b) ? FSW_IE : 0;
    t->result = larger_nan(a, b);
    t->result.mantissa |= QUIET;
    return true;
}

static void x87_f2xm1(Trans *t, X87Value x, X87Value unused)
{
    Real a;

    t->result = x;
    switch (x87_class(x)) {
    case X87_ZERO:
        return;
    case X87_INFINITE:
        t->result = is_negative(x) ? with_sign(x87_one, true) : x;
        return;
    default:
        break;
    }
    if (denormal(t, x)) {
        return;
    }
    a = x87_real(x);
    if (a.exponent > 0 || (a.exponent == 0 && a.significand << 1)) {
        t->flags |= FSW_PE;
        return;
    }
    t->result = rounded(t, real_exp2m1(a));
}

/* y * log2, of which the sign and whether it is zero or infinite are known; true if that is all. */
static bool log_special(Trans *t, X87Value x, X87Value y, X87Value log)
{
    bool negative = is_negative(y) != is_negative(log);
    Class ly = x87_class(y), ll = x87_class(log);

    if ((ly == X87_INFINITE && ll == X87_ZERO) || (ly == X87_ZERO && ll == X87_INFINITE)) {
        invalid(t);
        return true;
    }
    if (denormal(t, x) || denormal(t, y)) {
        return true;
    }
    if (ly == X87_INFINITE || ll == X87_INFINITE) {
        t->result = x87_infinity(negative);
        return true;
    }
    if (ly == X87_ZERO || ll == X87_ZERO) {
        t->result = x87_zero(negative);
        return true;
    }
    return false;
}

static int x87_compare_one(X87Value x)
{
    Real a = x87_real(x);

    return real_is_less(a, REAL_ONE) ? -1 : real_is_less(REAL_ONE, a);
}

/* The logarithm's sign, zero and infinity; anything else stands for the rest. */
static X87Value log_sketch(X87Value x)
{
    if (x87_class(x) == X87_INFINITE) {
        return x;
    }
    return x87_compare_one(x) ? with_sign(x87_one, x87_compare_one(x) < 0) : x87_zero(false);
}

static void x87_fyl2x(Trans *t, X87Value x, X87Value y)
{
    if (x87_class(x) == X87_ZERO && x87_class(y) != X87_ZERO) {
        t->flags |= x87_class(y) == X87_INFINITE ? 0 : FSW_ZE;
        t->result = x87_infinity(!is_negative(y));
    } else if (x87_class(x) == X87_ZERO || is_negative(x)) {
        invalid(t);
    } else if (!log_special(t, x, y, log_sketch(x))) {
        t->result = rounded(t, real_mul(x87_real(y), real_log2(x87_real(x))));
    }
}

static void x87_fyl2xp1(Trans *t, X87Value x, X87Value y)
{
    bool beyond = is_negative(x) && x87_compare_one(x) >= 0;

    if (is_negative(x) && x87_class(x) == X87_INFINITE) {
        invalid(t);
    } else if (log_special(t, x, y, x)) {
        return;
    } else if (beyond) {
        t->flags |= FSW_PE;
        t->result = x;
    } else {
        t->result = rounded(t, real_mul(x87_real(y), real_log2p1(x87_real(x))));
    }
}

/* An infinity is as far as the other one; beside it a number is zero. */
static Real direction(X87Value v, bool infinite)
{
    Real one = {REAL_ONE.significand, 0, is_negative(v)};

    if (infinite) {
        return x87_class(v) == X87_INFINITE ? one : (Real){.negative = is_negative(v)};
    }
    return x87_real(v);
}

static void x87_fpatan(Trans *t, X87Value x, X87Value y)
{
    bool infinite = x87_class(x) == X87_INFINITE || x87_class(y) == X87_INFINITE;
    Real a = direction(x, infinite), b = direction(y, infinite);

    if (denormal(t, x) || denormal(t, y)) {
        return;
    }
    if (real_is_zero(b) && !is_negative(x)) {
        t->result = x87_zero(is_negative(y));
    } else if (real_is_zero(a) && real_is_zero(b)) {
        a = real_pi_quarters(4);
        a.negative = is_negative(y);
        t->result = rounded(t, a);
    } else {
        t->result = rounded(t, real_atan2(b, a));
    }
}

/* What sines have in common: true if there is nothing to compute. */
static bool sine_special(Trans *t, X87Value x, X87Value at_zero)
{
    switch (x87_class(x)) {
    case X87_ZERO:
        t->result = at_zero;
        return true;
    case X87_INFINITE:
        invalid(t);
        return true;
    default:
        t->again = x87_real(x).exponent >= RANGE;
        return t->again || denormal(t, x);
    }
}

static void x87_fsin(Trans *t, X87Value x, X87Value unused)
{
    if (!sine_special(t, x, x)) {
        t->result = rounded(t, real_sin(x87_real(x)));
    }
}

static void x87_fcos(Trans *t, X87Value x, X87Value unused)
{
    if (!sine_special(t, x, x87_one)) {
        t->result = rounded(t, real_cos(x87_real(x)));
    }
}

static void x87_fsincos(Trans *t, X87Value x, X87Value unused)
{
    x87_fcos(t, x, unused);
    t->second = t->result;
    x87_fsin(t, x, unused);
}

static void x87_fptan(Trans *t, X87Value x, X87Value unused)
{
    bool number = !sine_special(t, x, x);

    if (number) {
        t->result = rounded(t, real_tan(x87_real(x)));
    }
    t->second = number || x87_class(x) == X87_ZERO ? x87_one : t->result;
}

typedef void TransFn(Trans *t, X87Value x, X87Value y);

typedef enum {
    X87_KEEPS,  /* ST(0) becomes the result */
    X87_POPS,   /* ST(1) does, and ST(0) is popped */
    X87_PUSHES, /* ST(0) does, and the second is pushed */
} Shape;

typedef struct {
    uint16_t mnemonic;
    uint8_t shape; /* Shape */
    bool ranged;   /* has C2 */
    TransFn *fn;
} TransRow;

static const TransRow trans_rows[] = {
    {ZYDIS_MNEMONIC_F2XM1, X87_KEEPS, false, x87_f2xm1},
    {ZYDIS_MNEMONIC_FCOS, X87_KEEPS, true, x87_fcos},
    {ZYDIS_MNEMONIC_FPATAN, X87_POPS, false, x87_fpatan},
    {ZYDIS_MNEMONIC_FPTAN, X87_PUSHES, true, x87_fptan},
    {ZYDIS_MNEMONIC_FSIN, X87_KEEPS, true, x87_fsin},
    {ZYDIS_MNEMONIC_FSINCOS, X87_PUSHES, true, x87_fsincos},
    {ZYDIS_MNEMONIC_FYL2X, X87_POPS, false, x87_fyl2x},
    {ZYDIS_MNEMONIC_FYL2XP1, X87_POPS, false, x87_fyl2xp1},
};

static unsigned x87_physical(const FpuState *fpu, unsigned i)
{
    return (((unsigned)fpu->fsw >> FSW_TOP_SHIFT) + i) & 7;
}

static X87Value x87_get(const FpuState *fpu, unsigned i)
{
    unsigned n = x87_physical(fpu, i);

    return (X87Value){fpu->st[n].mantissa, fpu->st[n].exponent};
}

static void x87_set(FpuState *fpu, unsigned i, X87Value v)
{
    unsigned n = x87_physical(fpu, i);

    fpu->st[n].mantissa = v.mantissa;
    fpu->st[n].exponent = v.exponent;
    fpu->ftw |= (uint8_t)(1u << n);
}

static bool is_empty(const FpuState *fpu, unsigned i)
{
    return !(fpu->ftw >> x87_physical(fpu, i) & 1);
}

static void move_top(FpuState *fpu, unsigned by)
{
    fpu->fsw = (uint16_t)((fpu->fsw & ~FSW_TOP) | x87_physical(fpu, by) << FSW_TOP_SHIFT);
}

/* Results to where they go, unless an exception without a mask holds them back. */
static void put_results(FpuState *fpu, const TransRow *row, const Trans *t)
{
    if (t->again || (t->flags & (FSW_IE | FSW_DE | FSW_ZE) & ~t->fcw)) {
        return;
    }
    switch (row->shape) {
    case X87_POPS:
        x87_set(fpu, 1, t->result);
        fpu->ftw &= (uint8_t) ~(1u << x87_physical(fpu, 0));
        move_top(fpu, 1);
        break;
    case X87_PUSHES:
        x87_set(fpu, 0, t->result);
        move_top(fpu, 7);
        x87_set(fpu, 0, t->second);
        break;
    default:
        x87_set(fpu, 0, t->result);
        break;
    }
}

/* A register that should be in use, or free, and is not (SDM vol. 1, 8.5.1.1). */
static bool stack_fault(const FpuState *fpu, const TransRow *row, Trans *t)
{
    bool under = is_empty(fpu, 0) || (row->shape == X87_POPS && is_empty(fpu, 1));
    bool over = !under && row->shape == X87_PUSHES && !is_empty(fpu, 7);

    if (under || over) {
        invalid(t);
        t->flags |= FSW_SF;
        t->up = over;
    }
    return under || over;
}

void x87_run_trans(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    FpuState *fpu = &cpu->fpu;
    const TransRow *row = insn->impl;
    Trans t = {.fcw = fpu->fcw};
    X87Value x = x87_get(fpu, 0), y = row->shape == X87_POPS ? x87_get(fpu, 1) : x;

    x87_check_waiting(cpu);
    if (stack_fault(fpu, row, &t) || took_nan(&t, x, y)) {
        t.second = t.result;
    } else {
        row->fn(&t, x, y);
    }
    fpu->fsw &= ~(FSW_C1 | (row->ranged ? FSW_C2 : 0));
    fpu->fsw |= t.flags | (t.up ? FSW_C1 : 0) | (t.again ? FSW_C2 : 0);
    put_results(fpu, row, &t);
    fpu_update_summary(fpu);
    x87_note_pointers(cpu, insn, false, ea);
}

const void *x87_find_trans(ZydisMnemonic mnemonic)
{
    for (size_t i = 0; i < G_N_ELEMENTS(trans_rows); i++) {
        if (trans_rows[i].mnemonic == mnemonic) {
            return &trans_rows[i];
        }
    }
    return NULL;
}
