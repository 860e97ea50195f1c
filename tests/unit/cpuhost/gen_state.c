/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers, and the state that a sequence starts with. */
#include "tests/unit/cpuhost/gen_internal.h"

/* xoroshiro128+ and splitmix64 (Blackman and Vigna, public domain). */
uint64_t rng_next(Rng *rng)
{
    uint64_t s0 = rng->s[0], s1 = rng->s[1], result = s0 + s1;

    s1 ^= s0;
    rng->s[0] = (s0 << 24 | s0 >> 40) ^ s1 ^ s1 << 16;
    rng->s[1] = s1 << 37 | s1 >> 27;
    return result;
}

void rng_seed(Rng *rng, uint64_t seed)
{
    for (unsigned i = 0; i < 2; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        rng->s[i] = z ^ z >> 31;
    }
}

static uint64_t interesting(Gen *gen)
{
    static const uint64_t values[] = {
        0,
        1,
        2,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x7fffffffffffffff,
        0x8000000000000000,
        0xffffffffffffffff,
        0x3ff0000000000000, /* 1.0 */
        0xbff8000000000000, /* -1.5 */
        0x7ff0000000000000, /* infinity */
        0xfff8000000000000, /* NaN */
        0x7ff0000000000001, /* signalling NaN */
        0x0000000000000001, /* denormal */
        0x000fffffffffffff,
        0x0010000000000000,
        0x7fefffffffffffff,
        0x41dfffffffc00000, /* 2^31 - 1 */
        0x43e0000000000000, /* 2^63 */
        0x3f8000003f800000, /* floats from here */
        0x7f800000ff800000,
        0x7fc000007f800001,
        0x0080000000000001,
        0x7f7fffff00800000,
        0x4f000000bf000000,
        0x0000000100000001,
        0x8080808080808080,
        0x6162630061626300, /* text */
        0x3031323334353637,
    };
    uint64_t r = rng_next(&gen->rng);

    switch (pick(gen, 4)) {
    case 0:
        return r;
    case 1:
        return values[pick(gen, G_N_ELEMENTS(values))] ^ (chance(gen, 20) ? r & 0xff : 0);
    case 2:
        return r >> pick(gen, 64);
    default:
        return values[pick(gen, G_N_ELEMENTS(values))];
    }
}

/* Where the data pages begin, become read-only, and end: operands are half in and half out. */
static uint64_t pick_edge(Gen *gen)
{
    static const uint64_t edges[] = {DATA_BASE, DATA_BASE + DATA_RW, DATA_BASE + DATA_SIZE};

    return edges[pick(gen, 3)] - pick(gen, 48);
}

static void put(uint8_t *fx, unsigned offset, uint64_t value, unsigned size)
{
    memcpy(fx + offset, &value, size);
}

static void gen_x87(Gen *gen, uint8_t *fx)
{
    static const uint16_t exponents[] = {0, 1, 0x3fff, 0x3ffe, 0x4000, 0x403e, 0x7ffe, 0x7fff};
    uint16_t fcw = 0x37f, fsw = pick(gen, 8) << 11 | (pick(gen, 8) << 8 & 0x4700);

    if (chance(gen, 50)) {
        fcw = 0x40 | (0x3f & ~(chance(gen, 30) ? pick(gen, 64) : 0)) | pick(gen, 16) << 8;
    }
    if (chance(gen, 20)) {
        fsw |= pick(gen, 128) & (chance(gen, 80) ? fcw | 0x40 : 0x7f);
    }
    if (fsw & ~fcw & 0x3f) {
        fsw |= 0x8080;
    }
    put(fx, 0, fcw, 2);
    put(fx, 2, fsw, 2);
    put(fx, 4, chance(gen, 40) ? 0xff : rng_next(&gen->rng) | rng_next(&gen->rng), 1);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t mantissa = interesting(gen);
        uint16_t exponent = exponents[pick(gen, G_N_ELEMENTS(exponents))];

        exponent = chance(gen, 40) ? 0x3fc0 + pick(gen, 128) : exponent;
        mantissa |= chance(gen, 85) && exponent ? 1ull << 63 : 0;
        put(fx, 32 + 16 * i, mantissa, 8);
        put(fx, 40 + 16 * i, exponent | (chance(gen, 40) ? 0x8000 : 0), 2);
    }
}

/* Small offsets, as dwords or qwords, for gathers. */
static void gen_indices(Gen *gen, HostRegs *start, unsigned n)
{
    int64_t offsets[4];

    for (unsigned i = 0; i < 4; i++) {
        offsets[i] = ((int64_t)pick(gen, 256) - 128) * (chance(gen, 70) ? 4 : 1);
        if (n & 1) {
            uint32_t low = (uint32_t)offsets[i], high = pick(gen, 64) * 8;
            offsets[i] = (int64_t)((uint64_t)high << 32 | low);
        }
    }
    memcpy(start->fx + 160 + 16 * n, offsets, 16);
    memcpy(start->ymm[n], offsets + 2, 16);
}

/* Of 32-bit code: half of half the registers, and segments. */
static void legacy_state(HostRegs *start)
{
    static const uint16_t segments[6] = {USER_SS, USER_CS32, USER_SS,
                                         USER_SS, USER_FS32, USER_GS32};

    for (unsigned i = 0; i < 16; i++) {
        start->gpr[i] = i < 8 ? (uint32_t)start->gpr[i] : 0;
    }
    memcpy(start->seg, segments, sizeof(segments));
}

void gen_state(Gen *gen)
{
    HostRegs *start = &gen->seq->start;
    uint32_t mxcsr = 0x1f80;

    memset(start, 0, sizeof(*start));
    for (unsigned i = 0; i < 16; i++) {
        start->gpr[i] = interesting(gen);
        if (gen->pointers >> i & 1) {
            start->gpr[i] = DATA_MIDDLE + (uint64_t)(int64_t)((int)pick(gen, 256) - 128) * 16;
            if ((gen->edges >> i & 1) && chance(gen, 8)) {
                start->gpr[i] = pick_edge(gen);
            }
        } else if (gen->small >> i & 1) {
            start->gpr[i] = chance(gen, 70) ? pick(gen, 8) * 16 : pick(gen, 64);
        }
    }
    if (gen->seq->bits == 32) {
        legacy_state(start);
    }
    start->rip = CODE_BASE;
    start->rflags = 0x202 | (rng_next(&gen->rng) & FLAGS_ALL) | (chance(gen, 20) ? 0x400 : 0);
    if (gen->seq->bits == 64) {
        start->fs_base = 0x40;
        start->gs_base = 0x100;
    }
    gen_x87(gen, start->fx);
    if (chance(gen, 50)) {
        mxcsr = (chance(gen, 70) ? 0x1f80 : pick(gen, 64) << 7) |
                (rng_next(&gen->rng) & (0xe040 | (chance(gen, 30) ? 0x3f : 0)));
    }
    put(start->fx, 24, mxcsr, 4);
    for (unsigned i = 0; i < 32; i++) {
        put(start->fx, 160 + 8 * i, interesting(gen), 8);
        start->ymm[i / 2][i % 2] = interesting(gen);
    }
    for (unsigned i = 12; i < 16; i++) {
        if (chance(gen, 70)) {
            gen_indices(gen, start, i);
        }
    }
    for (unsigned i = 0; i < DATA_SIZE; i += 8) {
        uint64_t value = interesting(gen);
        memcpy(gen->seq->data + i, &value, 8);
    }
}
