/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report as a page: one file without scripts, for light and dark screens. */
#include "base/clock.h"
#include "hw/intr/report_internal.h"
#include "hw/intr/sentence.h"

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<title>Report on interrupts</title>\n<style>\n"
    ":root { --ink: #1b1f24; --paper: #ffffff; --faint: #59636e; --line: #d1d9e0;\n"
    "  --bad: #b42318; --row: #f6f8fa; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  :root { --ink: #e6edf3; --paper: #0d1117; --faint: #9198a1; --line: #3d444d;\n"
    "    --bad: #ff7b72; --row: #151b23; } }\n"
    "body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);\n"
    "  max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }\n"
    "h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }\n"
    ".scroll { overflow-x: auto; }\n"
    "table { border-collapse: collapse; width: 100%; }\n"
    "th, td { text-align: left; vertical-align: top; padding: .3rem .6rem;\n"
    "  border-bottom: 1px solid var(--line); }\n"
    "th { color: var(--faint); font-weight: 600; }\n"
    "tbody tr:nth-child(even) { background: var(--row); }\n"
    "td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }\n"
    ".bad { color: var(--bad); font-weight: 600; } .faint { color: var(--faint); }\n"
    "td.say { overflow-wrap: anywhere; min-width: 20rem; }\n"
    "</style>\n</head>\n<body>\n";

static void add_escaped(GString *out, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);

    g_string_append(out, escaped);
}

/* A cell with a class, or NULL. */
static void add_cell(GString *out, const char *cls, const char *text)
{
    g_string_append_printf(out, cls ? "<td class=\"%s\">" : "<td>", cls);
    add_escaped(out, text);
    g_string_append(out, "</td>");
}

static void add_number_cell(GString *out, const char *cls, uint64_t number)
{
    g_string_append_printf(out, "<td class=\"n%s%s\">%" PRIu64 "</td>", cls ? " " : "",
                           cls ? cls : "", number);
}

static void add_time_cell(GString *out, int64_t ns)
{
    g_string_append_printf(out, "<td class=\"n\">%.6f s</td>", (double)ns / NS_PER_SEC);
}

/* `columns` is a list of names by "|"; those that begin with # are numbers. */
static void begin_table(GString *out, const char *id, const char *title, const char *columns)
{
    g_auto(GStrv) names = g_strsplit(columns, "|", 0);

    g_string_append_printf(out, "<h2>%s</h2>\n<div class=\"scroll\"><table id=\"%s\"><thead><tr>",
                           title, id);
    for (char **name = names; *name; name++) {
        bool number = **name == '#';

        g_string_append_printf(out, "<th%s>%s</th>", number ? " class=\"n\"" : "", *name + number);
    }
    g_string_append(out, "</tr></thead><tbody>\n");
}

static void end_table(GString *out, bool empty)
{
    g_string_append(out, empty ? "<tr><td class=\"faint\" colspan=\"9\">none</td></tr>\n" : "");
    g_string_append(out, "</tbody></table></div>\n");
}

static void page_states(GString *out, const ReportData *data)
{
    begin_table(out, "states", "States", "state|#count|an interrupt ...|section");
    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        const IntrResultRow *row = &intr_results[i];

        if (data->results[i] > 0) {
            g_string_append(out, "<tr>");
            add_cell(out, row->lost ? "bad" : NULL, row->name);
            add_number_cell(out, NULL, data->results[i]);
            add_cell(out, NULL, row->sentence);
            add_cell(out, "faint", row->section);
            g_string_append(out, "</tr>\n");
        }
    }
    end_table(out, data->attempts == 0);
}

static void page_losses(GString *out, const ReportData *data)
{
    begin_table(out, "losses", "Lost", "emitter|state|#count|#last|the first");
    for (guint i = 0; i < data->losses->len; i++) {
        const ReportLoss *l = data->losses->pdata[i];

        g_string_append(out, "<tr>");
        add_cell(out, NULL, l->source ? l->source : "?");
        add_cell(out, "bad", intr_result_name((IntrResult)l->result));
        add_number_cell(out, NULL, l->count);
        add_time_cell(out, l->time_last);
        add_cell(out, "say", l->sentence);
        g_string_append(out, "</tr>\n");
    }
    end_table(out, data->losses->len == 0);
    if (data->losses_left_out > 0) {
        g_string_append_printf(
            out, "<p>%" PRIu64 " more losses are of further emitters and are counted only.</p>\n",
            data->losses_left_out);
    }
}

static void page_finding(GString *out, const LintRow *row, const LintBreaches *b,
                         const Symbols *symbols)
{
    g_autofree char *what = g_strdup_printf("%s (%s) [%s]", row->what, b->details, row->section);

    g_string_append(out, "<tr>");
    add_cell(out, NULL, b->source);
    add_cell(out, row->severity == LINT_ERROR ? "bad" : NULL, row->name);
    add_cell(out, NULL, lint_severity_name(row->severity));
    add_number_cell(out, NULL, b->count);
    add_time_cell(out, b->time);
    add_cell(out, "say", what);
    if (b->where.cpu == JOURNAL_NO_CPU) {
        add_cell(out, NULL, "");
    } else {
        g_autoptr(GString) where = g_string_new(NULL);
        g_string_printf(where, "CPU %u at %" PRIx64, b->where.cpu, b->where.rip);
        symbols_add(symbols, b->where.rip, where);
        add_cell(out, NULL, where->str);
    }
    g_string_append(out, "</tr>\n");
}

static void page_findings(GString *out, const Lint *lint, const Symbols *symbols)
{
    begin_table(out, "findings", "What hardware need not forgive",
                "device|rule|severity|#count|#first|what|by");
    for (unsigned i = 0; lint && i < LINT_RULES; i++) {
        const GArray *list = lint->breaches[i];

        for (guint n = 0; list && n < list->len; n++) {
            page_finding(out, &lint_rules[i], &g_array_index(list, LintBreaches, n), symbols);
        }
    }
    end_table(out, !lint || lint_rules_broken(lint) == 0);
    g_string_append(out, lint ? "" : "<p class=\"faint\">Lint was off.</p>\n");
}

static void page_devices(GString *out, const ReportData *data)
{
    begin_table(out, "devices", "Devices", "device|kind|#attempts|#lost|states");
    for (guint i = 0; i < data->devices->len; i++) {
        const ReportDevice *d = data->devices->pdata[i];
        g_autoptr(GString) states = g_string_new(NULL);

        journal_counts(states, d->results);
        g_string_append(out, "<tr>");
        add_cell(out, NULL, d->source ? d->source : "?");
        add_cell(out, NULL, journal_kind_name((JournalKind)d->kind));
        add_number_cell(out, NULL, d->attempts);
        add_number_cell(out, d->lost > 0 ? "bad" : NULL, d->lost);
        add_cell(out, "say", states->str);
        g_string_append(out, "</tr>\n");
    }
    end_table(out, data->devices->len == 0);
}

char *report_html(const ReportData *data)
{
    GString *out = g_string_new(head);

    g_string_append_printf(out,
                           "<h1>Report on interrupts</h1>\n<p id=\"sum\">%" PRIu64
                           " attempts to interrupt in %.6f s of the machine's time: "
                           "<span class=\"%s\">%" PRIu64 " lost</span>, %" PRIu64
                           " open at the end.</p>\n",
                           data->attempts, (double)data->time / NS_PER_SEC,
                           data->lost > 0 ? "bad" : "faint", data->lost, data->open);
    page_losses(out, data);
    page_findings(out, data->lint, data->symbols);
    page_devices(out, data);
    page_states(out, data);
    g_string_append(out, "</body>\n</html>\n");
    return g_string_free(out, FALSE);
}
