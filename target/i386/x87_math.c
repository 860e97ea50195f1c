/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each function by the series of its definition, after its argument has been made small. The number
 * of terms is where the next is below 2^-130.
 */
#include "target/i386/x87_math.h"

#include <stddef.h>

#define EXP_TERMS   36
#define SIN_TERMS   18
#define ATANH_TERMS 27
#define ATAN_TERMS  23

static const Real ln_2 = {REAL_WORDS(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af), -1, false};
static const Real log2_e = {REAL_WORDS(0xb8aa3b295c17f0bb, 0xbe87fed0691d3e89), 0, false};
static const Real pi = {REAL_WORDS(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1), 1, false};
/* atan(n / 4). */
static const Real atan_quarters[] = {
    {0, 0, false},
    {REAL_WORDS(0xfadbafc96406eb15, 0x6dc79ef5f7a217e6), -3, false},
    {REAL_WORDS(0xed63382b0dda7b45, 0x6fe445ecbc3a8d03), -2, false},
    {REAL_WORDS(0xa4bc7d1934f70924, 0x19a87f2a457dac9f), -1, false},
    {REAL_WORDS(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1), -1, false},
};

/* The processor's own pi / 2, of 66 bits: an odd number of these units (SDM vol. 1, 8.3.8). */
#define HALF_PI_66  REAL_WORDS(0x3, 0x243f6a8885a308d3)
#define HALF_PI_LSB (-65)

/* y + y^2/2! + y^3/3! + ... */
static Real exp_minus_one(Real y)
{
    Real p = REAL_ONE;

    for (uint32_t n = EXP_TERMS; n > 1; n--) {
        p = real_add(REAL_ONE, real_div_int(real_mul(y, p), n));
    }
    return real_mul(y, p);
}

Real real_exp2m1(Real x)
{
    if (x.exponent == 0) {
        return x.negative ? real_scale(x, -1) : x; /* of one: exact */
    }
    return exp_minus_one(real_mul(x, ln_2));
}

/* z + w*z/3 + w^2*z/5 + ..., w being z^2 (artanh) or -z^2 (arctan). */
static Real odd_series(Real z, Real w, uint32_t terms)
{
    Real p = real_div_int(REAL_ONE, 2 * terms + 1);

    while (terms-- > 0) {
        p = real_add(real_div_int(REAL_ONE, 2 * terms + 1), real_mul(w, p));
    }
    return real_mul(z, p);
}

/* log2((1 + z) / (1 - z)). */
static Real log2_of_ratio(Real z)
{
    Real artanh = odd_series(z, real_mul(z, z), ATANH_TERMS);

    return real_mul(real_scale(artanh, 1), log2_e);
}

Real real_log2(Real x)
{
    const Real root_half = {REAL_WORDS(0xb504f333f9de6484, 0), -1, false}; /* about */
    Real m = {x.significand, -1, false};                                   /* from 1/2 to 1 */
    int32_t k = x.exponent + 1;
    Real whole, fraction;

    if (real_is_less(m, root_half)) {
        m.exponent++;
        k--;
    }
    fraction = log2_of_ratio(real_div(real_sub(m, REAL_ONE), real_add(m, REAL_ONE)));
    whole = real_make((u128)(k < 0 ? -k : k), 0, k < 0);
    return real_is_zero(fraction) ? whole : real_add(whole, fraction);
}

Real real_log2p1(Real x)
{
    /* As long as the series is that of real_log2(); there 1 + x has lost nothing that counts. */
    if (x.exponent < -2) {
        return log2_of_ratio(real_div(x, real_add(real_scale(REAL_ONE, 1), x)));
    }
    return real_log2(real_add(REAL_ONE, x));
}

/* x - n * pi/2, at most pi/4 from zero, exact; the last two bits of n. */
static Real reduce(Real x, unsigned *quadrant)
{
    bool negative = x.negative;
    u128 units, n, rest;

    *quadrant = 0;
    if (x.exponent < -1) {
        return x;
    }
    /* a 64-bit significand and an exponent below 63: it fits */
    units = x.significand >> (127 + HALF_PI_LSB - x.exponent);
    n = units / HALF_PI_66;
    rest = units % HALF_PI_66;
    if (rest > HALF_PI_66 / 2) {
        rest = HALF_PI_66 - rest;
        n++;
        negative = !negative;
    }
    *quadrant = (unsigned)(x.negative ? -n : n) & 3;
    return real_make(rest, HALF_PI_LSB, negative);
}

/* 1 - r^2/(2*3) + ..., times r; or 1 - r^2/(1*2) + ... */
static Real sin_series(Real r)
{
    Real square = real_mul(r, r), p = REAL_ONE;

    for (uint32_t n = 2 * SIN_TERMS; n > 0; n -= 2) {
        p = real_sub(REAL_ONE, real_div_int(real_mul(square, p), n * (n + 1)));
    }
    return real_mul(r, p);
}

static Real cos_series(Real r)
{
    Real square = real_mul(r, r), p = REAL_ONE;

    for (uint32_t n = 2 * SIN_TERMS; n > 0; n -= 2) {
        p = real_sub(REAL_ONE, real_div_int(real_mul(square, p), n * (n - 1)));
    }
    return p;
}

/* sin(r + quadrant * pi/2). */
static Real sin_in(Real r, unsigned quadrant)
{
    Real s = quadrant & 1 ? cos_series(r) : sin_series(r);

    return quadrant & 2 ? real_neg(s) : s;
}

Real real_sin(Real x)
{
    unsigned quadrant;
    Real r = reduce(x, &quadrant);

    return sin_in(r, quadrant);
}

Real real_cos(Real x)
{
    unsigned quadrant;
    Real r = reduce(x, &quadrant);

    return sin_in(r, quadrant + 1);
}

/* Beside one, what is cut from a sine and a cosine would be the same: r + r^3/3 is all there is. */
static Real tan_series(Real r)
{
    if (r.exponent < -60) {
        return real_mul(r, real_add(REAL_ONE, real_div_int(real_mul(r, r), 3)));
    }
    return real_div(sin_series(r), cos_series(r));
}

Real real_tan(Real x)
{
    unsigned quadrant;
    Real t = tan_series(reduce(x, &quadrant));

    return quadrant & 1 ? real_neg(real_div(REAL_ONE, t)) : t;
}

/* atan(t) = atan(c) + atan((t - c) / (1 + t*c)), c being the quarter next to t; 0 <= t <= 1. */
static Real atan_below_one(Real t)
{
    uint32_t n = t.exponent < -3 ? 0 : (uint32_t)(t.significand >> (127 - 3 - t.exponent));
    Real c, u;

    n = (n + 1) / 2;
    c = real_make(n, -2, false);
    u = real_div(real_sub(t, c), real_add(REAL_ONE, real_mul(t, c)));
    return real_add(atan_quarters[n], odd_series(u, real_neg(real_mul(u, u)), ATAN_TERMS));
}

Real real_pi_quarters(uint32_t n)
{
    return real_mul(pi, real_make(n, -2, false));
}

Real real_atan2(Real y, Real x)
{
    bool below = y.negative, left = x.negative;
    Real angle;

    x.negative = y.negative = false;
    angle = real_is_less(x, y) ? real_sub(real_pi_quarters(2), atan_below_one(real_div(x, y)))
                               : atan_below_one(real_div(y, x));
    angle = left ? real_sub(real_pi_quarters(4), angle) : angle;
    angle.negative = below;
    return angle;
}
