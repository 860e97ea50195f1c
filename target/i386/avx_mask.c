/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMASKMOVPx, VPMASKMOVx, gathers, VZEROUPPER and VZEROALL, and VCVTPS2PH (Intel SDM vol. 2).
 *
 * Elements that the mask leaves out are not accessed. A gather that faults keeps the elements it
 * has, with their mask bits clear, and goes on where it was when it is restarted. What is left of
 * the mask is all ones or zeros by then at Intel's (SDM: "extend from most significant bit"), and
 * as it was at AMD's.
 */
#include "target/i386/system_ops.h"
#include "target/i386/vec.h"

/* Bytes of an instruction's vectors: VEX.L is kept in op->osize. */
static unsigned vector_bytes(const Op *op)
{
    return op->osize;
}

/* Elements as bytes. */
static uint8_t *bytes_of(VecReg *v)
{
    return (uint8_t *)v->lo;
}

static uint64_t element(const VecReg *v, unsigned n, unsigned size)
{
    return bytes_load((const uint8_t *)v->lo + n * size, size);
}

static bool mask_selected(const VecReg *mask, unsigned n, unsigned size)
{
    return element(mask, n, size) >> (8 * size - 1) & 1;
}

static uint64_t load_element(Cpu *cpu, uint64_t ea, unsigned size)
{
    return size == 8 ? mmu_load64(cpu, ea) : mmu_load32(cpu, ea);
}

/* Where an element that is accessed is. Its segment is asked for it alone: what the mask leaves out
 * may be beyond the limit. */
static uint64_t element_address(Cpu *cpu, const Op *op, unsigned offset, unsigned size, bool write)
{
    Op at = *op;
    at.disp += offset;
    return op_ea(cpu, &at, size, write);
}

static void masked_load(Cpu *cpu, const Op *op, unsigned size)
{
    const VecReg *mask = &cpu->fpu.vec[op->src];
    VecReg r = {0};
    for (unsigned i = 0; i < vector_bytes(op) / size; i++) {
        if (mask_selected(mask, i, size)) {
            uint64_t ea = element_address(cpu, op, i * size, size, false);
            uint64_t value = load_element(cpu, ea, size);
            bytes_store(bytes_of(&r) + i * size, value, size);
        }
    }
    cpu->fpu.vec[op->dst] = r;
}

/* Nothing is stored if a part cannot be. */
static void masked_store(Cpu *cpu, const Op *op, unsigned size)
{
    const VecReg *mask = &cpu->fpu.vec[op->src], *from = &cpu->fpu.vec[op->aux];
    for (unsigned i = 0; i < vector_bytes(op) / size; i++) {
        if (mask_selected(mask, i, size)) {
            mmu_probe_write(cpu, element_address(cpu, op, i * size, size, true), size);
        }
    }
    for (unsigned i = 0; i < vector_bytes(op) / size; i++) {
        if (mask_selected(mask, i, size)) {
            uint64_t ea = element_address(cpu, op, i * size, size, true);
            mmu_store_bytes(cpu, ea, (const uint8_t *)from->lo + i * size, size);
        }
    }
}

/* What the SDM's operation does before the first element. */
static void spread_mask(VecReg *mask, unsigned count, unsigned size)
{
    for (unsigned i = 0; i < count; i++) {
        memset(bytes_of(mask) + i * size, mask_selected(mask, i, size) ? 0xff : 0, size);
    }
    memset(bytes_of(mask) + count * size, 0, sizeof(*mask) - count * size);
}

/* The mask is cleared as elements are done, and is all zeros at the end. */
static void gather(Cpu *cpu, const Op *op, unsigned size, unsigned index_size)
{
    const VecReg index = cpu->fpu.vec[avx_insn(op)->reg4];
    VecReg *mask = &cpu->fpu.vec[op->src], *dst = &cpu->fpu.vec[op->dst];
    unsigned count = vector_bytes(op) / MAX(size, index_size);
    if (!cpu_is_amd(cpu)) {
        spread_mask(mask, count, size);
    }
    for (unsigned i = 0; i < count; i++) {
        if (mask_selected(mask, i, size)) {
            Op at = *op;
            uint64_t offset = flags_sext(element(&index, i, index_size), CC_SIZE(8 * index_size));
            at.disp = (int64_t)((uint64_t)at.disp + (offset << op->scale));
            uint64_t value = load_element(cpu, op_ea(cpu, &at, size, false), size);
            bytes_store(bytes_of(dst) + i * size, value, size);
        }
        memset(bytes_of(mask) + i * size, 0, size);
    }
    memset(bytes_of(mask) + count * size, 0, sizeof(*mask) - count * size);
    memset(bytes_of(dst) + count * size, 0, sizeof(*dst) - count * size);
}

#define DEFINE(k_, call_)                                                                          \
    static OpNext k_##_m(Cpu *cpu, const Op *op)                                                   \
    {                                                                                              \
        MAY_RAISE();                                                                               \
        call_;                                                                                     \
        NEXT();                                                                                    \
    }
DEFINE(mask_load_4, masked_load(cpu, op, 4))
DEFINE(mask_load_8, masked_load(cpu, op, 8))
DEFINE(mask_store_4, masked_store(cpu, op, 4))
DEFINE(mask_store_8, masked_store(cpu, op, 8))
DEFINE(gather_dd, gather(cpu, op, 4, 4))
DEFINE(gather_dq, gather(cpu, op, 8, 4))
DEFINE(gather_qd, gather(cpu, op, 4, 8))
DEFINE(gather_qq, gather(cpu, op, 8, 8))

static unsigned vector_count(const Cpu *cpu)
{
    return cpu->mode & CPU_MODE_CS64 ? 16 : 8;
}

static OpNext zero_upper_r(Cpu *cpu, const Op *op)
{
    for (unsigned i = 0; i < vector_count(cpu); i++) {
        cpu->fpu.vec[i].hi[0] = cpu->fpu.vec[i].hi[1] = 0;
    }
    NEXT();
}

static OpNext zero_all_r(Cpu *cpu, const Op *op)
{
    memset(cpu->fpu.vec, 0, vector_count(cpu) * sizeof(cpu->fpu.vec[0]));
    NEXT();
}

FPU_IMM_TABLE(avx_imm_ps2ph_x, "vcvtps2ph $i, %xmm2, %xmm0");
FPU_IMM_TABLE(avx_imm_ps2ph_y, "vcvtps2ph $i, %ymm2, %xmm0");

/* A denormal half; unused ones are zero. */
static bool half_is_tiny(const VecReg *r)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t h = element(r, i, 2);
        if (!(h & 0x7c00) && (h & 0x3ff)) {
            return true;
        }
    }
    return false;
}

/* The result, with MXCSR's exceptions judged. */
static VecReg to_half(Cpu *cpu, const Op *op)
{
    VecReg r;
    fpu_mxcsr_begin(cpu);
    __asm__ volatile("vmovdqa %1, %%ymm2\n\tlea -128(%%rsp), %%rsp\n\tcall *%2\n\t"
                     "lea 128(%%rsp), %%rsp\n\tvmovdqu %%ymm0, %0\n\tvzeroupper"
                     : "=m"(r)
                     : "m"(cpu->fpu.vec[op->aux]), "r"(avx_insn(op)->entry)
                     : "memory", "xmm0", "xmm2");
    uint32_t flags = fpu_mxcsr_end(cpu);
    if (!fpu_mxcsr_all_masked(cpu)) {
        fpu_mxcsr_raise(cpu, flags, half_is_tiny(&r));
    } else {
        cpu->fpu.mxcsr |= flags;
    }
    return r;
}

static void half_to_register(Cpu *cpu, const Op *op)
{
    cpu->fpu.vec[op->dst] = to_half(cpu, op);
}

static void half_to_memory(Cpu *cpu, const Op *op)
{
    unsigned bytes = vector_bytes(op) / 2;
    uint64_t ea = avx_address(cpu, op, true);
    mmu_probe_write(cpu, ea, bytes);
    VecReg r = to_half(cpu, op);
    mmu_store_bytes(cpu, ea, &r, bytes);
}

static OpNext ps2ph_r(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    half_to_register(cpu, op);
    NEXT();
}
DEFINE(ps2ph, half_to_memory(cpu, op))

#define ROW(m_, flags_, size_, ...)                                                                \
    {                                                                                              \
        .vex = ZYDIS_MNEMONIC_##m_, .width = {size_, size_}, .flags = VEC_RAISES | (flags_),       \
        .avx = {                                                                                   \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define BOTH(m_, flags_, size_, form_) ROW(m_, flags_, size_, form_, form_)
#define MASKED(m_, size_)                                                                          \
    BOTH(m_, 0, size_, AVX_MEM_FORM(mask_load_##size_)),                                           \
        BOTH(m_, VEC_STORE, size_, AVX_MEM_FORM(mask_store_##size_))
#define GATHER(m_, k_, size_) BOTH(m_, VEC_GATHER, size_, AVX_MEM_FORM(gather_##k_))
static const VecRow rows[] = {
    MASKED(VMASKMOVPS, 4),
    MASKED(VMASKMOVPD, 8),
    MASKED(VPMASKMOVD, 4),
    MASKED(VPMASKMOVQ, 8),
    GATHER(VPGATHERDD, dd, 4),
    GATHER(VPGATHERDQ, dq, 8),
    GATHER(VPGATHERQD, qd, 4),
    GATHER(VPGATHERQQ, qq, 8),
    GATHER(VGATHERDPS, dd, 4),
    GATHER(VGATHERDPD, dq, 8),
    GATHER(VGATHERQPS, qd, 4),
    GATHER(VGATHERQPD, qq, 8),
    {.vex = ZYDIS_MNEMONIC_VZEROUPPER, .avx = {AVX_REG_FORM(zero_upper)}},
    {.vex = ZYDIS_MNEMONIC_VZEROALL, .avx = {AVX_NO_FORM, AVX_REG_FORM(zero_all)}},
    {.vex = ZYDIS_MNEMONIC_VCVTPS2PH,
     .flags = VEC_RAISES | VEC_IMM,
     .avx = {AVX_REG_FORM(ps2ph), AVX_REG_FORM(ps2ph)},
     .avx_imm = {avx_imm_ps2ph_x, avx_imm_ps2ph_y}},
    {.vex = ZYDIS_MNEMONIC_VCVTPS2PH,
     .flags = VEC_RAISES | VEC_STORE | VEC_IMM,
     .width = {8, 16},
     .avx = {AVX_MEM_FORM(ps2ph), AVX_MEM_FORM(ps2ph)},
     .avx_imm = {avx_imm_ps2ph_x, avx_imm_ps2ph_y}},
};

VecTable avx_mask_table(void)
{
    return (VecTable){rows, G_N_ELEMENTS(rows)};
}
