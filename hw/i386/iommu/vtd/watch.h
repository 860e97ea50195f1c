/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: who wrote last what the unit reads from memory, for the journal and for lint: entries of
 * the interrupt remapping table, descriptors of the invalidation queue, posted-interrupt
 * descriptors. */
#ifndef HW_I386_IOMMU_VTD_WATCH_H
#define HW_I386_IOMMU_VTD_WATCH_H

#include "base/caches.h"
#include "base/memwatch.h"
#include "hw/intr/journal.h"

/* A range of slots of one size. */
typedef struct {
    MemWatch watch;
    AddressSpace *memory;
    Journal *journal;
    unsigned slot; /* bytes */
    uint32_t most; /* slots */
    bool muted;    /* the unit itself writes */
    JournalWriter *writers;
} VtdWatch;

/* `journal` may be NULL, or keep no records: then nothing is watched. */
void vtd_watch_init(VtdWatch *w, unsigned slot, uint32_t most, AddressSpace *memory,
                    Journal *journal);
void vtd_watch_free(VtdWatch *w);
/* Watches [base, base+bytes) from now on, and nothing else; 0 bytes: nothing. */
void vtd_watch_set(VtdWatch *w, uint64_t base, uint64_t bytes);
/* Who wrote which slot, for a checkpoint; what is watched is as it was. */
void vtd_watch_visit(VtdWatch *w, CacheVisit *visit);
/* What is written meanwhile is the unit's own doing. NULL is none. */
static inline void vtd_watch_mute(VtdWatch *w, bool muted)
{
    if (w) {
        w->muted = muted;
    }
}
/* Of the slot at `addr`; NULL if nobody has written it since, or it is not watched. */
const JournalWriter *vtd_watch_writer(const VtdWatch *w, uint64_t addr);
/* "; last written at 1.204511 s by CPU 0 at 1001f2 (store+0x2)", or "" for NULL. The caller frees
 * it. */
char *vtd_writer_text(const JournalWriter *writer, const Journal *journal);

/* Posted-interrupt descriptors, each from its first use on. Of more than these nothing is known. */
#define VTD_PIDS_WATCHED 64u
typedef struct {
    AddressSpace *memory;
    Journal *journal;
    VtdWatch pids[VTD_PIDS_WATCHED];
    unsigned count;
} VtdPidWatch;

void vtd_pid_watch_init(VtdPidWatch *w, AddressSpace *memory, Journal *journal);
/* Watches none any more. */
void vtd_pid_watch_clear(VtdPidWatch *w);
/* The one at `addr`, from now on if not before; NULL: it is not watched. */
VtdWatch *vtd_pid_watch_find(VtdPidWatch *w, uint64_t addr);

#endif
