/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generates instruction sequences by drawing opcode bytes at random and letting the decoder say
 * what they are. Thus every encoding of every instruction is reached, redundant prefixes included.
 *
 * What keeps the two runs comparable: memory operands are built on registers known to hold
 * addresses of the data pages; no instruction reads a flag that the SDM leaves undefined; branches
 * only skip forward over one instruction; instructions whose result depends on the operating
 * system (segments, time, CPUID) are not drawn.
 */
#include "tests/unit/cpuhost/gen_internal.h"

#define MAX_TRIES 200000

static uint64_t pick_target(Gen *gen)
{
    return DATA_MIDDLE + (uint64_t)(int64_t)gen_pick_disp(gen, 4);
}

/* Displacements that depend on where the instruction is. */
static void patch(Gen *gen, const ZydisDecodedInstruction *zi, Draft *draft)
{
    uint8_t *disp = draft->bytes + zi->raw.disp.offset;
    uint64_t next = CODE_BASE + gen->seq->size + zi->length, target = pick_target(gen);

    if (zi->mnemonic == ZYDIS_MNEMONIC_ENTER) {
        /* A fault half-way leaves what was pushed: keep to the stack there is. */
        draft->bytes[zi->raw.imm[0].offset] &= 0x3f;
        draft->bytes[zi->raw.imm[0].offset + 1] = 0;
        draft->bytes[zi->raw.imm[1].offset] &= gen->frames ? 7 : 0;
    } else if (gen_is_branch(zi)) {
        memset(draft->bytes + zi->raw.imm[0].offset, 0, zi->raw.imm[0].size / 8);
    } else if ((zi->attributes & ZYDIS_ATTRIB_HAS_MODRM) && zi->raw.modrm.mod == 0 &&
               zi->raw.modrm.rm == 5 && zi->raw.disp.size == 32) {
        uint32_t offset = (uint32_t)(gen->seq->bits == 64 ? target - next : target);
        memcpy(disp, &offset, sizeof(offset));
    } else if (!(zi->attributes & ZYDIS_ATTRIB_HAS_MODRM) && zi->raw.disp.size) {
        memcpy(disp, &target, zi->raw.disp.size / 8);
    }
}

/* Now that the instruction after the branch is there, the branch can skip it. */
static void resolve_branch(Gen *gen, unsigned skip)
{
    const SeqInsn *branch = &gen->seq->insn[gen->branch];

    /* The last byte of a near branch's rel8, the low one of its rel32. */
    if (gen->seq->code[branch->offset + branch->length - 1] == 0) {
        ZydisDecodedInstruction zi;
        ZydisDecoderDecodeInstruction(&gen->decoder, NULL, gen->seq->code + branch->offset,
                                      branch->length, &zi);
        gen->seq->code[branch->offset + zi.raw.imm[0].offset] = (uint8_t)skip;
    }
    gen->branch = -1;
}

void gen_append(Gen *gen, const uint8_t *bytes, unsigned length, uint32_t undefined)
{
    Sequence *seq = gen->seq;

    memcpy(seq->code + seq->size, bytes, length);
    seq->insn[seq->count++] = (SeqInsn){(uint16_t)seq->size, (uint16_t)length, undefined};
    seq->size += length;
}

static bool try_instruction(Gen *gen)
{
    ZydisDecodedInstruction zi;
    ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
    Draft draft = gen_draw(gen);
    uint32_t undefined = gen->undefined;
    bool skipped = gen->branch >= 0;

    gen->frames = (gen->pointers >> RSP & 1) && (gen->pointers >> RBP & 1);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&gen->decoder, draft.bytes, INSN_BYTES, &zi, ops)) ||
        !gen_acceptable(gen, &zi, ops) || !gen_track(gen, &zi, ops, skipped)) {
        return false;
    }
    patch(gen, &zi, &draft);
    gen_append(gen, draft.bytes, zi.length, undefined);
    if (skipped) {
        resolve_branch(gen, zi.length);
    } else if (gen_is_branch(&zi)) {
        gen->branch = (int)gen->seq->count - 1;
    }
    return true;
}

/* Ends the sequence with a VEX prefix that makes no instruction, or is none after another prefix.
 */
static void append_undefined(Gen *gen)
{
    static const uint8_t bad[] = {0x66, 0xf2, 0xf3, 0xf0, 0x40, 0x48};
    unsigned n_bad = gen->seq->bits == 64 ? 6 : 4; /* REX, too */

    for (unsigned tries = 0; tries < 100; tries++) {
        Draft draft = gen_draw_vex(gen);
        ZydisDecodedInstruction zi;
        ZyanStatus status;

        if (chance(gen, 30)) {
            memmove(draft.bytes + 1, draft.bytes, draft.length);
            draft.bytes[0] = bad[pick(gen, n_bad)];
        }
        status = ZydisDecoderDecodeInstruction(&gen->decoder, NULL, draft.bytes, INSN_BYTES, &zi);
        if (!ZYAN_SUCCESS(status) && status != ZYDIS_STATUS_NO_MORE_DATA &&
            status != ZYDIS_STATUS_INSTRUCTION_TOO_LONG) {
            gen_append(gen, draft.bytes, INSN_BYTES, gen->undefined);
            return;
        }
    }
}

void seq_generate(Sequence *seq, unsigned bits, uint64_t seed, unsigned length, ZydisMnemonic only,
                  SeqFilter *filter, void *opaque)
{
    Gen gen = {.seq = seq, .only = only, .filter = filter, .opaque = opaque, .branch = -1};

    memset(seq->code, 0xcc, sizeof(seq->code));
    seq->size = seq->count = 0;
    rng_seed(&gen.rng, seed);
    seq->bits = bits;
    seq_decoder_init(&gen.decoder, bits);
    gen.pointers = 1u << RBX | 1u << RSP | 1u << RBP | 1u << RSI | 1u << RDI;
    if (bits == 64) {
        gen.pointers |= 1u << R8 | 1u << R13 | 1u << R14;
        gen.small = 1u << RCX | 1u << R9 | 1u << R15;
        gen.edges = 1u << R8 | 1u << R13 | 1u << R14;
    } else {
        gen.pointers |= 1u << RDX;
        gen.small = 1u << RCX;
        gen.edges = 1u << RDX;
    }
    gen_state(&gen);
    for (unsigned tries = 0;
         seq->count < length && seq->count < SEQ_MAX - TEMPLATE_MAX && tries < MAX_TRIES; tries++) {
        if (gen.branch < 0 && !only && (gen.pointers >> RSP & 1) && (gen.pointers >> RBX & 1) &&
            pick(&gen, bits == 64 ? 1000 : 300) == 0) {
            gen_append_template(&gen);
        } else {
            try_instruction(&gen);
        }
    }
    if (gen.branch < 0 && !only && chance(&gen, 4) && !host_has_newer_vex()) {
        append_undefined(&gen);
    }
    seq->insn[seq->count] = (SeqInsn){(uint16_t)seq->size, 1, gen.undefined};
}
