/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic flags, computed when somebody reads them. cc_op says what cc_dst and cc_src mean.
 * The executor owns the encoding; everybody else uses these two functions.
 */
#ifndef TARGET_I386_FLAGS_H
#define TARGET_I386_FLAGS_H

#include "target/i386/cpu_state.h"

/* cc_op 0: the arithmetic flags are in cc_src as they stand in RFLAGS. */
#define CC_FLAGS 0u

/* The arithmetic flags now (FLAGS_ARITH bits). */
uint32_t flags_arith(const Cpu *cpu);

/* The whole of RFLAGS as PUSHF would give it (bit 1 set). */
static inline uint32_t flags_get(const Cpu *cpu)
{
    return (cpu->rflags & ~FLAGS_ARITH) | flags_arith(cpu) | FLAG_1;
}

/* Sets all of RFLAGS; the caller has masked what may change. Calls cpu_update_mode() if TF, VM or
 * AC changed. */
void flags_set(Cpu *cpu, uint32_t rflags);

/* Sets just the arithmetic flags. */
static inline void flags_set_arith(Cpu *cpu, uint32_t bits)
{
    cpu->cc_op = CC_FLAGS;
    cpu->cc_src = bits & FLAGS_ARITH;
}

#endif
