/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Look-up of x87, MMX and vector instructions, and what they share: exceptions, reset, the FXSAVE
 * image (Intel SDM vol. 1, chapters 8 to 13).
 *
 * Host instructions compute every result. VEX encodings are looked up in avx.c.
 *
 * Left out: AVX-512, 3DNow!, SSE4A; alignment checks by CR0.AM; with an unmasked overflow or
 * underflow in SSE, PE is set even if the result would have been exact with a wider exponent.
 */
#include "target/i386/cpuid.h"
#include "target/i386/vec.h"

/* The CPUID feature an instruction set of Zydis needs. */
typedef struct {
    uint16_t isa_set;
    int16_t feature;
} IsaFeature;

static const IsaFeature isa_features[] = {
    {ZYDIS_ISA_SET_X87, FEAT_FPU},         {ZYDIS_ISA_SET_FCMOV, FEAT_CMOV},
    {ZYDIS_ISA_SET_PPRO, FEAT_CMOV}, /* FCOMI and family */
    {ZYDIS_ISA_SET_SSE3X87, FEAT_SSE3},    {ZYDIS_ISA_SET_PENTIUMMMX, FEAT_MMX},
    {ZYDIS_ISA_SET_SSE, FEAT_SSE},         {ZYDIS_ISA_SET_SSEMXCSR, FEAT_SSE},
    {ZYDIS_ISA_SET_SSE2, FEAT_SSE2},       {ZYDIS_ISA_SET_SSE2MMX, FEAT_SSE2},
    {ZYDIS_ISA_SET_SSE3, FEAT_SSE3},       {ZYDIS_ISA_SET_SSSE3, FEAT_SSSE3},
    {ZYDIS_ISA_SET_SSSE3MMX, FEAT_SSSE3},  {ZYDIS_ISA_SET_SSE4, FEAT_SSE41},
    {ZYDIS_ISA_SET_SSE42, FEAT_SSE42},     {ZYDIS_ISA_SET_AES, FEAT_AES},
    {ZYDIS_ISA_SET_SHA, FEAT_SHA_NI},      {ZYDIS_ISA_SET_PCLMULQDQ, FEAT_PCLMULQDQ},
    {ZYDIS_ISA_SET_FXSAVE, FEAT_FXSR},     {ZYDIS_ISA_SET_FXSAVE64, FEAT_FXSR},
    {ZYDIS_ISA_SET_XSAVE, FEAT_XSAVE},     {ZYDIS_ISA_SET_XSAVEOPT, FEAT_XSAVEOPT},
    {ZYDIS_ISA_SET_XSAVEC, FEAT_XSAVEC},   {ZYDIS_ISA_SET_XSAVES, FEAT_XSAVES},
    {ZYDIS_ISA_SET_AVX, FEAT_AVX},         {ZYDIS_ISA_SET_AVX2, FEAT_AVX2},
    {ZYDIS_ISA_SET_AVX2GATHER, FEAT_AVX2}, {ZYDIS_ISA_SET_AVXAES, FEAT_AES},
    {ZYDIS_ISA_SET_FMA, FEAT_FMA},         {ZYDIS_ISA_SET_F16C, FEAT_F16C},
    {ZYDIS_ISA_SET_VAES, FEAT_VAES},       {ZYDIS_ISA_SET_VPCLMULQDQ, FEAT_VPCLMULQDQ},
};

static FpuLookup *const lookups[] = {
    sse_sha_lookup,
    mmx_lookup,
    x87_lookup,
    xsave_lookup,
};

/* VEX encodings of other extensions need AVX too. */
static bool has_vex(const CpuModel *model, const ZydisDecodedInstruction *zi)
{
    return cpu_model_has(model, FEAT_AVX) &&
           (zi->mnemonic != ZYDIS_MNEMONIC_VPCLMULQDQ || cpu_model_has(model, FEAT_PCLMULQDQ));
}

bool fpu_has_features(const CpuModel *model, const ZydisDecodedInstruction *zi)
{
    if (zi->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX && !has_vex(model, zi)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(isa_features); i++) {
        if (isa_features[i].isa_set == zi->meta.isa_set) {
            return cpu_model_has(model, isa_features[i].feature);
        }
    }
    return false;
}

/* The number of operand `op`'s register; its size too if it is a general one. */
static uint8_t operand_register(const ZydisDecodedOperand *op, FpuInsn *out)
{
    if (op->type != ZYDIS_OPERAND_TYPE_REGISTER) {
        return NO_REG;
    }
    if (fpu_is_gpr(op)) {
        out->opsize = fpu_is_class(op, ZYDIS_REGCLASS_GPR64) ? 8 : 4;
    }
    return (uint8_t)ZydisRegisterGetId(op->reg.value);
}

void fpu_fill_operands(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops,
                       FpuInsn *out)
{
    unsigned n = zi->operand_count_visible;

    memset(out, 0, sizeof(*out));
    out->dst = n > 0 ? operand_register(&ops[0], out) : NO_REG;
    out->src = n > 1 ? operand_register(&ops[1], out) : NO_REG;
    out->src2 = NO_REG;
    out->opsize = out->opsize ? out->opsize : zi->operand_width == 64 ? 8 : 4;
    for (unsigned i = 0; i < n; i++) {
        if (fpu_is_mem(&ops[i])) {
            out->width = (uint8_t)MIN(ops[i].size / 8, 255);
        } else if (ops[i].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
            out->imm = (uint8_t)ops[i].imm.value.u;
        }
    }
}

bool fpu_lookup(const CpuModel *model, const VecIndex *index, const ZydisDecodedInstruction *zi,
                const ZydisDecodedOperand *ops, FpuInsn *out)
{
    /* LOCK, and VEX and longer encodings, are never right here. */
    if (zi->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY ||
        (zi->attributes & ZYDIS_ATTRIB_HAS_LOCK) || !fpu_has_features(model, zi)) {
        return false;
    }
    fpu_fill_operands(zi, ops, out);
    if (vec_lookup(index, zi, ops, out)) {
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lookups); i++) {
        if (lookups[i](zi, ops, out)) {
            return true;
        }
    }
    return false;
}

void fpu_check_pending(Cpu *cpu)
{
    const FpuState *fpu = &cpu->fpu;

    /* With CR0.NE clear the error goes to the FERR# pin, which nothing is wired to. */
    if (G_UNLIKELY(fpu->fsw & ~fpu->fcw & FSW_EXCEPTIONS) && (cpu->cr0 & CR0_NE)) {
        cpu_raise(cpu, EXCP_MF);
    }
}

void fpu_check_mmx(Cpu *cpu)
{
    if (G_UNLIKELY(cpu->cr0 & (CR0_EM | CR0_TS))) {
        cpu_raise(cpu, cpu->cr0 & CR0_EM ? EXCP_UD : EXCP_NM);
    }
    fpu_check_pending(cpu);
}

static void check_x87(Cpu *cpu)
{
    if (G_UNLIKELY(cpu->cr0 & (CR0_EM | CR0_TS))) {
        sys_check_x87(cpu);
    }
}

static void check_x87_waiting(Cpu *cpu)
{
    check_x87(cpu);
    fpu_check_pending(cpu);
}

static void check_sse(Cpu *cpu)
{
    fpu_check_sse(cpu);
}

static bool has_register(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops,
                         ZydisRegisterClass class_)
{
    for (unsigned i = 0; i < zi->operand_count_visible; i++) {
        if (fpu_is_class(&ops[i], class_)) {
            return true;
        }
    }
    return false;
}

FpuCheck fpu_check_of(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_FNSTCW:
    case ZYDIS_MNEMONIC_FNSTSW:
    case ZYDIS_MNEMONIC_FNSTENV:
    case ZYDIS_MNEMONIC_FNSAVE:
        return check_x87;
    case ZYDIS_MNEMONIC_FISTTP:
        return check_x87_waiting;
    case ZYDIS_MNEMONIC_CVTPI2PS: /* with an operand in memory they are no MMX instructions */
    case ZYDIS_MNEMONIC_CVTPI2PD:
        return check_sse;
    default:
        break;
    }
    if (zi->meta.isa_ext == ZYDIS_ISA_EXT_X87) {
        return check_x87_waiting;
    }
    if (has_register(zi, ops, ZYDIS_REGCLASS_MMX)) {
        return fpu_check_mmx;
    }
    return has_register(zi, ops, ZYDIS_REGCLASS_XMM) ? check_sse : NULL;
}

void fpu_mxcsr_raise(Cpu *cpu, uint32_t flags, bool tiny)
{
    uint32_t unmasked = ~(cpu->fpu.mxcsr >> MXCSR_MASK_SHIFT) & MXCSR_FLAGS;

    /* What is found before the computation, if unmasked, hides what the computation would have
     * found. */
    if (flags & unmasked & MXCSR_PRE) {
        flags &= MXCSR_PRE;
    } else if (tiny) {
        flags |= unmasked & MXCSR_UE;
    }
    cpu->fpu.mxcsr |= flags;
    if (flags & unmasked) {
        cpu_raise(cpu, cpu->cr4 & CR4_OSXMMEXCPT ? EXCP_XM : EXCP_UD);
    }
}

void fpu_update_summary(FpuState *fpu)
{
    fpu->fsw &= ~(FSW_ES | FSW_B);
    if (fpu->fsw & ~fpu->fcw & FSW_EXCEPTIONS) {
        fpu->fsw |= FSW_ES | FSW_B;
    }
}

void fpu_init_x87(FpuState *fpu)
{
    fpu->fcw = FCW_DEFAULT;
    fpu->fsw = 0;
    fpu->ftw = 0;
    fpu->fop = 0;
    fpu->fip = fpu->fdp = 0;
    fpu->fcs = fpu->fds = 0;
}

void fpu_reset(Cpu *cpu)
{
    fpu_mxcsr_leave(cpu);
    memset(&cpu->fpu, 0, sizeof(cpu->fpu));
    /* SDM vol. 3, table 9-1: the power-on control word is not FNINIT's. */
    cpu->fpu.fcw = 0x40;
    cpu->fpu.ftw = 0xff;
    cpu->fpu.mxcsr = MXCSR_DEFAULT;
}

/* SDM vol. 1, table 10-2. ST(i) is stored by stack position, the tags by physical register. */
void fpu_get_fxsave(const FpuState *fpu, uint8_t image[512], bool rexw)
{
    unsigned top = (fpu->fsw >> FSW_TOP_SHIFT) & 7;

    memset(image, 0, 512);
    bytes_store(image, fpu->fcw, 2);
    bytes_store(image + 2, fpu->fsw, 2);
    bytes_store(image + 4, fpu->ftw, 1);
    bytes_store(image + 6, fpu->fop, 2);
    bytes_store(image + 8, fpu->fip, rexw ? 8 : 4);
    bytes_store(image + 16, fpu->fdp, rexw ? 8 : 4);
    if (!rexw) {
        bytes_store(image + 12, fpu->fcs, 2);
        bytes_store(image + 20, fpu->fds, 2);
    }
    bytes_store(image + 24, fpu_mxcsr(fpu), 4);
    bytes_store(image + 28, MXCSR_VALID, 4);
    for (unsigned i = 0; i < 8; i++) {
        bytes_store(image + 32 + 16 * i, fpu->st[(top + i) & 7].mantissa, 8);
        bytes_store(image + 40 + 16 * i, fpu->st[(top + i) & 7].exponent, 2);
    }
    for (unsigned i = 0; i < 16; i++) {
        memcpy(image + 160 + 16 * i, fpu->vec[i].lo, 16);
    }
}

void fpu_set_fxsave(FpuState *fpu, const uint8_t image[512], bool rexw)
{
    unsigned top;

    fpu->fcw = (bytes_load(image, 2) & FCW_WRITABLE) | FCW_ALWAYS_SET;
    fpu->fsw = (uint16_t)bytes_load(image + 2, 2);
    fpu->ftw = (uint8_t)bytes_load(image + 4, 1);
    fpu->fop = (uint16_t)bytes_load(image + 6, 2) & 0x7ff;
    fpu->fip = bytes_load(image + 8, rexw ? 8 : 4);
    fpu->fdp = bytes_load(image + 16, rexw ? 8 : 4);
    fpu->fcs = rexw ? 0 : (uint16_t)bytes_load(image + 12, 2);
    fpu->fds = rexw ? 0 : (uint16_t)bytes_load(image + 20, 2);
    fpu->mxcsr = (uint32_t)bytes_load(image + 24, 4) & MXCSR_VALID;
    fpu_update_summary(fpu);
    top = (fpu->fsw >> FSW_TOP_SHIFT) & 7;
    for (unsigned i = 0; i < 8; i++) {
        fpu->st[(top + i) & 7].mantissa = bytes_load(image + 32 + 16 * i, 8);
        fpu->st[(top + i) & 7].exponent = (uint16_t)bytes_load(image + 40 + 16 * i, 2);
    }
    for (unsigned i = 0; i < 16; i++) {
        memcpy(fpu->vec[i].lo, image + 160 + 16 * i, 16);
    }
}
