/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the executor keeps for each vCPU: shared by the interpreter's loop and by translated code,
 * which reads it at fixed offsets.
 */
#ifndef TARGET_I386_EXEC_H
#define TARGET_I386_EXEC_H

#include "target/i386/op.h"

#define JUMP_BITS 14
#define JUMPS     (1u << JUMP_BITS)

typedef struct {
    Block *block; /* that ended last, or is in execution */
    uint64_t epoch;
    /* Direct-mapped on (linear ^ linear >> JUMP_BITS). */
    struct {
        uint64_t linear;
        Block *block;
    } jumps[JUMPS];
} Exec;

#endif
