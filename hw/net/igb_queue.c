/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queues: their registers (82576, 8.10 and 8.12), whose they are (7.10.2.7), and the slices in
 * which they are worked on. */
#include <assert.h>

#include "hw/net/igb_internal.h"
#include "hw/pci/pcie_sriov.h"

#define SLICE_COST  (512u * 1024)
#define RING_LENGTH 0x000fff80u

unsigned igb_shown_vfs(const Igb *n)
{
    return pcie_sriov_shown(&n->pci);
}

/* Queues n and n + 8 are pool n's. */
PciDevice *igb_queue_owner(const IgbQueue *q)
{
    unsigned pool = q->number % IGB_POOLS;
    Igb *n = q->igb;
    return pool < igb_shown_vfs(n) ? pcie_sriov_vf(&n->pci, pool) : &n->pci;
}

bool igb_queue_is_on(const IgbQueue *q)
{
    const Igb *n = q->igb;
    unsigned pool = q->number % IGB_POOLS;
    bool allowed = !igb_has_pools(n) || !q->sends || (igb_reg(n, IGB_VFTE) >> pool & 1);
    return allowed && (igb_queue_reg(q, IGBQ_CTL) & IGBQ_ENABLE) &&
           pci_is_bus_master(igb_queue_owner(q));
}

IgbRing igb_ring(const IgbQueue *q)
{
    IgbRing ring = {
        .base = (uint64_t)igb_queue_reg(q, IGBQ_BAH) << 32 | igb_queue_reg(q, IGBQ_BAL),
        .entries = (igb_queue_reg(q, IGBQ_LEN) & RING_LENGTH) / DESC_BYTES,
        .head = igb_queue_reg(q, IGBQ_HEAD),
        .tail = igb_queue_reg(q, IGBQ_TAIL),
    };
    if (ring.head >= ring.entries || ring.tail >= ring.entries) {
        ring.head = ring.tail = 0;
    }
    return ring;
}

void igb_ring_advance(IgbQueue *q, IgbRing *ring)
{
    ring->head = (ring->head + 1) % ring->entries;
    regfile_set(&q->regs, IGBQ_HEAD, ring->head);
}

static void igb_tail_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                             uint64_t written, uint64_t mask)
{
    IgbQueue *q = opaque;
    if (q->sends || q->starved) {
        igb_kick(q->igb);
    }
}

/* 8.10.9: a queue that is turned on begins at its ring's start. */
static void ctl_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                        uint64_t written, uint64_t mask)
{
    IgbQueue *q = opaque;
    if (!(old & IGBQ_ENABLE) && (now & IGBQ_ENABLE)) {
        nic_tx_begin(&q->next);
    }
    igb_kick(q->igb);
}

static const RegRow queue_rows[] = {
    {"BAL", IGBQ_BAL, 4, .writable = 0xffffff80},
    {"BAH", IGBQ_BAH, 4, .writable = UINT32_MAX},
    {"LEN", IGBQ_LEN, 4, .writable = RING_LENGTH},
    {"SRRCTL", IGBQ_SRRCTL, 4, .reset = 0x400, .writable = UINT32_MAX},
    {"HEAD", IGBQ_HEAD, 4, .writable = 0xffff},
    {"DCA", IGBQ_DCA, 4, .writable = UINT32_MAX},
    {"TAIL", IGBQ_TAIL, 4, .writable = 0xffff, .written = igb_tail_written},
    {"CTL", IGBQ_CTL, 4, .writable = 0x03ffffff, .written = ctl_written},
    {"DROPPED", IGBQ_DROPPED, 4, .writable = UINT32_MAX},
    {"WBAL", IGBQ_WBAL, 4, .writable = UINT32_MAX},
    {"WBAH", IGBQ_WBAH, 4, .writable = UINT32_MAX},
};
static_assert(G_N_ELEMENTS(queue_rows) == IGB_QUEUE_ROWS, "state holds every register");

void igb_queue_reset(IgbQueue *q)
{
    regfile_reset(&q->regs);
    nic_tx_begin(&q->next);
    q->starved = false;
    for (unsigned i = 0; i < IGB_CONTEXTS; i++) {
        q->contexts[i] = (NicOffload){0};
    }
}

static void queue_init(Igb *n, IgbQueue *q, unsigned number, bool sends)
{
    q->igb = n;
    q->number = (uint8_t)number;
    q->sends = sends;
    if (sends) {
        nic_tx_init(&q->next);
    }
    regfile_init(&q->regs, queue_rows, q->values, IGB_QUEUE_ROWS, IGBQ_SPAN, q);
}

void igb_queues_init(Igb *n)
{
    n->local = g_malloc(NET_FRAME_MAX);
    for (unsigned i = 0; i < IGB_QUEUES; i++) {
        queue_init(n, &n->rx[i], i, false);
        queue_init(n, &n->tx[i], i, true);
    }
}

void igb_queues_free(Igb *n)
{
    g_clear_pointer(&n->local, g_free);
    for (unsigned i = 0; i < IGB_QUEUES; i++) {
        regfile_free(&n->rx[i].regs);
        regfile_free(&n->tx[i].regs);
        nic_tx_free(&n->tx[i].next);
    }
}

/* The number of a queue in a row of them, or -1. */
static int queue_in(uint32_t offset, uint32_t first, uint32_t stride, unsigned count, uint32_t *reg)
{
    if (offset < first || offset >= first + stride * count) {
        return -1;
    }
    *reg = (offset - first) % stride;
    return *reg < IGBQ_SPAN ? (int)((offset - first) / stride) : -1;
}

IgbQueue *igb_queue_at(Igb *n, uint32_t offset, uint32_t *reg)
{
    int i = queue_in(offset, IGB_RX_NEAR, 0x100, 4, reg);
    i = i < 0 ? queue_in(offset, IGB_RX_ALL, IGBQ_SPAN, IGB_QUEUES, reg) : i;
    if (i >= 0) {
        return &n->rx[i];
    }
    i = queue_in(offset, IGB_TX_NEAR, 0x100, 4, reg);
    i = i < 0 ? queue_in(offset, IGB_TX_ALL, IGBQ_SPAN, IGB_QUEUES, reg) : i;
    return i >= 0 ? &n->tx[i] : NULL;
}

IgbQueue *igb_queue_of_vf(Igb *n, unsigned vf, uint32_t offset, uint32_t *reg)
{
    int i = queue_in(offset, IGB_RX_NEAR, 0x100, 2, reg);
    if (i >= 0) {
        return &n->rx[vf + IGB_POOLS * (unsigned)i];
    }
    i = queue_in(offset, IGB_TX_NEAR, 0x100, 2, reg);
    return i >= 0 ? &n->tx[vf + IGB_POOLS * (unsigned)i] : NULL;
}

void igb_kick(Igb *n)
{
    if (!timer_is_armed(&n->work)) {
        timer_arm(&n->work, clock_last(n->pci.dev.platform->clock));
    }
}

void igb_work(void *opaque)
{
    Igb *n = opaque;
    bool more = false, room = false;
    for (unsigned i = 0; i < IGB_QUEUES; i++) {
        more |= igb_send(&n->tx[i], SLICE_COST / IGB_QUEUES);
        room |= n->rx[i].starved;
        n->rx[i].starved = false;
    }
    netdev_sent(n->netdev);
    igb_received(n); /* from pool to pool */
    if (more) {
        igb_kick(n);
    }
    if (room) {
        netdev_receive_ready(n->netdev);
    }
}
