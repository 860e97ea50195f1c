/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linear to physical: page walks, the soft TLB, and guest memory accesses (Intel SDM vol. 3, 4).
 *
 * Accesses are by linear address and raise #PF by unwinding. Segmentation is the caller's business
 * (segment.h). All are little-endian and of any alignment; those that cross a page touch both pages
 * before they store anything.
 */
#ifndef TARGET_I386_MMU_H
#define TARGET_I386_MMU_H

#include <string.h>

#include "base/bytes.h"
#include "target/i386/cpu_state.h"

typedef enum { MMU_READ, MMU_WRITE, MMU_EXEC } MmuAccess;
/* Whether a page has a protection key, and which register has its rights: PKRU, IA32_PKRS. */
typedef enum { MMU_KEYS_NONE, MMU_KEYS_USER, MMU_KEYS_KERNEL, MMU_KEYS } MmuKeys;

static inline bool mmu_is_canonical(uint64_t addr)
{
    return (uint64_t)((int64_t)(addr << 16) >> 16) == addr;
}

/* Slow paths: TLB miss, MMIO, page crossing, write-watched pages. `size` is 1, 2, 4 or 8. */
uint64_t mmu_load_slow(Cpu *cpu, uint64_t addr, unsigned size, int mmu_mode);
void mmu_store_slow(Cpu *cpu, uint64_t addr, uint64_t value, unsigned size, int mmu_mode);

static inline TlbEntry *mmu_tlb_entry(Cpu *cpu, uint64_t addr, int mmu_mode)
{
    return &cpu->tlb[mmu_mode][(addr >> PAGE_SHIFT) & (TLB_SIZE - 1)];
}

/* One compare decides: right page, right access, and no page crossing (the low bits of the last
 * byte's address are cut, those of a misaligned tag are not). */
#define MMU_DEFINE_ACCESS(bits_)                                                                   \
    static inline uint##bits_##_t mmu_load##bits_(Cpu *cpu, uint64_t addr)                         \
    {                                                                                              \
        TlbEntry *e = mmu_tlb_entry(cpu, addr, cpu->mmu_mode);                                     \
        if (G_LIKELY(((addr + bits_ / 8 - 1) & ~(PAGE_SIZE - 1)) == e->tag_read &&                 \
                     (addr & ~(PAGE_SIZE - 1)) == e->tag_read)) {                                  \
            uint##bits_##_t v;                                                                     \
            memcpy(&v, (const void *)(uintptr_t)(addr + e->addend), sizeof(v));                    \
            return v;                                                                              \
        }                                                                                          \
        return (uint##bits_##_t)mmu_load_slow(cpu, addr, bits_ / 8, cpu->mmu_mode);                \
    }                                                                                              \
    static inline void mmu_store##bits_(Cpu *cpu, uint64_t addr, uint##bits_##_t v)                \
    {                                                                                              \
        TlbEntry *e = mmu_tlb_entry(cpu, addr, cpu->mmu_mode);                                     \
        if (G_LIKELY(((addr + bits_ / 8 - 1) & ~(PAGE_SIZE - 1)) == e->tag_write &&                \
                     (addr & ~(PAGE_SIZE - 1)) == e->tag_write)) {                                 \
            memcpy((void *)(uintptr_t)(addr + e->addend), &v, sizeof(v));                          \
            return;                                                                                \
        }                                                                                          \
        mmu_store_slow(cpu, addr, v, bits_ / 8, cpu->mmu_mode);                                    \
    }
MMU_DEFINE_ACCESS(8)
MMU_DEFINE_ACCESS(16)
MMU_DEFINE_ACCESS(32)
MMU_DEFINE_ACCESS(64)

/* The same with the rights of a given kind: stacks of another privilege level. */
static inline uint64_t mmu_load_as(Cpu *cpu, uint64_t addr, unsigned size, int mmu_mode)
{
    TlbEntry *e = mmu_tlb_entry(cpu, addr, mmu_mode);
    if (G_LIKELY(((addr + size - 1) & ~(PAGE_SIZE - 1)) == e->tag_read &&
                 (addr & ~(PAGE_SIZE - 1)) == e->tag_read)) {
        return bytes_load((const void *)(uintptr_t)(addr + e->addend), size);
    }
    return mmu_load_slow(cpu, addr, size, mmu_mode);
}
static inline void mmu_store_as(Cpu *cpu, uint64_t addr, uint64_t v, unsigned size, int mmu_mode)
{
    TlbEntry *e = mmu_tlb_entry(cpu, addr, mmu_mode);
    if (G_LIKELY(((addr + size - 1) & ~(PAGE_SIZE - 1)) == e->tag_write &&
                 (addr & ~(PAGE_SIZE - 1)) == e->tag_write)) {
        bytes_store((void *)(uintptr_t)(addr + e->addend), v, size);
        return;
    }
    mmu_store_slow(cpu, addr, v, size, mmu_mode);
}

/* #AC for an operand at `addr` that has to be a multiple of `unit`, a power of 2, where alignment
 * is checked (SDM vol. 3, 6.15). The functions here do it for what has 2, 4 or 8 bytes. */
void mmu_check_alignment(Cpu *cpu, uint64_t addr, unsigned unit);

/* With rights of the supervisor whatever CPL is: descriptor tables, TSS, IDT (SDM 4.6: implicit
 * supervisor accesses). */
uint64_t mmu_load_system(Cpu *cpu, uint64_t addr, unsigned size);
void mmu_store_system(Cpu *cpu, uint64_t addr, uint64_t value, unsigned size);

/* Wide accesses (16, 32 or up to 64 bytes), all or nothing as far as faults go. */
void mmu_load_bytes(Cpu *cpu, uint64_t addr, void *buf, unsigned len);
void mmu_store_bytes(Cpu *cpu, uint64_t addr, const void *buf, unsigned len);

/* MEM_LINE bytes to an address that is a multiple of it, in one piece: what a register window sees
 * is one write. */
void mmu_store_line(Cpu *cpu, uint64_t addr, const void *line);

/* Checks that [addr, addr+len) may be written (raising #PF if not) without writing: for
 * read-modify-write and multi-part stores. len <= 4096. */
void mmu_probe_write(Cpu *cpu, uint64_t addr, unsigned len);

/* The host address of [addr, addr+len) if it lies in one page of plain RAM with that access allowed
 * now, else NULL (never raises beyond what a TLB fill raises): string instructions in bulk. Decoded
 * code there is dropped if it is for writing, which must then follow before any code runs. */
void *mmu_host_ptr(Cpu *cpu, uint64_t addr, unsigned len, MmuAccess access);

/* Physical address of the code at linear `addr`; raises #PF. *host is its RAM address or NULL when
 * code is not in RAM. */
uint64_t mmu_translate_code(Cpu *cpu, uint64_t addr, uint8_t **host);

/* For tools (`info`, gdb): false if not mapped; no side effects. */
bool mmu_debug_translate(Cpu *cpu, uint64_t addr, uint64_t *paddr);

void mmu_init(Cpu *cpu);
void mmu_free(Cpu *cpu);
void mmu_flush_all(Cpu *cpu);
void mmu_flush_non_global(Cpu *cpu);
void mmu_flush_page(Cpu *cpu, uint64_t addr);
/* MOV to CR3 with its PCID rules; `value` is as the guest gave it, bit 63 included. */
void mmu_set_cr3(Cpu *cpu, uint64_t value);
/* PKRU or IA32_PKRS was `old` until now: what was cached of pages with other rights now is gone. */
void mmu_keys_changed(Cpu *cpu, MmuKeys keys, uint64_t old);
/* INVPCID; raises #GP for bad types. */
void mmu_invpcid(Cpu *cpu, unsigned type, uint64_t pcid, uint64_t addr);
/* PAE paging: reads the four PDPTEs at `cr3` into cpu->pdpte; false (nothing changed) if a reserved
 * bit is set. */
bool mmu_load_pdptes(Cpu *cpu, uint64_t cr3);
/* A page got PAGE_CODE: writes to it must take the slow path from now on, in this CPU's TLB. */
void mmu_watch_page(Cpu *cpu, uint64_t paddr);

#endif
