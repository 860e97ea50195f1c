/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The soft TLB: filling, flushing, and PCIDs (Intel SDM vol. 3, 4.10). Left out: PCIDs
 * beyond the sets kept lose their translations when a new one comes, which the SDM allows.
 */
#include <sys/mman.h>

#include "target/i386/breakpoints.h"
#include "target/i386/excp.h"
#include "target/i386/mmu_private.h"
#include "target/i386/op.h"
#include "target/i386/system_ops.h"

#define CR3_NOFLUSH   (1ull << 63)
#define CR3_PCID_MASK 0xfffu

static void entry_drop(TlbSet *set, int table, unsigned index)
{
    TlbEntry *e = &set->entry[table][index];

    e->tag_read = e->tag_write = e->tag_exec = TLB_NO_TAG;
    set->used[table][index / 64] &= ~(1ull << (index % 64));
}

/* Zeros that cost no memory until they are written. A tag of 0 is that of the address space's first
 * page, so it must not be in that page's entry, nor in the last page's: an access there that wraps
 * round ends in the first page, and the translator compares only where an access ends. */
static TlbSet *set_new(void)
{
    TlbSet *set =
        mmap(NULL, sizeof(TlbSet), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (set == MAP_FAILED) {
        g_error("no memory for a TLB of %zu KiB", sizeof(TlbSet) >> 10);
    }
    set->large_first = UINT64_MAX;
    for (int table = 0; table < TLB_TABLES; table++) {
        entry_drop(set, table, 0);
        entry_drop(set, table, TLB_SIZE - 1);
    }
    return set;
}

static void set_free(TlbSet *set)
{
    if (set) {
        munmap(set, sizeof(TlbSet));
    }
}

static void set_select(Cpu *cpu, TlbSet *set)
{
    Mmu *m = mmu_of(cpu);

    m->current = set;
    set->stamp = ++m->stamp;
    for (int mode = 0; mode < MMU_MODES; mode++) {
        cpu->tlb[mode] = set->entry[mode];
        if (mode == cpu->mmu_mode) {
            cpu->tlb_now = cpu->tlb[mode];
        }
    }
}

static bool entry_in_use(const TlbSet *set, int table, unsigned index)
{
    return set->used[table][index / 64] & (1ull << (index % 64));
}

static unsigned victim_index(uint64_t addr, int mmu_mode)
{
    uint64_t key = (addr >> PAGE_SHIFT) * MMU_MODES + (unsigned)mmu_mode;

    return (unsigned)((key * 0x9e3779b97f4a7c15ull) >> (64 - TLB_BITS));
}

/* Calls `visit` for each entry in use; it may drop that entry. */
typedef void (*EntryVisitor)(TlbSet *set, int table, unsigned index, const void *arg);
static void set_for_each(TlbSet *set, EntryVisitor visit, const void *arg)
{
    for (int table = 0; table < TLB_TABLES; table++) {
        if (table == MMU_USER_ALIGNED && !set->aligned) {
            continue;
        }
        for (unsigned word = 0; word < TLB_SIZE / 64; word++) {
            for (uint64_t bits = set->used[table][word]; bits; bits &= bits - 1) {
                visit(set, table, word * 64 + (unsigned)__builtin_ctzll(bits), arg);
            }
        }
    }
}

static void drop_any(TlbSet *set, int table, unsigned index, const void *arg)
{
    entry_drop(set, table, index);
}

static void drop_non_global(TlbSet *set, int table, unsigned index, const void *arg)
{
    if (!(set->entry[table][index].flags & TLB_FLAG_GLOBAL)) {
        entry_drop(set, table, index);
    }
}

/* Any of the tags in force tells the page. */
static uint64_t entry_page(const TlbEntry *e)
{
    uint64_t tag = e->tag_read != TLB_NO_TAG    ? e->tag_read
                   : e->tag_write != TLB_NO_TAG ? e->tag_write
                                                : e->tag_exec;
    return tag & PAGE_MASK;
}

/* `arg` is an address: every 4 KiB piece of a larger page around it goes (SDM 4.10.4.1). */
static void drop_containing(TlbSet *set, int table, unsigned index, const void *arg)
{
    const TlbEntry *e = &set->entry[table][index];
    uint64_t addr = *(const uint64_t *)arg;

    if ((entry_page(e) ^ addr) >> (e->flags & TLB_SHIFT_MASK) == 0) {
        entry_drop(set, table, index);
    }
}

static void set_drop_page(TlbSet *set, uint64_t addr)
{
    unsigned index = (addr >> PAGE_SHIFT) & (TLB_SIZE - 1);

    if (addr >= set->large_first && addr <= set->large_last) {
        set_for_each(set, drop_containing, &addr);
        return;
    }
    for (int mode = 0; mode < MMU_MODES; mode++) {
        unsigned victim = victim_index(addr, mode);
        if (entry_in_use(set, mode, index)) {
            drop_containing(set, mode, index, &addr);
        }
        if (entry_in_use(set, TLB_VICTIMS, victim)) {
            drop_containing(set, TLB_VICTIMS, victim, &addr);
        }
    }
}

/* `arg` is a physical page: writes to it take the slow path. */
static void watch_entry(TlbSet *set, int table, unsigned index, const void *arg)
{
    TlbEntry *e = &set->entry[table][index];

    if (e->paddr == *(const uint64_t *)arg && e->tag_write != TLB_NO_TAG) {
        e->tag_write |= TLB_TAG_CODE;
    }
}

static void for_all_sets(Cpu *cpu, EntryVisitor visit, const void *arg)
{
    Mmu *m = mmu_of(cpu);

    for (int i = 0; i < TLB_SETS && m->set[i]; i++) {
        set_for_each(m->set[i], visit, arg);
    }
}

void mmu_init(Cpu *cpu)
{
    Mmu *m = g_new0(Mmu, 1);

    cpu->mmu = m;
    m->set[0] = set_new();
    set_select(cpu, m->set[0]);
    m->map_generation = cpu->cfg.memory ? as_generation(cpu->cfg.memory) : 0;
}

void mmu_free(Cpu *cpu)
{
    Mmu *m = mmu_of(cpu);

    for (int i = 0; i < TLB_SETS; i++) {
        set_free(m->set[i]);
    }
    g_free(m);
    cpu->mmu = NULL;
}

void mmu_flush_all(Cpu *cpu)
{
    Mmu *m = mmu_of(cpu);

    cpu_forget_returns(cpu);
    for_all_sets(cpu, drop_any, NULL);
    for (int i = 0; i < TLB_SETS && m->set[i]; i++) {
        m->set[i]->large_first = UINT64_MAX;
        m->set[i]->large_last = 0;
    }
    memset(m->ram, 0, sizeof(m->ram));
}

void mmu_flush_non_global(Cpu *cpu)
{
    cpu_forget_returns(cpu);
    set_for_each(mmu_of(cpu)->current, drop_non_global, NULL);
}

void mmu_flush_page(Cpu *cpu, uint64_t addr)
{
    Mmu *m = mmu_of(cpu);

    cpu_forget_returns(cpu);
    for (int i = 0; i < TLB_SETS && m->set[i]; i++) {
        set_drop_page(m->set[i], addr);
    }
}

typedef struct {
    MmuKeys keys;
    uint16_t changed; /* a bit a key */
} KeyChange;

static void drop_by_key(TlbSet *set, int table, unsigned index, const void *arg)
{
    const KeyChange *change = arg;
    uint32_t flags = set->entry[table][index].flags;

    if (TLB_KEYS(flags) == change->keys && (change->changed >> TLB_KEY(flags) & 1)) {
        entry_drop(set, table, index);
    }
}

void mmu_keys_changed(Cpu *cpu, MmuKeys keys, uint64_t old)
{
    uint64_t bits = old ^ (keys == MMU_KEYS_USER ? cpu->pkru : cpu->pkrs);
    KeyChange change = {.keys = keys};
    Mmu *m = mmu_of(cpu);

    for (unsigned key = 0; key < 16; key++) {
        change.changed |= (uint16_t)((bits >> (2 * key) & 3) != 0) << key;
    }
    for (int i = 0; i < TLB_SETS && m->set[i]; i++) {
        if (m->set[i]->keys[keys] & change.changed) {
            set_for_each(m->set[i], drop_by_key, &change);
            m->set[i]->keys[keys] &= (uint16_t)~change.changed;
        }
    }
}

void mmu_watch_page(Cpu *cpu, uint64_t paddr)
{
    uint64_t page = paddr & PAGE_MASK;

    for_all_sets(cpu, watch_entry, &page);
}

static TlbSet *set_of_pcid(Mmu *m, uint32_t pcid)
{
    for (int i = 0; i < TLB_SETS && m->set[i]; i++) {
        if (m->set[i]->pcid == pcid) {
            return m->set[i];
        }
    }
    return NULL;
}

/* A set for a PCID that has none: a new one, or the one not used for longest. Translations that
 * are global serve any PCID and stay. */
static TlbSet *set_recycle(Mmu *m, uint32_t pcid)
{
    TlbSet *oldest = m->set[0];

    for (int i = 0; i < TLB_SETS; i++) {
        if (!m->set[i]) {
            m->set[i] = set_new();
            oldest = m->set[i];
            break;
        }
        if (m->set[i]->stamp < oldest->stamp) {
            oldest = m->set[i];
        }
    }
    set_for_each(oldest, drop_non_global, NULL);
    oldest->pcid = pcid;
    return oldest;
}

void mmu_set_cr3(Cpu *cpu, uint64_t value)
{
    Mmu *m = mmu_of(cpu);
    bool pcide = cpu->cr4 & CR4_PCIDE;
    bool keep = pcide && (value & CR3_NOFLUSH);
    uint32_t pcid = pcide ? value & CR3_PCID_MASK : 0;
    TlbSet *set = set_of_pcid(m, pcid);

    cpu_forget_returns(cpu);
    cpu->cr3 = value & ~CR3_NOFLUSH;
    if (!set) {
        set = set_recycle(m, pcid);
    } else if (!keep) {
        set_for_each(set, drop_non_global, NULL);
    }
    if (set != m->current) {
        set_select(cpu, set);
    }
}

void mmu_invpcid(Cpu *cpu, unsigned type, uint64_t pcid, uint64_t addr)
{
    enum { INVPCID_ADDRESS, INVPCID_SINGLE, INVPCID_ALL_GLOBAL, INVPCID_ALL };
    Mmu *m = mmu_of(cpu);
    TlbSet *set;

    cpu_forget_returns(cpu);
    if (type > INVPCID_ALL || pcid > CR3_PCID_MASK ||
        (type <= INVPCID_SINGLE && !(cpu->cr4 & CR4_PCIDE) && pcid != 0) ||
        (type == INVPCID_ADDRESS && !mmu_is_canonical(addr))) {
        cpu_raise_error(cpu, EXCP_GP, 0);
    }
    set = set_of_pcid(m, (uint32_t)pcid);
    switch (type) {
    case INVPCID_ADDRESS:
        if (set) {
            set_drop_page(set, addr);
        }
        break;
    case INVPCID_SINGLE:
        if (set) {
            set_for_each(set, drop_non_global, NULL);
        }
        break;
    case INVPCID_ALL_GLOBAL:
        for_all_sets(cpu, drop_any, NULL);
        break;
    default:
        for_all_sets(cpu, drop_non_global, NULL);
        break;
    }
}

/* What lies behind a physical page, as tag bits for reads and writes, and the host address. */
typedef struct {
    MemRegion *region;
    uint8_t *host;
    uint32_t read_tag, write_tag;
    uint32_t flags;
} Backing;

static Backing backing_of(Cpu *cpu, uint64_t paddr)
{
    Backing b = {.read_tag = TLB_TAG_IO, .write_tag = TLB_TAG_IO};
    uint64_t first, last;

    if (cpu->cfg.apic && apic_mmio_base(cpu->cfg.apic) == paddr) {
        b.flags = TLB_FLAG_APIC;
        return b;
    }
    b.region = as_lookup(cpu->cfg.memory, paddr, &first, &last);
    if (!b.region && cpu->cfg.apic && apic_page_is_hidden(cpu->cfg.apic, paddr)) {
        b.flags = TLB_FLAG_APIC;
        return b;
    }
    if (!b.region || b.region->kind == MEM_IO || first > paddr || last < paddr + PAGE_SIZE - 1) {
        return b;
    }
    b.host = b.region->host + (paddr - b.region->base);
    b.read_tag = 0;
    b.write_tag = b.region->kind != MEM_ROM ? 0 : b.region->ops ? TLB_TAG_IO : TLB_TAG_ROM;
    if (b.region->page_flags && (b.region->page_flags[(paddr - b.region->base) >> PAGE_SHIFT] &
                                 (PAGE_CODE | PAGE_WATCHED | PAGE_CLEAN | PAGE_KEPT))) {
        b.write_tag |= TLB_TAG_CODE;
    }
    return b;
}

void mmu_check_map(Cpu *cpu)
{
    Mmu *m = mmu_of(cpu);
    uint64_t now = as_generation(cpu->cfg.memory);

    if (now != m->map_generation) {
        m->map_generation = now;
        mmu_flush_all(cpu);
    }
}

/* References through SS have #SS for an address that is not canonical (SDM vol. 1, 3.3.7.1). */
static int non_canonical_vector(const Cpu *cpu)
{
    const Op *op = cpu->op;

    return op && op->seg == SEG_SS ? EXCP_SS : EXCP_GP;
}

static void note_used(TlbSet *set, int mmu_mode, unsigned index, uint64_t addr, unsigned shift)
{
    uint64_t offset_mask = (1ull << shift) - 1;

    set->aligned |= mmu_mode == MMU_USER_ALIGNED;
    set->used[mmu_mode][index / 64] |= 1ull << (index % 64);
    if (shift > PAGE_SHIFT) {
        set->large_first = MIN(set->large_first, addr & ~offset_mask);
        set->large_last = MAX(set->large_last, addr | offset_mask);
    }
}

static uint64_t entry_tag(const TlbEntry *e, MmuAccess access)
{
    switch (access) {
    case MMU_READ:
        return e->tag_read;
    case MMU_WRITE:
        return e->tag_write;
    default:
        return e->tag_exec;
    }
}

/* TLB_NO_TAG cut to a page is the last page of the address space: told apart by its low bits. */
static bool entry_permits(const TlbEntry *e, uint64_t addr, MmuAccess access)
{
    uint64_t tag = entry_tag(e, access);

    return (tag & PAGE_MASK) == (addr & PAGE_MASK) && tag != TLB_NO_TAG;
}

static void entry_move(TlbSet *set, int table, unsigned index, const TlbEntry *from)
{
    set->entry[table][index] = *from;
    set->used[table][index / 64] |= 1ull << (index % 64);
}

/* A page is about to take the place of another: that one becomes a victim. If the page is itself a
 * victim, it comes back; true if it permits the access. */
static bool victim_swap(TlbSet *set, uint64_t addr, MmuAccess access, int mmu_mode)
{
    unsigned index = (addr >> PAGE_SHIFT) & (TLB_SIZE - 1), victim = victim_index(addr, mmu_mode);
    TlbEntry *e = &set->entry[mmu_mode][index], pushed_out = *e;
    const TlbEntry *v = &set->entry[TLB_VICTIMS][victim];
    bool pushes = entry_in_use(set, mmu_mode, index), permits = false;

    if (pushes && entry_page(e) == (addr & PAGE_MASK)) {
        return false; /* it lacks a right: walk again */
    }
    if (entry_in_use(set, TLB_VICTIMS, victim) && entry_page(v) == (addr & PAGE_MASK) &&
        TLB_MODE(v->flags) == mmu_mode) {
        permits = entry_permits(v, addr, access);
        entry_move(set, mmu_mode, index, v);
        entry_drop(set, TLB_VICTIMS, victim);
    }
    if (pushes) {
        uint64_t page = entry_page(&pushed_out);
        entry_move(set, TLB_VICTIMS, victim_index(page, mmu_mode), &pushed_out);
    }
    return permits;
}

static TlbEntry *tlb_fill(Cpu *cpu, uint64_t addr, MmuAccess access, int mmu_mode)
{
    uint64_t page = addr & PAGE_MASK;
    unsigned index = (addr >> PAGE_SHIFT) & (TLB_SIZE - 1);
    TlbEntry *e = &cpu->tlb[mmu_mode][index];
    bool aligned = mmu_mode == MMU_USER_ALIGNED, watched;
    uint32_t error = 0, missing;
    MmuWalk walk;
    Backing b;

    if ((cpu->efer & EFER_LMA) && !mmu_is_canonical(addr)) {
        cpu_raise_error(cpu, non_canonical_vector(cpu), 0);
    }
    mmu_check_map(cpu);
    if (victim_swap(mmu_of(cpu)->current, addr, access, mmu_mode)) {
        return e;
    }
    if (!mmu_walk(cpu, addr, access, aligned ? MMU_USER : mmu_mode, true, &walk, &error)) {
        /* SDM 4.10.4.1: a fault drops what the TLB had for the address. */
        set_drop_page(mmu_of(cpu)->current, addr);
        cpu_raise_page_fault(cpu, addr, error);
    }
    walk.paddr &= cpu->paddr_mask;
    b = backing_of(cpu, walk.paddr);
    watched = debug_page_watched(cpu, page) || breakpoints_watch_page(cpu, page);
    missing = (watched ? TLB_TAG_DEBUG : 0) | (aligned ? TLB_TAG_ALIGN : 0);
    e->tag_read = walk.rights & MMU_RIGHT(MMU_READ) ? page | b.read_tag | missing : TLB_NO_TAG;
    e->tag_write = walk.rights & MMU_RIGHT(MMU_WRITE) ? page | b.write_tag | missing : TLB_NO_TAG;
    missing = breakpoints_in_code_page(cpu, page) ? TLB_TAG_DEBUG : 0;
    e->tag_exec = walk.rights & MMU_RIGHT(MMU_EXEC) ? page | b.read_tag | missing : TLB_NO_TAG;
    e->addend = (uintptr_t)b.host - (uintptr_t)page;
    e->paddr = walk.paddr;
    e->region = b.region;
    e->flags = b.flags | walk.shift | (walk.global ? TLB_FLAG_GLOBAL : 0) |
               (uint32_t)mmu_mode << TLB_MODE_SHIFT | (uint32_t)walk.key << TLB_KEY_SHIFT |
               (uint32_t)walk.keys << TLB_KEYS_SHIFT;
    mmu_of(cpu)->current->keys[walk.keys] |= (uint16_t)(1u << walk.key);
    note_used(mmu_of(cpu)->current, mmu_mode, index, addr, walk.shift);
    return e;
}

TlbEntry *mmu_tlb_get(Cpu *cpu, uint64_t addr, MmuAccess access, int mmu_mode)
{
    TlbEntry *e = mmu_tlb_entry(cpu, addr, mmu_mode);

    e = entry_permits(e, addr, access) ? e : tlb_fill(cpu, addr, access, mmu_mode);
    if (access == MMU_WRITE && (e->tag_write & TLB_TAG_CODE)) {
        as_before_write(cpu->cfg.memory, e->region, e->paddr, 1);
    }
    return e;
}
