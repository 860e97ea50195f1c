/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d and a reset of the machine: nothing of before comes back. Registers and faults, the latched
 * tables, all caches, the queue with what it was waiting for, commands under way.
 */
#include "vtd-lib.h"

#define SOURCE 0x10
#define MS     1000000

static void provoke(Vtd *v, uint16_t rid)
{
    vtd_send(v, 0xfee00000, 0x30, rid);
}

static void test_registers(void)
{
    Vtd *v = vtd_start(",fault-records=4", 1, false);
    vtd_remap_on(v, 7, false);
    vtd_writel(v, FECTL, 0);
    vtd_writel(v, IECTL, 0);
    provoke(v, 1);
    vtd_reset(v);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, 0);
    g_assert_cmphex(vtd_readl(v, FSTS), ==, 0);
    g_assert_cmphex(vtd_readl(v, FECTL), ==, EVENT_IM);
    g_assert_cmphex(vtd_readl(v, IECTL), ==, EVENT_IM);
    g_assert_cmphex(vtd_readq(v, v->frcd + 8), ==, 0);
    g_assert_cmphex(vtd_readq(v, IRTA), ==, 0);
    g_assert_cmphex(vtd_readq(v, IQA), ==, 0);
    vtd_stop(v);
}

/* The first fault goes to record 0 again. */
static void test_first_record(void)
{
    Vtd *v = vtd_start(",fault-records=4", 1, false);
    vtd_remap_on(v, 7, false);
    for (unsigned i = 1; i < 4; i++) {
        provoke(v, (uint16_t)i);
    }
    vtd_reset(v);
    vtd_remap_on(v, 7, false);
    provoke(v, 9);
    g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_PPF);
    g_assert_cmphex(vtd_take_fault(v, 0).sid, ==, 9);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* Size and mode of the interrupt table: two entries at 0, in xAPIC mode, until the next SIRTP. */
static void test_interrupt_table(void)
{
    Vtd *v = vtd_start("", 1, true);
    Pair irte = irte_for(0x61, 0, false);
    vtd_remap_on(v, 7, true);
    vtd_reset(v);
    qtest_memwrite(v->qts, 0x10, &irte, sizeof(irte));
    vtd_command(v, IRE, true);
    vtd_send_index(v, 2, SOURCE);
    vtd_expect_fault(v, 0x21, SOURCE, 2ull << 48);
    vtd_send_index(v, 1, SOURCE);
    vtd_expect_no_fault(v);
    g_assert_true(vtd_took(v, 0, 0x61));
    vtd_command(v, CFI, true);
    provoke(v, SOURCE);
    vtd_expect_no_fault(v);
    g_assert_true(vtd_took(v, 0, 0x30));
    vtd_stop(v);
}

static void test_root_table(void)
{
    Vtd *v = vtd_start_dma("");
    uint64_t word;
    vtd_set_context(v, SID, vtd_ss_context(0, 3, 1));
    vtd_map(v, AT_SS, 3, 1, 0x5000, AT_DATA | SS_RW);
    qtest_memset(v->qts, 0, 0, 0x1000);
    vtd_reset(v);
    vtd_command(v, TE, true);
    g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 2);
    vtd_expect_fault(v, 1, SID, 0x5000);
    vtd_stop(v);
}

static void test_caches(void)
{
    Vtd *v = vtd_start(",esrtps=off,esirtps=off", 1, false);
    uint64_t word;
    for (unsigned round = 0; round < 3; round++) {
        /* Each round has another translation, context and interrupt entry in the same places. */
        uint64_t data = AT_DATA + round * 0x1000, tables = AT_SS + (round > 1 ? 0x3000 : 0);
        uint8_t vector = (uint8_t)(0x40 + round);
        vtd_set_irte(v, 1, irte_for(vector, 0, false));
        vtd_writeq(v, IRTA, AT_IRT | 7);
        vtd_command(v, SIRTP, true);
        vtd_command(v, IRE, true);
        vtd_set_context(v, SID, vtd_context(0, tables, 3, 1));
        vtd_map(v, tables, 3, 1, 0x5000, data | SS_RW);
        qtest_writeq(v->qts, data, 100 + round);
        vtd_set_root(v, AT_ROOT);
        vtd_command(v, TE, true);
        vtd_send_index(v, 1, SOURCE);
        g_assert_true(vtd_took(v, 0, vector));
        g_assert_cmphex(vtd_read(v, 0x5000, &word), ==, 0);
        g_assert_cmphex(word, ==, 100 + round);
        vtd_reset(v);
    }
    vtd_stop(v);
}

/* A descriptor that takes its time, and a device that does not answer, are forgotten. */
static void test_queue(void)
{
    static const char *const props[] = {",qi-latency=1000", ",device-iotlb=on"};
    for (unsigned i = 0; i < G_N_ELEMENTS(props); i++) {
        Vtd *v = vtd_start(props[i], 1, false);
        vtd_queue_on(v, 0, false);
        qtest_writel(v->qts, AT_STATUS, 0);
        vtd_submit(v, i ? 3 | 0x123ull << 32 : 4, 0);
        vtd_submit(v, 5ull << 32 | 0x25, AT_STATUS);
        vtd_ring(v);
        vtd_reset(v);
        vtd_queue_on(v, 0, false);
        vtd_submit(v, 6ull << 32 | 0x25, AT_STATUS);
        vtd_ring(v);
        g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, i ? 6 : 0);
        qtest_clock_step(v->qts, 2 * MS);
        g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 6);
        g_assert_cmphex(vtd_readq(v, IQH), ==, 16);
        vtd_expect_no_fault(v);
        vtd_stop(v);
    }
}

static void test_command(void)
{
    Vtd *v = vtd_start(",gcmd-latency=1000", 1, false);
    vtd_writel(v, GCMD, QIE);
    vtd_reset(v);
    qtest_clock_step(v->qts, 2000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, 0);
    /* And the next one is not taken for one that comes too early. */
    vtd_writel(v, GCMD, SIRTP);
    vtd_reset(v);
    vtd_writel(v, GCMD, QIE);
    qtest_clock_step(v->qts, 1000);
    g_assert_cmphex(vtd_readl(v, GSTS), ==, QIE);
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/reset/registers", test_registers);
    g_test_add_func("/vtd/reset/first-record", test_first_record);
    g_test_add_func("/vtd/reset/interrupt-table", test_interrupt_table);
    g_test_add_func("/vtd/reset/root-table", test_root_table);
    g_test_add_func("/vtd/reset/caches", test_caches);
    g_test_add_func("/vtd/reset/queue", test_queue);
    g_test_add_func("/vtd/reset/command", test_command);
    return g_test_run();
}
