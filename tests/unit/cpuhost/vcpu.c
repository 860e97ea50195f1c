/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bare vCPU. The test reads an exception's interrupt frame, maps a page or skips an instruction,
 * and goes on, or has seen enough. Neighbouring linear pages are not neighbours in physical memory.
 */
#include "tests/unit/cpuhost/vcpu.h"

#include <sys/mman.h>

#include "target/i386/cpuid.h"
#include "target/i386/flags.h"
#include "target/i386/fpu.h"
#include "target/i386/mmu.h"
#include "target/i386/segment.h"

/* Physical layout; all of it is also mapped, for the supervisor, at KERNEL. */
#define PML4         0x1000u
#define PDPT_USER    0x2000u
#define PD_USER      0x3000u
#define PT_USER      0x4000u
#define PDPT_KERNEL  0x5000u
#define PD_KERNEL    0x6000u
#define GDT          0x7000u
#define LDT          0x7800u
#define LDT_LIMIT    0xfu
#define IDT          0x8000u
#define TSS          0x9000u
#define HANDLERS     0xa000u
#define SYSCALL      0xb000u
#define STACK_TOP    0xd000u
#define PROGRAM_PHYS 0x10000u
#define RAM_SIZE     0x200000u
#define KERNEL       0xffff800000000000ull
#define HANDLER_STEP 16u
#define VECTORS      32u
#define KERNEL_CS    0x10u
#define TSS_SELECTOR 0x40u
#define TSS_LIMIT    0x67u
#define LDT_SELECTOR 0x50u
#define PAGES        (CODE_PAGES + DATA_PAGES)

#define PTE_P  1ull
#define PTE_W  2ull
#define PTE_U  4ull
#define PTE_PS 0x80ull
#define PTE_NX (1ull << 63)

struct BareVcpu {
    Cpu *cpu;
    MemRegion ram;
    AddressSpace *memory, *ports;
    Clock *clock;
    Trace trace;
    CodeCache *code;
    CpuModel *model;
    unsigned bits;
    uint64_t user_rsp, user_rflags;
    uint8_t view[PAGES * 0x1000]; /* memory in linear order */
};

/* Page `n` of code and data: in physical memory the odd pages come after the even ones. */
static uint64_t phys_of(unsigned n)
{
    return PROGRAM_PHYS + (uint64_t)(n / 2 + (n & 1) * PAGES) * 0x1000;
}

static uint64_t linear_of(unsigned n)
{
    return n < CODE_PAGES ? CODE_BASE + n * 0x1000 : DATA_BASE + (n - CODE_PAGES) * 0x1000;
}

static void put64(BareVcpu *v, uint64_t phys, uint64_t value)
{
    memcpy(v->ram.host + phys, &value, sizeof(value));
}

static uint64_t get64(const BareVcpu *v, uint64_t phys)
{
    uint64_t value;
    memcpy(&value, v->ram.host + phys, sizeof(value));
    return value;
}

static void map_page(BareVcpu *v, unsigned n)
{
    bool code = n < CODE_PAGES;
    bool writable = code ? (CODE_PROT & PROT_WRITE) != 0 : n - CODE_PAGES < DATA_RW >> 12;
    uint64_t rights = PTE_P | PTE_U | (code ? 0 : PTE_NX) | (writable ? PTE_W : 0);
    put64(v, PT_USER + (linear_of(n) >> 12 & 511) * 8, phys_of(n) | rights);
}

static void make_page_tables(BareVcpu *v)
{
    const uint64_t all = PTE_P | PTE_W | PTE_U;
    put64(v, PML4, PDPT_USER | all);
    put64(v, PDPT_USER, PD_USER | all);
    put64(v, PD_USER + (CODE_BASE >> 21) * 8, PT_USER | all);
    put64(v, PML4 + (KERNEL >> 39 & 511) * 8, PDPT_KERNEL | PTE_P | PTE_W);
    put64(v, PDPT_KERNEL, PD_KERNEL | PTE_P | PTE_W);
    put64(v, PD_KERNEL, PTE_P | PTE_W | PTE_PS);
}

/* Data of users, byte-granular. */
static uint64_t legacy_descriptor(uint64_t base, uint64_t limit)
{
    return 0x0040f30000000000 | (limit & 0xffff) | (limit >> 16 & 15) << 48 |
           (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
}

static void make_tables(BareVcpu *v)
{
    put64(v, GDT + KERNEL_CS, 0x00af9b000000ffff);
    put64(v, GDT + (USER_CS32 & ~7), 0x00cffb000000ffff);
    put64(v, GDT + (USER_SS & ~7), 0x00cff3000000ffff);
    put64(v, GDT + (USER_CS & ~7), 0x00affb000000ffff);
    put64(v, LDT + (USER_FS32 & ~7), 0x00cff3000000ffff | FS32_BASE << 16);
    put64(v, LDT + (USER_GS32 & ~7), legacy_descriptor(GS32_BASE, GS32_LIMIT));
    put64(v, TSS + 4, KERNEL + STACK_TOP);
    put64(v, TSS + 0x60, (uint64_t)(TSS_LIMIT + 1) << 48); /* no I/O permission map */
    for (unsigned i = 0; i < VECTORS; i++) {
        uint64_t handler = KERNEL + HANDLERS + i * HANDLER_STEP;
        uint64_t type = i == EXCP_BP || i == EXCP_OF ? 0xee00 : 0x8e00; /* users may call these */
        put64(v, IDT + 16 * i,
              (handler & 0xffff) | KERNEL_CS << 16 | type << 32 | (handler >> 16 & 0xffff) << 48);
        put64(v, IDT + 16 * i + 8, handler >> 32);
        memset(v->ram.host + HANDLERS + i * HANDLER_STEP, 0xf4, HANDLER_STEP);
    }
}

/* What a system call runs: swapgs; inc qword [rip + n]; swapgs; sysret. */
static void make_kernel(BareVcpu *v)
{
    static const uint8_t code[] = {0x0f, 0x01, 0xf8, 0x48, 0xff, 0x05, 0xf6, 0x00,
                                   0x00, 0x00, 0x0f, 0x01, 0xf8, 0x48, 0x0f, 0x07};
    memcpy(v->ram.host + SYSCALL, code, sizeof(code));
}

/* As the GDT has them. */
static void legacy_segments(Cpu *cpu, const uint16_t selectors[6], uint32_t attr)
{
    for (int seg = SEG_DS; seg <= SEG_GS; seg++) {
        seg_set(cpu, seg, selectors[seg], 0, 0xffffffff, attr);
    }
    seg_set(cpu, SEG_ES, selectors[SEG_ES], 0, 0xffffffff, attr);
    seg_set(cpu, SEG_FS, selectors[SEG_FS], FS32_BASE, 0xffffffff, attr);
    seg_set(cpu, SEG_GS, selectors[SEG_GS], GS32_BASE, GS32_LIMIT, attr & ~SEG_ATTR_G);
}

static void user_segments(Cpu *cpu, const Sequence *seq)
{
    const uint32_t user =
        SEG_ATTR_P | SEG_ATTR_S | 3u << SEG_ATTR_DPL_SHIFT | SEG_ATTR_W | SEG_ATTR_A | SEG_ATTR_G;
    bool is64 = seq->bits == 64;
    seg_set(cpu, SEG_CS, is64 ? USER_CS : USER_CS32, 0, 0xffffffff,
            user | SEG_ATTR_CODE | (is64 ? SEG_ATTR_L : SEG_ATTR_DB));
    if (!is64) {
        legacy_segments(cpu, seq->start.seg, user | SEG_ATTR_DB);
    }
    seg_set(cpu, SEG_SS, USER_SS, 0, 0xffffffff, user | SEG_ATTR_DB);
    cpu->cpl = 3;
    cpu->halted = cpu->wait_sipi = cpu->shutdown = false;
    cpu_update_mode(cpu);
}

static void set_system(Cpu *cpu, const Sequence *seq)
{
    cpu->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
    cpu->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
    cpu->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_FSGSBASE;
    cpu->xcr0 = cpu_model_xcr0(cpu->cfg.model);
    cpu->cr2 = 0;
    cpu->star = (uint64_t)((USER_SS & ~7) - 8 + 3) << 48 | (uint64_t)KERNEL_CS << 32;
    cpu->lstar = KERNEL + SYSCALL;
    cpu->sfmask = FLAG_TF | FLAG_IF | FLAG_DF;
    cpu->gdtr = (CpuTable){.base = KERNEL + GDT, .limit = 0xff};
    cpu->idtr = (CpuTable){.base = KERNEL + IDT, .limit = VECTORS * 16 - 1};
    cpu->ldtr = (CpuSegment){.base = KERNEL + LDT,
                             .limit = LDT_LIMIT,
                             .attr = SEG_ATTR_P | 2u << 8,
                             .selector = LDT_SELECTOR};
    cpu->tr = (CpuSegment){.base = KERNEL + TSS,
                           .limit = TSS_LIMIT,
                           .attr = SEG_ATTR_P | 11u << 8,
                           .selector = TSS_SELECTOR};
    for (int seg = SEG_DS; seg <= SEG_GS; seg++) {
        seg_set(cpu, seg, 0, 0, 0, 0);
    }
    seg_set(cpu, SEG_ES, 0, 0, 0, 0);
    user_segments(cpu, seq);
    mmu_set_cr3(cpu, PML4);
    mmu_flush_all(cpu);
}

BareVcpu *vcpu_new(const char *model, bool translated, size_t arena)
{
    BareVcpu *v = g_new0(BareVcpu, 1);
    CpuConfig config = {.cores = 1, .threads = 1, .total = 1};
    GError *error = NULL;

    v->memory = as_new("memory", 52);
    v->ports = as_new("ports", 16);
    v->clock = clock_new(CLOCK_MANUAL);
    trace_init(&v->trace);
    v->model = cpu_model_parse(model, &error);
    g_assert_no_error(error);
    ram_init(&v->ram, "ram", RAM_SIZE, &error);
    g_assert_no_error(error);
    as_add(v->memory, &v->ram, 0);
    v->code = code_cache_new(v->memory);
    if (arena) {
        code_cache_set_arena(v->code, arena);
    }
    if (translated && !code_cache_set_hot(v->code, 0)) {
        g_error("no memory for host code");
    }
    config.model = v->model;
    config.memory = v->memory;
    config.ports = v->ports;
    config.clock = v->clock;
    config.trace = &v->trace;
    config.code = v->code;
    v->cpu = cpu_new(&config);
    cpu_reset(v->cpu);
    make_page_tables(v);
    make_tables(v);
    make_kernel(v);
    return v;
}

BareVcpu *vcpu_new_of(Maker maker, bool translated, size_t arena)
{
    g_autofree char *model = g_strdup_printf("max,vendor=%s", maker_vendor(maker));

    return vcpu_new(model, translated, arena);
}

void vcpu_free(BareVcpu *v)
{
    cpu_free(v->cpu);
    code_cache_free(v->code);
    as_remove(v->memory, &v->ram);
    ram_free(&v->ram);
    cpu_model_free(v->model);
    clock_free(v->clock);
    as_free(v->ports);
    as_free(v->memory);
    g_free(v);
}

Cpu *vcpu_cpu(BareVcpu *v)
{
    return v->cpu;
}

void vcpu_set_hot(BareVcpu *v, unsigned runs)
{
    g_assert_true(code_cache_set_hot(v->code, runs));
}

void vcpu_load(BareVcpu *v, const Sequence *seq, bool code, uint32_t absent)
{
    Cpu *cpu = v->cpu;
    const HostRegs *start = &seq->start;

    for (unsigned n = 0; n < PAGES; n++) {
        const uint8_t *from =
            n < CODE_PAGES ? seq->code + n * 0x1000 : seq->data + (n - CODE_PAGES) * 0x1000;
        if (n >= CODE_PAGES) {
            memcpy(v->ram.host + phys_of(n), from, 0x1000);
        } else if (code) {
            as_write(v->memory, phys_of(n), from, 0x1000);
        }
        map_page(v, n);
        if (absent >> n & 1) {
            put64(v, PT_USER + (linear_of(n) >> 12 & 511) * 8, 0);
        }
    }
    set_system(cpu, seq);
    v->bits = seq->bits;
    memcpy(cpu->gpr, start->gpr, sizeof(cpu->gpr));
    cpu->rip = start->rip;
    flags_set(cpu, (uint32_t)start->rflags);
    if (seq->bits == 64) {
        cpu->seg[SEG_FS].base = start->fs_base;
        cpu->seg[SEG_GS].base = start->gs_base;
    }
    fpu_set_fxsave(&cpu->fpu, start->fx, true);
    for (unsigned i = 0; i < 16; i++) {
        memcpy(cpu->fpu.vec[i].hi, start->ymm[i], sizeof(start->ymm[i]));
    }
    cpu_update_mode(cpu);
}

static bool has_error_code(int vector)
{
    return vector == EXCP_DF || (vector >= EXCP_TS && vector <= EXCP_PF) || vector == EXCP_AC;
}

/* CS and SS are in the frame. */
static void user_selectors(const BareVcpu *v, uint64_t frame, HostRegs *regs)
{
    uint16_t selectors[6];
    for (int seg = SEG_ES; seg <= SEG_GS; seg++) {
        selectors[seg] = v->cpu->seg[seg].selector;
    }
    selectors[SEG_CS] = (uint16_t)get64(v, frame + 8);
    selectors[SEG_SS] = (uint16_t)get64(v, frame + 32);
    seq_normalize(regs, v->bits, selectors);
}

bool vcpu_stopped(BareVcpu *v, Outcome *out)
{
    Cpu *cpu = v->cpu;
    uint64_t handler = cpu->rip - KERNEL - HANDLERS;

    memset(out, 0, sizeof(*out));
    out->vector = (int)(handler / HANDLER_STEP);
    if (!cpu->halted || handler >= VECTORS * HANDLER_STEP) {
        return false;
    }
    uint64_t frame = cpu->gpr[R_RSP] - KERNEL + (has_error_code(out->vector) ? 8 : 0);
    if (frame > RAM_SIZE - 64) {
        return false;
    }
    memcpy(out->regs.gpr, cpu->gpr, sizeof(cpu->gpr));
    out->regs.rip = get64(v, frame);
    out->regs.rflags = v->user_rflags = get64(v, frame + 16);
    out->regs.gpr[R_RSP] = v->user_rsp = get64(v, frame + 24);
    out->regs.fs_base = cpu->seg[SEG_FS].base;
    out->regs.gs_base = cpu->seg[SEG_GS].base;
    user_selectors(v, frame, &out->regs);
    out->fault = out->vector == EXCP_PF ? cpu->cr2 : 0;
    fpu_get_fxsave(&cpu->fpu, out->regs.fx, true);
    for (unsigned i = 0; i < 16; i++) {
        memcpy(out->regs.ymm[i], cpu->fpu.vec[i].hi, sizeof(out->regs.ymm[i]));
    }
    return true;
}

void vcpu_resume(BareVcpu *v, const Sequence *seq, uint64_t rip)
{
    Cpu *cpu = v->cpu;

    user_segments(cpu, seq);
    cpu->gpr[R_RSP] = v->user_rsp;
    cpu->rip = rip;
    flags_set(cpu, (uint32_t)v->user_rflags);
    cpu_update_mode(cpu);
}

bool vcpu_map(BareVcpu *v, uint64_t addr)
{
    for (unsigned n = 0; n < PAGES; n++) {
        if (linear_of(n) == (addr & ~0xfffull)) {
            uint64_t pte = PT_USER + (linear_of(n) >> 12 & 511) * 8;
            bool absent = !(get64(v, pte) & PTE_P);
            if (absent) {
                map_page(v, n);
                mmu_flush_page(v->cpu, addr);
            }
            return absent;
        }
    }
    return false;
}

void vcpu_memory(BareVcpu *v, VcpuMemory parts[VCPU_MEMORY_PARTS])
{
    for (unsigned n = 0; n < PAGES; n++) {
        memcpy(v->view + n * 0x1000, v->ram.host + phys_of(n), 0x1000);
    }
    parts[VCPU_CODE] = (VcpuMemory){"code", CODE_BASE, v->view, CODE_SIZE};
    parts[VCPU_DATA] = (VcpuMemory){"data", DATA_BASE, v->view + CODE_SIZE, DATA_SIZE};
    parts[VCPU_PAGE_TABLE] = (VcpuMemory){"page table", 0, v->ram.host + PT_USER, 0x1000};
}
