/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: DMA remapping: mode 0 and page tables of 1 to 6 levels, left-out levels, pages of every
 * size, permissions of each level, what is refused with its event, the exclusion range, SE and SA,
 * and the cache of translations.
 */
#include "amd-lib.h"

#define DOMAIN 7u
#define IOVA   0x12345000ull
#define WORD   0x1122334455667788ull

#define PTE_PR       1ull
#define PTE_NEXT(n_) ((uint64_t)(n_) << 9)
#define PTE_RW       (3ull << 61)

static void set_dma(Amd *a, uint64_t low)
{
    amd_set_dte(a, SOURCE, 0, low);
    amd_set_dte(a, SOURCE, 1, DOMAIN);
    amd_flush_device(a, SOURCE);
}

static void flush_pages(Amd *a)
{
    amd_command(a, 3ull << 60 | (uint64_t)DOMAIN << 32, 0x7ffffffffffff003);
    amd_wait(a);
}

/* A machine with the unit on, whose requester has tables of so many levels from AT_TABLES on. */
static Amd *start(unsigned levels)
{
    Amd *a = amd_start("", 1, false);
    amd_on(a, 0);
    set_dma(a, DTE_V | DTE_TV | DTE_MODE(levels) | AT_TABLES | DTE_IR | DTE_IW);
    qtest_writeq(a->qts, AT_DATA, WORD);
    return a;
}

static unsigned shift_of(unsigned level)
{
    return 12 + 9 * (level - 1);
}

static uint64_t entry_at(unsigned level, unsigned top, uint64_t iova)
{
    return AT_TABLES + (top - level) * 0x1000ull + (iova >> shift_of(level) & 0x1ff) * 8;
}

/* One table a level down to `leaf`, whose entry is `entry`. */
static void map(Amd *a, unsigned top, unsigned leaf, uint64_t iova, uint64_t entry)
{
    for (unsigned level = top; level > leaf; level--) {
        qtest_writeq(a->qts, entry_at(level, top, iova),
                     (AT_TABLES + (top - level + 1) * 0x1000ull) | PTE_NEXT(level - 1) | PTE_PR |
                         PTE_RW);
    }
    qtest_writeq(a->qts, entry_at(leaf, top, iova), entry);
}

static bool reads(Amd *a, uint64_t iova, uint64_t expected)
{
    uint64_t word = 0;
    return amd_dma_read(a, iova, &word, 8, SOURCE) == 0 && word == expected;
}

static bool writes(Amd *a, uint64_t iova)
{
    uint64_t word = WORD;
    return amd_dma_write(a, iova, &word, 8, SOURCE) == 0;
}

/* V, TV and mode 0: as it is, as far as IR and IW allow. */
static void test_modes(void)
{
    Amd *a = start(0);
    g_assert_true(reads(a, AT_DATA, WORD) && writes(a, AT_DATA));
    set_dma(a, DTE_V | DTE_TV | DTE_IR);
    g_assert_true(reads(a, AT_DATA, WORD));
    g_assert_false(writes(a, AT_DATA));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, EV_PR | EV_RW | EV_PE, AT_DATA);
    set_dma(a, DTE_V | DTE_IW); /* without TV, too */
    g_assert_true(writes(a, AT_DATA));
    g_assert_false(reads(a, AT_DATA, WORD));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, EV_PR | EV_PE, AT_DATA);
    set_dma(a, 0);
    g_assert_true(reads(a, AT_DATA, WORD) && writes(a, AT_DATA));
    amd_expect_no_event(a);
    amd_stop(a);
}

static void test_reserved(void)
{
    static const uint64_t bits[] = {1ull << 2,  1ull << 6,  1ull << 7,
                                    1ull << 55, 1ull << 63, DTE_MODE(7)};
    Amd *a = start(0);
    for (unsigned i = 0; i < G_N_ELEMENTS(bits); i++) {
        set_dma(a, DTE_V | DTE_TV | DTE_IR | DTE_IW | bits[i]);
        g_assert_false(reads(a, AT_DATA, WORD));
        amd_expect_event(a, ILLEGAL_DEV_TABLE_ENTRY, SOURCE, EV_RZ, AT_DATA);
    }
    amd_stop(a);
}

static void test_levels(void)
{
    for (unsigned levels = 1; levels <= 6; levels++) {
        uint64_t iova = levels == 1 ? 0x45000 : IOVA;
        Amd *a = start(levels);
        map(a, levels, 1, iova, AT_DATA | PTE_PR | PTE_RW);
        g_assert_true(reads(a, iova, WORD) && writes(a, iova + 8));
        g_assert_cmphex(qtest_readq(a->qts, AT_DATA + 8), ==, WORD);
        g_assert_false(reads(a, iova + 0x1000, WORD));
        amd_expect_event(a, IO_PAGE_FAULT, SOURCE, 0, iova + 0x1000);
        if (levels < 6) { /* the first address that is above the tables */
            g_assert_false(reads(a, 1ull << shift_of(levels + 1), WORD));
            amd_expect_event(a, IO_PAGE_FAULT, SOURCE, 0, 1ull << shift_of(levels + 1));
        }
        amd_stop(a);
    }
}

/* The default sizes by Next Level 0, and by 7 those between, of whose entries the one is there that
 * is asked for. */
static void test_sizes(void)
{
    Amd *a = start(4);
    for (unsigned leaf = 1; leaf <= 3; leaf++) {
        for (unsigned more = 0; more < 9; more++) {
            unsigned shift = shift_of(leaf) + more;
            uint64_t size = 1ull << shift, host = shift >= 23 ? 0 : AT_DATA & ~(size - 1);
            uint64_t iova = 7 * size + AT_DATA - host,
                     field = more ? (size / 2 - 1) & ~0xfffull : 0;
            map(a, 4, leaf, iova, host | field | PTE_NEXT(more ? 7 : 0) | PTE_PR | PTE_RW);
            flush_pages(a);
            g_assert_true(reads(a, iova, WORD));
        }
    }
    /* Too small and too large for the level. */
    map(a, 4, 2, IOVA, 0xf000 | PTE_NEXT(7) | PTE_PR | PTE_RW);
    flush_pages(a);
    g_assert_false(reads(a, IOVA, WORD));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, EV_PR | EV_RZ, IOVA);
    map(a, 4, 1, IOVA, 0xff000 | PTE_NEXT(7) | PTE_PR | PTE_RW);
    flush_pages(a);
    g_assert_false(reads(a, IOVA, WORD));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, EV_PR | EV_RZ, IOVA);
    amd_stop(a);
}

/* Level 4 points to level 1: the bits between have to be 0. */
static void test_left_out(void)
{
    Amd *a = start(4);
    uint64_t table = AT_TABLES + 0x1000;
    qtest_writeq(a->qts, AT_TABLES, table | PTE_NEXT(1) | PTE_PR | PTE_RW);
    qtest_writeq(a->qts, table + 5 * 8, AT_DATA | PTE_PR | PTE_RW);
    g_assert_true(reads(a, 0x5000, WORD));
    g_assert_false(reads(a, 0x205000, WORD));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, 0, 0x205000);
    g_assert_false(reads(a, 0x4000005000, WORD));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, 0, 0x4000005000);
    /* A table of its own level, or a higher one. */
    qtest_writeq(a->qts, AT_TABLES, table | PTE_NEXT(4) | PTE_PR | PTE_RW);
    g_assert_false(reads(a, 0x6000, WORD));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, EV_PR | EV_RZ, 0x6000);
    qtest_writeq(a->qts, AT_TABLES, 0x40000000 | PTE_NEXT(3) | PTE_PR | PTE_RW);
    g_assert_false(writes(a, 0x6000));
    amd_expect_event(a, PAGE_TAB_HARDWARE_ERROR, SOURCE, EV_RW | EV_ABORT, 0x6000);
    amd_stop(a);
}

/* Each level has to allow it. */
static void test_permissions(void)
{
    Amd *a = start(3);
    for (unsigned level = 1; level <= 3; level++) {
        for (unsigned write = 0; write < 2; write++) {
            map(a, 3, 1, IOVA, AT_DATA | PTE_PR | PTE_RW);
            uint64_t at = entry_at(level, 3, IOVA);
            qtest_writeq(a->qts, at, qtest_readq(a->qts, at) & ~(1ull << (write ? 62 : 61)));
            flush_pages(a);
            g_assert_true(write ? reads(a, IOVA, WORD) : writes(a, IOVA));
            g_assert_false(write ? writes(a, IOVA) : reads(a, IOVA, WORD));
            amd_expect_event(a, IO_PAGE_FAULT, SOURCE, EV_PR | EV_PE | (write ? EV_RW : 0), IOVA);
        }
    }
    amd_stop(a);
}

/* Over the end of a page; the second one is refused where it begins. */
static void test_crossing(void)
{
    uint64_t word = 0;
    Amd *a = start(3);
    map(a, 3, 1, IOVA, AT_DATA | PTE_PR | PTE_RW);
    map(a, 3, 1, IOVA + 0x1000, (AT_DATA + 0x3000) | PTE_PR | PTE_RW);
    qtest_writel(a->qts, AT_DATA + 0xffc, 0xaaaaaaaa);
    qtest_writel(a->qts, AT_DATA + 0x3000, 0xbbbbbbbb);
    g_assert_true(reads(a, IOVA + 0xffc, 0xbbbbbbbbaaaaaaaa));
    g_assert_cmpuint(amd_dma_read(a, IOVA + 0x1ffc, &word, 8, SOURCE), !=, 0);
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, 0, IOVA + 0x2000);
    amd_stop(a);
}

static void test_exclusion(void)
{
    Amd *a = start(3); /* nothing is mapped */
    amd_write(a, EXCL_BASE, AT_DATA | 3);
    amd_write(a, EXCL_LIMIT, AT_DATA);
    g_assert_true(reads(a, AT_DATA, WORD) && writes(a, AT_DATA + 0xff8));
    g_assert_false(reads(a, AT_DATA + 0x1000, WORD));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, 0, AT_DATA + 0x1000);
    amd_write(a, EXCL_BASE, AT_DATA | 1); /* not for all: by EX */
    g_assert_false(reads(a, AT_DATA, WORD));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, 0, AT_DATA);
    amd_set_dte(a, SOURCE, 1, DOMAIN | 1ull << 39);
    amd_flush_device(a, SOURCE);
    g_assert_true(reads(a, AT_DATA, WORD));
    amd_expect_no_event(a);
    amd_stop(a);
}

/* SE leaves out all events but the first, SA all. */
static void test_quiet(void)
{
    Amd *a = start(3);
    amd_set_dte(a, SOURCE, 1, DOMAIN | 1ull << 33);
    amd_flush_device(a, SOURCE);
    g_assert_false(reads(a, IOVA, WORD));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, 0, IOVA);
    g_assert_false(reads(a, IOVA, WORD));
    amd_expect_no_event(a);
    amd_flush_device(a, SOURCE);
    g_assert_false(reads(a, IOVA, WORD));
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, 0, IOVA);
    amd_set_dte(a, SOURCE, 1, DOMAIN | 1ull << 34);
    amd_flush_device(a, SOURCE);
    g_assert_false(reads(a, IOVA, WORD));
    amd_expect_no_event(a);
    amd_stop(a);
}

/* A translation holds until an invalidation of its domain and page. */
static void test_cache(void)
{
    static const struct {
        uint64_t low, high;
        bool covers;
    } rows[] = {
        {3ull << 60 | (uint64_t)(DOMAIN + 1) << 32, 0x7ffffffffffff001, false},
        {3ull << 60 | (uint64_t)DOMAIN << 32, IOVA + 0x1000, false},
        {3ull << 60 | (uint64_t)DOMAIN << 32, ((IOVA ^ 0x2000) & ~0x1fffull) | 1,
         false},                                                       /* 2 pages */
        {3ull << 60 | (uint64_t)(DOMAIN + 0x1000) << 32, IOVA, false}, /* in the same place */
        {2ull << 60 | SOURCE, 0, false},
        {3ull << 60 | (uint64_t)DOMAIN << 32, IOVA, true},
        {3ull << 60 | (uint64_t)DOMAIN << 32, (IOVA & ~0x1fffull) | 1, true},         /* 2 pages */
        {3ull << 60 | (uint64_t)DOMAIN << 32, (IOVA & ~0x1fffffull) | 0xff001, true}, /* 512 */
        {3ull << 60 | (uint64_t)DOMAIN << 32, 0x7ffffffffffff001, true},
        {8ull << 60, 0, true},
    };
    Amd *a = start(3);
    qtest_writeq(a->qts, AT_DATA + 0x1000, ~WORD);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        map(a, 3, 1, IOVA, AT_DATA | PTE_PR | PTE_RW);
        flush_pages(a);
        g_assert_true(reads(a, IOVA, WORD));
        map(a, 3, 1, IOVA, (AT_DATA + 0x1000) | PTE_PR | PTE_RW);
        amd_command(a, rows[i].low, rows[i].high);
        amd_wait(a);
        g_test_message("row %u", i);
        g_assert_true(reads(a, IOVA, rows[i].covers ? ~WORD : WORD));
    }
    amd_stop(a);
}

/* A machine that goes back has the translations that it had then. */
static void test_checkpoint(void)
{
    Amd *a = start(3);
    qtest_writeq(a->qts, AT_DATA + 0x1000, ~WORD);
    map(a, 3, 1, IOVA, AT_DATA | PTE_PR | PTE_RW);
    g_assert_true(reads(a, IOVA, WORD));
    map(a, 3, 1, IOVA, (AT_DATA + 0x1000) | PTE_PR | PTE_RW);
    g_free(qtest_hmp(a->qts, "checkpoint"));
    const Amd then = *a; /* where its queue was */
    flush_pages(a);
    g_assert_true(reads(a, IOVA, ~WORD));
    g_free(qtest_hmp(a->qts, "restore"));
    *a = then;
    g_assert_true(reads(a, IOVA, WORD));
    flush_pages(a);
    g_assert_true(reads(a, IOVA, ~WORD));
    amd_stop(a);
}

static void test_off(void)
{
    Amd *a = amd_start(",dma-remap=off", 1, false);
    qtest_writeq(a->qts, AT_DATA, WORD);
    amd_on(a, 0);
    set_dma(a, DTE_V | DTE_TV);
    g_assert_true(reads(a, AT_DATA, WORD));
    amd_expect_no_event(a);
    amd_stop(a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/amd-dma/modes", test_modes);
    g_test_add_func("/amd-dma/reserved", test_reserved);
    g_test_add_func("/amd-dma/levels", test_levels);
    g_test_add_func("/amd-dma/sizes", test_sizes);
    g_test_add_func("/amd-dma/left-out", test_left_out);
    g_test_add_func("/amd-dma/permissions", test_permissions);
    g_test_add_func("/amd-dma/crossing", test_crossing);
    g_test_add_func("/amd-dma/exclusion", test_exclusion);
    g_test_add_func("/amd-dma/quiet", test_quiet);
    g_test_add_func("/amd-dma/cache", test_cache);
    g_test_add_func("/amd-dma/checkpoint", test_checkpoint);
    g_test_add_func("/amd-dma/off", test_off);
    return g_test_run();
}
