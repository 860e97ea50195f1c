/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From Zydis' view of a vector instruction to its VecCode (Intel SDM vol. 2, chapter 2; exception
 * classes: 2.4 and 2.5).
 *
 * Left out: EVEX, MMX registers, gathers, instructions with hidden operands other than XMM0 and
 * the flags (string comparisons, MASKMOVDQU, VZEROALL), and those of which every maker has results
 * of its own (vec_approx.c).
 */
#include "target/i386/vec_code.h"

#include <string.h>

#define XMM_BITS 128
#define YMM_BITS 256

/* Non-temporal moves become plain ones: to the guest they only differ in what they cache. */
typedef struct {
    uint8_t prefix, map, opcode;
    uint8_t plain; /* opcode in the map 0F */
} HintRow;

static const HintRow hints[] = {
    {0x00, 1, 0x2b, 0x29}, /* MOVNTPS */
    {0x66, 1, 0x2b, 0x29}, /* MOVNTPD */
    {0x66, 1, 0xe7, 0x7f}, /* MOVNTDQ */
    {0x66, 2, 0x2a, 0x6f}, /* MOVNTDQA */
};

/* 16-byte memory operands of legacy encodings are aligned but for these. */
static bool may_be_unaligned(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_MOVUPS || mnemonic == ZYDIS_MNEMONIC_MOVUPD ||
           mnemonic == ZYDIS_MNEMONIC_MOVDQU || mnemonic == ZYDIS_MNEMONIC_LDDQU;
}

static bool take_prefixes(const ZydisDecodedInstruction *zi, VecCode *out)
{
    static const uint8_t by_pp[] = {0, 0x66, 0xf3, 0xf2};

    switch (zi->encoding) {
    case ZYDIS_INSTRUCTION_ENCODING_VEX:
        out->vex = true;
        out->vex_l = zi->raw.vex.L;
        out->w = zi->raw.vex.W;
        out->prefix = by_pp[zi->raw.vex.pp];
        return true;
    case ZYDIS_INSTRUCTION_ENCODING_LEGACY:
        out->w = zi->raw.rex.W;
        for (unsigned i = 0; i < zi->raw.prefix_count; i++) {
            if (zi->raw.prefixes[i].type == ZYDIS_PREFIX_TYPE_MANDATORY) {
                out->prefix = zi->raw.prefixes[i].value;
            }
        }
        return true;
    default:
        return false;
    }
}

static bool take_opcode(const ZydisDecodedInstruction *zi, VecCode *out)
{
    if (!take_prefixes(zi, out) || zi->opcode_map < ZYDIS_OPCODE_MAP_0F ||
        zi->opcode_map > ZYDIS_OPCODE_MAP_0F3A || !(zi->attributes & ZYDIS_ATTRIB_HAS_MODRM)) {
        return false;
    }
    out->map = (uint8_t)(zi->opcode_map - ZYDIS_OPCODE_MAP_0F + 1);
    out->opcode = zi->opcode;
    out->reg = zi->raw.modrm.reg;
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        const HintRow *h = &hints[i];
        if (h->prefix == out->prefix && h->map == out->map && h->opcode == out->opcode) {
            out->map = 1;
            out->opcode = h->plain;
            break;
        }
    }
    return true;
}

/* Which exceptions an instruction can raise tells whether it computes in floating point, and
 * whether its memory operand is aligned. */
static bool take_class(const ZydisDecodedInstruction *zi, VecCode *out)
{
    switch (zi->meta.exception_class) {
    case ZYDIS_EXCEPTION_CLASS_SSE2:
    case ZYDIS_EXCEPTION_CLASS_SSE3:
    case ZYDIS_EXCEPTION_CLASS_AVX2:
    case ZYDIS_EXCEPTION_CLASS_AVX3:
    case ZYDIS_EXCEPTION_CLASS_AVX11:
        out->fp = true;
        return true;
    case ZYDIS_EXCEPTION_CLASS_AVX1:
        out->aligned = true;
        return true;
    case ZYDIS_EXCEPTION_CLASS_SSE1:
    case ZYDIS_EXCEPTION_CLASS_SSE4:
    case ZYDIS_EXCEPTION_CLASS_SSE5:
    case ZYDIS_EXCEPTION_CLASS_SSE7:
    case ZYDIS_EXCEPTION_CLASS_AVX4:
    case ZYDIS_EXCEPTION_CLASS_AVX5:
    case ZYDIS_EXCEPTION_CLASS_AVX6:
    case ZYDIS_EXCEPTION_CLASS_AVX7:
        return true;
    default:
        return false;
    }
}

static bool vec_code_place(const ZydisDecodedOperand *o, VecKind kind, uint8_t number, VecCode *out)
{
    switch (o->encoding) {
    case ZYDIS_OPERAND_ENCODING_MODRM_REG:
        out->reg_kind = (uint8_t)kind;
        out->reg = number;
        return true;
    case ZYDIS_OPERAND_ENCODING_MODRM_RM:
        out->rm_kind = (uint8_t)kind;
        out->rm = number;
        return true;
    case ZYDIS_OPERAND_ENCODING_NDSNDD:
        out->vvvv = number;
        return kind == VEC_XMM;
    case ZYDIS_OPERAND_ENCODING_IS4:
        out->has_imm = true;
        out->imm = (uint8_t)(number << 4);
        return kind == VEC_XMM;
    default:
        return false;
    }
}

static bool take_register(const ZydisDecodedOperand *o, VecCode *out)
{
    bool reads = o->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
    bool writes = o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
    bool hidden = o->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
    uint8_t number = (uint8_t)ZydisRegisterGetId(o->reg.value);

    switch (ZydisRegisterGetClass(o->reg.value)) {
    case ZYDIS_REGCLASS_YMM:
        out->reads_upper |= (uint16_t)(reads << number);
        /* fall through */
    case ZYDIS_REGCLASS_XMM:
        reads |= !out->vex && o->size < XMM_BITS;
        out->reads |= (uint16_t)(reads << number);
        out->writes |= (uint16_t)(writes << number);
        return hidden ? !writes : vec_code_place(o, VEC_XMM, number, out);
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
        out->gpr_write = writes;
        return !hidden && vec_code_place(o, VEC_GPR, number, out);
    case ZYDIS_REGCLASS_FLAGS:
        out->flags = writes;
        return true;
    default:
        return false;
    }
}

static bool vec_code_take_operand(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *o,
                                  VecCode *out)
{
    switch (o->type) {
    case ZYDIS_OPERAND_TYPE_REGISTER:
        return take_register(o, out);
    case ZYDIS_OPERAND_TYPE_MEMORY:
        out->mem_size = (uint8_t)(o->size / 8);
        out->mem_write = o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
        if (!out->vex) {
            out->aligned = o->size == XMM_BITS && !may_be_unaligned(zi->mnemonic);
        }
        return o->mem.type == ZYDIS_MEMOP_TYPE_MEM && o->size <= YMM_BITS &&
               vec_code_place(o, VEC_MEM, 0, out);
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        out->has_imm = true;
        out->imm = (uint8_t)o->imm.value.u;
        return true;
    default:
        return false;
    }
}

/* LDMXCSR and STMXCSR: the digit is a part of the opcode. */
static bool take_mxcsr(const ZydisDecodedInstruction *zi, VecCode *out)
{
    bool load = zi->mnemonic == ZYDIS_MNEMONIC_LDMXCSR;

    if (!load && zi->mnemonic != ZYDIS_MNEMONIC_STMXCSR) {
        return false;
    }
    *out = (VecCode){.map = 1,
                     .opcode = 0xae,
                     .reg = zi->raw.modrm.reg,
                     .rm_kind = VEC_MEM,
                     .mem_size = 4,
                     .mem_write = !load,
                     .sets_mxcsr = load,
                     .fp = true};
    return true;
}

static bool differs_by_maker(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_RCPPS:
    case ZYDIS_MNEMONIC_RCPSS:
    case ZYDIS_MNEMONIC_RSQRTPS:
    case ZYDIS_MNEMONIC_RSQRTSS:
    case ZYDIS_MNEMONIC_VRCPPS:
    case ZYDIS_MNEMONIC_VRCPSS:
    case ZYDIS_MNEMONIC_VRSQRTPS:
    case ZYDIS_MNEMONIC_VRSQRTSS:
        return true;
    default:
        return false;
    }
}

/* Outside 64-bit code VEX.W does not make a general register or a dword of memory wider. */
static bool w_is_ignored(const ZydisDecodedInstruction *zi, const VecCode *code)
{
    return zi->machine_mode != ZYDIS_MACHINE_MODE_LONG_64 &&
           (code->reg_kind == VEC_GPR || code->rm_kind == VEC_GPR || code->mem_size == 4);
}

bool vec_code_make(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, VecCode *out)
{
    memset(out, 0, sizeof(*out));
    if (zi->mnemonic == ZYDIS_MNEMONIC_VZEROUPPER) {
        out->zero_upper = true;
        return true;
    }
    if (take_mxcsr(zi, out)) {
        return true;
    }
    if (differs_by_maker(zi->mnemonic) || !take_opcode(zi, out) || !take_class(zi, out)) {
        return false;
    }
    for (unsigned i = 0; i < zi->operand_count; i++) {
        if (!vec_code_take_operand(zi, &ops[i], out)) {
            return false;
        }
    }
    if (w_is_ignored(zi, out)) {
        out->w = false;
    }
    return out->reads || out->writes;
}
