/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's program stopped at random points, each time saved, loaded into a fresh machine and gone
 * on with, now on one tier and now on the other: in the end everything is as after one run.
 */
#include "accel/tcg/tcg.h"
#include "machine-fixture.h"

#define RUNS   12
#define CODE   0x10000u
#define TABLES 0x4000u
#define GDT    0x3000u
#define IDT    0x2000u
#define STACK  0x80000u

#define FLAG_IF 0x200u

/*
 * Rounds of what is kept in different places: general registers and flags (a chain of ADC across
 * all of it), x87 stack and control word, MXCSR and vector registers, debug and control registers,
 * MSRs, code that changes itself, an exception's frame, the local APIC's timer count and an
 * interrupt pending while IF is 0, the shadow of STI.
 */
extern const uint8_t program_start[], program_handler[], program_end[];
__asm__(".pushsection .rodata\n"
        ".globl program_start, program_handler, program_end\n"
        "program_start:\n"
        "  mov %cr4, %rax\n"
        "  or $0x40600, %eax\n" /* OSFXSR, OSXMMEXCPT, OSXSAVE */
        "  mov %rax, %cr4\n"
        "  xor %ecx, %ecx\n"
        "  xor %edx, %edx\n"
        "  mov $7, %eax\n"
        "  xsetbv\n"
        "  fninit\n"
        "  movl $0x5f80, -8(%rsp)\n" /* round up, all masked */
        "  ldmxcsr -8(%rsp)\n"
        "  mov $600, %r15d\n"
        "  xor %r14d, %r14d\n"
        "  mov $0x123456789abcdef, %r8\n"
        "  vpxor %ymm3, %ymm3, %ymm3\n"
        "  fld1\n"
        "  fldpi\n"
        "1:\n"
        /* flags */
        "  imul $0x5851f42d, %r8, %r8\n"
        "  add %r15, %r8\n"
        "  adc $0, %r14\n"
        "  rcl $3, %r14\n"
        "  pushfq\n"
        "  pop %r9\n"
        "  and $0x8d5, %r9d\n"
        "  xor %r9, %r14\n"
        /* x87 */
        "  fld %st(1)\n"
        "  fmul %st(1), %st\n"
        "  fsqrt\n"
        "  fstp %st(2)\n"
        "  fnstsw %ax\n"
        "  movzwl %ax, %eax\n"
        "  add %rax, %r14\n"
        /* vectors */
        "  movq %r8, %xmm1\n"
        "  pshufd $0x1b, %xmm1, %xmm2\n"
        "  vinserti128 $1, %xmm2, %ymm1, %ymm1\n"
        "  vpaddq %ymm1, %ymm3, %ymm3\n"
        "  cvtsi2sd %r15, %xmm4\n"
        "  sqrtsd %xmm4, %xmm4\n"
        "  addsd %xmm4, %xmm5\n"
        "  stmxcsr -8(%rsp)\n"
        "  add -8(%rsp), %r14d\n"
        /* debug registers, MSRs */
        "  mov %dr0, %rax\n"
        "  add %r15, %rax\n"
        "  mov %rax, %dr0\n"
        "  mov $0xc0000102, %ecx\n" /* KERNEL_GS_BASE */
        "  rdmsr\n"
        "  lea 1(%rax), %eax\n"
        "  wrmsr\n"
        "  swapgs\n"
        "  swapgs\n"
        /* a string operation */
        "  mov $0x300000, %edi\n"
        "  mov %r8, %rax\n"
        "  mov $40, %ecx\n"
        "  rep stosq\n"
        /* an exception: the handler adds to r13 and goes on after UD2 */
        "  ud2\n"
        /* an interrupt to itself that waits for STI, and is taken after the instruction after */
        "  cli\n"
        "  mov $0xfee00300, %edi\n"
        "  movl $0x40050, (%rdi)\n"
        "  mov %r15, %rbx\n"
        "  imul %rbx, %rbx\n"
        "  sti\n"
        "  lea (%r14,%rbx), %r14\n"
        "  nop\n"
        "  nop\n"
        "  cli\n"
        "  dec %r15d\n"
        "  jnz 1b\n"
        "  fstpt 0x301000\n"
        "  fstpt 0x301010\n"
        "  vmovdqu %ymm3, 0x301020\n"
        "  movsd %xmm5, 0x301040\n"
        "  cli\n"
        "2: hlt\n"
        "  jmp 2b\n"
        /* One handler: #UD's return address is moved on; an interrupt is acknowledged. */
        "program_handler:\n"
        "  inc %r13\n"
        "  mov (%rsp), %r12\n"
        "  cmpw $0x0b0f, (%r12)\n"
        "  jne 3f\n"
        "  addq $2, (%rsp)\n"
        "  iretq\n"
        "3:\n"
        "  mov $0xfee000b0, %r12d\n"
        "  movl $0, (%r12)\n"
        "  add $1000, %r13\n"
        "  iretq\n"
        "program_end:\n"
        ".popsection\n");

static void put64(Box *box, uint64_t at, uint64_t value)
{
    as_store(box->platform.memory, at, value, 8);
}

static void put_program(Box *box)
{
    uint64_t handler = CODE + (uint64_t)(program_handler - program_start);
    as_write(box->platform.memory, CODE, program_start, (size_t)(program_end - program_start));
    put64(box, TABLES, (TABLES + 0x1000) | 7);
    put64(box, TABLES + 0x1000, (TABLES + 0x2000) | 7);
    put64(box, TABLES + 0x1018, 0xc0000087); /* the last of 4 GiB, with the APIC */
    for (unsigned i = 0; i < 16; i++) {
        put64(box, TABLES + 0x2000 + 8 * i, i << 21 | 0x87);
    }
    put64(box, GDT + 8, 0x00af9b000000ffff);
    put64(box, GDT + 16, 0x00cf93000000ffff);
    for (unsigned vector = 0; vector < 256; vector++) {
        put64(box, IDT + 16 * vector,
              (handler & 0xffff) | 8 << 16 | 0x8e00ull << 32 | (handler >> 16) << 48);
        put64(box, IDT + 16 * vector + 8, 0);
    }
}

static const VcpuReg *find(const Vcpu *v, const char *name)
{
    const VcpuReg *reg = vcpu_find_reg(v, name);
    if (!reg) {
        g_error("no register '%s'", name);
    }
    return reg;
}

static void set(Vcpu *v, const char *name, uint64_t value)
{
    v->ops->reg_set(v, find(v, name), &value);
}

static uint64_t get(const Vcpu *v, const char *name)
{
    uint64_t value = 0;
    v->ops->reg_get(v, find(v, name), &value);
    return value;
}

static void start_program(Box *box)
{
    Vcpu *v = box->machine->cpus[0];
    const CpuBoot boot = {.mode = CPU_BOOT_LONG64,
                          .rip = CODE,
                          .rsp = STACK,
                          .cs = 8,
                          .ds = 16,
                          .cr3 = TABLES,
                          .gdt_base = GDT,
                          .gdt_limit = 23};
    put_program(box);
    v->ops->boot(v, &boot);
    set(v, "idtr_base", IDT);
    set(v, "idtr_limit", 0xfff);
    set(v, "eflags", 2);
    apic_mmio_write(box->machine->apics[0], 0xf0, 0x1ff, 4);
}

static void open_tier(Box *box, TcgTier tier)
{
    static const TcgOptions tcg[] = {
        [TCG_TIER_INTERP] = {.tier = TCG_TIER_INTERP}, [TCG_TIER_JIT] = {.tier = TCG_TIER_JIT}};
    MachineOptions options = box_machine_options();
    options.accel = &tcg_accel;
    options.accel_options = &tcg[tier];
    box_open(box, &options, false);
}

static void run(Box *box, uint64_t budget)
{
    Vcpu *v = box->machine->cpus[0];
    v->ops->run(v, budget);
}

static bool has_ended(const Box *box)
{
    const Vcpu *v = box->machine->cpus[0];
    return get(v, "halted") && !(get(v, "eflags") & FLAG_IF);
}

static void run_to_end(Box *box)
{
    const Vcpu *v = box->machine->cpus[0];
    for (int i = 0; i < 100000 && !has_ended(box); i++) {
        run(box, 100000);
    }
    if (!has_ended(box)) {
        g_autoptr(GString) text = g_string_new(NULL);
        v->ops->describe(v, text);
        g_error("the program does not end:\n%s", text->str);
    }
}

static GByteArray *run_whole(TcgTier tier)
{
    Box box;
    open_tier(&box, tier);
    start_program(&box);
    run_to_end(&box);
    g_assert_cmpuint(get(box.machine->cpus[0], "r13"), ==, 600 + 600 * 1001);
    GByteArray *end = box_save(&box);
    box_close(&box);
    return end;
}

static GByteArray *run_in_pieces(GRand *rand, TcgTier first, TcgTier second)
{
    Box box;
    open_tier(&box, first);
    start_program(&box);
    for (int piece = 0; piece < 6 && !has_ended(&box); piece++) {
        run(&box, (uint64_t)g_rand_int_range(rand, 1, 12000));
        g_autoptr(GByteArray) saved = box_save(&box);
        box_close(&box);
        open_tier(&box, piece % 2 ? first : second);
        box_load(&box, saved);
        g_autoptr(GByteArray) again = box_save(&box);
        box_assert_same(saved, again, "loaded");
    }
    run_to_end(&box);
    GByteArray *end = box_save(&box);
    box_close(&box);
    return end;
}

static void test_pieces(void)
{
    static const TcgTier tiers[][2] = {{TCG_TIER_INTERP, TCG_TIER_INTERP},
                                       {TCG_TIER_JIT, TCG_TIER_JIT},
                                       {TCG_TIER_INTERP, TCG_TIER_JIT}};
    g_autoptr(GByteArray) whole = run_whole(TCG_TIER_INTERP);
    for (int run = 0; run < RUNS; run++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)g_test_rand_int());
        const TcgTier *tier = tiers[run % G_N_ELEMENTS(tiers)];
        g_autoptr(GByteArray) end = run_in_pieces(rand, tier[0], tier[1]);
        box_assert_same(whole, end, "in pieces");
    }
}

static void test_tiers(void)
{
    g_autoptr(GByteArray) interp = run_whole(TCG_TIER_INTERP), jit = run_whole(TCG_TIER_JIT);
    box_assert_same(interp, jit, "the two tiers");
}

/* Timers of one time stay in their order: setting the TSC of a loaded vCPU arms none anew. */
static void test_deadlines(void)
{
    enum { LVT_TIMER = 0x320, TSC_DEADLINE = 2 << 17, DEADLINE_MSR = 0x6e0 };
    Box one, two;
    open_tier(&one, TCG_TIER_INTERP);
    open_tier(&two, TCG_TIER_INTERP);
    for (unsigned i = BOX_CPUS; i-- > 0;) {
        ApicState *apic = one.machine->apics[i];
        apic_mmio_write(apic, 0xf0, 0x1ff, 4);
        apic_mmio_write(apic, LVT_TIMER, TSC_DEADLINE | 0x40, 4);
        g_assert_true(apic_msr_write(apic, DEADLINE_MSR, 1ull << 30));
    }
    g_autoptr(GByteArray) saved = box_save(&one);
    box_load(&two, saved);
    g_autoptr(GByteArray) again = box_save(&two);
    box_assert_same(saved, again, "loaded");
    box_close(&one);
    box_close(&two);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state-cpu/tiers", test_tiers);
    g_test_add_func("/state-cpu/pieces", test_pieces);
    g_test_add_func("/state-cpu/deadlines", test_deadlines);
    return g_test_run();
}
