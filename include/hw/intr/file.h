/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal as a file: each record is written when it ends, or when it is overwritten or the file
 * closed before that. docs/journal-format.md has the format; scripts/timeline reads it.
 *
 * Writing may fail in the middle of a run (a full disk, a reader that is gone): this is said once,
 * and no more is written.
 */
#ifndef HW_INTR_FILE_H
#define HW_INTR_FILE_H

#include "hw/intr/journal.h"

typedef struct JournalFile JournalFile;

/* Begins the file at `path` (which may be a pipe) and listens to the journal from then on. NULL if
 * it cannot be written. */
JournalFile *journal_file_open(Journal *j, const char *path, GError **error);
/* Something that the guest did wrong, whatever became of its interrupts: it goes into the file with
 * the time, and on whose behalf it happened. */
typedef struct {
    const char *rule, *what, *section, *severity; /* what it broke */
    const char *source;                           /* a device's id */
    const char *details;                          /* of this case; NULL: none */
} JournalFinding;
void journal_file_finding(JournalFile *f, const JournalFinding *finding);

/* Writes what is still open in the journal, and the end. Before journal_free(). NULL is none. */
void journal_file_close(JournalFile *f);

#endif
