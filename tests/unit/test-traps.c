/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions as the executor meets them: single steps and breakpoints in all their combinations
 * (SDM vol. 3, 6.8.3, 17.2, 17.3), and that none keeps it from coming back.
 */
#include "code-fixture.h"

#define TSS      0x3000u
#define IST1     0x90000u
#define UNMAPPED 0x40000000u

/* Every handler of 64-bit code starts with the same stack. */
static void use_ist(Fixture *f)
{
    put64(f, TSS + 0x24, IST1);
    f->cpu->tr = (CpuSegment){.selector = 0x28, .base = TSS, .limit = 0x67, .attr = 0x8b00};
}

/* The guest gets nowhere, but the executor comes back when its budget is spent. */
static void expect_return(Fixture *f)
{
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpint(cpu_run(f->cpu, 1000), ==, CPU_RAN);
    }
    g_assert_cmpuint(cpu_instructions(f->cpu), <=, 1);
    cpu_kick(f->cpu);
    g_assert_cmpint(cpu_run(f->cpu, 1000), ==, CPU_RAN);
}

static const uint8_t ud2[] = {0x0f, 0x0b};

static void test_unmapped_handler(Fixture *f, const void *unused)
{
    load(f, CODE, ud2, sizeof(ud2));
    use_ist(f);
    put_gate(f, EXCP_UD, UNMAPPED, 1);
    put_gate(f, EXCP_PF, UNMAPPED, 1);
    expect_return(f);
    g_assert_cmphex(f->cpu->cr2, ==, UNMAPPED);
}

static void test_faulting_handler(Fixture *f, const void *unused)
{
    load(f, CODE, ud2, sizeof(ud2));
    use_ist(f);
    put_gate(f, EXCP_UD, CODE, 1);
    expect_return(f);
}

/* A code breakpoint on the handler of breakpoints. */
static void test_breakpoint_on_handler(Fixture *f, const void *unused)
{
    load(f, CODE, ud2, sizeof(ud2));
    use_ist(f);
    put_gate(f, EXCP_DB, CODE, 1);
    f->cpu->dr[0] = CODE;
    f->cpu->dr[7] |= 2;
    expect_return(f);
}

/* A data breakpoint on the stack that the handler of breakpoints is entered with. */
static void test_watched_stack(Fixture *f, const void *unused)
{
    static const uint8_t int1[] = {0xf1};
    load(f, CODE, int1, sizeof(int1));
    use_ist(f);
    put_gate(f, EXCP_DB, CODE, 1);
    f->cpu->dr[0] = IST1 - 8;
    f->cpu->dr[7] |= 2 | 0x90000; /* 8 bytes, written */
    expect_return(f);
}

/* Real mode, where the stack wraps and never ends. */
static void load_real(Fixture *f, const void *bytes, size_t len)
{
    static const CpuBoot boot = {.mode = CPU_BOOT_REAL, .cs = 0x1000, .ds = 0x2000, .rsp = 0xfffe};
    load(f, 0x10000, bytes, len);
    f->cpu->cr0 = CR0_ET;
    f->cpu->cr4 = f->cpu->efer = 0;
    cpu_set_boot(f->cpu, &boot);
    for (unsigned vector = 0; vector < 32; vector++) {
        uint32_t entry = 0x10000000;
        as_write(f->memory, 4 * vector, &entry, 4);
    }
}

static void test_real_too_long(Fixture *f, const void *unused)
{
    uint8_t code[16];
    memset(code, 0x66, sizeof(code));
    load_real(f, code, sizeof(code));
    expect_return(f);
}

static void test_real_beyond_limit(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0x66, 0xea, 0, 0, 1, 0, 0, 0x10}; /* ljmpl $0x1000,$0x10000 */
    load_real(f, code, sizeof(code));
    expect_return(f);
}

#define DR6_NONE 0xffff0ff0u
#define DR6_BS   (1u << 14)
#define DR6_BD   (1u << 13)
#define DR7_GD   (1u << 13)

/* DR7 for breakpoint `n`: what (0 execution, 1 writes, 2 I/O, 3 accesses), of 1 << size bytes. */
static uint64_t armed(unsigned n, unsigned what, unsigned size)
{
    static const uint8_t length[] = {0, 1, 3, 2};
    return 2u << 2 * n | what << (16 + 4 * n) | (uint32_t)length[size] << (18 + 4 * n);
}

/* The CPU is in the handler of a vector without error code: what it was entered with. */
#define EXPECT_AT(f_, rip_, rf_)                                                                   \
    do {                                                                                           \
        g_assert_cmphex(frame(f_, 0), ==, rip_);                                                   \
        g_assert_cmphex(frame(f_, 2) & FLAG_RF, ==, (rf_) ? FLAG_RF : 0);                          \
    } while (0)

/* Goes on, to a #DB. The handler leaves DR6 clear. */
#define EXPECT_DB(f_, rip_, dr6_, rf_)                                                             \
    do {                                                                                           \
        g_assert_cmpint(run_on(f_), ==, EXCP_DB);                                                  \
        EXPECT_AT(f_, rip_, rf_);                                                                  \
        g_assert_cmphex((f_)->cpu->dr[6], ==, DR6_NONE | (dr6_));                                  \
        (f_)->cpu->dr[6] = DR6_NONE;                                                               \
    } while (0)

/* The handler returns to code that is not single-stepped any more, with its HLT ahead. */
static void expect_end(Fixture *f)
{
    put64(f, f->cpu->gpr[R_RSP] + 16, frame(f, 2) & ~(uint64_t)FLAG_TF);
    g_assert_cmpint(run_on(f), ==, -1);
}

static void load_stepped(Fixture *f, const void *bytes, size_t len)
{
    load(f, CODE, bytes, len);
    f->cpu->rflags |= FLAG_TF;
    cpu_update_mode(f->cpu);
}

/* One trap an iteration; all but the last are in the middle of the instruction. */
static void test_step_rep(Fixture *f, const void *unused)
{
    static const struct {
        uint8_t code[5];
        uint8_t iterations; /* with RCX 6, AL 0, and data that differ at the fourth byte */
    } cases[] = {
        {{0xf3, 0xa4, 0x90, 0xf4}, 6},       /* rep movsb */
        {{0xf3, 0xaa, 0x90, 0xf4}, 6},       /* rep stosb */
        {{0xf3, 0xac, 0x90, 0xf4}, 6},       /* rep lodsb */
        {{0xf3, 0xa6, 0x90, 0xf4}, 4},       /* repe cmpsb */
        {{0xf3, 0xae, 0x90, 0xf4}, 4},       /* repe scasb */
        {{0xf3, 0x6e, 0x90, 0xf4}, 6},       /* rep outsb */
        {{0xf3, 0x6c, 0x90, 0xf4}, 6},       /* rep insb */
        {{0x67, 0xf3, 0xa4, 0x90, 0xf4}, 6}, /* addr32 rep movsb */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        unsigned len = cases[i].code[0] == 0x67 ? 3 : 2;
        load_stepped(f, cases[i].code, sizeof(cases[i].code));
        memset(f->ram.host + DATA, 0, 64);
        f->ram.host[DATA + 16 + 3] = 1;
        f->cpu->gpr[R_RSI] = DATA;
        f->cpu->gpr[R_RDI] = DATA + 16;
        f->cpu->gpr[R_RCX] = 6;
        for (unsigned n = 1; n <= cases[i].iterations; n++) {
            bool last = n == cases[i].iterations;
            EXPECT_DB(f, CODE + (last ? len : 0), DR6_BS, !last);
            g_assert_cmpuint(f->cpu->gpr[R_RCX], ==, 6 - n);
        }
        expect_end(f);
    }
}

/* 32 bits of the registers count, and what is above is gone after an iteration. */
static void test_step_rep_truncates(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0x67, 0xf3, 0xa4, 0xf4}; /* addr32 rep movsb; hlt */
    const uint64_t high = 0xabcdef00000000;
    load_stepped(f, code, sizeof(code));
    f->cpu->gpr[R_RSI] = high | DATA;
    f->cpu->gpr[R_RDI] = high | (DATA + 16);
    f->cpu->gpr[R_RCX] = high | 2;
    EXPECT_DB(f, CODE, DR6_BS, true);
    g_assert_cmphex(f->cpu->gpr[R_RCX], ==, 1);
    g_assert_cmphex(f->cpu->gpr[R_RSI], ==, DATA + 1);
    g_assert_cmphex(f->cpu->gpr[R_RDI], ==, DATA + 17);
    EXPECT_DB(f, CODE + 3, DR6_BS, false);
    expect_end(f);
}

static void test_step_rep_faults(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0xf3, 0xaa, 0xf4}; /* rep stosb; hlt */
    load_stepped(f, code, sizeof(code));
    f->cpu->gpr[R_RDI] = RAM_SIZE - 2;
    f->cpu->gpr[R_RCX] = 4;
    EXPECT_DB(f, CODE, DR6_BS, true);
    EXPECT_DB(f, CODE, DR6_BS, true);
    g_assert_cmpint(run_on(f), ==, EXCP_PF);
    g_assert_cmphex(f->cpu->cr2, ==, RAM_SIZE);
    f->cpu->gpr[R_RSP] += 8; /* the error code */
    EXPECT_AT(f, CODE, true);
    g_assert_cmpuint(f->cpu->gpr[R_RCX], ==, 2);
    f->cpu->gpr[R_RDI] = DATA; /* the handler makes it good */
    EXPECT_DB(f, CODE, DR6_BS, true);
    EXPECT_DB(f, CODE + 2, DR6_BS, false);
    expect_end(f);
}

/* An interrupt in the middle; and the instruction that goes on is not one that is begun: a
 * breakpoint on it was told of. */
static void test_rep_interrupted(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0xf3, 0xac, 0xf4}; /* rep lodsb; hlt */
    load(f, CODE, code, sizeof(code));
    f->cpu->gpr[R_RSI] = DATA;
    f->cpu->gpr[R_RCX] = 100;
    f->cpu->dr[0] = CODE;
    f->cpu->dr[7] |= armed(0, 0, 0);
    EXPECT_DB(f, CODE, 1, false);
    put64(f, f->cpu->gpr[R_RSP] + 16, frame(f, 2) | FLAG_RF);
    f->cpu->halted = false;
    g_assert_cmpint(cpu_run(f->cpu, 20), ==, CPU_RAN);
    g_assert_cmpuint(f->cpu->gpr[R_RCX], <, 100);
    g_assert_cmpuint(f->cpu->gpr[R_RCX], >, 0);
    cpu_pins.nmi(f->cpu);
    g_assert_cmpint(run_on(f), ==, EXCP_NMI);
    EXPECT_AT(f, CODE, true);
    g_assert_cmpint(run_on(f), ==, -1);
    g_assert_cmpuint(f->cpu->gpr[R_RCX], ==, 0);
}

/* A watchpoint in the middle of REP, with the step. */
static void test_rep_watched(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0xf3, 0xaa, 0xf4}; /* rep stosb; hlt */
    load(f, CODE, code, sizeof(code));
    f->cpu->gpr[R_RDI] = DATA;
    f->cpu->gpr[R_RCX] = 64;
    f->cpu->dr[2] = DATA + 10;
    f->cpu->dr[7] |= armed(2, 1, 1);
    EXPECT_DB(f, CODE, 4, true);
    g_assert_cmpuint(f->cpu->gpr[R_RCX], ==, 64 - 11);
    EXPECT_DB(f, CODE, 4, true);
    g_assert_cmpuint(f->cpu->gpr[R_RCX], ==, 64 - 12);
    put64(f, f->cpu->gpr[R_RSP] + 16, frame(f, 2) | FLAG_TF);
    EXPECT_DB(f, CODE, DR6_BS, true);
    expect_end(f);
}

/* STI holds interrupts back but no step; and a step ends HLT. */
static void test_step_sti(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0xfb, 0xf4, 0x90, 0xf4}; /* sti; hlt; nop; hlt */
    load_stepped(f, code, sizeof(code));
    EXPECT_DB(f, CODE + 1, DR6_BS, false);
    EXPECT_DB(f, CODE + 2, DR6_BS, false);
    EXPECT_DB(f, CODE + 3, DR6_BS, false);
    expect_end(f);
}

/* mov %eax,%ss and what follows; RAX is a stack segment. */
static void load_mov_ss(Fixture *f, const void *bytes, size_t len, bool stepped)
{
    uint8_t code[32] = {0x8e, 0xd0};
    memcpy(code + 2, bytes, len);
    load(f, CODE, code, sizeof(code));
    f->cpu->gpr[R_RAX] = 16;
    if (stepped) {
        f->cpu->rflags |= FLAG_TF;
        cpu_update_mode(f->cpu);
    }
}
#define AFTER_MOV_SS (CODE + 2)

static void test_step_mov_ss(Fixture *f, const void *unused)
{
    static const uint8_t nop[] = {0x90, 0x90, 0xf4}, icebp[] = {0xf1, 0x90, 0xf4},
                         mov_dr[] = {0x0f, 0x21, 0xf3, 0xf4}; /* mov %dr6,%rbx */
    load_mov_ss(f, nop, sizeof(nop), true);
    EXPECT_DB(f, AFTER_MOV_SS + 1, DR6_BS, false);
    EXPECT_DB(f, AFTER_MOV_SS + 2, DR6_BS, false);
    expect_end(f);
    load_mov_ss(f, icebp, sizeof(icebp), true);
    EXPECT_DB(f, AFTER_MOV_SS + 1, 0, false);
    EXPECT_DB(f, AFTER_MOV_SS + 2, DR6_BS, false);
    expect_end(f);
    load_mov_ss(f, mov_dr, sizeof(mov_dr), true);
    f->cpu->dr[7] |= DR7_GD;
    EXPECT_DB(f, AFTER_MOV_SS, DR6_BD, true);
    g_assert_cmphex(f->cpu->dr[7] & DR7_GD, ==, 0);
    EXPECT_DB(f, AFTER_MOV_SS + 3, DR6_BS, false);
    expect_end(f);
}

static void test_mov_ss_code_breakpoint(Fixture *f, const void *unused)
{
    static const uint8_t nops[] = {0x90, 0x90, 0xf4};
    load_mov_ss(f, nops, sizeof(nops), false);
    f->cpu->dr[0] = AFTER_MOV_SS;
    f->cpu->dr[1] = AFTER_MOV_SS + 1;
    f->cpu->dr[7] |= armed(0, 0, 0) | armed(1, 0, 0);
    EXPECT_DB(f, AFTER_MOV_SS + 1, 2, false);
}

/* What MOV SS read is watched: the trap comes after the next instruction, wherever
 * that leads. Two #DBs where that is itself one by software, one where it is INT1. */
static void test_mov_ss_watched(Fixture *f, const void *unused)
{
    static const struct {
        uint8_t code[4];
        uint8_t len;
        int first; /* vector of the handler that the trap finds itself in, or -1 */
    } cases[] = {
        {{0x90, 0xf4}, 1, -1},         {{0xf1, 0xf4}, 1, -1},
        {{0xcc, 0xf4}, 1, EXCP_BP},    {{0xcd, 0x01, 0xf4}, 2, EXCP_DB},
        {{0xcd, 0x10, 0xf4}, 2, 0x10}, {{0x0f, 0x0b, 0xf4}, 0, EXCP_UD},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t code[8] = {0x8e, 0x13}; /* mov (%rbx),%ss */
        memcpy(code + 2, cases[i].code, sizeof(cases[i].code));
        load(f, CODE, code, sizeof(code));
        put64(f, DATA, 16);
        f->cpu->gpr[R_RBX] = DATA;
        f->cpu->dr[3] = DATA;
        f->cpu->dr[7] |= armed(3, 3, 1);
        if (cases[i].first < 0) {
            EXPECT_DB(f, AFTER_MOV_SS + 1, 8, false);
            g_assert_cmpint(run_on(f), ==, -1);
            continue;
        }
        unsigned first = (unsigned)cases[i].first;
        EXPECT_DB(f, HANDLERS + HANDLER_SIZE * first, 8, false);
        g_assert_cmpint(run_on(f), ==, cases[i].first);
        EXPECT_AT(f, AFTER_MOV_SS + cases[i].len, first == EXCP_UD);
    }
}

#define LSTAR (CODE + 0x100)
static void load_syscall(Fixture *f, uint64_t mask)
{
    static const uint8_t code[] = {0x0f, 0x05, 0x90, 0xf4};
    uint8_t target[] = {0x90, 0xf4};
    load_stepped(f, code, sizeof(code));
    as_write(f->memory, LSTAR, target, sizeof(target));
    f->cpu->efer |= EFER_SCE;
    f->cpu->lstar = LSTAR;
    f->cpu->sfmask = mask;
    f->cpu->star = 0x8ull << 32;
}

/* TF at the end of the instruction decides. */
static void test_step_syscall(Fixture *f, const void *unused)
{
    load_syscall(f, 0);
    EXPECT_DB(f, LSTAR, DR6_BS, false);
    EXPECT_DB(f, LSTAR + 1, DR6_BS, false);
    expect_end(f);
    load_syscall(f, FLAG_TF);
    g_assert_cmpint(run_on(f), ==, -1);
    g_assert_cmphex(f->cpu->rip, ==, LSTAR + 2);
    g_assert_cmphex(f->cpu->gpr[11] & FLAG_TF, ==, FLAG_TF);
}

static void test_step_sysret(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0x48, 0x0f, 0x07};
    load(f, CODE, code, sizeof(code));
    use_ist(f);
    put_gate(f, EXCP_DB, HANDLERS + HANDLER_SIZE * EXCP_DB, 1);
    f->cpu->efer |= EFER_SCE;
    f->cpu->gpr[R_RCX] = DATA;
    f->cpu->gpr[11] = FLAG_TF | FLAG_1;
    EXPECT_DB(f, DATA, DR6_BS, false);
    g_assert_cmphex(frame(f, 1) & 3, ==, 3);
}

static void test_step_sysenter(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0x0f, 0x34}, target[] = {0x90, 0xf4};
    load_stepped(f, code, sizeof(code));
    as_write(f->memory, LSTAR, target, sizeof(target));
    f->cpu->sysenter_cs = 8;
    f->cpu->sysenter_eip = LSTAR;
    f->cpu->sysenter_esp = STACK;
    EXPECT_DB(f, LSTAR, DR6_BS, false);
    EXPECT_DB(f, LSTAR + 1, DR6_BS, false);
    expect_end(f);
}

/* POPF that clears TF is stepped, one that sets it is not; INT n is not, what it comes back to is.
 */
static void test_step_flags(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0x9d, 0x90, 0x9d, 0x90, 0xf4}, /* popf; nop; popf; nop; hlt */
        int3[] = {0xcc, 0x90, 0xf4};
    load(f, CODE, code, sizeof(code));
    f->cpu->gpr[R_RSP] -= 16;
    put64(f, STACK - 16, FLAG_TF);
    put64(f, STACK - 8, 0);
    EXPECT_DB(f, CODE + 2, DR6_BS, false);
    EXPECT_DB(f, CODE + 3, DR6_BS, false);
    g_assert_cmphex(frame(f, 2) & FLAG_TF, ==, 0);
    g_assert_cmpint(run_on(f), ==, -1);
    load_stepped(f, int3, sizeof(int3));
    g_assert_cmpint(run_on(f), ==, EXCP_BP);
    g_assert_cmphex(frame(f, 2) & FLAG_TF, ==, FLAG_TF);
    EXPECT_DB(f, CODE + 2, DR6_BS, false);
    expect_end(f);
}

/* B0 to B3 are of this #DB, the others stay till software clears them. */
static void test_dr6(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0x90, 0x88, 0x03, 0xf4}; /* nop; mov %al,(%rbx); hlt */
    load(f, CODE, code, sizeof(code));
    f->cpu->gpr[R_RBX] = DATA;
    f->cpu->dr[0] = CODE;
    f->cpu->dr[1] = DATA;
    f->cpu->dr[6] = DR6_NONE | DR6_BS | DR6_BD | 0xe;
    f->cpu->dr[7] |= armed(0, 0, 0) | armed(1, 1, 2);
    EXPECT_DB(f, CODE, DR6_BS | DR6_BD | 1, false);
    f->cpu->dr[6] = DR6_NONE | 0xd;
    put64(f, f->cpu->gpr[R_RSP] + 16, frame(f, 2) | FLAG_RF | FLAG_TF);
    EXPECT_DB(f, CODE + 1, DR6_BS, false);
    EXPECT_DB(f, CODE + 3, DR6_BS | 2, false);
    expect_end(f);
}

/* An access of an instruction that faults later is not told of. */
static void test_watched_fault(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0xa4, 0xf4}; /* movsb; hlt */
    load(f, CODE, code, sizeof(code));
    f->cpu->gpr[R_RSI] = DATA;
    f->cpu->gpr[R_RDI] = RAM_SIZE;
    f->cpu->dr[0] = DATA;
    f->cpu->dr[7] |= armed(0, 3, 0);
    g_assert_cmpint(run_on(f), ==, EXCP_PF);
    g_assert_cmphex(f->cpu->dr[6], ==, DR6_NONE);
    g_assert_cmphex(f->cpu->pending, ==, 0);
}

static void test_io_breakpoint(Fixture *f, const void *unused)
{
    static const uint8_t code[] = {0xe6, 0x80, 0xe5, 0x7e, 0xf4}; /* out %al,$0x80; in $0x7e,%eax */
    for (unsigned de = 0; de < 2; de++) {
        load(f, CODE, code, sizeof(code));
        f->cpu->cr4 |= de ? CR4_DE : 0;
        f->cpu->dr[0] = 0x81;
        f->cpu->dr[7] |= armed(0, 2, 1);
        if (de) {
            EXPECT_DB(f, CODE + 2, 1, false);
            EXPECT_DB(f, CODE + 4, 1, false);
        }
        g_assert_cmpint(run_on(f), ==, -1);
    }
}

#define ADD(name_, fn_) g_test_add("/traps/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("return/unmapped-handler", test_unmapped_handler);
    ADD("return/faulting-handler", test_faulting_handler);
    ADD("return/breakpoint-on-handler", test_breakpoint_on_handler);
    ADD("return/watched-stack", test_watched_stack);
    ADD("return/real-too-long", test_real_too_long);
    ADD("return/real-beyond-limit", test_real_beyond_limit);
    ADD("step/rep", test_step_rep);
    ADD("step/rep-truncates", test_step_rep_truncates);
    ADD("step/rep-faults", test_step_rep_faults);
    ADD("step/sti", test_step_sti);
    ADD("step/mov-ss", test_step_mov_ss);
    ADD("step/syscall", test_step_syscall);
    ADD("step/sysret", test_step_sysret);
    ADD("step/sysenter", test_step_sysenter);
    ADD("step/flags", test_step_flags);
    ADD("rep/interrupted", test_rep_interrupted);
    ADD("rep/watched", test_rep_watched);
    ADD("mov-ss/code-breakpoint", test_mov_ss_code_breakpoint);
    ADD("mov-ss/watched", test_mov_ss_watched);
    ADD("dr6", test_dr6);
    ADD("watched-fault", test_watched_fault);
    ADD("io-breakpoint", test_io_breakpoint);
    return g_test_run();
}
