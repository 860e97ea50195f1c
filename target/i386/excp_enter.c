/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entering an interrupt or exception handler: real mode (Intel SDM vol. 3, 20.1.4), protected and
 * virtual-8086 mode (6.12, 20.3) and IA-32e mode (6.14).
 */
#include "target/i386/excp_enter.h"

#include "target/i386/segment_private.h"

#define TSS_REDIRECTION_SIZE 32u

/* Error code of a bad gate: the vector, with the IDT bit. */
#define GATE_ERROR(vector) ((uint32_t)(vector)*8 + 2)

typedef struct {
    uint16_t selector;
    uint64_t offset;
    unsigned type;
    unsigned dpl;
    unsigned ist;
    bool present;
} Gate;

static Gate gate_decode(uint64_t lo, uint64_t hi)
{
    return (Gate){
        .selector = (uint16_t)(lo >> 16),
        .offset = (lo & 0xffff) | ((lo >> 32) & 0xffff0000u) | hi << 32,
        .type = (lo >> 40) & 0x1f,
        .dpl = (lo >> 45) & 3,
        .ist = (lo >> 32) & 7,
        .present = (lo >> 47) & 1,
    };
}

static Gate gate_read(Cpu *cpu, const IntEvent *ev)
{
    unsigned size = in_ia32e(cpu) ? 16 : 8;
    uint64_t addr = cpu->idtr.base + (uint64_t)ev->vector * size;
    uint64_t hi = 0;
    Gate gate;

    if ((uint32_t)ev->vector * size + size - 1 > cpu->idtr.limit) {
        cpu_raise_error(cpu, EXCP_GP, GATE_ERROR(ev->vector));
    }
    if (size == 16) {
        hi = mmu_load_system(cpu, addr + 8, 8);
    }
    gate = gate_decode(mmu_load_system(cpu, addr, 8), hi);
    if (gate.type == DESC_TASK_GATE || gate.type == DESC_INT16 || gate.type == DESC_TRAP16) {
        if (in_ia32e(cpu)) {
            cpu_raise_error(cpu, EXCP_GP, GATE_ERROR(ev->vector));
        }
    } else if (gate.type != DESC_INT32 && gate.type != DESC_TRAP32) {
        cpu_raise_error(cpu, EXCP_GP, GATE_ERROR(ev->vector));
    }
    if (ev->checked && gate.dpl < cpu->cpl) {
        cpu_raise_error(cpu, EXCP_GP, GATE_ERROR(ev->vector));
    }
    if (!gate.present) {
        cpu_raise_error(cpu, EXCP_NP, GATE_ERROR(ev->vector));
    }
    return gate;
}

/* The handler's code segment; *cpl is the level it runs at. */
static CpuSegment handler_code(Cpu *cpu, const Gate *gate, unsigned *cpl)
{
    uint32_t error = SEL_ERROR(gate->selector);
    CpuSegment cs;
    SegDesc d;

    if (SEL_NULL(gate->selector)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    if (!desc_read(cpu, gate->selector, &d) || !attr_is_code(d.hi) || attr_dpl(d.hi) > cpu->cpl) {
        cpu_raise_error(cpu, EXCP_GP, error);
    }
    if (in_ia32e(cpu) && (d.hi & (SEG_ATTR_L | SEG_ATTR_DB)) != SEG_ATTR_L) {
        cpu_raise_error(cpu, EXCP_GP, error);
    }
    if (!(d.hi & SEG_ATTR_P)) {
        cpu_raise_error(cpu, EXCP_NP, error);
    }
    *cpl = attr_is_conforming(d.hi) ? cpu->cpl : attr_dpl(d.hi);
    if (in_v86(cpu) && *cpl != 0) {
        cpu_raise_error(cpu, EXCP_GP, error);
    }
    desc_mark_accessed(cpu, &d);
    cs = desc_to_segment(gate->selector, &d);
    return cs;
}

static void commit_flags(Cpu *cpu, bool interrupt_gate, const IntEvent *ev)
{
    uint32_t clear = FLAG_TF | FLAG_VM | FLAG_RF | FLAG_NT;

    if (interrupt_gate) {
        clear |= FLAG_IF;
    }
    cpu->rflags &= ~clear;
    if (ev->external && ev->vector == EXCP_NMI) {
        cpu->nmi_masked = true;
    }
}

static uint32_t pushed_flags(const Cpu *cpu, const IntEvent *ev)
{
    uint32_t flags = flags_get(cpu);
    return ev->rf ? flags | FLAG_RF : flags;
}

static void enter_long(Cpu *cpu, const IntEvent *ev)
{
    Gate gate = gate_read(cpu, ev);
    uint64_t old_ss = cpu->seg[SEG_SS].selector, rsp = cpu->gpr[R_RSP];
    CpuSegment cs, ss;
    SegStack stack;
    unsigned cpl;

    cs = handler_code(cpu, &gate, &cpl);
    seg_check_rip(cpu, &cs, gate.offset);
    if (gate.ist) {
        rsp = tss_ist(cpu, gate.ist);
    } else if (cpl < cpu->cpl) {
        rsp = tss_stack(cpu, cpl, NULL);
    }
    ss = seg_null_stack(cpl);
    stack = stack_make(cpu, &ss, rsp & ~15ull, cpl, true);
    stack_push(cpu, &stack, old_ss, 8);
    stack_push(cpu, &stack, cpu->gpr[R_RSP], 8);
    stack_push(cpu, &stack, pushed_flags(cpu, ev), 8);
    stack_push(cpu, &stack, cpu->seg[SEG_CS].selector, 8);
    stack_push(cpu, &stack, ev->rip, 8);
    if (ev->has_error) {
        stack_push(cpu, &stack, ev->error, 8);
    }
    if (cpl < cpu->cpl) {
        cpu->seg[SEG_SS] = ss;
    }
    stack_commit(cpu, &stack);
    commit_flags(cpu, gate.type == DESC_INT32, ev);
    seg_set_cs(cpu, &cs, cpl, gate.offset);
}

/* The stack of the handler's level: the current one, or the TSS's. */
static SegStack handler_stack(Cpu *cpu, unsigned cpl)
{
    uint16_t selector;
    CpuSegment ss;
    uint64_t sp;
    SegStack stack;

    if (cpl == cpu->cpl) {
        return stack_current(cpu);
    }
    sp = tss_stack(cpu, cpl, &selector);
    ss = seg_check_stack(cpu, selector, cpl, EXCP_TS);
    stack = stack_make(cpu, &ss, sp, cpl, false);
    stack.error = SEL_ERROR(selector);
    return stack;
}

static void push_v86_segments(Cpu *cpu, SegStack *stack, unsigned size)
{
    static const int order[] = {SEG_GS, SEG_FS, SEG_DS, SEG_ES};

    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        stack_push(cpu, stack, cpu->seg[order[i]].selector, size);
    }
}

static void drop_v86_segments(Cpu *cpu)
{
    cpu->seg[SEG_GS] = cpu->seg[SEG_FS] = cpu->seg[SEG_DS] = cpu->seg[SEG_ES] = (CpuSegment){0};
}

static void enter_task(Cpu *cpu, const IntEvent *ev, const Gate *gate)
{
    /* Flags as the outgoing task shall find them. */
    if (ev->rf) {
        cpu->rflags |= FLAG_RF;
    }
    if (ev->external && ev->vector == EXCP_NMI) {
        cpu->nmi_masked = true;
    }
    seg_task_switch(cpu, gate->selector, TASK_GATE, ev->rip, ev->has_error, ev->error);
}

static void enter_protected(Cpu *cpu, const IntEvent *ev)
{
    Gate gate = gate_read(cpu, ev);
    unsigned size = gate.type & 8 ? 4 : 2, cpl;
    bool from_v86 = in_v86(cpu);
    CpuSegment cs;
    SegStack stack;

    if (gate.type == DESC_TASK_GATE) {
        enter_task(cpu, ev, &gate);
        return;
    }
    if (size == 2) {
        gate.offset &= 0xffff;
    }
    cs = handler_code(cpu, &gate, &cpl);
    stack = handler_stack(cpu, cpl);
    seg_check_rip(cpu, &cs, gate.offset);
    if (from_v86) {
        push_v86_segments(cpu, &stack, size);
    }
    if (cpl != cpu->cpl) {
        stack_push(cpu, &stack, cpu->seg[SEG_SS].selector, size);
        stack_push(cpu, &stack, cpu->gpr[R_RSP], size);
    }
    stack_push(cpu, &stack, pushed_flags(cpu, ev), size);
    stack_push(cpu, &stack, cpu->seg[SEG_CS].selector, size);
    stack_push(cpu, &stack, ev->rip, size);
    if (ev->has_error) {
        stack_push(cpu, &stack, ev->error, size);
    }
    commit_flags(cpu, gate.type == DESC_INT32 || gate.type == DESC_INT16, ev);
    if (from_v86) {
        drop_v86_segments(cpu);
    }
    if (cpl != cpu->cpl) {
        cpu->seg[SEG_SS] = stack.ss;
    }
    stack_commit(cpu, &stack);
    seg_set_cs(cpu, &cs, cpl, gate.offset);
}

static void enter_real(Cpu *cpu, const IntEvent *ev)
{
    uint32_t entry = (uint32_t)ev->vector * 4;
    SegStack stack = stack_current(cpu);
    uint16_t selector, offset;

    if (entry + 3 > cpu->idtr.limit) {
        cpu_raise_error(cpu, EXCP_GP, GATE_ERROR(ev->vector));
    }
    offset = (uint16_t)mmu_load_system(cpu, cpu->idtr.base + entry, 2);
    selector = (uint16_t)mmu_load_system(cpu, cpu->idtr.base + entry + 2, 2);
    stack_push(cpu, &stack, flags_get(cpu), 2);
    stack_push(cpu, &stack, cpu->seg[SEG_CS].selector, 2);
    stack_push(cpu, &stack, ev->rip, 2);
    stack_commit(cpu, &stack);
    cpu->rflags &= ~(FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF);
    if (ev->external && ev->vector == EXCP_NMI) {
        cpu->nmi_masked = true;
    }
    cpu->seg[SEG_CS].selector = selector;
    cpu->seg[SEG_CS].base = (uint32_t)selector << 4;
    cpu->rip = offset;
    cpu_update_mode(cpu);
}

/* Whether the TSS's map, which ends where that of ports begins, leaves INT n to the 8086 program's
 * own handler (SDM vol. 3, 20.3.3). */
static bool is_redirected(Cpu *cpu, int vector)
{
    uint64_t map;
    uint32_t at;

    if (!(cpu->cr4 & CR4_VME)) {
        return false;
    }
    if (!(SEG_ATTR_TYPE(cpu->tr.attr) & 8) || cpu->tr.limit < TSS_IO_MAP_BASE + 1) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    map = mmu_load_system(cpu, cpu->tr.base + TSS_IO_MAP_BASE, 2);
    at = (uint32_t)map - TSS_REDIRECTION_SIZE + (unsigned)vector / 8;
    if (map < TSS_REDIRECTION_SIZE || at > cpu->tr.limit) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    return !(mmu_load_system(cpu, cpu->tr.base + at, 1) >> (vector & 7) & 1);
}

/* As in real mode, through the program's own vectors at linear address 0, and with VIF for IF below
 * IOPL 3. */
static void enter_redirected(Cpu *cpu, const IntEvent *ev)
{
    SegStack stack = stack_current(cpu);
    uint32_t vector = mmu_load32(cpu, (uint64_t)ev->vector * 4), flags = flags_get(cpu);
    bool virtual_if = iopl(cpu) < 3;

    stack_push(cpu, &stack, virtual_if ? virtual_flags(flags) : flags, 2);
    stack_push(cpu, &stack, cpu->seg[SEG_CS].selector, 2);
    stack_push(cpu, &stack, ev->rip, 2);
    stack_commit(cpu, &stack);
    cpu->rflags &= ~(FLAG_TF | FLAG_RF | (virtual_if ? FLAG_VIF : FLAG_IF));
    seg_load(cpu, SEG_CS, (uint16_t)(vector >> 16));
    cpu->rip = (uint16_t)vector;
    cpu_update_mode(cpu);
}

void excp_enter(Cpu *cpu, const IntEvent *ev)
{
    if (!(cpu->cr0 & CR0_PE)) {
        enter_real(cpu, ev);
        return;
    }
    if (in_ia32e(cpu)) {
        enter_long(cpu, ev);
        return;
    }
    if (in_v86(cpu) && ev->by_number) {
        if (is_redirected(cpu, ev->vector)) {
            enter_redirected(cpu, ev);
            return;
        }
        if (iopl(cpu) < 3) {
            cpu_raise_error(cpu, EXCP_GP, 0);
        }
    }
    enter_protected(cpu, ev);
}
