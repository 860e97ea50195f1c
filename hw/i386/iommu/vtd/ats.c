/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: address translation services (4.1; PCI Express 5.0, chapter 10): translation requests,
 * requests with translated addresses, and invalidations of the translations that devices keep.
 *
 * All of it needs ECAP.DT and TE; without, such requests are unsupported, and no fault is recorded.
 * In legacy mode the context entry's translation type has to be 01b, else they are blocked with
 * reason Dh (3.4.2). A page that is not present, or beyond what tables reach, is no fault of a
 * translation request: its completion says so. The interrupt range is for untranslated writes only
 * (3.14).
 */
#include <string.h>

#include "hw/core/rid.h"
#include "hw/i386/iommu/vtd/unit.h"

/* The requester's entry, if it may use ATS; else the fault is recorded, and the answer is false. */
static bool ats_context(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access,
                        VtdAddressType at, VtdContext *out)
{
    VtdContext scratch;
    VtdFaultReason reason;
    if (!s->props.device_iotlb || !s->translating) {
        return false;
    }
    *out = (VtdContext){0};
    if (req->has_pasid) {
        reason = VTD_FR_PASID_IN_LEGACY_MODE;
    } else {
        *out = *vtd_dma_context(s, req->requester_id, &scratch);
        reason = (VtdFaultReason)out->fault;
    }
    if (reason == VTD_OK && out->type != VTD_TT_ALL) {
        reason = VTD_FR_TRANSLATION_BLOCKED;
    }
    if (reason != VTD_OK && !out->fpd) {
        vtd_dma_fault(s, req, addr, access, at, reason);
    }
    return reason == VTD_OK;
}

static bool ats_refuse(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access,
                       VtdAddressType at, VtdFaultReason reason, const VtdContext *ctx)
{
    if (!ctx->fpd) {
        vtd_dma_fault(s, req, addr, access, at, reason);
    }
    return false;
}

static bool ats_lookup(VtdState *s, const BusReq *req, uint64_t addr, BusTranslation *out)
{
    VtdContext ctx;
    VtdMapping scratch;
    const VtdMapping *m = &scratch;
    *out = (BusTranslation){.address = addr >> PAGE_SHIFT << PAGE_SHIFT, .shift = PAGE_SHIFT};
    if (!ats_context(s, req, addr, VTD_READ, VTD_AT_TRANSLATION, &ctx)) {
        return false;
    }
    if (intr_window_contains(addr)) {
        out->write = out->untranslated_only = true;
        return true;
    }
    VtdFaultReason reason = vtd_dma_mapping(s, &ctx, addr, &m, &scratch);
    if (reason == VTD_FR_ADDRESS_TOO_WIDE) {
        return true; /* a null completion, without R and W (11.4.2, MGAW) */
    }
    if (reason == VTD_OK && (m->read || m->write) && intr_window_contains(m->host)) {
        reason = VTD_FR_INTERRUPT_RANGE;
    }
    if (reason != VTD_OK) {
        return ats_refuse(s, req, addr, VTD_READ, VTD_AT_TRANSLATION, reason, &ctx);
    }
    if (m->read || m->write) {
        *out = (BusTranslation){
            .address = m->host, .shift = m->shift, .read = m->read, .write = m->write};
    }
    return true;
}

bool vtd_ats_translate(void *opaque, const BusReq *req, uint64_t addr, BusTranslation *out)
{
    VtdState *s = opaque;
    bool supported = ats_lookup(s, req, addr, out);
    trace_event(s->dev.platform->trace, TRACE_VTD,
                "vtd_translation sid=%s addr=%#" PRIx64 " supported=%d to=%#" PRIx64
                " shift=%u read=%d write=%d",
                rid_text(req->requester_id).text, addr, supported, out->address, out->shift,
                out->read, out->write);
    return supported;
}

static bool ats_may_access(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access,
                           size_t len)
{
    VtdContext ctx;
    VtdFaultReason reason = VTD_OK;
    if (!ats_context(s, req, addr, access, VTD_AT_TRANSLATED, &ctx)) {
        return false;
    }
    if (upstream_touches_window(addr, len)) {
        reason = VTD_FR_INTERRUPT_RANGE;
    } else if (vtd_above_haw(addr + (len ? len - 1 : 0), s->props.haw)) {
        reason = VTD_FR_ADDRESS_TOO_WIDE;
    }
    return reason == VTD_OK || ats_refuse(s, req, addr, access, VTD_AT_TRANSLATED, reason, &ctx);
}

MemResult vtd_ats_access(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access, void *buf,
                         size_t len)
{
    return ats_may_access(s, req, addr, access, len) ? vtd_dma_transfer(s, addr, access, buf, len)
                                                     : MEM_ACCESS_ERROR;
}

/* 6.5.2.5: with S the lowest clear bit of the address says how many pages are meant. */
static BusInvalidation ats_range(const VtdDesc *d, unsigned tag)
{
    unsigned ones = d->size ? (unsigned)__builtin_ctzll(~(d->address >> PAGE_SHIFT)) + 1 : 0;
    if (PAGE_SHIFT + ones >= 64) {
        return (BusInvalidation){.tag = (uint8_t)tag};
    }
    uint64_t bytes = 1ull << (PAGE_SHIFT + ones);
    return (BusInvalidation){
        .address = d->address & ~(bytes - 1), .bytes = bytes, .tag = (uint8_t)tag};
}

void vtd_ats_invalidate(VtdState *s, const VtdDesc *d, unsigned tag)
{
    BusInvalidation what = ats_range(d, tag);
    if (s->links.invalidate) {
        s->links.invalidate(s->links.invalidate_opaque, &s->dev, d->source_id, &what);
    }
}

void vtd_ats_invalidated(void *opaque, uint16_t requester_id, uint32_t tags)
{
    vtd_device_tlb_completed(opaque, requester_id, tags);
}
