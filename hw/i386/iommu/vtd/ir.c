/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: interrupt requests (5.1). A request is in compatibility or remappable format; a remappable
 * one names an entry, which is checked against the request's source and then delivered, posted, or
 * refused with a fault reason. The verdict depends on nothing but the request and the unit.
 */
#include <assert.h>

#include "hw/core/rid.h"
#include "hw/i386/iommu/vtd/pid.h"
#include "hw/i386/iommu/vtd/unit.h"

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

static IntrResult ir_block(VtdState *s, const IntrMsg *msg, uint32_t index, VtdFaultReason reason,
                           bool fpd)
{
    IntrResult result = blocked_by(reason);
    s->verdicts.blocked++;
    trace_event(s->dev.platform->trace, TRACE_VTD,
                "vtd_ir serial=%" PRIu64 " sid=%s addr=%#" PRIx64
                " data=%#x index=%u verdict=block reason=%#x%s "
                "result=%s",
                msg->serial, rid_text(msg->requester_id).text, msg->address, msg->data, index,
                reason, fpd ? " fpd=1" : "", intr_result_name(result));
    if (!fpd) {
        VtdFault fault = {
            .source_id = msg->requester_id,
            .reason = reason,
            .info = (uint64_t)index << FAULT_INDEX_SHIFT,
        };
        vtd_fault_record(&s->faults, &fault);
        vtd_events_flush(&s->events);
    }
    return result;
}

/* As it is: remapping is off, or compatibility format is let through. */
static IntrResult pass(VtdState *s, const IntrMsg *msg)
{
    s->verdicts.compatibility++;
    ApicMsg out = apic_msg_decode(msg->address & UINT32_MAX, msg->data);
    out.serial = msg->serial;
    trace_event(s->dev.platform->trace, TRACE_VTD,
                "vtd_ir serial=%" PRIu64 " sid=%s addr=%#" PRIx64
                " data=%#x verdict=pass vector=%#x dest=%#x",
                msg->serial, rid_text(msg->requester_id).text, msg->address, msg->data, out.vector,
                out.dest);
    return apic_bus_deliver(s->links.apic_bus, &out);
}

static bool is_trusted(const VtdState *s, uint16_t requester_id)
{
    return s->links.trusts_ioapic && requester_id == s->links.ioapic_sid;
}

static inline bool source_is_valid(const VtdIecEntry *e, uint16_t requester_id)
{
    if (G_UNLIKELY(e->check_bus)) {
        uint8_t bus = requester_id >> 8;
        return bus >= e->bus_first && bus <= e->bus_last;
    }
    return (requester_id & e->sid_mask) == e->sid;
}

static IntrResult ir_post(VtdState *s, const IntrMsg *msg, uint32_t index, const VtdIecEntry *e)
{
    ApicMsg notification;
    IntrResult posted;
    VtdFaultReason reason = vtd_pid_post(s->links.memory, e->pid_address, e->msg.vector, e->urgent,
                                         s->iec.table.eime, &posted, &notification);
    if (reason != VTD_OK) {
        return ir_block(s, msg, index, reason, e->fpd);
    }
    s->verdicts.posted++;
    trace_event(s->dev.platform->trace, TRACE_VTD,
                "vtd_ir serial=%" PRIu64 " sid=%s addr=%#" PRIx64
                " data=%#x index=%u verdict=post vector=%#x "
                "pid=%#" PRIx64 " result=%s",
                msg->serial, rid_text(msg->requester_id).text, msg->address, msg->data, index,
                e->msg.vector, e->pid_address, intr_result_name(posted));
    if (posted == INTR_POSTED_NOTIFIED) {
        notification.serial = msg->serial;
        apic_bus_deliver(s->links.apic_bus, &notification);
    }
    return posted;
}

static IntrResult deliver(VtdState *s, const IntrMsg *msg, uint32_t index, const VtdIecEntry *e)
{
    s->verdicts.remapped++;
    trace_event(s->dev.platform->trace, TRACE_VTD,
                "vtd_ir serial=%" PRIu64 " sid=%s addr=%#" PRIx64
                " data=%#x index=%u verdict=deliver vector=%#x "
                "dest=%#x mode=%d trig=%s",
                msg->serial, rid_text(msg->requester_id).text, msg->address, msg->data, index,
                e->msg.vector, e->msg.dest, e->msg.mode, e->msg.level ? "level" : "edge");
    /* A copy: what the delivery sets off may invalidate the entry. */
    ApicMsg out = e->msg;
    out.serial = msg->serial;
    return apic_bus_deliver(s->links.apic_bus, &out);
}

static IntrResult remap(VtdState *s, const IntrMsg *msg)
{
    uint32_t index = (uint32_t)(vtd_get(msg->address, ADDR_HANDLE) |
                                vtd_get(msg->address, ADDR_HANDLE_HIGH) << 15);
    if (vtd_get(msg->address, ADDR_SHV)) {
        index += (uint32_t)vtd_get(msg->data, DATA_SUBHANDLE);
        /* Without SHV hardware does not look at the data at all. */
        if (G_UNLIKELY(vtd_get(msg->data, DATA_RESERVED))) {
            return ir_block(s, msg, index, VTD_FR_IR_REQUEST_RESERVED, false);
        }
    }
    if (G_UNLIKELY(index >= s->iec.table.entries)) {
        return ir_block(s, msg, index, VTD_FR_IR_INDEX, false);
    }
    VtdIecEntry scratch;
    const VtdIecEntry *e = vtd_iec_get(&s->iec, index, &scratch);
    if (G_UNLIKELY(e->fault != VTD_OK)) {
        return ir_block(s, msg, index, (VtdFaultReason)e->fault, e->fpd);
    }
    if (G_UNLIKELY(!source_is_valid(e, msg->requester_id)) && !is_trusted(s, msg->requester_id)) {
        return ir_block(s, msg, index, VTD_FR_IR_SOURCE, e->fpd);
    }
    return e->posted ? ir_post(s, msg, index, e) : deliver(s, msg, index, e);
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
        return ir_block(s, msg, 0, VTD_FR_IR_COMPATIBILITY, false);
    }
    return pass(s, msg);
}
