/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A CPU model's inside: cpu_model.c fills it in, cpuid.c shows it. */
#ifndef TARGET_I386_CPU_MODEL_H
#define TARGET_I386_CPU_MODEL_H

#include "target/i386/cpuid.h"

/* Generations, each with all that the ones before it have. */
enum {
    LEVEL_BASE,
    LEVEL_QEMU64,
    LEVEL_NEHALEM,
    LEVEL_WESTMERE,
    LEVEL_SANDYBRIDGE,
    LEVEL_HASWELL,
    LEVEL_SKYLAKE,
    LEVEL_ICELAKE,
    LEVEL_MAX,
    LEVEL_NEVER,
};

struct CpuModel {
    char *name;
    const char *brand; /* leaves 80000002h to 80000004h */
    unsigned family, model, stepping;
    bool has[FEAT_COUNT];
    uint32_t host_ecx; /* CPUID leaf 1 of the host */
    char *missing;
};

/* cpu_model_parse() for a host whose CPUID leaf 1 has this ECX. */
CpuModel *cpu_model_parse_for_host(const char *text, uint32_t host_ecx, GError **error);

/* Edit distance, with '-', '_' and '.' alike. */
unsigned cpu_name_distance(const char *a, const char *b);

#endif
