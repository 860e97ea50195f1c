/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power management: the PM timer, PM1 status and enable, the RTC's alarm, and sleep (S3). */
#include <string.h>

#include "libqtest.h"
#include "tests/include/hpet.h"
#include "tests/include/ioapic.h"
#include "tests/include/pci.h"
#include "tests/include/pm.h"

#define TIMER_HZ ((long long)PM_TIMER_HZ)
#define HALF_NS  ((int64_t)((1ll << 23) * 1000000000ll / TIMER_HZ + 1)) /* 2.34 s */

enum { SLEEP_S3 = 5 << 10 | 1 << 13 };

static uint16_t status(QTest *qts)
{
    return qtest_inw(qts, PM1_STS);
}

static void test_timer(void)
{
    QTest *qts = qtest_init("");
    uint32_t before = qtest_inl(qts, PM_TIMER);

    qtest_clock_step(qts, 1000000000);
    g_assert_cmpuint(qtest_inl(qts, PM_TIMER) - before, ==, TIMER_HZ);
    for (int i = 0; i < 5; i++) {
        qtest_clock_step(qts, HALF_NS);
        g_assert_cmphex(qtest_inl(qts, PM_TIMER), <, 1 << 24);
    }
    g_assert_cmphex(qtest_inw(qts, PM_TIMER), ==, qtest_inl(qts, PM_TIMER) & 0xffff);
    qtest_quit(qts);
}

/* TMR_STS is set whenever bit 23 changes, enabled or not, and once however often it did unseen. */
static void test_timer_status(void)
{
    QTest *qts = qtest_init("");

    g_assert_cmphex(status(qts) & PM1_TMR, ==, 0);
    for (int i = 1; i <= 4; i++) {
        qtest_clock_set(qts, i * HALF_NS - 1000);
        g_assert_cmphex(qtest_inl(qts, PM_TIMER) >> 23, ==, (i - 1) & 1);
        g_assert_cmphex(status(qts) & PM1_TMR, ==, 0);
        qtest_clock_set(qts, i * HALF_NS + 1000);
        g_assert_cmphex(qtest_inl(qts, PM_TIMER) >> 23, ==, i & 1);
        g_assert_cmphex(status(qts) & PM1_TMR, ==, PM1_TMR);
        qtest_outw(qts, PM1_STS, (uint16_t)~PM1_TMR);
        g_assert_cmphex(status(qts) & PM1_TMR, ==, PM1_TMR);
        qtest_outb(qts, PM1_STS, PM1_TMR);
        g_assert_cmphex(status(qts) & PM1_TMR, ==, 0);
    }
    qtest_clock_step(qts, 7 * HALF_NS);
    qtest_outw(qts, PM1_STS, PM1_TMR);
    g_assert_cmphex(status(qts) & PM1_TMR, ==, 0);
    qtest_quit(qts);
}

static void test_timer_sci(void)
{
    QTest *qts = qtest_init("");

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_outw(qts, PM1_EN, PM1_TMR);
    for (unsigned i = 1; i <= 4; i++) {
        qtest_clock_set(qts, i * HALF_NS - 1000);
        g_assert_false(qtest_get_irq(qts, SCI));
        qtest_clock_set(qts, i * HALF_NS + 1000);
        g_assert_true(qtest_get_irq(qts, SCI));
        qtest_outw(qts, PM1_STS, PM1_TMR);
        g_assert_cmpuint(qtest_get_irq_raised(qts, SCI), ==, i);
    }
    qtest_outw(qts, PM1_EN, 0);
    qtest_clock_step(qts, HALF_NS);
    g_assert_false(qtest_get_irq(qts, SCI));
    qtest_outw(qts, PM1_EN, PM1_TMR); /* what has happened counts when it is enabled */
    g_assert_true(qtest_get_irq(qts, SCI));
    qtest_quit(qts);
}

static void test_enables(void)
{
    QTest *qts = qtest_init("");

    qtest_outw(qts, PM1_EN, 0xffff);
    g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, PM1_TMR | PM1_GBL | PM1_PWRBTN | PM1_RTC);
    qtest_outb(qts, PM1_EN, 0);
    g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, PM1_PWRBTN | PM1_RTC);
    qtest_outb(qts, PM1_EN + 1, PM1_RTC >> 8);
    g_assert_cmphex(qtest_inl(qts, PM1_STS) >> 16, ==, PM1_RTC);
    g_assert_cmphex(qtest_inw(qts, PM1_CNT) & 1, ==, 1); /* ACPI mode, always */
    qtest_quit(qts);
}

/* An alarm at the clock's 30th second, with any minute and hour. */
static void set_alarm(QTest *qts)
{
    qtest_cmos_write(qts, 1, 0x30);
    qtest_cmos_write(qts, 3, 0xff);
    qtest_cmos_write(qts, 5, 0xff);
    qtest_cmos_write(qts, 0xb, 0x22); /* AIE, 24 hours, BCD */
}

#define ALARM_MACHINE "-rtc base=2024-02-29T12:00:00"
#define TO_ALARM_NS   31000000000ll

/* RTC_STS is set by the alarm, and is an SCI where RTC_EN is set; also while the HPET stands in for
 * the RTC's interrupt. */
static void test_rtc_status(void)
{
    for (uint32_t hpet = 0; hpet <= 3; hpet += 3) {
        QTest *qts = qtest_init(ALARM_MACHINE);

        qtest_irq_intercept_in(qts, "ioapic");
        qtest_writel(qts, HPET_PAGE + HPET_CONFIG, hpet);
        set_alarm(qts);
        g_assert_cmphex(status(qts) & PM1_RTC, ==, 0);
        qtest_clock_step(qts, TO_ALARM_NS);
        g_assert_cmphex(status(qts) & PM1_RTC, ==, PM1_RTC);
        g_assert_cmpint(qtest_get_irq(qts, 8), ==, hpet == 0);
        g_assert_false(qtest_get_irq(qts, SCI));
        qtest_outw(qts, PM1_EN, PM1_RTC);
        g_assert_true(qtest_get_irq(qts, SCI));
        qtest_outw(qts, PM1_STS, PM1_RTC);
        g_assert_false(qtest_get_irq(qts, SCI));
        g_assert_cmphex(qtest_cmos_read(qts, 0xc) & 0xa0, ==, 0xa0);
        qtest_clock_step(qts, 2 * TO_ALARM_NS);
        g_assert_true(qtest_get_irq(qts, SCI));
        qtest_quit(qts);
    }
}

static char *run_status(QTest *qts)
{
    JsonObject *answer = qtest_qmp(qts, "{'execute': 'query-status'}");
    JsonObject *inner = json_object_get_object_member(answer, "return");
    char *name = g_strdup(json_object_get_string_member(inner, "status"));

    g_assert_cmpint(json_object_get_boolean_member(inner, "running"), ==,
                    strcmp(name, "running") == 0);
    json_object_unref(answer);
    return name;
}

static void check_status(QTest *qts, const char *name)
{
    g_autofree char *is = run_status(qts);

    g_assert_cmpstr(is, ==, name);
}

/* Nobody sleeps who could be woken up. */
static void check_no_wakeup(QTest *qts)
{
    JsonObject *answer = qtest_qmp(qts, "{'execute': 'system_wakeup'}");

    g_assert_true(qtest_qmp_is_error(answer, "GenericError"));
    json_object_unref(answer);
}

static void wake_up(QTest *qts)
{
    JsonObject *answer = qtest_qmp(qts, "{'execute': 'system_wakeup'}");

    g_assert_true(json_object_has_member(answer, "return"));
    json_object_unref(answer);
}

/* The FACS, by way of the RSDP, the XSDT and its first table, the FADT. */
static uint64_t facs_of(QTest *qts)
{
    uint64_t xsdt = qtest_readq(qts, 0xf0000 + 24);
    uint64_t facs = qtest_readl(qts, qtest_readq(qts, xsdt + 36) + 36);

    g_assert_cmphex(qtest_readl(qts, facs), ==, 0x53434146);
    return facs;
}

static QTest *fall_asleep(uint16_t enables)
{
    QTest *qts = qtest_init(ALARM_MACHINE);

    qtest_writel(qts, facs_of(qts) + 12, 0x8010);
    qtest_writeq(qts, 0x200000, 0x1122334455667788);
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL(1));
    qtest_writel(qts, IOAPIC_PAGE + IOWIN, 0x10055);
    qtest_pci_config_write(qts, 0, LPC_DEVFN, LPC_PIRQ_E_ROUTE, 5, 1);
    qtest_cmos_write(qts, 0x40, 0x5a);
    set_alarm(qts);
    qtest_outw(qts, PM1_EN, enables);
    check_no_wakeup(qts);
    qtest_outw(qts, PM1_CNT, SLEEP_S3);
    json_object_unref(qtest_qmp_wait_event(qts, "SUSPEND"));
    check_status(qts, "suspended");
    return qts;
}

/* What a wake-up from S3 leaves: memory, the PM1_RTC and the upper half of PM1 had power all the
 * time; the rest is as after a reset, and set up by firmware. */
static void check_awake(QTest *qts, uint16_t cause, uint16_t enables)
{
    json_object_unref(qtest_qmp_wait_event(qts, "WAKEUP"));
    check_status(qts, "running");
    g_assert_cmphex(status(qts) & (PM1_WAK | PM1_PWRBTN | PM1_RTC), ==, PM1_WAK | cause);
    qtest_outw(qts, PM1_STS, PM1_WAK);
    g_assert_cmphex(status(qts) & PM1_WAK, ==, 0);
    g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, enables);
    g_assert_cmphex(qtest_readq(qts, 0x200000), ==, 0x1122334455667788);
    g_assert_cmphex(qtest_readl(qts, facs_of(qts) + 12), ==, 0x8010);
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL(1));
    g_assert_cmphex(qtest_readl(qts, IOAPIC_PAGE + IOWIN), ==, 0x10000);
    g_assert_cmphex(qtest_pci_config_read(qts, 0, LPC_DEVFN, LPC_PIRQ_E_ROUTE, 1), ==, 10);
    g_assert_cmphex(qtest_cmos_read(qts, 0x40), ==, 0x5a);
    g_assert_cmphex(qtest_cmos_read(qts, 0xb), ==, 0x22);
    check_no_wakeup(qts);
    qtest_quit(qts);
}

static void test_wakeup_command(void)
{
    QTest *qts = fall_asleep(PM1_TMR | PM1_PWRBTN | PM1_RTC);

    qtest_clock_step(qts, 1000000000); /* time goes on */
    wake_up(qts);
    check_awake(qts, 0, PM1_PWRBTN | PM1_RTC);
}

static void test_wakeup_hmp(void)
{
    QTest *qts = fall_asleep(0);
    g_autofree char *said = qtest_hmp(qts, "info status");
    g_autofree char *nothing = qtest_hmp(qts, "system_wakeup");

    g_assert_nonnull(strstr(said, "suspended"));
    g_assert_cmpstr(nothing, ==, "");
    check_awake(qts, 0, 0);
}

static void test_wakeup_rtc(void)
{
    QTest *qts = fall_asleep(PM1_RTC);

    qtest_clock_step(qts, TO_ALARM_NS);
    check_awake(qts, PM1_RTC, PM1_RTC);
}

/* Without RTC_EN the alarm shows, and does not wake. */
static void test_rtc_not_enabled(void)
{
    QTest *qts = fall_asleep(0);

    qtest_clock_step(qts, TO_ALARM_NS);
    g_usleep(50000); /* time for a mistaken wake-up, which the main loop carries out */
    check_status(qts, "suspended");
    wake_up(qts);
    check_awake(qts, PM1_RTC, 0);
}

/* The button wakes whether or not it may interrupt (ICH9 13.8.3.1). */
static void test_wakeup_button(void)
{
    QTest *qts = fall_asleep(0);

    json_object_unref(qtest_qmp(qts, "{'execute': 'system_powerdown'}"));
    check_awake(qts, PM1_PWRBTN, 0);
}

/* An alarm that went off before is not slept through. */
static void test_alarm_before(void)
{
    QTest *qts = qtest_init(ALARM_MACHINE);

    qtest_writel(qts, facs_of(qts) + 12, 0x8010);
    set_alarm(qts);
    qtest_outw(qts, PM1_EN, PM1_RTC);
    qtest_clock_step(qts, TO_ALARM_NS);
    qtest_outw(qts, PM1_CNT, SLEEP_S3);
    json_object_unref(qtest_qmp_wait_event(qts, "SUSPEND"));
    json_object_unref(qtest_qmp_wait_event(qts, "WAKEUP"));
    check_status(qts, "running");
    qtest_quit(qts);
}

/* Stopped in its sleep, it sleeps on; a reset ends the sleep; and where the system left no address
 * to go to, waking up is a restart. */
static void test_other_ends(void)
{
    QTest *qts = fall_asleep(0);

    json_object_unref(qtest_qmp(qts, "{'execute': 'stop'}"));
    check_status(qts, "paused");
    json_object_unref(qtest_qmp(qts, "{'execute': 'cont'}"));
    check_status(qts, "suspended");
    json_object_unref(qtest_qmp(qts, "{'execute': 'system_reset'}"));
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    check_status(qts, "running");
    g_assert_cmphex(qtest_readl(qts, facs_of(qts) + 12), ==, 0);
    qtest_outw(qts, PM1_CNT, SLEEP_S3);
    json_object_unref(qtest_qmp_wait_event(qts, "SUSPEND"));
    wake_up(qts);
    json_object_unref(qtest_qmp_wait_event(qts, "WAKEUP"));
    g_assert_cmphex(status(qts) & PM1_WAK, ==, 0);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pm/timer", test_timer);
    g_test_add_func("/pm/timer-status", test_timer_status);
    g_test_add_func("/pm/timer-sci", test_timer_sci);
    g_test_add_func("/pm/enables", test_enables);
    g_test_add_func("/pm/rtc-status", test_rtc_status);
    g_test_add_func("/pm/wakeup-command", test_wakeup_command);
    g_test_add_func("/pm/wakeup-hmp", test_wakeup_hmp);
    g_test_add_func("/pm/wakeup-rtc", test_wakeup_rtc);
    g_test_add_func("/pm/rtc-not-enabled", test_rtc_not_enabled);
    g_test_add_func("/pm/wakeup-button", test_wakeup_button);
    g_test_add_func("/pm/alarm-before", test_alarm_before);
    g_test_add_func("/pm/other-ends", test_other_ends);
    return g_test_run();
}
