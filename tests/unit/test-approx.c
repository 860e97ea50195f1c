/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RCPPS, RSQRTPS and their kin on a vCPU (Intel SDM vol. 2): the relative error over all exponents
 * and many significands, special operands, what is left alone, and that every form of an
 * instruction has the same result. The host's results are beside ours within what both may err.
 */
#include <math.h>

#include "code-fixture.h"

#include "target/i386/fpu_internal.h"

#define ERROR (1.5 / 4096) /* SDM vol. 2, RCPPS */
#define LANES 4u

typedef enum { RCP = 0x53, RSQRT = 0x52 } Opcode;

static double number(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Executes `code`, that ends with HLT, with `x` in XMM1 and at DATA; XMM0 is the result. */
static void execute(Fixture *f, const uint8_t *code, size_t length, const uint32_t x[LANES])
{
    load(f, CODE, code, length);
    f->cpu->cr4 |= CR4_OSFXSR;
    cpu_update_mode(f->cpu);
    f->cpu->gpr[R_RBX] = DATA;
    memcpy(f->ram.host + DATA, x, 16);
    memcpy(f->cpu->fpu.vec[1].lo, x, 16);
    memset(f->cpu->fpu.vec[0].lo, 0x5a, 16);
    g_assert_cmpint(run_on(f), ==, -1);
    g_assert_cmphex(fpu_mxcsr(&f->cpu->fpu), ==, MXCSR_DEFAULT);
}

static void packed(Fixture *f, Opcode opcode, const uint32_t x[LANES], uint32_t result[LANES])
{
    const uint8_t code[] = {0x0f, opcode, 0xc1, 0xf4}; /* ...ps xmm0, xmm1; hlt */

    execute(f, code, sizeof(code), x);
    memcpy(result, f->cpu->fpu.vec[0].lo, 16);
}

static double exact(Opcode opcode, double x)
{
    return opcode == RCP ? 1 / x : 1 / sqrt(x);
}

/* Steps through the significands of each exponent, with another place to begin in each. */
static void check_error(Fixture *f, Opcode opcode)
{
    for (uint32_t exponent = 1; exponent < (opcode == RCP ? 252 : 255); exponent++) {
        for (uint32_t n = exponent; n < 1u << 23; n += 40009) {
            const uint32_t first = exponent << 23 | n;
            const uint32_t x[LANES] = {first, first + 1, exponent << 23, exponent << 23 | 0x7fffff};
            uint32_t result[LANES];
            packed(f, opcode, x, result);
            for (unsigned i = 0; i < LANES; i++) {
                double wanted = exact(opcode, number(x[i]));
                g_assert_cmpfloat(fabs(number(result[i]) / wanted - 1), <=, ERROR);
            }
        }
    }
}

static void test_error(Fixture *f, const void *unused)
{
    check_error(f, RCP);
    check_error(f, RSQRT);
}

/* Between neighbours the result never goes the other way, and powers of two are exact. */
static void test_order(Fixture *f, const void *unused)
{
    uint32_t last = 0x3f800000, result[LANES];

    for (uint32_t n = 0; n + LANES <= 1u << 14; n += LANES) {
        const uint32_t at = 0x3f800000 + (n << 9);
        const uint32_t x[LANES] = {at, at + 512, at + 1024, at + 1536};
        packed(f, RCP, x, result);
        for (unsigned i = 0; i < LANES; i++) {
            g_assert_cmphex(result[i], <=, last);
            last = result[i];
        }
    }
    packed(f, RCP, (const uint32_t[LANES]){0x3f800000, 0x40000000, 0xbf000000, 0x7e000000}, result);
    g_assert_cmphex(result[0], ==, 0x3f800000);
    g_assert_cmphex(result[1], ==, 0x3f000000);
    g_assert_cmphex(result[2], ==, 0xc0000000);
    g_assert_cmphex(result[3], ==, 0x01000000);
}

static void test_specials(Fixture *f, const void *unused)
{
    static const struct {
        uint32_t x, rcp, rsqrt;
    } rows[] = {
        {0, 0x7f800000, 0x7f800000},          {0x80000000, 0xff800000, 0xff800000},
        {1, 0x7f800000, 0x7f800000}, /* denormals count as zeros */
        {0x807fffff, 0xff800000, 0xff800000}, {0x7f800000, 0, 0},
        {0xff800000, 0x80000000, 0xffc00000}, {0xbf800000, 0xbf800000, 0xffc00000},
        {0x80800000, 0xfe800000, 0xffc00000}, {0x7fc12345, 0x7fc12345, 0x7fc12345},
        {0x7f812345, 0x7fc12345, 0x7fc12345}, {0xff812345, 0xffc12345, 0xffc12345},
        {0x7f7fffff, 0, 0x1f800000},          /* tiny: flushed */
        {0xfe80c001, 0x80000000, 0xffc00000}, /* the least that must be (SDM vol. 2) */
        {0x7e7fe800, 0x00801000, 0x20000000}, /* the most that must not */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t x[LANES] = {rows[i].x, rows[i].x, rows[i].x, rows[i].x}, result[LANES];
        packed(f, RCP, x, result);
        g_assert_cmphex(result[3], ==, rows[i].rcp);
        packed(f, RSQRT, x, result);
        g_assert_cmphex(result[3], ==, rows[i].rsqrt);
    }
}

/* Legacy and VEX, packed and scalar, of a register and of memory. */
static void test_forms(Fixture *f, const void *unused)
{
    static const struct {
        uint8_t code[6];
        uint8_t at; /* of the opcode */
        bool scalar, vex, wide;
    } rows[] = {
        {{0x0f, 0, 0x03, 0xf4}, 1, false, false, false},      /* ...ps xmm0, [rbx] */
        {{0xf3, 0x0f, 0, 0xc1, 0xf4}, 2, true, false, false}, /* ...ss xmm0, xmm1 */
        {{0xf3, 0x0f, 0, 0x03, 0xf4}, 2, true, false, false}, /* ...ss xmm0, [rbx] */
        {{0xc5, 0xf8, 0, 0xc1, 0xf4}, 2, false, true, false}, /* v...ps xmm0, xmm1 */
        {{0xc5, 0xf8, 0, 0x03, 0xf4}, 2, false, true, false}, /* v...ps xmm0, [rbx] */
        {{0xc5, 0xfc, 0, 0xc1, 0xf4}, 2, false, true, true},  /* v...ps ymm0, ymm1 */
        {{0xc5, 0xea, 0, 0xc1, 0xf4}, 2, true, true, false},  /* v...ss xmm0, xmm2, xmm1 */
        {{0xc5, 0xea, 0, 0x03, 0xf4}, 2, true, true, false},  /* v...ss xmm0, xmm2, [rbx] */
    };
    static const uint32_t x[LANES] = {0x40490fdb, 0x3f800001, 0x7f7fffff, 0x00800000};

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
        Opcode opcode = i & 1 ? RCP : RSQRT;
        uint32_t wanted[LANES], got[8];
        uint8_t code[6];
        memcpy(code, rows[i / 2].code, sizeof(code));
        code[rows[i / 2].at] = opcode;
        packed(f, opcode, x, wanted);
        if (rows[i / 2].vex && !cpu_model_has(f->model, FEAT_AVX)) {
            continue; /* this host has none, and so neither has the vCPU */
        }
        load(f, CODE, code, sizeof(code));
        f->cpu->cr4 |= CR4_OSFXSR | CR4_OSXSAVE;
        f->cpu->xcr0 = 7;
        cpu_update_mode(f->cpu);
        f->cpu->gpr[R_RBX] = DATA;
        memcpy(f->ram.host + DATA, x, 16);
        memset(f->cpu->fpu.vec, 0x5a, sizeof(VecReg));
        memset(&f->cpu->fpu.vec[2], 0x77, sizeof(VecReg));
        memcpy(f->cpu->fpu.vec[1].lo, x, 16);
        memcpy(f->cpu->fpu.vec[1].hi, x, 16);
        g_assert_cmpint(run_on(f), ==, -1);
        memcpy(got, &f->cpu->fpu.vec[0], sizeof(got));
        for (unsigned n = 0; n < 8; n++) {
            uint32_t kept = n >= LANES && rows[i / 2].vex ? 0
                            : rows[i / 2].vex             ? 0x77777777
                                                          : 0x5a5a5a5a;
            bool computed = n == 0 || (!rows[i / 2].scalar && (n < LANES || rows[i / 2].wide));
            g_assert_cmphex(got[n], ==, computed ? wanted[n % LANES] : kept);
        }
    }
}

static uint32_t on_host(Opcode opcode, uint32_t x)
{
    float value, result;

    memcpy(&value, &x, sizeof(value));
    if (opcode == RCP) {
        __asm__("rcpss %1, %0" : "=x"(result) : "x"(value));
    } else {
        __asm__("rsqrtss %1, %0" : "=x"(result) : "x"(value));
    }
    memcpy(&x, &result, sizeof(x));
    return x;
}

static void test_host(Fixture *f, const void *unused)
{
    for (uint32_t at = 0x00800000; at < 0x7d000000; at += 0x123457) {
        const uint32_t x[LANES] = {at, at + 1, at + 2, at + 3};
        for (unsigned opcode = RSQRT; opcode <= RCP; opcode++) {
            uint32_t result[LANES];
            packed(f, opcode, x, result);
            for (unsigned i = 0; i < LANES; i++) {
                double host = number(on_host(opcode, x[i]));
                g_assert_cmpfloat(fabs(number(result[i]) / host - 1), <=, 2.01 * ERROR);
            }
        }
    }
}

#define ADD(name_, fn_) g_test_add("/approx/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("error", test_error);
    ADD("order", test_order);
    ADD("specials", test_specials);
    ADD("forms", test_forms);
    ADD("host", test_host);
    return g_test_run();
}
