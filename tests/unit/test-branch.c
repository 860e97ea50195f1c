/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Near branches to where no code can be (SDM vol. 2, CALL, JMP, Jcc, LOOP, RET): the fault is the
 * branch's, and nothing has changed.
 */
#include "code-fixture.h"

#define TSS           0x3000u
#define IST1          0x90000u
#define LOW_END       0x800000000000ull /* where the lower half of the address space ends */
#define LOW_PHYS      0x400000u
#define HIGH_START    0xffff800000000000ull
#define HIGH_PHYS     0x600000u
#define NON_CANONICAL 0x8000000000000000ull

/* The 2 MiB pages next to the hole. */
static void map_edges(Fixture *f)
{
    static const struct {
        unsigned pml4, rest;
        uint64_t phys;
    } edges[] = {{255, 511, LOW_PHYS}, {256, 0, HIGH_PHYS}};
    for (unsigned i = 0; i < G_N_ELEMENTS(edges); i++) {
        uint64_t table = 0xa0000 + 0x2000 * i;
        put64(f, TABLES + 8 * edges[i].pml4, table | 3);
        put64(f, table + 8 * edges[i].rest, (table + 0x1000) | 3);
        put64(f, table + 0x1000 + 8 * edges[i].rest, edges[i].phys | 0x83);
    }
}

/* Faults find a stack of their own, so that what is below the program's is seen to stay. */
static void use_ist(Fixture *f)
{
    put64(f, TSS + 0x24, IST1);
    f->cpu->tr = (CpuSegment){.selector = 0x28, .base = TSS, .limit = 0x67, .attr = 0x8b00};
    put_gate(f, EXCP_GP, HANDLERS + HANDLER_SIZE * EXCP_GP, 1);
}

typedef struct {
    uint8_t code[12]; /* begins with what leads to the branch */
    uint8_t at;       /* where that is */
    bool back;        /* a direct branch: downwards */
} Case;

static const Case computed[] = {
    {.code = {0xff, 0xe3}},                                  /* jmp *%rbx */
    {.code = {0xff, 0x26}},                                  /* jmp *(%rsi) */
    {.code = {0xff, 0xd3}},                                  /* call *%rbx */
    {.code = {0xff, 0x16}},                                  /* call *(%rsi) */
    {.code = {0xc3}},                                        /* ret */
    {.code = {0xc2, 8, 0}},                                  /* ret $8 */
    {.code = {0x48, 0xff, 0xc2, 0xff, 0xe3}, .at = 3},       /* inc %rdx; jmp *%rbx */
    {.code = {0x48, 0xff, 0xc2, 0x41, 0xff, 0xe1}, .at = 3}, /* inc %rdx; jmp *%r9 */
    {.code = {0x48, 0xff, 0xc2, 0xc3}, .at = 3},             /* inc %rdx; ret */
};

static const Case direct[] = {
    {.code = {0xe9, 0, 0x10, 0, 0}},                                  /* jmp */
    {.code = {0xe8, 0, 0x10, 0, 0}},                                  /* call */
    {.code = {0x0f, 0x83, 0, 0x10, 0, 0}},                            /* jnc */
    {.code = {0x48, 0x39, 0xd8, 0x0f, 0x85, 0, 0x10, 0, 0}, .at = 3}, /* cmp %rbx,%rax; jne */
    {.code = {0x85, 0xc9, 0x0f, 0x85, 0, 0x10, 0, 0}, .at = 2},       /* test %ecx,%ecx; jnz */
    {.code = {0x85, 0xc9, 0x75, 0x70}, .at = 2},                      /* the same, short */
    {.code = {0xeb, 0x70}},                                           /* jmp, short */
    {.code = {0xe2, 0x70}},                                           /* loop */
    {.code = {0x67, 0xe0, 0x70}},                                     /* loopne with ECX */
    {.code = {0x48, 0x87, 0xca, 0xe3, 0x70}, .at = 3},                /* xchg %rdx,%rcx; jrcxz */
    {.code = {0xe9, 0, 0xf0, 0xff, 0xff}, .back = true},              /* jmp */
    {.code = {0xe8, 0, 0xf0, 0xff, 0xff}, .back = true},              /* call */
    {.code = {0x0f, 0x83, 0, 0xf0, 0xff, 0xff}, .back = true},        /* jnc */
    {.code = {0xe2, 0x80}, .back = true},                             /* loop */
};

static void expect_fault(Fixture *f, uint64_t at, uint64_t instructions)
{
    static const uint64_t below = 0x1122334455667788, top = NON_CANONICAL;
    Cpu *cpu = f->cpu;
    g_assert_cmphex(frame(f, 0), ==, 0);
    g_assert_cmphex(frame(f, 1), ==, at);
    g_assert_cmphex(frame(f, 4), ==, DATA + 64);
    g_assert_cmphex(get64(f, DATA + 56), ==, below);
    g_assert_cmphex(get64(f, DATA + 64), ==, top);
    g_assert_cmphex(cpu->gpr[R_RCX] + cpu->gpr[R_RDX], <=, 0x101);
    g_assert_cmphex(cpu->gpr[R_RCX] | cpu->gpr[R_RDX], >=, 0x100);
    g_assert_cmpuint(cpu_instructions(cpu), ==, instructions + 1); /* HLT */
}

/* In one go, and with the budget spent before, at and after the branch. */
static void run_case(Fixture *f, const Case *c, uint64_t linear, uint64_t phys)
{
    uint64_t before = c->at ? 1 : 0;
    map_edges(f);
    for (uint64_t budget = 0; budget <= before + 1; budget++) {
        load(f, phys, c->code, sizeof(c->code));
        use_ist(f);
        Cpu *cpu = f->cpu;
        uint64_t start = cpu_instructions(cpu);
        put64(f, DATA + 56, 0x1122334455667788);
        put64(f, DATA + 64, NON_CANONICAL);
        cpu->rip = linear;
        cpu->gpr[R_RBX] = cpu->gpr[9] = NON_CANONICAL;
        cpu->gpr[R_RCX] = 0x100;
        cpu->gpr[R_RSI] = DATA + 64;
        cpu->gpr[R_RSP] = DATA + 64;
        if (budget) {
            cpu_run(cpu, budget);
        }
        g_assert_cmpint(run_on(f), ==, EXCP_GP);
        expect_fault(f, linear + c->at, start + before);
    }
}

static void test_computed(Fixture *f, const void *unused)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(computed); i++) {
        run_case(f, &computed[i], CODE, CODE);
    }
}

static void test_direct(Fixture *f, const void *unused)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(direct); i++) {
        const Case *c = &direct[i];
        uint64_t offset = c->back ? 0x40 : 0x1fffc0;
        run_case(f, c, c->back ? HIGH_START + offset : LOW_END - 0x40,
                 (c->back ? HIGH_PHYS : LOW_PHYS) + offset);
    }
}

/* The last byte that there is, and round from the top of the address space to its bottom. */
static void test_in_range(Fixture *f, const void *unused)
{
    static const uint8_t jump[] = {0xe9, 0x3a, 0, 0, 0}, hlt = 0xf4;
    map_edges(f);
    load(f, LOW_PHYS + 0x1fffc0, jump, sizeof(jump));
    f->ram.host[LOW_PHYS + 0x1fffff] = hlt;
    f->cpu->rip = LOW_END - 0x40;
    g_assert_cmpint(run_on(f), ==, -1);
    g_assert_cmphex(f->cpu->rip, ==, LOW_END);

    static const uint8_t call[] = {0xe8, 0xfb, 0xff, 0, 0}; /* call .+0x10000 */
    uint64_t table = 0xa4000;
    load(f, LOW_PHYS + 0x1f8000, call, sizeof(call));
    f->ram.host[0x8000] = hlt;
    put64(f, TABLES + 8 * 511, table | 3);
    put64(f, table + 8 * 511, (table + 0x1000) | 3);
    put64(f, table + 0x1000 + 8 * 511, LOW_PHYS | 0x83);
    f->cpu->rip = -0x8000ull;
    run_on(f);
    g_assert_cmphex(f->cpu->rip, ==, 0x8001);
    g_assert_cmphex(get64(f, STACK - 8), ==, -0x8000ull + 5);
}

/* A CALL whose stack is as bad as its target: the stack comes first. */
static void test_call_stack(Fixture *f, const void *unused)
{
    load(f, CODE, computed[2].code, 2);
    use_ist(f);
    put_gate(f, EXCP_SS, HANDLERS + HANDLER_SIZE * EXCP_SS, 1);
    f->cpu->gpr[R_RBX] = f->cpu->gpr[R_RSP] = NON_CANONICAL;
    g_assert_cmpint(run_on(f), ==, EXCP_SS);
}

/* 32-bit code in a segment that ends at its first page's middle, at CODE; with 16-bit operands the
 * target is cut, and so is in range. */
#define LIMIT 0x7ffu
static const Case limited[] = {
    {.code = {0xff, 0xe3}},                                  /* jmp *%ebx */
    {.code = {0xff, 0x26}},                                  /* jmp *(%esi) */
    {.code = {0xff, 0xd3}},                                  /* call *%ebx */
    {.code = {0xff, 0x16}},                                  /* call *(%esi) */
    {.code = {0xc3}},                                        /* ret */
    {.code = {0xc2, 8, 0}},                                  /* ret $8 */
    {.code = {0xe9, 0xfb, 7, 0, 0}},                         /* jmp to the first byte beyond */
    {.code = {0xe8, 0xfb, 7, 0, 0}},                         /* call */
    {.code = {0x0f, 0x83, 0xfa, 7, 0, 0}},                   /* jnc */
    {.code = {0x39, 0xd8, 0x0f, 0x85, 0, 8, 0, 0}, .at = 2}, /* cmp %ebx,%eax; jne */
    {.code = {0xe2, 0x80}},                                  /* loop, back beyond 0 */
};

static void load_limited(Fixture *f, const Case *c)
{
    static const CpuBoot boot = {.mode = CPU_BOOT_PROT32,
                                 .rip = 0,
                                 .rsp = DATA + 64,
                                 .cs = 8,
                                 .ds = 16,
                                 .gdt_base = GDT,
                                 .gdt_limit = 23};
    load(f, CODE, c->code, sizeof(c->code));
    f->cpu->cr4 = f->cpu->efer = 0;
    cpu_set_boot(f->cpu, &boot);
    put64(f, GDT + 8, 0x00cf9b000000ffffull);
    put64(f, IDT + 8 * EXCP_GP, (HANDLERS + HANDLER_SIZE * EXCP_GP) | 0x8ull << 16 | 0x8eull << 40);
    f->cpu->seg[SEG_CS].base = CODE;
    f->cpu->seg[SEG_CS].limit = LIMIT;
    cpu_update_mode(f->cpu);
    put64(f, DATA + 56, 0x1122334455667788);
    put64(f, DATA + 64, LIMIT + 1);
    f->cpu->gpr[R_RBX] = LIMIT + 1;
    f->cpu->gpr[R_RCX] = 0x100;
    f->cpu->gpr[R_RSI] = DATA + 64;
}

static void test_limit(Fixture *f, const void *unused)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(limited); i++) {
        load_limited(f, &limited[i]);
        g_assert_cmpint(run_on(f), ==, EXCP_GP);
        uint32_t words[4];
        memcpy(words, f->ram.host + f->cpu->gpr[R_RSP], sizeof(words));
        g_assert_cmphex(f->cpu->gpr[R_RSP], ==, DATA + 64 - sizeof(words));
        g_assert_cmphex(words[0], ==, 0);
        g_assert_cmphex(words[1], ==, limited[i].at);
        g_assert_cmphex(f->cpu->gpr[R_RCX], ==, 0x100);
    }
    /* At the limit is within. */
    load_limited(f, &limited[0]);
    f->cpu->gpr[R_RBX] = LIMIT;
    f->ram.host[CODE + LIMIT] = 0xf4;
    g_assert_cmpint(run_on(f), ==, -1);
    g_assert_cmphex(f->cpu->rip, ==, LIMIT + 1);
}

/* Real mode: 64 KiB are the limit of what a 32-bit operand can name. */
static void test_real(Fixture *f, const void *unused)
{
    static const CpuBoot boot = {.mode = CPU_BOOT_REAL, .cs = 0x1000, .ds = 0x2000, .rsp = 0x100};
    static const Case cases[] = {
        {.code = {0x66, 0xe9, 0, 0, 1, 0}},       /* jmpl */
        {.code = {0x66, 0xe8, 0, 0, 1, 0}},       /* calll */
        {.code = {0x66, 0xff, 0xe3}},             /* jmpl *%ebx */
        {.code = {0x66, 0x0f, 0x83, 0, 0, 1, 0}}, /* jncl */
        {.code = {0x66, 0xc3}},                   /* retl */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        load(f, CODE, cases[i].code, sizeof(cases[i].code));
        f->cpu->cr0 = CR0_ET;
        f->cpu->cr4 = f->cpu->efer = 0;
        cpu_set_boot(f->cpu, &boot);
        put64(f, 0x20100, 0x10000);
        f->cpu->gpr[R_RBX] = 0x10000;
        uint32_t gate = HANDLERS + HANDLER_SIZE * EXCP_GP;
        as_write(f->memory, 4 * EXCP_GP, &gate, 4);
        g_assert_cmpint(run_on(f), ==, EXCP_GP);
        g_assert_cmphex(f->cpu->gpr[R_RSP], ==, 0x100 - 6);
        g_assert_cmphex(frame(f, 0x20000 / 8) & 0xffff, ==, 0);
    }
}

#define ADD(name_, fn_) g_test_add("/branch/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("computed", test_computed);
    ADD("direct", test_direct);
    ADD("in-range", test_in_range);
    ADD("call-stack", test_call_stack);
    ADD("limit", test_limit);
    ADD("real", test_real);
    return g_test_run();
}
