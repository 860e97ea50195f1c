/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions for generated programs: a row of rows.c with operands in every addressing form, and
 * what has no row.
 *
 * RBX RSP RBP RSI RDI R8 R13 hold addresses of data, RCX and R9 small numbers, R15 bounds loops;
 * the rest is scratch. Seldom, an instruction writes to one that is not scratch, or uses an address
 * outside of what is mapped: then the program faults. What the SDM leaves undefined is never read.
 */
#include "rows.h"
#include "tiers.h"

static const uint8_t pointers[] = {R_RBX, R_RSP, R_RBP, R_RSI, R_RDI, R_R8, 13};
static const uint8_t small[] = {R_RCX, 9};
static const uint8_t scratch[] = {R_RAX, R_RDX, 10, 11, 12, 14};

unsigned pick_scratch(Gen *gen)
{
    return scratch[pick(gen, G_N_ELEMENTS(scratch))];
}

static unsigned pick_written(Gen *gen)
{
    if (gen->wild && chance(gen, 2)) {
        unsigned n = pick(gen, 15);
        return n == R_RSP ? R_RAX : n;
    }
    return pick_scratch(gen);
}

/* A memory operand. */
typedef struct {
    int base, index; /* -1: none */
    unsigned scale, disp_size, segment;
    int32_t disp;
    bool rip, narrow; /* narrow: 32-bit address */
} Mem;

/* An address in data, mostly where `size` bytes can be written. */
static uint32_t pick_address(Gen *gen, unsigned size, bool align)
{
    unsigned what = pick(gen, 100);
    if (align) {
        return (uint32_t)DATA_BASE + pick(gen, DATA_RW / 16) * 16;
    }
    if (what < 70) {
        return (uint32_t)DATA_BASE + pick(gen, DATA_RW - size);
    }
    if (what < 90) { /* across pages */
        return (uint32_t)DATA_BASE + 0x1000 * (1 + pick(gen, DATA_PAGES - 2)) -
               (size > 1 ? 1 + pick(gen, size - 1) : 1);
    }
    if (what < 97 || !gen->wild) {
        return (uint32_t)(CODE_DATA_END - CODE_DATA) + pick(gen, CODE_DATA - size);
    }
    /* at the edge of what is writable, or of what is there */
    return (uint32_t)DATA_BASE + (chance(gen, 50) ? DATA_RW : DATA_SIZE) - pick(gen, 2 * size);
}

static Mem pick_mem(Gen *gen, unsigned size, bool align)
{
    Mem m = {.base = -1, .index = -1};
    unsigned what = pick(gen, 100);

    if (what < 10 || (align && what < 60)) {
        m.rip = true;
        m.disp = (int32_t)pick_address(gen, size, align);
        return m;
    }
    if (what < 20) {
        m.disp_size = 4;
        m.disp = (int32_t)pick_address(gen, size, align);
        if (chance(gen, 40)) {
            m.index = small[pick(gen, G_N_ELEMENTS(small))];
            m.scale = pick(gen, 4);
        }
        return m;
    }
    m.base = pointers[pick(gen, G_N_ELEMENTS(pointers))];
    if (what < 45) {
        m.index = small[pick(gen, G_N_ELEMENTS(small))];
        m.scale = pick(gen, 4);
    }
    m.disp_size = pick(gen, 3) * 2 & 5; /* 0, 2 or 4 */
    m.disp_size = m.disp_size == 2 ? 1 : m.disp_size;
    m.disp = (int32_t)pick(gen, m.disp_size == 1 ? 256 : 4096) - (m.disp_size == 1 ? 128 : 2048);
    m.disp &= align || chance(gen, 50) ? ~15 : ~0;
    m.segment = chance(gen, 4) ? 0x64 + pick(gen, 2) : 0;
    m.narrow = chance(gen, 3);
    return m;
}

/* ModRM, SIB and displacement; prefixes and REX have been emitted. */
static void put_mem(Draft *draft, unsigned reg, const Mem *m)
{
    unsigned field = (reg & 7) << 3, mod;

    if (m->rip) {
        draft_byte(draft, field | 5);
        draft->rip_at = (int)draft->length;
        draft->rip_target = (uint32_t)m->disp;
        draft_bytes(draft, "\0\0\0", 4);
        return;
    }
    mod = m->base < 0 ? 0 : m->disp_size == 4 ? 2 : m->disp_size;
    if (mod == 0 && m->base >= 0 && (m->base & 7) == 5) {
        mod = 1;
    }
    if (m->base < 0 || m->index >= 0 || (m->base & 7) == 4) {
        draft_byte(draft, mod << 6 | field | 4);
        draft_byte(draft, m->scale << 6 | (m->index < 0 ? 4u : (unsigned)m->index & 7) << 3 |
                              (m->base < 0 ? 5u : (unsigned)m->base & 7));
    } else {
        draft_byte(draft, mod << 6 | field | ((unsigned)m->base & 7));
    }
    int32_t disp = m->disp_size ? m->disp : 0;
    draft_bytes(draft, &disp, m->base < 0 || mod == 2 ? 4 : mod);
}

typedef struct {
    const Row *row;
    unsigned size, reg, rm, opcode, third;
    bool memory, rex;
    Mem mem;
} Choice;

static unsigned pick_size(Gen *gen, unsigned sizes)
{
    unsigned size;
    do {
        size = 1u << pick(gen, 4);
    } while (!(sizes & size));
    return size;
}

static void choose_registers(Gen *gen, Choice *c)
{
    const Row *row = c->row;

    c->reg = row->ext >= 0 ? (unsigned)row->ext : pick(gen, 16);
    c->rm = pick(gen, 16);
    c->third = row->flags & WVEX ? pick_written(gen) : pick(gen, 16);
    if (row->flags & WREG) {
        c->reg = pick_written(gen);
    }
    if ((row->flags & WRM) && !(row->flags & VRM)) {
        c->rm = pick_written(gen);
    }
    if (row->ext < 0 && !(row->flags & (WREG | VREG)) && chance(gen, 60)) {
        c->reg = pick_scratch(gen); /* numbers that were computed, rather than addresses */
    }
    if (row->flags & NEAR) {
        c->reg = small[pick(gen, G_N_ELEMENTS(small))];
    }
}

static unsigned rex_of(const Choice *c)
{
    unsigned rex = c->rex ? 0x40 : 0;
    rex |= c->size == Q ? 8 : 0;
    rex |= c->row->ext < 0 && c->reg >= 8 ? 4 : 0;
    if (c->memory) {
        rex |= (c->mem.base >= 8 ? 1u : 0) | (c->mem.index >= 8 ? 2u : 0);
    } else {
        rex |= c->rm >= 8 ? 1 : 0;
    }
    return rex ? rex | 0x40 : 0;
}

/* AH and DH for AL and DL. */
static void choose_high_bytes(Gen *gen, Choice *c)
{
    if (c->size != B || rex_of(c) || !chance(gen, 40)) {
        return;
    }
    if (c->row->ext < 0 && (c->reg == R_RAX || c->reg == R_RDX)) {
        c->reg += 4;
    }
    if (!c->memory && (c->rm == R_RAX || c->rm == R_RDX)) {
        c->rm += 4;
    }
}

static Choice choose(Gen *gen)
{
    Choice c = {0};
    do {
        c.row = &insn_rows[pick(gen, insn_row_count)];
    } while ((c.row->flags & RARE) && !(gen->wild && chance(gen, 12)));
    const Row *row = c.row;
    c.size = pick_size(gen, row->sizes);
    c.opcode = row->opcode - (c.size == B && !(row->flags & BYTE) ? 1 : 0);
    c.opcode += row->flags & COND ? pick(gen, 16) : 0;
    c.memory = (row->flags & RM) == MEM || ((row->flags & MEM) && chance(gen, 45));
    choose_registers(gen, &c);
    unsigned size = row->flags & YMM            ? 32
                    : row->flags & (VREG | VRM) ? 16
                    : row->flags & ALIGN        ? 2 * c.size
                                                : c.size;
    if (c.memory) {
        c.mem = pick_mem(gen, size, (row->flags & ALIGN) && !(gen->wild && chance(gen, 3)));
        c.mem.segment = row->flags & ADDR ? 0 : c.mem.segment;
    }
    c.rex = chance(gen, 10);
    choose_high_bytes(gen, &c);
    return c;
}

/* The three-byte form (SDM vol. 2, 2.3.5): the REX bits but for W and the further register,
 * inverted. */
static void put_vex(Gen *gen, Draft *draft, const Choice *c)
{
    const Row *row = c->row;
    unsigned rex = rex_of(c), wide = (row->flags & YMM) && chance(gen, 50) ? 4 : 0;
    unsigned prefix = row->prefix == 0x66 ? 1 : row->prefix == 0xf3 ? 2 : row->prefix ? 3 : 0;
    unsigned third = row->flags & NOVEX ? 0 : c->third;

    if (c->memory && c->mem.segment) {
        draft_byte(draft, c->mem.segment);
    }
    if (c->memory && c->mem.narrow) {
        draft_byte(draft, 0x67);
    }
    draft_byte(draft, 0xc4);
    draft_byte(draft, (~rex & 7) << 5 | row->map);
    draft_byte(draft, (rex & 8) << 4 | (~third & 15) << 3 | wide | prefix);
}

static void put_prefixes(Gen *gen, Draft *draft, const Choice *c)
{
    const Row *row = c->row;
    const Mem *m = &c->mem;
    unsigned rex = rex_of(c);

    if (c->memory && m->segment) {
        draft_byte(draft, m->segment);
    }
    if (c->memory && m->narrow) {
        draft_byte(draft, 0x67);
    }
    if (c->memory && (row->flags & LOCK) && chance(gen, 15)) {
        draft_byte(draft, 0xf0);
    }
    if (c->size == W) {
        draft_byte(draft, 0x66);
    }
    if (row->prefix) {
        draft_byte(draft, row->prefix);
    }
    if (rex) {
        draft_byte(draft, rex);
    }
    if (row->map) {
        draft_byte(draft, 0x0f);
    }
    if (row->map > 1) {
        draft_byte(draft, row->map == 2 ? 0x38 : 0x3a);
    }
}

static unsigned put_imm(Gen *gen, Draft *draft, const Choice *c)
{
    unsigned size = c->row->imm == NONE                   ? 0
                    : c->row->imm == IMM8 || c->size == B ? 1
                    : c->size == W                        ? 2
                                                          : 4;
    uint64_t value = chance(gen, 50) ? rng_next(&gen->rng) : rng_next(&gen->rng) & 0x8f;
    draft_bytes(draft, &value, size);
    return size;
}

static void place_row(Gen *gen)
{
    Draft draft = {.rip_at = -1};
    Choice c = choose(gen);

    if (c.row->flags & VEX) {
        put_vex(gen, &draft, &c);
    } else {
        put_prefixes(gen, &draft, &c);
    }
    draft_byte(&draft, c.opcode);
    if (c.memory) {
        put_mem(&draft, c.reg, &c.mem);
    } else {
        draft_byte(&draft, 0xc0 | (c.reg & 7) << 3 | (c.rm & 7));
    }
    unsigned imm = put_imm(gen, &draft, &c);
    unsigned length = draft.length;
    unsigned at = place(gen, &draft);
    if ((c.row->flags & PATCH) && (imm == 1 || imm == 4) && gen->n_sites < MAX_SITES) {
        gen->sites[gen->n_sites++] = (Site){(uint16_t)(at + length - imm), (uint16_t)(at + length),
                                            imm == 1 ? SITE_IMM8 : SITE_IMM32};
    }
}

void place_pointer(Gen *gen)
{
    unsigned reg = pointers[pick(gen, G_N_ELEMENTS(pointers))];
    if (reg == R_RSP && !gen->wild) {
        reg = R_RBX;
    }
    uint32_t addr = (uint32_t)DATA_MIDDLE + (pick(gen, 512) - 256) * 16;
    Draft draft = {.rip_at = -1};

    if (reg == R_RSP || chance(gen, 50)) { /* lea r64, [rip + ...] */
        draft_byte(&draft, reg >= 8 ? 0x4c : 0x48);
        draft_byte(&draft, 0x8d);
        put_mem(&draft, reg, &(Mem){.base = -1, .index = -1, .rip = true, .disp = (int32_t)addr});
    } else { /* mov r32, imm32 */
        addr = chance(gen, 30) ? pick_address(gen, 8, false) : addr;
        draft_byte(&draft, reg >= 8 ? 0x41 : 0x40);
        draft_byte(&draft, 0xb8 | (reg & 7));
        draft_bytes(&draft, &addr, 4);
    }
    place(gen, &draft);
}

static void place_small(Gen *gen, unsigned reg, unsigned value)
{
    PLACE(gen, reg >= 8 ? 0x41 : 0x40, 0xb8 | (reg & 7), (uint8_t)value, (uint8_t)(value >> 8), 0,
          0);
}

/* One-byte instructions and the like. */
static void place_short(Gen *gen)
{
    static const uint8_t plain[] = {0x90, 0xf5, 0xf8, 0xf9, 0x98, 0x99, 0xd7, 0x9e};
    unsigned reg = pick_scratch(gen), rex = reg >= 8 ? 1 : 0, value = (unsigned)rng_next(&gen->rng);

    switch (pick(gen, 9)) {
    case 0:
        PLACE(gen, 0x48 | rex, 0x0f, 0xc8 | (reg & 7)); /* bswap */
        break;
    case 1:
        PLACE(gen, 0x48 | rex, 0x90 | (reg & 7)); /* xchg rax, r64 */
        break;
    case 2:
        PLACE(gen, 0x48, 0x98 | pick(gen, 2)); /* cdqe, cqo */
        break;
    case 3:
        PLACE(gen, 0x66, 0x98 | pick(gen, 2)); /* cbw, cwd */
        break;
    case 4:
        PLACE(gen, 0x48 | rex, 0xb8 | (reg & 7), value, value >> 8, value >> 16, value >> 24, 0x80,
              value >> 3, value >> 5, value >> 7);
        break;
    case 5:
        PLACE(gen, 0x0f, 0x1f, 0x44, 0x00, 0x00); /* nop of 5 bytes */
        break;
    case 6:
        place_flags(gen);
        PLACE(gen, 0x9f); /* lahf */
        break;
    default:
        PLACE(gen, plain[pick(gen, G_N_ELEMENTS(plain))]);
        break;
    }
}

static void place_string(Gen *gen)
{
    static const uint8_t opcodes[] = {0xa4, 0xa6, 0xaa, 0xac, 0xae};
    unsigned opcode = opcodes[pick(gen, G_N_ELEMENTS(opcodes))] | (chance(gen, 60) ? 1 : 0);
    unsigned size = pick(gen, 3), repeat = pick(gen, 3);
    bool down = chance(gen, 15);
    Draft draft = {.rip_at = -1};

    if (repeat) {
        place_small(gen, R_RCX, pick(gen, chance(gen, 10) ? 400 : 20));
    }
    if (down) {
        PLACE(gen, 0xfd);
    }
    /* SCAS and CMPS of no times leave the flags that there were. */
    if (size == 0 && (opcode & 1)) {
        draft_byte(&draft, 0x66);
    }
    if (repeat) {
        draft_byte(&draft, repeat == 1 ? 0xf3 : 0xf2);
    }
    if (size == 1 && (opcode & 1)) {
        draft_byte(&draft, 0x48);
    }
    draft_byte(&draft, opcode);
    place(gen, &draft);
    if (down) {
        PLACE(gen, 0xfc);
    }
    place_small(gen, R_RCX, pick(gen, 8) * 16);
}

static void place_stack(Gen *gen)
{
    unsigned reg = pick(gen, 16), to = pick_scratch(gen), imm = (unsigned)rng_next(&gen->rng);

    switch (pick(gen, 6)) {
    case 0:
        PLACE(gen, 0x6a, imm);
        break;
    case 1:
        PLACE(gen, 0x68, imm, imm >> 8, imm >> 16, imm >> 24);
        break;
    case 2: /* push, and the flags without AF, which need not be defined */
        PLACE(gen, 0x9c);
        PLACE(gen, 0x80, 0x24, 0x24, 0xef);
        if (chance(gen, 30)) {
            PLACE(gen, 0x9d);
            return;
        }
        break;
    case 3:
        PLACE(gen, 0xc8, (imm & 0x1f) * 8, 0, chance(gen, 20) ? imm >> 8 & 3 : 0); /* enter */
        PLACE(gen, 0xc9);
        return;
    case 4:
        PLACE(gen, 0xff, 0x73, imm & 0x70); /* push [rbx + n] */
        break;
    default:
        PLACE(gen, 0x40 | (reg >= 8), 0x50 | (reg & 7));
        break;
    }
    for (unsigned n = pick(gen, 3); n; n--) {
        place_row(gen);
    }
    if (chance(gen, 10)) {
        PLACE(gen, 0x8f, 0x46, imm & 0x78); /* pop [rsi + n] */
    } else {
        PLACE(gen, 0x40 | (to >= 8), 0x58 | (to & 7));
    }
}

/* stmxcsr [rsp - 8]; xor dword [rsp - 8], bits; ldmxcsr [rsp - 8]: another rounding or
 * flush-to-zero, seldom an exception no longer masked. */
static void place_mxcsr(Gen *gen)
{
    unsigned bits =
        (unsigned)rng_next(&gen->rng) & (gen->wild && chance(gen, 20) ? 0xfff0 : 0xe07f);
    PLACE(gen, 0x0f, 0xae, 0x5c, 0x24, 0xf8);
    PLACE(gen, 0x81, 0x74, 0x24, 0xf8, bits, bits >> 8, 0, 0);
    PLACE(gen, 0x0f, 0xae, 0x54, 0x24, 0xf8);
}

/* To the kernel and back, which loses RCX and R11. */
static void place_syscall(Gen *gen)
{
    PLACE(gen, 0x0f, 0x05);
    place_small(gen, R_RCX, pick(gen, 8) * 16);
}

static void place_x87(Gen *gen)
{
    unsigned n = pick(gen, 16) * 8;
    PLACE(gen, 0xdd, 0x43, n);                     /* fld qword [rbx + n] */
    PLACE(gen, 0xdc, 0x46 | pick(gen, 2) << 3, n); /* fadd, fmul qword [rsi + n] */
    PLACE(gen, 0xdd, 0x5f, n);                     /* fstp qword [rdi + n] */
    PLACE(gen, 0x0f, 0x77);                        /* emms: empties the stack */
}

void place_any(Gen *gen)
{
    unsigned what = pick(gen, 100);

    if (what < 80) {
        place_row(gen);
    } else if (what < 86) {
        place_short(gen);
    } else if (what < 92) {
        place_stack(gen);
    } else if (what < 95) {
        place_string(gen);
    } else if (what < 96) {
        if (chance(gen, 40)) {
            place_x87(gen);
        } else if (chance(gen, 50)) {
            place_mxcsr(gen);
        } else if (gen->kernel) {
            place_syscall(gen);
        } else {
            PLACE(gen, 0xc5, chance(gen, 80) ? 0xf8 : 0xfc, 0x77); /* vzeroupper, vzeroall */
        }
    } else {
        place_pointer(gen);
    }
}
