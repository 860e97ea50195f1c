/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code of a guest: instructions as they come, and ones that change what the CPU is (its mode, its
 * tables, its MSRs), over page tables, descriptors and handlers that are the input's, too. The code
 * may change itself, lie in a device's registers, and run on any tier; what it must not do is stay
 * in run() for longer than its budget.
 */
#include "accel/tcg/tcg.h"
#include "fuzz.h"
#include "tests/unit/machine-fixture.h"

#define VCPU_IDT    0x2000u
#define VCPU_GDT    0x3000u
#define VCPU_TABLES 0x4000u
#define VCPU_CODE   0x8000u /* of a real-mode segment, too */
#define VCPU_STACK  0xf000u
#define VCPU_BYTES  0x2000u
#define VCPU_BUDGET 2000
#define VCPU_TURNS  6

typedef struct {
    Box box;
} Vbox;

static void *vcpus_open(const void *data)
{
    MachineOptions options = box_machine_options();
    Vbox *v = g_new0(Vbox, 1);
    options.accel = &tcg_accel;
    options.accel_options = data;
    box_open(&v->box, &options, false);
    return v;
}

static void vcpus_close(void *state)
{
    Vbox *v = state;
    box_close(&v->box);
    g_free(v);
}

/* Instructions that are worth more than chance gives them; what follows each is the input's. */
static const struct {
    uint8_t len, bytes[7];
} pieces[] = {
    {3, {0x0f, 0x22, 0xc0}},             /* mov %rax, %cr0 */
    {3, {0x0f, 0x22, 0xd8}},             /* mov %rax, %cr3 */
    {3, {0x0f, 0x22, 0xe0}},             /* mov %rax, %cr4 */
    {3, {0x0f, 0x20, 0xc0}},             /* mov %cr0, %rax */
    {3, {0x0f, 0x23, 0xf8}},             /* mov %rax, %dr7 */
    {4, {0x44, 0x0f, 0x22, 0xc0}},       /* mov %rax, %cr8 */
    {2, {0x0f, 0x30}},                   /* wrmsr */
    {2, {0x0f, 0x32}},                   /* rdmsr */
    {3, {0x0f, 0x01, 0xd1}},             /* xsetbv */
    {3, {0x0f, 0x01, 0x11}},             /* lgdt (%rcx) */
    {3, {0x0f, 0x01, 0x19}},             /* lidt (%rcx) */
    {3, {0x0f, 0x00, 0xd8}},             /* ltr %ax */
    {3, {0x0f, 0x00, 0xd0}},             /* lldt %ax */
    {2, {0x8e, 0xd0}},                   /* mov %ax, %ss */
    {2, {0x8e, 0xd8}},                   /* mov %ax, %ds */
    {3, {0x0f, 0x01, 0x38}},             /* invlpg (%rax) */
    {3, {0x0f, 0x01, 0xf8}},             /* swapgs */
    {2, {0x0f, 0x05}},                   /* syscall */
    {3, {0x48, 0x0f, 0x07}},             /* sysretq */
    {2, {0x0f, 0x34}},                   /* sysenter */
    {1, {0xcf}},                         /* iret */
    {2, {0x48, 0xcf}},                   /* iretq */
    {1, {0xcb}},                         /* lret */
    {2, {0xff, 0x28}},                   /* ljmp *(%rax) */
    {1, {0xcd}},                         /* int imm8 */
    {1, {0xf4}},                         /* hlt */
    {1, {0xfb}},                         /* sti */
    {1, {0xfa}},                         /* cli */
    {1, {0x9d}},                         /* popf */
    {2, {0xf3, 0xa4}},                   /* rep movsb */
    {3, {0xf3, 0x48, 0xab}},             /* rep stosq */
    {2, {0xf3, 0x6c}},                   /* rep insb */
    {2, {0xf3, 0x6f}},                   /* rep outsl */
    {2, {0xf2, 0xae}},                   /* repne scasb */
    {1, {0xee}},                         /* out %al, (%dx) */
    {1, {0xed}},                         /* in (%dx), %eax */
    {3, {0x48, 0x89, 0x01}},             /* mov %rax, (%rcx) */
    {3, {0x48, 0x8b, 0x01}},             /* mov (%rcx), %rax */
    {4, {0xf0, 0x48, 0x0f, 0xb1}},       /* lock cmpxchg */
    {4, {0xf0, 0x48, 0x0f, 0xc7}},       /* lock cmpxchg16b */
    {2, {0x48, 0xb8}},                   /* movabs imm64, %rax */
    {2, {0x48, 0xb9}},                   /* movabs imm64, %rcx */
    {1, {0xb8}},                         /* mov imm32, %eax */
    {1, {0xb9}},                         /* mov imm32, %ecx */
    {2, {0xff, 0xe0}},                   /* jmp *%rax */
    {2, {0xff, 0xd1}},                   /* call *%rcx */
    {1, {0xeb}},                         /* jmp rel8 */
    {1, {0x75}},                         /* jne rel8 */
    {1, {0xe2}},                         /* loop rel8 */
    {3, {0x0f, 0xae, 0x01}},             /* fxsave (%rcx) */
    {3, {0x0f, 0xae, 0x09}},             /* fxrstor (%rcx) */
    {3, {0x0f, 0xae, 0x21}},             /* xsave (%rcx) */
    {3, {0x0f, 0xae, 0x29}},             /* xrstor (%rcx) */
    {3, {0xc5, 0xfd, 0x6f}},             /* vmovdqa */
    {5, {0xc4, 0xe2, 0x7d, 0x92, 0x04}}, /* vgatherdps */
    {2, {0xd9, 0x01}},                   /* flds (%rcx) */
    {2, {0x0f, 0xa2}},                   /* cpuid */
    {2, {0x0f, 0x09}},                   /* wbinvd */
};

static const uint32_t msrs[] = {
    0x10,  0x1b,       0x174,      0x176,      0x199,      0x1a0,      0x200,      0x250,
    0x277, 0x2ff,      0x6e0,      0x802,      0x808,      0x80b,      0x830,      0x838,
    0x83f, 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000084, 0xc0000100, 0xc0000102, 0xc0000103};

/* An address or a value that goes well with these instructions. */
static uint64_t vcpus_value(FuzzInput *in)
{
    switch (fuzz_below(in, 6)) {
    case 0:
        return msrs[fuzz_below(in, G_N_ELEMENTS(msrs))];
    case 1:
        return VCPU_IDT + fuzz_below(in, 0xe000); /* tables, code and stack */
    case 2:
        return 0xfee00000 + fuzz_below(in, 0x400);
    case 3:
        return 0xfec00000 + fuzz_below(in, 0x20);
    case 4:
        return 0x80050033 ^ (1u << fuzz_below(in, 32)); /* CR0 and near it */
    default:
        return fuzz_number(in);
    }
}

/* Code from the front of `code`; what the input leaves over stays what it was. */
static void vcpus_write_code(FuzzInput *in, uint8_t *code, size_t len)
{
    size_t at = 0, most = 8 + fuzz_below(in, 120);
    while (at < most && at + 24 < len) {
        if (fuzz_below(in, 3) == 0) {
            at += fuzz_take(in, code + at, 1 + fuzz_below(in, 6));
        } else {
            unsigned n = fuzz_below(in, G_N_ELEMENTS(pieces));
            uint64_t value = vcpus_value(in);
            memcpy(code + at, pieces[n].bytes, pieces[n].len);
            at += pieces[n].len;
            memcpy(code + at, &value, sizeof(value));
            at += fuzz_below(in, 3) ? sizeof(value) : 1;
        }
        if (!fuzz_more(in)) {
            break;
        }
    }
}

static void vcpus_put(Vbox *v, uint64_t at, uint64_t value)
{
    as_store(v->box.platform.memory, at, value, 8);
}

/* Handlers in the code; 32 MiB of memory and the last of 4 GiB mapped to where they are. */
static void vcpus_write_tables(Vbox *v, FuzzInput *in)
{
    vcpus_put(v, VCPU_TABLES, (VCPU_TABLES + 0x1000) | 7);
    vcpus_put(v, VCPU_TABLES + 0x1000, (VCPU_TABLES + 0x2000) | 7);
    vcpus_put(v, VCPU_TABLES + 0x1018, 0xc0000087);
    for (unsigned i = 0; i < 16; i++) {
        vcpus_put(v, VCPU_TABLES + 0x2000 + 8 * i, i << 21 | 0x87);
    }
    static const uint64_t descriptors[] = {0,
                                           0x00af9b000000ffff,  /* 64-bit code */
                                           0x00cf93000000ffff,  /* data */
                                           0x00cf9b000000ffff,  /* 32-bit code */
                                           0x000f9b000000ffff,  /* 16-bit code */
                                           0x00affb000000ffff,  /* 64-bit code of ring 3 */
                                           0x00cff3000000ffff,  /* data of ring 3 */
                                           0x0000890000800067}; /* a TSS */
    for (size_t i = 0; i < G_N_ELEMENTS(descriptors); i++) {
        vcpus_put(v, VCPU_GDT + 8 * i, descriptors[i]);
    }
    for (unsigned vector = 0; vector < 256; vector++) {
        uint64_t handler = VCPU_CODE + 16 * vector;
        vcpus_put(v, VCPU_IDT + 16 * vector, (handler & 0xffff) | 8 << 16 | 0x8e00ull << 32);
        vcpus_put(v, VCPU_IDT + 16 * vector + 8, 0);
    }
    static const uint32_t tables[] = {VCPU_IDT, VCPU_GDT, VCPU_TABLES, VCPU_TABLES + 0x1000,
                                      VCPU_TABLES + 0x2000};
    for (unsigned n = fuzz_below(in, 6); n > 0; n--) {
        uint64_t at = tables[fuzz_below(in, G_N_ELEMENTS(tables))] + 8 * fuzz_below(in, 32);
        vcpus_put(v, at, fuzz_below(in, 2) ? vcpus_value(in) : fuzz_u64(in));
    }
}

static void vcpus_set_registers(Vcpu *vcpu, FuzzInput *in)
{
    const VcpuReg *reg;
    for (unsigned n = 0; (reg = vcpu->ops->reg(n)); n++) {
        bool table = strcmp(reg->name, "idtr_base") == 0;
        if (table || (reg->group == VCPU_REGS_GENERAL && reg->size == 8 &&
                      strcmp(reg->name, "rip") != 0 && fuzz_below(in, 2))) {
            uint64_t value = table ? VCPU_IDT : vcpus_value(in);
            vcpu->ops->reg_set(vcpu, reg, &value);
        } else if (strcmp(reg->name, "idtr_limit") == 0) {
            vcpu->ops->reg_set(vcpu, reg, &(uint64_t[2]){0xfff});
        }
    }
}

static void vcpus_run(void *state, FuzzInput *in)
{
    static const CpuBoot modes[] = {
        {.mode = CPU_BOOT_REAL, .rip = 0, .rsp = VCPU_STACK, .cs = VCPU_CODE >> 4},
        {.mode = CPU_BOOT_PROT32, .cs = 24, .ds = 16},
        {.mode = CPU_BOOT_LONG64, .cs = 8, .ds = 16},
        {.mode = CPU_BOOT_LONG64, .cs = 8, .ds = 16},
    };
    Vbox *v = state;
    Vcpu *vcpu = v->box.machine->cpus[0];
    CpuBoot boot = modes[fuzz_below(in, G_N_ELEMENTS(modes))];
    if (boot.mode != CPU_BOOT_REAL) {
        boot.rip = VCPU_CODE;
        boot.rsp = VCPU_STACK;
        boot.cr3 = VCPU_TABLES;
        boot.gdt_base = VCPU_GDT;
        boot.gdt_limit = 63;
    }
    machine_reset(v->box.machine);
    vcpus_write_tables(v, in);
    uint8_t code[VCPU_BYTES] = {0};
    vcpus_write_code(in, code, sizeof(code));
    as_write(v->box.platform.memory, VCPU_CODE, code, sizeof(code));
    vcpu->ops->boot(vcpu, &boot);
    vcpus_set_registers(vcpu, in);
    apic_mmio_write(v->box.machine->apics[0], 0xf0, 0x1ff, 4);
    for (unsigned turn = 0; turn < VCPU_TURNS; turn++) {
        if (vcpu->ops->run(vcpu, VCPU_BUDGET) == CPU_TRIPLE_FAULT) {
            break;
        }
        clock_advance_to(v->box.platform.clock, clock_now(v->box.platform.clock) + 100000);
    }
}

#define VCPUS(called, ...)                                                                         \
    {                                                                                              \
        .name = (called), .open = vcpus_open, .run = vcpus_run, .close = vcpus_close,              \
        .length = 700, .renew = 2000, .cost = 2, .data = &(const TcgOptions){__VA_ARGS__},         \
    }

const FuzzTarget fuzz_vcpus[] = {
    VCPUS("cpu-interp", .tier = TCG_TIER_INTERP),
    VCPUS("cpu-jit", .tier = TCG_TIER_JIT),
    VCPUS("cpu-jit-late", .tier = TCG_TIER_JIT, .hot_runs = 20),
    {0},
};
