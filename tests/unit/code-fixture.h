/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU that executes code: 64-bit mode at CPL 0 over an identity map of 2 MiB pages. Each vector
 * has a handler of its own that is HLT and IRETQ, with the frame left on the stack.
 *
 * With SWITCHYARD_TEST_HOT in the environment the translator is on.
 */
#ifndef TESTS_UNIT_CODE_FIXTURE_H
#define TESTS_UNIT_CODE_FIXTURE_H

#include "cpu-board.h"
#include "target/i386/flags.h"

#define GDT          0x1000u
#define IDT          0x2000u
#define TABLES       0x4000u /* PML4, PDPT, PD */
#define HANDLERS     0x8000u
#define HANDLER_SIZE 16u
#define CODE         0x10000u
#define DATA         0x300000u
#define STACK        0x80000u

/* An interrupt gate to any address, with a stack of the TSS if `ist` is not 0. */
static inline void put_gate(Fixture *f, unsigned vector, uint64_t handler, unsigned ist)
{
    put64(f, IDT + 16 * vector,
          (handler & 0xffff) | 0x8ull << 16 | (uint64_t)ist << 32 | 0x8e00ull << 32 |
              (handler >> 16 & 0xffff) << 48);
    put64(f, IDT + 16 * vector + 8, handler >> 32);
}

static inline void put_handler(Fixture *f, unsigned vector)
{
    static const uint8_t code[] = {0xf4, 0x48, 0xcf}; /* hlt; iretq */
    uint64_t at = HANDLERS + HANDLER_SIZE * vector;
    memcpy(f->ram.host + at, code, sizeof(code));
    put_gate(f, vector, at, 0);
}

static inline void fixture_up(Fixture *f, const void *unused)
{
    board_up(f);
    f->code = code_cache_new(f->memory);
    const char *hot = g_getenv("SWITCHYARD_TEST_HOT");
    if (hot) {
        g_assert_true(code_cache_set_hot(f->code, (uint32_t)g_ascii_strtoull(hot, NULL, 10)));
    }
    board_add_cpu(f, (CpuConfig){.cores = 1, .threads = 1, .total = 1});
    put64(f, GDT + 8, 0x00af9b000000ffffull);
    put64(f, GDT + 16, 0x00cf93000000ffffull);
    put64(f, TABLES, (TABLES + 0x1000) | 3);
    put64(f, TABLES + 0x1000, (TABLES + 0x2000) | 3);
    for (unsigned i = 0; i < RAM_SIZE >> 21; i++) {
        put64(f, TABLES + 0x2000 + 8 * i, (uint64_t)i << 21 | 0x83);
    }
    for (unsigned i = 0; i < 32; i++) {
        put_handler(f, i);
    }
}

/* Places code and makes the CPU start there. */
static inline void load(Fixture *f, uint64_t addr, const void *bytes, size_t len)
{
    as_write(f->memory, addr, bytes, len);
    cpu_reset(f->cpu);
    CpuBoot boot = {.mode = CPU_BOOT_LONG64,
                    .rip = addr,
                    .rsp = STACK,
                    .cs = 8,
                    .ds = 16,
                    .cr3 = TABLES,
                    .gdt_base = GDT,
                    .gdt_limit = 23};
    memset(f->cpu->gpr, 0, sizeof(f->cpu->gpr));
    cpu_set_boot(f->cpu, &boot);
    f->cpu->idtr = (CpuTable){.base = IDT, .limit = 0xfff};
}

/* Goes on to the next HLT: the vector whose handler it is in, or -1. */
static inline int run_on(Fixture *f)
{
    f->cpu->halted = false;
    g_assert_cmpint(cpu_run(f->cpu, 100000), ==, CPU_HALTED);
    uint64_t at = f->cpu->rip - 1 - HANDLERS;
    return at < 32 * HANDLER_SIZE && at % HANDLER_SIZE == 0 ? (int)(at / HANDLER_SIZE) : -1;
}

static inline int run(Fixture *f, const void *bytes, size_t len)
{
    load(f, CODE, bytes, len);
    return run_on(f);
}

/* The frame that a fault left: `words` up from the stack pointer. */
static inline uint64_t frame(Fixture *f, unsigned word)
{
    return get64(f, f->cpu->gpr[R_RSP] + 8 * word);
}

#endif
