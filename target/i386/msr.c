/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers (Intel SDM vol. 4; AMD's APM vol. 2, appendix A), a row each, one of
 * KVM's, and Hyper-V's (hw/hyperv/msr.c). What has no row gives #GP(0), which kernels probe for.
 * Left out: performance counters, branch records, RAPL, VMX, SVM.
 */
#include <stddef.h>

#include "target/i386/cpu_private.h"
#include "target/i386/cpuid.h"
#include "target/i386/hyperv.h"
#include "target/i386/post.h"
#include "target/i386/segment_private.h"
#include "target/i386/steal_time.h"
#include "target/i386/system_ops.h"

/* Instead of a feature. */
#define MSR_ANY        (-1)
#define MSR_INTEL      (-2)
#define MSR_AMD        (-3)
#define MSR_HYPERV     (-4)
#define MTRR_CAP       (8u | 1u << 8 | 1u << 10) /* 8 variable ranges, fixed ones, WC */
#define MTRR_DEF_BITS  0xcffu
#define UCODE_REVISION (1ull << 32)
#define FEATURE_LOCKED 1u
#define MCG_CAP_BANKS  4u
#define SPEC_CTRL_BITS (7u | 1u << 10) /* IBRS, STIBP, SSBD, BHI_DIS_S */
#define EFER_KNOWN     (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
/* Ratios of the TSC to a bus of 100 MHz: as fast as it gets, and as slow. */
#define PLATFORM_INFO  (PLATFORM_RATIO << 8 | PLATFORM_RATIO << 40)
#define PLATFORM_RATIO ((uint64_t)(CPU_TSC_HZ / 100000000u))
/* Fast strings, thermal control, SpeedStep, MONITOR, CPUID's limit, xTPR off, XD off. */
#define MISC_ENABLE_WRITABLE                                                                       \
    (1ull << 0 | 1ull << 3 | 1ull << 16 | 1ull << 18 | MISC_ENABLE_LIMIT_CPUID | 1ull << 23 |      \
     MISC_ENABLE_XD_OFF)
/* Performance counters, no branch trace, no PEBS. */
#define MISC_ENABLE_READ_ONLY (1ull << 7 | 1ull << 11 | 1ull << 12)
/* AMD's HWCR: software may write MCi_STATUS and the like, and the TSC counts at P0's rate. */
#define HWCR_MC_STATUS_WRITABLE (1ull << 18)
#define HWCR_TSC_FREQ_SEL       (1ull << 24)
/* SYSCFG: how the ranges of fixed MTRRs and memory above 4 GiB are treated. */
#define SYSCFG_BITS (0x1full << 18)
/* IA32_ARCH_CAPABILITIES: RDCL_NO, IBRS_ALL, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, PSCHANGE_MC_NO,
 * TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO, ITS_NO. */
#define ARCH_CAPABILITIES                                                                          \
    (1ull << 0 | 1ull << 1 | 1ull << 3 | 1ull << 4 | 1ull << 5 | 1ull << 6 | 1ull << 8 |           \
     1ull << 13 | 1ull << 14 | 1ull << 15 | 1ull << 20 | 1ull << 24 | 1ull << 26 | 1ull << 27 |    \
     1ull << 62)

typedef struct MsrRow MsrRow;
struct MsrRow {
    uint32_t first, last;
    int feature; /* that must be there, or MSR_ANY, MSR_INTEL, MSR_AMD */
    /* Without functions: a plain field at `offset`, whose bits outside `writable` must be zero. */
    size_t offset;
    uint64_t writable;
    bool (*read)(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value);
    bool (*write)(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value);
};

static uint64_t *field(Cpu *cpu, const MsrRow *row, uint32_t index)
{
    return (uint64_t *)(void *)((uint8_t *)cpu + row->offset) + index;
}

static bool read_field(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    *value = *field(cpu, row, msr - row->first);
    return true;
}

static bool write_field(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    if (value & ~row->writable) {
        return false;
    }
    *field(cpu, row, msr - row->first) = value;
    return true;
}

static bool write_canonical(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    if (!mmu_is_canonical(value)) {
        return false;
    }
    *field(cpu, row, 0) = value;
    return true;
}

/* Read-only rows keep their constant in `writable`. */
static bool read_constant(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    *value = row->writable;
    return true;
}

static bool never_read(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    return false;
}

static bool never_write(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    return false;
}

/* A command with no effect here, or a register that only takes zero. */
static bool write_command(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    return (value & ~row->writable) == 0;
}

static bool write_ignored(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    return true;
}

static bool write_zero(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    return value == 0;
}

static bool msr_read_zero(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    *value = 0;
    return true;
}

static bool read_apic(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    CpuBefore before = cpu_device_enter(cpu);
    bool known = cpu->cfg.apic && apic_msr_read(cpu->cfg.apic, msr, value);

    cpu_device_leave(cpu, before);
    return known;
}

static bool write_apic(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    CpuBefore before = cpu_device_enter(cpu);
    bool known = cpu->cfg.apic && apic_msr_write(cpu->cfg.apic, msr, value);

    cpu_device_leave(cpu, before);
    return known;
}

static bool read_tsc(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    *value = cpu_tsc(cpu);
    return true;
}

static bool read_hyperv(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    return hyperv_msr_read(cpu, msr, value);
}

static bool write_hyperv(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    return hyperv_msr_write(cpu, msr, value);
}

/* The APIC's deadline timer follows the TSC, and so does what a hypervisor says of it. */
static bool msr_tsc_moved(Cpu *cpu)
{
    hyperv_tsc_moved(cpu);
    if (cpu->cfg.apic) {
        CpuBefore before = cpu_device_enter(cpu);
        apic_tsc_changed(cpu->cfg.apic);
        cpu_device_leave(cpu, before);
    }
    return true;
}

/* Writing either TSC or its adjustment moves both (SDM 17.17.3). */
static bool write_tsc(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    uint64_t delta = value - cpu_tsc(cpu);

    cpu->tsc_offset += delta;
    cpu->tsc_adjust += delta;
    return msr_tsc_moved(cpu);
}

static bool write_tsc_adjust(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    cpu->tsc_offset += value - cpu->tsc_adjust;
    cpu->tsc_adjust = value;
    return msr_tsc_moved(cpu);
}

static bool write_efer(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    uint64_t known = EFER_KNOWN, old = cpu->efer;

    if (!cpu_has_feature(cpu, FEAT_NX) || (cpu->misc_enable & MISC_ENABLE_XD_OFF)) {
        known &= ~(uint64_t)EFER_NXE;
    }
    if ((value & ~known) || ((cpu->cr0 & CR0_PG) && ((value ^ old) & EFER_LME))) {
        return false;
    }
    cpu->efer = (value & ~(uint64_t)EFER_LMA) | (old & EFER_LMA);
    if ((value ^ old) & EFER_NXE) {
        mmu_flush_all(cpu);
    }
    return true;
}

/* Enhanced IBRS is no promise to make where there is no IA32_SPEC_CTRL to switch it on. */
static bool read_arch_capabilities(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    enum { IBRS_ALL = 1 << 1 };
    *value = ARCH_CAPABILITIES;
    if (!cpu_has_feature(cpu, FEAT_SPEC_CTRL)) {
        *value &= ~(uint64_t)IBRS_ALL;
    }
    return true;
}

static uint64_t *segment_base(Cpu *cpu, uint32_t msr)
{
    enum { MSR_FS_BASE = 0xc0000100u };
    return &cpu->seg[msr == MSR_FS_BASE ? SEG_FS : SEG_GS].base;
}

static bool read_segment_base(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    *value = *segment_base(cpu, msr);
    return true;
}

static bool write_segment_base(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    if (!mmu_is_canonical(value)) {
        return false;
    }
    *segment_base(cpu, msr) = value;
    return true;
}

static bool write_pat(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    const uint32_t types = 1u << 0 | 1u << 1 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7;

    for (int i = 0; i < 8; i++) {
        unsigned type = (value >> (8 * i)) & 0xff;
        if (type > 7 || !(types & (1u << type))) {
            return false;
        }
    }
    cpu->pat = value;
    return true;
}

/* Bases and masks alternate from 200h. */
static uint64_t *mtrr_variable(Cpu *cpu, uint32_t msr)
{
    unsigned n = msr - 0x200;
    return n & 1 ? &cpu->mtrr_mask[n / 2] : &cpu->mtrr_base[n / 2];
}

static bool read_mtrr_variable(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    *value = *mtrr_variable(cpu, msr);
    return true;
}

static bool write_mtrr_variable(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    uint64_t reserved = ~0ull << cpu_phys_bits(cpu) | (msr & 1 ? 0x7ffull : 0xf00ull);

    if (value & reserved) {
        return false;
    }
    *mtrr_variable(cpu, msr) = value;
    return true;
}

/* 64 KiB, two of 16 KiB, eight of 4 KiB. */
static uint64_t *mtrr_fixed(Cpu *cpu, uint32_t msr)
{
    return &cpu->mtrr_fixed[msr == 0x250 ? 0 : msr < 0x260 ? msr - 0x258 + 1 : msr - 0x268 + 3];
}

static bool read_mtrr_fixed(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    *value = *mtrr_fixed(cpu, msr);
    return true;
}

static bool write_mtrr_fixed(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    *mtrr_fixed(cpu, msr) = value;
    return true;
}

/* CTL, STATUS, ADDR and MISC of each bank from 400h. Software may only clear the last three. */
static uint64_t *mc_bank(Cpu *cpu, uint32_t msr)
{
    uint64_t *const reg[4] = {cpu->mc_ctl, cpu->mc_status, cpu->mc_addr, cpu->mc_misc};
    return &reg[msr & 3][(msr - 0x400) / 4];
}

static bool read_mc_bank(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t *value)
{
    *value = *mc_bank(cpu, msr);
    return true;
}

/* CTL takes all or nothing (SDM vol. 3, 15.3.2.1); software clears the others, and only on AMD's
 * may it be allowed more. */
static bool write_mc_bank(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    bool control = (msr & 3) == 0;

    if (value != 0 && !(control ? value == UINT64_MAX : cpu->hwcr & HWCR_MC_STATUS_WRITABLE)) {
        return false;
    }
    *mc_bank(cpu, msr) = value;
    return true;
}

/* Bits that report something keep their value. */
static bool write_misc_enable(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    uint64_t known = MISC_ENABLE_WRITABLE | MISC_ENABLE_READ_ONLY;

    if (!cpu_has_feature(cpu, FEAT_NX)) {
        known &= ~MISC_ENABLE_XD_OFF;
    }
    if (value & ~known) {
        return false;
    }
    cpu->misc_enable = (value & MISC_ENABLE_WRITABLE) | (cpu->misc_enable & MISC_ENABLE_READ_ONLY);
    return true;
}

static bool write_hwcr(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    if (value >> 32) {
        return false;
    }
    cpu->hwcr = value | HWCR_TSC_FREQ_SEL;
    return true;
}

static bool write_pkrs(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    uint64_t old = cpu->pkrs;

    if (value >> 32) {
        return false;
    }
    cpu->pkrs = value;
    mmu_keys_changed(cpu, MMU_KEYS_KERNEL, old);
    return true;
}

/* Bits 63:32 are reserved (SDM vol. 3, 5.8.8), and WRMSR gives #GP for what is reserved (vol. 2).
 */
static bool write_fmask(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    if (value >> 32 && !cpu->cfg.fmask_upper_ignored) {
        return false;
    }
    cpu->sfmask = (uint32_t)value;
    return true;
}

static bool write_steal_time(Cpu *cpu, const MsrRow *row, uint32_t msr, uint64_t value)
{
    return steal_time_write(cpu, value);
}

#define FIELD(first_, last_, feature_, field_, writable_)                                          \
    {                                                                                              \
        first_, last_, feature_, offsetof(Cpu, field_), writable_, read_field, write_field         \
    }
#define ADDRESS(msr_, feature_, field_)                                                            \
    {                                                                                              \
        msr_, msr_, feature_, offsetof(Cpu, field_), 0, read_field, write_canonical                \
    }
#define CONSTANT(msr_, feature_, value_, write_)                                                   \
    {                                                                                              \
        msr_, msr_, feature_, 0, value_, read_constant, write_                                     \
    }
#define CALLS(first_, last_, feature_, read_, write_)                                              \
    {                                                                                              \
        first_, last_, feature_, 0, 0, read_, write_                                               \
    }

static const MsrRow rows[] = {
    CALLS(0x10, 0x10, FEAT_TSC, read_tsc, write_tsc),
    CONSTANT(0x17, MSR_INTEL, 0, never_write), /* PLATFORM_ID */
    CALLS(MSR_IA32_APIC_BASE, MSR_IA32_APIC_BASE, FEAT_APIC, read_apic, write_apic),
    CONSTANT(0x3a, MSR_INTEL, FEATURE_LOCKED, never_write), /* FEATURE_CONTROL: VMX off */
    {0x3b, 0x3b, FEAT_TSC_ADJUST, offsetof(Cpu, tsc_adjust), 0, read_field, write_tsc_adjust},
    FIELD(0x48, 0x48, FEAT_SPEC_CTRL, spec_ctrl, SPEC_CTRL_BITS),
    {0x49, 0x49, FEAT_SPEC_CTRL, 0, 1, never_read, write_command}, /* PRED_CMD */
    CALLS(0x79, 0x79, MSR_INTEL, never_read, write_ignored),       /* BIOS_UPDT_TRIG */
    CONSTANT(0x8b, MSR_ANY, UCODE_REVISION, write_ignored),        /* BIOS_SIGN_ID */
    CONSTANT(0xce, MSR_INTEL, PLATFORM_INFO, never_write),
    CONSTANT(0xfe, FEAT_MTRR, MTRR_CAP, never_write), /* MTRRCAP */
    {0x10a, 0x10a, FEAT_ARCH_CAPABILITIES, 0, 0, read_arch_capabilities, never_write},
    FIELD(0x174, 0x174, FEAT_SEP, sysenter_cs, UINT64_MAX),
    ADDRESS(0x175, FEAT_SEP, sysenter_esp),
    ADDRESS(0x176, FEAT_SEP, sysenter_eip),
    CONSTANT(0x179, FEAT_MCA, MCG_CAP_BANKS, never_write),
    FIELD(0x17a, 0x17a, FEAT_MCA, mcg_status, 7),
    CALLS(0x198, 0x198, MSR_INTEL, msr_read_zero, never_write), /* PERF_STATUS */
    {0x1a0, 0x1a0, MSR_INTEL, offsetof(Cpu, misc_enable), 0, read_field, write_misc_enable},
    CALLS(0x1d9, 0x1d9, MSR_ANY, msr_read_zero, write_zero), /* DEBUGCTL */
    CALLS(0x200, 0x20f, FEAT_MTRR, read_mtrr_variable, write_mtrr_variable),
    CALLS(0x250, 0x250, FEAT_MTRR, read_mtrr_fixed, write_mtrr_fixed),
    CALLS(0x258, 0x259, FEAT_MTRR, read_mtrr_fixed, write_mtrr_fixed),
    CALLS(0x268, 0x26f, FEAT_MTRR, read_mtrr_fixed, write_mtrr_fixed),
    {0x277, 0x277, FEAT_PAT, offsetof(Cpu, pat), 0, read_field, write_pat},
    FIELD(0x2ff, 0x2ff, FEAT_MTRR, mtrr_def, MTRR_DEF_BITS),
    CALLS(0x400, 0x40f, FEAT_MCA, read_mc_bank, write_mc_bank),
    CALLS(MSR_IA32_TSC_DEADLINE, MSR_IA32_TSC_DEADLINE, FEAT_TSC_DEADLINE, read_apic, write_apic),
    {0x6e1, 0x6e1, FEAT_PKS, offsetof(Cpu, pkrs), 0, read_field, write_pkrs},
    FIELD(0xda0, 0xda0, FEAT_XSAVES, xss, 0), /* no supervisor state */
    CALLS(HV_MSR_FIRST, HV_MSR_LAST, MSR_HYPERV, read_hyperv, write_hyperv),
    {MSR_KVM_STEAL_TIME, MSR_KVM_STEAL_TIME, FEAT_KVM_STEAL_TIME, offsetof(Cpu, steal_time), 0,
     read_field, write_steal_time},
    {0xc0000080u, 0xc0000080u, FEAT_LM, offsetof(Cpu, efer), 0, read_field, write_efer},
    FIELD(0xc0000081u, 0xc0000081u, FEAT_SYSCALL, star, UINT64_MAX),
    ADDRESS(0xc0000082u, FEAT_SYSCALL, lstar),
    ADDRESS(0xc0000083u, FEAT_SYSCALL, cstar),
    {0xc0000084u, 0xc0000084u, FEAT_SYSCALL, offsetof(Cpu, sfmask), 0, read_field, write_fmask},
    CALLS(0xc0000100u, 0xc0000101u, FEAT_LM, read_segment_base, write_segment_base),
    ADDRESS(0xc0000102u, FEAT_LM, kernel_gs_base),
    FIELD(0xc0000103u, 0xc0000103u, FEAT_RDTSCP, tsc_aux, UINT32_MAX),
    FIELD(0xc0010010u, 0xc0010010u, MSR_AMD, syscfg, SYSCFG_BITS),
    {0xc0010015u, 0xc0010015u, MSR_AMD, offsetof(Cpu, hwcr), 0, read_field, write_hwcr},
    FIELD(0xc001001fu, 0xc001001fu, MSR_AMD, nb_cfg, UINT64_MAX),
    CALLS(0xc0010020u, 0xc0010020u, MSR_AMD, never_read, write_ignored), /* PATCH_LOADER */
    CALLS(0xc0010055u, 0xc0010055u, MSR_AMD, msr_read_zero, write_zero), /* INT_PENDING */
    FIELD(0xc0011029u, 0xc0011029u, MSR_AMD, de_cfg, UINT64_MAX),
};

/* Kernels use these most, for each EOI and each IPI. */
static const MsrRow x2apic_row =
    CALLS(MSR_X2APIC_FIRST, MSR_X2APIC_LAST, FEAT_X2APIC, read_apic, write_apic);

static bool in_row(const MsrRow *row, uint32_t msr)
{
    return msr >= row->first && msr <= row->last;
}

static const MsrRow *search_row(uint32_t msr)
{
    size_t low = 0, high = G_N_ELEMENTS(rows);

    while (low < high) {
        size_t mid = (low + high) / 2;
        if (in_row(&rows[mid], msr)) {
            return &rows[mid];
        }
        if (msr > rows[mid].last) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

static bool msr_available(const Cpu *cpu, const MsrRow *row)
{
    switch (row->feature) {
    case MSR_ANY:
        return true;
    case MSR_INTEL:
        return !cpu_is_amd(cpu);
    case MSR_AMD:
        return cpu_is_amd(cpu);
    case MSR_HYPERV:
        return cpu->cfg.hyperv != NULL;
    default:
        return cpu_has_feature(cpu, row->feature);
    }
}

static const MsrRow *msr_find_row(const Cpu *cpu, uint32_t msr)
{
    const MsrRow *row = in_row(&x2apic_row, msr) ? &x2apic_row : search_row(msr);

    return row && msr_available(cpu, row) ? row : NULL;
}

static G_NORETURN void msr_refuse(Cpu *cpu, const char *what, uint32_t msr)
{
    trace_event(cpu->cfg.trace, TRACE_GUEST_ERRORS, "%s cpu=%u msr=0x%x reason=#GP", what,
                cpu->cfg.index, msr);
    cpu_raise_error(cpu, EXCP_GP, 0);
}

void sys_rdmsr(Cpu *cpu)
{
    uint32_t msr = (uint32_t)cpu->gpr[R_RCX];
    uint64_t value = 0;
    const MsrRow *row;

    if (cpu->cpl != 0) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    row = msr_find_row(cpu, msr);
    if (!row || !row->read(cpu, row, msr, &value)) {
        msr_refuse(cpu, "rdmsr", msr);
    }
    cpu->gpr[R_RAX] = (uint32_t)value;
    cpu->gpr[R_RDX] = value >> 32;
}

void sys_wrmsr(Cpu *cpu)
{
    uint32_t msr = (uint32_t)cpu->gpr[R_RCX];
    uint64_t value = (uint32_t)cpu->gpr[R_RAX] | cpu->gpr[R_RDX] << 32;
    const MsrRow *row;

    if (cpu->cpl != 0) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    row = msr_find_row(cpu, msr);
    if (!row || !row->write(cpu, row, msr, value)) {
        msr_refuse(cpu, "wrmsr", msr);
    }
}
