/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of what becomes of an attempt to interrupt: every row is brought about by the real
 * emitters, remapping unit and local APICs, and read back from what they return and trace.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "hw/core/rid.h"
#include "hw/intr/sentence.h"
#include "intr/ways.h"
#include "monitor/commands.h"
#include "monitor/hmp.h"

static bool record_with(const Journal *j, IntrResult result)
{
    for (uint64_t n = journal_first(j); n <= j->last; n++) {
        const JournalRecord *r = journal_find(j, n);
        if (r && r->result == result) {
            return true;
        }
    }
    return false;
}

/* A machine with no more than the rig's journal, for monitors. */
static Machine machine_of(const Rig *rig)
{
    return (Machine){.journal = rig->journal};
}

static void check_hmp(const Rig *rig, IntrResult result)
{
    Machine machine = machine_of(rig);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *line = g_strdup_printf("info journal state=%s", intr_result_name(result));

    hmp_execute(&machine, 0, line, out);
    if (!strstr(out->str, intr_results[result].sentence) ||
        !strstr(out->str, intr_results[result].section)) {
        g_error("'%s' says:\n%s", line, out->str);
    }
}

static void check_qmp(const Rig *rig, IntrResult result)
{
    Machine machine = machine_of(rig);
    g_autoptr(JsonObject) args = json_object_new();
    g_autofree char *filter = g_strdup_printf("state=%s", intr_result_name(result));

    json_object_set_string_member(args, "filter", filter);
    g_autoptr(JsonNode) node = qmp_command_find("x-why")->run(&machine, args, NULL);
    JsonObject *last = json_object_get_object_member(json_node_get_object(node), "last");
    g_assert_cmpstr(json_object_get_string_member(last, "state"), ==, intr_result_name(result));
    g_assert_nonnull(
        strstr(json_object_get_string_member(last, "sentence"), intr_results[result].sentence));
    g_assert_cmpint(json_object_get_boolean_member(last, "lost"), ==, intr_results[result].lost);
}

static void check_monitors(const Rig *rig, IntrResult result)
{
    check_hmp(rig, result);
    check_qmp(rig, result);
}

/* Every record has one state, which is an end or is not; and the counters say the same. */
static void check_ends(const Journal *j)
{
    uint64_t count[INTR_RESULTS] = {0};

    for (uint64_t n = journal_first(j); n <= j->last; n++) {
        const JournalRecord *r = journal_find(j, n);
        g_assert_nonnull(r);
        g_assert_cmpint(intr_results[r->result].open, ==, !(r->seen & JOURNAL_CLOSED));
        count[r->result] += !intr_results[r->result].open;
    }
    g_assert_cmpmem(count, sizeof(count), j->results, sizeof(j->results));
    g_assert_cmpuint(j->ended_twice, ==, 0);
}

static void test_way(gconstpointer data)
{
    unsigned i = GPOINTER_TO_UINT(data);
    IntrResult expected = ways[i].result, got;
    Rig rig;

    rig_open(&rig);
    got = ways[i].produce(&rig);
    if (got != WAY_TRACED) {
        g_assert_cmpstr(intr_result_name(got), ==, intr_result_name(expected));
    }
    if (!record_with(&rig.journal, expected)) {
        g_error("no record is in state '%s'; traced:\n%s", intr_result_name(expected),
                rig_text(&rig));
    }
    check_ends(&rig.journal);
    check_monitors(&rig, expected);
    rig_close(&rig);
}

/* Every row is there, has a way, and says something of its own. */
static void test_table(void)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        const IntrResultRow *row = &intr_results[i];
        unsigned count = 0;

        g_assert_true(row->name && row->sentence && row->section);
        g_assert_true(g_hash_table_add(names, (char *)row->name));
        g_assert_cmpuint(strspn(row->name, "abcdefghijklmnopqrstuvwxyz-"), ==, strlen(row->name));
        for (unsigned k = 0; k < G_N_ELEMENTS(ways); k++) {
            count += ways[k].result == i;
        }
        g_assert_cmpuint(count, ==, 1);
        g_assert_cmpint(intr_reached((IntrResult)i), ==,
                        i <= INTR_NOT_A_REQUEST &&
                            (row->cls == INTR_CLASS_DELIVERED || row->cls == INTR_CLASS_MERGED));
    }
    for (unsigned i = 0; i < INTR_CLASSES; i++) {
        g_assert_nonnull(intr_class_name((IntrClass)i));
    }
}

/* Of several APICs' answers the best is the message's; the counters follow it. */
static void test_rank(void)
{
    ApicMsg all = {.dest = 0xffffffff, .vector = WAY_VECTOR, .assert_level = true};
    Device *second;
    Rig rig;

    rig_open(&rig);
    second = device_new(&apic_class, &rig.platform, "apic1");
    *apic_links(second) = (ApicLinks){.bus = rig.apics, .apic_id = 1};
    g_assert_true(device_realize(second, NULL));
    device_reset(second); /* disabled by software */
    g_assert_cmpint(apic_bus_deliver(rig.apics, &all), ==, INTR_DELIVERED);
    g_assert_cmpint(apic_bus_deliver(rig.apics, &all), ==, INTR_MERGED);
    apic_mmio_write(apic_from_device(second), 0xf0, 0x1ff, 4);
    g_assert_cmpint(apic_bus_deliver(rig.apics, &all), ==, INTR_DELIVERED);
    all.vector = 5;
    g_assert_cmpint(apic_bus_deliver(rig.apics, &all), ==, INTR_VECTOR_ILLEGAL);
    g_assert_cmpuint(apic_bus_stats(rig.apics).delivered, ==, 3);
    g_assert_cmpuint(apic_bus_stats(rig.apics).dropped, ==, 1);
    device_free(second);
    rig_close(&rig);
}

/* The lines of one message have one number, and come in the order of its way. */
static void test_serial(void)
{
    static const char *const order[] = {"ioapic_send serial=3 ", "iommu_ir serial=3 ",
                                        "apic_bus_deliver serial=3 ", "apic_accept serial=3 ",
                                        "apic_bus_result serial=3 "};
    const char *at;
    Rig rig;

    rig_open(&rig);
    way_delivered(&rig);
    way_delivered(&rig);
    way_pin_entry(&rig, WAY_VECTOR);
    irq_raise(&rig.pin);
    at = rig_text(&rig);
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        at = strstr(at, order[i]);
        g_assert_nonnull(at);
    }
    rig_close(&rig);
}

/* What waits behind a mask goes under the number that it was given when it was meant. */
static void test_serial_waits(void)
{
    PciDevice *pci;
    Rig rig;

    rig_open(&rig);
    pci = &rig.widget->pci;
    way_msi_setup(&rig, INTR_WINDOW_BASE);
    pci_device_config_write(pci, way_msi_cap(&rig) + PCI_MSI_MASK_64, 1, 4);
    msi_notify(pci, 0);
    msi_notify(pci, 0);
    way_pin_entry(&rig, 1 << 16 | 1 << 15 | WAY_VECTOR);
    irq_raise(&rig.pin);
    pci_device_config_write(pci, way_msi_cap(&rig) + PCI_MSI_MASK_64, 0, 4);
    way_pin_entry(&rig, 1 << 15 | WAY_VECTOR);
    rig_text(&rig);
    g_assert_nonnull(strstr(rig.text, "msi_kept serial=1 sid=01:02.0 dev=widget vector=0 "));
    g_assert_nonnull(strstr(rig.text, "msi_kept serial=2 "));
    g_assert_nonnull(strstr(rig.text, "msi_send serial=1 sid=01:02.0 dev=widget "));
    g_assert_nonnull(strstr(rig.text, "ioapic_kept serial=3 "));
    g_assert_nonnull(strstr(rig.text, "ioapic_send serial=3 "));
    rig_close(&rig);
}

static const JournalRecord *last_message(const Journal *j)
{
    uint64_t n = j->last;

    while (journal_find(j, n)->kind != JOURNAL_MESSAGE) {
        n--;
    }
    return journal_find(j, n);
}

/* Who wrote an entry last is in the record of what it blocked; and whether the cache has another.
 */
static void test_writer(void)
{
    enum { ENTRY = 1u | WAY_VECTOR << 16 };
    const JournalRecord *r;
    Rig rig;

    rig_open(&rig);
    way_remap(&rig, ENTRY, 0);
    g_assert_cmpint(way_send_index(&rig, 1), ==, INTR_DELIVERED);
    clock_advance_to(rig.platform.clock, 5 * NS_PER_MS);
    rig_put(&rig, WAY_IRT + 16, ENTRY, 1ull << 18 | (WAY_SOURCE + 1)); /* and no flush */
    clock_advance_to(rig.platform.clock, 7 * NS_PER_MS);
    way_send_index(&rig, 1);
    r = last_message(&rig.journal);
    g_assert_true(r->seen & JOURNAL_STALE && r->seen & JOURNAL_CACHED && r->seen & JOURNAL_WRITTEN);
    g_assert_cmpint(r->time_cached, ==, 0);
    g_assert_cmpint(r->time_written, ==, 5 * NS_PER_MS);
    g_assert_cmpuint(r->cpu_written, ==, JOURNAL_NO_CPU);
    way_send_index(&rig, 2);
    r = last_message(&rig.journal);
    g_assert_cmpint(r->result, ==, INTR_VTD_NOT_PRESENT);
    g_assert_false(r->seen & JOURNAL_WRITTEN);
    rig_put(&rig, WAY_IRT + 16 + 8, 0, 0); /* half of 1, half of 2 */
    way_send_index(&rig, 2);
    r = last_message(&rig.journal);
    g_assert_true(r->seen & JOURNAL_WRITTEN);
    g_assert_cmpint(r->time_written, ==, 7 * NS_PER_MS);
    rig_close(&rig);
}

/* A level by the IOAPIC's pin 3, taken; its EOI after `low` has become the entry. */
static void say_level(Rig *rig, uint32_t low, GString *out)
{
    uint64_t n;

    way_pin_entry(rig, 1 << 15 | WAY_VECTOR);
    irq_raise(&rig->pin);
    n = rig->journal.last;
    g_assert_cmphex(apic_ack(rig->apic), ==, WAY_VECTOR);
    irq_lower(&rig->pin);
    way_pin_entry(rig, low);
    rig_apic_wr(rig, 0xb0, 0);
    journal_sentence(out, journal_find(&rig->journal, n), NULL);
}

/* Whom an EOI reached is in the record of what it ended. */
static void test_eoi(void)
{
    static const struct {
        uint32_t low;
        const char *says;
    } rows[] = {
        {1 << 15 | WAY_VECTOR, "broadcast, and cleared remote IRR of ioapic pin 3"},
        {1 << 15 | (WAY_VECTOR + 1), "broadcast, and found no pin with that vector"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        Rig rig;

        rig_open(&rig);
        apic_bus_add_eoi_listener(rig.apics, ioapic_eoi, rig.ioapic);
        say_level(&rig, rows[i].low, out);
        g_assert_nonnull(strstr(out->str, rows[i].says));
        rig_close(&rig);
    }
}

/* The monitor says of which records lines are printed. */
static void test_line_filter(void)
{
    Machine machine;
    g_autoptr(GString) out = g_string_new(NULL);
    size_t before;
    Rig rig;

    rig_open(&rig);
    machine = machine_of(&rig);
    hmp_execute(&machine, 0, "journal filter pin=4", out);
    rig.journal.filter = machine.journal.filter;
    way_delivered(&rig);
    g_assert_cmpuint(strlen(rig_text(&rig)), ==, 0);
    hmp_execute(&machine, 0, "journal filter none", out);
    rig.journal.filter = machine.journal.filter;
    way_delivered(&rig);
    before = strlen(rig_text(&rig));
    g_assert_cmpuint(before, >, 0);
    g_assert_cmpstr(out->str, ==, "");
    hmp_execute(&machine, 0, "journal filter pim=4", out);
    g_assert_nonnull(strstr(out->str, "did you mean 'pin'?"));
    g_assert_null(machine.journal.filter);
    journal_filter_clear(&machine.line_filter);
    rig_close(&rig);
}

static void test_rid(void)
{
    g_assert_cmpstr(rid_text(0).text, ==, "00:00.0");
    g_assert_cmpstr(rid_text(0x00fb).text, ==, "00:1f.3");
    g_assert_cmpstr(rid_text(0xffff).text, ==, "ff:1f.7");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autofree char *path =
            g_strdup_printf("/intr-result/way/%s", intr_result_name(ways[i].result));

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_way);
    }
    g_test_add_func("/intr-result/table", test_table);
    g_test_add_func("/intr-result/rank", test_rank);
    g_test_add_func("/intr-result/serial", test_serial);
    g_test_add_func("/intr-result/serial-waits", test_serial_waits);
    g_test_add_func("/intr-result/writer", test_writer);
    g_test_add_func("/intr-result/eoi", test_eoi);
    g_test_add_func("/intr-result/line-filter", test_line_filter);
    g_test_add_func("/intr-result/rid", test_rid);
    return g_test_run();
}
