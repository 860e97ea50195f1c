/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way up: what a function sends, and bridges as stages of it (PCI Local Bus 3.0, 6.2.2, bus
 * mastering; PCI-to-PCI Bridge 1.2, 3.2.4; PCI Express to PCI Bridge 1.0, 2.3, ids taken over).
 *
 * A function knows its upstream and nothing beyond. On a root bus that is what the board has above
 * it; behind a bridge it is the bridge, which stops what it may not forward, may put another
 * requester in, and hands the rest to its own upstream.
 */
#include <string.h>

#include "hw/core/rid.h"
#include "hw/intr/lint.h"
#include "hw/intr/stages.h"
#include "hw/pci/pci_internal.h"

bool pci_is_bus_master(const PciDevice *pci)
{
    return (pci_get_word(&pci->config[PCI_COMMAND]) & PCI_COMMAND_MASTER) != 0;
}

uint16_t pci_id_above(const PciBus *bus, uint16_t requester_id)
{
    BusReq req = {.requester_id = requester_id};
    for (PciDevice *at = pci_bus_bridge(bus); at; at = pci_bus_bridge(at->bus)) {
        if (at->pci_cls->pass) {
            at->pci_cls->pass(at, &req);
        }
    }
    return req.requester_id;
}

static G_GNUC_NO_INLINE void trace_bridge(PciDevice *bridge, uint16_t from, uint16_t as,
                                          bool passes)
{
    trace_event(bridge->dev.platform->trace, TRACE_PCI,
                "pci_bridge sid=%s bridge=%s as=%s passes=%d", rid_text(from).text,
                rid_text(bridge->rid).text, rid_text(as).text, passes);
}

static inline bool bridge_passes(PciDevice *bridge, BusReq *req)
{
    uint16_t from = req->requester_id;
    bool passes =
        pci_is_bus_master(bridge) && (!bridge->pci_cls->pass || bridge->pci_cls->pass(bridge, req));
    if (trace_on(bridge->dev.platform->trace, TRACE_PCI)) {
        trace_bridge(bridge, from, req->requester_id, passes);
    }
    return passes;
}

static MemResult bridge_read(void *opaque, const BusReq *req, uint64_t addr, void *buf, size_t len)
{
    PciDevice *bridge = opaque;
    BusReq on = *req;
    if (!bridge_passes(bridge, &on)) {
        memset(buf, 0xff, len);
        return MEM_ACCESS_ERROR;
    }
    return upstream_read(&bridge->up, &on, addr, buf, len);
}

static MemResult bridge_write(void *opaque, const BusReq *req, uint64_t addr, const void *buf,
                              size_t len)
{
    PciDevice *bridge = opaque;
    BusReq on = *req;
    if (!bridge_passes(bridge, &on)) {
        return MEM_ACCESS_ERROR;
    }
    return upstream_write(&bridge->up, &on, addr, buf, len);
}

/* With what a bridge like those to conventional PCI makes of who sends. */
static IntrResult bridge_interrupt_as(PciDevice *bridge, const IntrMsg *msg, const BusReq *req)
{
    IntrMsg on = *msg;
    if (req->requester_id != msg->requester_id) {
        journal_alias(bridge->dev.platform->journal, msg->serial, req->requester_id);
    }
    on.requester_id = req->requester_id;
    on.has_pasid = req->has_pasid;
    on.pasid = req->pasid;
    return upstream_interrupt(&bridge->up, &on);
}

/* A bridge that lets ids be hands a message on as it is: this is on the way of every interrupt. */
static IntrResult bridge_interrupt(void *opaque, const IntrMsg *msg)
{
    PciDevice *bridge = opaque;
    BusReq req = {msg->requester_id, msg->has_pasid, msg->pasid};
    if (!bridge_passes(bridge, &req)) {
        return journal_end(bridge->dev.platform->journal, msg->serial, INTR_BRIDGE_OFF);
    }
    return bridge->pci_cls->pass ? bridge_interrupt_as(bridge, msg, &req)
                                 : upstream_interrupt(&bridge->up, msg);
}

static bool bridge_translate(void *opaque, const BusReq *req, uint64_t addr, BusTranslation *out)
{
    PciDevice *bridge = opaque;
    BusReq on = *req;
    return bridge_passes(bridge, &on) && upstream_translate(&bridge->up, &on, addr, out);
}

static void bridge_invalidated(void *opaque, uint16_t requester_id, uint32_t tags)
{
    PciDevice *bridge = opaque;
    upstream_invalidated(&bridge->up, requester_id, tags);
}

static bool bridge_request_page(void *opaque, const BusReq *req, const BusPageRequest *what)
{
    PciDevice *bridge = opaque;
    BusReq on = *req;
    return bridge_passes(bridge, &on) && upstream_request_page(&bridge->up, &on, what);
}

Upstream pci_bridge_upstream(PciDevice *bridge)
{
    static const UpstreamOps ops = {bridge_read,      bridge_write,       bridge_interrupt,
                                    bridge_translate, bridge_invalidated, bridge_request_page};
    return (Upstream){&ops, bridge};
}

const Upstream *pci_upstream(const PciDevice *pci)
{
    return pci_is_bus_master(pci) ? &pci->up : NULL;
}

MemResult pci_dma_read(PciDevice *pci, uint64_t addr, void *buf, size_t len)
{
    if (!pci_is_bus_master(pci)) {
        memset(buf, 0xff, len);
        return MEM_ACCESS_ERROR;
    }
    BusReq req = {.requester_id = pci->rid};
    return upstream_read(&pci->up, &req, addr, buf, len);
}

MemResult pci_dma_write(PciDevice *pci, uint64_t addr, const void *buf, size_t len)
{
    if (!pci_is_bus_master(pci)) {
        return MEM_ACCESS_ERROR;
    }
    BusReq req = {.requester_id = pci->rid};
    return upstream_write(&pci->up, &req, addr, buf, len);
}

/* A capability that points elsewhere makes an ordinary write. */
static IntrResult pci_write_dword(PciDevice *pci, uint64_t serial, uint64_t address, uint32_t data)
{
    uint32_t dword = GUINT32_TO_LE(data);
    IntrResult result = pci_dma_write(pci, address, &dword, sizeof(dword)) == MEM_OK
                            ? INTR_ORDINARY_WRITE
                            : INTR_WRITE_REFUSED;
    return journal_end(pci->dev.platform->journal, serial, result);
}

IntrResult pci_send_message(PciDevice *pci, uint64_t serial, uint64_t address, uint32_t data)
{
    IntrMsg msg = {.serial = serial, .address = address, .data = data, .requester_id = pci->rid};
    Journal *journal = pci->dev.platform->journal;
    if (!pci_is_bus_master(pci)) {
        LINT_BREAK(&pci->dev, LINT_MSI_WITHOUT_MASTER, "address %#" PRIx64 ", data %#x", address,
                   data);
        return journal_end(journal, serial, INTR_MASTER_OFF);
    }
    journal_send(journal, &msg);
    if (!intr_window_contains(address)) {
        return pci_write_dword(pci, serial, address, data);
    }
    return upstream_interrupt(&pci->up, &msg);
}
