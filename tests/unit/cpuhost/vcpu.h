/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bare vCPU of ours with memory of its own, for sequences: long mode, user privilege, the same
 * linear addresses as the native child has. Every vector's handler is a HLT.
 */
#ifndef TESTS_UNIT_CPUHOST_VCPU_H
#define TESTS_UNIT_CPUHOST_VCPU_H

#include "tests/unit/cpuhost/cpuhost.h"

#include "target/i386/cpu_state.h"

typedef struct BareVcpu BareVcpu;
/* `model` as for -cpu. `arena`: bytes for host code; 0: as usual. */
BareVcpu *vcpu_new(const char *model, bool translated, size_t arena);
/* As `maker` has it. */
BareVcpu *vcpu_new_of(Maker maker, bool translated, size_t arena);
void vcpu_free(BareVcpu *v);
Cpu *vcpu_cpu(BareVcpu *v);
/* Of the translating one: how often a block runs before it is translated. */
void vcpu_set_hot(BareVcpu *v, unsigned runs);
/* Everything anew; pages in `absent` (bit 0: first code page; data after code) are not mapped yet.
 * Without `code` the program's bytes stay as they are. */
void vcpu_load(BareVcpu *v, const Sequence *seq, bool code, uint32_t absent);
/* After CPU_HALTED: the state in which the exception found the program; false if it was none. */
bool vcpu_stopped(BareVcpu *v, Outcome *out);
/* Back into the program as vcpu_stopped() found it, but at `rip`. */
void vcpu_resume(BareVcpu *v, const Sequence *seq, uint64_t rip);
/* Maps an absent page; false if `addr` is in none. */
bool vcpu_map(BareVcpu *v, uint64_t addr);
/* Code, data and page tables. */
enum { VCPU_CODE, VCPU_DATA, VCPU_PAGE_TABLE, VCPU_MEMORY_PARTS };
typedef struct {
    const char *name;
    uint64_t linear;
    const uint8_t *bytes;
    size_t size;
} VcpuMemory;
void vcpu_memory(BareVcpu *v, VcpuMemory parts[VCPU_MEMORY_PARTS]);

#endif
