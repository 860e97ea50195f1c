/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page walks: 32-bit paging with PSE and PSE-36, PAE, and 4-level paging with 2 MiB and 1 GiB
 * pages (Intel SDM vol. 3, 4.3 to 4.8), and protection keys (4.6.2). Left out: 5-level paging.
 *
 * Entries are read through host pointers where tables are in RAM, and changed by compare and
 * exchange, so that a table another CPU edits at the same time is walked again.
 */
#include "target/i386/cpuid.h"
#include "target/i386/mmu_private.h"
#include "target/i386/system_ops.h"

#define PTE_P       (1ull << 0)
#define PTE_W       (1ull << 1)
#define PTE_U       (1ull << 2)
#define PTE_A       (1ull << 5)
#define PTE_D       (1ull << 6)
#define PTE_PS      (1ull << 7)
#define PTE_G       (1ull << 8)
#define PTE_NX      (1ull << 63)
#define PTE_KEY     59 /* to 62: not reserved in 4-level paging */
#define PTE_ADDRESS 0x000ffffffffff000ull

/* Bits from `lo` to `hi`, both included. */
#define BIT_RANGE(hi, lo) ((~0ull >> (63 - (hi))) & (~0ull << (lo)))

/* A level's place in a paging mode. */
typedef struct {
    uint8_t shift;
    uint8_t index_bits;
    bool may_be_large;
    uint64_t large_reserved; /* address bits that must be zero in a large page's entry */
} Level;

typedef struct {
    unsigned entry_size;
    unsigned count;
    Level level[4];
} PagingMode;

static const PagingMode paging_32bit = {
    .entry_size = 4,
    .count = 2,
    .level = {{22, 10, true, BIT_RANGE(21, 21)}, {12, 10, false, 0}},
};
/* Starts below the PDPTEs, which are registers. */
static const PagingMode paging_pae = {
    .entry_size = 8,
    .count = 2,
    .level = {{21, 9, true, BIT_RANGE(20, 13)}, {12, 9, false, 0}},
};
static const PagingMode paging_4level = {
    .entry_size = 8,
    .count = 4,
    .level = {{39, 9, false, 0},
              {30, 9, true, BIT_RANGE(29, 13)},
              {21, 9, true, BIT_RANGE(20, 13)},
              {12, 9, false, 0}},
};

typedef struct {
    uint64_t paddr;
    uint8_t *host; /* NULL if the entry is not in RAM */
    uint64_t value;
} Entry;

static Entry entry_read(Cpu *cpu, uint64_t paddr, unsigned size)
{
    paddr &= cpu->paddr_mask;
    Entry e = {.paddr = paddr, .host = mmu_ram_ptr(cpu, paddr, size)};

    if (!e.host) {
        MemResult result;
        e.value = as_load(cpu->cfg.memory, paddr, size, &result);
    } else if (size == 8) {
        e.value = __atomic_load_n((uint64_t *)(void *)e.host, __ATOMIC_RELAXED);
    } else {
        e.value = __atomic_load_n((uint32_t *)(void *)e.host, __ATOMIC_RELAXED);
    }
    return e;
}

/* False if the entry is not what it was. */
static bool entry_set_bits(Cpu *cpu, Entry *e, uint64_t bits, unsigned size)
{
    uint64_t next = e->value | bits;
    bool done = true;

    if (next == e->value) {
        return true;
    }
    if (e->host) {
        mmu_ram_before_write(cpu, e->paddr, size);
    }
    if (!e->host) {
        as_store(cpu->cfg.memory, e->paddr, next, size);
    } else if (size == 8) {
        uint64_t old = e->value;
        done = __atomic_compare_exchange_n((uint64_t *)(void *)e->host, &old, next, false,
                                           __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    } else {
        uint32_t old = (uint32_t)e->value;
        done = __atomic_compare_exchange_n((uint32_t *)(void *)e->host, &old, (uint32_t)next, false,
                                           __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    }
    if (done && e->host) {
        mmu_ram_written(cpu, e->paddr, size);
    }
    return done;
}

static uint64_t reserved_bits(const Cpu *cpu, const PagingMode *mode)
{
    unsigned last = mode == &paging_pae ? 62 : 51;
    uint64_t reserved;

    if (mode->entry_size == 4) {
        return 0;
    }
    reserved = BIT_RANGE(last, 0) & ~0ull << cpu_phys_bits(cpu);
    return cpu->efer & EFER_NXE ? reserved : reserved | PTE_NX;
}

/* Whether bit 7 of an entry makes a page of it; *invalid if it must not be set. */
static bool entry_is_large(const Cpu *cpu, const PagingMode *mode, const Level *level,
                           uint64_t value, bool *invalid)
{
    *invalid = false;
    if (!(value & PTE_PS) || level->shift == 12) {
        return false;
    }
    if (mode->entry_size == 4) {
        return cpu->cr4 & CR4_PSE;
    }
    if (!level->may_be_large ||
        (level->shift == 30 && !cpu_model_has(cpu->cfg.model, FEAT_PDPE1GB))) {
        *invalid = true;
        return false;
    }
    return true;
}

static uint64_t leaf_address(const PagingMode *mode, unsigned shift, uint64_t value, uint64_t addr)
{
    uint64_t base = value & PTE_ADDRESS;

    if (mode->entry_size == 4) {
        base = value & 0xfffff000u;
        if (shift == 22) { /* PSE-36: bits 20:13 are address bits 39:32 */
            base = (value & 0xffc00000u) | ((value & BIT_RANGE(20, 13)) << 19);
        }
    }
    base &= ~((1ull << shift) - 1);
    return base | (addr & ((1ull << shift) - 1) & PAGE_MASK);
}

/* Rights from the accumulated U/S, R/W and XD (SDM vol. 3, 4.6.1). */
static unsigned walk_rights(const Cpu *cpu, int mmu_mode, bool user, bool writable, bool nx)
{
    unsigned rights = 0;

    if (mmu_mode == MMU_USER) {
        if (!user) {
            return 0;
        }
        rights = MMU_RIGHT(MMU_READ);
        rights |= writable ? MMU_RIGHT(MMU_WRITE) : 0;
        rights |= nx ? 0 : MMU_RIGHT(MMU_EXEC);
        return rights;
    }
    if (!(mmu_mode == MMU_KERNEL_SMAP && user)) {
        rights = MMU_RIGHT(MMU_READ);
        rights |= writable || !(cpu->cr0 & CR0_WP) ? MMU_RIGHT(MMU_WRITE) : 0;
    }
    if (!nx && !(user && (cpu->cr4 & CR4_SMEP))) {
        rights |= MMU_RIGHT(MMU_EXEC);
    }
    return rights;
}

/* Rights of a key, two bits each. */
#define KEY_AD 1u
#define KEY_WD 2u

static MmuKeys keys_of(const Cpu *cpu, bool user)
{
    uint64_t bit = user ? CR4_PKE : CR4_PKS;

    if (!(cpu->efer & EFER_LMA) || !(cpu->cr4 & bit)) {
        return MMU_KEYS_NONE;
    }
    return user ? MMU_KEYS_USER : MMU_KEYS_KERNEL;
}

/* What keys leave of data accesses; whose page it is decides which register counts. */
static unsigned key_rights(const Cpu *cpu, int mmu_mode, const MmuWalk *walk)
{
    uint64_t all = walk->keys == MMU_KEYS_USER ? cpu->pkru : cpu->pkrs;
    unsigned bits = walk->keys == MMU_KEYS_NONE ? 0 : (unsigned)(all >> (2 * walk->key));

    if (bits & KEY_AD) {
        return MMU_RIGHT(MMU_EXEC);
    }
    if ((bits & KEY_WD) && (mmu_mode == MMU_USER || (cpu->cr0 & CR0_WP))) {
        return MMU_RIGHT(MMU_READ) | MMU_RIGHT(MMU_EXEC);
    }
    return MMU_RIGHTS_ALL;
}

static uint32_t fault_code(const Cpu *cpu, MmuAccess access, int mmu_mode, uint32_t cause)
{
    bool tells_fetch = (cpu->cr4 & CR4_SMEP) || ((cpu->cr4 & CR4_PAE) && (cpu->efer & EFER_NXE));

    if (access == MMU_WRITE) {
        cause |= PF_W;
    }
    if (access == MMU_EXEC && tells_fetch) {
        cause |= PF_I;
    }
    return mmu_mode == MMU_USER ? cause | PF_U : cause;
}

typedef struct {
    const PagingMode *mode;
    uint64_t table;
    Entry entry[4];
    unsigned depth; /* entries read */
    bool user, writable, nx, large;
} WalkState;

/* Picks the paging mode; false if PAE's PDPTE is not present. */
static bool walk_start(const Cpu *cpu, uint64_t addr, WalkState *w)
{
    *w = (WalkState){.user = true, .writable = true};
    if (cpu->efer & EFER_LMA) {
        w->mode = &paging_4level;
        w->table = cpu->cr3 & PTE_ADDRESS;
    } else if (cpu->cr4 & CR4_PAE) {
        uint64_t pdpte = cpu->pdpte[(addr >> 30) & 3];
        w->mode = &paging_pae;
        w->table = pdpte & PTE_ADDRESS;
        return pdpte & PTE_P;
    } else {
        w->mode = &paging_32bit;
        w->table = cpu->cr3 & 0xfffff000u;
    }
    return true;
}

/* Descends to the leaf; false with *cause set if an entry stops it. */
static bool walk_descend(Cpu *cpu, uint64_t addr, WalkState *w, uint32_t *cause)
{
    uint64_t reserved = reserved_bits(cpu, w->mode);

    while (w->depth < w->mode->count) {
        const Level *level = &w->mode->level[w->depth];
        uint64_t index = (addr >> level->shift) & ((1u << level->index_bits) - 1);
        Entry *e = &w->entry[w->depth++];
        bool invalid;

        *e = entry_read(cpu, w->table + index * w->mode->entry_size, w->mode->entry_size);
        if (!(e->value & PTE_P)) {
            *cause = 0;
            return false;
        }
        w->large = entry_is_large(cpu, w->mode, level, e->value, &invalid);
        if (invalid || (e->value & reserved) || (w->large && (e->value & level->large_reserved))) {
            *cause = PF_P | PF_RSVD;
            return false;
        }
        w->user &= !!(e->value & PTE_U);
        w->writable &= !!(e->value & PTE_W);
        w->nx |= w->mode->entry_size == 8 && (e->value & PTE_NX);
        if (w->large) {
            break;
        }
        w->table = e->value & (w->mode->entry_size == 4 ? 0xfffff000u : PTE_ADDRESS);
    }
    return true;
}

/* Sets A everywhere and D in the leaf; false if the tables changed under the walk. */
static bool walk_update(Cpu *cpu, WalkState *w, bool write)
{
    for (unsigned i = 0; i < w->depth; i++) {
        uint64_t bits = PTE_A;
        if (write && i == w->depth - 1) {
            bits |= PTE_D;
        }
        if (!entry_set_bits(cpu, &w->entry[i], bits, w->mode->entry_size)) {
            return false;
        }
        w->entry[i].value |= bits;
    }
    return true;
}

typedef enum { WALK_OK, WALK_FAULT, WALK_AGAIN } WalkResult;

static WalkResult walk_once(Cpu *cpu, uint64_t addr, MmuAccess access, int mmu_mode, bool update,
                            MmuWalk *walk, uint32_t *cause)
{
    WalkState w;
    uint64_t leaf;
    unsigned by_key;

    *cause = 0;
    if (!walk_start(cpu, addr, &w) || !walk_descend(cpu, addr, &w, cause)) {
        return WALK_FAULT;
    }
    leaf = w.entry[w.depth - 1].value;
    walk->rights = walk_rights(cpu, mmu_mode, w.user, w.writable, w.nx);
    walk->keys = update ? keys_of(cpu, w.user) : MMU_KEYS_NONE;
    walk->key = leaf >> PTE_KEY & 15;
    by_key = key_rights(cpu, mmu_mode, walk);
    if (!(walk->rights & by_key & MMU_RIGHT(access))) {
        *cause = by_key & MMU_RIGHT(access) ? PF_P : PF_P | PF_PK;
        return WALK_FAULT;
    }
    walk->rights &= by_key;
    if (update && !walk_update(cpu, &w, access == MMU_WRITE)) {
        return WALK_AGAIN;
    }
    leaf = w.entry[w.depth - 1].value;
    if (!(leaf & PTE_D)) {
        walk->rights &= ~MMU_RIGHT(MMU_WRITE); /* the first write comes back to set D */
    }
    walk->shift = w.mode->level[w.depth - 1].shift;
    walk->global = (leaf & PTE_G) && (cpu->cr4 & CR4_PGE);
    walk->paddr = leaf_address(w.mode, walk->shift, leaf, addr);
    return WALK_OK;
}

bool mmu_walk(Cpu *cpu, uint64_t addr, MmuAccess access, int mmu_mode, bool update, MmuWalk *walk,
              uint32_t *error)
{
    WalkResult result = WALK_AGAIN;
    uint32_t cause = 0;

    if (!(cpu->cr0 & CR0_PG)) {
        *walk = (MmuWalk){
            .paddr = (uint32_t)addr & PAGE_MASK, .rights = MMU_RIGHTS_ALL, .shift = PAGE_SHIFT};
        return true;
    }
    /* A guest that edits tables from another CPU for ever gets a spurious fault, not a hang. */
    for (int tries = 0; result == WALK_AGAIN && tries < 64; tries++) {
        result = walk_once(cpu, addr, access, mmu_mode, update, walk, &cause);
    }
    if (result != WALK_OK) {
        *error = fault_code(cpu, access, mmu_mode, cause);
        return false;
    }
    return true;
}

bool mmu_load_pdptes(Cpu *cpu, uint64_t cr3)
{
    /* SDM 4.4.1: bits 2:1, 8:5 and those past MAXPHYADDR are reserved in a present PDPTE. */
    const uint64_t reserved = ~0ull << cpu_phys_bits(cpu) | BIT_RANGE(8, 5) | BIT_RANGE(2, 1);
    uint64_t value[4];

    mmu_check_map(cpu);
    for (int i = 0; i < 4; i++) {
        value[i] = entry_read(cpu, (cr3 & 0xffffffe0u) + 8u * (unsigned)i, 8).value;
        if ((value[i] & PTE_P) && (value[i] & reserved)) {
            return false;
        }
    }
    memcpy(cpu->pdpte, value, sizeof(value));
    return true;
}
