/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d faults and events: recording in 1 to 256 records, order, FRI, overflow, compression per
 * source, the fault event with its mask and pending bit, 64-bit event addresses, events to NMI.
 */
#include "vtd-lib.h"

#define FAULT_VECTOR 0x45

static void provoke(Vtd *v, uint16_t rid)
{
    vtd_send(v, 0xfee00000, 0x30, rid);
}

/* From 1 to 256 records, and one fault more. */
static void test_records(void)
{
    static const unsigned counts[] = {1, 2, 8, 222, 223, 256};
    for (unsigned c = 0; c < G_N_ELEMENTS(counts); c++) {
        g_autofree char *props = g_strdup_printf(",fault-records=%u", counts[c]);
        Vtd *v = vtd_start(props, 1, false);
        unsigned n = counts[c];
        g_assert_cmpuint((vtd_readq(v, CAP) >> 40 & 0xff) + 1, ==, n);
        vtd_remap_on(v, 7, false);
        for (unsigned i = 0; i < n; i++) {
            provoke(v, (uint16_t)(0x200 + i));
            g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_PPF);
        }
        provoke(v, 0x1000);
        g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_PPF | FSTS_PFO);
        for (unsigned i = 0; i < n; i++) {
            Fault f = vtd_take_fault(v, i);
            g_assert_cmphex(f.sid, ==, 0x200 + i);
            g_assert_cmphex(f.reason, ==, 0x25);
            g_assert_cmpint(f.type, ==, 0);
        }
        g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_PFO);
        /* Nothing is recorded until the overflow is cleared. */
        provoke(v, 0x1001);
        g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_PFO);
        vtd_writel(v, FSTS, FSTS_PFO);
        vtd_expect_no_fault(v);
        provoke(v, 0x1002);
        g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_PPF);
        vtd_expect_fault(v, 0x25, 0x1002, 0);
        vtd_stop(v);
    }
}

/* Records are used in a circle, and FRI keeps the first one pending. */
static void test_circle(void)
{
    Vtd *v = vtd_start(",fault-records=4", 1, false);
    vtd_remap_on(v, 7, false);
    for (unsigned i = 0; i < 10; i++) {
        provoke(v, (uint16_t)(0x300 + i));
        provoke(v, (uint16_t)(0x400 + i));
        g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_PPF | (i * 2 % 4) << 8);
        Fault first = vtd_take_fault(v, i * 2 % 4);
        g_assert_cmphex(first.sid, ==, 0x300 + i);
        g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_PPF | (i * 2 % 4) << 8);
        Fault second = vtd_take_fault(v, (i * 2 + 1) % 4);
        g_assert_cmphex(second.sid, ==, 0x400 + i);
        vtd_expect_no_fault(v);
    }
    vtd_stop(v);
}

/* A source has one record at a time. */
static void test_compression(void)
{
    Vtd *v = vtd_start(",fault-records=4", 1, false);
    vtd_remap_on(v, 7, false);
    for (unsigned i = 0; i < 20; i++) {
        provoke(v, 0x111);
        provoke(v, 0x222);
    }
    g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_PPF);
    g_assert_cmphex(vtd_take_fault(v, 0).sid, ==, 0x111);
    g_assert_cmphex(vtd_take_fault(v, 1).sid, ==, 0x222);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* The fault event: masked, pending, and only for a new condition. */
static void test_event(void)
{
    Vtd *v = vtd_start(",fault-records=4", 1, false);
    vtd_remap_on(v, 7, false);
    vtd_writel(v, FEDATA, FAULT_VECTOR);
    vtd_writel(v, FEADDR, 0xfee00000);
    g_assert_cmphex(vtd_readl(v, FECTL), ==, EVENT_IM);
    provoke(v, 1);
    g_assert_cmphex(vtd_readl(v, FECTL), ==, EVENT_IM | EVENT_IP);
    g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
    vtd_writel(v, FECTL, 0);
    g_assert_true(vtd_took(v, 0, FAULT_VECTOR));
    g_assert_cmphex(vtd_readl(v, FECTL), ==, 0);
    provoke(v, 2);
    g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
    vtd_take_fault(v, 0);
    vtd_take_fault(v, 1);
    vtd_expect_no_fault(v);
    provoke(v, 3);
    g_assert_true(vtd_took(v, 0, FAULT_VECTOR));
    vtd_take_fault(v, 2);
    /* Pending under the mask, then dealt with by polling. */
    vtd_writel(v, FECTL, EVENT_IM);
    provoke(v, 4);
    g_assert_cmphex(vtd_readl(v, FECTL), ==, EVENT_IM | EVENT_IP);
    vtd_take_fault(v, 3);
    g_assert_cmphex(vtd_readl(v, FECTL), ==, EVENT_IM);
    vtd_writel(v, FECTL, 0);
    g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
    vtd_stop(v);
}

/* An event register that leads elsewhere sends nothing, to an APIC or into memory. */
static void test_event_elsewhere(void)
{
    Vtd *v = vtd_start("", 1, false);
    vtd_remap_on(v, 7, false);
    vtd_writel(v, FEDATA, FAULT_VECTOR);
    vtd_writel(v, FEADDR, AT_DATA);
    vtd_writel(v, FECTL, 0);
    provoke(v, 1);
    g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_PPF);
    g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
    g_assert_cmphex(qtest_readl(v->qts, AT_DATA), ==, 0);
    vtd_stop(v);
}

static void test_queue_event(void)
{
    Vtd *v = vtd_start("", 1, false);
    vtd_writel(v, FEDATA, FAULT_VECTOR);
    vtd_writel(v, FEADDR, 0xfee00000);
    vtd_writel(v, FECTL, 0);
    vtd_queue_on(v, 0, false);
    vtd_submit(v, 0xf, 0);
    vtd_ring(v);
    g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_IQE);
    g_assert_true(vtd_took(v, 0, FAULT_VECTOR));
    vtd_stop(v);
}

/* Events reach ids above 255, and are not remapped. */
static void test_upper_address(void)
{
    Vtd *v = vtd_start("", 288, true);
    vtd_remap_on(v, 7, true);
    vtd_writel(v, FEDATA, FAULT_VECTOR);
    vtd_writel(v, FEADDR, 0xfee00000 | (287 & 0xff) << 12);
    vtd_writel(v, FEUADDR, 287 & ~0xffu);
    vtd_writel(v, FECTL, 0);
    provoke(v, 1);
    g_assert_true(vtd_took(v, 287, FAULT_VECTOR));
    vtd_writel(v, IEDATA, FAULT_VECTOR + 1);
    vtd_writel(v, IEADDR, 0xfee00000);
    vtd_writel(v, IEUADDR, 256);
    vtd_writel(v, IECTL, 0);
    vtd_submit(v, 0x15, 0);
    vtd_ring(v);
    g_assert_true(vtd_took(v, 256, FAULT_VECTOR + 1));
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/fault/records", test_records);
    g_test_add_func("/vtd/fault/circle", test_circle);
    g_test_add_func("/vtd/fault/compression", test_compression);
    g_test_add_func("/vtd/fault/event", test_event);
    g_test_add_func("/vtd/fault/event-elsewhere", test_event_elsewhere);
    g_test_add_func("/vtd/fault/queue-event", test_queue_event);
    g_test_add_func("/vtd/fault/upper-address", test_upper_address);
    return g_test_run();
}
