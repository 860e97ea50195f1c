/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the mmu_*.c files share: the walker's result and the sets of soft TLBs.
 *
 * A vCPU has a few TLB sets, one for each PCID used lately (SDM vol. 3, 4.10.1); with CR4.PCIDE
 * clear it uses one. cpu->tlb points into the current one, so that a MOV to CR3 that keeps
 * translations just changes pointers. Beside a table for each kind of rights, which host code looks
 * into, a set has one of victims: what a fill pushes out of its place goes there, by a hash that
 * keeps apart what the tables' index does not (text, direct map and stacks of a kernel meet at the
 * same index all the time). A bitmap tells which entries are in use, so that flushing costs what
 * was filled.
 */
#ifndef TARGET_I386_MMU_PRIVATE_H
#define TARGET_I386_MMU_PRIVATE_H

#include "target/i386/debug_regs.h"
#include "target/i386/mmu.h"

#define PAGE_MASK (~(PAGE_SIZE - 1))

/* Bits of a tag below the page: why the fast compare must miss. Host code compares with the low
 * bits of a misaligned address, too, so these are above what the widest access can be off by. */
#define TLB_TAG_ALIGN 0x80u  /* reads and writes have to be aligned */
#define TLB_TAG_IO    0x100u /* no host memory behind it */
#define TLB_TAG_CODE  0x200u /* a write must drop decoded code */
#define TLB_TAG_DEBUG 0x400u /* a data breakpoint is in this page */
#define TLB_TAG_ROM   0x800u /* writes are dropped */

/* TlbEntry.flags: the page's size as a shift, G, the MMU_* that the rights are for, and its key. */
#define TLB_SHIFT_MASK  0x3fu
#define TLB_FLAG_GLOBAL 0x40u
#define TLB_FLAG_APIC   0x80u
#define TLB_MODE_SHIFT  8
#define TLB_MODE(flags) ((int)((flags) >> TLB_MODE_SHIFT & 3))
/* The key that its rights were restricted by, and whose page it is: MMU_KEYS_*. */
#define TLB_KEY_SHIFT   12
#define TLB_KEY(flags)  ((flags) >> TLB_KEY_SHIFT & 15)
#define TLB_KEYS_SHIFT  16
#define TLB_KEYS(flags) ((MmuKeys)((flags) >> TLB_KEYS_SHIFT))

/* Rights, as a mask of 1 << MmuAccess. */
#define MMU_RIGHT(access) (1u << (access))
#define MMU_RIGHTS_ALL    7u

/* Page-fault error code (SDM vol. 3, 4.7). */
#define PF_P    (1u << 0)
#define PF_W    (1u << 1)
#define PF_U    (1u << 2)
#define PF_RSVD (1u << 3)
#define PF_I    (1u << 4)
#define PF_PK   (1u << 5)

#define TLB_SETS 6
/* Tables of a set: one for each MMU_*, and the victims of all. */
enum { TLB_VICTIMS = MMU_MODES, TLB_TABLES };
typedef struct {
    TlbEntry entry[TLB_TABLES][TLB_SIZE];
    uint64_t used[TLB_TABLES][TLB_SIZE / 64];
    bool aligned; /* there is something in the table of MMU_USER_ALIGNED */
    /* All entries that are parts of large pages lie within: an INVLPG elsewhere looks at one index.
     * Empty if first > last. */
    uint64_t large_first, large_last;
    uint16_t keys[MMU_KEYS]; /* a bit for each that an entry may have */
    uint32_t pcid;
    uint64_t stamp; /* of the last switch to it: the oldest set is reused */
} TlbSet;

typedef struct {
    uint64_t first, last;
    uint8_t *host; /* of `first` */
    MemRegion *region;
} RamWindow;
#define RAM_WINDOWS 3

typedef struct {
    TlbSet *set[TLB_SETS]; /* made when first used */
    TlbSet *current;
    uint64_t stamp;
    uint64_t map_generation; /* of the address space that the TLBs and windows are about */
    RamWindow ram[RAM_WINDOWS];
    unsigned next_window;
} Mmu;

static inline Mmu *mmu_of(const Cpu *cpu)
{
    return cpu->mmu;
}

/* One linear page translated. */
typedef struct {
    uint64_t paddr;  /* of the 4 KiB page */
    unsigned rights; /* what may be done without asking again; MMU_WRITE only if D is set */
    unsigned shift;  /* size of the page: 12, 21, 22 or 30 */
    bool global;
    MmuKeys keys; /* what restricted the rights, and by which key */
    uint8_t key;
} MmuWalk;

/* Walks for `access` with the rights of `mmu_mode`. False with *error set: #PF. With `update`, A
 * and D are set in the guest's tables as needed; without, protection keys are not looked at. */
bool mmu_walk(Cpu *cpu, uint64_t addr, MmuAccess access, int mmu_mode, bool update, MmuWalk *walk,
              uint32_t *error);

/* Drops what was cached about a map of memory that has changed since. */
void mmu_check_map(Cpu *cpu);
/* Host address of guest-physical [paddr, paddr+size) in RAM, or NULL; never across a page. */
uint8_t *mmu_ram_ptr(Cpu *cpu, uint64_t paddr, unsigned size);
/* The CPU itself is about to write to RAM at `paddr`; it did: drops decoded code if there was any.
 */
void mmu_ram_before_write(Cpu *cpu, uint64_t paddr, unsigned size);
void mmu_ram_written(Cpu *cpu, uint64_t paddr, unsigned size);

/* The entry that permits `access` to `addr`, filled if need be; raises #PF or #GP. */
TlbEntry *mmu_tlb_get(Cpu *cpu, uint64_t addr, MmuAccess access, int mmu_mode);

/* The linear address after `addr`'s page: wraps at 4 GiB outside long mode. */
static inline uint64_t mmu_next_page(const Cpu *cpu, uint64_t addr)
{
    uint64_t next = (addr | (PAGE_SIZE - 1)) + 1;
    return cpu->efer & EFER_LMA ? next : (uint32_t)next;
}

#endif
