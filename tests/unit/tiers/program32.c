/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs of 32-bit code in flat segments: instructions that cpuhost's generator draws, cut into
 * blocks that branch to each other, call functions, and push and pop in runs.
 *
 * A word of data is taken down before each branch, and ends the program when it is used up. Each
 * block begins with a stack that is there, since drawn instructions may lose it.
 */
#include "tiers.h"

#define MAX_BLOCKS    8
#define MAX_FUNCTIONS 3
#define DRAWN         60
#define FUEL_AT       (uint32_t)(DATA_BASE + 0x10)
#define STACK_AT      (uint32_t)(DATA_BASE + 0x3000)
#define WORD_AT       (uint32_t)(DATA_BASE + 0x2f00) /* a branch's target in memory */

#define BYTES32(v_) (v_) & 0xff, (v_) >> 8 & 0xff, (v_) >> 16 & 0xff, (v_) >> 24 & 0xff

typedef struct {
    Gen gen;
    Sequence drawn;
    unsigned used; /* of `drawn` */
    unsigned n_blocks, n_functions;
} Program32;

static unsigned label_of_exit(const Program32 *p)
{
    return p->n_blocks;
}

static unsigned label_of_function(const Program32 *p, unsigned n)
{
    return p->n_blocks + 1 + n;
}

static unsigned label_of_any_block(Program32 *p)
{
    return pick(&p->gen, p->n_blocks + 1);
}

/* The last four bytes become the way to `label`, or with `absolute` its address. */
static void aim_at(Program32 *p, unsigned label, bool absolute)
{
    Gen *gen = &p->gen;
    unsigned next = gen->seq->size;
    g_assert_cmpuint(gen->n_fixes, <, MAX_FIXES);
    gen->fixes[gen->n_fixes++] =
        (Fix){(uint16_t)(next - 4), absolute ? (uint16_t)0 : (uint16_t)next, (uint8_t)label};
}

/* dec dword [fuel]; jle exit; and flags that are defined */
static void burn(Program32 *p)
{
    Gen *gen = &p->gen;
    PLACE(gen, 0xff, 0x0d, BYTES32(FUEL_AT));
    PLACE(gen, 0x0f, 0x8e, 0, 0, 0, 0);
    aim_at(p, label_of_exit(p), false);
    place_flags(gen);
}

static void place_drawn(Program32 *p, unsigned n)
{
    for (; n && p->used < p->drawn.count; n--, p->used++) {
        const SeqInsn *insn = &p->drawn.insn[p->used];
        place_bytes(&p->gen, p->drawn.code + insn->offset, insn->length);
    }
}

static void place_stack_run(Program32 *p)
{
    Gen *gen = &p->gen;
    unsigned n = 1 + pick(gen, 5);
    for (unsigned i = 0; i < n; i++) {
        unsigned what = pick(gen, 8);
        if (what == 0) {
            PLACE(gen, 0x68, BYTES32((unsigned)rng_next(&gen->rng)));
        } else if (what == 1) {
            PLACE(gen, 0xff, 0x35, BYTES32(WORD_AT)); /* push dword [word] */
        } else if (what == 2) {
            PLACE(gen, 0x66, 0x50 | pick(gen, 8));
        } else {
            PLACE(gen, 0x50 | pick(gen, 8));
        }
    }
    for (unsigned i = pick(gen, n + 1); i; i--) {
        PLACE(gen, pick(gen, 12) ? 0x58 | pick(gen, 8) : 0x5cu); /* pop esp now and then */
    }
}

/* push ebp; mov ebp, esp; sub esp, n; ...; leave */
static void place_frame(Program32 *p)
{
    Gen *gen = &p->gen;
    PLACE(gen, 0x55);
    PLACE(gen, 0x89, 0xe5);
    PLACE(gen, 0x83, 0xec, pick(gen, 16) * 4);
    place_drawn(p, pick(gen, 3));
    PLACE(gen, 0xc9);
}

/* mov ecx, -n; mov ebx, data; mov eax, [ebx + ecx * 4 + disp8], or add to it: the sum has a carry
 */
static void place_negative_index(Program32 *p)
{
    Gen *gen = &p->gen;
    unsigned n = 1 + pick(gen, 100), disp = pick(gen, 128);
    PLACE(gen, 0xb9, BYTES32(-n));
    PLACE(gen, 0xbb, BYTES32((uint32_t)DATA_MIDDLE));
    PLACE(gen, chance(gen, 50) ? 0x8b : 0x01, 0x44, 0x8b, disp);
}

static void place_call32(Program32 *p, unsigned first)
{
    Gen *gen = &p->gen;
    if (first >= p->n_functions) {
        return;
    }
    unsigned label = label_of_function(p, first + pick(gen, p->n_functions - first));
    unsigned reg = pick(gen, 8);
    switch (pick(gen, 4)) {
    case 0: /* mov r, f; call r */
        reg = reg == R_RSP ? R_RAX : reg;
        PLACE(gen, 0xb8 | reg, 0, 0, 0, 0);
        aim_at(p, label, true);
        PLACE(gen, 0xff, 0xd0 | reg);
        break;
    case 1: /* mov dword [word], f; call [word] */
        PLACE(gen, 0xc7, 0x05, BYTES32(WORD_AT), 0, 0, 0, 0);
        aim_at(p, label, true);
        PLACE(gen, 0xff, 0x15, BYTES32(WORD_AT));
        break;
    default:
        PLACE(gen, 0xe8, 0, 0, 0, 0);
        aim_at(p, label, false);
        break;
    }
    place_flags(gen);
}

static void place_body32(Program32 *p, unsigned first)
{
    Gen *gen = &p->gen;
    for (unsigned i = 1 + pick(gen, 4); i; i--) {
        switch (pick(gen, 8)) {
        case 0:
        case 1:
            place_stack_run(p);
            break;
        case 2:
            place_frame(p);
            break;
        case 3:
            place_call32(p, first);
            break;
        case 4:
            place_negative_index(p);
            break;
        default:
            place_drawn(p, 1 + pick(gen, 4));
            break;
        }
    }
}

static void place_end32(Program32 *p)
{
    Gen *gen = &p->gen;
    unsigned label = label_of_any_block(p), reg = pick(gen, 3);
    burn(p);
    switch (pick(gen, 7)) {
    case 0: /* falls through */
        break;
    case 1:
        PLACE(gen, 0xe9, 0, 0, 0, 0);
        aim_at(p, label, false);
        break;
    case 2: /* mov r, l; jmp r */
        PLACE(gen, 0xb8 | reg, 0, 0, 0, 0);
        aim_at(p, label, true);
        PLACE(gen, 0xff, 0xe0 | reg);
        break;
    case 3: /* mov dword [word], l; jmp [word] */
        PLACE(gen, 0xc7, 0x05, BYTES32(WORD_AT), 0, 0, 0, 0);
        aim_at(p, label, true);
        PLACE(gen, 0xff, 0x25, BYTES32(WORD_AT));
        break;
    case 4: /* push l; ret [n] */
        PLACE(gen, 0x68, 0, 0, 0, 0);
        aim_at(p, label, true);
        if (chance(gen, 30)) {
            PLACE(gen, 0xc2, 8, 0);
        } else {
            PLACE(gen, 0xc3);
        }
        break;
    default:
        PLACE(gen, 0x39, 0xc0 | pick(gen, 64));
        PLACE(gen, 0x0f, 0x80 | pick(gen, 16), 0, 0, 0, 0);
        aim_at(p, label, false);
        break;
    }
}

static void place_label32(Program32 *p, unsigned label)
{
    p->gen.label[label] = (uint16_t)p->gen.seq->size;
    p->gen.undefined = FLAGS_ALL;
    place_flags(&p->gen);
}

static void place_function32(Program32 *p, unsigned n)
{
    Gen *gen = &p->gen;
    place_label32(p, label_of_function(p, n));
    if (chance(gen, 50)) {
        place_drawn(p, 1 + pick(gen, 4));
        place_call32(p, n + 1);
    } else {
        place_frame(p);
    }
    PLACE(gen, 0xc3);
}

static void resolve32(Program32 *p)
{
    Gen *gen = &p->gen;
    for (unsigned i = 0; i < gen->n_fixes; i++) {
        const Fix *fix = &gen->fixes[i];
        uint32_t to = gen->label[fix->label];
        uint32_t value = fix->next ? to - fix->next : (uint32_t)CODE_BASE + to;
        memcpy(gen->seq->code + fix->at, &value, sizeof(value));
    }
}

void program32_generate(Sequence *seq, uint64_t seed, SeqFilter *filter, void *opaque)
{
    Program32 p = {.gen.seq = seq};
    Gen *gen = &p.gen;
    uint32_t fuel;

    seq_generate(&p.drawn, 32, seed, DRAWN, 0, filter, opaque);
    seq_generate(seq, 32, seed, 0, 0, NULL, NULL); /* registers and data */
    rng_seed(&gen->rng, seed ^ 0x3233636f6465);
    seq_decoder_init(&gen->decoder, 32);
    p.n_blocks = 1 + pick(gen, MAX_BLOCKS);
    p.n_functions = pick(gen, MAX_FUNCTIONS + 1);
    fuel = 2 + pick(gen, 40);
    memcpy(seq->data + (FUEL_AT - DATA_BASE), &fuel, sizeof(fuel));
    /* Near the end of the first page, so that it goes on in the second, more often than not. */
    seq->size = chance(gen, 40) ? pick(gen, 64) : 0x1000 - pick(gen, 300);
    seq->start.rip = CODE_BASE + seq->size;
    seq->start.rflags &= ~0x400ull;
    for (unsigned i = 0; i < p.n_blocks; i++) {
        place_label32(&p, i);
        PLACE(gen, 0xbc, BYTES32(STACK_AT + 4 * pick(gen, 300)));
        place_body32(&p, 0);
        place_end32(&p);
    }
    place_label32(&p, label_of_exit(&p));
    PLACE(gen, 0xcc);
    for (unsigned i = 0; i < p.n_functions; i++) {
        place_function32(&p, i);
    }
    resolve32(&p);
    seq->insn[seq->count] = (SeqInsn){(uint16_t)seq->size, 1, FLAGS_ALL};
}
