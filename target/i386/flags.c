/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFLAGS as a whole, from its lazily kept parts (Intel SDM vol. 1, 3.4.3).
 *
 * What the manual leaves undefined after an instruction is whatever is cheap.
 */
#include "target/i386/flags.h"

uint32_t flags_arith(const Cpu *cpu)
{
    if (cpu->cc_op == CC_FLAGS) {
        return (uint32_t)cpu->cc_src & FLAGS_ARITH;
    }
    uint32_t flags = 0;
    flags |= flags_cf(cpu) ? FLAG_CF : 0;
    flags |= flags_pf(cpu) ? FLAG_PF : 0;
    flags |= flags_af(cpu) ? FLAG_AF : 0;
    flags |= flags_zf(cpu) ? FLAG_ZF : 0;
    flags |= flags_sf(cpu) ? FLAG_SF : 0;
    flags |= flags_of(cpu) ? FLAG_OF : 0;
    return flags;
}

void flags_set(Cpu *cpu, uint32_t rflags)
{
    uint32_t changed = cpu->rflags ^ rflags;
    flags_set_arith(cpu, rflags);
    cpu->rflags = (rflags & ~FLAGS_ARITH) | FLAG_1;
    if (changed & (FLAG_TF | FLAG_VM | FLAG_AC)) {
        cpu_update_mode(cpu);
    }
}
