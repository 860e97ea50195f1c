/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A debugger's breakpoints. They cost what the pages are worth that they are on: those miss the
 * soft TLB's fast compare, of data as for the guest's own, of code whenever a block is entered. In
 * such a page of code each instruction is executed by itself; one elsewhere that hits a data
 * breakpoint is begun anew by itself, so that the stop comes right after it.
 */
#include "target/i386/breakpoints.h"

#include "target/i386/excp.h"
#include "target/i386/mmu_private.h"

static const VcpuBreakpoint *break_at(const Cpu *cpu, unsigned i)
{
    return &g_array_index(cpu->breakpoints, VcpuBreakpoint, i);
}

static unsigned break_count(const Cpu *cpu)
{
    return cpu->breakpoints ? cpu->breakpoints->len : 0;
}

bool cpu_break_insert(Cpu *cpu, const VcpuBreakpoint *b)
{
    if (b->length == 0 || b->addr + (b->length - 1) < b->addr) {
        return false;
    }
    if (!cpu->breakpoints) {
        cpu->breakpoints = g_array_new(false, false, sizeof(VcpuBreakpoint));
    }
    g_array_append_val(cpu->breakpoints, *b);
    mmu_flush_all(cpu);
    return true;
}

bool cpu_break_remove(Cpu *cpu, const VcpuBreakpoint *b)
{
    for (unsigned i = 0; i < break_count(cpu); i++) {
        const VcpuBreakpoint *is = break_at(cpu, i);
        if (is->kind != b->kind || is->addr != b->addr || is->length != b->length) {
            continue;
        }
        g_array_remove_index_fast(cpu->breakpoints, i);
        if (cpu->breakpoints->len == 0) {
            breakpoints_free(cpu);
        }
        mmu_flush_all(cpu);
        return true;
    }
    return false;
}

void breakpoints_free(Cpu *cpu)
{
    if (cpu->breakpoints) {
        g_array_free(cpu->breakpoints, true);
        cpu->breakpoints = NULL;
    }
}

const VcpuBreakpoint *cpu_break_hit(const Cpu *cpu)
{
    return &cpu->break_hit;
}

static bool overlaps(const VcpuBreakpoint *b, uint64_t addr, uint64_t size)
{
    return addr <= b->addr + (b->length - 1) && b->addr <= addr + (size - 1);
}

bool breakpoints_watch_page(const Cpu *cpu, uint64_t page)
{
    for (unsigned i = 0; i < break_count(cpu); i++) {
        const VcpuBreakpoint *b = break_at(cpu, i);
        if (b->kind != VCPU_BREAK_CODE && overlaps(b, page, PAGE_SIZE)) {
            return true;
        }
    }
    return false;
}

bool breakpoints_in_code_page(const Cpu *cpu, uint64_t page)
{
    for (unsigned i = 0; i < break_count(cpu); i++) {
        const VcpuBreakpoint *b = break_at(cpu, i);
        if (b->kind == VCPU_BREAK_CODE && overlaps(b, page, PAGE_SIZE)) {
            return true;
        }
    }
    return false;
}

bool breakpoints_want_step(const Cpu *cpu, uint64_t linear)
{
    return cpu->step_next || breakpoints_in_code_page(cpu, linear & PAGE_MASK);
}

static bool hits_data(const VcpuBreakpoint *b, uint64_t addr, unsigned size, bool write)
{
    return b->kind != VCPU_BREAK_CODE && (write || b->kind == VCPU_BREAK_ACCESS) &&
           overlaps(b, addr, size);
}

void breakpoints_before_access(Cpu *cpu, uint64_t addr, unsigned size, bool write)
{
    if (cpu->stepping || !cpu->op) {
        return; /* it is precise already, or no instruction: an event's frame, say */
    }
    for (unsigned i = 0; i < break_count(cpu); i++) {
        if (hits_data(break_at(cpu, i), addr, size, write)) {
            cpu->step_next = true;
            cpu_begin_anew(cpu);
        }
    }
}

static void break_now(Cpu *cpu, const VcpuBreakpoint *b)
{
    cpu->break_hit = *b;
    __atomic_fetch_or(&cpu->pending, PEND_BREAK, __ATOMIC_SEQ_CST);
}

void breakpoints_data_access(Cpu *cpu, uint64_t addr, unsigned size, bool write)
{
    for (unsigned i = 0; i < break_count(cpu); i++) {
        const VcpuBreakpoint *b = break_at(cpu, i);
        if (hits_data(b, addr, size, write)) {
            break_now(cpu, b);
        }
    }
}

void cpu_stop_at(Cpu *cpu, const VcpuStop *stop)
{
    cpu->stop_set = stop != NULL;
    cpu->stop = stop ? *stop : (VcpuStop){0};
    cpu->before_stop = (VcpuStop){0};
}

bool cpu_before_stop(const Cpu *cpu, VcpuStop *found)
{
    *found = cpu->before_stop;
    return found->from != 0;
}

VcpuStop cpu_last_began(const Cpu *cpu)
{
    return cpu->last_began;
}

uint64_t cpu_block_left(const Cpu *cpu)
{
    return cpu->block_left;
}

void cpu_set_block_left(Cpu *cpu, uint64_t left)
{
    cpu->block_left = (unsigned)left;
    cpu->break_passed = false;
}

bool breakpoints_near_stop(const Cpu *cpu)
{
    return G_UNLIKELY(cpu->stop_set) && cpu_instructions(cpu) >= cpu->stop.from;
}

bool breakpoints_at_stop(Cpu *cpu, uint64_t linear, bool first)
{
    const VcpuStop *stop = &cpu->stop;
    VcpuStop now = {cpu_instructions(cpu), cpu_spent(cpu), 1};
    if (!cpu->stop_set) {
        return false;
    }
    if (now.instructions < stop->instructions) {
        cpu->before_stop = first ? now : cpu->before_stop;
        return false;
    }
    if (now.instructions == stop->instructions && now.spent < stop->spent) {
        return false;
    }
    cpu->stop_set = false;
    cpu->break_hit = (VcpuBreakpoint){VCPU_BREAK_CODE, linear, 0};
    cpu->break_passed = true; /* it is stopped there already */
    return true;
}

void breakpoints_resume(Cpu *cpu, uint64_t linear)
{
    cpu->break_passed = cpu->break_passed && cpu->break_hit.addr == linear;
    cpu->step_next = false;
}

bool breakpoints_stop(Cpu *cpu, uint64_t linear)
{
    bool passed = cpu->step_one || (cpu->break_passed && cpu->break_hit.addr == linear);
    cpu->break_passed = false;
    for (unsigned i = 0; !passed && i < break_count(cpu); i++) {
        const VcpuBreakpoint *b = break_at(cpu, i);
        if (b->kind == VCPU_BREAK_CODE && b->addr == linear) {
            break_now(cpu, b);
            cpu->break_passed = true;
            return true;
        }
    }
    return false;
}
