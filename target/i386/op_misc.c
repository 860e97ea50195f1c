/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decimal adjustment, flag instructions, hints and fences (Intel SDM vol. 2).
 */
#include "target/i386/cpuid.h"
#include "target/i386/decode.h"
#include "target/i386/excp.h"

static void set_al(Cpu *cpu, uint8_t al, uint32_t flags)
{
    *op_reg(cpu, R_RAX * 8) = al;
    cc_result(cpu, 8, al, flags);
}

static OpNext daa_das(Cpu *cpu, const Op *op)
{
    bool sub = op->mnemonic == ZYDIS_MNEMONIC_DAS;
    uint32_t old = flags_arith(cpu), flags = 0;
    uint8_t al = (uint8_t)cpu->gpr[R_RAX], before = al;
    if ((al & 15) > 9 || (old & FLAG_AF)) {
        bool carry = sub ? al < 6 : al > 0xf9;
        al = (uint8_t)(sub ? al - 6 : al + 6);
        flags |= FLAG_AF | (carry || (old & FLAG_CF) ? FLAG_CF : 0);
    }
    if (before > 0x99 || (old & FLAG_CF)) {
        al = (uint8_t)(sub ? al - 0x60 : al + 0x60);
        flags |= FLAG_CF;
    } else if (!sub) {
        flags &= ~FLAG_CF;
    }
    set_al(cpu, al, flags);
    NEXT();
}

static OpNext aaa_aas(Cpu *cpu, const Op *op)
{
    bool adjust = (cpu->gpr[R_RAX] & 15) > 9 || (flags_arith(cpu) & FLAG_AF);
    uint16_t ax = (uint16_t)cpu->gpr[R_RAX];
    if (adjust) {
        ax = (uint16_t)(op->mnemonic == ZYDIS_MNEMONIC_AAA ? ax + 0x106 : ax - 0x106);
    }
    reg_set(cpu, R_RAX * 8, 16, ax & 0xff0f);
    cc_result(cpu, 8, ax & 15, adjust ? FLAG_AF | FLAG_CF : 0);
    NEXT();
}

static OpNext aam(Cpu *cpu, const Op *op)
{
    MAY_RAISE();
    uint8_t al = (uint8_t)cpu->gpr[R_RAX], base = (uint8_t)op->imm;
    if (base == 0) {
        cpu_raise(cpu, EXCP_DE);
    }
    reg_set(cpu, R_RAX * 8, 16, (uint64_t)(al / base) << 8 | al % base);
    cc_result(cpu, 8, al % base, 0);
    NEXT();
}

static OpNext aad(Cpu *cpu, const Op *op)
{
    uint16_t ax = (uint16_t)cpu->gpr[R_RAX];
    uint8_t al = (uint8_t)((ax & 0xff) + (ax >> 8) * (uint8_t)op->imm);
    reg_set(cpu, R_RAX * 8, 16, al);
    cc_result(cpu, 8, al, 0);
    NEXT();
}

static OpNext salc(Cpu *cpu, const Op *op)
{
    *op_reg(cpu, R_RAX * 8) = flags_cf(cpu) ? 0xff : 0;
    NEXT();
}

OpFn op_select_bcd(Decode *d, Op *op)
{
    d->pure = true;
    switch (d->zi.mnemonic) {
    case ZYDIS_MNEMONIC_DAA:
    case ZYDIS_MNEMONIC_DAS:
        return daa_das;
    case ZYDIS_MNEMONIC_AAA:
    case ZYDIS_MNEMONIC_AAS:
        return aaa_aas;
    case ZYDIS_MNEMONIC_AAM:
        d->pure = false;
        op->imm = (int64_t)(d->ops[0].imm.value.u & 0xff);
        return aam;
    case ZYDIS_MNEMONIC_AAD:
        op->imm = (int64_t)(d->ops[0].imm.value.u & 0xff);
        return aad;
    default:
        return salc;
    }
}

static OpNext clc(Cpu *cpu, const Op *op)
{
    flags_set_arith(cpu, flags_arith(cpu) & ~FLAG_CF);
    NEXT();
}

static OpNext stc(Cpu *cpu, const Op *op)
{
    flags_set_arith(cpu, flags_arith(cpu) | FLAG_CF);
    NEXT();
}

static OpNext cmc(Cpu *cpu, const Op *op)
{
    flags_set_arith(cpu, flags_arith(cpu) ^ FLAG_CF);
    NEXT();
}

static OpNext cld(Cpu *cpu, const Op *op)
{
    cpu->rflags &= ~FLAG_DF;
    NEXT();
}

static OpNext std(Cpu *cpu, const Op *op)
{
    cpu->rflags |= FLAG_DF;
    NEXT();
}

static OpNext lahf(Cpu *cpu, const Op *op)
{
    *op_reg(cpu, R_RAX * 8 + 1) = (uint8_t)flags_get(cpu);
    NEXT();
}

static OpNext sahf(Cpu *cpu, const Op *op)
{
    uint32_t of = flags_of(cpu) ? FLAG_OF : 0;
    uint32_t ah = *op_reg(cpu, R_RAX * 8 + 1);
    flags_set_arith(cpu, of | (ah & (FLAGS_ARITH & ~(uint32_t)FLAG_OF)));
    NEXT();
}

static OpNext nop(Cpu *cpu, const Op *op)
{
    NEXT();
}

OpFn op_select_flag(Decode *d, Op *op)
{
    d->pure = true;
    switch (d->zi.mnemonic) {
    case ZYDIS_MNEMONIC_CLC:
        return clc;
    case ZYDIS_MNEMONIC_STC:
        return stc;
    case ZYDIS_MNEMONIC_CMC:
        return cmc;
    case ZYDIS_MNEMONIC_CLD:
        return cld;
    case ZYDIS_MNEMONIC_STD:
        return std;
    case ZYDIS_MNEMONIC_LAHF:
    case ZYDIS_MNEMONIC_SAHF:
        if ((d->mode & CPU_MODE_CS64) && !cpu_model_has(d->model, FEAT_LAHF_LM)) {
            return NULL;
        }
        return d->zi.mnemonic == ZYDIS_MNEMONIC_LAHF ? lahf : sahf;
    case ZYDIS_MNEMONIC_LFENCE:
    case ZYDIS_MNEMONIC_MFENCE:
        return cpu_model_has(d->model, FEAT_SSE2) ? nop : NULL;
    case ZYDIS_MNEMONIC_SFENCE:
        return cpu_model_has(d->model, FEAT_SSE) ? nop : NULL;
    default:
        op_translates(op, XOP_NOP, FORM_RR, 64);
        return nop;
    }
}
