/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: interrupt requests (2.2.5). The requester's device table entry says by kind of interrupt
 * what becomes of it: fixed and arbitrated ones are aborted, forwarded, or remapped by an entry of
 * the device's own table that bits 10:0 of the data name; others pass if their bit says so. The
 * verdict depends on nothing but the request and the unit.
 *
 * NumIntRemapMode lets all of these 11 bits be an index; otherwise bits 10:8 also tell the kind, so
 * that a table has 512 entries that can be used.
 */
#include "hw/i386/iommu/amd/unit.h"
#include "hw/intr/stages.h"

#define DATA_INDEX  0, 11
#define DATA_MODE   8, 3
#define DATA_VECTOR 0, 8
#define ADDR_DEST   12, 8
#define ADDR_DM     2, 1

/* Of a virtual APIC's backing page. */
#define VAPIC_IRR 0x200

/* HyperTransport's interrupt requests (HyperTransport 3.10, 8.3). */
#define HT_INTERRUPTS 0xfffffffdf8000000ull
#define HT_MT         2, 3
#define HT_DM         6, 1
#define HT_DEST       8, 8
#define HT_VECTOR     16, 8

uint64_t amdvi_ir_event_address(uint64_t address, uint32_t data)
{
    /* Its message types of an MSI's delivery modes. */
    static const uint8_t types[] = {0, 1, 2, 7, 3, 4, 5, 6};
    return HT_INTERRUPTS | field_put(types[field_get(data, DATA_MODE)], HT_MT) |
           field_put(field_get(address, ADDR_DM), HT_DM) |
           field_put(field_get(address, ADDR_DEST), HT_DEST) |
           field_put(field_get(data, DATA_VECTOR), HT_VECTOR);
}

/* What the journal is told. */
typedef struct {
    uint32_t index;
    const AmdviIrEntry *e; /* NULL: no entry was looked at */
    bool cached, stale;
    bool quiet; /* no event is logged */
} Lookup;
#define NO_LOOKUP (&(const Lookup){.index = JOURNAL_NO_INDEX})

static void ir_journal(AmdviState *s, const IntrMsg *msg, const Lookup *at, IntrResult verdict,
                       AmdviEventCode event)
{
    if (!journal_keeps(s->dev.platform->journal)) {
        return;
    }
    JournalUnit unit = {
        .unit = s->dev.id,
        .index = at->index,
        .verdict = verdict,
        .reason = (uint8_t)event,
        .seen = (uint16_t)((at->cached ? JOURNAL_CACHED : 0) | (at->stale ? JOURNAL_STALE : 0) |
                           (at->quiet ? JOURNAL_QUIET : 0)),
        .wanted = msg->requester_id,
        .wanted_mask = UINT16_MAX,
    };
    if (at->e) {
        unit.seen |=
            JOURNAL_ENTRY | (event == AMDVI_EV_NONE && !at->e->guest ? JOURNAL_REMAPPED : 0);
        unit.time_cached = at->cached ? at->e->cached_at : 0;
        unit.entry[0] = at->e->low;
        unit.entry[1] = at->e->high;
        if (G_UNLIKELY(verdict == INTR_AMDVI_IRTE_RESERVED)) {
            unit.flaw = amdvi_irte_flaw(at->e->low, at->e->high, s->irte_mode);
        }
    }
    journal_unit(s->dev.platform->journal, msg, &unit);
}

/* Each way to be blocked has its event. */
typedef struct {
    IntrResult result;
    AmdviEventCode event;
    uint16_t flags;
} Refusal;

static const Refusal dte_beyond = {INTR_AMDVI_DTE_ILLEGAL, AMDVI_EV_ILLEGAL_DEV_TABLE_ENTRY, 0};
static const Refusal dte_reserved = {INTR_AMDVI_DTE_ILLEGAL, AMDVI_EV_ILLEGAL_DEV_TABLE_ENTRY,
                                     AMDVI_EV_RZ};
static const Refusal dte_unreadable = {INTR_AMDVI_DTE_UNREADABLE, AMDVI_EV_DEV_TAB_HARDWARE_ERROR,
                                       AMDVI_EV_MASTER_ABORT};
static const Refusal aborted = {INTR_AMDVI_ABORTED, AMDVI_EV_INVALID_DEVICE_REQUEST,
                                AMDVI_EV_NOT_PERMITTED};
static const Refusal not_passed = {INTR_AMDVI_NOT_PASSED, AMDVI_EV_INVALID_DEVICE_REQUEST,
                                   AMDVI_EV_NOT_PERMITTED};
static const Refusal reserved_kind = {INTR_AMDVI_RESERVED_KIND, AMDVI_EV_INVALID_DEVICE_REQUEST,
                                      AMDVI_EV_RESERVED_REQUEST};
static const Refusal beyond_table = {INTR_AMDVI_INDEX, AMDVI_EV_IO_PAGE_FAULT, 0};
static const Refusal vapic_unreachable = {INTR_AMDVI_VAPIC_UNREADABLE,
                                          AMDVI_EV_PAGE_TAB_HARDWARE_ERROR, AMDVI_EV_MASTER_ABORT};
static const Refusal irte_refusals[] = {
    [AMDVI_IRTE_UNREADABLE] = {INTR_AMDVI_IRTE_UNREADABLE, AMDVI_EV_PAGE_TAB_HARDWARE_ERROR,
                               AMDVI_EV_MASTER_ABORT},
    [AMDVI_IRTE_NOT_MAPPED] = {INTR_AMDVI_NOT_MAPPED, AMDVI_EV_IO_PAGE_FAULT, 0},
    [AMDVI_IRTE_RESERVED] = {INTR_AMDVI_IRTE_RESERVED, AMDVI_EV_IO_PAGE_FAULT,
                             AMDVI_EV_PR | AMDVI_EV_RZ},
};

/* Of faults an event has the domain; RW is for memory alone, and clear in an interrupt's. */
static IntrResult ir_refuse(AmdviState *s, const IntrMsg *msg, const AmdviDte *dte,
                            const Lookup *at, const Refusal *why)
{
    s->verdicts.blocked++;
    ir_journal(s, msg, at, why->result, why->event);
    if (!at->quiet) {
        bool request = why->event == AMDVI_EV_INVALID_DEVICE_REQUEST;
        AmdviEvent event = {
            .code = why->event,
            .device_id = msg->requester_id,
            .domain = dte && why->event == AMDVI_EV_IO_PAGE_FAULT && dte->v ? dte->domain : 0,
            .flags = why->flags | (request ? 0 : AMDVI_EV_I),
            .address = amdvi_ir_event_address(msg->address, msg->data),
        };
        amdvi_log_event(&s->log, &event);
        amdvi_signals_flush(&s->signals);
    }
    return why->result;
}

static IntrResult ir_pass(AmdviState *s, const IntrMsg *msg)
{
    IntrMsg narrow = *msg;
    narrow.address &= UINT32_MAX;
    s->verdicts.passed++;
    ir_journal(s, msg, NO_LOOKUP, INTR_ON_ITS_WAY, AMDVI_EV_NONE);
    ApicMsg out = apic_msg_decode(&narrow);
    return apic_bus_deliver(s->links.apic_bus, &out);
}

static IntrResult ir_deliver(AmdviState *s, const IntrMsg *msg, const Lookup *at)
{
    s->verdicts.remapped++;
    ir_journal(s, msg, at, INTR_ON_ITS_WAY, AMDVI_EV_NONE);
    /* A copy: what the delivery sets off may take the entry's slot. */
    ApicMsg out = at->e->msg;
    out.serial = msg->serial;
    return apic_bus_deliver(s->links.apic_bus, &out);
}

/* The vector's bit in the virtual APIC's IRR (APM vol. 2, 15.29.3); false: it cannot be reached. */
static bool set_virtual_irr(AmdviState *s, uint64_t page, uint8_t vector)
{
    uint64_t at = page + VAPIC_IRR + vector / 32 * 16;
    if (!as_ram_ptr(s->links.memory, at, 4)) {
        return false;
    }
    as_store(s->links.memory, at, as_load(s->links.memory, at, 4, NULL) | 1u << vector % 32, 4);
    return true;
}

/* A guest that runs is told by a doorbell, which only processors with a virtual APIC (AVIC) hear:
 * there are none here. Of one that does not run, the log tells (2.2.8). */
static IntrResult ir_post_guest(AmdviState *s, const IntrMsg *msg, const AmdviDte *dte,
                                const Lookup *at)
{
    IntrResult posted = INTR_AMDVI_VAPIC_POSTED;
    if (!set_virtual_irr(s, at->e->page, at->e->msg.vector)) {
        return ir_refuse(s, msg, dte, at, &vapic_unreachable);
    }
    s->verdicts.posted++;
    if (at->e->is_run) {
        posted = INTR_AMDVI_VAPIC_DOORBELL;
    } else if (at->e->ga_log && amdvi_galog_append(&s->galog, at->e->tag, msg->requester_id)) {
        posted = INTR_AMDVI_VAPIC_LOGGED;
    }
    ir_journal(s, msg, at, posted, AMDVI_EV_NONE);
    amdvi_signals_flush(&s->signals);
    return posted;
}

static IntrResult ir_remap(AmdviState *s, const IntrMsg *msg, const AmdviDte *dte)
{
    AmdviIrEntry scratch;
    Lookup at = {.index = (uint32_t)field_get(msg->data, DATA_INDEX), .quiet = dte->ig};
    if (G_UNLIKELY(at.index >= dte->int_count)) {
        return ir_refuse(s, msg, dte, &at, &beyond_table);
    }
    const AmdviIrPlace place = {msg->requester_id, (uint16_t)at.index, dte->int_table};
    AmdviIrLookup found =
        amdvi_ircache_get(&s->interrupts, &place, s->irte_mode, s->irt_cached, &scratch);
    at.e = found.status == AMDVI_IRTE_UNREADABLE ? NULL : found.entry;
    at.cached = found.cached;
    at.stale = found.stale;
    if (G_UNLIKELY(found.status != AMDVI_IRTE_OK)) {
        bool unmapped = found.status == AMDVI_IRTE_NOT_MAPPED;
        at.quiet = unmapped && (dte->ig || found.entry->sup_iopf);
        return ir_refuse(s, msg, dte, &at, &irte_refusals[found.status]);
    }
    at.quiet = false;
    return found.entry->guest ? ir_post_guest(s, msg, dte, &at) : ir_deliver(s, msg, &at);
}

/* Fixed and arbitrated. */
static IntrResult ir_controlled(AmdviState *s, const IntrMsg *msg, const AmdviDte *dte)
{
    switch (dte->int_ctl) {
    case AMDVI_INT_FORWARD:
        return ir_pass(s, msg);
    case AMDVI_INT_REMAP:
        return ir_remap(s, msg, dte);
    default:
        return ir_refuse(s, msg, dte, NO_LOOKUP, &aborted);
    }
}

/* The kinds that no table remaps (2.2.5.1). Nothing sends LINT0 and LINT1 as messages here. */
static IntrResult ir_by_pass_bit(AmdviState *s, const IntrMsg *msg, const AmdviDte *dte,
                                 IntrDeliveryMode mode)
{
    bool passes = (mode == INTR_MODE_SMI && dte->sys_mgt == AMDVI_SYSMGT_FORWARD) ||
                  (mode == INTR_MODE_NMI && dte->nmi_pass) ||
                  (mode == INTR_MODE_INIT && dte->init_pass) ||
                  (mode == INTR_MODE_EXTINT && dte->eint_pass);
    return passes ? ir_pass(s, msg) : ir_refuse(s, msg, dte, NO_LOOKUP, &not_passed);
}

IntrResult amdvi_ir_request(AmdviState *s, const IntrMsg *msg)
{
    AmdviDevEntry *found;
    if (!s->enabled || !s->intremap) {
        return ir_pass(s, msg);
    }
    AmdviDevStatus status = amdvi_devcache_get(&s->devices, msg->requester_id, &found);
    if (G_UNLIKELY(status != AMDVI_DEV_OK)) {
        return ir_refuse(s, msg, NULL, NO_LOOKUP,
                         status == AMDVI_DEV_BEYOND ? &dte_beyond : &dte_unreadable);
    }
    const AmdviDte *dte = &found->dte;
    if (!dte->iv) {
        return ir_pass(s, msg);
    }
    if (G_UNLIKELY(dte->int_reserved)) {
        return ir_refuse(s, msg, dte, NO_LOOKUP, &dte_reserved);
    }
    IntrDeliveryMode mode = (IntrDeliveryMode)field_get(msg->data, DATA_MODE);
    if (G_LIKELY(mode <= INTR_MODE_LOWEST) || s->int_2k) {
        return ir_controlled(s, msg, dte);
    }
    if (mode == INTR_MODE_RESERVED || mode == INTR_MODE_SIPI) {
        return ir_refuse(s, msg, dte, NO_LOOKUP, &reserved_kind);
    }
    return ir_by_pass_bit(s, msg, dte, mode);
}
