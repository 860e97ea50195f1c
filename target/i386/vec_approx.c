/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RCPPS, RCPSS, RSQRTPS, RSQRTSS (Intel SDM vol. 2): the reciprocal, and that of the square root,
 * rounded to the nearest number of 12 bits. So the relative error is at most 2^-12, where the SDM
 * allows 1.5 * 2^-12 and every maker has results of its own; these are the same on every host.
 */
#include "target/i386/vec.h"

#define SIGN     0x80000000u
#define INFINITE 0x7f800000u
#define QUIET    0x00400000u
#define IMPLIED  0x00800000u
#define NAN_MADE 0xffc00000u
#define FRACTION 23
#define BIAS     127
#define BITS     12 /* of a result */

/* What is neither a number nor computed: true, with the result. Denormals count as zeros. */
static bool special(uint32_t x, uint32_t *result)
{
    uint32_t magnitude = x & ~SIGN;

    if (magnitude < IMPLIED) {
        *result = (x & SIGN) | INFINITE;
    } else if (magnitude > INFINITE) {
        *result = x | QUIET;
    } else if (magnitude == INFINITE) {
        *result = x & SIGN;
    } else {
        return false;
    }
    return true;
}

/* A number of 12 bits from 2^11 to 2^12, of which 2^11 is one; tiny ones are flushed to zero. */
static uint32_t approx_pack(uint32_t bits, int exponent)
{
    if (bits >> BITS) {
        bits >>= 1;
        exponent++;
    }
    if (exponent <= 0) {
        return 0;
    }
    return (bits << (FRACTION - (BITS - 1)) & (IMPLIED - 1)) | (uint32_t)exponent << FRACTION;
}

static uint32_t rcp(uint32_t x)
{
    uint64_t significand = (x & (IMPLIED - 1)) | IMPLIED;
    int exponent = x >> FRACTION & 0xff;
    uint32_t result;

    if (special(x, &result)) {
        return result;
    }
    /* one, with the result's bits above: from 2^11 to 2^12 */
    uint64_t scaled = 1ull << (FRACTION + BITS);
    uint32_t bits = (uint32_t)((scaled + significand / 2) / significand);
    return (x & SIGN) | approx_pack(bits, 2 * BIAS - 1 - exponent);
}

/* The root of `x`, below 2^26, rounded down. */
static uint32_t root(uint64_t x)
{
    uint32_t r = 0;

    for (uint32_t bit = 1u << 13; bit; bit >>= 1) {
        uint64_t next = r | bit;
        r |= next * next <= x ? bit : 0;
    }
    return r;
}

static uint32_t rsqrt(uint32_t x)
{
    int exponent = (int)(x >> FRACTION & 0xff) - BIAS, odd = exponent & 1;
    uint64_t significand = (uint64_t)((x & (IMPLIED - 1)) | IMPLIED) << odd; /* from 1 to 4 */
    uint32_t result;

    if ((x & SIGN) && (x & ~SIGN) >= IMPLIED && (x & ~SIGN) <= INFINITE) {
        return NAN_MADE;
    }
    if (special(x, &result)) {
        return result;
    }
    /* 2^13 / sqrt(significand), and a half: rounded down twice, it is as if once */
    uint32_t bits = (root((1ull << (FRACTION + 2 * (BITS + 1))) / significand) + 1) / 2;
    return approx_pack(bits, BIAS - 1 - (exponent - odd) / 2);
}

typedef uint32_t ApproxFn(uint32_t x);

static ALWAYS_INLINE void approx_each(ApproxFn *fn, uint32_t *to, const void *from, unsigned count)
{
    uint32_t x[8];

    memcpy(x, from, count * sizeof(x[0]));
    for (unsigned i = 0; i < count; i++) {
        to[i] = fn(x[i]);
    }
}

#define SSE_APPROX(name_, fn_, count_)                                                             \
    static __m128i sse_##name_(__m128i dst, __m128i src)                                           \
    {                                                                                              \
        uint32_t to[4];                                                                            \
        memcpy(to, &dst, sizeof(to));                                                              \
        approx_each(fn_, to, &src, count_);                                                        \
        return _mm_loadu_si128((const __m128i *)to);                                               \
    }
/* `rest_` is the register that has what is not computed. */
#define KERNEL_APPROX(k_, fn_, count_, rest_)                                                      \
    static ALWAYS_INLINE void k_(Cpu *cpu, const Op *op, const void *b)                            \
    {                                                                                              \
        uint32_t to[8] = {0};                                                                      \
        memcpy(to, cpu->fpu.vec[rest_].lo, 16);                                                    \
        approx_each(fn_, to, b, count_);                                                           \
        memcpy(&cpu->fpu.vec[op->dst], to, sizeof(to));                                            \
    }                                                                                              \
    AVX_HANDLERS(k_, 4 * (count_))

#define APPROX(name_)                                                                              \
    SSE_APPROX(name_##ps, name_, 4)                                                                \
    SSE_APPROX(name_##ss, name_, 1)                                                                \
    KERNEL_APPROX(name_##ps_x, name_, 4, op->aux)                                                  \
    KERNEL_APPROX(name_##ps_y, name_, 8, op->aux)                                                  \
    KERNEL_APPROX(name_##ss_x, name_, 1, op->src)
APPROX(rcp)
APPROX(rsqrt)

#define ROW_PACKED(m_, name_)                                                                      \
    {                                                                                              \
        VEC_NAMES(m_), .width = {16, 32}, .sse = SSE_FORM(sse_##name_, 16), .avx = {               \
            AVX_FORM(name_##_x),                                                                   \
            AVX_FORM(name_##_y)                                                                    \
        }                                                                                          \
    }
#define ROW_SCALAR(m_, name_)                                                                      \
    {                                                                                              \
        VEC_NAMES(m_), .width = {4, 4}, .sse = SSE_FORM(sse_##name_, 4), .avx = {                  \
            AVX_FORM(name_##_x),                                                                   \
            AVX_FORM(name_##_x)                                                                    \
        }                                                                                          \
    }
static const VecRow rows[] = {
    ROW_PACKED(RCPPS, rcpps),
    ROW_PACKED(RSQRTPS, rsqrtps),
    ROW_SCALAR(RCPSS, rcpss),
    ROW_SCALAR(RSQRTSS, rsqrtss),
};

VecTable vec_approx_table(void)
{
    return (VecTable){rows, G_N_ELEMENTS(rows)};
}
