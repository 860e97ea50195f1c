/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -journal: how much is kept, of what lines are printed, and lost interrupts on stderr. */
#include "system/journal.h"

#include <string.h>

#include "base/report.h"

void journal_options_init(JournalOptions *o)
{
    *o = (JournalOptions){.size = JOURNAL_DEFAULT_SIZE};
    journal_filter_init(&o->filter);
}

void journal_options_clear(JournalOptions *o)
{
    g_clear_pointer(&o->file, g_free);
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
    if (optlist_get(opts, "file")) {
        g_free(o->file);
        o->file = g_strdup(optlist_get(opts, "file"));
    }
    if (o->file && o->size == 0) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: there is nothing to write with the journal off",
                    o->file);
        return false;
    }
    return read_size(o, opts, error) && optlist_bool(opts, "quiet", &o->quiet, error) &&
           journal_filter_read(&o->filter, opts, error) && optlist_finish(opts, error);
}

static void say_loss_line(void *opaque, const char *line)
{
    g_printerr(PROGRAM ": %s\n", line);
}

bool journal_start(JournalRun *run, Machine *machine, const JournalOptions *o, GError **error)
{
    *run = (JournalRun){.machine = machine};
    journal_resize(&machine->journal, o->size);
    machine->journal.filter = &o->filter;
    if (!o->quiet) {
        run->losses = journal_losses_new(&machine->journal, say_loss_line, NULL);
    }
    if (o->file) {
        run->file = journal_file_open(&machine->journal, o->file, error);
        machine->lint.file = run->file;
    }
    return !o->file || run->file;
}

void journal_stop(JournalRun *run)
{
    g_clear_pointer(&run->losses, journal_losses_free);
    if (run->file) {
        run->machine->lint.file = NULL;
    }
    g_clear_pointer(&run->file, journal_file_close);
}

void journal_sum_up(const JournalRun *run, const Machine *machine)
{
    g_autoptr(GString) sum = g_string_new(NULL);

    if (run->losses && journal_losses_count(run->losses) > 0) {
        journal_losses_sum(run->losses, sum);
        g_printerr(PROGRAM ": of %" PRIu64 " interrupts %" PRIu64 " were lost: %s\n",
                   machine->journal.last, journal_losses_count(run->losses), sum->str);
    }
}
