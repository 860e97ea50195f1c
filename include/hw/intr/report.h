/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report of a whole run: how many interrupts ended how, each kind of loss with the sentence of
 * the first one, the rules that the guest broke, and counts for each device. As JSON, whose members
 * docs/journal.md has, or as one HTML page that needs nothing else.
 */
#ifndef HW_INTR_REPORT_H
#define HW_INTR_REPORT_H

#include "hw/intr/lint.h"

typedef struct JournalReport JournalReport;

/* Is `path` one of a report: does it end in ".html" or ".json"? */
bool journal_report_path_is_valid(const char *path);

/* Makes the file, and counts what ends in the journal from then on. NULL if it cannot be written.
 * `lint` may be NULL. */
JournalReport *journal_report_open(Journal *j, const Lint *lint, const char *path, GError **error);
/* The run is over: counts also what is open, and writes. A failure is said on stderr. */
void journal_report_write(JournalReport *report);
/* NULL is none. */
void journal_report_free(JournalReport *report);

#endif
