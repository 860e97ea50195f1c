/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Binary numbers with 128 bits of significand and any exponent, in integer arithmetic: what x87's
 * transcendental instructions are computed with, so that every host gets the same bits. A result
 * that does not fit keeps a one in its last place for what was cut ("rounded to odd"), so that
 * x87_real_round() is right in every direction.
 */
#ifndef TARGET_I386_X87_REAL_H
#define TARGET_I386_X87_REAL_H

#include <stdbool.h>
#include <stdint.h>

typedef unsigned __int128 u128;

/* significand * 2^(exponent - 127); the significand's top bit is set, or all of it is zero. */
typedef struct {
    u128 significand;
    int32_t exponent;
    bool negative;
} Real;

#define REAL_WORDS(high_, low_) ((u128)(high_) << 64 | (low_))
#define REAL_ONE                ((Real){.significand = (u128)1 << 127})

/* significand * 2^exponent. */
Real real_make(u128 significand, int32_t exponent, bool negative);
Real real_add(Real a, Real b);
Real real_mul(Real a, Real b);
/* `b` is not zero. */
Real real_div(Real a, Real b);
Real real_div_int(Real a, uint32_t n);

static inline Real real_neg(Real a)
{
    a.negative = !a.negative;
    return a;
}
static inline Real real_sub(Real a, Real b)
{
    return real_add(a, real_neg(b));
}
/* a * 2^n. */
static inline Real real_scale(Real a, int32_t n)
{
    a.exponent += n;
    return a;
}
static inline bool real_is_zero(Real a)
{
    return !a.significand;
}
/* Whether |a| < |b|. */
bool real_is_less(Real a, Real b);

/* As an x87 register has it (SDM vol. 1, 4.2.2). */
typedef struct {
    uint64_t mantissa;
    uint16_t exponent; /* with the sign at bit 15 */
} X87Value;

#define X87_SIGN     0x8000u
#define X87_EXPONENT 0x7fffu
#define X87_BIAS     16383

/* A finite one. */
Real x87_real(X87Value value);

typedef struct {
    X87Value value;
    bool inexact, up; /* up: away from zero */
    bool tiny, huge;
} X87Rounded;

/* Rounds to 64 bits by FCW's rounding control. What is tiny or huge becomes a denormal, zero,
 * infinity or the largest number, or, if FCW does not mask that exception, has its exponent moved
 * by 24576 (SDM vol. 1, 8.5.4 and 8.5.5). */
X87Rounded x87_real_round(Real a, uint16_t fcw);

#endif
