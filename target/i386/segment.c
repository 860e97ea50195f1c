/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment registers and descriptors (Intel SDM vol. 3, chapters 3 and 5): loading and checking,
 * linear addresses, LAR, LSL, VERR, VERW, LLDT and LTR. Far transfers are in segment_far.c.
 */
#include "target/i386/segment_private.h"

#include "target/i386/mxcsr.h"

/* CPU_MODE_FLAT: a segment through which any access is its own linear address. */
static bool segment_is_flat(const CpuSegment *s)
{
    const uint32_t needed = SEG_ATTR_P | SEG_ATTR_S | SEG_ATTR_W;
    bool up = attr_is_code(s->attr) || !(s->attr & SEG_ATTR_E);

    return s->base == 0 && s->limit == UINT32_MAX && (s->attr & needed) == needed && up;
}

static bool segments_are_flat(const Cpu *cpu)
{
    static const int checked[] = {SEG_CS, SEG_SS, SEG_DS, SEG_ES};

    for (unsigned i = 0; i < G_N_ELEMENTS(checked); i++) {
        const CpuSegment *s = &cpu->seg[checked[i]];
        if (!segment_is_flat(s) || (checked[i] != SEG_CS && attr_is_code(s->attr))) {
            return false;
        }
    }
    return true;
}

/* Whether vector instructions can raise exceptions of their own. */
static uint32_t sse_mode(const Cpu *cpu)
{
    if ((cpu->cr0 & (CR0_EM | CR0_TS)) || !(cpu->cr4 & CR4_OSFXSR)) {
        return 0;
    }
    return fpu_mxcsr_all_masked(cpu) ? CPU_MODE_SSE | CPU_MODE_MASKED : CPU_MODE_SSE;
}

static uint32_t avx_mode(const Cpu *cpu)
{
    const uint64_t needed = 6; /* XCR0: SSE and AVX state */

    return (cpu->cr4 & CR4_OSXSAVE) && !(cpu->cr0 & CR0_TS) && (cpu->cr0 & CR0_PE) &&
                   !in_v86(cpu) && (cpu->xcr0 & needed) == needed
               ? CPU_MODE_AVX
               : 0;
}

void cpu_update_rights(Cpu *cpu)
{
    cpu->mmu_mode = (uint8_t)mmu_mode_of_cpl(cpu, cpu->cpl);
    cpu->tlb_now = cpu->tlb[cpu->mmu_mode];
}

static void mode_set(Cpu *cpu, uint32_t mode)
{
    if ((cpu->mode ^ mode) & ~CPU_MODE_USER) {
        cpu_forget_returns(cpu);
    }
    cpu->mode = mode;
    cpu_update_rights(cpu);
}

void cpu_update_mode(Cpu *cpu)
{
    uint32_t mode = 0;

    if (cpu->cr0 & CR0_PE) {
        mode |= CPU_MODE_PE;
        mode |= in_v86(cpu) ? CPU_MODE_VM : 0;
    }
    mode |= in_ia32e(cpu) ? CPU_MODE_LMA : 0;
    if (in_code64(cpu)) {
        mode |= CPU_MODE_CS64 | CPU_MODE_FLAT;
    } else {
        mode |= cpu->seg[SEG_CS].attr & SEG_ATTR_DB ? CPU_MODE_CS32 : 0;
        mode |= cpu->seg[SEG_SS].attr & SEG_ATTR_DB ? CPU_MODE_SS32 : 0;
        mode |= segments_are_flat(cpu) ? CPU_MODE_FLAT : 0;
    }
    mode |= cpu->cpl == 3 ? CPU_MODE_USER : 0;
    mode |= cpu->rflags & FLAG_TF ? CPU_MODE_TF : 0;
    mode |= sse_mode(cpu) | avx_mode(cpu);
    mode_set(cpu, mode);
}

void cpu_update_level(Cpu *cpu)
{
    uint32_t mode = cpu->mode & ~(CPU_MODE_USER | CPU_MODE_TF);

    mode |= cpu->cpl == 3 ? CPU_MODE_USER : 0;
    mode |= cpu->rflags & FLAG_TF ? CPU_MODE_TF : 0;
    mode_set(cpu, mode);
}

bool desc_read(Cpu *cpu, uint16_t selector, SegDesc *d)
{
    bool local = selector & SEL_TI;
    uint64_t base = local ? cpu->ldtr.base : cpu->gdtr.base;
    uint32_t limit = local ? cpu->ldtr.limit : cpu->gdtr.limit;
    uint32_t offset = selector & 0xfff8u;
    uint64_t value;

    if (offset + 7 > limit || (local && !(cpu->ldtr.attr & SEG_ATTR_P))) {
        return false;
    }
    d->addr = base + offset;
    if (!in_ia32e(cpu)) {
        d->addr = (uint32_t)d->addr;
    }
    value = mmu_load_system(cpu, d->addr, 8);
    d->lo = (uint32_t)value;
    d->hi = (uint32_t)(value >> 32);
    return true;
}

bool desc_read_upper(Cpu *cpu, uint16_t selector, const SegDesc *d, uint32_t *upper)
{
    uint32_t limit = selector & SEL_TI ? cpu->ldtr.limit : cpu->gdtr.limit;
    uint64_t value;

    if ((selector & 0xfff8u) + 15 > limit) {
        return false;
    }
    value = mmu_load_system(cpu, d->addr + 8, 8);
    *upper = (uint32_t)value;
    return ((value >> 40) & 0x1f) == 0; /* the type field of the upper half must be zero */
}

void desc_mark_accessed(Cpu *cpu, SegDesc *d)
{
    if (!(d->hi & SEG_ATTR_A)) {
        d->hi |= SEG_ATTR_A;
        mmu_store_system(cpu, d->addr + 5, (d->hi >> 8) & 0xff, 1);
    }
}

CpuSegment desc_to_segment(uint16_t selector, const SegDesc *d)
{
    return (CpuSegment){
        .selector = selector,
        .base = desc_base(d),
        .limit = desc_limit(d),
        .attr = d->hi & SEG_ATTR_MASK,
    };
}

void seg_set(Cpu *cpu, int seg, uint16_t selector, uint64_t base, uint32_t limit, uint32_t attr)
{
    cpu->seg[seg] = (CpuSegment){
        .selector = selector,
        .base = base,
        .limit = limit,
        .attr = attr,
    };
    cpu_update_mode(cpu);
}

CpuSegment seg_null_stack(unsigned cpl)
{
    return (CpuSegment){
        .selector = (uint16_t)cpl,
        .limit = UINT32_MAX,
        .attr = ATTR_DATA32 | ATTR_DPL(cpl),
    };
}

CpuSegment seg_check_stack(Cpu *cpu, uint16_t selector, unsigned cpl, int vector)
{
    SegDesc d;

    if (SEL_NULL(selector)) {
        cpu_raise_error(cpu, vector, 0);
    }
    if (!desc_read(cpu, selector, &d) || SEL_RPL(selector) != cpl || !attr_is_writable(d.hi) ||
        attr_dpl(d.hi) != cpl) {
        cpu_raise_error(cpu, vector, SEL_ERROR(selector));
    }
    if (!(d.hi & SEG_ATTR_P)) {
        cpu_raise_error(cpu, EXCP_SS, SEL_ERROR(selector));
    }
    desc_mark_accessed(cpu, &d);
    return desc_to_segment(selector, &d);
}

static void load_null(Cpu *cpu, int seg, uint16_t selector)
{
    if (seg == SEG_SS) {
        /* Only 64-bit code below ring 3 may have a null SS, of its own level. */
        if (!in_code64(cpu) || cpu->cpl == 3 || SEL_RPL(selector) != cpu->cpl) {
            cpu_raise_error(cpu, EXCP_GP, 0);
        }
        cpu->seg[seg] = seg_null_stack(cpu->cpl);
        return;
    }
    cpu->seg[seg] = (CpuSegment){.selector = selector};
}

static CpuSegment check_data(Cpu *cpu, uint16_t selector)
{
    SegDesc d;
    unsigned dpl;

    if (!desc_read(cpu, selector, &d) || !attr_is_readable(d.hi)) {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
    dpl = attr_dpl(d.hi);
    if (!attr_is_conforming(d.hi) && (SEL_RPL(selector) > dpl || cpu->cpl > dpl)) {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
    if (!(d.hi & SEG_ATTR_P)) {
        cpu_raise_error(cpu, EXCP_NP, SEL_ERROR(selector));
    }
    desc_mark_accessed(cpu, &d);
    return desc_to_segment(selector, &d);
}

void seg_load(Cpu *cpu, int seg, uint16_t selector)
{
    CpuSegment *s = &cpu->seg[seg];

    if (!(cpu->cr0 & CR0_PE)) {
        s->selector = selector; /* limit and attributes stay: "unreal mode" depends on it */
        s->base = (uint32_t)selector << 4;
    } else if (in_v86(cpu)) {
        *s = (CpuSegment){.selector = selector,
                          .base = (uint32_t)selector << 4,
                          .limit = 0xffff,
                          .attr = ATTR_DATA16 | ATTR_DPL(3)};
    } else if (SEL_NULL(selector)) {
        load_null(cpu, seg, selector);
    } else if (seg == SEG_SS) {
        *s = seg_check_stack(cpu, selector, cpu->cpl, EXCP_GP);
    } else {
        *s = check_data(cpu, selector);
    }
    cpu_update_mode(cpu);
}

void seg_drop_privileged(Cpu *cpu, unsigned cpl)
{
    static const int data[] = {SEG_ES, SEG_DS, SEG_FS, SEG_GS};

    for (unsigned i = 0; i < G_N_ELEMENTS(data); i++) {
        CpuSegment *s = &cpu->seg[data[i]];
        if (attr_dpl(s->attr) < cpl && !attr_is_conforming(s->attr)) {
            /* Only the selector and its validity: MSR-loaded bases of FS and GS survive. */
            s->selector = 0;
            s->attr = 0;
        }
    }
}

uint64_t seg_linear_in(Cpu *cpu, const CpuSegment *s, uint32_t offset, unsigned size, bool write,
                       int vector, uint32_t error)
{
    uint64_t last = (uint64_t)offset + size - 1;
    bool ok;

    if (in_protected(cpu) && (!(s->attr & SEG_ATTR_P) ||
                              !(write ? attr_is_writable(s->attr) : attr_is_readable(s->attr)))) {
        cpu_raise_error(cpu, vector, error);
    }
    if ((s->attr & (SEG_ATTR_CODE | SEG_ATTR_E)) == SEG_ATTR_E && in_protected(cpu)) {
        ok = offset > s->limit && last <= (s->attr & SEG_ATTR_DB ? UINT32_MAX : 0xffffu);
    } else {
        ok = last <= s->limit || s->limit == UINT32_MAX;
    }
    if (!ok) {
        cpu_raise_error(cpu, vector, error);
    }
    return (uint32_t)(s->base + offset);
}

uint64_t seg_linear(Cpu *cpu, int seg, uint64_t offset, unsigned size, bool write)
{
    int vector = seg == SEG_SS ? EXCP_SS : EXCP_GP;
    uint64_t addr = offset;

    if (!in_code64(cpu)) {
        return seg_linear_in(cpu, &cpu->seg[seg], (uint32_t)offset, size, write, vector, 0);
    }
    if (seg == SEG_FS || seg == SEG_GS) {
        addr += cpu->seg[seg].base;
    }
    if (!mmu_is_canonical(addr) || !mmu_is_canonical(addr + size - 1)) {
        cpu_raise_error(cpu, vector, 0);
    }
    return addr;
}

void seg_check_rip(Cpu *cpu, const CpuSegment *cs, uint64_t rip)
{
    bool wide = in_ia32e(cpu) && (cs->attr & SEG_ATTR_L);

    if (wide ? !mmu_is_canonical(rip) : (uint32_t)rip > cs->limit) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
}

void seg_set_cs(Cpu *cpu, const CpuSegment *cs, unsigned cpl, uint64_t rip)
{
    bool wide = in_ia32e(cpu) && (cs->attr & SEG_ATTR_L);

    cpu->seg[SEG_CS] = *cs;
    if (in_protected(cpu)) {
        cpu->seg[SEG_CS].selector = (uint16_t)((cs->selector & ~3u) | cpl);
    }
    cpu->cpl = (uint8_t)cpl;
    cpu->rip = wide ? rip : (uint32_t)rip;
    cpu_update_mode(cpu);
}

/* LLDT and LTR load a system segment; in IA-32e mode its base is 64 bits wide. */
static CpuSegment read_system_segment(Cpu *cpu, uint16_t selector, SegDesc *d, uint32_t types)
{
    CpuSegment s;
    uint32_t upper;

    if ((selector & SEL_TI) || !desc_read(cpu, selector, d) || !desc_is_system(d) ||
        !(types & (1u << desc_type(d)))) {
        cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
    }
    s = desc_to_segment(selector, d);
    if (in_ia32e(cpu)) {
        if (!desc_read_upper(cpu, selector, d, &upper)) {
            cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
        }
        s.base |= (uint64_t)upper << 32;
        if (!mmu_is_canonical(s.base)) {
            cpu_raise_error(cpu, EXCP_GP, SEL_ERROR(selector));
        }
    }
    if (!(d->hi & SEG_ATTR_P)) {
        cpu_raise_error(cpu, EXCP_NP, SEL_ERROR(selector));
    }
    return s;
}

static void require_ring0(Cpu *cpu)
{
    if (!in_protected(cpu)) {
        cpu_raise(cpu, EXCP_UD);
    }
    if (cpu->cpl != 0) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
}

void seg_lldt(Cpu *cpu, uint16_t selector)
{
    SegDesc d;

    require_ring0(cpu);
    if (SEL_NULL(selector)) {
        cpu->ldtr = (CpuSegment){.selector = selector};
        return;
    }
    cpu->ldtr = read_system_segment(cpu, selector, &d, 1u << DESC_LDT);
}

void seg_ltr(Cpu *cpu, uint16_t selector)
{
    uint32_t types = in_ia32e(cpu) ? 1u << DESC_TSS32 : 1u << DESC_TSS32 | 1u << DESC_TSS16;
    CpuSegment s;
    SegDesc d;

    require_ring0(cpu);
    if (SEL_NULL(selector)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    s = read_system_segment(cpu, selector, &d, types);
    s.attr |= DESC_BUSY << 8;
    mmu_store_system(cpu, d.addr + 5, (s.attr >> 8) & 0xff, 1);
    cpu->tr = s;
}

/* Whether CPL and RPL may see a descriptor; conforming code is open to all. */
static bool desc_visible(const Cpu *cpu, uint16_t selector, const SegDesc *d)
{
    unsigned dpl = attr_dpl(d->hi);

    return attr_is_conforming(d->hi) || (cpu->cpl <= dpl && SEL_RPL(selector) <= dpl);
}

/* Reads a descriptor for LAR and the like: false leaves ZF clear. */
static bool desc_inspect(Cpu *cpu, uint16_t selector, SegDesc *d)
{
    if (!in_protected(cpu)) {
        cpu_raise(cpu, EXCP_UD);
    }
    return !SEL_NULL(selector) && desc_read(cpu, selector, d) && desc_visible(cpu, selector, d);
}

#define TYPES_LSL                                                                                  \
    (1u << DESC_TSS16 | 1u << DESC_LDT | 1u << DESC_TSS16_BUSY | 1u << DESC_TSS32 |                \
     1u << DESC_TSS32_BUSY)
#define TYPES_LAR          (TYPES_LSL | 1u << DESC_CALL16 | 1u << DESC_TASK_GATE | 1u << DESC_CALL32)
#define TYPES_LSL_IA32E    (1u << DESC_LDT | 1u << DESC_TSS32 | 1u << DESC_TSS32_BUSY)
#define TYPES_LAR_IA32E    (TYPES_LSL_IA32E | 1u << DESC_CALL32)
#define LAR_RESULT_MASK    0x00ffff00u
#define TYPE_IN(types, d_) ((types) & (1u << desc_type(d_)))

bool seg_lar(Cpu *cpu, uint16_t selector, uint32_t *result)
{
    uint32_t types = in_ia32e(cpu) ? TYPES_LAR_IA32E : TYPES_LAR;
    SegDesc d;

    if (!desc_inspect(cpu, selector, &d) || (desc_is_system(&d) && !TYPE_IN(types, &d))) {
        return false;
    }
    *result = d.hi & LAR_RESULT_MASK;
    return true;
}

bool seg_lsl(Cpu *cpu, uint16_t selector, uint32_t *result)
{
    uint32_t types = in_ia32e(cpu) ? TYPES_LSL_IA32E : TYPES_LSL;
    SegDesc d;

    if (!desc_inspect(cpu, selector, &d) || (desc_is_system(&d) && !TYPE_IN(types, &d))) {
        return false;
    }
    *result = desc_limit(&d);
    return true;
}

bool seg_verify(Cpu *cpu, uint16_t selector, bool write)
{
    SegDesc d;

    if (!desc_inspect(cpu, selector, &d)) {
        return false;
    }
    return write ? attr_is_writable(d.hi) : attr_is_readable(d.hi);
}
