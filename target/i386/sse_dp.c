/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DPPS and DPPD with an exception unmasked (Intel SDM vol. 2: "exceptions are determined separately
 * for each add and multiply operation"). The host's instruction tells only of all together, not of
 * exact underflows, and its result hides the parts; so they are done one by one, up to the first
 * that raises. Both halves of a ymm register take a step together.
 */
#include "target/i386/sse.h"

#define LANES_MAX 2

typedef struct {
    __m128i part[LANES_MAX];
    unsigned lanes;
} Parts;

static __m128i mul_ps(__m128i a, __m128i b)
{
    __asm__ volatile("mulps %1, %0" : "+x"(a) : "x"(b));
    return a;
}

static __m128i mul_pd(__m128i a, __m128i b)
{
    __asm__ volatile("mulpd %1, %0" : "+x"(a) : "x"(b));
    return a;
}

static __m128i add_ps(__m128i a, __m128i b)
{
    __asm__ volatile("addps %1, %0" : "+x"(a) : "x"(b));
    return a;
}

static __m128i add_sd(__m128i a, __m128i b)
{
    __asm__ volatile("addsd %1, %0" : "+x"(a) : "x"(b));
    return a;
}

/* `a` becomes op(a, b); raises what that raises. */
static void dp_step(Cpu *cpu, SseOp *op, FpTiny kind, Parts *a, const Parts *b)
{
    bool tiny = false;
    uint32_t flags;

    fpu_mxcsr_begin(cpu);
    for (unsigned i = 0; i < a->lanes; i++) {
        a->part[i] = op(a->part[i], b->part[i]);
        tiny |= sse_is_tiny(kind, (const uint8_t *)&a->part[i], 16);
    }
    flags = fpu_mxcsr_end(cpu);
    fpu_mxcsr_raise(cpu, flags, tiny);
}

static Parts parts_of(const void *bytes, unsigned lanes, __m128i mask)
{
    Parts p = {.lanes = lanes};

    for (unsigned i = 0; i < lanes; i++) {
        p.part[i] = _mm_and_si128(
            _mm_loadu_si128((const __m128i *)((const uint8_t *)bytes + 16 * i)), mask);
    }
    return p;
}

static Parts shuffled(const Parts *p, bool far)
{
    Parts r = *p;

    for (unsigned i = 0; i < p->lanes; i++) {
        r.part[i] = far ? _mm_shuffle_epi32(p->part[i], _MM_SHUFFLE(1, 0, 3, 2))
                        : _mm_shuffle_epi32(p->part[i], _MM_SHUFFLE(2, 3, 0, 1));
    }
    return r;
}

static void dpps(Cpu *cpu, const void *a, const void *b, unsigned lanes, uint8_t imm)
{
    const __m128i mask = _mm_set_epi32(imm & 0x80 ? -1 : 0, imm & 0x40 ? -1 : 0,
                                       imm & 0x20 ? -1 : 0, imm & 0x10 ? -1 : 0);
    Parts p = parts_of(a, lanes, mask), q = parts_of(b, lanes, mask);

    dp_step(cpu, mul_ps, FP_TINY_PS, &p, &q);
    q = shuffled(&p, false);
    dp_step(cpu, add_ps, FP_TINY_PS, &p, &q);
    q = shuffled(&p, true);
    dp_step(cpu, add_ps, FP_TINY_PS, &p, &q);
}

static void dppd(Cpu *cpu, const void *a, const void *b, unsigned lanes, uint8_t imm)
{
    const __m128i mask = _mm_set_epi64x(imm & 0x20 ? -1 : 0, imm & 0x10 ? -1 : 0);
    Parts p = parts_of(a, lanes, mask), q = parts_of(b, lanes, mask);

    dp_step(cpu, mul_pd, FP_TINY_PD, &p, &q);
    q = shuffled(&p, true);
    dp_step(cpu, add_sd, FP_TINY_SD, &p, &q);
}

void sse_dp_raise(Cpu *cpu, FpTiny kind, const void *a, const void *b, unsigned size, uint8_t imm)
{
    if (kind == FP_TINY_DPPD) {
        dppd(cpu, a, b, size / 16, imm);
    } else {
        dpps(cpu, a, b, size / 16, imm);
    }
}
