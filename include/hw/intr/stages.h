/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: what the stages behind the emitter write into a message's record, in their order.
 * Each is called from one or two places on the way of every message; so they are inline, as far as
 * they are what most messages need.
 */
#ifndef HW_INTR_STAGES_H
#define HW_INTR_STAGES_H

#include "hw/intr/journal.h"
#include "hw/intr/lines.h"

/* Prints the stage's line, if the record passes the filter. */
void journal_print_stage(const Journal *j, const JournalRecord *r, JournalStage stage);
/* Listeners hear of a record. */
void journal_tell(const Journal *j, const JournalRecord *r);
/* The record is in that state now, which may be an end. */
void journal_settle(Journal *j, JournalRecord *r, IntrResult result);

static inline void journal_line(const Journal *j, const JournalRecord *r, JournalStage stage)
{
    if (G_UNLIKELY(j->trace->enabled)) {
        journal_print_stage(j, r, stage);
    }
}

/* A bridge puts another requester in. */
void journal_alias(Journal *j, uint64_t serial, uint16_t rid);

/* A VMD takes it for vector `n` of its own MSI-X table, whose message is sent under its id. */
void journal_relay(Journal *j, uint64_t serial, uint16_t rid, unsigned n);

static inline void journal_write_writer(JournalRecord *r, const JournalWriter *writer)
{
    r->seen |= JOURNAL_WRITTEN;
    r->time_written = writer->time;
    r->rip_written = writer->rip;
    r->cpu_written = writer->cpu;
}

/* A remapping unit looks at it: what it saw and what the entry said. */
static inline void journal_unit(Journal *j, const IntrMsg *msg, const JournalUnit *unit)
{
    JournalRecord *r = journal_find(j, msg->serial);

    if (!r) {
        return;
    }
    r->seen |= JOURNAL_UNIT | unit->seen;
    r->result = (uint8_t)unit->verdict;
    r->rid_seen = msg->requester_id;
    r->unit = unit->unit;
    r->index = unit->index;
    r->reason = unit->reason;
    r->entry[0] = unit->entry[0];
    r->entry[1] = unit->entry[1];
    r->wanted = unit->wanted;
    r->wanted_mask = unit->wanted_mask;
    r->time_cached = unit->time_cached;
    if (G_UNLIKELY(unit->writer)) {
        journal_write_writer(r, unit->writer);
    }
    if (G_UNLIKELY(intr_result_has_flaw(unit->verdict))) {
        r->flaw = unit->flaw;
    }
    if (unit->verdict != INTR_ON_ITS_WAY) {
        journal_settle(j, r, unit->verdict);
    }
    journal_line(j, r, JOURNAL_STAGE_UNIT);
}

/* The APIC bus is to deliver it. */
static inline void journal_bus(Journal *j, const ApicMsg *msg)
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
    journal_line(j, r, JOURNAL_STAGE_BUS);
}

/* A local APIC's answer. Of several the best counts until the CPUs take it. */
static inline void journal_accept(Journal *j, const ApicMsg *msg, uint32_t apic_id,
                                  IntrResult answer, JournalHold hold)
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
    journal_line(j, r, JOURNAL_STAGE_ACCEPT);
}

/* It is INTR_MERGED: into which one that waits in IRR. */
static inline void journal_merged(Journal *j, uint64_t serial, uint64_t into)
{
    JournalRecord *r = journal_find(j, serial);

    if (r) {
        r->into = into;
    }
}

/* What all local APICs say together. Returns `answer`. */
static inline IntrResult journal_answer(Journal *j, uint64_t serial, IntrResult answer)
{
    JournalRecord *r = journal_find(j, serial);

    if (r) {
        r->result = (uint8_t)answer;
        if (answer != INTR_DELIVERED) {
            journal_settle(j, r, answer);
        }
        journal_line(j, r, JOURNAL_STAGE_ANSWER);
    }
    return answer;
}

/* The i8259 pair is asked for a vector (-1: it is polled), by the CPU of that local APIC;
 * journal_taken() follows if there is a request. */
void journal_acknowledged(Journal *j, uint64_t serial, int vector, uint32_t apic_id, bool level);
/* A CPU takes the vector: its local APIC's IRR bit has moved to ISR. */
void journal_taken(Journal *j, uint64_t serial, uint32_t apic_id);
/* An EOI is about to be broadcast to IOAPICs, or not to be; and the pin of one, whose remote IRR it
 * clears. journal_eoi() follows. */
void journal_eoi_begins(Journal *j, uint64_t serial, JournalEoi what);
void journal_eoi_pin(Journal *j, const char *ioapic, unsigned pin);
/* EOI, or another end of what a local APIC held: `how` is INTR_ENDED or why it was forgotten. */
void journal_eoi(Journal *j, uint64_t serial, uint32_t apic_id, IntrResult how);

#endif
