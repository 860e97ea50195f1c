/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's life: made, reset and initialised (Intel SDM vol. 3, 9.1), its pins, the state a boot
 * protocol hands over instead of firmware, and its registers as text.
 */
#include <inttypes.h>

#include "hw/intr/record.h"
#include "target/i386/breakpoints.h"
#include "target/i386/cpu_private.h"
#include "target/i386/cpuid.h"
#include "target/i386/debug_regs.h"
#include "target/i386/excp.h"
#include "target/i386/flags.h"
#include "target/i386/fpu.h"
#include "target/i386/interp.h"
#include "target/i386/mmu.h"
#include "target/i386/post.h"
#include "target/i386/segment_private.h"
#include "target/i386/system_ops.h"

#define PAT_RESET 0x0007040600070406ull
#define CR0_RESET (CR0_CD | CR0_NW | CR0_ET)
/* The TSC counts at P0's rate; LFENCE waits. */
#define HWCR_RESET   (1u << 24)
#define DE_CFG_RESET (1u << 1)
#define MISC_ENABLE_RESET                                                                          \
    ((1ull << 0) | (1ull << 11) | (1ull << 12)) /* fast strings; no BTS, PEBS */

static void cpu_set_pending(Cpu *cpu, uint32_t bits)
{
    __atomic_fetch_or(&cpu->pending, bits, __ATOMIC_SEQ_CST);
}

static void clear_pending(Cpu *cpu, uint32_t bits)
{
    __atomic_fetch_and(&cpu->pending, ~bits, __ATOMIC_SEQ_CST);
}

Cpu *cpu_new(const CpuConfig *config)
{
    Cpu *cpu = g_aligned_alloc0(1, sizeof(Cpu), 64);

    cpu->cfg = *config;
    cpu->paddr_mask = UINT64_MAX;
    mmu_init(cpu);
    cpu_reset(cpu);
    return cpu;
}

void cpu_free(Cpu *cpu)
{
    if (!cpu) {
        return;
    }
    exec_free(cpu);
    breakpoints_free(cpu);
    mmu_free(cpu);
    g_aligned_free(cpu);
}

/* What RESET and INIT have in common. */
static void reset_core(Cpu *cpu)
{
    cpu->block_left = 0;
    memset(cpu->gpr, 0, sizeof(cpu->gpr));
    cpu->gpr[R_RDX] = cpuid_query(cpu, 1, 0).eax;
    cpu->rflags = FLAG_1;
    flags_set_arith(cpu, 0);
    cpu->cr2 = cpu->cr3 = cpu->cr4 = 0;
    cpu->efer = 0;
    cpu->cpl = 0;
    for (int i = 0; i < SEG_COUNT; i++) {
        cpu->seg[i] = (CpuSegment){.limit = 0xffff, .attr = ATTR_DATA16};
    }
    cpu->seg[SEG_CS] =
        (CpuSegment){.selector = 0xf000, .base = 0xffff0000u, .limit = 0xffff, .attr = ATTR_CODE16};
    cpu->rip = 0xfff0;
    cpu->gdtr = cpu->idtr = (CpuTable){.limit = 0xffff};
    cpu->ldtr = (CpuSegment){.limit = 0xffff, .attr = SEG_ATTR_P | DESC_LDT << 8};
    cpu->tr = (CpuSegment){.limit = 0xffff, .attr = SEG_ATTR_P | DESC_TSS32_BUSY << 8};
    memset(cpu->dr, 0, sizeof(cpu->dr));
    cpu->dr[6] = DR6_FIXED;
    cpu->dr[7] = DR7_FIXED;
    cpu->dr6_traps = cpu->dr6_held = 0;
    cpu->excp.vector = cpu->excp.old_vector = -1;
    cpu->halted = cpu->nmi_masked = cpu->shutdown = false;
    cpu->int_shadow = SHADOW_NONE;
    cpu->wait_sipi = cpu->cfg.index != 0;
    mmu_flush_all(cpu);
    mmu_set_cr3(cpu, 0);
    cpu_update_mode(cpu);
}

static void reset_msrs(Cpu *cpu)
{
    cpu->star = cpu->lstar = cpu->cstar = cpu->sfmask = cpu->kernel_gs_base = 0;
    cpu->sysenter_cs = cpu->sysenter_esp = cpu->sysenter_eip = 0;
    cpu->tsc_aux = cpu->tsc_offset = cpu->tsc_adjust = 0;
    cpu->pat = PAT_RESET;
    cpu->xcr0 = 1;
    cpu->pkru = cpu->pkrs = 0;
    cpu->xss = 0;
    cpu->misc_enable = MISC_ENABLE_RESET;
    cpu->hwcr = HWCR_RESET;
    cpu->syscfg = cpu->nb_cfg = 0;
    cpu->de_cfg = DE_CFG_RESET;
    cpu->spec_ctrl = 0;
    cpu->steal_time = 0;
    cpu->mtrr_def = 0;
    memset(cpu->mtrr_fixed, 0, sizeof(cpu->mtrr_fixed));
    memset(cpu->mtrr_base, 0, sizeof(cpu->mtrr_base));
    memset(cpu->mtrr_mask, 0, sizeof(cpu->mtrr_mask));
    cpu->mcg_status = 0;
    memset(cpu->mc_ctl, 0, sizeof(cpu->mc_ctl));
    memset(cpu->mc_status, 0, sizeof(cpu->mc_status));
    memset(cpu->mc_addr, 0, sizeof(cpu->mc_addr));
    memset(cpu->mc_misc, 0, sizeof(cpu->mc_misc));
}

void cpu_reset(Cpu *cpu)
{
    cpu_take_posted(cpu);
    cpu->cr0 = CR0_RESET;
    reset_core(cpu);
    reset_msrs(cpu);
    fpu_reset(cpu);
    /* The INTR pin is the APIC's to lower. */
    clear_pending(cpu, ~PEND_INTR);
}

void cpu_init_reset(Cpu *cpu)
{
    cpu->cr0 = CR0_ET | (cpu->cr0 & (CR0_CD | CR0_NW));
    reset_core(cpu);
    /* A SIPI that is pending came after this INIT: see pin_init(). */
    clear_pending(cpu, PEND_INIT | PEND_NMI | PEND_SMI | PEND_DEBUG);
}

bool cpu_has_work(const Cpu *cpu)
{
    uint32_t pending = cpu->pending;

    if (cpu->wait_sipi) {
        return pending & (PEND_INIT | PEND_SIPI);
    }
    if (!cpu->halted) {
        return true;
    }
    return (pending & PEND_INIT) || ((pending & PEND_INTR) && (cpu->rflags & FLAG_IF)) ||
           ((pending & PEND_NMI) && !cpu->nmi_masked) || cpu->dr6_traps;
}

void cpu_set_a20(Cpu *cpu, bool on)
{
    cpu_post_a20(cpu, on);
}

void cpu_map_changed(Cpu *cpu)
{
    cpu_post_flush(cpu);
}

void cpu_kick(Cpu *cpu)
{
    cpu_set_pending(cpu, PEND_KICK);
}

static void pin_intr(void *opaque, bool level)
{
    if (level) {
        cpu_set_pending(opaque, PEND_INTR);
    } else {
        clear_pending(opaque, PEND_INTR);
    }
}

static void pin_nmi(void *opaque)
{
    cpu_set_pending(opaque, PEND_NMI);
}

static void pin_smi(void *opaque)
{
    cpu_set_pending(opaque, PEND_SMI);
}

static void pin_init(void *opaque)
{
    clear_pending(opaque, PEND_SIPI); /* what came before it is void */
    cpu_set_pending(opaque, PEND_INIT);
}

static void pin_sipi(void *opaque, uint8_t vector)
{
    Cpu *cpu = opaque;

    cpu->sipi_vector = vector;
    cpu_set_pending(cpu, PEND_SIPI);
}

uint64_t cpu_tsc(Cpu *cpu)
{
    return muldiv64((uint64_t)clock_now(cpu->cfg.clock), CPU_TSC_HZ, NS_PER_SEC) + cpu->tsc_offset;
}

static uint64_t pin_tsc(void *opaque)
{
    return cpu_tsc(opaque);
}

static int64_t pin_tsc_to_ns(void *opaque, uint64_t tsc)
{
    Cpu *cpu = opaque;
    uint64_t count = tsc - cpu->tsc_offset;
    uint64_t ns = muldiv64(count, NS_PER_SEC, CPU_TSC_HZ);

    return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

static void pin_base_changed(void *opaque)
{
    cpu_post_flush(opaque);
}

/* For the journal. */
static unsigned pin_holds(void *opaque)
{
    const Cpu *cpu = opaque;
    unsigned holds = cpu->rflags & FLAG_IF ? 0 : JOURNAL_HOLD_IF;

    if (cpu->int_shadow != SHADOW_NONE) {
        holds |= JOURNAL_HOLD_SHADOW;
    }
    if (cpu->halted) {
        holds |= JOURNAL_HOLD_HALTED;
    }
    return cpu->wait_sipi ? holds | JOURNAL_HOLD_OFF : holds;
}

const CpuPins cpu_pins = {
    .intr = pin_intr,
    .nmi = pin_nmi,
    .smi = pin_smi,
    .init = pin_init,
    .sipi = pin_sipi,
    .tsc = pin_tsc,
    .tsc_to_ns = pin_tsc_to_ns,
    .base_changed = pin_base_changed,
    .holds = pin_holds,
};

static void boot_flat(Cpu *cpu, const CpuBoot *boot, uint32_t code_attr)
{
    static const int data[] = {SEG_DS, SEG_ES, SEG_SS, SEG_FS, SEG_GS};

    seg_set(cpu, SEG_CS, boot->cs, 0, UINT32_MAX, code_attr);
    for (unsigned i = 0; i < G_N_ELEMENTS(data); i++) {
        seg_set(cpu, data[i], boot->ds, 0, UINT32_MAX, ATTR_DATA32);
    }
}

static void boot_real(Cpu *cpu, const CpuBoot *boot)
{
    seg_set(cpu, SEG_CS, boot->cs, (uint32_t)boot->cs << 4, 0xffff, ATTR_CODE16);
    for (int seg = 0; seg < SEG_COUNT; seg++) {
        if (seg != SEG_CS) {
            seg_set(cpu, seg, boot->ds, (uint32_t)boot->ds << 4, 0xffff, ATTR_DATA16);
        }
    }
    cpu->idtr = (CpuTable){.limit = 0x3ff};
}

void cpu_set_boot(Cpu *cpu, const CpuBoot *boot)
{
    memset(cpu->gpr, 0, sizeof(cpu->gpr));
    cpu->gdtr = (CpuTable){boot->gdt_base, boot->gdt_limit};
    cpu->wait_sipi = cpu->halted = false;
    switch (boot->mode) {
    case CPU_BOOT_REAL:
        boot_real(cpu, boot);
        break;
    case CPU_BOOT_PROT32:
        cpu->cr0 = CR0_ET | CR0_PE;
        boot_flat(cpu, boot, ATTR_CODE32);
        break;
    case CPU_BOOT_LONG64:
        cpu->cr0 = CR0_ET | CR0_NE | CR0_PE | CR0_PG;
        cpu->cr4 = CR4_PAE;
        cpu->efer = EFER_LME | EFER_LMA;
        mmu_set_cr3(cpu, boot->cr3);
        boot_flat(cpu, boot, ATTR_CODE64);
        break;
    }
    cpu->rip = boot->rip;
    cpu->gpr[R_RSP] = boot->rsp;
    cpu->gpr[R_RAX] = boot->rax;
    cpu->gpr[R_RBX] = boot->rbx;
    cpu->gpr[R_RSI] = boot->rsi;
    cpu->gpr[R_RDI] = boot->rdi;
    mmu_flush_all(cpu);
    cpu_update_mode(cpu);
}

void cpu_set_firmware_mtrrs(Cpu *cpu, uint64_t uncached)
{
    enum { UC = 0, WB = 6, FIXED_ENABLE = 1 << 10, ENABLE = 1 << 11, VALID = 1 << 11 };
    enum { VGA_16K_BLOCKS = 2 }; /* mtrr_fixed[2] covers A0000h to BFFFFh */
    for (size_t i = 0; i < G_N_ELEMENTS(cpu->mtrr_fixed); i++) {
        cpu->mtrr_fixed[i] = i == VGA_16K_BLOCKS ? UC : WB * 0x0101010101010101ull;
    }
    cpu->mtrr_base[0] = uncached | UC;
    cpu->mtrr_mask[0] =
        (((1ull << cpu_phys_bits(cpu)) - 1) & ~((1ull << 32) - uncached - 1)) | VALID;
    cpu->mtrr_def = ENABLE | FIXED_ENABLE | WB;
}

static void describe_segment(GString *out, const char *name, const CpuSegment *s)
{
    g_string_append_printf(out, "%-3s=%04x %016" PRIx64 " %08x %08x DPL=%u%s\n", name, s->selector,
                           s->base, s->limit, s->attr, attr_dpl(s->attr),
                           s->attr & SEG_ATTR_P ? "" : " unusable");
}

static void describe_flags(GString *out, uint32_t flags)
{
    static const struct {
        uint32_t bit;
        char letter;
    } letters[] = {{FLAG_DF, 'D'}, {FLAG_OF, 'O'}, {FLAG_SF, 'S'}, {FLAG_ZF, 'Z'},
                   {FLAG_AF, 'A'}, {FLAG_PF, 'P'}, {FLAG_CF, 'C'}};

    for (unsigned i = 0; i < G_N_ELEMENTS(letters); i++) {
        g_string_append_c(out, flags & letters[i].bit ? letters[i].letter : '-');
    }
}

void cpu_describe(const Cpu *cpu, GString *out)
{
    /* In QEMU's order, which is not the processor's. */
    static const struct {
        const char *name;
        int number;
    } gprs[16] = {{"RAX", R_RAX}, {"RBX", R_RBX}, {"RCX", R_RCX}, {"RDX", R_RDX},
                  {"RSI", R_RSI}, {"RDI", R_RDI}, {"RBP", R_RBP}, {"RSP", R_RSP},
                  {"R8", 8},      {"R9", 9},      {"R10", 10},    {"R11", 11},
                  {"R12", 12},    {"R13", 13},    {"R14", 14},    {"R15", 15}};
    static const char *const seg_names[SEG_COUNT] = {"ES", "CS", "SS", "DS", "FS", "GS"};

    for (int i = 0; i < 16; i++) {
        g_string_append_printf(out, "%-3s=%016" PRIx64 "%c", gprs[i].name, cpu->gpr[gprs[i].number],
                               i % 4 == 3 ? '\n' : ' ');
    }
    g_string_append_printf(out, "RIP=%016" PRIx64 " RFL=%08x [", cpu->rip, flags_get(cpu));
    describe_flags(out, flags_get(cpu));
    g_string_append_printf(out, "] CPL=%u II=%d A20=%d SMM=0 HLT=%d SIPI=%d\n", cpu->cpl,
                           cpu->int_shadow != SHADOW_NONE, (cpu->paddr_mask & 1u << 20) != 0,
                           cpu->halted, cpu->wait_sipi);
    for (int i = 0; i < SEG_COUNT; i++) {
        describe_segment(out, seg_names[i], &cpu->seg[i]);
    }
    describe_segment(out, "LDT", &cpu->ldtr);
    describe_segment(out, "TR", &cpu->tr);
    g_string_append_printf(out, "GDT=     %016" PRIx64 " %08x\n", cpu->gdtr.base, cpu->gdtr.limit);
    g_string_append_printf(out, "IDT=     %016" PRIx64 " %08x\n", cpu->idtr.base, cpu->idtr.limit);
    g_string_append_printf(
        out, "CR0=%08" PRIx64 " CR2=%016" PRIx64 " CR3=%016" PRIx64 " CR4=%08" PRIx64 "\n",
        cpu->cr0, cpu->cr2, cpu->cr3, cpu->cr4);
    for (int i = 0; i < 4; i++) {
        g_string_append_printf(out, "DR%d=%016" PRIx64 " ", i, cpu->dr[i]);
    }
    g_string_append_printf(out, "\nDR6=%016" PRIx64 " DR7=%016" PRIx64 "\nEFER=%016" PRIx64 "\n",
                           cpu->dr[6], cpu->dr[7], cpu->efer);
}
