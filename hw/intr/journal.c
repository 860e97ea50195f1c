/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal's ring: opening records, and what emitters write into them. See journal.h.
 *
 * A record's fields hold only what the bits of `seen` and the counts say was written; the rest is
 * what the ring's last user left there.
 */
#include "hw/intr/journal.h"

#include <string.h>
#include <sys/mman.h>

#include "hw/intr/break.h"
#include "hw/intr/stages.h"

#define LINE         64 /* bytes of a cache line */
#define PAST_RECORDS 1024u
#define HUGE_PAGE    (2u << 20)
G_STATIC_ASSERT(sizeof(JournalRecord) == 3 * LINE);

void journal_init(Journal *j, uint32_t records, Trace *trace, Clock *clock)
{
    *j = (Journal){.trace = trace ? trace : &j->silent, .clock = clock};
    j->listeners = g_array_new(false, false, sizeof(JournalListener));
    journal_resize(j, records);
}

static void drop_ring(Journal *j)
{
    if (j->memory) {
        munmap(j->memory, j->mapped);
    }
    j->memory = NULL;
    j->ring = NULL;
}

/* Zeroed memory that the host backs as the journal grows, in huge pages if it has them: a fault for
 * each small one would cost more than all that is written into it. */
static void map_ring(Journal *j, size_t bytes)
{
    j->mapped = bytes + HUGE_PAGE;
    j->memory = mmap(NULL, j->mapped, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (j->memory == MAP_FAILED) {
        g_error("no memory for a journal of %zu bytes", bytes);
    }
    uintptr_t aligned = ((uintptr_t)j->memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    j->ring = (JournalRecord *)aligned;
    madvise(j->ring, bytes, MADV_HUGEPAGE);                                     /* or not */
    j->ring[0] = (JournalRecord){.serial = UINT64_MAX, .seen = JOURNAL_CLOSED}; /* 0 names none */
}

void journal_free(Journal *j)
{
    journal_break_clear(j);
    drop_ring(j);
    g_clear_pointer(&j->listeners, g_array_unref);
}

void journal_resize(Journal *j, uint32_t records)
{
    g_assert((records & (records - 1)) == 0);
    drop_ring(j);
    if (records > 0) {
        map_ring(j, (size_t)records * sizeof(JournalRecord));
        j->mask = records - 1;
    }
}

void journal_forget(Journal *j)
{
    journal_resize(j, j->ring ? (uint32_t)j->mask + 1 : 0);
    memset(j->results, 0, sizeof(j->results));
}

void journal_past_take(JournalPast *past, const Journal *j)
{
    uint64_t first = journal_first(j);
    if (j->last >= first && j->last - first >= PAST_RECORDS) {
        first = j->last - PAST_RECORDS + 1;
    }
    *past = (JournalPast){.last = j->last};
    past->records = g_new(JournalRecord, j->last + 1 - first);
    for (uint64_t serial = first; serial <= j->last; serial++) {
        const JournalRecord *r = journal_find(j, serial);
        if (r) {
            past->records[past->count++] = *r;
        }
    }
    memcpy(past->results, j->results, sizeof(past->results));
}

void journal_past_clear(JournalPast *past)
{
    g_clear_pointer(&past->records, g_free);
}

void journal_go_back(Journal *j, const JournalPast *past)
{
    journal_forget(j);
    for (unsigned i = 0; j->ring && i < past->count; i++) {
        j->ring[past->records[i].serial & j->mask] = past->records[i];
    }
    memcpy(j->results, past->results, sizeof(j->results));
    j->last = past->last;
}

void journal_listen(Journal *j, bool lost, void (*ended)(void *opaque, const JournalRecord *record),
                    void *opaque)
{
    JournalListener listener = {lost, ended, opaque};

    g_array_append_val(j->listeners, listener);
    j->curious += !lost;
}

void journal_unlisten(Journal *j, void (*ended)(void *opaque, const JournalRecord *record),
                      void *opaque)
{
    for (unsigned i = 0; i < j->listeners->len; i++) {
        const JournalListener *listener = &g_array_index(j->listeners, JournalListener, i);

        if (listener->ended == ended && listener->opaque == opaque) {
            j->curious -= !listener->lost;
            g_array_remove_index(j->listeners, i);
            return;
        }
    }
}

uint64_t journal_first(const Journal *j)
{
    if (!j->ring) {
        return j->last + 1;
    }
    return j->last > j->mask ? j->last - j->mask : 1;
}

/* The next one will be written soon. */
static inline void prefetch(const JournalRecord *r)
{
    for (size_t at = 0; at < sizeof(*r); at += LINE) {
        __builtin_prefetch((const char *)r + at, 1);
    }
}

uint64_t journal_open(Journal *j, JournalKind kind, const char *source, uint16_t rid,
                      unsigned number)
{
    if (G_UNLIKELY(!j)) {
        return 0;
    }
    uint64_t serial = ++j->last;
    if (G_UNLIKELY(!j->ring)) {
        return serial;
    }
    JournalRecord *r = &j->ring[serial & j->mask];
    if (G_UNLIKELY(j->curious > 0 && r->serial != 0 && !(r->seen & JOURNAL_CLOSED))) {
        journal_tell(j, r);
    }
    prefetch(&j->ring[(serial + 1) & j->mask]);
    r->serial = serial;
    r->source = source;
    r->number = (uint16_t)number;
    r->rid = r->rid_seen = rid;
    r->kind = (uint8_t)kind;
    r->result = INTR_ON_ITS_WAY;
    r->seen = 0;
    r->relay = 0;
    r->answers = r->accepted = r->taken = r->ended = 0;
    r->eoi = JOURNAL_EOI_EDGE;
    r->time = journal_now(j);
    JournalWhere at = journal_where(j);
    r->cpu = at.cpu;
    r->rip = at.rip;
    r->instructions = at.instructions;
    return serial;
}

uint64_t journal_reopen(Journal *j, uint64_t *waiting, JournalKind kind, const char *source,
                        uint16_t rid, unsigned number)
{
    uint64_t serial = *waiting;

    *waiting = 0;
    return serial ? serial : journal_open(j, kind, source, rid, number);
}

IntrResult journal_keep(Journal *j, uint64_t serial, IntrResult why)
{
    JournalRecord *r = journal_find(j, serial);

    if (r) {
        r->seen |= JOURNAL_WAITED;
        journal_settle(j, r, why);
        journal_line(j, r, JOURNAL_STAGE_KEPT);
    }
    return why;
}

IntrResult journal_wait(Journal *j, uint64_t serial, IntrResult why, uint64_t *waiting)
{
    journal_keep(j, serial, why);
    if (*waiting == 0) {
        *waiting = serial;
    } else if (*waiting != serial) {
        journal_end(j, serial, INTR_MERGED_WAITING);
    }
    return why;
}

void journal_wait_on(Journal *j, uint64_t serial, IntrResult why)
{
    const JournalRecord *r = journal_find(j, serial);

    if (r && r->result != why) {
        journal_keep(j, serial, why);
    }
}

void journal_withdraw(Journal *j, uint64_t *waiting, IntrResult why)
{
    journal_end(j, *waiting, why);
    *waiting = 0;
}

void journal_send(Journal *j, const IntrMsg *msg)
{
    JournalRecord *r = journal_find(j, msg->serial);

    if (r) {
        r->seen |= JOURNAL_SENT;
        r->address = msg->address;
        r->data = msg->data;
        r->rid_seen = msg->requester_id;
        journal_line(j, r, JOURNAL_STAGE_SEND);
    }
}

IntrResult journal_end(Journal *j, uint64_t serial, IntrResult how)
{
    JournalRecord *r = journal_find(j, serial);

    if (r && !(r->seen & JOURNAL_CLOSED)) {
        journal_settle(j, r, how);
        journal_line(j, r, JOURNAL_STAGE_END);
    }
    return how;
}
