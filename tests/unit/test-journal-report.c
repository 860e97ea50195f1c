/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a run: what it counts, both forms, and when it cannot be written. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "hw/intr/report.h"
#include "hw/intr/sentence.h"

#define RECORDS 8
#define MANY    1500u /* emitters; a report lists 1000 of their losses */

typedef struct {
    Journal journal;
    Lint lint;
    char *dir;
} Fixture;

static GString *said; /* what went to stderr */

static void hear(const char *text)
{
    g_string_append(said, text);
}

static void up(Fixture *f, gconstpointer data)
{
    journal_init(&f->journal, RECORDS, NULL, NULL);
    lint_init(&f->lint, &f->journal);
    f->dir = g_dir_make_tmp("report-XXXXXX", NULL);
    g_string_truncate(said, 0);
}

static void down(Fixture *f, gconstpointer data)
{
    g_assert_cmpint(g_rmdir(f->dir), ==, 0);
    g_free(f->dir);
    lint_free(&f->lint);
    journal_free(&f->journal);
}

static uint64_t open_one(Fixture *f, const char *source, uint16_t rid, unsigned vector)
{
    return journal_open(&f->journal, JOURNAL_MSI, source, rid, vector);
}

/* Three losses of two kinds, one that ended well and was overwritten, one that waits. */
static void happen(Fixture *f)
{
    uint64_t waiting = 0;

    for (unsigned i = 0; i < RECORDS; i++) {
        journal_end(&f->journal, open_one(f, "good", 0x10, 0), INTR_ENDED);
    }
    journal_end(&f->journal, open_one(f, "<b>&", 0x20, 3), INTR_MASTER_OFF);
    journal_end(&f->journal, open_one(f, "<b>&", 0x20, 3), INTR_MASTER_OFF);
    journal_end(&f->journal, open_one(f, "<b>&", 0x20, 3), INTR_NO_APIC);
    journal_wait(&f->journal, open_one(f, "good", 0x10, 1), INTR_VECTOR_MASKED, &waiting);
    for (unsigned i = 0; i < 2; i++) {
        lint_break(&f->lint, LINT_SVT_ZERO, "<b>&", "entry %u", i);
    }
}

/* The file's text, which is removed. */
static char *report_of(Fixture *f, const char *name, void (*run)(Fixture *f), const Lint *lint)
{
    g_autofree char *path = g_build_filename(f->dir, name, NULL);
    g_autoptr(GError) error = NULL;
    JournalReport *report = journal_report_open(&f->journal, lint, path, &error);
    char *text;

    g_assert_no_error(error);
    run(f);
    journal_report_write(report);
    journal_report_free(report);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpint(g_unlink(path), ==, 0);
    return text;
}

static JsonObject *parse(JsonParser *parser, const char *text)
{
    g_autoptr(GError) error = NULL;

    json_parser_load_from_data(parser, text, -1, &error);
    g_assert_no_error(error);
    return json_node_get_object(json_parser_get_root(parser));
}

static gint64 int_at(JsonObject *o, const char *name)
{
    return json_object_get_int_member(o, name);
}

static void check_losses(JsonArray *losses)
{
    JsonObject *first = json_array_get_object_element(losses, 0);
    JsonObject *second = json_array_get_object_element(losses, 1);

    g_assert_cmpuint(json_array_get_length(losses), ==, 2);
    g_assert_cmpstr(json_object_get_string_member(first, "device"), ==, "<b>&");
    g_assert_cmpstr(json_object_get_string_member(first, "kind"), ==, "msi");
    g_assert_cmpstr(json_object_get_string_member(first, "bdf"), ==, "00:04.0");
    g_assert_cmpstr(json_object_get_string_member(first, "state"), ==, "bus-master-off");
    g_assert_cmpint(int_at(first, "number"), ==, 3);
    g_assert_cmpint(int_at(first, "count"), ==, 2);
    g_assert_cmpint(int_at(first, "first-serial"), ==, RECORDS + 1);
    g_assert_true(g_str_has_prefix(json_object_get_string_member(first, "sentence"),
                                   "#9 <b>& (00:04.0) MSI 3, 0.000000 s: was dropped"));
    g_assert_cmpstr(json_object_get_string_member(second, "state"), ==, "no-such-apic");
    g_assert_cmpint(int_at(second, "count"), ==, 1);
}

static void check_devices(JsonArray *devices)
{
    JsonObject *bad = json_array_get_object_element(devices, 0);
    JsonObject *good = json_array_get_object_element(devices, 1);

    g_assert_cmpuint(json_array_get_length(devices), ==, 2);
    g_assert_cmpint(int_at(bad, "attempts"), ==, 3);
    g_assert_cmpint(int_at(bad, "lost"), ==, 3);
    g_assert_cmpint(int_at(good, "attempts"), ==, RECORDS + 1);
    g_assert_cmpint(int_at(good, "lost"), ==, 0);
    g_assert_cmpint(int_at(json_object_get_object_member(good, "states"), "vector-masked"), ==, 1);
}

static void test_json(Fixture *f, gconstpointer data)
{
    g_autofree char *text = report_of(f, "r.json", happen, &f->lint);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *o = parse(parser, text), *finding;

    g_assert_cmpint(int_at(o, "version"), ==, 1);
    g_assert_cmpint(int_at(o, "attempts"), ==, RECORDS + 4);
    g_assert_cmpint(int_at(o, "lost"), ==, 3);
    g_assert_cmpint(int_at(o, "open"), ==, 1);
    g_assert_cmpint(int_at(json_object_get_object_member(o, "states"), "ended"), ==, RECORDS);
    check_losses(json_object_get_array_member(o, "losses"));
    check_devices(json_object_get_array_member(o, "devices"));
    g_assert_true(json_object_get_boolean_member(o, "lint"));
    finding = json_array_get_object_element(json_object_get_array_member(o, "findings"), 0);
    g_assert_cmpstr(json_object_get_string_member(finding, "rule"), ==, "svt-zero");
    g_assert_cmpstr(json_object_get_string_member(finding, "details"), ==, "entry 0");
    g_assert_cmpint(int_at(finding, "count"), ==, 2);
    g_assert_false(json_object_has_member(finding, "cpu"));
}

/* A name is text there, and nothing is loaded from elsewhere. */
static void test_html(Fixture *f, gconstpointer data)
{
    static const char *const has[] = {
        "<!DOCTYPE html>",
        "prefers-color-scheme: dark",
        "12 attempts to interrupt in 0.000000 s",
        "3 lost</span>, 1 open",
        "#9 &lt;b&gt;&amp; (00:04.0) MSI 3, 0.000000 s: was dropped",
        "1 vector-masked, 8 ended",
        ">svt-zero</td>",
        "(entry 0) [VT-d 9.9]",
        "</html>\n",
    };
    static const char *const has_not[] = {"<b>", "http", "src=", "<script", "<link", "url("};
    g_autofree char *text = report_of(f, "r.html", happen, &f->lint);

    for (unsigned i = 0; i < G_N_ELEMENTS(has); i++) {
        g_assert_nonnull(strstr(text, has[i]));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(has_not); i++) {
        g_assert_null(strstr(text, has_not[i]));
    }
}

static void lose_many(Fixture *f)
{
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            journal_end(&f->journal, open_one(f, NULL, (uint16_t)i, 0), INTR_NO_APIC);
        }
    }
}

/* It does not grow with what a guest makes up. */
static void test_many(Fixture *f, gconstpointer data)
{
    g_autofree char *text = report_of(f, "r.json", lose_many, NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *o = parse(parser, text);

    g_assert_cmpint(int_at(o, "lost"), ==, 2 * MANY);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(o, "losses")), ==, 1000);
    g_assert_cmpint(int_at(o, "losses-left-out"), ==, 2 * (MANY - 1000));
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(o, "devices")), ==, 1);
    g_assert_false(json_object_get_boolean_member(o, "lint"));
}

static void nothing(Fixture *f)
{
}

static void test_empty(Fixture *f, gconstpointer data)
{
    g_autofree char *json = report_of(f, "r.json", nothing, NULL);
    g_autofree char *html = report_of(f, "r.html", nothing, NULL);
    g_autoptr(JsonParser) parser = json_parser_new();

    g_assert_cmpint(int_at(parse(parser, json), "attempts"), ==, 0);
    g_assert_nonnull(strstr(html, "Lint was off"));
}

static void test_paths(void)
{
    g_assert_true(journal_report_path_is_valid("a.html"));
    g_assert_true(journal_report_path_is_valid("/b/a.json"));
    g_assert_false(journal_report_path_is_valid("a.htm"));
    g_assert_false(journal_report_path_is_valid("json"));
}

/* One line, with the file's name: at the start where there is no such folder, at the end where the
 * disk is full. */
static void test_unwritable(Fixture *f, gconstpointer data)
{
    g_autofree char *nowhere = g_build_filename(f->dir, "none", "r.json", NULL);
    g_autofree char *full = g_build_filename(f->dir, "full.json", NULL);
    g_autofree char *line =
        g_strdup_printf("qemu-system-x86_64: the report '%s': No space left on device; "
                        "nothing more is written there\n",
                        full);
    g_autoptr(GError) error = NULL;

    g_assert_null(journal_report_open(&f->journal, NULL, nowhere, &error));
    g_assert_nonnull(strstr(error->message, nowhere));
    if (access("/dev/full", W_OK) != 0) {
        g_test_skip("there is no /dev/full");
        return;
    }
    g_assert_cmpint(symlink("/dev/full", full), ==, 0);
    JournalReport *report = journal_report_open(&f->journal, NULL, full, NULL);
    journal_report_write(report);
    journal_report_free(report);
    g_assert_cmpstr(said->str, ==, line);
    g_assert_cmpint(g_unlink(full), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    said = g_string_new(NULL);
    g_set_printerr_handler(hear);
    g_test_add("/journal-report/json", Fixture, NULL, up, test_json, down);
    g_test_add("/journal-report/html", Fixture, NULL, up, test_html, down);
    g_test_add("/journal-report/many", Fixture, NULL, up, test_many, down);
    g_test_add("/journal-report/empty", Fixture, NULL, up, test_empty, down);
    g_test_add("/journal-report/unwritable", Fixture, NULL, up, test_unwritable, down);
    g_test_add_func("/journal-report/paths", test_paths);
    int status = g_test_run();
    g_string_free(said, TRUE);
    return status;
}
