/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -journal, and what a run says of lost interrupts; private to system/. */
#ifndef SYSTEM_JOURNAL_H
#define SYSTEM_JOURNAL_H

#include "hw/intr/filter.h"
#include "hw/intr/losses.h"
#include "machine/machine.h"

typedef struct {
    uint32_t size; /* records; 0: off */
    bool quiet;    /* losses are not said */
    JournalFilter filter;
} JournalOptions;

void journal_options_init(JournalOptions *o);
void journal_options_clear(JournalOptions *o);
/* "off", or "size=N,quiet=on,dev=...". */
bool journal_options_read(JournalOptions *o, const char *text, GError **error);

/* Sets the machine's journal up; NULL if losses are not to be said. `o` outlives the machine. */
JournalLosses *journal_start(Machine *machine, const JournalOptions *o);
/* Says at the end how many interrupts were lost, if any. */
void journal_sum_up(const Machine *machine, const JournalLosses *losses);

#endif
