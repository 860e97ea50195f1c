/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See hw/intr/break.h. It is one more listener of the journal's, and found among them, so that a
 * journal without one is as it was.
 */
#include "hw/intr/break.h"

typedef struct {
    JournalBreak wanted;
    Journal *journal;
    uint64_t due; /* serial number; 0: none */
    uint16_t cpu; /* that ended it */
} BreakState;

static void break_ended(void *opaque, const JournalRecord *r)
{
    BreakState *b = opaque;
    bool asked = b->wanted.serial ? b->wanted.serial == r->serial
                                  : journal_filter_matches(&b->wanted.filter, r);
    if (asked && b->due == 0 && b->wanted.ended(b->wanted.opaque)) {
        b->due = r->serial;
        b->cpu = journal_where(b->journal).cpu;
    }
}

static BreakState *break_of(const Journal *j)
{
    for (guint i = 0; i < j->listeners->len; i++) {
        const JournalListener *listener = &g_array_index(j->listeners, JournalListener, i);
        if (listener->ended == break_ended) {
            return listener->opaque;
        }
    }
    return NULL;
}

void journal_break_set(Journal *j, const JournalBreak *wanted)
{
    journal_break_clear(j);
    BreakState *b = g_new0(BreakState, 1);
    b->wanted = *wanted;
    b->journal = j;
    journal_listen(j, false, break_ended, b);
}

void journal_break_clear(Journal *j)
{
    BreakState *b = break_of(j);
    if (b) {
        journal_unlisten(j, break_ended, b);
        journal_filter_clear(&b->wanted.filter);
        g_free(b);
    }
}

const JournalBreak *journal_break(const Journal *j)
{
    const BreakState *b = break_of(j);
    return b ? &b->wanted : NULL;
}

bool journal_break_is_due(const Journal *j)
{
    const BreakState *b = break_of(j);
    return b && b->due;
}

const JournalRecord *journal_break_take(Journal *j, uint16_t *cpu)
{
    BreakState *b = break_of(j);
    if (!b || !b->due) {
        return NULL;
    }
    const JournalRecord *r = journal_find(j, b->due);
    b->due = 0;
    *cpu = b->cpu;
    /* A load ends what is under way, and puts another journal in its place. */
    return r && (r->seen & JOURNAL_CLOSED) ? r : NULL;
}
