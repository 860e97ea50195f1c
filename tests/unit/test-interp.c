/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executor: blocks, links, self-modifying code, precise faults, instruction counts. What single
 * instructions do is checked against the host in test-cpu-host.c.
 */
#include "base/bytes.h"
#include "code-fixture.h"
#include "portal-fixture.h"
#include "target/i386/mxcsr.h"

static void test_self_modifying(Fixture *f, const void *unused)
{
    /* movb $0x55, imm of the mov; nop; mov $0x11,%al; hlt */
    static const uint8_t code[] = {0xc6, 0x05, 2, 0, 0, 0, 0x55, 0x90, 0xb0, 0x11, 0xf4};
    run(f, code, sizeof(code));
    g_assert_cmphex(f->cpu->gpr[R_RAX] & 0xff, ==, 0x55);
    g_assert_cmpuint(cpu_instructions(f->cpu), ==, 4);
}

static void test_count(Fixture *f, const void *unused)
{
    /* mov $100,%ecx; 1: add $3,%rax; cmp $7,%rcx; jne 2f; inc %rdx; 2: dec %ecx; jnz 1b; hlt */
    static const uint8_t code[] = {0xb9, 100,  0,    0,    0,    0x48, 0x83, 0xc0,
                                   3,    0x48, 0x83, 0xf9, 7,    0x75, 3,    0x48,
                                   0xff, 0xc2, 0xff, 0xc9, 0x75, 0xef, 0xf4};
    run(f, code, sizeof(code));
    g_assert_cmpuint(f->cpu->gpr[R_RAX], ==, 300);
    g_assert_cmpuint(f->cpu->gpr[R_RDX], ==, 1);
    g_assert_cmpuint(cpu_instructions(f->cpu), ==, 1 + 100 * 5 + 1 + 1);
}

static void test_budget(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0xeb, 0xfe}; /* jmp . */
    load(f, CODE, code, sizeof(code));
    g_assert_cmpint(cpu_run(f->cpu, 1000), ==, CPU_RAN);
    g_assert_cmpuint(cpu_instructions(f->cpu), ==, 1000);
    cpu_kick(f->cpu);
    g_assert_cmpint(cpu_run(f->cpu, 1000), ==, CPU_RAN);
    g_assert_cmpuint(cpu_instructions(f->cpu), ==, 1000);
}

static void test_strings(Fixture *f, const void *unused)
{
    /* rep movsb up by 0x100, feeding itself; then rep stosb over two pages */
    static const uint8_t code[] = {0xbe, 0,    0,    0x30, 0, 0xbf, 0,    1,    0x30, 0,
                                   0xb9, 0x45, 0x23, 0,    0, 0xfc, 0xf3, 0xa4, 0xb0, 0x5a,
                                   0xb9, 0,    0x10, 0,    0, 0xf3, 0xaa, 0xf4};
    for (unsigned i = 0; i < 0x100; i++) {
        f->ram.host[DATA + i] = (uint8_t)(i * 7);
    }
    run(f, code, sizeof(code));
    for (unsigned i = 0; i < 0x2445; i++) {
        g_assert_cmphex(f->ram.host[DATA + i], ==, (uint8_t)((i & 0xff) * 7));
    }
    for (unsigned i = 0; i < 0x1000; i++) {
        g_assert_cmphex(f->ram.host[DATA + 0x2445 + i], ==, 0x5a);
    }
    g_assert_cmphex(f->cpu->gpr[R_RDI], ==, DATA + 0x3445);
    g_assert_cmphex(f->cpu->gpr[R_RCX], ==, 0);
}

static void test_page_fault(Fixture *f, const void *unused)
{
    /* mov $0x1234,%eax; add %rax,0x7fffffff; hlt */
    static const uint8_t code[] = {0xb8, 0x34, 0x12, 0,    0,    0x48, 0x01,
                                   0x04, 0x25, 0xff, 0xff, 0xff, 0x7f, 0xf4};
    run(f, code, sizeof(code));
    g_assert_cmphex(f->cpu->cr2, ==, 0x7fffffff);
    g_assert_cmphex(frame(f, 0), ==, 2); /* a write to a page that is not there */
    g_assert_cmphex(frame(f, 1), ==, CODE + 5);
    g_assert_cmpuint(cpu_instructions(f->cpu), ==, 2);
}

static void test_divide_error(Fixture *f, const void *unused)
{
    /* xor %ecx,%ecx; mov $7,%eax; xor %edx,%edx; div %ecx; hlt */
    static const uint8_t code[] = {0x31, 0xc9, 0xb8, 7, 0, 0, 0, 0x31, 0xd2, 0xf7, 0xf1, 0xf4};
    run(f, code, sizeof(code));
    g_assert_cmphex(frame(f, 0), ==, CODE + 9);
    g_assert_cmphex(f->cpu->gpr[R_RAX], ==, 7);
}

static void test_undefined(Fixture *f, const void *unused)
{
    static const struct {
        uint8_t bytes[4];
    } cases[] = {
        {{0xf0, 0x01, 0xc0}},       /* lock add %eax,%eax */
        {{0x0f, 0x0b}},             /* ud2 */
        {{0xc4, 0xe2, 0x7c, 0xf2}}, /* andn with VEX.L */
        {{0xc7, 0xf8}},             /* xbegin */
        {{0x06}},                   /* push %es */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t code[9] = {0x90, 0x90};
        memcpy(code + 2, cases[i].bytes, 4);
        g_assert_cmpint(run(f, code, sizeof(code)), ==, EXCP_UD);
        g_assert_cmphex(frame(f, 0), ==, CODE + 2);
    }
}

/* Runs code with vector state as it is; the vector of the exception it ends with, or -1. */
static int run_vector(Fixture *f, const void *bytes, size_t len, uint64_t cr0, uint64_t xcr0)
{
    VecReg vec[16];
    uint32_t mxcsr = f->cpu->fpu.mxcsr;
    memcpy(vec, f->cpu->fpu.vec, sizeof(vec));
    load(f, CODE, bytes, len);
    memcpy(f->cpu->fpu.vec, vec, sizeof(vec));
    f->cpu->fpu.mxcsr = mxcsr;
    f->cpu->cr0 |= cr0;
    f->cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT | (xcr0 ? CR4_OSXSAVE : 0);
    f->cpu->xcr0 = xcr0;
    cpu_update_mode(f->cpu);
    return run_on(f);
}

/* SDM vol. 1, 13.10: for XSAVEC, MXCSR is in use where it is not what it is initially, and makes
 * the SSE component so. */
static void test_xsavec_mxcsr(Fixture *f, const void *unused)
{
    enum { LEGACY = 512, AREA = LEGACY + 64, MXCSR_AT = 24, X87_SSE = 3, SSE = 2 };
    /* mov $2,%eax; xor %edx,%edx; mov $DATA,%ebx; xsavec (%rbx); hlt */
    static const uint8_t code[] = {0xb8, SSE, 0,    0, 0,    0x31, 0xd2, 0xbb,
                                   0,    0,   0x30, 0, 0x0f, 0xc7, 0x23, 0xf4};
    static const uint32_t values[] = {0x1f80, 0x1f80 | 1u << 13, 0x1f80 | 1u << 15, 0x1f81};
    G_STATIC_ASSERT(DATA == 0x300000u);
    if (!cpu_model_has(f->model, FEAT_XSAVEC)) {
        g_test_skip("the host lacks XSAVEC");
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        memset(f->cpu->fpu.vec, 0, sizeof(f->cpu->fpu.vec));
        memset(f->ram.host + DATA, 0xee, AREA);
        f->cpu->fpu.mxcsr = values[i];
        g_assert_cmpint(run_vector(f, code, sizeof(code), 0, X87_SSE), ==, -1);
        g_assert_cmphex(get64(f, DATA + LEGACY), ==, i ? SSE : 0);
        g_assert_cmphex((uint32_t)get64(f, DATA + MXCSR_AT), ==, i ? values[i] : 0xeeeeeeee);
    }
}

/* SDM vol. 2, tables 2-14 ff. */
static void test_avx_enabled(Fixture *f, const void *unused)
{
    /* vpaddd %ymm2,%ymm1,%ymm0; hlt */
    static const uint8_t code[] = {0xc5, 0xf5, 0xfe, 0xc2, 0xf4};
    if (!cpu_model_has(f->model, FEAT_AVX2)) {
        g_test_skip("the host lacks AVX2");
        return;
    }
    f->cpu->fpu.vec[1] = f->cpu->fpu.vec[2] = (VecReg){{1, 2}, {3, 1ull << 33}};
    g_assert_cmpint(run_vector(f, code, sizeof(code), 0, 0), ==, EXCP_UD);
    g_assert_cmpint(run_vector(f, code, sizeof(code), 0, 3), ==, EXCP_UD);
    g_assert_cmpint(run_vector(f, code, sizeof(code), CR0_TS, 3), ==, EXCP_UD);
    g_assert_cmpint(run_vector(f, code, sizeof(code), CR0_TS, 7), ==, EXCP_NM);
    g_assert_cmphex(f->cpu->fpu.vec[0].hi[1], ==, 0);
    g_assert_cmpint(run_vector(f, code, sizeof(code), CR0_EM, 7), ==, -1);
    g_assert_cmphex(f->cpu->fpu.vec[0].lo[1], ==, 4);
    g_assert_cmphex(f->cpu->fpu.vec[0].hi[0], ==, 6);
    g_assert_cmphex(f->cpu->fpu.vec[0].hi[1], ==, 1ull << 34);
}

/* A device that computes, and is asked to by a store and a load. */
static uint64_t computing_read(void *opaque, uint64_t offset, unsigned size)
{
    volatile float *sum = opaque;
    *sum = *sum / 3.0f;
    return 0;
}

static void computing_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    computing_read(opaque, offset, size);
}

/* What a device's arithmetic finds, 1/3 to be inexact, is not the guest's. */
static void test_device_arithmetic(Fixture *f, const void *unused)
{
    /* mov %eax,(%rbx); mov (%rbx),%eax; in $0x80,%al; out %al,$0x80; hlt */
    static const uint8_t code[] = {0x89, 0x03, 0x8b, 0x03, 0xe4, 0x80, 0xe6, 0x80, 0xf4};
    static const MemOps ops = {.read = computing_read, .write = computing_write};
    volatile float sum = 1;
    MemRegion window = {
        .name = "window", .kind = MEM_IO, .size = 4096, .ops = &ops, .opaque = (void *)&sum};
    MemRegion port = {
        .name = "port", .kind = MEM_IO, .size = 1, .ops = &ops, .opaque = (void *)&sum};
    as_add(f->memory, &window, RAM_SIZE);
    as_add(f->ports, &port, 0x80);
    load(f, CODE, code, sizeof(code));
    put64(f, TABLES + 0x2000 + 8 * (RAM_SIZE >> 21), RAM_SIZE | 0x83);
    f->cpu->cr4 |= CR4_OSFXSR; /* so that the host's MXCSR is the guest's */
    cpu_update_mode(f->cpu);
    f->cpu->gpr[R_RBX] = RAM_SIZE;
    g_assert_cmpint(run_on(f), ==, -1);
    g_assert_cmpfloat(sum, <, 1.0f / 80);
    g_assert_cmphex(fpu_mxcsr(&f->cpu->fpu), ==, MXCSR_DEFAULT);
    as_remove(f->memory, &window);
    as_remove(f->ports, &port);
}

/* A denormal product is an underflow, though it is exact and the sum is not denormal. */
static void test_dpps_underflow(Fixture *f, const void *unused)
{
    /* dpps $0x31,%xmm1,%xmm0; hlt */
    static const uint8_t code[] = {0x66, 0x0f, 0x3a, 0x40, 0xc1, 0x31, 0xf4};
    const uint32_t flush = 0x8000, underflow = 0x10, masks = 0x1f80 & ~(underflow << 7);
    f->cpu->fpu.mxcsr = masks | flush;
    f->cpu->fpu.vec[0] = (VecReg){.lo = {0x3f80000000800000}}; /* 2^-126, 1 */
    f->cpu->fpu.vec[1] = (VecReg){.lo = {0x3f8000003f000000}}; /* 0.5, 1 */
    g_assert_cmpint(run_vector(f, code, sizeof(code), 0, 0), ==, EXCP_XM);
    g_assert_cmphex(f->cpu->fpu.mxcsr & underflow, ==, underflow);
    g_assert_cmphex(f->cpu->fpu.vec[0].lo[0], ==, 0x3f80000000800000);
}

/* What VTESTPS clears besides CF and ZF is seen by who keeps it. */
static void test_vtest_flags(Fixture *f, const void *unused)
{
    /* mov $0x7fffffff,%eax; add $1,%eax; mov $0xff,%ah; vtestps %xmm0,%xmm0; sahf; pushf; pop %rcx;
     * hlt */
    static const uint8_t code[] = {0xb8, 0xff, 0xff, 0xff, 0x7f, 0x83, 0xc0, 0x01, 0xb4, 0xff,
                                   0xc4, 0xe2, 0x79, 0x0e, 0xc0, 0x9e, 0x9c, 0x59, 0xf4};
    if (!cpu_model_has(f->model, FEAT_AVX)) {
        g_test_skip("the host lacks AVX");
        return;
    }
    g_assert_cmpint(run_vector(f, code, sizeof(code), 0, 7), ==, -1);
    g_assert_cmphex(f->cpu->gpr[R_RCX] & FLAGS_ARITH, ==, FLAGS_ARITH & ~FLAG_OF);
}

static void test_too_long(Fixture *f, const void *unused)
{
    uint8_t code[17];
    memset(code, 0x66, sizeof(code));
    code[15] = 0x90;
    g_assert_cmpint(run(f, code, sizeof(code)), ==, EXCP_GP);
    g_assert_cmphex(frame(f, 0), ==, 0);
    g_assert_cmphex(frame(f, 1), ==, CODE);
}

static void test_flags(Fixture *f, const void *unused)
{
    /* stc; mov $0x7fffffff,%eax; inc %eax; pushf; pop %rbx; mov $0x80,%al; neg %al; pushf;
     * pop %rcx; hlt */
    static const uint8_t code[] = {0xf9, 0xb8, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xc0, 0x9c,
                                   0x5b, 0xb0, 0x80, 0xf6, 0xd8, 0x9c, 0x59, 0xf4};
    run(f, code, sizeof(code));
    g_assert_cmphex(f->cpu->gpr[R_RBX] & FLAGS_ARITH, ==,
                    FLAG_CF | FLAG_PF | FLAG_AF | FLAG_SF | FLAG_OF);
    g_assert_cmphex(f->cpu->gpr[R_RCX] & FLAGS_ARITH, ==, FLAG_CF | FLAG_SF | FLAG_OF);
}

/* ADCX and ADOX in turn, from any flags: each carries its own, and the rest stays. Operands in
 * registers, in memory, and across pages. */
#define CARRY_OPS 70
typedef struct {
    uint8_t code[CARRY_OPS * 6 + 16];
    size_t size;
} CarryCode;

static void place_carry_op(CarryCode *c, unsigned kind)
{
    static const struct {
        uint8_t len, bytes[6];
    } rows[] = {
        {6, {0x66, 0x48, 0x0f, 0x38, 0xf6, 0xc3}}, /* adcx %rbx,%rax */
        {6, {0xf3, 0x48, 0x0f, 0x38, 0xf6, 0xcb}}, /* adox %rbx,%rcx */
        {6, {0x66, 0x48, 0x0f, 0x38, 0xf6, 0x06}}, /* adcx (%rsi),%rax */
        {6, {0xf3, 0x48, 0x0f, 0x38, 0xf6, 0x0f}}, /* adox (%rdi),%rcx, across a page's end */
        {6, {0x66, 0x4c, 0x0f, 0x38, 0xf6, 0xcb}}, /* adcx %rbx,%r9 */
        {6, {0xf3, 0x45, 0x0f, 0x38, 0xf6, 0xd1}}, /* adox %r9d,%r10d */
        {3, {0x48, 0x8b, 0x17}},                   /* mov (%rdi),%rdx */
    };
    unsigned row = kind % G_N_ELEMENTS(rows);
    memcpy(c->code + c->size, rows[row].bytes, rows[row].len);
    c->size += rows[row].len;
}

typedef struct {
    uint64_t rax, rcx, r9, r10;
    bool cf, of;
} CarryState;

static uint64_t add_with(uint64_t a, uint64_t b, bool *carry, unsigned bits)
{
    unsigned __int128 sum = (unsigned __int128)a + b + *carry;
    *carry = sum >> bits & 1;
    return bits == 64 ? (uint64_t)sum : (uint32_t)sum;
}

static void expect_carry_op(CarryState *s, unsigned kind, uint64_t rbx, uint64_t memory)
{
    switch (kind % 7) {
    case 0:
        s->rax = add_with(s->rax, rbx, &s->cf, 64);
        break;
    case 1:
        s->rcx = add_with(s->rcx, rbx, &s->of, 64);
        break;
    case 2:
        s->rax = add_with(s->rax, memory, &s->cf, 64);
        break;
    case 3:
        s->rcx = add_with(s->rcx, memory, &s->of, 64);
        break;
    case 4:
        s->r9 = add_with(s->r9, rbx, &s->cf, 64);
        break;
    case 5:
        s->r10 = add_with((uint32_t)s->r10, (uint32_t)s->r9, &s->of, 32);
        break;
    default:
        break;
    }
}

static void test_adx(Fixture *f, const void *unused)
{
    const uint64_t rbx = 0x9e3779b97f4a7c15, memory = 0xc2b2ae3d27d4eb4f;
    for (unsigned n = 0; n < 256; n++) {
        /* popf; the operations; pushf; pop %rdx; hlt. The last are all of one kind now and then. */
        CarryCode c = {.code = {0x9d}, .size = 1};
        uint32_t flags = FLAG_1 | (n & 1 ? FLAG_CF : 0) | (n & 2 ? FLAG_OF : 0) |
                         (n & 4 ? FLAG_ZF : 0) | (n & 8 ? FLAG_SF : 0) | (n & 16 ? FLAG_PF : 0) |
                         (n & 32 ? FLAG_AF : 0);
        CarryState s = {.cf = n & 1, .of = n & 2};
        uint32_t random = n * 2654435761u + 1;
        for (unsigned i = 0; i < CARRY_OPS; i++) {
            random = random * 1664525u + 1013904223u;
            unsigned kind = n >= 192 && i ? 0 : random >> 20;
            place_carry_op(&c, kind);
            expect_carry_op(&s, kind, rbx, memory);
        }
        memcpy(c.code + c.size, (const uint8_t[]){0x9c, 0x5a, 0xf4}, 3);
        load(f, CODE, c.code, c.size + 3);
        put64(f, STACK - 8, flags);
        put64(f, DATA, memory);
        put64(f, DATA + 0x1ffc, memory);
        f->cpu->gpr[R_RSP] = STACK - 8;
        f->cpu->gpr[R_RBX] = rbx;
        f->cpu->gpr[R_RSI] = DATA;
        f->cpu->gpr[R_RDI] = DATA + 0x1ffc;
        g_assert_cmpint(run_on(f), ==, -1);
        flags &= ~(uint32_t)(FLAG_CF | FLAG_OF);
        flags |= (s.cf ? FLAG_CF : 0) | (s.of ? FLAG_OF : 0);
        g_assert_cmphex(f->cpu->gpr[R_RDX], ==, flags);
        g_assert_cmphex(f->cpu->gpr[R_RAX], ==, s.rax);
        g_assert_cmphex(f->cpu->gpr[R_RCX], ==, s.rcx);
        g_assert_cmphex(f->cpu->gpr[9], ==, s.r9);
        g_assert_cmphex(f->cpu->gpr[10], ==, s.r10);
        g_assert_cmpuint(cpu_instructions(f->cpu), ==, (CARRY_OPS + 4) * (n + 1));
    }
}

static void test_bit_offset(Fixture *f, const void *unused)
{
    /* mov $DATA,%esi; mov $-1,%rax; bts %rax,(%rsi); setc %bl; bts %rax,(%rsi); setc %cl; hlt */
    static const uint8_t code[] = {0xbe, 0,    0,    0x30, 0,    0x48, 0xc7, 0xc0, 0xff,
                                   0xff, 0xff, 0xff, 0x48, 0x0f, 0xab, 0x06, 0x0f, 0x92,
                                   0xc3, 0x48, 0x0f, 0xab, 0x06, 0x0f, 0x92, 0xc1, 0xf4};
    run(f, code, sizeof(code));
    g_assert_cmphex(get64(f, DATA - 8), ==, 1ull << 63);
    g_assert_cmphex(f->cpu->gpr[R_RBX] & 0xff, ==, 0);
    g_assert_cmphex(f->cpu->gpr[R_RCX] & 0xff, ==, 1);
}

/* An instruction in two pages, the second of which changes under it. */
static void test_page_crossing(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0xb8, 0x11, 0x22, 0x33, 0x44, 0xf4}; /* mov $..,%eax; hlt */
    uint64_t at = CODE + 0x1000 - 3;
    load(f, at, code, sizeof(code));
    g_assert_cmpint(cpu_run(f->cpu, 100), ==, CPU_HALTED);
    g_assert_cmphex(f->cpu->gpr[R_RAX], ==, 0x44332211);
    uint8_t other = 0x99;
    as_write(f->memory, CODE + 0x1000, &other, 1);
    load(f, at, code, 3);
    g_assert_cmpint(cpu_run(f->cpu, 100), ==, CPU_HALTED);
    g_assert_cmphex(f->cpu->gpr[R_RAX], ==, 0x44992211);
}

static void test_dma_over_code(Fixture *f, const void *unused)
{
    static const uint8_t one[] = {0xb0, 1, 0xf4}, two[] = {0xb0, 2, 0xf4};
    run(f, one, sizeof(one));
    g_assert_cmphex(f->cpu->gpr[R_RAX] & 0xff, ==, 1);
    run(f, two, sizeof(two)); /* by as_write() */
    g_assert_cmphex(f->cpu->gpr[R_RAX] & 0xff, ==, 2);
}

/* With address line 20 at 0 other code and other data are behind the same addresses; blocks that
 * were found before are not run. */
static void test_a20(Fixture *f, const void *unused)
{
    static const uint8_t low[] = {0x8a, 0x1e, 0xb0, 1, 0xf4}, /* mov (%rsi),%bl; mov $1,%al; hlt */
        high[] = {0x8a, 0x1e, 0xb0, 2, 0xf4};
    const uint64_t line = 1u << 20;
    load(f, CODE, low, sizeof(low));
    load(f, CODE + line, high, sizeof(high));
    f->ram.host[DATA] = 0x33;
    f->ram.host[DATA - line] = 0x44;
    for (unsigned i = 0; i < 6; i++) {
        bool on = i % 2 == 0;
        cpu_set_a20(f->cpu, on);
        for (unsigned n = 0; n < 3; n++) {
            f->cpu->rip = CODE + line;
            f->cpu->gpr[R_RSI] = DATA;
            g_assert_cmpint(run_on(f), ==, -1);
            g_assert_cmphex(f->cpu->gpr[R_RAX] & 0xff, ==, on ? 2 : 1);
            g_assert_cmphex(f->cpu->gpr[R_RBX] & 0xff, ==, on ? 0x33 : 0x44);
        }
    }
    /* Page tables, too: an entry for a table that is 1 MiB further up. */
    put64(f, TABLES + 0x1000, (TABLES + 0x2000 + line) | 3);
    cpu_set_a20(f->cpu, false);
    f->cpu->rip = CODE;
    g_assert_cmpint(run_on(f), ==, -1);
}

static void test_single_step(Fixture *f, const void *unused)
{
    /* push $0x102; popf; nop; nop; hlt: the trap comes after the first nop */
    static const uint8_t code[] = {0x68, 2, 1, 0, 0, 0x9d, 0x90, 0x90, 0xf4};
    g_assert_cmpint(run(f, code, sizeof(code)), ==, EXCP_DB);
    g_assert_cmphex(frame(f, 0), ==, CODE + 7);
    g_assert_cmphex(f->cpu->dr[6] & 0x4000, ==, 0x4000);
}

/* With -m perf: guest instructions a second over loads, stores, a multiplication, compares, calls
 * and returns. */
static void test_speed(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {
        0xbd, 0x00, 0x00, 0x00, 0x02, 0x48, 0xc7, 0xc6, 0x00, 0x00, 0x04, 0x00, 0x48, 0x8d,
        0xbe, 0x00, 0x10, 0x00, 0x00, 0xb9, 0x10, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x06, 0x48,
        0x83, 0xc6, 0x08, 0x48, 0x31, 0xc2, 0x48, 0x6b, 0xd2, 0x1f, 0x48, 0x89, 0x17, 0x48,
        0x83, 0xc7, 0x08, 0xa8, 0x01, 0x75, 0x02, 0xff, 0xc3, 0x83, 0xe9, 0x01, 0x75, 0xe0,
        0xe8, 0x17, 0x00, 0x00, 0x00, 0x48, 0x8b, 0x44, 0x24, 0x08, 0x48, 0x81, 0xfb, 0x00,
        0x01, 0x00, 0x00, 0x77, 0x04, 0x48, 0x8d, 0x5b, 0x01, 0xff, 0xcd, 0x75, 0xb2, 0xf4,
        0x53, 0x55, 0x48, 0x89, 0xe5, 0x0f, 0xb6, 0x06, 0x8b, 0x4c, 0x86, 0x10, 0xc1, 0xe1,
        0x03, 0x81, 0xe1, 0xff, 0x00, 0x00, 0x00, 0x89, 0x4d, 0xf0, 0x5d, 0x5b, 0xc3};
    load(f, CODE, code, sizeof(code));
    g_test_timer_start();
    g_assert_cmpint(cpu_run(f->cpu, 500000000), ==, CPU_RAN);
    double seconds = g_test_timer_elapsed();
    g_test_maximized_result(cpu_instructions(f->cpu) / seconds / 1e6, "%.0f MIPS",
                            cpu_instructions(f->cpu) / seconds / 1e6);
}

/* mov $to,%eax; mov $from,%ebx; movdir64b (%rbx),%rax; hlt */
static int move_line(Fixture *f, uint32_t to, uint32_t from)
{
    uint8_t code[] = {0xb8, 0, 0, 0, 0, 0xbb, 0, 0, 0, 0, 0x66, 0x0f, 0x38, 0xf8, 0x03, 0xf4};
    bytes_put32(code + 1, to);
    bytes_put32(code + 6, from);
    return run(f, code, sizeof(code));
}

/* 64 bytes from any address to a line, which a register window sees as one write. */
static void test_movdir64b(Fixture *f, const void *unused)
{
    Portal portal;
    portal_up(&portal);
    for (unsigned i = 0; i < MEM_LINE; i++) {
        f->ram.host[DATA + 3 + i] = (uint8_t)(i + 1);
    }
    g_assert_cmpint(move_line(f, DATA + 0x140, DATA + 3), ==, -1);
    g_assert_cmpmem(f->ram.host + DATA + 0x140, MEM_LINE, f->ram.host + DATA + 3, MEM_LINE);
    g_assert_cmpint(move_line(f, DATA + 0x160, DATA + 3), ==, EXCP_GP);
    g_assert_cmphex(frame(f, 0), ==, 0);
    as_add(f->memory, &portal.region, DATA + 0x1000);
    g_assert_cmpint(move_line(f, DATA + 0x1040, DATA + 3), ==, -1);
    g_assert_cmpuint(portal.lines, ==, 1);
    g_assert_cmpuint(portal.pieces, ==, 0);
    g_assert_cmpmem(portal.line, MEM_LINE, f->ram.host + DATA + 3, MEM_LINE);
    as_remove(f->memory, &portal.region);
}

#define ADD(name_, fn_) g_test_add("/interp/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("self-modifying", test_self_modifying);
    ADD("count", test_count);
    ADD("budget", test_budget);
    ADD("strings", test_strings);
    ADD("page-fault", test_page_fault);
    ADD("divide-error", test_divide_error);
    ADD("undefined", test_undefined);
    ADD("avx-enabled", test_avx_enabled);
    ADD("xsavec-mxcsr", test_xsavec_mxcsr);
    ADD("device-arithmetic", test_device_arithmetic);
    ADD("dpps-underflow", test_dpps_underflow);
    ADD("vtest-flags", test_vtest_flags);
    ADD("too-long", test_too_long);
    ADD("flags", test_flags);
    ADD("adx", test_adx);
    ADD("bit-offset", test_bit_offset);
    ADD("page-crossing", test_page_crossing);
    ADD("dma-over-code", test_dma_over_code);
    ADD("a20", test_a20);
    ADD("single-step", test_single_step);
    ADD("movdir64b", test_movdir64b);
    if (g_test_perf()) {
        ADD("speed", test_speed);
    }
    return g_test_run();
}
