/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU features, a row each: QEMU's name, where CPUID shows it (Intel SDM vol. 2, CPUID; AMD's APM
 * vol. 3, appendix E), and the least generation that has it.
 *
 * A row of absent_rows is known by name only, so that "-avx512f" is no error and "+avx512f" says
 * what is missing; CPUID never shows it.
 */
#include <string.h>

#include "target/i386/cpu_model.h"
#include "target/i386/cpuid.h"

#define ROW(id_, name_, alias_, leaf_, sub_, reg_, bit_, level_)                                   \
    [FEAT_##id_] = {name_, alias_, leaf_, sub_, CPUID_##reg_, bit_, level_}
#define EXT 0x80000001u

/* clang-format off */
const CpuFeatureRow cpu_feature_rows[FEAT_COUNT] = {
    ROW(FPU,               "fpu",               NULL,       1, 0, EDX,  0, LEVEL_BASE),
    ROW(VME,               "vme",               NULL,       1, 0, EDX,  1, LEVEL_BASE),
    ROW(DE,                "de",                NULL,       1, 0, EDX,  2, LEVEL_BASE),
    ROW(PSE,               "pse",               NULL,       1, 0, EDX,  3, LEVEL_BASE),
    ROW(TSC,               "tsc",               NULL,       1, 0, EDX,  4, LEVEL_BASE),
    ROW(MSR,               "msr",               NULL,       1, 0, EDX,  5, LEVEL_BASE),
    ROW(PAE,               "pae",               NULL,       1, 0, EDX,  6, LEVEL_BASE),
    ROW(MCE,               "mce",               NULL,       1, 0, EDX,  7, LEVEL_BASE),
    ROW(CX8,               "cx8",               NULL,       1, 0, EDX,  8, LEVEL_BASE),
    ROW(APIC,              "apic",              NULL,       1, 0, EDX,  9, LEVEL_BASE),
    ROW(SEP,               "sep",               NULL,       1, 0, EDX, 11, LEVEL_BASE),
    ROW(MTRR,              "mtrr",              NULL,       1, 0, EDX, 12, LEVEL_BASE),
    ROW(PGE,               "pge",               NULL,       1, 0, EDX, 13, LEVEL_BASE),
    ROW(MCA,               "mca",               NULL,       1, 0, EDX, 14, LEVEL_BASE),
    ROW(CMOV,              "cmov",              NULL,       1, 0, EDX, 15, LEVEL_BASE),
    ROW(PAT,               "pat",               NULL,       1, 0, EDX, 16, LEVEL_BASE),
    ROW(PSE36,             "pse36",             NULL,       1, 0, EDX, 17, LEVEL_BASE),
    ROW(CLFLUSH,           "clflush",           NULL,       1, 0, EDX, 19, LEVEL_BASE),
    ROW(MMX,               "mmx",               NULL,       1, 0, EDX, 23, LEVEL_BASE),
    ROW(FXSR,              "fxsr",              NULL,       1, 0, EDX, 24, LEVEL_BASE),
    ROW(SSE,               "sse",               NULL,       1, 0, EDX, 25, LEVEL_BASE),
    ROW(SSE2,              "sse2",              NULL,       1, 0, EDX, 26, LEVEL_BASE),
    ROW(SS,                "ss",                NULL,       1, 0, EDX, 27, LEVEL_MAX),
    ROW(HT,                "ht",                NULL,       1, 0, EDX, 28, LEVEL_BASE),
    ROW(SSE3,              "pni",               "sse3",     1, 0, ECX,  0, LEVEL_QEMU64),
    ROW(PCLMULQDQ,         "pclmulqdq",         "pclmuldq", 1, 0, ECX,  1, LEVEL_WESTMERE),
    ROW(SSSE3,             "ssse3",             NULL,       1, 0, ECX,  9, LEVEL_NEHALEM),
    ROW(FMA,               "fma",               NULL,       1, 0, ECX, 12, LEVEL_HASWELL),
    ROW(CX16,              "cx16",              NULL,       1, 0, ECX, 13, LEVEL_QEMU64),
    ROW(PCID,              "pcid",              NULL,       1, 0, ECX, 17, LEVEL_HASWELL),
    ROW(SSE41,             "sse4.1",            "sse4_1",   1, 0, ECX, 19, LEVEL_NEHALEM),
    ROW(SSE42,             "sse4.2",            "sse4_2",   1, 0, ECX, 20, LEVEL_NEHALEM),
    ROW(X2APIC,            "x2apic",            NULL,       1, 0, ECX, 21, LEVEL_QEMU64),
    ROW(MOVBE,             "movbe",             NULL,       1, 0, ECX, 22, LEVEL_HASWELL),
    ROW(POPCNT,            "popcnt",            NULL,       1, 0, ECX, 23, LEVEL_NEHALEM),
    ROW(TSC_DEADLINE,      "tsc-deadline",      NULL,       1, 0, ECX, 24, LEVEL_SANDYBRIDGE),
    ROW(AES,               "aes",               NULL,       1, 0, ECX, 25, LEVEL_WESTMERE),
    ROW(XSAVE,             "xsave",             NULL,       1, 0, ECX, 26, LEVEL_SANDYBRIDGE),
    ROW(AVX,               "avx",               NULL,       1, 0, ECX, 28, LEVEL_SANDYBRIDGE),
    ROW(F16C,              "f16c",              NULL,       1, 0, ECX, 29, LEVEL_HASWELL),
    ROW(RDRAND,            "rdrand",            NULL,       1, 0, ECX, 30, LEVEL_HASWELL),
    ROW(HYPERVISOR,        "hypervisor",        NULL,       1, 0, ECX, 31, LEVEL_BASE),
    ROW(FSGSBASE,          "fsgsbase",          NULL,       7, 0, EBX,  0, LEVEL_HASWELL),
    ROW(TSC_ADJUST,        "tsc_adjust",        NULL,       7, 0, EBX,  1, LEVEL_MAX),
    ROW(BMI1,              "bmi1",              NULL,       7, 0, EBX,  3, LEVEL_HASWELL),
    ROW(AVX2,              "avx2",              NULL,       7, 0, EBX,  5, LEVEL_HASWELL),
    ROW(SMEP,              "smep",              NULL,       7, 0, EBX,  7, LEVEL_HASWELL),
    ROW(BMI2,              "bmi2",              NULL,       7, 0, EBX,  8, LEVEL_HASWELL),
    ROW(ERMS,              "erms",              NULL,       7, 0, EBX,  9, LEVEL_HASWELL),
    ROW(INVPCID,           "invpcid",           NULL,       7, 0, EBX, 10, LEVEL_HASWELL),
    ROW(RDSEED,            "rdseed",            NULL,       7, 0, EBX, 18, LEVEL_SKYLAKE),
    ROW(ADX,               "adx",               NULL,       7, 0, EBX, 19, LEVEL_SKYLAKE),
    ROW(SMAP,              "smap",              NULL,       7, 0, EBX, 20, LEVEL_SKYLAKE),
    ROW(CLFLUSHOPT,        "clflushopt",        NULL,       7, 0, EBX, 23, LEVEL_SKYLAKE),
    ROW(CLWB,              "clwb",              NULL,       7, 0, EBX, 24, LEVEL_ICELAKE),
    ROW(SHA_NI,            "sha-ni",            NULL,       7, 0, EBX, 29, LEVEL_ICELAKE),
    ROW(UMIP,              "umip",              NULL,       7, 0, ECX,  2, LEVEL_ICELAKE),
    ROW(PKU,               "pku",               NULL,       7, 0, ECX,  3, LEVEL_ICELAKE),
    ROW(MOVDIRI,           "movdiri",           NULL,       7, 0, ECX, 27, LEVEL_MAX),
    ROW(MOVDIR64B,         "movdir64b",         NULL,       7, 0, ECX, 28, LEVEL_MAX),
    ROW(PKS,               "pks",               NULL,       7, 0, ECX, 31, LEVEL_MAX),
    ROW(VAES,              "vaes",              NULL,       7, 0, ECX,  9, LEVEL_ICELAKE),
    ROW(VPCLMULQDQ,        "vpclmulqdq",        NULL,       7, 0, ECX, 10, LEVEL_ICELAKE),
    ROW(RDPID,             "rdpid",             NULL,       7, 0, ECX, 22, LEVEL_ICELAKE),
    ROW(FSRM,              "fsrm",              NULL,       7, 0, EDX,  4, LEVEL_MAX),
    ROW(MD_CLEAR,          "md-clear",          NULL,       7, 0, EDX, 10, LEVEL_MAX),
    ROW(SPEC_CTRL,         "spec-ctrl",         NULL,       7, 0, EDX, 26, LEVEL_QEMU64),
    ROW(STIBP,             "stibp",             NULL,       7, 0, EDX, 27, LEVEL_MAX),
    ROW(ARCH_CAPABILITIES, "arch-capabilities", NULL,       7, 0, EDX, 29, LEVEL_QEMU64),
    ROW(SSBD,              "ssbd",              NULL,       7, 0, EDX, 31, LEVEL_SKYLAKE),
    ROW(BHI_CTRL,          "bhi-ctrl",          NULL,       7, 2, EDX,  4, LEVEL_QEMU64),
    ROW(XSAVEOPT,          "xsaveopt",          NULL,     0xd, 1, EAX,  0, LEVEL_SANDYBRIDGE),
    ROW(XSAVEC,            "xsavec",            NULL,     0xd, 1, EAX,  1, LEVEL_SKYLAKE),
    ROW(XGETBV1,           "xgetbv1",           NULL,     0xd, 1, EAX,  2, LEVEL_SKYLAKE),
    ROW(XSAVES,            "xsaves",            NULL,     0xd, 1, EAX,  3, LEVEL_SKYLAKE),
    ROW(ARAT,              "arat",              NULL,       6, 0, EAX,  2, LEVEL_QEMU64),
    ROW(SYSCALL,           "syscall",           NULL,     EXT, 0, EDX, 11, LEVEL_BASE),
    ROW(NX,                "nx",                "xd",     EXT, 0, EDX, 20, LEVEL_BASE),
    ROW(PDPE1GB,           "pdpe1gb",           NULL,     EXT, 0, EDX, 26, LEVEL_SKYLAKE),
    ROW(MMXEXT,            "mmxext",            NULL,     EXT, 0, EDX, 22, LEVEL_NEVER),
    ROW(RDTSCP,            "rdtscp",            NULL,     EXT, 0, EDX, 27, LEVEL_SANDYBRIDGE),
    ROW(LM,                "lm",                "i64",    EXT, 0, EDX, 29, LEVEL_BASE),
    ROW(LAHF_LM,           "lahf_lm",           NULL,     EXT, 0, ECX,  0, LEVEL_QEMU64),
    ROW(ABM,               "abm",               "lzcnt",  EXT, 0, ECX,  5, LEVEL_HASWELL),
    ROW(CMP_LEGACY,        "cmp-legacy",        NULL,     EXT, 0, ECX,  1, LEVEL_NEVER),
    ROW(TOPOEXT,           "topoext",           NULL,     EXT, 0, ECX, 22, LEVEL_NEVER),
    ROW(3DNOWPREFETCH,     "3dnowprefetch",     NULL,     EXT, 0, ECX,  8, LEVEL_HASWELL),
    ROW(INVTSC,            "invtsc",            NULL, 0x80000007u, 0, EDX, 8, LEVEL_QEMU64),
    ROW(KVM_STEAL_TIME,    "kvm-steal-time",    NULL, 0x40000001u, 0, EAX, 5, LEVEL_NEVER),
};
/* clang-format on */

#define NO(name_, leaf_, sub_, reg_, bit_)                                                         \
    {                                                                                              \
        name_, NULL, leaf_, sub_, CPUID_##reg_, bit_, LEVEL_NEVER                                  \
    }
#define SVM 0x8000000au
static const CpuFeatureRow absent_rows[] = {
    NO("pn", 1, 0, EDX, 18),
    NO("ds", 1, 0, EDX, 21),
    NO("acpi", 1, 0, EDX, 22),
    NO("tm", 1, 0, EDX, 29),
    NO("ia64", 1, 0, EDX, 30),
    NO("pbe", 1, 0, EDX, 31),
    NO("dtes64", 1, 0, ECX, 2),
    NO("monitor", 1, 0, ECX, 3),
    NO("ds-cpl", 1, 0, ECX, 4),
    NO("vmx", 1, 0, ECX, 5),
    NO("smx", 1, 0, ECX, 6),
    NO("est", 1, 0, ECX, 7),
    NO("tm2", 1, 0, ECX, 8),
    NO("cid", 1, 0, ECX, 10),
    NO("xtpr", 1, 0, ECX, 14),
    NO("pdcm", 1, 0, ECX, 15),
    NO("dca", 1, 0, ECX, 18),
    NO("sgx", 7, 0, EBX, 2),
    NO("hle", 7, 0, EBX, 4),
    NO("rtm", 7, 0, EBX, 11),
    NO("mpx", 7, 0, EBX, 14),
    NO("avx512f", 7, 0, EBX, 16),
    NO("avx512dq", 7, 0, EBX, 17),
    NO("avx512ifma", 7, 0, EBX, 21),
    NO("pcommit", 7, 0, EBX, 22),
    NO("intel-pt", 7, 0, EBX, 25),
    NO("avx512pf", 7, 0, EBX, 26),
    NO("avx512er", 7, 0, EBX, 27),
    NO("avx512cd", 7, 0, EBX, 28),
    NO("avx512bw", 7, 0, EBX, 30),
    NO("avx512vl", 7, 0, EBX, 31),
    NO("avx512vbmi", 7, 0, ECX, 1),
    NO("waitpkg", 7, 0, ECX, 5),
    NO("avx512vbmi2", 7, 0, ECX, 6),
    NO("gfni", 7, 0, ECX, 8),
    NO("avx512vnni", 7, 0, ECX, 11),
    NO("avx512bitalg", 7, 0, ECX, 12),
    NO("avx512-vpopcntdq", 7, 0, ECX, 14),
    NO("la57", 7, 0, ECX, 16),
    NO("bus-lock-detect", 7, 0, ECX, 24),
    NO("cldemote", 7, 0, ECX, 25),
    NO("sgxlc", 7, 0, ECX, 30),
    NO("avx512-4vnniw", 7, 0, EDX, 2),
    NO("avx512-4fmaps", 7, 0, EDX, 3),
    NO("avx512-vp2intersect", 7, 0, EDX, 8),
    NO("serialize", 7, 0, EDX, 14),
    NO("tsx-ldtrk", 7, 0, EDX, 16),
    NO("arch-lbr", 7, 0, EDX, 19),
    NO("amx-bf16", 7, 0, EDX, 22),
    NO("avx512-fp16", 7, 0, EDX, 23),
    NO("amx-tile", 7, 0, EDX, 24),
    NO("amx-int8", 7, 0, EDX, 25),
    NO("core-capability", 7, 0, EDX, 30),
    NO("avx-vnni", 7, 1, EAX, 4),
    NO("avx512-bf16", 7, 1, EAX, 5),
    NO("fzrm", 7, 1, EAX, 10),
    NO("fsrs", 7, 1, EAX, 11),
    NO("fsrc", 7, 1, EAX, 12),
    NO("amx-fp16", 7, 1, EAX, 21),
    NO("avx-ifma", 7, 1, EAX, 23),
    NO("xfd", 0xd, 1, EAX, 4),
    NO("fxsr-opt", EXT, 0, EDX, 25),
    NO("3dnowext", EXT, 0, EDX, 30),
    NO("3dnow", EXT, 0, EDX, 31),
    NO("svm", EXT, 0, ECX, 2),
    NO("extapic", EXT, 0, ECX, 3),
    NO("cr8legacy", EXT, 0, ECX, 4),
    NO("sse4a", EXT, 0, ECX, 6),
    NO("misalignsse", EXT, 0, ECX, 7),
    NO("osvw", EXT, 0, ECX, 9),
    NO("ibs", EXT, 0, ECX, 10),
    NO("xop", EXT, 0, ECX, 11),
    NO("skinit", EXT, 0, ECX, 12),
    NO("wdt", EXT, 0, ECX, 13),
    NO("lwp", EXT, 0, ECX, 15),
    NO("fma4", EXT, 0, ECX, 16),
    NO("tce", EXT, 0, ECX, 17),
    NO("nodeid-msr", EXT, 0, ECX, 19),
    NO("tbm", EXT, 0, ECX, 21),
    NO("perfctr-core", EXT, 0, ECX, 23),
    NO("perfctr-nb", EXT, 0, ECX, 24),
    NO("clzero", 0x80000008u, 0, EBX, 0),
    NO("xsaveerptr", 0x80000008u, 0, EBX, 2),
    NO("wbnoinvd", 0x80000008u, 0, EBX, 9),
    NO("ibpb", 0x80000008u, 0, EBX, 12),
    NO("ibrs", 0x80000008u, 0, EBX, 14),
    NO("amd-stibp", 0x80000008u, 0, EBX, 15),
    NO("amd-ssbd", 0x80000008u, 0, EBX, 24),
    NO("virt-ssbd", 0x80000008u, 0, EBX, 25),
    NO("amd-no-ssb", 0x80000008u, 0, EBX, 26),
    NO("npt", SVM, 0, EDX, 0),
    NO("lbrv", SVM, 0, EDX, 1),
    NO("svm-lock", SVM, 0, EDX, 2),
    NO("nrip-save", SVM, 0, EDX, 3),
    NO("tsc-scale", SVM, 0, EDX, 4),
    NO("vmcb-clean", SVM, 0, EDX, 5),
    NO("flushbyasid", SVM, 0, EDX, 6),
    NO("decodeassists", SVM, 0, EDX, 7),
    NO("pause-filter", SVM, 0, EDX, 10),
    NO("pfthreshold", SVM, 0, EDX, 12),
    NO("avic", SVM, 0, EDX, 13),
    NO("v-vmsave-vmload", SVM, 0, EDX, 15),
    NO("vgif", SVM, 0, EDX, 16),
    NO("svme-addr-chk", SVM, 0, EDX, 28),
};

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
    size_t n = strnlen(b, G_N_ELEMENTS(row) - 1);

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

const CpuFeatureRow *cpu_feature_absent(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(absent_rows); i++) {
        if (same_name(name, absent_rows[i].name)) {
            return &absent_rows[i];
        }
    }
    return NULL;
}
