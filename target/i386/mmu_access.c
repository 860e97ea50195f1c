/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory accesses that miss the inline fast path: TLB misses, register windows, the APIC
 * page, ROM, pages with decoded code, page crossings, data breakpoints, alignment checks; and code
 * fetches.
 */
#include "base/dram.h"
#include "base/memwatch.h"
#include "target/i386/breakpoints.h"
#include "target/i386/excp.h"
#include "target/i386/mmu_private.h"
#include "target/i386/post.h"

uint8_t *mmu_ram_ptr(Cpu *cpu, uint64_t paddr, unsigned size)
{
    Mmu *m = mmu_of(cpu);
    uint64_t first, last;
    MemRegion *region;
    RamWindow *w;

    for (int i = 0; i < RAM_WINDOWS; i++) {
        w = &m->ram[i];
        if (w->host && paddr >= w->first && paddr + size - 1 <= w->last) {
            return w->host + (paddr - w->first);
        }
    }
    region = as_lookup(cpu->cfg.memory, paddr, &first, &last);
    if (!region || region->kind != MEM_RAM || paddr + size - 1 > last) {
        return NULL;
    }
    w = &m->ram[m->next_window++ % RAM_WINDOWS];
    *w = (RamWindow){first, last, region->host + (first - region->base), region};
    return region->host + (paddr - region->base);
}

static uint8_t page_flags_of(const MemRegion *region, uint64_t paddr)
{
    return region->page_flags ? region->page_flags[(paddr - region->base) >> PAGE_SHIFT] : 0;
}

/* Tells those who want to know of writes to the page. */
static void page_written(Cpu *cpu, MemRegion *region, uint64_t paddr, unsigned size)
{
    uint8_t flags = page_flags_of(region, paddr);

    if ((flags & PAGE_CODE) && cpu->cfg.code) {
        code_cache_invalidate(cpu->cfg.code, paddr, size);
    }
    if (G_UNLIKELY(flags & PAGE_WATCHED)) {
        as_tell_watches(cpu->cfg.memory, paddr, size);
    }
    if (G_UNLIKELY(flags & PAGE_CLEAN)) {
        as_page_touched(cpu->cfg.memory, region, paddr);
    }
}

void mmu_ram_before_write(Cpu *cpu, uint64_t paddr, unsigned size)
{
    MemRegion *region = as_lookup(cpu->cfg.memory, paddr, NULL, NULL);

    if (region) {
        as_before_write(cpu->cfg.memory, region, paddr, size);
    }
}

void mmu_ram_written(Cpu *cpu, uint64_t paddr, unsigned size)
{
    MemRegion *region = as_lookup(cpu->cfg.memory, paddr, NULL, NULL);

    if (region) {
        page_written(cpu, region, paddr, size);
    }
}

/* Register windows and what is not there. Sizes that are not a power of two come from accesses cut
 * at a page's end, and go by bytes. */
static uint64_t device_load(Cpu *cpu, const TlbEntry *e, uint64_t paddr, unsigned size)
{
    uint64_t value = 0;
    MemResult result;

    if (e->flags & TLB_FLAG_APIC) {
        return apic_mmio_read(cpu->cfg.apic, paddr & (PAGE_SIZE - 1), size);
    }
    if ((size & (size - 1)) == 0) {
        return as_load(cpu->cfg.memory, paddr, size, &result);
    }
    for (unsigned i = 0; i < size; i++) {
        value |= (as_load(cpu->cfg.memory, paddr + i, 1, &result) & 0xff) << (8 * i);
    }
    return value;
}

static void device_store(Cpu *cpu, const TlbEntry *e, uint64_t paddr, uint64_t value, unsigned size)
{
    if (e->flags & TLB_FLAG_APIC) {
        apic_mmio_write(cpu->cfg.apic, paddr & (PAGE_SIZE - 1), value, size);
        return;
    }
    if ((size & (size - 1)) == 0) {
        as_store(cpu->cfg.memory, paddr, value, size);
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        as_store(cpu->cfg.memory, paddr + i, (value >> (8 * i)) & 0xff, 1);
    }
}

/* The entry may be gone when they come back. */
static uint64_t io_load(Cpu *cpu, const TlbEntry *e, uint64_t paddr, unsigned size)
{
    CpuBefore before = cpu_device_enter(cpu);
    uint64_t value = device_load(cpu, e, paddr, size);

    cpu_device_leave(cpu, before);
    return value;
}

static void io_store(Cpu *cpu, const TlbEntry *e, uint64_t paddr, uint64_t value, unsigned size)
{
    CpuBefore before = cpu_device_enter(cpu);

    device_store(cpu, e, paddr, value, size);
    cpu_device_leave(cpu, before);
}

/* Within one page. */
static uint64_t page_load(Cpu *cpu, uint64_t addr, unsigned size, int mmu_mode)
{
    TlbEntry *e = mmu_tlb_get(cpu, addr, MMU_READ, mmu_mode);
    uint64_t tag = e->tag_read, value = 0;

    if (G_UNLIKELY(tag & TLB_TAG_DEBUG)) {
        breakpoints_before_access(cpu, addr, size, false);
    }
    if (tag & TLB_TAG_IO) {
        value = io_load(cpu, e, e->paddr | (addr & (PAGE_SIZE - 1)), size);
    } else {
        value = bytes_load((const void *)(uintptr_t)(addr + e->addend), size);
    }
    if (G_UNLIKELY(tag & TLB_TAG_DEBUG)) {
        breakpoints_data_access(cpu, addr, size, false);
        debug_data_access(cpu, addr, size, false);
    }
    return value;
}

/* The page had decoded code, is watched or was clean, and the write is done or comes at once. When
 * all code is gone and nobody cares, the page is ordinary. */
static void written_code(Cpu *cpu, TlbEntry *e, uint64_t paddr, unsigned size)
{
    page_written(cpu, e->region, paddr, size);
    if (page_flags_of(e->region, paddr) == 0 && e->tag_write != TLB_NO_TAG) {
        e->tag_write &= ~(uint64_t)TLB_TAG_CODE;
    }
}

static void page_store(Cpu *cpu, uint64_t addr, uint64_t value, unsigned size, int mmu_mode)
{
    TlbEntry *e = mmu_tlb_get(cpu, addr, MMU_WRITE, mmu_mode);
    uint64_t paddr = e->paddr | (addr & (PAGE_SIZE - 1));
    uint64_t tag = e->tag_write;

    if (G_UNLIKELY(tag & TLB_TAG_DEBUG)) {
        breakpoints_before_access(cpu, addr, size, true);
    }
    if (tag & TLB_TAG_IO) {
        io_store(cpu, e, paddr, value, size);
    } else if (!(tag & TLB_TAG_ROM)) {
        bytes_store((void *)(uintptr_t)(addr + e->addend), value, size);
        if (tag & TLB_TAG_CODE) {
            written_code(cpu, e, paddr, size);
        }
    }
    if (G_UNLIKELY(tag & TLB_TAG_DEBUG)) {
        breakpoints_data_access(cpu, addr, size, true);
        debug_data_access(cpu, addr, size, true);
    }
}

/* Bytes of [addr, addr+len) that lie in addr's page. */
static unsigned in_page(uint64_t addr, unsigned len)
{
    unsigned room = (unsigned)(PAGE_SIZE - (addr & (PAGE_SIZE - 1)));
    return len < room ? len : room;
}

/* A page fault comes first. */
static void check_alignment(Cpu *cpu, uint64_t addr, unsigned size, MmuAccess access, int mmu_mode)
{
    if (G_LIKELY(mmu_mode != MMU_USER_ALIGNED) || (size & (size - 1)) || size > 8 ||
        !(addr & (size - 1))) {
        return;
    }
    mmu_tlb_get(cpu, addr, access, mmu_mode);
    if (in_page(addr, size) < size) {
        mmu_tlb_get(cpu, mmu_next_page(cpu, addr), access, mmu_mode);
    }
    cpu_raise_error(cpu, EXCP_AC, 0);
}

void mmu_check_alignment(Cpu *cpu, uint64_t addr, unsigned unit)
{
    if (cpu->mmu_mode == MMU_USER_ALIGNED && (addr & (unit - 1))) {
        cpu_raise_error(cpu, EXCP_AC, 0);
    }
}

uint64_t mmu_load_slow(Cpu *cpu, uint64_t addr, unsigned size, int mmu_mode)
{
    unsigned here = in_page(addr, size);
    uint64_t next, value;

    check_alignment(cpu, addr, size, MMU_READ, mmu_mode);
    if (G_LIKELY(here == size)) {
        return page_load(cpu, addr, size, mmu_mode);
    }
    next = mmu_next_page(cpu, addr);
    mmu_tlb_get(cpu, addr, MMU_READ, mmu_mode);
    mmu_tlb_get(cpu, next, MMU_READ, mmu_mode);
    value = page_load(cpu, addr, here, mmu_mode);
    return value | page_load(cpu, next, size - here, mmu_mode) << (8 * here);
}

void mmu_store_slow(Cpu *cpu, uint64_t addr, uint64_t value, unsigned size, int mmu_mode)
{
    unsigned here = in_page(addr, size);
    uint64_t next;

    check_alignment(cpu, addr, size, MMU_WRITE, mmu_mode);
    if (G_LIKELY(here == size)) {
        page_store(cpu, addr, value, size, mmu_mode);
        return;
    }
    next = mmu_next_page(cpu, addr);
    mmu_tlb_get(cpu, addr, MMU_WRITE, mmu_mode);
    mmu_tlb_get(cpu, next, MMU_WRITE, mmu_mode);
    page_store(cpu, addr, value, here, mmu_mode);
    page_store(cpu, next, value >> (8 * here), size - here, mmu_mode);
}

/* SDM 4.6: implicit accesses are the supervisor's, and SMAP holds for them whatever AC is. */
static int system_mode(const Cpu *cpu)
{
    return cpu->cr4 & CR4_SMAP ? MMU_KERNEL_SMAP : MMU_KERNEL;
}

uint64_t mmu_load_system(Cpu *cpu, uint64_t addr, unsigned size)
{
    return mmu_load_as(cpu, addr, size, system_mode(cpu));
}

void mmu_store_system(Cpu *cpu, uint64_t addr, uint64_t value, unsigned size)
{
    mmu_store_as(cpu, addr, value, size, system_mode(cpu));
}

void mmu_load_bytes(Cpu *cpu, uint64_t addr, void *buf, unsigned len)
{
    uint8_t *to = buf;

    check_alignment(cpu, addr, len, MMU_READ, cpu->mmu_mode);
    while (len > 0) {
        unsigned chunk = in_page(addr, len);
        TlbEntry *e = mmu_tlb_get(cpu, addr, MMU_READ, cpu->mmu_mode);

        if (e->tag_read == (addr & PAGE_MASK)) {
            memcpy(to, (const void *)(uintptr_t)(addr + e->addend), chunk);
        } else {
            uint64_t value;
            chunk = chunk >= 8 ? 8 : 1;
            value = page_load(cpu, addr, chunk, cpu->mmu_mode);
            bytes_store(to, value, chunk);
        }
        to += chunk;
        len -= chunk;
        addr = chunk == in_page(addr, chunk + 1) ? mmu_next_page(cpu, addr) : addr + chunk;
    }
}

void mmu_store_bytes(Cpu *cpu, uint64_t addr, const void *buf, unsigned len)
{
    const uint8_t *from = buf;

    mmu_probe_write(cpu, addr, len);
    while (len > 0) {
        unsigned chunk = in_page(addr, len);
        TlbEntry *e = mmu_tlb_get(cpu, addr, MMU_WRITE, cpu->mmu_mode);

        if (e->tag_write == (addr & PAGE_MASK)) {
            memcpy((void *)(uintptr_t)(addr + e->addend), from, chunk);
        } else {
            chunk = chunk >= 8 ? 8 : 1;
            page_store(cpu, addr, bytes_load(from, chunk), chunk, cpu->mmu_mode);
        }
        from += chunk;
        len -= chunk;
        addr = chunk == in_page(addr, chunk + 1) ? mmu_next_page(cpu, addr) : addr + chunk;
    }
}

/* Where it can be seen in pieces, nobody looks between them: other vCPUs have their turns later. */
void mmu_store_line(Cpu *cpu, uint64_t addr, const void *line)
{
    TlbEntry *e = mmu_tlb_get(cpu, addr, MMU_WRITE, cpu->mmu_mode);
    uint64_t paddr = e->paddr | (addr & (PAGE_SIZE - 1));
    CpuBefore before;

    if (!(e->tag_write & TLB_TAG_IO) || (e->tag_write & TLB_TAG_DEBUG) ||
        (e->flags & TLB_FLAG_APIC)) {
        mmu_store_bytes(cpu, addr, line, MEM_LINE);
        return;
    }
    before = cpu_device_enter(cpu);
    as_write(cpu->cfg.memory, paddr, line, MEM_LINE);
    cpu_device_leave(cpu, before);
}

void mmu_probe_write(Cpu *cpu, uint64_t addr, unsigned len)
{
    check_alignment(cpu, addr, len, MMU_WRITE, cpu->mmu_mode);
    mmu_tlb_get(cpu, addr, MMU_WRITE, cpu->mmu_mode);
    if (in_page(addr, len) < len) {
        mmu_tlb_get(cpu, mmu_next_page(cpu, addr), MMU_WRITE, cpu->mmu_mode);
    }
}

void *mmu_host_ptr(Cpu *cpu, uint64_t addr, unsigned len, MmuAccess access)
{
    TlbEntry *e;
    uint64_t tag;

    if (in_page(addr, len) < len) {
        return NULL;
    }
    e = mmu_tlb_get(cpu, addr, access, cpu->mmu_mode);
    tag = access == MMU_READ ? e->tag_read : access == MMU_WRITE ? e->tag_write : e->tag_exec;
    if ((tag & TLB_TAG_DEBUG) && cpu->exact && !(cpu->dr[7] & DR7_ENABLES)) {
        /* A debugger's, which must not make it take longer. */
        breakpoints_before_access(cpu, addr, len, access == MMU_WRITE);
        breakpoints_data_access(cpu, addr, len, access == MMU_WRITE);
        tag &= ~(uint64_t)TLB_TAG_DEBUG;
    }
    if (access == MMU_WRITE && tag == ((addr & PAGE_MASK) | TLB_TAG_CODE)) {
        written_code(cpu, e, e->paddr | (addr & (PAGE_SIZE - 1)), len);
        return (void *)(uintptr_t)(addr + e->addend);
    }
    return tag == (addr & PAGE_MASK) ? (void *)(uintptr_t)(addr + e->addend) : NULL;
}

uint64_t mmu_translate_code(Cpu *cpu, uint64_t addr, uint8_t **host)
{
    TlbEntry *e = mmu_tlb_get(cpu, addr, MMU_EXEC, cpu->mmu_mode);

    *host = e->tag_exec & TLB_TAG_IO ? NULL : (uint8_t *)(uintptr_t)(addr + e->addend);
    return e->paddr | (addr & (PAGE_SIZE - 1));
}

bool mmu_debug_translate(Cpu *cpu, uint64_t addr, uint64_t *paddr)
{
    uint32_t error;
    MmuWalk walk;

    cpu_take_posted(cpu);
    mmu_check_map(cpu);
    if (((cpu->efer & EFER_LMA) && !mmu_is_canonical(addr)) ||
        !mmu_walk(cpu, addr, MMU_READ, MMU_KERNEL, false, &walk, &error)) {
        return false;
    }
    *paddr = (walk.paddr & cpu->paddr_mask) | (addr & (PAGE_SIZE - 1));
    return true;
}
