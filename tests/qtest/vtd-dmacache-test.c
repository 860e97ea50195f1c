/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d context cache and IOTLB (6.2): what was used once holds until an invalidation of whatever
 * granularity covers it; entries are tagged with their source and their domain; pages of every
 * size; caching mode; SRTP with and without ESRTPS.
 */
#include "vtd-lib.h"

static void flush(Vtd *v, uint64_t low, uint64_t high)
{
    vtd_submit(v, low, high);
    vtd_wait(v);
}

static bool is_mapped(Vtd *v, uint64_t iova)
{
    uint64_t word;
    uint32_t result = vtd_read(v, iova, &word);
    if (result) {
        g_assert_cmphex(vtd_take_fault(v, 0).sid, ==, SID);
    }
    return result == 0;
}

static void remap_leaf(Vtd *v, uint64_t iova, uint64_t host)
{
    vtd_map(v, AT_SS, 3, 1, iova, host | SS_RW);
}

static uint64_t seen(Vtd *v, uint64_t iova)
{
    uint64_t word;
    g_assert_cmphex(vtd_read(v, iova, &word), ==, 0);
    return word;
}

static void test_iotlb(void)
{
    Vtd *v = vtd_start_dma("");
    qtest_writeq(v->qts, AT_DATA, 1);
    qtest_writeq(v->qts, AT_DATA + 0x1000, 2);
    vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
    for (unsigned mask = 0; mask <= 9; mask++) {
        uint64_t size = 0x1000ull << mask, at = 0x10000000,
                 pages[] = {at, at + size - 0x1000, at + size, at - 0x1000};
        for (unsigned i = 0; i < 4; i++) {
            vtd_map(v, AT_SS, 3, 1, pages[i], AT_DATA | SS_RW);
        }
        /* One page of tables serves all of these, so both halves alias; set each leaf anew. */
        vtd_flush_iotlb(v);
        for (unsigned i = 0; i < 4; i++) {
            g_assert_cmphex(seen(v, pages[i]), ==, 1);
        }
        for (unsigned i = 0; i < 4; i++) {
            remap_leaf(v, pages[i], AT_DATA + 0x1000);
            g_assert_cmphex(seen(v, pages[i]), ==, 1);
        }
        vtd_submit(v, 0x32 | (DOMAIN + 1) << 16, at | mask);
        vtd_wait(v);
        g_assert_cmphex(seen(v, at), ==, 1);
        /* The address bits under the mask do not count. */
        vtd_submit(v, 0x32 | DOMAIN << 16, (at + size - 0x1000) | mask);
        vtd_wait(v);
        for (unsigned i = 0; i < 4; i++) {
            g_assert_cmphex(seen(v, pages[i]), ==, i < 2 ? 2 : 1);
        }
    }
    static const uint64_t flushes[] = {0x22 | (DOMAIN + 1) << 16, 0x22 | DOMAIN << 16, 0x12};
    for (unsigned i = 0; i < 3; i++) {
        remap_leaf(v, 0x5000, AT_DATA);
        vtd_flush_iotlb(v);
        g_assert_cmphex(seen(v, 0x5000), ==, 1);
        remap_leaf(v, 0x5000, AT_DATA + 0x1000);
        vtd_submit(v, flushes[i], 0);
        vtd_wait(v);
        g_assert_cmphex(seen(v, 0x5000), ==, i ? 2 : 1);
    }
    vtd_stop(v);
}

static void test_context_cache(void)
{
    static const struct {
        uint64_t flush;
        bool covers;
    } rows[] = {
        {0x31 | DOMAIN << 16 | (uint64_t)SID << 32, true},
        {0x31 | (DOMAIN + 1) << 16 | (uint64_t)SID << 32, false},
        {0x31 | DOMAIN << 16 | (uint64_t)(SID + 1) << 32, false},
        {0x31 | DOMAIN << 16 | (uint64_t)(SID + 4) << 32 | 1ull << 48, true},
        {0x31 | DOMAIN << 16 | (uint64_t)(SID + 2) << 32 | 1ull << 48, false},
        {0x31 | DOMAIN << 16 | (uint64_t)(SID + 6) << 32 | 2ull << 48, true},
        {0x31 | DOMAIN << 16 | (uint64_t)(SID + 7) << 32 | 2ull << 48, false},
        {0x31 | DOMAIN << 16 | (uint64_t)(SID + 7) << 32 | 3ull << 48, true},
        {0x31 | DOMAIN << 16 | (uint64_t)(SID + 8) << 32 | 3ull << 48, false},
        {0x21 | DOMAIN << 16, true},
        {0x21 | (DOMAIN + 1) << 16, false},
        {0x11, true},
    };
    Vtd *v = vtd_start_dma("");
    uint64_t word;
    vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
        vtd_flush_dma(v);
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 0);
        vtd_set_context(v, SID, (Pair){0, 0});
        vtd_submit(v, rows[i].flush, 0);
        vtd_wait(v);
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, rows[i].covers ? 2 : 0);
        if (rows[i].covers) {
            vtd_expect_fault(v, 2, SID, 0x5000);
        }
    }
    vtd_stop(v);
}

/* A page of 2 MiB or 1 GiB is held as one, and any of its 4 KiB tells the whole. */
static void test_big_pages(void)
{
    for (unsigned leaf = 2; leaf <= 3; leaf++) {
        Vtd *v = vtd_start_dma("");
        uint64_t size = 1ull << (12 + 9 * (leaf - 1)), base = 0x80000000,
                 host = AT_DATA & ~(size - 1), at = base + AT_DATA - host;
        const struct {
            uint64_t address;
            bool covers;
        } rows[] = {
            {base + size, false},
            {base - 0x1000, false},
            {(base + size) | 7, false},
            {base | 7, true},
            {base + size - 0x1000, true},
            {(base + size - 0x1000) | 9, true},
            {(base - 0x1000), false},
            {(base - 0x80000) | 7, false},
            {base | 18, true},
        };
        vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
            vtd_map(v, AT_SS, 3, leaf, at, host | SS_RW | SS_PS);
            vtd_flush_iotlb(v);
            g_assert_true(is_mapped(v, at));
            vtd_map(v, AT_SS, 3, leaf, at, 0);
            g_assert_true(is_mapped(v, at));
            flush(v, 0x32 | DOMAIN << 16, rows[i].address);
            g_assert_cmpint(is_mapped(v, at), ==, !rows[i].covers);
        }
        vtd_stop(v);
    }
}

/* Every source has its own context, and a domain its own translations. */
static void test_tags(void)
{
    static const uint16_t sids[] = {SID, SID + 1, SID + 7, SID + 8, SID + 0x100};
    Vtd *v = vtd_start_dma("");
    uint64_t word;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(sids); i++) {
            uint64_t tables = AT_SS + i * 0x3000, data = AT_DATA + i * 0x1000;
            vtd_set_context(v, sids[i], vtd_context(0, tables, 3, (uint16_t)(DOMAIN + i)));
            vtd_map(v, tables, 3, 1, 0x5000, data | SS_RW);
            qtest_writeq(v->qts, data, 100 + i);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(sids); i++) {
            g_assert_cmphex(vtd_read_word(v, 0x5000, &word, sids[i]), ==, 0);
            g_assert_cmphex(word, ==, 100 + i);
        }
    }
    vtd_expect_no_fault(v);
    /* A domain's invalidations leave the other domains'. */
    for (unsigned i = 0; i < G_N_ELEMENTS(sids); i++) {
        vtd_set_context(v, sids[i], (Pair){0, 0});
        vtd_map(v, AT_SS + i * 0x3000, 3, 1, 0x5000, 0);
    }
    flush(v, 0x21 | (DOMAIN + 1) << 16, 0);
    flush(v, 0x22 | (DOMAIN + 2) << 16, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(sids); i++) {
        static const uint8_t reasons[] = {0, 2, 6, 0, 0};
        uint32_t result = vtd_read_word(v, 0x5000, &word, sids[i]);
        g_assert_cmphex(result, ==, reasons[i] ? 2 : 0);
        if (reasons[i]) {
            vtd_expect_fault(v, reasons[i], sids[i], 0x5000);
        }
    }
    vtd_stop(v);
}

/* Pages that are not there are remembered in caching mode, and nowhere else. */
static void test_caching_mode(void)
{
    for (unsigned cm = 0; cm < 2; cm++) {
        Vtd *v = vtd_start_dma(cm ? ",caching-mode=on" : "");
        vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
        vtd_map(v, AT_SS, 3, 1, 0x5000, 0);
        g_assert_false(is_mapped(v, 0x5000));
        vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
        g_assert_cmpint(is_mapped(v, 0x5000), ==, !cm);
        flush(v, 0x32 | DOMAIN << 16, 0x5000);
        g_assert_true(is_mapped(v, 0x5000));
        vtd_stop(v);
    }
}

/* A context entry that cannot be used belongs to domain 0 (6.1), whatever its DID says. */
static void test_caching_mode_context(void)
{
    const Pair bad[] = {
        {0, DOMAIN << 8 | 1}, vtd_ss_context(3, 3, DOMAIN), vtd_ss_context(0, 5, DOMAIN)};
    const struct {
        uint64_t flush;
        bool covers;
    } rows[] = {
        {0x21 | DOMAIN << 16, false},
        {0x31 | DOMAIN << 16 | (uint64_t)SID << 32, false},
        {0x31 | (uint64_t)(SID + 1) << 32, false},
        {0x31 | (uint64_t)SID << 32, true},
        {0x21, true},
        {0x11, true},
    };
    for (unsigned cm = 0; cm < 2; cm++) {
        Vtd *v = vtd_start_dma(cm ? ",caching-mode=on" : "");
        vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
        for (unsigned i = 0; i < G_N_ELEMENTS(rows) * G_N_ELEMENTS(bad); i++) {
            vtd_set_context(v, SID, bad[i % G_N_ELEMENTS(bad)]);
            vtd_flush_dma(v);
            g_assert_false(is_mapped(v, 0x5000));
            vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
            g_assert_cmpint(is_mapped(v, 0x5000), ==, !cm);
            flush(v, rows[i / G_N_ELEMENTS(bad)].flush, 0);
            g_assert_cmpint(is_mapped(v, 0x5000), ==, !cm || rows[i / G_N_ELEMENTS(bad)].covers);
        }
        vtd_stop(v);
    }
}

/* SRTP alone leaves both caches (6.6); with ESRTPS it empties both. */
static void test_esrtps(void)
{
    for (unsigned flushes = 0; flushes < 2; flushes++) {
        Vtd *v = vtd_start_dma(flushes ? ",esrtps=on" : "");
        vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
        vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
        g_assert_true(is_mapped(v, 0x5000));
        /* The IOTLB: the context stays what it was. */
        vtd_map(v, AT_SS, 3, 1, 0x5000, 0);
        vtd_set_root(v, AT_ROOT);
        g_assert_cmpint(is_mapped(v, 0x5000), ==, !flushes);
        /* The context cache: the page stays what it was. */
        vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
        vtd_flush_dma(v);
        g_assert_true(is_mapped(v, 0x5000));
        vtd_set_context(v, SID, (Pair){0, 0});
        vtd_set_root(v, AT_ROOT);
        g_assert_cmpint(is_mapped(v, 0x5000), ==, !flushes);
        vtd_stop(v);
    }
}

/* A root table counts from SRTP on, and not from the write to RTADDR. */
static void test_latch(void)
{
    Vtd *v = vtd_start_dma("");
    vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
    vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
    vtd_writeq(v, RTADDR, AT_RING);
    vtd_flush_dma(v);
    g_assert_true(is_mapped(v, 0x5000));
    vtd_set_root(v, AT_RING);
    g_assert_true(is_mapped(v, 0x5000));
    vtd_flush_dma(v);
    g_assert_false(is_mapped(v, 0x5000));
    vtd_stop(v);
}

/* A machine that goes back has the translations that it had then. */
static void test_checkpoint(void)
{
    Vtd *v = vtd_start_dma("");
    qtest_writeq(v->qts, AT_DATA, 1);
    qtest_writeq(v->qts, AT_DATA + 0x1000, 2);
    vtd_set_context(v, SID, vtd_ss_context(0, 3, DOMAIN));
    remap_leaf(v, 0x5000, AT_DATA);
    g_assert_cmphex(seen(v, 0x5000), ==, 1);
    remap_leaf(v, 0x5000, AT_DATA + 0x1000);
    g_free(qtest_hmp(v->qts, "checkpoint"));
    const Vtd then = *v; /* where its queue was */
    vtd_flush_iotlb(v);
    g_assert_cmphex(seen(v, 0x5000), ==, 2);
    g_free(qtest_hmp(v->qts, "restore"));
    *v = then;
    g_assert_cmphex(seen(v, 0x5000), ==, 1);
    vtd_set_context(v, SID, (Pair){0, 0});
    g_assert_cmphex(seen(v, 0x5000), ==, 1);
    vtd_flush_iotlb(v);
    g_assert_cmphex(seen(v, 0x5000), ==, 2);
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/dmacache/iotlb", test_iotlb);
    g_test_add_func("/vtd/dmacache/context", test_context_cache);
    g_test_add_func("/vtd/dmacache/big-pages", test_big_pages);
    g_test_add_func("/vtd/dmacache/tags", test_tags);
    g_test_add_func("/vtd/dmacache/caching-mode", test_caching_mode);
    g_test_add_func("/vtd/dmacache/caching-mode-context", test_caching_mode_context);
    g_test_add_func("/vtd/dmacache/esrtps", test_esrtps);
    g_test_add_func("/vtd/dmacache/latch", test_latch);
    g_test_add_func("/vtd/dmacache/checkpoint", test_checkpoint);
    return g_test_run();
}
