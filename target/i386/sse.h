/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What legacy vector instructions are made of: the host's own instruction as a function of two
 * vectors, and handlers around such functions, for a register and for memory as the last operand.
 */
#ifndef TARGET_I386_SSE_H
#define TARGET_I386_SSE_H

#include "target/i386/fpu_internal.h"

/* Where a result can be denormal: an exact denormal result is an underflow when that exception is
 * unmasked, but leaves no flag in the host's MXCSR. Kept in FpuInsn.src2. */
typedef enum {
    FP_NOT_TINY,
    FP_TINY_SS,
    FP_TINY_SD,
    FP_TINY_PS,
    FP_TINY_PD,
    FP_TINY_DPPS,
    FP_TINY_DPPD
} FpTiny;

/* Whether one of the results is denormal; what is no result is zero. */
bool sse_is_tiny(FpTiny kind, const uint8_t *result, unsigned size);

/* Merges the exceptions of DPPS and DPPD of `size` bytes, 16 or 32, into MXCSR, a multiplication or
 * addition at a time; raises if one is unmasked. */
void sse_dp_raise(Cpu *cpu, FpTiny kind, const void *a, const void *b, unsigned size, uint8_t imm);

/* FpuInsn.impl of most: also an entry point of FPU_IMM_TABLE, by the System V calling convention.
 */
typedef __m128i SseOp(__m128i dst, __m128i src);

typedef struct {
    FpuHandler reg, mem; /* NULL where there is no such instruction */
    const void *impl;
} SseForm;

/* dst <- SseOp(dst, src). */
void sse_run_reg(Cpu *cpu, const FpuInsn *insn, uint64_t ea);
void sse_run_mem16(Cpu *cpu, const FpuInsn *insn, uint64_t ea); /* aligned */
void sse_run_mem(Cpu *cpu, const FpuInsn *insn, uint64_t ea);   /* shorter */
/* The same under the guest's MXCSR. */
void sse_run_fp_reg(Cpu *cpu, const FpuInsn *insn, uint64_t ea);
void sse_run_fp_mem16(Cpu *cpu, const FpuInsn *insn, uint64_t ea);
void sse_run_fp_mem(Cpu *cpu, const FpuInsn *insn, uint64_t ea);
/* DPPS and DPPD, from a register or memory. */
void sse_run_dp(Cpu *cpu, const FpuInsn *insn, uint64_t ea);

#define SSE_OP(name_)                                                                              \
    static __m128i sse_##name_(__m128i dst, __m128i src)                                           \
    {                                                                                              \
        __asm__ volatile(#name_ " %1, %0" : "+x"(dst) : "x"(src));                                 \
        return dst;                                                                                \
    }

#define SSE_MEM_2  sse_run_mem
#define SSE_MEM_4  sse_run_mem
#define SSE_MEM_8  sse_run_mem
#define SSE_MEM_16 sse_run_mem16
/* Forms of `impl_`, whose memory operand has `width_` bytes. */
#define SSE_FORM(impl_, width_)                                                                    \
    {                                                                                              \
        sse_run_reg, SSE_MEM_##width_, impl_                                                       \
    }
#define SSE_FP_MEM_4  sse_run_fp_mem
#define SSE_FP_MEM_8  sse_run_fp_mem
#define SSE_FP_MEM_16 sse_run_fp_mem16
#define SSE_FORM_FP(impl_, width_)                                                                 \
    {                                                                                              \
        sse_run_fp_reg, SSE_FP_MEM_##width_, impl_                                                 \
    }
#define SSE_FORM_OWN(reg_, mem_, impl_)                                                            \
    {                                                                                              \
        reg_, mem_, impl_                                                                          \
    }

#endif
