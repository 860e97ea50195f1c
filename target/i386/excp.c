/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raising and delivering exceptions and interrupts (Intel SDM vol. 3, chapter 6): who may follow
 * whom (6.15, double fault), and what is pending between instructions (6.9). How each mode enters
 * a handler is in excp_enter.c.
 */
#include "target/i386/excp.h"

#include <inttypes.h>

#include "target/i386/cpu_private.h"
#include "target/i386/debug_regs.h"
#include "target/i386/excp_enter.h"
#include "target/i386/segment_private.h"

#define ERROR_EXT 1u
/* What entering a handler takes from the budget, in instructions. A handler whose first instruction
 * raises executes none, and cpu_run() has to come back from it all the same. */
#define ENTRY_COST 32

static G_NORETURN void unwind(Cpu *cpu)
{
    g_assert(cpu->unwind);
    siglongjmp(*cpu->unwind, CPU_UNWIND_EXCP);
}

void cpu_begin_anew(Cpu *cpu)
{
    g_assert(cpu->unwind);
    siglongjmp(*cpu->unwind, CPU_UNWIND_ANEW);
}

/* An exception without error code, unless the caller adds one. */
static void note(Cpu *cpu, int vector)
{
    cpu->excp.vector = vector;
    cpu->excp.error = cpu->excp.dr6 = 0;
    cpu->excp.has_error = cpu->excp.soft = false;
    cpu->excp.any_level = cpu->excp.by_number = false;
}

void cpu_raise(Cpu *cpu, int vector)
{
    note(cpu, vector);
    unwind(cpu);
}

void cpu_raise_error(Cpu *cpu, int vector, uint32_t error)
{
    note(cpu, vector);
    cpu->excp.error = error;
    cpu->excp.has_error = true;
    unwind(cpu);
}

void cpu_raise_debug(Cpu *cpu, uint32_t dr6)
{
    note(cpu, EXCP_DB);
    cpu->excp.dr6 = dr6;
    unwind(cpu);
}

void cpu_raise_page_fault(Cpu *cpu, uint64_t address, uint32_t error)
{
    cpu->cr2 = address;
    cpu_raise_error(cpu, EXCP_PF, error);
}

static void note_software(Cpu *cpu, int vector, uint64_t next_rip)
{
    note(cpu, vector);
    cpu->excp.soft = true;
    cpu->excp.next_rip = next_rip;
}

void cpu_raise_software(Cpu *cpu, int vector, uint64_t next_rip)
{
    note_software(cpu, vector, next_rip);
    unwind(cpu);
}

void cpu_raise_int_n(Cpu *cpu, int vector, uint64_t next_rip)
{
    note_software(cpu, vector, next_rip);
    cpu->excp.by_number = true;
    unwind(cpu);
}

void cpu_raise_int1(Cpu *cpu, uint64_t next_rip)
{
    note_software(cpu, EXCP_DB, next_rip);
    cpu->excp.any_level = true;
    unwind(cpu);
}

/* SDM table 6-5. Software interrupts, external ones and NMI are benign whatever their vector. */
typedef enum { CLASS_BENIGN, CLASS_CONTRIBUTORY, CLASS_PAGE_FAULT, CLASS_DOUBLE } ExcpClass;

static ExcpClass classify(const IntEvent *ev)
{
    if (ev->soft || ev->external) {
        return CLASS_BENIGN;
    }
    switch (ev->vector) {
    case EXCP_DE:
    case EXCP_TS:
    case EXCP_NP:
    case EXCP_SS:
    case EXCP_GP:
        return CLASS_CONTRIBUTORY;
    case EXCP_PF:
        return CLASS_PAGE_FAULT;
    case EXCP_DF:
        return CLASS_DOUBLE;
    default:
        return CLASS_BENIGN;
    }
}

static bool makes_double_fault(ExcpClass first, ExcpClass second)
{
    return (first == CLASS_CONTRIBUTORY && second == CLASS_CONTRIBUTORY) ||
           (first == CLASS_PAGE_FAULT && second != CLASS_BENIGN);
}

/* A #DB of the CPU's own or of INT1: INT 1 is none. */
static bool is_debug(const IntEvent *ev)
{
    return ev->vector == EXCP_DB && !ev->checked;
}

/* Faults push RF set, so that returning does not hit a code breakpoint on the same instruction; not
 * so those that tell of one (SDM vol. 3, 17.3.1.1). */
static bool pushes_rf(const IntEvent *ev, uint32_t dr6)
{
    return !ev->soft && !ev->external && !(ev->vector == EXCP_DB && (dr6 & DR6_B)) &&
           ev->vector != EXCP_DF && ev->vector != EXCP_MC;
}

static IntEvent event_raised(const Cpu *cpu)
{
    IntEvent ev = {
        .vector = cpu->excp.vector,
        .error = cpu->excp.error,
        .has_error = cpu->excp.has_error,
        .soft = cpu->excp.soft,
        .checked = cpu->excp.soft && !cpu->excp.any_level,
        .by_number = cpu->excp.by_number,
        .rip = cpu->excp.soft ? cpu->excp.next_rip : cpu->rip,
    };
    ev.rf = pushes_rf(&ev, cpu->excp.dr6);
    return ev;
}

/* One attempt. False if it faulted, with cpu->excp filled in. */
static bool try_enter(Cpu *cpu, const IntEvent *ev)
{
    sigjmp_buf here, *outer = cpu->unwind;
    bool entered = false;

    cpu->unwind = &here;
    if (sigsetjmp(here, 0) == 0) {
        excp_enter(cpu, ev);
        entered = true;
    }
    cpu->unwind = outer;
    return entered;
}

static bool takes_selector_error(int vector)
{
    return vector == EXCP_TS || vector == EXCP_NP || vector == EXCP_SS || vector == EXCP_GP;
}

/* What to deliver next after `ev` met another exception; false on a triple fault. */
static bool next_event(Cpu *cpu, IntEvent *ev)
{
    IntEvent second = event_raised(cpu);
    ExcpClass first_class = classify(ev), second_class = classify(&second);

    if (first_class == CLASS_DOUBLE && second_class != CLASS_BENIGN) {
        return false;
    }
    if (!ev->checked && takes_selector_error(second.vector)) {
        second.error |= ERROR_EXT;
    }
    if (makes_double_fault(first_class, second_class)) {
        second = (IntEvent){.vector = EXCP_DF, .has_error = true, .rip = cpu->rip};
    }
    cpu->excp.old_vector = ev->vector;
    *ev = second;
    return true;
}

/* QEMU's lines: people's scripts look for them. */
static void excp_trace(const Cpu *cpu, const IntEvent *ev)
{
    Trace *trace = cpu->cfg.trace;
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text,
                           "%6" PRIu64 ": v=%02x e=%04x i=%d cpl=%u IP=%04x:%016" PRIx64
                           " pc=%016" PRIx64 " SP=%04x:%016" PRIx64,
                           trace->lines[TRACE_INT], (unsigned)ev->vector, ev->error, ev->soft,
                           cpu->cpl, cpu->seg[SEG_CS].selector, ev->rip,
                           cpu->seg[SEG_CS].base + ev->rip, cpu->seg[SEG_SS].selector,
                           cpu->gpr[R_RSP]);
    if (ev->vector == EXCP_PF) {
        g_string_append_printf(text, " CR2=%016" PRIx64 "\n", cpu->cr2);
    } else {
        g_string_append_printf(text, " env->regs[R_EAX]=%016" PRIx64 "\n", cpu->gpr[R_RAX]);
    }
    cpu_describe(cpu, text);
    g_string_truncate(text, text->len - 1); /* trace_print() ends the line */
    trace_print(trace, TRACE_INT, "%s", text->str);
}

static void excp_deliver(Cpu *cpu, IntEvent *ev)
{
    cpu->halted = false;
    cpu->int_shadow = SHADOW_NONE;
    cpu_spend_budget(cpu, ENTRY_COST);
    for (;;) {
        if (G_UNLIKELY(trace_on(cpu->cfg.trace, TRACE_INT))) {
            excp_trace(cpu, ev);
        }
        if (try_enter(cpu, ev)) {
            break;
        }
        if (!next_event(cpu, ev)) {
            trace_event(cpu->cfg.trace, TRACE_INT, "triple_fault cpu=%u rip=0x%" PRIx64,
                        cpu->cfg.index, cpu->rip);
            cpu->shutdown = true;
            break;
        }
    }
    cpu->excp.vector = cpu->excp.old_vector = -1;
}

static bool take_pending(Cpu *cpu, uint32_t bit)
{
    return __atomic_fetch_and(&cpu->pending, ~bit, __ATOMIC_SEQ_CST) & bit;
}

/* Breakpoints that an instruction hit before it faulted count for nothing; what MOV SS before it
 * has hit does. */
static void drop_unfinished_traps(Cpu *cpu)
{
    cpu->dr6_traps = cpu->dr6_held;
}

void cpu_deliver(Cpu *cpu)
{
    IntEvent ev = event_raised(cpu);

    if (!ev.soft) {
        drop_unfinished_traps(cpu);
    }
    cpu->dr6_held = 0;
    if (is_debug(&ev)) {
        debug_enter(cpu, cpu->excp.dr6);
    }
    excp_deliver(cpu, &ev);
}

void cpu_deliver_debug(Cpu *cpu, uint32_t dr6)
{
    note(cpu, EXCP_DB);
    cpu->excp.dr6 = dr6;
    cpu_deliver(cpu);
}

void cpu_deliver_external(Cpu *cpu, int vector)
{
    IntEvent ev = {.vector = vector, .external = true, .rip = cpu->rip};

    excp_deliver(cpu, &ev);
}

static void deliver_debug_trap(Cpu *cpu)
{
    IntEvent ev = {.vector = EXCP_DB, .rip = cpu->rip};

    debug_enter(cpu, 0);
    excp_deliver(cpu, &ev);
}

static bool take_sipi(Cpu *cpu)
{
    if (!take_pending(cpu, PEND_SIPI) || !cpu->wait_sipi) {
        return false; /* one that comes while running is ignored */
    }
    cpu->wait_sipi = cpu->halted = false;
    seg_set(cpu, SEG_CS, (uint16_t)(cpu->sipi_vector << 8), (uint32_t)cpu->sipi_vector << 12,
            0xffff, ATTR_CODE16);
    cpu->rip = 0;
    return true;
}

static bool take_init(Cpu *cpu)
{
    if (!take_pending(cpu, PEND_INIT)) {
        return false;
    }
    cpu_init_reset(cpu);
    if (cpu->cfg.apic) {
        apic_init_reset(cpu->cfg.apic);
    }
    return true;
}

static bool take_intr(Cpu *cpu)
{
    int vector = cpu->cfg.apic ? apic_ack(cpu->cfg.apic) : -1;

    if (vector < 0) {
        return false;
    }
    cpu_deliver_external(cpu, vector);
    return true;
}

bool cpu_take_events(Cpu *cpu)
{
    uint32_t pending = cpu->pending;

    if ((pending & PEND_INIT) && take_init(cpu)) {
        return true;
    }
    if (pending & PEND_SIPI && take_sipi(cpu)) {
        return true;
    }
    if (cpu->wait_sipi || cpu->shutdown) {
        return false;
    }
    if (pending & PEND_SMI) {
        take_pending(cpu, PEND_SMI); /* no SMM: nobody is there to answer */
    }
    if (cpu->int_shadow == SHADOW_SS) {
        return false;
    }
    /* Traps of the instruction before; code breakpoints of the next are the executor's. */
    if ((pending & PEND_DEBUG) && take_pending(cpu, PEND_DEBUG) && cpu->dr6_traps) {
        deliver_debug_trap(cpu);
        return true;
    }
    if (cpu->int_shadow == SHADOW_STI || cpu->step_masked) {
        return false;
    }
    if ((pending & PEND_NMI) && !cpu->nmi_masked && take_pending(cpu, PEND_NMI)) {
        cpu_deliver_external(cpu, EXCP_NMI);
        return true;
    }
    return (pending & PEND_INTR) && (cpu->rflags & FLAG_IF) && take_intr(cpu);
}
