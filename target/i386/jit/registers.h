/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which host registers hold guest registers while host code runs.
 */
#ifndef TARGET_I386_JIT_REGISTERS_H
#define TARGET_I386_JIT_REGISTERS_H

#include "target/i386/jit/emit.h"

#define H_CPU    H_RDI
#define H_BUDGET H_R15

/* By guest register number: the host's, or H_NONE. */
extern const int8_t pinned_host[16];

/* The Cpu's copies of the guest registers in the mask, from the host's. */
void registers_store(Emit *e, uint16_t guests);
/* All that are pinned, from the Cpu. */
void registers_load(Emit *e);

#endif
