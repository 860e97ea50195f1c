/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: primary fault logging (7.2.1) in CAP.NFR+1 records of 128 bits, used in a circle. A fault
 * whose source already has one pending is not recorded again (compression, 7.2.1); one that finds
 * its record still in use sets PFO, and nothing is recorded until software clears that.
 */
#include "hw/core/rid.h"
#include "vtd_internal.h"

/* FRCD (11.4.7.9), upper quadword. */
#define FRCD_SID     0, 16
#define FRCD_T2      28, 1
#define FRCD_PP      31, 1
#define FRCD_FR      32, 8
#define FRCD_PV      40, 20
#define FRCD_T1      62, 1
#define FRCD_F_SHIFT 63

static uint32_t record_offset(const VtdState *s, unsigned n)
{
    return s->frcd + n * VTD_FRCD_SIZE;
}

static bool record_pending(const VtdState *s, unsigned n)
{
    return vtd_reg(s, record_offset(s, n) + 8) >> FRCD_F_SHIFT;
}

static bool source_pending(const VtdState *s, uint16_t source_id)
{
    for (unsigned i = 0; i < s->props.fault_records; i++) {
        uint64_t high = vtd_reg(s, record_offset(s, i) + 8);
        if (high >> FRCD_F_SHIFT && vtd_get(high, FRCD_SID) == source_id) {
            return true;
        }
    }
    return false;
}

static bool any_pending(const VtdState *s)
{
    for (unsigned i = 0; i < s->props.fault_records; i++) {
        if (record_pending(s, i)) {
            return true;
        }
    }
    return false;
}

void vtd_fault_status(VtdState *s, uint32_t bits)
{
    uint64_t old = vtd_reg(s, VTD_FSTS);
    regfile_set(&s->regs, VTD_FSTS, old | bits);
    /* A condition beside one that is already there is not a new interrupt condition (7.4). */
    if (!(old & VTD_FSTS_EVENTS) && (bits & VTD_FSTS_EVENTS)) {
        vtd_event_raise(s, VTD_EVENT_FAULT);
    }
}

void vtd_fault_cleared(VtdState *s)
{
    uint64_t status = vtd_reg(s, VTD_FSTS);
    if ((status & VTD_FSTS_PPF) && !any_pending(s)) {
        status &= ~(vtd_mask(VTD_FSTS_FRI) | VTD_FSTS_PPF);
        regfile_set(&s->regs, VTD_FSTS, status);
    }
    if (!(status & VTD_FSTS_EVENTS)) {
        vtd_event_settle(s, VTD_EVENT_FAULT);
    }
}

static void write_record(VtdState *s, const VtdFault *fault)
{
    uint32_t offset = record_offset(s, s->next_record);
    uint64_t high = vtd_put(fault->source_id, FRCD_SID) | vtd_put(fault->reason, FRCD_FR) |
                    vtd_put(fault->access >> 1, FRCD_T1) | vtd_put(fault->access, FRCD_T2) |
                    1ull << FRCD_F_SHIFT;
    if (fault->has_pasid) {
        high |= vtd_put(1, FRCD_PP) | vtd_put(fault->pasid, FRCD_PV);
    }
    regfile_set(&s->regs, offset, fault->info & VTD_BASE_MASK);
    regfile_set(&s->regs, offset + 8, high);
}

void vtd_fault_record(VtdState *s, const VtdFault *fault)
{
    s->stats.faults++;
    uint64_t status = vtd_reg(s, VTD_FSTS);
    trace_event(s->dev.platform->trace, TRACE_VTD,
                "vtd_fault sid=%s reason=%#x info=%#" PRIx64 " access=%s",
                rid_text(fault->source_id).text, fault->reason, fault->info,
                fault->access == VTD_READ ? "read" : "write");
    if ((status & VTD_FSTS_PFO) || source_pending(s, fault->source_id)) {
        return;
    }
    if (record_pending(s, s->next_record)) {
        vtd_fault_status(s, VTD_FSTS_PFO);
        return;
    }
    write_record(s, fault);
    if (!(status & VTD_FSTS_PPF)) {
        /* FRI names the record that set PPF; later ones follow it in the circle. */
        regfile_set(&s->regs, VTD_FSTS,
                    (status & ~vtd_mask(VTD_FSTS_FRI)) | vtd_put(s->next_record, VTD_FSTS_FRI));
    }
    s->next_record = (uint16_t)((s->next_record + 1) % s->props.fault_records);
    vtd_fault_status(s, VTD_FSTS_PPF);
}
