/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual-8086 mode, its extensions (CR4.VME) and protected-mode virtual interrupts (CR4.PVI): SDM
 * vol. 3, 20.2 to 20.4. A program runs up to HLT, which is the monitor's: #GP.
 */
#include "code-fixture.h"

#include "target/i386/segment.h"

#define TSS        0x3000u
#define TSS_MAP    0x88u /* of ports; the map of interrupts is 32 bytes before */
#define MONITOR_SP 0x90000u
#define PROGRAM    0x10000u /* CS 1000h */
#define PROGRAM_CS 0x1000u
#define PROGRAM_SS 0x2000u
#define PROGRAM_SP 0x100u
#define OWN_CS     0x3000u /* of the program's handlers */
#define IOPL(n)    ((uint32_t)(n) << 12)

static void load_monitor(Fixture *f)
{
    static const CpuBoot boot = {.mode = CPU_BOOT_PROT32,
                                 .cs = 8,
                                 .ds = 16,
                                 .rsp = MONITOR_SP,
                                 .gdt_base = GDT,
                                 .gdt_limit = 63};
    cpu_reset(f->cpu);
    cpu_set_boot(f->cpu, &boot);
    put64(f, GDT + 8, 0x00cf9b000000ffffull);
    put64(f, GDT + 16, 0x00cf93000000ffffull);
    put64(f, GDT + 24, 0x00cffb000000ffffull);
    put64(f, GDT + 32, 0x00cff3000000ffffull);
    for (unsigned i = 0; i < 32; i++) {
        put64(f, IDT + 8 * i,
              (HANDLERS + HANDLER_SIZE * i) | 0x8ull << 16 | (uint64_t)0xee00 << 32);
    }
    f->cpu->idtr = (CpuTable){.base = IDT, .limit = 0xff};
    memset(f->ram.host + TSS, 0, 0x200);
    put64(f, TSS + 4, MONITOR_SP | 16ull << 32);
    put64(f, TSS + 0x66, TSS_MAP);
    memset(f->ram.host + TSS + TSS_MAP - 32, 0xff, 32);
    f->cpu->tr = (CpuSegment){
        .selector = 0x28, .base = TSS, .limit = TSS_MAP + 0x20, .attr = SEG_ATTR_P | 0xb00};
}

/* One vector to the program's own handler, OWN_CS:`vector`. */
static void redirect(Fixture *f, unsigned vector)
{
    uint32_t entry = OWN_CS << 16 | vector;
    f->ram.host[TSS + TSS_MAP - 32 + vector / 8] &= (uint8_t) ~(1u << (vector & 7));
    as_write(f->memory, 4 * vector, &entry, 4);
    f->ram.host[OWN_CS * 16 + vector] = 0xf4;
}

static int run_v86(Fixture *f, const void *code, size_t len, uint32_t cr4, uint32_t flags)
{
    load_monitor(f);
    as_write(f->memory, PROGRAM, code, len);
    redirect(f, 0x21);
    Cpu *cpu = f->cpu;
    cpu->cr4 = cr4;
    cpu->rflags = FLAG_1 | FLAG_VM | flags;
    cpu->cpl = 3;
    seg_load(cpu, SEG_CS, PROGRAM_CS);
    for (int seg = 0; seg < SEG_COUNT; seg++) {
        if (seg != SEG_CS) {
            seg_load(cpu, seg, PROGRAM_SS);
        }
    }
    cpu->rip = 0;
    cpu->gpr[R_RSP] = PROGRAM_SP;
    cpu_update_mode(cpu);
    return run_on(f);
}

/* The frame of a fault with an error code, from the monitor's stack. */
static uint32_t word(Fixture *f, unsigned n)
{
    return (uint32_t)get64(f, f->cpu->gpr[R_RSP] + 4 * n);
}
#define FAULT_IP(f_)    word(f_, 1)
#define FAULT_CS(f_)    word(f_, 2)
#define FAULT_FLAGS(f_) word(f_, 3)
#define FAULT_SP(f_)    word(f_, 4)

/* On the program's stack, from its top as the fault found it. */
static uint16_t pushed(Fixture *f, unsigned n)
{
    return (uint16_t)get64(f, PROGRAM_SS * 16 + FAULT_SP(f) + 2 * n);
}

/* Ended at `offset` of the program, with #GP(0): by its HLT, or because it may not go on. */
#define EXPECT_AT(f_, vector_, offset_)                                                            \
    do {                                                                                           \
        g_assert_cmpint(vector_, ==, EXCP_GP);                                                     \
        g_assert_cmphex(word(f_, 0), ==, 0);                                                       \
        g_assert_cmphex(FAULT_IP(f_), ==, offset_);                                                \
    } while (0)

static const uint8_t cli[] = {0xfa, 0xf4}, sti[] = {0xfb, 0xf4}, pushf[] = {0x9c, 0xf4},
                     pushfd[] = {0x66, 0x9c, 0xf4};

static void test_cli_sti(Fixture *f, const void *unused)
{
    static const struct {
        const uint8_t *code;
        uint32_t cr4, before;
        bool done;
        uint32_t after; /* IF, VIF and VIP */
    } cases[] = {
        {cli, 0, IOPL(3) | FLAG_IF, true, 0},
        {cli, 0, IOPL(2) | FLAG_IF, false, FLAG_IF},
        {cli, CR4_VME, IOPL(3) | FLAG_IF | FLAG_VIF, true, FLAG_VIF},
        {cli, CR4_VME, FLAG_IF | FLAG_VIF, true, FLAG_IF},
        {cli, CR4_VME, FLAG_IF | FLAG_VIF | FLAG_VIP, true, FLAG_IF | FLAG_VIP},
        {cli, CR4_PVI, FLAG_IF | FLAG_VIF, false, FLAG_IF | FLAG_VIF},
        {sti, 0, IOPL(3), true, FLAG_IF},
        {sti, 0, IOPL(0), false, 0},
        {sti, CR4_VME, IOPL(3), true, FLAG_IF},
        {sti, CR4_VME, IOPL(1), true, FLAG_VIF},
        {sti, CR4_VME, IOPL(3) | FLAG_VIP, true, FLAG_IF | FLAG_VIP},
        {sti, CR4_VME, FLAG_VIP, false, FLAG_VIP},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        int vector = run_v86(f, cases[i].code, 2, cases[i].cr4, cases[i].before);
        EXPECT_AT(f, vector, cases[i].done ? 1u : 0);
        g_assert_cmphex(FAULT_FLAGS(f) & (FLAG_IF | FLAG_VIF | FLAG_VIP), ==, cases[i].after);
    }
}

static void test_pushf(Fixture *f, const void *unused)
{
    EXPECT_AT(f, run_v86(f, pushf, sizeof(pushf), 0, IOPL(3) | FLAG_IF), 1u);
    g_assert_cmphex(pushed(f, 0), ==, IOPL(3) | FLAG_IF | FLAG_1);
    EXPECT_AT(f, run_v86(f, pushf, sizeof(pushf), 0, IOPL(2) | FLAG_IF), 0u);
    EXPECT_AT(f, run_v86(f, pushf, sizeof(pushf), CR4_VME, IOPL(1) | FLAG_IF), 1u);
    g_assert_cmphex(pushed(f, 0), ==, IOPL(3) | FLAG_1);
    EXPECT_AT(f, run_v86(f, pushf, sizeof(pushf), CR4_VME, FLAG_VIF | FLAG_DF), 1u);
    g_assert_cmphex(pushed(f, 0), ==, IOPL(3) | FLAG_IF | FLAG_DF | FLAG_1);
    EXPECT_AT(f, run_v86(f, pushfd, sizeof(pushfd), CR4_VME, IOPL(1)), 0u);
    EXPECT_AT(f, run_v86(f, pushfd, sizeof(pushfd), CR4_VME, IOPL(3)), 2u);
}

/* push $FLAGS; popf; hlt, and the same with IRET. */
static void test_popf_iret(Fixture *f, const void *unused)
{
    static const struct {
        uint32_t cr4, before, value;
        bool done;
        uint32_t after;
    } cases[] = {
        {0, IOPL(3), FLAG_IF | FLAG_DF, true, IOPL(3) | FLAG_IF | FLAG_DF},
        {0, IOPL(2), FLAG_DF, false, IOPL(2)},
        {CR4_VME, IOPL(3), FLAG_IF, true, IOPL(3) | FLAG_IF},
        {CR4_VME, IOPL(1) | FLAG_IF, FLAG_CF | IOPL(3), true, IOPL(1) | FLAG_IF | FLAG_CF},
        {CR4_VME, IOPL(1), FLAG_IF | FLAG_NT, true, IOPL(1) | FLAG_VIF | FLAG_NT},
        {CR4_VME, FLAG_IF | FLAG_VIF, 0, true, FLAG_IF},
        {CR4_VME, FLAG_VIP, FLAG_CF, true, FLAG_VIP | FLAG_CF},
        {CR4_VME, FLAG_VIP, FLAG_IF | FLAG_CF, false, FLAG_VIP},
        {CR4_VME, IOPL(3) | FLAG_VIP, FLAG_IF, true, IOPL(3) | FLAG_VIP | FLAG_IF},
        {CR4_VME, 0, FLAG_TF, false, 0},
    };
    const uint32_t compared =
        FLAG_IOPL | FLAG_IF | FLAG_VIF | FLAG_VIP | FLAG_CF | FLAG_DF | FLAG_NT | FLAG_TF;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t low = (uint8_t)cases[i].value, high = (uint8_t)(cases[i].value >> 8);
        const uint8_t popf[] = {0x68, low, high, 0x9d, 0xf4};
        const uint8_t iret[] = {0x68, low, high, 0x0e, 0x6a, 7, 0xcf, 0xf4};
        int vector = run_v86(f, popf, sizeof(popf), cases[i].cr4, cases[i].before);
        EXPECT_AT(f, vector, cases[i].done ? 4u : 3u);
        g_assert_cmphex(FAULT_FLAGS(f) & compared, ==, cases[i].after);
        g_assert_cmphex(FAULT_SP(f), ==, PROGRAM_SP - (cases[i].done ? 0 : 2));
        vector = run_v86(f, iret, sizeof(iret), cases[i].cr4, cases[i].before);
        EXPECT_AT(f, vector, cases[i].done ? 7u : 6u);
        g_assert_cmphex(FAULT_FLAGS(f) & compared, ==, cases[i].after);
        g_assert_cmphex(FAULT_SP(f), ==, PROGRAM_SP - (cases[i].done ? 0 : 6));
    }
    /* With 32-bit operands there is no VIF. */
    const uint8_t popfd[] = {0x66, 0x9d, 0xf4}, iretd[] = {0x66, 0xcf, 0xf4};
    EXPECT_AT(f, run_v86(f, popfd, sizeof(popfd), CR4_VME, IOPL(2)), 0u);
    EXPECT_AT(f, run_v86(f, iretd, sizeof(iretd), CR4_VME, IOPL(2)), 0u);
}

/* INT n: to the monitor's gate, to the program's handler, or #GP (SDM table 20-2). */
static void test_int(Fixture *f, const void *unused)
{
    static const uint8_t int21[] = {0xcd, 0x21, 0xf4}, int10[] = {0xcd, 0x10, 0xf4},
                         int3_long[] = {0xcd, 3, 0xf4}, int3[] = {0xcc, 0xf4};
    /* Method 2. */
    EXPECT_AT(f, run_v86(f, int10, sizeof(int10), 0, IOPL(2)), 0u);
    /* Methods 1 and 4. */
    for (unsigned vme = 0; vme < 2; vme++) {
        int vector = run_v86(f, int10, sizeof(int10), vme ? CR4_VME : 0, IOPL(3));
        g_assert_cmpint(vector, ==, 0x10);
        g_assert_cmphex(word(f, 0), ==, 2);
    }
    /* Method 3. */
    EXPECT_AT(f, run_v86(f, int10, sizeof(int10), CR4_VME, IOPL(2)), 0u);
    /* Method 5: the handler's HLT is the program's. */
    EXPECT_AT(f, run_v86(f, int21, sizeof(int21), CR4_VME, IOPL(3) | FLAG_IF | FLAG_VIF), 0x21u);
    g_assert_cmphex(FAULT_CS(f), ==, OWN_CS);
    g_assert_cmphex(FAULT_FLAGS(f) & (FLAG_IF | FLAG_VIF | FLAG_VM), ==, FLAG_VIF | FLAG_VM);
    g_assert_cmphex(pushed(f, 0), ==, 2);
    g_assert_cmphex(pushed(f, 1), ==, PROGRAM_CS);
    g_assert_cmphex(pushed(f, 2), ==, IOPL(3) | FLAG_IF | FLAG_1);
    /* Method 6. */
    for (unsigned vif = 0; vif < 2; vif++) {
        uint32_t flags = IOPL(1) | (vif ? FLAG_VIF : FLAG_IF);
        EXPECT_AT(f, run_v86(f, int21, sizeof(int21), CR4_VME, flags), 0x21u);
        g_assert_cmphex(FAULT_FLAGS(f) & (FLAG_IF | FLAG_VIF), ==, flags & FLAG_IF);
        g_assert_cmphex(pushed(f, 2), ==, IOPL(3) | FLAG_1 | (vif ? FLAG_IF : 0));
    }
    /* INT3 of one byte is always the monitor's, that of two is INT n. */
    g_assert_cmpint(run_v86(f, int3, sizeof(int3), CR4_VME, IOPL(0)), ==, EXCP_BP);
    EXPECT_AT(f, run_v86(f, int3_long, sizeof(int3_long), 0, IOPL(0)), 0u);
}

/* The map has to lie in the TSS. */
static void test_map_limit(Fixture *f, const void *unused)
{
    static const uint8_t int21[] = {0xcd, 0x21, 0xf4};
    for (int beyond = -1; beyond <= 1; beyond++) {
        run_v86(f, int21, 1, CR4_VME, IOPL(3)); /* to set up */
        as_write(f->memory, PROGRAM, int21, sizeof(int21));
        f->cpu->tr.limit = (uint32_t)(TSS_MAP - 32 + 0x21 / 8 + beyond);
        f->cpu->rflags = FLAG_1 | FLAG_VM | IOPL(3);
        f->cpu->cpl = 3;
        for (int seg = 0; seg < SEG_COUNT; seg++) {
            seg_load(f->cpu, seg, seg == SEG_CS ? PROGRAM_CS : PROGRAM_SS);
        }
        f->cpu->rip = 0;
        f->cpu->gpr[R_RSP] = PROGRAM_SP;
        cpu_update_mode(f->cpu);
        EXPECT_AT(f, run_on(f), beyond < 0 ? 0u : 0x21u);
    }
}

/* CLI and STI at CPL 3 in protected mode; PUSHF tells the true IF. */
static void test_pvi(Fixture *f, const void *unused)
{
    static const struct {
        const uint8_t *code;
        uint32_t cr4, before;
        bool done;
        uint32_t after;
    } cases[] = {
        {cli, 0, FLAG_IF | FLAG_VIF, false, FLAG_IF | FLAG_VIF},
        {cli, CR4_VME, FLAG_IF | FLAG_VIF, false, FLAG_IF | FLAG_VIF},
        {cli, CR4_PVI, FLAG_IF | FLAG_VIF, true, FLAG_IF},
        {cli, CR4_PVI, IOPL(3) | FLAG_IF | FLAG_VIF, true, FLAG_VIF},
        {sti, CR4_PVI, IOPL(2), true, FLAG_VIF},
        {sti, CR4_PVI, FLAG_VIP, false, FLAG_VIP},
        {sti, CR4_PVI, IOPL(3), true, FLAG_IF},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        load_monitor(f);
        as_write(f->memory, PROGRAM, cases[i].code, 2);
        Cpu *cpu = f->cpu;
        cpu->cpl = 3;
        seg_set(cpu, SEG_CS, 0x1b, 0, UINT32_MAX, 0xcffb00);
        seg_set(cpu, SEG_SS, 0x23, 0, UINT32_MAX, 0xcff300);
        cpu->cr4 = cases[i].cr4;
        cpu->rflags = FLAG_1 | cases[i].before;
        cpu->rip = PROGRAM;
        cpu_update_mode(cpu);
        EXPECT_AT(f, run_on(f), PROGRAM + (cases[i].done ? 1u : 0));
        g_assert_cmphex(FAULT_FLAGS(f) & (FLAG_IF | FLAG_VIF | FLAG_VIP), ==, cases[i].after);
    }
}

/* POP SS holds what it read in sight of a breakpoint, as MOV SS does: 16-bit code has it. */
static void test_pop_ss_watched(Fixture *f, const void *unused)
{
    /* push %ss; pop %ss; int3 */
    static const uint8_t code[] = {0x16, 0x17, 0xcc, 0xf4};
    load_monitor(f);
    as_write(f->memory, PROGRAM, code, sizeof(code));
    f->cpu->rip = PROGRAM;
    f->cpu->dr[0] = MONITOR_SP - 4;
    f->cpu->dr[7] |= 2 | 0xf0000;            /* 4 bytes, any access */
    g_assert_cmpint(run_on(f), ==, EXCP_DB); /* of PUSH */
    g_assert_cmphex(word(f, 0), ==, PROGRAM + 1);
    f->cpu->rip = PROGRAM + 1;
    f->cpu->gpr[R_RSP] = MONITOR_SP - 4;
    g_assert_cmpint(run_on(f), ==, EXCP_DB);
    g_assert_cmphex(word(f, 0), ==, HANDLERS + HANDLER_SIZE * EXCP_BP);
    g_assert_cmphex(word(f, 3), ==, PROGRAM + 3);
}

#define ADD(name_, fn_) g_test_add("/v86/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("cli-sti", test_cli_sti);
    ADD("pushf", test_pushf);
    ADD("popf-iret", test_popf_iret);
    ADD("int", test_int);
    ADD("map-limit", test_map_limit);
    ADD("pvi", test_pvi);
    ADD("pop-ss-watched", test_pop_ss_watched);
    return g_test_run();
}
