/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a vector instruction is encoded and what it touches, for a translator on an x86 host: it runs
 * the same instruction with the same vector registers, and replaces only the memory operand and
 * general registers.
 */
#ifndef TARGET_I386_VEC_CODE_H
#define TARGET_I386_VEC_CODE_H

#include <Zydis/Zydis.h>
#include <stdbool.h>
#include <stdint.h>

/* What ModRM.reg or ModRM.rm stands for. */
typedef enum {
    VEC_DIGIT, /* a part of the opcode */
    VEC_XMM,   /* or YMM */
    VEC_GPR,
    VEC_MEM,
} VecKind;

typedef struct VecCode {
    uint8_t prefix; /* 66, F2, F3, or 0 */
    uint8_t map;    /* 1: 0F, 2: 0F 38, 3: 0F 3A */
    uint8_t opcode;
    uint8_t imm;
    uint8_t vvvv;              /* of a VEX prefix: a register number */
    uint8_t reg_kind, rm_kind; /* VecKind */
    uint8_t reg, rm;           /* register numbers */
    uint8_t mem_size;          /* in bytes */
    bool w;                    /* REX.W or VEX.W */
    bool vex, vex_l;
    bool zero_upper; /* VZEROUPPER, and nothing of the rest counts */
    bool has_imm;
    bool mem_write;
    bool aligned;    /* #GP unless the memory operand is aligned to its size */
    bool gpr_write;  /* the general register is a result; it gets 64 bits */
    bool flags;      /* sets the arithmetic flags, OF, SF and AF to 0 */
    bool fp;         /* obeys MXCSR */
    bool sets_mxcsr; /* LDMXCSR */
    /* Vector registers, as masks; one that keeps a part is read too. VEX encodings write all 256
     * bits.
     */
    uint16_t reads, writes, reads_upper;
} VecCode;

/* False if the instruction does anything that VecCode has no word for. */
bool vec_code_make(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *ops, VecCode *out);

#endif
