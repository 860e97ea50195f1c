/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's conditions, and a change of how its flags are kept, as functions that host code can
 * call in the middle of a block: all registers but rax stay as they are.
 */
#ifndef TARGET_I386_JIT_CONDITION_H
#define TARGET_I386_JIT_CONDITION_H

#include "target/i386/cpu_state.h"

typedef bool ConditionCall(const Cpu *cpu) __attribute__((no_caller_saved_registers));
/* By condition code. */
extern ConditionCall *const condition_calls[16];
/* flags_to_carries(). */
typedef void FlagsCall(Cpu *cpu) __attribute__((no_caller_saved_registers));
extern FlagsCall *const carries_call;

#endif
