/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions: the host executes the guest's own instruction (vec_code.h).
 *
 * Within a block a guest vector register that was used is in the host register of the same number,
 * and goes back to the Cpu where C code may look or the block ends. Floating-point instructions run
 * under the guest's MXCSR, which is the host's meanwhile (mxcsr.h); their ops are only made where
 * CPU_MODE_MASKED holds, so that none of them can raise.
 */
#include "target/i386/jit/translate.h"

#include "target/i386/fpu.h"
#include "target/i386/vec_code.h"

#define MOVAPS_LOAD  0x0f28
#define MOVAPS_STORE 0x0f29

static void move(Tr *t, unsigned opcode, uint16_t mask)
{
    for (int n = 0; n < 16; n++) {
        if (mask >> n & 1) {
            emit_rm(&t->e, opcode, 2, n, H_CPU, CPU_OFF(fpu.vec) + n * (int32_t)sizeof(VecReg));
        }
    }
}

void tr_vec_store(Tr *t, uint16_t mask)
{
    move(t, MOVAPS_STORE, mask);
}

void tr_vec_load(Tr *t, uint16_t mask)
{
    move(t, MOVAPS_LOAD, mask);
}

/* The instruction, with host registers `reg` and `rm`, or with memory at rax. */
static void encode(Emit *e, const VecCode *c, int reg, int rm)
{
    bool mem = c->rm_kind == VEC_MEM;
    unsigned rex = (c->wide ? 8u : 0) | (reg >= 8 ? 4u : 0) | (rm >= 8 ? 1u : 0);

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
    emit8(e, (mem ? 0 : 0xc0u) | ((unsigned)reg & 7) << 3 | ((unsigned)rm & 7));
    if (c->has_imm) {
        emit8(e, c->imm);
    }
}

static int operand(Tr *t, const VecCode *c, VecKind kind, uint8_t number)
{
    if (kind == VEC_GPR) {
        unsigned off = number * 8u;
        return c->gpr_write ? tr_dst(t, off, H_RAX) : tr_get(t, off, H_RCX);
    }
    return kind == VEC_MEM ? H_RAX : number;
}

/* ZF, PF and CF; the host's flags stay as they are. Bit 1 of RFLAGS is set, which does no harm. */
static void record_flags(Tr *t)
{
    static const uint8_t lahf[] = {0x9f, 0x0f, 0xb6, 0xc4}; /* lahf; movzx eax, ah */
    Emit *e = &t->e;

    for (unsigned i = 0; i < sizeof(lahf); i++) {
        emit8(e, lahf[i]);
    }
    emit_store(e, 3, H_RAX, H_CPU, CPU_OFF(cc_src));
    emit_store_imm(e, 2, CC_FLAGS, H_CPU, CPU_OFF(cc_op));
}

bool tr_vector(Tr *t, const Op *op)
{
    const VecCode *c = ((const FpuInsn *)(uintptr_t)op->imm)->code;
    bool mem = c->rm_kind == VEC_MEM;

    if (mem && !tr_address_ok(op)) {
        return false;
    }
    if (mem) {
        tr_address(t, op);
        tr_tlb_vector(t, c->mem_size, c->aligned, c->mem_write);
    }
    int reg = operand(t, c, c->reg_kind, c->reg), rm = operand(t, c, c->rm_kind, c->rm);
    tr_vec_load(t, c->reads & ~t->vec_cached);
    encode(&t->e, c, reg, rm);
    t->vec_cached |= c->reads | c->writes;
    t->vec_dirty |= c->writes;
    if (c->gpr_write && c->reg_kind == VEC_GPR) {
        tr_put(t, c->reg * 8u, reg);
    } else if (c->gpr_write) {
        tr_put(t, c->rm * 8u, rm);
    }
    if (c->flags) {
        t->cc = flags_dead(op) ? CC_UNKNOWN : CC_FLAGS;
        if (!flags_dead(op)) {
            record_flags(t);
        }
        t->host_flags = HOST_ALL;
    }
    return true;
}
