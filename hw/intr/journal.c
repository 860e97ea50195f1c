/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal's ring: opening records, and what each stage writes into them. See journal.h.
 *
 * A record's fields hold only what the bits of `seen` and the counts say was written; the rest is
 * what the ring's last user left there.
 */
#include "hw/intr/journal.h"

#include <string.h>
#include <sys/mman.h>

#include "hw/intr/filter.h"
#include "hw/intr/lines.h"

#define LINE      64 /* bytes of a cache line */
#define HUGE_PAGE (2u << 20)
G_STATIC_ASSERT(sizeof(JournalRecord) == 3 * LINE);

void journal_init(Journal *j, uint32_t records, Trace *trace, Clock *clock)
{
    *j = (Journal){.trace = trace, .clock = clock};
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
    madvise(j->ring, bytes, MADV_HUGEPAGE); /* or not */
}

void journal_free(Journal *j)
{
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

static G_GNUC_NO_INLINE void tell(const Journal *j, const JournalRecord *r)
{
    bool lost = intr_results[r->result].lost;

    for (unsigned i = 0; i < j->listeners->len; i++) {
        const JournalListener *listener = &g_array_index(j->listeners, JournalListener, i);

        if (lost || !listener->lost) {
            listener->ended(listener->opaque, r);
        }
    }
}

static inline bool tracing(const Journal *j)
{
    return j->trace && j->trace->enabled;
}

static void print_line(const Journal *j, const JournalRecord *r, JournalStage stage)
{
    if (!j->filter || journal_filter_matches(j->filter, r)) {
        journal_print(j->trace, r, stage);
    }
}

static inline void line(const Journal *j, const JournalRecord *r, JournalStage stage)
{
    if (G_UNLIKELY(tracing(j))) {
        print_line(j, r, stage);
    }
}

int64_t journal_now(const Journal *j)
{
    return j && j->clock ? clock_last(j->clock) : 0;
}

JournalWhere journal_where(const Journal *j)
{
    JournalWhere at = {.cpu = JOURNAL_NO_CPU};

    if (j && j->where) {
        j->where(j->where_opaque, &at);
    }
    return at;
}

static inline void settle(Journal *j, JournalRecord *r, IntrResult result)
{
    r->result = (uint8_t)result;
    if (intr_results[result].open) {
        return;
    }
    if (G_UNLIKELY(r->seen & JOURNAL_CLOSED)) {
        j->ended_twice++;
        return;
    }
    r->seen |= JOURNAL_CLOSED;
    j->results[result]++;
    if (G_UNLIKELY(j->curious > 0 || intr_results[result].lost)) {
        tell(j, r);
    }
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
    if (G_UNLIKELY(r->serial != 0 && !(r->seen & JOURNAL_CLOSED) && j->curious > 0)) {
        tell(j, r);
    }
    JournalWhere at = journal_where(j);
    r->serial = serial;
    r->time = journal_now(j);
    r->rip = at.rip;
    r->instructions = at.instructions;
    r->source = source;
    r->cpu = at.cpu;
    r->number = (uint16_t)number;
    r->rid = r->rid_seen = rid;
    r->kind = (uint8_t)kind;
    r->result = INTR_ON_ITS_WAY;
    r->seen = 0;
    r->answers = r->accepted = r->taken = r->ended = 0;
    prefetch(&j->ring[(serial + 1) & j->mask]);
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
        settle(j, r, why);
        line(j, r, JOURNAL_STAGE_KEPT);
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
        line(j, r, JOURNAL_STAGE_SEND);
    }
}

void journal_alias(Journal *j, uint64_t serial, uint16_t rid)
{
    JournalRecord *r = journal_find(j, serial);

    if (r) {
        r->seen |= JOURNAL_ALIASED;
        r->rid_seen = rid;
        line(j, r, JOURNAL_STAGE_ALIAS);
    }
}

void journal_unit(Journal *j, const IntrMsg *msg, const JournalUnit *unit)
{
    JournalRecord *r = journal_find(j, msg->serial);

    if (!r) {
        return;
    }
    r->seen |= (uint16_t)(JOURNAL_UNIT | (unit->remapped ? JOURNAL_REMAPPED : 0) |
                          (unit->has_entry ? JOURNAL_ENTRY : 0) |
                          (unit->cached ? JOURNAL_CACHED : 0) | (unit->stale ? JOURNAL_STALE : 0) |
                          (unit->quiet ? JOURNAL_QUIET : 0) | (unit->behind ? JOURNAL_BEHIND : 0));
    r->rid_seen = msg->requester_id;
    r->unit = unit->unit;
    r->index = unit->index;
    r->entry[0] = unit->entry[0];
    r->entry[1] = unit->entry[1];
    r->wanted = unit->wanted;
    r->wanted_mask = unit->wanted_mask;
    r->reason = unit->reason;
    if (unit->written || unit->cached) {
        r->seen |= unit->written ? JOURNAL_WRITTEN : 0;
        r->time_cached = unit->time_cached;
        r->time_written = unit->time_written;
        r->rip_written = unit->rip_written;
        r->cpu_written = unit->cpu_written;
    }
    if (G_UNLIKELY(intr_result_has_flaw(unit->verdict))) {
        r->flaw = unit->flaw; /* in a cache line that others do not touch here */
    }
    settle(j, r, unit->verdict);
    line(j, r, JOURNAL_STAGE_UNIT);
}

void journal_bus(Journal *j, const ApicMsg *msg)
{
    JournalRecord *r = journal_find(j, msg->serial);

    if (!r) {
        return;
    }
    r->seen |=
        (uint16_t)(JOURNAL_BUS | (msg->logical ? JOURNAL_LOGICAL : 0) |
                   (msg->level ? JOURNAL_LEVEL : 0) | (msg->redirection ? JOURNAL_REDIRECT : 0));
    r->vector = msg->vector;
    r->mode = (uint8_t)msg->mode;
    r->dest = msg->dest;
    line(j, r, JOURNAL_STAGE_BUS);
}

/* Of several answers the best counts until the CPUs take it. */
void journal_accept(Journal *j, const ApicMsg *msg, uint32_t apic_id, IntrResult answer,
                    JournalHold hold)
{
    JournalRecord *r = journal_find(j, msg->serial);

    if (!r) {
        return;
    }
    if (r->answers++ == 0) {
        r->apic_id = apic_id;
        r->hold = (uint8_t)hold;
    }
    r->accepted += answer == INTR_DELIVERED;
    r->last_apic = apic_id;
    r->last_answer = (uint8_t)answer;
    line(j, r, JOURNAL_STAGE_ACCEPT);
}

void journal_merged(Journal *j, uint64_t serial, uint64_t into)
{
    JournalRecord *r = journal_find(j, serial);

    if (r) {
        r->into = into;
    }
}

IntrResult journal_answer(Journal *j, uint64_t serial, IntrResult answer)
{
    JournalRecord *r = journal_find(j, serial);

    if (r) {
        settle(j, r, answer);
        line(j, r, JOURNAL_STAGE_ANSWER);
    }
    return answer;
}

void journal_taken(Journal *j, uint64_t serial, uint32_t apic_id)
{
    JournalRecord *r = journal_find(j, serial);

    if (!r) {
        return;
    }
    if (r->taken++ == 0) {
        JournalWhere at = journal_where(j);
        r->time_taken = journal_now(j);
        r->rip_taken = at.rip;
        r->instructions_taken = at.instructions;
        settle(j, r, INTR_TAKEN);
    }
    r->last_apic = apic_id;
    line(j, r, JOURNAL_STAGE_TAKEN);
}

void journal_eoi(Journal *j, uint64_t serial, uint32_t apic_id, IntrResult how)
{
    JournalRecord *r = journal_find(j, serial);

    if (!r) {
        return;
    }
    r->last_apic = apic_id;
    if (++r->ended == r->accepted) {
        r->time_ended = journal_now(j);
        settle(j, r, how);
    }
    line(j, r, JOURNAL_STAGE_EOI);
}

IntrResult journal_end(Journal *j, uint64_t serial, IntrResult how)
{
    JournalRecord *r = journal_find(j, serial);

    if (r && !(r->seen & JOURNAL_CLOSED)) {
        settle(j, r, how);
        line(j, r, JOURNAL_STAGE_END);
    }
    return how;
}
