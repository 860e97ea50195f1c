/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU features, a row each: QEMU's name, where CPUID shows it (Intel SDM vol. 2, CPUID), whether
 * this CPU can do it, and the least model that has it.
 *
 * A row without `available` is known by name, so that "-avx" is no error and "+avx" says what is
 * missing; CPUID never shows it.
 */
#include <string.h>

#include "target/i386/cpu_model.h"
#include "target/i386/cpuid.h"

#define ROW(id_, name_, alias_, leaf_, sub_, reg_, bit_, available_, level_)                       \
    [FEAT_##id_] = {name_, alias_, leaf_, sub_, CPUID_##reg_, bit_, available_, level_}
#define EXT 0x80000001u

/* clang-format off */
const CpuFeatureRow cpu_feature_rows[FEAT_COUNT] = {
    ROW(FPU,               "fpu",               NULL,       1, 0, EDX,  0, true,  LEVEL_BASE),
    ROW(VME,               "vme",               NULL,       1, 0, EDX,  1, true,  LEVEL_BASE),
    ROW(DE,                "de",                NULL,       1, 0, EDX,  2, true,  LEVEL_BASE),
    ROW(PSE,               "pse",               NULL,       1, 0, EDX,  3, true,  LEVEL_BASE),
    ROW(TSC,               "tsc",               NULL,       1, 0, EDX,  4, true,  LEVEL_BASE),
    ROW(MSR,               "msr",               NULL,       1, 0, EDX,  5, true,  LEVEL_BASE),
    ROW(PAE,               "pae",               NULL,       1, 0, EDX,  6, true,  LEVEL_BASE),
    ROW(MCE,               "mce",               NULL,       1, 0, EDX,  7, true,  LEVEL_BASE),
    ROW(CX8,               "cx8",               NULL,       1, 0, EDX,  8, true,  LEVEL_BASE),
    ROW(APIC,              "apic",              NULL,       1, 0, EDX,  9, true,  LEVEL_BASE),
    ROW(SEP,               "sep",               NULL,       1, 0, EDX, 11, true,  LEVEL_BASE),
    ROW(MTRR,              "mtrr",              NULL,       1, 0, EDX, 12, true,  LEVEL_BASE),
    ROW(PGE,               "pge",               NULL,       1, 0, EDX, 13, true,  LEVEL_BASE),
    ROW(MCA,               "mca",               NULL,       1, 0, EDX, 14, true,  LEVEL_BASE),
    ROW(CMOV,              "cmov",              NULL,       1, 0, EDX, 15, true,  LEVEL_BASE),
    ROW(PAT,               "pat",               NULL,       1, 0, EDX, 16, true,  LEVEL_BASE),
    ROW(PSE36,             "pse36",             NULL,       1, 0, EDX, 17, true,  LEVEL_BASE),
    ROW(CLFLUSH,           "clflush",           NULL,       1, 0, EDX, 19, true,  LEVEL_BASE),
    ROW(MMX,               "mmx",               NULL,       1, 0, EDX, 23, true,  LEVEL_BASE),
    ROW(FXSR,              "fxsr",              NULL,       1, 0, EDX, 24, true,  LEVEL_BASE),
    ROW(SSE,               "sse",               NULL,       1, 0, EDX, 25, true,  LEVEL_BASE),
    ROW(SSE2,              "sse2",              NULL,       1, 0, EDX, 26, true,  LEVEL_BASE),
    ROW(SS,                "ss",                NULL,       1, 0, EDX, 27, true,  LEVEL_MAX),
    ROW(HT,                "ht",                NULL,       1, 0, EDX, 28, true,  LEVEL_BASE),
    ROW(SSE3,              "pni",               "sse3",     1, 0, ECX,  0, true,  LEVEL_QEMU64),
    ROW(PCLMULQDQ,         "pclmulqdq",         "pclmuldq", 1, 0, ECX,  1, true,  LEVEL_WESTMERE),
    ROW(MONITOR,           "monitor",           NULL,       1, 0, ECX,  3, false, LEVEL_NEVER),
    ROW(SSSE3,             "ssse3",             NULL,       1, 0, ECX,  9, true,  LEVEL_NEHALEM),
    ROW(FMA,               "fma",               NULL,       1, 0, ECX, 12, true,  LEVEL_HASWELL),
    ROW(CX16,              "cx16",              NULL,       1, 0, ECX, 13, true,  LEVEL_QEMU64),
    ROW(PCID,              "pcid",              NULL,       1, 0, ECX, 17, true,  LEVEL_HASWELL),
    ROW(SSE41,             "sse4.1",            "sse4_1",   1, 0, ECX, 19, true,  LEVEL_NEHALEM),
    ROW(SSE42,             "sse4.2",            "sse4_2",   1, 0, ECX, 20, true,  LEVEL_NEHALEM),
    ROW(X2APIC,            "x2apic",            NULL,       1, 0, ECX, 21, true,  LEVEL_QEMU64),
    ROW(MOVBE,             "movbe",             NULL,       1, 0, ECX, 22, true,  LEVEL_HASWELL),
    ROW(POPCNT,            "popcnt",            NULL,       1, 0, ECX, 23, true,  LEVEL_NEHALEM),
    ROW(TSC_DEADLINE,      "tsc-deadline",      NULL,       1, 0, ECX, 24, true,  LEVEL_SANDYBRIDGE),
    ROW(AES,               "aes",               NULL,       1, 0, ECX, 25, true,  LEVEL_WESTMERE),
    ROW(XSAVE,             "xsave",             NULL,       1, 0, ECX, 26, true,  LEVEL_SANDYBRIDGE),
    ROW(AVX,               "avx",               NULL,       1, 0, ECX, 28, true,  LEVEL_SANDYBRIDGE),
    ROW(F16C,              "f16c",              NULL,       1, 0, ECX, 29, true,  LEVEL_HASWELL),
    ROW(RDRAND,            "rdrand",            NULL,       1, 0, ECX, 30, true,  LEVEL_HASWELL),
    ROW(HYPERVISOR,        "hypervisor",        NULL,       1, 0, ECX, 31, true,  LEVEL_BASE),
    ROW(FSGSBASE,          "fsgsbase",          NULL,       7, 0, EBX,  0, true,  LEVEL_HASWELL),
    ROW(TSC_ADJUST,        "tsc_adjust",        NULL,       7, 0, EBX,  1, true,  LEVEL_MAX),
    ROW(BMI1,              "bmi1",              NULL,       7, 0, EBX,  3, true,  LEVEL_HASWELL),
    ROW(AVX2,              "avx2",              NULL,       7, 0, EBX,  5, true,  LEVEL_HASWELL),
    ROW(SMEP,              "smep",              NULL,       7, 0, EBX,  7, true,  LEVEL_HASWELL),
    ROW(BMI2,              "bmi2",              NULL,       7, 0, EBX,  8, true,  LEVEL_HASWELL),
    ROW(ERMS,              "erms",              NULL,       7, 0, EBX,  9, true,  LEVEL_HASWELL),
    ROW(INVPCID,           "invpcid",           NULL,       7, 0, EBX, 10, true,  LEVEL_HASWELL),
    ROW(RDSEED,            "rdseed",            NULL,       7, 0, EBX, 18, true,  LEVEL_SKYLAKE),
    ROW(ADX,               "adx",               NULL,       7, 0, EBX, 19, true,  LEVEL_SKYLAKE),
    ROW(SMAP,              "smap",              NULL,       7, 0, EBX, 20, true,  LEVEL_SKYLAKE),
    ROW(CLFLUSHOPT,        "clflushopt",        NULL,       7, 0, EBX, 23, true,  LEVEL_SKYLAKE),
    ROW(CLWB,              "clwb",              NULL,       7, 0, EBX, 24, true,  LEVEL_ICELAKE),
    ROW(SHA_NI,            "sha-ni",            NULL,       7, 0, EBX, 29, false, LEVEL_ICELAKE),
    ROW(UMIP,              "umip",              NULL,       7, 0, ECX,  2, true,  LEVEL_ICELAKE),
    ROW(PKU,               "pku",               NULL,       7, 0, ECX,  3, false, LEVEL_ICELAKE),
    ROW(VAES,              "vaes",              NULL,       7, 0, ECX,  9, true,  LEVEL_ICELAKE),
    ROW(VPCLMULQDQ,        "vpclmulqdq",        NULL,       7, 0, ECX, 10, true,  LEVEL_ICELAKE),
    ROW(LA57,              "la57",              NULL,       7, 0, ECX, 16, false, LEVEL_ICELAKE),
    ROW(RDPID,             "rdpid",             NULL,       7, 0, ECX, 22, true,  LEVEL_ICELAKE),
    ROW(FSRM,              "fsrm",              NULL,       7, 0, EDX,  4, true,  LEVEL_MAX),
    ROW(MD_CLEAR,          "md-clear",          NULL,       7, 0, EDX, 10, true,  LEVEL_MAX),
    ROW(SPEC_CTRL,         "spec-ctrl",         NULL,       7, 0, EDX, 26, true,  LEVEL_QEMU64),
    ROW(STIBP,             "stibp",             NULL,       7, 0, EDX, 27, true,  LEVEL_MAX),
    ROW(ARCH_CAPABILITIES, "arch-capabilities", NULL,       7, 0, EDX, 29, true,  LEVEL_QEMU64),
    ROW(SSBD,              "ssbd",              NULL,       7, 0, EDX, 31, true,  LEVEL_SKYLAKE),
    ROW(BHI_CTRL,          "bhi-ctrl",          NULL,       7, 2, EDX,  4, true,  LEVEL_QEMU64),
    ROW(XSAVEOPT,          "xsaveopt",          NULL,     0xd, 1, EAX,  0, true,  LEVEL_SANDYBRIDGE),
    ROW(XSAVEC,            "xsavec",            NULL,     0xd, 1, EAX,  1, true,  LEVEL_SKYLAKE),
    ROW(XGETBV1,           "xgetbv1",           NULL,     0xd, 1, EAX,  2, true,  LEVEL_SKYLAKE),
    ROW(XSAVES,            "xsaves",            NULL,     0xd, 1, EAX,  3, true,  LEVEL_SKYLAKE),
    ROW(ARAT,              "arat",              NULL,       6, 0, EAX,  2, true,  LEVEL_QEMU64),
    ROW(SYSCALL,           "syscall",           NULL,     EXT, 0, EDX, 11, true,  LEVEL_BASE),
    ROW(NX,                "nx",                "xd",     EXT, 0, EDX, 20, true,  LEVEL_BASE),
    ROW(PDPE1GB,           "pdpe1gb",           NULL,     EXT, 0, EDX, 26, true,  LEVEL_SKYLAKE),
    ROW(RDTSCP,            "rdtscp",            NULL,     EXT, 0, EDX, 27, true,  LEVEL_SANDYBRIDGE),
    ROW(LM,                "lm",                "i64",    EXT, 0, EDX, 29, true,  LEVEL_BASE),
    ROW(LAHF_LM,           "lahf_lm",           NULL,     EXT, 0, ECX,  0, true,  LEVEL_QEMU64),
    ROW(ABM,               "abm",               "lzcnt",  EXT, 0, ECX,  5, true,  LEVEL_HASWELL),
    ROW(3DNOWPREFETCH,     "3dnowprefetch",     NULL,     EXT, 0, ECX,  8, true,  LEVEL_HASWELL),
    ROW(SVM,               "svm",               NULL,     EXT, 0, ECX,  2, false, LEVEL_NEVER),
    ROW(VMX,               "vmx",               NULL,       1, 0, ECX,  5, false, LEVEL_NEVER),
    ROW(INVTSC,            "invtsc",            NULL, 0x80000007u, 0, EDX, 8, true, LEVEL_QEMU64),
};
/* clang-format on */

/* '-', '_' and '.' are one letter, and case does not matter: sse4_1, sse4-1, SSE4.1. */
static char fold(char c)
{
    return c == '_' || c == '.' ? '-' : g_ascii_tolower(c);
}

static bool same_name(const char *a, const char *b)
{
    while (*a && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return *a == 0 && *b == 0;
}

unsigned cpu_name_distance(const char *a, const char *b)
{
    unsigned row[64];
    size_t n = MIN(strlen(b), G_N_ELEMENTS(row) - 1);

    for (size_t j = 0; j <= n; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 0; a[i]; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < n; j++) {
            unsigned keep = row[j + 1], change = diagonal + (fold(a[i]) != fold(b[j]));
            row[j + 1] = MIN(change, MIN(row[j], keep) + 1);
            diagonal = keep;
        }
    }
    return row[n];
}

int cpu_feature_find(const char *name, const char **nearest)
{
    unsigned best = UINT_MAX;

    for (int i = 0; i < FEAT_COUNT; i++) {
        const CpuFeatureRow *row = &cpu_feature_rows[i];
        unsigned distance = cpu_name_distance(name, row->name);
        if (same_name(name, row->name) || (row->alias && same_name(name, row->alias))) {
            return i;
        }
        if (distance < best) {
            best = distance;
            *nearest = row->name;
        }
    }
    return -1;
}
