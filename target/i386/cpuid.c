/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUID instruction's answers (Intel SDM vol. 2, CPUID): features from the rows of
 * cpuid_features.c, and the leaves that describe caches, topology, XSAVE's area and frequencies.
 * AMD's models have those of AMD's manual (APM vol. 3, appendix E).
 * Left out: performance monitoring, thermal, SGX, PT, RDT (their leaves read as zeros).
 */
#include "target/i386/cpuid.h"

#include <string.h>

#include "target/i386/cpu_model.h"
#include "target/i386/hyperv.h"
#include "target/i386/system_ops.h"

#define LEAF_HV      0x40000000u
#define LEAF_HV_KVM  0x40000001u
#define LEAVES_HV    0x100u
#define CLFLUSH_SIZE 64u
#define XSAVE_SIZE   576u /* legacy area and header */
#define YMM_SIZE     256u
#define PKRU_OFFSET  2688u
#define PKRU_SIZE    8u
#define XSTATE_AVX   4u
#define XSTATE_PKRU  (1u << 9)
#define ECX7_OSPKE   (1u << 4)
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
    unsigned base = MIN(m->family, 0xfu), extended = m->family - base;

    return m->stepping | (m->model & 15) << 4 | base << 8 | (m->model >> 4) << 16 | extended << 20;
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
static CpuidResult leaf_7(const Cpu *cpu, uint32_t subleaf)
{
    const uint32_t last = 2;
    CpuidResult r = feature_leaf(cpu->cfg.model, 7, subleaf);

    if (subleaf == 0) {
        r.eax = last;
        r.ecx |= cpu->cr4 & CR4_PKE ? ECX7_OSPKE : 0;
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

/* Of an XSAVE area with these components, in the standard format and the compacted one. */
static uint32_t xsave_size(uint64_t components)
{
    if (components & XSTATE_PKRU) {
        return PKRU_OFFSET + PKRU_SIZE;
    }
    return XSAVE_SIZE + (components & XSTATE_AVX ? YMM_SIZE : 0);
}

static uint32_t xsavec_size(uint64_t components)
{
    return XSAVE_SIZE + (components & XSTATE_AVX ? YMM_SIZE : 0) +
           (components & XSTATE_PKRU ? PKRU_SIZE : 0);
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
    case 1:
        r = feature_leaf(cpu->cfg.model, 0xd, 1);
        r.ebx = cpu->cfg.model->has[FEAT_XSAVEC] ? xsavec_size(cpu->xcr0 | cpu->xss) : 0;
        break;
    case 2:
        if (all & XSTATE_AVX) {
            r.eax = YMM_SIZE;
            r.ebx = XSAVE_SIZE;
        }
        break;
    case 9:
        if (all & XSTATE_PKRU) {
            r.eax = PKRU_SIZE;
            r.ebx = PKRU_OFFSET;
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
    CpuidResult r;

    memcpy(&r, cpu->cfg.model->brand + 16 * (leaf - 0x80000002u), 16);
    return r;
}

/* A switch for old kernels (SDM vol. 4, IA32_MISC_ENABLE). */
static uint32_t last_leaf(const Cpu *cpu)
{
    return cpu->misc_enable & MISC_ENABLE_LIMIT_CPUID ? MIN(cpu->cfg.model->leaf_max, 2)
                                                      : cpu->cfg.model->leaf_max;
}

static CpuidResult basic_leaf(const Cpu *cpu, uint32_t leaf, uint32_t subleaf)
{
    const CpuModel *m = cpu->cfg.model;

    switch (leaf) {
    case 0:
        return text_leaf(last_leaf(cpu), m->vendor, true);
    case 1:
        return leaf_1(cpu);
    case 2: /* see leaf 4 for caches */
        return m->amd ? (CpuidResult){0} : (CpuidResult){.eax = 0x00feff01};
    case 4:
        return m->amd ? (CpuidResult){0} : leaf_4(cpu, subleaf);
    case 6:
        return feature_leaf(m, 6, 0);
    case 7:
        return leaf_7(cpu, subleaf);
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

/* AMD's shows those of leaf 1 again that there were before long mode (APM vol. 3, E.4). */
static CpuidResult leaf_ext_1(const Cpu *cpu)
{
    const uint32_t repeated = 0x0183f3ffu;
    const CpuModel *m = cpu->cfg.model;
    CpuidResult r = feature_leaf(m, 0x80000001u, 0);

    if (cpu->misc_enable & MISC_ENABLE_XD_OFF) {
        r.edx &= ~(1u << cpu_feature_rows[FEAT_NX].bit);
    }
    if (m->amd) {
        r.eax = signature(m);
        r.edx |= leaf_1(cpu).edx & repeated;
        if (threads_of(cpu) * cores_of(cpu) > 1) {
            r.ecx |= 1u << cpu_feature_rows[FEAT_CMP_LEGACY].bit;
        }
    }
    return r;
}

/* Widths of addresses; AMD's also how many CPUs a package has (APM vol. 3, E.4). */
static CpuidResult leaf_ext_8(const Cpu *cpu)
{
    const CpuModel *m = cpu->cfg.model;
    CpuidResult r = feature_leaf(m, 0x80000008u, 0);

    r.eax = m->phys_bits | LINEAR_BITS << 8;
    if (m->amd) {
        r.ecx = package_bits(cpu) << 12 | (threads_of(cpu) * cores_of(cpu) - 1);
    }
    return r;
}

/* AMD's L1 caches: KiB, ways, lines a tag, line size (APM vol. 3, E.4). */
static CpuidResult leaf_ext_5(void)
{
    const uint32_t l1 = 32u << 24 | 8u << 16 | 1u << 8 | CLFLUSH_SIZE;

    return (CpuidResult){.ecx = l1, .edx = l1};
}

/* L2: 1 MiB, 16 ways, 64-byte lines; AMD's also L3: 16 MiB, 16 ways. */
static CpuidResult leaf_ext_6(const CpuModel *m)
{
    const uint32_t ways_16 = 8;

    return (CpuidResult){
        .ecx = 1024u << 16 | ways_16 << 12 | CLFLUSH_SIZE,
        .edx = m->amd ? (16u * 2) << 18 | ways_16 << 12 | 1u << 8 | CLFLUSH_SIZE : 0,
    };
}

/* Caches as leaf 4 has them, but for the count of cores. */
static CpuidResult leaf_ext_1d(const Cpu *cpu, uint32_t index)
{
    CpuidResult r = leaf_4(cpu, index);

    r.eax &= 0x03ffffffu;
    return r;
}

/* Core and node of this CPU (APM vol. 3, E.4): a package is a node. */
static CpuidResult leaf_ext_1e(const Cpu *cpu)
{
    uint32_t id = cpu->cfg.apic_id;

    return (CpuidResult){
        .eax = id,
        .ebx = (threads_of(cpu) - 1) << 8 | (id >> bits_for(threads_of(cpu)) & 0xff),
        .ecx = id >> package_bits(cpu) & 0xff,
    };
}

static CpuidResult extended_leaf(const Cpu *cpu, uint32_t leaf, uint32_t subleaf)
{
    const CpuModel *m = cpu->cfg.model;

    switch (leaf) {
    case 0x80000000u:
        return m->amd ? text_leaf(m->leaf_ext_max, m->vendor, true)
                      : (CpuidResult){.eax = m->leaf_ext_max};
    case 0x80000001u:
        return leaf_ext_1(cpu);
    case 0x80000002u ... 0x80000004u:
        return leaf_brand(cpu, leaf);
    case 0x80000005u:
        return m->amd ? leaf_ext_5() : (CpuidResult){0};
    case 0x80000006u:
        return leaf_ext_6(m);
    case 0x80000007u:
        return feature_leaf(m, leaf, 0);
    case 0x80000008u:
        return leaf_ext_8(cpu);
    case 0x8000001du:
        return m->has[FEAT_TOPOEXT] ? leaf_ext_1d(cpu, subleaf) : (CpuidResult){0};
    case 0x8000001eu:
        return m->has[FEAT_TOPOEXT] ? leaf_ext_1e(cpu) : (CpuidResult){0};
    default:
        return (CpuidResult){0};
    }
}

/* KVM's leaves (Linux, Documentation/virt/kvm/x86/cpuid.rst). */
static CpuidResult kvm_leaf(const CpuModel *m, uint32_t base, uint32_t leaf)
{
    return leaf == base ? text_leaf(base + 1, "KVMKVMKVM\0\0", false)
                        : feature_leaf(m, LEAF_HV_KVM, 0);
}

/* Hypervisors' leaves start at multiples of 100h: Hyper-V's at the first, and KVM's after them.
 * Where there is neither, our own name. */
static bool hypervisor_leaf(const Cpu *cpu, uint32_t leaf, CpuidResult *r)
{
    const CpuModel *m = cpu->cfg.model;
    bool hyperv = cpu->cfg.hyperv != NULL, kvm = m->has[FEAT_KVM_STEAL_TIME];
    uint32_t base = LEAF_HV + (hyperv ? LEAVES_HV : 0);

    if (!m->has[FEAT_HYPERVISOR]) {
        return false;
    }
    if (hyperv && leaf - LEAF_HV < LEAVES_HV) {
        *r = hyperv_cpuid(cpu, leaf);
        return true;
    }
    if (kvm && leaf - base <= LEAF_HV_KVM - LEAF_HV) {
        *r = kvm_leaf(m, base, leaf);
        return true;
    }
    if (leaf == base && !hyperv) {
        *r = text_leaf(LEAF_HV, "SwitchyardTC", false);
        return true;
    }
    return false;
}

CpuidResult cpuid_query(const Cpu *cpu, uint32_t leaf, uint32_t subleaf)
{
    const CpuModel *m = cpu->cfg.model;
    CpuidResult r;

    if (leaf >= 0x80000000u && leaf <= m->leaf_ext_max) {
        return extended_leaf(cpu, leaf, subleaf);
    }
    if (hypervisor_leaf(cpu, leaf, &r)) {
        return r;
    }
    if (leaf > m->leaf_max && m->amd) {
        return (CpuidResult){0};
    }
    /* SDM: beyond the maximum, as the highest basic leaf. */
    return basic_leaf(cpu, MIN(leaf, m->leaf_max), subleaf);
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

bool cpu_is_amd(const Cpu *cpu)
{
    return cpu->cfg.model->amd;
}

unsigned cpu_phys_bits(const Cpu *cpu)
{
    return cpu->cfg.model->phys_bits;
}
