/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs sequences on a bare vCPU: long mode, user privilege, the same linear addresses as the native
 * child has. Every vector's handler is a HLT; the interrupt frame tells the rest.
 */
#include "cpuhost.h"

#include "target/i386/cpuid.h"
#include "target/i386/excp.h"
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
#define IDT          0x8000u
#define TSS          0x9000u
#define HANDLERS     0xa000u
#define STACK_TOP    0xc000u
#define CODE_PHYS    0x10000u
#define DATA_PHYS    0x20000u
#define RAM_SIZE     0x200000u
#define KERNEL       0xffff800000000000ull
#define HANDLER_STEP 16u
#define VECTORS      32u
#define KERNEL_CS    0x10u
#define TSS_SELECTOR 0x40u
#define TSS_LIMIT    0x67u

#define PTE_P  1ull
#define PTE_W  2ull
#define PTE_U  4ull
#define PTE_PS 0x80ull
#define PTE_NX (1ull << 63)

/* Runs of this many instructions until the sequence must have ended. */
#define BUDGET     100000
#define MAX_ROUNDS 100

struct OurCpu {
    Cpu *cpu;
    MemRegion ram;
    AddressSpace *memory, *ports;
    Clock *clock;
    Trace trace;
    CodeCache *code;
    CpuModel *model;
};

static void put64(OurCpu *our, uint64_t phys, uint64_t value)
{
    memcpy(our->ram.host + phys, &value, sizeof(value));
}

static uint64_t get64(const OurCpu *our, uint64_t phys)
{
    uint64_t value;

    memcpy(&value, our->ram.host + phys, sizeof(value));
    return value;
}

static void make_page_tables(OurCpu *our)
{
    const uint64_t all = PTE_P | PTE_W | PTE_U;

    put64(our, PML4, PDPT_USER | all);
    put64(our, PDPT_USER, PD_USER | all);
    put64(our, PD_USER + (CODE_BASE >> 21) * 8, PT_USER | all);
    put64(our, PT_USER, CODE_PHYS | PTE_P | PTE_U);
    for (unsigned i = 0; i < DATA_PAGES; i++) {
        uint64_t writable = i < DATA_RW >> 12 ? PTE_W : 0;
        put64(our, PT_USER + ((DATA_BASE >> 12 & 511) + i) * 8,
              (DATA_PHYS + i * 0x1000) | PTE_P | PTE_U | writable | PTE_NX);
    }
    put64(our, PML4 + (KERNEL >> 39 & 511) * 8, PDPT_KERNEL | PTE_P | PTE_W);
    put64(our, PDPT_KERNEL, PD_KERNEL | PTE_P | PTE_W);
    put64(our, PD_KERNEL, PTE_P | PTE_W | PTE_PS);
}

static void make_tables(OurCpu *our)
{
    put64(our, GDT + KERNEL_CS, 0x00af9b000000ffff);
    put64(our, GDT + (USER_CS32 & ~7), 0x00cffb000000ffff);
    put64(our, GDT + (USER_SS & ~7), 0x00cff3000000ffff);
    put64(our, GDT + (USER_CS & ~7), 0x00affb000000ffff);
    put64(our, TSS + 4, KERNEL + STACK_TOP);
    put64(our, TSS + 0x60, (uint64_t)(TSS_LIMIT + 1) << 48); /* no I/O permission map */
    for (unsigned i = 0; i < VECTORS; i++) {
        uint64_t handler = KERNEL + HANDLERS + i * HANDLER_STEP;
        /* Interrupt gates; INT3's may be called by users. */
        uint64_t type = i == EXCP_BP ? 0xee00 : 0x8e00;
        put64(our, IDT + 16 * i,
              (handler & 0xffff) | KERNEL_CS << 16 | type << 32 | (handler >> 16 & 0xffff) << 48);
        put64(our, IDT + 16 * i + 8, handler >> 32);
        memset(our->ram.host + HANDLERS + i * HANDLER_STEP, 0xf4, HANDLER_STEP);
    }
}

static void set_segments(Cpu *cpu)
{
    const uint32_t user =
        SEG_ATTR_P | SEG_ATTR_S | 3u << SEG_ATTR_DPL_SHIFT | SEG_ATTR_W | SEG_ATTR_A | SEG_ATTR_G;

    seg_set(cpu, SEG_CS, USER_CS, 0, 0xffffffff, user | SEG_ATTR_CODE | SEG_ATTR_L);
    seg_set(cpu, SEG_SS, USER_SS, 0, 0xffffffff, user | SEG_ATTR_DB);
    seg_set(cpu, SEG_DS, 0, 0, 0, 0);
    seg_set(cpu, SEG_ES, 0, 0, 0, 0);
    seg_set(cpu, SEG_FS, 0, 0, 0, 0);
    seg_set(cpu, SEG_GS, 0, 0, 0, 0);
}

static void set_system(Cpu *cpu)
{
    cpu->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
    cpu->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
    cpu->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_FSGSBASE;
    cpu->xcr0 = cpu_model_xcr0(cpu->cfg.model);
    cpu->gdtr = (CpuTable){.base = KERNEL + GDT, .limit = 0xff};
    cpu->idtr = (CpuTable){.base = KERNEL + IDT, .limit = VECTORS * 16 - 1};
    cpu->tr = (CpuSegment){.base = KERNEL + TSS,
                           .limit = TSS_LIMIT,
                           .attr = SEG_ATTR_P | 11u << 8,
                           .selector = TSS_SELECTOR};
    set_segments(cpu);
    cpu->cpl = 3;
    cpu_update_mode(cpu);
    mmu_set_cr3(cpu, PML4);
    mmu_flush_all(cpu);
}

OurCpu *our_new(void)
{
    OurCpu *our = g_new0(OurCpu, 1);
    CpuConfig config = {.cores = 1, .threads = 1, .total = 1};
    GError *error = NULL;

    our->memory = as_new("memory", 52);
    our->ports = as_new("ports", 16);
    our->clock = clock_new(CLOCK_MANUAL);
    trace_init(&our->trace);
    our->model = cpu_model_parse("max", &error);
    g_assert_no_error(error);
    ram_init(&our->ram, "ram", RAM_SIZE, &error);
    g_assert_no_error(error);
    as_add(our->memory, &our->ram, 0);
    our->code = code_cache_new(our->memory);
    const char *hot = g_getenv("SWITCHYARD_TEST_HOT");
    if (hot && !code_cache_set_hot(our->code, (uint32_t)g_ascii_strtoull(hot, NULL, 10))) {
        g_error("no memory for host code");
    }
    config.model = our->model;
    config.memory = our->memory;
    config.ports = our->ports;
    config.clock = our->clock;
    config.trace = &our->trace;
    config.code = our->code;
    our->cpu = cpu_new(&config);
    cpu_reset(our->cpu);
    make_page_tables(our);
    make_tables(our);
    return our;
}

void our_free(OurCpu *our)
{
    cpu_free(our->cpu);
    code_cache_free(our->code);
    as_remove(our->memory, &our->ram);
    ram_free(&our->ram);
    cpu_model_free(our->model);
    clock_free(our->clock);
    as_free(our->ports);
    as_free(our->memory);
    g_free(our);
}

typedef struct {
    uint16_t isa_set;
    int16_t feature; /* -1: always there */
} IsaRow;

static const IsaRow isa_rows[] = {
    {ZYDIS_ISA_SET_I86, -1},
    {ZYDIS_ISA_SET_I186, -1},
    {ZYDIS_ISA_SET_I286REAL, -1},
    {ZYDIS_ISA_SET_I286PROTECTED, -1},
    {ZYDIS_ISA_SET_I386, -1},
    {ZYDIS_ISA_SET_I486, -1},
    {ZYDIS_ISA_SET_I486REAL, -1},
    {ZYDIS_ISA_SET_PENTIUMREAL, -1},
    {ZYDIS_ISA_SET_PPRO, -1},
    {ZYDIS_ISA_SET_LONGMODE, -1},
    {ZYDIS_ISA_SET_FAT_NOP, -1},
    {ZYDIS_ISA_SET_PREFETCH_NOP, -1},
    {ZYDIS_ISA_SET_SSE_PREFETCH, -1},
    {ZYDIS_ISA_SET_PAUSE, -1},
    {ZYDIS_ISA_SET_CMOV, FEAT_CMOV},
    {ZYDIS_ISA_SET_CMPXCHG16B, FEAT_CX16},
    {ZYDIS_ISA_SET_LAHF, FEAT_LAHF_LM},
    {ZYDIS_ISA_SET_POPCNT, FEAT_POPCNT},
    {ZYDIS_ISA_SET_MOVBE, FEAT_MOVBE},
    {ZYDIS_ISA_SET_LZCNT, FEAT_ABM},
    {ZYDIS_ISA_SET_BMI1, FEAT_BMI1},
    {ZYDIS_ISA_SET_BMI2, FEAT_BMI2},
    {ZYDIS_ISA_SET_ADOX_ADCX, FEAT_ADX},
    {ZYDIS_ISA_SET_RDWRFSGS, FEAT_FSGSBASE},
    {ZYDIS_ISA_SET_CLFSH, FEAT_CLFLUSH},
    {ZYDIS_ISA_SET_CLFLUSHOPT, FEAT_CLFLUSHOPT},
    {ZYDIS_ISA_SET_CLWB, FEAT_CLWB},
    {ZYDIS_ISA_SET_X87, FEAT_FPU},
    {ZYDIS_ISA_SET_FCMOV, FEAT_CMOV},
    {ZYDIS_ISA_SET_SSE3X87, FEAT_SSE3},
    {ZYDIS_ISA_SET_PENTIUMMMX, FEAT_MMX},
    {ZYDIS_ISA_SET_SSE, FEAT_SSE},
    {ZYDIS_ISA_SET_SSEMXCSR, FEAT_SSE},
    {ZYDIS_ISA_SET_SSE2, FEAT_SSE2},
    {ZYDIS_ISA_SET_SSE2MMX, FEAT_SSE2},
    {ZYDIS_ISA_SET_SSE3, FEAT_SSE3},
    {ZYDIS_ISA_SET_SSSE3, FEAT_SSSE3},
    {ZYDIS_ISA_SET_SSSE3MMX, FEAT_SSSE3},
    {ZYDIS_ISA_SET_SSE4, FEAT_SSE41},
    {ZYDIS_ISA_SET_SSE42, FEAT_SSE42},
    {ZYDIS_ISA_SET_AES, FEAT_AES},
    {ZYDIS_ISA_SET_PCLMULQDQ, FEAT_PCLMULQDQ},
    {ZYDIS_ISA_SET_AVX, FEAT_AVX},
    {ZYDIS_ISA_SET_AVX2, FEAT_AVX2},
    {ZYDIS_ISA_SET_AVX2GATHER, FEAT_AVX2},
    {ZYDIS_ISA_SET_AVXAES, FEAT_AVX},
    {ZYDIS_ISA_SET_FMA, FEAT_FMA},
    {ZYDIS_ISA_SET_F16C, FEAT_F16C},
    {ZYDIS_ISA_SET_VAES, FEAT_VAES},
    {ZYDIS_ISA_SET_VPCLMULQDQ, FEAT_VPCLMULQDQ},
    {ZYDIS_ISA_SET_FXSAVE, FEAT_FXSR},
    {ZYDIS_ISA_SET_FXSAVE64, FEAT_FXSR},
    {ZYDIS_ISA_SET_XSAVE, FEAT_XSAVE},
    {ZYDIS_ISA_SET_XSAVEOPT, FEAT_XSAVEOPT},
    {ZYDIS_ISA_SET_XSAVEC, FEAT_XSAVEC},
};

bool our_has(const ZydisDecodedInstruction *zi, void *opaque)
{
    const OurCpu *our = opaque;

    for (size_t i = 0; i < G_N_ELEMENTS(isa_rows); i++) {
        if (isa_rows[i].isa_set == zi->meta.isa_set) {
            return isa_rows[i].feature < 0 || cpu_model_has(our->model, isa_rows[i].feature);
        }
    }
    return false;
}

char *our_lacks(const OurCpu *our)
{
    GString *names = g_string_new(NULL);
    bool named[FEAT_COUNT] = {false};

    for (size_t i = 0; i < G_N_ELEMENTS(isa_rows); i++) {
        int feature = isa_rows[i].feature;
        if (feature >= 0 && !cpu_model_has(our->model, feature) && !named[feature]) {
            g_string_append_printf(names, " %s", cpu_feature_rows[feature].name);
            named[feature] = true;
        }
    }
    return g_string_free(names, FALSE);
}

static void load_state(OurCpu *our, const Sequence *seq)
{
    Cpu *cpu = our->cpu;
    const HostRegs *start = &seq->start;

    memcpy(our->ram.host + CODE_PHYS, seq->code, CODE_SIZE);
    memcpy(our->ram.host + DATA_PHYS, seq->data, DATA_SIZE);
    code_cache_invalidate(our->code, CODE_PHYS, CODE_SIZE);
    set_system(cpu);
    memcpy(cpu->gpr, start->gpr, sizeof(cpu->gpr));
    cpu->rip = start->rip;
    flags_set(cpu, (uint32_t)start->rflags);
    cpu->seg[SEG_FS].base = start->fs_base;
    cpu->seg[SEG_GS].base = start->gs_base;
    fpu_set_fxsave(&cpu->fpu, start->fx, true);
    for (unsigned i = 0; i < 16; i++) {
        memcpy(cpu->fpu.vec[i].hi, start->ymm[i], sizeof(start->ymm[i]));
    }
    cpu->halted = cpu->wait_sipi = cpu->shutdown = false;
    cpu->cr2 = 0;
    cpu_update_mode(cpu);
}

static bool has_error_code(int vector)
{
    return vector == EXCP_DF || (vector >= EXCP_TS && vector <= EXCP_PF) || vector == EXCP_AC;
}

static void read_frame(OurCpu *our, Outcome *out)
{
    Cpu *cpu = our->cpu;
    uint64_t frame = cpu->gpr[R_RSP] - KERNEL + (has_error_code(out->vector) ? 8 : 0);

    memcpy(out->regs.gpr, cpu->gpr, sizeof(cpu->gpr));
    if (frame > RAM_SIZE - 64) {
        out->vector = -1;
        return;
    }
    out->regs.rip = get64(our, frame);
    out->regs.rflags = get64(our, frame + 16);
    out->regs.gpr[R_RSP] = get64(our, frame + 24);
    out->regs.fs_base = cpu->seg[SEG_FS].base;
    out->regs.gs_base = cpu->seg[SEG_GS].base;
    out->fault = out->vector == EXCP_PF ? cpu->cr2 : 0;
    fpu_get_fxsave(&cpu->fpu, out->regs.fx, true);
    for (unsigned i = 0; i < 16; i++) {
        memcpy(out->regs.ymm[i], cpu->fpu.vec[i].hi, sizeof(out->regs.ymm[i]));
    }
}

void our_run(OurCpu *our, const Sequence *seq, Outcome *out, uint8_t data[DATA_SIZE])
{
    Cpu *cpu = our->cpu;
    uint64_t handler;

    load_state(our, seq);
    for (unsigned i = 0; i < MAX_ROUNDS; i++) {
        CpuExit why = cpu_run(cpu, BUDGET);
        if (why == CPU_HALTED || why == CPU_TRIPLE_FAULT) {
            break;
        }
    }
    memset(out, 0, sizeof(*out));
    handler = cpu->rip - KERNEL - HANDLERS;
    out->vector =
        cpu->halted && handler < VECTORS * HANDLER_STEP ? (int)(handler / HANDLER_STEP) : -1;
    read_frame(our, out);
    memcpy(data, our->ram.host + DATA_PHYS, DATA_SIZE);
}
