/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest registers in host code: ten are pinned to host registers, for as long as host code runs;
 * the others are read from the Cpu and written there.
 */
#include "target/i386/jit/registers.h"

#include "target/i386/jit/translate_vector.h"

/* R9 to R11 and R13 to R15 are those that compilers use last. The translator relies on rAX, rCX,
 * rDX, rSP and rBP being pinned. */
const int8_t pinned_host[16] = {
    [R_RAX] = H_RBX, [R_RCX] = H_R8,  [R_RDX] = H_RBP, [R_RBX] = H_R9,
    [R_RSP] = H_R10, [R_RBP] = H_R11, [R_RSI] = H_RSI, [R_RDI] = H_R12,
    [R_R8] = H_R13,  [9] = H_NONE,    [10] = H_NONE,   [11] = H_NONE,
    [12] = H_R14,    [13] = H_NONE,   [14] = H_NONE,   [R_R15] = H_NONE,
};

#define IS_HIGH_BYTE(off_) ((off_)&7)

static int host_of(unsigned off)
{
    return off < 128 ? pinned_host[off / 8] : H_NONE;
}

static bool is_scratch(int reg)
{
    return reg == H_RAX || reg == H_RCX || reg == H_RDX;
}

bool tr_is_kept(const Tr *t)
{
    return t->kept.reg != H_NONE && !emit_changed(&t->e, t->kept.reg);
}

static void reg_load(Tr *t, unsigned off, unsigned size, int scratch)
{
    if (!tr_is_kept(t) || t->kept.off != off) {
        emit_load(&t->e, size, scratch, H_CPU, (int32_t)off);
    } else if (t->kept.reg != scratch) {
        emit_mov(&t->e, 3, scratch, t->kept.reg);
    }
}

int tr_get(Tr *t, unsigned off, int scratch)
{
    int host = host_of(off);
    if (host == H_NONE) {
        reg_load(t, off, 3, scratch);
        return scratch;
    }
    return host;
}

int tr_get_sized(Tr *t, unsigned off, unsigned size, int scratch)
{
    int host = host_of(off);
    if (host == H_NONE) {
        reg_load(t, off, size, scratch);
        return scratch;
    }
    if (IS_HIGH_BYTE(off)) {
        emit_mov(&t->e, 2, scratch, host);
        emit_shift_imm(&t->e, 5, 2, scratch, 8);
        t->host_flags = 0;
        return scratch;
    }
    return host;
}

int tr_dst(Tr *t, unsigned off, int scratch)
{
    int host = host_of(off);
    if (host == H_NONE) {
        return scratch;
    }
    tr_changes(t, host);
    return host;
}

int tr_mod(Tr *t, unsigned off, int scratch)
{
    int reg = tr_get(t, off, scratch);
    tr_changes(t, reg);
    return reg;
}

void tr_put(Tr *t, unsigned off, int reg)
{
    if (host_of(off) == H_NONE) {
        emit_store(&t->e, 3, reg, H_CPU, (int32_t)off);
        t->kept = (Kept){.reg = (int8_t)reg, .off = (uint8_t)off};
        emit_watch(&t->e);
    } else {
        t->dirty |= (uint16_t)(1u << off / 8);
    }
}

void tr_write(Tr *t, unsigned off, unsigned size, int reg)
{
    Emit *e = &t->e;
    int host = host_of(off), whole = (int32_t)(off & ~7u);
    tr_changes(t, host);
    if (size >= 2) {
        int to = tr_dst(t, off, is_scratch(reg) ? reg : H_RAX);
        if (to != reg || size == 2) {
            emit_mov(e, size, to, reg);
        }
        tr_put(t, off, to);
    } else if (host == H_NONE) {
        emit_store(e, size, reg, H_CPU, (int32_t)off);
        t->kept.reg = H_NONE;
    } else if (IS_HIGH_BYTE(off)) {
        /* Rare, and no instruction does it without either AH or flags. */
        emit_store(e, 3, host, H_CPU, whole);
        emit_store(e, 0, reg, H_CPU, (int32_t)off);
        emit_load(e, 3, host, H_CPU, whole);
    } else {
        emit_rr(e, size ? 0x8b : 0x8a, size, host, reg);
        t->dirty |= (uint16_t)(1u << off / 8);
    }
}

void tr_flush(Tr *t)
{
    tr_end_carries(t);
    registers_store(&t->e, t->dirty);
    t->dirty = 0;
    vec_store(&t->e, &t->vec);
    t->vec.dirty = t->vec.dirty_upper = 0;
    if (t->late.kind) {
        tr_emit_late(&t->e, &t->late);
        tr_drop_late(t);
    }
}

void registers_store(Emit *e, uint16_t guests)
{
    for (int guest = 0; guest < 16; guest++) {
        if (guests >> guest & 1) {
            emit_store(e, 3, pinned_host[guest], H_CPU, guest * 8);
        }
    }
}

void registers_load(Emit *e)
{
    for (int guest = 0; guest < 16; guest++) {
        if (pinned_host[guest] != H_NONE) {
            emit_load(e, 3, pinned_host[guest], H_CPU, guest * 8);
        }
    }
}
