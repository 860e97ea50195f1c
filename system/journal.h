/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -journal, and what a run says of lost interrupts; private to system/. */
#ifndef SYSTEM_JOURNAL_H
#define SYSTEM_JOURNAL_H

#include "hw/intr/file.h"
#include "hw/intr/filter.h"
#include "hw/intr/losses.h"
#include "hw/intr/report.h"
#include "machine/machine.h"

typedef struct {
    uint32_t size; /* records; 0: off */
    bool quiet;    /* losses are not said */
    char *file;    /* where all of it is written, or NULL */
    char *report;  /* where a report of the run is written, or NULL */
    char *symbols; /* FILE or FILE@OFFSET that names addresses, or NULL */
    JournalFilter filter;
} JournalOptions;

void journal_options_init(JournalOptions *o);
void journal_options_clear(JournalOptions *o);
/* "off", or "size=N,quiet=on,dev=...". */
bool journal_options_read(JournalOptions *o, const char *text, GError **error);

/* What listens to the journal while the machine runs. */
typedef struct {
    JournalLosses *losses; /* NULL: they are not said */
    JournalFile *file;     /* NULL: none is written */
    JournalReport *report; /* the same */
    Symbols *symbols;      /* NULL: there are none */
    Machine *machine;
} JournalRun;

/* Sets the machine's journal up. `o` outlives the machine. journal_stop() also after a failure, and
 * before the machine goes. */
bool journal_start(JournalRun *run, Machine *machine, const JournalOptions *o, GError **error);
void journal_stop(JournalRun *run);
/* The run is over: says how many interrupts were lost, if any, and writes the report. */
void journal_sum_up(const JournalRun *run, const Machine *machine);

#endif
