/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the generator's files share: state of a sequence in the making, and what they ask of each
 * other. */
#ifndef TESTS_UNIT_CPUHOST_GEN_INTERNAL_H
#define TESTS_UNIT_CPUHOST_GEN_INTERNAL_H

#include "tests/unit/cpuhost/cpuhost.h"

#define FLAGS_ALL    0x8d5u
#define INSN_BYTES   15
#define TEMPLATE_MAX 20 /* instructions */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R13 = 13, R14, R15 };

typedef struct {
    Sequence *seq;
    Rng rng;
    ZydisDecoder decoder;
    ZydisMnemonic only;
    SeqFilter *filter;
    void *opaque;
    uint16_t pointers; /* registers that still hold data addresses */
    uint16_t edges;    /* pointers that may be at the edge of the data pages: none that instructions
                          use implicitly */
    uint16_t small;    /* registers that still hold small numbers */
    bool frames;       /* RSP and RBP are both pointers before the instruction being drawn */
    uint32_t undefined;
    int branch; /* instruction whose target is after the next one, or -1 */
} Gen;

static inline unsigned pick(Gen *gen, unsigned n)
{
    return (unsigned)((rng_next(&gen->rng) >> 32) * n >> 32);
}

static inline bool chance(Gen *gen, unsigned percent)
{
    return pick(gen, 100) < percent;
}

/* One random instruction: where the modrm byte would be, an operand in the data pages. */
typedef struct {
    uint8_t bytes[32];
    unsigned length;
} Draft;

/* gen_state.c: the registers and memory that it starts with. */
void gen_state(Gen *gen);

/* gen_draw.c: bytes that may be an instruction. */
Draft gen_draw(Gen *gen);
Draft gen_draw_vex(Gen *gen);
int32_t gen_pick_disp(Gen *gen, unsigned size);

/* gen_rules.c: which instructions are taken, and what is known after one. `skipped`: it may not
 * run. */
bool gen_acceptable(Gen *gen, const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops);
bool gen_track(Gen *gen, const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops,
               bool skipped);
bool gen_is_branch(const ZydisDecodedInstruction *zi);

/* gen_templates.c: several instructions that belong together. */
void gen_append_template(Gen *gen);

/* gen.c */
void gen_append(Gen *gen, const uint8_t *bytes, unsigned length, uint32_t undefined);

#endif
