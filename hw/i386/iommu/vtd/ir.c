/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: interrupt requests (5.1). A request is in compatibility or remappable format; a remappable
 * one names an entry, which is checked against the request's source and then delivered, posted, or
 * refused with a fault reason. The verdict depends on nothing but the request and the unit.
 */
#include <assert.h>

#include "hw/i386/iommu/vtd/pid.h"
#include "hw/i386/iommu/vtd/unit.h"
#include "hw/intr/journal.h"

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
    const VtdIecEntry *e; /* NULL: no entry was looked at */
    bool cached, stale;
    bool behind;                 /* a store to it has not come to memory */
    const VtdWriter *descriptor; /* who wrote the posted-interrupt descriptor; NULL: nobody knows */
} Lookup;
#define NO_LOOKUP (&(const Lookup){.index = JOURNAL_NO_INDEX})

/* A reason for which not the entry is to blame. */
static bool blames_descriptor(VtdFaultReason reason)
{
    return reason == VTD_FR_PID_ACCESS || reason == VTD_FR_PID_RESERVED;
}

static const VtdWriter *entry_writer(const VtdState *s, uint32_t index)
{
    return vtd_watch_writer(&s->irt_watch,
                            s->irt_watch.watch.addr + (uint64_t)index * VTD_IRTE_SIZE);
}

static void ir_add_writer(const VtdWriter *writer, JournalUnit *unit)
{
    if (writer) {
        unit->written = true;
        unit->time_written = writer->time;
        unit->rip_written = writer->rip;
        unit->cpu_written = writer->cpu;
    }
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
        .cached = at->cached,
        .stale = at->stale,
        .behind = at->behind,
    };
    if (at->e) {
        unit.has_entry = true;
        unit.remapped = !at->e->posted && reason == VTD_OK;
        unit.quiet = at->e->fpd;
        unit.wanted =
            at->e->check_bus ? (uint16_t)(at->e->bus_first << 8 | at->e->bus_last) : at->e->sid;
        unit.wanted_mask = at->e->sid_mask;
        unit.time_cached = at->cached ? s->iec.cached_at[at->index] : 0;
        unit.entry[0] = at->e->low;
        unit.entry[1] = at->e->high;
        if (G_UNLIKELY(reason == VTD_FR_IR_ENTRY_RESERVED)) {
            VtdIrteMode mode = {.eime = s->iec.table.eime, .posting = s->iec.config.posting};
            unit.flaw = vtd_irte_flaw(at->e->low, at->e->high, mode);
        }
    }
    if (at->descriptor) {
        ir_add_writer(at->descriptor, &unit);
    } else if (at->index != JOURNAL_NO_INDEX &&
               G_UNLIKELY(at->stale || at->behind ||
                          (reason != VTD_OK && !blames_descriptor(reason)))) {
        ir_add_writer(entry_writer(s, at->index), &unit);
    }
    journal_unit(s->dev.platform->journal, msg, &unit);
}

static IntrResult ir_block(VtdState *s, const IntrMsg *msg, const Lookup *at, VtdFaultReason reason)
{
    IntrResult result = blocked_by(reason);
    s->verdicts.blocked++;
    ir_record(s, msg, at, result, reason);
    if (!at->e || !at->e->fpd) {
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
        return bus >= e->bus_first && bus <= e->bus_last;
    }
    return (requester_id & e->sid_mask) == e->sid;
}

/* The notification is an interrupt of its own. */
static void notify(VtdState *s, ApicMsg *notification)
{
    notification->serial = journal_open(s->dev.platform->journal, JOURNAL_NOTIFY, s->dev.id, 0, 0);
    vtd_rules_notified(s, notification, apic_bus_deliver(s->links.apic_bus, notification));
}

/* Of an entry that is stale its own writer says more. */
static Lookup with_descriptor(const Lookup *at, const VtdWatch *pid)
{
    Lookup out = *at;

    if (pid && !at->stale && !at->behind) {
        out.descriptor = vtd_watch_writer(pid, at->e->pid_address);
    }
    return out;
}

static IntrResult ir_post(VtdState *s, const IntrMsg *msg, const Lookup *found)
{
    ApicMsg notification;
    IntrResult posted;
    VtdWatch *pid = vtd_pid_watch_find(&s->pid_watch, found->e->pid_address);
    const Lookup with = with_descriptor(found, pid), *at = &with;

    vtd_watch_mute(pid, true);
    VtdFaultReason reason = vtd_pid_post(s->links.memory, at->e->pid_address, at->e->msg.vector,
                                         at->e->urgent, s->iec.table.eime, &posted, &notification);
    vtd_watch_mute(pid, false);
    if (reason != VTD_OK) {
        if (reason == VTD_FR_PID_RESERVED) {
            vtd_rules_pid_reserved(s, at->e->pid_address);
        }
        return ir_block(s, msg, at, reason);
    }
    s->verdicts.posted++;
    vtd_rules_posted(s, at->e->pid_address, posted);
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
    ApicMsg out = at->e->msg;
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
    if (G_LIKELY(!s->tables.dram) || at->cached) {
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
    if (at->stale) {
        vtd_rules_stale(s, at->index, at->e);
    } else {
        vtd_rules_filled(s, msg, at->index, at->e);
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
    uint64_t hits = s->iec.hits, stale = s->iec.stale_hits;
    at.e = vtd_iec_get(&s->iec, at.index, &scratch);
    at.cached = s->iec.hits != hits;
    at.stale = s->iec.stale_hits != stale;
    if (G_UNLIKELY(!at.cached || at.stale)) {
        at.behind = entry_is_behind(s, &at);
        look_at_entry(s, msg, &at);
    }
    if (G_UNLIKELY(at.e->fault != VTD_OK)) {
        return ir_block(s, msg, &at, (VtdFaultReason)at.e->fault);
    }
    if (G_UNLIKELY(!source_is_valid(at.e, msg->requester_id)) &&
        !is_trusted(s, msg->requester_id)) {
        return ir_block(s, msg, &at, VTD_FR_IR_SOURCE);
    }
    return at.e->posted ? ir_post(s, msg, &at) : deliver(s, msg, &at);
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
