/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DPPS and DPPD with underflow unmasked (Intel SDM vol. 2): each product and each sum is rounded,
 * and any of them that is denormal is an underflow, exact or not. The host's instruction tells only
 * of inexact ones, and its result hides the parts.
 */
#include "target/i386/sse_fp.h"

#include "target/i386/fpu_internal.h"

static bool tiny(FpTiny kind, __m128i part)
{
    return sse_fp_is_tiny(kind, (const uint8_t *)&part, sizeof(part));
}

/* Each element of the second vector holds the first's neighbour. */
static __m128 neighbours(__m128 v)
{
    return _mm_shuffle_ps(v, v, _MM_SHUFFLE(2, 3, 0, 1));
}

static bool dpps_is_tiny(__m128 a, __m128 b, uint8_t imm)
{
    const __m128i mask = _mm_set_epi32(imm & 0x80 ? -1 : 0, imm & 0x40 ? -1 : 0,
                                       imm & 0x20 ? -1 : 0, imm & 0x10 ? -1 : 0);
    __m128 product, pairs, sum;

    product =
        _mm_mul_ps(_mm_and_ps(a, _mm_castsi128_ps(mask)), _mm_and_ps(b, _mm_castsi128_ps(mask)));
    pairs = _mm_add_ps(product, neighbours(product));
    sum = _mm_add_ps(pairs, _mm_movehl_ps(pairs, pairs));
    return tiny(FP_TINY_PS, _mm_castps_si128(product)) ||
           tiny(FP_TINY_PS, _mm_castps_si128(pairs)) || tiny(FP_TINY_SS, _mm_castps_si128(sum));
}

static bool dppd_is_tiny(__m128d a, __m128d b, uint8_t imm)
{
    const __m128i mask = _mm_set_epi64x(imm & 0x20 ? -1 : 0, imm & 0x10 ? -1 : 0);
    __m128d product, sum;

    product =
        _mm_mul_pd(_mm_and_pd(a, _mm_castsi128_pd(mask)), _mm_and_pd(b, _mm_castsi128_pd(mask)));
    sum = _mm_add_pd(product, _mm_unpackhi_pd(product, product));
    return tiny(FP_TINY_PD, _mm_castpd_si128(product)) || tiny(FP_TINY_SD, _mm_castpd_si128(sum));
}

bool sse_dp_is_tiny(Cpu *cpu, FpTiny kind, const void *a, const void *b, uint8_t imm)
{
    bool found;

    fpu_mxcsr_begin(cpu);
    found = kind == FP_TINY_DPPD ? dppd_is_tiny(_mm_loadu_pd(a), _mm_loadu_pd(b), imm)
                                 : dpps_is_tiny(_mm_loadu_ps(a), _mm_loadu_ps(b), imm);
    fpu_mxcsr_end(cpu);
    return found;
}
