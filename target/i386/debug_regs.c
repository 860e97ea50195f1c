/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug registers (Intel SDM vol. 3, 17.2): code, data and I/O breakpoints. Pages with a data
 * breakpoint miss the soft TLB's fast compare; with a code breakpoint armed, blocks are one
 * instruction long (interp.c). Left out: RTM debugging, branch traces.
 */
#include "target/i386/debug_regs.h"

#include "target/i386/excp.h"
#include "target/i386/mmu_private.h"

/* R/W field of DR7. */
enum { BREAK_CODE, BREAK_WRITE, BREAK_IO, BREAK_ACCESS };

static bool slot_enabled(const Cpu *cpu, int n)
{
    return (cpu->dr[7] >> (2 * n)) & 3;
}

static unsigned slot_type(const Cpu *cpu, int n)
{
    return (cpu->dr[7] >> (16 + 4 * n)) & 3;
}

static unsigned slot_length(const Cpu *cpu, int n)
{
    static const uint8_t length[4] = {1, 2, 8, 4};
    return length[(cpu->dr[7] >> (18 + 4 * n)) & 3];
}

static bool slot_is_data(const Cpu *cpu, int n)
{
    unsigned type = slot_type(cpu, n);
    return slot_enabled(cpu, n) && (type == BREAK_WRITE || type == BREAK_ACCESS);
}

static bool slot_is_io(const Cpu *cpu, int n)
{
    return slot_enabled(cpu, n) && slot_type(cpu, n) == BREAK_IO && (cpu->cr4 & CR4_DE);
}

/* Addresses are cut to the breakpoint's size (SDM 17.2.5). */
static uint64_t slot_start(const Cpu *cpu, int n)
{
    return cpu->dr[n] & ~(uint64_t)(slot_length(cpu, n) - 1);
}

static bool slot_overlaps(const Cpu *cpu, int n, uint64_t addr, unsigned size)
{
    uint64_t start = slot_start(cpu, n);
    return addr < start + slot_length(cpu, n) && start < addr + size;
}

bool debug_page_watched(const Cpu *cpu, uint64_t page)
{
    if (G_LIKELY(!(cpu->dr[7] & DR7_ENABLES))) {
        return false;
    }
    for (int n = 0; n < 4; n++) {
        if (slot_is_data(cpu, n) && (slot_start(cpu, n) & PAGE_MASK) == page) {
            return true;
        }
    }
    return false;
}

/* With a breakpoint or TF set each instruction is a block, so nobody runs past this. */
void debug_trap(Cpu *cpu, uint32_t bits)
{
    cpu->dr6_traps |= bits;
    __atomic_fetch_or(&cpu->pending, PEND_DEBUG, __ATOMIC_SEQ_CST);
}

/* SDM vol. 3, 17.2.3: B0 to B3 are of this exception, the rest is software's to clear. */
void debug_enter(Cpu *cpu, uint32_t bits)
{
    cpu->dr[6] = (cpu->dr[6] & ~(uint64_t)DR6_B) | bits | cpu->dr6_traps;
    cpu->dr[7] &= ~(uint64_t)DR7_GD;
    cpu->dr6_traps = 0;
}

void debug_data_access(Cpu *cpu, uint64_t addr, unsigned size, bool write)
{
    for (int n = 0; n < 4; n++) {
        if (slot_is_data(cpu, n) && (write || slot_type(cpu, n) == BREAK_ACCESS) &&
            slot_overlaps(cpu, n, addr, size)) {
            debug_trap(cpu, 1u << n);
        }
    }
}

void debug_io_access(Cpu *cpu, uint16_t port, unsigned size)
{
    if (G_LIKELY(!(cpu->dr[7] & DR7_ENABLES))) {
        return;
    }
    for (int n = 0; n < 4; n++) {
        if (slot_is_io(cpu, n) && slot_overlaps(cpu, n, port, size)) {
            debug_trap(cpu, 1u << n);
        }
    }
}
