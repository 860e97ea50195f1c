/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A finding as it stands in the journal's file. */
#ifndef HW_INTR_FILE_FINDING_H
#define HW_INTR_FILE_FINDING_H

#include "hw/intr/file.h"

/* JSON; the caller frees it. */
char *file_finding_text(const Journal *j, const JournalFinding *finding);

#endif
