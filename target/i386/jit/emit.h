/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host instructions as bytes (Intel SDM vol. 2). Emitting past the end is harmless and leaves
 * `overflow` set.
 *
 * An Emit also knows which registers may have changed since emit_watch(): those that an instruction
 * names where it may write, and all where bytes are emitted one by one or a jump arrives.
 */
#ifndef TARGET_I386_JIT_EMIT_H
#define TARGET_I386_JIT_EMIT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    H_RAX,
    H_RCX,
    H_RDX,
    H_RBX,
    H_RSP,
    H_RBP,
    H_RSI,
    H_RDI,
    H_R8,
    H_R9,
    H_R10,
    H_R11,
    H_R12,
    H_R13,
    H_R14,
    H_R15,
    H_NONE = -1
};

typedef struct {
    uint8_t *p, *end;
    const uint8_t *watched; /* what lies before this is in `changed` */
    uint16_t changed;       /* a bit a register */
    bool overflow;
} Emit;

void emit_watch(Emit *e);
bool emit_changed(const Emit *e, int reg);

/* Operand sizes are 0 to 3 for 8 to 64 bits, as in CC_SIZE(). */
void emit8(Emit *e, unsigned byte);
void emit32(Emit *e, uint32_t v);
void emit64(Emit *e, uint64_t v);
void emit_imm(Emit *e, unsigned size, int32_t imm); /* as instructions have them */

/* `opcode` is one byte, or two with 0f in bits 8..15, for operands other than bytes; the byte form
 * is what precedes it (opcode - 1) for the instructions that emit_op_*() are for. */
void emit_rr(Emit *e, unsigned opcode, unsigned size, int reg, int rm);
void emit_rm(Emit *e, unsigned opcode, unsigned size, int reg, int base, int32_t disp);
void emit_rmx(Emit *e, unsigned opcode, unsigned size, int reg, int base, int index, unsigned scale,
              int32_t disp);

void emit_load(Emit *e, unsigned size, int reg, int base, int32_t disp); /* zero-extending */
void emit_load_signed(Emit *e, unsigned from, unsigned to, int reg, int base, int32_t disp);
void emit_store(Emit *e, unsigned size, int reg, int base, int32_t disp);
void emit_store_imm(Emit *e, unsigned size, int32_t imm, int base, int32_t disp);
void emit_mov(Emit *e, unsigned size, int to, int from); /* 32 or 64 bits */
void emit_sext(Emit *e, unsigned from, int to, int reg); /* to 64 bits */
void emit_zext(Emit *e, unsigned from, int to, int reg);
void emit_const(Emit *e, int reg, uint64_t v);
/* ADD, OR, ADC, SBB, AND, SUB, XOR, CMP are 0 to 7 in `kind`. */
void emit_alu_imm(Emit *e, unsigned kind, unsigned size, int rm, int32_t imm);
void emit_alu_rr(Emit *e, unsigned kind, unsigned size, int dst, int src);
void emit_shift_imm(Emit *e, unsigned ext, unsigned size, int rm, unsigned n);
void emit_shift_cl(Emit *e, unsigned ext, unsigned size, int rm);
void emit_setcc(Emit *e, unsigned cond, int reg); /* zero-extended to 32 bits */
void emit_lea(Emit *e, unsigned size, int reg, int base, int32_t disp); /* 32 bits clear the rest */
void emit_add_mem_imm(Emit *e, unsigned size, int32_t imm, int base, int32_t disp);

/* Jumps: give where the displacement is, for emit_here() or emit_target(). */
uint8_t *emit_jcc(Emit *e, unsigned cond);
uint8_t *emit_jmp(Emit *e);
void emit_here(Emit *e, uint8_t *at);                      /* jumps to the current place */
void emit_target(Emit *e, uint8_t *at, const uint8_t *to); /* writable view */
void emit_jmp_abs(Emit *e, const void *target);            /* clobbers rax */

#endif
