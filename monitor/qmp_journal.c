/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP: the journal as data. Not in QEMU, so the names begin with "x-". docs/journal.md. */
#include "monitor/commands.h"

#include "hw/core/rid.h"
#include "hw/intr/sentence.h"
#include "monitor/journal.h"

#define RECORDS_DEFAULT 100
#define RECORDS_MOST    65536

static void add_hex(JsonObject *o, const char *name, uint64_t value)
{
    g_autofree char *text = g_strdup_printf("0x%" PRIx64, value);
    json_object_set_string_member(o, name, text);
}

/* An instruction, and its symbol under `symbol` if it has one. */
static void qmp_add_place(JsonObject *o, const char *name, const char *symbol, uint64_t rip,
                          const Symbols *symbols)
{
    g_autofree char *text = symbols_name(symbols, rip);

    add_hex(o, name, rip);
    if (text) {
        json_object_set_string_member(o, symbol, text);
    }
}

static JsonObject *qmp_writer(const JournalRecord *r, const Symbols *symbols)
{
    JsonObject *o = json_object_new();

    json_object_set_int_member(o, "time-ns", r->time_written);
    if (r->cpu_written != JOURNAL_NO_CPU) {
        json_object_set_int_member(o, "cpu", r->cpu_written);
        qmp_add_place(o, "rip", "symbol", r->rip_written, symbols);
    }
    return o;
}

static void qmp_add_unit(JsonObject *o, const JournalRecord *r, const Symbols *symbols)
{
    JsonObject *unit = json_object_new();
    json_object_set_string_member(unit, "id", r->unit);
    json_object_set_string_member(unit, "requester", rid_text(r->rid_seen).text);
    if (r->index != JOURNAL_NO_INDEX) {
        json_object_set_int_member(unit, "index", r->index);
    }
    if (r->seen & JOURNAL_ENTRY) {
        add_hex(unit, "entry-low", r->entry[0]);
        add_hex(unit, "entry-high", r->entry[1]);
        json_object_set_boolean_member(unit, "cached", (r->seen & JOURNAL_CACHED) != 0);
        json_object_set_boolean_member(unit, "stale", (r->seen & JOURNAL_STALE) != 0);
    }
    if (r->reason) {
        json_object_set_int_member(unit, "reason", r->reason);
    }
    if (r->seen & JOURNAL_WRITTEN) {
        json_object_set_object_member(
            unit, journal_writer_is_descriptors(r) ? "descriptor-written" : "entry-written",
            qmp_writer(r, symbols));
    }
    json_object_set_object_member(o, "unit", unit);
}

/* Of a level. */
static void qmp_add_eoi(JsonObject *apic, const JournalRecord *r)
{
    if (r->eoi == JOURNAL_EOI_EDGE) {
        return;
    }
    json_object_set_boolean_member(apic, "eoi-broadcast", r->eoi == JOURNAL_EOI_BROADCAST);
    json_object_set_int_member(apic, "eoi-pins", r->eoi_pins);
    if (r->eoi_pins > 0) {
        json_object_set_string_member(apic, "eoi-ioapic", r->eoi_ioapic);
        json_object_set_int_member(apic, "eoi-pin", r->eoi_pin);
    }
}

static void qmp_add_apic(JsonObject *o, const JournalRecord *r, const Symbols *symbols)
{
    JsonObject *apic = json_object_new();
    json_object_set_int_member(apic, "vector", r->vector);
    json_object_set_string_member(apic, "mode", journal_mode_name(r->mode));
    json_object_set_int_member(apic, "destination", r->dest);
    json_object_set_boolean_member(apic, "logical", (r->seen & JOURNAL_LOGICAL) != 0);
    json_object_set_boolean_member(apic, "level", (r->seen & JOURNAL_LEVEL) != 0);
    json_object_set_int_member(apic, "answers", r->answers);
    if (r->answers > 0) {
        json_object_set_int_member(apic, "apic-id", r->apic_id);
    }
    if (r->taken > 0) {
        json_object_set_int_member(apic, "taken-ns", r->time_taken);
        qmp_add_place(apic, "taken-rip", "taken-symbol", r->rip_taken, symbols);
    }
    if (r->result == INTR_ENDED) {
        json_object_set_int_member(apic, "ended-ns", r->time_ended);
        qmp_add_eoi(apic, r);
    }
    json_object_set_object_member(o, "apic", apic);
}

static void qmp_add_emitter(JsonObject *o, const JournalRecord *r, const Symbols *symbols)
{
    if (r->source) {
        json_object_set_string_member(o, "device", r->source);
    }
    json_object_set_string_member(o, "kind", journal_kind_name((JournalKind)r->kind));
    json_object_set_int_member(o, "number", r->number);
    json_object_set_string_member(o, "bdf", rid_text(r->rid).text);
    if (r->seen & JOURNAL_SENT) {
        add_hex(o, "address", r->address);
        add_hex(o, "data", r->data);
    }
    if (r->cpu != JOURNAL_NO_CPU) {
        json_object_set_int_member(o, "cpu", r->cpu);
        json_object_set_int_member(o, "instructions", (gint64)r->instructions);
        qmp_add_place(o, "rip", "symbol", r->rip, symbols);
    }
}

/* A VMD on the way, which sent a vector of its own instead. */
static void qmp_add_vmd(JsonObject *o, const JournalRecord *r)
{
    JsonObject *vmd = json_object_new();
    json_object_set_string_member(vmd, "bdf", rid_text(r->rid_seen).text);
    json_object_set_int_member(vmd, "vector", (uint8_t)(r->relay - 1));
    json_object_set_object_member(o, "vmd", vmd);
}

static JsonObject *qmp_record(Machine *machine, const JournalRecord *r)
{
    JsonObject *o = json_object_new();
    g_autoptr(GString) sentence = g_string_new(NULL);
    journal_say(machine, r, sentence);
    json_object_set_int_member(o, "serial", (gint64)r->serial);
    json_object_set_int_member(o, "time-ns", r->time);
    json_object_set_string_member(o, "state", intr_result_name((IntrResult)r->result));
    json_object_set_boolean_member(o, "open", intr_results[r->result].open);
    json_object_set_boolean_member(o, "lost", intr_results[r->result].lost);
    json_object_set_string_member(o, "sentence", sentence->str);
    qmp_add_emitter(o, r, machine->journal.symbols);
    if (r->relay || r->result == INTR_VMD_NO_ENTRY) {
        qmp_add_vmd(o, r);
    }
    if (r->seen & JOURNAL_UNIT) {
        qmp_add_unit(o, r, machine->journal.symbols);
    }
    if (r->seen & JOURNAL_BUS) {
        qmp_add_apic(o, r, machine->journal.symbols);
    }
    return o;
}

static JsonObject *counts(const uint64_t *results)
{
    JsonObject *o = json_object_new();
    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        if (results[i] > 0) {
            json_object_set_int_member(o, intr_result_name((IntrResult)i), (gint64)results[i]);
        }
    }
    return o;
}

/* "filter" is what -journal and HMP's info journal take. */
bool qmp_read_filter(const Machine *machine, JsonObject *args, JournalFilter *filter,
                     GError **error)
{
    const char *text = json_object_get_string_member_with_default(args, "filter", "");
    g_autoptr(OptList) opts = optlist_parse(text, NULL);
    g_autoptr(GError) wrong = NULL;
    if (journal_filter_read(filter, opts, &wrong) && optlist_finish(opts, &wrong)) {
        journal_find_pin(machine, filter);
        return true;
    }
    journal_filter_clear(filter);
    g_set_error(error, QMP_ERROR, QMP_GENERIC_ERROR, "Parameter 'filter': %s", wrong->message);
    return false;
}

static JsonNode *query_journal(Machine *machine, JsonObject *args, GError **error)
{
    gint64 last = json_object_get_int_member_with_default(args, "last", RECORDS_DEFAULT);
    JsonObject *o = json_object_new();
    JsonArray *list = json_array_new();
    JournalFilter filter;
    json_object_set_int_member(o, "attempts", (gint64)machine->journal.last);
    json_object_set_object_member(o, "ended", counts(machine->journal.results));
    json_object_set_array_member(o, "records", list);
    if (!qmp_read_filter(machine, args, &filter, error)) {
        json_object_unref(o);
        return NULL;
    }
    g_autoptr(GPtrArray) found =
        journal_select(&machine->journal, &filter, (size_t)CLAMP(last, 0, RECORDS_MOST));
    for (guint i = 0; i < found->len; i++) {
        json_array_add_object_element(list, qmp_record(machine, found->pdata[i]));
    }
    journal_filter_clear(&filter);
    return qmp_object_node(o);
}

static JsonNode *query_why(Machine *machine, JsonObject *args, GError **error)
{
    JournalFilter filter;
    JournalAnswer answer;
    if (!qmp_read_filter(machine, args, &filter, error)) {
        return NULL;
    }
    journal_ask(&machine->journal, &filter, &answer);
    JsonObject *o = json_object_new();
    json_object_set_int_member(o, "matches", (gint64)answer.matches);
    json_object_set_object_member(o, "states", counts(answer.results));
    if (answer.last) {
        json_object_set_object_member(o, "last", qmp_record(machine, answer.last));
    }
    if (answer.last_lost) {
        json_object_set_object_member(o, "last-lost", qmp_record(machine, answer.last_lost));
    }
    if (answer.last) {
        g_autoptr(GString) now = g_string_new(NULL);
        journal_say_now(machine, answer.last, now);
        json_object_set_string_member(o, "now", now->str);
    }
    journal_filter_clear(&filter);
    return qmp_object_node(o);
}

const QmpCommand qmp_commands_journal[] = {
    {"x-query-journal", "?filter:s ?last:i", query_journal, .effect = COMMAND_KEEPS},
    {"x-why", "?filter:s", query_why, .effect = COMMAND_KEEPS},
    {NULL},
};
