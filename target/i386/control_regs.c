/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control and debug registers with their #GP rules (Intel SDM vol. 3, 2.5, 4.1, 10.8.5, 17.2), and
 * XCR0.
 */
#include "target/i386/cpuid.h"
#include "target/i386/fpu.h"
#include "target/i386/post.h"
#include "target/i386/segment_private.h"
#include "target/i386/system_ops.h"

#define CR3_NOFLUSH (1ull << 63)
#define XCR0_X87    1u
#define XCR0_SSE    2u
#define XCR0_AVX    4u

static G_NORETURN void general_protection(Cpu *cpu)
{
    cpu_raise_error(cpu, EXCP_GP, 0);
}

void sys_require_cpl0(Cpu *cpu)
{
    if (cpu->cpl != 0) {
        general_protection(cpu);
    }
}

uint64_t sys_read_cr(Cpu *cpu, int n)
{
    sys_require_cpl0(cpu);
    switch (n) {
    case 0:
        return cpu->cr0;
    case 2:
        return cpu->cr2;
    case 3:
        return cpu->cr3;
    case 4:
        return cpu->cr4;
    case 8:
        return cpu->cfg.apic ? apic_get_cr8(cpu->cfg.apic) : 0;
    default:
        cpu_raise(cpu, EXCP_UD);
    }
}

static bool uses_pdptes(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    return (cr0 & CR0_PG) && (cr4 & CR4_PAE) && !(efer & EFER_LMA);
}

/* What EFER becomes when CR0.PG changes; raises what 4.1.2 and 10.8.5 forbid. */
static uint64_t efer_for_paging(Cpu *cpu, bool paging)
{
    bool was = cpu->cr0 & CR0_PG;

    if (paging && !was && (cpu->efer & EFER_LME)) {
        if (!(cpu->cr4 & CR4_PAE) || (cpu->seg[SEG_CS].attr & SEG_ATTR_L)) {
            general_protection(cpu);
        }
        return cpu->efer | EFER_LMA;
    }
    if (!paging && was) {
        if (in_code64(cpu) || (cpu->cr4 & CR4_PCIDE)) {
            general_protection(cpu);
        }
        return cpu->efer & ~(uint64_t)EFER_LMA;
    }
    return cpu->efer;
}

static void write_cr0(Cpu *cpu, uint64_t value)
{
    const uint64_t translation = CR0_PG | CR0_WP | CR0_PE, cached = CR0_CD | CR0_NW | CR0_PG;
    uint64_t old = cpu->cr0, efer;

    if (value >> 32 || ((value & CR0_PG) && !(value & CR0_PE)) ||
        ((value & CR0_NW) && !(value & CR0_CD))) {
        general_protection(cpu);
    }
    value = (value & CR0_WRITABLE) | CR0_ET;
    efer = efer_for_paging(cpu, value & CR0_PG);
    if (uses_pdptes(value, cpu->cr4, efer) && ((value ^ old) & cached) &&
        !mmu_load_pdptes(cpu, cpu->cr3)) {
        general_protection(cpu);
    }
    cpu->cr0 = value;
    cpu->efer = efer;
    if ((value ^ old) & translation) {
        mmu_flush_all(cpu);
    }
    cpu_update_mode(cpu);
}

static void write_cr3(Cpu *cpu, uint64_t value)
{
    if (in_ia32e(cpu)) {
        uint64_t reserved = ~0ull << cpu_phys_bits(cpu);
        if (cpu->cr4 & CR4_PCIDE) {
            reserved &= ~CR3_NOFLUSH;
        }
        if (value & reserved) {
            general_protection(cpu);
        }
    } else {
        value = (uint32_t)value;
        if (uses_pdptes(cpu->cr0, cpu->cr4, cpu->efer) && !mmu_load_pdptes(cpu, value)) {
            general_protection(cpu);
        }
    }
    mmu_set_cr3(cpu, value);
}

uint64_t sys_cr4_writable(const Cpu *cpu)
{
    static const struct {
        uint32_t bit;
        int feature;
    } rows[] = {
        {CR4_VME, FEAT_VME},        {CR4_PVI, FEAT_VME},       {CR4_TSD, FEAT_TSC},
        {CR4_DE, FEAT_DE},          {CR4_PSE, FEAT_PSE},       {CR4_PAE, FEAT_PAE},
        {CR4_MCE, FEAT_MCE},        {CR4_PGE, FEAT_PGE},       {CR4_OSFXSR, FEAT_FXSR},
        {CR4_OSXMMEXCPT, FEAT_SSE}, {CR4_UMIP, FEAT_UMIP},     {CR4_FSGSBASE, FEAT_FSGSBASE},
        {CR4_PCIDE, FEAT_PCID},     {CR4_OSXSAVE, FEAT_XSAVE}, {CR4_SMEP, FEAT_SMEP},
        {CR4_SMAP, FEAT_SMAP},      {CR4_PKE, FEAT_PKU},       {CR4_PKS, FEAT_PKS},
    };
    uint64_t mask = CR4_PCE;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (cpu_has_feature(cpu, rows[i].feature)) {
            mask |= rows[i].bit;
        }
    }
    return mask;
}

static void write_cr4(Cpu *cpu, uint64_t value)
{
    const uint64_t translation =
        CR4_PGE | CR4_PAE | CR4_PSE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE | CR4_PKS;
    uint64_t old = cpu->cr4;
    bool pcide_on = (value & CR4_PCIDE) && !(old & CR4_PCIDE);

    if ((value & ~sys_cr4_writable(cpu)) || (in_ia32e(cpu) && !(value & CR4_PAE)) ||
        (pcide_on && (!in_ia32e(cpu) || (cpu->cr3 & 0xfff)))) {
        general_protection(cpu);
    }
    if (uses_pdptes(cpu->cr0, value, cpu->efer) && ((value ^ old) & translation) &&
        !mmu_load_pdptes(cpu, cpu->cr3)) {
        general_protection(cpu);
    }
    cpu->cr4 = value;
    if ((value ^ old) & translation) {
        mmu_flush_all(cpu);
        mmu_set_cr3(cpu, cpu->cr3); /* its PCID begins or ceases to count */
    }
    cpu_update_mode(cpu);
}

void sys_write_cr(Cpu *cpu, int n, uint64_t value)
{
    sys_require_cpl0(cpu);
    switch (n) {
    case 0:
        write_cr0(cpu, value);
        break;
    case 2:
        cpu->cr2 = value;
        break;
    case 3:
        write_cr3(cpu, value);
        break;
    case 4:
        write_cr4(cpu, value);
        break;
    case 8:
        if (value > 15) {
            general_protection(cpu);
        }
        if (cpu->cfg.apic) {
            CpuBefore before = cpu_device_enter(cpu);
            apic_set_cr8(cpu->cfg.apic, (uint8_t)value);
            cpu_device_leave(cpu, before);
        }
        break;
    default:
        cpu_raise(cpu, EXCP_UD);
    }
}

void sys_clts(Cpu *cpu)
{
    sys_require_cpl0(cpu);
    cpu->cr0 &= ~(uint64_t)CR0_TS;
    cpu_update_mode(cpu);
}

void sys_lmsw(Cpu *cpu, uint16_t value)
{
    uint64_t low = CR0_PE | CR0_MP | CR0_EM | CR0_TS;

    sys_require_cpl0(cpu);
    /* It may set PE but not clear it. */
    write_cr0(cpu, (cpu->cr0 & ~low) | (value & low) | (cpu->cr0 & CR0_PE));
}

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE is set; DR7.GD traps any access. */
static int debug_register(Cpu *cpu, int n)
{
    if (n > 7 || ((n == 4 || n == 5) && (cpu->cr4 & CR4_DE))) {
        cpu_raise(cpu, EXCP_UD);
    }
    sys_require_cpl0(cpu);
    if (cpu->dr[7] & DR7_GD) {
        cpu_raise_debug(cpu, DR6_BD);
    }
    return n == 4 || n == 5 ? n + 2 : n;
}

uint64_t sys_read_dr(Cpu *cpu, int n)
{
    return cpu->dr[debug_register(cpu, n)];
}

void sys_write_dr(Cpu *cpu, int n, uint64_t value)
{
    int reg = debug_register(cpu, n);

    if (reg >= 6 && value >> 32) {
        general_protection(cpu);
    }
    if (reg == 6) {
        cpu->dr[6] = (value & DR6_WRITABLE) | DR6_FIXED;
        return;
    }
    cpu->dr[reg] = reg == 7 ? (value & DR7_WRITABLE) | DR7_FIXED : value;
    mmu_flush_all(cpu); /* pages with data breakpoints take the slow path */
}

void sys_xgetbv(Cpu *cpu)
{
    uint64_t value = cpu->xcr0;
    uint32_t index = (uint32_t)cpu->gpr[R_RCX];

    if (!(cpu->cr4 & CR4_OSXSAVE)) {
        cpu_raise(cpu, EXCP_UD);
    }
    if (index > 1 || (index == 1 && !cpu_has_feature(cpu, FEAT_XGETBV1))) {
        general_protection(cpu);
    }
    if (index == 1) {
        value &= fpu_xinuse(cpu);
    }
    cpu->gpr[R_RAX] = (uint32_t)value;
    cpu->gpr[R_RDX] = value >> 32;
}

/* RDPKRU and WRPKRU (SDM vol. 2). */
static void check_pkru(Cpu *cpu, uint64_t zeros)
{
    if (!(cpu->cr4 & CR4_PKE)) {
        cpu_raise(cpu, EXCP_UD);
    }
    if ((uint32_t)zeros) {
        general_protection(cpu);
    }
}

void sys_rdpkru(Cpu *cpu)
{
    check_pkru(cpu, cpu->gpr[R_RCX]);
    cpu->gpr[R_RAX] = cpu->pkru;
    cpu->gpr[R_RDX] = 0;
}

void sys_wrpkru(Cpu *cpu)
{
    check_pkru(cpu, cpu->gpr[R_RCX] | cpu->gpr[R_RDX]);
    sys_set_pkru(cpu, (uint32_t)cpu->gpr[R_RAX]);
}

void sys_set_pkru(Cpu *cpu, uint32_t value)
{
    uint64_t old = cpu->pkru;

    cpu->pkru = value;
    mmu_keys_changed(cpu, MMU_KEYS_USER, old);
}

void sys_xsetbv(Cpu *cpu)
{
    uint64_t value = (uint32_t)cpu->gpr[R_RAX] | cpu->gpr[R_RDX] << 32;

    if (!(cpu->cr4 & CR4_OSXSAVE)) {
        cpu_raise(cpu, EXCP_UD);
    }
    sys_require_cpl0(cpu);
    if ((uint32_t)cpu->gpr[R_RCX] != 0 || !(value & XCR0_X87) ||
        (value & ~cpu_model_xcr0(cpu->cfg.model)) || ((value & XCR0_AVX) && !(value & XCR0_SSE))) {
        general_protection(cpu);
    }
    cpu->xcr0 = value;
    cpu_update_mode(cpu);
}

void sys_check_x87(Cpu *cpu)
{
    if (cpu->cr0 & (CR0_EM | CR0_TS)) {
        cpu_raise(cpu, EXCP_NM);
    }
}

void sys_check_sse(Cpu *cpu)
{
    if ((cpu->cr0 & CR0_EM) || !(cpu->cr4 & CR4_OSFXSR)) {
        cpu_raise(cpu, EXCP_UD);
    }
    if (cpu->cr0 & CR0_TS) {
        cpu_raise(cpu, EXCP_NM);
    }
}

void sys_check_umip(Cpu *cpu)
{
    if ((cpu->cr4 & CR4_UMIP) && cpu->cpl > 0) {
        general_protection(cpu);
    }
}

void sys_check_fsgsbase(Cpu *cpu)
{
    if (!(cpu->cr4 & CR4_FSGSBASE) || !in_code64(cpu)) {
        cpu_raise(cpu, EXCP_UD);
    }
}
