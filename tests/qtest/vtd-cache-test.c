/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d interrupt entry cache: an entry once used holds until an invalidation covers it, for every
 * mask; caching mode; iec=off and iec=random; SIRTP with and without ESIRTPS; the queue beside the
 * guest.
 */
#include "vtd-lib.h"

#include <string.h>
#include <unistd.h>

#define OLD    0x61
#define NEW    0x71
#define SOURCE 0x10

/* An entry is used as it was until an invalidation covers it. */
static void test_stale(void)
{
    Vtd *v = vtd_start("", 1, false);
    vtd_set_irte(v, 3, irte_for(OLD, 0, false));
    vtd_remap_on(v, 7, false);
    vtd_send_index(v, 3, SOURCE);
    g_assert_true(vtd_took(v, 0, OLD));
    vtd_set_irte(v, 3, irte_for(NEW, 0, false));
    vtd_send_index(v, 3, SOURCE);
    g_assert_true(vtd_took(v, 0, OLD));
    vtd_set_irte(v, 3, (Pair){0, 0});
    vtd_send_index(v, 3, SOURCE);
    g_assert_true(vtd_took(v, 0, OLD));
    vtd_flush_iec_index(v, 4, 0);
    vtd_send_index(v, 3, SOURCE);
    g_assert_true(vtd_took(v, 0, OLD));
    vtd_flush_iec(v);
    vtd_send_index(v, 3, SOURCE);
    vtd_expect_fault(v, 0x22, SOURCE, 3ull << 48);
    vtd_stop(v);
}

/* Sends `index` and tells whether the unit used memory's entry (NEW) or its own (OLD). */
static bool is_fresh(Vtd *v, uint32_t index)
{
    vtd_send_index(v, index, SOURCE);
    int vector = qtest_apic_ack(v->qts, 0);
    qtest_apic_eoi(v->qts, 0);
    g_assert_true(vector == OLD || vector == NEW);
    return vector == NEW;
}

/* Each index mask, at both edges. */
static void test_masks(void)
{
    Vtd *v = vtd_start("", 1, false);
    vtd_remap_on(v, 15, false);
    for (unsigned mask = 0; mask < 16; mask++) {
        uint32_t count = 1u << mask;
        uint32_t first = mask == 15 ? 0x8000 : 3 * count % 0x8000 / count * count;
        uint32_t probes[] = {first, first + count - 1, first + count / 2, (first + count) & 0xffff,
                             (first - 1) & 0xffff};
        for (unsigned i = 0; i < G_N_ELEMENTS(probes); i++) {
            vtd_set_irte(v, probes[i], irte_for(OLD, 0, false));
        }
        vtd_flush_iec(v);
        for (unsigned i = 0; i < G_N_ELEMENTS(probes); i++) {
            g_assert_false(is_fresh(v, probes[i]));
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(probes); i++) {
            vtd_set_irte(v, probes[i], irte_for(NEW, 0, false));
        }
        /* The low bits of the index under the mask do not count. */
        vtd_flush_iec_index(v, (uint16_t)(first | (count - 1)), mask);
        for (unsigned i = 0; i < G_N_ELEMENTS(probes); i++) {
            bool covered = probes[i] >= first && probes[i] < first + count;
            g_assert_cmpint(is_fresh(v, probes[i]), ==, covered);
        }
    }
    vtd_stop(v);
}

/* A global invalidation covers the whole table. */
static void test_global(void)
{
    static const uint32_t indexes[] = {0, 255, 256, 0x7fff, 0x8000, 0xff00, 0xffff};
    Vtd *v = vtd_start("", 1, false);
    vtd_remap_on(v, 15, false);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(indexes); i++) {
            vtd_set_irte(v, indexes[i], irte_for(pass ? NEW : OLD, 0, false));
            g_assert_false(is_fresh(v, indexes[i]));
        }
    }
    vtd_flush_iec(v);
    for (unsigned i = 0; i < G_N_ELEMENTS(indexes); i++) {
        g_assert_true(is_fresh(v, indexes[i]));
    }
    vtd_stop(v);
}

/* Entries that are not present are kept in caching mode, and nowhere else. */
static void test_caching_mode(void)
{
    for (unsigned cm = 0; cm < 2; cm++) {
        Vtd *v = vtd_start(cm ? ",caching-mode=on" : "", 1, false);
        g_assert_cmphex(vtd_readq(v, CAP) >> 7 & 1, ==, cm);
        vtd_remap_on(v, 7, false);
        vtd_send_index(v, 2, SOURCE);
        vtd_expect_fault(v, 0x22, SOURCE, 2ull << 48);
        vtd_set_irte(v, 2, irte_for(OLD, 0, false));
        vtd_send_index(v, 2, SOURCE);
        if (cm) {
            vtd_expect_fault(v, 0x22, SOURCE, 2ull << 48);
            vtd_flush_iec_index(v, 2, 0);
            vtd_send_index(v, 2, SOURCE);
        }
        g_assert_true(vtd_took(v, 0, OLD));
        vtd_stop(v);
    }
}

static void test_policies(void)
{
    Vtd *v = vtd_start(",iec=off", 1, false);
    vtd_remap_on(v, 7, false);
    vtd_set_irte(v, 1, irte_for(OLD, 0, false));
    g_assert_false(is_fresh(v, 1));
    vtd_set_irte(v, 1, irte_for(NEW, 0, false));
    g_assert_true(is_fresh(v, 1));
    vtd_stop(v);

    v = vtd_start(",iec=random,seed=7", 1, false);
    vtd_remap_on(v, 7, false);
    unsigned fresh = 0;
    for (unsigned i = 0; i < 64; i++) {
        vtd_set_irte(v, 1, irte_for(OLD, 0, false));
        vtd_flush_iec(v);
        g_assert_false(is_fresh(v, 1));
        vtd_set_irte(v, 1, irte_for(NEW, 0, false));
        fresh += is_fresh(v, 1);
    }
    g_assert_cmpuint(fresh, >, 0);
    g_assert_cmpuint(fresh, <, 64);
    vtd_stop(v);
}

/* What was evicted does not come back, also if memory's entry is not one to keep. */
static void test_evicted(void)
{
    Vtd *v = vtd_start(",iec=random,seed=7", 1, false);
    vtd_set_irte(v, 1, irte_for(OLD, 0, false));
    vtd_remap_on(v, 7, false);
    g_assert_false(is_fresh(v, 1));
    vtd_set_irte(v, 1, (Pair){0, 0});
    unsigned sent = 0;
    do {
        vtd_send_index(v, 1, SOURCE);
        g_assert_cmpuint(++sent, <, 1000);
    } while (vtd_took(v, 0, OLD));
    vtd_expect_fault(v, 0x22, SOURCE, 1ull << 48);
    for (unsigned i = 0; i < 64; i++) {
        vtd_send_index(v, 1, SOURCE);
        vtd_expect_fault(v, 0x22, SOURCE, 1ull << 48);
    }
    vtd_stop(v);
}

/* After SIRTP and a flush entries come from the table's new place. */
static void test_moved(void)
{
    const uint64_t away = AT_IRT + 0x100000;
    Vtd *v = vtd_start("", 1, false);
    Pair entry = irte_for(NEW, 0, false);
    vtd_set_irte(v, 1, irte_for(OLD, 0, false));
    vtd_remap_on(v, 7, false);
    g_assert_false(is_fresh(v, 1));
    qtest_memwrite(v->qts, v->at + away + sizeof(entry), &entry, sizeof(entry));
    vtd_writeq(v, IRTA, (v->at + away) | 7);
    vtd_command(v, SIRTP, true);
    vtd_flush_iec(v);
    g_assert_true(is_fresh(v, 1));
    vtd_stop(v);
}

/* SIRTP flushes with ESIRTPS, and otherwise not. */
static void test_esirtps(void)
{
    for (unsigned flushes = 0; flushes < 2; flushes++) {
        Vtd *v = vtd_start(flushes ? ",esirtps=on" : "", 1, false);
        g_assert_cmphex(vtd_readq(v, CAP) >> 62 & 1, ==, flushes);
        vtd_remap_on(v, 7, false);
        vtd_set_irte(v, 1, irte_for(OLD, 0, false));
        g_assert_false(is_fresh(v, 1));
        vtd_set_irte(v, 1, irte_for(NEW, 0, false));
        vtd_command(v, SIRTP, true);
        g_assert_cmpint(is_fresh(v, 1), ==, flushes);
        vtd_stop(v);
    }
}

/* With qi-latency a driver that does not wait sees the old world. */
static void test_latency(void)
{
    Vtd *v = vtd_start(",qi-latency=20000", 1, false);
    vtd_queue_on(v, 0, false);
    vtd_writeq(v, IRTA, AT_IRT | 7);
    vtd_command(v, SIRTP, true);
    vtd_command(v, IRE, true);
    vtd_set_irte(v, 1, irte_for(OLD, 0, false));
    g_assert_false(is_fresh(v, 1));
    vtd_set_irte(v, 1, irte_for(NEW, 0, false));
    vtd_submit(v, 4, 0);
    vtd_ring(v);
    g_assert_false(is_fresh(v, 1));
    qtest_clock_step(v->qts, 19999);
    g_assert_false(is_fresh(v, 1));
    g_assert_cmphex(vtd_readq(v, IQH), ==, 0);
    qtest_clock_step(v->qts, 1);
    g_assert_cmphex(vtd_readq(v, IQH), ==, 16);
    g_assert_true(is_fresh(v, 1));
    vtd_stop(v);
}

/* An entry rewritten in two 8-byte stores. */
static void test_torn(void)
{
    Vtd *v = vtd_start(",iec=off", 1, false);
    vtd_remap_on(v, 7, false);
    Pair first = irte_for(OLD, 0, false), second = irte_for(NEW, 0, false);
    first.high = IRTE_SVT_SID | SOURCE;
    second.high = IRTE_SVT_SID | (SOURCE + 1);
    vtd_set_irte(v, 1, first);
    qtest_writeq(v->qts, AT_IRT + 16, second.low);
    vtd_send_index(v, 1, SOURCE);
    g_assert_true(vtd_took(v, 0, NEW));
    qtest_writeq(v->qts, AT_IRT + 24, second.high);
    vtd_send_index(v, 1, SOURCE);
    vtd_expect_fault(v, 0x26, SOURCE, 1ull << 48);
    vtd_stop(v);
}

/* A machine that goes back uses the entry that it used then, stale or not. */
static void test_checkpoint(void)
{
    Vtd *v = vtd_start("", 1, false);
    vtd_set_irte(v, 3, irte_for(OLD, 0, false));
    vtd_remap_on(v, 7, false);
    g_assert_false(is_fresh(v, 3));
    vtd_set_irte(v, 3, irte_for(NEW, 0, false));
    g_free(qtest_hmp(v->qts, "checkpoint"));
    const Vtd then = *v;                         /* where its queue was */
    vtd_set_irte(v, 4, irte_for(OLD, 0, false)); /* this one comes into the cache later */
    g_assert_false(is_fresh(v, 4));
    vtd_flush_iec_index(v, 3, 0);
    g_assert_true(is_fresh(v, 3));
    g_free(qtest_hmp(v->qts, "restore"));
    *v = then;
    g_assert_false(is_fresh(v, 3));
    vtd_set_irte(v, 4, irte_for(NEW, 0, false));
    g_assert_true(is_fresh(v, 4));
    vtd_flush_iec(v);
    g_assert_true(is_fresh(v, 3));
    vtd_stop(v);
}

/* The trace of a stale entry has the index and both values. */
static void test_stale_trace(void)
{
    g_autofree char *path = g_strdup_printf("%s/vtd-trace-%d", g_get_tmp_dir(), getpid());
    g_autofree char *options = g_strdup_printf(" -d vtd -D %s", path);
    g_autofree char *text = NULL;
    Vtd *v = vtd_start(options, 1, false);
    Pair old = irte_for(OLD, 0, false), now = irte_for(NEW, 0, false);
    vtd_set_irte(v, 3, old);
    vtd_remap_on(v, 7, false);
    vtd_send_index(v, 3, SOURCE);
    vtd_set_irte(v, 3, now);
    vtd_send_index(v, 3, SOURCE);
    vtd_stop(v);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpint(unlink(path), ==, 0);
    g_autofree char *want = g_strdup_printf(" index=3 cached=%016x%016x memory=%016x%016x", 0,
                                            (unsigned)old.low, 0, (unsigned)now.low);
    g_assert_nonnull(strstr(text, want));
    g_assert_null(strstr(strstr(text, want) + 1, "vtd_iec_stale"));
    g_assert_nonnull(strstr(text, "vtd_iec_stale time="));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/cache/stale", test_stale);
    g_test_add_func("/vtd/cache/masks", test_masks);
    g_test_add_func("/vtd/cache/global", test_global);
    g_test_add_func("/vtd/cache/caching-mode", test_caching_mode);
    g_test_add_func("/vtd/cache/policies", test_policies);
    g_test_add_func("/vtd/cache/evicted", test_evicted);
    g_test_add_func("/vtd/cache/moved", test_moved);
    g_test_add_func("/vtd/cache/esirtps", test_esirtps);
    g_test_add_func("/vtd/cache/latency", test_latency);
    g_test_add_func("/vtd/cache/torn", test_torn);
    g_test_add_func("/vtd/cache/stale-trace", test_stale_trace);
    g_test_add_func("/vtd/cache/checkpoint", test_checkpoint);
    return g_test_run();
}
