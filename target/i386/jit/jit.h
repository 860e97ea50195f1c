/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translator from decoded blocks to x86-64 host code: what the block cache and the loop in
 * interp.c call.
 */
#ifndef TARGET_I386_JIT_JIT_H
#define TARGET_I386_JIT_JIT_H

#include "target/i386/op.h"

typedef struct Jit Jit;

/* NULL if the host gives no memory for code. */
Jit *jit_new(void);
void jit_free(Jit *jit);

/* No room for more: the block cache should be flushed, which calls jit_reset(). */
bool jit_full(const Jit *jit);
/* Every block is gone. Only while no host code runs. */
void jit_reset(Jit *jit);

/* Makes `block` run as host code from its next entry on, if it can be translated. */
void jit_translate(Jit *jit, Block *block);
/* From now on `from` jumps to `to` by link `n` on its own. Both are translated, in one page. */
void jit_link(Jit *jit, Block *from, unsigned n, Block *to);
/* The block's bytes changed: whoever jumps to it goes back to the loop. */
void jit_kill(Jit *jit, Block *block);

#endif
