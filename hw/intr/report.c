/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting what a report tells, and its file. See report.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "hw/intr/report_internal.h"
#include "hw/intr/sentence.h"

/* Lines of losses; a guest can make up as many requesters as it likes. Further ones are counted. */
#define LOSSES_MOST 1000u

struct JournalReport {
    Journal *journal;
    FILE *out;
    char *what;
    bool html;
    ReportData data;
    GHashTable *losses, *devices; /* to find those of `data` by */
};

bool journal_report_path_is_valid(const char *path)
{
    return g_str_has_suffix(path, ".html") || g_str_has_suffix(path, ".json");
}

/* Interned names are the same if their addresses are. */

static guint loss_hash(gconstpointer key)
{
    const ReportLoss *l = key;

    return g_direct_hash(l->source) ^ (guint)l->rid << 16 ^ (guint)l->number << 8 ^
           (guint)l->kind << 24 ^ l->result;
}

static gboolean loss_equal(gconstpointer a, gconstpointer b)
{
    const ReportLoss *x = a, *y = b;

    return x->source == y->source && x->rid == y->rid && x->number == y->number &&
           x->kind == y->kind && x->result == y->result;
}

static guint device_hash(gconstpointer key)
{
    const ReportDevice *d = key;

    return g_direct_hash(d->source) ^ d->kind;
}

static gboolean device_equal(gconstpointer a, gconstpointer b)
{
    const ReportDevice *x = a, *y = b;

    return x->source == y->source && x->kind == y->kind;
}

static gint compare_devices(gconstpointer a, gconstpointer b)
{
    const ReportDevice *x = *(const ReportDevice *const *)a, *y = *(const ReportDevice *const *)b;
    int order = g_strcmp0(x->source, y->source);

    return order ? order : x->kind - y->kind;
}

static void loss_free(gpointer loss)
{
    ReportLoss *l = loss;

    g_free(l->sentence);
    g_free(l);
}

static ReportDevice *device_of(JournalReport *report, const JournalRecord *r)
{
    ReportDevice key = {.source = r->source, .kind = r->kind};
    ReportDevice *d = g_hash_table_lookup(report->devices, &key);

    if (!d) {
        d = g_memdup2(&key, sizeof(key));
        g_hash_table_add(report->devices, d);
        g_ptr_array_add(report->data.devices, d);
    }
    return d;
}

static ReportLoss *new_loss(JournalReport *report, const ReportLoss *key, const JournalRecord *r)
{
    g_autoptr(GString) sentence = g_string_new(NULL);
    ReportLoss *l = g_memdup2(key, sizeof(*key));

    journal_sentence(sentence, r, report->journal->symbols);
    l->serial = r->serial;
    l->time = r->time;
    l->sentence = g_strdup(sentence->str);
    g_hash_table_add(report->losses, l);
    g_ptr_array_add(report->data.losses, l);
    return l;
}

static void count_loss(JournalReport *report, const JournalRecord *r)
{
    ReportLoss key = {.source = r->source,
                      .rid = r->rid,
                      .number = r->number,
                      .kind = r->kind,
                      .result = r->result};
    ReportLoss *l = g_hash_table_lookup(report->losses, &key);

    report->data.lost++;
    if (!l && report->data.losses->len == LOSSES_MOST) {
        report->data.losses_left_out++;
        return;
    }
    l = l ? l : new_loss(report, &key, r);
    l->count++;
    l->time_last = r->time;
}

static void count_record(void *opaque, const JournalRecord *r)
{
    JournalReport *report = opaque;
    ReportDevice *d = device_of(report, r);

    d->attempts++;
    d->results[r->result]++;
    report->data.attempts++;
    report->data.results[r->result]++;
    report->data.open += !(r->seen & JOURNAL_CLOSED);
    if (intr_results[r->result].lost) {
        d->lost++;
        count_loss(report, r);
    }
}

JournalReport *journal_report_open(Journal *j, const Lint *lint, const char *path, GError **error)
{
    FILE *out = fopen(path, "we");

    if (!out) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "cannot write the report to '%s': %s", path, g_strerror(errno));
        return NULL;
    }
    JournalReport *report = g_new0(JournalReport, 1);
    report->journal = j;
    report->out = out;
    report->what = g_strdup_printf("the report '%s'", path);
    report->html = g_str_has_suffix(path, ".html");
    report->data.lint = lint;
    report->data.symbols = j->symbols;
    report->data.losses = g_ptr_array_new_with_free_func(loss_free);
    report->data.devices = g_ptr_array_new_with_free_func(g_free);
    report->losses = g_hash_table_new(loss_hash, loss_equal);
    report->devices = g_hash_table_new(device_hash, device_equal);
    journal_listen(j, false, count_record, report);
    return report;
}

static void count_open(JournalReport *report)
{
    const Journal *j = report->journal;

    for (uint64_t serial = journal_first(j); serial <= j->last; serial++) {
        const JournalRecord *r = journal_find(j, serial);

        if (r && !(r->seen & JOURNAL_CLOSED)) {
            count_record(report, r);
        }
    }
}

void journal_report_write(JournalReport *report)
{
    count_open(report);
    report->data.time = journal_now(report->journal);
    g_ptr_array_sort(report->data.devices, compare_devices);
    g_autofree char *text = report->html ? report_html(&report->data) : report_json(&report->data);
    fputs(text, report->out);
    report_written(report->out, report->what);
}

void journal_report_free(JournalReport *report)
{
    if (!report) {
        return;
    }
    journal_unlisten(report->journal, count_record, report);
    fclose(report->out);
    g_hash_table_unref(report->losses);
    g_hash_table_unref(report->devices);
    g_ptr_array_unref(report->data.losses);
    g_ptr_array_unref(report->data.devices);
    g_free(report->what);
    g_free(report);
}
