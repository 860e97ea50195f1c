/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Far jumps, calls and returns, call gates, and IRET (Intel SDM vol. 3, 5.8; vol. 2, CALL, IRET,
 * JMP, RET). Task switches are in segment_task.c, SYSCALL and SYSENTER in segment_fast.c.
 */
#include "target/i386/segment_private.h"

#define CALL_GATE_COUNT_MASK 31u

static bool has_paragraph_segments(const Cpu *cpu)
{
    return !(cpu->cr0 & CR0_PE) || in_v86(cpu);
}

/* Real and virtual-8086 mode. */
static void set_paragraph_cs(Cpu *cpu, uint16_t selector, uint64_t offset)
{
    CpuSegment *cs = &cpu->seg[SEG_CS];

    if ((uint32_t)offset > cs->limit) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    cs->selector = selector;
    cs->base = (uint32_t)selector << 4;
    cpu->rip = (uint32_t)offset;
    cpu_update_mode(cpu);
}

static SegDesc read_target(Cpu *cpu, uint16_t selector)
{
    SegDesc d;

    if (SEL_NULL(selector)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    if (!desc_read(cpu, selector, &d)) {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
    return d;
}

static void require_present(Cpu *cpu, uint16_t selector, const SegDesc *d)
{
    if (!(d->hi & SEG_ATTR_P)) {
        cpu_raise_error(cpu, EXCP_NP, SEL_ERROR(selector));
    }
}

/* A code segment may not be both 64-bit and 32-bit. */
static bool code_size_ok(const Cpu *cpu, const SegDesc *d)
{
    return !in_ia32e(cpu) || !(d->hi & SEG_ATTR_L) || !(d->hi & SEG_ATTR_DB);
}

/* JMP and CALL straight to a code segment: the privilege level stays. */
static CpuSegment far_check_direct(Cpu *cpu, uint16_t selector, SegDesc *d)
{
    unsigned dpl = attr_dpl(d->hi);
    bool ok = attr_is_conforming(d->hi) ? dpl <= cpu->cpl
                                        : SEL_RPL(selector) <= cpu->cpl && dpl == cpu->cpl;

    if (!ok || !code_size_ok(cpu, d)) {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
    require_present(cpu, selector, d);
    desc_mark_accessed(cpu, d);
    return desc_to_segment(selector, d);
}

typedef struct {
    CpuSegment cs;
    uint64_t offset;
    unsigned cpl; /* after the transfer */
    unsigned size;
    unsigned count; /* parameters to copy */
} CallGate;

/* The gate's own checks, and its target's; `is_call` may go to an inner level. */
static CallGate check_gate(Cpu *cpu, uint16_t selector, const SegDesc *d, bool is_call)
{
    CallGate gate = {.count = d->hi & CALL_GATE_COUNT_MASK};
    unsigned dpl = attr_dpl(d->hi);
    uint16_t target = (uint16_t)(d->lo >> 16);
    uint32_t upper = 0;
    SegDesc code;

    if (dpl < cpu->cpl || SEL_RPL(selector) > dpl) {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
    require_present(cpu, selector, d);
    if (in_ia32e(cpu) && !desc_read_upper(cpu, selector, d, &upper)) {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
    gate.size = in_ia32e(cpu) ? 8 : desc_type(d) == DESC_CALL32 ? 4 : 2;
    gate.offset =
        (d->lo & 0xffff) | (gate.size > 2 ? d->hi & 0xffff0000u : 0) | (uint64_t)upper << 32;
    code = read_target(cpu, target);
    dpl = attr_dpl(code.hi);
    if (!attr_is_code(code.hi) || dpl > cpu->cpl || !code_size_ok(cpu, &code) ||
        (in_ia32e(cpu) && !(code.hi & SEG_ATTR_L)) ||
        (!is_call && !attr_is_conforming(code.hi) && dpl != cpu->cpl)) {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(target));
    }
    require_present(cpu, target, &code);
    desc_mark_accessed(cpu, &code);
    gate.cpl = attr_is_conforming(code.hi) ? cpu->cpl : dpl;
    gate.cs = desc_to_segment(target, &code);
    seg_check_rip(cpu, &gate.cs, gate.offset);
    return gate;
}

/* JMP or CALL to a TSS, or to a task gate. */
static void transfer_to_task(Cpu *cpu, uint16_t selector, const SegDesc *d, int source,
                             uint64_t next_rip)
{
    unsigned dpl = attr_dpl(d->hi);

    if (dpl < cpu->cpl || SEL_RPL(selector) > dpl) {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
    if (desc_type(d) == DESC_TASK_GATE) {
        require_present(cpu, selector, d);
        selector = (uint16_t)(d->lo >> 16);
    }
    seg_task_switch(cpu, selector, source, next_rip, false, 0);
}

static bool is_call_gate(const Cpu *cpu, const SegDesc *d)
{
    return desc_is_system(d) &&
           (desc_type(d) == DESC_CALL32 || (desc_type(d) == DESC_CALL16 && !in_ia32e(cpu)));
}

static bool is_task(const Cpu *cpu, const SegDesc *d)
{
    return desc_is_system(d) && !in_ia32e(cpu) &&
           (desc_type(d) == DESC_TASK_GATE || desc_type(d) == DESC_TSS16 ||
            desc_type(d) == DESC_TSS32);
}

void seg_far_jump(Cpu *cpu, uint16_t selector, uint64_t offset, unsigned opsize, uint64_t next_rip)
{
    SegDesc d;

    if (has_paragraph_segments(cpu)) {
        set_paragraph_cs(cpu, selector, offset);
        return;
    }
    d = read_target(cpu, selector);
    if (attr_is_code(d.hi)) {
        CpuSegment cs = far_check_direct(cpu, selector, &d);
        seg_check_rip(cpu, &cs, offset);
        seg_set_cs(cpu, &cs, cpu->cpl, offset);
    } else if (is_call_gate(cpu, &d)) {
        CallGate gate = check_gate(cpu, selector, &d, false);
        seg_set_cs(cpu, &gate.cs, cpu->cpl, gate.offset);
    } else if (is_task(cpu, &d)) {
        transfer_to_task(cpu, selector, &d, TASK_JUMP, next_rip);
    } else {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
}

static void far_push_return(Cpu *cpu, SegStack *stack, uint64_t next_rip, unsigned size)
{
    stack_push(cpu, stack, cpu->seg[SEG_CS].selector, size);
    stack_push(cpu, stack, next_rip, size);
}

/* Parameters go from the outer stack to the inner one, the last pushed nearest to CS. */
static void copy_parameters(Cpu *cpu, SegStack *inner, const CallGate *gate)
{
    SegStack outer = stack_current(cpu);
    uint64_t values[CALL_GATE_COUNT_MASK];

    for (unsigned i = 0; i < gate->count; i++) {
        values[i] = stack_pop(cpu, &outer, gate->size);
    }
    for (unsigned i = gate->count; i > 0; i--) {
        stack_push(cpu, inner, values[i - 1], gate->size);
    }
}

static void call_inner(Cpu *cpu, const CallGate *gate, uint64_t next_rip)
{
    bool wide = in_ia32e(cpu);
    uint16_t selector = 0;
    uint64_t sp = tss_stack(cpu, gate->cpl, &selector);
    CpuSegment ss =
        wide ? seg_null_stack(gate->cpl) : seg_check_stack(cpu, selector, gate->cpl, EXCP_TS);
    SegStack stack = stack_make(cpu, &ss, sp, gate->cpl, wide);

    stack.error = SEL_ERROR(selector);
    stack_push(cpu, &stack, cpu->seg[SEG_SS].selector, gate->size);
    stack_push(cpu, &stack, cpu->gpr[R_RSP], gate->size);
    if (!wide) {
        copy_parameters(cpu, &stack, gate);
    }
    far_push_return(cpu, &stack, next_rip, gate->size);
    cpu->seg[SEG_SS] = ss;
    stack_commit(cpu, &stack);
    seg_set_cs(cpu, &gate->cs, gate->cpl, gate->offset);
}

static void call_gate(Cpu *cpu, const CallGate *gate, uint64_t next_rip)
{
    SegStack stack;

    if (gate->cpl < cpu->cpl) {
        call_inner(cpu, gate, next_rip);
        return;
    }
    stack = stack_current(cpu);
    far_push_return(cpu, &stack, next_rip, gate->size);
    stack_commit(cpu, &stack);
    seg_set_cs(cpu, &gate->cs, cpu->cpl, gate->offset);
}

static void far_call_direct(Cpu *cpu, uint16_t selector, SegDesc *d, uint64_t offset,
                            unsigned opsize, uint64_t next_rip)
{
    CpuSegment cs = far_check_direct(cpu, selector, d);
    SegStack stack = stack_current(cpu);

    far_push_return(cpu, &stack, next_rip, opsize);
    seg_check_rip(cpu, &cs, offset);
    stack_commit(cpu, &stack);
    seg_set_cs(cpu, &cs, cpu->cpl, offset);
}

void seg_far_call(Cpu *cpu, uint16_t selector, uint64_t offset, unsigned opsize, uint64_t next_rip)
{
    SegDesc d;

    if (has_paragraph_segments(cpu)) {
        SegStack stack = stack_current(cpu);
        far_push_return(cpu, &stack, next_rip, opsize);
        set_paragraph_cs(cpu, selector, offset);
        stack_commit(cpu, &stack);
        return;
    }
    d = read_target(cpu, selector);
    if (attr_is_code(d.hi)) {
        far_call_direct(cpu, selector, &d, offset, opsize, next_rip);
    } else if (is_call_gate(cpu, &d)) {
        CallGate gate = check_gate(cpu, selector, &d, true);
        call_gate(cpu, &gate, next_rip);
    } else if (is_task(cpu, &d)) {
        transfer_to_task(cpu, selector, &d, TASK_CALL, next_rip);
    } else {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
}

/* The code segment that RET or IRET returns to; never to an inner level. */
static CpuSegment check_return_code(Cpu *cpu, uint16_t selector)
{
    unsigned rpl = SEL_RPL(selector), dpl;
    SegDesc d = read_target(cpu, selector);

    dpl = attr_dpl(d.hi);
    if (rpl < cpu->cpl || !attr_is_code(d.hi) || !code_size_ok(cpu, &d) ||
        (attr_is_conforming(d.hi) ? dpl > rpl : dpl != rpl)) {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
    require_present(cpu, selector, &d);
    desc_mark_accessed(cpu, &d);
    return desc_to_segment(selector, &d);
}

/* The stack segment that goes with it. A 64-bit target below ring 3 may have a null one. */
static CpuSegment check_return_stack(Cpu *cpu, uint16_t selector, const CpuSegment *cs)
{
    unsigned rpl = SEL_RPL(cs->selector);

    if (SEL_NULL(selector) && in_ia32e(cpu) && (cs->attr & SEG_ATTR_L) && rpl != 3) {
        CpuSegment ss = seg_null_stack(rpl);
        ss.selector = selector;
        return ss;
    }
    return seg_check_stack(cpu, selector, rpl, EXCP_GP);
}

/* SS:SP after a return: only the part of RSP that the new stack uses is loaded. */
static void set_return_stack(Cpu *cpu, const CpuSegment *cs, const CpuSegment *ss, uint64_t sp,
                             unsigned pop_bytes)
{
    bool wide = in_ia32e(cpu) && (cs->attr & SEG_ATTR_L);
    uint64_t mask = wide ? UINT64_MAX : ss->attr & SEG_ATTR_DB ? UINT32_MAX : 0xffff;

    cpu->seg[SEG_SS] = *ss;
    cpu->gpr[R_RSP] = (mask == 0xffff ? cpu->gpr[R_RSP] & ~mask : 0) | ((sp + pop_bytes) & mask);
}

void seg_far_ret(Cpu *cpu, unsigned opsize, unsigned pop_bytes)
{
    SegStack stack = stack_current(cpu);
    uint64_t rip = stack_pop(cpu, &stack, opsize), sp;
    uint16_t selector = (uint16_t)stack_pop(cpu, &stack, opsize);
    CpuSegment cs, ss;
    unsigned rpl = SEL_RPL(selector);

    stack_skip(&stack, pop_bytes);
    if (has_paragraph_segments(cpu)) {
        set_paragraph_cs(cpu, selector, rip);
        stack_commit(cpu, &stack);
        return;
    }
    cs = check_return_code(cpu, selector);
    if (rpl == cpu->cpl) {
        seg_check_rip(cpu, &cs, rip);
        stack_commit(cpu, &stack);
        seg_set_cs(cpu, &cs, rpl, rip);
        return;
    }
    sp = stack_pop(cpu, &stack, opsize);
    ss = check_return_stack(cpu, (uint16_t)stack_pop(cpu, &stack, opsize), &cs);
    seg_check_rip(cpu, &cs, rip);
    set_return_stack(cpu, &cs, &ss, sp, pop_bytes);
    seg_set_cs(cpu, &cs, rpl, rip);
    seg_drop_privileged(cpu, rpl);
    cpu_update_mode(cpu);
}

/* RFLAGS bits that IRET at the present level may change. */
static uint32_t iret_flags_mask(const Cpu *cpu, unsigned opsize)
{
    uint32_t mask = FLAGS_ARITH | FLAG_TF | FLAG_DF | FLAG_NT | FLAG_RF | FLAG_AC | FLAG_ID;

    if (!(cpu->cr0 & CR0_PE) || cpu->cpl <= iopl(cpu)) {
        mask |= FLAG_IF;
    }
    if (cpu->cpl == 0) {
        mask |= FLAG_IOPL | FLAG_VIF | FLAG_VIP;
    }
    return opsize == 2 ? mask & 0xffff : mask;
}

static void iret_set_flags(Cpu *cpu, uint64_t flags, uint32_t mask)
{
    flags_set(cpu, (flags_get(cpu) & ~mask) | ((uint32_t)flags & mask) | FLAG_1);
}

/* To virtual-8086 mode: the inner stack also holds the data segments. */
static void iret_to_v86(Cpu *cpu, SegStack *stack, uint64_t rip, uint16_t cs, uint64_t flags)
{
    static const int order[] = {SEG_SS, SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    uint32_t mask = iret_flags_mask(cpu, 4) | FLAG_VM | FLAG_IF | FLAG_IOPL;
    uint64_t sp = stack_pop(cpu, stack, 4);
    uint16_t selector[G_N_ELEMENTS(order)];

    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        selector[i] = (uint16_t)stack_pop(cpu, stack, 4);
    }
    iret_set_flags(cpu, flags, mask);
    cpu->cpl = 3;
    seg_load(cpu, SEG_CS, cs);
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        seg_load(cpu, order[i], selector[i]);
    }
    cpu->gpr[R_RSP] = (uint32_t)sp;
    cpu->rip = rip & 0xffff;
    cpu_update_mode(cpu);
}

uint64_t seg_virtual_flags_in(Cpu *cpu, uint64_t flags)
{
    if ((flags & FLAG_TF) || ((flags & FLAG_IF) && (cpu->rflags & FLAG_VIP))) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    return (flags & ~(uint64_t)FLAG_VIF) | (flags & FLAG_IF ? FLAG_VIF : 0);
}

static void iret_paragraph(Cpu *cpu, unsigned opsize)
{
    SegStack stack = stack_current(cpu);
    uint32_t mask = iret_flags_mask(cpu, opsize);
    bool virtual_if = in_v86(cpu) && iopl(cpu) < 3;
    uint64_t rip, flags;
    uint16_t selector;

    if (virtual_if && !(has_virtual_if(cpu) && opsize == 2)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    rip = stack_pop(cpu, &stack, opsize);
    selector = (uint16_t)stack_pop(cpu, &stack, opsize);
    flags = stack_pop(cpu, &stack, opsize);
    if (virtual_if) {
        flags = seg_virtual_flags_in(cpu, flags);
        mask |= FLAG_VIF;
    }
    set_paragraph_cs(cpu, selector, rip);
    stack_commit(cpu, &stack);
    iret_set_flags(cpu, flags, mask);
}

static void iret_from_task(Cpu *cpu, uint64_t next_rip)
{
    uint16_t link;

    if (in_ia32e(cpu)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    link = (uint16_t)mmu_load_system(cpu, cpu->tr.base, 2);
    seg_task_switch(cpu, link, TASK_IRET, next_rip, false, 0);
}

static void iret_protected(Cpu *cpu, unsigned opsize)
{
    SegStack stack = stack_current(cpu);
    uint32_t mask = iret_flags_mask(cpu, opsize);
    uint64_t rip = stack_pop(cpu, &stack, opsize), sp = 0;
    uint16_t selector = (uint16_t)stack_pop(cpu, &stack, opsize);
    uint64_t flags = stack_pop(cpu, &stack, opsize);
    CpuSegment cs, ss;
    bool pops_stack, outer;

    if ((flags & FLAG_VM) && opsize == 4 && cpu->cpl == 0 && !in_ia32e(cpu)) {
        iret_to_v86(cpu, &stack, rip, selector, flags);
        return;
    }
    cs = check_return_code(cpu, selector);
    outer = SEL_RPL(selector) > cpu->cpl;
    pops_stack = outer || in_code64(cpu);
    if (pops_stack) {
        sp = stack_pop(cpu, &stack, opsize);
        ss = check_return_stack(cpu, (uint16_t)stack_pop(cpu, &stack, opsize), &cs);
    }
    seg_check_rip(cpu, &cs, rip);
    if (pops_stack) {
        set_return_stack(cpu, &cs, &ss, sp, 0);
    } else {
        stack_commit(cpu, &stack);
    }
    seg_set_cs(cpu, &cs, SEL_RPL(selector), rip);
    if (outer) {
        seg_drop_privileged(cpu, cpu->cpl);
    }
    iret_set_flags(cpu, flags, mask);
    cpu_update_mode(cpu);
}

void seg_iret(Cpu *cpu, unsigned opsize, uint64_t next_rip)
{
    cpu->nmi_masked = false; /* even if it faults (SDM vol. 3, 6.7.1) */
    if (has_paragraph_segments(cpu)) {
        iret_paragraph(cpu, opsize);
    } else if (cpu->rflags & FLAG_NT) {
        iret_from_task(cpu, next_rip);
    } else {
        iret_protected(cpu, opsize);
    }
}
