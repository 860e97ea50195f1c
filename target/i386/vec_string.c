/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SSE4.2 string comparison: PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (Intel SDM vol. 2, 4.1).
 * Their memory operand needs no alignment.
 */
#include "target/i386/vec.h"

FPU_IMM_TABLE(imm_pcmpestri, "pcmpestri $i, %xmm1, %xmm0");
FPU_IMM_TABLE(imm_pcmpestrm, "pcmpestrm $i, %xmm1, %xmm0");
FPU_IMM_TABLE(imm_pcmpistri, "pcmpistri $i, %xmm1, %xmm0");
FPU_IMM_TABLE(imm_pcmpistrm, "pcmpistrm $i, %xmm1, %xmm0");

typedef struct {
    __m128i mask;
    uint32_t index;
    uint32_t flags;
} StringResult;

static StringResult call(const void *entry, __m128i a, __m128i b, int32_t length_a,
                         int32_t length_b)
{
    register __m128i x0 __asm__("xmm0") = a;
    register __m128i x1 __asm__("xmm1") = b;
    uint32_t index;
    bool cf, zf, sf, of;

    /* The call writes below the stack pointer, where a leaf function may keep things. */
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tcall *%[entry]\n\tlea 128(%%rsp), %%rsp"
                     : "=c"(index), "+x"(x0), "=@ccc"(cf), "=@ccz"(zf), "=@ccs"(sf), "=@cco"(of)
                     : [entry] "r"(entry), "x"(x1), "a"(length_a), "d"(length_b)
                     : "memory");
    return (StringResult){
        .mask = x0,
        .index = index,
        .flags = (cf ? FLAG_CF : 0) | (zf ? FLAG_ZF : 0) | (sf ? FLAG_SF : 0) | (of ? FLAG_OF : 0),
    };
}

/* REX.W makes the lengths 64-bit; all that counts is saturated at 16. */
static int32_t length(const Cpu *cpu, const FpuInsn *insn, unsigned reg)
{
    int64_t value = (int64_t)cpu->gpr[reg];

    return insn->opsize == 8 ? (int32_t)CLAMP(value, -16, 16) : (int32_t)value;
}

static StringResult string_compare(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    __m128i b;

    fpu_check_sse(cpu);
    b = insn->src == NO_REG ? fpu_load128u(cpu, ea) : fpu_xmm(cpu, insn->src);
    return call(insn->impl, fpu_xmm(cpu, insn->dst), b, length(cpu, insn, R_RAX),
                length(cpu, insn, R_RDX));
}

static void string_run_index(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    StringResult r = string_compare(cpu, insn, ea);

    cpu->gpr[R_RCX] = r.index;
    flags_set_arith(cpu, r.flags);
}

static void string_run_mask(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    StringResult r = string_compare(cpu, insn, ea);

    fpu_set_xmm(cpu, 0, r.mask);
    if (insn->vex) {
        cpu->fpu.vec[0].hi[0] = cpu->fpu.vec[0].hi[1] = 0;
    }
    flags_set_arith(cpu, r.flags);
}

#define ROW(m_, run_, table_)                                                                      \
    {                                                                                              \
        VEC_NAMES(m_), .flags = VEC_SAME | VEC_IMM | VEC_W, .width = {16, 16},                     \
                       .sse = SSE_FORM_OWN(run_, run_, NULL), .sse_imm = table_                    \
    }
static const VecRow rows[] = {
    ROW(PCMPESTRI, string_run_index, imm_pcmpestri),
    ROW(PCMPESTRM, string_run_mask, imm_pcmpestrm),
    ROW(PCMPISTRI, string_run_index, imm_pcmpistri),
    ROW(PCMPISTRM, string_run_mask, imm_pcmpistrm),
};

VecTable vec_string_table(void)
{
    return (VecTable){rows, G_N_ELEMENTS(rows)};
}
