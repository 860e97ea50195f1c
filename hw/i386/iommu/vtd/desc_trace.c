/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: a line of -d vtd for each descriptor, so that a right order of flushes and waits can be
 * seen. */
#include "hw/core/rid.h"
#include "hw/i386/iommu/vtd/desc.h"

void vtd_desc_trace(const VtdDesc *d, Trace *trace)
{
    RidText sid = rid_text(d->source_id);

    switch (d->type) {
    case VTD_DESC_CONTEXT:
        trace_print(trace, TRACE_VTD, "vtd_context_flush granularity=%u did=%u sid=%s",
                    d->granularity, d->domain, sid.text);
        break;
    case VTD_DESC_IOTLB:
        trace_print(trace, TRACE_VTD,
                    "vtd_iotlb_flush granularity=%u did=%u addr=%#" PRIx64 " am=%u", d->granularity,
                    d->domain, d->address, d->address_mask);
        break;
    case VTD_DESC_DEVICE_TLB:
        break; /* has a line where it starts */
    case VTD_DESC_IEC:
        trace_print(trace, TRACE_VTD, "vtd_iec_flush global=%d index=%u im=%u", d->global, d->index,
                    d->index_mask);
        break;
    case VTD_DESC_WAIT:
        trace_print(trace, TRACE_VTD, "vtd_wait interrupt=%d status=%d addr=%#" PRIx64 " data=%#x",
                    d->interrupt, d->status, d->address, d->status_data);
        break;
    }
}
