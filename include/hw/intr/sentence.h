/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of an attempt to interrupt, in words: one sentence, and what would have worked. */
#ifndef HW_INTR_SENTENCE_H
#define HW_INTR_SENTENCE_H

#include <glib.h>

#include "base/symbols.h"
#include "hw/intr/record.h"

/* "nvme0 (00:04.0) MSI-X vector 3": who means to interrupt. */
void journal_subject(GString *out, const JournalRecord *r);
/* "nvme0 (00:04.0) MSI-X vector 3, 12.304117 s: was blocked by iommu0: its entry is not present
 * (22h) ... [VT-d 7.1.3 IR.3]", without a line's end. `symbols` names addresses; NULL: nothing
 * does. */
void journal_sentence(GString *out, const JournalRecord *r, const Symbols *symbols);
/* "last written at 1.204511 s by CPU 0 at 1001f2 (store+0x2)": `cpu` may be JOURNAL_NO_CPU. */
void journal_add_writer(GString *out, int64_t time, uint16_t cpu, uint64_t rip,
                        const Symbols *symbols);
/* Is the writer that the record has (JOURNAL_WRITTEN) the posted-interrupt descriptor's, not the
 * entry's? */
bool journal_writer_is_descriptors(const JournalRecord *r);
/* "3004 ended, 191 merged": how many of which state; nothing if all are 0. */
void journal_counts(GString *out, const uint64_t counts[INTR_RESULTS]);
/* What keeps a CPU from a vector, "RFLAGS.IF is clear, a vector of its class or above is in
 * service"; nothing for none. `holds` has bits of JournalHold. */
void journal_holds(GString *out, unsigned holds);

#endif
