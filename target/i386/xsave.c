/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FXSAVE, FXRSTOR, XSAVE, XSAVEOPT and XRSTOR (Intel SDM vol. 1, chapters 10.5 and 13), with the
 * state components x87 and SSE. XSAVEC and XSAVES, and with them the compacted format, are left
 * out.
 */
#include "target/i386/fpu_internal.h"

#define LEGACY_SIZE    512
#define HEADER_SIZE    64
#define X87_BYTES_END  24 /* FCW to FDP */
#define MXCSR_OFFSET   24
#define ST_OFFSET      32
#define XMM_OFFSET     160
#define XMM_END        416 /* what follows belongs to software */
#define XMM_END_32     288 /* outside 64-bit code: eight registers */
#define XSTATE_X87     1u
#define XSTATE_SSE     2u
#define XSTATE_KNOWN   (XSTATE_X87 | XSTATE_SSE)
#define FXSAVE_PIECE   16
#define FXSAVE_ALIGN   15
#define XSAVE_ALIGN    63
#define XSTATE_BV      0
#define XCOMP_BV       8
#define HEADER_MBZ_END 24

static void copy_in(Cpu *cpu, uint64_t addr, uint8_t *image, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i += FXSAVE_PIECE) {
        mmu_load_bytes(cpu, addr + i, image + i, MIN(FXSAVE_PIECE, to - i));
    }
}

static void copy_out(Cpu *cpu, uint64_t addr, const uint8_t *image, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i += FXSAVE_PIECE) {
        mmu_store_bytes(cpu, addr + i, image + i, MIN(FXSAVE_PIECE, to - i));
    }
}

static unsigned xmm_count(const Cpu *cpu)
{
    return cpu->mode & CPU_MODE_CS64 ? 16 : 8;
}

static unsigned xmm_end(const Cpu *cpu)
{
    return cpu->mode & CPU_MODE_CS64 ? XMM_END : XMM_END_32;
}

static void check_fxsave(Cpu *cpu, uint64_t ea)
{
    if (cpu->cr0 & (CR0_EM | CR0_TS)) {
        cpu_raise(cpu, EXCP_NM);
    }
    if (ea & FXSAVE_ALIGN) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
}

static uint32_t image_mxcsr(Cpu *cpu, const uint8_t *image)
{
    uint32_t mxcsr;

    memcpy(&mxcsr, image + MXCSR_OFFSET, sizeof(mxcsr));
    if (mxcsr & ~MXCSR_VALID) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    return mxcsr;
}

static void run_fxsave(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint8_t image[LEGACY_SIZE];

    check_fxsave(cpu, ea);
    fpu_get_fxsave(&cpu->fpu, image, insn->opsize == 8);
    mmu_probe_write(cpu, ea, LEGACY_SIZE);
    copy_out(cpu, ea, image, 0, xmm_end(cpu));
}

/* Takes the components of `mask` from the image. */
static void take_image(Cpu *cpu, const uint8_t *image, uint32_t mask, bool rexw)
{
    FpuState new = cpu->fpu;

    fpu_set_fxsave(&new, image, rexw);
    if (mask & XSTATE_X87) {
        uint32_t mxcsr = cpu->fpu.mxcsr;
        VecReg vec[16];

        memcpy(vec, cpu->fpu.vec, sizeof(vec));
        cpu->fpu = new;
        cpu->fpu.mxcsr = mxcsr;
        memcpy(cpu->fpu.vec, vec, sizeof(vec));
    }
    if (mask & XSTATE_SSE) {
        memcpy(cpu->fpu.vec, new.vec, xmm_count(cpu) * sizeof(new.vec[0]));
    }
}

static void run_fxrstor(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint8_t image[LEGACY_SIZE] = {0};
    uint32_t mxcsr;

    check_fxsave(cpu, ea);
    copy_in(cpu, ea, image, 0, xmm_end(cpu));
    mxcsr = image_mxcsr(cpu, image);
    take_image(cpu, image, XSTATE_KNOWN, insn->opsize == 8);
    fpu_set_mxcsr(cpu, mxcsr);
}

static uint32_t requested(Cpu *cpu, uint64_t ea)
{
    if (!(cpu->cr4 & CR4_OSXSAVE)) {
        cpu_raise(cpu, EXCP_UD);
    }
    if (cpu->cr0 & CR0_TS) {
        cpu_raise(cpu, EXCP_NM);
    }
    if (ea & XSAVE_ALIGN) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    return (uint32_t)(cpu->gpr[R_RAX] & cpu->xcr0 & XSTATE_KNOWN);
}

/* The components that are not in their initial configuration (SDM vol. 1, 13.6). */
static uint32_t in_use(const Cpu *cpu)
{
    const FpuState *fpu = &cpu->fpu;
    uint64_t sse = 0, x87 = fpu->fsw | fpu->ftw | fpu->fop | fpu->fip | fpu->fdp;

    x87 |= (uint64_t)(fpu->fcs | fpu->fds) | (fpu->fcw ^ FCW_DEFAULT);
    for (unsigned i = 0; i < 8; i++) {
        x87 |= fpu->st[i].mantissa | fpu->st[i].exponent;
    }
    for (unsigned i = 0; i < xmm_count(cpu); i++) {
        sse |= fpu->vec[i].lo[0] | fpu->vec[i].lo[1];
    }
    return (x87 ? XSTATE_X87 : 0) | (sse ? XSTATE_SSE : 0);
}

/* insn->imm: components in their initial configuration are not written. */
static void run_xsave(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint32_t rfbm = requested(cpu, ea), used = in_use(cpu);
    uint32_t written = insn->imm ? rfbm & used : rfbm;
    uint8_t image[LEGACY_SIZE];
    uint64_t bv;

    mmu_probe_write(cpu, ea, LEGACY_SIZE + HEADER_SIZE);
    bv = mmu_load64(cpu, ea + LEGACY_SIZE + XSTATE_BV);
    fpu_get_fxsave(&cpu->fpu, image, insn->opsize == 8);
    if (written & XSTATE_X87) {
        copy_out(cpu, ea, image, 0, X87_BYTES_END);
        copy_out(cpu, ea, image, ST_OFFSET, XMM_OFFSET);
    }
    if (rfbm & XSTATE_SSE) {
        copy_out(cpu, ea, image, MXCSR_OFFSET, ST_OFFSET);
    }
    if (written & XSTATE_SSE) {
        copy_out(cpu, ea, image, XMM_OFFSET, xmm_end(cpu));
    }
    mmu_store64(cpu, ea + LEGACY_SIZE + XSTATE_BV, (bv & ~(uint64_t)rfbm) | (rfbm & used));
}

static void check_header(Cpu *cpu, const uint8_t *header)
{
    uint64_t bv;

    memcpy(&bv, header + XSTATE_BV, sizeof(bv));
    for (unsigned i = XCOMP_BV; i < HEADER_MBZ_END; i++) {
        if (header[i]) {
            cpu_raise_error(cpu, EXCP_GP, 0);
        }
    }
    if (bv & ~cpu->xcr0) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
}

static void initialize(Cpu *cpu, uint32_t components)
{
    if (components & XSTATE_X87) {
        fpu_init_x87(&cpu->fpu);
        memset(cpu->fpu.st, 0, sizeof(cpu->fpu.st));
    }
    if (components & XSTATE_SSE) {
        memset(cpu->fpu.vec, 0, xmm_count(cpu) * sizeof(cpu->fpu.vec[0]));
    }
}

static void run_xrstor(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint32_t rfbm = requested(cpu, ea), present, mxcsr = fpu_mxcsr(&cpu->fpu);
    uint8_t image[LEGACY_SIZE + HEADER_SIZE] = {0};
    uint64_t bv;

    copy_in(cpu, ea, image, 0, LEGACY_SIZE + HEADER_SIZE);
    check_header(cpu, image + LEGACY_SIZE);
    if (rfbm & XSTATE_SSE) {
        mxcsr = image_mxcsr(cpu, image);
    }
    memcpy(&bv, image + LEGACY_SIZE + XSTATE_BV, sizeof(bv));
    present = rfbm & (uint32_t)bv;
    take_image(cpu, image, present, insn->opsize == 8);
    initialize(cpu, rfbm & ~present);
    fpu_set_mxcsr(cpu, mxcsr);
}

typedef struct {
    uint16_t mnemonic;
    uint8_t optimized;
    FpuHandler run;
} SaveRow;

static const SaveRow rows[] = {
    {ZYDIS_MNEMONIC_FXSAVE, 0, run_fxsave},   {ZYDIS_MNEMONIC_FXSAVE64, 0, run_fxsave},
    {ZYDIS_MNEMONIC_FXRSTOR, 0, run_fxrstor}, {ZYDIS_MNEMONIC_FXRSTOR64, 0, run_fxrstor},
    {ZYDIS_MNEMONIC_XSAVE, 0, run_xsave},     {ZYDIS_MNEMONIC_XSAVE64, 0, run_xsave},
    {ZYDIS_MNEMONIC_XSAVEOPT, 1, run_xsave},  {ZYDIS_MNEMONIC_XSAVEOPT64, 1, run_xsave},
    {ZYDIS_MNEMONIC_XRSTOR, 0, run_xrstor},   {ZYDIS_MNEMONIC_XRSTOR64, 0, run_xrstor},
};

bool xsave_lookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, FpuInsn *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].mnemonic == zi->mnemonic) {
            out->run = rows[i].run;
            out->imm = rows[i].optimized;
            out->opsize = zi->operand_width == 64 ? 8 : 4;
            return true;
        }
    }
    return false;
}
