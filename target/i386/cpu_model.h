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

/* What the host's CPUID says of the instructions that run on it; AVX only if its kernel keeps the
 * registers. */
typedef struct {
    uint32_t ecx1, ebx7, ecx7;
} HostFeatures;

struct CpuModel {
    char *name;
    const char *brand; /* leaves 80000002h to 80000004h */
    unsigned family, model, stepping;
    bool has[FEAT_COUNT];
    HostFeatures host;
    char *missing;
};

/* cpu_model_parse() for such a host. */
CpuModel *cpu_model_parse_for_host(const char *text, const HostFeatures *host, GError **error);

/* Edit distance, with '-', '_' and '.' alike. */
unsigned cpu_name_distance(const char *a, const char *b);

#endif
