/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translator from decoded blocks to x86-64 host code: what the block cache and the loop in
 * interp.c call. docs/cpu.md tells how host code, handlers and the loop meet.
 */
#ifndef TARGET_I386_JIT_H
#define TARGET_I386_JIT_H

#include "target/i386/op.h"

typedef struct Jit Jit;

/* Room for `bytes` of host code, at least JIT_MIN_SIZE; NULL if the host gives no memory for it. */
#define JIT_MIN_SIZE ((size_t)1 << 20)
Jit *jit_new(size_t bytes);
void jit_free(Jit *jit);

/* Every block is gone. Only while no host code runs. */
void jit_reset(Jit *jit);

/* Makes `block` run as host code from its next entry on, if it can be translated. `cc_op` is the
 * vCPU's now: what kind of flags the block may expect to find. Where room is
 * needed, the oldest translations go back to their handlers, and the result is true: what vCPUs
 * predict of returns (cpu_forget_returns()) is void then. Only while no host code runs. */
bool jit_translate(Jit *jit, Block *block, uint32_t cc_op);
/* Where a predicted return goes that is none. */
const uint8_t *jit_return_miss(const Jit *jit);
/* From now on `from` goes to `to` by its exit `n` on its own, after asking the TLB if they are in
 * different pages. Both are translated; bit n of from->open_exits is set. */
void jit_link(Jit *jit, Block *from, unsigned n, Block *to);
/* The block's bytes changed: nobody goes to it any more. */
void jit_kill(Jit *jit, Block *block);

#endif
