/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block under translation.
 *
 * Host code is called like an op's handler and tail-calls like one: rdi is the Cpu throughout, rax,
 * rcx and rdx are scratch, and the registers in POOL hold copies of guest registers. Stores to
 * guest registers go through to the Cpu at once, so that leaving for a handler needs no spilling;
 * coming back from one starts with nothing cached, or with what the resuming stub reloads.
 */
#ifndef TARGET_I386_JIT_TRANSLATE_H
#define TARGET_I386_JIT_TRANSLATE_H

#include "target/i386/decode.h"
#include "target/i386/exec.h"
#include "target/i386/jit/arena.h"
#include "target/i386/jit/emit.h"

#define H_CPU  H_RDI
#define H_REGS 12

/* A way out of line: to op `op`'s handler, and back to `join` with `cached` reloaded. */
typedef struct {
    uint8_t *from;
    uint8_t *join;
    unsigned op;
    int8_t cached[16];
} SlowPath;

typedef struct {
    Emit e;
    const CodeArena *arena;
    Block *block;
    unsigned at;          /* op being translated */
    int8_t cached[16];    /* guest register -> host register or H_NONE */
    int8_t holds[H_REGS]; /* host register -> guest register or H_NONE */
    unsigned used[H_REGS], clock;
    uint32_t cc;                      /* what cc_op is known to be; CC_FLAGS if not known */
    OpFn fn[BLOCK_MAX_INSNS + 1];     /* handlers */
    OpFn resume[BLOCK_MAX_INSNS + 1]; /* where host code takes over before an op, or NULL */
    SlowPath slow[BLOCK_MAX_INSNS + 1];
    unsigned n_slow;
    uint8_t *link[2], *out[2];
    const uint8_t *lookup; /* stubs, in the writable view */
} Tr;

#define CPU_OFF(field_) ((int32_t)offsetof(Cpu, field_))

static inline unsigned op_size(const Op *op)
{
    return op->form >> OP_FORM_SIZE & 3;
}

static inline bool flags_dead(const Op *op)
{
    return op->form & OP_FORM_DEAD;
}

/* The host register with a copy of guest register at offset `off` (a whole one). */
int tr_get(Tr *t, unsigned off);
/* A host register for a new value of it; tr_put() then stores it. */
int tr_def(Tr *t, unsigned off);
void tr_put(Tr *t, unsigned off);
void tr_forget(Tr *t, unsigned off);
void tr_forget_all(Tr *t);
/* The operand in a register, upper bits undefined: a cached one, or `scratch`. */
int tr_source(Tr *t, unsigned off, unsigned size, int scratch);
/* Writes `reg` (not in the pool) to a guest register of this size. */
void tr_write(Tr *t, unsigned off, unsigned size, int reg);

/* Each returns false, with nothing emitted, if the handler has to do it. */
bool tr_alu(Tr *t, const Op *op);
bool tr_move(Tr *t, const Op *op);
bool tr_shift(Tr *t, const Op *op);
bool tr_cond(Tr *t, const Op *op);
bool tr_stack(Tr *t, const Op *op);
bool tr_branch(Tr *t, const Op *op);

/* The linear address of the memory operand in rax. */
bool tr_address_ok(const Op *op);
void tr_address(Tr *t, const Op *op);
/* rax: linear to host address, or the slow path. Uses rcx and rdx. */
void tr_tlb(Tr *t, const Op *op, unsigned size, bool write);
/* Makes host flags satisfy the guest's condition; gives the host's condition to test. */
unsigned tr_condition(Tr *t, unsigned cond);
/* Both ways out after a compare, by host condition. */
void tr_jump_if(Tr *t, const Op *op, unsigned cond);
void tr_set_block(Tr *t);

#endif
