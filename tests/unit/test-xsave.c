/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XRSTOR's look at the header of an image (SDM vol. 1, 13.8), and what it makes of one that is
 * good.
 */
#include "code-fixture.h"

#include "target/i386/fpu.h"

#define AREA    (DATA + 0x1000)
#define HEADER  512
#define YMM     576
#define X87     1u
#define SSE     2u
#define AVX     4u
#define COMPACT (1ull << 63)

static const uint8_t xrstor[] = {0x48, 0x0f, 0xae, 0x2b, 0xf4}; /* xrstor64 (%rbx); hlt */

/* An image with 11h in XMM0's place and 22h in YMM0's; XMM0 and YMM0 hold 33h before. */
static int restore(Fixture *f, uint64_t xcr0, uint64_t bv, uint64_t comp, uint32_t requested)
{
    uint8_t *area = f->ram.host + AREA;
    uint64_t zeros[8] = {bv, comp};
    load(f, CODE, xrstor, sizeof(xrstor));
    memset(area, 0, 1024);
    memcpy(area, (const uint8_t[]){0x7f, 0x03}, 2);      /* FCW */
    memcpy(area + 24, (const uint8_t[]){0x80, 0x1f}, 2); /* MXCSR */
    memset(area + 160, 0x11, 16);
    memcpy(area + HEADER, zeros, sizeof(zeros));
    memset(area + YMM, 0x22, 16);
    f->cpu->cr4 |= CR4_OSFXSR | CR4_OSXSAVE;
    f->cpu->xcr0 = xcr0;
    memset(&f->cpu->fpu.vec[0], 0x33, sizeof(f->cpu->fpu.vec[0]));
    cpu_update_mode(f->cpu);
    f->cpu->gpr[R_RAX] = requested;
    f->cpu->gpr[R_RBX] = AREA;
    return run_on(f);
}

static void test_headers(Fixture *f, const void *unused)
{
    static const struct {
        uint64_t xcr0, bv, comp;
        bool good;
    } cases[] = {
        /* The standard format: nothing that XCR0 has not, and XCOMP_BV is zero. */
        {X87 | SSE | AVX, 0, 0, true},
        {X87 | SSE | AVX, X87 | SSE | AVX, 0, true},
        {X87 | SSE, X87 | SSE, 0, true},
        {X87 | SSE, AVX, 0, false},
        {X87 | SSE | AVX, 8, 0, false},
        {X87 | SSE | AVX, 1ull << 62, 0, false},
        {X87 | SSE | AVX, X87 | SSE | AVX, X87 | SSE | AVX, false},
        {X87 | SSE | AVX, 0, 1, false},
        {X87 | SSE | AVX, 0, 1ull << 62, false},
        /* The compacted one: XCOMP_BV has all that XSTATE_BV has, and XCR0 all that XCOMP_BV has.
         */
        {X87 | SSE | AVX, 0, COMPACT, true},
        {X87 | SSE | AVX, X87 | SSE | AVX, COMPACT | X87 | SSE | AVX, true},
        {X87 | SSE | AVX, SSE, COMPACT | X87 | SSE | AVX, true},
        {X87 | SSE | AVX, SSE, COMPACT | SSE, true},
        {X87 | SSE | AVX, SSE, COMPACT | X87, false},
        {X87 | SSE | AVX, SSE, COMPACT | AVX, false},
        {X87 | SSE | AVX, X87 | SSE | AVX, COMPACT | X87 | SSE, false},
        {X87 | SSE | AVX, X87, COMPACT, false},
        {X87 | SSE, X87, COMPACT | X87 | AVX, false},
        {X87 | SSE, 0, COMPACT | AVX, false},
        {X87 | SSE | AVX, 0, COMPACT | 8, false},
        {X87 | SSE | AVX, 0, COMPACT | 1ull << 62, false},
    };
    if (!cpu_model_has(f->model, FEAT_AVX)) {
        g_test_skip("the host lacks AVX");
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        int vector = restore(f, cases[i].xcr0, cases[i].bv, cases[i].comp, ~0u);
        if (vector != (cases[i].good ? -1 : EXCP_GP)) {
            g_error("case %u: vector %d", i, vector);
        }
    }
}

/* The reserved bytes: up to 23 in the standard format, all in the compacted one. */
static void test_reserved(Fixture *f, const void *unused)
{
    for (unsigned compact = 0; compact < 2; compact++) {
        for (unsigned at = 16; at < 64; at++) {
            load(f, CODE, xrstor, sizeof(xrstor));
            memset(f->ram.host + AREA, 0, 1024);
            put64(f, AREA + HEADER + 8, compact ? COMPACT : 0);
            f->ram.host[AREA + HEADER + at] = 1;
            f->cpu->cr4 |= CR4_OSFXSR | CR4_OSXSAVE;
            cpu_update_mode(f->cpu);
            f->cpu->gpr[R_RBX] = AREA;
            g_assert_cmpint(run_on(f), ==, compact || at < 24 ? EXCP_GP : -1);
        }
    }
}

static void expect_register(Fixture *f, uint8_t low, uint8_t high)
{
    const VecReg *v = &f->cpu->fpu.vec[0];
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmphex(((const uint8_t *)v->lo)[i], ==, low);
        g_assert_cmphex(((const uint8_t *)v->hi)[i], ==, high);
    }
}

/* What is asked for comes from the image, or is cleared where the image has it not; the rest stays.
 */
static void test_components(Fixture *f, const void *unused)
{
    if (!cpu_model_has(f->model, FEAT_AVX)) {
        g_test_skip("the host lacks AVX");
        return;
    }
    for (uint32_t bv = 0; bv < 8; bv++) {
        for (uint32_t asked = 0; asked < 8; asked++) {
            for (unsigned compact = 0; compact < 2; compact++) {
                uint64_t comp = compact ? COMPACT | 7 : 0;
                g_assert_cmpint(restore(f, 7, bv, comp, asked), ==, -1);
                expect_register(f,
                                !(asked & SSE) ? 0x33
                                : bv & SSE     ? 0x11
                                               : 0,
                                !(asked & AVX) ? 0x33
                                : bv & AVX     ? 0x22
                                               : 0);
            }
        }
    }
}

#define ADD(name_, fn_) g_test_add("/xsave/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("headers", test_headers);
    ADD("reserved", test_reserved);
    ADD("components", test_components);
    return g_test_run();
}
