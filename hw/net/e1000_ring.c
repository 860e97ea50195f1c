/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings of descriptors (8254x manual, 3.2.6 and 3.4), and the slices in which they are worked on.
 */
#include "hw/net/e1000_internal.h"

#define SLICE_COST  (512u * 1024) /* bytes moved, or what takes as long */
#define RING_LENGTH 0x000fff80u

static RegFile *ring_file(E1000 *n, uint32_t at)
{
    return regfile_find(&n->regs, at) ? &n->regs : &n->more;
}

/* A head or tail beyond the ring is its end: nothing is there. */
E1000Ring e1000_ring(const E1000 *n, uint32_t at)
{
    const RegFile *file = ring_file((E1000 *)n, at);
    E1000Ring ring = {
        .base = regfile_get(file, at + RING_BAH) << 32 | regfile_get(file, at + RING_BAL),
        .entries = (uint32_t)(regfile_get(file, at + RING_LEN) & RING_LENGTH) / DESC_BYTES,
        .head = (uint32_t)regfile_get(file, at + RING_HEAD),
        .tail = (uint32_t)regfile_get(file, at + RING_TAIL),
        .at = at,
    };
    if (ring.head >= ring.entries || ring.tail >= ring.entries) {
        ring.head = ring.tail = 0;
    }
    return ring;
}

void e1000_ring_advance(E1000 *n, E1000Ring *ring)
{
    RegFile *file = ring_file(n, ring->at);
    ring->head = (ring->head + 1) % ring->entries;
    regfile_set(file, ring->at + RING_HEAD, ring->head);
}

void e1000_kick(E1000 *n)
{
    if (!timer_is_armed(&n->work)) {
        timer_arm(&n->work, clock_last(n->pci.dev.platform->clock));
    }
}

void e1000_work(void *opaque)
{
    E1000 *n = opaque;
    bool more = false;
    for (unsigned q = 0; q < n->model->queues; q++) {
        more |= e1000_send(n, q, SLICE_COST / n->model->queues);
    }
    netdev_sent(n->netdev);
    if (more) {
        e1000_kick(n);
    }
    if (n->starved) {
        n->starved = false;
        netdev_receive_ready(n->netdev);
    }
}
