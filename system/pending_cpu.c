/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weak definitions of what the program refers to and is not linked in yet, so that it can be run
 * and tested before the CPU and the remapping unit are there. A real definition takes the place of
 * each of these.
 */
#include "system/accel.h"
#include "system/optlist.h"
#include "target/i386/cpu.h"

#define WEAK __attribute__((weak))

WEAK CpuModel *cpu_model_parse(const char *text, GError **error)
{
    g_set_error(error, OPT_ERROR, 0, "there are no CPUs in this build");
    return NULL;
}

WEAK void cpu_model_free(CpuModel *model)
{
}

WEAK void cpu_model_help(GString *out)
{
}

WEAK bool cpu_has_work(const Cpu *cpu)
{
    return false;
}

WEAK uint64_t cpu_instructions(const Cpu *cpu)
{
    return 0;
}

WEAK void cpu_describe(const Cpu *cpu, GString *out)
{
}

WEAK void cpu_reset(Cpu *cpu)
{
}

static bool no_tcg(GError **error)
{
    g_set_error(error, OPT_ERROR, 0, "there are no CPUs in this build; use qtest");
    return false;
}

WEAK const AccelOps tcg_accel = {.name = "tcg", .has_cpus = true, .available = no_tcg};
