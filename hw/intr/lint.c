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

static void clear_breaches(gpointer element)
{
    LintBreaches *b = element;

    g_free(b->details);
}

static LintBreaches *breaches_of(Lint *lint, LintRule rule, const char *source)
{
    GArray **list = &lint->breaches[rule];
    LintBreaches new = {.source = source};

    if (!*list) {
        *list = g_array_new(false, false, sizeof(LintBreaches));
        g_array_set_clear_func(*list, clear_breaches);
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

static void lint_add_place(const Lint *lint, JournalWhere at, GString *out)
{
    if (at.cpu != JOURNAL_NO_CPU) {
        g_string_append_printf(out, " at CPU %u rip %016" PRIx64, at.cpu, at.rip);
        symbols_add(lint->journal->symbols, at.rip, out);
    }
}

static void say(Lint *lint, const LintRow *row, const LintBreaches *b)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "%s: %s: %s (%s) [%s]", b->source, row->name, row->what,
                           b->details, row->section);
    lint_add_place(lint, b->where, text);
    g_printerr(PROGRAM ": lint: %s\n", text->str);
    if (++lint->lines == MAX_LINES) {
        g_printerr(PROGRAM ": lint: further ones are only counted; 'info lint' lists them\n");
    }
}

/* The first of its kind. */
static void keep_first(Lint *lint, LintRule rule, const LintBreaches *b)
{
    const LintRow *row = &lint_rules[rule];
    JournalFinding finding = {
        .rule = row->name,
        .what = row->what,
        .section = row->section,
        .severity = lint_severity_name(row->severity),
        .source = b->source,
        .details = b->details,
    };

    journal_file_finding(lint->file, &finding);
    if (lint->lines < MAX_LINES) {
        say(lint, row, b);
    }
}

void lint_break(Lint *lint, LintRule rule, const char *source, const char *format, ...)
{
    if (!lint) {
        return;
    }
    LintBreaches *b = breaches_of(lint, rule, source);
    if (b->count++ == 0) {
        va_list args;

        va_start(args, format);
        b->details = g_strdup_vprintf(format, args);
        va_end(args);
        b->time = journal_now(lint->journal);
        b->where = lint_where(lint);
        keep_first(lint, rule, b);
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
