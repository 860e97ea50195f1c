/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d invalidation queue: every descriptor type, waits, wrap-around, each cause of
 * a queue error and its mending, device-TLB time-outs, the queue beside the guest (qi-latency).
 */
#include "vtd-lib.h"

#define WAIT_STATUS(token_) ((uint64_t)(token_) << 32 | 0x25)
#define MS                  1000000

enum { TAIL = 1, FETCH, TYPE, RESERVED, WIDTH };

static void expect_queue_error(Vtd *v, unsigned cause, uint64_t head)
{
    g_assert_cmphex(vtd_readl(v, FSTS) & FSTS_IQE, ==, FSTS_IQE);
    g_assert_cmphex(vtd_readq(v, IQERCD) & 0xf, ==, cause);
    g_assert_cmphex(vtd_readq(v, IQH), ==, head);
}

static void test_types(void)
{
    static const Pair good[] = {
        {0x11, 0},
        {0x21 | 5ull << 16, 0},
        {0x31 | 5ull << 16 | 0x123ull << 32 | 3ull << 48, 0},
        {0x12, 0},
        {0xe2 | 7ull << 16, 0},
        {0x32 | 7ull << 16, 0x1234000 | 0x40 | 18},
        /* Masks count where addresses and indexes do, and nowhere else. */
        {0x12, 63},
        {0x22 | 7ull << 16, 63},
        {0x4, 0},
        {0x4 | 31ull << 27, 0},
        {0x14 | 15ull << 27 | 0xffffull << 32, 0},
        {0x45, 0},
        {0x5, 0},
    };
    Vtd *v = vtd_start("", 1, false);
    vtd_queue_on(v, 0, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
        vtd_submit(v, good[i].low, good[i].high);
        vtd_wait(v);
    }
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

static void test_wrap(void)
{
    for (unsigned size = 0; size < 3; size++) {
        Vtd *v = vtd_start("", 1, false);
        vtd_queue_on(v, size, false);
        for (unsigned round = 0; round < 3; round++) {
            for (unsigned i = 0; i < (200u << size); i++) {
                vtd_submit(v, 4, 0);
            }
            vtd_wait(v);
        }
        vtd_stop(v);
    }
}

typedef struct {
    const char *what;
    Pair bad;
    unsigned cause;
} Bad;

/* A bad descriptor stops the queue with the head on it, until it is mended and IQE cleared. */
static void test_bad(void)
{
    static const Bad rows[] = {
        {"type 0", {0, 0}, TYPE},
        {"type 3 without DT", {3 | 8ull << 32, 0}, TYPE},
        {"type 6", {6, 0}, TYPE},
        {"type 7", {7, 0}, TYPE},
        {"type 8", {8, 0}, TYPE},
        {"type 9", {9, 0}, TYPE},
        {"type 15", {15, 0}, TYPE},
        {"type bits 11:9", {4 | 1u << 9, 0}, TYPE},
        {"context granularity 0", {1, 0}, RESERVED},
        {"context bit 6", {0x51, 0}, RESERVED},
        {"context bit 50", {0x11 | 1ull << 50, 0}, RESERVED},
        {"context upper", {0x11, 1}, RESERVED},
        {"iotlb granularity 0", {2, 0}, RESERVED},
        {"iotlb bit 32", {0x12 | 1ull << 32, 0}, RESERVED},
        {"iotlb upper bit 7", {0x32, 0x80}, RESERVED},
        {"iotlb mask", {0x32, 19}, RESERVED},
        {"iec bit 5", {0x24, 0}, RESERVED},
        {"iec bit 48", {0x14 | 1ull << 48, 0}, RESERVED},
        {"iec upper", {4, 1ull << 63}, RESERVED},
        {"iec mask", {0x14 | 16ull << 27, 0}, RESERVED},
        {"wait bit 8", {0x105, 0}, RESERVED},
        {"wait bit 12", {0x1005, 0}, RESERVED},
        {"wait drain without PDS", {0x85, 0}, RESERVED},
        {"wait address", {0x25, AT_STATUS | 1}, RESERVED},
    };
    Vtd *v = vtd_start("", 1, false);
    vtd_queue_on(v, 0, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].what);
        qtest_writel(v->qts, AT_STATUS, 0);
        vtd_submit(v, 4, 0);
        uint32_t at = v->tail;
        vtd_submit(v, rows[i].bad.low, rows[i].bad.high);
        vtd_submit(v, WAIT_STATUS(0x77), AT_STATUS);
        vtd_ring(v);
        expect_queue_error(v, rows[i].cause, at);
        g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 0);
        /* Cleared but not mended: it stops again. */
        vtd_writel(v, FSTS, FSTS_IQE);
        expect_queue_error(v, rows[i].cause, at);
        Pair mended = {4, 0};
        qtest_memwrite(v->qts, AT_QUEUE + at, &mended, sizeof(mended));
        g_assert_cmphex(vtd_readq(v, IQH), ==, at);
        vtd_writel(v, FSTS, FSTS_IQE);
        g_assert_cmphex(vtd_readl(v, FSTS), ==, 0);
        g_assert_cmphex(vtd_readq(v, IQERCD), ==, 0);
        g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 0x77);
        g_assert_cmphex(vtd_readq(v, IQH), ==, v->tail);
    }
    vtd_stop(v);
}

/* 256-bit descriptors are scalable mode's (11.4.9.3): the queue stops before the first. */
static void test_wide(void)
{
    Vtd *v = vtd_start("", 1, false);
    vtd_queue_on(v, 0, true);
    vtd_expect_no_fault(v);
    vtd_submit(v, WAIT_STATUS(5), AT_STATUS);
    vtd_submit(v, 0, 0);
    vtd_ring(v);
    expect_queue_error(v, WIDTH, 0);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 0);
    /* It is mended by giving the queue another width. */
    vtd_command(v, QIE, false);
    vtd_queue_on(v, 0, false);
    vtd_writel(v, FSTS, FSTS_IQE);
    vtd_wait(v);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* The tail outside the queue, the queue outside memory. */
static void test_places(void)
{
    Vtd *v = vtd_start("", 1, false);
    vtd_queue_on(v, 0, false);
    vtd_writeq(v, IQT, 4096);
    expect_queue_error(v, TAIL, 0);
    vtd_writeq(v, IQT, 0);
    vtd_writel(v, FSTS, FSTS_IQE);
    vtd_expect_no_fault(v);
    vtd_command(v, QIE, false);
    vtd_writeq(v, IQA, 0x300000000000);
    vtd_command(v, QIE, true);
    vtd_writeq(v, IQT, 16);
    expect_queue_error(v, FETCH, 0);
    vtd_stop(v);
}

/* Disabled half-way, a queue drops what it has not taken. */
static void test_disable(void)
{
    Vtd *v = vtd_start(",qi-latency=1000", 1, false);
    vtd_queue_on(v, 0, false);
    for (unsigned i = 0; i < 4; i++) {
        vtd_submit(v, WAIT_STATUS(i + 1), AT_STATUS);
    }
    vtd_ring(v);
    qtest_clock_step(v->qts, 2500);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 2);
    vtd_command(v, QIE, false);
    g_assert_cmphex(vtd_readq(v, IQH), ==, 0);
    qtest_clock_step(v->qts, MS);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 2);
    vtd_queue_on(v, 0, false);
    vtd_submit(v, WAIT_STATUS(9), AT_STATUS);
    vtd_ring(v);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 2);
    qtest_clock_step(v->qts, 1000);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 9);
    vtd_stop(v);
}

/* The invalidation event: masked, pending, and only for a new condition. */
static void test_wait_interrupt(void)
{
    Vtd *v = vtd_start("", 1, false);
    vtd_queue_on(v, 0, false);
    g_assert_cmphex(vtd_readl(v, IECTL), ==, EVENT_IM);
    vtd_writel(v, IEDATA, 0x51);
    vtd_writel(v, IEADDR, 0xfee00000);
    vtd_submit(v, 0x15, 0);
    vtd_ring(v);
    g_assert_cmphex(vtd_readl(v, IECTL), ==, EVENT_IM | EVENT_IP);
    g_assert_cmphex(vtd_readl(v, ICS), ==, 1);
    g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
    vtd_writel(v, IECTL, 0);
    g_assert_cmphex(vtd_readl(v, IECTL), ==, 0);
    g_assert_true(vtd_took(v, 0, 0x51));
    /* IWC is still set: not a new condition. */
    vtd_submit(v, 0x15, 0);
    vtd_ring(v);
    g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
    vtd_writel(v, ICS, 1);
    g_assert_cmphex(vtd_readl(v, ICS), ==, 0);
    vtd_submit(v, 0x15, 0);
    vtd_ring(v);
    g_assert_true(vtd_took(v, 0, 0x51));
    /* Pending, then dealt with by polling: nothing is sent any more. */
    vtd_writel(v, ICS, 1);
    vtd_writel(v, IECTL, EVENT_IM);
    vtd_submit(v, 0x15, 0);
    vtd_ring(v);
    vtd_writel(v, ICS, 1);
    g_assert_cmphex(vtd_readl(v, IECTL), ==, EVENT_IM);
    vtd_writel(v, IECTL, 0);
    g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
    vtd_stop(v);
}

/* A device that does not answer: ITE, and the wait behind it is aborted. */
static void test_device_tlb(void)
{
    Vtd *v = vtd_start(",device-iotlb=on", 1, false);
    vtd_queue_on(v, 0, false);
    qtest_writel(v->qts, AT_STATUS, 0);
    vtd_submit(v, 3 | 0x123ull << 32, 0x1000);
    vtd_submit(v, WAIT_STATUS(5), AT_STATUS);
    vtd_submit(v, WAIT_STATUS(6), AT_STATUS);
    vtd_ring(v);
    g_assert_cmphex(vtd_readq(v, IQH), ==, 32);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 0);
    qtest_clock_step(v->qts, 2 * MS);
    g_assert_cmphex(vtd_readl(v, FSTS), ==, FSTS_ITE);
    g_assert_cmphex(vtd_readq(v, IQERCD) >> 32 & 0xffff, ==, 0x123);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 0);
    /* ITE stops the queue, whatever is put into it. */
    vtd_submit(v, WAIT_STATUS(6), AT_STATUS);
    vtd_ring(v);
    g_assert_cmphex(vtd_readq(v, IQH), ==, 32);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 0);
    vtd_writel(v, FSTS, FSTS_ITE);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 6);
    vtd_submit(v, 0xa5 | 7ull << 32, AT_STATUS);
    vtd_ring(v);
    g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 7);
    vtd_expect_no_fault(v);
    vtd_stop(v);
}

/* Status addresses that are the unit's own registers, and interrupts: dropped, whatever the queue's
 * pace. */
static void test_status_elsewhere(void)
{
    static const Pair waits[] = {{WAIT_STATUS(0x80), VTD_BASE + IQT},
                                 {WAIT_STATUS(0), VTD_BASE + GCMD},
                                 {WAIT_STATUS(0x41), 0xfee00000},
                                 {WAIT_STATUS(9), AT_STATUS}};
    static const char *const props[] = {"", ",qi-latency=1000"};
    for (unsigned i = 0; i < 2; i++) {
        Vtd *v = vtd_start(props[i], 1, false);
        vtd_queue_on(v, 0, false);
        for (unsigned n = 0; n < G_N_ELEMENTS(waits); n++) {
            vtd_submit(v, waits[n].low, waits[n].high);
        }
        vtd_ring(v);
        qtest_clock_step(v->qts, 10000);
        g_assert_cmphex(vtd_readq(v, IQT), ==, v->tail);
        g_assert_cmphex(vtd_readq(v, IQH), ==, v->tail);
        g_assert_cmphex(vtd_readl(v, GSTS), ==, QIE);
        g_assert_cmpint(qtest_apic_ack(v->qts, 0), ==, -1);
        g_assert_cmphex(qtest_readl(v->qts, AT_STATUS), ==, 9);
        vtd_stop(v);
    }
}

/* What the unit does not offer is an unknown type. */
static void test_not_offered(void)
{
    Vtd *v = vtd_start(",intremap=off", 1, false);
    vtd_queue_on(v, 0, false);
    vtd_submit(v, 4, 0);
    vtd_ring(v);
    expect_queue_error(v, TYPE, 0);
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/queue/types", test_types);
    g_test_add_func("/vtd/queue/wrap", test_wrap);
    g_test_add_func("/vtd/queue/bad", test_bad);
    g_test_add_func("/vtd/queue/not-offered", test_not_offered);
    g_test_add_func("/vtd/queue/wide", test_wide);
    g_test_add_func("/vtd/queue/places", test_places);
    g_test_add_func("/vtd/queue/disable", test_disable);
    g_test_add_func("/vtd/queue/wait-interrupt", test_wait_interrupt);
    g_test_add_func("/vtd/queue/device-tlb", test_device_tlb);
    g_test_add_func("/vtd/queue/status-elsewhere", test_status_elsewhere);
    return g_test_run();
}
