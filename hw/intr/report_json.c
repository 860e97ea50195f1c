/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report as JSON. docs/journal.md has its members. */
#include <json-glib/json-glib.h>

#include "hw/core/rid.h"
#include "hw/intr/report_internal.h"

#define VERSION 1

static void report_add_text(JsonObject *o, const char *name, const char *text)
{
    if (text) {
        json_object_set_string_member(o, name, text);
    }
}

static void add_count(JsonObject *o, const char *name, uint64_t count)
{
    json_object_set_int_member(o, name, (gint64)count);
}

static JsonObject *states_object(const uint64_t *results)
{
    JsonObject *o = json_object_new();

    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        if (results[i] > 0) {
            add_count(o, intr_result_name((IntrResult)i), results[i]);
        }
    }
    return o;
}

static JsonObject *loss_object(const ReportLoss *l)
{
    const IntrResultRow *row = &intr_results[l->result];
    JsonObject *o = json_object_new();

    report_add_text(o, "device", l->source);
    report_add_text(o, "kind", journal_kind_name((JournalKind)l->kind));
    add_count(o, "number", l->number);
    report_add_text(o, "bdf", rid_text(l->rid).text);
    report_add_text(o, "state", row->name);
    report_add_text(o, "section", row->section);
    report_add_text(o, "remedy", row->remedy);
    add_count(o, "count", l->count);
    add_count(o, "first-serial", l->serial);
    json_object_set_int_member(o, "first-ns", l->time);
    json_object_set_int_member(o, "last-ns", l->time_last);
    report_add_text(o, "sentence", l->sentence);
    return o;
}

static JsonObject *device_object(const ReportDevice *d)
{
    JsonObject *o = json_object_new();

    report_add_text(o, "device", d->source);
    report_add_text(o, "kind", journal_kind_name((JournalKind)d->kind));
    add_count(o, "attempts", d->attempts);
    add_count(o, "lost", d->lost);
    json_object_set_object_member(o, "states", states_object(d->results));
    return o;
}

static JsonObject *finding_object(const LintRow *row, const LintBreaches *b, const Symbols *symbols)
{
    JsonObject *o = json_object_new();

    report_add_text(o, "rule", row->name);
    report_add_text(o, "what", row->what);
    report_add_text(o, "section", row->section);
    report_add_text(o, "severity", lint_severity_name(row->severity));
    report_add_text(o, "source", b->source);
    report_add_text(o, "details", b->details);
    add_count(o, "count", b->count);
    json_object_set_int_member(o, "first-ns", b->time);
    if (b->where.cpu != JOURNAL_NO_CPU) {
        g_autofree char *rip = g_strdup_printf("0x%" PRIx64, b->where.rip);
        g_autofree char *symbol = symbols_name(symbols, b->where.rip);

        add_count(o, "cpu", b->where.cpu);
        report_add_text(o, "rip", rip);
        report_add_text(o, "symbol", symbol);
    }
    return o;
}

static JsonArray *findings_array(const Lint *lint, const Symbols *symbols)
{
    JsonArray *findings = json_array_new();

    for (unsigned i = 0; lint && i < LINT_RULES; i++) {
        const GArray *list = lint->breaches[i];

        for (guint n = 0; list && n < list->len; n++) {
            json_array_add_object_element(
                findings,
                finding_object(&lint_rules[i], &g_array_index(list, LintBreaches, n), symbols));
        }
    }
    return findings;
}

char *report_json(const ReportData *data)
{
    JsonObject *o = json_object_new();
    JsonArray *losses = json_array_new(), *devices = json_array_new();

    for (guint i = 0; i < data->losses->len; i++) {
        json_array_add_object_element(losses, loss_object(data->losses->pdata[i]));
    }
    for (guint i = 0; i < data->devices->len; i++) {
        json_array_add_object_element(devices, device_object(data->devices->pdata[i]));
    }
    add_count(o, "version", VERSION);
    json_object_set_int_member(o, "time-ns", data->time);
    add_count(o, "attempts", data->attempts);
    add_count(o, "lost", data->lost);
    add_count(o, "open", data->open);
    json_object_set_object_member(o, "states", states_object(data->results));
    json_object_set_array_member(o, "losses", losses);
    add_count(o, "losses-left-out", data->losses_left_out);
    json_object_set_boolean_member(o, "lint", data->lint != NULL);
    json_object_set_array_member(o, "findings", findings_array(data->lint, data->symbols));
    json_object_set_array_member(o, "devices", devices);
    g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), o);
    json_object_unref(o);
    g_autofree char *text = json_to_string(root, TRUE);
    return g_strconcat(text, "\n", NULL);
}
