/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flags of arithmetic with carry and of shifts by any count, as PUSHF, SETcc and Jcc see them,
 * against what the host's CPU makes of the same operands.
 */
#include "code-fixture.h"

static const uint64_t values[] = {0,
                                  1,
                                  0xf,
                                  0x10,
                                  0x7f,
                                  0x80,
                                  0xff,
                                  0x8000,
                                  0x7fffffff,
                                  0x80000000,
                                  0xffffffff,
                                  0x4000000000000000,
                                  0x8000000000000000,
                                  0xc000000000000000,
                                  0xffffffffffffffff,
                                  0x123456789abcdef0};

/* Operations on a (RAX) with b (RCX): by the host here, and as bytes for the guest. */
typedef struct {
    const char *name;
    uint8_t code[4];
    uint8_t len;
    uint32_t defined; /* flags */
    bool counts;      /* RCX is a count */
    uint64_t (*host)(uint64_t a, uint64_t b, uint64_t *flags);
} FlagsCase;

#define HOST(name_, text_)                                                                         \
    static uint64_t host_##name_(uint64_t a, uint64_t b, uint64_t *flags)                          \
    {                                                                                              \
        __asm__("pushq %1\n\tpopfq\n\t" text_ "\n\tpushfq\n\tpopq %1"                              \
                : "+a"(a), "+r"(*flags)                                                            \
                : "c"(b)                                                                           \
                : "cc");                                                                           \
        return a;                                                                                  \
    }
HOST(sbb8, "sbbb %%cl, %%al")
HOST(sbb16, "sbbw %%cx, %%ax")
HOST(sbb32, "sbbl %%ecx, %%eax")
HOST(sbb64, "sbbq %%rcx, %%rax")
HOST(adc8, "adcb %%cl, %%al")
HOST(adc16, "adcw %%cx, %%ax")
HOST(adc32, "adcl %%ecx, %%eax")
HOST(adc64, "adcq %%rcx, %%rax")
HOST(sar8, "sarb %%cl, %%al")
HOST(sar16, "sarw %%cl, %%ax")
HOST(sar32, "sarl %%cl, %%eax")
HOST(sar64, "sarq %%cl, %%rax")
HOST(shr32, "shrl %%cl, %%eax")
HOST(shr64, "shrq %%cl, %%rax")
HOST(shl32, "shll %%cl, %%eax")
HOST(shl64, "shlq %%cl, %%rax")

#define SHIFTED (FLAG_CF | FLAG_ZF | FLAG_SF | FLAG_PF)
#define CASE(name_, defined_, counts_, ...)                                                        \
    {                                                                                              \
#name_, {__VA_ARGS__ }, sizeof((uint8_t[]){__VA_ARGS__}), defined_, counts_, host_##name_  \
    }
static const FlagsCase cases[] = {
    CASE(sbb8, FLAGS_ARITH, false, 0x18, 0xc8),  CASE(sbb16, FLAGS_ARITH, false, 0x66, 0x19, 0xc8),
    CASE(sbb32, FLAGS_ARITH, false, 0x19, 0xc8), CASE(sbb64, FLAGS_ARITH, false, 0x48, 0x19, 0xc8),
    CASE(adc8, FLAGS_ARITH, false, 0x10, 0xc8),  CASE(adc16, FLAGS_ARITH, false, 0x66, 0x11, 0xc8),
    CASE(adc32, FLAGS_ARITH, false, 0x11, 0xc8), CASE(adc64, FLAGS_ARITH, false, 0x48, 0x11, 0xc8),
    CASE(sar8, SHIFTED, true, 0xd2, 0xf8),       CASE(sar16, SHIFTED, true, 0x66, 0xd3, 0xf8),
    CASE(sar32, SHIFTED, true, 0xd3, 0xf8),      CASE(sar64, SHIFTED, true, 0x48, 0xd3, 0xf8),
    CASE(shr32, SHIFTED, true, 0xd3, 0xe8),      CASE(shr64, SHIFTED, true, 0x48, 0xd3, 0xe8),
    CASE(shl32, SHIFTED, true, 0xd3, 0xe0),      CASE(shl64, SHIFTED, true, 0x48, 0xd3, 0xe0),
};

/* popf; the operation; what reads CF and so on first; pushf; pop %rdx; hlt */
enum { READ_NONE, READ_SETC, READ_JZ, READ_SETL, READERS };
static const struct {
    uint8_t code[8], len;
} readers[READERS] = {
    {{0}, 0},
    {{0x0f, 0x92, 0xc3}, 3},          /* setc %bl */
    {{0xb3, 1, 0x74, 2, 0xb3, 0}, 6}, /* mov $1,%bl; jz 1f; mov $0,%bl; 1: */
    {{0x0f, 0x9c, 0xc3}, 3},          /* setl %bl */
};

static unsigned read_flags(unsigned reader, uint64_t flags)
{
    switch (reader) {
    case READ_SETC:
        return !!(flags & FLAG_CF);
    case READ_JZ:
        return !!(flags & FLAG_ZF);
    default:
        return !!(flags & FLAG_SF) != !!(flags & FLAG_OF);
    }
}

static void run_flags(Fixture *f, const FlagsCase *c, unsigned reader, uint64_t a, uint64_t b,
                      uint32_t before)
{
    Cpu *cpu = f->cpu;
    uint64_t after = before, result = c->host(a, b, &after);
    uint32_t defined = c->defined;
    if (c->counts && (b & (c->code[0] == 0x48 ? 63 : 31)) == 0) {
        defined = FLAGS_ARITH; /* nothing happens */
    }
    cpu->halted = false;
    cpu->rip = CODE;
    cpu->gpr[R_RAX] = a;
    cpu->gpr[R_RCX] = b;
    cpu->gpr[R_RSP] = STACK - 8;
    put64(f, STACK - 8, before);
    g_assert_cmpint(cpu_run(cpu, 1000), ==, CPU_HALTED);
    g_assert_cmphex(cpu->gpr[R_RAX], ==, result);
    if ((cpu->gpr[R_RDX] ^ after) & defined) {
        g_error("%s %" G_GINT64_MODIFIER "x, %" G_GINT64_MODIFIER "x from %x: flags %x, not %x",
                c->name, a, b, before, (unsigned)cpu->gpr[R_RDX], (unsigned)after);
    }
    if (reader != READ_NONE && !(reader == READ_SETL && !(defined & FLAG_OF))) {
        g_assert_cmpuint(cpu->gpr[R_RBX] & 0xff, ==, read_flags(reader, after));
    }
}

static void test_case(Fixture *f, const void *data)
{
    const FlagsCase *c = data;
    for (unsigned reader = 0; reader < READERS; reader++) {
        uint8_t code[20] = {0x9d};
        unsigned n = 1;
        memcpy(code + n, c->code, c->len);
        n += c->len;
        memcpy(code + n, readers[reader].code, readers[reader].len);
        n += readers[reader].len;
        memcpy(code + n, (const uint8_t[]){0x9c, 0x5a, 0xf4}, 3);
        load(f, CODE, code, n + 3);
        unsigned others = c->counts ? 65 : G_N_ELEMENTS(values);
        for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
            for (unsigned k = 0; k < others; k++) {
                uint64_t b = c->counts ? k : values[k];
                run_flags(f, c, reader, values[i], b, FLAG_1);
                run_flags(f, c, reader, values[i], b, FLAG_1 | FLAGS_ARITH);
            }
        }
    }
}

/* The same by a constant. */
static void test_sar_constant(Fixture *f, const void *unused)
{
    for (unsigned n = 1; n < 64; n++) {
        const uint8_t code[] = {0x48, 0xc1, 0xf8, (uint8_t)n, 0x9c, 0x5a, 0xf4};
        load(f, CODE, code, sizeof(code));
        for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
            uint64_t flags = FLAG_1, result = host_sar64(values[i], n, &flags);
            f->cpu->halted = false;
            f->cpu->rip = CODE;
            f->cpu->gpr[R_RAX] = values[i];
            g_assert_cmpint(run_on(f), ==, -1);
            g_assert_cmphex(f->cpu->gpr[R_RAX], ==, result);
            g_assert_cmphex(f->cpu->gpr[R_RDX] & SHIFTED, ==, flags & SHIFTED);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strconcat("/flags/", cases[i].name, NULL);
        g_test_add(name, Fixture, &cases[i], fixture_up, test_case, fixture_down);
    }
    g_test_add("/flags/sar-constant", Fixture, NULL, fixture_up, test_sar_constant, fixture_down);
    return g_test_run();
}
