/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From Zydis' view of a vector instruction to its VecCode (Intel SDM vol. 2, chapter 2; exception
 * classes: 2.4 and table 2-15 ff.).
 *
 * Left out: VEX and longer encodings, MMX registers, and instructions with hidden operands other
 * than XMM0 and the flags (string comparisons, MASKMOVDQU).
 */
#include "target/i386/vec_code.h"

#include <string.h>

#define VEC_BYTES 16

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

/* 16-byte memory operands are aligned but for these. */
static bool may_be_unaligned(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_MOVUPS || mnemonic == ZYDIS_MNEMONIC_MOVUPD ||
           mnemonic == ZYDIS_MNEMONIC_MOVDQU || mnemonic == ZYDIS_MNEMONIC_LDDQU;
}

static bool take_opcode(const ZydisDecodedInstruction *zi, VecCode *out)
{
    if (zi->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY || zi->opcode_map < ZYDIS_OPCODE_MAP_0F ||
        zi->opcode_map > ZYDIS_OPCODE_MAP_0F3A || !(zi->attributes & ZYDIS_ATTRIB_HAS_MODRM)) {
        return false;
    }
    out->map = (uint8_t)(zi->opcode_map - ZYDIS_OPCODE_MAP_0F + 1);
    out->opcode = zi->opcode;
    out->wide = zi->raw.rex.W;
    out->reg = zi->raw.modrm.reg;
    for (unsigned i = 0; i < zi->raw.prefix_count; i++) {
        if (zi->raw.prefixes[i].type == ZYDIS_PREFIX_TYPE_MANDATORY) {
            out->prefix = zi->raw.prefixes[i].value;
        }
    }
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

/* Which exceptions an instruction can raise tells whether it computes in floating point. */
static bool take_class(const ZydisDecodedInstruction *zi, VecCode *out)
{
    switch (zi->meta.exception_class) {
    case ZYDIS_EXCEPTION_CLASS_SSE2:
    case ZYDIS_EXCEPTION_CLASS_SSE3:
        out->fp = true;
        return true;
    case ZYDIS_EXCEPTION_CLASS_SSE1:
    case ZYDIS_EXCEPTION_CLASS_SSE4:
    case ZYDIS_EXCEPTION_CLASS_SSE5:
    case ZYDIS_EXCEPTION_CLASS_SSE7:
        return true;
    default:
        return false;
    }
}

static bool place(const ZydisDecodedOperand *o, VecKind kind, uint8_t number, VecCode *out)
{
    if (o->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG) {
        out->reg_kind = (uint8_t)kind;
        out->reg = number;
    } else if (o->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM) {
        out->rm_kind = (uint8_t)kind;
        out->rm = number;
    } else {
        return false;
    }
    return true;
}

static bool take_register(const ZydisDecodedOperand *o, VecCode *out)
{
    bool reads = o->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
    bool writes = o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
    bool hidden = o->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
    uint8_t number = (uint8_t)ZydisRegisterGetId(o->reg.value);

    switch (ZydisRegisterGetClass(o->reg.value)) {
    case ZYDIS_REGCLASS_XMM:
        out->reads |= (uint16_t)((reads || o->size < VEC_BYTES * 8) << number);
        out->writes |= (uint16_t)(writes << number);
        return hidden ? !writes : place(o, VEC_XMM, number, out);
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
        out->gpr_write = writes;
        return !hidden && place(o, VEC_GPR, number, out);
    case ZYDIS_REGCLASS_FLAGS:
        out->flags = writes;
        return true;
    default:
        return false;
    }
}

static bool take_operand(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *o,
                         VecCode *out)
{
    switch (o->type) {
    case ZYDIS_OPERAND_TYPE_REGISTER:
        return take_register(o, out);
    case ZYDIS_OPERAND_TYPE_MEMORY:
        out->mem_size = (uint8_t)(o->size / 8);
        out->mem_write = o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
        out->aligned = out->mem_size == VEC_BYTES && !may_be_unaligned(zi->mnemonic);
        return o->size <= VEC_BYTES * 8 && place(o, VEC_MEM, 0, out);
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        out->has_imm = true;
        out->imm = (uint8_t)o->imm.value.u;
        return true;
    default:
        return false;
    }
}

bool vec_code_make(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, VecCode *out)
{
    memset(out, 0, sizeof(*out));
    if (!take_opcode(zi, out) || !take_class(zi, out)) {
        return false;
    }
    for (unsigned i = 0; i < zi->operand_count; i++) {
        if (!take_operand(zi, &ops[i], out)) {
            return false;
        }
    }
    return out->reads || out->writes;
}
