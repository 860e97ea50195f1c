/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The models of -cpu, a row each: QEMU's name, who makes it, its signature, and what it has: all
 * that its generation and the ones before it have, with what `plus` names and without what `minus`
 * does. What is named and not to be had here is left out, unless "enforce" asks for it.
 */
#include <string.h>

#include "target/i386/cpu_model.h"

#define INTEL "GenuineIntel"
#define AMD   "AuthenticAMD"
#define HYGON "HygonGenuine"

/* Intel's ways that AMD's models do not have. */
#define NOT_AMD "spec-ctrl,arch-capabilities,bhi-ctrl"

#define SKYLAKE_SERVER "pku,avx512f,avx512dq,avx512cd,avx512bw,avx512vl"
#define CASCADELAKE    SKYLAKE_SERVER ",avx512vnni"
#define ICELAKE                                                                                    \
    CASCADELAKE ",avx512vbmi,avx512vbmi2,gfni,avx512bitalg,avx512-vpopcntdq,la57,wbnoinvd"
#define SAPPHIRE_RAPIDS                                                                            \
    ICELAKE ",avx512ifma,avx-vnni,avx512-bf16,avx512-fp16,amx-tile,amx-int8,amx-bf16,serialize,"   \
            "tsx-ldtrk"

#define OPTERON_G3    "abm,popcnt,rdtscp,misalignsse,sse4a,svm,monitor"
#define OPTERON_G4    "abm,3dnowprefetch,pdpe1gb,misalignsse,sse4a,svm,npt,nrip-save,fma4,xop"
#define NOT_BULLDOZER NOT_AMD ",tsc-deadline,xsaveopt"
#define ZEN_VIRTUAL   "svm,npt,nrip-save"
#define ZEN           "mmxext,fxsr-opt,cr8legacy,misalignsse,monitor,osvw,sse4a,topoext," ZEN_VIRTUAL
#define NOT_ZEN       NOT_AMD ",pcid,invpcid,erms,tsc-deadline,ssbd"
#define ROME          ZEN ",sha-ni,clwb,clzero,rdpid,umip,wbnoinvd,ibpb,amd-stibp,perfctr-core,xsaveerptr"
#define MILAN         ROME ",fsrm,pku,ibrs,amd-ssbd,svme-addr-chk"
#define GENOA                                                                                      \
    MILAN ",vaes,vpclmulqdq,avx512f,avx512dq,avx512ifma,avx512cd,avx512bw,avx512vl,avx512vbmi,"    \
          "avx512vbmi2,gfni,avx512vnni,avx512bitalg,avx512-vpopcntdq,avx512-bf16,la57"

/* What came with each generation of 32-bit ones, from the newest down: minus what later ones
 * brought. */
#define AFTER_QEMU32   "lm,syscall,nx,vme,mtrr,mca,pse36,clflush,ht"
#define AFTER_PENTIUM3 "lm,syscall,nx,sse2,clflush,ht"
#define AFTER_PENTIUM2 AFTER_PENTIUM3 ",sse"
#define AFTER_PENTIUM  AFTER_PENTIUM2 ",pae,sep,mtrr,pge,mca,cmov,pat,pse36,fxsr"
#define AFTER_486      AFTER_PENTIUM ",de,tsc,msr,mce,cx8,mmx,apic"

static const CpuModelRow rows[] = {
    {"max", "all that this CPU has", INTEL, "Switchyard CPU (max)", LEVEL_MAX, 6, 0x6a, 6},
    {"host", "the same as max", INTEL, "Switchyard CPU (max)", LEVEL_MAX, 6, 0x6a, 6},
    {"base", "the least x86-64", INTEL, "Switchyard CPU (base)", LEVEL_BASE, 6, 0x0f, 11},
    {"qemu64", "a plain 64-bit CPU", INTEL, "Switchyard CPU (qemu64)", LEVEL_QEMU64, 6, 0x0f, 11},
    {"kvm64", "the same as qemu64", INTEL, "Switchyard CPU (kvm64)", LEVEL_QEMU64, 6, 0x0f, 11},
    {"qemu32", "a plain 32-bit CPU", INTEL, "Switchyard CPU (qemu32)", LEVEL_BASE, 6, 6, 3, "pni",
     AFTER_QEMU32},
    {"486", "as it was", INTEL, "Intel 486", LEVEL_BASE, 4, 8, 0, NULL, AFTER_486},
    {"pentium", "with MMX", INTEL, "Intel Pentium", LEVEL_BASE, 5, 4, 3, NULL, AFTER_PENTIUM},
    {"pentium2", "with CMOV", INTEL, "Intel Pentium II", LEVEL_BASE, 6, 5, 2, NULL, AFTER_PENTIUM2},
    {"pentium3", "with SSE", INTEL, "Intel Pentium III", LEVEL_BASE, 6, 7, 3, NULL, AFTER_PENTIUM3},
    {"Nehalem", "with SSE4.2", INTEL, "Intel Core i7 9xx (Nehalem Class Core i7)", LEVEL_NEHALEM, 6,
     0x1a, 3},
    {"Westmere", "with AES", INTEL, "Westmere E56xx/L56xx/X56xx (Nehalem-C)", LEVEL_WESTMERE, 6,
     0x2c, 1},
    {"SandyBridge", "with XSAVE", INTEL, "Intel Xeon E312xx (Sandy Bridge)", LEVEL_SANDYBRIDGE, 6,
     0x2a, 1},
    {"IvyBridge", "as SandyBridge", INTEL, "Intel Xeon E3-12xx v2 (Ivy Bridge)", LEVEL_SANDYBRIDGE,
     6, 0x3a, 9},
    {"Haswell", "with PCID, SMEP", INTEL, "Intel Core Processor (Haswell)", LEVEL_HASWELL, 6, 0x3c,
     4},
    {"Broadwell", "as Haswell", INTEL, "Intel Core Processor (Broadwell)", LEVEL_HASWELL, 6, 0x3d,
     2},
    {"Skylake-Client", "with SMAP", INTEL, "Intel Core Processor (Skylake)", LEVEL_SKYLAKE, 6, 0x5e,
     3},
    {"Skylake-Server", "with SMAP", INTEL, "Intel Xeon Processor (Skylake)", LEVEL_SKYLAKE, 6, 0x55,
     4, SKYLAKE_SERVER},
    {"Cascadelake-Server", "as Skylake", INTEL, "Intel Xeon Processor (Cascadelake)", LEVEL_SKYLAKE,
     6, 0x55, 6, CASCADELAKE},
    {"Icelake-Server", "with UMIP", INTEL, "Intel Xeon Processor (Icelake)", LEVEL_ICELAKE, 6, 0x6a,
     0, ICELAKE},
    {"SapphireRapids", "as Icelake", INTEL, "Intel Xeon Processor (SapphireRapids)", LEVEL_ICELAKE,
     6, 0x8f, 4, SAPPHIRE_RAPIDS},
    {"Opteron_G1", "AMD's, with SSE3", AMD, "AMD Opteron 240 (Gen 1 Class Opteron)", LEVEL_QEMU64,
     15, 6, 1, NULL, NOT_AMD ",cx16,lahf_lm"},
    {"Opteron_G2", "with CX16", AMD, "AMD Opteron 22xx (Gen 2 Class Opteron)", LEVEL_QEMU64, 15, 6,
     1, "svm", NOT_AMD},
    {"Opteron_G3", "with POPCNT", AMD, "AMD Opteron 23xx (Gen 3 Class Opteron)", LEVEL_QEMU64, 16,
     2, 3, OPTERON_G3, NOT_AMD},
    {"Opteron_G4", "with AVX", AMD, "AMD Opteron 62xx class CPU", LEVEL_SANDYBRIDGE, 21, 1, 2,
     OPTERON_G4, NOT_BULLDOZER},
    {"Opteron_G5", "with FMA", AMD, "AMD Opteron 63xx class CPU", LEVEL_SANDYBRIDGE, 21, 2, 0,
     OPTERON_G4 ",f16c,fma,tbm", NOT_BULLDOZER},
    {"EPYC", "with AVX2, SHA", AMD, "AMD EPYC Processor", LEVEL_SKYLAKE, 23, 1, 2, ZEN ",sha-ni",
     NOT_ZEN ",xsaves"},
    {"EPYC-Rome", "with UMIP", AMD, "AMD EPYC-Rome Processor", LEVEL_SKYLAKE, 23, 49, 0, ROME,
     NOT_ZEN},
    {"EPYC-Milan", "with PCID, PKU", AMD, "AMD EPYC-Milan Processor", LEVEL_SKYLAKE, 25, 1, 1,
     MILAN, NOT_AMD ",tsc-deadline,ssbd"},
    {"EPYC-Genoa", "with VAES", AMD, "AMD EPYC-Genoa Processor", LEVEL_SKYLAKE, 25, 17, 0, GENOA,
     NOT_AMD ",tsc-deadline,ssbd"},
    {"Dhyana", "as EPYC", HYGON, "Hygon Dhyana Processor", LEVEL_SKYLAKE, 24, 0, 1, ZEN,
     NOT_ZEN ",xsaves,aes,pclmulqdq"},
};

const CpuModelRow *cpu_model_row(unsigned n)
{
    return n < G_N_ELEMENTS(rows) ? &rows[n] : NULL;
}

/* Versions of a model that are the same as the model here: "Skylake-Client-v3", "Haswell-noTSX". */
static bool is_version(const char *suffix)
{
    static const char *const known[] = {"-IBRS", "-noTSX", "-noTSX-IBRS", "-IBPB", NULL};

    if (strncmp(suffix, "-v", 2) == 0 && suffix[2]) {
        return strspn(suffix + 2, "0123456789") == strlen(suffix + 2);
    }
    return g_strv_contains(known, suffix);
}

const CpuModelRow *cpu_model_find(const char *name, const char **nearest)
{
    unsigned best = UINT_MAX;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        unsigned distance = cpu_name_distance(name, rows[i].name);
        size_t len = strlen(rows[i].name);
        if (distance == 0 ||
            (g_ascii_strncasecmp(name, rows[i].name, len) == 0 && is_version(name + len))) {
            return &rows[i];
        }
        if (distance < best) {
            best = distance;
            *nearest = rows[i].name;
        }
    }
    return NULL;
}
