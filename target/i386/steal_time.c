/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steal time as KVM tells it (Linux, Documentation/virt/kvm/x86/msr.rst, MSR_KVM_STEAL_TIME): a
 * record in the guest's memory says how long this vCPU had work while the host ran something else.
 * That is what the clock withheld (base/clock.h), so it does not pass in the guest's time. Left
 * out: the turns of other vCPUs, which do, and `preempted`, which CPUID does not promise.
 */
#include "target/i386/steal_time.h"

#include <string.h>

#define STEAL_ENABLE    1u
#define STEAL_VERSION   8u /* 32 bits: odd while the record changes */
#define STEAL_SIZE      64u
#define VERSION_CHANGED 2u

/* The record, or NULL where the guest named no RAM. */
static uint8_t *steal_record(Cpu *cpu, uint64_t addr)
{
    return as_ram_to_write(cpu->cfg.memory, addr, STEAL_SIZE);
}

/* vCPUs and devices run on one thread: nobody looks while the version would be odd. */
static void add_steal(Cpu *cpu, uint64_t ns)
{
    uint64_t addr = cpu->steal_time & ~(uint64_t)(STEAL_TIME_RESERVED | STEAL_ENABLE), steal;
    uint8_t *at = steal_record(cpu, addr);
    uint32_t version;

    if (!at) {
        return;
    }
    memcpy(&steal, at, sizeof(steal));
    memcpy(&version, at + STEAL_VERSION, sizeof(version));
    steal += ns;
    version = (version & ~1u) + VERSION_CHANGED;
    memcpy(at, &steal, sizeof(steal));
    memcpy(at + STEAL_VERSION, &version, sizeof(version));
    as_ram_written(cpu->cfg.memory, addr, STEAL_SIZE);
}

/* How much was withheld since the last look. */
static uint64_t withheld_since(Cpu *cpu)
{
    int64_t before = cpu->steal_seen;

    clock_now(cpu->cfg.clock); /* which finds what was withheld up to now */
    cpu->steal_seen = clock_withheld(cpu->cfg.clock);
    return (uint64_t)(cpu->steal_seen - before);
}

void steal_time_changed(Cpu *cpu)
{
    withheld_since(cpu);
}

bool steal_time_write(Cpu *cpu, uint64_t value)
{
    if (value & STEAL_TIME_RESERVED) {
        return false;
    }
    cpu->steal_time = value;
    steal_time_changed(cpu);
    return true;
}

void steal_time_look(Cpu *cpu, bool had_work)
{
    if (G_LIKELY(!(cpu->steal_time & STEAL_ENABLE))) {
        return;
    }
    uint64_t ns = withheld_since(cpu);
    if (ns && had_work) {
        add_steal(cpu, ns);
    }
}
