/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exception and interrupt delivery: frames, stacks, error codes, double and triple faults, masking,
 * INIT and SIPI.
 */
#include "cpu-fixture.h"
#include "hw/intc/apic.h"
#include "hw/intc/apic_bus.h"

#define GDT       0x1000u
#define IDT       0x2000u
#define TSS       0x3000u
#define TABLES    0x10000u
#define STACK     0x8000u
#define INNER     0x9000u
#define IST1      0xa000u
#define KERNEL_CS 0x08u
#define KERNEL_DS 0x10u
#define USER_CS   0x1bu
#define USER_DS   0x23u
#define HANDLER   0x5000u

static void put_gate(Fixture *f, unsigned vector, unsigned type_dpl, unsigned ist)
{
    put64(f, IDT + 16 * vector,
          (HANDLER + vector) | (uint64_t)KERNEL_CS << 16 | (uint64_t)ist << 32 |
              (uint64_t)type_dpl << 40);
    put64(f, IDT + 16 * vector + 8, 0);
}

static void long_mode(Fixture *f)
{
    CpuBoot boot = {.mode = CPU_BOOT_LONG64,
                    .rip = 0x7000,
                    .rsp = STACK,
                    .cs = KERNEL_CS,
                    .ds = KERNEL_DS,
                    .cr3 = TABLES,
                    .gdt_base = GDT,
                    .gdt_limit = 0x3f};

    put64(f, TABLES, TABLES + 0x1007);
    put64(f, TABLES + 0x1000, TABLES + 0x2007);
    put64(f, TABLES + 0x2000, 0x87);
    put64(f, GDT + 8, 0x00af9b000000ffffull);
    put64(f, GDT + 16, 0x00cf93000000ffffull);
    put64(f, GDT + 24, 0x00affb000000ffffull);
    put64(f, GDT + 32, 0x00cff3000000ffffull);
    for (unsigned v = 0; v < 64; v++) {
        put_gate(f, v, 0x8e, 0);
    }
    put64(f, TSS + 4, INNER);
    put64(f, TSS + 0x24, IST1);
    cpu_set_boot(f->cpu, &boot);
    f->cpu->idtr = (CpuTable){IDT, 64 * 16 - 1};
    f->cpu->tr = (CpuSegment){.selector = 0x28, .base = TSS, .limit = 0x67, .attr = 0x8b00};
    f->cpu->rflags |= FLAG_IF | FLAG_NT;
}

static void enter_user(Fixture *f)
{
    Cpu *cpu = f->cpu;

    cpu->seg[SEG_CS].selector = USER_CS;
    cpu->seg[SEG_CS].attr |= 3u << SEG_ATTR_DPL_SHIFT;
    cpu->seg[SEG_SS].selector = USER_DS;
    cpu->cpl = 3;
    cpu_update_mode(cpu);
}

/* What an instruction that raises does, and the executor after it. */
#define DELIVER(statement_)                                                                        \
    do {                                                                                           \
        g_assert_cmpint(RAISED(f, statement_), >=, 0);                                             \
        cpu_deliver(f->cpu);                                                                       \
    } while (0)

static void expect_handler(Fixture *f, unsigned vector)
{
    g_assert_false(f->cpu->shutdown);
    g_assert_cmphex(f->cpu->rip, ==, HANDLER + vector);
    g_assert_cmpuint(f->cpu->cpl, ==, 0);
}

static void test_frame(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f);
    cpu->gpr[R_RSP] = STACK - 3;
    DELIVER(cpu_raise_page_fault(cpu, 0x123, 2));
    expect_handler(f, EXCP_PF);
    g_assert_cmphex(cpu->cr2, ==, 0x123);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, STACK - 16 - 48); /* aligned first */
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP]), ==, 2);
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP] + 8), ==, 0x7000);
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP] + 16), ==, KERNEL_CS);
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP] + 24), ==, FLAG_IF | FLAG_NT | FLAG_RF | FLAG_1);
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP] + 32), ==, STACK - 3);
    g_assert_cmphex(cpu->rflags & (FLAG_IF | FLAG_NT | FLAG_RF), ==, 0);
    cpu->gpr[R_RSP] += 8;
    seg_iret(cpu, 8, 0);
    g_assert_cmphex(cpu->rip, ==, 0x7000);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, STACK - 3);
}

static void test_stacks(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f);
    enter_user(f);
    DELIVER(cpu_raise(cpu, EXCP_UD));
    expect_handler(f, EXCP_UD);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, INNER - 40);
    g_assert_cmphex(cpu->seg[SEG_SS].selector, ==, 0);
    g_assert_cmphex(get64(f, INNER - 8), ==, USER_DS);
    put_gate(f, EXCP_NMI, 0x8e, 1);
    cpu_deliver_external(cpu, EXCP_NMI);
    expect_handler(f, EXCP_NMI);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, IST1 - 40);
    g_assert_true(cpu->nmi_masked);
    seg_iret(cpu, 8, 0);
    g_assert_false(cpu->nmi_masked);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, INNER - 40);
}

static void test_software(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f);
    enter_user(f);
    DELIVER(cpu_raise_software(cpu, 0x30, 0x7002));
    expect_handler(f, EXCP_GP);
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP]), ==, 0x30 * 8 + 2);
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP] + 8), ==, 0x7000); /* at the INT */
    long_mode(f);
    enter_user(f);
    put_gate(f, 0x30, 0xef, 0); /* a trap gate for all */
    DELIVER(cpu_raise_software(cpu, 0x30, 0x7002));
    expect_handler(f, 0x30);
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP]), ==, 0x7002);
    g_assert_true(cpu->rflags & FLAG_IF);
    long_mode(f);
    enter_user(f);
    DELIVER(cpu_raise_int1(cpu, 0x7001)); /* its gate's DPL is 0 */
    expect_handler(f, EXCP_DB);
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP]), ==, 0x7001);
}

static void test_double_fault(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f);
    put_gate(f, EXCP_GP, 0x0e, 0); /* not present: #NP while delivering #GP */
    DELIVER(cpu_raise_error(cpu, EXCP_GP, 0));
    expect_handler(f, EXCP_DF);
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP]), ==, 0);
    /* A benign exception that meets another is followed by it, with EXT set. */
    long_mode(f);
    put_gate(f, EXCP_UD, 0x0e, 0);
    DELIVER(cpu_raise(cpu, EXCP_UD));
    expect_handler(f, EXCP_NP);
    g_assert_cmphex(get64(f, cpu->gpr[R_RSP]), ==, EXCP_UD * 8 + 3);
    /* A page fault on the stack while delivering a page fault. */
    long_mode(f);
    put_gate(f, EXCP_DF, 0x8e, 1);
    cpu->gpr[R_RSP] = 0x40000000;
    DELIVER(cpu_raise_page_fault(cpu, 5, 0));
    expect_handler(f, EXCP_DF);
    g_assert_cmphex(cpu->gpr[R_RSP], ==, IST1 - 48);
}

/* Table 6-5: a page fault while delivering a contributory exception is delivered after it. */
static void test_page_fault_second(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f);
    put_gate(f, EXCP_PF, 0x8e, 1);
    cpu->gpr[R_RSP] = 0x40000000; /* not mapped */
    DELIVER(cpu_raise_error(cpu, EXCP_GP, 0x18));
    expect_handler(f, EXCP_PF);
    g_assert_cmphex(cpu->cr2, ==, 0x40000000 - 8);
}

/* With IF clear an interrupt waits where it is, in the APIC. */
static void test_interrupt_flag(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;
    Platform platform = {.clock = cpu->cfg.clock, .memory = cpu->cfg.memory};
    ApicBus *bus = apic_bus_new(NULL);
    Device *dev = device_new(&apic_class, &platform, "apic");
    GError *error = NULL;

    apic_links(dev)->bus = bus;
    apic_links(dev)->pins = &cpu_pins;
    apic_links(dev)->pins_opaque = cpu;
    g_assert_true(device_realize(dev, &error));
    device_reset(dev);
    cpu->cfg.apic = apic_from_device(dev);
    long_mode(f);
    apic_mmio_write(cpu->cfg.apic, 0xf0, 0x1ff, 4);
    apic_accept(cpu->cfg.apic, &(ApicMsg){.vector = 0x35, .assert_level = true});
    cpu->rflags &= ~FLAG_IF;
    g_assert_false(cpu_take_events(cpu));
    g_assert_true(apic_irr(cpu->cfg.apic, 0x35));
    cpu->rflags |= FLAG_IF;
    g_assert_true(cpu_take_events(cpu));
    expect_handler(f, 0x35);
    g_assert_true(apic_isr(cpu->cfg.apic, 0x35));
    cpu->cfg.apic = NULL;
    device_free(dev);
    apic_bus_free(bus);
}

/* -d int has QEMU's lines, each followed by the registers. */
static void test_trace(Fixture *f, const void *unused)
{
    Trace trace;
    char *text = NULL;
    size_t size;

    trace_init(&trace);
    trace.enabled = 1u << TRACE_INT;
    trace.out = open_memstream(&text, &size);
    f->cpu->cfg.trace = &trace;
    long_mode(f);
    f->cpu->gpr[R_RAX] = 0x1234;
    f->cpu->gpr[R_RBX] = 0x5678;
    DELIVER(cpu_raise_error(f->cpu, EXCP_GP, 0x18));
    f->cpu->cr2 = 0x4000;
    DELIVER(cpu_raise_error(f->cpu, EXCP_PF, 2));
    fflush(trace.out);
    g_assert_true(g_str_has_prefix(
        text, "     0: v=0d e=0018 i=0 cpl=0 IP=0008:0000000000007000 pc=0000000000007000 "
              "SP=0010:0000000000008000 env->regs[R_EAX]=0000000000001234\n"
              "RAX=0000000000001234 RBX=0000000000005678 RCX="));
    g_assert_nonnull(strstr(text, "\n     1: v=0e e=0002 i=0 cpl=0 IP=0008:"));
    g_assert_nonnull(strstr(text, " CR2=0000000000004000\nRAX="));
    f->cpu->cfg.trace = NULL;
    fclose(trace.out);
    free(text);
}

static void test_triple_fault(Fixture *f, const void *unused)
{
    long_mode(f);
    f->cpu->idtr.limit = 0;
    DELIVER(cpu_raise(f->cpu, EXCP_UD));
    g_assert_true(f->cpu->shutdown);
    cpu_reset(f->cpu);
    g_assert_false(f->cpu->shutdown);
    g_assert_cmphex(f->cpu->seg[SEG_CS].base + f->cpu->rip, ==, 0xfffffff0u);
}

static void test_real(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    put32(f, 0x20 * 4, 0x40000123);
    cpu->gpr[R_RSP] = 0x1000;
    cpu->rflags |= FLAG_IF;
    cpu_deliver_external(cpu, 0x20);
    g_assert_cmphex(cpu->seg[SEG_CS].base, ==, 0x40000);
    g_assert_cmphex(cpu->rip, ==, 0x123);
    g_assert_cmphex(get32(f, 0xffa), ==, 0xf000fff0);
    g_assert_cmphex(get32(f, 0xffe) & 0xffff, ==, 0x202);
    seg_iret(cpu, 2, 0);
    g_assert_cmphex(cpu->rip, ==, 0xfff0);
    g_assert_true(cpu->rflags & FLAG_IF);
}

/* The last byte of the table that a gate may have. */
static void test_idt_limit(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;
    const unsigned vector = 33;

    for (int beyond = -8; beyond <= 1; beyond++) {
        cpu_reset(cpu);
        long_mode(f);
        cpu->idtr.limit = (uint16_t)(vector * 16 + 15 + beyond);
        cpu_deliver_external(cpu, (int)vector);
        expect_handler(f, beyond < 0 ? EXCP_GP : vector);
    }
}

static void test_ivt_limit(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;
    const unsigned vector = 14;

    for (unsigned n = 0; n <= vector; n++) {
        put32(f, 4 * n, 0x10000000 | (HANDLER + n));
    }
    for (int beyond = -2; beyond <= 1; beyond++) {
        cpu_reset(cpu);
        cpu->gpr[R_RSP] = 0x100;
        cpu->idtr.limit = (uint16_t)(vector * 4 + 3 + beyond);
        cpu_deliver_external(cpu, (int)vector);
        g_assert_cmphex(cpu->rip, ==, HANDLER + (beyond < 0 ? EXCP_GP : vector));
    }
}

static void test_events(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f);
    cpu->int_shadow = SHADOW_STI;
    cpu_pins.nmi(cpu);
    g_assert_false(cpu_take_events(cpu));
    cpu->int_shadow = SHADOW_NONE;
    g_assert_true(cpu_take_events(cpu));
    expect_handler(f, EXCP_NMI);
    cpu_pins.nmi(cpu);
    g_assert_false(cpu_take_events(cpu)); /* masked till IRET */
    seg_iret(cpu, 8, 0);
    g_assert_true(cpu_take_events(cpu));
    cpu->halted = true;
    g_assert_false(cpu_has_work(cpu));
    cpu_pins.init(cpu);
    g_assert_true(cpu_has_work(cpu));
    cpu->cfg.index = 1;
    g_assert_true(cpu_take_events(cpu));
    g_assert_true(cpu->wait_sipi);
    g_assert_false(cpu_has_work(cpu));
    cpu_pins.sipi(cpu, 0x9a);
    g_assert_true(cpu_take_events(cpu));
    g_assert_cmphex(cpu->seg[SEG_CS].base + cpu->rip, ==, 0x9a000);
    g_assert_false(cpu->wait_sipi);
}

static void test_debug_trap(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f);
    sys_write_dr(cpu, 1, 0x6000);
    sys_write_dr(cpu, 7, 1u << 2 | 1u << 20);
    mmu_store8(cpu, 0x6000, 1);
    g_assert_true(cpu_take_events(cpu));
    expect_handler(f, EXCP_DB);
    g_assert_cmphex(cpu->dr[6] & 15, ==, 2);
    g_assert_cmphex(cpu->pending & PEND_DEBUG, ==, 0);
    sys_write_dr(cpu, 7, 1u << 13);
    DELIVER(sys_read_dr(cpu, 0)); /* general detect */
    expect_handler(f, EXCP_DB);
    g_assert_cmphex(cpu->dr[6] & (1u << 13), !=, 0);
    g_assert_cmphex(cpu->dr[7] & (1u << 13), ==, 0);
}

/* A CPU that gets no turn between INIT and SIPI starts all the same; a SIPI before INIT is void. */
static void test_init_sipi(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    cpu->cfg.index = 1;
    cpu_pins.init(cpu);
    cpu_pins.sipi(cpu, 0x8f);
    cpu_pins.sipi(cpu, 0x8f);
    while (cpu_take_events(cpu)) {
    }
    g_assert_false(cpu->wait_sipi);
    g_assert_cmphex(cpu->seg[SEG_CS].base, ==, 0x8f000);
    g_assert_cmphex(cpu->rip, ==, 0);
    cpu_pins.sipi(cpu, 0x10);
    cpu_pins.init(cpu);
    while (cpu_take_events(cpu)) {
    }
    g_assert_true(cpu->wait_sipi);
}

#define ADD(name_, fn_) g_test_add("/excp/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("frame", test_frame);
    ADD("stacks", test_stacks);
    ADD("software", test_software);
    ADD("double-fault", test_double_fault);
    ADD("page-fault-second", test_page_fault_second);
    ADD("interrupt-flag", test_interrupt_flag);
    ADD("triple-fault", test_triple_fault);
    ADD("real", test_real);
    ADD("idt-limit", test_idt_limit);
    ADD("ivt-limit", test_ivt_limit);
    ADD("events", test_events);
    ADD("trace", test_trace);
    ADD("debug-trap", test_debug_trap);
    ADD("init-sipi", test_init_sipi);
    return g_test_run();
}
