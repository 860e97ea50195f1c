/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU features by name, and what CPUID answers (Intel SDM vol. 2, CPUID).
 *
 * A feature has an id here, a row in cpuid_features.c, and is either there for a model or not. The
 * decoder asks cpu_model_has() once per decoded instruction; helpers ask cpu_has_feature().
 */
#ifndef TARGET_I386_CPUID_H
#define TARGET_I386_CPUID_H

#include "target/i386/cpu_state.h"

typedef enum {
    /* 1.EDX */
    FEAT_FPU,
    FEAT_VME,
    FEAT_DE,
    FEAT_PSE,
    FEAT_TSC,
    FEAT_MSR,
    FEAT_PAE,
    FEAT_MCE,
    FEAT_CX8,
    FEAT_APIC,
    FEAT_SEP,
    FEAT_MTRR,
    FEAT_PGE,
    FEAT_MCA,
    FEAT_CMOV,
    FEAT_PAT,
    FEAT_PSE36,
    FEAT_CLFLUSH,
    FEAT_MMX,
    FEAT_FXSR,
    FEAT_SSE,
    FEAT_SSE2,
    FEAT_SS,
    FEAT_HT,
    /* 1.ECX */
    FEAT_SSE3,
    FEAT_PCLMULQDQ,
    FEAT_SSSE3,
    FEAT_FMA,
    FEAT_CX16,
    FEAT_PCID,
    FEAT_SSE41,
    FEAT_SSE42,
    FEAT_X2APIC,
    FEAT_MOVBE,
    FEAT_POPCNT,
    FEAT_TSC_DEADLINE,
    FEAT_AES,
    FEAT_XSAVE,
    FEAT_AVX,
    FEAT_F16C,
    FEAT_RDRAND,
    FEAT_HYPERVISOR,
    /* 7.0.EBX, ECX, EDX */
    FEAT_FSGSBASE,
    FEAT_TSC_ADJUST,
    FEAT_BMI1,
    FEAT_AVX2,
    FEAT_SMEP,
    FEAT_BMI2,
    FEAT_ERMS,
    FEAT_INVPCID,
    FEAT_RDSEED,
    FEAT_ADX,
    FEAT_SMAP,
    FEAT_CLFLUSHOPT,
    FEAT_CLWB,
    FEAT_SHA_NI,
    FEAT_UMIP,
    FEAT_PKU,
    FEAT_PKS,
    FEAT_VAES,
    FEAT_VPCLMULQDQ,
    FEAT_RDPID,
    FEAT_MOVDIRI,
    FEAT_MOVDIR64B,
    FEAT_FSRM,
    FEAT_MD_CLEAR,
    FEAT_SPEC_CTRL,
    FEAT_STIBP,
    FEAT_ARCH_CAPABILITIES,
    FEAT_SSBD,
    /* 7.2.EDX */
    FEAT_BHI_CTRL,
    /* 0xd.1.EAX, 6.EAX */
    FEAT_XSAVEOPT,
    FEAT_XSAVEC,
    FEAT_XGETBV1,
    FEAT_XSAVES,
    FEAT_ARAT,
    /* 0x80000001, 0x80000007, 0x80000008 */
    FEAT_SYSCALL,
    FEAT_NX,
    FEAT_PDPE1GB,
    FEAT_MMXEXT,
    FEAT_RDTSCP,
    FEAT_LM,
    FEAT_LAHF_LM,
    FEAT_ABM,
    FEAT_CMP_LEGACY,
    FEAT_TOPOEXT,
    FEAT_3DNOWPREFETCH,
    FEAT_INVTSC,
    /* 0x40000001 */
    FEAT_KVM_STEAL_TIME,
    FEAT_COUNT
} CpuFeature;

/* Physical address bits, unless "phys-bits=" says otherwise: few enough for firmware to map them
 * all with tables that fit a small machine. */
#define CPU_PHYS_BITS 40

bool cpu_model_has(const CpuModel *model, int feature);
/* The same of the host, for features in leaves 1 and 7 (ECX; EBX and ECX). */
bool cpu_model_host_has(const CpuModel *model, int feature);
const char *cpu_model_name(const CpuModel *model);
/* One feature's row. */
typedef enum { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX } CpuidReg;
typedef struct {
    const char *name, *alias; /* QEMU's spelling; alias may be NULL */
    uint32_t leaf, subleaf;
    CpuidReg reg;
    uint8_t bit;
    uint8_t level; /* least model level that has it: see cpuid_features.c */
} CpuFeatureRow;
extern const CpuFeatureRow cpu_feature_rows[FEAT_COUNT];
/* By name or alias, '_' and '-' and '.' alike; -1 if unknown, and *nearest is the closest name. */
int cpu_feature_find(const char *name, const char **nearest);
/* The row of a feature that is known by name only; NULL if it is not. */
const CpuFeatureRow *cpu_feature_absent(const char *name);

/* What CPUID answers on `cpu` now (OSXSAVE and the APIC bit depend on its state). */
CpuidResult cpuid_query(const Cpu *cpu, uint32_t leaf, uint32_t subleaf);
/* XCR0 bits that a model has. */
uint64_t cpu_model_xcr0(const CpuModel *model);

#endif
