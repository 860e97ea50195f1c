/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control flow of generated programs: blocks that branch to each other in both directions,
 * functions, indirect branches, returns that do not match their call, stores into code.
 *
 * R15 is taken down before each branch that may go backward, and ends the program when it is used
 * up. At labels every flag but AF has a defined value, so that flags live on across branches.
 */
#include "tiers.h"

#define MAX_BLOCKS    9
#define MAX_FUNCTIONS 3
#define SKIP_LENGTH   5 /* what a skipping function skips: mov eax, imm32 */

typedef struct {
    Gen gen;
    unsigned n_blocks, n_functions;
    unsigned here;     /* label that was placed last */
    unsigned callable; /* functions from this one on may be called */
    bool patches;      /* the program writes to its own code */
    bool skipping[MAX_FUNCTIONS];
} Program;

static unsigned exit_label(const Program *p)
{
    return p->n_blocks;
}

static unsigned function_label(const Program *p, unsigned n)
{
    return p->n_blocks + 1 + n;
}

static void place_label(Program *p, unsigned label)
{
    p->gen.label[label] = (uint16_t)p->gen.seq->size;
    p->gen.undefined = FLAGS_AF;
    p->here = label;
}

/* Before a branch: what the target relies on. */
static void settle_flags(Program *p)
{
    if (p->gen.undefined & ~FLAGS_AF) {
        place_flags(&p->gen);
    }
}

/* The last four bytes of the instruction at `at` become the way to `label`. */
static void aim(Program *p, unsigned label)
{
    Gen *gen = &p->gen;
    unsigned next = gen->seq->size;
    g_assert_cmpuint(gen->n_fixes, <, MAX_FIXES);
    gen->fixes[gen->n_fixes++] = (Fix){(uint16_t)(next - 4), (uint16_t)next, (uint8_t)label};
}

static void place_lea(Program *p, unsigned reg, unsigned label)
{
    PLACE(&p->gen, reg >= 8 ? 0x4c : 0x48, 0x8d, (reg & 7) << 3 | 5, 0, 0, 0, 0);
    aim(p, label);
}

static void place_fuel(Program *p)
{
    settle_flags(p);
    PLACE(&p->gen, 0x41, 0xff, 0xcf); /* dec r15d */
    PLACE(&p->gen, 0x0f, 0x8e, 0, 0, 0, 0);
    aim(p, exit_label(p));
}

/* A block to go on with; what keeps that from being for ever is placed. */
static unsigned pick_target(Program *p)
{
    unsigned label = pick(&p->gen, p->n_blocks + 1);
    if (label <= p->here) {
        place_fuel(p);
    }
    return label;
}

static void place_compare(Program *p)
{
    Gen *gen = &p->gen;
    unsigned a = pick(gen, 8), b = pick(gen, 8), imm = pick(gen, 256);
    switch (pick(gen, 6)) {
    case 0:
        PLACE(gen, 0x48, 0x39, 0xc0 | a << 3 | b);
        break;
    case 1:
        PLACE(gen, 0x85, 0xc0 | a << 3 | b);
        break;
    case 2:
        PLACE(gen, 0x83, 0xf8 | a, imm);
        break;
    case 3:
        PLACE(gen, 0x38, 0xc0 | a << 3 | b);
        break;
    case 4:
        PLACE(gen, 0x80, 0x7b, imm & 0x7f, imm); /* cmp byte [rbx + n], n */
        break;
    default: /* whatever set the flags last */
        break;
    }
}

/* jcc over some instructions; its opcode may be patched. */
static void place_skip(Program *p)
{
    Gen *gen = &p->gen;
    place_compare(p);
    settle_flags(p);
    unsigned at = PLACE(gen, 0x70 | pick(gen, 16), 0);
    if (gen->n_sites < MAX_SITES) {
        gen->sites[gen->n_sites++] = (Site){(uint16_t)at, (uint16_t)(at + 1), SITE_JCC};
    }
    uint32_t undefined = gen->undefined;
    for (unsigned n = 1 + pick(gen, 3); n; n--) {
        if (gen->seq->size - at < 80) {
            place_any(gen);
        }
    }
    unsigned length = gen->seq->size - at - 2;
    if (length < 128) {
        gen->seq->code[at + 1] = (uint8_t)length;
    }
    gen->undefined |= undefined;
}

/* mov ecx, n; 1: ...; loop 1b; RCX may be lost on the way, so fuel is taken, too. */
static void place_loop(Program *p)
{
    static const uint8_t opcodes[] = {0xe2, 0xe2, 0xe1, 0xe0};
    Gen *gen = &p->gen;
    PLACE(gen, 0xb9, 1 + pick(gen, 6), 0, 0, 0);
    settle_flags(p);
    unsigned start = gen->seq->size;
    gen->undefined |= FLAGS_AF;
    place_fuel(p);
    for (unsigned n = pick(gen, 3); n; n--) {
        if (gen->seq->size - start < 70) {
            place_any(gen);
        }
    }
    settle_flags(p);
    unsigned at = PLACE(gen, opcodes[pick(gen, 4)], 0);
    int back = (int)start - (int)(at + 2);
    if (back >= -128) {
        gen->seq->code[at + 1] = (uint8_t)back;
    }
}

/* A store whose place is known when the program is complete. */
static void note_store(Program *p, SiteKind kind, unsigned imm)
{
    Gen *gen = &p->gen;
    unsigned next = gen->seq->size;
    if (gen->n_stores < MAX_SITES) {
        gen->stores[gen->n_stores++] = (Site){(uint16_t)(next - imm - 4), (uint16_t)next, kind};
    }
}

static void place_patch(Program *p)
{
    Gen *gen = &p->gen;
    unsigned v = (unsigned)rng_next(&gen->rng);
    switch (pick(gen, 4)) {
    case 0:
        PLACE(gen, 0xc6, 0x05, 0, 0, 0, 0, v);
        note_store(p, SITE_IMM8, 1);
        break;
    case 1:
        PLACE(gen, 0xc7, 0x05, 0, 0, 0, 0, v, v >> 8, v >> 16, v >> 24);
        note_store(p, SITE_IMM32, 4);
        break;
    case 2:
        PLACE(gen, 0xc6, 0x05, 0, 0, 0, 0, 0x70 | (v & 15));
        note_store(p, SITE_JCC, 1);
        break;
    default: /* lea r10, [rip + ...]; mov [r10], al */
        PLACE(gen, 0x4c, 0x8d, 0x15, 0, 0, 0, 0);
        note_store(p, SITE_IMM8, 0);
        PLACE(gen, 0x41, 0x88, 0x02);
        break;
    }
}

/* Through a word of data, so that the branch reads memory. */
static void place_jump_by_memory(Program *p, unsigned label, unsigned ext)
{
    Gen *gen = &p->gen;
    unsigned n = pick(gen, 8) * 8;
    place_lea(p, R_RAX, label);
    PLACE(gen, 0x48, 0x89, 0x44, 0x24, (uint8_t)(-128 + (int)n)); /* mov [rsp - 128 + n], rax */
    PLACE(gen, 0xff, 0x44 | ext << 3, 0x24, (uint8_t)(-128 + (int)n));
}

static void place_call(Program *p)
{
    Gen *gen = &p->gen;
    unsigned reg = pick_scratch(gen), n;

    if (p->callable >= p->n_functions) {
        return;
    }
    n = p->callable + pick(gen, p->n_functions - p->callable);
    settle_flags(p);
    switch (pick(gen, 4)) {
    case 0:
        place_lea(p, reg, function_label(p, n));
        PLACE(gen, 0x40 | (reg >= 8), 0xff, 0xd0 | (reg & 7));
        break;
    case 1:
        place_jump_by_memory(p, function_label(p, n), 2);
        break;
    default:
        PLACE(gen, 0xe8, 0, 0, 0, 0);
        aim(p, function_label(p, n));
        break;
    }
    gen->undefined = FLAGS_AF;
    if (p->skipping[n]) {
        PLACE(gen, 0xb8, 1, 2, 3, 4);
    }
}

/* To where no code can be: a fault of the branch, after which the program goes on behind it. */
static void place_lost(Program *p)
{
    Gen *gen = &p->gen;
    unsigned reg = pick_scratch(gen), rex = 0x40 | (reg >= 8);
    uint64_t target = rng_next(&gen->rng) | 1ull << 63;

    target &= ~(1ull << (47 + pick(gen, 16))); /* not canonical, maybe by one bit only */
    uint8_t load[10] = {(uint8_t)(0x48 | (reg >= 8)), (uint8_t)(0xb8 | (reg & 7))};
    memcpy(load + 2, &target, sizeof(target));
    place_bytes(gen, load, sizeof(load));
    switch (pick(gen, 3)) {
    case 0:
        PLACE(gen, rex, 0xff, 0xe0 | (reg & 7));
        break;
    case 1:
        PLACE(gen, rex, 0xff, 0xd0 | (reg & 7));
        break;
    default: /* push, ret, pop */
        PLACE(gen, rex, 0x50 | (reg & 7));
        PLACE(gen, 0xc3);
        PLACE(gen, rex, 0x58 | (reg & 7));
        break;
    }
}

static void place_body(Program *p, unsigned length)
{
    Gen *gen = &p->gen;
    for (unsigned i = 0; i < length && gen->seq->count < SEQ_MAX - 120; i++) {
        unsigned what = pick(gen, 100);
        if (what < 8) {
            place_skip(p);
        } else if (what < 12) {
            place_call(p);
        } else if (what < 14) {
            place_loop(p);
        } else if (what < 20 && p->patches) {
            place_patch(p);
        } else if (what < 22 && gen->wild) {
            place_lost(p);
        } else {
            place_any(gen);
        }
    }
}

/* lea r10, a; lea r11, b; cmov r10, r11; jmp r10 */
static void place_select(Program *p)
{
    Gen *gen = &p->gen;
    place_fuel(p);
    place_lea(p, 10, pick(gen, p->n_blocks + 1));
    place_lea(p, 11, pick(gen, p->n_blocks + 1));
    place_compare(p);
    PLACE(gen, 0x4d, 0x0f, 0x40 | pick(gen, 16), 0xd3);
    settle_flags(p);
    PLACE(gen, 0x41, 0xff, 0xe2);
}

static void place_end(Program *p)
{
    Gen *gen = &p->gen;
    unsigned reg = pick_scratch(gen), label;

    switch (pick(gen, 10)) {
    case 0: /* falls through */
        return;
    case 1:
    case 2:
    case 3:
        label = pick_target(p);
        place_compare(p);
        settle_flags(p);
        PLACE(gen, 0x0f, 0x80 | pick(gen, 16), 0, 0, 0, 0);
        aim(p, label);
        return;
    case 4: /* dec r15d; jg back */
        settle_flags(p);
        PLACE(gen, 0x41, 0xff, 0xcf);
        PLACE(gen, 0x0f, 0x8f, 0, 0, 0, 0);
        aim(p, pick(gen, p->here + 1));
        return;
    case 5:
        label = pick_target(p);
        settle_flags(p);
        PLACE(gen, 0xe9, 0, 0, 0, 0);
        aim(p, label);
        break;
    case 6:
        place_lea(p, reg, pick_target(p));
        settle_flags(p);
        PLACE(gen, 0x40 | (reg >= 8), 0xff, 0xe0 | (reg & 7));
        break;
    case 7:
        label = pick_target(p);
        settle_flags(p);
        place_jump_by_memory(p, label, 4);
        break;
    case 8: /* a return to where no call was */
        place_lea(p, reg, pick_target(p));
        settle_flags(p);
        PLACE(gen, 0x40 | (reg >= 8), 0x50 | (reg & 7));
        PLACE(gen, 0xc3);
        break;
    default:
        place_select(p);
        break;
    }
    if (chance(gen, 10)) { /* to another cache line, or nearly to the next page */
        gen->seq->size += pick(gen, 100);
        memset(gen->seq->code + gen->seq->size, 0xcc, 16);
    }
}

/* Only blocks that end in a jump may have a gap behind them; the fill must not be run into. */
static void place_block(Program *p, unsigned label)
{
    place_label(p, label);
    place_body(p, 2 + pick(&p->gen, 12));
    place_end(p);
    settle_flags(p); /* for what falls through */
}

static void place_function(Program *p, unsigned n)
{
    Gen *gen = &p->gen;
    unsigned reg = pick_scratch(gen);

    place_label(p, function_label(p, n));
    p->callable = n + 1;
    if (chance(gen, 30)) { /* recursion */
        place_fuel(p);
        PLACE(gen, 0xe8, 0, 0, 0, 0);
        aim(p, function_label(p, n));
        gen->undefined = FLAGS_AF;
        if (p->skipping[n]) {
            PLACE(gen, 0xb8, 1, 2, 3, 4);
        }
    }
    place_body(p, 1 + pick(gen, 6));
    if (p->skipping[n]) {
        PLACE(gen, 0x48, 0x83, 0x04, 0x24, SKIP_LENGTH); /* add qword [rsp], n */
    }
    settle_flags(p);
    if (chance(gen, 15)) { /* pop, jmp */
        PLACE(gen, 0x40 | (reg >= 8), 0x58 | (reg & 7));
        PLACE(gen, 0x40 | (reg >= 8), 0xff, 0xe0 | (reg & 7));
    } else if (chance(gen, 10)) {
        PLACE(gen, 0xf3, 0xc3);
    } else {
        PLACE(gen, 0xc3);
    }
}

static void resolve(Program *p)
{
    Gen *gen = &p->gen;
    uint8_t *code = gen->seq->code;

    for (unsigned i = 0; i < gen->n_fixes; i++) {
        const Fix *fix = &gen->fixes[i];
        int32_t disp = (int32_t)gen->label[fix->label] - fix->next;
        memcpy(code + fix->at, &disp, sizeof(disp));
    }
    for (unsigned i = 0; i < gen->n_stores; i++) {
        const Site *store = &gen->stores[i];
        unsigned to = CODE_SIZE - CODE_DATA + pick(gen, CODE_DATA - 8);
        for (unsigned tries = 0; gen->n_sites && tries < 20; tries++) {
            const Site *site = &gen->sites[pick(gen, gen->n_sites)];
            if (site->kind == store->kind) {
                to = site->at;
                break;
            }
        }
        int32_t disp = (int32_t)to - store->next;
        memcpy(code + store->at, &disp, sizeof(disp));
    }
}

static void set_start(Program *p)
{
    static const uint8_t at_16[] = {R_RBX, R_RBP, R_RSI, R_RDI, R_R8, 13};
    Gen *gen = &p->gen;
    HostRegs *start = &gen->seq->start;
    const uint16_t fcw = 0x37f, fsw = 0;
    uint32_t mxcsr = 0x1f80 | (chance(gen, 20) ? (unsigned)rng_next(&gen->rng) & 0xe040 : 0);

    for (unsigned i = 0; i < G_N_ELEMENTS(at_16); i++) {
        start->gpr[at_16[i]] = DATA_MIDDLE + (uint64_t)(int64_t)((int)pick(gen, 256) - 128) * 16;
    }
    start->gpr[R_RSP] = DATA_BASE + 0x3800 + pick(gen, 64) * 16;
    start->gpr[R_RCX] = pick(gen, 8) * 16;
    start->gpr[9] = pick(gen, 8) * 16;
    start->gpr[FUEL] = 2 + pick(gen, chance(gen, 10) ? 200 : 30);
    start->rip = CODE_BASE + gen->seq->size;
    start->rflags &= ~0x400ull;
    /* Exceptions masked: what unmasked ones do, test-cpu-host compares. */
    memcpy(start->fx, &fcw, sizeof(fcw));
    memcpy(start->fx + 2, &fsw, sizeof(fsw));
    memcpy(start->fx + 24, &mxcsr, sizeof(mxcsr));
}

bool program_generate(Sequence *seq, uint64_t seed)
{
    Program p = {.gen.seq = seq};
    Gen *gen = &p.gen;

    seq_generate(seq, 64, seed, 0, 0, NULL, NULL); /* registers and data */
    rng_seed(&gen->rng, seed ^ 0x7469657273);
    ZydisDecoderInit(&gen->decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    gen->wild = chance(gen, 35);
    gen->kernel = chance(gen, 15);
    p.patches = chance(gen, 25);
    p.n_blocks = 1 + pick(gen, MAX_BLOCKS);
    p.n_functions = pick(gen, MAX_FUNCTIONS + 1);
    for (unsigned i = 0; i < p.n_functions; i++) {
        p.skipping[i] = chance(gen, 20);
    }
    /* Near the end of the first page, so that it goes on in the second, more often than not. */
    seq->size = chance(gen, 40) ? pick(gen, 64) : 0x1000 - pick(gen, 500);
    set_start(&p);
    for (unsigned i = 0; i < p.n_blocks; i++) {
        place_block(&p, i);
    }
    place_label(&p, exit_label(&p));
    PLACE(gen, 0xcc);
    for (unsigned i = 0; i < p.n_functions; i++) {
        place_function(&p, i);
    }
    resolve(&p);
    seq->insn[seq->count] = (SeqInsn){(uint16_t)seq->size, 1, FLAGS_AF};
    return !gen->kernel;
}

uint32_t program_undefined(const Sequence *seq, uint64_t rip)
{
    unsigned low = 0, high = seq->count + 1;
    uint64_t offset = rip - CODE_BASE;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (seq->insn[middle].offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low <= seq->count && seq->insn[low].offset == offset ? seq->insn[low].undefined
                                                                : FLAGS_ALL;
}
