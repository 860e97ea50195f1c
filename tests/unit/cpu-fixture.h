/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU with RAM and nothing else, for tests of what is under the instructions. */
#ifndef TESTS_UNIT_CPU_FIXTURE_H
#define TESTS_UNIT_CPU_FIXTURE_H

#include <string.h>

#include "target/i386/cpuid.h"
#include "target/i386/excp.h"
#include "target/i386/flags.h"
#include "target/i386/mmu.h"
#include "target/i386/segment.h"
#include "target/i386/system_ops.h"

#define RAM_SIZE (16u << 20)

typedef struct {
    AddressSpace *memory, *ports;
    MemRegion ram;
    Clock *clock;
    CpuModel *model;
    Cpu *cpu;
} Fixture;

static inline void fixture_up(Fixture *f, const void *unused)
{
    g_autoptr(GError) error = NULL;
    CpuConfig config = {.cores = 2, .threads = 2, .total = 4, .apic_id = 1};

    memset(f, 0, sizeof(*f));
    f->memory = as_new("memory", 52);
    f->ports = as_new("io", 16);
    g_assert_true(ram_init(&f->ram, "ram", RAM_SIZE, &error));
    as_add(f->memory, &f->ram, 0);
    f->clock = clock_new(CLOCK_MANUAL);
    f->model = cpu_model_parse("max", &error);
    g_assert_no_error(error);
    config.model = f->model;
    config.memory = f->memory;
    config.ports = f->ports;
    config.clock = f->clock;
    f->cpu = cpu_new(&config);
}

/* Another model, in the state in which the CPU is. */
static inline void fixture_use_model(Fixture *f, const char *text)
{
    g_autoptr(GError) error = NULL;
    CpuModel *model = cpu_model_parse(text, &error);

    g_assert_no_error(error);
    cpu_model_free(f->model);
    f->cpu->cfg.model = f->model = model;
}

static inline void fixture_down(Fixture *f, const void *unused)
{
    cpu_free(f->cpu);
    cpu_model_free(f->model);
    clock_free(f->clock);
    as_remove(f->memory, &f->ram);
    ram_free(&f->ram);
    as_free(f->memory);
    as_free(f->ports);
}

static inline void put64(Fixture *f, uint64_t addr, uint64_t v)
{
    memcpy(f->ram.host + addr, &v, 8);
}

static inline void put32(Fixture *f, uint64_t addr, uint32_t v)
{
    memcpy(f->ram.host + addr, &v, 4);
}

static inline uint64_t get64(Fixture *f, uint64_t addr)
{
    uint64_t v;
    memcpy(&v, f->ram.host + addr, 8);
    return v;
}

static inline uint32_t get32(Fixture *f, uint64_t addr)
{
    return (uint32_t)get64(f, addr);
}

/* Runs `statement`; the vector it raised, or -1. */
#define RAISED(f_, statement_)                                                                     \
    ({                                                                                             \
        sigjmp_buf env_;                                                                           \
        int vector_ = -1;                                                                          \
        (f_)->cpu->unwind = &env_;                                                                 \
        if (sigsetjmp(env_, 0) == 0) {                                                             \
            statement_;                                                                            \
        } else {                                                                                   \
            vector_ = (f_)->cpu->excp.vector;                                                      \
        }                                                                                          \
        (f_)->cpu->unwind = NULL;                                                                  \
        vector_;                                                                                   \
    })

#endif
