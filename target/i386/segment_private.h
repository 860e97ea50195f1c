/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the segment_*.c and excp_*.c files share: descriptors as read from memory, stacks that are
 * not (yet) the current one, and TSS fields.
 */
#ifndef TARGET_I386_SEGMENT_PRIVATE_H
#define TARGET_I386_SEGMENT_PRIVATE_H

#include "target/i386/excp.h"
#include "target/i386/flags.h"
#include "target/i386/mmu_private.h"
#include "target/i386/segment.h"

/* System descriptor types (SDM vol. 3, 3.5). */
enum {
    DESC_TSS16 = 1,
    DESC_LDT = 2,
    DESC_TSS16_BUSY = 3,
    DESC_CALL16 = 4,
    DESC_TASK_GATE = 5,
    DESC_INT16 = 6,
    DESC_TRAP16 = 7,
    DESC_TSS32 = 9, /* 64-bit TSS in IA-32e mode; likewise below */
    DESC_TSS32_BUSY = 11,
    DESC_CALL32 = 12,
    DESC_INT32 = 14,
    DESC_TRAP32 = 15,
};
#define TSS_IO_MAP_BASE 0x66u /* a word of a 32-bit or 64-bit TSS */
#define DESC_BUSY       2u    /* the bit by which a busy TSS type differs */

#define SEG_ATTR_MASK 0x00f0ff00u
#define SEL_TI        4u
#define SEL_RPL(sel)  ((sel)&3u)
/* Selector error codes leave out RPL. */
#define SEL_ERROR(sel) ((uint32_t)(sel)&0xfffcu)
#define SEL_NULL(sel)  (SEL_ERROR(sel) == 0)

/* Attributes of segments that no descriptor describes. */
#define ATTR_DATA16 (SEG_ATTR_P | SEG_ATTR_S | SEG_ATTR_W | SEG_ATTR_A)
#define ATTR_CODE16 (ATTR_DATA16 | SEG_ATTR_CODE)
#define ATTR_DATA32 (ATTR_DATA16 | SEG_ATTR_DB | SEG_ATTR_G)
#define ATTR_CODE32 (ATTR_CODE16 | SEG_ATTR_DB | SEG_ATTR_G)
#define ATTR_CODE64 (ATTR_CODE16 | SEG_ATTR_L | SEG_ATTR_G)
#define ATTR_DPL(n) ((uint32_t)(n) << SEG_ATTR_DPL_SHIFT)

typedef struct {
    uint64_t addr; /* linear, of the descriptor */
    uint32_t lo, hi;
} SegDesc;

static inline unsigned attr_dpl(uint32_t attr)
{
    return (attr >> SEG_ATTR_DPL_SHIFT) & 3;
}
static inline bool attr_is_code(uint32_t attr)
{
    return (attr & (SEG_ATTR_S | SEG_ATTR_CODE)) == (SEG_ATTR_S | SEG_ATTR_CODE);
}
static inline bool attr_is_conforming(uint32_t attr)
{
    return attr_is_code(attr) && (attr & SEG_ATTR_E);
}
static inline bool attr_is_writable(uint32_t attr)
{
    return (attr & (SEG_ATTR_S | SEG_ATTR_CODE | SEG_ATTR_W)) == (SEG_ATTR_S | SEG_ATTR_W);
}
static inline bool attr_is_readable(uint32_t attr)
{
    return (attr & SEG_ATTR_S) && (!(attr & SEG_ATTR_CODE) || (attr & SEG_ATTR_W));
}
static inline unsigned desc_type(const SegDesc *d)
{
    return (d->hi >> 8) & 15;
}
static inline bool desc_is_system(const SegDesc *d)
{
    return !(d->hi & SEG_ATTR_S);
}
static inline uint32_t desc_base(const SegDesc *d)
{
    return (d->lo >> 16) | (d->hi & 0xff) << 16 | (d->hi & 0xff000000u);
}
static inline uint32_t desc_limit(const SegDesc *d)
{
    uint32_t limit = (d->lo & 0xffff) | (d->hi & 0xf0000);
    return d->hi & SEG_ATTR_G ? limit << 12 | 0xfff : limit;
}

/* Whether the CPU is in IA-32e mode, in 64-bit code, in protected (not V86) mode. */
static inline bool in_ia32e(const Cpu *cpu)
{
    return cpu->efer & EFER_LMA;
}
static inline bool in_code64(const Cpu *cpu)
{
    return in_ia32e(cpu) && (cpu->seg[SEG_CS].attr & SEG_ATTR_L);
}
static inline bool in_v86(const Cpu *cpu)
{
    return cpu->rflags & FLAG_VM;
}
static inline bool in_protected(const Cpu *cpu)
{
    return (cpu->cr0 & CR0_PE) && !in_v86(cpu);
}
static inline unsigned iopl(const Cpu *cpu)
{
    return (cpu->rflags & FLAG_IOPL) >> 12;
}
/* Software without the right to IF works on VIF instead (SDM vol. 3, 20.3 and 20.4). */
static inline bool has_virtual_if(const Cpu *cpu)
{
    return cpu->cpl == 3 && iopl(cpu) < 3 && (cpu->cr4 & (in_v86(cpu) ? CR4_VME : CR4_PVI));
}
/* FLAGS as such code in virtual-8086 mode reads them; and as it writes them, with IF moved to VIF
 * and #GP(0) where its monitor has something to do. */
static inline uint32_t virtual_flags(uint32_t flags)
{
    return (flags & ~FLAG_IF) | FLAG_IOPL | (flags & FLAG_VIF ? FLAG_IF : 0);
}
uint64_t seg_virtual_flags_in(Cpu *cpu, uint64_t flags);
/* The kind of access that data of a privilege level is made with. */
static inline int mmu_mode_of_cpl(const Cpu *cpu, unsigned cpl)
{
    if (cpl == 3) {
        return (cpu->cr0 & CR0_AM) && (cpu->rflags & FLAG_AC) ? MMU_USER_ALIGNED : MMU_USER;
    }
    return (cpu->cr4 & CR4_SMAP) && !(cpu->rflags & FLAG_AC) ? MMU_KERNEL_SMAP : MMU_KERNEL;
}

/* Reads the descriptor of a selector; false if it is beyond its table. */
bool desc_read(Cpu *cpu, uint16_t selector, SegDesc *d);
/* The upper half of a 16-byte system descriptor or gate: false if beyond the table or malformed. */
bool desc_read_upper(Cpu *cpu, uint16_t selector, const SegDesc *d, uint32_t *upper);
/* Sets the A bit in memory. */
void desc_mark_accessed(Cpu *cpu, SegDesc *d);
CpuSegment desc_to_segment(uint16_t selector, const SegDesc *d);
/* Checks a stack segment for `cpl` and reads it, raising `vector` (#TS or #GP) and #SS. */
CpuSegment seg_check_stack(Cpu *cpu, uint16_t selector, unsigned cpl, int vector);
/* What SS becomes on entry to 64-bit code of a more privileged level. */
CpuSegment seg_null_stack(unsigned cpl);
/* ES, DS, FS and GS that a less privileged level must not keep become null (SDM: RET, IRET). */
void seg_drop_privileged(Cpu *cpu, unsigned cpl);
/* The linear address of an access through `s`, with checks that raise `vector`(error). */
uint64_t seg_linear_in(Cpu *cpu, const CpuSegment *s, uint32_t offset, unsigned size, bool write,
                       int vector, uint32_t error);
/* CS was checked; sets it with its CPL, and RIP (cut to what the segment can hold). */
void seg_set_cs(Cpu *cpu, const CpuSegment *cs, unsigned cpl, uint64_t rip);
/* #GP(0) if `rip` is outside the code segment `cs`, or not canonical. */
void seg_check_rip(Cpu *cpu, const CpuSegment *cs, uint64_t rip);

/* A stack being pushed to or popped from; registers change when the caller commits. */
typedef struct {
    CpuSegment ss;
    uint64_t sp;
    uint64_t mask; /* of the stack pointer: 16, 32 or 64 bits */
    int mmu_mode;
    uint32_t error; /* of the #SS for what is outside the segment */
    bool wide;      /* 64-bit code: no limits */
} SegStack;
SegStack stack_current(Cpu *cpu);
SegStack stack_make(Cpu *cpu, const CpuSegment *ss, uint64_t sp, unsigned cpl, bool wide);
void stack_push(Cpu *cpu, SegStack *s, uint64_t value, unsigned size);
uint64_t stack_pop(Cpu *cpu, SegStack *s, unsigned size);
void stack_skip(SegStack *s, unsigned bytes);
/* RSP (its part under the mask) and nothing else. */
void stack_commit(Cpu *cpu, const SegStack *s);

/* The stack pointer for `cpl` in the current TSS; *ss is not touched for 64-bit TSSs. */
uint64_t tss_stack(Cpu *cpu, unsigned cpl, uint16_t *ss);
uint64_t tss_ist(Cpu *cpu, unsigned n);

#endif
