/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See watch.h. */
#include "hw/i386/iommu/vtd/watch.h"

#include "hw/i386/iommu/vtd/pid.h"
#include "hw/intr/sentence.h"

static void vtd_written(void *opaque, uint64_t addr, size_t len)
{
    VtdWatch *w = opaque;
    const MemWatch *watch = &w->watch;
    uint64_t from = MAX(addr, watch->addr), end = addr + len, watch_end = watch->addr + watch->len;

    if (w->muted) {
        return;
    }
    JournalWhere at = journal_where(w->journal);
    JournalWriter writer = {
        .time = journal_now(w->journal), .rip = at.rip, .cpu = at.cpu, .written = true};
    uint64_t first = (from - watch->addr) / w->slot;
    uint64_t last = (MIN(end, watch_end) - 1 - watch->addr) / w->slot;

    for (uint64_t i = first; i <= last; i++) {
        w->writers[i] = writer;
    }
}

void vtd_watch_init(VtdWatch *w, unsigned slot, uint32_t most, AddressSpace *memory,
                    Journal *journal)
{
    *w = (VtdWatch){.watch = {.written = vtd_written, .opaque = w},
                    .memory = memory,
                    .journal = journal,
                    .slot = slot,
                    .most = most};
}

void vtd_watch_free(VtdWatch *w)
{
    if (w->writers) {
        as_watch(w->memory, &w->watch, 0, 0);
    }
    g_clear_pointer(&w->writers, g_free);
}

void vtd_watch_set(VtdWatch *w, uint64_t base, uint64_t bytes)
{
    bool wanted = bytes > 0 && w->journal && w->journal->ring;

    if (!wanted && !w->writers) {
        return;
    }
    if (!w->writers) {
        /* Zeroed pages that the host backs only where the guest writes. */
        w->writers = g_new0(JournalWriter, w->most);
    } else {
        for (uint64_t i = 0; i < w->watch.len / w->slot; i++) {
            w->writers[i].written = false;
        }
    }
    as_watch(w->memory, &w->watch, base, wanted ? MIN(bytes, (uint64_t)w->most * w->slot) : 0);
}

void vtd_watch_visit(VtdWatch *w, CacheVisit *visit)
{
    bool known = w->writers;
    CACHE_VISIT(visit, known);
    if (known && !w->writers) { /* the journal was switched off since */
        w->writers = g_new0(JournalWriter, w->most);
    }
    if (known) {
        cache_visit(visit, w->writers, sizeof(*w->writers) * w->most);
    }
}

const JournalWriter *vtd_watch_writer(const VtdWatch *w, uint64_t addr)
{
    uint64_t offset = addr - w->watch.addr;

    if (!w->writers || offset >= w->watch.len) {
        return NULL;
    }
    const JournalWriter *writer = &w->writers[offset / w->slot];
    return writer->written ? writer : NULL;
}

char *vtd_writer_text(const JournalWriter *writer, const Journal *journal)
{
    GString *out = g_string_new(NULL);

    if (writer) {
        g_string_append(out, "; ");
        journal_add_writer(out, writer->time, writer->cpu, writer->rip, journal->symbols);
    }
    return g_string_free(out, FALSE);
}

void vtd_pid_watch_init(VtdPidWatch *w, AddressSpace *memory, Journal *journal)
{
    w->memory = memory;
    w->journal = journal;
    w->count = 0;
}

void vtd_pid_watch_clear(VtdPidWatch *w)
{
    while (w->count > 0) {
        vtd_watch_free(&w->pids[--w->count]);
    }
}

VtdWatch *vtd_pid_watch_find(VtdPidWatch *w, uint64_t addr)
{
    for (unsigned i = 0; i < w->count; i++) {
        if (w->pids[i].watch.addr == addr) {
            return &w->pids[i];
        }
    }
    if (w->count == VTD_PIDS_WATCHED || !journal_keeps(w->journal)) {
        return NULL;
    }
    VtdWatch *pid = &w->pids[w->count++];
    vtd_watch_init(pid, VTD_PID_SIZE, 1, w->memory, w->journal);
    vtd_watch_set(pid, addr, VTD_PID_SIZE);
    return pid;
}
