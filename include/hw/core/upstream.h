/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a bus master sees above it: somewhere to read, to write and to send interrupts.
 *
 * A PCI device's upstream is its bus; the bus's is a bridge or the root complex; the root complex's
 * is the remapping unit if there is one, else the system fabric (memory and the APIC bus). A write
 * of one aligned dword into the interrupt window is an interrupt request at every stage.
 */
#ifndef HW_CORE_UPSTREAM_H
#define HW_CORE_UPSTREAM_H

#include <stddef.h>

#include "base/memory.h"
#include "hw/core/intr_msg.h"

/* Who asks. */
typedef struct {
    uint16_t requester_id;
    bool has_pasid;
    uint32_t pasid;
} BusReq;

typedef struct {
    MemResult (*read)(void *opaque, const BusReq *req, uint64_t addr, void *buf, size_t len);
    MemResult (*write)(void *opaque, const BusReq *req, uint64_t addr, const void *buf, size_t len);
    IntrResult (*interrupt)(void *opaque, const IntrMsg *msg);
} UpstreamOps;

typedef struct {
    const UpstreamOps *ops;
    void *opaque;
} Upstream;

static inline MemResult upstream_read(const Upstream *up, const BusReq *req, uint64_t addr,
                                      void *buf, size_t len)
{
    return up->ops->read(up->opaque, req, addr, buf, len);
}

static inline MemResult upstream_write(const Upstream *up, const BusReq *req, uint64_t addr,
                                       const void *buf, size_t len)
{
    return up->ops->write(up->opaque, req, addr, buf, len);
}

static inline IntrResult upstream_interrupt(const Upstream *up, const IntrMsg *msg)
{
    return up->ops->interrupt(up->opaque, msg);
}

/*
 * Sorts a bus master's write: true if [addr, addr+len) is one aligned dword inside the interrupt
 * window, and then *msg is filled in, but for its serial number (VT-d 5.1.2). The caller treats
 * every other write that touches the window as malformed.
 */
bool upstream_write_is_interrupt(const BusReq *req, uint64_t addr, const void *buf, size_t len,
                                 IntrMsg *msg);

/* True if any byte of [addr, addr+len) lies in the interrupt window. */
bool upstream_touches_window(uint64_t addr, size_t len);

#endif
