/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal's ring: opening records, and what each stage writes into them. See journal.h.
 *
 * A record's fields hold only what the bits of `seen` and the counts say was written; the rest is
 * what the ring's last user left there.
 */
#include "hw/intr/journal.h"

#include <string.h>

#include "hw/intr/filter.h"
#include "hw/intr/lines.h"

#define LINE 64 /* bytes of a cache line */
G_STATIC_ASSERT(sizeof(JournalRecord) == 3 * LINE);

void journal_init(Journal *j, uint32_t records, Trace *trace, Clock *clock)
{
    *j = (Journal){.trace = trace, .clock = clock};
    j->listeners = g_array_new(false, false, sizeof(JournalListener));
    journal_resize(j, records);
}

void journal_free(Journal *j)
{
    g_clear_pointer(&j->memory, g_free);
    g_clear_pointer(&j->listeners, g_array_unref);
}

void journal_resize(Journal *j, uint32_t records)
{
    g_assert((records & (records - 1)) == 0);
    g_clear_pointer(&j->memory, g_free);
    j->ring = NULL;
    if (records > 0) {
        /* Zeroed pages that the host backs as the journal grows. */
        j->memory = g_malloc0(((size_t)records + 1) * sizeof(JournalRecord));
        j->ring = (JournalRecord *)(((uintptr_t)j->memory + LINE - 1) & ~(uintptr_t)(LINE - 1));
        j->mask = records - 1;
    }
}

void journal_forget(Journal *j)
{
    journal_resize(j, j->ring ? (uint32_t)j->mask + 1 : 0);
    memset(j->results, 0, sizeof(j->results));
}

void journal_listen(Journal *j, void (*ended)(void *opaque, const JournalRecord *record),
                    void *opaque)
{
    JournalListener listener = {ended, opaque};

    g_array_append_val(j->listeners, listener);
}

void journal_unlisten(Journal *j, void (*ended)(void *opaque, const JournalRecord *record),
                      void *opaque)
{
    for (unsigned i = 0; i < j->listeners->len; i++) {
        const JournalListener *listener = &g_array_index(j->listeners, JournalListener, i);

        if (listener->ended == ended && listener->opaque == opaque) {
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

static void tell(const Journal *j, const JournalRecord *r)
{
    for (unsigned i = 0; i < j->listeners->len; i++) {
        const JournalListener *listener = &g_array_index(j->listeners, JournalListener, i);

        listener->ended(listener->opaque, r);
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

static inline int64_t now(const Journal *j)
{
    return j->clock ? clock_last(j->clock) : 0;
}

static inline JournalWhere where(const Journal *j)
{
    JournalWhere at = {.cpu = JOURNAL_NO_CPU};

    if (j->where) {
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
    if (G_UNLIKELY(j->listeners->len > 0)) {
        tell(j, r);
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
    if (G_UNLIKELY(r->serial != 0 && !(r->seen & JOURNAL_CLOSED) && j->listeners->len > 0)) {
        tell(j, r);
    }
    JournalWhere at = where(j);
    r->serial = serial;
    r->time = now(j);
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
    __builtin_prefetch(&j->ring[(serial + 1) & j->mask], 1);
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
    r->seen |=
        (uint16_t)(JOURNAL_UNIT | (unit->remapped ? JOURNAL_REMAPPED : 0) |
                   (unit->has_entry ? JOURNAL_ENTRY : 0) | (unit->cached ? JOURNAL_CACHED : 0) |
                   (unit->stale ? JOURNAL_STALE : 0) | (unit->quiet ? JOURNAL_QUIET : 0));
    r->rid_seen = msg->requester_id;
    r->unit = unit->unit;
    r->index = unit->index;
    r->entry[0] = unit->entry[0];
    r->entry[1] = unit->entry[1];
    r->wanted = unit->wanted;
    r->wanted_mask = unit->wanted_mask;
    r->reason = unit->reason;
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
        JournalWhere at = where(j);
        r->time_taken = now(j);
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
        r->time_ended = now(j);
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
