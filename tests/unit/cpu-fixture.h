/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU with RAM and nothing else, for tests of what is under the instructions. */
#ifndef TESTS_UNIT_CPU_FIXTURE_H
#define TESTS_UNIT_CPU_FIXTURE_H

#include "cpu-board.h"
#include "target/i386/excp.h"
#include "target/i386/flags.h"
#include "target/i386/mmu.h"
#include "target/i386/segment.h"
#include "target/i386/system_ops.h"

static inline void fixture_up(Fixture *f, const void *unused)
{
    board_up(f);
    board_add_cpu(f, (CpuConfig){.cores = 2, .threads = 2, .total = 4, .apic_id = 1});
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

static inline void put32(Fixture *f, uint64_t addr, uint32_t v)
{
    memcpy(f->ram.host + addr, &v, 4);
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

/* An access of a byte, or a fetch; the vector that it raised, or -1. */
static inline int touch(Fixture *f, uint64_t addr, MmuAccess access)
{
    uint8_t *host;
    switch (access) {
    case MMU_READ:
        return RAISED(f, mmu_load8(f->cpu, addr));
    case MMU_WRITE:
        return RAISED(f, mmu_store8(f->cpu, addr, 1));
    default:
        return RAISED(f, mmu_translate_code(f->cpu, addr, &host));
    }
}

#endif
