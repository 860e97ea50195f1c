/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page walks in every paging mode against a reference written from the SDM's tables (vol. 3, 4.6
 * and 4.7) rather than from the walker; A and D bits; what flushes drop; accesses across pages, to
 * registers and to ROM.
 */
#include "base/memwatch.h"
#include "cpu-fixture.h"
#include "target/i386/mmu_private.h"
#include "target/i386/post.h"

#define PML4  0x1000u
#define PDPT  0x2000u
#define PD    0x3000u
#define PT    0x4000u
#define FRAME 0x200000u
#define VA    0x0000008040201000ull /* index 1 at each of the four levels */
#define P     1ull
#define W     2ull
#define U     4ull
#define A     0x20ull
#define D     0x40ull
#define PS    0x80ull
#define G     0x100ull
#define NX    (1ull << 63)

static void long_mode(Fixture *f, uint64_t cr4, bool nxe, bool wp)
{
    Cpu *cpu = f->cpu;

    cpu->cr0 = CR0_PE | CR0_PG | (wp ? CR0_WP : 0);
    cpu->cr4 = CR4_PAE | cr4;
    cpu->efer = EFER_LME | EFER_LMA | (nxe ? EFER_NXE : 0);
    cpu->rflags &= ~FLAG_AC;
    mmu_set_cr3(cpu, PML4);
    mmu_flush_all(cpu);
    cpu_update_mode(cpu);
}

static void map(Fixture *f, uint64_t upper, uint64_t leaf)
{
    put64(f, PML4 + 8, PDPT | P | W | U);
    put64(f, PDPT + 8, PD | upper);
    put64(f, PD + 8, PT | P | W | U);
    put64(f, PT + 8, FRAME | leaf);
}

typedef struct {
    bool faults;
    uint32_t error;
} Verdict;

/* SDM 4.6.1, read line by line. */
static Verdict reference(uint64_t both, bool nx, MmuAccess access, bool user, bool wp, bool smep,
                         bool smap, bool nxe)
{
    bool page_user = both & U, writable = both & W, ok;
    Verdict v = {0};

    if (user) {
        ok = page_user && (access != MMU_WRITE || writable) && (access != MMU_EXEC || !nx);
    } else if (access == MMU_EXEC) {
        ok = !nx && !(page_user && smep);
    } else {
        ok = !(page_user && smap) && (access == MMU_READ || writable || !wp);
    }
    v.faults = !ok;
    v.error = 1u | (access == MMU_WRITE ? 2u : 0) | (user ? 4u : 0) |
              (access == MMU_EXEC && (nxe || smep) ? 16u : 0);
    return v;
}

/* `bits` enumerates the two entries' W, U, XD, and the controls. */
static void check_rights(Fixture *f, unsigned bits)
{
    uint64_t upper = P | (bits & 1 ? W : 0) | (bits & 2 ? U : 0);
    uint64_t leaf = P | (bits & 4 ? W : 0) | (bits & 8 ? U : 0);
    bool nxe = bits & 16, nx = nxe && (bits & 32), wp = bits & 64, smep = bits & 128;
    bool smap = bits & 256, user = bits & 512;

    for (int access = MMU_READ; access <= MMU_EXEC; access++) {
        Verdict v = reference(upper & leaf, nx, (MmuAccess)access, user, wp, smep, smap, nxe);
        map(f, upper, leaf | (nx ? NX : 0));
        f->cpu->cpl = user ? 3 : 0;
        long_mode(f, (smep ? CR4_SMEP : 0) | (smap ? CR4_SMAP : 0), nxe, wp);
        g_assert_cmpint(touch(f, VA, (MmuAccess)access), ==, v.faults ? EXCP_PF : -1);
        if (v.faults) {
            g_assert_cmphex(f->cpu->excp.error, ==, v.error);
            g_assert_cmphex(f->cpu->cr2, ==, VA);
            g_assert_false(get64(f, PT + 8) & (A | D));
        } else {
            g_assert_true(get64(f, PT + 8) & A);
            g_assert_true(!!(get64(f, PT + 8) & D) == (access == MMU_WRITE));
        }
    }
}

static void test_rights(Fixture *f, const void *unused)
{
    for (unsigned bits = 0; bits < 1024; bits++) {
        check_rights(f, bits);
    }
}

static void test_smap_ac(Fixture *f, const void *unused)
{
    map(f, P | W | U, P | W | U);
    long_mode(f, CR4_SMAP, true, true);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, EXCP_PF);
    f->cpu->rflags |= FLAG_AC;
    cpu_update_mode(f->cpu);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, -1);
    /* Implicit accesses have no such way out. */
    g_assert_cmpint(RAISED(f, mmu_load_system(f->cpu, VA, 8)), ==, EXCP_PF);
}

static void test_reserved(Fixture *f, const void *unused)
{
    long_mode(f, 0, false, true);
    map(f, P | W | U, P | W | 1ull << CPU_PHYS_BITS);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, EXCP_PF);
    g_assert_cmphex(f->cpu->excp.error, ==, 9);
    map(f, P | W | U, P | W | NX); /* XD is reserved without EFER.NXE */
    g_assert_cmpint(touch(f, VA, MMU_WRITE), ==, EXCP_PF);
    g_assert_cmphex(f->cpu->excp.error, ==, 11);
    map(f, P | W | U, 0);
    g_assert_cmpint(touch(f, VA, MMU_WRITE), ==, EXCP_PF);
    g_assert_cmphex(f->cpu->excp.error, ==, 2);
    put64(f, PML4 + 8, PDPT | P | W | PS);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, EXCP_PF);
    g_assert_cmphex(f->cpu->excp.error, ==, 9);
}

static void test_large(Fixture *f, const void *unused)
{
    map(f, P | W | U, 0);
    long_mode(f, 0, true, true);
    put64(f, PD + 8, 0x400000u | P | W | PS);
    put64(f, 0x401238, 0x1122334455667788ull);
    g_assert_cmphex(mmu_load64(f->cpu, (VA & ~0x1fffffull) + 0x1238), ==, 0x1122334455667788ull);
    g_assert_true(get64(f, PD + 8) & A);
    put64(f, PDPT + 8, P | W | PS);
    mmu_flush_all(f->cpu);
    g_assert_cmphex(mmu_load64(f->cpu, (VA & ~0x3fffffffull) + 0x401238), ==,
                    0x1122334455667788ull);
    put64(f, PDPT + 8, P | W | PS | 1u << 13);
    mmu_flush_all(f->cpu);
    g_assert_cmpint(touch(f, VA, MMU_READ), ==, EXCP_PF);
    g_assert_cmphex(f->cpu->excp.error, ==, 9);
}

static void test_legacy(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    cpu->cr0 = CR0_PE | CR0_PG | CR0_WP;
    cpu->cr4 = CR4_PSE;
    mmu_set_cr3(cpu, PD);
    put32(f, PD + 4, PT | 3);                      /* 4 MiB at 4 MiB, by a table */
    put32(f, PT + 8, FRAME | 1);                   /* its third page, read-only */
    put32(f, PD + 8, 0x800000u | 0x83);            /* 4 MiB at 8 MiB, one page */
    put32(f, PD + 12, 0x83 | 1u << 13 | 0x400000); /* PSE-36: 4 GiB + 4 MiB, nobody there */
    put32(f, FRAME + 4, 0xcafe);
    g_assert_cmphex(mmu_load32(cpu, 0x402004), ==, 0xcafe);
    g_assert_cmpint(RAISED(f, mmu_store32(cpu, 0x402004, 1)), ==, EXCP_PF);
    g_assert_cmphex(cpu->excp.error, ==, 3);
    mmu_store32(cpu, 0x812344, 0xbeef);
    g_assert_cmphex(get32(f, 0x812344), ==, 0xbeef);
    g_assert_cmphex(get32(f, PD + 8) & 0x60, ==, 0x60);
    g_assert_cmphex(mmu_load32(cpu, 0xc00000), ==, 0xffffffff);
    put32(f, PD + 16, 0x83 | 1u << 21);
    g_assert_cmpint(RAISED(f, mmu_load8(cpu, 0x1000000)), ==, EXCP_PF);
    g_assert_cmphex(cpu->excp.error, ==, 9);
}

static void test_pae(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    put64(f, PDPT, PD | P);
    put64(f, PDPT + 8, 0);
    put64(f, PD, PT | P | W);
    put64(f, PD + 8, 0x400000 | P | W | PS);
    put64(f, PT, FRAME | P | W);
    put32(f, 0x1000, 0);
    sys_write_cr(cpu, 4, CR4_PAE);
    sys_write_cr(cpu, 3, PDPT);
    sys_write_cr(cpu, 0, CR0_PE | CR0_PG);
    put32(f, FRAME, 0x1234);
    put32(f, 0x400000, 0x5678);
    g_assert_cmphex(mmu_load32(cpu, 0), ==, 0x1234);
    g_assert_cmphex(mmu_load32(cpu, 0x200000), ==, 0x5678);
    g_assert_cmpint(RAISED(f, mmu_load8(cpu, 0x40000000)), ==, EXCP_PF);
    g_assert_cmphex(cpu->excp.error, ==, 0);
    /* PDPTEs are registers: a change counts from the next MOV to CR3. */
    put64(f, PDPT + 8, PD | P);
    g_assert_cmpint(RAISED(f, mmu_load8(cpu, 0x40000000)), ==, EXCP_PF);
    sys_write_cr(cpu, 3, PDPT);
    g_assert_cmphex(mmu_load32(cpu, 0x40000000), ==, 0x1234);
    put64(f, PDPT + 16, PD | P | W);
    g_assert_cmpint(RAISED(f, sys_write_cr(cpu, 3, PDPT)), ==, EXCP_GP);
}

/* What the TLB still says after the entry changed in memory. */
static bool still_mapped(Fixture *f)
{
    return touch(f, VA, MMU_READ) == -1;
}

static void fill_and_unmap(Fixture *f, uint64_t leaf)
{
    map(f, P | W | U, leaf);
    mmu_flush_page(f->cpu, VA);
    g_assert_true(still_mapped(f));
    map(f, P | W | U, 0);
    g_assert_true(still_mapped(f));
}

static void test_flush(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f, CR4_PGE, true, true);
    fill_and_unmap(f, P | W);
    sys_write_cr(cpu, 3, PML4);
    g_assert_false(still_mapped(f));
    fill_and_unmap(f, P | W | G);
    sys_write_cr(cpu, 3, PML4);
    g_assert_true(still_mapped(f));
    sys_invlpg(cpu, VA + 7);
    g_assert_false(still_mapped(f));
    fill_and_unmap(f, P | W | G);
    sys_write_cr(cpu, 4, cpu->cr4 & ~(uint64_t)CR4_PGE);
    g_assert_false(still_mapped(f));
    /* INVLPG drops all of a large page. */
    put64(f, PD + 8, 0x400000u | P | PS);
    g_assert_true(still_mapped(f));
    put64(f, PD + 8, 0);
    sys_invlpg(cpu, VA ^ 0x5000);
    g_assert_false(still_mapped(f));
}

static void test_pcid(Fixture *f, const void *unused)
{
    const uint64_t keep = 1ull << 63;
    Cpu *cpu = f->cpu;

    long_mode(f, CR4_PGE | CR4_PCIDE, true, true);
    sys_write_cr(cpu, 3, PML4 | 1);
    fill_and_unmap(f, P | W);
    sys_write_cr(cpu, 3, PML4 | 2 | keep);
    g_assert_false(still_mapped(f)); /* another PCID's */
    sys_write_cr(cpu, 3, PML4 | 1 | keep);
    g_assert_true(still_mapped(f));
    sys_write_cr(cpu, 3, PML4 | 1);
    g_assert_false(still_mapped(f));
    fill_and_unmap(f, P | W);
    sys_write_cr(cpu, 3, PML4 | 2 | keep);
    mmu_invpcid(cpu, 1, 1, 0);
    sys_write_cr(cpu, 3, PML4 | 1 | keep);
    g_assert_false(still_mapped(f));
    for (unsigned pcid = 3; pcid < 100; pcid++) {
        sys_write_cr(cpu, 3, PML4 | pcid | keep);
        fill_and_unmap(f, P | W);
    }
    g_assert_cmpint(RAISED(f, mmu_invpcid(cpu, 4, 0, 0)), ==, EXCP_GP);
    g_assert_cmpint(RAISED(f, mmu_invpcid(cpu, 0, 0, 1ull << 60)), ==, EXCP_GP);
    mmu_invpcid(cpu, 2, 0, 0);
    g_assert_false(still_mapped(f));
}

static void test_crossing(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    long_mode(f, 0, true, true);
    map(f, P | W | U, P | W);
    put64(f, PT + 16, (FRAME + 0x5000) | P | W);
    mmu_store64(cpu, VA + 0xffd, 0x8877665544332211ull);
    g_assert_cmphex(mmu_load64(cpu, VA + 0xffd), ==, 0x8877665544332211ull);
    g_assert_cmphex(f->ram.host[FRAME + 0xfff], ==, 0x33);
    g_assert_cmphex(f->ram.host[FRAME + 0x5000], ==, 0x44);
    put64(f, PT + 16, (FRAME + 0x5000) | P);
    mmu_flush_all(cpu);
    g_assert_cmpint(RAISED(f, mmu_store64(cpu, VA + 0xffd, 0)), ==, EXCP_PF);
    g_assert_cmphex(cpu->cr2, ==, VA + 0x1000);
    g_assert_cmphex(f->ram.host[FRAME + 0xfff], ==, 0x33); /* nothing was stored */
    g_assert_cmpint(RAISED(f, mmu_load8(cpu, 1ull << 50)), ==, EXCP_GP);
}

static uint64_t seen_offset, seen_value, seen_size;

static uint64_t register_read(void *opaque, uint64_t offset, unsigned size)
{
    return 0xa0 + offset + size;
}

static void register_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    seen_offset = offset;
    seen_value = value;
    seen_size = size;
}

static void test_registers(Fixture *f, const void *unused)
{
    static const MemOps ops = {register_read, register_write, 1, 8};
    MemRegion io = {.name = "io", .size = 0x1000, .kind = MEM_IO, .ops = &ops};
    Cpu *cpu = f->cpu;

    as_add(f->memory, &io, 0xfe000000u);
    cpu->cr0 = CR0_PE;
    g_assert_cmphex(mmu_load32(cpu, 0xfe000010u), ==, 0xa0 + 0x10 + 4);
    mmu_store16(cpu, 0xfe000020u, 0x1234);
    g_assert_cmphex(seen_offset, ==, 0x20);
    g_assert_cmphex(seen_value, ==, 0x1234);
    g_assert_cmphex(seen_size, ==, 2);
    g_assert_null(mmu_host_ptr(cpu, 0xfe000000u, 4, MMU_READ));
    as_remove(f->memory, &io);
    cpu_map_changed(cpu);
    cpu_take_posted(cpu);
    g_assert_cmphex(mmu_load32(cpu, 0xfe000010u), ==, 0xffffffff);
    mmu_store32(cpu, 0xfe000010u, 1);
}

static void test_rom(Fixture *f, const void *unused)
{
    MemRegion rom = {.name = "rom", .size = 0x1000, .kind = MEM_ROM, .priority = 1};

    rom.host = g_aligned_alloc0(1, 0x1000, 0x1000);
    as_add(f->memory, &rom, 0x8000);
    rom.host[5] = 0x77;
    f->cpu->cr0 = CR0_PE;
    mmu_store8(f->cpu, 0x8005, 1);
    g_assert_cmphex(mmu_load8(f->cpu, 0x8005), ==, 0x77);
    as_remove(f->memory, &rom);
    g_aligned_free(rom.host);
}

static void test_data_breakpoint(Fixture *f, const void *unused)
{
    Cpu *cpu = f->cpu;

    cpu->cr0 = CR0_PE;
    mmu_store32(cpu, 0x9000, 1); /* the page is in the TLB already */
    sys_write_dr(cpu, 0, 0x9004);
    sys_write_dr(cpu, 7, 1 | 1u << 16 | 3u << 18); /* writes of 4 bytes */
    mmu_store32(cpu, 0x9000, 1);
    mmu_load32(cpu, 0x9004);
    g_assert_cmphex(cpu->pending & PEND_DEBUG, ==, 0);
    mmu_store8(cpu, 0x9007, 1);
    g_assert_cmphex(cpu->pending & PEND_DEBUG, ==, PEND_DEBUG);
    g_assert_cmphex(cpu->dr6_traps, ==, 1);
}

#define ADD(name_, fn_) g_test_add("/mmu/" name_, Fixture, NULL, fixture_up, fn_, fixture_down)

static void count_written(void *opaque, uint64_t addr, size_t len)
{
    unsigned *told = opaque;

    g_assert_cmphex(addr, ==, FRAME + 8);
    (*told)++;
}

/* Stores to watched memory are told, also through a translation that was there before. */
static void test_watched(Fixture *f, const void *unused)
{
    unsigned told = 0;
    MemWatch watch = {.written = count_written, .opaque = &told};

    long_mode(f, 0, false, true);
    map(f, P | W, P | W);
    g_assert_cmpint(touch(f, VA + 8, MMU_WRITE), ==, -1);
    as_watch(f->memory, &watch, FRAME + 8, 8);
    mmu_check_map(f->cpu);
    for (unsigned i = 1; i <= 3; i++) {
        g_assert_cmpint(touch(f, VA + 8, MMU_WRITE), ==, -1);
        g_assert_cmpint(touch(f, VA + 16, MMU_WRITE), ==, -1); /* the same page */
        g_assert_cmpint(touch(f, VA + 8, MMU_READ), ==, -1);
        g_assert_cmpuint(told, ==, i);
    }
    as_watch(f->memory, &watch, 0, 0);
    mmu_check_map(f->cpu);
    g_assert_cmpint(touch(f, VA + 8, MMU_WRITE), ==, -1);
    g_assert_cmpuint(told, ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("rights", test_rights);
    ADD("smap-ac", test_smap_ac);
    ADD("reserved", test_reserved);
    ADD("large", test_large);
    ADD("legacy", test_legacy);
    ADD("pae", test_pae);
    ADD("flush", test_flush);
    ADD("pcid", test_pcid);
    ADD("crossing", test_crossing);
    ADD("registers", test_registers);
    ADD("rom", test_rom);
    ADD("data-breakpoint", test_data_breakpoint);
    ADD("watched", test_watched);
    return g_test_run();
}
