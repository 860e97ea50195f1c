/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87's transcendental instructions on a vCPU: each result as x87-reference.py has it, rightly
 * rounded in each direction (the SDM asks for less: vol. 1, 8.3.10); operands that are special, and
 * exceptions with and without a mask, by the tables of SDM vol. 2; and the host's own results
 * beside ours, which must be next to each other.
 */
#include "code-fixture.h"

#include "target/i386/fpu_internal.h"

typedef struct {
    uint64_t mantissa;
    uint16_t exponent;
} Value;

typedef struct {
    ZydisMnemonic mnemonic;
    Value x, y;
    Value rounded[4]; /* by rounding control */
} Reference;

static const Reference references[] = {
#include "x87-reference.h"
};

#define IE 0x01u
#define DE 0x02u
#define ZE 0x04u
#define OE 0x08u
#define UE 0x10u
#define PE 0x20u
#define SF 0x40u
#define C1 0x0200u
#define C2 0x0400u

#define TOP    4u /* of the stack when an instruction begins */
#define MASKED 0x37fu

#define BIT63 0x8000000000000000u
#define BIT62 0x4000000000000000u
static const Value zero = {0, 0}, minus_zero = {0, 0x8000}, one = {BIT63, 0x3fff},
                   minus_one = {BIT63, 0xbfff}, two = {BIT63, 0x4000}, half = {BIT63, 0x3ffe},
                   inf = {BIT63, 0x7fff}, minus_inf = {BIT63, 0xffff}, tiny = {5, 0},
                   least = {BIT63, 1}, most = {UINT64_MAX, 0x7ffe},
                   quiet = {BIT63 | BIT62 | 1, 0x7fff}, signaling = {BIT63 | 1, 0x7fff},
                   quieted = {BIT63 | BIT62 | 1, 0x7fff}, unnormal = {1, 0x3fff},
                   far = {BIT63, 0x3fff + 63}, nan_made = {BIT63 | BIT62, 0xffff};
#define PI_MANTISSA 0xc90fdaa22168c235u
static const Value pi = {PI_MANTISSA, 0x4000}, pi_2 = {PI_MANTISSA, 0x3fff},
                   pi_4 = {PI_MANTISSA, 0x3ffe}, pi_3_4 = {0x96cbe3f9990e91a8, 0x4000};

typedef struct {
    ZydisMnemonic mnemonic;
    uint8_t modrm;
    bool two, pushes;
} Insn;

static const Insn insns[] = {
    {ZYDIS_MNEMONIC_F2XM1, 0xf0},
    {ZYDIS_MNEMONIC_FYL2X, 0xf1, .two = true},
    {ZYDIS_MNEMONIC_FPTAN, 0xf2, false, 1},
    {ZYDIS_MNEMONIC_FPATAN, 0xf3, .two = true},
    {ZYDIS_MNEMONIC_FYL2XP1, 0xf9, true},
    {ZYDIS_MNEMONIC_FSINCOS, 0xfb, false, true},
    {ZYDIS_MNEMONIC_FSIN, 0xfe},
    {ZYDIS_MNEMONIC_FCOS, 0xff},
};

static const Insn *insn_of(ZydisMnemonic mnemonic)
{
    for (size_t i = 0; i < G_N_ELEMENTS(insns); i++) {
        if (insns[i].mnemonic == mnemonic) {
            return &insns[i];
        }
    }
    g_assert_not_reached();
}

static Value value_at(const Fixture *f, unsigned i)
{
    unsigned n = ((f->cpu->fpu.fsw >> FSW_TOP_SHIFT) + i) & 7;

    return (Value){f->cpu->fpu.st[n].mantissa, f->cpu->fpu.st[n].exponent};
}

static void value_put(Fixture *f, unsigned i, Value v)
{
    f->cpu->fpu.st[TOP + i].mantissa = v.mantissa;
    f->cpu->fpu.st[TOP + i].exponent = v.exponent;
}

/* Executes one instruction; `used` are the registers in use from the top, as bits. */
static void execute(Fixture *f, const Insn *insn, Value x, Value y, uint16_t fcw, unsigned used)
{
    const uint8_t code[] = {0xd9, insn->modrm, 0xf4}; /* ...; hlt */

    load(f, CODE, code, sizeof(code));
    f->cpu->fpu.fcw = fcw;
    f->cpu->fpu.fsw = TOP << FSW_TOP_SHIFT | C2;
    f->cpu->fpu.ftw = (uint8_t)(used << TOP | used >> TOP);
    value_put(f, 0, x);
    value_put(f, 1, y);
    g_assert_cmpint(run_on(f), ==, -1);
}

static void assert_value(Value got, Value wanted)
{
    g_assert_cmphex(got.exponent, ==, wanted.exponent);
    g_assert_cmphex(got.mantissa, ==, wanted.mantissa);
}

static bool is_subnormal(Value v)
{
    return !(v.exponent & 0x7fff) && v.mantissa;
}

static void check_reference(Fixture *f, const Insn *insn, const Reference *r, unsigned result)
{
    for (unsigned rc = 0; rc < 4; rc++) {
        uint16_t fcw = (uint16_t)((MASKED & ~0xc00u) | rc << 10);
        execute(f, insn, r->x, r->y, fcw, 3u >> !insn->two);
        assert_value(value_at(f, result), r->rounded[rc]);
        g_assert_cmphex(f->cpu->fpu.fsw & (IE | ZE | SF | PE), ==, PE);
        g_assert_cmpint(!!(f->cpu->fpu.fsw & DE), ==,
                        is_subnormal(r->x) || (insn->two && is_subnormal(r->y)));
        if (result == 0 && is_subnormal(r->rounded[rc])) {
            g_assert_true(f->cpu->fpu.fsw & UE);
        }
    }
}

static void test_references(Fixture *f, const void *unused)
{
    const Insn *sincos = insn_of(ZYDIS_MNEMONIC_FSINCOS);

    for (size_t i = 0; i < G_N_ELEMENTS(references); i++) {
        const Reference *r = &references[i];
        const Insn *insn = insn_of(r->mnemonic);
        check_reference(f, insn, r, insn->pushes);
        if (r->mnemonic == ZYDIS_MNEMONIC_FSIN || r->mnemonic == ZYDIS_MNEMONIC_FCOS) {
            check_reference(f, sincos, r, r->mnemonic == ZYDIS_MNEMONIC_FSIN);
        }
    }
}

/* What C1 tells: whether the result is away from zero of the value. */
static void test_rounded_up(Fixture *f, const void *unused)
{
    static const struct {
        ZydisMnemonic mnemonic;
        uint16_t fcw;
        bool up;
    } rows[] = {
        {ZYDIS_MNEMONIC_FSIN, 0x37f, true},  {ZYDIS_MNEMONIC_FSIN, 0xf7f, false},
        {ZYDIS_MNEMONIC_FSIN, 0xb7f, true},  {ZYDIS_MNEMONIC_FPTAN, 0x37f, false},
        {ZYDIS_MNEMONIC_FPTAN, 0xb7f, true}, {ZYDIS_MNEMONIC_FPTAN, 0x77f, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        execute(f, insn_of(rows[i].mnemonic), least, zero, rows[i].fcw, 1);
        g_assert_cmpint(!!(f->cpu->fpu.fsw & C1), ==, rows[i].up);
    }
}

/* With every exception masked: operands, result, and the flags that are set. */
typedef struct {
    ZydisMnemonic mnemonic;
    const Value *x, *y, *result;
    unsigned flags;
} Special;

#define ROW(m_, ...)                                                                               \
    {                                                                                              \
        ZYDIS_MNEMONIC_##m_, __VA_ARGS__                                                           \
    }
static const Special specials[] = {
    ROW(F2XM1, &zero, NULL, &zero, 0),
    ROW(F2XM1, &minus_zero, NULL, &minus_zero, 0),
    ROW(F2XM1, &one, NULL, &one, PE),
    ROW(F2XM1, &minus_one, NULL, &(const Value){BIT63, 0xbffe}, PE),
    ROW(F2XM1, &inf, NULL, &inf, 0),
    ROW(F2XM1, &minus_inf, NULL, &minus_one, 0),
    ROW(F2XM1, &quiet, NULL, &quiet, 0),
    ROW(F2XM1, &signaling, NULL, &quieted, IE),
    ROW(F2XM1, &unnormal, NULL, &nan_made, IE),
    ROW(FSIN, &zero, NULL, &zero, 0),
    ROW(FSIN, &minus_zero, NULL, &minus_zero, 0),
    ROW(FSIN, &inf, NULL, &nan_made, IE),
    ROW(FSIN, &signaling, NULL, &quieted, IE),
    ROW(FSIN, &tiny, NULL, &tiny, DE | UE | PE),
    ROW(FSIN, &far, NULL, &far, C2),
    ROW(FCOS, &minus_zero, NULL, &one, 0),
    ROW(FCOS, &minus_inf, NULL, &nan_made, IE),
    ROW(FCOS, &tiny, NULL, &one, DE | PE),
    ROW(FCOS, &most, NULL, &most, C2),
    ROW(FPTAN, &minus_zero, NULL, &one, 0),
    ROW(FPTAN, &inf, NULL, &nan_made, IE),
    ROW(FPTAN, &quiet, NULL, &quiet, 0),
    ROW(FPTAN, &far, NULL, &far, C2),
    ROW(FSINCOS, &zero, NULL, &one, 0),
    ROW(FSINCOS, &inf, NULL, &nan_made, IE),
    ROW(FSINCOS, &signaling, NULL, &quieted, IE),
    ROW(FSINCOS, &far, NULL, &far, C2),
    ROW(FYL2X, &zero, &zero, &nan_made, IE),
    ROW(FYL2X, &zero, &one, &minus_inf, ZE),
    ROW(FYL2X, &minus_zero, &minus_one, &inf, ZE),
    ROW(FYL2X, &zero, &minus_inf, &inf, 0),
    ROW(FYL2X, &one, &inf, &nan_made, IE),
    ROW(FYL2X, &one, &minus_one, &minus_zero, 0),
    ROW(FYL2X, &minus_one, &one, &nan_made, IE),
    ROW(FYL2X, &minus_inf, &inf, &nan_made, IE),
    ROW(FYL2X, &inf, &zero, &nan_made, IE),
    ROW(FYL2X, &inf, &minus_one, &minus_inf, 0),
    ROW(FYL2X, &half, &inf, &minus_inf, 0),
    ROW(FYL2X, &two, &inf, &inf, 0),
    ROW(FYL2X, &half, &zero, &minus_zero, 0),
    ROW(FYL2X, &two, &most, &most, PE),
    ROW(FYL2X, &most, &most, &inf, OE | PE),
    ROW(FYL2X, &two, &tiny, &tiny, DE | UE | PE),
    ROW(FYL2X, &tiny, &inf, &minus_inf, DE),
    ROW(FYL2X, &quiet, &unnormal, &nan_made, IE),
    ROW(FYL2X, &one, &signaling, &quieted, IE),
    ROW(FYL2XP1, &zero, &minus_one, &minus_zero, 0),
    ROW(FYL2XP1, &zero, &inf, &nan_made, IE),
    ROW(FYL2XP1, &inf, &minus_one, &minus_inf, 0),
    ROW(FYL2XP1, &inf, &zero, &nan_made, IE),
    ROW(FYL2XP1, &minus_inf, &one, &nan_made, IE),
    ROW(FYL2XP1, &least, &minus_inf, &minus_inf, 0),
    ROW(FYL2XP1, &least, &minus_zero, &minus_zero, 0),
    ROW(FYL2XP1, &least, &least, &zero, UE | PE),
    ROW(FPATAN, &zero, &zero, &zero, 0),
    ROW(FPATAN, &minus_zero, &zero, &pi, PE | C1),
    ROW(FPATAN, &one, &minus_zero, &minus_zero, 0),
    ROW(FPATAN, &minus_one, &zero, &pi, PE | C1),
    ROW(FPATAN, &zero, &one, &pi_2, PE | C1),
    ROW(FPATAN, &inf, &inf, &pi_4, PE | C1),
    ROW(FPATAN, &minus_inf, &inf, &pi_3_4, PE | C1),
    ROW(FPATAN, &inf, &one, &zero, 0),
    ROW(FPATAN, &minus_inf, &one, &pi, PE | C1),
    ROW(FPATAN, &most, &inf, &pi_2, PE | C1),
    ROW(FPATAN, &most, &least, &zero, UE | PE),
    ROW(FPATAN, &quiet, &signaling, &quiet, IE),
};

static void test_specials(Fixture *f, const void *unused)
{
    for (size_t i = 0; i < G_N_ELEMENTS(specials); i++) {
        const Special *s = &specials[i];
        const Insn *insn = insn_of(s->mnemonic);
        bool stays = s->flags & C2;
        unsigned top = insn->two ? TOP + 1 : insn->pushes && !stays ? TOP - 1 : TOP;
        unsigned seen = f->cpu->fpu.fsw;

        execute(f, insn, *s->x, s->y ? *s->y : zero, MASKED, 3u >> !s->y);
        seen = f->cpu->fpu.fsw & (insn->two || s->mnemonic == ZYDIS_MNEMONIC_F2XM1 ? ~C2 : ~0u);
        assert_value(value_at(f, 0), *s->result);
        g_assert_cmphex(seen & (0x3f | SF | C2), ==, s->flags & ~C1);
        g_assert_cmpuint(seen >> FSW_TOP_SHIFT & 7, ==, top);
        if (s->flags & C1) {
            g_assert_true(seen & C1);
        }
    }
}

/* Exceptions that are not masked: what is held back, and what comes with another exponent. */
static void test_unmasked(Fixture *f, const void *unused)
{
    static const struct {
        ZydisMnemonic mnemonic;
        Value x, y;
        unsigned unmasked, flags;
        bool done;
        Value result;
    } rows[] = {
        {ZYDIS_MNEMONIC_FSIN, {BIT63, 0x7fff}, {0, 0}, IE, IE, false, {BIT63, 0x7fff}},
        {ZYDIS_MNEMONIC_FPTAN, {5, 0}, {0, 0}, DE, DE, false, {5, 0}},
        {ZYDIS_MNEMONIC_FYL2X, {0, 0}, {BIT63, 0x3fff}, ZE, ZE, false, {0, 0}},
        {ZYDIS_MNEMONIC_FSIN, {5, 0}, {0, 0}, UE, DE | UE | PE, true, {0xa000000000000000, 0x5fc4}},
        {ZYDIS_MNEMONIC_FYL2X,
         {BIT63, 0x7ffe},
         {BIT63, 0x7ffe},
         OE,
         OE | PE,
         true,
         {0xfffc000000000000, 0x200b}},
        {ZYDIS_MNEMONIC_FCOS, {BIT63, 0x3fff}, {0, 0}, PE, PE, true, {0x8a51407da8345c92, 0x3ffe}},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Insn *insn = insn_of(rows[i].mnemonic);
        execute(f, insn, rows[i].x, rows[i].y, MASKED & ~rows[i].unmasked, 3u >> !insn->two);
        g_assert_cmphex(f->cpu->fpu.fsw & 0xff, ==, rows[i].flags | FSW_ES);
        g_assert_cmpuint(f->cpu->fpu.fsw >> FSW_TOP_SHIFT & 7, ==,
                         insn->two && rows[i].done ? TOP + 1 : TOP);
        assert_value(value_at(f, 0), rows[i].result);
    }
}

/* Registers that are empty, or in the way of a push. */
static void test_stack(Fixture *f, const void *unused)
{
    for (size_t i = 0; i < G_N_ELEMENTS(insns); i++) {
        const Insn *insn = &insns[i];
        unsigned top = insn->two ? TOP + 1 : insn->pushes ? TOP - 1 : TOP;

        execute(f, insn, one, one, MASKED, insn->two ? 2 : 0);
        g_assert_cmphex(f->cpu->fpu.fsw & (0x7f | C1), ==, IE | SF);
        g_assert_cmpuint(f->cpu->fpu.fsw >> FSW_TOP_SHIFT & 7, ==, top);
        assert_value(value_at(f, 0), nan_made);
        execute(f, insn, one, one, MASKED & ~IE, 0);
        g_assert_cmphex(f->cpu->fpu.fsw & 0xff, ==, IE | SF | FSW_ES);
        assert_value(value_at(f, 0), one);
        if (insn->pushes) {
            execute(f, insn, one, one, MASKED, 0x81);
            g_assert_cmphex(f->cpu->fpu.fsw & (0x7f | C1), ==, IE | SF | C1);
            assert_value(value_at(f, 0), nan_made);
            assert_value(value_at(f, 1), nan_made);
        }
    }
}

/* On the host's own x87. */
static Value host_result(const Insn *insn, Value x, Value y)
{
    long double a, b;

    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    memcpy(&a, &x, 10);
    memcpy(&b, &y, 10);
    switch (insn->mnemonic) {
    case ZYDIS_MNEMONIC_F2XM1:
        __asm__("f2xm1" : "+t"(a));
        break;
    case ZYDIS_MNEMONIC_FSIN:
        __asm__("fsin" : "+t"(a));
        break;
    case ZYDIS_MNEMONIC_FCOS:
        __asm__("fcos" : "+t"(a));
        break;
    case ZYDIS_MNEMONIC_FPTAN:
        __asm__("fptan\n\tfstp %%st(0)" : "+t"(a) : : "st(7)");
        break;
    case ZYDIS_MNEMONIC_FYL2X:
        __asm__("fyl2x" : "+t"(a) : "u"(b) : "st(1)");
        break;
    case ZYDIS_MNEMONIC_FYL2XP1:
        __asm__("fyl2xp1" : "+t"(a) : "u"(b) : "st(1)");
        break;
    default:
        __asm__("fpatan" : "+t"(a) : "u"(b) : "st(1)");
        break;
    }
    memcpy(&x, &a, 10);
    return x;
}

/* Rows whose operand of a sine needs no reduction, so that no maker's pi plays a part. */
static void test_host(Fixture *f, const void *unused)
{
    for (size_t i = 0; i < G_N_ELEMENTS(references); i++) {
        const Reference *r = &references[i];
        const Insn *insn = insn_of(r->mnemonic);
        Value host = host_result(insn, r->x, r->y), ours = r->rounded[0];
        bool sine = !insn->two && r->mnemonic != ZYDIS_MNEMONIC_F2XM1;
        if ((sine && (r->x.exponent & 0x7fff) >= 0x3ffe) || ours.exponent != host.exponent) {
            continue; /* or on both sides of a power of two */
        }
        g_assert_cmpuint(MAX(ours.mantissa, host.mantissa) - MIN(ours.mantissa, host.mantissa), <=,
                         1);
    }
}

#define ADD(name_, fn_) g_test_add("/x87-math/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("references", test_references);
    ADD("rounded-up", test_rounded_up);
    ADD("specials", test_specials);
    ADD("unmasked", test_unmasked);
    ADD("stack", test_stack);
    ADD("host", test_host);
    return g_test_run();
}
