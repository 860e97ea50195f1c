/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See irt_watch.h. */
#include "hw/i386/iommu/vtd/irt_watch.h"

#include "base/zeroed.h"
#include "hw/i386/iommu/vtd/iec.h"

#define IRTE_SIZE 16

static void irt_written(void *opaque, uint64_t addr, size_t len)
{
    VtdIrtWatch *w = opaque;
    const MemWatch *watch = &w->watch;
    uint64_t from = MAX(addr, watch->addr), end = addr + len, table_end = watch->addr + watch->len;
    JournalWhere at = journal_where(w->journal);
    VtdIrtWriter writer = {
        .time = journal_now(w->journal), .rip = at.rip, .cpu = at.cpu, .written = true};
    uint64_t first = (from - watch->addr) / IRTE_SIZE;
    uint64_t last = (MIN(end, table_end) - 1 - watch->addr) / IRTE_SIZE;

    for (uint64_t i = first; i <= last; i++) {
        w->writers[i] = writer;
    }
}

void vtd_irt_watch_init(VtdIrtWatch *w, AddressSpace *memory, Journal *journal)
{
    *w = (VtdIrtWatch){
        .watch = {.written = irt_written, .opaque = w}, .memory = memory, .journal = journal};
}

void vtd_irt_watch_free(VtdIrtWatch *w)
{
    if (w->writers) {
        as_watch(w->memory, &w->watch, 0, 0);
    }
    zeroed_clear(w->writers, VTD_IRT_MAX);
}

void vtd_irt_watch_set(VtdIrtWatch *w, uint64_t base, uint32_t entries)
{
    bool wanted = entries > 0 && w->journal && w->journal->ring;

    if (!wanted && !w->writers) {
        return;
    }
    if (!w->writers) {
        w->writers = zeroed_new(VtdIrtWriter, VTD_IRT_MAX);
    } else {
        for (uint64_t i = 0; i < w->watch.len / IRTE_SIZE; i++) {
            w->writers[i].written = false;
        }
    }
    as_watch(w->memory, &w->watch, base, wanted ? (uint64_t)entries * IRTE_SIZE : 0);
}

const VtdIrtWriter *vtd_irt_writer(const VtdIrtWatch *w, uint32_t index)
{
    bool known = w->writers && index < w->watch.len / IRTE_SIZE && w->writers[index].written;

    return known ? &w->writers[index] : NULL;
}
