/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lint: counting breaches of rules, and saying the first ones. See lint.h. */
#include "hw/intr/lint.h"

#include <string.h>

#include "base/report.h"
#include "hw/intr/file.h"

#define MAX_LINES 32 /* on stderr, a run */

void lint_init(Lint *lint, const Journal *journal)
{
    *lint = (Lint){.journal = journal};
}

void lint_free(Lint *lint)
{
    for (unsigned i = 0; i < LINT_RULES; i++) {
        g_clear_pointer(&lint->breaches[i], g_array_unref);
    }
}

static LintBreaches *breaches_of(Lint *lint, LintRule rule, const char *source)
{
    GArray **list = &lint->breaches[rule];
    LintBreaches new = {.source = source};

    if (!*list) {
        *list = g_array_new(false, false, sizeof(LintBreaches));
    }
    for (unsigned i = 0; i < (*list)->len; i++) {
        LintBreaches *b = &g_array_index(*list, LintBreaches, i);

        if (strcmp(b->source, source) == 0) {
            return b;
        }
    }
    g_array_append_val(*list, new);
    return &g_array_index(*list, LintBreaches, (*list)->len - 1);
}

JournalWhere lint_where(const Lint *lint)
{
    return journal_where(lint ? lint->journal : NULL);
}

static void add_place(const Lint *lint, GString *out)
{
    JournalWhere at = lint_where(lint);

    if (at.cpu != JOURNAL_NO_CPU) {
        g_string_append_printf(out, " at CPU %u rip %016" PRIx64, at.cpu, at.rip);
    }
}

static __attribute__((format(printf, 4, 0))) void say(Lint *lint, LintRule rule, const char *source,
                                                      const char *format, va_list args)
{
    const LintRow *row = &lint_rules[rule];
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *details = g_strdup_vprintf(format, args);
    JournalFinding finding = {
        .rule = row->name,
        .what = row->what,
        .section = row->section,
        .severity = row->severity == LINT_ERROR ? "error" : "warning",
        .source = source,
        .details = details,
    };

    if (lint->file) {
        journal_file_finding(lint->file, &finding);
    }
    g_string_append_printf(text, "%s: %s: %s (%s) [%s]", source, row->name, row->what, details,
                           row->section);
    add_place(lint, text);
    g_printerr(PROGRAM ": lint: %s\n", text->str);
    if (++lint->lines == MAX_LINES) {
        g_printerr(PROGRAM ": lint: further ones are only counted; 'info lint' lists them\n");
    }
}

void lint_break(Lint *lint, LintRule rule, const char *source, const char *format, ...)
{
    if (!lint) {
        return;
    }
    LintBreaches *b = breaches_of(lint, rule, source);
    if (b->count++ == 0 && lint->lines < MAX_LINES) {
        va_list args;

        va_start(args, format);
        say(lint, rule, source, format, args);
        va_end(args);
    }
}

uint64_t lint_count(const Lint *lint, LintRule rule)
{
    const GArray *list = lint->breaches[rule];
    uint64_t count = 0;

    for (unsigned i = 0; list && i < list->len; i++) {
        count += g_array_index(list, LintBreaches, i).count;
    }
    return count;
}

unsigned lint_rules_broken(const Lint *lint)
{
    unsigned broken = 0;

    for (unsigned i = 0; i < LINT_RULES; i++) {
        broken += lint->breaches[i] != NULL;
    }
    return broken;
}

const char *lint_severity_name(LintSeverity severity)
{
    return severity == LINT_ERROR ? "error" : "warning";
}
