/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of encodings (rows.h). */
#include "rows.h"

#include <glib.h>

#define ALU(n_, w_)                                                                                \
    {0, 0, (n_)*8 + 1, -1, BWDQ, NONE, RM | ((w_) ? WRM | LOCK : 0)},                              \
        {0, 0, (n_)*8 + 3, -1, BWDQ, NONE, RM | ((w_) ? WREG : 0)},                                \
        {0, 0, 0x81, n_, BWDQ, IMMZ, RM | ((w_) ? WRM | LOCK : 0) | PATCH},                        \
    {                                                                                              \
        0, 0, 0x83, n_, WDQ, IMM8, RM | ((w_) ? WRM | LOCK : 0) | PATCH                            \
    }
#define SHIFT(n_)                                                                                  \
    {0, 0, 0xc1, n_, BWDQ, IMM8, RM | WRM}, {0, 0, 0xd1, n_, BWDQ, NONE, RM | WRM},                \
    {                                                                                              \
        0, 0, 0xd3, n_, BWDQ, NONE, RM | WRM                                                       \
    }
/* Vector instructions with a memory operand of 16 bytes, aligned or not. */
#define VEC(prefix_, opcode_)                                                                      \
    {                                                                                              \
        prefix_, 1, opcode_, -1, D, NONE, RM | VREG | VRM | ALIGN                                  \
    }
#define VECU(prefix_, opcode_, flags_)                                                             \
    {                                                                                              \
        prefix_, 1, opcode_, -1, D, NONE, (flags_) | VREG | VRM                                    \
    }
#define FLOATS(opcode_)                                                                            \
    VEC(0, opcode_), VEC(0x66, opcode_), VECU(0xf3, opcode_, RM), VECU(0xf2, opcode_, RM)

#define VEX_VEC(prefix_, map_, opcode_, flags_)                                                    \
    {                                                                                              \
        prefix_, map_, opcode_, -1, D, NONE, (flags_) | RM | VREG | VRM | VEX                      \
    }
/* FMA: both element sizes, by W. */
#define FMA(opcode_, flags_)                                                                       \
    {                                                                                              \
        0x66, 2, opcode_, -1, D | Q, NONE, (flags_) | RM | VREG | VRM | VEX                        \
    }

const Row insn_rows[] = {
    ALU(0, 1),
    ALU(1, 1),
    ALU(2, 1),
    ALU(3, 1),
    ALU(4, 1),
    ALU(5, 1),
    ALU(6, 1),
    ALU(7, 0),
    {0, 0, 0x85, -1, BWDQ, NONE, RM},
    {0, 0, 0xf7, 0, BWDQ, IMMZ, RM},
    {0, 0, 0xf7, 2, BWDQ, NONE, RM | WRM | LOCK},
    {0, 0, 0xf7, 3, BWDQ, NONE, RM | WRM | LOCK},
    {0, 0, 0xf7, 4, BWDQ, NONE, RM},
    {0, 0, 0xf7, 5, BWDQ, NONE, RM},
    {0, 0, 0xf7, 6, BWDQ, NONE, RM | RARE},
    {0, 0, 0xf7, 7, BWDQ, NONE, RM | RARE},
    {0, 0, 0xff, 0, BWDQ, NONE, RM | WRM | LOCK},
    {0, 0, 0xff, 1, BWDQ, NONE, RM | WRM | LOCK},
    {0, 0, 0x89, -1, BWDQ, NONE, RM | WRM},
    {0, 0, 0x89, -1, BWDQ, NONE, MEM | WRM},
    {0, 0, 0x8b, -1, BWDQ, NONE, RM | WREG},
    {0, 0, 0x8b, -1, BWDQ, NONE, MEM | WREG},
    {0, 0, 0xc7, 0, BWDQ, IMMZ, RM | WRM | PATCH},
    {0, 0, 0x63, -1, D | Q, NONE, RM | WREG},
    {0, 1, 0xb6, -1, WDQ, NONE, RM | WREG},
    {0, 1, 0xb7, -1, D | Q, NONE, RM | WREG},
    {0, 1, 0xbe, -1, WDQ, NONE, RM | WREG},
    {0, 1, 0xbf, -1, D | Q, NONE, RM | WREG},
    {0, 0, 0x8d, -1, WDQ, NONE, MEM | WREG | ADDR},
    {0, 0, 0x8d, -1, D | Q, NONE, MEM | WREG | ADDR},
    SHIFT(0),
    SHIFT(1),
    SHIFT(2),
    SHIFT(3),
    SHIFT(4),
    SHIFT(5),
    SHIFT(7),
    {0, 1, 0xa4, -1, D | Q, IMM8, RM | WRM},
    {0, 1, 0xa5, -1, D | Q, NONE, RM | WRM},
    {0, 1, 0xac, -1, D | Q, IMM8, RM | WRM},
    {0, 1, 0xad, -1, D | Q, NONE, RM | WRM},
    {0, 1, 0xaf, -1, WDQ, NONE, RM | WREG},
    {0, 0, 0x69, -1, WDQ, IMMZ, RM | WREG | PATCH},
    {0, 0, 0x6b, -1, WDQ, IMM8, RM | WREG | PATCH},
    {0, 1, 0xa3, -1, WDQ, NONE, REG},
    {0, 1, 0xab, -1, WDQ, NONE, REG | WRM},
    {0, 1, 0xb3, -1, WDQ, NONE, REG | WRM},
    {0, 1, 0xbb, -1, WDQ, NONE, REG | WRM},
    {0, 1, 0xa3, -1, WDQ, NONE, MEM | NEAR},
    {0, 1, 0xab, -1, WDQ, NONE, MEM | WRM | NEAR | LOCK},
    {0, 1, 0xb3, -1, WDQ, NONE, MEM | WRM | NEAR | LOCK},
    {0, 1, 0xbb, -1, WDQ, NONE, MEM | WRM | NEAR | LOCK},
    {0, 1, 0xba, 4, WDQ, IMM8, RM},
    {0, 1, 0xba, 5, WDQ, IMM8, RM | WRM | LOCK},
    {0, 1, 0xba, 6, WDQ, IMM8, RM | WRM | LOCK},
    {0, 1, 0xba, 7, WDQ, IMM8, RM | WRM | LOCK},
    {0, 1, 0xbc, -1, WDQ, NONE, RM | WREG},
    {0, 1, 0xbd, -1, WDQ, NONE, RM | WREG},
    {0xf3, 1, 0xb8, -1, WDQ, NONE, RM | WREG},
    {0, 1, 0x40, -1, WDQ, NONE, RM | WREG | COND},
    {0, 1, 0x40, -1, WDQ, NONE, RM | WREG | COND},
    {0, 1, 0x90, 0, B, NONE, RM | WRM | BYTE | COND},
    {0, 1, 0x90, 0, B, NONE, RM | WRM | BYTE | COND},
    {0, 1, 0xb1, -1, BWDQ, NONE, RM | WRM | LOCK},
    {0, 1, 0xc1, -1, BWDQ, NONE, RM | WRM | WREG | LOCK},
    {0, 0, 0x87, -1, BWDQ, NONE, RM | WRM | WREG | LOCK},
    {0, 1, 0xc7, 1, D | Q, NONE, MEM | WRM | LOCK | ALIGN},
    /* vectors */
    VECU(0, 0x10, RM),
    VECU(0, 0x11, RM),
    VECU(0xf3, 0x6f, RM),
    VECU(0xf3, 0x7f, RM),
    VECU(0xf3, 0x10, RM),
    VECU(0xf2, 0x10, RM),
    VECU(0xf3, 0x11, RM),
    VECU(0xf2, 0x11, RM),
    VECU(0xf3, 0x7e, RM),
    VECU(0x66, 0xd6, RM),
    VECU(0, 0x12, RM),
    VECU(0, 0x16, RM),
    VEC(0, 0x28),
    VEC(0, 0x29),
    VEC(0x66, 0x6f),
    VEC(0x66, 0x7f),
    FLOATS(0x58),
    FLOATS(0x59),
    FLOATS(0x5c),
    FLOATS(0x5d),
    FLOATS(0x5e),
    FLOATS(0x5f),
    FLOATS(0x51),
    VEC(0, 0x54),
    VEC(0, 0x55),
    VEC(0, 0x57),
    VEC(0, 0x5b),
    VEC(0, 0x14),
    VEC(0, 0x15),
    VECU(0, 0x2e, RM),
    VECU(0x66, 0x2f, RM),
    VECU(0xf3, 0x5a, RM),
    VECU(0xf2, 0x5a, RM),
    VEC(0x66, 0x60),
    VEC(0x66, 0x61),
    VEC(0x66, 0x64),
    VEC(0x66, 0x68),
    VEC(0x66, 0x6c),
    VEC(0x66, 0x6d),
    VEC(0x66, 0x74),
    VEC(0x66, 0x76),
    VEC(0x66, 0xd4),
    VEC(0x66, 0xd5),
    VEC(0x66, 0xda),
    VEC(0x66, 0xdb),
    VEC(0x66, 0xdf),
    VEC(0x66, 0xeb),
    VEC(0x66, 0xef),
    VEC(0x66, 0xf4),
    VEC(0x66, 0xf6),
    VEC(0x66, 0xf8),
    VEC(0x66, 0xfb),
    VEC(0x66, 0xfc),
    VEC(0x66, 0xfe),
    {0x66, 1, 0x70, -1, D, IMM8, RM | VREG | VRM | ALIGN},
    {0, 1, 0xc6, -1, D, IMM8, RM | VREG | VRM | ALIGN},
    {0x66, 1, 0x72, 2, D, IMM8, REG | VRM},
    {0x66, 1, 0x73, 7, D, IMM8, REG | VRM},
    {0x66, 2, 0x00, -1, D, NONE, RM | VREG | VRM | ALIGN},
    {0x66, 2, 0x17, -1, D, NONE, RM | VREG | VRM | ALIGN},
    {0x66, 2, 0x40, -1, D, NONE, RM | VREG | VRM | ALIGN},
    {0x66, 2, 0xdc, -1, D, NONE, RM | VREG | VRM | ALIGN},
    {0x66, 3, 0x0f, -1, D, IMM8, RM | VREG | VRM | ALIGN},
    {0x66, 1, 0xd7, -1, D, NONE, REG | VRM | WREG},
    {0, 1, 0x50, -1, D, NONE, REG | VRM | WREG},
    {0x66, 1, 0x6e, -1, D | Q, NONE, RM | VREG},
    {0x66, 1, 0x7e, -1, D | Q, NONE, RM | VREG | WRM},
    {0xf3, 1, 0x2a, -1, D | Q, NONE, RM | VREG},
    {0xf2, 1, 0x2a, -1, D | Q, NONE, RM | VREG},
    {0xf3, 1, 0x2c, -1, D | Q, NONE, RM | VRM | WREG},
    {0xf2, 1, 0x2d, -1, D | Q, NONE, RM | VRM | WREG},
    /* BMI, MOVBE, ADX */
    {0, 2, 0xf2, -1, D | Q, NONE, RM | WREG | VEX},
    {0, 2, 0xf3, 1, D | Q, NONE, RM | VEX | WVEX},
    {0, 2, 0xf3, 2, D | Q, NONE, RM | VEX | WVEX},
    {0, 2, 0xf3, 3, D | Q, NONE, RM | VEX | WVEX},
    {0, 2, 0xf5, -1, D | Q, NONE, RM | WREG | VEX},
    {0xf3, 2, 0xf5, -1, D | Q, NONE, RM | WREG | VEX},
    {0xf2, 2, 0xf5, -1, D | Q, NONE, RM | WREG | VEX},
    {0xf2, 2, 0xf6, -1, D | Q, NONE, RM | WREG | VEX | WVEX},
    {0, 2, 0xf7, -1, D | Q, NONE, RM | WREG | VEX},
    {0x66, 2, 0xf7, -1, D | Q, NONE, RM | WREG | VEX},
    {0xf3, 2, 0xf7, -1, D | Q, NONE, RM | WREG | VEX},
    {0xf2, 2, 0xf7, -1, D | Q, NONE, RM | WREG | VEX},
    {0xf2, 3, 0xf0, -1, D | Q, IMM8, RM | WREG | VEX | NOVEX},
    {0xf3, 1, 0xbc, -1, WDQ, NONE, RM | WREG},
    {0xf3, 1, 0xbd, -1, WDQ, NONE, RM | WREG},
    {0, 2, 0xf0, -1, WDQ, NONE, MEM | WREG | BYTE},
    {0, 2, 0xf1, -1, WDQ, NONE, MEM | WRM | BYTE},
    {0x66, 2, 0xf6, -1, D | Q, NONE, RM | WREG},
    {0xf3, 2, 0xf6, -1, D | Q, NONE, RM | WREG},
    /* AVX, AVX2, FMA */
    VEX_VEC(0, 1, 0x10, YMM | NOVEX),
    VEX_VEC(0, 1, 0x11, YMM | NOVEX),
    VEX_VEC(0xf3, 1, 0x6f, YMM | NOVEX),
    VEX_VEC(0xf3, 1, 0x7f, YMM | NOVEX),
    VEX_VEC(0, 1, 0x58, YMM),
    VEX_VEC(0x66, 1, 0x59, YMM),
    VEX_VEC(0xf3, 1, 0x5c, 0),
    VEX_VEC(0xf2, 1, 0x5e, 0),
    VEX_VEC(0x66, 1, 0xef, YMM),
    VEX_VEC(0x66, 1, 0xeb, YMM),
    VEX_VEC(0x66, 1, 0xd4, YMM),
    VEX_VEC(0x66, 1, 0xfe, YMM),
    VEX_VEC(0x66, 1, 0xf8, YMM),
    VEX_VEC(0x66, 1, 0x74, YMM),
    VEX_VEC(0x66, 1, 0x61, YMM),
    VEX_VEC(0x66, 2, 0x00, YMM),
    VEX_VEC(0x66, 2, 0x40, YMM),
    VEX_VEC(0x66, 2, 0x58, YMM | NOVEX),
    VEX_VEC(0x66, 2, 0x78, YMM | NOVEX),
    {0x66, 3, 0x0f, -1, D, IMM8, RM | VREG | VRM | VEX | YMM},
    FMA(0x98, YMM),
    FMA(0xa8, YMM),
    FMA(0xb9, 0),
    FMA(0xbc, YMM),
    {0x66, 1, 0xd7, -1, D, NONE, REG | VRM | WREG | VEX | YMM | NOVEX},
    {0x66, 1, 0x6e, -1, D | Q, NONE, RM | VREG | VEX | NOVEX},
    {0x66, 1, 0x7e, -1, D | Q, NONE, RM | VREG | WRM | VEX | NOVEX},
};

const unsigned insn_row_count = G_N_ELEMENTS(insn_rows);
