/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a descriptor ends (DSA 1.0, 3.6): a record if one was asked for or something failed; where it
 * has no place for a record, what failed is in SWERR; then its interrupt. A page fault in the
 * middle is told by status alone: the device does not wait for pages.
 */
#include "hw/dma/dsa/device.h"

static void report_failure(Dsa *d, const DsaEngine *e, const DsaDesc *desc, uint8_t error,
                           uint64_t fault, uint32_t invalid_flags)
{
    uint32_t index = e->in_batch && e->next ? e->next - 1 : 0;
    dsa_report(d, &(DsaSoftError){.error = error,
                                  .wq = e->wq,
                                  .desc = desc,
                                  .in_batch = e->in_batch,
                                  .index = (uint16_t)index,
                                  .invalid_flags = invalid_flags,
                                  .fault = fault});
}

static void write_completion(Dsa *d, const DsaEngine *e, const DsaDesc *desc,
                             const DsaRecord *record)
{
    uint8_t bytes[DSA_RECORD_BYTES];
    dsa_record_encode(record, bytes);
    if (pci_dma_write(&d->pci, desc->record, bytes, sizeof(bytes)) != MEM_OK) {
        report_failure(d, e, desc, DSA_RECORD_FAULT | DSA_STATUS_WRITE, desc->record, 0);
    }
}

void dsa_complete(Dsa *d, DsaEngine *e, const DsaDesc *desc, DsaRecord *record, DsaStatus status)
{
    bool place = (desc->flags & DSA_F_RECORD_VALID) && status != DSA_RECORD_ALIGNMENT;
    record->status |= (uint8_t)status;
    trace_event(d->pci.dev.platform->trace, TRACE_DSA,
                "dsa_complete dev=%s wq=%u op=%02x status=%02x done=%u", d->pci.dev.id, e->wq,
                desc->opcode, record->status, record->completed);
    if (place && (dsa_has_failed(status) || (desc->flags & DSA_F_RECORD))) {
        write_completion(d, e, desc, record);
    } else if (dsa_has_failed(status)) {
        report_failure(d, e, desc, record->status, record->fault, record->invalid_flags);
    }
    if (e->interrupts) { /* nor if the record's place was a register that ended all */
        dsa_intr_send(d, e->portal & DSA_PORTAL_IMS, e->vector);
    }
}
