/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sending (82576, 7.2): advanced descriptors, contexts of which a queue has two. Left out: legacy
 * descriptors, head write-back, SCTP. */
#include "base/bytes.h"
#include "hw/net/igb_internal.h"

#define FETCH      16
#define DESC_COST  256u
#define FRAME_COST 1024u

/* A slice's work on a queue. */
typedef struct {
    PciDevice *owner;
    uint32_t spent;
    bool reported;
} IgbSlice;

typedef struct {
    uint64_t address;
    uint32_t command, rest;
} IgbTxDesc;

static IgbTxDesc igb_tx_decode(const uint8_t raw[DESC_BYTES])
{
    return (IgbTxDesc){.address = bytes_load(raw, 8),
                       .command = bytes_get32(raw + 8),
                       .rest = bytes_get32(raw + 12)};
}

static bool tx_is_data(const IgbTxDesc *d)
{
    return (d->command & TXD_DEXT) && TXD_TYPE(d->command) == ADV_DATA;
}

/* 7.2.2.2. Where sums are is not said: the headers' kinds tell. */
static void igb_tx_take_context(IgbQueue *q, const IgbTxDesc *d)
{
    uint32_t lengths = (uint32_t)d->address;
    uint16_t mac = lengths >> 9 & 0x7f, ip = lengths & 0x1ff, transport = d->rest >> 8 & 0xff;
    bool tcp = d->command & ADV_TUCMD_TCP;
    q->contexts[ADV_IDX(d->rest) % IGB_CONTEXTS] = (NicOffload){
        .is_v4 = d->command & ADV_TUCMD_IPV4,
        .is_tcp = tcp,
        .vlan_tag = (uint16_t)(lengths >> 16),
        .ip_at = mac,
        .ip_sum_at = (uint16_t)(mac + 10),
        .ip_end = (uint16_t)(mac + ip - 1),
        .transport_at = (uint16_t)(mac + ip),
        .transport_sum_at = (uint16_t)(mac + ip + (tcp ? 16 : 6)),
        .header_len = (uint16_t)(mac + ip + transport),
        .segment_size = (uint16_t)(d->rest >> 16),
    };
}

static void igb_tx_take_options(IgbQueue *q, const IgbTxDesc *d)
{
    NicOffload *o = &q->next.offload;
    *o = q->contexts[ADV_IDX(d->rest) % IGB_CONTEXTS];
    o->segment = d->command & TXD_IDE; /* DCMD.TSE of advanced ones */
    o->ip_sum = d->rest & ADV_IXSM;
    o->transport_sum = d->rest & ADV_TXSM;
    o->insert_vlan = d->command & TXD_VLE;
    o->vlan_type = (uint16_t)igb_reg(q->igb, IGB_VET);
}

static void send_local(void *opaque, const uint8_t *data, size_t len)
{
    Igb *n = opaque;
    igb_receive_local(n, &(NetFrame){.data = data, .len = len, .sum_is_right = true},
                      n->local_pools);
}

/* To other pools, to the netdev, or both. */
static void igb_switch_frame(IgbQueue *q, const NetFrame *frame)
{
    Igb *n = q->igb;
    bool out;
    n->local_pools = igb_local_pools(n, frame, q->number % IGB_POOLS, &out);
    if (n->local_pools) {
        net_frame_finish(frame, false, n->local, send_local, n);
    }
    if (out) {
        nic_count_sent(&n->regs, frame->data, frame->len, frame->gso != NET_GSO_NONE);
        netdev_send(n->netdev, frame);
    }
}

static void igb_send_frame(IgbQueue *q)
{
    NetFrame frame;
    if (igb_link_is_up(q->igb) && nic_tx_finish(&q->next, true, &frame)) {
        igb_switch_frame(q, &frame);
    }
    nic_tx_begin(&q->next);
}

static void igb_tx_do_one(IgbQueue *q, const IgbTxDesc *d, IgbSlice *slice)
{
    slice->spent += DESC_COST;
    if (!tx_is_data(d)) {
        if ((d->command & TXD_DEXT) && TXD_TYPE(d->command) == ADV_CONTEXT) {
            igb_tx_take_context(q, d);
        }
        return;
    }
    if (nic_tx_is_empty(&q->next)) {
        igb_tx_take_options(q, d);
    }
    nic_tx_add(&q->next, slice->owner, d->address, d->command & ADV_DTALEN);
    slice->spent += d->command & ADV_DTALEN;
    if (d->command & TXD_EOP) {
        igb_send_frame(q);
        slice->spent += FRAME_COST;
    }
}

/* 7.2.2.3.4: "done" is in the last dword. */
static void igb_tx_write_back(const IgbTxDesc *d, uint64_t at, IgbSlice *slice)
{
    uint8_t status[4];
    if (d->command & TXD_RS) {
        bytes_put32(status, d->rest | TXD_DD);
        pci_dma_write(slice->owner, at + 12, status, sizeof(status));
        slice->reported = true;
    }
}

static bool igb_tx_do_some(IgbQueue *q, IgbRing *ring, uint32_t budget, IgbSlice *slice)
{
    uint8_t raw[FETCH * DESC_BYTES];
    uint32_t end = ring->head < ring->tail ? ring->tail : ring->entries;
    unsigned count = MIN(end - ring->head, FETCH);
    uint64_t at = ring->base + (uint64_t)ring->head * DESC_BYTES;
    if (pci_dma_read(slice->owner, at, raw, count * DESC_BYTES) != MEM_OK) {
        return false;
    }
    for (unsigned i = 0; i < count && slice->spent < budget; i++) {
        IgbTxDesc d = igb_tx_decode(raw + i * DESC_BYTES);
        if (tx_is_data(&d) && (d.command & TXD_EOP) && !netdev_takes(q->igb->netdev)) {
            return false;
        }
        igb_tx_do_one(q, &d, slice);
        igb_tx_write_back(&d, at + i * DESC_BYTES, slice);
        igb_ring_advance(q, ring);
    }
    return true;
}

bool igb_send(IgbQueue *q, uint32_t budget)
{
    Igb *n = q->igb;
    IgbRing ring = igb_ring(q);
    bool goes_on = ring.head != ring.tail && igb_queue_is_on(q) && (igb_reg(n, IGB_TCTL) & TCTL_EN);
    IgbSlice slice = {.owner = igb_queue_owner(q)};
    if (!goes_on) {
        return false;
    }
    n->busy = true;
    while (goes_on && ring.head != ring.tail && slice.spent < budget) {
        goes_on = igb_tx_do_some(q, &ring, budget, &slice);
    }
    n->busy = false;
    if (slice.reported) {
        igb_queue_event(q);
    }
    return goes_on && ring.head != ring.tail;
}
