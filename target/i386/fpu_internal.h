/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the x87, MMX and SSE files share: access to registers, memory and MXCSR, and the look-ups
 * that fpu.c asks in turn. Private to target/i386/{fpu,x87,mmx,sse,avx,vec,xsave}*.c.
 */
#ifndef TARGET_I386_FPU_INTERNAL_H
#define TARGET_I386_FPU_INTERNAL_H

#include <emmintrin.h>

#include "target/i386/excp.h"
#include "target/i386/flags.h"
#include "target/i386/fpu.h"
#include "target/i386/mmu.h"
#include "target/i386/mxcsr.h"
#include "target/i386/system_ops.h"

#define NO_REG 0xff

/* x87 status word (SDM vol. 1, 8.1.3). */
#define FSW_EXCEPTIONS 0x003fu
#define FSW_SF         0x0040u
#define FSW_ES         0x0080u
#define FSW_C1         0x0200u
#define FSW_TOP_SHIFT  11
#define FSW_TOP        0x3800u
#define FSW_B          0x8000u
#define FCW_DEFAULT    0x037fu
/* Control word: bit 6 reads as one, bits 7 and 13 to 15 as zero. */
#define FCW_WRITABLE   0x1f3fu
#define FCW_ALWAYS_SET 0x0040u

typedef bool FpuLookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops,
                       FpuInsn *out);
FpuLookup sse_sha_lookup, mmx_lookup, x87_lookup, xsave_lookup;

/* Whether the CPU model has what the instruction's set needs. */
bool fpu_has_features(const CpuModel *model, const ZydisDecodedInstruction *zi);
/* What FpuInsn says of the operands. */
void fpu_fill_operands(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops,
                       FpuInsn *out);

static inline bool fpu_is_mem(const ZydisDecodedOperand *op)
{
    return op->type == ZYDIS_OPERAND_TYPE_MEMORY;
}
static inline bool fpu_is_class(const ZydisDecodedOperand *op, ZydisRegisterClass class_)
{
    return op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(op->reg.value) == class_;
}
static inline bool fpu_is_gpr(const ZydisDecodedOperand *op)
{
    return fpu_is_class(op, ZYDIS_REGCLASS_GPR32) || fpu_is_class(op, ZYDIS_REGCLASS_GPR64);
}

static inline void fpu_check_sse(Cpu *cpu)
{
    if (G_UNLIKELY((cpu->cr0 & (CR0_EM | CR0_TS)) || !(cpu->cr4 & CR4_OSFXSR))) {
        sys_check_sse(cpu);
    }
}

/* MMX instructions: #UD for EM (not #NM as x87's), and pending x87 exceptions first. */
void fpu_check_mmx(Cpu *cpu);
/* What MMX instructions do to the x87 state: TOP 0, all registers in use. */
static inline void fpu_enter_mmx(Cpu *cpu)
{
    cpu->fpu.fsw &= ~FSW_TOP;
    cpu->fpu.ftw = 0xff;
}
static inline void fpu_set_mm(Cpu *cpu, unsigned n, uint64_t value)
{
    cpu->fpu.st[n].mantissa = value;
    cpu->fpu.st[n].exponent = 0xffff;
}
/* Recomputes FSW.ES and B from the exception flags and masks. */
void fpu_update_summary(FpuState *fpu);
/* Raises #MF if an unmasked x87 exception is pending and CR0.NE is set. */
void fpu_check_pending(Cpu *cpu);

static inline __m128i fpu_xmm(const Cpu *cpu, unsigned n)
{
    return _mm_load_si128((const __m128i *)cpu->fpu.vec[n].lo);
}
static inline void fpu_set_xmm(Cpu *cpu, unsigned n, __m128i value)
{
    _mm_store_si128((__m128i *)cpu->fpu.vec[n].lo, value);
}

static inline __m128i fpu_load128u(Cpu *cpu, uint64_t addr)
{
    TlbEntry *e = mmu_tlb_entry(cpu, addr, cpu->mmu_mode);
    __m128i v;

    if (G_LIKELY((addr & ~(PAGE_SIZE - 1)) == e->tag_read &&
                 ((addr + 15) & ~(PAGE_SIZE - 1)) == e->tag_read)) {
        return _mm_loadu_si128((const __m128i *)(uintptr_t)(addr + e->addend));
    }
    mmu_load_bytes(cpu, addr, &v, sizeof(v));
    return v;
}
static inline void fpu_store128u(Cpu *cpu, uint64_t addr, __m128i v)
{
    TlbEntry *e = mmu_tlb_entry(cpu, addr, cpu->mmu_mode);

    if (G_LIKELY((addr & ~(PAGE_SIZE - 1)) == e->tag_write &&
                 ((addr + 15) & ~(PAGE_SIZE - 1)) == e->tag_write)) {
        _mm_storeu_si128((__m128i *)(uintptr_t)(addr + e->addend), v);
        return;
    }
    mmu_store_bytes(cpu, addr, &v, sizeof(v));
}
static inline void fpu_check_aligned(Cpu *cpu, uint64_t addr)
{
    if (G_UNLIKELY(addr & 15)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
}
static inline __m128i fpu_load128(Cpu *cpu, uint64_t addr)
{
    fpu_check_aligned(cpu, addr);
    return fpu_load128u(cpu, addr);
}
static inline void fpu_store128(Cpu *cpu, uint64_t addr, __m128i v)
{
    fpu_check_aligned(cpu, addr);
    fpu_store128u(cpu, addr, v);
}
/* A memory source of insn->width bytes, zero-extended; 16 bytes must be aligned. */
static inline __m128i fpu_load_src(Cpu *cpu, const FpuInsn *insn, uint64_t addr)
{
    switch (insn->width) {
    case 16:
        return fpu_load128(cpu, addr);
    case 8:
        return _mm_cvtsi64_si128((int64_t)mmu_load64(cpu, addr));
    case 4:
        return _mm_cvtsi32_si128((int32_t)mmu_load32(cpu, addr));
    case 2:
        return _mm_cvtsi32_si128(mmu_load16(cpu, addr));
    default:
        return _mm_cvtsi32_si128(mmu_load8(cpu, addr));
    }
}
/* The source operand, register or memory. */
static inline __m128i fpu_src(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    return insn->src == NO_REG ? fpu_load_src(cpu, insn, ea) : fpu_xmm(cpu, insn->src);
}

/* A general register's new value: 32-bit results are zero-extended. */
static inline void fpu_set_gpr(Cpu *cpu, const FpuInsn *insn, uint64_t value)
{
    cpu->gpr[insn->dst] = insn->opsize == 8 ? value : (uint32_t)value;
}

/*
 * Instructions with an immediate byte: 256 entry points of 8 bytes each, made by the assembler, so
 * that every immediate runs as the host's own instruction. `text` is an instruction on vector
 * registers whose immediate is `$i`.
 */
#define FPU_IMM_TABLE(name, text)                                                                  \
    __asm__(".pushsection .text\n.p2align 4\n" #name ":\n.set i, 0\n.rept 256\n.p2align 3\n" text  \
            "\nret\n.set i, i + 1\n.endr\n.popsection\n");                                         \
    extern const uint8_t name[] __attribute__((visibility("hidden")))
#define FPU_IMM_ENTRY 8

#endif
