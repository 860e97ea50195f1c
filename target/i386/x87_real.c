/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic with 128 bits, and rounding to what an x87 register holds (Intel SDM vol. 1, 4.8.4
 * and 8.5).
 */
#include "target/i386/x87_real.h"

#include <stddef.h>

#define BITS 128

#define FCW_RC_SHIFT 10
#define FCW_OM       0x0008u
#define FCW_UM       0x0010u
typedef enum { RC_NEAREST, RC_DOWN, RC_UP, RC_ZERO } Rounding;

#define EXPONENT_MAX    16383
#define EXPONENT_MIN    (-16382)
#define EXPONENT_ADJUST 24576

static unsigned leading_zeros(u128 a)
{
    uint64_t high = (uint64_t)(a >> 64);

    return high ? (unsigned)__builtin_clzll(high) : 64u + (unsigned)__builtin_clzll((uint64_t)a);
}

/* Shifts right; what is cut is a one in the last place. */
static u128 shift_right(u128 a, uint32_t n)
{
    if (n >= BITS) {
        return a != 0;
    }
    return n ? a >> n | (a << (BITS - n) != 0) : a;
}

Real real_make(u128 significand, int32_t exponent, bool negative)
{
    unsigned shift;

    if (!significand) {
        return (Real){.negative = negative};
    }
    shift = leading_zeros(significand);
    return (Real){significand << shift, exponent + BITS - 1 - (int32_t)shift, negative};
}

bool real_is_less(Real a, Real b)
{
    if (real_is_zero(a) || real_is_zero(b)) {
        return real_is_zero(a) && !real_is_zero(b);
    }
    return a.exponent != b.exponent ? a.exponent < b.exponent : a.significand < b.significand;
}

Real real_add(Real a, Real b)
{
    u128 cut, sum;

    if (real_is_less(a, b)) {
        Real t = a;
        a = b;
        b = t;
    }
    if (real_is_zero(b)) {
        return a;
    }
    cut = shift_right(b.significand, (uint32_t)(a.exponent - b.exponent));
    if (a.negative != b.negative) {
        return real_make(a.significand - cut, a.exponent - (BITS - 1), a.negative);
    }
    sum = a.significand + cut;
    if (sum < cut) {
        sum = shift_right(sum, 1) | (u128)1 << (BITS - 1);
        a.exponent++;
    }
    return (Real){sum, a.exponent, a.negative};
}

/* The upper half of the product, and whether there is a lower one. */
static u128 multiply_high(u128 a, u128 b, bool *rest)
{
    uint64_t a1 = (uint64_t)(a >> 64), a0 = (uint64_t)a, b1 = (uint64_t)(b >> 64), b0 = (uint64_t)b;
    u128 low = (u128)a0 * b0, mid1 = (u128)a1 * b0, mid2 = (u128)a0 * b1;
    u128 mid = (low >> 64) + (uint64_t)mid1 + (uint64_t)mid2;

    *rest = (uint64_t)low || (uint64_t)mid;
    return (u128)a1 * b1 + (mid1 >> 64) + (mid2 >> 64) + (mid >> 64);
}

Real real_mul(Real a, Real b)
{
    bool rest;
    u128 high = multiply_high(a.significand, b.significand, &rest);

    /* of two bits before the point, the first may be zero */
    return real_make(high | rest, a.exponent + b.exponent - (BITS - 2), a.negative != b.negative);
}

Real real_div(Real a, Real b)
{
    u128 rest = a.significand, quotient = 0;
    int32_t exponent = a.exponent - b.exponent;

    if (rest < b.significand) {
        exponent--;
    } else {
        rest -= b.significand;
        quotient = 1;
    }
    while (!(quotient >> (BITS - 1)) && (rest || quotient)) {
        bool carry = rest >> (BITS - 1);
        rest <<= 1;
        quotient <<= 1;
        if (carry || rest >= b.significand) {
            rest -= b.significand;
            quotient |= 1;
        }
    }
    return (Real){quotient | (rest != 0), quotient ? exponent : 0, a.negative != b.negative};
}

Real real_div_int(Real a, uint32_t n)
{
    u128 quotient = a.significand / n, rest = a.significand % n;
    unsigned shift = quotient ? leading_zeros(quotient) : 0;

    rest <<= shift;
    quotient = quotient << shift | rest / n;
    return (Real){quotient | (rest % n != 0), quotient ? a.exponent - (int32_t)shift : 0,
                  a.negative};
}

Real x87_real(X87Value value)
{
    int32_t exponent = value.exponent & X87_EXPONENT;

    return real_make(value.mantissa, (exponent ? exponent : 1) - X87_BIAS - 63,
                     value.exponent & X87_SIGN);
}

/* Whether what is below the last place makes the magnitude go up. */
static bool rounds_up(u128 a, bool negative, Rounding rounding)
{
    uint64_t rest = (uint64_t)a, half = 1ull << 63;

    switch (rounding) {
    case RC_NEAREST:
        return rest > half || (rest == half && (a >> 64 & 1));
    case RC_DOWN:
        return rest && negative;
    case RC_UP:
        return rest && !negative;
    default:
        return false;
    }
}

/* To 64 bits, with any exponent. */
static X87Rounded round_at(u128 a, int32_t *exponent, bool negative, Rounding rounding)
{
    X87Rounded r = {.value.mantissa = (uint64_t)(a >> 64), .inexact = (uint64_t)a != 0};

    r.up = rounds_up(a, negative, rounding);
    if (r.up && ++r.value.mantissa == 0) {
        r.value.mantissa = 1ull << 63;
        ++*exponent;
    }
    return r;
}

static X87Value x87_value(uint64_t mantissa, int32_t exponent, bool negative)
{
    return (X87Value){mantissa, (uint16_t)((exponent + X87_BIAS) | (negative ? X87_SIGN : 0))};
}

static X87Rounded round_huge(bool negative, Rounding rounding)
{
    bool infinite = rounding == RC_NEAREST || rounding == (negative ? RC_DOWN : RC_UP);
    X87Rounded r = {.inexact = true, .up = infinite, .huge = true};

    r.value = infinite ? x87_value(1ull << 63, EXPONENT_MAX + 1, negative)
                       : x87_value(UINT64_MAX, EXPONENT_MAX, negative);
    return r;
}

static X87Rounded round_tiny(Real a, Rounding rounding)
{
    int32_t exponent = EXPONENT_MIN;
    u128 denormal = shift_right(a.significand, (uint32_t)(EXPONENT_MIN - a.exponent));
    X87Rounded r = round_at(denormal, &exponent, a.negative, rounding);

    /* the smallest normal number is what a denormal that rounds up can become */
    r.value = x87_value(r.value.mantissa, r.value.mantissa >> 63 ? EXPONENT_MIN : EXPONENT_MIN - 1,
                        a.negative);
    r.tiny = true;
    return r;
}

X87Rounded x87_real_round(Real a, uint16_t fcw)
{
    Rounding rounding = fcw >> FCW_RC_SHIFT & 3;
    int32_t exponent = a.exponent;
    X87Rounded r = round_at(a.significand, &exponent, a.negative, rounding);

    r.huge = exponent > EXPONENT_MAX;
    r.tiny = exponent < EXPONENT_MIN;
    if (r.huge && (fcw & FCW_OM)) {
        return round_huge(a.negative, rounding);
    }
    if (r.tiny && (fcw & FCW_UM)) {
        return round_tiny(a, rounding);
    }
    exponent += r.huge ? -EXPONENT_ADJUST : r.tiny ? EXPONENT_ADJUST : 0;
    r.value = x87_value(r.value.mantissa, exponent, a.negative);
    return r;
}
