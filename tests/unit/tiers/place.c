/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places instructions in a generated program, and knows which flags have a defined value there: one
 * that reads others gets a CMP before it.
 */
#include "tiers.h"

void draft_bytes(Draft *draft, const void *bytes, unsigned length)
{
    memcpy(draft->bytes + draft->length, bytes, length);
    draft->length += length;
}

static uint32_t tested(const ZydisDecodedInstruction *zi)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_PUSHFQ:
        return FLAGS_ALL & ~FLAGS_AF; /* what follows takes AF away */
    case ZYDIS_MNEMONIC_LAHF:
    case ZYDIS_MNEMONIC_SYSCALL:
        return FLAGS_ALL;
    default:
        return zi->cpu_flags ? zi->cpu_flags->tested & FLAGS_ALL : 0;
    }
}

/* Flags that may keep their old value: shifts by zero, repeats of no times. */
static bool may_leave_flags(const ZydisDecodedInstruction *zi)
{
    return zi->meta.category == ZYDIS_CATEGORY_SHIFT ||
           zi->meta.category == ZYDIS_CATEGORY_ROTATE || zi->mnemonic == ZYDIS_MNEMONIC_SHLD ||
           zi->mnemonic == ZYDIS_MNEMONIC_SHRD || zi->meta.category == ZYDIS_CATEGORY_STRINGOP;
}

static void track(Gen *gen, const ZydisDecodedInstruction *zi)
{
    if (zi->cpu_flags) {
        uint32_t defined = zi->cpu_flags->modified | zi->cpu_flags->set_0 | zi->cpu_flags->set_1;
        if (!may_leave_flags(zi)) {
            gen->undefined &= ~defined;
        }
        gen->undefined |= zi->cpu_flags->undefined & FLAGS_ALL;
    }
}

unsigned place(Gen *gen, Draft *draft)
{
    Sequence *seq = gen->seq;
    ZydisDecodedInstruction zi;

    if (!ZYAN_SUCCESS(
            ZydisDecoderDecodeInstruction(&gen->decoder, NULL, draft->bytes, draft->length, &zi)) ||
        zi.length != draft->length) {
        GString *text = g_string_new(NULL);
        for (unsigned i = 0; i < draft->length; i++) {
            g_string_append_printf(text, " %02x", draft->bytes[i]);
        }
        g_error("no instruction:%s", text->str);
    }
    if (tested(&zi) & gen->undefined) {
        place_flags(gen);
    }
    unsigned at = seq->size;
    g_assert_true(at + 16 < CODE_SIZE - CODE_DATA && seq->count < SEQ_MAX);
    if (draft->rip_at >= 0) {
        int32_t disp = (int32_t)(draft->rip_target - (CODE_BASE + at + draft->length));
        memcpy(draft->bytes + draft->rip_at, &disp, sizeof(disp));
    }
    memcpy(seq->code + at, draft->bytes, draft->length);
    seq->insn[seq->count++] = (SeqInsn){(uint16_t)at, (uint16_t)draft->length, gen->undefined};
    seq->size += draft->length;
    track(gen, &zi);
    return at;
}

unsigned place_bytes(Gen *gen, const void *bytes, unsigned length)
{
    Draft draft = {.rip_at = -1};
    draft_bytes(&draft, bytes, length);
    return place(gen, &draft);
}

void place_flags(Gen *gen)
{
    /* cmp r64, r64, or 32 bits of them: all flags defined */
    unsigned modrm = 0xc0 | pick(gen, 8) << 3 | pick(gen, 8);
    if (gen->seq->bits == 64) {
        PLACE(gen, 0x48, 0x39, modrm);
    } else {
        PLACE(gen, 0x39, modrm);
    }
}
