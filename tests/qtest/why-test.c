/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "why" says of an emitter's state now: an IOAPIC's pin, and what MSI and MSI-X would send. */
#include <glib/gstdio.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "libqtest.h"
#include "tests/include/apic.h"
#include "tests/include/intr_testdev.h"
#include "tests/include/ioapic.h"
#include "tests/include/testdevs.h"

#define EDU_DEVFN (7 << 3)
#define PIN       23 /* of PIRQ H, for slot 7 */
#define VECTOR    0x52
#define OTHER     0x62

/* Both monitors say it. */
static void check_now(QTest *qts, const char *what, const char *filter, const char *expected)
{
    g_autofree char *line = g_strdup_printf("why %s", what);
    g_autofree char *out = qtest_hmp(qts, line);
    const char *now = strstr(out, "now: ");
    g_autoptr(JsonObject) answer =
        qtest_qmp(qts, "{'execute': 'x-why', 'arguments': {'filter': '%s'}}", filter);
    JsonObject *why = json_object_get_object_member(answer, "return");

    g_assert_nonnull(now);
    if (!strstr(now, expected)) {
        g_error("'%s' says:\n%s", line, out);
    }
    g_assert_nonnull(strstr(json_object_get_string_member(why, "now"), expected));
}

static void write_entry(QTest *qts, uint32_t low)
{
    qtest_writel(qts, IOAPIC_PAGE + IOREGSEL, IOREDTBL(PIN));
    qtest_writel(qts, IOAPIC_PAGE + IOWIN, low);
}

static void check_pin(QTest *qts, const char *expected)
{
    check_now(qts, "pin 23", "pin=23", expected);
}

static uint64_t start(QTest *qts, uint8_t devfn)
{
    qtest_writel(qts, APIC_PAGE + APIC_SVR, SVR_ENABLED);
    qtest_pci_config_write(qts, 0, devfn, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    return qtest_pci_config_read(qts, 0, devfn, PCI_BASE_ADDRESS_0, 4) & ~0xfull;
}

static void take_and_end(QTest *qts, int vector)
{
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, vector);
    qtest_apic_eoi(qts, 0);
}

static void test_pin(void)
{
    QTest *qts = qtest_init("-machine q35 -nodefaults -device edu,id=e,addr=7");
    uint64_t bar = start(qts, EDU_DEVFN);

    write_entry(qts, RTE_LEVEL | RTE_LOW | RTE_MASKED | VECTOR);
    qtest_writel(qts, bar + EDU_RAISE, 1);
    check_pin(qts, "the line is up; the entry is 000000000001a052: vector 52h, level, masked; "
                   "held up by INTx of e (00:07.0)");
    write_entry(qts, RTE_LEVEL | RTE_LOW | VECTOR);
    check_pin(qts, "level, remote IRR set; held up by INTx of e (00:07.0); "
                   "remote IRR is of #");
    take_and_end(qts, VECTOR);
    check_pin(qts, "the last EOI found the line still up");
    g_assert_cmpint(qtest_apic_ack(qts, 0), ==, VECTOR);
    write_entry(qts, RTE_LEVEL | RTE_LOW | OTHER);
    qtest_apic_eoi(qts, 0);
    check_pin(qts,
              "vector 52h, which was taken by its CPU and ended by EOI: its EOI does not match "
              "the entry's vector 62h");
    qtest_writel(qts, bar + EDU_ACK, 1);
    check_pin(qts, "the line is down; the entry is 000000000000e062: vector 62h, level, remote IRR "
                   "set; remote IRR is of #");
    qtest_quit(qts);
}

/* The count of EOIs in vain ends somewhere, and begins again when the line has fallen. */
static void test_storm(void)
{
    QTest *qts = qtest_init("-machine q35 -nodefaults -device edu,id=e,addr=7");
    uint64_t bar = start(qts, EDU_DEVFN);

    write_entry(qts, RTE_LEVEL | RTE_LOW | VECTOR);
    qtest_writel(qts, bar + EDU_RAISE, 1);
    for (unsigned i = 0; i < 300; i++) {
        take_and_end(qts, VECTOR);
        qtest_clock_step(qts, 20000); /* the pause of a storm */
    }
    check_pin(qts, "the last 255 EOIs or more found the line still up; held up by");
    qtest_writel(qts, bar + EDU_ACK, 1);
    check_pin(qts, "the line is down");
    qtest_writel(qts, bar + EDU_RAISE, 1);
    take_and_end(qts, VECTOR);
    take_and_end(qts, VECTOR);
    check_pin(qts, "the last 2 EOIs found");
    qtest_quit(qts);
}

static void test_messages(void)
{
    QTest *qts = qtest_init("-machine q35 -nodefaults -device intr-testdev,id=t,addr=7");
    uint64_t bar = start(qts, EDU_DEVFN);
    uint8_t msi = qtest_pci_find_capability(qts, 0, EDU_DEVFN, PCI_CAP_ID_MSI);
    uint8_t msix = qtest_pci_find_capability(qts, 0, EDU_DEVFN, PCI_CAP_ID_MSIX);
    uint64_t table =
        qtest_pci_config_read(qts, 0, EDU_DEVFN, PCI_BASE_ADDRESS_0 + 4 * 2, 4) & ~0xfull;

    qtest_writel(qts, bar + E_DATA, 3);
    qtest_writel(qts, bar + E_COMMAND, C_MSI);
    check_now(qts, "t", "dev=t", "MSI is off");
    qtest_writel(qts, bar + E_COMMAND, C_MSIX);
    check_now(qts, "t", "dev=t", "MSI-X is off");
    qtest_pci_config_write(qts, 0, EDU_DEVFN, msi + PCI_MSI_ADDRESS_LO, 0xfee01000, 4);
    qtest_pci_config_write(qts, 0, EDU_DEVFN, msi + PCI_MSI_DATA_64, VECTOR, 2);
    qtest_pci_config_write(qts, 0, EDU_DEVFN, msi + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
    check_now(qts, "t kind=msi", "dev=t,kind=msi",
              "its message is fee01000 data 00000052 (compatibility, vector 52h to 01)");
    qtest_pci_config_write(qts, 0, EDU_DEVFN, msi + PCI_MSI_FLAGS, 0, 2);
    qtest_writel(qts, table + 3 * PCI_MSIX_ENTRY_SIZE, 0xfee000b0);
    qtest_writel(qts, table + 3 * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_DATA, 7);
    qtest_pci_config_write(qts, 0, EDU_DEVFN, msix + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, 2);
    check_now(qts, "t kind=msix", "dev=t,kind=msix",
              "its message is fee000b0 data 00000007 (remappable, handle 5)");
    qtest_quit(qts);
}

/* A logical id in x2APIC mode is not what was written into LDR before (SDM 11.12.10.2). */
static void test_logical_id(void)
{
    QTest *qts = qtest_init("-machine q35 -nodefaults -smp 18");
    uint64_t base;

    qtest_writel(qts, APIC_PAGE + APIC_LDR, 0x02000000);
    g_autofree char *before = qtest_hmp(qts, "info lapic");
    g_assert_nonnull(strstr(before, "ldr=0x02000000"));
    g_assert_true(qtest_msr_read(qts, 17, MSR_APIC_BASE, &base));
    g_assert_true(qtest_msr_write(qts, 17, MSR_APIC_BASE, base | APIC_BASE_X2APIC));
    g_autofree char *after = qtest_hmp(qts, "info lapic 17");
    g_assert_nonnull(strstr(after, "ldr=0x00010002"));
    qtest_quit(qts);
}

static const char *vtd_state(QTest *qts)
{
    g_autoptr(JsonObject) answer =
        qtest_qmp(qts, "{'execute': 'trace-event-get-state', 'arguments': {'name': 'vtd'}}");
    JsonObject *vtd =
        json_array_get_object_element(json_object_get_array_member(answer, "return"), 0);

    g_assert_cmpstr(json_object_get_string_member(vtd, "name"), ==, "vtd");
    return g_intern_string(json_object_get_string_member(vtd, "state"));
}

static bool is_error(QTest *qts, const char *command)
{
    g_autoptr(JsonObject) answer = qtest_qmp(qts, "%s", command);

    return json_object_has_member(answer, "error");
}

static void test_log_by_qmp(void)
{
    QTest *qts = qtest_init("-machine q35 -nodefaults");

    g_assert_cmpstr(vtd_state(qts), ==, "disabled");
    g_assert_false(is_error(qts, "{'execute': 'trace-event-set-state', "
                                 "'arguments': {'name': 'vtd', 'enable': true}}"));
    g_assert_cmpstr(vtd_state(qts), ==, "enabled");
    g_assert_false(is_error(qts, "{'execute': 'trace-event-set-state', "
                                 "'arguments': {'name': 'vtd,msi', 'enable': false}}"));
    g_assert_cmpstr(vtd_state(qts), ==, "disabled");
    g_assert_true(is_error(qts, "{'execute': 'trace-event-set-state', "
                                "'arguments': {'name': 'vtdd', 'enable': true}}"));
    qtest_quit(qts);
}

static int64_t journal_has(QTest *qts, const char *member, const char *command)
{
    g_autoptr(JsonObject) answer = qtest_qmp(qts, "%s", command);
    JsonObject *journal = json_object_get_object_member(answer, "return");

    return json_object_get_int_member(journal, member);
}

static int64_t journal_size(QTest *qts, const char *command)
{
    return journal_has(qts, "size", command);
}

/* Lines go to a file, of which the filter lets those of pin 5 alone. */
static void test_journal_by_qmp(void)
{
    g_autofree char *folder = g_dir_make_tmp("why-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "log", NULL), *text = NULL;
    g_autofree char *line =
        g_strdup_printf("-machine q35 -nodefaults -device pc-testdev -d ioapic -D %s", path);
    QTest *qts = qtest_init(line);

    g_assert_cmpint(journal_size(qts, "{'execute': 'x-journal'}"), ==, 65536);
    g_assert_cmpint(journal_size(qts, "{'execute': 'x-journal', 'arguments': {'filter': 'pin=5'}}"),
                    ==, 65536);
    qtest_outb(qts, TESTDEV_IRQS + 5, 1);
    qtest_outb(qts, TESTDEV_IRQS + 6, 1);
    g_assert_cmpint(journal_size(qts, "{'execute': 'x-journal', 'arguments': {'filter': ''}}"), ==,
                    65536);
    qtest_outb(qts, TESTDEV_IRQS + 7, 1);
    g_assert_cmpint(journal_size(qts, "{'execute': 'x-journal', 'arguments': {'size': 16}}"), ==,
                    16);
    g_assert_cmpint(journal_has(qts, "records", "{'execute': 'x-journal'}"), ==, 0);
    qtest_outb(qts, TESTDEV_IRQS + 7, 0);
    qtest_outb(qts, TESTDEV_IRQS + 7, 1);
    g_assert_cmpint(journal_has(qts, "records", "{'execute': 'x-journal'}"), ==, 1);
    g_assert_cmpint(journal_size(qts, "{'execute': 'x-journal', 'arguments': {'size': 0}}"), ==, 0);
    g_assert_true(is_error(qts, "{'execute': 'x-journal', 'arguments': {'size': 17}}"));
    g_assert_true(is_error(qts, "{'execute': 'x-journal', 'arguments': {'filter': 'pins=5'}}"));
    qtest_quit(qts);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, " pin=5"));
    g_assert_null(strstr(text, " pin=6"));
    g_assert_nonnull(strstr(text, " pin=7"));
    g_unlink(path);
    g_rmdir(folder);
}

/* The i8259 pair's inputs, once somebody has initialised it. */
static void test_pic(void)
{
    static const uint8_t words[] = {0x30, 0x04, 0x01};
    QTest *qts = qtest_init("-machine q35 -nodefaults -device pc-testdev");
    g_autofree char *before = NULL, *waits = NULL;

    qtest_outb(qts, TESTDEV_IRQS + 5, 1);
    before = qtest_hmp(qts, "why pic");
    g_assert_null(strstr(before, "IRQ"));
    qtest_outb(qts, TESTDEV_IRQS + 5, 0);
    qtest_outb(qts, 0x20, 0x11);
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        qtest_outb(qts, 0x21, words[i]);
    }
    qtest_outb(qts, TESTDEV_IRQS + 5, 1);
    waits = qtest_hmp(qts, "why kind=pic pin=5");
    g_assert_nonnull(strstr(waits, "pic IRQ 5"));
    g_assert_nonnull(strstr(waits, "waits at the i8259 until a CPU acknowledges it"));
    g_assert_nonnull(strstr(waits, "the line is up, edge, requested"));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/why/pin", test_pin);
    g_test_add_func("/why/storm", test_storm);
    g_test_add_func("/why/messages", test_messages);
    g_test_add_func("/why/pic", test_pic);
    g_test_add_func("/why/logical-id", test_logical_id);
    g_test_add_func("/why/log-by-qmp", test_log_by_qmp);
    g_test_add_func("/why/journal-by-qmp", test_journal_by_qmp);
    return g_test_run();
}
