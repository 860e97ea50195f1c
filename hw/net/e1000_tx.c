/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sending (8254x manual, 3.3 to 3.5; 82574, 7.2). Descriptors are fetched several at a time, and
 * those that ask for a report are written back as they are done. A frame that is longer than any
 * can be, and one of which something cannot be read, is lost.
 */
#include "base/bytes.h"
#include "hw/net/e1000_internal.h"

#define FETCH      16   /* descriptors */
#define DESC_COST  256u /* as so many bytes moved */
#define FRAME_COST 1024u

/* What a slice has done in a queue. */
typedef struct {
    uint32_t spent, budget;
    bool reported, at_once;
} TxSlice;

static void tx_take_context(E1000Tx *tx, const E1000TxDesc *d)
{
    tx->context = (NicOffload){
        .is_v4 = d->is_v4,
        .is_tcp = d->is_tcp,
        .ip_at = d->ip_start,
        .ip_sum_at = d->ip_sum_at,
        .ip_end = d->ip_end,
        .transport_at = d->transport_start,
        .transport_sum_at = d->transport_sum_at,
        .transport_end = d->transport_end,
        .header_len = d->header_len,
        .segment_size = d->segment_size,
    };
}

/* 3.3.3: a legacy descriptor has a checksum of its own, which counts in the frame's last one. */
static void tx_take_options(E1000 *n, E1000Tx *tx, const E1000TxDesc *d)
{
    NicOffload *o = &tx->next.offload;
    if (d->kind == E1000_TX_DATA && tx->next.len == 0) {
        *o = tx->context;
        o->segment = d->segment;
        o->ip_sum = d->ip_sum;
        o->transport_sum = d->transport_sum;
    } else if (d->kind == E1000_TX_LEGACY && d->insert_sum) {
        o->transport_sum = true;
        o->transport_at = d->sum_start;
        o->transport_sum_at = d->sum_at;
        o->transport_end = 0;
    }
    if (d->eop && d->vlan && (e1000_reg(n, E1000_CTRL) & CTRL_VME)) {
        o->insert_vlan = true;
        o->vlan_type = (uint16_t)e1000_reg(n, E1000_VET);
        o->vlan_tag = d->tag;
    }
}

static void tx_send_frame(E1000 *n, NicTx *tx)
{
    NetFrame frame;
    if (nic_tx_finish(tx, e1000_reg(n, E1000_TCTL) & TCTL_PSP, &frame)) {
        nic_count_sent(&n->regs, tx->frame, frame.len, tx->offload.segment);
        if (e1000_link_is_up(n)) {
            netdev_send(n->netdev, &frame);
        }
    }
    nic_tx_begin(tx);
}

static void tx_write_back(E1000 *n, uint64_t at, uint8_t *raw, const E1000TxDesc *d, TxSlice *slice)
{
    if (d->report) {
        raw[12] |= TXD_DD;
        pci_dma_write(&n->pci, at + 12, raw + 12, 1);
        slice->reported = true;
        slice->at_once |= !d->delay;
    }
}

/* What it cost. */
static uint32_t tx_do_one(E1000 *n, E1000Tx *tx, const E1000TxDesc *d)
{
    if (d->kind == E1000_TX_CONTEXT) {
        tx_take_context(tx, d);
        return DESC_COST;
    }
    if (d->kind == E1000_TX_UNKNOWN) {
        return DESC_COST;
    }
    tx_take_options(n, tx, d);
    nic_tx_add(&tx->next, &n->pci, d->address, d->len);
    if (d->eop) {
        tx_send_frame(n, &tx->next);
    }
    return DESC_COST + MIN(d->len, NET_FRAME_MAX) + (d->eop ? FRAME_COST : 0);
}

/* Those that follow each other in memory; 0 if they cannot be read. */
static unsigned tx_fetch(E1000 *n, const E1000Ring *ring, uint8_t raw[FETCH * DESC_BYTES])
{
    uint32_t end = ring->head < ring->tail ? ring->tail : ring->entries;
    unsigned count = MIN(end - ring->head, FETCH);
    uint64_t at = ring->base + (uint64_t)ring->head * DESC_BYTES;
    return pci_dma_read(&n->pci, at, raw, count * DESC_BYTES) == MEM_OK ? count : 0;
}

/* The ring as it was fetched is worked on: DMA cannot change it. False if it cannot go on. */
static bool tx_do_some(E1000 *n, E1000Tx *tx, E1000Ring *ring, TxSlice *slice)
{
    uint8_t raw[FETCH * DESC_BYTES];
    unsigned count = tx_fetch(n, ring, raw);
    for (unsigned i = 0; i < count && slice->spent < slice->budget; i++) {
        uint8_t *one = raw + i * DESC_BYTES;
        E1000TxDesc d = e1000_tx_decode(one);
        if (d.eop && d.kind != E1000_TX_CONTEXT && !netdev_takes(n->netdev)) {
            return false;
        }
        slice->spent += tx_do_one(n, tx, &d);
        tx_write_back(n, ring->base + (uint64_t)ring->head * DESC_BYTES, one, &d, slice);
        e1000_ring_advance(n, ring);
    }
    return count > 0;
}

static bool tx_may_run(const E1000 *n)
{
    return (e1000_reg(n, E1000_TCTL) & TCTL_EN) && pci_is_bus_master(&n->pci);
}

bool e1000_send(E1000 *n, unsigned queue, uint32_t budget)
{
    E1000Ring ring = e1000_ring(n, E1000_TDBAL + queue * RING_NEXT);
    TxSlice slice = {.budget = budget};
    bool goes_on = tx_may_run(n) && ring.head != ring.tail;
    if (!goes_on) {
        return false;
    }
    n->busy = true;
    while (goes_on && ring.head != ring.tail && slice.spent < budget) {
        goes_on = tx_do_some(n, &n->tx[queue], &ring, &slice);
    }
    n->busy = false;
    if (slice.reported) {
        e1000_tx_event(n, queue, !slice.at_once);
    }
    if (ring.head == ring.tail) {
        e1000_raise(n, ICR_TXQE);
    }
    return goes_on && ring.head != ring.tail;
}
