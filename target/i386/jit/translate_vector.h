/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest vector registers in the host's, within a block.
 */
#ifndef TARGET_I386_JIT_TRANSLATE_VECTOR_H
#define TARGET_I386_JIT_TRANSLATE_VECTOR_H

#include "target/i386/jit/translate.h"

/* To the Cpu what is newer in the host's registers, and from it what is to be there. Neither
 * touches the host's flags. */
void vec_store(Emit *e, const VecState *v);
void vec_load(Emit *e, const VecState *v);

#endif
