/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FXSAVE, FXRSTOR, XSAVE, XSAVEOPT, XSAVEC, XSAVES, XRSTOR and XRSTORS (Intel SDM vol. 1, chapters
 * 10.5 and 13), with the state components x87, SSE, AVX and PKRU. There is no supervisor state.
 *
 * XSAVEOPT and XSAVES leave out what is in its initial configuration, not what is unmodified since
 * an XRSTOR, as they may.
 */
#include "target/i386/cpuid.h"
#include "target/i386/fpu_internal.h"

#define LEGACY_SIZE    512
#define HEADER_SIZE    64
#define AREA_SIZE      (LEGACY_SIZE + HEADER_SIZE)
#define X87_BYTES_END  24 /* FCW to FDP */
#define MXCSR_OFFSET   24
#define ST_OFFSET      32
#define XMM_OFFSET     160
#define XMM_END        416       /* what follows belongs to software */
#define XMM_END_32     288       /* outside 64-bit code: eight registers */
#define YMM_OFFSET     AREA_SIZE /* in both formats: the first component beyond the legacy area */
#define YMM_SIZE       256
#define PKRU_OFFSET    2688 /* in the standard format */
#define XSTATE_X87     1u
#define XSTATE_SSE     2u
#define XSTATE_AVX     4u
#define XSTATE_PKRU    (1u << 9)
#define XSTATE_LEGACY  (XSTATE_X87 | XSTATE_SSE)
#define XSTATE_KNOWN   (XSTATE_LEGACY | XSTATE_AVX | XSTATE_PKRU)
#define FXSAVE_PIECE   16
#define FXSAVE_ALIGN   15
#define XSAVE_ALIGN    63
#define XSTATE_BV      0
#define XCOMP_BV       8
#define XCOMP_COMPACT  (1ull << 63)
#define HEADER_MBZ     16 /* up to the header's end in the compacted format */
#define HEADER_MBZ_END 24 /* in the standard one */

/* FpuInsn.imm */
#define OPTIMIZED  1u /* components in their initial configuration are not written */
#define SUPERVISOR 2u

/* In one piece where it lies in one page of plain memory. */
static void copy_in(Cpu *cpu, uint64_t addr, uint8_t *image, unsigned from, unsigned to)
{
    const void *host = mmu_host_ptr(cpu, addr + from, to - from, MMU_READ);

    if (host) {
        memcpy(image + from, host, to - from);
        return;
    }
    for (unsigned i = from; i < to; i += FXSAVE_PIECE) {
        mmu_load_bytes(cpu, addr + i, image + i, MIN(FXSAVE_PIECE, to - i));
    }
}

static void copy_out(Cpu *cpu, uint64_t addr, const uint8_t *image, unsigned from, unsigned to)
{
    void *host = mmu_host_ptr(cpu, addr + from, to - from, MMU_WRITE);

    if (host) {
        memcpy(host, image + from, to - from);
        return;
    }
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
    uint32_t mxcsr = bytes_get32(image + MXCSR_OFFSET);

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
        for (unsigned i = 0; i < xmm_count(cpu); i++) {
            memcpy(cpu->fpu.vec[i].lo, new.vec[i].lo, sizeof(new.vec[i].lo));
        }
    }
}

static void run_fxrstor(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint8_t image[LEGACY_SIZE] = {0};
    uint32_t mxcsr;

    check_fxsave(cpu, ea);
    copy_in(cpu, ea, image, 0, xmm_end(cpu));
    mxcsr = image_mxcsr(cpu, image);
    take_image(cpu, image, XSTATE_LEGACY, insn->opsize == 8);
    fpu_set_mxcsr(cpu, mxcsr);
}

/* The upper halves of the ymm registers, as they lie in memory. */
typedef struct {
    uint64_t hi[16][2];
} YmmImage;

static void copy_ymm_out(Cpu *cpu, uint64_t addr)
{
    YmmImage image;

    for (unsigned i = 0; i < xmm_count(cpu); i++) {
        memcpy(image.hi[i], cpu->fpu.vec[i].hi, 16);
    }
    copy_out(cpu, addr, (const uint8_t *)image.hi, 0, 16 * xmm_count(cpu));
}

static void copy_ymm_in(Cpu *cpu, uint64_t addr, YmmImage *image)
{
    copy_in(cpu, addr, (uint8_t *)image->hi, 0, 16 * xmm_count(cpu));
}

static void take_ymm(Cpu *cpu, const YmmImage *image)
{
    for (unsigned i = 0; i < xmm_count(cpu); i++) {
        memcpy(cpu->fpu.vec[i].hi, image->hi[i], 16);
    }
}

/* What every instruction of the family checks; the requested-feature bitmap. */
static uint32_t requested(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    if (!(cpu->cr4 & CR4_OSXSAVE)) {
        cpu_raise(cpu, EXCP_UD);
    }
    if (cpu->cr0 & CR0_TS) {
        cpu_raise(cpu, EXCP_NM);
    }
    if ((ea & XSAVE_ALIGN) || ((insn->imm & SUPERVISOR) && cpu->cpl > 0)) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    return (uint32_t)(cpu->gpr[R_RAX] & cpu->xcr0 & XSTATE_KNOWN);
}

static bool x87_in_use(const FpuState *fpu)
{
    uint64_t bits = fpu->fsw | fpu->ftw | fpu->fop | fpu->fip | fpu->fdp;

    bits |= (uint64_t)(fpu->fcs | fpu->fds) | (fpu->fcw ^ FCW_DEFAULT);
    for (unsigned i = 0; i < 8; i++) {
        bits |= fpu->st[i].mantissa | fpu->st[i].exponent;
    }
    return bits != 0;
}

uint32_t fpu_xinuse(const Cpu *cpu)
{
    const FpuState *fpu = &cpu->fpu;
    uint64_t sse = 0, avx = 0;

    for (unsigned i = 0; i < xmm_count(cpu); i++) {
        sse |= fpu->vec[i].lo[0] | fpu->vec[i].lo[1];
        avx |= fpu->vec[i].hi[0] | fpu->vec[i].hi[1];
    }
    return (x87_in_use(fpu) ? XSTATE_X87 : 0) | (sse ? XSTATE_SSE : 0) | (avx ? XSTATE_AVX : 0) |
           (cpu->pkru ? XSTATE_PKRU : 0);
}

/* Where PKRU is in an area: in the compacted format with these components, in the standard one with
 * 0. */
static unsigned pkru_offset(uint64_t compacted)
{
    if (!compacted) {
        return PKRU_OFFSET;
    }
    return YMM_OFFSET + (compacted & XSTATE_AVX ? YMM_SIZE : 0);
}

/* The components of `written`, and MXCSR if `mxcsr`, in the format of pkru_offset(). All of it is
 * known to be writable. */
static void save(Cpu *cpu, const FpuInsn *insn, uint64_t ea, uint32_t written, bool mxcsr,
                 uint64_t compacted)
{
    uint8_t image[LEGACY_SIZE];

    fpu_get_fxsave(&cpu->fpu, image, insn->opsize == 8);
    if (written & XSTATE_X87) {
        copy_out(cpu, ea, image, 0, X87_BYTES_END);
        copy_out(cpu, ea, image, ST_OFFSET, XMM_OFFSET);
    }
    if (mxcsr) {
        copy_out(cpu, ea, image, MXCSR_OFFSET, ST_OFFSET);
    }
    if (written & XSTATE_SSE) {
        copy_out(cpu, ea, image, XMM_OFFSET, xmm_end(cpu));
    }
    if (written & XSTATE_AVX) {
        copy_ymm_out(cpu, ea + YMM_OFFSET);
    }
    if (written & XSTATE_PKRU) {
        mmu_store64(cpu, ea + pkru_offset(compacted), cpu->pkru);
    }
}

static void probe(Cpu *cpu, uint64_t ea, uint32_t rfbm, uint64_t compacted)
{
    mmu_probe_write(cpu, ea, AREA_SIZE);
    if (rfbm & XSTATE_AVX) {
        mmu_probe_write(cpu, ea + YMM_OFFSET, xmm_count(cpu) * 16);
    }
    if (rfbm & XSTATE_PKRU) {
        mmu_probe_write(cpu, ea + pkru_offset(compacted), sizeof(cpu->pkru));
    }
}

/* SDM vol. 1, 13.7 and 13.9. */
static void run_xsave(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint32_t rfbm = requested(cpu, insn, ea), used = fpu_xinuse(cpu);
    uint64_t bv;

    probe(cpu, ea, rfbm, 0);
    bv = mmu_load64(cpu, ea + LEGACY_SIZE + XSTATE_BV);
    save(cpu, insn, ea, insn->imm & OPTIMIZED ? rfbm & used : rfbm,
         rfbm & (XSTATE_SSE | XSTATE_AVX), 0);
    mmu_store64(cpu, ea + LEGACY_SIZE + XSTATE_BV, (bv & ~(uint64_t)rfbm) | (rfbm & used));
}

/* SDM vol. 1, 13.10 and 13.11: MXCSR is part of the SSE component. */
static void run_xsavec(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint32_t rfbm = requested(cpu, insn, ea), used = fpu_xinuse(cpu);

    if (fpu_mxcsr(&cpu->fpu) != MXCSR_DEFAULT) {
        used |= XSTATE_SSE;
    }
    probe(cpu, ea, rfbm, rfbm | XCOMP_COMPACT);
    save(cpu, insn, ea, rfbm & used, rfbm & used & XSTATE_SSE, rfbm | XCOMP_COMPACT);
    mmu_store64(cpu, ea + LEGACY_SIZE + XSTATE_BV, rfbm & used);
    mmu_store64(cpu, ea + LEGACY_SIZE + XCOMP_BV, rfbm | XCOMP_COMPACT);
}

/* SDM vol. 1, 13.8.1 and 13.8.2; true for the compacted format. */
static bool check_header(Cpu *cpu, const FpuInsn *insn, const uint8_t *header)
{
    uint64_t bv = bytes_get64(header + XSTATE_BV), comp = bytes_get64(header + XCOMP_BV);
    bool compact = (comp & XCOMP_COMPACT) && cpu_has_feature(cpu, FEAT_XSAVEC);
    uint64_t allowed = compact ? comp & ~XCOMP_COMPACT : cpu->xcr0;
    bool bad = (bv & ~allowed) || (allowed & ~cpu->xcr0) ||
               (!compact && (comp || (insn->imm & SUPERVISOR)));

    for (unsigned i = HEADER_MBZ; i < (compact ? HEADER_SIZE : HEADER_MBZ_END); i++) {
        bad |= header[i] != 0;
    }
    if (bad) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    return compact;
}

static void initialize(Cpu *cpu, uint32_t components)
{
    if (components & XSTATE_X87) {
        fpu_init_x87(&cpu->fpu);
        memset(cpu->fpu.st, 0, sizeof(cpu->fpu.st));
    }
    for (unsigned i = 0; i < xmm_count(cpu); i++) {
        VecReg *v = &cpu->fpu.vec[i];
        if (components & XSTATE_SSE) {
            v->lo[0] = v->lo[1] = 0;
        }
        if (components & XSTATE_AVX) {
            v->hi[0] = v->hi[1] = 0;
        }
    }
}

static void run_xrstor(Cpu *cpu, const FpuInsn *insn, uint64_t ea)
{
    uint32_t rfbm = requested(cpu, insn, ea), present, mxcsr = fpu_mxcsr(&cpu->fpu);
    uint8_t image[AREA_SIZE] = {0};
    YmmImage ymm;
    uint64_t pkru = 0, comp;
    bool compact;

    copy_in(cpu, ea, image, 0, AREA_SIZE);
    compact = check_header(cpu, insn, image + LEGACY_SIZE);
    present = rfbm & (uint32_t)bytes_get64(image + LEGACY_SIZE + XSTATE_BV);
    if (present & XSTATE_AVX) {
        copy_ymm_in(cpu, ea + YMM_OFFSET, &ymm);
    }
    if (present & XSTATE_PKRU) {
        comp = bytes_get64(image + LEGACY_SIZE + XCOMP_BV);
        pkru = mmu_load64(cpu, ea + pkru_offset(compact ? comp : 0));
    }
    if (compact ? present & XSTATE_SSE : rfbm & (XSTATE_SSE | XSTATE_AVX)) {
        mxcsr = image_mxcsr(cpu, image);
    } else if (compact && (rfbm & XSTATE_SSE)) {
        mxcsr = MXCSR_DEFAULT;
    }
    take_image(cpu, image, present, insn->opsize == 8);
    if (present & XSTATE_AVX) {
        take_ymm(cpu, &ymm);
    }
    initialize(cpu, rfbm & ~present);
    if (rfbm & XSTATE_PKRU) {
        sys_set_pkru(cpu, (uint32_t)pkru);
    }
    fpu_set_mxcsr(cpu, mxcsr);
}

typedef struct {
    uint16_t mnemonic;
    uint8_t options; /* kept in FpuInsn.imm */
    FpuHandler run;
} SaveRow;

#define ROWS(name_, options_, run_)                                                                \
    {ZYDIS_MNEMONIC_##name_, options_, run_},                                                      \
    {                                                                                              \
        ZYDIS_MNEMONIC_##name_##64, options_, run_                                                 \
    }
static const SaveRow rows[] = {
    ROWS(FXSAVE, 0, run_fxsave), ROWS(FXRSTOR, 0, run_fxrstor),
    ROWS(XSAVE, 0, run_xsave),   ROWS(XSAVEOPT, OPTIMIZED, run_xsave),
    ROWS(XSAVEC, 0, run_xsavec), ROWS(XSAVES, SUPERVISOR, run_xsavec),
    ROWS(XRSTOR, 0, run_xrstor), ROWS(XRSTORS, SUPERVISOR, run_xrstor),
};

bool xsave_lookup(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, FpuInsn *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].mnemonic == zi->mnemonic) {
            out->run = rows[i].run;
            out->imm = rows[i].options;
            out->opsize = zi->operand_width == 64 ? 8 : 4;
            return true;
        }
    }
    return false;
}
