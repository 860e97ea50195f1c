/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running legacy vector instructions: the host's instruction, under the guest's rounding, DAZ and
 * FZ, with precise #XM, where it computes in floating point (Intel SDM vol. 1, chapter 11).
 */
#include "target/i386/sse.h"

#include "target/i386/op.h"

static bool tiny32(uint32_t bits)
{
    return !(bits & 0x7f800000) && (bits & 0x007fffff);
}

static bool tiny64(uint64_t bits)
{
    return !(bits & 0x7ff0000000000000) && (bits & 0x000fffffffffffff);
}

bool sse_is_tiny(FpTiny kind, const uint8_t *result, unsigned size)
{
    bool wide = kind == FP_TINY_SD || kind == FP_TINY_PD, found = false;
    unsigned width = wide ? 8 : 4, end = kind == FP_TINY_SS || kind == FP_TINY_SD ? width : size;

    end = kind == FP_NOT_TINY ? 0 : end;
    for (unsigned i = 0; i < end; i += width) {
        uint64_t bits = 0;
        memcpy(&bits, result + i, width);
        found |= wide ? tiny64(bits) : tiny32((uint32_t)bits);
    }
    return found;
}

void sse_run_reg(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    SseOp *op = insn->impl;

    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, op(fpu_xmm(cpu, insn->dst), fpu_xmm(cpu, insn->src)));
}

void sse_run_mem16(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    SseOp *op = insn->impl;

    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, op(fpu_xmm(cpu, insn->dst), fpu_load128(cpu, ea)));
}

void sse_run_mem(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    SseOp *op = insn->impl;

    fpu_check_sse(cpu);
    fpu_set_xmm(cpu, insn->dst, op(fpu_xmm(cpu, insn->dst), fpu_load_src(cpu, insn, ea)));
}

/* The same under the guest's MXCSR, once SSE is checked and the source is there. */
static ALWAYS_INLINE void run_fp(Cpu *cpu, const FpuInsn *insn, __m128i src)
{
    SseOp *op = insn->impl;
    __m128i result;
    uint32_t flags;

    fpu_mxcsr_begin(cpu);
    result = op(fpu_xmm(cpu, insn->dst), src);
    flags = fpu_mxcsr_end(cpu);
    if (G_LIKELY(fpu_mxcsr_all_masked(cpu))) {
        cpu->fpu.mxcsr |= flags;
    } else {
        fpu_mxcsr_raise(cpu, flags,
                        sse_is_tiny(insn->src2, (const uint8_t *)&result, sizeof(result)));
    }
    fpu_set_xmm(cpu, insn->dst, result);
}

void sse_run_fp_reg(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    run_fp(cpu, insn, fpu_xmm(cpu, insn->src));
}

void sse_run_fp_mem16(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    run_fp(cpu, insn, fpu_load128(cpu, ea));
}

void sse_run_fp_mem(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    fpu_check_sse(cpu);
    run_fp(cpu, insn, fpu_load_src(cpu, insn, ea));
}

void sse_run_dp(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    SseOp *op = insn->impl;
    __m128i dst = fpu_xmm(cpu, insn->dst), src, result;
    uint32_t flags;

    fpu_check_sse(cpu);
    src = fpu_src(cpu, insn, ea);
    fpu_mxcsr_begin(cpu);
    result = op(dst, src);
    flags = fpu_mxcsr_end(cpu);
    if (fpu_mxcsr_all_masked(cpu)) {
        fpu_mxcsr_merge(cpu, flags);
    } else {
        sse_dp_raise(cpu, insn->src2, &dst, &src, sizeof(dst), insn->imm);
    }
    fpu_set_xmm(cpu, insn->dst, result);
}
