/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See losses.h. What was said before is known by (source, kind, number, result). */
#include "hw/intr/losses.h"

#include "hw/intr/sentence.h"

struct JournalLosses {
    Journal *journal;
    void (*say)(void *opaque, const char *line);
    void *opaque;
    GHashTable *said; /* of uint64_t *: see loss_key() */
    uint64_t count[INTR_RESULTS];
};

/* Interned names differ by address. */
static uint64_t loss_key(const JournalRecord *r)
{
    uint64_t source = r->source ? (uint64_t)(uintptr_t)r->source : r->rid;

    return (source << 16 | r->number) ^ (uint64_t)r->result << 56 ^ (uint64_t)r->kind << 48;
}

/* True the first time. No more of them are kept than are said. */
static bool is_new(JournalLosses *l, const JournalRecord *r)
{
    uint64_t key = loss_key(r);

    if (g_hash_table_contains(l->said, &key)) {
        return false;
    }
    return g_hash_table_add(l->said, g_memdup2(&key, sizeof(key)));
}

static void say_loss(JournalLosses *l, const JournalRecord *r)
{
    g_autoptr(GString) line = g_string_new("interrupt lost: ");

    journal_sentence(line, r, l->journal->symbols);
    l->say(l->opaque, line->str);
    if (g_hash_table_size(l->said) == JOURNAL_LOSSES_SAID) {
        l->say(l->opaque, "further lost interrupts are counted only; the monitor's 'info journal' "
                          "has them");
    }
}

static void on_end(void *opaque, const JournalRecord *r)
{
    JournalLosses *l = opaque;

    l->count[r->result]++;
    if (g_hash_table_size(l->said) < JOURNAL_LOSSES_SAID && is_new(l, r)) {
        say_loss(l, r);
    }
}

JournalLosses *journal_losses_new(Journal *j, void (*say)(void *opaque, const char *line),
                                  void *opaque)
{
    JournalLosses *l = g_new0(JournalLosses, 1);

    *l = (JournalLosses){.journal = j, .say = say, .opaque = opaque};
    l->said = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    journal_listen(j, true, on_end, l);
    return l;
}

void journal_losses_free(JournalLosses *l)
{
    if (l) {
        journal_unlisten(l->journal, on_end, l);
        g_hash_table_unref(l->said);
        g_free(l);
    }
}

uint64_t journal_losses_count(const JournalLosses *l)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        sum += l->count[i];
    }
    return sum;
}

void journal_losses_sum(const JournalLosses *l, GString *out)
{
    journal_counts(out, l->count);
}
