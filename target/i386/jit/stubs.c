/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way into host code, the ways out, and the look-up of a computed jump's target.
 */
#include "target/i386/jit/stubs.h"

#include "target/i386/block.h"
#include "target/i386/exec.h"

#define CPU_OFF(field_) ((int32_t)offsetof(Cpu, field_))

static const int8_t saved[] = {H_RBX, H_RBP, H_R12, H_R13, H_R14, H_R15};

static void stubs_push(Emit *e, int reg)
{
    if (reg >= 8) {
        emit8(e, 0x41);
    }
    emit8(e, 0x50 | ((unsigned)reg & 7));
}

static void stubs_pop(Emit *e, int reg)
{
    if (reg >= 8) {
        emit8(e, 0x41);
    }
    emit8(e, 0x58 | ((unsigned)reg & 7));
}

/* Called with rsi at the block's first op. Host code then runs with the stack as a function finds
 * it, so that it can tail-call handlers. */
static void emit_enter(Emit *e)
{
    for (unsigned i = 0; i < sizeof(saved); i++) {
        stubs_push(e, saved[i]);
    }
    emit_alu_imm(e, 5, 3, H_RSP, 8);
    emit_load(e, 3, H_RAX, H_RSI, (int32_t)offsetof(Block, host) - (int32_t)offsetof(Block, ops));
    emit_alu_imm(e, 0, 3, H_RAX, HOST_PROLOGUE);
    emit_load(e, 3, H_BUDGET, H_CPU, CPU_OFF(budget));
    registers_load(e);
    emit_rr(e, 0xff, 2, 2, H_RAX);
    if (__builtin_cpu_supports("avx")) {
        emit8(e, 0xc5); /* vzeroupper: SSE code must not pay for upper halves in use */
        emit8(e, 0xf8);
        emit8(e, 0x77);
    }
    emit_alu_imm(e, 0, 3, H_RSP, 8);
    for (unsigned i = sizeof(saved); i-- > 0;) {
        stubs_pop(e, saved[i]);
    }
    emit8(e, 0xc3);
}

static void emit_leave(Emit *e, uint32_t next)
{
    emit_store(e, 3, H_BUDGET, H_CPU, CPU_OFF(budget));
    emit_const(e, H_RAX, next);
    emit8(e, 0xc3);
}

static void emit_exit(Emit *e, uint32_t next)
{
    emit_load(e, 3, H_RCX, H_CPU, CPU_OFF(exec));
    emit_store(e, 3, H_RAX, H_RCX, (int32_t)offsetof(Exec, block));
    emit_leave(e, next);
}

/* As find_block() in interp.c: the jump cache, and the TLB's word that the address still leads to
 * that block. */
static void emit_lookup(Emit *e)
{
    uint8_t *fail[6];
    emit_mov(e, 3, H_RCX, H_RAX);
    emit_shift_imm(e, 5, 3, H_RCX, JUMP_BITS);
    emit_alu_rr(e, 6, 2, H_RCX, H_RAX);
    emit_alu_imm(e, 4, 2, H_RCX, JUMPS - 1);
    emit_shift_imm(e, 4, 2, H_RCX, 4);
    emit_rm(e, 0x03, 3, H_RCX, H_CPU, CPU_OFF(exec));
    emit_load(e, 3, H_RDX, H_RCX, (int32_t)offsetof(Exec, jumps[0].block));
    emit_rm(e, 0x3b, 3, H_RAX, H_RCX, (int32_t)offsetof(Exec, jumps[0].linear));
    fail[0] = emit_jcc(e, 5);
    emit_rr(e, 0x85, 3, H_RDX, H_RDX);
    fail[1] = emit_jcc(e, 4);
    emit_load(e, 2, H_RCX, H_RDX, (int32_t)offsetof(Block, mode));
    emit_rm(e, 0x3b, 2, H_RCX, H_CPU, CPU_OFF(mode));
    fail[2] = emit_jcc(e, 5);
    emit_rm(e, 0x83, 3, 7, H_RDX, (int32_t)offsetof(Block, host));
    emit8(e, 0);
    fail[3] = emit_jcc(e, 4);

    emit_mov(e, 2, H_RCX, H_RAX);
    emit_shift_imm(e, 5, 2, H_RCX, PAGE_SHIFT - 6);
    emit_alu_imm(e, 4, 2, H_RCX, (TLB_SIZE - 1) << 6);
    emit_rm(e, 0x03, 3, H_RCX, H_CPU, CPU_OFF(tlb_now));
    emit_store(e, 3, H_RAX, H_CPU, CPU_OFF(rip));
    emit_alu_imm(e, 4, 3, H_RAX, -(int32_t)PAGE_SIZE);
    emit_rm(e, 0x3b, 3, H_RAX, H_RCX, (int32_t)offsetof(TlbEntry, tag_exec));
    fail[4] = emit_jcc(e, 5);
    emit_load(e, 3, H_RCX, H_RCX, (int32_t)offsetof(TlbEntry, paddr));
    emit_rm(e, 0x33, 3, H_RCX, H_RDX, (int32_t)offsetof(Block, paddr));
    emit_rr(e, 0xf7, 3, 0, H_RCX);
    emit32(e, (uint32_t) - (int32_t)PAGE_SIZE);
    fail[5] = emit_jcc(e, 5);
    emit_store(e, 3, H_RAX, H_CPU, CPU_OFF(rip));
    emit_rm(e, 0xff, 2, 4, H_RDX, (int32_t)offsetof(Block, host));

    for (unsigned i = 0; i < 4; i++) {
        emit_here(e, fail[i]);
    }
    emit_load(e, 3, H_RCX, H_CPU, OP_REG_RIP);
    emit_store(e, 3, H_RCX, H_CPU, CPU_OFF(jump_page));
    emit_store(e, 3, H_RAX, H_CPU, CPU_OFF(rip));
    emit_leave(e, NEXT_LOOKUP);
    emit_here(e, fail[4]);
    emit_here(e, fail[5]);
    emit_leave(e, NEXT_JUMP);
}

void stubs_emit(Stubs *stubs, Emit *e)
{
    G_STATIC_ASSERT(sizeof(((Exec *)NULL)->jumps[0]) == 16);
    stubs->enter = e->p;
    emit_enter(e);
    stubs->reload = e->p;
    emit_load(e, 3, H_BUDGET, H_CPU, CPU_OFF(budget));
    registers_load(e);
    emit8(e, 0xc3);
    stubs->lookup = e->p;
    emit_lookup(e);
    stubs->jump = e->p;
    emit_leave(e, NEXT_JUMP);
    for (uint32_t n = 0; n < 2; n++) {
        stubs->exit[n] = e->p;
        emit_exit(e, n);
    }
}
