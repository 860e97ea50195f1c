/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: who wrote each entry of the interrupt remapping table last, for the journal. */
#ifndef HW_I386_IOMMU_VTD_IRT_WATCH_H
#define HW_I386_IOMMU_VTD_IRT_WATCH_H

#include "base/memwatch.h"
#include "hw/intr/journal.h"

typedef struct {
    int64_t time; /* ns; valid if `written` */
    uint64_t rip;
    uint16_t cpu; /* JOURNAL_NO_CPU: a device, or the host */
    bool written; /* since the table was set */
} VtdIrtWriter;

typedef struct {
    MemWatch watch;
    AddressSpace *memory;
    Journal *journal;
    VtdIrtWriter *writers; /* one an entry */
} VtdIrtWatch;

/* `journal` may be NULL, or keep no records: then nothing is watched. */
void vtd_irt_watch_init(VtdIrtWatch *w, AddressSpace *memory, Journal *journal);
void vtd_irt_watch_free(VtdIrtWatch *w);
/* SIRTP latched a table: watches that one from now on. 0 entries: none. */
void vtd_irt_watch_set(VtdIrtWatch *w, uint64_t base, uint32_t entries);
/* NULL if nobody has written it since. */
const VtdIrtWriter *vtd_irt_writer(const VtdIrtWatch *w, uint32_t index);

#endif
