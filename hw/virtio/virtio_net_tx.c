/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net-pci: sending (Virtio 1.1, 5.1.6.1 and 5.1.6.2). A notification sends a bounded amount;
 * the rest follows by a timer, and what the netdev does not take when it can.
 */
#include <linux/virtio_config.h>

#include "hw/virtio/virtio_net.h"

/* What one notification may cost: bytes, and so many more for each frame. */
#define BURST_COST 0x80000u
#define FRAME_COST 0x800u

/* A request that cannot be a frame is given back unsent. */
static bool load_frame(VirtioNet *n, const VirtRequest *req, NetFrame *frame)
{
    VirtioDevice *v = &n->vp.virtio;
    size_t header_size = virtio_net_header_size(n);
    if (req->out_len < header_size) {
        virtio_fail(v, "net-header");
        return false;
    }
    if (req->out_len > header_size + NET_FRAME_MAX ||
        !virt_request_read(req, &v->mem, 0, n->frame, (size_t)req->out_len)) {
        return false;
    }
    *frame = (NetFrame){.data = n->frame + header_size, .len = (size_t)req->out_len - header_size};
    return true;
}

/* 5.1.6.2: what the header asks for, as far as it was negotiated. */
static void tx_read_header(const VirtioNet *n, NetFrame *frame)
{
    const VirtioDevice *v = &n->vp.virtio;
    struct virtio_net_hdr h;
    memcpy(&h, n->frame, sizeof(h));
    if ((h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0 || !virtio_has_feature(v, VIRTIO_NET_F_CSUM)) {
        return;
    }
    frame->needs_csum = true;
    frame->csum_start = GUINT16_FROM_LE(h.csum_start);
    frame->csum_offset = GUINT16_FROM_LE(h.csum_offset);
    switch (h.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_TCPV4:
        frame->gso = virtio_has_feature(v, VIRTIO_NET_F_HOST_TSO4) ? NET_GSO_TCP4 : NET_GSO_NONE;
        break;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        frame->gso = virtio_has_feature(v, VIRTIO_NET_F_HOST_TSO6) ? NET_GSO_TCP6 : NET_GSO_NONE;
        break;
    }
    frame->gso_size = GUINT16_FROM_LE(h.gso_size);
}

static void note_flow(VirtioNet *n, unsigned pair, const NetFrame *frame)
{
    if (n->pairs > 1) {
        n->flow_pair[net_flow_hash(frame->data, frame->len) % VIRTIO_NET_FLOWS] = (uint8_t)pair;
    }
}

/* False: it has to wait. */
static bool send_one(VirtioNet *n, unsigned pair, uint64_t *cost)
{
    VirtioDevice *v = &n->vp.virtio;
    unsigned q = virtio_net_tx_queue(pair);
    NetFrame frame;
    if (load_frame(n, &n->next, &frame)) {
        tx_read_header(n, &frame);
        if (!netdev_send(n->netdev, &frame)) {
            virtqueue_undo(&v->queues[q], 1, 0);
            return false;
        }
        note_flow(n, pair, &frame);
    }
    *cost += FRAME_COST + n->next.out_len;
    virtio_push(v, q, &n->next, 0);
    return true;
}

void virtio_net_send(VirtioNet *n, unsigned pair)
{
    VirtioDevice *v = &n->vp.virtio;
    unsigned q = virtio_net_tx_queue(pair);
    uint64_t cost = 0;
    bool netdev_takes = true;
    if (v->busy) {
        return;
    }
    n->tx_waits &= ~(1u << pair);
    v->busy = true;
    while (netdev_takes && cost < BURST_COST && virtio_pop(v, q, &n->next)) {
        netdev_takes = send_one(n, pair, &cost);
    }
    v->busy = false;
    virtio_publish(v, q);
    if (!netdev_takes || cost >= BURST_COST) {
        n->tx_waits |= 1u << pair;
    }
    if (netdev_takes && cost >= BURST_COST && !timer_is_armed(&n->tx_timer)) {
        timer_arm(&n->tx_timer, clock_now(n->vp.pci.dev.platform->clock));
    }
    netdev_sent(n->netdev);
}

void virtio_net_send_waiting(void *opaque)
{
    VirtioNet *n = opaque;
    const VirtioDevice *v = &n->vp.virtio;
    for (unsigned pair = 0; pair < n->max_pairs; pair++) {
        bool ready = virtio_is_running(v) && v->queues[virtio_net_tx_queue(pair)].enabled;
        if ((n->tx_waits & 1u << pair) && ready) {
            virtio_net_send(n, pair);
        }
    }
}
