/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating-point vector operations of the shape xmm <- op(xmm, xmm/m) under the guest's MXCSR.
 */
#ifndef TARGET_I386_SSE_FP_H
#define TARGET_I386_SSE_FP_H

#include "target/i386/fpu.h"

/* Where a result can be denormal: an exact denormal result is an underflow when that exception is
 * unmasked, but leaves no flag in the host's MXCSR. Kept in FpuInsn.src2. */
typedef enum {
    FP_NOT_TINY,
    FP_TINY_SS,
    FP_TINY_SD,
    FP_TINY_PS,
    FP_TINY_PD,
    FP_TINY_PS2,
    FP_TINY_DPPS,
    FP_TINY_DPPD
} FpTiny;

/* Whether one of the results is denormal; what is no result is zero. */
bool sse_fp_is_tiny(FpTiny kind, const uint8_t *result, unsigned size);

/* Merges the exceptions of DPPS and DPPD of `size` bytes, 16 or 32, into MXCSR, a multiplication or
 * addition at a time; raises if one is unmasked. */
void sse_dp_raise(Cpu *cpu, FpTiny kind, const void *a, const void *b, unsigned size, uint8_t imm);

/* insn->impl is a function of two vectors. */
void sse_fp_run(Cpu *cpu, const FpuInsn *insn, uint64_t ea);

#endif
