/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only privileged code can see: exceptions with their error codes, page protection, user mode
 * and the ways into and out of it, single step, TLB and code coherence, NMI and interrupt windows.
 * Everything here follows the SDM. QEMU 7.2 answers three of the questions otherwise: it reads an
 * MSR that is not there, leaves P out of a reserved-bit fault's error code, and doubles the vector
 * in the error code of an INT through a kernel's gate.
 */
#include "lib/guest.h"

extern uint64_t pml4[512], gdt[];

/* The exception taken last inside TRY, -1 for none. */
static volatile int64_t taken = -1;
static volatile uint64_t taken_error, taken_rip, taken_cr2, taken_dr6;
static volatile uint64_t resume_at, resume_rsp;

static uint64_t read_cr2(void)
{
    uint64_t v;
    asm volatile("movq %%cr2, %0" : "=r"(v));
    return v;
}

static void note_exception(Frame *frame)
{
    taken = (int64_t)frame->vector;
    taken_error = frame->error;
    taken_rip = frame->rip;
    taken_cr2 = read_cr2();
    if (!resume_at) {
        fail("exception %lx error %lx at %lx", frame->vector, frame->error, frame->rip);
        guest_exit();
    }
    frame->rip = resume_at;
    frame->rsp = resume_rsp;
    frame->rflags &= ~(1ull << 8);
    frame->cs = 8;
    frame->ss = 0x10;
}

/* Runs instructions; if one faults, goes on behind them with the stack pointer from before them.
 * Clobbers RAX, RCX and RDX. */
#define TRY(text, ...)                                                                             \
    do {                                                                                           \
        taken = -1;                                                                                \
        asm volatile("leaq 991f(%%rip), %%rax; movq %%rax, resume_at_alias(%%rip);"                \
                     "movq %%rsp, resume_rsp_alias(%%rip);" text                                   \
                     "; 991: movq $0, resume_at_alias(%%rip)"                                      \
                     :                                                                             \
                     : __VA_ARGS__                                                                 \
                     : "rax", "rcx", "rdx", "memory", "cc");                                       \
    } while (0)
extern volatile uint64_t resume_at_alias __attribute__((alias("resume_at")));
extern volatile uint64_t resume_rsp_alias __attribute__((alias("resume_rsp")));

#define EXPECT(what, vector, error)                                                                \
    check(taken == (vector) && taken_error == (uint64_t)(error),                                   \
          "%s: exception %ld error %lx, not %d %lx", what, taken, taken_error, vector,             \
          (uint64_t)(error))

static uint64_t read_cr(int n)
{
    uint64_t v = 0;
    if (n == 0) {
        asm volatile("movq %%cr0, %0" : "=r"(v));
    } else if (n == 3) {
        asm volatile("movq %%cr3, %0" : "=r"(v));
    } else {
        asm volatile("movq %%cr4, %0" : "=r"(v));
    }
    return v;
}
static void write_cr4(uint64_t v)
{
    asm volatile("movq %0, %%cr4" : : "r"(v) : "memory");
}
static void invlpg(uint64_t addr)
{
    asm volatile("invlpg (%0)" : : "r"(addr) : "memory");
}

/* Pages of our own at 1 TiB: one page table that tests write as they like. */
#define PLAYGROUND 0x10000000000ull
#define PTE_P      1ull
#define PTE_W      2ull
#define PTE_U      4ull
#define PTE_A      0x20ull
#define PTE_D      0x40ull
#define PTE_G      0x100ull
#define PTE_NX     (1ull << 63)
static uint64_t play_pdpt[512] __attribute__((aligned(4096)));
static uint64_t play_pd[512] __attribute__((aligned(4096)));
static volatile uint64_t play_pt[512] __attribute__((aligned(4096)));
static uint8_t frames[8][4096] __attribute__((aligned(4096)));

static uint64_t page(unsigned n)
{
    return PLAYGROUND + n * 4096ull;
}
static void map(unsigned n, uint64_t frame, uint64_t bits)
{
    play_pt[n] = bits ? frame | bits : 0;
    invlpg(page(n));
}

static void playground_init(void)
{
    pml4[PLAYGROUND >> 39] = (uint64_t)play_pdpt | PTE_P | PTE_W | PTE_U;
    play_pdpt[0] = (uint64_t)play_pd | PTE_P | PTE_W | PTE_U;
    play_pd[0] = (uint64_t)play_pt | PTE_P | PTE_W | PTE_U;
}

static void test_simple_faults(void)
{
    TRY("xorl %%ecx, %%ecx; movl $1, %%eax; cltd; idivl %%ecx", "r"(0));
    EXPECT("division by zero", 0, 0);
    TRY("ud2", "r"(0));
    EXPECT("UD2", 6, 0);
    TRY("movabsq $0x8000000000000000, %%rcx; movq (%%rcx), %%rcx", "r"(0));
    EXPECT("non-canonical load", 13, 0);
    TRY("movl $0x12345678, %%ecx; rdmsr", "r"(0));
    EXPECT("RDMSR of nothing", 13, 0);
    TRY("movl $0x1f0, %%ecx; movl %%ecx, %%ds", "r"(0));
    EXPECT("selector beyond the GDT", 13, 0x1f0);
}

static void test_page_faults(void)
{
    map(0, 0, 0);
    TRY("movq (%0), %%rcx", "r"(page(0)));
    EXPECT("read of nothing", 14, 0);
    check(taken_cr2 == page(0), "CR2 is %lx", taken_cr2);
    TRY("movb $1, 0xfff(%0)", "r"(page(0)));
    EXPECT("write to nothing", 14, 2);
    map(0, (uint64_t)frames[0], PTE_P);
    TRY("movb $1, (%0)", "r"(page(0)));
    EXPECT("write to a read-only page under WP", 14, 3);
    map(0, (uint64_t)frames[0], PTE_P | PTE_NX);
    TRY("call *%0", "r"(page(0)));
    EXPECT("fetch from an NX page", 14, 0x11);
    map(0, (uint64_t)frames[0], PTE_P | 1ull << 51);
    TRY("movq (%0), %%rcx", "r"(page(0)));
    EXPECT("reserved bit", 14, 9);
    /* A store that crosses into a page that isn't there must not have stored its first part. */
    map(0, (uint64_t)frames[0], PTE_P | PTE_W);
    map(1, 0, 0);
    write64(page(0) + 4088, 0x1122334455667788);
    TRY("movq $0, 0xffc(%0)", "r"(page(0)));
    EXPECT("store across a missing page", 14, 2);
    check(taken_cr2 == page(1), "CR2 of a crossing store is %lx", taken_cr2);
    check(read64(page(0) + 4088) == 0x1122334455667788, "half of a faulting store was done");
}

static void test_accessed_dirty(void)
{
    map(0, (uint64_t)frames[0], PTE_P | PTE_W);
    check(!(play_pt[0] & (PTE_A | PTE_D)), "A or D set before use");
    (void)read64(page(0));
    check((play_pt[0] & (PTE_A | PTE_D)) == PTE_A, "after a read: %lx", play_pt[0]);
    write64(page(0), 1);
    check((play_pt[0] & (PTE_A | PTE_D)) == (PTE_A | PTE_D), "after a write: %lx", play_pt[0]);
}

static void test_smep_smap(void)
{
    uint32_t r[4];
    cpuid(7, 0, r);
    uint64_t cr4 = read_cr(4);
    frames[1][0] = 0xc3; /* ret */
    map(1, (uint64_t)frames[1], PTE_P | PTE_W | PTE_U);
    if (r[1] >> 7 & 1) {
        write_cr4(cr4 | 1u << 20);
        TRY("call *%0", "r"(page(1)));
        EXPECT("SMEP", 14, 0x11);
        write_cr4(cr4);
        TRY("call *%0", "r"(page(1)));
        check(taken == -1, "a call to a user page without SMEP faults");
    }
    if (r[1] >> 20 & 1) {
        write_cr4(cr4 | 1u << 21);
        TRY("movb (%0), %%cl", "r"(page(1)));
        EXPECT("SMAP", 14, 1);
        TRY("stac; movb (%0), %%cl; clac", "r"(page(1)));
        check(taken == -1, "SMAP with AC set faults");
        write_cr4(cr4);
    }
}

static void test_tlb(void)
{
    /* Another frame behind the same address, after INVLPG and after a load of CR3. */
    memset(frames[0], 0x11, 4096);
    memset(frames[1], 0x22, 4096);
    map(0, (uint64_t)frames[0], PTE_P | PTE_W);
    check(*(volatile uint8_t *)page(0) == 0x11, "first mapping");
    map(0, (uint64_t)frames[1], PTE_P | PTE_W);
    check(*(volatile uint8_t *)page(0) == 0x22, "after INVLPG");
    play_pt[0] = (uint64_t)frames[0] | PTE_P | PTE_W;
    asm volatile("movq %0, %%cr3" : : "r"(read_cr(3)) : "memory");
    check(*(volatile uint8_t *)page(0) == 0x11, "after a load of CR3");
    /* A 2 MiB page, and INVLPG anywhere in it. */
    play_pd[1] = 0 | PTE_P | PTE_W | 0x80;
    volatile uint8_t *large = (volatile uint8_t *)(PLAYGROUND + 0x200000 + 0x1000);
    (void)*large;
    play_pd[1] = 0;
    invlpg(PLAYGROUND + 0x200000 + 0x5000);
    TRY("movb (%0), %%cl", "r"(large));
    EXPECT("large page after INVLPG", 14, 0);
}

static void test_pcid(void)
{
    uint32_t r[4];
    cpuid(1, 0, r);
    if (!(r[2] >> 17 & 1)) {
        return;
    }
    uint64_t cr3 = read_cr(3), cr4 = read_cr(4);
    write_cr4(cr4 | 1u << 17 | 1u << 7);
    map(0, (uint64_t)frames[0], PTE_P | PTE_W);
    check(*(volatile uint8_t *)page(0) == frames[0][0], "under PCID 0");
    asm volatile("movq %0, %%cr3" : : "r"(cr3 | 5) : "memory");
    (void)*(volatile uint8_t *)page(0);
    play_pt[0] = (uint64_t)frames[1] | PTE_P | PTE_W;
    /* INVPCID type 1 for PCID 5, then what PCID 5 sees must be new. */
    struct {
        uint64_t pcid, addr;
    } d = {5, 0};
    asm volatile("invpcid %0, %1" : : "m"(d), "r"(1ull) : "memory");
    check(*(volatile uint8_t *)page(0) == frames[1][0], "after INVPCID");
    TRY("movq %0, %%cr3", "r"(cr3 | 1ull << 62));
    EXPECT("reserved bits of CR3", 13, 0);
    asm volatile("movq %0, %%cr3" : : "r"(cr3) : "memory");
    write_cr4(cr4);
    TRY("movq %0, %%cr4", "r"(cr4 | 1ull << 40));
    EXPECT("reserved bits of CR4", 13, 0);
}

/* User mode: entered by IRET, left by a fault, INT or SYSCALL. */
static uint8_t user_stack[4096] __attribute__((aligned(4096)));
static uint64_t kernel_stack[512] __attribute__((aligned(16)));

#define USER_CODE  2
#define USER_STACK 3
static void run_user(const uint8_t *code, size_t len)
{
    memcpy(frames[2], code, len);
    map(USER_CODE, (uint64_t)frames[2], PTE_P | PTE_U);
    map(USER_STACK, (uint64_t)user_stack, PTE_P | PTE_W | PTE_U);
    TRY("pushq $0x23; pushq %0; pushfq; pushq $0x2b; pushq %1; iretq", "r"(page(USER_STACK) + 4096),
        "r"(page(USER_CODE)));
}

#define USER(...) run_user((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_user(void)
{
    uint32_t *tss = (uint32_t *)(gdt[6] >> 16 & 0xffffff);
    uint64_t top = (uint64_t)(kernel_stack + 512);
    memcpy(&tss[1], &top, 8);
    USER(0xf4); /* hlt */
    EXPECT("HLT in user mode", 13, 0);
    check(taken_rip == page(USER_CODE), "RIP of a fault in user mode is %lx", taken_rip);
    USER(0xfa); /* cli */
    EXPECT("CLI in user mode", 13, 0);
    USER(0xe6, 0x80); /* out */
    EXPECT("OUT in user mode", 13, 0);
    USER(0xcd, 0x80); /* int $0x80, through a gate of DPL 0 */
    EXPECT("INT through a kernel's gate", 13, 0x80 * 8 + 2);
    USER(0x0f, 0x01, 0xc1, 0xf4); /* vmcall, or #UD without it */
    check(taken == 6, "VMCALL: exception %ld", taken);
    USER(0x48, 0x8b, 0x04, 0x25, 0, 0, 0x10, 0); /* mov 0x100000, %rax */
    EXPECT("user read of a kernel page", 14, 5);
    USER(0x88, 0x05, 0xfa, 0xff, 0xff, 0xff); /* mov %al, own code */
    EXPECT("user write to a read-only page", 14, 7);
    uint32_t r[4];
    cpuid(7, 0, r);
    if (r[2] >> 2 & 1) {
        write_cr4(read_cr(4) | 1u << 11);
        USER(0x0f, 0x01, 0x04, 0x24); /* sgdt (%rsp) */
        EXPECT("SGDT under UMIP", 13, 0);
        write_cr4(read_cr(4) & ~(1ull << 11));
    }
}

extern uint8_t syscall_target[];
asm("syscall_target: movq resume_rsp_alias(%rip), %rsp; movq resume_at_alias(%rip), %rax;"
    "movq %rcx, syscall_rcx(%rip); movq %r11, syscall_r11(%rip); jmp *%rax");
volatile uint64_t syscall_rcx, syscall_r11;

static void test_syscall(void)
{
    wrmsr(0xc0000080, rdmsr(0xc0000080) | 1);
    wrmsr(0xc0000081, 0x08ull << 32);
    wrmsr(0xc0000082, (uint64_t)syscall_target);
    wrmsr(0xc0000084, 0x600);
    USER(0xfd, 0x0f, 0x05); /* std; syscall */
    check(taken == -1, "SYSCALL: exception %ld", taken);
    check(syscall_rcx == page(USER_CODE) + 3, "RCX after SYSCALL is %lx", syscall_rcx);
    check(syscall_r11 & 1u << 10, "R11 after SYSCALL has no DF: %lx", syscall_r11);
    uint64_t flags;
    asm volatile("pushfq; popq %0" : "=r"(flags));
    check(!(flags & 0x600), "SFMASK did not clear IF and DF");
}

static volatile unsigned steps;
static void count_step(Frame *frame)
{
    uint64_t zero = 0;
    asm volatile("movq %%dr6, %0" : "=r"(zero));
    taken_dr6 = zero;
    asm volatile("movq %0, %%dr6" : : "r"(0xffff0ff0ull));
    taken = 1;
    taken_rip = frame->rip;
    steps++;
    if (steps >= 3) {
        frame->rflags &= ~(1ull << 8);
    }
    frame->rflags |= 1u << 16; /* RF: past an execution breakpoint */
}

static void test_debug(void)
{
    set_handler(1, count_step);
    steps = 0;
    asm volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop; nop; nop" : : : "memory", "cc");
    check(steps == 3, "single step: %u steps", steps);
    check(taken_dr6 & 1u << 14, "DR6 without BS: %lx", taken_dr6);
    steps = 0;
    asm volatile("leaq 1f(%%rip), %%rax; movq %%rax, %%dr0; movl $0x402, %%eax; movq %%rax, %%dr7;"
                 "nop; 1: nop; xorl %%eax, %%eax; movq %%rax, %%dr7"
                 :
                 :
                 : "rax", "memory", "cc");
    check(steps == 1 && (taken_dr6 & 1), "breakpoint: %u, DR6 %lx", steps, taken_dr6);
    set_handler(1, note_exception);
}

static void test_self_modifying(void)
{
    /* mov $imm, %eax; ret: rewritten between calls, and by code in the same page. */
    static const uint8_t code[] = {0xb8, 0, 0, 0, 0, 0xc3};
    map(0, (uint64_t)frames[0], PTE_P | PTE_W);
    memcpy(frames[0], code, sizeof(code));
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t got;
        /* Through the other mapping of the frame every second time. */
        if (i & 1) {
            memcpy(frames[0] + 1, &i, 4);
        } else {
            *(volatile uint32_t *)(page(0) + 1) = i;
        }
        asm volatile("call *%1" : "=a"(got) : "r"(page(0)) : "memory");
        check(got == i, "modified code gave %x, not %x", got, i);
        if (got != i) {
            return;
        }
    }
    /* movb $0x90 over the next instruction's inc: it must not be executed any more. */
    static const uint8_t own[] = {0x31, 0xc0, 0x66, 0xc7, 0x05, 0,    0,
                                  0,    0,    0x66, 0x90, 0xff, 0xc0, 0xc3};
    memcpy(frames[0], own, sizeof(own));
    uint32_t result;
    asm volatile("call *%1" : "=a"(result) : "r"(page(0)) : "memory");
    check(result == 0, "an overwritten instruction ran");
}

static volatile unsigned nmis;
static void count_nmi(Frame *frame)
{
    (void)frame;
    if (nmis++ == 0) {
        apic_send_ipi(apic_id(), 0x4400);
        for (volatile int i = 0; i < 10000; i++) {
        }
        check(nmis == 1, "an NMI came inside an NMI");
    }
}

static void test_interrupt_windows(void)
{
    enum { V = 0x51, HIGH = 0x61 };
    interrupts_off();
    uint64_t before = vector_count[V];
    apic_send_ipi(apic_id(), V);
    for (volatile int i = 0; i < 1000; i++) {
    }
    check(vector_count[V] == before, "an interrupt came with IF clear");
    /* STI; HLT must not lose it, and STI holds it off for one instruction. */
    asm volatile("sti; hlt" : : : "memory");
    check(vector_count[V] == before + 1, "STI; HLT lost the interrupt");
    /* CR8 holds back what is not above it. */
    asm volatile("movq %0, %%cr8" : : "r"(5ull));
    apic_send_ipi(apic_id(), V);
    apic_send_ipi(apic_id(), HIGH);
    check(wait_vector(HIGH, 1), "a vector above CR8 did not come");
    check(vector_count[V] == before + 1, "a vector not above CR8 came");
    asm volatile("movq %0, %%cr8" : : "r"(0ull));
    check(wait_vector(V, before + 2), "it did not come after CR8 was lowered");
    set_handler(2, count_nmi);
    apic_send_ipi(apic_id(), 0x4400);
    for (volatile int i = 0; i < 20000; i++) {
    }
    check(nmis == 2, "%u NMIs, not 2", nmis);
}

/* 32-bit code under a 64-bit kernel: far return into it and out again by a far jump. */
extern uint8_t compat_code[];
asm(".code32; compat_code: movl $0xffffffff, %eax; incl %eax; movl $0x12345678, %eax; ljmp $0x08, "
    "$1f;"
    ".code64; 1: movl %eax, compat_result(%rip); lretq");
volatile uint32_t compat_result;

static void test_compatibility_mode(void)
{
    asm volatile(
        "pushq $8; leaq 1f(%%rip), %%rax; pushq %%rax; pushq $0x18; leaq compat_code(%%rip), %%rax;"
        "pushq %%rax; lretq; 1:"
        :
        :
        : "rax", "memory", "cc");
    check(compat_result == 0x12345678, "compatibility mode left %x", compat_result);
}

/* A double fault on a stack of its own: #PF with an unusable stack pointer. */
static uint8_t df_stack[8192] __attribute__((aligned(16)));

static void test_double_fault(void)
{
    uint32_t *tss = (uint32_t *)(gdt[6] >> 16 & 0xffffff);
    uint64_t top = (uint64_t)(df_stack + sizeof(df_stack));
    memcpy(&tss[9], &top, 8); /* IST1 */
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } idtr;
    asm volatile("sidt %0" : "=m"(idtr));
    *(uint8_t *)(idtr.base + 8 * 16 + 4) = 1;
    map(7, 0, 0);
    TRY("movq %0, %%rsp; pushq $1", "r"(page(7) + 64));
    EXPECT("double fault", 8, 0);
}

void guest_main(void)
{
    acpi_init();
    interrupts_init();
    for (int v = 0; v < 32; v++) {
        set_handler(v, note_exception);
    }
    playground_init();
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"simple faults", test_simple_faults},
        {"page faults", test_page_faults},
        {"accessed and dirty", test_accessed_dirty},
        {"SMEP and SMAP", test_smep_smap},
        {"TLB", test_tlb},
        {"PCID", test_pcid},
        {"user mode", test_user},
        {"SYSCALL", test_syscall},
        {"debug", test_debug},
        {"self-modifying code", test_self_modifying},
        {"interrupt windows", test_interrupt_windows},
        {"compatibility mode", test_compatibility_mode},
        {"double fault", test_double_fault},
    };
    for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        print("guest: %s\n", tests[i].name);
        tests[i].run();
    }
}
