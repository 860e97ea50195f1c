/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the journal's file says of a finding. */
#include "hw/intr/file_finding.h"

#include <json-glib/json-glib.h>

static void finding_add_text(JsonBuilder *b, const char *name, const char *text)
{
    if (text) {
        json_builder_set_member_name(b, name);
        json_builder_add_string_value(b, text);
    }
}

static void add_number(JsonBuilder *b, const char *name, int64_t number)
{
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, number);
}

/* Addresses do not fit into everybody's JSON numbers. */
static void add_where(JsonBuilder *b, const Journal *j)
{
    JournalWhere at = journal_where(j);

    if (at.cpu != JOURNAL_NO_CPU) {
        g_autofree char *rip = g_strdup_printf("0x%" PRIx64, at.rip);
        g_autofree char *symbol = symbols_name(j->symbols, at.rip);
        add_number(b, "cpu", at.cpu);
        finding_add_text(b, "rip", rip);
        finding_add_text(b, "symbol", symbol);
        add_number(b, "instructions", (int64_t)at.instructions);
    }
}

char *file_finding_text(const Journal *j, const JournalFinding *finding)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    add_number(b, "time_ns", journal_now(j));
    finding_add_text(b, "rule", finding->rule);
    finding_add_text(b, "what", finding->what);
    finding_add_text(b, "section", finding->section);
    finding_add_text(b, "severity", finding->severity);
    finding_add_text(b, "source", finding->source);
    finding_add_text(b, "details", finding->details);
    add_where(b, j);
    json_builder_end_object(b);
    g_autoptr(JsonNode) root = json_builder_get_root(b);
    return json_to_string(root, FALSE);
}
