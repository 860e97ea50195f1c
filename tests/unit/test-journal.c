/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's ring, its filters, what it says of losses, and -journal. */
#include <string.h>

#include "hw/intr/filter.h"
#include "hw/intr/losses.h"
#include "hw/intr/sentence.h"
#include "hw/intr/stages.h"
#include "system/journal.h"

#define RECORDS 8

typedef struct {
    Journal journal;
    GPtrArray *lines; /* of char * */
} Fixture;

static void say(void *opaque, const char *line)
{
    g_ptr_array_add(opaque, g_strdup(line));
}

static void up(Fixture *f, gconstpointer data)
{
    journal_init(&f->journal, RECORDS, NULL, NULL);
    f->lines = g_ptr_array_new_with_free_func(g_free);
}

static void down(Fixture *f, gconstpointer data)
{
    journal_free(&f->journal);
    g_ptr_array_unref(f->lines);
}

static uint64_t open_msi(Fixture *f, const char *source, unsigned vector)
{
    return journal_open(&f->journal, JOURNAL_MSI, source, 0x20, vector);
}

/* The ring keeps the last ones; what it has overwritten is found no more, and not written to. */
static void test_ring(Fixture *f, gconstpointer data)
{
    uint64_t first = open_msi(f, "a", 0), last = 0;

    for (unsigned i = 1; i <= RECORDS; i++) {
        last = open_msi(f, "a", i);
    }
    g_assert_null(journal_find(&f->journal, first));
    journal_end(&f->journal, first, INTR_MASTER_OFF);
    g_assert_cmpuint(f->journal.results[INTR_MASTER_OFF], ==, 0);
    g_assert_cmpuint(journal_first(&f->journal), ==, first + 1);
    g_assert_cmpuint(journal_find(&f->journal, last)->number, ==, RECORDS);
    g_assert_null(journal_find(&f->journal, last + 1));
    g_assert_null(journal_find(&f->journal, 0));
}

/* Numbers go on without a ring; and nothing at all is no fault. */
static void test_off(Fixture *f, gconstpointer data)
{
    uint64_t waiting = 0;

    journal_resize(&f->journal, 0);
    g_assert_cmpuint(open_msi(f, "a", 0), ==, 1);
    g_assert_cmpuint(open_msi(f, "a", 0), ==, 2);
    g_assert_cmpint(journal_wait(&f->journal, 2, INTR_VECTOR_MASKED, &waiting), ==,
                    INTR_VECTOR_MASKED);
    g_assert_cmpuint(waiting, ==, 2);
    g_assert_null(journal_find(&f->journal, 2));
    g_assert_cmpuint(journal_open(NULL, JOURNAL_MSI, "a", 0, 0), ==, 0);
    g_assert_cmpint(journal_end(NULL, 1, INTR_ENDED), ==, INTR_ENDED);
}

/* One that waits keeps its number; a second one goes into it. */
static void test_wait(Fixture *f, gconstpointer data)
{
    Journal *j = &f->journal;
    uint64_t waiting = 0, first = open_msi(f, "a", 0), second = open_msi(f, "a", 0);

    journal_wait(j, first, INTR_VECTOR_MASKED, &waiting);
    journal_wait(j, second, INTR_VECTOR_MASKED, &waiting);
    g_assert_cmpint(journal_find(j, second)->result, ==, INTR_MERGED_WAITING);
    g_assert_cmpuint(journal_reopen(j, &waiting, JOURNAL_MSI, "a", 0x20, 0), ==, first);
    g_assert_cmpuint(waiting, ==, 0);
    g_assert_cmpuint(journal_reopen(j, &waiting, JOURNAL_MSI, "a", 0x20, 0), ==, second + 1);
}

/* An interrupt to two local APICs ends with the second EOI. */
static void test_several(Fixture *f, gconstpointer data)
{
    Journal *j = &f->journal;
    ApicMsg msg = {.serial = open_msi(f, "a", 0), .vector = 0x41};
    const JournalRecord *r = journal_find(j, msg.serial);

    journal_bus(j, &msg);
    journal_accept(j, &msg, 0, INTR_DELIVERED, JOURNAL_HOLD_IF);
    journal_accept(j, &msg, 1, INTR_APIC_SOFT_DISABLED, JOURNAL_HOLD_NONE);
    journal_accept(j, &msg, 2, INTR_DELIVERED, JOURNAL_HOLD_NONE);
    journal_answer(j, msg.serial, INTR_DELIVERED);
    g_assert_cmpuint(r->answers, ==, 3);
    g_assert_cmpuint(r->accepted, ==, 2);
    journal_taken(j, msg.serial, 0);
    journal_eoi(j, msg.serial, 0, INTR_ENDED);
    g_assert_cmpint(r->result, ==, INTR_TAKEN);
    journal_taken(j, msg.serial, 2);
    journal_eoi(j, msg.serial, 2, INTR_ENDED);
    g_assert_cmpint(r->result, ==, INTR_ENDED);
    g_assert_cmpuint(j->results[INTR_ENDED], ==, 1);
    g_assert_cmpuint(j->ended_twice, ==, 0);
    journal_answer(j, msg.serial, INTR_NO_APIC);
    g_assert_cmpuint(j->ended_twice, ==, 1);
}

#define MXCSR_NO_FLAGS 0x1f80u

static const char *sentence_of(Fixture *f, uint64_t serial)
{
    g_autoptr(GString) out = g_string_new(NULL);

    journal_sentence(out, journal_find(&f->journal, serial), NULL);
    say(f->lines, out->str);
    return f->lines->pdata[f->lines->len - 1];
}

/* What each stage knows is in the sentence. */
static void test_sentence(Fixture *f, gconstpointer data)
{
    Journal *j = &f->journal;
    IntrMsg msg = {.serial = open_msi(f, "nvme0", 3), .address = 0xfee00270, .requester_id = 0x28};
    JournalUnit unit = {.unit = "iommu0",
                        .index = 19,
                        .verdict = INTR_VTD_SOURCE,
                        .reason = 0x26,
                        .seen = JOURNAL_ENTRY | JOURNAL_CACHED | JOURNAL_STALE | JOURNAL_QUIET,
                        .wanted = 0x20,
                        .wanted_mask = 0xffff,
                        .time_cached = 12300950000,
                        .writer = &(JournalWriter){12301022000, 0xffffffff8162a4c0, 1, true},
                        .entry = {0x1234, 0x42}};

    journal_send(j, &msg);
    journal_unit(j, &msg, &unit);
    g_assert_cmpstr(
        sentence_of(f, msg.serial), ==,
        "#1 nvme0 (00:04.0) MSI 3, 0.000000 s: was blocked: its entry is for another requester "
        "(26h) at iommu0; entry 19 was 00000000000000420000000000001234 in the cache since "
        "12.300950 s, but memory has another one: no invalidation has covered it since; memory was "
        "last written at 12.301022 s by CPU 1 at ffffffff8162a4c0; the unit saw requester 00:05.0; "
        "the entry is for 00:04.0; no fault was recorded (FPD); the entry's SID, SQ and SVT have "
        "to allow the requester that the unit sees [VT-d 7.1.3 IR.7]");

    /* Said while a vCPU's floating-point exceptions may be collected in the host's MXCSR. */
    __builtin_ia32_ldmxcsr(MXCSR_NO_FLAGS);
    sentence_of(f, msg.serial);
    g_assert_cmphex(__builtin_ia32_stmxcsr(), ==, MXCSR_NO_FLAGS);
}

static void test_sentence_apic(Fixture *f, gconstpointer data)
{
    Journal *j = &f->journal;
    ApicMsg msg = {
        .serial = journal_open(j, JOURNAL_LVT, "apic1", 0, 0), .vector = 0xec, .dest = 1};

    journal_bus(j, &msg);
    journal_accept(j, &msg, 1, INTR_DELIVERED, JOURNAL_HOLD_IF | JOURNAL_HOLD_TPR);
    journal_answer(j, msg.serial, INTR_DELIVERED);
    g_assert_cmpstr(sentence_of(f, msg.serial), ==,
                    "#1 apic1 timer entry, 0.000000 s: waits in IRR for its CPU; vector ech at "
                    "local APIC 1 (when it came: RFLAGS.IF is clear, the task priority is not "
                    "below it) [SDM 11.8.4]");
}

/* A VMD's vector goes on as the same record. */
static void test_sentence_vmd(Fixture *f, gconstpointer data)
{
    Journal *j = &f->journal;
    IntrMsg msg = {.serial = open_msi(f, "nvme0", 3), .address = 0xfee03000, .requester_id = 0x20};

    journal_send(j, &msg);
    journal_relay(j, msg.serial, 0x30, 3);
    msg.address = 0xfee00270;
    msg.requester_id = 0x30;
    journal_send(j, &msg);
    g_assert_cmphex(journal_find(j, msg.serial)->address, ==, 0xfee00270);
    g_assert_cmpstr(sentence_of(f, msg.serial), ==,
                    "#1 nvme0 (00:04.0) MSI 3, 0.000000 s: has had no answer yet; VMD 00:06.0 has "
                    "it as its vector 3 [SDM 11.1]");
    msg.serial = open_msi(f, "nvme0", 4);
    g_assert_cmpuint(journal_find(j, msg.serial)->relay, ==, 0);
    journal_relay(j, msg.serial, 0x30, 200);
    journal_end(j, msg.serial, INTR_VMD_NO_ENTRY);
    g_assert_nonnull(
        strstr(sentence_of(f, msg.serial), "; it asked for vector 200 of VMD 00:06.0;"));
}

static bool filter_of(const char *text, JournalFilter *filter, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, NULL);

    return journal_filter_read(filter, opts, error) && optlist_finish(opts, error);
}

static void check_filter(const char *text, const JournalRecord *r, bool expected)
{
    JournalFilter filter;
    g_autoptr(GError) error = NULL;

    g_assert_true(filter_of(text, &filter, &error));
    if (journal_filter_matches(&filter, r) != expected) {
        g_error("'%s' does%s match", text, expected ? " not" : "");
    }
    journal_filter_clear(&filter);
}

static void test_filter(Fixture *f, gconstpointer data)
{
    static const char *const yes[] = {"",
                                      "dev=nvme0",
                                      "bdf=00:04.0",
                                      "bdf=01:00.0",
                                      "bdf=0000:00:04.0",
                                      "msi=3",
                                      "kind=msi",
                                      "vector=0x41",
                                      "cpu=1",
                                      "state=lost",
                                      "state=refused",
                                      "dev=nvme0,msi=3",
                                      "state=vector-illegal"};
    static const char *const no[] = {"dev=nvme1",   "bdf=00:04.1",    "msi=2",      "pin=3",
                                     "vector=0x42", "cpu=0",          "state=open", "state=blocked",
                                     "state=ended", "dev=nvme0,msi=2"};
    Journal *j = &f->journal;
    ApicMsg msg = {.serial = open_msi(f, "nvme0", 3), .vector = 0x41};

    journal_alias(j, msg.serial, 0x100);
    journal_bus(j, &msg);
    journal_accept(j, &msg, 1, INTR_VECTOR_ILLEGAL, JOURNAL_HOLD_NONE);
    journal_answer(j, msg.serial, INTR_VECTOR_ILLEGAL);
    for (unsigned i = 0; i < G_N_ELEMENTS(yes); i++) {
        check_filter(yes[i], journal_find(j, msg.serial), true);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(no); i++) {
        check_filter(no[i], journal_find(j, msg.serial), false);
    }
}

static void test_filter_errors(void)
{
    static const char *const wrong[][2] = {
        {"bdf=00:04", "bdf=00:04: is not bus:device.function, as in 00:1f.3"},
        {"kind=msii", "kind=msii: there is none (did you mean 'msi'?)"},
        {"state=loost", "state=loost: there is none (did you mean 'lost'?)"},
        {"vector=256", NULL},
        {"vectr=2", NULL},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        JournalFilter filter;
        g_autoptr(GError) error = NULL;

        g_assert_false(filter_of(wrong[i][0], &filter, &error));
        if (wrong[i][1]) {
            g_assert_cmpstr(error->message, ==, wrong[i][1]);
        }
    }
}

/* The first of each kind from each source is said, and no more lines than there may be. */
static void test_losses(Fixture *f, gconstpointer data)
{
    JournalLosses *losses = journal_losses_new(&f->journal, say, f->lines);
    g_autoptr(GString) sum = g_string_new(NULL);

    for (unsigned i = 0; i < 3; i++) {
        journal_end(&f->journal, open_msi(f, "a", 0), INTR_MASTER_OFF);
    }
    g_assert_cmpuint(f->lines->len, ==, 1);
    g_assert_nonnull(strstr(f->lines->pdata[0], "interrupt lost: #1 a (00:04.0) MSI 0"));
    journal_end(&f->journal, open_msi(f, "a", 1), INTR_MASTER_OFF);
    journal_end(&f->journal, open_msi(f, "b", 0), INTR_MASTER_OFF);
    journal_end(&f->journal, open_msi(f, "a", 0), INTR_NO_APIC);
    journal_end(&f->journal, open_msi(f, "a", 0), INTR_MSI_DISABLED); /* meant so */
    g_assert_cmpuint(f->lines->len, ==, 4);
    for (unsigned i = 0; i < 2 * JOURNAL_LOSSES_SAID; i++) {
        journal_end(&f->journal, open_msi(f, "c", i), INTR_NO_APIC);
    }
    g_assert_cmpuint(f->lines->len, ==, JOURNAL_LOSSES_SAID + 1);
    g_assert_cmpuint(journal_losses_count(losses), ==, 6 + 2 * JOURNAL_LOSSES_SAID);
    journal_losses_sum(losses, sum);
    g_assert_cmpstr(sum->str, ==, "65 no-such-apic, 5 bus-master-off");
    journal_losses_free(losses);
    journal_end(&f->journal, open_msi(f, "d", 0), INTR_NO_APIC);
    g_assert_cmpuint(f->lines->len, ==, JOURNAL_LOSSES_SAID + 1);
}

static void test_options(void)
{
    static const char *const wrong[] = {"of",       "size=3", "size=0",
                                        "size=32M", "dve=a",  "quiet=maybe"};
    JournalOptions o;

    journal_options_init(&o);
    g_assert_cmpuint(o.size, ==, JOURNAL_DEFAULT_SIZE);
    g_assert_true(journal_options_read(&o, "size=1024,quiet=on,dev=nvme0", NULL));
    g_assert_cmpuint(o.size, ==, 1024);
    g_assert_true(o.quiet);
    g_assert_cmpstr(o.filter.dev, ==, "nvme0");
    g_assert_true(journal_options_read(&o, "off", NULL));
    g_assert_cmpuint(o.size, ==, 0);
    g_assert_null(o.filter.dev);
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(journal_options_read(&o, wrong[i], &error));
        g_assert_nonnull(error);
    }
    journal_options_clear(&o);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/journal/ring", Fixture, NULL, up, test_ring, down);
    g_test_add("/journal/off", Fixture, NULL, up, test_off, down);
    g_test_add("/journal/wait", Fixture, NULL, up, test_wait, down);
    g_test_add("/journal/several", Fixture, NULL, up, test_several, down);
    g_test_add("/journal/sentence", Fixture, NULL, up, test_sentence, down);
    g_test_add("/journal/sentence/apic", Fixture, NULL, up, test_sentence_apic, down);
    g_test_add("/journal/sentence/vmd", Fixture, NULL, up, test_sentence_vmd, down);
    g_test_add("/journal/filter", Fixture, NULL, up, test_filter, down);
    g_test_add_func("/journal/filter/errors", test_filter_errors);
    g_test_add("/journal/losses", Fixture, NULL, up, test_losses, down);
    g_test_add_func("/journal/options", test_options);
    return g_test_run();
}
