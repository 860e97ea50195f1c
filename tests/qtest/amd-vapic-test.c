/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: interrupts posted to guests' virtual APICs: the backing page's IRR, doorbell or log, the
 * log's ring, overflow and interrupt, and what is reserved.
 */
#include "amd-lib.h"

#define INDEX     5u
#define VECTOR    0x61
#define TAG       0x12345678u
#define AT_PAGE   0x600000ull
#define AT_GALOG  0x610000ull
#define AT_TAIL   0x620000ull
#define LENGTH    (8ull << 56) /* 512 entries */
#define ENTRIES   512u
#define GUEST     (1ull | 1ull << 7)
#define IS_RUN    (1ull << 6)
#define INTR      (1ull << 2) /* GALogIntr */
#define LOG_ENTRY (1ull << 60 | (uint64_t)SOURCE << 32 | TAG)

static Amd *start(uint64_t control)
{
    Amd *a = amd_start("", 2, true);
    amd_write(a, GA_LOG, AT_GALOG | LENGTH);
    amd_write(a, GA_LOG_TAIL_AT, AT_TAIL);
    amd_remap(a, SOURCE, 9);
    amd_on(a, GA_EN | XT_EN | GAM_EN | GA_LOG_EN | control);
    g_assert_cmphex(amd_read(a, AMD_STATUS) & GA_RUN, ==, GA_RUN);
    return a;
}

static void send(Amd *a, uint64_t bits, uint8_t vector)
{
    amd_set_irte128(a, INDEX, GUEST | bits | (uint64_t)TAG << 32, AT_PAGE | vector);
    amd_flush_interrupts(a, SOURCE);
    amd_send(a, WINDOW, INDEX, SOURCE);
}

static uint32_t irr(Amd *a, uint8_t vector)
{
    return qtest_readl(a->qts, AT_PAGE + 0x200 + vector / 32 * 16);
}

/* Every vector's place in the page; no local APIC is told. */
static void test_irr(void)
{
    Amd *a = start(0);
    for (unsigned vector = 0; vector < 256; vector++) {
        uint32_t before = irr(a, (uint8_t)vector);
        send(a, IS_RUN, (uint8_t)vector);
        g_assert_cmphex(irr(a, (uint8_t)vector), ==, before | 1u << vector % 32);
    }
    g_assert_cmpint(qtest_apic_ack(a->qts, 0), ==, -1);
    g_assert_cmphex(amd_read(a, GA_TAIL), ==, 0);
    amd_expect_no_event(a);
    amd_stop(a);
}

/* A guest that does not run is told of by the log, if the entry asks for that. */
static void test_log(void)
{
    Amd *a = start(0);
    send(a, 0, VECTOR);
    g_assert_cmphex(amd_read(a, GA_TAIL), ==, 0);
    send(a, IS_RUN | INTR, VECTOR);
    g_assert_cmphex(amd_read(a, GA_TAIL), ==, 0);
    send(a, INTR, VECTOR);
    g_assert_cmphex(amd_read(a, GA_TAIL), ==, 8);
    g_assert_cmphex(qtest_readq(a->qts, AT_GALOG), ==, LOG_ENTRY);
    g_assert_cmphex(qtest_readq(a->qts, AT_TAIL), ==, 8);
    g_assert_cmphex(amd_read(a, AMD_STATUS) & GA_INT, ==, GA_INT);
    amd_stop(a);
}

/* 511 entries fit. */
static void test_overflow(void)
{
    Amd *a = start(GA_INT_EN | INTCAPXT_EN);
    amd_write(a, XT_GA, 1ull << 8 | (uint64_t)0x71 << 32);
    for (unsigned i = 0; i < ENTRIES - 1; i++) {
        send(a, INTR, VECTOR);
    }
    g_assert_true(amd_took(a, 1, 0x71));
    g_assert_cmphex(amd_read(a, AMD_STATUS) & GA_OVERFLOW, ==, 0);
    amd_write(a, AMD_STATUS, GA_INT);
    send(a, INTR, VECTOR);
    g_assert_cmphex(amd_read(a, AMD_STATUS) & (GA_OVERFLOW | GA_RUN), ==, GA_OVERFLOW);
    g_assert_true(amd_took(a, 1, 0x71));
    amd_set_control(a, 0, GA_LOG_EN);
    amd_write(a, GA_HEAD, amd_read(a, GA_TAIL));
    amd_write(a, AMD_STATUS, GA_OVERFLOW);
    amd_set_control(a, GA_LOG_EN, 0);
    send(a, INTR, VECTOR); /* the last place; the tail goes around */
    g_assert_cmphex(amd_read(a, GA_TAIL), ==, 0);
    g_assert_cmphex(qtest_readq(a->qts, AT_GALOG + (ENTRIES - 1) * 8), ==, LOG_ENTRY);
    amd_stop(a);
}

static void test_refused(void)
{
    Amd *a = start(0);
    send(a, 1 << 3, VECTOR);
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, EV_I | EV_PR | EV_RZ, amd_event_address(INDEX));
    amd_set_irte128(a, INDEX, GUEST, 0x40000000 | VECTOR);
    amd_flush_interrupts(a, SOURCE);
    amd_send(a, WINDOW, INDEX, SOURCE);
    amd_expect_event(a, PAGE_TAB_HARDWARE_ERROR, SOURCE, EV_I | EV_ABORT, amd_event_address(INDEX));
    amd_set_control(a, 0, GAM_EN); /* there is no guest mode */
    send(a, 0, VECTOR);
    amd_expect_event(a, IO_PAGE_FAULT, SOURCE, EV_I | EV_PR | EV_RZ, amd_event_address(INDEX));
    amd_stop(a);
}

static void test_without(void)
{
    Amd *a = amd_start(",vapic=off", 1, false);
    g_assert_cmphex(amd_read(a, EFR) >> 21 & 7, ==, 0);
    amd_set_control(a, GAM_EN | GA_LOG_EN | GA_INT_EN, 0);
    g_assert_cmphex(amd_read(a, CONTROL), ==, 0);
    amd_write(a, GA_LOG, ~0ull);
    g_assert_cmphex(amd_read(a, GA_LOG), ==, 0);
    amd_stop(a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/amd-vapic/irr", test_irr);
    g_test_add_func("/amd-vapic/log", test_log);
    g_test_add_func("/amd-vapic/overflow", test_overflow);
    g_test_add_func("/amd-vapic/refused", test_refused);
    g_test_add_func("/amd-vapic/without", test_without);
    return g_test_run();
}
