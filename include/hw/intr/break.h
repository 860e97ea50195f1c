/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stopping a machine where a record of the journal ends: one that a filter or a number names. */
#ifndef HW_INTR_BREAK_H
#define HW_INTR_BREAK_H

#include "hw/intr/filter.h"
#include "hw/intr/journal.h"

typedef struct {
    uint64_t serial;      /* this one; 0: those that match */
    JournalFilter filter; /* whose text is owned */
    /* A record that was asked for ends, in the middle of whatever ends it: makes the machine's
     * vCPUs come back soon. False: it is not to stop now. */
    bool (*ended)(void *opaque);
    void *opaque;
} JournalBreak;

/* In place of the one before; takes what `wanted` owns. It is gone at the end with the journal. */
void journal_break_set(Journal *j, const JournalBreak *wanted);
void journal_break_clear(Journal *j);
/* What is asked for, or NULL. */
const JournalBreak *journal_break(const Journal *j);
/* Has one ended that journal_break_take() has not told? Between two parts of a turn. */
bool journal_break_is_due(const Journal *j);
/* The first that has ended since, once, and on whose behalf (JOURNAL_NO_CPU: a device's); NULL:
 * none has, or the machine went elsewhere meanwhile. */
const JournalRecord *journal_break_take(Journal *j, uint16_t *cpu);

#endif
