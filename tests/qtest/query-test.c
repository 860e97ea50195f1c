/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QMP tells of what interrupts depend on: remapping entries, the unit's registers, posted
 * descriptors, MSI, counts. Shape and values, and HMP's words for the same.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "vtd-lib.h"

#define NDST 5u

/* The answer's owner is `v`; it holds till the next question. */
static JsonObject *response;

static JsonNode *ask(Vtd *v, const char *command, const char *arguments)
{
    g_clear_pointer(&response, json_object_unref);
    response = qtest_qmp(v->qts, "{'execute': '%s', 'arguments': {%s}}", command, arguments);
    g_assert_true(json_object_has_member(response, "return"));
    return json_object_get_member(response, "return");
}

/* The only one of a list of units. */
static JsonObject *ask_unit(Vtd *v, const char *command, const char *arguments)
{
    JsonArray *units = json_node_get_array(ask(v, command, arguments));

    g_assert_cmpuint(json_array_get_length(units), ==, 1);
    JsonObject *unit = json_array_get_object_element(units, 0);
    g_assert_cmpstr(json_object_get_string_member(unit, "unit"), ==, "intel-iommu");
    return unit;
}

static JsonObject *object_at(JsonObject *o, const char *name)
{
    return json_object_get_object_member(o, name);
}

static void check_text(JsonObject *o, const char *name, const char *expected)
{
    g_assert_cmpstr(json_object_get_string_member(o, name), ==, expected);
}

static void check_number(JsonObject *o, const char *name, gint64 expected)
{
    g_assert_cmpint(json_object_get_int_member(o, name), ==, expected);
}

static void check_flag(JsonObject *o, const char *name, bool expected)
{
    g_assert_true(json_object_has_member(o, name));
    g_assert_cmpint(json_object_get_boolean_member(o, name), ==, expected);
}

static void check_words(Vtd *v, const char *command, const char *expected)
{
    g_autofree char *words = qtest_hmp(v->qts, command);

    if (!strstr(words, expected)) {
        g_error("'%s' says:\n%s", command, words);
    }
}

static JsonArray *ask_entries(Vtd *v, const char *arguments)
{
    JsonObject *unit = ask_unit(v, "x-query-irte", arguments);

    check_number(unit, "table-entries", 256);
    return json_object_get_array_member(unit, "entries");
}

static void check_entry_5(JsonObject *entry)
{
    JsonObject *memory = object_at(entry, "memory"), *cached = object_at(entry, "cached");

    check_number(entry, "index", 5);
    check_flag(entry, "differs", true);
    check_flag(memory, "readable", true);
    check_flag(memory, "present", true);
    check_number(memory, "vector", 0x51);
    check_text(memory, "mode", "fixed");
    check_flag(memory, "posted", false);
    check_flag(memory, "level", false);
    check_flag(memory, "logical", false);
    check_number(memory, "destination", 0);
    check_number(memory, "svt", 1);
    check_text(memory, "source", "00:04.0");
    check_number(memory, "sq", 0);
    check_text(memory, "high", "0x40020");
    check_text(memory, "low", "0x510001");
    check_number(cached, "vector", 0x41);
}

/* In memory and in the cache, which differ once memory changes without a flush. */
static void test_entries(void)
{
    Vtd *v = vtd_start(",posted-interrupts=on", 1, false);
    Pair entry = irte_for(0x41, 0, false), faulty = entry;

    entry.high |= IRTE_SVT_SID | SID_OWN;
    faulty.low |= 3 << 5; /* a reserved delivery mode */
    vtd_remap_on(v, 7, false);
    vtd_set_irte(v, 5, entry);
    vtd_set_irte(v, 6, faulty);
    vtd_set_irte(v, 7, irte_posted(0x33, AT_PID, true));
    vtd_send_index(v, 5, SID_OWN);
    JsonObject *same = json_array_get_object_element(ask_entries(v, "'index': 5"), 0);
    check_flag(same, "differs", false);
    check_number(object_at(same, "cached"), "vector", 0x41);
    check_words(v, "info irte 5", "cached the same");
    entry.low += 0x10ull << 16;
    vtd_set_irte(v, 5, entry);

    JsonArray *all = ask_entries(v, "");
    g_assert_cmpuint(json_array_get_length(all), ==, 3);
    check_entry_5(json_array_get_object_element(all, 0));
    JsonObject *memory = object_at(json_array_get_object_element(all, 1), "memory");
    check_number(memory, "fault", 0x24);
    check_text(memory, "flaw", "its delivery mode is reserved");
    g_assert_false(json_object_has_member(memory, "vector"));
    memory = object_at(json_array_get_object_element(all, 2), "memory");
    check_flag(memory, "posted", true);
    check_text(memory, "descriptor", "0x180000");
    check_flag(memory, "urgent", true);
    check_words(v, "info irte 5",
                "    5 memory 00000000000400200000000000510001: vector 51h fixed edge to "
                "physical 0, from 00:04.0\n"
                "      cached 00000000000400200000000000410001: vector 41h fixed edge");
    check_words(v, "info irte", "    7 memory ");
    vtd_stop(v);
}

/* One that is not used is told of if it is asked for; one beyond the table is none. */
static void test_no_entries(void)
{
    Vtd *v = vtd_start("", 1, false);

    vtd_remap_on(v, 7, false);
    g_assert_cmpuint(json_array_get_length(ask_entries(v, "")), ==, 0);
    g_assert_cmpuint(json_array_get_length(ask_entries(v, "'index': 256")), ==, 0);
    g_assert_cmpuint(json_array_get_length(ask_entries(v, "'index': -1")), ==, 0);
    JsonArray *one = ask_entries(v, "'index': 255");
    g_assert_cmpuint(json_array_get_length(one), ==, 1);
    JsonObject *memory = object_at(json_array_get_object_element(one, 0), "memory");
    check_flag(memory, "present", false);
    check_number(memory, "fault", 0x22);
    vtd_stop(v);
}

static JsonObject *find_register(JsonArray *registers, const char *name)
{
    for (guint i = 0; i < json_array_get_length(registers); i++) {
        JsonObject *o = json_array_get_object_element(registers, i);

        if (strcmp(json_object_get_string_member(o, "name"), name) == 0) {
            return o;
        }
    }
    g_error("there is no register '%s'", name);
}

static void test_registers(void)
{
    Vtd *v = vtd_start("", 1, false);

    vtd_remap_on(v, 7, false);
    JsonObject *unit = ask_unit(v, "x-query-iommu", "");
    JsonArray *registers = json_object_get_array_member(unit, "registers");
    JsonObject *gsts = find_register(registers, "GSTS");
    g_autofree char *value = g_strdup_printf("0x%x", vtd_readl(v, GSTS));
    check_number(gsts, "offset", GSTS);
    check_text(gsts, "value", value);
    check_number(object_at(gsts, "fields"), "IRES", 1);
    check_number(object_at(gsts, "fields"), "TES", 0);
    JsonObject *table = object_at(unit, "latched-table");
    check_text(table, "address", "0x800000");
    check_number(table, "entries", 256);
    check_flag(table, "eime", false);
    check_words(v, "info iommu", "TES=0 RTPS=0 QIES=1 IRES=1 IRTPS=1 CFIS=0\n");
    check_words(v, "info iommu", "latched by SIRTP: table at 0x800000, 256 entries\n");
    vtd_stop(v);
}

/* A partition, and where there is none an empty list. */
static void test_hyperv(void)
{
    static const char *const machines[] = {"-machine q35", "-machine q35,hyperv=on"};
    for (unsigned with = 0; with < 2; with++) {
        Vtd v = {.qts = qtest_initf("%s -nodefaults -smp 2", machines[with])};
        g_autoptr(JsonObject) reply = qtest_qmp(v.qts, "{'execute': 'x-query-hyperv'}");
        JsonArray *list = json_object_get_array_member(reply, "return");
        g_assert_cmpuint(json_array_get_length(list), ==, with);
        check_words(&v, "info hyperv", with ? "vp1: SCONTROL=0\n" : "there is no Hyper-V\n");
        if (with) {
            JsonObject *partition = json_array_get_object_element(list, 0);
            JsonArray *vps = json_object_get_array_member(partition, "vps");
            check_text(partition, "guest-os-id", "0x0");
            check_flag(object_at(partition, "hypercall"), "enabled", false);
            g_assert_cmpuint(json_array_get_length(vps), ==, 2);
            check_number(json_array_get_object_element(vps, 1), "index", 1);
        }
        qtest_quit(v.qts);
    }
}

static void test_descriptor(void)
{
    Vtd *v = vtd_start(",posted-interrupts=on", 1, false);

    qtest_memset(v->qts, AT_PID, 0, 64);
    qtest_writeq(v->qts, AT_PID, 1ull << 0x33);
    qtest_writeq(v->qts, AT_PID + 24, 1ull << 63);
    qtest_writeq(v->qts, AT_PID + 32, (uint64_t)NDST << 40 | 0x41ull << 16 | 1);
    JsonObject *unit = ask_unit(v, "x-query-pid", "'address': 1572864");
    JsonArray *requests = json_object_get_array_member(unit, "requests");
    check_text(unit, "address", "0x180000");
    check_flag(unit, "readable", true);
    g_assert_cmpuint(json_array_get_length(requests), ==, 2);
    g_assert_cmpint(json_array_get_int_element(requests, 0), ==, 0x33);
    g_assert_cmpint(json_array_get_int_element(requests, 1), ==, 0xff);
    check_flag(unit, "on", true);
    check_flag(unit, "sn", false);
    check_number(unit, "nv", 0x41);
    check_number(unit, "ndst", NDST);
    check_flag(unit, "valid", true);
    check_words(v, "info pid 0x180000", "requests 33h, ffh; ON=1 SN=0 NV=41h NDST=5\n");
    unit = ask_unit(v, "x-query-pid", "'address': 1572865");
    check_flag(unit, "aligned", false);
    check_flag(unit, "readable", false);
    check_words(v, "info pid 0x180001", "0x180001 is not a multiple of 64\n");
    vtd_stop(v);
}

/* The emitter has MSI-X; its first vector is set up. */
static void test_messages(void)
{
    QTest *qts = qtest_init("-machine q35 -nodefaults -device edu,id=e,addr=7");
    Vtd v = {.qts = qts};
    JsonArray *list = json_node_get_array(ask(&v, "x-query-msi", "'device': 'e'"));
    JsonObject *e = json_array_get_object_element(list, 0), *msi = object_at(e, "msi");

    g_assert_cmpuint(json_array_get_length(list), ==, 1);
    check_text(e, "device", "e");
    check_text(e, "bdf", "00:07.0");
    check_flag(e, "bus-master", false);
    check_flag(msi, "enabled", false);
    check_number(msi, "vectors", 1);
    check_text(msi, "format", "none");
    check_words(&v, "info msi e", "e (00:07.0)\n  no bus master: it can send nothing\n  MSI off, ");
    g_autoptr(JsonObject) none =
        qtest_qmp(qts, "{'execute': 'x-query-msi', 'arguments': {'device': 'f'}}");
    g_assert_true(qtest_qmp_is_error(none, "DeviceNotFound"));
    qtest_quit(qts);
}

static void test_interrupts(void)
{
    Vtd *v = vtd_start("", 1, false);

    vtd_remap_on(v, 7, false);
    vtd_set_irte(v, 5, irte_for(0x41, 0, false));
    for (unsigned i = 0; i < 3; i++) {
        vtd_send_index(v, 5, SID_OWN);
    }
    JsonObject *all = json_node_get_object(ask(v, "x-query-interrupts", ""));
    JsonArray *attempts = json_object_get_array_member(all, "attempts");
    gint64 merged = 0, waits = 0;
    check_number(object_at(all, "iommu"), "remapped", 3);
    for (guint i = 0; i < json_array_get_length(attempts); i++) {
        JsonObject *o = json_array_get_object_element(attempts, i);
        const char *state = json_object_get_string_member(o, "state");

        if (json_object_has_member(o, "vector") &&
            json_object_get_int_member(o, "vector") == 0x41) {
            check_text(o, "kind", "message");
            merged += strcmp(state, "merged") == 0 ? json_object_get_int_member(o, "count") : 0;
            waits += strcmp(state, "delivered") == 0 ? json_object_get_int_member(o, "count") : 0;
        }
    }
    g_assert_cmpint(merged, ==, 2);
    g_assert_cmpint(waits, ==, 1);
    check_words(v, "info interrupts", "         2  message    0  41h  merged ");
    vtd_stop(v);
}

static void check_last(Vtd *v, bool has, const char *words)
{
    g_autofree char *why = qtest_hmp(v->qts, "why dev=emitter");
    const char *last = strstr(why, "the last: ");

    g_assert_nonnull(last);
    if ((strstr(last, words) != NULL) != has) {
        g_error("'why' says:\n%s", why);
    }
}

#define LAST_WRITTEN "; its descriptor was last written at 0.000000 s by a device"

/* Who wrote a posted-interrupt descriptor last; what the unit writes there is not meant. */
static void test_descriptor_writer(void)
{
    Vtd *v = vtd_start(",posted-interrupts=on", 1, false);
    uint64_t control = 0x41ull << 16;

    qtest_memset(v->qts, AT_PID, 0, 64);
    qtest_writeq(v->qts, AT_PID + 32, control);
    vtd_remap_on(v, 7, false);
    vtd_set_irte(v, 5, irte_posted(0x33, AT_PID, false));
    vtd_send_index(v, 5, SID_OWN);
    vtd_send_index(v, 5, SID_OWN);
    check_last(v, true, "a notification is outstanding (ON)");
    check_last(v, false, "its descriptor was");
    qtest_writeq(v->qts, AT_PID + 32, control | 2);
    vtd_send_index(v, 5, SID_OWN);
    check_last(v, true, "the notification is suppressed (SN)");
    check_last(v, true, LAST_WRITTEN);
    JsonArray *records = json_object_get_array_member(
        json_node_get_object(ask(v, "x-query-journal", "'last': 1")), "records");
    JsonObject *unit = object_at(json_array_get_object_element(records, 0), "unit");
    check_number(object_at(unit, "descriptor-written"), "time-ns", 0);
    g_assert_false(json_object_has_member(object_at(unit, "descriptor-written"), "cpu"));
    qtest_writeq(v->qts, AT_PID + 40, 1);
    vtd_send_index(v, 5, SID_OWN);
    check_last(v, true, "reserved fields of its posted-interrupt descriptor are set (28h)");
    check_last(v, true, LAST_WRITTEN);
    vtd_set_irte(v, 5, irte_posted(0x34, AT_PID, false));
    vtd_send_index(v, 5, SID_OWN);
    check_last(v, true, "; memory was last written at 0.000000 s by a device");
    check_last(v, false, "its descriptor was");
    vtd_stop(v);
}

/* Who wrote the descriptor that stopped the queue. */
static void test_queue_writer(void)
{
    Vtd *v = vtd_start("", 1, false);

    vtd_remap_on(v, 7, false);
    vtd_submit(v, 0xf, 0);
    vtd_ring(v);
    g_assert_cmphex(vtd_readl(v, FSTS) >> 4 & 1, ==, 1);
    check_words(v, "info lint", "; last written at 0.000000 s by a device\n");
    vtd_stop(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/query/entries", test_entries);
    g_test_add_func("/query/no-entries", test_no_entries);
    g_test_add_func("/query/registers", test_registers);
    g_test_add_func("/query/hyperv", test_hyperv);
    g_test_add_func("/query/descriptor", test_descriptor);
    g_test_add_func("/query/messages", test_messages);
    g_test_add_func("/query/interrupts", test_interrupts);
    g_test_add_func("/query/descriptor-writer", test_descriptor_writer);
    g_test_add_func("/query/queue-writer", test_queue_writer);
    int status = g_test_run();
    g_clear_pointer(&response, json_object_unref);
    return status;
}
