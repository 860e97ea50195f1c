/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: address translation services (2.1.3; PCI Express 5.0, chapter 10): translation requests,
 * requests with translated addresses, and invalidations of the translations that devices keep.
 *
 * They are for devices whose entry has I and V; others' are logged and refused (2.5.9). Where an
 * untranslated access passes as it is, its translation is the address itself. A page that is not
 * present is no fault of a translation request: its completion says so, and nothing is logged.
 * Translations are given as pages of 4 KiB. The interrupt range is for untranslated writes only.
 */
#include "hw/core/rid.h"
#include "hw/i386/iommu/amd/dma.h"

static bool ats_is_on(const AmdviState *s)
{
    return s->props.device_iotlb && s->props.dma_remap && s->enabled;
}

/* The requester's entry, if it may use ATS; NULL: it has been logged why not. */
static AmdviDevEntry *ats_entry(AmdviState *s, const AmdviAccess *a)
{
    AmdviDevEntry *e = amdvi_dma_entry(s, a);
    if (e && (!e->dte.v || !e->dte.iotlb || a->req->has_pasid)) {
        amdvi_dma_refuse_request(s, a, AMDVI_EV_PRETRANSLATED);
        return NULL;
    }
    if (e && e->dte.dma_reserved) {
        amdvi_dma_log(s, a, AMDVI_EV_ILLEGAL_DEV_TABLE_ENTRY, 0, AMDVI_EV_RZ);
        return NULL;
    }
    return e;
}

static void amdvi_ats_answer(const AmdviDte *dte, uint64_t host, bool read, bool write,
                             BusTranslation *out)
{
    *out = (BusTranslation){
        .address = host, .shift = PAGE_SHIFT, .read = read && dte->ir, .write = write && dte->iw};
}

static bool ats_by_tables(AmdviState *s, const AmdviAccess *a, AmdviDevEntry *e,
                          BusTranslation *out)
{
    AmdviMapping m;
    AmdviWalkStatus status = amdvi_dma_mapping(s, a, &e->dte, &m);
    if (status == AMDVI_WALK_NOT_PRESENT) {
        return true;
    }
    if (status != AMDVI_WALK_OK) {
        amdvi_dma_refuse_page(s, a, e, status);
        return false;
    }
    if (!intr_window_contains(m.host)) {
        amdvi_ats_answer(&e->dte, m.host, m.read, m.write, out);
    }
    return true;
}

static bool amdvi_ats_lookup(AmdviState *s, const AmdviAccess *a, BusTranslation *out)
{
    uint64_t page = a->addr >> PAGE_SHIFT << PAGE_SHIFT;
    *out = (BusTranslation){.address = page, .shift = PAGE_SHIFT};
    AmdviDevEntry *e = ats_is_on(s) ? ats_entry(s, a) : NULL;
    if (!e) {
        return false;
    }
    if (intr_window_contains(a->addr)) {
        out->write = out->untranslated_only = true;
        return true;
    }
    const AmdviDte *dte = &e->dte;
    if (amdvi_dma_is_excluded(s, dte, page, PAGE_SIZE)) {
        out->read = out->write = true;
        return true;
    }
    if (dte->tv && dte->mode != 0) {
        return ats_by_tables(s, a, e, out);
    }
    amdvi_ats_answer(dte, page, true, true, out);
    return true;
}

bool amdvi_ats_translate(void *opaque, const BusReq *req, uint64_t addr, BusTranslation *out)
{
    AmdviState *s = opaque;
    const AmdviAccess a = {.req = req, .addr = addr, .translation = true};
    bool supported = amdvi_ats_lookup(s, &a, out);
    trace_event(s->dev.platform->trace, TRACE_AMDVI,
                "amdvi_translation device=%s addr=%#" PRIx64 " supported=%d to=%#" PRIx64
                " read=%d write=%d",
                rid_text(req->requester_id).text, addr, supported, out->address, out->read,
                out->write);
    return supported;
}

bool amdvi_ats_may_access(AmdviState *s, const AmdviAccess *a, size_t len)
{
    if (!ats_is_on(s)) {
        amdvi_dma_refuse_request(s, a, AMDVI_EV_PRETRANSLATED);
        return false;
    }
    if (!ats_entry(s, a)) {
        return false;
    }
    if (upstream_touches_window(a->addr, len)) {
        amdvi_dma_refuse_request(s, a,
                                 a->write ? AMDVI_EV_WRITE_OF_WINDOW : AMDVI_EV_READ_OF_WINDOW);
        return false;
    }
    return true;
}

void amdvi_ats_invalidate(AmdviState *s, const AmdviCmd *c, unsigned tag)
{
    /* The whole of 2^64 bytes is no number of theirs: 0 says so. */
    const BusInvalidation what = {
        .address = c->address, .bytes = c->last - c->address + 1, .tag = (uint8_t)tag};
    if (s->links.invalidate) {
        s->links.invalidate(s->links.invalidate_opaque, &s->dev, c->device_id, &what);
    }
}

void amdvi_ats_invalidated(void *opaque, uint16_t requester_id, uint32_t tags)
{
    amdvi_asked_answered(opaque, requester_id, tags);
}
