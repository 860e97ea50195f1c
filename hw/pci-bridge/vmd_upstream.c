/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes from behind a VMD: all of it goes on under the VMD's id, if it is a bus master. Of an
 * interrupt message, unless bypass is on, the destination field says which entry of the VMD's own
 * MSI-X table is sent instead.
 */
#include <string.h>

#include "hw/intr/stages.h"
#include "hw/pci-bridge/vmd_internal.h"
#include "hw/pci/msi.h"

static BusReq under_own_id(const Vmd *s, const BusReq *req)
{
    BusReq on = *req;
    on.requester_id = pci_requester_id(&s->pci);
    return on;
}

static MemResult vmd_read(void *opaque, const BusReq *req, uint64_t addr, void *buf, size_t len)
{
    const Vmd *s = opaque;
    BusReq on = under_own_id(s, req);
    if (!pci_is_bus_master(&s->pci)) {
        memset(buf, 0xff, len);
        return MEM_ACCESS_ERROR;
    }
    return upstream_read(&s->pci.up, &on, addr, buf, len);
}

static IntrResult vmd_remap(Vmd *s, const IntrMsg *msg)
{
    Journal *journal = s->pci.dev.platform->journal;
    unsigned n = (unsigned)(msg->address >> MSI_ADDR_DEST_SHIFT & MSI_ADDR_DEST_MASK);
    journal_relay(journal, msg->serial, pci_requester_id(&s->pci), n);
    if (!msix_enabled(&s->pci)) {
        return journal_end(journal, msg->serial, INTR_VMD_TABLE_OFF);
    }
    if (n >= s->pci.msix.vectors) {
        return journal_end(journal, msg->serial, INTR_VMD_NO_ENTRY);
    }
    return msix_relay(&s->pci, n, msg->serial);
}

/* A dword that a function writes into the window itself is a message like others. */
static MemResult remap_written(Vmd *s, IntrMsg *msg)
{
    Journal *journal = s->pci.dev.platform->journal;
    msg->serial = journal_open(journal, JOURNAL_MESSAGE, NULL, msg->requester_id, 0);
    journal_send(journal, msg);
    vmd_remap(s, msg);
    return MEM_OK;
}

static MemResult vmd_write(void *opaque, const BusReq *req, uint64_t addr, const void *buf,
                           size_t len)
{
    Vmd *s = opaque;
    BusReq on = under_own_id(s, req);
    IntrMsg msg;
    if (!pci_is_bus_master(&s->pci)) {
        return MEM_ACCESS_ERROR;
    }
    if (!vmd_bypasses(s) && upstream_write_is_interrupt(req, addr, buf, len, &msg) &&
        upstream_is_request(&msg)) {
        return remap_written(s, &msg);
    }
    return upstream_write(&s->pci.up, &on, addr, buf, len);
}

static IntrResult vmd_interrupt(void *opaque, const IntrMsg *msg)
{
    Vmd *s = opaque;
    Journal *journal = s->pci.dev.platform->journal;
    if (!pci_is_bus_master(&s->pci)) {
        return journal_end(journal, msg->serial, INTR_BRIDGE_OFF);
    }
    if (!vmd_bypasses(s) && upstream_is_request(msg)) {
        return vmd_remap(s, msg);
    }
    IntrMsg on = *msg;
    on.requester_id = pci_requester_id(&s->pci);
    journal_alias(journal, msg->serial, on.requester_id);
    return upstream_interrupt(&s->pci.up, &on);
}

Upstream vmd_upstream(Vmd *s)
{
    /* Nobody translates for what is behind: invalidations would have no way back. */
    static const UpstreamOps ops = {
        .read = vmd_read, .write = vmd_write, .interrupt = vmd_interrupt};
    return (Upstream){&ops, s};
}
