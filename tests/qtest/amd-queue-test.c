/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: command buffer and event log: every command and what makes it illegal, COMPLETION_WAIT's
 * store and interrupt, overflow, the unit's own interrupts by MSI and by the x2APIC register, and
 * latencies.
 */
#include <string.h>

#include "amd-lib.h"

#define VECTOR 0x71
#define INDEX  5u

/* Commands with a reserved bit, and those that are not offered. */
static void test_illegal(void)
{
    static const struct {
        uint64_t low, high;
    } rows[] = {
        {0, 0},
        {1ull << 60 | 1ull << 52, 0},
        {2ull << 60 | 1 << 16, 0},
        {2ull << 60, 1},
        {3ull << 60 | 1, 0},
        {3ull << 60, 4},
        {4ull << 60, 0},
        {5ull << 60 | 1ull << 59, 0},
        {6ull << 60, 0},
        {7ull << 60, 0},
        {8ull << 60 | 1, 0},
        {8ull << 60, 1},
        {9ull << 60, 0},
        {15ull << 60, 0},
    };
    Amd *a = amd_start("", 1, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        amd_on(a, 0);
        amd_wait(a);
        amd_command(a, rows[i].low, rows[i].high);
        /* The head stays on it, and the buffer does not run. */
        amd_expect_event(a, ILLEGAL_COMMAND_ERROR, 0, 0, AT_COMMANDS + 16);
        g_assert_cmphex(amd_read(a, CMD_HEAD), ==, 16);
        g_assert_cmphex(amd_read(a, AMD_STATUS) & CMD_RUN, ==, 0);
        amd_command(a, 1ull << 60 | AT_STORE | 1, 1);
        g_assert_cmphex(amd_read(a, CMD_HEAD), ==, 16);
        amd_set_control(a, 0, CMD_BUF_EN);
    }
    amd_on(a, 0);
    amd_wait(a);
    amd_stop(a);
}

static void test_unreadable(void)
{
    Amd *a = amd_start("", 1, false);
    amd_on(a, 0);
    amd_write(a, CMD_BUF, 0x40000000 | 8ull << 56);
    amd_write(a, CMD_TAIL, 16);
    amd_expect_event(a, COMMAND_HARDWARE_ERROR, 0, EV_ABORT, 0x40000000);
    g_assert_cmphex(amd_read(a, AMD_STATUS) & CMD_RUN, ==, 0);
    amd_stop(a);
}

/* All 256 places, twice around; and a store is 64 bits. */
static void test_ring(void)
{
    Amd *a = amd_start("", 1, false);
    amd_on(a, 0);
    qtest_writeq(a->qts, AT_STORE + 8, 0x1122334455667788);
    for (unsigned i = 0; i < 600; i++) {
        amd_wait(a);
    }
    g_assert_cmphex(qtest_readq(a->qts, AT_STORE + 8), ==, 0x1122334455667788);
    amd_stop(a);
}

/* Several at once, and none while it is off. */
static void test_off(void)
{
    Amd *a = amd_start("", 1, false);
    amd_write(a, CMD_BUF, AT_COMMANDS | 8ull << 56);
    amd_command(a, 1ull << 60 | AT_STORE | 1, 7);
    amd_command(a, 1ull << 60 | (AT_STORE + 8) | 1, 8);
    amd_set_control(a, CMD_BUF_EN, 0);
    g_assert_cmphex(amd_read(a, CMD_HEAD), ==, 0);
    amd_set_control(a, IOMMU_EN, 0);
    g_assert_cmphex(amd_read(a, CMD_HEAD), ==, 32);
    g_assert_cmphex(qtest_readq(a->qts, AT_STORE), ==, 7);
    g_assert_cmphex(qtest_readq(a->qts, AT_STORE + 8), ==, 8);
    amd_stop(a);
}

static uint32_t msi_capability(Amd *a)
{
    uint32_t cap = qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, 0x34, 1);
    while (qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, (uint8_t)cap, 1) != 0x05) {
        cap = qtest_pci_config_read(a->qts, 0, UNIT_FUNCTION, (uint8_t)(cap + 1), 1);
        g_assert_cmphex(cap, !=, 0);
    }
    return cap;
}

static void enable_msi(Amd *a, uint8_t vector)
{
    uint8_t cap = (uint8_t)msi_capability(a);
    qtest_pci_config_write(a->qts, 0, UNIT_FUNCTION, cap + 4, (uint32_t)WINDOW, 4);
    qtest_pci_config_write(a->qts, 0, UNIT_FUNCTION, cap + 8, 0, 4);
    qtest_pci_config_write(a->qts, 0, UNIT_FUNCTION, cap + 12, vector, 2);
    qtest_pci_config_write(a->qts, 0, UNIT_FUNCTION, cap + 2, 1, 2);
}

/* An event's interrupt: once until its status is cleared, and never remapped or aborted. */
static void test_event_msi(void)
{
    Amd *a = amd_start("", 1, false);
    enable_msi(a, VECTOR);
    amd_set_dte(a, UNIT_FUNCTION, 2, 1); /* would abort */
    amd_set_dte(a, SOURCE, 2, 1);
    amd_on(a, EVT_INT_EN);
    amd_send(a, WINDOW, 0x40, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_send(a, WINDOW, 0x40, SOURCE);
    g_assert_cmpint(qtest_apic_ack(a->qts, 0), ==, -1);
    amd_write(a, AMD_STATUS, EVT_INT);
    amd_send(a, WINDOW, 0x40, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR));
    /* Enabling it with the status set interrupts, too. */
    amd_set_control(a, 0, EVT_INT_EN);
    amd_set_control(a, EVT_INT_EN, 0);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_stop(a);
}

static void test_wait_interrupt(void)
{
    Amd *a = amd_start("", 1, false);
    enable_msi(a, VECTOR);
    amd_on(a, 0);
    amd_command(a, 1ull << 60 | 2, 0);
    g_assert_cmphex(amd_read(a, AMD_STATUS) & COMWAIT_INT, ==, COMWAIT_INT);
    g_assert_cmpint(qtest_apic_ack(a->qts, 0), ==, -1);
    amd_write(a, AMD_STATUS, COMWAIT_INT);
    amd_set_control(a, COMWAIT_INTEN, 0);
    amd_command(a, 1ull << 60 | 2, 0);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_stop(a);
}

/* IntCapXTEn: the register instead of the MSI, with an id of 32 bits. */
static void test_xt_interrupt(void)
{
    Amd *a = amd_start("", 2, true);
    enable_msi(a, VECTOR + 1);
    amd_set_dte(a, SOURCE, 2, 1);
    amd_on(a, EVT_INT_EN | INTCAPXT_EN);
    amd_write(a, XT_GENERAL, 1ull << 8 | (uint64_t)VECTOR << 32);
    amd_send(a, WINDOW, 0x40, SOURCE);
    g_assert_true(amd_took(a, 1, VECTOR));
    g_assert_cmpint(qtest_apic_ack(a->qts, 0), ==, -1);
    amd_write(a, XT_GENERAL, ~0ull);
    g_assert_cmphex(amd_read(a, XT_GENERAL), ==, 0xff0001ffffffff04);
    amd_stop(a);
}

/* 255 events fit; the next is lost, and nothing more is logged until the log is started again. */
static void test_overflow(void)
{
    Amd *a = amd_start("", 1, false);
    enable_msi(a, VECTOR);
    amd_set_dte(a, SOURCE, 2, 1);
    amd_on(a, EVT_INT_EN);
    for (unsigned i = 0; i < 255; i++) {
        amd_send(a, WINDOW, 0x40, SOURCE);
    }
    g_assert_cmphex(amd_read(a, AMD_STATUS) & EVT_OVERFLOW, ==, 0);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_write(a, AMD_STATUS, EVT_INT);
    amd_send(a, WINDOW, 0x40, SOURCE);
    g_assert_cmphex(amd_read(a, AMD_STATUS) & (EVT_OVERFLOW | EVT_RUN | EVT_INT), ==, EVT_OVERFLOW);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_write(a, EVT_HEAD, amd_read(a, EVT_TAIL));
    amd_write(a, AMD_STATUS, EVT_OVERFLOW);
    amd_send(a, WINDOW, 0x40, SOURCE);
    a->log_head = (uint32_t)amd_read(a, EVT_HEAD);
    amd_expect_no_event(a); /* it does not run */
    amd_set_control(a, 0, EVT_LOG_EN);
    amd_set_control(a, EVT_LOG_EN, 0);
    amd_send(a, WINDOW, 0x40, SOURCE);
    amd_expect_event(a, INVALID_DEVICE_REQUEST, SOURCE, EV_TYPE(5), amd_event_address(0x40));
    amd_stop(a);
}

/* Commands one after the other, events after a while. */
static void test_latency(void)
{
    Amd *a = amd_start(",command-latency=1000,event-latency=5000", 1, false);
    amd_set_dte(a, SOURCE, 2, 1);
    amd_on(a, 0);
    qtest_writeq(a->qts, AT_STORE, 0);
    amd_command(a, 1ull << 60 | AT_STORE | 1, 1);
    amd_command(a, 1ull << 60 | AT_STORE | 1, 2);
    g_assert_cmphex(qtest_readq(a->qts, AT_STORE), ==, 0);
    qtest_clock_step(a->qts, 1000);
    g_assert_cmphex(qtest_readq(a->qts, AT_STORE), ==, 1);
    qtest_clock_step(a->qts, 1000);
    g_assert_cmphex(qtest_readq(a->qts, AT_STORE), ==, 2);
    amd_send(a, WINDOW, 0x40, SOURCE);
    amd_send(a, WINDOW, 0x41, SOURCE);
    amd_expect_no_event(a);
    qtest_clock_step(a->qts, 5000);
    amd_expect_event(a, INVALID_DEVICE_REQUEST, SOURCE, EV_TYPE(5), amd_event_address(0x40));
    qtest_clock_step(a->qts, 5000);
    amd_expect_event(a, INVALID_DEVICE_REQUEST, SOURCE, EV_TYPE(5), amd_event_address(0x41));
    amd_stop(a);
}

/* A log or a store at the unit's own registers does not lead back into it. */
static void test_own_registers(void)
{
    Amd *a = amd_start("", 1, false);
    amd_set_dte(a, SOURCE, 2, 1);
    amd_on(a, 0);
    uint64_t table = amd_read(a, DEV_TAB);
    amd_command(a, 1ull << 60 | AMD_BASE | 1, 0x1234);
    g_assert_cmphex(amd_read(a, CMD_HEAD), ==, 16);
    amd_write(a, EVT_LOG, AMD_BASE | 8ull << 56);
    amd_send(a, WINDOW, 0x40, SOURCE);
    g_assert_cmphex(amd_read(a, EVT_TAIL), ==, 16);
    g_assert_cmphex(amd_read(a, DEV_TAB), ==, table);
    amd_stop(a);
}

static void test_reset(void)
{
    Amd *a = amd_start("", 1, false);
    amd_remap(a, SOURCE, 9);
    amd_on(a, GA_EN);
    amd_set_irte128(a, INDEX, 1, VECTOR);
    amd_send(a, WINDOW, INDEX, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_reset(a);
    g_assert_cmphex(amd_read(a, CONTROL), ==, 0);
    g_assert_cmphex(amd_read(a, AMD_STATUS), ==, 0);
    g_assert_cmphex(amd_read(a, CMD_TAIL), ==, 0);
    amd_send(a, WINDOW, VECTOR, SOURCE);
    g_assert_true(amd_took(a, 0, VECTOR));
    amd_on(a, 0);
    amd_wait(a);
    amd_stop(a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/amd-queue/illegal", test_illegal);
    g_test_add_func("/amd-queue/unreadable", test_unreadable);
    g_test_add_func("/amd-queue/ring", test_ring);
    g_test_add_func("/amd-queue/off", test_off);
    g_test_add_func("/amd-queue/event-msi", test_event_msi);
    g_test_add_func("/amd-queue/wait-interrupt", test_wait_interrupt);
    g_test_add_func("/amd-queue/xt-interrupt", test_xt_interrupt);
    g_test_add_func("/amd-queue/overflow", test_overflow);
    g_test_add_func("/amd-queue/latency", test_latency);
    g_test_add_func("/amd-queue/own-registers", test_own_registers);
    g_test_add_func("/amd-queue/reset", test_reset);
    return g_test_run();
}
