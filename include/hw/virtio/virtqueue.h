/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A split virtqueue as the device sees it (Virtio 1.1, 2.6): takes descriptor chains from the
 * available ring, puts them on the used ring, and decides about notifications.
 *
 * The rings are the guest's: every index, length and address is checked, and a chain is bounded. A
 * queue that breaks the rules is broken until it is reset.
 */
#ifndef HW_VIRTIO_VIRTQUEUE_H
#define HW_VIRTIO_VIRTQUEUE_H

#include "base/memory.h"
#include "hw/core/state.h"

#define VIRTQUEUE_MAX_SIZE 1024
#define VIRTQUEUE_MAX_SEGS 1024

/* How a device reaches guest memory. */
typedef struct {
    MemResult (*read)(void *opaque, uint64_t addr, void *buf, size_t len);
    MemResult (*write)(void *opaque, uint64_t addr, const void *buf, size_t len);
    void *opaque;
} VirtMem;

typedef struct {
    uint16_t max_size; /* what the device offers; a power of two, 0 if the queue does not exist */
    uint16_t size;
    bool enabled;
    bool broken;
    bool event_idx; /* VIRTIO_F_EVENT_IDX was negotiated */
    bool indirect;  /* VIRTIO_F_INDIRECT_DESC was negotiated */
    uint64_t desc, driver, device;
    uint16_t vector;
    uint16_t avail_seen;    /* the driver's index when last read */
    uint16_t avail_next;    /* next entry to take */
    uint16_t used_next;     /* next entry to fill */
    uint16_t used_shown;    /* the index the driver can see */
    uint16_t used_notified; /* the same at the last decision about a notification */
    uint64_t done;          /* bytes moved of the next entry, which was begun; 0: it was not */
} VirtQueue;

extern const StateField virtqueue_state[];

typedef struct {
    uint64_t addr;
    uint32_t len;
} VirtSeg;

/* A request: first what the device reads, then what it writes. */
typedef struct {
    uint16_t head;
    unsigned out_count, in_count;
    uint64_t out_len, in_len;
    VirtSeg segs[VIRTQUEUE_MAX_SEGS];
} VirtRequest;

typedef enum { VIRTQ_OK, VIRTQ_EMPTY, VIRTQ_BROKEN } VirtqResult;

/* To the state after a device reset; `max_size` stays. */
void virtqueue_reset(VirtQueue *q);
/* The ring's address in a legacy device: the three parts follow each other (2.6.2). */
void virtqueue_set_legacy_address(VirtQueue *q, uint64_t base);
/* Takes the next request. */
VirtqResult virtqueue_pop(VirtQueue *q, const VirtMem *mem, VirtRequest *req);
/* True if the driver has made a request available (reads its index). */
bool virtqueue_has_request(VirtQueue *q, const VirtMem *mem);
/* Gives a request back with `written` bytes in its device-written part. Not yet visible. */
VirtqResult virtqueue_push(VirtQueue *q, const VirtMem *mem, uint16_t head, uint32_t written);
/* As if the last `popped` requests had not been taken, and the last `pushed` not been given back;
 * none of these has been shown. */
void virtqueue_undo(VirtQueue *q, unsigned popped, unsigned pushed);
/*
 * Shows all pushed requests to the driver and asks it to notify about the next one. *interrupt
 * tells if the driver wants to be told.
 */
VirtqResult virtqueue_publish(VirtQueue *q, const VirtMem *mem, bool *interrupt);

/* Copies from the device-read part, starting `offset` bytes in; false if it is too short or the
 * memory cannot be read. */
bool virt_request_read(const VirtRequest *req, const VirtMem *mem, uint64_t offset, void *buf,
                       size_t len);
/* Copies to the device-written part. */
bool virt_request_write(const VirtRequest *req, const VirtMem *mem, uint64_t offset,
                        const void *buf, size_t len);

#endif
