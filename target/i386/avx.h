/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What VEX-encoded vector instructions are made of (Intel SDM vol. 1, chapter 14; vol. 2,
 * chapter 2.3).
 *
 * A kernel runs the host's own instruction, from assembler text, on the Cpu's registers; its last
 * operand is wherever `b` points: a register, guest memory or a copy of it. The host zeroes the
 * upper half of a register for VEX.128, so that a kernel always stores all of it. Around a kernel
 * there are two handlers, for a register and for memory, which run it in line. So an instruction
 * costs one indirect call, and the rest of the program needs no compiler that emits AVX.
 *
 * That the CPU's state allows AVX is a bit of cpu->mode, and so known when a block is decoded. So
 * is whether every exception is masked: then floating-point kernels run as they are, for the host's
 * MXCSR is the guest's; else judge() in avx.c runs them and looks at the flags.
 */
#ifndef TARGET_I386_AVX_H
#define TARGET_I386_AVX_H

#include "target/i386/decode.h"
#include "target/i386/fpu_internal.h"

typedef void AvxKernel(Cpu *cpu, const Op *op, const void *b);

/* An instruction as decoded: op->imm points to it. op->dst, op->src and op->aux are the numbers of
 * destination, VEX.vvvv and ModRM's register. */
typedef struct {
    FpuInsn described; /* for the translator; first */
    AvxKernel *kernel;
    const uint8_t *entry; /* of the instruction with this immediate */
    uint8_t imm;
    uint8_t reg4; /* the register in the immediate byte */
    uint8_t width;
    uint8_t tiny;
    bool aligned; /* the memory operand must be */
    bool gpr;     /* the register operand is a general one */
} AvxInsn;
G_STATIC_ASSERT(offsetof(AvxInsn, described) == 0);

typedef struct {
    AvxKernel *kernel;
    OpFn reg, mem;
} AvxForm;

static ALWAYS_INLINE const AvxInsn *avx_insn(const Op *op)
{
    return (const AvxInsn *)(uintptr_t)op->imm;
}

/* The host address of a memory operand if the soft TLB hits, else NULL. */
static ALWAYS_INLINE void *avx_hit(Cpu *cpu, const Op *op, unsigned width, bool aligned, bool write)
{
    uint64_t ea = ea_fast(cpu, op);
    if (G_UNLIKELY(op->ea_kind != EA_FAST)) {
        if (op->ea_kind != EA_SEGBASE) {
            return NULL;
        }
        ea += cpu->seg[op->seg].base;
    }
    const TlbEntry *e = mmu_tlb_entry(cpu, ea, cpu->mmu_mode);
    uint64_t tag = write ? e->tag_write : e->tag_read;
    if (G_UNLIKELY((ea & ~(PAGE_SIZE - 1)) != tag || ((ea + width - 1) & ~(PAGE_SIZE - 1)) != tag ||
                   (aligned && (ea & (width - 1))))) {
        return NULL;
    }
    return (void *)(uintptr_t)(ea + e->addend);
}

/* The whole of a handler where the TLB missed. */
OpNext avx_miss(Cpu *cpu, const Op *op);
OpNext avx_store_miss(Cpu *cpu, const Op *op);
/* The linear address, checked for alignment. */
uint64_t avx_address(Cpu *cpu, const Op *op, bool write);

/* The two handlers of kernel `k_`, whose memory operand has `width_` bytes. */
#define AVX_REG_HANDLER(k_, operand_)                                                              \
    static OpNext k_##_r(Cpu *cpu, const Op *op)                                                   \
    {                                                                                              \
        k_(cpu, op, operand_);                                                                     \
        NEXT();                                                                                    \
    }
#define AVX_MEM_HANDLER(k_, width_, aligned_)                                                      \
    static OpNext k_##_m(Cpu *cpu, const Op *op)                                                   \
    {                                                                                              \
        const void *b = avx_hit(cpu, op, width_, aligned_, false);                                 \
        if (G_UNLIKELY(!b)) {                                                                      \
            return avx_miss(cpu, op);                                                              \
        }                                                                                          \
        k_(cpu, op, b);                                                                            \
        NEXT();                                                                                    \
    }
#define AVX_HANDLERS_AS(k_, width_, aligned_, operand_)                                            \
    AVX_REG_HANDLER(k_, operand_)                                                                  \
    AVX_MEM_HANDLER(k_, width_, aligned_)
/* A general register as the operand. */
#define AVX_GPR_OPERAND          &cpu->gpr[op->aux]
#define AVX_HANDLERS(k_, width_) AVX_HANDLERS_AS(k_, width_, false, &cpu->fpu.vec[op->aux])
#define AVX_FORM(k_)                                                                               \
    {                                                                                              \
        k_, k_##_r, k_##_m                                                                         \
    }
/* With one handler, and no kernel. */
#define AVX_REG_FORM(k_)                                                                           \
    {                                                                                              \
        NULL, k_##_r, NULL                                                                         \
    }
#define AVX_MEM_FORM(k_)                                                                           \
    {                                                                                              \
        NULL, NULL, k_##_m                                                                         \
    }
#define AVX_NO_FORM                                                                                \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

/* The operand that may be memory, for assembler text: somewhere in these bytes, aligned or not. */
typedef struct {
    uint8_t bytes[32];
} __attribute__((packed, may_alias)) AvxBytes;
#define AVX_B(b_) "m"(*(const AvxBytes *)(b_))
/* After 256-bit instructions: SSE code that follows must not pay for a used upper half. */
#define AVX_END_x ""
#define AVX_END_y "\n\tvzeroupper"

/* ymm0 <- op(ymm1 from VEX.vvvv, b). `r_` is x or y. */
#define AVX_KERNEL3(k_, text_, r_)                                                                 \
    static ALWAYS_INLINE void k_(Cpu *cpu, const Op *op, const void *b)                            \
    {                                                                                              \
        VecReg *v = cpu->fpu.vec;                                                                  \
        __asm__ volatile("vmovdqa %1, %%" #r_ "mm1\n\t" text_ " %2, %%" #r_ "mm1, %%" #r_          \
                         "mm0\n\tvmovdqa %%ymm0, %0" AVX_END_##r_                                  \
                         : "=m"(v[op->dst])                                                        \
                         : "m"(v[op->src]), AVX_B(b)                                               \
                         : "xmm0", "xmm1");                                                        \
    }
/* ymm0 <- op(b). `d_` is the destination's kind, `end_` tells whether a ymm register is used. */
#define AVX_KERNEL2_AS(k_, text_, d_, end_)                                                        \
    static ALWAYS_INLINE void k_(Cpu *cpu, const Op *op, const void *b)                            \
    {                                                                                              \
        __asm__ volatile(text_ " %1, %%" #d_ "mm0\n\tvmovdqa %%ymm0, %0" AVX_END_##end_            \
                         : "=m"(cpu->fpu.vec[op->dst])                                             \
                         : AVX_B(b)                                                                \
                         : "xmm0");                                                                \
    }
#define AVX_KERNEL2(k_, text_, r_) AVX_KERNEL2_AS(k_, text_, r_, r_)
/* ymm0 <- op(ymm0 from the destination, ymm1 from VEX.vvvv, b). */
#define AVX_KERNEL_FMA(k_, text_, r_)                                                              \
    static ALWAYS_INLINE void k_(Cpu *cpu, const Op *op, const void *b)                            \
    {                                                                                              \
        VecReg *v = cpu->fpu.vec;                                                                  \
        __asm__ volatile("vmovdqa %0, %%" #r_ "mm0\n\tvmovdqa %1, %%" #r_ "mm1\n\t" text_          \
                         " %2, %%" #r_ "mm1, %%" #r_ "mm0\n\tvmovdqa %%ymm0, %0" AVX_END_##r_      \
                         : "+m"(v[op->dst])                                                        \
                         : "m"(v[op->src]), AVX_B(b)                                               \
                         : "xmm0", "xmm1");                                                        \
    }

#endif
