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

typedef struct {
    const char *name, *desc, *vendor, *brand;
    uint8_t level, family, model, stepping;
    const char *plus, *minus; /* features beside the level's, "a,b", or NULL */
} CpuModelRow;

/* NULL after the last. */
const CpuModelRow *cpu_model_row(unsigned n);
/* NULL if there is none, and *nearest is the closest name. */
const CpuModelRow *cpu_model_find(const char *name, const char **nearest);

/* Leaves of CPUID. */
#define LEAF_MAX_INTEL     0x16u
#define LEAF_MAX_AMD       0xdu
#define LEAF_EXT_MAX_INTEL 0x80000008u
#define LEAF_EXT_MAX_AMD   0x8000001eu

#define VENDOR_LENGTH 12
#define BRAND_SIZE    48

struct CpuModel {
    char *name;
    char vendor[VENDOR_LENGTH + 1];
    char brand[BRAND_SIZE]; /* leaves 80000002h to 80000004h */
    bool amd;               /* where makers differ, it does as the APM has it */
    unsigned family, model, stepping, phys_bits;
    uint32_t leaf_max, leaf_ext_max;
    int64_t apic_id; /* -1: as the board numbers them */
    bool has[FEAT_COUNT];
    HostFeatures host;
    HvFeatures hyperv;
    /* CpuFeatureRow, not to be had: asked for, and of the model's own. */
    GPtrArray *missing, *lacking;
};

/* cpu_model_parse() for such a host. */
CpuModel *cpu_model_parse_for_host(const char *text, const HostFeatures *host, GError **error);
HostFeatures cpu_host_features(void);
/* "name=value" if `name` is a property and no feature. *error is set for a bad value. cpu_props.c.
 */
typedef enum { CPU_PROPERTY_NONE, CPU_PROPERTY_SET, CPU_PROPERTY_BAD } CpuPropertyResult;
CpuPropertyResult cpu_model_set_property(CpuModel *model, const char *name, const char *value,
                                         GError **error);
/* The same of one item, with "+" or "-" before it, or "=" behind: "hv-..." of Hyper-V. In
 * cpu_hyperv.c. */
CpuPropertyResult cpu_model_set_hyperv(CpuModel *model, const char *item, GError **error);
/* "on", "off" and their like. */
bool cpu_parse_switch(const char *name, const char *value, bool *on, GError **error);
bool cpu_parse_number(const char *name, const char *value, uint64_t min, uint64_t max,
                      uint64_t *number, GError **error);
void cpu_model_set_vendor(CpuModel *model, const char *vendor);

/* Edit distance, with '-', '_' and '.' alike. */
unsigned cpu_name_distance(const char *a, const char *b);

#endif
