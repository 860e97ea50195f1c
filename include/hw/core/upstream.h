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
    bool translated; /* address type 10b: the address is one that a translation gave (ATS) */
} BusReq;

/* The answer to a translation request (PCI Express 5.0, 10.2.3). Without read and write the page is
 * not present for this requester. */
typedef struct {
    uint64_t address; /* of the page, translated */
    uint8_t shift;    /* how large the page is */
    bool read, write;
    bool untranslated_only; /* translated requests to it are refused */
} BusTranslation;

/* An invalidation request to whoever keeps translations (10.3). */
typedef struct {
    uint64_t address; /* untranslated, aligned to `bytes` */
    uint64_t bytes;   /* 0: everything */
    uint8_t tag;
} BusInvalidation;

/* A page request: the function would like to have that page, for reading or writing (10.4). */
typedef struct {
    uint64_t address; /* of the page */
    uint16_t group;   /* page request group index, 9 bits */
    bool last;        /* of its group */
    bool read, write;
} BusPageRequest;

/* The response to a group of them (10.4.2). */
#define BUS_PAGES_SUCCESS 0x0
#define BUS_PAGES_INVALID 0x1
#define BUS_PAGES_FAILURE 0xf
typedef struct {
    uint16_t group;
    uint8_t code;
} BusPageResponse;

typedef struct {
    MemResult (*read)(void *opaque, const BusReq *req, uint64_t addr, void *buf, size_t len);
    MemResult (*write)(void *opaque, const BusReq *req, uint64_t addr, const void *buf, size_t len);
    IntrResult (*interrupt)(void *opaque, const IntrMsg *msg);
    /* A translation request; false: unsupported. NULL where nobody translates. */
    bool (*translate)(void *opaque, const BusReq *req, uint64_t addr, BusTranslation *out);
    /* The completion of invalidation requests, a bit a tag; NULL where nobody sends any. */
    void (*invalidated)(void *opaque, uint16_t requester_id, uint32_t tags);
    /* A page request; false: nobody takes it. NULL where nobody takes any. */
    bool (*request_page)(void *opaque, const BusReq *req, const BusPageRequest *what);
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

static inline bool upstream_translate(const Upstream *up, const BusReq *req, uint64_t addr,
                                      BusTranslation *out)
{
    return up->ops->translate && up->ops->translate(up->opaque, req, addr, out);
}

static inline void upstream_invalidated(const Upstream *up, uint16_t requester_id, uint32_t tags)
{
    if (up->ops->invalidated) {
        up->ops->invalidated(up->opaque, requester_id, tags);
    }
}

static inline bool upstream_request_page(const Upstream *up, const BusReq *req,
                                         const BusPageRequest *what)
{
    return up->ops->request_page && up->ops->request_page(up->opaque, req, what);
}

/*
 * Sorts a bus master's write: true if [addr, addr+len) is one aligned dword inside the interrupt
 * window, and then *msg is filled in, but for its serial number (VT-d 5.1.2). The caller treats
 * every other write that touches the window as malformed.
 */
bool upstream_write_is_interrupt(const BusReq *req, uint64_t addr, const void *buf, size_t len,
                                 IntrMsg *msg);

/* The same of a message that a remapping unit is given. */
static inline bool upstream_is_request(const IntrMsg *msg)
{
    return intr_window_contains(msg->address) && !msg->has_pasid && (msg->address & 3) == 0;
}

/* What became of a message that is no interrupt request but a write, which gave `result`. */
IntrResult upstream_written_as(const IntrMsg *msg, MemResult result);

/* True if any byte of [addr, addr+len) lies in the interrupt window. */
bool upstream_touches_window(uint64_t addr, size_t len);

#endif
