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
#include "cpuhost.h"

#define FLAGS_ALL  0x8d5u
#define MAX_TRIES  200000
#define INSN_BYTES 15
/* Pointers that may be at the edge of the data pages: none that instructions use implicitly. */
#define AT_EDGES (1u << R8 | 1u << R13 | 1u << R14)
/* What is drawn instead of an opcode map: x87 opcodes, or a VEX prefix with a map of its own. */
#define X87 4
#define VEX 5

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R13 = 13, R14, R15 };

typedef struct {
    Sequence *seq;
    Rng rng;
    ZydisDecoder decoder;
    ZydisMnemonic only;
    SeqFilter *filter;
    void *opaque;
    uint16_t pointers; /* registers that still hold data addresses */
    uint16_t small;    /* registers that still hold small numbers */
    bool frames;       /* RSP and RBP are both pointers before the instruction being drawn */
    uint32_t undefined;
    int branch; /* instruction whose target is after the next one, or -1 */
} Gen;

/* xoroshiro128+ and splitmix64 (Blackman and Vigna, public domain). */
uint64_t rng_next(Rng *rng)
{
    uint64_t s0 = rng->s[0], s1 = rng->s[1], result = s0 + s1;

    s1 ^= s0;
    rng->s[0] = (s0 << 24 | s0 >> 40) ^ s1 ^ s1 << 16;
    rng->s[1] = s1 << 37 | s1 >> 27;
    return result;
}

void rng_seed(Rng *rng, uint64_t seed)
{
    for (unsigned i = 0; i < 2; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        rng->s[i] = z ^ z >> 31;
    }
}

static unsigned pick(Gen *gen, unsigned n)
{
    return (unsigned)((rng_next(&gen->rng) >> 32) * n >> 32);
}

static bool chance(Gen *gen, unsigned percent)
{
    return pick(gen, 100) < percent;
}

static uint64_t interesting(Gen *gen)
{
    static const uint64_t values[] = {
        0,
        1,
        2,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x7fffffffffffffff,
        0x8000000000000000,
        0xffffffffffffffff,
        0x3ff0000000000000, /* 1.0 */
        0xbff8000000000000, /* -1.5 */
        0x7ff0000000000000, /* infinity */
        0xfff8000000000000, /* NaN */
        0x7ff0000000000001, /* signalling NaN */
        0x0000000000000001, /* denormal */
        0x000fffffffffffff,
        0x0010000000000000,
        0x7fefffffffffffff,
        0x41dfffffffc00000, /* 2^31 - 1 */
        0x43e0000000000000, /* 2^63 */
        0x3f8000003f800000, /* floats from here */
        0x7f800000ff800000,
        0x7fc000007f800001,
        0x0080000000000001,
        0x7f7fffff00800000,
        0x4f000000bf000000,
        0x0000000100000001,
        0x8080808080808080,
        0x6162630061626300, /* text */
        0x3031323334353637,
    };
    uint64_t r = rng_next(&gen->rng);

    switch (pick(gen, 4)) {
    case 0:
        return r;
    case 1:
        return values[pick(gen, G_N_ELEMENTS(values))] ^ (chance(gen, 20) ? r & 0xff : 0);
    case 2:
        return r >> pick(gen, 64);
    default:
        return values[pick(gen, G_N_ELEMENTS(values))];
    }
}

/* Where the data pages begin, become read-only, and end: operands are half in and half out. */
static uint64_t pick_edge(Gen *gen)
{
    static const uint64_t edges[] = {DATA_BASE, DATA_BASE + DATA_RW, DATA_BASE + DATA_SIZE};

    return edges[pick(gen, 3)] - pick(gen, 48);
}

static void put(uint8_t *fx, unsigned offset, uint64_t value, unsigned size)
{
    memcpy(fx + offset, &value, size);
}

static void gen_x87(Gen *gen, uint8_t *fx)
{
    static const uint16_t exponents[] = {0, 1, 0x3fff, 0x3ffe, 0x4000, 0x403e, 0x7ffe, 0x7fff};
    uint16_t fcw = 0x37f, fsw = pick(gen, 8) << 11 | (pick(gen, 8) << 8 & 0x4700);

    if (chance(gen, 50)) {
        fcw = 0x40 | (0x3f & ~(chance(gen, 30) ? pick(gen, 64) : 0)) | pick(gen, 16) << 8;
    }
    if (chance(gen, 20)) {
        fsw |= pick(gen, 128) & (chance(gen, 80) ? fcw | 0x40 : 0x7f);
    }
    if (fsw & ~fcw & 0x3f) {
        fsw |= 0x8080;
    }
    put(fx, 0, fcw, 2);
    put(fx, 2, fsw, 2);
    put(fx, 4, chance(gen, 40) ? 0xff : rng_next(&gen->rng) | rng_next(&gen->rng), 1);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t mantissa = interesting(gen);
        uint16_t exponent = exponents[pick(gen, G_N_ELEMENTS(exponents))];

        exponent = chance(gen, 40) ? 0x3fc0 + pick(gen, 128) : exponent;
        mantissa |= chance(gen, 85) && exponent ? 1ull << 63 : 0;
        put(fx, 32 + 16 * i, mantissa, 8);
        put(fx, 40 + 16 * i, exponent | (chance(gen, 40) ? 0x8000 : 0), 2);
    }
}

/* Small offsets, as dwords or qwords, for gathers. */
static void gen_indices(Gen *gen, HostRegs *start, unsigned n)
{
    int64_t offsets[4];

    for (unsigned i = 0; i < 4; i++) {
        offsets[i] = ((int64_t)pick(gen, 256) - 128) * (chance(gen, 70) ? 4 : 1);
        if (n & 1) {
            uint32_t low = (uint32_t)offsets[i], high = pick(gen, 64) * 8;
            offsets[i] = (int64_t)((uint64_t)high << 32 | low);
        }
    }
    memcpy(start->fx + 160 + 16 * n, offsets, 16);
    memcpy(start->ymm[n], offsets + 2, 16);
}

static void gen_state(Gen *gen)
{
    HostRegs *start = &gen->seq->start;
    uint32_t mxcsr = 0x1f80;

    memset(start, 0, sizeof(*start));
    for (unsigned i = 0; i < 16; i++) {
        start->gpr[i] = interesting(gen);
        if (gen->pointers >> i & 1) {
            start->gpr[i] = DATA_MIDDLE + (uint64_t)(int64_t)((int)pick(gen, 256) - 128) * 16;
            if ((AT_EDGES >> i & 1) && chance(gen, 8)) {
                start->gpr[i] = pick_edge(gen);
            }
        } else if (gen->small >> i & 1) {
            start->gpr[i] = chance(gen, 70) ? pick(gen, 8) * 16 : pick(gen, 64);
        }
    }
    start->rip = CODE_BASE;
    start->rflags = 0x202 | (rng_next(&gen->rng) & FLAGS_ALL) | (chance(gen, 20) ? 0x400 : 0);
    start->fs_base = 0x40;
    start->gs_base = 0x100;
    gen_x87(gen, start->fx);
    if (chance(gen, 50)) {
        mxcsr = (chance(gen, 70) ? 0x1f80 : pick(gen, 64) << 7) |
                (rng_next(&gen->rng) & (0xe040 | (chance(gen, 30) ? 0x3f : 0)));
    }
    put(start->fx, 24, mxcsr, 4);
    for (unsigned i = 0; i < 32; i++) {
        put(start->fx, 160 + 8 * i, interesting(gen), 8);
        start->ymm[i / 2][i % 2] = interesting(gen);
    }
    for (unsigned i = 12; i < 16; i++) {
        if (chance(gen, 70)) {
            gen_indices(gen, start, i);
        }
    }
    for (unsigned i = 0; i < DATA_SIZE; i += 8) {
        uint64_t value = interesting(gen);
        memcpy(gen->seq->data + i, &value, 8);
    }
}

/* One random instruction: where the modrm byte would be, an operand in the data pages. */
typedef struct {
    uint8_t bytes[32];
    unsigned length;
} Draft;

static void emit(Draft *draft, unsigned byte)
{
    draft->bytes[draft->length++] = (uint8_t)byte;
}

static unsigned pick_register(Gen *gen, uint16_t mask)
{
    unsigned n;

    if (!mask || chance(gen, 3)) {
        return pick(gen, 16);
    }
    do {
        n = pick(gen, 16);
    } while (!(mask >> n & 1));
    return n;
}

typedef struct {
    unsigned mod, rm, sib, rex, disp_size;
    int32_t disp;
} ModRm;

static int32_t pick_disp(Gen *gen, unsigned size)
{
    int32_t disp = (int32_t)pick(gen, size == 1 ? 256 : 4096) - (size == 1 ? 128 : 2048);

    return chance(gen, 70) ? disp & ~15 : disp;
}

static ModRm pick_modrm(Gen *gen)
{
    ModRm m = {0};
    unsigned base = pick_register(gen, gen->pointers), index = pick_register(gen, gen->small);

    if (chance(gen, 45)) {
        m.mod = 3;
        m.rm = pick(gen, 8);
        m.rex = pick(gen, 2);
        return m;
    }
    if (chance(gen, 8)) { /* RIP-relative: patched once the length is known */
        m.rm = 5;
        m.disp_size = 4;
        return m;
    }
    if (chance(gen, 5)) { /* absolute */
        m.rm = 4;
        m.sib = 0x25;
        m.disp_size = 4;
        m.disp = (int32_t)DATA_MIDDLE + pick_disp(gen, 4);
        return m;
    }
    m.mod = pick(gen, 3);
    if (!m.mod && (base & 7) == 5) {
        m.mod = 1;
    }
    m.disp_size = m.mod == 2 ? 4 : m.mod;
    m.disp = m.mod ? pick_disp(gen, m.disp_size) : 0;
    m.rex = base >> 3;
    m.rm = base & 7;
    if (m.rm == 4 || chance(gen, 30)) {
        index = chance(gen, 60) ? index : 4;
        m.sib = pick(gen, 4) << 6 | (index & 7) << 3 | m.rm;
        m.rex |= index >> 3 << 1;
        m.rm = 4;
    }
    return m;
}

static void emit_opcode(Gen *gen, Draft *draft, unsigned map)
{
    switch (map) {
    case 1:
        emit(draft, 0x0f);
        break;
    case 2:
        emit(draft, 0x0f);
        emit(draft, 0x38);
        break;
    case 3:
        emit(draft, 0x0f);
        emit(draft, 0x3a);
        break;
    default:
        break;
    }
    emit(draft, map == X87 ? 0xd8 + pick(gen, 8) : pick(gen, 256));
}

static void emit_prefixes(Gen *gen, Draft *draft, unsigned map)
{
    static const uint8_t mandatory[] = {0, 0x66, 0xf2, 0xf3};
    static const uint8_t segments[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    uint8_t prefix = mandatory[pick(gen, 4)];

    if (chance(gen, 4)) {
        emit(draft, segments[pick(gen, 6)]);
    }
    if (chance(gen, 4)) {
        emit(draft, 0x67);
    }
    if (chance(gen, 5) && map < 2) {
        emit(draft, 0xf0);
    }
    if (prefix && map != VEX && (map == X87 ? chance(gen, 10) : map || chance(gen, 60))) {
        emit(draft, prefix);
    }
}

/* A VEX prefix for REX bits `rex`, with a random opcode in one of its three maps. */
static void emit_vex(Gen *gen, Draft *draft, unsigned rex)
{
    static const uint8_t maps[] = {1, 1, 1, 2, 2, 2, 3};
    unsigned map = maps[pick(gen, G_N_ELEMENTS(maps))];
    unsigned vvvv = chance(gen, 50) ? 15 : pick(gen, 16);
    unsigned low = vvvv << 3 | (chance(gen, 50) ? 4 : 0) | pick(gen, 4);

    if (map == 1 && !(rex & 0xb) && chance(gen, 70)) {
        emit(draft, 0xc5);
        emit(draft, (rex & 4 ? 0 : 0x80) | low);
    } else {
        emit(draft, 0xc4);
        emit(draft, (~rex & 7) << 5 | map);
        emit(draft, (rex & 8) << 4 | low);
    }
    emit(draft, pick(gen, 256));
}

static Draft draw_from(Gen *gen, unsigned map)
{
    Draft draft = {.length = 0};
    unsigned rex;
    ModRm m = pick_modrm(gen);

    emit_prefixes(gen, &draft, map);
    rex = m.rex | (chance(gen, 35) ? 8 : 0) | (chance(gen, 30) ? 4 : 0);
    if (map == VEX) {
        emit_vex(gen, &draft, rex);
    } else {
        if (rex || chance(gen, 15)) {
            emit(&draft, 0x40 | rex);
        }
        emit_opcode(gen, &draft, map);
    }
    emit(&draft, m.mod << 6 | pick(gen, 8) << 3 | m.rm);
    if (m.mod != 3 && m.rm == 4) {
        emit(&draft, m.sib);
    }
    for (unsigned i = 0; i < m.disp_size; i++) {
        emit(&draft, (unsigned)(m.disp >> (8 * i)) & 0xff);
    }
    while (draft.length < INSN_BYTES) {
        emit(&draft, chance(gen, 50) ? pick(gen, 256) : pick(gen, 16));
    }
    return draft;
}

static Draft draw(Gen *gen)
{
    static const uint8_t maps[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2,
                                   2, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5};

    return draw_from(gen, maps[pick(gen, G_N_ELEMENTS(maps))]);
}

/* What is answered by the operating system, the board, or differently by every model of CPU. */
static bool denied(const ZydisDecodedInstruction *zi)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_SYSCALL:
    case ZYDIS_MNEMONIC_SYSRET:
    case ZYDIS_MNEMONIC_SYSENTER:
    case ZYDIS_MNEMONIC_SYSEXIT:
    case ZYDIS_MNEMONIC_INT:
    case ZYDIS_MNEMONIC_INT1:
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_CPUID:
    case ZYDIS_MNEMONIC_RDTSC:
    case ZYDIS_MNEMONIC_RDTSCP:
    case ZYDIS_MNEMONIC_RDPMC:
    case ZYDIS_MNEMONIC_RDRAND:
    case ZYDIS_MNEMONIC_RDSEED:
    case ZYDIS_MNEMONIC_RDPID:
    case ZYDIS_MNEMONIC_XGETBV:
    case ZYDIS_MNEMONIC_LAR:
    case ZYDIS_MNEMONIC_LSL:
    case ZYDIS_MNEMONIC_VERR:
    case ZYDIS_MNEMONIC_VERW:
    case ZYDIS_MNEMONIC_SGDT:
    case ZYDIS_MNEMONIC_SIDT:
    case ZYDIS_MNEMONIC_SLDT:
    case ZYDIS_MNEMONIC_STR:
    case ZYDIS_MNEMONIC_SMSW:
    case ZYDIS_MNEMONIC_LFS:
    case ZYDIS_MNEMONIC_LGS:
    case ZYDIS_MNEMONIC_LSS:
    case ZYDIS_MNEMONIC_MONITOR:
    case ZYDIS_MNEMONIC_MWAIT:
    case ZYDIS_MNEMONIC_WRFSBASE:
    case ZYDIS_MNEMONIC_WRGSBASE:
    /* These store the FIP, FDP and masks that models differ in. */
    case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64:
    case ZYDIS_MNEMONIC_XSAVE:
    case ZYDIS_MNEMONIC_XSAVE64:
    case ZYDIS_MNEMONIC_XSAVEOPT:
    case ZYDIS_MNEMONIC_XSAVEOPT64:
    case ZYDIS_MNEMONIC_XRSTOR:
    case ZYDIS_MNEMONIC_XRSTOR64:
    case ZYDIS_MNEMONIC_XSAVEC:
    case ZYDIS_MNEMONIC_XSAVEC64:
    case ZYDIS_MNEMONIC_FNSTENV:
    case ZYDIS_MNEMONIC_FNSAVE:
    /* Only by templates: their operand must be prepared. AMD has one more bit of MXCSR. */
    case ZYDIS_MNEMONIC_LDMXCSR:
    case ZYDIS_MNEMONIC_VLDMXCSR:
    case ZYDIS_MNEMONIC_FXRSTOR:
    case ZYDIS_MNEMONIC_FXRSTOR64:
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
    case ZYDIS_MNEMONIC_POPFQ:
    case ZYDIS_MNEMONIC_RET:
        return true;
    default:
        return zi->meta.isa_set == ZYDIS_ISA_SET_PREFETCHWT1;
    }
}

static bool has_repeat_prefix(const ZydisDecodedInstruction *zi)
{
    for (unsigned i = 0; i < zi->raw.prefix_count; i++) {
        if (zi->raw.prefixes[i].value == 0xf2 || zi->raw.prefixes[i].value == 0xf3) {
            return true;
        }
    }
    return false;
}

/* Repeated none at all with 32-bit addresses, some of Intel's cut registers that others leave. */
static bool may_repeat_none(const Gen *gen, const ZydisDecodedInstruction *zi)
{
    const uint16_t pointers = 1u << RSI | 1u << RDI;

    return zi->meta.category == ZYDIS_CATEGORY_STRINGOP && zi->address_width == 32 &&
           has_repeat_prefix(zi) &&
           (!(gen->small >> RCX & 1) || (gen->pointers & pointers) != pointers);
}

/* Encodings of which makers of CPUs, or the decoder, have different ideas. */
static bool disputed(const Gen *gen, const ZydisDecodedInstruction *zi,
                     const ZydisDecodedOperand *ops)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_CVTPI2PS: /* from memory: by the SDM it turns x87 state to MMX */
        return ops[1].type == ZYDIS_OPERAND_TYPE_MEMORY;
    case ZYDIS_MNEMONIC_NOP: /* 0F 0D on a register: #UD at AMD */
        return zi->opcode_map == ZYDIS_OPCODE_MAP_0F && zi->opcode == 0x0d;
    case ZYDIS_MNEMONIC_PAUSE: /* with REX.B it is XCHG, not for the decoder */
        return zi->attributes & ZYDIS_ATTRIB_HAS_REX;
    case ZYDIS_MNEMONIC_CMPSB: /* which of two faults comes first */
    case ZYDIS_MNEMONIC_CMPSW:
    case ZYDIS_MNEMONIC_CMPSD:
    case ZYDIS_MNEMONIC_CMPSQ:
        return zi->meta.category == ZYDIS_CATEGORY_STRINGOP &&
               (!(gen->pointers >> RSI & 1) || !(gen->pointers >> RDI & 1) ||
                may_repeat_none(gen, zi));
    case ZYDIS_MNEMONIC_PUSH: /* which of two faults comes first, too */
    case ZYDIS_MNEMONIC_POP:
        return ops[0].type == ZYDIS_OPERAND_TYPE_MEMORY && !(gen->pointers >> RSP & 1);
    case ZYDIS_MNEMONIC_INSB: /* repeated no times: permission checked or not */
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD:
    case ZYDIS_MNEMONIC_LOOPE: /* the prefix changes the condition at AMD */
    case ZYDIS_MNEMONIC_LOOPNE:
        return has_repeat_prefix(zi);
    default:
        return may_repeat_none(gen, zi);
    }
}

static bool writes_segment(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    return zi->operand_count_visible && ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(ops[0].reg.value) == ZYDIS_REGCLASS_SEGMENT &&
           (ops[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE);
}

/* Results that the SDM leaves undefined. */
static bool undefined_result(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_BSWAP:
        return zi->operand_width == 16;
    case ZYDIS_MNEMONIC_SHLD:
    case ZYDIS_MNEMONIC_SHRD:
        return zi->operand_width == 16 &&
               (ops[2].type != ZYDIS_OPERAND_TYPE_IMMEDIATE || (ops[2].imm.value.u & 31) > 16);
    default:
        return false;
    }
}

static bool is_branch(const ZydisDecodedInstruction *zi)
{
    return zi->meta.category == ZYDIS_CATEGORY_COND_BR ||
           zi->meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
           zi->meta.category == ZYDIS_CATEGORY_CALL;
}

static bool branch_ok(const Gen *gen, const ZydisDecodedInstruction *zi,
                      const ZydisDecodedOperand *ops)
{
    return gen->branch < 0 && ops[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
           ops[0].imm.is_relative && !(zi->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE);
}

static uint32_t tested_flags(const ZydisDecodedInstruction *zi)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_PUSHF:
    case ZYDIS_MNEMONIC_PUSHFQ:
    case ZYDIS_MNEMONIC_LAHF:
        return FLAGS_ALL;
    default:
        return zi->cpu_flags ? zi->cpu_flags->tested & FLAGS_ALL : 0;
    }
}

static bool acceptable(Gen *gen, const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops)
{
    if (gen->only && zi->mnemonic != gen->only) {
        return false;
    }
    if (denied(zi) || writes_segment(zi, ops) || undefined_result(zi, ops) ||
        disputed(gen, zi, ops) || (is_branch(zi) && !branch_ok(gen, zi, ops))) {
        return false;
    }
    /* Privileged instructions just raise #GP: one in a while is enough. */
    if ((zi->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) && !chance(gen, 2)) {
        return false;
    }
    return !(tested_flags(zi) & gen->undefined) && gen->filter(zi, gen->opaque);
}

/* Flags that may keep their old value: shifts by zero, repeats of no times. */
static bool may_leave_flags(const ZydisDecodedInstruction *zi)
{
    return zi->meta.category == ZYDIS_CATEGORY_SHIFT ||
           zi->meta.category == ZYDIS_CATEGORY_ROTATE || zi->mnemonic == ZYDIS_MNEMONIC_SHLD ||
           zi->mnemonic == ZYDIS_MNEMONIC_SHRD || zi->meta.category == ZYDIS_CATEGORY_STRINGOP;
}

/* What is known after the instruction. `skipped`: it may not run. */
static bool track(Gen *gen, const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops,
                  bool skipped)
{
    uint16_t written = 0;

    for (unsigned i = 0; i < zi->operand_count; i++) {
        if (ops[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            (ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)) {
            ZydisRegister reg =
                ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, ops[i].reg.value);
            if (ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_GPR64) {
                written |= (uint16_t)(1u << ZydisRegisterGetId(reg));
            }
        }
    }
    /* Pushes and string instructions move their pointers a little; they stay pointers. */
    if (zi->meta.category == ZYDIS_CATEGORY_PUSH || zi->meta.category == ZYDIS_CATEGORY_STRINGOP ||
        zi->meta.category == ZYDIS_CATEGORY_CALL) {
        written = 0;
    } else if (zi->meta.category == ZYDIS_CATEGORY_POP && ops[0].reg.value != ZYDIS_REGISTER_RSP) {
        written &= ~(1u << RSP);
    }
    if (__builtin_popcount(gen->pointers & ~written) < 3 && !gen->only) {
        return false;
    }
    gen->pointers &= ~written;
    gen->small &= ~written;
    if (zi->cpu_flags) {
        uint32_t defined = zi->cpu_flags->modified | zi->cpu_flags->set_0 | zi->cpu_flags->set_1;
        if (!skipped && !may_leave_flags(zi)) {
            gen->undefined &= ~defined;
        }
        gen->undefined |= zi->cpu_flags->undefined & FLAGS_ALL;
    }
    return true;
}

static uint64_t pick_target(Gen *gen)
{
    return DATA_MIDDLE + (uint64_t)(int64_t)pick_disp(gen, 4);
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
    } else if (is_branch(zi)) {
        memset(draft->bytes + zi->raw.imm[0].offset, 0, zi->raw.imm[0].size / 8);
    } else if ((zi->attributes & ZYDIS_ATTRIB_HAS_MODRM) && zi->raw.modrm.mod == 0 &&
               zi->raw.modrm.rm == 5 && zi->raw.disp.size == 32) {
        uint32_t offset = (uint32_t)(target - next);
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

static void append(Gen *gen, const uint8_t *bytes, unsigned length, uint32_t undefined)
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
    Draft draft = draw(gen);
    uint32_t undefined = gen->undefined;
    bool skipped = gen->branch >= 0;

    gen->frames = (gen->pointers >> RSP & 1) && (gen->pointers >> RBP & 1);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&gen->decoder, draft.bytes, INSN_BYTES, &zi, ops)) ||
        !acceptable(gen, &zi, ops) || !track(gen, &zi, ops, skipped)) {
        return false;
    }
    patch(gen, &zi, &draft);
    append(gen, draft.bytes, zi.length, undefined);
    if (skipped) {
        resolve_branch(gen, zi.length);
    } else if (is_branch(&zi)) {
        gen->branch = (int)gen->seq->count - 1;
    }
    return true;
}

/*
 * Instructions whose operand must be prepared, as machine code. What models of CPU differ in (FIP,
 * FDP, FOP, the mask of MXCSR) is cleared after it was stored.
 */
/* and rbx, -64 */
#define ALIGN_RBX "\x48\x83\xe3\xc0"
/* mov eax, 3; xor edx, edx */
#define ALL_STATE "\xb8\x03\x00\x00\x00\x31\xd2"
/* and eax, 3; xor edx, edx */
#define ONE_STATE "\x83\xe0\x03\x31\xd2"
/* mov eax, 7; xor edx, edx */
#define AVX_STATE "\xb8\x07\x00\x00\x00\x31\xd2"
/* and eax, 7; xor edx, edx */
#define SOME_STATE "\x83\xe0\x07\x31\xd2"
/* mov word [rbx + 6], 0; mov qword [rbx + 8], 0; mov qword [rbx + 16], 0; mov dword [rbx + 28], 0
 */
#define CLEAR                                                                                      \
    "\x66\xc7\x43\x06\x00\x00"                                                                     \
    "\x48\xc7\x43\x08\x00\x00\x00\x00"                                                             \
    "\x48\xc7\x43\x10\x00\x00\x00\x00"                                                             \
    "\xc7\x43\x1c\x00\x00\x00\x00"
/* mov qword [rbx + 512], bv; mov qword [rbx + 520], 0; mov qword [rbx + 528], 0 */
#define HEADER(bv)                                                                                 \
    "\x48\xc7\x83\x00\x02\x00\x00" bv "\x00\x00"                                                   \
    "\x48\xc7\x83\x08\x02\x00\x00\x00\x00\x00\x00"                                                 \
    "\x48\xc7\x83\x10\x02\x00\x00\x00\x00\x00\x00"
#define XRSTOR(bv) ALIGN_RBX ALL_STATE "\x48\x0f\xae\x23" CLEAR HEADER(bv)

/* mov qword [rbx + 512 + at], 0 */
#define ZERO(at) "\x48\xc7\x83" at "\x02\x00\x00\x00\x00\x00\x00"
/* xsavec64 of all, with a clean header */
#define COMPACT                                                                                    \
    ALIGN_RBX AVX_STATE "\x48\x0f\xc7\x23" CLEAR ZERO("\x10") ZERO("\x18") ZERO("\x20")            \
        ZERO("\x28") ZERO("\x30") ZERO("\x38")

#define TEMPLATE(text)                                                                             \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
static const struct {
    const char *code;
    unsigned size;
} templates[] = {
    /* and qword [rsp], ~(ID | AC | TF); popf */
    TEMPLATE("\x48\x81\x24\x24\xff\xfe\xdb\xff\x9d"),
    /* call $+5; add qword [rsp], 6; ret */
    TEMPLATE("\xe8\x00\x00\x00\x00\x48\x83\x04\x24\x06\xc3"), /* and dword [rbx], 0xffff; ldmxcsr
                                                                 [rbx] */
    TEMPLATE("\x81\x23\xff\xff\x00\x00\x0f\xae\x13"),
    /* or dword [rbx], 0x10000; ldmxcsr [rbx] */
    TEMPLATE("\x81\x0b\x00\x00\x01\x00\x0f\xae\x13"),
    TEMPLATE(ALIGN_RBX "\x0f\xae\x03" CLEAR),                    /* fxsave */
    TEMPLATE(ALIGN_RBX "\x48\x0f\xae\x03" CLEAR),                /* fxsave64 */
    TEMPLATE(ALIGN_RBX "\x48\x0f\xae\x03" CLEAR "\x0f\xae\x0b"), /* fxrstor */
    TEMPLATE(ALIGN_RBX ALL_STATE "\x48\x0f\xae\x23" CLEAR),      /* xsave64 */
    TEMPLATE(ALIGN_RBX ONE_STATE "\x0f\xae\x23" CLEAR),          /* xsave */
    TEMPLATE(ALIGN_RBX ONE_STATE "\x48\x0f\xae\x33" CLEAR),      /* xsaveopt64 */
    TEMPLATE(XRSTOR("\x00\x00") "\x48\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x01\x00") "\x48\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x02\x00") "\x48\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x03\x00") ONE_STATE "\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x03\x01") "\x48\x0f\xae\x2b"),         /* a component of no user's */
    TEMPLATE(ALIGN_RBX AVX_STATE "\x48\x0f\xae\x23" CLEAR),  /* xsave64 */
    TEMPLATE(ALIGN_RBX SOME_STATE "\x48\x0f\xae\x33" CLEAR), /* xsaveopt64 */
    TEMPLATE(ALIGN_RBX AVX_STATE "\x48\x0f\xc7\x23" CLEAR),  /* xsavec64 */
    TEMPLATE(ALIGN_RBX SOME_STATE "\x0f\xc7\x23" CLEAR),     /* xsavec */
    TEMPLATE(XRSTOR("\x07\x00") AVX_STATE "\x48\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x04\x00") SOME_STATE "\x48\x0f\xae\x2b"),
    TEMPLATE(XRSTOR("\x03\x00") AVX_STATE "\x48\x0f\xae\x2b"),
    TEMPLATE(COMPACT AVX_STATE "\x48\x0f\xae\x2b"),
    TEMPLATE(COMPACT SOME_STATE "\x48\x0f\xae\x2b"),
    /* bytes 63:16 of the header must be zero */
    TEMPLATE(ALIGN_RBX AVX_STATE "\x48\x0f\xc7\x23" CLEAR "\x80\x8b\x20\x02\x00\x00\x01"
                                 "\x48\x0f\xae\x2b"),
};

#define TEMPLATE_MAX 20 /* instructions */

/* The state components that models differ in whether they have them. */
static bool template_ok(Gen *gen, unsigned n)
{
    ZydisDecodedInstruction zi;

    for (unsigned at = 0; at < templates[n].size; at += zi.length) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&gen->decoder, NULL,
                                                        (const uint8_t *)templates[n].code + at,
                                                        templates[n].size - at, &zi))) {
            g_error("template %u is no code at %u", n, at);
        }
        if (!gen->filter(&zi, gen->opaque)) {
            return false;
        }
    }
    return true;
}

static void append_template(Gen *gen)
{
    unsigned n = pick(gen, G_N_ELEMENTS(templates)), at = 0;
    uint16_t pointers = gen->pointers;

    if (!template_ok(gen, n)) {
        return;
    }

    while (at < templates[n].size) {
        const uint8_t *code = (const uint8_t *)templates[n].code + at;
        ZydisDecodedInstruction zi;
        ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
        uint32_t undefined = gen->undefined;

        ZydisDecoderDecodeFull(&gen->decoder, code, templates[n].size - at, &zi, ops);
        gen->pointers = 0xffff;
        track(gen, &zi, ops, false);
        append(gen, code, zi.length, undefined);
        at += zi.length;
    }
    gen->pointers = pointers;
}

/* Ends the sequence with a VEX prefix that makes no instruction, or is none after another prefix.
 */
static void append_undefined(Gen *gen)
{
    static const uint8_t bad[] = {0x66, 0xf2, 0xf3, 0xf0, 0x40, 0x48};

    for (unsigned tries = 0; tries < 100; tries++) {
        Draft draft = draw_from(gen, VEX);
        ZydisDecodedInstruction zi;
        ZyanStatus status;

        if (chance(gen, 30)) {
            memmove(draft.bytes + 1, draft.bytes, draft.length);
            draft.bytes[0] = bad[pick(gen, G_N_ELEMENTS(bad))];
        }
        status = ZydisDecoderDecodeInstruction(&gen->decoder, NULL, draft.bytes, INSN_BYTES, &zi);
        if (!ZYAN_SUCCESS(status) && status != ZYDIS_STATUS_NO_MORE_DATA &&
            status != ZYDIS_STATUS_INSTRUCTION_TOO_LONG) {
            append(gen, draft.bytes, INSN_BYTES, gen->undefined);
            return;
        }
    }
}

void seq_generate(Sequence *seq, uint64_t seed, unsigned length, ZydisMnemonic only,
                  SeqFilter *filter, void *opaque)
{
    Gen gen = {.seq = seq, .only = only, .filter = filter, .opaque = opaque, .branch = -1};

    memset(seq->code, 0xcc, sizeof(seq->code));
    seq->size = seq->count = 0;
    rng_seed(&gen.rng, seed);
    ZydisDecoderInit(&gen.decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    gen.pointers = 1u << RBX | 1u << RSP | 1u << RBP | 1u << RSI | 1u << RDI | 1u << R8 |
                   1u << R13 | 1u << R14;
    gen.small = 1u << RCX | 1u << R9 | 1u << R15;
    gen_state(&gen);
    for (unsigned tries = 0;
         seq->count < length && seq->count < SEQ_MAX - TEMPLATE_MAX && tries < MAX_TRIES; tries++) {
        if (gen.branch < 0 && !only && (gen.pointers >> RSP & 1) && (gen.pointers >> RBX & 1) &&
            pick(&gen, 1000) == 0) {
            append_template(&gen);
        } else {
            try_instruction(&gen);
        }
    }
    if (gen.branch < 0 && !only && chance(&gen, 4) && !host_has_newer_vex()) {
        append_undefined(&gen);
    }
    seq->insn[seq->count] = (SeqInsn){(uint16_t)seq->size, 1, gen.undefined};
}
