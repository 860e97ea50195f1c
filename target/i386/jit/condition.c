/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions for host code. A file of its own because a function that saves every register it uses
 * can be compiled for general registers only.
 */
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("general-regs-only"))), apply_to = function)
#else
#pragma GCC target("general-regs-only")
#endif
#include "target/i386/jit/condition.h"

#include "target/i386/decode.h"
#include "target/i386/flags.h"

#define CONDITION(c_)                                                                              \
    static __attribute__((no_caller_saved_registers)) bool condition_##c_(const Cpu *cpu)          \
    {                                                                                              \
        return flags_cond(cpu, c_);                                                                \
    }
FOR_CONDITIONS(CONDITION)

#define ITEM(c_) condition_##c_,
ConditionCall *const condition_calls[16] = {FOR_CONDITIONS(ITEM)};

static __attribute__((no_caller_saved_registers)) void to_carries(Cpu *cpu)
{
    flags_to_carries(cpu);
}
FlagsCall *const carries_call = to_carries;

#ifdef __clang__
#pragma clang attribute pop
#endif
