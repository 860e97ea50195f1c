/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alignment checks (SDM vol. 3, 6.15, interrupt 17 and table 6-7): user code with CR0.AM and
 * EFLAGS.AC set.
 */
#include "code-fixture.h"

#define TSS  0x3000u
#define IST1 0x90000u
#define AREA (DATA + 0x1000)

/* What RBX points to, RSI and RDI too; RSP at ON_STACK. It must be a multiple of `unit`. */
typedef struct {
    uint8_t code[10];
    uint8_t len, unit;
    bool on_stack;
} Case;

#define CODE_BYTES(...) {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
static const Case cases[] = {
    {CODE_BYTES(0x8a, 0x03), 1, false},                         /* mov (%rbx),%al */
    {CODE_BYTES(0x66, 0x8b, 0x03), 2, false},                   /* mov (%rbx),%ax */
    {CODE_BYTES(0x8b, 0x03), 4, false},                         /* mov (%rbx),%eax */
    {CODE_BYTES(0x48, 0x8b, 0x03), 8, false},                   /* mov (%rbx),%rax */
    {CODE_BYTES(0x66, 0x89, 0x03), 2, false},                   /* mov %ax,(%rbx) */
    {CODE_BYTES(0x89, 0x03), 4, false},                         /* mov %eax,(%rbx) */
    {CODE_BYTES(0x48, 0x89, 0x03), 8, false},                   /* mov %rax,(%rbx) */
    {CODE_BYTES(0x48, 0x0f, 0xbf, 0x03), 2, false},             /* movswq (%rbx),%rax */
    {CODE_BYTES(0x01, 0x03), 4, false},                         /* add %eax,(%rbx) */
    {CODE_BYTES(0x48, 0x03, 0x03), 8, false},                   /* add (%rbx),%rax */
    {CODE_BYTES(0x48, 0xff, 0x03), 8, false},                   /* incq (%rbx) */
    {CODE_BYTES(0x48, 0x87, 0x03), 8, false},                   /* xchg %rax,(%rbx) */
    {CODE_BYTES(0xf0, 0x0f, 0xb1, 0x0b), 4, false},             /* lock cmpxchg %ecx,(%rbx) */
    {CODE_BYTES(0x48, 0x0f, 0xba, 0x23, 5), 8, false},          /* btq $5,(%rbx) */
    {CODE_BYTES(0x66, 0xa5), 2, false},                         /* movsw */
    {CODE_BYTES(0x48, 0xa5), 8, false},                         /* movsq */
    {CODE_BYTES(0xb9, 9, 0, 0, 0, 0xf3, 0x48, 0xa5), 8, false}, /* mov $9,%ecx; rep movsq */
    {CODE_BYTES(0xb9, 9, 0, 0, 0, 0xf3, 0xa4), 1, false},       /* mov $9,%ecx; rep movsb */
    {CODE_BYTES(0x50), 8, true},                                /* push %rax */
    {CODE_BYTES(0x50, 0x51), 8, true},                          /* push %rax; push %rcx */
    {CODE_BYTES(0x58), 8, true},                                /* pop %rax */
    {CODE_BYTES(0x66, 0x50), 2, true},                          /* push %ax */
    {CODE_BYTES(0xe8, 0, 0, 0, 0), 8, true},                    /* call */
    {CODE_BYTES(0x9c), 8, true},                                /* pushf */
    {CODE_BYTES(0x0f, 0x10, 0x03), 1, false},                   /* movups (%rbx),%xmm0 */
    {CODE_BYTES(0x0f, 0x11, 0x03), 1, false},                   /* movups %xmm0,(%rbx) */
    {CODE_BYTES(0xf3, 0x0f, 0x10, 0x03), 4, false},             /* movss (%rbx),%xmm0 */
    {CODE_BYTES(0xf2, 0x0f, 0x11, 0x03), 8, false},             /* movsd %xmm0,(%rbx) */
    {CODE_BYTES(0xd9, 0x03), 4, false},                         /* flds (%rbx) */
    {CODE_BYTES(0xdd, 0x03), 8, false},                         /* fldl (%rbx) */
    {CODE_BYTES(0xdb, 0x2b), 8, false},                         /* fldt (%rbx) */
    {CODE_BYTES(0xdf, 0x03), 2, false},                         /* filds (%rbx) */
    {CODE_BYTES(0xd9, 0x3b), 2, false},                         /* fnstcw (%rbx) */
    {CODE_BYTES(0xd9, 0x33), 4, false},                         /* fnstenv (%rbx) */
    {CODE_BYTES(0x66, 0xd9, 0x33), 2, false},                   /* fnstenvs (%rbx) */
    {CODE_BYTES(0x0f, 0x01, 0x03), 4, false},                   /* sgdt (%rbx) */
    {CODE_BYTES(0x48, 0x8d, 0x03), 1, false},                   /* lea (%rbx),%rax */
    {CODE_BYTES(0x0f, 0xb5, 0x03), 4, false},                   /* lgs (%rbx),%eax */
};

static void map_for_user(Fixture *f)
{
    for (unsigned table = 0; table < 3; table++) {
        put64(f, TABLES + 0x1000 * table, get64(f, TABLES + 0x1000 * table) | 4);
    }
    put64(f, TABLES + 0x2000 + 8 * (DATA >> 21), (DATA & ~0x1fffffu) | 0x87);
}

static void load_user(Fixture *f, const Case *c, uint64_t address, uint32_t cr0, uint32_t flags)
{
    uint8_t code[12];
    memcpy(code, c->code, c->len);
    memcpy(code + c->len, (const uint8_t[]){0x0f, 0x0b}, 2); /* ud2 */
    load(f, CODE, code, c->len + 2u);
    map_for_user(f);
    put64(f, TSS + 0x24, IST1);
    put_gate(f, EXCP_AC, HANDLERS + HANDLER_SIZE * EXCP_AC, 1);
    put_gate(f, EXCP_UD, HANDLERS + HANDLER_SIZE * EXCP_UD, 1);
    put_gate(f, EXCP_PF, HANDLERS + HANDLER_SIZE * EXCP_PF, 1);
    Cpu *cpu = f->cpu;
    cpu->tr = (CpuSegment){.selector = 0x28, .base = TSS, .limit = 0x67, .attr = 0x8b00};
    cpu->seg[SEG_CS].attr |= 3u << SEG_ATTR_DPL_SHIFT;
    cpu->seg[SEG_CS].selector |= 3;
    cpu->seg[SEG_SS].selector |= 3;
    cpu->cpl = 3;
    cpu->cr0 |= cr0;
    cpu->cr4 |= CR4_OSFXSR;
    cpu->rflags |= flags;
    cpu->gpr[R_RBX] = cpu->gpr[R_RSI] = address;
    cpu->gpr[R_RDI] = AREA + 0x200 + (address & 7);
    cpu->gpr[R_RSP] = c->on_stack ? address : AREA + 0x400;
    memset(f->ram.host + AREA - 0x20, 0, 0x80);
    cpu_update_mode(cpu);
}

static void test_units(Fixture *f, const void *unused)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        for (unsigned off = 0; off < 16; off++) {
            load_user(f, c, AREA + off, CR0_AM, FLAG_AC);
            int vector = run_on(f);
            if (vector != (off % c->unit ? EXCP_AC : EXCP_UD)) {
                g_error("case %u at +%u: vector %d", i, off, vector);
            }
            if (vector == EXCP_AC) {
                uint64_t before = c->code[0] == 0xb9 ? CODE + 5 : CODE;
                g_assert_cmphex(frame(f, 0), ==, 0);
                g_assert_cmphex(frame(f, 1), ==, before);
                g_assert_cmphex(frame(f, 3) & (FLAG_RF | FLAG_AC), ==, FLAG_RF | FLAG_AC);
                g_assert_cmphex(frame(f, 4), ==, c->on_stack ? AREA + off : AREA + 0x400);
                for (unsigned b = 0; b < 0x80; b += 8) {
                    g_assert_cmphex(get64(f, AREA - 0x20 + b), ==, 0);
                }
            }
        }
    }
}

/* All three have to be there. */
static void test_conditions(Fixture *f, const void *unused)
{
    const Case *c = &cases[3];
    load_user(f, c, AREA + 1, 0, FLAG_AC);
    g_assert_cmpint(run_on(f), ==, EXCP_UD);
    load_user(f, c, AREA + 1, CR0_AM, 0);
    g_assert_cmpint(run_on(f), ==, EXCP_UD);
    load_user(f, c, AREA + 1, CR0_AM, FLAG_AC);
    f->cpu->cpl = 2;
    cpu_update_mode(f->cpu);
    g_assert_cmpint(run_on(f), ==, EXCP_UD);
    load_user(f, c, AREA + 1, CR0_AM, FLAG_AC);
    g_assert_cmpint(run_on(f), ==, EXCP_AC);
}

/* Of a page that is missing the page fault tells first, in either half. */
static void test_page_fault_first(Fixture *f, const void *unused)
{
    for (unsigned store = 0; store < 2; store++) {
        const Case *c = &cases[store ? 6 : 3];
        load_user(f, c, (DATA & ~0x1fffffull) + 0x200000 - 3, CR0_AM, FLAG_AC);
        g_assert_cmpint(run_on(f), ==, EXCP_PF);
        g_assert_cmphex(f->cpu->cr2, ==, (DATA & ~0x1fffffull) + 0x200000);
        load_user(f, c, 0x400001, CR0_AM, FLAG_AC);
        g_assert_cmpint(run_on(f), ==, EXCP_PF);
        g_assert_cmphex(f->cpu->cr2, ==, 0x400001);
    }
}

/* The program turns it on and off itself, with what it has used before still in the TLB. */
static void test_toggle(Fixture *f, const void *unused)
{
    /* mov (%rbx),%rax; pushf; orl $AC,(%rsp); popf; mov (%rbx),%rax; ud2 */
    static const uint8_t code[] = {0x48, 0x8b, 0x03, 0x9c, 0x81, 0x0c, 0x24, 0,   0,
                                   4,    0,    0x9d, 0x48, 0x8b, 0x03, 0x0f, 0x0b};
    load_user(f, &cases[3], AREA + 1, CR0_AM, 0);
    as_write(f->memory, CODE, code, sizeof(code));
    g_assert_cmpint(run_on(f), ==, EXCP_AC);
    g_assert_cmphex(frame(f, 1), ==, CODE + 12);
    /* The handler clears AC and returns. */
    f->cpu->gpr[R_RSP] += 8;
    put64(f, f->cpu->gpr[R_RSP] + 16, frame(f, 2) & ~(uint64_t)FLAG_AC);
    put64(f, GDT + 8, 0x00affb000000ffffull);
    put64(f, GDT + 16, 0x00cff3000000ffffull);
    put64(f, GDT + 24, 0x00af9b000000ffffull);
    put64(f, GDT + 32, 0x00cf93000000ffffull);
    f->cpu->gdtr.limit = 39;
    put64(f, IDT + 16 * EXCP_UD,
          (HANDLERS + HANDLER_SIZE * EXCP_UD) | 0x18ull << 16 | 1ull << 32 | 0x8e00ull << 32);
    g_assert_cmpint(run_on(f), ==, EXCP_UD);
    g_assert_cmphex(frame(f, 0), ==, CODE + 15);
}

#define ADD(name_, fn_)                                                                            \
    g_test_add("/alignment/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("units", test_units);
    ADD("conditions", test_conditions);
    ADD("page-fault-first", test_page_fault_first);
    ADD("toggle", test_toggle);
    return g_test_run();
}
