/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: primary fault logging (7.2.1) in CAP.NFR+1 records of 128 bits, used in a circle. A fault
 * whose source already has one pending is not recorded again (compression, 7.2.1); one that finds
 * its record still in use sets PFO, and nothing is recorded until software clears that.
 */
#include "hw/i386/iommu/vtd/fault.h"
#include "hw/core/rid.h"
#include "hw/i386/iommu/vtd/regs.h"
#include "hw/intr/lint.h"

#define FAULTS_LEFT 16

/* FRCD (11.4.7.9), upper quadword. */
#define FRCD_SID     0, 16
#define FRCD_T2      28, 1
#define FRCD_PP      31, 1
#define FRCD_FR      32, 8
#define FRCD_PV      40, 20
#define FRCD_AT      60, 2
#define FRCD_T1      62, 1
#define FRCD_F_SHIFT 63

const StateField vtd_fault_state[] = {
    STATE_FIELD(STATE_UINT16, VtdFaultLog, next),
    STATE_NOT_SAVED(VtdFaultLog, count),
    STATE_NOT_SAVED(VtdFaultLog, lost), /* of lint */
    STATE_END,
};

void vtd_fault_init(VtdFaultLog *log, RegFile *regs, VtdEvents *events, Trace *trace,
                    uint16_t records, uint32_t at)
{
    *log = (VtdFaultLog){
        .regs = regs,
        .events = events,
        .trace = trace,
        .at = at,
        .records = records,
    };
}

void vtd_fault_reset(VtdFaultLog *log)
{
    log->next = 0;
    log->count = 0;
    log->lost = 0;
}

static uint32_t record_offset(const VtdFaultLog *log, unsigned n)
{
    return log->at + n * VTD_FRCD_SIZE;
}

static bool record_pending(const VtdFaultLog *log, unsigned n)
{
    return regfile_get(log->regs, record_offset(log, n) + 8) >> FRCD_F_SHIFT;
}

static bool source_pending(const VtdFaultLog *log, uint16_t source_id)
{
    for (unsigned i = 0; i < log->records; i++) {
        uint64_t high = regfile_get(log->regs, record_offset(log, i) + 8);
        if (high >> FRCD_F_SHIFT && vtd_get(high, FRCD_SID) == source_id) {
            return true;
        }
    }
    return false;
}

static bool any_pending(const VtdFaultLog *log)
{
    for (unsigned i = 0; i < log->records; i++) {
        if (record_pending(log, i)) {
            return true;
        }
    }
    return false;
}

void vtd_fault_status(VtdFaultLog *log, uint32_t bits)
{
    uint64_t old = regfile_get(log->regs, VTD_FSTS);
    regfile_set(log->regs, VTD_FSTS, old | bits);
    /* A condition beside one that is already there is not a new interrupt condition (7.4). */
    if (!(old & VTD_FSTS_EVENTS) && (bits & VTD_FSTS_EVENTS)) {
        vtd_event_raise(log->events, VTD_EVENT_FAULT);
    }
}

void vtd_fault_cleared(VtdFaultLog *log)
{
    uint64_t status = regfile_get(log->regs, VTD_FSTS);
    if ((status & VTD_FSTS_PPF) && !any_pending(log)) {
        status &= ~(vtd_mask(VTD_FSTS_FRI) | VTD_FSTS_PPF);
        regfile_set(log->regs, VTD_FSTS, status);
    }
    if (!(status & VTD_FSTS_PFO)) {
        log->lost = 0;
    }
    if (!(status & VTD_FSTS_EVENTS)) {
        vtd_event_settle(log->events, VTD_EVENT_FAULT);
    }
}

static void write_record(VtdFaultLog *log, const VtdFault *fault)
{
    uint32_t offset = record_offset(log, log->next);
    uint64_t high = vtd_put(fault->source_id, FRCD_SID) | vtd_put(fault->reason, FRCD_FR) |
                    vtd_put(fault->access >> 1, FRCD_T1) | vtd_put(fault->access, FRCD_T2) |
                    vtd_put(fault->at, FRCD_AT) | 1ull << FRCD_F_SHIFT;
    if (fault->has_pasid) {
        high |= vtd_put(1, FRCD_PP) | vtd_put(fault->pasid, FRCD_PV);
    }
    regfile_set(log->regs, offset, fault->info & VTD_BASE_MASK);
    regfile_set(log->regs, offset + 8, high);
}

/* Some may come while software is on its way to clear PFO. */
static void lose(VtdFaultLog *log)
{
    if (log->lost < FAULTS_LEFT && ++log->lost == FAULTS_LEFT) {
        LINT_BREAK(log->events->dev, LINT_FAULTS_LEFT, "%u faults since", log->lost);
    }
}

void vtd_fault_record(VtdFaultLog *log, const VtdFault *fault)
{
    log->count++;
    uint64_t status = regfile_get(log->regs, VTD_FSTS);
    trace_event(log->trace, TRACE_VTD, "vtd_fault sid=%s reason=%#x info=%#" PRIx64 " access=%s",
                rid_text(fault->source_id).text, fault->reason, fault->info,
                fault->access == VTD_READ ? "read" : "write");
    if (status & VTD_FSTS_PFO) {
        lose(log);
        return;
    }
    if (source_pending(log, fault->source_id)) {
        return;
    }
    if (record_pending(log, log->next)) {
        vtd_fault_status(log, VTD_FSTS_PFO);
        return;
    }
    write_record(log, fault);
    if (!(status & VTD_FSTS_PPF)) {
        /* FRI names the record that set PPF; later ones follow it in the circle. */
        regfile_set(log->regs, VTD_FSTS,
                    (status & ~vtd_mask(VTD_FSTS_FRI)) | vtd_put(log->next, VTD_FSTS_FRI));
    }
    log->next = (uint16_t)((log->next + 1) % log->records);
    vtd_fault_status(log, VTD_FSTS_PPF);
}
