/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draws the bytes of an instruction. */
#include "tests/unit/cpuhost/gen_internal.h"

/* What is drawn instead of an opcode map: x87 opcodes, or a VEX prefix with a map of its own. */
#define X87 4
#define VEX 5

static void emit(Draft *draft, unsigned byte)
{
    draft->bytes[draft->length++] = (uint8_t)byte;
}

static unsigned pick_register(Gen *gen, uint16_t mask)
{
    unsigned n, count = gen->seq->bits == 64 ? 16 : 8;

    if (!mask || chance(gen, 3)) {
        return pick(gen, count);
    }
    do {
        n = pick(gen, count);
    } while (!(mask >> n & 1));
    return n;
}

typedef struct {
    unsigned mod, rm, sib, rex, disp_size;
    int32_t disp;
} ModRm;

int32_t gen_pick_disp(Gen *gen, unsigned size)
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
        m.disp = (int32_t)DATA_MIDDLE + gen_pick_disp(gen, 4);
        return m;
    }
    m.mod = pick(gen, 3);
    if (!m.mod && (base & 7) == 5) {
        m.mod = 1;
    }
    m.disp_size = m.mod == 2 ? 4 : m.mod;
    m.disp = m.mod ? gen_pick_disp(gen, m.disp_size) : 0;
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

/* With 16-bit addresses, which reach nothing but by a segment of their own. */
static ModRm pick_modrm16(Gen *gen)
{
    ModRm m = {.mod = chance(gen, 30) ? 3 : pick(gen, 3), .rm = pick(gen, 8)};

    m.disp_size = m.mod == 3 ? 0 : m.mod == 0 ? (m.rm == 6 ? 2 : 0) : m.mod;
    m.disp = m.disp_size == 2 ? (int32_t)pick(gen, DATA_SIZE + 64) : (int32_t)pick(gen, 256) - 128;
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

static void emit_prefixes(Gen *gen, Draft *draft, unsigned map, bool address16)
{
    static const uint8_t mandatory[] = {0, 0x66, 0xf2, 0xf3};
    static const uint8_t segments[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    uint8_t prefix = mandatory[pick(gen, 4)];

    if (address16 && chance(gen, 80)) {
        emit(draft, 0x65);
    } else if (chance(gen, 4)) {
        emit(draft, segments[pick(gen, 6)]);
    }
    if (address16 || (gen->seq->bits == 64 && chance(gen, 4))) {
        emit(draft, 0x67);
    }
    if (chance(gen, 5) && map < 2) {
        emit(draft, 0xf0);
    }
    if (prefix && map != VEX && (map == X87 ? chance(gen, 10) : map || chance(gen, 60))) {
        emit(draft, prefix);
    }
}

/* A VEX prefix for REX bits `rex`, with a random opcode in one of its three maps. In 32-bit code
 * the bits for registers 8 to 15 must not be used: LDS and LES have them clear. */
static void emit_vex(Gen *gen, Draft *draft, unsigned rex)
{
    static const uint8_t maps[] = {1, 1, 1, 2, 2, 2, 3};
    unsigned map = maps[pick(gen, G_N_ELEMENTS(maps))];
    unsigned vvvv = chance(gen, 50) ? 15 : gen->seq->bits == 64 ? pick(gen, 16) : 8 + pick(gen, 8);
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
    bool is64 = gen->seq->bits == 64, address16 = !is64 && chance(gen, 8);
    ModRm m = address16 ? pick_modrm16(gen) : pick_modrm(gen);

    emit_prefixes(gen, &draft, map, address16);
    rex = m.rex | (chance(gen, 35) ? 8 : 0) | (chance(gen, 30) ? 4 : 0);
    rex &= is64 ? 15 : 8;
    if (map == VEX) {
        emit_vex(gen, &draft, rex);
    } else {
        if (is64 && (rex || chance(gen, 15))) {
            emit(&draft, 0x40 | rex);
        }
        emit_opcode(gen, &draft, map);
    }
    emit(&draft, m.mod << 6 | pick(gen, 8) << 3 | m.rm);
    if (m.mod != 3 && m.rm == 4 && !address16) {
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

Draft gen_draw(Gen *gen)
{
    static const uint8_t maps[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2,
                                   2, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5};

    return draw_from(gen, maps[pick(gen, G_N_ELEMENTS(maps))]);
}

Draft gen_draw_vex(Gen *gen)
{
    return draw_from(gen, VEX);
}
