/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions: operands are fetched here, the effects and privilege checks are those of
 * system_ops.h and segment.h (Intel SDM vol. 2 and vol. 3, 2.8).
 *
 * An instruction after which mode, mappings or pending events may differ ends its block.
 */

#include "base/dram.h"
#include "target/i386/cpuid.h"
#include "target/i386/debug_regs.h"
#include "target/i386/decode.h"
#include "target/i386/excp.h"
#include "target/i386/hyperv.h"
#include "target/i386/system_ops.h"

static OpNext spin_hint(Cpu *cpu, const Op *op)
{
    cpu->rip = op_next_rip(cpu, op);
    return cpu->n_cpus > 1 ? NEXT_YIELD : NEXT_EVENT;
}

/* Handlers that call one function, and go on or end the block. */
#define SYS_SIMPLE(name_, call_, next_)                                                            \
    static OpNext name_(Cpu *cpu, const Op *op)                                                    \
    {                                                                                              \
        MAY_RAISE();                                                                               \
        call_;                                                                                     \
        next_;                                                                                     \
    }
SYS_SIMPLE(hlt, sys_hlt(cpu), return op_finish(cpu, op))
SYS_SIMPLE(cli, sys_cli(cpu), NEXT())
SYS_SIMPLE(clts, sys_clts(cpu), return op_finish(cpu, op))
SYS_SIMPLE(wbinvd, sys_wbinvd(cpu), return op_finish(cpu, op))
SYS_SIMPLE(swapgs, sys_swapgs(cpu), NEXT())
SYS_SIMPLE(rdmsr, sys_rdmsr(cpu), NEXT())
SYS_SIMPLE(wrmsr, sys_wrmsr(cpu), return op_finish(cpu, op))
SYS_SIMPLE(hypercall, hyperv_call(cpu, op->mnemonic == ZYDIS_MNEMONIC_VMMCALL),
           return op_finish(cpu, op))
SYS_SIMPLE(cpuid, sys_cpuid(cpu), NEXT())
SYS_SIMPLE(xgetbv, sys_xgetbv(cpu), NEXT())
SYS_SIMPLE(xsetbv, sys_xsetbv(cpu), return op_finish(cpu, op))
SYS_SIMPLE(rdpmc, sys_rdpmc(cpu), NEXT())

/* The instruction after an STI that enables interrupts runs before any is taken. With nothing
 * pending the block goes on, and so does that. */
static OpNext sti(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    bool was = cpu->rflags & FLAG_IF;
    sys_sti(cpu);
    if (G_LIKELY(!cpu->pending && op->left > 1)) {
        NEXT();
    }
    cpu->int_shadow = was || !(cpu->rflags & FLAG_IF) ? SHADOW_NONE : SHADOW_STI;
    cpu->budget += op->left - 1;
    return op_finish(cpu, op);
}

static OpNext clac_stac(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    if (cpu->cpl != 0) {
        cpu_raise(cpu, EXCP_UD);
    }
    if (op->mnemonic == ZYDIS_MNEMONIC_STAC) {
        cpu->rflags |= FLAG_AC;
    } else {
        cpu->rflags &= ~FLAG_AC;
    }
    cpu_update_rights(cpu);
    NEXT();
}

static void set_edx_eax(Cpu *cpu, uint64_t v)
{
    cpu->gpr[R_RAX] = (uint32_t)v;
    cpu->gpr[R_RDX] = v >> 32;
}

static OpNext rdpkru(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_rdpkru(cpu);
    NEXT();
}

static OpNext wrpkru(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_wrpkru(cpu);
    NEXT();
}

static OpNext rdtsc(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    set_edx_eax(cpu, sys_rdtsc(cpu));
    NEXT();
}

static OpNext rdtscp(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    set_edx_eax(cpu, sys_rdtsc(cpu));
    cpu->gpr[R_RCX] = (uint32_t)cpu->tsc_aux;
    NEXT();
}

static OpNext rdpid(Cpu *cpu, const Op *op)
{
    reg_set(cpu, op->dst, 64, (uint32_t)cpu->tsc_aux);
    NEXT();
}

static OpNext rdrand(Cpu *cpu, const Op *op)
{
    uint64_t v = 0;
    bool ok = random_bytes(cpu->cfg.random, &v, sizeof(v));
    reg_set(cpu, op->dst, op->osize * 8, ok ? v : 0);
    flags_set_arith(cpu, ok ? FLAG_CF : 0);
    NEXT();
}

static OpNext fsgsbase_read(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_check_fsgsbase(cpu);
    reg_set(cpu, op->dst, op->osize * 8, cpu->seg[op->aux].base);
    NEXT();
}

static OpNext fsgsbase_write(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_check_fsgsbase(cpu);
    uint64_t base = reg_get(cpu, op->dst, op->osize * 8);
    if ((uint64_t)((int64_t)(base << 16) >> 16) != base) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    cpu->seg[op->aux].base = base;
    NEXT();
}

/* An r/m16 source operand. */
static uint16_t system_load16(Cpu *cpu, const Op *op)
{
    return op->src != OP_REG_ZERO ? (uint16_t)reg_get(cpu, op->src, 16)
                                  : mmu_load16(cpu, op_ea(cpu, op, 2, false));
}

/* To a register of the operand size, or to 16 bits of memory. */
static void system_store16(Cpu *cpu, const Op *op, uint64_t v)
{
    if (op->dst != OP_REG_ZERO) {
        reg_set(cpu, op->dst, op->osize * 8, v);
    } else {
        mmu_store16(cpu, op_ea(cpu, op, 2, true), (uint16_t)v);
    }
}

static OpNext lmsw(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    /* Privilege comes before the operand. */
    if (cpu->cpl) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    sys_lmsw(cpu, system_load16(cpu, op));
    return op_finish(cpu, op);
}

static OpNext smsw(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_check_umip(cpu);
    system_store16(cpu, op, cpu->cr0);
    NEXT();
}

static OpNext invlpg(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t ea = ea_fast(cpu, op);
    sys_require_cpl0(cpu);
    /* No limit or canonicality check: the segment's base alone counts. */
    if (op->ea_kind == EA_SEGBASE || op->ea_kind == EA_SEGTRUNC || op->ea_kind == EA_CHECK) {
        ea += cpu->seg[op->seg].base;
    }
    sys_invlpg(cpu, op->asize == 4 ? (uint32_t)ea : ea);
    return op_finish(cpu, op);
}

static OpNext invpcid(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_require_cpl0(cpu);
    uint64_t ea = op_ea(cpu, op, 16, false);
    uint64_t pcid = mmu_load64(cpu, ea), addr = mmu_load64(cpu, ea + 8);
    uint64_t type = reg_get(cpu, op->dst, op->osize * 8);
    mmu_invpcid(cpu, (unsigned)MIN(type, 255), pcid, addr);
    return op_finish(cpu, op);
}

/* CLFLUSH, CLFLUSHOPT and CLWB: caches hold nothing back from anyone who snoops (base/dram.h has
 * those who do not); the address must be readable. */
static OpNext clflush(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t ea = op_ea(cpu, op, 1, false);
    as_flush_line(cpu->cfg.memory, mmu_host_ptr(cpu, ea, 1, MMU_READ));
    NEXT();
}

/* 64 bytes as one write, to ES:register (SDM vol. 2). What is wrong with the source comes first. */
static OpNext movdir64b(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint8_t line[MEM_LINE];
    mmu_load_bytes(cpu, op_ea(cpu, op, MEM_LINE, false), line, MEM_LINE);
    uint64_t offset = reg_get(cpu, op->dst, op->osize * 8);
    uint64_t to = seg_linear(cpu, SEG_ES, offset, MEM_LINE, true);
    if (to % MEM_LINE) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    mmu_store_line(cpu, to, line);
    NEXT();
}

static OpNext fast_syscall(Cpu *cpu, const Op *op)
{
    uint32_t mode = cpu->mode;
    MAY_RAISE();
    switch (op->mnemonic) {
    case ZYDIS_MNEMONIC_SYSCALL:
        seg_syscall(cpu, op_next_rip(cpu, op));
        break;
    case ZYDIS_MNEMONIC_SYSRET:
        seg_sysret(cpu, op->osize);
        break;
    case ZYDIS_MNEMONIC_SYSENTER:
        seg_sysenter(cpu);
        break;
    default:
        seg_sysexit(cpu, op->osize);
        break;
    }
    /* TF as it is now decides on a single-step trap: SYSCALL may have cleared it, SYSRET set it. */
    if (cpu->rflags & FLAG_TF) {
        debug_trap(cpu, DR6_BS);
    }
    return op_level_changed(cpu, mode);
}

typedef struct {
    ZydisMnemonic mnemonic;
    OpFn fn;
    bool ends;
    int feature; /* -1 for none */
} SystemRow;

static const SystemRow system_rows[] = {
    {ZYDIS_MNEMONIC_PAUSE, spin_hint, true, -1},
    {ZYDIS_MNEMONIC_HLT, hlt, true, -1},
    {ZYDIS_MNEMONIC_CLI, cli, false, -1},
    {ZYDIS_MNEMONIC_STI, sti, false, -1},
    {ZYDIS_MNEMONIC_CLTS, clts, true, -1},
    {ZYDIS_MNEMONIC_CLAC, clac_stac, false, FEAT_SMAP},
    {ZYDIS_MNEMONIC_STAC, clac_stac, false, FEAT_SMAP},
    {ZYDIS_MNEMONIC_LMSW, lmsw, true, -1},
    {ZYDIS_MNEMONIC_SMSW, smsw, false, -1},
    {ZYDIS_MNEMONIC_INVLPG, invlpg, true, -1},
    {ZYDIS_MNEMONIC_INVPCID, invpcid, true, FEAT_INVPCID},
    {ZYDIS_MNEMONIC_WBINVD, wbinvd, true, -1},
    {ZYDIS_MNEMONIC_INVD, wbinvd, true, -1},
    {ZYDIS_MNEMONIC_SWAPGS, swapgs, false, -1},
    {ZYDIS_MNEMONIC_VMCALL, hypercall, false, -1},
    {ZYDIS_MNEMONIC_VMMCALL, hypercall, false, -1},
    {ZYDIS_MNEMONIC_RDMSR, rdmsr, false, FEAT_MSR},
    {ZYDIS_MNEMONIC_WRMSR, wrmsr, true, FEAT_MSR},
    {ZYDIS_MNEMONIC_CPUID, cpuid, false, -1},
    {ZYDIS_MNEMONIC_XGETBV, xgetbv, false, FEAT_XSAVE},
    {ZYDIS_MNEMONIC_XSETBV, xsetbv, true, FEAT_XSAVE},
    {ZYDIS_MNEMONIC_RDPKRU, rdpkru, false, FEAT_PKU},
    {ZYDIS_MNEMONIC_WRPKRU, wrpkru, false, FEAT_PKU},
    {ZYDIS_MNEMONIC_RDTSC, rdtsc, false, FEAT_TSC},
    {ZYDIS_MNEMONIC_RDTSCP, rdtscp, false, FEAT_RDTSCP},
    {ZYDIS_MNEMONIC_RDPMC, rdpmc, false, -1},
    {ZYDIS_MNEMONIC_RDPID, rdpid, false, FEAT_RDPID},
    {ZYDIS_MNEMONIC_RDRAND, rdrand, false, FEAT_RDRAND},
    {ZYDIS_MNEMONIC_RDSEED, rdrand, false, FEAT_RDSEED},
    {ZYDIS_MNEMONIC_RDFSBASE, fsgsbase_read, false, FEAT_FSGSBASE},
    {ZYDIS_MNEMONIC_RDGSBASE, fsgsbase_read, false, FEAT_FSGSBASE},
    {ZYDIS_MNEMONIC_WRFSBASE, fsgsbase_write, false, FEAT_FSGSBASE},
    {ZYDIS_MNEMONIC_WRGSBASE, fsgsbase_write, false, FEAT_FSGSBASE},
    {ZYDIS_MNEMONIC_SYSCALL, fast_syscall, true, FEAT_SYSCALL},
    {ZYDIS_MNEMONIC_SYSRET, fast_syscall, true, FEAT_SYSCALL},
    {ZYDIS_MNEMONIC_SYSENTER, fast_syscall, true, FEAT_SEP},
    {ZYDIS_MNEMONIC_SYSEXIT, fast_syscall, true, FEAT_SEP},
    {ZYDIS_MNEMONIC_CLFLUSH, clflush, false, FEAT_CLFLUSH},
    {ZYDIS_MNEMONIC_CLFLUSHOPT, clflush, false, FEAT_CLFLUSHOPT},
    {ZYDIS_MNEMONIC_CLWB, clflush, false, FEAT_CLWB},
    {ZYDIS_MNEMONIC_MOVDIR64B, movdir64b, false, FEAT_MOVDIR64B},
};

static const SystemRow *system_row(ZydisMnemonic mnemonic)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(system_rows); i++) {
        if (system_rows[i].mnemonic == mnemonic) {
            return &system_rows[i];
        }
    }
    return NULL;
}

/* One general register operand, one in memory, in any order. */
static void system_operands(Decode *d, Op *op)
{
    for (unsigned i = 0; i < d->zi.operand_count_visible; i++) {
        const ZydisDecodedOperand *o = &d->ops[i];
        if (decode_is_mem(o)) {
            decode_mem(d, op, o);
        } else if (decode_is_reg(o)) {
            op->src = op->dst = decode_reg(o->reg.value);
            op->osize = (uint8_t)(o->size / 8);
        }
    }
}

OpFn op_select_system(Decode *d, Op *op)
{
    const SystemRow *row = system_row(d->zi.mnemonic);
    if (!row || (row->feature >= 0 && !cpu_model_has(d->model, row->feature))) {
        return NULL;
    }
    system_operands(d, op);
    switch (d->zi.mnemonic) {
    case ZYDIS_MNEMONIC_RDFSBASE:
    case ZYDIS_MNEMONIC_WRFSBASE:
        op->aux = SEG_FS;
        break;
    case ZYDIS_MNEMONIC_RDGSBASE:
    case ZYDIS_MNEMONIC_WRGSBASE:
        op->aux = SEG_GS;
        break;
    default:
        break;
    }
    d->ends = row->ends;
    return row->fn;
}

/* Segment, control and debug registers; descriptor tables. */

static OpNext mov_from_seg(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    system_store16(cpu, op, cpu->seg[op->aux].selector);
    NEXT();
}

static OpNext mov_to_seg(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    seg_load(cpu, op->aux, system_load16(cpu, op));
    OpNext next = op_finish(cpu, op);
    cpu->int_shadow = op->aux == SEG_SS ? SHADOW_SS : SHADOW_NONE;
    return next;
}

static OpNext mov_from_cr(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v = sys_read_cr(cpu, op->aux);
    reg_set(cpu, op->dst, op->osize * 8, v);
    NEXT();
}

static OpNext mov_to_cr(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_write_cr(cpu, op->aux, reg_get(cpu, op->src, op->osize * 8));
    return op_finish(cpu, op);
}

static OpNext mov_from_dr(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t v = sys_read_dr(cpu, op->aux);
    reg_set(cpu, op->dst, op->osize * 8, v);
    NEXT();
}

static OpNext mov_to_dr(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_write_dr(cpu, op->aux, reg_get(cpu, op->src, op->osize * 8));
    return op_finish(cpu, op);
}

/* Limit and base; the base has 24 bits with a 16-bit operand size. */
static OpNext table_load(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_require_cpl0(cpu);
    bool long_mode = cpu->mode & CPU_MODE_CS64;
    uint64_t ea = op_ea(cpu, op, long_mode ? 10 : 6, false);
    CpuTable table;
    table.limit = mmu_load16(cpu, ea);
    table.base = long_mode ? mmu_load64(cpu, ea + 2) : mmu_load32(cpu, ea + 2);
    if (!long_mode && op->osize == 2) {
        table.base &= 0xffffff;
    }
    if (long_mode && (uint64_t)((int64_t)(table.base << 16) >> 16) != table.base) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    if (op->mnemonic == ZYDIS_MNEMONIC_LGDT) {
        cpu->gdtr = table;
    } else {
        cpu->idtr = table;
    }
    NEXT();
}

static OpNext table_store(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_check_umip(cpu);
    bool long_mode = cpu->mode & CPU_MODE_CS64;
    const CpuTable *table = op->mnemonic == ZYDIS_MNEMONIC_SGDT ? &cpu->gdtr : &cpu->idtr;
    unsigned size = long_mode ? 10 : 6;
    uint64_t ea = op_ea(cpu, op, size, true);
    uint8_t bytes[10];
    memcpy(bytes, &table->limit, 2);
    memcpy(bytes + 2, &table->base, 8);
    mmu_check_alignment(cpu, ea, 4);
    mmu_store_bytes(cpu, ea, bytes, size);
    NEXT();
}

static OpNext lldt_ltr(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_require_cpl0(cpu);
    uint16_t selector = system_load16(cpu, op);
    if (op->mnemonic == ZYDIS_MNEMONIC_LLDT) {
        seg_lldt(cpu, selector);
    } else {
        seg_ltr(cpu, selector);
    }
    return op_finish(cpu, op);
}

static OpNext sldt_str(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_check_umip(cpu);
    system_store16(cpu, op,
                   op->mnemonic == ZYDIS_MNEMONIC_SLDT ? cpu->ldtr.selector : cpu->tr.selector);
    NEXT();
}

static OpNext lar_lsl(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint32_t result = 0;
    uint16_t selector = system_load16(cpu, op);
    bool ok = op->mnemonic == ZYDIS_MNEMONIC_LAR ? seg_lar(cpu, selector, &result)
                                                 : seg_lsl(cpu, selector, &result);
    if (ok) {
        reg_set(cpu, op->dst, op->osize * 8, result);
    }
    flags_set_zf(cpu, ok);
    NEXT();
}

static OpNext verr_verw(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    flags_set_zf(cpu, seg_verify(cpu, system_load16(cpu, op), op->mnemonic == ZYDIS_MNEMONIC_VERW));
    NEXT();
}

static OpNext arpl(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t ea = 0;
    uint16_t a, b = (uint16_t)reg_get(cpu, op->src, 16);
    bool mem = op->dst == OP_REG_ZERO;
    if (mem) {
        ea = op_ea(cpu, op, 2, true);
        a = mmu_load16(cpu, ea);
    } else {
        a = (uint16_t)reg_get(cpu, op->dst, 16);
    }
    bool lower = (a & 3) < (b & 3);
    if (lower) {
        a = (uint16_t)((a & ~3) | (b & 3));
        if (mem) {
            mmu_store16(cpu, ea, a);
        } else {
            reg_set(cpu, op->dst, 16, a);
        }
    }
    flags_set_zf(cpu, lower);
    NEXT();
}

static OpNext load_far_pointer(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint64_t ea = op_ea(cpu, op, op->osize + 2u, false);
    uint64_t offset = mem_load(cpu, ea, op->osize * 8);
    seg_load(cpu, op->aux, mmu_load16(cpu, ea + op->osize));
    reg_set(cpu, op->dst, op->osize * 8, offset);
    return op_finish(cpu, op);
}

static OpFn select_special_mov(Decode *d, Op *op)
{
    const ZydisDecodedOperand *a = &d->ops[0], *b = &d->ops[1];
    bool to = decode_is_reg(a) && ZydisRegisterGetClass(a->reg.value) != ZYDIS_REGCLASS_GPR16 &&
              ZydisRegisterGetClass(a->reg.value) != ZYDIS_REGCLASS_GPR32 &&
              ZydisRegisterGetClass(a->reg.value) != ZYDIS_REGCLASS_GPR64;
    const ZydisDecodedOperand *special = to ? a : b, *other = to ? b : a;
    ZydisRegister reg = special->reg.value;
    if (decode_is_mem(other)) {
        decode_mem(d, op, other);
    } else {
        op->src = op->dst = decode_reg(other->reg.value);
        op->osize = (uint8_t)(other->size / 8);
    }
    d->ends = to;
    switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_SEGMENT:
        op->aux = (uint8_t)decode_seg(reg);
        if (to && op->aux == SEG_CS) {
            d->ends = false;
            return NULL;
        }
        return to ? mov_to_seg : mov_from_seg;
    case ZYDIS_REGCLASS_CONTROL:
        op->aux = (uint8_t)(reg - ZYDIS_REGISTER_CR0);
        op->osize = d->mode & CPU_MODE_CS64 ? 8 : 4;
        return to ? mov_to_cr : mov_from_cr;
    case ZYDIS_REGCLASS_DEBUG:
        op->aux = (uint8_t)(reg - ZYDIS_REGISTER_DR0);
        op->osize = d->mode & CPU_MODE_CS64 ? 8 : 4;
        return to ? mov_to_dr : mov_from_dr;
    default:
        return NULL;
    }
}

/* Instructions about descriptors exist only where there are descriptors. */
static bool has_descriptors(const Decode *d)
{
    return (d->mode & CPU_MODE_PE) && !(d->mode & CPU_MODE_VM);
}

OpFn op_select_segment(Decode *d, Op *op)
{
    if (d->zi.mnemonic == ZYDIS_MNEMONIC_MOV) {
        return select_special_mov(d, op);
    }
    for (unsigned i = 0; i < d->zi.operand_count_visible; i++) {
        const ZydisDecodedOperand *o = &d->ops[i];
        if (decode_is_mem(o)) {
            decode_mem(d, op, o);
        } else if (i == 0) {
            op->dst = decode_reg(o->reg.value);
        } else {
            op->src = decode_reg(o->reg.value);
        }
    }
    switch (d->zi.mnemonic) {
    case ZYDIS_MNEMONIC_LGDT:
    case ZYDIS_MNEMONIC_LIDT:
        return table_load;
    case ZYDIS_MNEMONIC_SGDT:
    case ZYDIS_MNEMONIC_SIDT:
        return table_store;
    case ZYDIS_MNEMONIC_LLDT:
    case ZYDIS_MNEMONIC_LTR:
        op->src = op->dst;
        d->ends = has_descriptors(d);
        return d->ends ? lldt_ltr : NULL;
    case ZYDIS_MNEMONIC_SLDT:
    case ZYDIS_MNEMONIC_STR:
        return has_descriptors(d) ? sldt_str : NULL;
    case ZYDIS_MNEMONIC_LAR:
    case ZYDIS_MNEMONIC_LSL:
        return has_descriptors(d) ? lar_lsl : NULL;
    case ZYDIS_MNEMONIC_VERR:
    case ZYDIS_MNEMONIC_VERW:
        op->src = op->dst;
        return has_descriptors(d) ? verr_verw : NULL;
    case ZYDIS_MNEMONIC_ARPL:
        return has_descriptors(d) ? arpl : NULL;
    default:
        op->aux = d->zi.mnemonic == ZYDIS_MNEMONIC_LDS   ? SEG_DS
                  : d->zi.mnemonic == ZYDIS_MNEMONIC_LES ? SEG_ES
                  : d->zi.mnemonic == ZYDIS_MNEMONIC_LFS ? SEG_FS
                  : d->zi.mnemonic == ZYDIS_MNEMONIC_LGS ? SEG_GS
                                                         : SEG_SS;
        d->ends = true;
        return load_far_pointer;
    }
}

/* Device registers may raise interrupts or change the memory map: the block ends. */
static uint16_t io_port(const Cpu *cpu, const Op *op)
{
    return op->src == OP_REG_ZERO ? (uint16_t)op->imm : (uint16_t)cpu->gpr[R_RDX];
}

static OpNext in(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint32_t v = sys_in(cpu, io_port(cpu, op), op->osize);
    reg_set(cpu, R_RAX * 8, op->osize * 8, v);
    return op_finish(cpu, op);
}

static OpNext out(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    sys_out(cpu, io_port(cpu, op), (uint32_t)reg_get(cpu, R_RAX * 8, op->osize * 8), op->osize);
    return op_finish(cpu, op);
}

OpFn op_select_io(Decode *d, Op *op)
{
    bool is_in = d->zi.mnemonic == ZYDIS_MNEMONIC_IN;
    const ZydisDecodedOperand *port = &d->ops[is_in ? 1 : 0], *value = &d->ops[is_in ? 0 : 1];
    if (decode_is_imm(port)) {
        op->imm = (int64_t)(port->imm.value.u & 0xff);
    } else {
        op->src = R_RDX * 8;
    }
    op->osize = (uint8_t)(value->size / 8);
    d->ends = true;
    return is_in ? in : out;
}
