/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: peripheral page requests: a function under the unit asks for a page, which the unit only
 * writes into a log; software answers by COMPLETE_PPR_REQUEST (2.6, 2.4.7). A request of a device
 * whose entry has no PPR is logged as an event. What is not logged, for that or because the log is
 * off or full, is answered with a failure.
 *
 * Left out: PASIDs (GTSup), the second log and automatic responses (DualPprLogSup, PprAutoRspSup).
 */
#include "hw/i386/iommu/amd/ppr.h"

#include "hw/core/rid.h"
#include "hw/i386/iommu/amd/dma.h"
#include "hw/i386/iommu/amd/ring.h"

#define PPR_BYTES 16u
/* An entry's first quadword. */
#define PPR_DEVICE               0, 16
#define PPR_TAG                  32, 9
#define PPR_LAST                 41, 1
#define PPR_READ                 50, 1
#define PPR_WRITE                53, 1
#define PPR_CODE                 60, 4
#define PPR_PAGE_SERVICE_REQUEST 1

static const AmdviRing ppr_ring = {.base = AMDVI_PPRLOG_BASE,
                                   .head = AMDVI_PPRLOG_HEAD,
                                   .tail = AMDVI_PPRLOG_TAIL,
                                   .enable = AMDVI_CTL_PPRLOG_EN,
                                   .run = AMDVI_ST_PPRLOG_RUN,
                                   .overflow = AMDVI_ST_PPR_OVERFLOW,
                                   .interrupt = AMDVI_ST_PPR_INT};

void amdvi_ppr_update(AmdviState *s)
{
    if (s->props.page_requests) {
        amdvi_ring_update(&s->regs, &ppr_ring);
    }
}

/* May the function ask? If not, and there is an event for that, it has been logged. */
static bool ppr_is_allowed(AmdviState *s, const AmdviAccess *a, const BusPageRequest *what)
{
    AmdviDevEntry *e = amdvi_dma_entry(s, a);
    if (!e) {
        return false;
    }
    if (!e->dte.v || !e->dte.ppr || a->req->has_pasid) {
        uint16_t tag = what->group | (what->last ? 1u << 9 : 0);
        amdvi_dma_log(s, a, AMDVI_EV_INVALID_PPR_REQUEST, tag, 0);
        return false;
    }
    return true;
}

static bool ppr_log(AmdviState *s, const BusReq *req, const BusPageRequest *what)
{
    const uint64_t words[PPR_BYTES / 8] = {
        field_put(req->requester_id, PPR_DEVICE) | field_put(what->group, PPR_TAG) |
            field_put(what->last, PPR_LAST) | field_put(what->read, PPR_READ) |
            field_put(what->write, PPR_WRITE) | field_put(PPR_PAGE_SERVICE_REQUEST, PPR_CODE),
        what->address};
    uint64_t at;
    bool logged = amdvi_ring_advance(&s->regs, &ppr_ring, PPR_BYTES, &at);
    amdvi_signals_update(&s->signals);
    if (logged) {
        amdvi_ring_store(s->links.memory, &s->region, at, words, PPR_BYTES);
    }
    amdvi_signals_flush(&s->signals);
    return logged;
}

bool amdvi_ppr_request(void *opaque, const BusReq *req, const BusPageRequest *what)
{
    AmdviState *s = opaque;
    const AmdviAccess a = {.req = req, .addr = what->address};
    bool on =
        s->props.page_requests && s->enabled && (amdvi_reg(s, AMDVI_CONTROL) & AMDVI_CTL_PPR_EN);
    bool taken = on && ppr_is_allowed(s, &a, what) && ppr_log(s, req, what);
    trace_event(s->dev.platform->trace, TRACE_AMDVI,
                "amdvi_page_request device=%s addr=%#" PRIx64 " group=%u last=%d logged=%d",
                rid_text(req->requester_id).text, what->address, what->group, what->last, taken);
    return taken;
}

void amdvi_ppr_complete(AmdviState *s, const AmdviCmd *c)
{
    const BusPageResponse response = {.group = c->tag, .code = c->code};
    if (s->links.respond_pages) {
        s->links.respond_pages(s->links.invalidate_opaque, &s->dev, c->device_id, &response);
    }
}
