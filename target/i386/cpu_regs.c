/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's registers, a row each (include/machine/vcpu.h): all that a vCPU between two cpu_run()s
 * is, but for what is derived from it. Names are gdb's where gdb has the register, else the
 * manuals', in lower case.
 *
 * Order matters to who sets all of them: what decides what another row means stands before that.
 * Not here: the pins INTR (the APIC's) and A20M# (the board's), and the configuration.
 */
#include <stddef.h>

#include "target/i386/cpu_private.h"
#include "target/i386/cpuid.h"
#include "target/i386/debug_regs.h"
#include "target/i386/flags.h"
#include "target/i386/fpu_internal.h"
#include "target/i386/mmu.h"
#include "target/i386/mxcsr.h"
#include "target/i386/steal_time.h"
#include "target/i386/system_ops.h"
#include "target/i386/x87.h"

typedef struct CpuReg CpuReg;
struct CpuReg {
    VcpuReg reg;
    uint8_t width; /* bytes of the field, at `offset` of Cpu; up to 8 they are a number */
    uint32_t offset;
    uint64_t held;           /* bits that can be set; the others keep their value */
    void (*after)(Cpu *cpu); /* derives what follows from a new value */
    /* Instead of a field; `index` is theirs. */
    uint8_t index;
    uint64_t (*get)(const Cpu *cpu, const CpuReg *row);
    void (*set)(Cpu *cpu, const CpuReg *row, uint64_t value);
    uint8_t *(*at)(const Cpu *cpu, const CpuReg *row); /* where the field is, for wide ones */
};

static uint64_t reg_get_flags(const Cpu *cpu, const CpuReg *row)
{
    return flags_get(cpu);
}

static void reg_set_flags(Cpu *cpu, const CpuReg *row, uint64_t value)
{
    flags_set(cpu, (uint32_t)(value & row->held) | FLAG_1);
    cpu_update_mode(cpu);
}

/* TLB entries follow from the paging mode, CR3's PCID chooses their set. */
static void paging_changed(Cpu *cpu)
{
    mmu_set_cr3(cpu, cpu->cr3);
    mmu_flush_all(cpu);
    cpu_update_mode(cpu);
}

static void set_cr4(Cpu *cpu, const CpuReg *row, uint64_t value)
{
    cpu->cr4 = value & sys_cr4_writable(cpu);
    paging_changed(cpu);
}

static uint64_t get_cr4(const Cpu *cpu, const CpuReg *row)
{
    return cpu->cr4;
}

static uint64_t get_xcr0(const Cpu *cpu, const CpuReg *row)
{
    return cpu->xcr0;
}

static void set_xcr0(Cpu *cpu, const CpuReg *row, uint64_t value)
{
    cpu->xcr0 = (value & cpu_model_xcr0(cpu->cfg.model)) | 1;
    cpu_update_mode(cpu);
}

/* The deadline timer follows the TSC. */
static void reg_tsc_moved(Cpu *cpu)
{
    if (cpu->cfg.apic) {
        apic_tsc_changed(cpu->cfg.apic);
    }
}

/* ST(i): what FSTAT's TOP makes of it. */
static uint8_t *stack_register(const Cpu *cpu, const CpuReg *row)
{
    unsigned top = cpu->fpu.fsw >> FSW_TOP_SHIFT & 7;
    return (uint8_t *)&cpu->fpu.st[(top + row->index) & 7];
}

static uint64_t get_tags(const Cpu *cpu, const CpuReg *row)
{
    return x87_full_tags(&cpu->fpu);
}

static void set_tags(Cpu *cpu, const CpuReg *row, uint64_t value)
{
    cpu->fpu.ftw = x87_abridged_tags((uint16_t)value);
}

/* What the APIC or the loop keep up is not the caller's. */
#define PEND_SAVED (PEND_NMI | PEND_SMI | PEND_INIT | PEND_SIPI | PEND_DEBUG)

static uint64_t reg_get_pending(const Cpu *cpu, const CpuReg *row)
{
    return cpu->pending & PEND_SAVED;
}

static void reg_set_pending(Cpu *cpu, const CpuReg *row, uint64_t value)
{
    __atomic_fetch_and(&cpu->pending, ~PEND_SAVED, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&cpu->pending, (uint32_t)value & PEND_SAVED, __ATOMIC_SEQ_CST);
}

static uint64_t get_instructions(const Cpu *cpu, const CpuReg *row)
{
    return cpu_instructions(cpu);
}

static void set_instructions(Cpu *cpu, const CpuReg *row, uint64_t value)
{
    cpu->insn_count = value;
}

#define WIDTH(field_) sizeof(((Cpu *)0)->field_)
#define EFER_BITS     (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define EFLAGS_BITS   0x3f7fd7u
#define SEG_ATTR_BITS 0xf0ff00u
#define ALL           UINT64_MAX

/* `size_` bytes of value in a field of any width. */
#define REG_AS(name_, group_, size_, field_, held_, after_)                                        \
    {                                                                                              \
        .reg = {name_, size_, VCPU_REGS_##group_}, .width = WIDTH(field_),                         \
        .offset = offsetof(Cpu, field_), .held = held_, .after = after_                            \
    }
#define REG(name_, group_, field_, held_, after_)                                                  \
    REG_AS(name_, group_, WIDTH(field_), field_, held_, after_)
#define REG_BY(name_, group_, size_, held_, get_, set_)                                            \
    {                                                                                              \
        .reg = {name_, size_, VCPU_REGS_##group_}, .held = held_, .get = get_, .set = set_         \
    }
#define GPR(name_, n_)               REG(name_, GENERAL, gpr[n_], ALL, NULL)
#define PLAIN(name_, group_, field_) REG(name_, group_, field_, ALL, NULL)
#define MSR(name_, field_)           PLAIN(name_, MSR, field_)
#define SELECTOR(name_, field_)      REG_AS(name_, SEGMENT, 4, field_.selector, 0xffff, NULL)
#define HIDDEN(name_, base_, field_)                                                               \
    REG(base_, SEGMENT, field_.base, ALL, cpu_update_mode),                                        \
        REG(name_ "_limit", SEGMENT, field_.limit, ALL, cpu_update_mode),                          \
        REG(name_ "_attr", SEGMENT, field_.attr, SEG_ATTR_BITS, cpu_update_mode)
#define SEGMENT(name_, field_) HIDDEN(name_, name_ "_base", field_)
#define TABLE(name_, field_)                                                                       \
    PLAIN(name_ "_base", SEGMENT, field_.base), PLAIN(name_ "_limit", SEGMENT, field_.limit)
#define STACK(n_)                                                                                  \
    {                                                                                              \
        .reg = {"st" #n_, 10, VCPU_REGS_FPU}, .width = 10, .index = n_, .at = stack_register       \
    }
#define VECTOR(n_)                                                                                 \
    REG("xmm" #n_, VECTOR, fpu.vec[n_].lo, 0, NULL),                                               \
        REG("ymm" #n_ "h", VECTOR, fpu.vec[n_].hi, 0, NULL)
#define MTRR_PAIR(n_)                                                                              \
    MSR("mtrr_physbase" #n_, mtrr_base[n_]), MSR("mtrr_physmask" #n_, mtrr_mask[n_])
#define BANK(n_)                                                                                   \
    MSR("mc" #n_ "_ctl", mc_ctl[n_]), MSR("mc" #n_ "_status", mc_status[n_]),                      \
        MSR("mc" #n_ "_addr", mc_addr[n_]), MSR("mc" #n_ "_misc", mc_misc[n_])
#define FLAG(name_, field_) REG(name_, EVENTS, field_, 1, NULL)

static const CpuReg rows[] = {
    GPR("rax", R_RAX),
    GPR("rbx", R_RBX),
    GPR("rcx", R_RCX),
    GPR("rdx", R_RDX),
    GPR("rsi", R_RSI),
    GPR("rdi", R_RDI),
    GPR("rbp", R_RBP),
    GPR("rsp", R_RSP),
    GPR("r8", 8),
    GPR("r9", 9),
    GPR("r10", 10),
    GPR("r11", 11),
    GPR("r12", 12),
    GPR("r13", 13),
    GPR("r14", 14),
    GPR("r15", 15),
    PLAIN("rip", GENERAL, rip),
    REG_BY("eflags", GENERAL, 4, EFLAGS_BITS, reg_get_flags, reg_set_flags),

    SELECTOR("cs", seg[SEG_CS]),
    SELECTOR("ss", seg[SEG_SS]),
    SELECTOR("ds", seg[SEG_DS]),
    SELECTOR("es", seg[SEG_ES]),
    SELECTOR("fs", seg[SEG_FS]),
    SELECTOR("gs", seg[SEG_GS]),
    SEGMENT("cs", seg[SEG_CS]),
    SEGMENT("ss", seg[SEG_SS]),
    SEGMENT("ds", seg[SEG_DS]),
    SEGMENT("es", seg[SEG_ES]),
    SEGMENT("fs", seg[SEG_FS]),
    SEGMENT("gs", seg[SEG_GS]),
    MSR("k_gs_base", kernel_gs_base),
    SELECTOR("ldtr", ldtr),
    SEGMENT("ldtr", ldtr),
    SELECTOR("tr", tr),
    SEGMENT("tr", tr),
    TABLE("gdtr", gdtr),
    TABLE("idtr", idtr),
    REG("cpl", SEGMENT, cpl, 3, cpu_update_mode),

    REG("efer", CONTROL, efer, EFER_BITS, paging_changed),
    REG("cr0", CONTROL, cr0, CR0_WRITABLE, paging_changed),
    PLAIN("cr2", CONTROL, cr2),
    REG_BY("cr4", CONTROL, 8, ALL, get_cr4, set_cr4),
    REG("cr3", CONTROL, cr3, ~(1ull << 63), paging_changed),
    REG("pdpte0", CONTROL, pdpte[0], ALL, mmu_flush_all),
    REG("pdpte1", CONTROL, pdpte[1], ALL, mmu_flush_all),
    REG("pdpte2", CONTROL, pdpte[2], ALL, mmu_flush_all),
    REG("pdpte3", CONTROL, pdpte[3], ALL, mmu_flush_all),
    REG("pkru", CONTROL, pkru, UINT32_MAX, mmu_flush_all),
    REG_BY("xcr0", CONTROL, 8, ALL, get_xcr0, set_xcr0),

    REG("dr0", DEBUG, dr[0], ALL, mmu_flush_all),
    REG("dr1", DEBUG, dr[1], ALL, mmu_flush_all),
    REG("dr2", DEBUG, dr[2], ALL, mmu_flush_all),
    REG("dr3", DEBUG, dr[3], ALL, mmu_flush_all),
    REG("dr6", DEBUG, dr[6], DR6_WRITABLE, NULL),
    REG("dr7", DEBUG, dr[7], DR7_WRITABLE, mmu_flush_all),

    REG_AS("fctrl", FPU, 4, fpu.fcw, FCW_WRITABLE, NULL),
    REG_AS("fstat", FPU, 4, fpu.fsw, 0xffff, NULL),
    REG_BY("ftag", FPU, 4, 0xffff, get_tags, set_tags),
    REG_AS("fiseg", FPU, 4, fpu.fcs, 0xffff, NULL),
    PLAIN("fioff", FPU, fpu.fip),
    REG_AS("foseg", FPU, 4, fpu.fds, 0xffff, NULL),
    PLAIN("fooff", FPU, fpu.fdp),
    REG_AS("fop", FPU, 4, fpu.fop, 0x7ff, NULL),
    STACK(0),
    STACK(1),
    STACK(2),
    STACK(3),
    STACK(4),
    STACK(5),
    STACK(6),
    STACK(7),

    REG("mxcsr", VECTOR, fpu.mxcsr, MXCSR_VALID, cpu_update_mode),
    VECTOR(0),
    VECTOR(1),
    VECTOR(2),
    VECTOR(3),
    VECTOR(4),
    VECTOR(5),
    VECTOR(6),
    VECTOR(7),
    VECTOR(8),
    VECTOR(9),
    VECTOR(10),
    VECTOR(11),
    VECTOR(12),
    VECTOR(13),
    VECTOR(14),
    VECTOR(15),

    MSR("star", star),
    MSR("lstar", lstar),
    MSR("cstar", cstar),
    MSR("fmask", sfmask),
    MSR("sysenter_cs", sysenter_cs),
    MSR("sysenter_esp", sysenter_esp),
    MSR("sysenter_eip", sysenter_eip),
    MSR("tsc_aux", tsc_aux),
    MSR("tsc_adjust", tsc_adjust),
    REG("tsc_offset", MSR, tsc_offset, ALL, reg_tsc_moved), /* of the TSC from the clock */
    REG("kvm_steal_time", MSR, steal_time, ~STEAL_TIME_RESERVED, steal_time_changed),
    MSR("pat", pat),
    MSR("xss", xss),
    REG("pkrs", MSR, pkrs, UINT32_MAX, mmu_flush_all),
    MSR("misc_enable", misc_enable),
    MSR("spec_ctrl", spec_ctrl),
    MSR("mtrr_def_type", mtrr_def),
    MSR("mtrr_fix64k_00000", mtrr_fixed[0]),
    MSR("mtrr_fix16k_80000", mtrr_fixed[1]),
    MSR("mtrr_fix16k_a0000", mtrr_fixed[2]),
    MSR("mtrr_fix4k_c0000", mtrr_fixed[3]),
    MSR("mtrr_fix4k_c8000", mtrr_fixed[4]),
    MSR("mtrr_fix4k_d0000", mtrr_fixed[5]),
    MSR("mtrr_fix4k_d8000", mtrr_fixed[6]),
    MSR("mtrr_fix4k_e0000", mtrr_fixed[7]),
    MSR("mtrr_fix4k_e8000", mtrr_fixed[8]),
    MSR("mtrr_fix4k_f0000", mtrr_fixed[9]),
    MSR("mtrr_fix4k_f8000", mtrr_fixed[10]),
    MTRR_PAIR(0),
    MTRR_PAIR(1),
    MTRR_PAIR(2),
    MTRR_PAIR(3),
    MTRR_PAIR(4),
    MTRR_PAIR(5),
    MTRR_PAIR(6),
    MTRR_PAIR(7),
    MSR("mcg_status", mcg_status),
    BANK(0),
    BANK(1),
    BANK(2),
    BANK(3),
    MSR("hwcr", hwcr),
    MSR("syscfg", syscfg),
    MSR("nb_cfg", nb_cfg),
    MSR("de_cfg", de_cfg),

    FLAG("halted", halted),
    FLAG("wait_sipi", wait_sipi),
    FLAG("nmi_masked", nmi_masked),
    FLAG("shutdown", shutdown),
    REG("int_shadow", EVENTS, int_shadow, 3, NULL),
    PLAIN("sipi_vector", EVENTS, sipi_vector),
    REG("dr6_traps", EVENTS, dr6_traps, DR6_WRITABLE, NULL),
    REG("dr6_held", EVENTS, dr6_held, DR6_WRITABLE, NULL),
    REG_BY("pending", EVENTS, 4, PEND_SAVED, reg_get_pending, reg_set_pending),
    REG_BY("instructions", EVENTS, 8, ALL, get_instructions, set_instructions),
};

/* `reg` is the first field of its row. */
static const CpuReg *row_of(const VcpuReg *reg)
{
    return (const CpuReg *)reg;
}

static uint8_t *field_of(const Cpu *cpu, const CpuReg *row)
{
    return row->at ? row->at(cpu, row) : (uint8_t *)cpu + row->offset;
}

const VcpuReg *cpu_reg(unsigned n)
{
    return n < G_N_ELEMENTS(rows) ? &rows[n].reg : NULL;
}

void cpu_reg_get(const Cpu *cpu, const VcpuReg *reg, void *value)
{
    const CpuReg *row = row_of(reg);
    if (row->width > 8) {
        memcpy(value, field_of(cpu, row), row->width);
        return;
    }
    uint64_t number = row->get ? row->get(cpu, row) : bytes_load(field_of(cpu, row), row->width);
    bytes_store(value, number, reg->size);
}

void cpu_reg_set(Cpu *cpu, const VcpuReg *reg, const void *value)
{
    cpu->block_left = 0; /* it begins another one */
    const CpuReg *row = row_of(reg);
    if (row->width > 8) {
        memcpy(field_of(cpu, row), value, row->width);
        return;
    }
    uint64_t number = bytes_load(value, reg->size);
    if (row->set) {
        row->set(cpu, row, number);
        return;
    }
    uint64_t kept = bytes_load(field_of(cpu, row), row->width) & ~row->held;
    bytes_store(field_of(cpu, row), kept | (number & row->held), row->width);
    if (row->after) {
        row->after(cpu);
    }
}
