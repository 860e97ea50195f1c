/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions as the executor meets them: that none of them keeps it from coming back.
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
    return g_test_run();
}
