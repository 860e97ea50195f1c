/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the monitors say of lint: `info lint`, and QMP's x-query-lint. */
#include <inttypes.h>

#include "monitor/commands.h"
#include "monitor/hmp_commands.h"

static void add_rule(const LintRow *row, const GArray *list, const Symbols *symbols, GString *out)
{
    g_string_append_printf(out, "%s (%s): %s [%s]\n", row->name, lint_severity_name(row->severity),
                           row->what, row->section);
    for (unsigned i = 0; i < list->len; i++) {
        const LintBreaches *b = &g_array_index(list, LintBreaches, i);

        g_string_append_printf(out, "  %s: %" PRIu64 ", the first at %.6f s", b->source, b->count,
                               (double)b->time / NS_PER_SEC);
        if (b->where.cpu != JOURNAL_NO_CPU) {
            g_string_append_printf(out, " by CPU %u at %" PRIx64, b->where.cpu, b->where.rip);
            symbols_add(symbols, b->where.rip, out);
        }
        g_string_append_printf(out, ": %s\n", b->details);
    }
}

void hmp_info_lint(Machine *machine, char **args, GString *out)
{
    const Lint *lint = machine->platform.lint;

    if (!lint) {
        g_string_append(out, "lint is off\n");
        return;
    }
    for (unsigned i = 0; i < LINT_RULES; i++) {
        if (lint->breaches[i]) {
            add_rule(&lint_rules[i], lint->breaches[i], machine->journal.symbols, out);
        }
    }
    g_string_append_printf(out, "%u of %u rules were broken\n", lint_rules_broken(lint),
                           (unsigned)LINT_RULES);
}

static JsonObject *rule_object(const LintRow *row, const GArray *list, const Symbols *symbols)
{
    JsonObject *o = json_object_new();
    JsonArray *sources = json_array_new();

    for (unsigned i = 0; i < list->len; i++) {
        const LintBreaches *b = &g_array_index(list, LintBreaches, i);
        JsonObject *source = json_object_new();

        json_object_set_string_member(source, "source", b->source);
        json_object_set_int_member(source, "count", (gint64)b->count);
        json_object_set_string_member(source, "details", b->details);
        json_object_set_int_member(source, "time-ns", b->time);
        if (b->where.cpu != JOURNAL_NO_CPU) {
            g_autofree char *rip = g_strdup_printf("0x%" PRIx64, b->where.rip);
            g_autofree char *symbol = symbols_name(symbols, b->where.rip);
            json_object_set_int_member(source, "cpu", b->where.cpu);
            json_object_set_string_member(source, "rip", rip);
            if (symbol) {
                json_object_set_string_member(source, "symbol", symbol);
            }
        }
        json_array_add_object_element(sources, source);
    }
    json_object_set_string_member(o, "rule", row->name);
    json_object_set_string_member(o, "what", row->what);
    json_object_set_string_member(o, "section", row->section);
    json_object_set_string_member(o, "severity", lint_severity_name(row->severity));
    json_object_set_array_member(o, "sources", sources);
    return o;
}

static JsonNode *query_lint(Machine *machine, JsonObject *args, GError **error)
{
    const Lint *lint = machine->platform.lint;
    JsonArray *broken = json_array_new();
    JsonObject *o = json_object_new();

    for (unsigned i = 0; lint && i < LINT_RULES; i++) {
        if (lint->breaches[i]) {
            json_array_add_object_element(
                broken, rule_object(&lint_rules[i], lint->breaches[i], machine->journal.symbols));
        }
    }
    json_object_set_boolean_member(o, "enabled", lint != NULL);
    json_object_set_array_member(o, "broken", broken);
    return qmp_object_node(o);
}

const QmpCommand qmp_commands_lint[] = {
    {"x-query-lint", NULL, query_lint, .effect = COMMAND_KEEPS},
    {NULL},
};
