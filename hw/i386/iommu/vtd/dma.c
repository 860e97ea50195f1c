/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: what bus masters under the unit ask for. A write of one aligned dword into the interrupt
 * range is an interrupt request (5.1.2); everything else there is refused and recorded (3.14). The
 * rest is translated page by page while TE is set, by translation type 00 or 01 (the same for
 * untranslated requests) or passed through by 10 (3.4.2). Requests with a PASID belong to scalable
 * mode and are refused in legacy mode. Translated and translation requests are ats.c's.
 *
 * Protected memory ranges (11.4.8) are checked against requests that are not translated; what they
 * block is not recorded as a fault.
 */
#include "hw/core/rid.h"
#include "hw/i386/iommu/vtd/unit.h"
#include "hw/intr/lint.h"
#include "hw/intr/stages.h"

#define PMR_LOW_BITS 0x1fffffull /* protected ranges have a granularity of 2 MiB */

static bool in_range(uint64_t first, uint64_t last, uint64_t base, uint64_t limit)
{
    return first <= (limit | PMR_LOW_BITS) && last >= base;
}

static uint64_t last_byte(uint64_t addr, size_t len)
{
    return addr + (len ? len - 1 : 0);
}

static bool is_protected(const VtdState *s, uint64_t addr, size_t len)
{
    if (!(vtd_reg(s, VTD_PMEN) & 1)) {
        return false;
    }
    uint64_t last = last_byte(addr, len);
    return in_range(addr, last, vtd_reg(s, VTD_PLMBASE), vtd_reg(s, VTD_PLMLIMIT)) ||
           in_range(addr, last, vtd_reg(s, VTD_PHMBASE), vtd_reg(s, VTD_PHMLIMIT));
}

void vtd_dma_fault(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access,
                   VtdAddressType at, VtdFaultReason reason)
{
    VtdFault fault = {
        .source_id = req->requester_id,
        .reason = reason,
        .access = access,
        .at = at,
        .info = addr,
        .has_pasid = req->has_pasid,
        .pasid = req->pasid,
    };
    vtd_fault_record(&s->faults, &fault);
    vtd_events_flush(&s->events);
}

static MemResult refuse(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access,
                        VtdFaultReason reason, bool fpd)
{
    if (!fpd) {
        vtd_dma_fault(s, req, addr, access, VTD_AT_UNTRANSLATED, reason);
    }
    return MEM_ACCESS_ERROR;
}

const VtdContext *vtd_dma_context(VtdState *s, uint16_t source_id, VtdContext *scratch)
{
    const VtdContext *cached = vtd_context_cached(&s->cache, source_id);
    if (cached) {
        return cached;
    }
    VtdContextLimits limits = {
        .haw = s->props.haw,
        .sagaw = vtd_caps_sagaw(&s->props),
        .domain_mask = s->cache.domain_mask,
        .device_iotlb = s->props.device_iotlb,
        .pass_through = s->props.pass_through,
    };
    VtdFaultReason reason = vtd_context_walk(&s->tables, s->root_table, limits, source_id, scratch);
    if (G_UNLIKELY(s->tables.behind)) {
        vtd_rules_behind(s);
    }
    if (G_UNLIKELY(s->rules.root_replaced)) {
        LINT_BREAK(&s->dev, LINT_SRTP_WITHOUT_FLUSH, "used by %s", rid_text(source_id).text);
    }
    scratch->fault = (uint8_t)reason;
    vtd_context_fill(&s->cache, source_id, scratch);
    return scratch;
}

static VtdFaultReason read_tables(VtdState *s, const VtdContext *ctx, uint64_t addr,
                                  VtdMapping *out)
{
    VtdPteBits bits = {
        .haw = s->props.haw,
        .snoop = s->props.snoop_control,
        .transient = s->props.device_iotlb && s->props.stale_tm,
    };
    return vtd_page_walk(&s->tables, ctx->table, ctx->levels, bits, addr, out);
}

static uint64_t dma_host_of(const VtdMapping *m, uint64_t addr)
{
    return m->host + (addr & ((1ull << m->shift) - 1));
}

/* Does what the IOTLB holds still stand in the tables? */
static void check_mapping(VtdState *s, const VtdContext *ctx, uint64_t addr, const VtdMapping *m)
{
    VtdMapping now;
    VtdFaultReason reason = read_tables(s, ctx, addr, &now);
    bool same = reason == (VtdFaultReason)m->fault &&
                (reason != VTD_OK || (now.read == m->read && now.write == m->write &&
                                      dma_host_of(&now, addr) == dma_host_of(m, addr)));
    if (!same) {
        LINT_BREAK(&s->dev, LINT_STALE_MAPPING_USED, "domain %u, address %#" PRIx64, ctx->domain,
                   addr);
    }
}

static VtdFaultReason walk(VtdState *s, const VtdContext *ctx, uint64_t addr, VtdMapping *out)
{
    VtdFaultReason reason = read_tables(s, ctx, addr, out);
    if (G_UNLIKELY(s->tables.behind)) {
        vtd_rules_behind(s);
    }
    out->domain = ctx->domain;
    bool usable = reason == VTD_OK && (out->read || out->write);
    if (!usable) {
        /* Remembered, in caching mode, for the one page asked for. */
        out->fault = (uint8_t)reason;
        out->shift = PAGE_SHIFT;
        out->page = addr >> PAGE_SHIFT;
    }
    if (usable || s->props.caching_mode) {
        vtd_iotlb_fill(&s->cache, out);
    }
    return reason;
}

/* Zero-length reads are let through where only writes are allowed (CAP.ZLR). */
static VtdFaultReason check_access(const VtdState *s, const VtdMapping *m, VtdAccess access,
                                   size_t len)
{
    if (access == VTD_WRITE) {
        return m->write ? VTD_OK : VTD_FR_NO_WRITE;
    }
    return m->read || (len == 0 && m->write && s->props.zlr) ? VTD_OK : VTD_FR_NO_READ;
}

VtdFaultReason vtd_dma_mapping(VtdState *s, const VtdContext *ctx, uint64_t addr,
                               const VtdMapping **found, VtdMapping *scratch)
{
    /* The smaller of MGAW and what the tables reach (LGN.1). */
    unsigned width = MIN(PAGE_SHIFT + 9u * ctx->levels, s->props.aw_bits);
    if (addr >> width) {
        return VTD_FR_ADDRESS_TOO_WIDE;
    }
    const VtdMapping *m = vtd_iotlb_find(&s->cache, ctx->domain, addr);
    if (!m) {
        *found = scratch;
        return walk(s, ctx, addr, scratch);
    }
    if (G_UNLIKELY(++s->rules.dma_hits % VTD_RULES_WALK_EVERY == 0)) {
        check_mapping(s, ctx, addr, m);
    }
    *found = m;
    return (VtdFaultReason)m->fault;
}

/* Where `addr` goes, and in *span how far that holds. */
static VtdFaultReason translate(VtdState *s, const VtdContext *ctx, uint64_t addr, VtdAccess access,
                                size_t len, uint64_t *host, uint64_t *span)
{
    VtdMapping scratch;
    const VtdMapping *m = &scratch;
    VtdFaultReason reason = vtd_dma_mapping(s, ctx, addr, &m, &scratch);
    reason = reason ? reason : check_access(s, m, access, len);
    if (reason != VTD_OK) {
        return reason;
    }
    uint64_t offset = addr & ((1ull << m->shift) - 1);
    *host = m->host + offset;
    *span = (1ull << m->shift) - offset;
    return intr_window_contains(*host) ? VTD_FR_INTERRUPT_RANGE : VTD_OK;
}

MemResult vtd_dma_transfer(VtdState *s, uint64_t host, VtdAccess access, void *buf, size_t len)
{
    return access == VTD_READ ? as_read(s->links.memory, host, buf, len)
                              : as_write(s->links.memory, host, buf, len);
}

/* Requests above MGAW are always blocked (11.4.2), and there is nothing above HAW (LGN.1). */
static bool is_too_wide(const VtdState *s, uint64_t addr, size_t len)
{
    uint64_t last = last_byte(addr, len);
    return last >> s->props.aw_bits || vtd_above_haw(last, s->props.haw);
}

static MemResult pass_through(VtdState *s, uint64_t addr, VtdAccess access, void *buf, size_t len)
{
    if (is_protected(s, addr, len)) {
        trace_event(s->dev.platform->trace, TRACE_VTD, "vtd_protected addr=%#" PRIx64 " len=%zu",
                    addr, len);
        return MEM_ACCESS_ERROR;
    }
    return vtd_dma_transfer(s, addr, access, buf, len);
}

static MemResult translated(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access,
                            void *buf, size_t len)
{
    VtdContext scratch;
    const VtdContext *found = vtd_dma_context(s, req->requester_id, &scratch);
    /* A copy: memory written on the way may lead to an invalidation. */
    VtdContext ctx = *found;
    if (ctx.fault != VTD_OK) {
        return refuse(s, req, addr, access, (VtdFaultReason)ctx.fault, ctx.fpd);
    }
    if (ctx.type == VTD_TT_PASS_THROUGH) {
        return is_too_wide(s, addr, len)
                   ? refuse(s, req, addr, access, VTD_FR_ADDRESS_TOO_WIDE, ctx.fpd)
                   : pass_through(s, addr, access, buf, len);
    }
    MemResult worst = MEM_OK;
    uint8_t *bytes = buf;
    do {
        uint64_t host, span;
        VtdFaultReason reason = translate(s, &ctx, addr, access, len, &host, &span);
        if (reason != VTD_OK) {
            return refuse(s, req, addr, access, reason, ctx.fpd);
        }
        size_t part = (size_t)MIN((uint64_t)len, span);
        MemResult result = part ? vtd_dma_transfer(s, host, access, bytes, part) : MEM_OK;
        worst = MAX(worst, result);
        addr += part;
        bytes += part;
        len -= part;
    } while (len > 0);
    return worst;
}

/* In the interrupt range, but not a request. */
static MemResult refuse_in_window(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access)
{
    VTD_GUEST_ERROR(s, "vtd_interrupt_range sid=%s addr=%#" PRIx64 " access=%s",
                    rid_text(req->requester_id).text, addr, access == VTD_READ ? "read" : "write");
    bool recorded = s->translating || s->remapping;
    return refuse(s, req, addr, access, VTD_FR_INTERRUPT_RANGE, !recorded);
}

static MemResult access_memory(VtdState *s, const BusReq *req, uint64_t addr, VtdAccess access,
                               void *buf, size_t len)
{
    if (addr + len < addr) {
        return MEM_DECODE_ERROR;
    }
    if (G_UNLIKELY(req->translated)) {
        return vtd_ats_access(s, req, addr, access, buf, len);
    }
    if (req->has_pasid && s->translating) {
        return refuse(s, req, addr, access, VTD_FR_PASID_IN_LEGACY_MODE, false);
    }
    if (upstream_touches_window(addr, len)) {
        return refuse_in_window(s, req, addr, access);
    }
    return s->translating ? translated(s, req, addr, access, buf, len)
                          : pass_through(s, addr, access, buf, len);
}

static MemResult dma_read(void *opaque, const BusReq *req, uint64_t addr, void *buf, size_t len)
{
    return access_memory(opaque, req, addr, VTD_READ, buf, len);
}

static MemResult dma_write(void *opaque, const BusReq *req, uint64_t addr, const void *buf,
                           size_t len)
{
    VtdState *s = opaque;
    IntrMsg msg;
    if (!req->has_pasid && !req->translated &&
        upstream_write_is_interrupt(req, addr, buf, len, &msg)) {
        Journal *journal = s->dev.platform->journal;
        msg.serial = journal_open(journal, JOURNAL_MESSAGE, NULL, req->requester_id, 0);
        journal_send(journal, &msg);
        return intr_blocked(vtd_ir_request(s, &msg)) ? MEM_ACCESS_ERROR : MEM_OK;
    }
    return access_memory(s, req, addr, VTD_WRITE, (void *)buf, len);
}

/* Out of the way of those that are requests. */
static G_GNUC_NO_INLINE IntrResult write_message(VtdState *s, const IntrMsg *msg)
{
    BusReq req = {msg->requester_id, msg->has_pasid, msg->pasid};
    MemResult result =
        access_memory(s, &req, msg->address, VTD_WRITE, (void *)&msg->data, sizeof(msg->data));
    IntrResult written = upstream_written_as(msg, result);
    JournalUnit unit = {.unit = s->dev.id, .index = JOURNAL_NO_INDEX, .verdict = written};
    journal_unit(s->dev.platform->journal, msg, &unit);
    return written;
}

IntrResult vtd_dma_message(void *opaque, const IntrMsg *msg)
{
    if (G_LIKELY(upstream_is_request(msg))) {
        return vtd_ir_request(opaque, msg);
    }
    return write_message(opaque, msg);
}

const UpstreamOps vtd_upstream_ops = {
    .read = dma_read,
    .write = dma_write,
    .interrupt = vtd_dma_message,
    .translate = vtd_ats_translate,
    .invalidated = vtd_ats_invalidated,
};
