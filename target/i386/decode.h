/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From Zydis' view of an instruction to an Op: what the op_*.c files offer to decode.c.
 */
#ifndef TARGET_I386_DECODE_H
#define TARGET_I386_DECODE_H

#include "target/i386/op.h"

/* X_(n) for each condition code. */
#define FOR_CONDITIONS(X_)                                                                         \
    X_(0)                                                                                          \
    X_(1)                                                                                          \
    X_(2)                                                                                          \
    X_(3)                                                                                          \
    X_(4)                                                                                          \
    X_(5)                                                                                          \
    X_(6)                                                                                          \
    X_(7)                                                                                          \
    X_(8)                                                                                          \
    X_(9)                                                                                          \
    X_(10)                                                                                         \
    X_(11)                                                                                         \
    X_(12)                                                                                         \
    X_(13)                                                                                         \
    X_(14)                                                                                         \
    X_(15)

/* One instruction being decoded. */
typedef struct {
    const CpuModel *model;
    CodeCache *code;
    uint32_t mode;
    uint16_t page_offset; /* of the block's first byte, in its page */
    ZydisDecodedInstruction zi;
    ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
    /* What a selector says besides its handler: */
    OpFn no_flags;     /* does the same without recording flags, or NULL */
    const OpFn *fused; /* 16 handlers by condition code: this and a jump after it; or NULL */
    bool ends;         /* the block's last */
    bool pure;         /* cannot raise */
    bool links[2];     /* fixed successors */
} Decode;

/* Tells the translator what an op does. */
static inline void op_translates(Op *op, unsigned xop, unsigned form, unsigned bits)
{
    op->xop = (uint8_t)xop;
    op->form = (uint8_t)(form | CC_SIZE(bits) << OP_FORM_SIZE);
}

/* Whether a branch or an op on the stack moves rIP and rSP as this mode usually does: by 64 bits,
 * or by 32 in flat 32-bit code. */
static inline bool decode_plain_size(const Decode *d, const Op *op)
{
    return d->mode & CPU_MODE_CS64 ? op->osize == 8 : cpu_mode_is_flat32(d->mode) && op->osize == 4;
}

/* Chooses the handler of d->zi and fills in `op`. NULL means #UD. */
typedef OpFn (*OpSelect)(Decode *d, Op *op);

/* The one for a mnemonic (decode_select.c). */
OpSelect op_selector(ZydisMnemonic mnemonic);

OpFn op_select_alu(Decode *d, Op *op);
OpFn op_select_unary(Decode *d, Op *op);
OpFn op_select_mov(Decode *d, Op *op);
OpFn op_select_extend(Decode *d, Op *op);
OpFn op_select_lea(Decode *d, Op *op);
OpFn op_select_xchg(Decode *d, Op *op);
OpFn op_select_cond(Decode *d, Op *op);
OpFn op_select_convert(Decode *d, Op *op);
OpFn op_select_shift(Decode *d, Op *op);
OpFn op_select_double_shift(Decode *d, Op *op);
OpFn op_select_muldiv(Decode *d, Op *op);
OpFn op_select_bit(Decode *d, Op *op);
OpFn op_select_bmi(Decode *d, Op *op);
OpFn op_select_scan(Decode *d, Op *op);
OpFn op_select_cmpxchg(Decode *d, Op *op);
OpFn op_select_string(Decode *d, Op *op);
OpFn op_select_push_pop(Decode *d, Op *op);
OpFn op_select_frame(Decode *d, Op *op);
OpFn op_select_branch(Decode *d, Op *op);
OpFn op_select_bcd(Decode *d, Op *op);
OpFn op_select_flag(Decode *d, Op *op);
OpFn op_select_system(Decode *d, Op *op);
OpFn op_select_segment(Decode *d, Op *op);
OpFn op_select_io(Decode *d, Op *op);
OpFn op_select_fpu(Decode *d, Op *op);
OpFn op_select_avx(Decode *d, Op *op);

/* The 16 fused handlers of a compare (op_fuse.c): `kind` is the ALU kind, `form` the operands. */
const OpFn *op_fused(int alu_kind, int form, int bits);

/* The handler that calls insn->run, of which it keeps a copy. */
struct FpuInsn;
OpFn op_fpu_glue(Decode *d, Op *op, const struct FpuInsn *insn);
/* For a vector instruction that cannot raise but by its memory operand: adds what the translator
 * needs. op->imm must point to the FpuInsn, or to what begins with it. */
void op_describe_vector(Decode *d, Op *op, struct FpuInsn *insn);

/* ALU kinds and operand forms, shared by op_alu.c and op_fuse.c. */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP, ALU_TEST, ALU_KINDS };
enum { FORM_RR, FORM_RI, FORM_RM, FORM_MR, FORM_MI, FORMS };

/* The byte offset of a general register in Cpu; OP_REG_ZERO for none, OP_REG_RIP for (E)IP. */
uint8_t decode_reg(ZydisRegister reg);
/* Fills in the memory operand. False if it is EA_FAST's opposite: needs ea_slow(). */
bool decode_mem(Decode *d, Op *op, const ZydisDecodedOperand *operand);
/* SEG_* of a segment register, or -1. */
int decode_seg(ZydisRegister reg);
/* Condition code of a Jcc, SETcc or CMOVcc; -1 if it is none. */
int decode_cond(ZydisMnemonic mnemonic);

static inline bool decode_is_reg(const ZydisDecodedOperand *o)
{
    return o->type == ZYDIS_OPERAND_TYPE_REGISTER;
}
static inline bool decode_is_mem(const ZydisDecodedOperand *o)
{
    return o->type == ZYDIS_OPERAND_TYPE_MEMORY;
}
static inline bool decode_is_imm(const ZydisDecodedOperand *o)
{
    return o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

/* Decodes the block at `paddr`, of which `host` is the page's bytes; `next_page` gives the second
 * page's bytes when the first instruction runs into it (may raise). `single`: one instruction. */
typedef struct {
    uint64_t paddr;
    const uint8_t *bytes; /* from paddr on */
    unsigned avail;       /* up to the page's end */
    uint32_t mode;
    bool single;
    /* For a first instruction that runs into the next page: its bytes too. */
    const uint8_t *more;
    unsigned more_avail;
    uint64_t more_paddr;
} DecodeInput;
/* NULL: the first instruction needs bytes of the next page. */
Block *decode_block(Cpu *cpu, const DecodeInput *in);

#endif
