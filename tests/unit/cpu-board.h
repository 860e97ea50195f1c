/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fixtures of a vCPU without a machine have in common: RAM, a clock and a model. */
#ifndef TESTS_UNIT_CPU_BOARD_H
#define TESTS_UNIT_CPU_BOARD_H

#include <string.h>

#include "target/i386/cpu_state.h"
#include "target/i386/cpuid.h"

#define RAM_SIZE (16u << 20)

typedef struct {
    AddressSpace *memory, *ports;
    MemRegion ram;
    Clock *clock;
    CpuModel *model;
    CodeCache *code; /* NULL where nothing is executed */
    Cpu *cpu;
} Fixture;

/* All but the vCPU. */
static inline void board_up(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    memset(f, 0, sizeof(*f));
    f->memory = as_new("memory", 52);
    f->ports = as_new("io", 16);
    g_assert_true(ram_init(&f->ram, "ram", RAM_SIZE, &error));
    as_add(f->memory, &f->ram, 0);
    f->clock = clock_new(CLOCK_MANUAL);
    f->model = cpu_model_parse("max", &error);
    g_assert_no_error(error);
}

/* The vCPU on it: `config` has its place among others. */
static inline void board_add_cpu(Fixture *f, CpuConfig config)
{
    config.model = f->model;
    config.memory = f->memory;
    config.ports = f->ports;
    config.clock = f->clock;
    config.code = f->code;
    f->cpu = cpu_new(&config);
}

static inline void fixture_down(Fixture *f, const void *unused)
{
    cpu_free(f->cpu);
    code_cache_free(f->code);
    cpu_model_free(f->model);
    clock_free(f->clock);
    as_remove(f->memory, &f->ram);
    ram_free(&f->ram);
    as_free(f->memory);
    as_free(f->ports);
}

static inline void put64(Fixture *f, uint64_t addr, uint64_t v)
{
    memcpy(f->ram.host + addr, &v, sizeof(v));
}

static inline uint64_t get64(Fixture *f, uint64_t addr)
{
    uint64_t v;
    memcpy(&v, f->ram.host + addr, sizeof(v));
    return v;
}

#endif
