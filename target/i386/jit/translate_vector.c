/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions: the host executes the guest's own instruction (vec_code.h).
 *
 * Within a block a guest vector register that was used is in the host register of the same number,
 * with its upper half or without, and goes back to the Cpu where C code may look or the block ends.
 * A block loads what it reads at its start, so that one that is linked to it, and has all that, may
 * go past the loading.
 * A legacy encoding leaves the upper half alone, in the host's register as in the guest's; a VEX
 * one defines it. Floating-point instructions run under the guest's MXCSR, which is the host's
 * meanwhile (mxcsr.h); their ops are only made where CPU_MODE_MASKED holds, so that none of them
 * can raise.
 */
#include "target/i386/jit/translate_vector.h"

#include "target/i386/fpu.h"
#include "target/i386/mxcsr.h"
#include "target/i386/vec_code.h"

#define MOVAPS_LOAD  0x28
#define MOVAPS_STORE 0x29
#define XORPS        0x57
#define VINSERTF128  0x18
#define VZEROUPPER   0x77

static int32_t lower(int n)
{
    return CPU_OFF(fpu.vec) + n * (int32_t)sizeof(VecReg);
}

static int32_t upper(int n)
{
    return lower(n) + (int32_t)offsetof(VecReg, hi);
}

static const VecCode *code_of(const Op *op)
{
    return ((const FpuInsn *)(uintptr_t)op->imm)->code;
}

static const VecCode zero_upper = {.vex = true, .map = 1, .opcode = VZEROUPPER};

/* Up to and with the opcode. */
static void prefixes(Emit *e, const VecCode *c, int reg, int rm)
{
    unsigned r = reg >= 8, b = rm >= 8, rex = (c->w ? 8u : 0) | r << 2 | b;

    if (c->vex) {
        unsigned pp = c->prefix == 0x66 ? 1 : c->prefix == 0xf3 ? 2 : c->prefix == 0xf2 ? 3 : 0;
        emit8(e, 0xc4);
        emit8(e, (r ^ 1) << 7 | 1u << 6 | (b ^ 1) << 5 | c->map);
        emit8(e,
              (unsigned)c->w << 7 | (~(unsigned)c->vvvv & 15) << 3 | (unsigned)c->vex_l << 2 | pp);
        emit8(e, c->opcode);
        return;
    }
    if (c->prefix) {
        emit8(e, c->prefix);
    }
    if (rex) {
        emit8(e, 0x40 | rex);
    }
    emit8(e, 0x0f);
    if (c->map > 1) {
        emit8(e, c->map == 2 ? 0x38 : 0x3a);
    }
    emit8(e, c->opcode);
}

/* The instruction, with host registers `reg` and `rm`, or with memory at rax. */
static void vec_encode(Emit *e, const VecCode *c, int reg, int rm)
{
    unsigned mod = c->rm_kind == VEC_MEM ? 0 : 3;

    prefixes(e, c, reg, rm);
    emit8(e, mod << 6 | ((unsigned)reg & 7) << 3 | ((unsigned)rm & 7));
    if (c->has_imm) {
        emit8(e, c->imm);
    }
}

/* The same with memory in the Cpu. */
static void encode_state(Emit *e, const VecCode *c, int reg, int32_t disp)
{
    prefixes(e, c, reg, H_CPU);
    emit8(e, 0x80 | ((unsigned)reg & 7) << 3 | H_CPU);
    emit32(e, (uint32_t)disp);
    if (c->has_imm) {
        emit8(e, c->imm);
    }
}

static void move(Emit *e, uint8_t opcode, bool whole, uint16_t mask)
{
    const VecCode c = {.map = 1, .opcode = opcode, .vex = whole, .vex_l = whole};

    for (int n = 0; n < 16; n++) {
        if (mask >> n & 1) {
            encode_state(e, &c, n, lower(n));
        }
    }
}

void vec_end_upper(Emit *e, const VecState *v)
{
    if (v->upper) {
        prefixes(e, &zero_upper, 0, 0);
    }
}

void vec_store(Emit *e, const VecState *v)
{
    move(e, MOVAPS_STORE, true, v->dirty_upper);
    move(e, MOVAPS_STORE, false, v->dirty & ~v->dirty_upper);
}

void vec_load(Emit *e, const VecState *v)
{
    move(e, MOVAPS_LOAD, true, v->upper);
    move(e, MOVAPS_LOAD, false, v->cached & ~v->upper);
}

VecState vec_needs(const Block *b)
{
    VecState needs = {0};
    uint16_t written = 0, upper_written = 0;

    for (unsigned i = 0; i < b->n_ops && b->ops[i].xop != XOP_NONE; i++) {
        if (b->ops[i].xop != XOP_VECTOR) {
            continue;
        }
        const VecCode *c = code_of(&b->ops[i]);
        needs.cached |= c->reads & ~written;
        needs.upper |= c->reads_upper & ~upper_written;
        written |= c->writes;
        upper_written |= c->zero_upper ? 0xffff : c->vex ? c->writes : 0;
    }
    needs.cached |= needs.upper;
    return needs;
}

/* Both halves of the registers in `mask`, one or both of which may be there. */
static void fetch_upper(Tr *t, uint16_t mask)
{
    VecState *v = &t->vec;
    uint16_t missing = mask & v->cached & ~v->upper;

    move(&t->e, MOVAPS_LOAD, true, mask & ~v->cached);
    for (int n = 0; n < 16; n++) {
        if (missing >> n & 1) {
            const VecCode insert = {.vex = true,
                                    .vex_l = true,
                                    .prefix = 0x66,
                                    .map = 3,
                                    .opcode = VINSERTF128,
                                    .vvvv = (uint8_t)n,
                                    .has_imm = true,
                                    .imm = 1};
            encode_state(&t->e, &insert, n, upper(n));
        }
    }
    v->cached |= mask;
    v->upper |= mask;
}

static void vec_fetch(Tr *t, const VecCode *c)
{
    fetch_upper(t, c->reads_upper);
    move(&t->e, MOVAPS_LOAD, false, c->reads & ~t->vec.cached);
}

static void written(VecState *v, const VecCode *c)
{
    v->cached |= c->reads | c->writes;
    v->dirty |= c->writes;
    if (c->vex) {
        v->upper |= c->writes;
        v->dirty_upper |= c->writes;
    }
}

/* VZEROUPPER: in the host's registers, and in the Cpu for those that are not there. */
static void clear_upper(Tr *t)
{
    const VecCode clear = {.map = 1, .opcode = XORPS}, store = {.map = 1, .opcode = MOVAPS_STORE};
    VecState *v = &t->vec;
    int zero = -1;

    prefixes(&t->e, &zero_upper, 0, 0);
    for (int n = 0; n < 16; n++) {
        if (v->cached >> n & 1) {
            continue;
        }
        if (zero < 0) {
            zero = n;
            vec_encode(&t->e, &clear, zero, zero);
        }
        encode_state(&t->e, &store, zero, upper(n));
    }
    v->upper = v->dirty_upper = v->cached;
}

static int vec_operand(Tr *t, const VecCode *c, VecKind kind, uint8_t number)
{
    if (kind == VEC_GPR) {
        unsigned off = number * 8u;
        return c->gpr_write ? tr_dst(t, off, H_RAX) : tr_get(t, off, H_RCX);
    }
    return kind == VEC_MEM ? H_RAX : number;
}

/* ZF, PF and CF; the host's flags stay as they are. Bit 1 of RFLAGS is set, which does no harm. */
static void record_flags(Tr *t, const Op *op)
{
    static const uint8_t lahf[] = {0x9f, 0x0f, 0xb6, 0xc4}; /* lahf; movzx eax, ah */
    Emit *e = &t->e;

    t->host_flags = HOST_ALL;
    if (flags_dead(op)) {
        t->cc = CC_UNKNOWN;
        return;
    }
    for (unsigned i = 0; i < sizeof(lahf); i++) {
        emit8(e, lahf[i]);
    }
    emit_store(e, 3, H_RAX, H_CPU, CPU_OFF(cc_src));
    emit_store_imm(e, 2, CC_FLAGS, H_CPU, CPU_OFF(cc_op));
    t->cc = CC_FLAGS;
}

/* The handler takes a value that raises or that changes the masks. */
static void check_mxcsr(Tr *t)
{
    const uint32_t looked_at = ~MXCSR_VALID | MXCSR_MASKS;
    Emit *e = &t->e;

    emit_load(e, 2, H_RCX, H_RAX, 0);
    emit_alu_imm(e, ALU_AND, 2, H_RCX, (int32_t)looked_at);
    emit_alu_imm(e, ALU_CMP, 2, H_RCX, (int32_t)MXCSR_MASKS);
    tr_slow_if(t, 5);
}

bool tr_vector(Tr *t, const Op *op)
{
    const VecCode *c = code_of(op);
    bool mem = c->rm_kind == VEC_MEM;

    if (c->zero_upper) {
        clear_upper(t);
        return true;
    }
    if (mem && !tr_address_ok(op)) {
        return false;
    }
    if (mem) {
        tr_address(t, op);
        tr_tlb_vector(t, c->mem_size, c->aligned, c->mem_write);
    }
    if (c->sets_mxcsr) {
        check_mxcsr(t);
    }
    int reg = vec_operand(t, c, c->reg_kind, c->reg), rm = vec_operand(t, c, c->rm_kind, c->rm);
    vec_fetch(t, c);
    vec_encode(&t->e, c, reg, rm);
    written(&t->vec, c);
    if (c->gpr_write && c->reg_kind == VEC_GPR) {
        tr_put(t, c->reg * 8u, reg);
    } else if (c->gpr_write) {
        tr_put(t, c->rm * 8u, rm);
    }
    if (c->flags) {
        tr_drop_late(t);
        record_flags(t, op);
    }
    return true;
}
