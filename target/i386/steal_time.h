/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time that the host withheld from a vCPU, where its guest asks. */
#ifndef TARGET_I386_STEAL_TIME_H
#define TARGET_I386_STEAL_TIME_H

#include "target/i386/cpu_state.h"

#define MSR_KVM_STEAL_TIME  0x4b564d03u
#define STEAL_TIME_RESERVED 0x3eull /* the record is aligned */

/* The guest writes the MSR: false if that is #GP. */
bool steal_time_write(Cpu *cpu, uint64_t value);
/* The MSR has a new value: what was withheld before does not count. */
void steal_time_changed(Cpu *cpu);
/* Before a turn and after it: what was withheld since the last look is the vCPU's loss if it had
 * work then. */
void steal_time_look(Cpu *cpu, bool had_work);

#endif
