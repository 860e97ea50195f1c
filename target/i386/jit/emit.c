/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoder of host instructions: prefixes, ModRM, SIB and displacement (Intel SDM vol. 2, 2.1).
 */
#include "target/i386/jit/emit.h"

#include <string.h>

void emit8(Emit *e, unsigned byte)
{
    if (e->p >= e->end) {
        e->overflow = true;
        return;
    }
    *e->p++ = (uint8_t)byte;
}

void emit32(Emit *e, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        emit8(e, v >> (8 * i) & 0xff);
    }
}

void emit64(Emit *e, uint64_t v)
{
    emit32(e, (uint32_t)v);
    emit32(e, (uint32_t)(v >> 32));
}

#define ALL_REGISTERS 0xffffu

void emit_watch(Emit *e)
{
    e->watched = e->p;
    e->changed = 0;
}

bool emit_changed(const Emit *e, int reg)
{
    return e->watched != e->p || e->changed >> reg & 1;
}

/* The bytes from `start` may have changed these registers. */
static void watch(Emit *e, const uint8_t *start, unsigned registers)
{
    e->changed |= (uint16_t)(start == e->watched ? registers : ALL_REGISTERS);
    e->watched = e->p;
}

/* What an instruction with a ModRM byte may change; `rm` is H_NONE for memory. */
static unsigned changes(unsigned opcode, int reg, int rm)
{
    if ((opcode & ~0x39u) == 0x02) { /* ADD to CMP with the register first */
        return 1u << reg;
    }
    switch (opcode) {
    case 0x63: /* loads and extensions, LEA */
    case 0x8a:
    case 0x8b:
    case 0x8d:
    case 0x0fb6:
    case 0x0fb7:
    case 0x0fbe:
    case 0x0fbf:
        return 1u << reg;
    case 0x84: /* TEST */
    case 0x85:
        return 0;
    case 0x80: /* `reg` is a part of the opcode */
    case 0x81:
    case 0x83:
    case 0x88: /* stores */
    case 0x89:
    case 0xc0:
    case 0xc1:
    case 0xc6:
    case 0xc7:
    case 0xd2:
    case 0xd3:
        return rm < 0 ? 0 : 1u << rm;
    default:
        return ALL_REGISTERS;
    }
}

static void prefix(Emit *e, unsigned opcode, unsigned size, int reg, int index, int base)
{
    unsigned rex =
        (size == 3 ? 8u : 0) | (reg >= 8 ? 4u : 0) | (index >= 8 ? 2u : 0) | (base >= 8 ? 1u : 0);
    if (size == 1) {
        emit8(e, 0x66);
    }
    /* A byte in rsi or rdi needs REX to be named. */
    bool byte = size == 0 || opcode == 0x0fb6 || opcode == 0x0fbe;
    if (rex || byte) {
        emit8(e, 0x40 | rex);
    }
    if (opcode > 0xff) {
        emit8(e, opcode >> 8);
    }
    emit8(e, opcode & 0xff);
}

void emit_rr(Emit *e, unsigned opcode, unsigned size, int reg, int rm)
{
    const uint8_t *start = e->p;
    prefix(e, opcode, size, reg, 0, rm);
    emit8(e, 0xc0 | ((unsigned)reg & 7) << 3 | ((unsigned)rm & 7));
    watch(e, start, changes(opcode, reg, rm));
}

void emit_rm(Emit *e, unsigned opcode, unsigned size, int reg, int base, int32_t disp)
{
    emit_rmx(e, opcode, size, reg, base, H_NONE, 0, disp);
}

static void memory_operand(Emit *e, int reg, int base, int index, unsigned scale, int32_t disp)
{
    unsigned r = ((unsigned)reg & 7) << 3, i = index < 0 ? 4u : (unsigned)index & 7;
    bool small = disp == (int8_t)disp;
    if (base < 0) {
        emit8(e, r | 4);
        emit8(e, scale << 6 | i << 3 | 5);
        emit32(e, (uint32_t)disp);
        return;
    }
    unsigned mod = small ? 0x40 : 0x80;
    if (index >= 0 || (base & 7) == 4) {
        emit8(e, mod | r | 4);
        emit8(e, scale << 6 | i << 3 | ((unsigned)base & 7));
    } else {
        emit8(e, mod | r | ((unsigned)base & 7));
    }
    if (small) {
        emit8(e, (unsigned)disp & 0xff);
    } else {
        emit32(e, (uint32_t)disp);
    }
}

void emit_rmx(Emit *e, unsigned opcode, unsigned size, int reg, int base, int index, unsigned scale,
              int32_t disp)
{
    const uint8_t *start = e->p;
    prefix(e, opcode, size, reg, index < 0 ? 0 : index, base < 0 ? 0 : base);
    memory_operand(e, reg, base, index, scale, disp);
    watch(e, start, changes(opcode, reg, H_NONE));
}

void emit_load(Emit *e, unsigned size, int reg, int base, int32_t disp)
{
    if (size < 2) {
        emit_rm(e, size ? 0x0fb7 : 0x0fb6, 2, reg, base, disp);
    } else {
        emit_rm(e, 0x8b, size, reg, base, disp);
    }
}

static unsigned sign_opcode(unsigned from)
{
    return from == 0 ? 0x0fbe : from == 1 ? 0x0fbf : 0x63;
}

void emit_load_signed(Emit *e, unsigned from, unsigned to, int reg, int base, int32_t disp)
{
    if (from == to) {
        emit_load(e, from, reg, base, disp);
    } else {
        emit_rm(e, sign_opcode(from), to < 2 ? 2 : to, reg, base, disp);
    }
}

void emit_store(Emit *e, unsigned size, int reg, int base, int32_t disp)
{
    emit_rm(e, size ? 0x89 : 0x88, size, reg, base, disp);
}

void emit_imm(Emit *e, unsigned size, int32_t imm)
{
    const uint8_t *start = e->p;
    if (size == 0) {
        emit8(e, (unsigned)imm & 0xff);
    } else if (size == 1) {
        emit8(e, (unsigned)imm & 0xff);
        emit8(e, (unsigned)imm >> 8 & 0xff);
    } else {
        emit32(e, (uint32_t)imm);
    }
    watch(e, start, 0);
}

void emit_store_imm(Emit *e, unsigned size, int32_t imm, int base, int32_t disp)
{
    emit_rm(e, size ? 0xc7 : 0xc6, size, 0, base, disp);
    emit_imm(e, size, imm);
}

void emit_mov(Emit *e, unsigned size, int to, int from)
{
    emit_rr(e, 0x8b, size < 2 ? 2 : size, to, from);
}

void emit_sext(Emit *e, unsigned from, int to, int reg)
{
    if (from == 3) {
        emit_mov(e, 3, to, reg);
    } else {
        emit_rr(e, sign_opcode(from), 3, to, reg);
    }
}

void emit_zext(Emit *e, unsigned from, int to, int reg)
{
    if (from >= 2) {
        emit_mov(e, from, to, reg);
    } else if (from == 1) {
        emit_rr(e, 0x0fb7, 3, to, reg);
    } else {
        emit_rr(e, 0x0fb6, 3, to, reg);
    }
}

void emit_const(Emit *e, int reg, uint64_t v)
{
    const uint8_t *start = e->p;
    if (v == (uint32_t)v) {
        if (reg >= 8) {
            emit8(e, 0x41);
        }
        emit8(e, 0xb8 | ((unsigned)reg & 7));
        emit32(e, (uint32_t)v);
    } else if ((int64_t)v == (int32_t)v) {
        emit_rr(e, 0xc7, 3, 0, reg);
        emit_imm(e, 3, (int32_t)v);
        return;
    } else {
        emit8(e, reg >= 8 ? 0x49 : 0x48);
        emit8(e, 0xb8 | ((unsigned)reg & 7));
        emit64(e, v);
    }
    watch(e, start, 1u << reg);
}

void emit_alu_imm(Emit *e, unsigned kind, unsigned size, int rm, int32_t imm)
{
    if (size && imm == (int8_t)imm) {
        emit_rr(e, 0x83, size, (int)kind, rm);
        emit_imm(e, 0, imm);
        return;
    }
    emit_rr(e, size ? 0x81 : 0x80, size, (int)kind, rm);
    emit_imm(e, size, imm);
}

void emit_alu_rr(Emit *e, unsigned kind, unsigned size, int dst, int src)
{
    emit_rr(e, kind << 3 | (size ? 3 : 2), size, dst, src);
}

void emit_shift_imm(Emit *e, unsigned ext, unsigned size, int rm, unsigned n)
{
    emit_rr(e, size ? 0xc1 : 0xc0, size, (int)ext, rm);
    emit_imm(e, 0, (int32_t)n);
}

void emit_shift_cl(Emit *e, unsigned ext, unsigned size, int rm)
{
    emit_rr(e, size ? 0xd3 : 0xd2, size, (int)ext, rm);
}

void emit_setcc(Emit *e, unsigned cond, int reg)
{
    emit_rr(e, 0x0f90 | cond, 0, 0, reg);
    emit_rr(e, 0x0fb6, 2, reg, reg);
}

void emit_lea(Emit *e, unsigned size, int reg, int base, int32_t disp)
{
    emit_rm(e, 0x8d, size, reg, base, disp);
}

void emit_add_mem_imm(Emit *e, unsigned size, int32_t imm, int base, int32_t disp)
{
    bool small = imm == (int8_t)imm;
    emit_rm(e, small ? 0x83 : 0x81, size, 0, base, disp);
    emit_imm(e, small ? 0 : size, imm);
}

uint8_t *emit_jcc(Emit *e, unsigned cond)
{
    const uint8_t *start = e->p;
    emit8(e, 0x0f);
    emit8(e, 0x80 | cond);
    emit32(e, 0);
    watch(e, start, 0);
    return e->p - 4;
}

uint8_t *emit_jmp(Emit *e)
{
    emit8(e, 0xe9);
    emit32(e, 0);
    return e->p - 4;
}

void emit_here(Emit *e, uint8_t *at)
{
    emit_target(e, at, e->p);
    e->watched = NULL;
}

void emit_target(Emit *e, uint8_t *at, const uint8_t *to)
{
    int32_t disp = (int32_t)(to - (at + 4));
    if (!e->overflow) {
        memcpy(at, &disp, 4);
    }
}

void emit_jmp_abs(Emit *e, const void *target)
{
    emit_const(e, H_RAX, (uint64_t)(uintptr_t)target);
    emit8(e, 0xff);
    emit8(e, 0xe0);
}
