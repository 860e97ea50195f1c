/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUID instruction's answers (Intel SDM vol. 2, CPUID): features from the rows of
 * cpuid_features.c, and the leaves that describe caches, topology, XSAVE's area and frequencies.
 * Left out: performance monitoring, thermal, SGX, PT, RDT (their leaves read as zeros).
 */
#include "target/i386/cpuid.h"

#include <string.h>

#include "target/i386/cpu_model.h"
#include "target/i386/system_ops.h"

#define LEAF_MAX     0x16u
#define LEAF_HV_MAX  0x40000000u
#define LEAF_EXT_MAX 0x80000008u
#define CLFLUSH_SIZE 64u
#define XSAVE_SIZE   576u /* legacy area and header */
#define YMM_SIZE     256u
#define XSTATE_AVX   4u
#define LINEAR_BITS  48u
#define ECX1_OSXSAVE (1u << 27)
#define EDX1_APIC    (1u << 9)
#define APIC_BASE_ON (1ull << 11)
#define TSC_MHZ      ((uint32_t)(CPU_TSC_HZ / 1000000u))

static uint32_t feature_word(const CpuModel *m, uint32_t leaf, uint32_t subleaf, CpuidReg reg)
{
    uint32_t word = 0;

    for (int i = 0; i < FEAT_COUNT; i++) {
        const CpuFeatureRow *row = &cpu_feature_rows[i];
        if (m->has[i] && row->leaf == leaf && row->subleaf == subleaf && row->reg == reg) {
            word |= 1u << row->bit;
        }
    }
    return word;
}

static CpuidResult feature_leaf(const CpuModel *m, uint32_t leaf, uint32_t subleaf)
{
    return (CpuidResult){
        .eax = feature_word(m, leaf, subleaf, CPUID_EAX),
        .ebx = feature_word(m, leaf, subleaf, CPUID_EBX),
        .ecx = feature_word(m, leaf, subleaf, CPUID_ECX),
        .edx = feature_word(m, leaf, subleaf, CPUID_EDX),
    };
}

static uint32_t signature(const CpuModel *m)
{
    return m->stepping | (m->model & 15) << 4 | m->family << 8 | (m->model >> 4) << 16;
}

/* Bits that an id below `n` needs. */
static unsigned bits_for(unsigned n)
{
    return n <= 1 ? 0 : 32 - (unsigned)__builtin_clz(n - 1);
}

static unsigned threads_of(const Cpu *cpu)
{
    return MAX(cpu->cfg.threads, 1u);
}

static unsigned cores_of(const Cpu *cpu)
{
    return MAX(cpu->cfg.cores, 1u);
}

static unsigned package_bits(const Cpu *cpu)
{
    return bits_for(threads_of(cpu)) + bits_for(cores_of(cpu));
}

static CpuidResult leaf_1(const Cpu *cpu)
{
    const CpuModel *m = cpu->cfg.model;
    CpuidResult r = feature_leaf(m, 1, 0);
    unsigned logical = threads_of(cpu) * cores_of(cpu);
    uint64_t base;

    r.eax = signature(m);
    r.ebx = CLFLUSH_SIZE / 8 << 8 | (1u << package_bits(cpu) & 0xff) << 16 | cpu->cfg.apic_id << 24;
    if (logical <= 1) {
        r.edx &= ~(1u << cpu_feature_rows[FEAT_HT].bit);
    }
    if (cpu->cr4 & CR4_OSXSAVE) {
        r.ecx |= ECX1_OSXSAVE;
    }
    if (cpu->cfg.apic && apic_msr_read(cpu->cfg.apic, MSR_IA32_APIC_BASE, &base) &&
        !(base & APIC_BASE_ON)) {
        r.edx &= ~EDX1_APIC; /* SDM 11.4.3: the flag follows the enable bit */
    }
    return r;
}

/* Deterministic cache parameters. */
static CpuidResult leaf_4(const Cpu *cpu, uint32_t index)
{
    static const struct {
        uint8_t type, level;
        uint16_t ways, sets;
        bool shared;
    } caches[] = {
        {1, 1, 8, 64, false},    /* data, 32 KiB */
        {2, 1, 8, 64, false},    /* instructions, 32 KiB */
        {3, 2, 16, 1024, false}, /* 1 MiB */
        {3, 3, 16, 16384, true}, /* 16 MiB, the package's */
    };
    unsigned sharing;

    if (index >= G_N_ELEMENTS(caches)) {
        return (CpuidResult){0};
    }
    sharing = caches[index].shared ? package_bits(cpu) : bits_for(threads_of(cpu));
    return (CpuidResult){
        .eax = caches[index].type | (uint32_t)caches[index].level << 5 | 1u << 8 |
               ((1u << sharing) - 1) << 14 | (((1u << bits_for(cores_of(cpu))) - 1) & 0x3f) << 26,
        .ebx = (CLFLUSH_SIZE - 1) | (uint32_t)(caches[index].ways - 1) << 22,
        .ecx = (uint32_t)caches[index].sets - 1,
        .edx = caches[index].shared ? 4 : 0,
    };
}

/* Subleaf 0's EAX is the last subleaf. */
static CpuidResult leaf_7(const CpuModel *m, uint32_t subleaf)
{
    const uint32_t last = 2;
    CpuidResult r = feature_leaf(m, 7, subleaf);

    if (subleaf == 0) {
        r.eax = last;
    }
    return r;
}

/* Extended topology: threads, then cores. */
static CpuidResult leaf_b(const Cpu *cpu, uint32_t level)
{
    enum { TYPE_SMT = 1, TYPE_CORE = 2 };
    CpuidResult r = {.ecx = level & 0xff, .edx = cpu->cfg.apic_id};

    if (level == 0) {
        r.eax = bits_for(threads_of(cpu));
        r.ebx = threads_of(cpu);
        r.ecx |= TYPE_SMT << 8;
    } else if (level == 1) {
        r.eax = package_bits(cpu);
        r.ebx = threads_of(cpu) * cores_of(cpu);
        r.ecx |= TYPE_CORE << 8;
    }
    return r;
}

/* Of an XSAVE area with these components. */
static uint32_t xsave_size(uint64_t components)
{
    return XSAVE_SIZE + (components & XSTATE_AVX ? YMM_SIZE : 0);
}

static CpuidResult leaf_d(const Cpu *cpu, uint32_t subleaf)
{
    if (!cpu->cfg.model->has[FEAT_XSAVE]) {
        return (CpuidResult){0};
    }
    uint64_t all = cpu_model_xcr0(cpu->cfg.model);
    CpuidResult r = {0};
    switch (subleaf) {
    case 0:
        r.eax = (uint32_t)all;
        r.ebx = xsave_size(cpu->xcr0);
        r.ecx = xsave_size(all);
        break;
    case 1: /* the compacted format's size, which is the same as long as there is one component */
        r = feature_leaf(cpu->cfg.model, 0xd, 1);
        r.ebx = cpu->cfg.model->has[FEAT_XSAVEC] ? xsave_size(cpu->xcr0 | cpu->xss) : 0;
        break;
    case 2:
        if (all & XSTATE_AVX) {
            r.eax = YMM_SIZE;
            r.ebx = XSAVE_SIZE;
        }
        break;
    default:
        break;
    }
    return r;
}

/* Twelve characters in EBX, ECX, EDX order or (vendor) EBX, EDX, ECX. */
static CpuidResult text_leaf(uint32_t eax, const char text[12], bool vendor_order)
{
    CpuidResult r = {.eax = eax};
    uint32_t word[3];

    memcpy(word, text, 12);
    r.ebx = word[0];
    r.edx = vendor_order ? word[1] : word[2];
    r.ecx = vendor_order ? word[2] : word[1];
    return r;
}

static CpuidResult leaf_brand(const Cpu *cpu, uint32_t leaf)
{
    char brand[48] = {0};
    CpuidResult r;

    g_strlcpy(brand, cpu->cfg.model->brand, sizeof(brand));
    memcpy(&r, brand + 16 * (leaf - 0x80000002u), 16);
    return r;
}

static CpuidResult basic_leaf(const Cpu *cpu, uint32_t leaf, uint32_t subleaf)
{
    const CpuModel *m = cpu->cfg.model;

    switch (leaf) {
    case 0:
        return text_leaf(LEAF_MAX, "GenuineIntel", true);
    case 1:
        return leaf_1(cpu);
    case 2: /* see leaf 4 for caches */
        return (CpuidResult){.eax = 0x00feff01};
    case 4:
        return leaf_4(cpu, subleaf);
    case 6:
        return feature_leaf(m, 6, 0);
    case 7:
        return leaf_7(m, subleaf);
    case 0xb:
        return leaf_b(cpu, subleaf);
    case 0xd:
        return leaf_d(cpu, subleaf);
    case 0x15: /* TSC = crystal * EBX / EAX */
        return (CpuidResult){.eax = 1,
                             .ebx = (uint32_t)(CPU_TSC_HZ / CPU_CRYSTAL_HZ),
                             .ecx = (uint32_t)CPU_CRYSTAL_HZ};
    case 0x16:
        return (CpuidResult){.eax = TSC_MHZ, .ebx = TSC_MHZ, .ecx = 100};
    default:
        return (CpuidResult){0};
    }
}

static CpuidResult extended_leaf(const Cpu *cpu, uint32_t leaf)
{
    CpuidResult r = {0};

    switch (leaf) {
    case 0x80000000u:
        r.eax = LEAF_EXT_MAX;
        break;
    case 0x80000001u:
        r = feature_leaf(cpu->cfg.model, leaf, 0);
        break;
    case 0x80000002u ... 0x80000004u:
        r = leaf_brand(cpu, leaf);
        break;
    case 0x80000006u: /* L2: 1 MiB, 16 ways, 64-byte lines */
        r.ecx = 1024u << 16 | 8u << 12 | CLFLUSH_SIZE;
        break;
    case 0x80000007u:
        r = feature_leaf(cpu->cfg.model, leaf, 0);
        break;
    case 0x80000008u:
        r.eax = CPU_PHYS_BITS | LINEAR_BITS << 8;
        break;
    default:
        break;
    }
    return r;
}

CpuidResult cpuid_query(const Cpu *cpu, uint32_t leaf, uint32_t subleaf)
{
    if (leaf >= 0x80000000u && leaf <= LEAF_EXT_MAX) {
        return extended_leaf(cpu, leaf);
    }
    if (leaf == LEAF_HV_MAX && cpu->cfg.model->has[FEAT_HYPERVISOR]) {
        return text_leaf(LEAF_HV_MAX, "SwitchyardTC", false);
    }
    /* SDM: beyond the maximum, as the highest basic leaf. */
    return basic_leaf(cpu, leaf <= LEAF_MAX ? leaf : LEAF_MAX, subleaf);
}

void sys_cpuid(Cpu *cpu)
{
    CpuidResult r = cpuid_query(cpu, (uint32_t)cpu->gpr[R_RAX], (uint32_t)cpu->gpr[R_RCX]);

    cpu->gpr[R_RAX] = r.eax;
    cpu->gpr[R_RBX] = r.ebx;
    cpu->gpr[R_RCX] = r.ecx;
    cpu->gpr[R_RDX] = r.edx;
}

bool cpu_has_feature(const Cpu *cpu, int feature)
{
    return cpu->cfg.model->has[feature];
}
