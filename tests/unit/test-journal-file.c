/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's file, read back by its own description of itself, and when it takes no more. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/intr/file.h"
#include "hw/intr/stages.h"

#define STALE 0xa5 /* what the ring's last user left */

static char *dir; /* of the files */

/* The reader: a file in memory, and one record after the other. */

typedef struct {
    char *data;
    gsize length, at;
    JsonParser *parser;
    JsonObject *header, *fields; /* name to field */
    GPtrArray *names;            /* by number */
    GPtrArray *findings;         /* JSON */
    const char *records;         /* of the block that is read */
    unsigned left;               /* in it */
    uint64_t ended[2];           /* the last block's counts */
    bool complete;
} Reader;

static uint32_t u32_at(const Reader *r, gsize at)
{
    uint32_t value;

    g_assert_cmpuint(at + sizeof(value), <=, r->length);
    memcpy(&value, r->data + at, sizeof(value));
    return value;
}

static void read_fields(Reader *r)
{
    JsonArray *rows =
        json_object_get_array_member(json_object_get_object_member(r->header, "record"), "fields");

    r->fields = json_object_new();
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonObject *row = json_array_get_object_element(rows, i);
        json_object_set_object_member(r->fields, json_object_get_string_member(row, "name"),
                                      json_object_ref(row));
    }
}

static void reader_open(Reader *r, const char *path)
{
    g_autoptr(GError) error = NULL;

    *r = (Reader){.parser = json_parser_new(), .names = g_ptr_array_new_with_free_func(g_free)};
    g_ptr_array_add(r->names, NULL);
    r->findings = g_ptr_array_new_with_free_func(g_free);
    g_assert_true(g_file_get_contents(path, &r->data, &r->length, NULL));
    g_assert_cmpmem(r->data, 8, "SYJOURNL", 8);
    g_assert_cmpuint(u32_at(r, 8), ==, 1);
    guint length = u32_at(r, 12);
    json_parser_load_from_data(r->parser, r->data + 16, length, &error);
    g_assert_no_error(error);
    r->header = json_node_get_object(json_parser_get_root(r->parser));
    read_fields(r);
    r->at = (16 + length + 7) & ~7u;
}

static void reader_close(Reader *r)
{
    g_object_unref(r->parser);
    json_object_unref(r->fields);
    g_ptr_array_unref(r->names);
    g_ptr_array_unref(r->findings);
    g_free(r->data);
}

static gint64 record_size(const Reader *r)
{
    return json_object_get_int_member(json_object_get_object_member(r->header, "record"), "size");
}

static void read_block(Reader *r)
{
    const char *data = r->data + r->at + 8;
    uint32_t length = u32_at(r, r->at + 4);

    g_assert_cmpuint(r->at + 8 + length, <=, r->length);
    if (memcmp(data - 8, "NAME", 4) == 0) {
        g_assert_cmpuint(u32_at(r, r->at + 8), ==, r->names->len);
        g_ptr_array_add(r->names, g_strndup(data + 4, length - 4));
    } else if (memcmp(data - 8, "FIND", 4) == 0) {
        g_ptr_array_add(r->findings, g_strndup(data, length));
    } else if (memcmp(data - 8, "RECS", 4) == 0) {
        r->records = data;
        g_assert_cmpint(length % record_size(r), ==, 0);
        r->left = (unsigned)(length / record_size(r));
    } else {
        g_assert_cmpmem(data - 8, 4, "END ", 4);
        memcpy(r->ended, data, sizeof(r->ended));
        r->complete = true;
    }
    r->at += 8 + ((length + 7) & ~7u);
}

static const char *next_record(Reader *r)
{
    while (r->left == 0) {
        if (r->at == r->length) {
            return NULL;
        }
        g_assert_false(r->complete);
        read_block(r);
    }
    const char *record = r->records;
    r->records += record_size(r);
    r->left--;
    return record;
}

static uint64_t get(const Reader *r, const char *record, const char *name)
{
    JsonObject *row = json_object_get_object_member(r->fields, name);
    uint64_t value = 0;

    memcpy(&value, record + json_object_get_int_member(row, "offset"),
           (size_t)json_object_get_int_member(row, "size"));
    return value;
}

static const char *row_text(const Reader *r, const char *table, uint64_t n, const char *member)
{
    return json_object_get_string_member(
        json_array_get_object_element(json_object_get_array_member(r->header, table), (guint)n),
        member);
}

/* Writing. */

static char *file_path(const char *name)
{
    return g_build_filename(dir, name, NULL);
}

static JournalFile *file_begin(Journal *j, uint32_t records, const char *path)
{
    g_autoptr(GError) error = NULL;

    journal_init(j, records, NULL, NULL);
    JournalFile *f = journal_file_open(j, path, &error);
    g_assert_no_error(error);
    return f;
}

/* Fields that hold what no stage wrote are full of another record's. */
static JournalRecord *soil(Journal *j, uint64_t serial)
{
    JournalRecord *r = journal_find(j, serial);
    JournalRecord clean = *r;

    memset(r, STALE, sizeof(*r));
    r->serial = clean.serial;
    r->time = clean.time;
    r->rip = clean.rip;
    r->instructions = clean.instructions;
    r->source = clean.source;
    r->cpu = clean.cpu;
    r->number = clean.number;
    r->rid = clean.rid;
    r->rid_seen = clean.rid_seen;
    r->kind = clean.kind;
    r->result = clean.result;
    r->seen = 0;
    r->answers = r->accepted = r->taken = r->ended = 0;
    return r;
}

static uint64_t make(Journal *j, JournalKind kind, unsigned result)
{
    uint64_t serial = journal_open(j, kind, "device", 0x20, result);

    soil(j, serial);
    journal_end(j, serial, (IntrResult)result);
    return serial;
}

static void check_kept(const Reader *r, const char *record, JournalKind kind, unsigned result)
{
    static const char *const zero[] = {
        "time_taken", "time_ended", "rip_taken",  "instructions_taken",
        "address",    "entry_low",  "entry_high", "into",
        "unit",       "data",       "dest",       "apic",
        "last_apic",  "wanted",     "reason",     "vector",
        "mode",       "hold",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(zero); i++) {
        g_assert_cmpuint(get(r, record, zero[i]), ==, 0);
    }
    g_assert_cmpuint(get(r, record, "index"), ==, JOURNAL_NO_INDEX);
    g_assert_cmpuint(get(r, record, "cpu"), ==, JOURNAL_NO_CPU);
    g_assert_cmpuint(get(r, record, "number"), ==, result);
    g_assert_cmpuint(get(r, record, "rid"), ==, 0x20);
    g_assert_cmpstr(g_ptr_array_index(r->names, get(r, record, "source")), ==, "device");
    g_assert_cmpstr(row_text(r, "kinds", get(r, record, "kind"), "name"), ==,
                    journal_kind_name(kind));
    g_assert_cmpstr(row_text(r, "kinds", get(r, record, "kind"), "number"), ==,
                    journal_number_name(kind));
    g_assert_cmpstr(row_text(r, "results", get(r, record, "result"), "name"), ==,
                    intr_results[result].name);
    g_assert_cmpstr(row_text(r, "results", get(r, record, "result"), "sentence"), ==,
                    intr_results[result].sentence);
}

/* Those that ended come in the order of their ends, the open ones at the close. */
static void test_every_kind_and_result(void)
{
    Journal j;
    Reader r;
    g_autofree char *path = file_path("all");
    JournalFile *f = file_begin(&j, 4096, path);

    for (unsigned kind = 0; kind < JOURNAL_KINDS; kind++) {
        for (unsigned result = 0; result < INTR_RESULTS; result++) {
            make(&j, (JournalKind)kind, result);
        }
    }
    journal_file_close(f);
    reader_open(&r, path);
    for (unsigned open = 0; open < 2; open++) {
        for (unsigned i = 0; i < JOURNAL_KINDS * INTR_RESULTS; i++) {
            if (intr_results[i % INTR_RESULTS].open == open) {
                const char *record = next_record(&r);
                g_assert_nonnull(record);
                g_assert_cmpuint(get(&r, record, "serial"), ==, i + 1);
                check_kept(&r, record, (JournalKind)(i / INTR_RESULTS), i % INTR_RESULTS);
            }
        }
    }
    g_assert_null(next_record(&r));
    g_assert_true(r.complete);
    g_assert_cmpuint(r.ended[0], ==, JOURNAL_KINDS * INTR_RESULTS);
    g_assert_cmpuint(r.ended[1], ==, j.last);
    reader_close(&r);
    journal_free(&j);
}

/* One that goes the whole way has all that its stages wrote. */
static void whole_way(Journal *j)
{
    uint64_t serial = journal_open(j, JOURNAL_MSIX, "nvme0", 0x20, 3);
    IntrMsg msg = {.serial = serial, .address = 0xfee00278, .data = 5, .requester_id = 0x28};
    JournalUnit unit = {.unit = "iommu0",
                        .index = 19,
                        .verdict = INTR_ON_ITS_WAY,
                        .seen = JOURNAL_ENTRY | JOURNAL_CACHED | JOURNAL_REMAPPED,
                        .wanted = 0x28,
                        .wanted_mask = 0xffff,
                        .entry = {0x1234, 0x5678}};
    ApicMsg apic = {
        .serial = serial, .dest = 2, .vector = 0x61, .mode = INTR_MODE_LOWEST, .logical = true};

    soil(j, serial);
    journal_relay(j, serial, 0x28, 9);
    journal_send(j, &msg);
    journal_unit(j, &msg, &unit);
    journal_bus(j, &apic);
    journal_accept(j, &apic, 7, INTR_DELIVERED, JOURNAL_HOLD_IF);
    journal_answer(j, serial, INTR_DELIVERED);
    journal_taken(j, serial, 7);
    journal_eoi(j, serial, 7, INTR_ENDED);
}

static void test_whole_way(void)
{
    static const struct {
        const char *field;
        uint64_t value;
    } want[] = {
        {"serial", 1},
        {"rid", 0x20},
        {"rid_seen", 0x28},
        {"relay", 10},
        {"number", 3},
        {"data", 5},
        {"index", 19},
        {"address", 0xfee00278},
        {"entry_low", 0x1234},
        {"wanted", 0x28},
        {"dest", 2},
        {"wanted_mask", 0xffff},
        {"entry_high", 0x5678},
        {"vector", 0x61},
        {"mode", 1},
        {"hold", JOURNAL_HOLD_IF},
        {"apic", 7},
        {"last_apic", 7},
        {"answers", 1},
        {"accepted", 1},
        {"taken", 1},
        {"ended", 1},
        {"result", INTR_ENDED},
        {"time_ended", 0},
        {"kind", JOURNAL_MSIX},
        {"seen", JOURNAL_SENT | JOURNAL_ALIASED | JOURNAL_REMAPPED | JOURNAL_UNIT | JOURNAL_CACHED |
                     JOURNAL_BUS | JOURNAL_LOGICAL | JOURNAL_CLOSED | JOURNAL_ENTRY},
    };
    Journal j;
    Reader r;
    g_autofree char *path = file_path("way");
    JournalFile *f = file_begin(&j, 4, path);

    whole_way(&j);
    journal_file_close(f);
    reader_open(&r, path);
    const char *record = next_record(&r);
    for (unsigned i = 0; i < G_N_ELEMENTS(want); i++) {
        if (get(&r, record, want[i].field) != want[i].value) {
            g_error("%s is %" PRIx64, want[i].field, get(&r, record, want[i].field));
        }
    }
    g_assert_cmpstr(g_ptr_array_index(r.names, get(&r, record, "source")), ==, "nvme0");
    g_assert_cmpstr(g_ptr_array_index(r.names, get(&r, record, "unit")), ==, "iommu0");
    reader_close(&r);
    journal_free(&j);
}

/* What the ring overwrites while it is open is written then, and only then. */
static void test_overwritten(void)
{
    Journal j;
    Reader r;
    g_autofree char *path = file_path("over");
    JournalFile *f = file_begin(&j, 4, path);

    for (unsigned i = 0; i < 2000; i++) {
        make(&j, JOURNAL_PIN, INTR_PIN_MASKED);
    }
    journal_file_close(f);
    make(&j, JOURNAL_PIN, INTR_EDGE_MASKED); /* nobody listens */
    reader_open(&r, path);
    for (unsigned i = 0; i < 2000; i++) {
        g_assert_cmpuint(get(&r, next_record(&r), "serial"), ==, i + 1);
    }
    g_assert_null(next_record(&r));
    g_assert_true(r.complete);
    reader_close(&r);
    journal_free(&j);
}

/* Any text can be in it. */
static void test_finding(void)
{
    Journal j;
    Reader r;
    g_autofree char *path = file_path("find");
    JournalFile *f = file_begin(&j, 4, path);
    JournalFinding finding = {"a-rule", "\"that\" was done", "VT-d 5.1", "error", "iommu0",
                              "é\\\n"};

    make(&j, JOURNAL_PIN, INTR_EDGE_MASKED);
    journal_file_finding(f, &finding);
    journal_file_finding(NULL, &finding);
    journal_file_close(f);
    reader_open(&r, path);
    g_assert_nonnull(next_record(&r));
    g_assert_null(next_record(&r));
    g_assert_cmpuint(r.findings->len, ==, 1);
    g_autoptr(JsonNode) node = json_from_string(g_ptr_array_index(r.findings, 0), NULL);
    JsonObject *object = json_node_get_object(node);
    g_assert_cmpstr(json_object_get_string_member(object, "rule"), ==, "a-rule");
    g_assert_cmpstr(json_object_get_string_member(object, "what"), ==, finding.what);
    g_assert_cmpstr(json_object_get_string_member(object, "details"), ==, finding.details);
    g_assert_false(json_object_has_member(object, "cpu"));
    reader_close(&r);
    journal_free(&j);
}

static void make_many(Journal *j)
{
    for (unsigned i = 0; i < 3000; i++) {
        make(j, JOURNAL_PIN, INTR_EDGE_MASKED);
    }
}

static void test_full_disk(void)
{
    if (g_test_subprocess()) {
        Journal j;
        JournalFile *f = file_begin(&j, 16, "/dev/full");
        make_many(&j);
        journal_file_close(f);
        journal_free(&j);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("qemu-system-x86_64: the journal's file '/dev/full': No space left "
                              "on device; nothing more is written there\n");
}

static void test_closed_reader(void)
{
    if (g_test_subprocess()) {
        int fds[2];
        Journal j;
        signal(SIGPIPE, SIG_IGN); /* as the program does */
        g_assert_cmpint(pipe(fds), ==, 0);
        g_autofree char *path = g_strdup_printf("/dev/fd/%d", fds[1]);
        JournalFile *f = file_begin(&j, 16, path);
        make(&j, JOURNAL_PIN, INTR_EDGE_MASKED);
        close(fds[0]);
        make_many(&j);
        journal_file_close(f);
        journal_free(&j);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("qemu-system-x86_64: the journal's file '/dev/fd/*': Broken pipe; "
                              "nothing more is written there\n");
}

static void test_no_such_folder(void)
{
    Journal j;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(dir, "none", "file", NULL);

    journal_init(&j, 16, NULL, NULL);
    g_assert_null(journal_file_open(&j, path, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    make(&j, JOURNAL_PIN, INTR_EDGE_MASKED);
    journal_free(&j);
}

static void remove_files(void)
{
    static const char *const names[] = {"all", "way", "over", "find"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = file_path(names[i]);
        g_unlink(path);
    }
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    dir = g_dir_make_tmp("journal-XXXXXX", NULL);
    g_test_add_func("/journal-file/every-kind-and-result", test_every_kind_and_result);
    g_test_add_func("/journal-file/whole-way", test_whole_way);
    g_test_add_func("/journal-file/overwritten", test_overwritten);
    g_test_add_func("/journal-file/finding", test_finding);
    g_test_add_func("/journal-file/full-disk", test_full_disk);
    g_test_add_func("/journal-file/closed-reader", test_closed_reader);
    g_test_add_func("/journal-file/no-such-folder", test_no_such_folder);
    int status = g_test_run();
    remove_files();
    g_free(dir);
    return status;
}
