/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watchdogs: how long they count, what locks them, and what follows. */
#include <linux/pci_regs.h>

#include "tests/qtest/libqtest.h"

#define DEVFN   (4 << 3)
#define MACHINE "-machine q35 -nodefaults -device i6300esb,addr=4 "
#define CONFIG  0x60
#define LOCK    0x68
#define RELOAD  0xc
#define TIMEOUT 0x200
/* 2^15 clocks of 30 ns. */
#define UNIT_NS 983040ll

static uint64_t watchdog_bar(QTest *qts)
{
    qtest_pci_config_write(qts, 0, DEVFN, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    return qtest_pci_config_read(qts, 0, DEVFN, PCI_BASE_ADDRESS_0, 4) & ~0xfull;
}

static void unlock(QTest *qts, uint64_t bar)
{
    qtest_writew(qts, bar + RELOAD, 0x80);
    qtest_writew(qts, bar + RELOAD, 0x86);
}

static void preload(QTest *qts, uint64_t bar, unsigned n, uint32_t units)
{
    unlock(qts, bar);
    qtest_writel(qts, bar + 4 * n, units);
}

static void feed(QTest *qts, uint64_t bar)
{
    unlock(qts, bar);
    qtest_writew(qts, bar + RELOAD, 0x100);
}

static void watchdog_start(QTest *qts, uint64_t bar, uint8_t lock)
{
    preload(qts, bar, 0, 100);
    preload(qts, bar, 1, 50);
    qtest_pci_config_write(qts, 0, DEVFN, LOCK, lock, 1);
}

static void expect_action(QTest *qts, const char *action)
{
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(qts, "WATCHDOG");
    JsonObject *data = json_object_get_object_member(event, "data");
    g_assert_cmpstr(json_object_get_string_member(data, "action"), ==, action);
}

static bool timed_out(QTest *qts, uint64_t bar)
{
    return qtest_readw(qts, bar + RELOAD) & TIMEOUT;
}

/* The first stage leaves a status, the second resets; fed in between, neither comes. */
static void test_stages(void)
{
    QTest *qts = qtest_init(MACHINE);
    uint64_t bar = watchdog_bar(qts);
    watchdog_start(qts, bar, 2);
    qtest_clock_step(qts, 99 * UNIT_NS);
    feed(qts, bar);
    qtest_clock_step(qts, 99 * UNIT_NS);
    g_assert_cmphex(qtest_readl(qts, bar + 8), ==, 0);
    qtest_clock_step(qts, UNIT_NS);
    g_assert_cmphex(qtest_readl(qts, bar + 8), ==, 1);
    qtest_writel(qts, bar + 8, 1);
    g_assert_cmphex(qtest_readl(qts, bar + 8), ==, 0);
    qtest_clock_step(qts, 50 * UNIT_NS - 1);
    g_assert_false(timed_out(qts, bar));
    qtest_clock_step(qts, 1);
    expect_action(qts, "reset");
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    g_assert_cmphex(qtest_pci_config_read(qts, 0, DEVFN, LOCK, 1), ==, 0);
    bar = watchdog_bar(qts);
    g_assert_true(timed_out(qts, bar)); /* so that the guest learns of it */
    unlock(qts, bar);
    qtest_writew(qts, bar + RELOAD, TIMEOUT);
    g_assert_false(timed_out(qts, bar));
    qtest_quit(qts);
}

/* A write counts only after both words, and once. */
static void test_unlock(void)
{
    QTest *qts = qtest_init(MACHINE "-watchdog-action none");
    uint64_t bar = watchdog_bar(qts);
    watchdog_start(qts, bar, 2);
    qtest_clock_step(qts, 99 * UNIT_NS);
    qtest_writew(qts, bar + RELOAD, 0x100);
    qtest_writew(qts, bar + RELOAD, 0x86);
    qtest_writew(qts, bar + RELOAD, 0x100);
    qtest_clock_step(qts, UNIT_NS);
    g_assert_cmphex(qtest_readl(qts, bar + 8), ==, 1);
    qtest_clock_step(qts, 50 * UNIT_NS);
    expect_action(qts, "none");
    g_assert_true(timed_out(qts, bar));
    unlock(qts, bar);
    qtest_writel(qts, bar, 1);
    qtest_writew(qts, bar + RELOAD, TIMEOUT);
    g_assert_true(timed_out(qts, bar));
    qtest_quit(qts);
}

/* Locked, it cannot be turned off; without output or off, nothing follows. */
static void test_lock(void)
{
    QTest *qts = qtest_init(MACHINE "-action watchdog=none");
    uint64_t bar = watchdog_bar(qts);
    watchdog_start(qts, bar, 2);
    qtest_pci_config_write(qts, 0, DEVFN, LOCK, 0, 1);
    qtest_clock_step(qts, 200 * UNIT_NS);
    g_assert_false(timed_out(qts, bar));
    watchdog_start(qts, bar, 3);
    qtest_pci_config_write(qts, 0, DEVFN, LOCK, 0, 1);
    g_assert_cmphex(qtest_pci_config_read(qts, 0, DEVFN, LOCK, 1), ==, 3);
    qtest_clock_step(qts, 150 * UNIT_NS);
    expect_action(qts, "none");
    qtest_quit(qts);
}

/* In units of 2^5 clocks, by the second stage alone, again and again. */
static void test_free_running(void)
{
    QTest *qts = qtest_init(MACHINE "-watchdog-action none");
    uint64_t bar = watchdog_bar(qts);
    qtest_pci_config_write(qts, 0, DEVFN, CONFIG, 4, 2);
    watchdog_start(qts, bar, 6);
    for (int i = 0; i < 3; i++) {
        qtest_clock_step(qts, 50 * 32 * 30);
        expect_action(qts, "none");
    }
    qtest_quit(qts);
}

static void set_action(QTest *qts, const char *action)
{
    g_autoptr(JsonObject) response =
        qtest_qmp(qts, "{'execute': 'watchdog-set-action', 'arguments': {'action': '%s'}}", action);
    g_assert_true(json_object_has_member(response, "return"));
}

static char *status_of(QTest *qts)
{
    g_autoptr(JsonObject) response = qtest_qmp(qts, "{'execute': 'query-status'}");
    JsonObject *data = json_object_get_object_member(response, "return");
    return g_strdup(json_object_get_string_member(data, "status"));
}

/* Each action; LINT1 is set to a vector that a test can see in place of an NMI. */
static void test_actions(void)
{
    QTest *qts = qtest_init(MACHINE);
    uint64_t bar = watchdog_bar(qts), base;
    qtest_pci_config_write(qts, 0, DEVFN, CONFIG, 4, 2);
    g_assert_true(qtest_msr_read(qts, 0, 0x1b, &base));
    g_assert_true(qtest_msr_write(qts, 0, 0x1b, base | 0xc00));
    g_assert_true(qtest_msr_write(qts, 0, 0x80f, 0x1ff));
    g_assert_true(qtest_msr_write(qts, 0, 0x836, 0x41));
    set_action(qts, "inject-nmi");
    watchdog_start(qts, bar, 6);
    g_assert_false(qtest_apic_irr(qts, 0, 0x41));
    qtest_clock_step(qts, 50 * 32 * 30);
    expect_action(qts, "inject-nmi");
    g_assert_true(qtest_apic_irr(qts, 0, 0x41));
    set_action(qts, "shutdown");
    qtest_clock_step(qts, 50 * 32 * 30);
    expect_action(qts, "shutdown");
    json_object_unref(qtest_qmp_wait_event(qts, "POWERDOWN"));
    set_action(qts, "pause");
    qtest_clock_step(qts, 50 * 32 * 30);
    expect_action(qts, "pause");
    g_autofree char *status = status_of(qts);
    g_assert_cmpstr(status, ==, "watchdog");
    qtest_quit(qts);
}

static void test_poweroff(void)
{
    QTest *qts = qtest_init(MACHINE "-watchdog-action poweroff");
    watchdog_start(qts, watchdog_bar(qts), 2);
    g_autofree char *answer = qtest_command(qts, "clock_step %lld", 150 * UNIT_NS);
    g_assert_cmpint(qtest_wait(qts), ==, 0);
}

static void test_refused(void)
{
    g_autofree char *err = NULL;
    g_assert_cmpint(qtest_run("-M q35 -watchdog-action resett -accel qtest", NULL, &err), ==, 1);
    g_assert_nonnull(strstr(err, "there is no action 'resett' (did you mean 'reset'?)"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/watchdog/stages", test_stages);
    g_test_add_func("/watchdog/unlock", test_unlock);
    g_test_add_func("/watchdog/lock", test_lock);
    g_test_add_func("/watchdog/free-running", test_free_running);
    g_test_add_func("/watchdog/actions", test_actions);
    g_test_add_func("/watchdog/poweroff", test_poweroff);
    g_test_add_func("/watchdog/refused", test_refused);
    return g_test_run();
}
