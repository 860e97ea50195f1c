/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What HMP's and QMP's questions about interrupts have in common; private to monitor/. */
#ifndef MONITOR_JOURNAL_H
#define MONITOR_JOURNAL_H

#include <json-glib/json-glib.h>

#include "hw/intr/filter.h"
#include "machine/machine.h"

/* The answer to "why": what the journal has of those that match. */
typedef struct {
    uint64_t matches;
    uint64_t results[INTR_RESULTS]; /* of these, how many are in each state */
    const JournalRecord *last;      /* NULL if nothing matches */
    const JournalRecord *last_lost; /* the last one that was lost, or NULL */
} JournalAnswer;

/* Of several IOAPICs, pin N without a device is meant as GSI N: names its IOAPIC and its pin. */
void journal_find_pin(const Machine *machine, JournalFilter *filter);
void journal_ask(const Journal *j, const JournalFilter *filter, JournalAnswer *answer);
/* The sentence; of one that waits in IRR, also what its CPU is doing now. */
void journal_say(Machine *machine, const JournalRecord *r, GString *out);
/* What the emitter of such a record has to say now: an IOAPIC's pin, or what MSI would send;
 * nothing for others. A clause without a line's end. */
void journal_say_now(const Machine *machine, const JournalRecord *r, GString *out);
/* The last `most` that match, oldest first, as an array of pointers into the ring. */
GPtrArray *journal_select(const Journal *j, const JournalFilter *filter, size_t most);
/* QMP's argument "filter"; false and an error if it is none. */
bool qmp_read_filter(const Machine *machine, JsonObject *args, JournalFilter *filter,
                     GError **error);
/* Lines are printed of these records alone from now on; takes what is in *filter. */
void journal_filter_lines(Machine *machine, JournalFilter *filter);
/* How many records there are. */
uint64_t journal_held(const Journal *j);

#endif
