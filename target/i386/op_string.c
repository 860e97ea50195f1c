/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MOVS, STOS, LODS, CMPS, SCAS, INS, OUTS and their repeat prefixes (Intel SDM vol. 2, REP).
 *
 * Each iteration is complete in itself: a fault or an interrupt leaves RIP at the instruction with
 * the count and index registers as they are then. Upwards runs of MOVS and STOS go a page at a time
 * where both ends are plain memory.
 */
#include "target/i386/block.h"
#include "target/i386/decode.h"
#include "target/i386/system_ops.h"

enum { REP_NONE, REP_EQUAL, REP_NOT_EQUAL }; /* the last two: plain REP for most */

static ALWAYS_INLINE uint64_t asize_mask(const Op *op)
{
    return op->asize == 8 ? ~0ull : op->asize == 4 ? 0xffffffffull : 0xffffull;
}

/* A register of the address size changes; the rest of it as for any write of that size. */
static ALWAYS_INLINE void index_set(Cpu *cpu, const Op *op, int reg, uint64_t v)
{
    reg_set(cpu, (unsigned)reg * 8, op->asize * 8, v);
}

static ALWAYS_INLINE uint64_t string_linear(Cpu *cpu, int seg, uint64_t offset, unsigned size,
                                            bool write)
{
    if (cpu->mode & CPU_MODE_CS64) {
        return seg >= SEG_FS ? offset + cpu->seg[seg].base : offset;
    }
    if ((cpu->mode & CPU_MODE_FLAT) && seg < SEG_FS) {
        return offset;
    }
    return seg_linear(cpu, seg, offset, size, write);
}

static ALWAYS_INLINE uint64_t string_source(Cpu *cpu, const Op *op)
{
    uint64_t at = cpu->gpr[R_RSI] & asize_mask(op);
    return string_linear(cpu, op->seg, at, op->osize, false);
}

static ALWAYS_INLINE uint64_t destination(Cpu *cpu, const Op *op, bool write)
{
    uint64_t at = cpu->gpr[R_RDI] & asize_mask(op);
    return string_linear(cpu, SEG_ES, at, op->osize, write);
}

static ALWAYS_INLINE uint64_t step_of(const Cpu *cpu, const Op *op)
{
    return cpu->rflags & FLAG_DF ? -(uint64_t)op->osize : op->osize;
}

typedef enum { STR_MOVS, STR_STOS, STR_LODS, STR_CMPS, STR_SCAS, STR_INS, STR_OUTS } StringKind;

/* One iteration. */
static ALWAYS_INLINE void string_once(Cpu *cpu, const Op *op, StringKind kind)
{
    uint64_t step = step_of(cpu, op), a, b, to;
    int bits = op->osize * 8;
    switch (kind) {
    case STR_MOVS:
        a = mem_load(cpu, string_source(cpu, op), bits);
        mem_store(cpu, destination(cpu, op, true), bits, a);
        break;
    case STR_STOS:
        mem_store(cpu, destination(cpu, op, true), bits, cpu->gpr[R_RAX]);
        break;
    case STR_LODS:
        reg_set(cpu, R_RAX * 8, bits, mem_load(cpu, string_source(cpu, op), bits));
        break;
    case STR_CMPS:
        a = mem_load(cpu, string_source(cpu, op), bits);
        b = mem_load(cpu, destination(cpu, op, false), bits);
        cc_set(cpu, CCK_SUB, bits, a - b, b);
        cpu->cc_dst = op_sext(a - b, bits);
        break;
    case STR_SCAS:
        a = reg_get(cpu, R_RAX * 8, bits);
        b = mem_load(cpu, destination(cpu, op, false), bits);
        cc_set(cpu, CCK_SUB, bits, a - b, b);
        break;
    case STR_INS:
        to = destination(cpu, op, true);
        sys_check_io(cpu, (uint16_t)cpu->gpr[R_RDX], op->osize);
        mmu_probe_write(cpu, to, op->osize);
        mem_store(cpu, to, bits, sys_in(cpu, (uint16_t)cpu->gpr[R_RDX], op->osize));
        break;
    default:
        sys_check_io(cpu, (uint16_t)cpu->gpr[R_RDX], op->osize);
        a = mem_load(cpu, string_source(cpu, op), bits);
        sys_out(cpu, (uint16_t)cpu->gpr[R_RDX], (uint32_t)a, op->osize);
        break;
    }
    if (kind == STR_MOVS || kind == STR_LODS || kind == STR_CMPS || kind == STR_OUTS) {
        index_set(cpu, op, R_RSI, cpu->gpr[R_RSI] + step);
    }
    if (kind != STR_LODS && kind != STR_OUTS) {
        index_set(cpu, op, R_RDI, cpu->gpr[R_RDI] + step);
    }
}

static ALWAYS_INLINE uint64_t page_room(uint64_t addr, unsigned size)
{
    return (PAGE_SIZE - (addr & (PAGE_SIZE - 1))) / size;
}

static void string_fill(void *to, uint64_t value, unsigned size, uint64_t n)
{
    if (size == 1 || (value == 0)) {
        memset(to, (int)(uint8_t)value, n * size);
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        memcpy((uint8_t *)to + i * size, &value, size);
    }
}

/* As many iterations at once as one page each side allows; 0 if it must go one by one. */
static uint64_t string_bulk(Cpu *cpu, const Op *op, StringKind kind, uint64_t count)
{
    if (count < 4 || (cpu->rflags & (FLAG_DF | FLAG_TF)) ||
        !(cpu->mode & (CPU_MODE_CS64 | CPU_MODE_FLAT))) {
        return 0;
    }
    unsigned size = op->osize;
    uint64_t to = destination(cpu, op, true), room = page_room(to, size), n = MIN(count, room);
    uint8_t *from_host = NULL;
    if (kind == STR_MOVS) {
        uint64_t from = string_source(cpu, op);
        room = page_room(from, size);
        n = MIN(n, room);
        if (n == 0) {
            return 0;
        }
        from_host = mmu_host_ptr(cpu, from, (unsigned)n * size, MMU_READ);
        if (!from_host) {
            return 0;
        }
    }
    uint8_t *to_host = n ? mmu_host_ptr(cpu, to, (unsigned)n * size, MMU_WRITE) : NULL;
    if (!to_host) {
        return 0;
    }
    if (kind == STR_STOS) {
        uint64_t v = op_zext(cpu->gpr[R_RAX], (int)size * 8);
        string_fill(to_host, v, size, n);
    } else if (to_host > from_host && to_host < from_host + n * size) {
        return 0; /* the copy feeds itself */
    } else {
        memmove(to_host, from_host, n * size);
        index_set(cpu, op, R_RSI, cpu->gpr[R_RSI] + n * size);
    }
    index_set(cpu, op, R_RDI, cpu->gpr[R_RDI] + n * size);
    return n;
}

/* Out in the middle of a repeated instruction: it goes on later. An event that comes first pushes
 * RF set, and no code breakpoint is hit again (SDM vol. 3, 17.3.1.1). */
static OpNext string_leave(Cpu *cpu, const Op *op)
{
    cpu->rflags |= FLAG_RF;
    op_stale(cpu, op); /* gives back what the rest of the block was charged */
    return NEXT_EVENT;
}

/* Repeated none at all with a 32-bit address size in 64-bit code: Intel's cuts the registers all
 * the same, the pointers of MOVS and STOS too. */
static void string_none(Cpu *cpu, const Op *op, StringKind kind)
{
    if (op->asize != 4 || !(cpu->mode & CPU_MODE_CS64) || cpu_is_amd(cpu)) {
        return;
    }
    cpu->gpr[R_RCX] = 0;
    if (kind == STR_MOVS) {
        cpu->gpr[R_RSI] = (uint32_t)cpu->gpr[R_RSI];
    }
    if (kind == STR_MOVS || kind == STR_STOS) {
        cpu->gpr[R_RDI] = (uint32_t)cpu->gpr[R_RDI];
    }
}

static ALWAYS_INLINE OpNext string_rep(Cpu *cpu, const Op *op, StringKind kind)
{
    MAY_RAISE();
    uint64_t mask = asize_mask(op), count;
    const bool compares = kind == STR_CMPS || kind == STR_SCAS;
    const uint64_t dst = cpu->cc_dst, src = cpu->cc_src;
    const uint32_t cc = cpu->cc_op;
    const bool restores = compares && !cpu_is_amd(cpu);
    if ((cpu->gpr[R_RCX] & mask) == 0) {
        string_none(cpu, op, kind);
    }
    while ((count = cpu->gpr[R_RCX] & mask) != 0) {
        uint64_t n = 0;
        if (kind == STR_MOVS || kind == STR_STOS) {
            n = string_bulk(cpu, op, kind, count);
        }
        if (n) {
            cpu->budget -= (int64_t)(n * op->osize / 64);
        } else {
            /* By the SDM (REP), a fault finds the flags as they were before the instruction; the
             * APM says nothing of the kind, and AMD's has the last iteration's. */
            if (restores) {
                cpu->cc_dst = dst;
                cpu->cc_src = src;
                cpu->cc_op = cc;
            }
            string_once(cpu, op, kind);
            n = 1;
        }
        cpu->budget--;
        index_set(cpu, op, R_RCX, count - n);
        if (compares && flags_zf(cpu) != (op->aux == REP_EQUAL)) {
            break;
        }
        if (count == n) {
            break;
        }
        if (G_UNLIKELY((cpu->pending & ~PEND_BREAK) || cpu->budget <= 0 ||
                       (cpu->rflags & FLAG_TF))) {
            return string_leave(cpu, op);
        }
    }
    NEXT();
}

#define STRING_FUNCS(kind_)                                                                        \
    static OpNext once_##kind_(Cpu *cpu, const Op *op)                                             \
    {                                                                                              \
        MAY_RAISE();                                                                               \
        string_once(cpu, op, STR_##kind_);                                                         \
        NEXT();                                                                                    \
    }                                                                                              \
    static OpNext rep_##kind_(Cpu *cpu, const Op *op)                                              \
    {                                                                                              \
        return string_rep(cpu, op, STR_##kind_);                                                   \
    }
STRING_FUNCS(MOVS)
STRING_FUNCS(STOS)
STRING_FUNCS(LODS)
STRING_FUNCS(CMPS)
STRING_FUNCS(SCAS)
STRING_FUNCS(INS)
STRING_FUNCS(OUTS)

static StringKind string_kind(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOVSB:
    case ZYDIS_MNEMONIC_MOVSW:
    case ZYDIS_MNEMONIC_MOVSD:
    case ZYDIS_MNEMONIC_MOVSQ:
        return STR_MOVS;
    case ZYDIS_MNEMONIC_STOSB:
    case ZYDIS_MNEMONIC_STOSW:
    case ZYDIS_MNEMONIC_STOSD:
    case ZYDIS_MNEMONIC_STOSQ:
        return STR_STOS;
    case ZYDIS_MNEMONIC_LODSB:
    case ZYDIS_MNEMONIC_LODSW:
    case ZYDIS_MNEMONIC_LODSD:
    case ZYDIS_MNEMONIC_LODSQ:
        return STR_LODS;
    case ZYDIS_MNEMONIC_CMPSB:
    case ZYDIS_MNEMONIC_CMPSW:
    case ZYDIS_MNEMONIC_CMPSD:
    case ZYDIS_MNEMONIC_CMPSQ:
        return STR_CMPS;
    case ZYDIS_MNEMONIC_SCASB:
    case ZYDIS_MNEMONIC_SCASW:
    case ZYDIS_MNEMONIC_SCASD:
    case ZYDIS_MNEMONIC_SCASQ:
        return STR_SCAS;
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
        return STR_INS;
    default:
        return STR_OUTS;
    }
}

/* The width of the elements is the mnemonic's last letter's; INS and OUTS never have 8 bytes. */
static uint8_t string_size(const Decode *d, StringKind kind)
{
    uint8_t size = d->zi.operand_width / 8;
    return (kind == STR_INS || kind == STR_OUTS) && size > 4 ? 4 : size;
}

OpFn op_select_string(Decode *d, Op *op)
{
    static const OpFn once[] = {once_MOVS, once_STOS, once_LODS, once_CMPS,
                                once_SCAS, once_INS,  once_OUTS};
    static const OpFn rep[] = {rep_MOVS, rep_STOS, rep_LODS, rep_CMPS, rep_SCAS, rep_INS, rep_OUTS};
    /* MOVSD and CMPSD are SSE instructions too. */
    if (d->zi.meta.category != ZYDIS_CATEGORY_STRINGOP &&
        d->zi.meta.category != ZYDIS_CATEGORY_IOSTRINGOP) {
        return op_select_fpu(d, op);
    }
    StringKind kind = string_kind(d->zi.mnemonic);
    op->osize = string_size(d, kind);
    op->seg = SEG_DS;
    for (unsigned i = 0; i < d->zi.operand_count; i++) {
        const ZydisDecodedOperand *o = &d->ops[i];
        if (decode_is_mem(o) &&
            (o->mem.base == ZYDIS_REGISTER_RSI || o->mem.base == ZYDIS_REGISTER_ESI ||
             o->mem.base == ZYDIS_REGISTER_SI)) {
            int seg = decode_seg(o->mem.segment);
            op->seg = (uint8_t)MAX(seg, 0);
        }
    }
    op->aux = d->zi.attributes & ZYDIS_ATTRIB_HAS_REPNE                           ? REP_NOT_EQUAL
              : d->zi.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE) ? REP_EQUAL
                                                                                  : REP_NONE;
    return op->aux == REP_NONE ? once[kind] : rep[kind];
}
