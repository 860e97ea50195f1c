/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lost interrupts, said without being asked: the first loss of each kind from each source. */
#ifndef HW_INTR_LOSSES_H
#define HW_INTR_LOSSES_H

#include "hw/intr/journal.h"

#define JOURNAL_LOSSES_SAID 32u /* lines a run at most */

typedef struct JournalLosses JournalLosses;

/* `say` gets one line without its end at a time. Listens to `j` until it is freed. */
JournalLosses *journal_losses_new(Journal *j, void (*say)(void *opaque, const char *line),
                                  void *opaque);
void journal_losses_free(JournalLosses *l);
/* Losses so far. */
uint64_t journal_losses_count(const JournalLosses *l);
/* One line for the end of a run: how many of what; nothing if nothing was lost. */
void journal_losses_sum(const JournalLosses *l, GString *out);

#endif
