/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMP's questions about interrupts, and what is logged from now on. */
#include <string.h>

#include "hw/intr/break.h"
#include "hw/intr/sentence.h"
#include "machine/accel.h"
#include "monitor/hmp_commands.h"
#include "monitor/journal.h"

#define SHOWN_DEFAULT 20
#define SHOWN_MOST    10000

/* "dev=x", "pin 5" and "vector 0x31 cpu 1" become one list of options. A first word that is none of
 * these is a device. */
static OptList *words_to_options(char **args)
{
    static const char *const keys[] = {"pin", "msi",  "vector", "cpu",    "dev",
                                       "bdf", "kind", "state",  "ending", "last"};
    g_autoptr(GString) text = g_string_new(NULL);
    for (char **arg = args; *arg; arg++) {
        bool takes_value = false;
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
            takes_value = takes_value || strcmp(*arg, keys[i]) == 0;
        }
        bool ending = g_str_has_prefix(*arg, "ending"); /* a state that stays */
        g_string_append_printf(text, "%s%s%s", text->len ? "," : "", ending ? "state" : "",
                               *arg + (ending ? strlen("ending") : 0));
        if (takes_value && arg[1]) {
            g_string_append_printf(text, "=%s", *++arg);
        }
    }
    return optlist_parse(text->str, "what");
}

/* The first word may be a device's id or a function's address. */
static bool read_subject(OptList *opts, JournalFilter *filter, GError **error)
{
    const char *what = optlist_get(opts, "what");
    uint16_t rid;
    if (!journal_filter_read(filter, opts, error)) {
        return false;
    }
    if (what && journal_parse_bdf(what, &rid)) {
        filter->rid = rid;
    } else if (what) {
        g_free(filter->dev);
        filter->dev = g_strdup(what);
    }
    return true;
}

/* False after saying what was wrong. */
static bool hmp_read_filter(char **args, JournalFilter *filter, uint64_t *last, GString *out)
{
    g_autoptr(OptList) opts = words_to_options(args);
    g_autoptr(GError) error = NULL;
    if (read_subject(opts, filter, &error) &&
        optlist_uint(opts, "last", 1, SHOWN_MOST, last, &error) && optlist_finish(opts, &error)) {
        return true;
    }
    g_string_append_printf(out, "%s\n", error->message);
    journal_filter_clear(filter);
    return false;
}

static void hmp_say_record(Machine *machine, const char *title, const JournalRecord *r,
                           GString *out)
{
    g_string_append(out, title);
    journal_say(machine, r, out);
    g_string_append_c(out, '\n');
}

static void hmp_say_now(Machine *machine, const JournalRecord *r, GString *out)
{
    g_autoptr(GString) now = g_string_new(NULL);

    if (r) {
        journal_say_now(machine, r, now);
    }
    if (now->len > 0) {
        g_string_append_printf(out, "now: %s\n", now->str);
    }
}

static void add_results(const uint64_t *results, GString *out)
{
    g_autoptr(GString) counts = g_string_new(NULL);
    journal_counts(counts, results);
    g_string_append_printf(out, "%s%s\n", counts->len > 0 ? ": " : "", counts->str);
}

void hmp_why(Machine *machine, char **args, GString *out)
{
    JournalFilter filter;
    JournalAnswer answer;
    uint64_t last = 0;
    journal_filter_init(&filter);
    if (!hmp_read_filter(args + 1, &filter, &last, out)) {
        return;
    }
    journal_find_pin(machine, &filter);
    journal_ask(&machine->journal, &filter, &answer);
    g_string_append_printf(out, "%" PRIu64 " in the journal", answer.matches);
    add_results(answer.results, out);
    if (!answer.last) {
        g_string_append(out, "nothing of that name or number has meant to interrupt\n");
    } else {
        hmp_say_record(machine, "the last: ", answer.last, out);
    }
    if (answer.last_lost && answer.last_lost != answer.last) {
        hmp_say_record(machine, "the last lost: ", answer.last_lost, out);
    }
    hmp_say_now(machine, answer.last, out);
    journal_filter_clear(&filter);
}

void hmp_info_journal(Machine *machine, char **args, GString *out)
{
    const Journal *j = &machine->journal;
    JournalFilter filter;
    uint64_t last = SHOWN_DEFAULT;
    journal_filter_init(&filter);
    if (!hmp_read_filter(args + 1, &filter, &last, out)) {
        return;
    }
    journal_find_pin(machine, &filter);
    g_autoptr(GPtrArray) found = journal_select(j, &filter, last);
    for (guint i = 0; i < found->len; i++) {
        hmp_say_record(machine, "", found->pdata[i], out);
    }
    g_string_append_printf(out, "%" PRIu64 " attempts since the start", j->last);
    add_results(j->results, out);
    journal_filter_clear(&filter);
}

/* Of which records lines are printed from now on. */
static void set_line_filter(Machine *machine, char **args, GString *out)
{
    JournalFilter filter;
    uint64_t last = 1;
    journal_filter_init(&filter);
    if (args[0] && strcmp(args[0], "none") == 0) {
        machine->journal.filter = NULL;
    } else if (hmp_read_filter(args, &filter, &last, out)) {
        journal_filter_lines(machine, &filter);
    }
}

void hmp_journal(Machine *machine, char **args, GString *out)
{
    Journal *j = &machine->journal;
    uint64_t size;
    if (!args[1]) {
        g_string_append_printf(out, "%" PRIu64 " records of at most %" PRIu64 "\n", journal_held(j),
                               j->ring ? j->mask + 1 : 0);
    } else if (strcmp(args[1], "filter") == 0 && args[2]) {
        set_line_filter(machine, args + 2, out);
    } else if (strcmp(args[1], "off") == 0) {
        journal_resize(j, 0);
    } else if (strcmp(args[1], "size") == 0 && args[2] && opt_parse_uint(args[2], &size) &&
               journal_size_is_valid(size)) {
        journal_resize(j, (uint32_t)size);
    } else {
        g_string_append_printf(out,
                               "usage: journal, journal off, journal size N (a power of two up to "
                               "%u), journal filter FILTER|none\n",
                               JOURNAL_MOST);
    }
}

/* Told in the middle of a turn. One that goes through its past has been here. */
static bool break_stops(void *opaque)
{
    Machine *machine = opaque;
    const AccelOps *accel = machine->opts.accel;
    if (machine->seeks) {
        return false;
    }
    if (accel->kick) {
        accel->kick(machine, machine->accel_state);
    }
    return true;
}

static void say_break(const Machine *machine, GString *out)
{
    const JournalBreak *b = journal_break(&machine->journal);
    if (!b) {
        g_string_append(out, "nothing is waited for\n");
    } else if (b->serial) {
        g_string_append_printf(out, "stops where attempt #%" PRIu64 " ends\n", b->serial);
    } else {
        g_string_append(out, "stops where an attempt ends that matches\n");
    }
}

void hmp_break_intr(Machine *machine, char **args, GString *out)
{
    JournalBreak wanted = {.ended = break_stops, .opaque = machine};
    uint64_t last = 1;
    journal_filter_init(&wanted.filter);
    if (args[1] && strcmp(args[1], "none") == 0) {
        journal_break_clear(&machine->journal);
        return;
    }
    if (!args[1]) {
        say_break(machine, out);
        return;
    }
    if (!journal_keeps(&machine->journal)) {
        g_string_append(out, "there is no journal; 'journal size N' makes one\n");
        return;
    }
    bool number = !args[2] && opt_parse_uint(args[1], &wanted.serial) && wanted.serial > 0;
    if (!number && !hmp_read_filter(args + 1, &wanted.filter, &last, out)) {
        return;
    }
    if (wanted.filter.open) {
        g_string_append(out, "state=open: such a one has not ended\n");
        return;
    }
    journal_find_pin(machine, &wanted.filter);
    journal_break_set(&machine->journal, &wanted);
}

void hmp_log(Machine *machine, char **args, GString *out)
{
    Trace *trace = machine->platform.trace;
    g_autoptr(GError) error = NULL;
    if (!args[1]) {
        trace_help(out);
    } else if (strcmp(args[1], "none") == 0) {
        trace->enabled = 0;
    } else if (!trace_enable(trace, args[1], &error)) {
        g_string_append_printf(out, "%s\n", error->message);
    }
}

void hmp_logfile(Machine *machine, char **args, GString *out)
{
    g_autoptr(GError) error = NULL;
    if (!args[1]) {
        trace_close(machine->platform.trace);
    } else if (!trace_open(machine->platform.trace, args[1], &error)) {
        g_string_append_printf(out, "%s\n", error->message);
    }
}

void hmp_trace_event(Machine *machine, char **args, GString *out)
{
    g_autoptr(GError) error = NULL;
    bool on;
    if (!args[1] || !args[2] || !opt_parse_bool(args[2], &on)) {
        g_string_append(out, "usage: trace-event GROUP on|off\n");
    } else if (!trace_switch(machine->platform.trace, args[1], on, &error)) {
        g_string_append_printf(out, "%s\n", error->message);
    }
}
