/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: interrupt requests (5.1). A request is in compatibility or remappable format; a remappable
 * one names an entry, which is checked against the request's source and then delivered, posted, or
 * refused with a fault reason. The verdict depends on nothing but the request and the unit.
 */
#include <assert.h>

#include "hw/i386/iommu/vtd/pid.h"
#include "hw/i386/iommu/vtd/unit.h"
#include "hw/intr/stages.h"

/* Remappable format (5.1.2.2): address, then data. */
#define ADDR_HANDLE_HIGH 2, 1 /* bit 15 of the handle */
#define ADDR_SHV         3, 1
#define ADDR_FORMAT      4, 1
#define ADDR_HANDLE      5, 15
#define DATA_SUBHANDLE   0, 16
#define DATA_RESERVED    16, 16

#define FAULT_INDEX_SHIFT 48

/* Each fault reason of interrupt remapping has its result, in the same order. */
static IntrResult blocked_by(VtdFaultReason reason)
{
    static_assert(INTR_VTD_PID_RESERVED - INTR_VTD_REQUEST_RESERVED ==
                      VTD_FR_PID_RESERVED - VTD_FR_IR_REQUEST_RESERVED,
                  "a result for each reason");
    return (IntrResult)(INTR_VTD_REQUEST_RESERVED + (reason - VTD_FR_IR_REQUEST_RESERVED));
}

/* What the journal is told. */
typedef struct {
    uint32_t index;
    VtdIecUse use;                   /* entry NULL: none was looked at */
    bool behind;                     /* a store to it has not come to memory */
    const JournalWriter *descriptor; /* of the one it is posted to; NULL: nobody knows */
} Lookup;
#define NO_LOOKUP (&(const Lookup){.index = JOURNAL_NO_INDEX})

/* A reason for which not the entry is to blame. */
static bool blames_descriptor(VtdFaultReason reason)
{
    return reason == VTD_FR_PID_ACCESS || reason == VTD_FR_PID_RESERVED;
}

static const JournalWriter *entry_writer(const VtdState *s, uint32_t index)
{
    return vtd_watch_writer(&s->irt_watch,
                            s->irt_watch.watch.addr + (uint64_t)index * VTD_IRTE_SIZE);
}

/* Of an entry or a descriptor that is to blame, and of what was posted to. */
static const JournalWriter *writer_of(const VtdState *s, const Lookup *at, VtdFaultReason reason)
{
    if (at->descriptor || at->index == JOURNAL_NO_INDEX) {
        return at->descriptor;
    }
    if (at->use.stale || at->behind || (reason != VTD_OK && !blames_descriptor(reason))) {
        return entry_writer(s, at->index);
    }
    return NULL;
}

static const char *flaw_of(const VtdState *s, const VtdIecEntry *e)
{
    VtdIrteMode mode = {.eime = s->iec.table.eime, .posting = s->iec.config.posting};
    return vtd_irte_flaw(e->low, e->high, mode);
}

/* The entry's part. */
static inline void ir_add_entry(const VtdState *s, const Lookup *at, VtdFaultReason reason,
                                JournalUnit *unit)
{
    const VtdIecUse *use = &at->use;
    const VtdIecEntry *e = use->entry;
    unit->seen = (uint16_t)(JOURNAL_ENTRY | (use->cached ? JOURNAL_CACHED : 0) |
                            (use->stale ? JOURNAL_STALE : 0) | (at->behind ? JOURNAL_BEHIND : 0) |
                            (e->fpd ? JOURNAL_QUIET : 0) |
                            (!e->posted && reason == VTD_OK ? JOURNAL_REMAPPED : 0));
    unit->wanted = e->sid;
    unit->wanted_mask = e->sid_mask;
    unit->entry[0] = e->low;
    unit->entry[1] = e->high;
    unit->time_cached = use->cached ? e->cached_at : 0;
    unit->flaw = G_UNLIKELY(reason == VTD_FR_IR_ENTRY_RESERVED) ? flaw_of(s, e) : NULL;
}

static void ir_record(VtdState *s, const IntrMsg *msg, const Lookup *at, IntrResult verdict,
                      VtdFaultReason reason)
{
    if (!journal_keeps(s->dev.platform->journal)) {
        return;
    }
    JournalUnit unit = {
        .unit = s->dev.id,
        .index = at->index,
        .verdict = verdict,
        .reason = (uint8_t)reason,
        .writer = writer_of(s, at, reason),
    };
    if (at->use.entry) {
        ir_add_entry(s, at, reason, &unit);
    }
    journal_unit(s->dev.platform->journal, msg, &unit);
}

static IntrResult ir_block(VtdState *s, const IntrMsg *msg, const Lookup *at, VtdFaultReason reason)
{
    IntrResult result = blocked_by(reason);
    s->verdicts.blocked++;
    ir_record(s, msg, at, result, reason);
    if (!at->use.entry || !at->use.entry->fpd) {
        uint64_t index = at->index == JOURNAL_NO_INDEX ? 0 : at->index;
        VtdFault fault = {
            .source_id = msg->requester_id,
            .reason = reason,
            .info = index << FAULT_INDEX_SHIFT,
        };
        vtd_fault_record(&s->faults, &fault);
        vtd_events_flush(&s->events);
    }
    return result;
}

/* As it is: remapping is off, or compatibility format is let through. */
static IntrResult pass(VtdState *s, const IntrMsg *msg)
{
    if (G_UNLIKELY(s->remapping || vtd_get(msg->address, ADDR_FORMAT))) {
        vtd_rules_passed(s, msg);
    }
    IntrMsg narrow = *msg;
    narrow.address &= UINT32_MAX;
    s->verdicts.compatibility++;
    ir_record(s, msg, NO_LOOKUP, INTR_ON_ITS_WAY, VTD_OK);
    ApicMsg out = apic_msg_decode(&narrow);
    return apic_bus_deliver(s->links.apic_bus, &out);
}

static bool is_trusted(const VtdState *s, uint16_t requester_id)
{
    return s->links.trusts_ioapic && iommu_scope_has(&s->links.scope, IOMMU_IOAPIC, requester_id);
}

static inline bool source_is_valid(const VtdIecEntry *e, uint16_t requester_id)
{
    if (G_UNLIKELY(e->check_bus)) {
        uint8_t bus = requester_id >> 8;
        return bus >= e->sid >> 8 && bus <= (e->sid & 0xff);
    }
    return (requester_id & e->sid_mask) == e->sid;
}

/* The notification is an interrupt of its own. */
static void notify(VtdState *s, ApicMsg *notification)
{
    notification->serial = journal_open(s->dev.platform->journal, JOURNAL_NOTIFY, s->dev.id, 0, 0);
    vtd_rules_notified(s, notification, apic_bus_deliver(s->links.apic_bus, notification));
}

static IntrResult ir_post(VtdState *s, const IntrMsg *msg, Lookup *at)
{
    ApicMsg notification;
    IntrResult posted;
    const VtdIecEntry *e = at->use.entry;
    uint64_t descriptor = e->pid_address;
    VtdWatch *pid = vtd_pid_watch_find(&s->pid_watch, descriptor);

    if (pid && !at->use.stale &&
        !at->behind) { /* of an entry that is stale its own writer says more */
        at->descriptor = vtd_watch_writer(pid, descriptor);
    }
    vtd_watch_mute(pid, true);
    VtdFaultReason reason = vtd_pid_post(s->links.memory, descriptor, e->msg.vector, e->urgent,
                                         s->iec.table.eime, &posted, &notification);
    vtd_watch_mute(pid, false);
    if (reason != VTD_OK) {
        if (reason == VTD_FR_PID_RESERVED) {
            vtd_rules_pid_reserved(s, descriptor);
        }
        return ir_block(s, msg, at, reason);
    }
    s->verdicts.posted++;
    vtd_rules_posted(s, descriptor, posted);
    ir_record(s, msg, at, posted, VTD_OK);
    if (posted == INTR_POSTED_NOTIFIED) {
        notify(s, &notification);
    }
    return posted;
}

static IntrResult deliver(VtdState *s, const IntrMsg *msg, const Lookup *at)
{
    s->verdicts.remapped++;
    ir_record(s, msg, at, INTR_ON_ITS_WAY, VTD_OK);
    /* A copy: what the delivery sets off may invalidate the entry. */
    ApicMsg out = at->use.entry->msg;
    out.serial = msg->serial;
    IntrResult result = apic_bus_deliver(s->links.apic_bus, &out);
    if (G_UNLIKELY(result == INTR_NO_APIC)) {
        vtd_rules_nobody(s, at->index, &out);
    }
    return result;
}

/* Whether the entry, which was read now, is not what was stored last. */
static bool entry_is_behind(VtdState *s, const Lookup *at)
{
    if (G_LIKELY(!s->tables.dram) || at->use.cached) {
        return false;
    }
    vtd_tables_compare(&s->tables, s->iec.table.base + (uint64_t)at->index * VTD_IRTE_SIZE,
                       VTD_IRTE_SIZE);
    bool behind = s->tables.behind;
    if (behind) {
        vtd_rules_behind(s);
    }
    return behind;
}

/* An entry that came from memory, or should have. */
static G_GNUC_NO_INLINE void look_at_entry(VtdState *s, const IntrMsg *msg, const Lookup *at)
{
    if (!s->dev.platform->lint) {
        return;
    }
    if (at->use.stale) {
        vtd_rules_stale(s, at->index, at->use.entry);
    } else {
        vtd_rules_filled(s, msg, at->index, at->use.entry);
    }
}

static IntrResult remap(VtdState *s, const IntrMsg *msg)
{
    VtdIecEntry scratch;
    Lookup at = {.index = (uint32_t)(vtd_get(msg->address, ADDR_HANDLE) |
                                     vtd_get(msg->address, ADDR_HANDLE_HIGH) << 15)};
    if (vtd_get(msg->address, ADDR_SHV)) {
        at.index += (uint32_t)vtd_get(msg->data, DATA_SUBHANDLE);
        /* Without SHV hardware does not look at the data at all. */
        if (G_UNLIKELY(vtd_get(msg->data, DATA_RESERVED))) {
            return ir_block(s, msg, &at, VTD_FR_IR_REQUEST_RESERVED);
        }
    }
    /* Past the table's end, or in a part of it that is above HAW (IR.2). */
    if (G_UNLIKELY(at.index >= s->iec.table.reachable)) {
        return ir_block(s, msg, &at, VTD_FR_IR_INDEX);
    }
    at.use = vtd_iec_get(&s->iec, at.index, &scratch);
    const VtdIecEntry *e = at.use.entry;
    if (G_UNLIKELY(!at.use.cached || at.use.stale)) {
        at.behind = entry_is_behind(s, &at);
        look_at_entry(s, msg, &at);
    }
    if (G_UNLIKELY(e->fault != VTD_OK)) {
        return ir_block(s, msg, &at, (VtdFaultReason)e->fault);
    }
    if (G_UNLIKELY(!source_is_valid(e, msg->requester_id)) && !is_trusted(s, msg->requester_id)) {
        return ir_block(s, msg, &at, VTD_FR_IR_SOURCE);
    }
    return e->posted ? ir_post(s, msg, &at) : deliver(s, msg, &at);
}

IntrResult vtd_ir_request(VtdState *s, const IntrMsg *msg)
{
    if (!s->remapping) {
        return pass(s, msg);
    }
    if (G_LIKELY(vtd_get(msg->address, ADDR_FORMAT))) {
        return remap(s, msg);
    }
    /* Compatibility format is never let through in extended mode, whatever CFIS says (5.1.2.1). */
    if (s->iec.table.eime || !s->compatibility) {
        vtd_rules_passed(s, msg);
        return ir_block(s, msg, NO_LOOKUP, VTD_FR_IR_COMPATIBILITY);
    }
    return pass(s, msg);
}
