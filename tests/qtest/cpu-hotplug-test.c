/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processors that are plugged in and taken out: the register block as the DSDT's methods use it,
 * the general-purpose event, device_add and device_del, and what becomes of interrupts. */
#include <string.h>

#include "libqtest.h"
#include "tests/include/apic.h"
#include "tests/include/intr_testdev.h"

#define MACHINE   "-machine q35 -nodefaults -cpu max -smp 2,maxcpus=4"
#define SELECTOR  0x0cd8
#define FLAGS     0x0cdc
#define COMMAND   0x0cdd
#define DATA      0x0ce0
#define PRESENT   0x01
#define INSERTED  0x02
#define ASKED_OUT 0x04
#define EJECT     0x08
#define GPE_STS   0x620
#define GPE_EN    0x628
#define GPE_CPU   0x04 /* event 2 */
#define SCI_PIN   9
#define ADD                                                                                        \
    "{'execute': 'device_add', 'arguments': {'driver': 'max-x86_64-cpu', 'id': 'c%d', "            \
    "'socket-id': 0, 'core-id': %d, 'thread-id': 0}}"
#define DEL "{'execute': 'device_del', 'arguments': {'id': 'c%d'}}"

static void check_ok(JsonObject *answer)
{
    g_assert_true(json_object_has_member(answer, "return"));
    json_object_unref(answer);
}

static void check_error(JsonObject *answer, const char *text)
{
    JsonObject *error = json_object_get_object_member(answer, "error");
    const char *desc = json_object_get_string_member(error, "desc");
    if (!strstr(desc, text)) {
        g_error("'%s' has no '%s'", desc, text);
    }
    json_object_unref(answer);
}

static uint8_t flags_of(QTest *qts, unsigned cpu)
{
    qtest_outl(qts, SELECTOR, cpu);
    return qtest_inb(qts, FLAGS);
}

static char *mode_of(QTest *qts, unsigned cpu)
{
    g_autofree char *command = g_strdup_printf("info lapic %u", cpu);
    return qtest_hmp(qts, command);
}

static void test_places(void)
{
    QTest *qts = qtest_init(MACHINE);
    for (unsigned cpu = 0; cpu < 4; cpu++) {
        g_assert_cmphex(flags_of(qts, cpu), ==, cpu < 2 ? PRESENT : 0);
        qtest_outb(qts, COMMAND, 3);
        g_assert_cmpuint(qtest_inl(qts, DATA), ==, cpu);
    }
    qtest_outl(qts, SELECTOR, 4); /* there is none: the last one stays */
    g_assert_cmpuint(qtest_inl(qts, DATA), ==, 3);
    qtest_quit(qts);
}

static void test_plug_and_eject(void)
{
    QTest *qts = qtest_init(MACHINE);
    qtest_irq_intercept_in(qts, "ioapic");
    qtest_outb(qts, GPE_EN, GPE_CPU);
    check_ok(qtest_qmp(qts, ADD, 2, 2));
    g_assert_cmphex(qtest_inb(qts, GPE_STS), ==, GPE_CPU);
    g_assert_true(qtest_get_irq(qts, SCI_PIN));
    qtest_outb(qts, GPE_STS, GPE_CPU);
    g_assert_false(qtest_get_irq(qts, SCI_PIN));

    qtest_outl(qts, SELECTOR, 0);
    qtest_outb(qts, COMMAND, 0); /* the next with an event */
    g_assert_cmpuint(qtest_inl(qts, DATA), ==, 2);
    g_assert_cmphex(qtest_inb(qts, FLAGS), ==, PRESENT | INSERTED);
    qtest_outb(qts, FLAGS, INSERTED);
    g_assert_cmphex(qtest_inb(qts, FLAGS), ==, PRESENT);

    check_ok(qtest_qmp(qts, DEL, 2));
    g_assert_cmphex(qtest_inb(qts, GPE_STS), ==, GPE_CPU);
    g_assert_cmphex(flags_of(qts, 2), ==, PRESENT | ASKED_OUT);
    qtest_outb(qts, FLAGS, ASKED_OUT);
    qtest_outb(qts, FLAGS, EJECT);
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(qts, "DEVICE_DELETED");
    JsonObject *data = json_object_get_object_member(event, "data");
    g_assert_cmpstr(json_object_get_string_member(data, "device"), ==, "c2");
    g_assert_cmphex(flags_of(qts, 2), ==, 0);
    g_autofree char *lapic = mode_of(qts, 2);
    g_assert_nonnull(strstr(lapic, "mode=absent"));
    check_ok(qtest_qmp(qts, ADD, 2, 2)); /* the id and the place are free again */
    qtest_quit(qts);
}

static void test_status_is_told(void)
{
    QTest *qts = qtest_init(MACHINE);
    qtest_outl(qts, SELECTOR, 1);
    qtest_outb(qts, COMMAND, 1);
    qtest_outl(qts, DATA, 3);
    qtest_outb(qts, COMMAND, 2);
    qtest_outl(qts, DATA, 0x84);
    g_autoptr(JsonObject) event = qtest_qmp_wait_event(qts, "ACPI_DEVICE_OST");
    JsonObject *info =
        json_object_get_object_member(json_object_get_object_member(event, "data"), "info");
    g_assert_cmpstr(json_object_get_string_member(info, "slot"), ==, "1");
    g_assert_cmpint(json_object_get_int_member(info, "source"), ==, 3);
    g_assert_cmpint(json_object_get_int_member(info, "status"), ==, 0x84);
    qtest_quit(qts);
}

/* A message to a place before, while and after a processor is in it. */
static void test_interrupts(void)
{
    QTest *qts = qtest_init(MACHINE " -device intr-testdev,addr=6");
    uint64_t bar;
    qtest_pci_config_write(qts, 0, 6 << 3, 4, 6, 2);
    bar = qtest_pci_config_read(qts, 0, 6 << 3, 0x10, 4) & ~0xfull;
    const char *states[] = {"cpu-absent", "apic-software-disabled", "cpu-absent"};
    for (unsigned i = 0; i < 3; i++) {
        if (i == 1) {
            check_ok(qtest_qmp(qts, ADD, 3, 3));
        }
        if (i == 2) {
            qtest_outl(qts, SELECTOR, 3);
            qtest_outb(qts, FLAGS, EJECT);
        }
        qtest_writel(qts, bar + E_ADDR, 0xfee03000);
        qtest_writel(qts, bar + E_DATA, 0x41);
        qtest_writel(qts, bar + E_COMMAND, C_MESSAGE);
        g_autofree char *out = qtest_hmp(qts, "info journal last=1");
        if (!strstr(out, states[i])) {
            g_error("no %s in %s", states[i], out);
        }
    }
    qtest_quit(qts);
}

static void test_reset_keeps_what_is_plugged(void)
{
    QTest *qts = qtest_init(MACHINE);
    check_ok(qtest_qmp(qts, ADD, 2, 2));
    check_ok(qtest_qmp(qts, "{'execute': 'system_reset'}"));
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    g_assert_cmphex(flags_of(qts, 2), ==, PRESENT);
    g_assert_cmphex(flags_of(qts, 3), ==, 0);
    qtest_quit(qts);
}

static void test_mistakes(void)
{
    QTest *qts = qtest_init(MACHINE);
    check_error(qtest_qmp(qts, ADD, 1, 1), "CPU 1 is there already");
    check_error(qtest_qmp(qts, ADD, 9, 9), "core-id");
    check_error(qtest_qmp(qts, "{'execute': 'device_add', 'arguments': "
                               "{'driver': 'qemu64-x86_64-cpu', 'core-id': 2}}"),
                "max-x86_64-cpu");
    check_error(qtest_qmp(qts, "{'execute': 'device_add', 'arguments': "
                               "{'driver': 'max-x86_64-cpu', 'core-id': 2, 'cores': 1}}"),
                "cores");
    check_error(qtest_qmp(qts, DEL, 7), "Device 'c7' not found");
    check_error(qtest_qmp(qts, "{'execute': 'device_add', 'arguments': {'id': 'x'}}"), "driver");
    qtest_quit(qts);
    qts = qtest_init("-machine q35 -nodefaults -cpu max -smp 2");
    check_error(qtest_qmp(qts, ADD, 2, 2), "-smp 2,maxcpus=N");
    qtest_quit(qts);
}

static void test_on_the_command_line(void)
{
    QTest *qts = qtest_init(MACHINE " -device max-x86_64-cpu,id=x,core-id=3");
    g_assert_cmphex(flags_of(qts, 3), ==, PRESENT);
    g_autofree char *list = qtest_hmp(qts, "info hotpluggable-cpus");
    g_assert_nonnull(
        strstr(list, "CPU #2: max-x86_64-cpu,socket-id=0,core-id=2,thread-id=0: empty"));
    g_assert_nonnull(strstr(list, "/machine/peripheral/x"));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu-hotplug/places", test_places);
    g_test_add_func("/cpu-hotplug/plug-and-eject", test_plug_and_eject);
    g_test_add_func("/cpu-hotplug/status", test_status_is_told);
    g_test_add_func("/cpu-hotplug/interrupts", test_interrupts);
    g_test_add_func("/cpu-hotplug/reset", test_reset_keeps_what_is_plugged);
    g_test_add_func("/cpu-hotplug/mistakes", test_mistakes);
    g_test_add_func("/cpu-hotplug/command-line", test_on_the_command_line);
    return g_test_run();
}
