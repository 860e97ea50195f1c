/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment loads and far transfers in real, protected and long mode, against the SDM's rules: what
 * is loaded, which fault with which error code, and that a fault changes nothing.
 */
#include "cpu-fixture.h"

#define GDT        0x1000u
#define TSS        0x2000u
#define TSS2       0x2100u
#define STACK      0x8000u
#define INNER      0x9000u
#define SEL(n)     ((uint16_t)((n)*8))
#define CODE32     0x00cf9b000000ffffull
#define CODE32_R3  0x00cffb000000ffffull
#define CODE32_CNF 0x00cf9f000000ffffull
#define DATA32     0x00cf93000000ffffull
#define DATA32_R3  0x00cff3000000ffffull
#define CODE64     0x00af9b000000ffffull
#define CODE64_R3  0x00affb000000ffffull
#define ABSENT     (~(1ull << 47))

enum {
    G_CODE = 1,
    G_DATA,
    G_CODE3,
    G_DATA3,
    G_CONFORMING,
    G_ABSENT,
    G_GATE,
    G_READONLY,
    G_TSS,
    G_TSS2,
    G_SMALL, /* data, 16 bytes */
    G_DOWN,  /* expand-down above 0xfff */
    G_END = 16,
};

static uint64_t system_desc(uint32_t base, uint32_t limit, unsigned type)
{
    return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | (0x80ull | type) << 40 |
           (uint64_t)(base >> 24) << 56;
}

static void put_desc(Fixture *f, int n, uint64_t desc)
{
    put64(f, GDT + 8 * (unsigned)n, desc);
}

static void common_tables(Fixture *f)
{
    put_desc(f, G_DATA, DATA32);
    put_desc(f, G_DATA3, DATA32_R3);
    put_desc(f, G_CONFORMING, CODE32_CNF);
    put_desc(f, G_ABSENT, DATA32 & ABSENT);
    put_desc(f, G_READONLY, 0x00cf91000000ffffull);
    put_desc(f, G_SMALL, 0x004093000000000full);
    put_desc(f, G_DOWN, 0x0040970000000fffull);
    f->cpu->gdtr = (CpuTable){GDT, G_END * 8 - 1};
    f->cpu->tr = (CpuSegment){
        .selector = SEL(G_TSS), .base = TSS, .limit = 0x67, .attr = SEG_ATTR_P | 0xb00};
    put_desc(f, G_TSS, system_desc(TSS, 0x67, 0xb));
}

static void protected_mode(Fixture *f)
{
    CpuBoot boot = {.mode = CPU_BOOT_PROT32,
                    .rip = 0x5000,
                    .rsp = STACK,
                    .cs = SEL(G_CODE),
                    .ds = SEL(G_DATA),
                    .gdt_base = GDT,
                    .gdt_limit = G_END * 8 - 1};

    cpu_set_boot(f->cpu, &boot);
    common_tables(f);
    put_desc(f, G_CODE, CODE32);
    put_desc(f, G_CODE3, CODE32_R3);
    put32(f, TSS + 4, INNER);
    put32(f, TSS + 8, SEL(G_DATA));
    /* A call gate for ring 3 to ring 0 code at 6000h, with two parameters. */
    put_desc(f, G_GATE, 0x0000ec0200006000ull | (uint64_t)SEL(G_CODE) << 16);
}

static void long_mode(Fixture *f)
{
    CpuBoot boot = {.mode = CPU_BOOT_LONG64,
                    .rip = 0x5000,
                    .rsp = STACK,
                    .cs = SEL(G_CODE),
                    .ds = SEL(G_DATA),
                    .cr3 = 0x10000,
                    .gdt_base = GDT,
                    .gdt_limit = G_END * 8 - 1};

    put64(f, 0x10000, 0x11007);
    put64(f, 0x11000, 0x12007);
    put64(f, 0x12000, 0x87); /* 2 MiB, user too */
    cpu_set_boot(f->cpu, &boot);
    common_tables(f);
    put_desc(f, G_CODE, CODE64);
    put_desc(f, G_CODE3, CODE64_R3);
    put64(f, TSS + 4, INNER);
}

/* Raises `vector` with this error code, and leaves CS, SS, RSP and RIP alone. */
#define EXPECT(vector_, error_, statement_)                                                        \
    do {                                                                                           \
        CpuSegment cs_ = f->cpu->seg[SEG_CS], ss_ = f->cpu->seg[SEG_SS];                           \
        uint64_t rsp_ = f->cpu->gpr[R_RSP], rip_ = f->cpu->rip;                                    \
        g_assert_cmpint(RAISED(f, statement_), ==, vector_);                                       \
        g_assert_cmphex(f->cpu->excp.error, ==, error_);                                           \
        g_assert_cmpmem(&cs_, sizeof(cs_), &f->cpu->seg[SEG_CS], sizeof(cs_));                     \
        g_assert_cmpmem(&ss_, sizeof(ss_), &f->cpu->seg[SEG_SS], sizeof(ss_));                     \
        g_assert_cmphex(f->cpu->gpr[R_RSP], ==, rsp_);                                             \
        g_assert_cmphex(f->cpu->rip, ==, rip_);                                                    \
    } while (0)

static void test_real(Fixture *f, const void *unused)
{
    seg_load(f->cpu, SEG_DS, 0x1234);
    g_assert_cmphex(f->cpu->seg[SEG_DS].base, ==, 0x12340);
    g_assert_cmphex(seg_linear(f->cpu, SEG_DS, 0xffff, 1, true), ==, 0x2233f);
    EXPECT(EXCP_GP, 0, seg_linear(f->cpu, SEG_DS, 0xffff, 2, true));
    EXPECT(EXCP_SS, 0, seg_linear(f->cpu, SEG_SS, 0x10000, 1, false));
    f->cpu->gpr[R_RSP] = 0x100;
    seg_far_call(f->cpu, 0x2000, 0x10, 2, 0x77);
    g_assert_cmphex(f->cpu->seg[SEG_CS].base + f->cpu->rip, ==, 0x20010);
    seg_far_ret(f->cpu, 2, 4);
    g_assert_cmphex(f->cpu->rip, ==, 0x77);
    g_assert_cmphex(f->cpu->seg[SEG_CS].selector, ==, 0xf000);
    g_assert_cmphex(f->cpu->gpr[R_RSP], ==, 0x104);
}

static void test_loads(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    protected_mode(f);
    g_assert_true(cpu->mode & CPU_MODE_FLAT);
    seg_load(cpu, SEG_ES, SEL(G_DATA3) | 3);
    g_assert_true(cpu->mode & CPU_MODE_FLAT);
    seg_load(cpu, SEG_ES, 0);
    g_assert_false(cpu->mode & CPU_MODE_FLAT);
    EXPECT(EXCP_GP, 0, seg_linear(cpu, SEG_ES, 0, 1, false));
    EXPECT(EXCP_GP, 0, seg_load(cpu, SEG_SS, 0));
    EXPECT(EXCP_GP, SEL(G_DATA3), seg_load(cpu, SEG_SS, SEL(G_DATA3) | 3));
    EXPECT(EXCP_GP, SEL(G_READONLY), seg_load(cpu, SEG_SS, SEL(G_READONLY)));
    EXPECT(EXCP_SS, SEL(G_ABSENT), seg_load(cpu, SEG_SS, SEL(G_ABSENT)));
    EXPECT(EXCP_NP, SEL(G_ABSENT), seg_load(cpu, SEG_DS, SEL(G_ABSENT)));
    EXPECT(EXCP_GP, SEL(G_DATA), seg_load(cpu, SEG_DS, SEL(G_DATA) | 3));
    EXPECT(EXCP_GP, SEL(G_END), seg_load(cpu, SEG_DS, SEL(G_END)));
    EXPECT(EXCP_GP, 4, seg_load(cpu, SEG_DS, 4)); /* no LDT */
    seg_load(cpu, SEG_DS, SEL(G_READONLY));
    seg_linear(cpu, SEG_DS, 0, 4, false);
    EXPECT(EXCP_GP, 0, seg_linear(cpu, SEG_DS, 0, 4, true));
    seg_load(cpu, SEG_DS, SEL(G_SMALL));
    seg_linear(cpu, SEG_DS, 12, 4, true);
    EXPECT(EXCP_GP, 0, seg_linear(cpu, SEG_DS, 13, 4, true));
    seg_load(cpu, SEG_DS, SEL(G_DOWN));
    EXPECT(EXCP_GP, 0, seg_linear(cpu, SEG_DS, 0xfff, 1, true));
    g_assert_cmphex(seg_linear(cpu, SEG_DS, 0x1000, 4, true), ==, 0x1000);
}

/* Loading a segment sets its descriptor's accessed bit, in memory and in what is loaded. */
static void test_accessed(Fixture *f, const void *unused)
{
    const uint64_t fresh = DATA32 & ~(1ull << 40);

    protected_mode(f);
    put_desc(f, G_DATA, fresh);
    seg_load(f->cpu, SEG_DS, SEL(G_DATA));
    g_assert_cmphex(get64(f, GDT + SEL(G_DATA)), ==, DATA32);
    g_assert_true(f->cpu->seg[SEG_DS].attr & SEG_ATTR_A);
    put_desc(f, G_DATA, fresh);
    seg_load(f->cpu, SEG_SS, SEL(G_DATA));
    g_assert_cmphex(get64(f, GDT + SEL(G_DATA)), ==, DATA32);
}

static void to_ring3(Fixture *f)
{
    Cpu *cpu = f->cpu;
    unsigned size = cpu->mode & CPU_MODE_CS64 ? 8 : 4;
    uint64_t frame[5] = {0x7000, SEL(G_CODE3) | 3, 0x202, STACK - 0x100, SEL(G_DATA3) | 3};

    for (int i = 0; i < 5; i++) {
        memcpy(f->ram.host + STACK - 0x400 + (unsigned)i * size, &frame[i], size);
    }
    cpu->gpr[R_RSP] = STACK - 0x400;
    seg_iret(cpu, size, 0);
    g_assert_cmpuint(cpu->cpl, ==, 3);
    g_assert_cmphex(cpu->rip, ==, 0x7000);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, STACK - 0x100);
    g_assert_cmphex(flags_get(cpu), ==, 0x202);
    g_assert_cmphex(cpu->seg[SEG_SS].selector, ==, SEL(G_DATA3) | 3);
    g_assert_false(cpu->seg[SEG_DS].attr & SEG_ATTR_P); /* was ring 0's */
}

static void test_call_gate(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    protected_mode(f);
    to_ring3(f);
    EXPECT(EXCP_GP, SEL(G_CODE), seg_far_call(cpu, SEL(G_CODE), 0, 4, 0));
    EXPECT(EXCP_GP, SEL(G_CODE), seg_far_jump(cpu, SEL(G_GATE), 0, 4, 0));
    put32(f, STACK - 0x100, 0x1111);
    put32(f, STACK - 0xfc, 0x2222);
    seg_far_call(cpu, SEL(G_GATE) | 3, 0xdead, 4, 0x7005);
    g_assert_cmpuint(cpu->cpl, ==, 0);
    g_assert_cmphex(cpu->rip, ==, 0x6000);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, INNER - 24);
    g_assert_cmphex(get32(f, INNER - 24), ==, 0x7005);
    g_assert_cmphex(get32(f, INNER - 20), ==, SEL(G_CODE3) | 3);
    g_assert_cmphex(get32(f, INNER - 16), ==, 0x1111);
    g_assert_cmphex(get32(f, INNER - 12), ==, 0x2222);
    g_assert_cmphex(get32(f, INNER - 8), ==, STACK - 0x100);
    seg_far_ret(cpu, 4, 8);
    g_assert_cmpuint(cpu->cpl, ==, 3);
    g_assert_cmphex(cpu->rip, ==, 0x7005);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, STACK - 0x100 + 8);
}

static void test_conforming(Fixture *f, const void *unused)
{
    protected_mode(f);
    to_ring3(f);
    seg_far_jump(f->cpu, SEL(G_CONFORMING), 0x6000, 4, 0);
    g_assert_cmpuint(f->cpu->cpl, ==, 3);
    g_assert_cmphex(f->cpu->seg[SEG_CS].selector, ==, SEL(G_CONFORMING) | 3);
}

static void test_v86(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;
    const uint32_t frame[9] = {0x10, 0x100, 0x23202, 0xfffe, 0x200, 0x300, 0x400, 0x500, 0x600};

    protected_mode(f);
    memcpy(f->ram.host + STACK - 64, frame, sizeof(frame));
    cpu->gpr[R_RSP] = STACK - 64;
    seg_iret(cpu, 4, 0);
    g_assert_cmphex(cpu->mode & (CPU_MODE_VM | CPU_MODE_USER), ==, CPU_MODE_VM | CPU_MODE_USER);
    g_assert_cmphex(cpu->seg[SEG_CS].base, ==, 0x1000);
    g_assert_cmphex(cpu->seg[SEG_SS].base, ==, 0x2000);
    g_assert_cmphex(cpu->seg[SEG_ES].base, ==, 0x3000);
    g_assert_cmphex(cpu->seg[SEG_GS].base, ==, 0x6000);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, 0xfffe);
    sys_cli(cpu); /* IOPL is 3 */
    cpu->rflags &= ~FLAG_IOPL;
    EXPECT(EXCP_GP, 0, sys_cli(cpu));
    EXPECT(EXCP_GP, 0, seg_iret(cpu, 2, 0));
}

static void test_long(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f);
    g_assert_true(cpu->mode & CPU_MODE_CS64);
    seg_load(cpu, SEG_SS, 0); /* allowed below ring 3 */
    EXPECT(EXCP_GP, 0, seg_linear(cpu, SEG_DS, 1ull << 47, 1, false));
    EXPECT(EXCP_SS, 0, seg_linear(cpu, SEG_SS, 1ull << 47, 1, false));
    to_ring3(f);
    EXPECT(EXCP_GP, 0, seg_load(cpu, SEG_SS, 0));
    g_assert_cmpint(cpu->mmu_mode, ==, MMU_USER);
}

static void test_syscall(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f);
    to_ring3(f);
    EXPECT(EXCP_UD, 0, seg_syscall(cpu, 0x7002));
    cpu->efer |= EFER_SCE;
    cpu->star = 0x0010000800000000ull;
    cpu->lstar = 0xffffffff81000000ull;
    cpu->sfmask = FLAG_IF;
    seg_syscall(cpu, 0x7002);
    g_assert_cmphex(cpu->gpr[R_RCX], ==, 0x7002);
    g_assert_cmphex(cpu->gpr[11], ==, 0x202);
    g_assert_cmphex(cpu->rip, ==, 0xffffffff81000000ull);
    g_assert_cmphex(flags_get(cpu), ==, 2);
    g_assert_cmphex(cpu->seg[SEG_CS].selector, ==, 8);
    g_assert_cmpuint(cpu->cpl, ==, 0);
    cpu->gpr[R_RCX] = 1ull << 47;
    EXPECT(EXCP_GP, 0, seg_sysret(cpu, 8));
    cpu->gpr[R_RCX] = 0x7002;
    seg_sysret(cpu, 8);
    g_assert_cmphex(cpu->seg[SEG_CS].selector, ==, 0x23);
    g_assert_cmphex(cpu->seg[SEG_SS].selector, ==, 0x1b);
    g_assert_cmphex(flags_get(cpu), ==, 0x202);
    g_assert_cmpuint(cpu->cpl, ==, 3);
}

#define INTELS "max,vendor=GenuineIntel"
#define AMDS   "max,vendor=AuthenticAMD"

static void set_call_msrs(Fixture *f)
{
    f->cpu->efer |= EFER_SCE;
    f->cpu->star = (uint64_t)(SEL(G_DATA) | 3) << 48 | (uint64_t)SEL(G_CODE) << 32 | 0x6000;
    f->cpu->lstar = 0x6400;
    f->cpu->cstar = 0x6800;
    f->cpu->sysenter_cs = SEL(G_CODE);
    f->cpu->sysenter_eip = 0x6c00;
}

static void to_compatibility(Fixture *f)
{
    put_desc(f, G_CODE3, CODE32_R3);
    to_ring3(f);
    g_assert_cmphex(f->cpu->mode & (CPU_MODE_CS64 | CPU_MODE_CS32), ==, CPU_MODE_CS32);
}

/* Outside 64-bit code SYSCALL is AMD's alone: to CSTAR in long mode, to STAR's EIP without it. */
static void test_syscall_32(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f);
    set_call_msrs(f);
    to_compatibility(f);
    fixture_use_model(f, INTELS);
    EXPECT(EXCP_UD, 0, seg_syscall(cpu, 0x7002));
    EXPECT(EXCP_UD, 0, seg_sysret(cpu, 4));
    fixture_use_model(f, AMDS);
    cpu->sfmask = FLAG_IF;
    seg_syscall(cpu, 0x7002);
    g_assert_cmphex(cpu->rip, ==, 0x6800);
    g_assert_cmphex(cpu->gpr[R_RCX], ==, 0x7002);
    g_assert_cmphex(cpu->gpr[11], ==, 0x202);
    g_assert_true(cpu->mode & CPU_MODE_CS64);
    g_assert_cmphex(flags_get(cpu), ==, 2);
    seg_sysret(cpu, 4);
    g_assert_cmphex(cpu->rip, ==, 0x7002);
    g_assert_cmphex(cpu->mode & (CPU_MODE_CS64 | CPU_MODE_CS32), ==, CPU_MODE_CS32);
    g_assert_cmpuint(cpu->cpl, ==, 3);
}

static void test_syscall_legacy(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    protected_mode(f);
    set_call_msrs(f);
    to_ring3(f);
    fixture_use_model(f, INTELS);
    EXPECT(EXCP_UD, 0, seg_syscall(cpu, 0x7002));
    fixture_use_model(f, AMDS);
    cpu->sfmask = FLAG_CF;
    cpu->gpr[11] = 0x1111;
    flags_set(cpu, 0x203);
    seg_syscall(cpu, 0x7002);
    g_assert_cmphex(cpu->rip, ==, 0x6000);
    g_assert_cmphex(cpu->gpr[11], ==, 0x1111);
    g_assert_cmphex(flags_get(cpu), ==, 3); /* IF, and no mask */
    g_assert_cmpuint(cpu->cpl, ==, 0);
    seg_sysret(cpu, 4);
    g_assert_cmphex(cpu->rip, ==, 0x7002);
    g_assert_cmphex(flags_get(cpu), ==, 0x203);
    EXPECT(EXCP_GP, 0, seg_sysret(cpu, 4)); /* CPL 3 */
}

/* What SYSRET makes of SS, and of an RCX that is not canonical. */
static void test_sysret_makers(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    for (unsigned amd = 0; amd < 2; amd++) {
        cpu_reset(cpu);
        long_mode(f);
        set_call_msrs(f);
        fixture_use_model(f, amd ? AMDS : INTELS);
        cpu->gpr[R_RCX] = 0x7002;
        cpu->seg[SEG_SS] = (CpuSegment){.selector = 0, .limit = 0x1234};
        seg_sysret(cpu, 8);
        g_assert_cmphex(cpu->seg[SEG_SS].selector, ==, SEL(G_DATA) + 8 + 3);
        g_assert_cmphex(cpu->seg[SEG_SS].limit, ==, amd ? 0x1234 : 0xffffffff);
        g_assert_cmphex(cpu->seg[SEG_SS].attr & SEG_ATTR_P, ==, amd ? 0 : SEG_ATTR_P);
        g_assert_cmphex(cpu->seg[SEG_CS].selector, ==, SEL(G_DATA) + 16 + 3);
        cpu_reset(cpu);
        long_mode(f);
        set_call_msrs(f);
        cpu->gpr[R_RCX] = 1ull << 47;
        g_assert_cmpint(RAISED(f, seg_sysret(cpu, 8)), ==, amd ? -1 : EXCP_GP);
        g_assert_cmpuint(cpu->cpl, ==, amd ? 3 : 0);
        g_assert_cmphex(cpu->rip, ==, amd ? 1ull << 47 : 0x5000);
    }
}

static void test_sysenter_makers(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    fixture_use_model(f, AMDS);
    long_mode(f);
    set_call_msrs(f);
    EXPECT(EXCP_UD, 0, seg_sysexit(cpu, 8));
    to_ring3(f);
    EXPECT(EXCP_UD, 0, seg_sysenter(cpu));
    to_compatibility(f);
    EXPECT(EXCP_UD, 0, seg_sysenter(cpu));
    fixture_use_model(f, INTELS);
    seg_sysenter(cpu);
    g_assert_cmphex(cpu->rip, ==, 0x6c00);
    g_assert_true(cpu->mode & CPU_MODE_CS64);
    fixture_use_model(f, AMDS);
    cpu_reset(cpu);
    protected_mode(f);
    set_call_msrs(f);
    to_ring3(f);
    seg_sysenter(cpu);
    g_assert_cmphex(cpu->rip, ==, 0x6c00);
}

static void test_task(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    protected_mode(f);
    put_desc(f, G_TSS2, system_desc(TSS2, 0x67, 9));
    put32(f, TSS2 + 0x20, 0x6100);
    put32(f, TSS2 + 0x24, 2);
    put32(f, TSS2 + 0x38, 0xa000);
    for (unsigned i = 0; i < 6; i++) {
        put32(f, TSS2 + 0x48 + 4 * i, i == SEG_CS ? SEL(G_CODE) : SEL(G_DATA));
    }
    cpu->gpr[R_RBX] = 0x1234;
    seg_far_call(cpu, SEL(G_TSS2), 0, 4, 0x5007);
    g_assert_cmphex(cpu->rip, ==, 0x6100);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, 0xa000);
    g_assert_cmphex(cpu->tr.selector, ==, SEL(G_TSS2));
    g_assert_true(cpu->rflags & FLAG_NT);
    g_assert_true(cpu->cr0 & CR0_TS);
    g_assert_cmphex(get32(f, TSS2) & 0xffff, ==, SEL(G_TSS));
    seg_iret(cpu, 4, 0x6101);
    g_assert_cmphex(cpu->rip, ==, 0x5007);
    g_assert_cmphex(cpu->gpr[R_RBX], ==, 0x1234);
    g_assert_false(cpu->rflags & FLAG_NT);
    g_assert_cmphex(get32(f, TSS2 + 0x20), ==, 0x6101);
    EXPECT(EXCP_GP, SEL(G_TSS), seg_far_jump(cpu, SEL(G_TSS), 0, 4, 0)); /* busy */
}

static void test_inspect(Fixture *f, const void *unused)
{
    uint32_t result;

    protected_mode(f);
    g_assert_true(seg_lar(f->cpu, SEL(G_DATA), &result));
    g_assert_cmphex(result, ==, 0xcf9300);
    g_assert_true(seg_lsl(f->cpu, SEL(G_DATA), &result));
    g_assert_cmphex(result, ==, 0xffffffff);
    g_assert_false(seg_lsl(f->cpu, SEL(G_GATE), &result));
    g_assert_true(seg_lar(f->cpu, SEL(G_GATE), &result));
    g_assert_false(seg_lar(f->cpu, 0, &result));
    g_assert_true(seg_verify(f->cpu, SEL(G_READONLY), false));
    g_assert_false(seg_verify(f->cpu, SEL(G_READONLY), true));
    EXPECT(EXCP_GP, SEL(G_TSS), seg_ltr(f->cpu, SEL(G_TSS)));
}

static void test_io_map(Fixture *f, const void *unused)
{
    protected_mode(f);
    to_ring3(f);
    put32(f, TSS + 0x64, 0x68u << 16);
    EXPECT(EXCP_GP, 0, sys_check_io(f->cpu, 0x80, 1)); /* the map is beyond the limit */
    f->cpu->tr.limit = 0x67 + 0x20;
    put64(f, TSS + 0x68 + 0x10, ~1ull);
    sys_check_io(f->cpu, 0x80, 1);
    EXPECT(EXCP_GP, 0, sys_check_io(f->cpu, 0x80, 2));
    EXPECT(EXCP_GP, 0, sys_check_io(f->cpu, 0xffff, 4));
}

/* The last byte that a table's limit covers is the last one that a descriptor may have. */
static void test_table_limits(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;
    const uint16_t last = SEL(G_END - 1);

    protected_mode(f);
    put_desc(f, G_END - 1, DATA32);
    for (int beyond = -8; beyond <= 1; beyond++) {
        cpu->gdtr.limit = (uint16_t)(last + 7 + beyond);
        if (beyond >= 0) {
            seg_load(cpu, SEG_DS, last);
        } else {
            EXPECT(EXCP_GP, last, seg_load(cpu, SEG_DS, last));
        }
    }
    cpu->ldtr = (CpuSegment){.selector = 8, .base = GDT, .attr = SEG_ATTR_P | 0x200};
    for (int beyond = -8; beyond <= 1; beyond++) {
        cpu->ldtr.limit = (uint32_t)(last + 7 + beyond);
        if (beyond >= 0) {
            seg_load(cpu, SEG_DS, last | 4);
        } else {
            EXPECT(EXCP_GP, last | 4, seg_load(cpu, SEG_DS, last | 4));
        }
    }
}

/* A system descriptor of 16 bytes has to fit whole. */
static void test_long_table_limit(Fixture *f, const void *unused)
{
    const uint16_t last = SEL(G_END - 2);

    long_mode(f);
    for (int beyond = -9; beyond <= 1; beyond++) {
        put_desc(f, G_END - 2, system_desc(TSS, 0x67, 0x9));
        put_desc(f, G_END - 1, 0);
        f->cpu->gdtr.limit = (uint16_t)(last + 15 + beyond);
        if (beyond >= 0) {
            seg_ltr(f->cpu, last);
        } else {
            EXPECT(EXCP_GP, last, seg_ltr(f->cpu, last));
        }
    }
}

/* The stack of an inner level is read from the TSS as far as its limit goes. */
static void test_tss_limit(Fixture *f, const void *unused)
{
    protected_mode(f);
    to_ring3(f);
    put_desc(f, G_GATE, 0x0000ec0000080000ull | 0x5000);
    for (int beyond = -6; beyond <= 1; beyond++) {
        Cpu saved = *f->cpu;
        f->cpu->tr.limit = (uint32_t)(4 + 6 - 1 + beyond);
        if (beyond >= 0) {
            seg_far_call(f->cpu, SEL(G_GATE) | 3, 0, 4, 0x7007);
            g_assert_cmpuint(f->cpu->cpl, ==, 0);
        } else {
            EXPECT(EXCP_TS, SEL(G_TSS), seg_far_call(f->cpu, SEL(G_GATE) | 3, 0, 4, 0x7007));
        }
        *f->cpu = saved;
    }
}

#define ADD(name_, fn_) g_test_add("/segment/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("real", test_real);
    ADD("loads", test_loads);
    ADD("accessed", test_accessed);
    ADD("call-gate", test_call_gate);
    ADD("conforming", test_conforming);
    ADD("v86", test_v86);
    ADD("long", test_long);
    ADD("syscall", test_syscall);
    ADD("syscall-32", test_syscall_32);
    ADD("syscall-legacy", test_syscall_legacy);
    ADD("sysret-makers", test_sysret_makers);
    ADD("sysenter-makers", test_sysenter_makers);
    ADD("task", test_task);
    ADD("inspect", test_inspect);
    ADD("io-map", test_io_map);
    ADD("table-limits", test_table_limits);
    ADD("long-table-limit", test_long_table_limit);
    ADD("tss-limit", test_tss_limit);
    return g_test_run();
}
