/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system fabric without a remapping unit (Intel SDM vol. 3, 11.11). */
#include "hw/i386/fabric.h"

#include <string.h>

#include "hw/intr/journal.h"

/* The window holds no memory: reading it from a bus gives ones. */
static MemResult fabric_read(void *opaque, const BusReq *req, uint64_t addr, void *buf, size_t len)
{
    Fabric *fabric = opaque;
    if (req->translated) { /* nobody here gave such an address */
        memset(buf, 0xff, len);
        return MEM_ACCESS_ERROR;
    }
    if (upstream_touches_window(addr, len)) {
        memset(buf, 0xff, len);
        return MEM_DECODE_ERROR;
    }
    return as_read(fabric->memory, addr, buf, len);
}

static MemResult fabric_write(void *opaque, const BusReq *req, uint64_t addr, const void *buf,
                              size_t len)
{
    Fabric *fabric = opaque;
    IntrMsg msg;
    if (req->translated) {
        return MEM_ACCESS_ERROR;
    }
    if (!upstream_touches_window(addr, len)) {
        return as_write(fabric->memory, addr, buf, len);
    }
    if (!upstream_write_is_interrupt(req, addr, buf, len, &msg)) {
        return MEM_DECODE_ERROR;
    }
    msg.serial = journal_open(fabric->journal, JOURNAL_MESSAGE, NULL, req->requester_id, 0);
    journal_send(fabric->journal, &msg);
    intr_send(&fabric->apic, &msg);
    return MEM_OK;
}

static IntrResult fabric_interrupt(void *opaque, const IntrMsg *msg)
{
    Fabric *fabric = opaque;
    if (intr_window_contains(msg->address)) {
        return intr_send(&fabric->apic, msg);
    }
    /* A capability that points elsewhere makes an ordinary write. */
    as_store(fabric->memory, msg->address, msg->data, sizeof(msg->data));
    return journal_end(fabric->journal, msg->serial, INTR_ORDINARY_WRITE);
}

static const UpstreamOps fabric_ops = {
    .read = fabric_read, .write = fabric_write, .interrupt = fabric_interrupt};

Upstream fabric_upstream(Fabric *fabric)
{
    return (Upstream){.ops = &fabric_ops, .opaque = fabric};
}
