/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: what bus masters under the unit ask for. A write of one aligned dword into the interrupt
 * range is an interrupt request; everything else there is refused and logged (2.5.9). The rest is
 * translated page by page by the requester's device table entry (2.2.2): without V it passes as it
 * is, without TV or in mode 0 too as far as IR and IW allow, and otherwise through I/O page tables.
 * The exclusion range (3.4.4) passes as it is for those that it is for.
 *
 * Left out: PASIDs (GTSup).
 */
#include "hw/i386/iommu/amd/dma.h"

#include "hw/core/rid.h"
#include "hw/i386/iommu/amd/ppr.h"
#include "hw/intr/stages.h"

void amdvi_dma_log(AmdviState *s, const AmdviAccess *a, AmdviEventCode code, uint16_t domain,
                   uint16_t flags)
{
    bool request = code == AMDVI_EV_INVALID_DEVICE_REQUEST;
    AmdviEvent event = {
        .code = code,
        .device_id = a->req->requester_id,
        .domain = domain,
        .flags =
            flags | (a->write && !request ? AMDVI_EV_RW : 0) | (a->translation ? AMDVI_EV_TR : 0),
        .address = a->addr,
    };
    amdvi_log_event(&s->log, &event);
    amdvi_signals_flush(&s->signals);
}

/* SA leaves out all page faults of a device, SE all but the first (2.2.2.1). */
static MemResult page_fault(AmdviState *s, const AmdviAccess *a, AmdviDevEntry *e, uint16_t flags)
{
    const AmdviDte *dte = &e->dte;
    if (!dte->sa && !(dte->se && e->fault_logged)) {
        e->fault_logged = true;
        amdvi_dma_log(s, a, AMDVI_EV_IO_PAGE_FAULT, dte->domain, flags);
    }
    return MEM_ACCESS_ERROR;
}

static MemResult dma_transfer(AmdviState *s, uint64_t host, bool write, void *buf, size_t len)
{
    return write ? as_write(s->links.memory, host, buf, len)
                 : as_read(s->links.memory, host, buf, len);
}

bool amdvi_dma_is_excluded(const AmdviState *s, const AmdviDte *dte, uint64_t addr, size_t len)
{
    uint64_t base = amdvi_reg(s, AMDVI_EXCL_BASE);
    uint64_t first = base & AMDVI_BASE_MASK;
    uint64_t last = amdvi_reg(s, AMDVI_EXCL_LIMIT) | (PAGE_SIZE - 1);
    bool ours = (base & AMDVI_EXCL_EN) && ((base & AMDVI_EXCL_ALLOW) || dte->ex);
    return ours && addr >= first && addr + (len ? len - 1 : 0) <= last;
}

MemResult amdvi_dma_refuse_page(AmdviState *s, const AmdviAccess *a, AmdviDevEntry *e,
                                AmdviWalkStatus status)
{
    switch (status) {
    case AMDVI_WALK_UNREADABLE:
        amdvi_dma_log(s, a, AMDVI_EV_PAGE_TAB_HARDWARE_ERROR, e->dte.domain, AMDVI_EV_MASTER_ABORT);
        return MEM_ACCESS_ERROR;
    case AMDVI_WALK_RESERVED:
        return page_fault(s, a, e, AMDVI_EV_PR | AMDVI_EV_RZ);
    default:
        return page_fault(s, a, e, 0);
    }
}

AmdviWalkStatus amdvi_dma_mapping(AmdviState *s, const AmdviAccess *a, const AmdviDte *dte,
                                  AmdviMapping *out)
{
    const AmdviMapping *cached = amdvi_iotlb_find(&s->iotlb, dte->domain, a->addr);
    if (cached) {
        *out = *cached;
        return AMDVI_WALK_OK;
    }
    AmdviPage page;
    AmdviWalkStatus status =
        amdvi_page_walk(s->links.memory, dte->table, dte->mode, a->addr, &page);
    if (status == AMDVI_WALK_OK) {
        *out = *amdvi_iotlb_fill(&s->iotlb, dte->domain, a->addr, &page);
    }
    return status;
}

/* By pages of 4 KiB. */
static MemResult dma_by_tables(AmdviState *s, AmdviAccess *a, AmdviDevEntry *e, void *buf,
                               size_t len)
{
    MemResult worst = MEM_OK;
    uint8_t *bytes = buf;
    /* A copy: memory written on the way may lead to an invalidation. */
    const AmdviDte dte = e->dte;
    do {
        AmdviMapping m;
        AmdviWalkStatus status = amdvi_dma_mapping(s, a, &dte, &m);
        if (status != AMDVI_WALK_OK) {
            return amdvi_dma_refuse_page(s, a, e, status);
        }
        if (a->write ? !(m.write && dte.iw) : !(m.read && dte.ir)) {
            return page_fault(s, a, e, AMDVI_EV_PR | AMDVI_EV_PE);
        }
        uint64_t offset = a->addr % PAGE_SIZE;
        size_t part = (size_t)MIN((uint64_t)len, PAGE_SIZE - offset);
        MemResult result = part ? dma_transfer(s, m.host + offset, a->write, bytes, part) : MEM_OK;
        worst = MAX(worst, result);
        a->addr += part;
        bytes += part;
        len -= part;
    } while (len > 0);
    return worst;
}

static MemResult dma_by_entry(AmdviState *s, AmdviAccess *a, AmdviDevEntry *e, void *buf,
                              size_t len)
{
    const AmdviDte *dte = &e->dte;
    if (!dte->v || amdvi_dma_is_excluded(s, dte, a->addr, len)) {
        return dma_transfer(s, a->addr, a->write, buf, len);
    }
    if (dte->dma_reserved) {
        amdvi_dma_log(s, a, AMDVI_EV_ILLEGAL_DEV_TABLE_ENTRY, 0, AMDVI_EV_RZ);
        return MEM_ACCESS_ERROR;
    }
    if (dte->tv && dte->mode != 0) {
        return dma_by_tables(s, a, e, buf, len);
    }
    if (a->write ? !dte->iw : !dte->ir) {
        return page_fault(s, a, e, AMDVI_EV_PR | AMDVI_EV_PE);
    }
    return dma_transfer(s, a->addr, a->write, buf, len);
}

AmdviDevEntry *amdvi_dma_entry(AmdviState *s, const AmdviAccess *a)
{
    AmdviDevEntry *e;
    switch (amdvi_devcache_get(&s->devices, a->req->requester_id, &e)) {
    case AMDVI_DEV_BEYOND:
        amdvi_dma_log(s, a, AMDVI_EV_ILLEGAL_DEV_TABLE_ENTRY, 0, 0);
        return NULL;
    case AMDVI_DEV_UNREADABLE:
        amdvi_dma_log(s, a, AMDVI_EV_DEV_TAB_HARDWARE_ERROR, 0, AMDVI_EV_MASTER_ABORT);
        return NULL;
    default:
        return e;
    }
}

static MemResult dma_translated(AmdviState *s, AmdviAccess *a, void *buf, size_t len)
{
    AmdviDevEntry *e = amdvi_dma_entry(s, a);
    return e ? dma_by_entry(s, a, e, buf, len) : MEM_ACCESS_ERROR;
}

/* In the interrupt range, translated elsewhere, or with a PASID. */
MemResult amdvi_dma_refuse_request(AmdviState *s, const AmdviAccess *a, uint16_t type)
{
    AMDVI_GUEST_ERROR(s, "amdvi_refused device=%s addr=%#" PRIx64 " access=%s",
                      rid_text(a->req->requester_id).text, a->addr, a->write ? "write" : "read");
    if (s->enabled) {
        amdvi_dma_log(s, a, AMDVI_EV_INVALID_DEVICE_REQUEST, 0, type);
    }
    return MEM_ACCESS_ERROR;
}

static MemResult dma_access(AmdviState *s, AmdviAccess *a, void *buf, size_t len)
{
    if (a->addr + len < a->addr) {
        return MEM_DECODE_ERROR;
    }
    if (a->req->translated) {
        return amdvi_ats_may_access(s, a, len) ? dma_transfer(s, a->addr, a->write, buf, len)
                                               : MEM_ACCESS_ERROR;
    }
    if (a->req->has_pasid && s->enabled) {
        return amdvi_dma_refuse_request(s, a, AMDVI_EV_PRETRANSLATED);
    }
    if (upstream_touches_window(a->addr, len)) {
        return amdvi_dma_refuse_request(
            s, a, a->write ? AMDVI_EV_WRITE_OF_WINDOW : AMDVI_EV_READ_OF_WINDOW);
    }
    return s->enabled && s->props.dma_remap ? dma_translated(s, a, buf, len)
                                            : dma_transfer(s, a->addr, a->write, buf, len);
}

static MemResult amdvi_dma_read(void *opaque, const BusReq *req, uint64_t addr, void *buf,
                                size_t len)
{
    return dma_access(opaque, &(AmdviAccess){.req = req, .addr = addr}, buf, len);
}

static MemResult amdvi_dma_write(void *opaque, const BusReq *req, uint64_t addr, const void *buf,
                                 size_t len)
{
    AmdviState *s = opaque;
    IntrMsg msg;
    if (!req->has_pasid && !req->translated &&
        upstream_write_is_interrupt(req, addr, buf, len, &msg)) {
        Journal *journal = s->dev.platform->journal;
        msg.serial = journal_open(journal, JOURNAL_MESSAGE, NULL, req->requester_id, 0);
        journal_send(journal, &msg);
        return intr_blocked(amdvi_ir_request(s, &msg)) ? MEM_ACCESS_ERROR : MEM_OK;
    }
    return dma_access(s, &(AmdviAccess){.req = req, .addr = addr, .write = true}, (void *)buf, len);
}

/* Out of the way of those that are requests. */
static G_GNUC_NO_INLINE IntrResult dma_write_message(AmdviState *s, const IntrMsg *msg)
{
    BusReq req = {msg->requester_id, msg->has_pasid, msg->pasid};
    AmdviAccess a = {.req = &req, .addr = msg->address, .write = true};
    MemResult result = dma_access(s, &a, (void *)&msg->data, sizeof(msg->data));
    IntrResult written = upstream_written_as(msg, result);
    JournalUnit unit = {.unit = s->dev.id, .index = JOURNAL_NO_INDEX, .verdict = written};
    journal_unit(s->dev.platform->journal, msg, &unit);
    return written;
}

IntrResult amdvi_dma_message(void *opaque, const IntrMsg *msg)
{
    if (G_LIKELY(upstream_is_request(msg))) {
        return amdvi_ir_request(opaque, msg);
    }
    return dma_write_message(opaque, msg);
}

const UpstreamOps amdvi_upstream_ops = {
    .read = amdvi_dma_read,
    .write = amdvi_dma_write,
    .interrupt = amdvi_dma_message,
    .translate = amdvi_ats_translate,
    .invalidated = amdvi_ats_invalidated,
    .request_page = amdvi_ppr_request,
};
