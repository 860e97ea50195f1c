/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's file: a head, then blocks of names and of records. See docs/journal-format.md. */
#include "hw/intr/file.h"

#include <errno.h>
#include <string.h>

#include "base/report.h"
#include "hw/intr/file_finding.h"
#include "hw/intr/file_record.h"

#define MAGIC      "SYJOURNL"
#define VERSION    1u
#define ALIGN      8u          /* of what follows a block's head */
#define RECORDS    512u        /* in a block */
#define ADDRESSES  65536u      /* that are named; a guest may have any number of them */
#define BLOCK_NAME 0x454d414eu /* "NAME" */
#define BLOCK_RECS 0x53434552u /* "RECS" */
#define BLOCK_FIND 0x444e4946u /* "FIND" */
#define BLOCK_SYMB 0x424d5953u /* "SYMB" */
#define BLOCK_END  0x20444e45u /* "END " */

typedef struct {
    char magic[8];
    uint32_t version, length; /* of the header behind it */
} FileHead;

typedef struct {
    uint32_t type, length; /* of what is behind it, without what aligns the next block */
} BlockHead;

/* The one looked up last is often the next one. */
typedef struct {
    const char *name;
    uint32_t number;
} LastName;

struct JournalFile {
    Journal *journal;
    FILE *out; /* NULL once it took no more */
    char *what;
    GHashTable *names; /* const char * (the pointer, not the text) to its number */
    LastName source, unit;
    GHashTable *addresses; /* that the reader has been told the name of, if they have one */
    uint64_t written;
    unsigned waiting; /* in `records` */
    FileRecord records[RECORDS];
};

static void put_padded(FILE *out, const void *data, size_t length)
{
    static const char zeros[ALIGN];

    fwrite(data, 1, length, out);
    fwrite(zeros, 1, -length % ALIGN, out);
}

static void put_block(JournalFile *f, uint32_t type, const void *data, size_t length)
{
    BlockHead head = {type, (uint32_t)length};

    if (f->out) {
        fwrite(&head, sizeof(head), 1, f->out);
        put_padded(f->out, data, length);
    }
}

/* Hands to the host what waits; after a failure there is nobody to write to. */
static void flush(JournalFile *f)
{
    if (f->waiting > 0) {
        put_block(f, BLOCK_RECS, f->records, f->waiting * sizeof(FileRecord));
    }
    f->waiting = 0;
    if (f->out && !report_written(f->out, f->what)) {
        fclose(f->out);
        f->out = NULL;
    }
}

static void put_name(JournalFile *f, uint32_t number, const char *name)
{
    g_autoptr(GByteArray) data = g_byte_array_new();

    g_byte_array_append(data, (const uint8_t *)&number, sizeof(number));
    g_byte_array_append(data, (const uint8_t *)name, (guint)strlen(name));
    put_block(f, BLOCK_NAME, data->data, data->len);
}

/* Its number; told to the reader before the record that has it. */
static uint32_t name_number(JournalFile *f, LastName *last, const char *name)
{
    if (!name || name == last->name) {
        return name ? last->number : 0;
    }
    uint32_t number = GPOINTER_TO_UINT(g_hash_table_lookup(f->names, name));
    if (number == 0) {
        number = g_hash_table_size(f->names) + 1;
        g_hash_table_insert(f->names, (gpointer)name, GUINT_TO_POINTER(number));
        put_name(f, number, name);
    }
    *last = (LastName){name, number};
    return number;
}

/* Told to the reader before the record that has it. */
static void name_address(JournalFile *f, uint64_t addr)
{
    if (g_hash_table_size(f->addresses) == ADDRESSES ||
        !g_hash_table_add(f->addresses, GSIZE_TO_POINTER(addr))) {
        return;
    }
    g_autofree char *name = symbols_name(f->journal->symbols, addr);
    if (name) {
        g_autoptr(GByteArray) data = g_byte_array_new();

        g_byte_array_append(data, (const uint8_t *)&addr, sizeof(addr));
        g_byte_array_append(data, (const uint8_t *)name, (guint)strlen(name));
        put_block(f, BLOCK_SYMB, data->data, data->len);
    }
}

static void name_addresses(JournalFile *f, const JournalRecord *r)
{
    if (r->cpu != JOURNAL_NO_CPU) {
        name_address(f, r->rip);
    }
    if (r->taken) {
        name_address(f, r->rip_taken);
    }
    if (r->seen & JOURNAL_WRITTEN && r->cpu_written != JOURNAL_NO_CPU) {
        name_address(f, r->rip_written);
    }
}

static void record_ended(void *opaque, const JournalRecord *r)
{
    JournalFile *f = opaque;

    if (!f->out) {
        return;
    }
    uint32_t source = name_number(f, &f->source, r->source);
    uint32_t unit = r->seen & JOURNAL_UNIT ? name_number(f, &f->unit, r->unit) : 0;
    if (f->journal->symbols) {
        name_addresses(f, r);
    }
    file_record_fill(&f->records[f->waiting++], r, source, unit);
    f->written++;
    if (f->waiting == RECORDS) {
        flush(f);
    }
}

void journal_file_finding(JournalFile *f, const JournalFinding *finding)
{
    if (f && f->out) {
        g_autofree char *text = file_finding_text(f->journal, finding);
        put_block(f, BLOCK_FIND, text, strlen(text));
    }
}

static void put_head(JournalFile *f)
{
    g_autoptr(GString) header = file_record_header();
    FileHead head = {.version = VERSION, .length = (uint32_t)header->len};

    memcpy(head.magic, MAGIC, sizeof(head.magic));
    fwrite(&head, sizeof(head), 1, f->out);
    put_padded(f->out, header->str, header->len);
    flush(f);
}

JournalFile *journal_file_open(Journal *j, const char *path, GError **error)
{
    FILE *out = fopen(path, "wbe");

    if (!out) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "cannot write the journal to '%s': %s", path, g_strerror(errno));
        return NULL;
    }
    JournalFile *f = g_new0(JournalFile, 1);
    f->journal = j;
    f->out = out;
    f->what = g_strdup_printf("the journal's file '%s'", path);
    f->names = g_hash_table_new(NULL, NULL);
    f->addresses = g_hash_table_new(NULL, NULL);
    put_head(f);
    journal_listen(j, false, record_ended, f);
    return f;
}

static void put_open(JournalFile *f)
{
    const Journal *j = f->journal;

    for (uint64_t serial = journal_first(j); serial <= j->last; serial++) {
        const JournalRecord *r = journal_find(j, serial);

        if (r && !(r->seen & JOURNAL_CLOSED)) {
            record_ended(f, r);
        }
    }
}

void journal_file_close(JournalFile *f)
{
    if (!f) {
        return;
    }
    journal_unlisten(f->journal, record_ended, f);
    put_open(f);
    flush(f);
    put_block(f, BLOCK_END, (uint64_t[]){f->written, f->journal->last}, 2 * sizeof(uint64_t));
    flush(f);
    if (f->out) {
        fclose(f->out);
    }
    g_hash_table_unref(f->addresses);
    g_hash_table_unref(f->names);
    g_free(f->what);
    g_free(f);
}
