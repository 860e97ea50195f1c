/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encodings of instructions for generated programs. */
#ifndef TESTS_UNIT_TIERS_ROWS_H
#define TESTS_UNIT_TIERS_ROWS_H

#include <stdint.h>

/* Operand sizes of general-purpose instructions. */
enum { B = 1, W = 2, D = 4, Q = 8, WDQ = W | D | Q, BWDQ = 15 };

enum {
    REG = 1,   /* the r/m operand may be a register */
    MEM = 2,   /* ... or memory */
    WRM = 4,   /* writes it */
    WREG = 8,  /* writes the register operand */
    LOCK = 16, /* with memory, LOCK may come before it */
    VREG = 32, /* the register operand is a vector register */
    VRM = 64,  /* the r/m operand is one, if a register */
    ALIGN = 128,
    BYTE = 256,      /* the opcode is for bytes; else the byte form is the one before it */
    NEAR = 512,      /* the register is a bit number that may address memory: a small one */
    ADDR = 1024,     /* LEA: nothing is accessed */
    RARE = 2048,     /* one time in eight */
    COND = 4096,     /* a condition is added to the opcode */
    PATCH = 8192,    /* the immediate may be written to by other instructions */
    VEX = 1 << 14,   /* encoded by a VEX prefix, with a further operand */
    YMM = 1 << 15,   /* ... of 256 bits, one time in two */
    WVEX = 1 << 16,  /* writes that operand */
    NOVEX = 1 << 17, /* ... which is none */
    RM = REG | MEM,
};

enum { NONE, IMM8, IMMZ };

typedef struct {
    uint8_t prefix, map, opcode;
    int8_t ext; /* in the register field; -1: an operand */
    uint8_t sizes, imm;
    uint32_t flags;
} Row;

extern const Row insn_rows[];
extern const unsigned insn_row_count;

#endif
