/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host code that all blocks share.
 */
#ifndef TARGET_I386_JIT_STUBS_H
#define TARGET_I386_JIT_STUBS_H

#include "target/i386/jit/arena.h"
#include "target/i386/jit/registers.h"

/* Each is in the writable view. */
typedef struct {
    const uint8_t *enter;   /* an op handler: from C into the host code of the op's block */
    const uint8_t *reload;  /* called: budget and pinned registers from the Cpu */
    const uint8_t *lookup;  /* rax: linear address to go on at */
    const uint8_t *jump;    /* to the loop as after a computed jump; cpu->rip is set */
    const uint8_t *exit[2]; /* to the loop by exit n of the block in rax; cpu->rip is set */
} Stubs;

/* Bytes between where blocks come in and where `enter` does, which has paid for the block. */
#define HOST_PROLOGUE 10

void stubs_emit(Stubs *stubs, Emit *e);

#endif
