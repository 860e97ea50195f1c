/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest vector registers in the host's, within a block.
 */
#ifndef TARGET_I386_JIT_TRANSLATE_VECTOR_H
#define TARGET_I386_JIT_TRANSLATE_VECTOR_H

#include "target/i386/jit/translate.h"

/* The registers that the block begins with reading, as far as can be told. */
VecState vec_needs(const Block *b);
/* An exit with `has` in the host's registers may skip the loading of `needs`. */
static inline bool vec_covers(const VecState *has, const VecState *needs)
{
    return !(needs->cached & ~has->cached) && !(needs->upper & ~has->upper);
}

/* Before a handler: SSE code must not pay for upper halves in use. */
void vec_end_upper(Emit *e, const VecState *v);

/* To the Cpu what is newer in the host's registers, and from it what is to be there. Neither
 * touches the host's flags. */
void vec_store(Emit *e, const VecState *v);
void vec_load(Emit *e, const VecState *v);

#endif
