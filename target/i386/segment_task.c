/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hardware task switches with 32-bit and 16-bit TSSs (Intel SDM vol. 3, 7.3). A fault before the
 * commit point (7.3, step 12) is the old task's, one after it is the new task's.
 */
#include "target/i386/debug_regs.h"
#include "target/i386/segment_private.h"

/* Where a TSS keeps what (figures 7-2 and 7-10). */
typedef struct {
    uint8_t size; /* of a register */
    uint8_t least_limit;
    uint8_t cr3; /* 0: has none */
    uint8_t ip, flags, gpr, seg;
    uint8_t segs;
    uint8_t seg_stride;
    uint8_t ldt;
    uint8_t trap; /* 0: has none */
} TssLayout;

static const TssLayout layout32 = {4, 0x67, 0x1c, 0x20, 0x24, 0x28, 0x48, 6, 4, 0x60, 0x64};
static const TssLayout layout16 = {2, 0x2b, 0, 0x0e, 0x10, 0x12, 0x22, 4, 2, 0x2a, 0};

static const TssLayout *layout_of(uint32_t attr)
{
    return SEG_ATTR_TYPE(attr) & 8 ? &layout32 : &layout16;
}

typedef struct {
    uint64_t cr3;
    uint32_t ip, flags;
    uint32_t gpr[8];
    uint16_t seg[SEG_COUNT];
    uint16_t ldt;
    bool trap;
} TaskImage;

/* The new task's TSS, or the exception that the source of the switch calls for. */
static SegDesc check_tss(Cpu *cpu, uint16_t selector, int source)
{
    int vector = source == TASK_IRET ? EXCP_TS : EXCP_GP;
    SegDesc d;
    unsigned type;

    if ((selector & SEL_TI) || SEL_NULL(selector) || !desc_read(cpu, selector, &d)) {
        cpu_raise_error(cpu, vector, SEL_ERROR(selector));
    }
    type = desc_type(&d) & ~DESC_BUSY;
    if (!desc_is_system(&d) || (type != DESC_TSS16 && type != DESC_TSS32) ||
        !!(desc_type(&d) & DESC_BUSY) != (source == TASK_IRET)) {
        cpu_raise_error(cpu, vector, SEL_ERROR(selector));
    }
    if (!(d.hi & SEG_ATTR_P)) {
        cpu_raise_error(cpu, EXCP_NP, SEL_ERROR(selector));
    }
    if (desc_limit(&d) < layout_of(d.hi)->least_limit) {
        cpu_raise_error(cpu, EXCP_TS, SEL_ERROR(selector));
    }
    return d;
}

static TaskImage task_read_image(Cpu *cpu, uint64_t base, const TssLayout *l)
{
    TaskImage image = {.cr3 = cpu->cr3};

    if (l->cr3) {
        image.cr3 = mmu_load_system(cpu, base + l->cr3, 4);
        image.trap = mmu_load_system(cpu, base + l->trap, 2) & 1;
    }
    image.ip = (uint32_t)mmu_load_system(cpu, base + l->ip, l->size);
    image.flags = (uint32_t)mmu_load_system(cpu, base + l->flags, l->size);
    for (unsigned i = 0; i < 8; i++) {
        image.gpr[i] = (uint32_t)mmu_load_system(cpu, base + l->gpr + i * l->size, l->size);
    }
    for (unsigned i = 0; i < l->segs; i++) {
        image.seg[i] = (uint16_t)mmu_load_system(cpu, base + l->seg + i * l->seg_stride, 2);
    }
    image.ldt = (uint16_t)mmu_load_system(cpu, base + l->ldt, 2);
    return image;
}

static void save_task(Cpu *cpu, const TssLayout *l, uint64_t next_rip, uint32_t flags)
{
    uint64_t base = cpu->tr.base;

    mmu_store_system(cpu, base + l->ip, next_rip, l->size);
    mmu_store_system(cpu, base + l->flags, flags, l->size);
    for (unsigned i = 0; i < 8; i++) {
        mmu_store_system(cpu, base + l->gpr + i * l->size, cpu->gpr[i], l->size);
    }
    for (unsigned i = 0; i < l->segs; i++) {
        mmu_store_system(cpu, base + l->seg + i * l->seg_stride, cpu->seg[i].selector, 2);
    }
}

static void set_busy(Cpu *cpu, uint16_t selector, bool busy)
{
    SegDesc d;
    uint32_t type;

    if (!desc_read(cpu, selector, &d)) {
        return;
    }
    type = (d.hi >> 8) & 0xff;
    mmu_store_system(cpu, d.addr + 5, busy ? type | DESC_BUSY : type & ~DESC_BUSY, 1);
}

static G_NORETURN void bad_tss(Cpu *cpu, uint16_t selector)
{
    cpu_raise_error(cpu, EXCP_TS, SEL_ERROR(selector));
}

static void load_ldt(Cpu *cpu, uint16_t selector)
{
    SegDesc d;

    cpu->ldtr = (CpuSegment){.selector = selector};
    if (SEL_NULL(selector)) {
        return;
    }
    if ((selector & SEL_TI) || !desc_read(cpu, selector, &d) || !desc_is_system(&d) ||
        desc_type(&d) != DESC_LDT || !(d.hi & SEG_ATTR_P)) {
        bad_tss(cpu, selector);
    }
    cpu->ldtr = desc_to_segment(selector, &d);
}

static void load_code(Cpu *cpu, uint16_t selector)
{
    unsigned rpl = SEL_RPL(selector), dpl;
    SegDesc d;

    if (SEL_NULL(selector) || !desc_read(cpu, selector, &d) || !attr_is_code(d.hi)) {
        bad_tss(cpu, selector);
    }
    dpl = attr_dpl(d.hi);
    if (attr_is_conforming(d.hi) ? dpl > rpl : dpl != rpl) {
        bad_tss(cpu, selector);
    }
    if (!(d.hi & SEG_ATTR_P)) {
        cpu_raise_error(cpu, EXCP_NP, SEL_ERROR(selector));
    }
    desc_mark_accessed(cpu, &d);
    cpu->seg[SEG_CS] = desc_to_segment(selector, &d);
}

static void load_data(Cpu *cpu, int seg, uint16_t selector)
{
    unsigned dpl;
    SegDesc d;

    if (SEL_NULL(selector)) {
        return;
    }
    if (!desc_read(cpu, selector, &d) || !attr_is_readable(d.hi)) {
        bad_tss(cpu, selector);
    }
    dpl = attr_dpl(d.hi);
    if (!attr_is_conforming(d.hi) && (SEL_RPL(selector) > dpl || cpu->cpl > dpl)) {
        bad_tss(cpu, selector);
    }
    if (!(d.hi & SEG_ATTR_P)) {
        cpu_raise_error(cpu, EXCP_NP, SEL_ERROR(selector));
    }
    desc_mark_accessed(cpu, &d);
    cpu->seg[seg] = desc_to_segment(selector, &d);
}

static void load_segments(Cpu *cpu, const TaskImage *image)
{
    static const int data[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};

    if (in_v86(cpu)) {
        cpu->cpl = 3;
        for (int seg = 0; seg < SEG_COUNT; seg++) {
            seg_load(cpu, seg, image->seg[seg]);
        }
        return;
    }
    /* Selectors first: a fault while loading one finds all of them, unusable. */
    for (int seg = 0; seg < SEG_COUNT; seg++) {
        cpu->seg[seg] = (CpuSegment){.selector = image->seg[seg]};
    }
    cpu->cpl = SEL_RPL(image->seg[SEG_CS]);
    cpu_update_mode(cpu);
    load_ldt(cpu, image->ldt);
    load_code(cpu, image->seg[SEG_CS]);
    cpu->seg[SEG_SS] = seg_check_stack(cpu, image->seg[SEG_SS], cpu->cpl, EXCP_TS);
    for (unsigned i = 0; i < G_N_ELEMENTS(data); i++) {
        load_data(cpu, data[i], image->seg[data[i]]);
    }
    cpu_update_mode(cpu);
}

static void load_registers(Cpu *cpu, const TaskImage *image, const TssLayout *l)
{
    cpu->op = NULL; /* what faults from here on is at the new task's RIP */
    cpu->cr0 |= CR0_TS;
    if (l->cr3 && (cpu->cr0 & CR0_PG) && image->cr3 != cpu->cr3) {
        if (cpu->cr4 & CR4_PAE && !mmu_load_pdptes(cpu, image->cr3)) {
            bad_tss(cpu, cpu->tr.selector);
        }
        mmu_set_cr3(cpu, image->cr3);
    }
    cpu->rip = image->ip;
    flags_set(cpu, image->flags | FLAG_1);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t high = l->size == 2 ? 0xffff0000u : 0;
        cpu->gpr[i] = high | image->gpr[i];
    }
    cpu->dr[7] &= ~0x155ull; /* local breakpoints and LE end with the task */
}

static void push_error(Cpu *cpu, uint32_t error, unsigned size)
{
    SegStack stack = stack_current(cpu);

    stack_push(cpu, &stack, error, size);
    stack_commit(cpu, &stack);
}

void seg_task_switch(Cpu *cpu, uint16_t tss_selector, int source, uint64_t next_rip, bool has_error,
                     uint32_t error)
{
    SegDesc d = check_tss(cpu, tss_selector, source);
    const TssLayout *l = layout_of(d.hi);
    uint64_t base = desc_base(&d);
    uint32_t flags = flags_get(cpu);
    bool nests = source == TASK_CALL || source == TASK_GATE;
    TaskImage image = task_read_image(cpu, base, l);

    if (source == TASK_IRET) {
        flags &= ~FLAG_NT;
    }
    save_task(cpu, layout_of(cpu->tr.attr), next_rip, flags);
    if (!nests) {
        set_busy(cpu, cpu->tr.selector, false);
    }
    if (nests) {
        mmu_store_system(cpu, base, cpu->tr.selector, 2);
        image.flags |= FLAG_NT;
    }
    set_busy(cpu, tss_selector, true);
    cpu->tr = desc_to_segment(tss_selector, &d);
    cpu->tr.attr |= DESC_BUSY << 8;
    load_registers(cpu, &image, l);
    load_segments(cpu, &image);
    seg_check_rip(cpu, &cpu->seg[SEG_CS], image.ip);
    if (has_error) {
        push_error(cpu, error, l->size);
    }
    if (image.trap) {
        debug_trap(cpu, DR6_BT);
    }
}
