/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -journal: how much is kept, of what lines are printed, and lost interrupts on stderr. */
#include "system/journal.h"

#include <string.h>

#include "base/report.h"
#include "system/guest_symbols.h"

void journal_options_init(JournalOptions *o)
{
    *o = (JournalOptions){.size = JOURNAL_DEFAULT_SIZE};
    journal_filter_init(&o->filter);
}

void journal_options_clear(JournalOptions *o)
{
    g_clear_pointer(&o->file, g_free);
    g_clear_pointer(&o->report, g_free);
    g_clear_pointer(&o->symbols, g_free);
    journal_filter_clear(&o->filter);
}

static bool read_size(JournalOptions *o, OptList *opts, GError **error)
{
    uint64_t size = o->size;

    if (!optlist_size(opts, "size", 1, &size, error)) {
        return false;
    }
    if (optlist_get(opts, "size") && !journal_size_is_valid(size)) {
        g_set_error(error, OPT_ERROR, 0, "size=%s: is no power of two from 1 to %u",
                    optlist_get(opts, "size"), JOURNAL_MOST);
        return false;
    }
    o->size = (uint32_t)size;
    return true;
}

static void take_text(OptList *opts, const char *key, char **text)
{
    if (optlist_get(opts, key)) {
        g_free(*text);
        *text = g_strdup(optlist_get(opts, key));
    }
}

/* What is written needs records. */
static bool read_path(const JournalOptions *o, OptList *opts, const char *key, char **path,
                      GError **error)
{
    take_text(opts, key, path);
    if (*path && o->size == 0) {
        g_set_error(error, OPT_ERROR, 0, "%s=%s: there is nothing to write with the journal off",
                    key, *path);
        return false;
    }
    return true;
}

static bool read_paths(JournalOptions *o, OptList *opts, GError **error)
{
    if (!read_path(o, opts, "file", &o->file, error) ||
        !read_path(o, opts, "report", &o->report, error)) {
        return false;
    }
    take_text(opts, "symbols", &o->symbols);
    if (o->report && !journal_report_path_is_valid(o->report)) {
        g_set_error(error, OPT_ERROR, 0, "report=%s: is to end in .html or .json", o->report);
        return false;
    }
    return true;
}

bool journal_options_read(JournalOptions *o, const char *text, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "mode");
    static const char *const modes[] = {"off", "on"};
    const char *mode = optlist_get(opts, "mode");

    if (mode && strcmp(mode, "off") == 0) {
        o->size = 0;
    } else if (mode && strcmp(mode, "quiet") == 0) {
        o->quiet = true;
    } else if (mode && strcmp(mode, "on") != 0) {
        opt_error_nearest(error, mode, modes, G_N_ELEMENTS(modes), "%s: there is none", mode);
        return false;
    }
    journal_filter_clear(&o->filter);
    return read_paths(o, opts, error) && read_size(o, opts, error) &&
           optlist_bool(opts, "quiet", &o->quiet, error) &&
           journal_filter_read(&o->filter, opts, error) && optlist_finish(opts, error);
}

static void say_loss_line(void *opaque, const char *line)
{
    g_printerr(PROGRAM ": %s\n", line);
}

/* Symbols are first: what comes after uses them. */
bool journal_start(JournalRun *run, Machine *machine, const JournalOptions *o, GError **error)
{
    Journal *j = &machine->journal;

    *run = (JournalRun){.machine = machine};
    journal_resize(j, o->size);
    j->filter = &o->filter;
    if (o->symbols && !(run->symbols = guest_symbols_load(machine, o->symbols, error))) {
        return false;
    }
    j->symbols = run->symbols;
    if (!o->quiet) {
        run->losses = journal_losses_new(j, say_loss_line, NULL);
    }
    if (o->file && !(run->file = journal_file_open(j, o->file, error))) {
        return false;
    }
    machine->lint.file = run->file;
    if (o->report) {
        run->report = journal_report_open(j, machine->platform.lint, o->report, error);
    }
    return !o->report || run->report;
}

void journal_stop(JournalRun *run)
{
    g_clear_pointer(&run->losses, journal_losses_free);
    g_clear_pointer(&run->report, journal_report_free);
    if (run->machine) {
        run->machine->lint.file = NULL;
        run->machine->journal.symbols = NULL;
    }
    g_clear_pointer(&run->file, journal_file_close);
    g_clear_pointer(&run->symbols, symbols_free);
}

void journal_sum_up(const JournalRun *run, const Machine *machine)
{
    g_autoptr(GString) sum = g_string_new(NULL);

    if (run->losses && journal_losses_count(run->losses) > 0) {
        journal_losses_sum(run->losses, sum);
        g_printerr(PROGRAM ": of %" PRIu64 " interrupts %" PRIu64 " were lost: %s\n",
                   machine->journal.last, journal_losses_count(run->losses), sum->str);
    }
    if (run->report) {
        journal_report_write(run->report);
    }
}
