/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See stages.h: what few messages need, and what ends a record. */
#include "hw/intr/stages.h"

#include "hw/intr/filter.h"

void journal_tell(const Journal *j, const JournalRecord *r)
{
    bool lost = intr_results[r->result].lost;

    for (unsigned i = 0; i < j->listeners->len; i++) {
        const JournalListener *listener = &g_array_index(j->listeners, JournalListener, i);

        if (lost || !listener->lost) {
            listener->ended(listener->opaque, r);
        }
    }
}

void journal_print_stage(const Journal *j, const JournalRecord *r, JournalStage stage)
{
    if (!j->filter || journal_filter_matches(j->filter, r)) {
        journal_print(j->trace, r, stage);
    }
}

void journal_settle(Journal *j, JournalRecord *r, IntrResult result)
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
        journal_tell(j, r);
    }
}

void journal_alias(Journal *j, uint64_t serial, uint16_t rid)
{
    JournalRecord *r = journal_find(j, serial);

    if (r) {
        r->seen |= JOURNAL_ALIASED;
        r->rid_seen = rid;
        journal_line(j, r, JOURNAL_STAGE_ALIAS);
    }
}

void journal_relay(Journal *j, uint64_t serial, uint16_t rid, unsigned n)
{
    JournalRecord *r = journal_find(j, serial);

    if (r) {
        r->seen |= JOURNAL_ALIASED;
        r->rid_seen = rid;
        r->relay = (uint8_t)(n + 1);
        journal_line(j, r, JOURNAL_STAGE_RELAY);
    }
}

void journal_acknowledged(Journal *j, uint64_t serial, int vector, uint32_t apic_id, bool level)
{
    JournalRecord *r = journal_find(j, serial);

    if (!r) {
        return;
    }
    r->answers = r->accepted = 1;
    r->apic_id = r->last_apic = apic_id;
    r->hold = JOURNAL_HOLD_NONE;
    if (vector >= 0) {
        r->seen |= (uint16_t)(JOURNAL_BUS | (level ? JOURNAL_LEVEL : 0));
        r->vector = (uint8_t)vector;
        r->mode = INTR_MODE_EXTINT;
        r->dest = apic_id;
    }
}

void journal_taken(Journal *j, uint64_t serial, uint32_t apic_id)
{
    JournalRecord *r = journal_find(j, serial);

    if (!r) {
        return;
    }
    r->last_apic = apic_id;
    if (r->taken++ == 0) {
        JournalWhere at = journal_where(j);
        r->time_taken = journal_now(j);
        r->rip_taken = at.rip;
        r->instructions_taken = at.instructions;
        r->result = INTR_TAKEN;
    }
    journal_line(j, r, JOURNAL_STAGE_TAKEN);
}

void journal_eoi_begins(Journal *j, uint64_t serial, JournalEoi what)
{
    JournalRecord *r = journal_find(j, serial);

    if (r) {
        j->ending = serial;
        r->eoi = (uint8_t)what;
        r->eoi_pins = 0;
    }
}

void journal_eoi_pin(Journal *j, const char *ioapic, unsigned pin)
{
    JournalRecord *r = j && j->ending ? journal_find(j, j->ending) : NULL;

    if (r) {
        r->eoi_pins++;
        r->eoi_pin = (uint16_t)pin;
        r->eoi_ioapic = ioapic;
    }
}

void journal_eoi(Journal *j, uint64_t serial, uint32_t apic_id, IntrResult how)
{
    JournalRecord *r = journal_find(j, serial);

    if (!r) {
        return;
    }
    j->ending = 0;
    r->last_apic = apic_id;
    if (++r->ended == r->accepted) {
        r->time_ended = journal_now(j);
        journal_settle(j, r, how);
    }
    journal_line(j, r, JOURNAL_STAGE_EOI);
}
