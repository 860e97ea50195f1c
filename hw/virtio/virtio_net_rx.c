/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net-pci: receiving (Virtio 1.1, 5.1.6.3 and 5.1.6.4). A frame goes into one buffer, or
 * with VIRTIO_NET_F_MRG_RXBUF into as many as it needs; the driver sees all of them at once or
 * none.
 */
#include <linux/virtio_config.h>
#include <string.h>

#include "base/bytes.h"
#include "hw/virtio/virtio_net.h"

static unsigned pair_of(const VirtioNet *n, const NetFrame *frame)
{
    if (n->pairs <= 1) {
        return 0;
    }
    unsigned pair = n->flow_pair[net_flow_hash(frame->data, frame->len) % VIRTIO_NET_FLOWS];
    return pair < n->pairs ? pair : 0;
}

static struct virtio_net_hdr_mrg_rxbuf make_header(const VirtioNet *n, const NetFrame *frame)
{
    struct virtio_net_hdr_mrg_rxbuf h = {.num_buffers = GUINT16_TO_LE(1)};
    bool takes_sums = (n->guest_offloads & VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_CSUM)) != 0;
    if (takes_sums && frame->needs_csum) {
        h.hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h.hdr.csum_start = GUINT16_TO_LE(frame->csum_start);
        h.hdr.csum_offset = GUINT16_TO_LE(frame->csum_offset);
    } else if (takes_sums && frame->sum_is_right) {
        h.hdr.flags = VIRTIO_NET_HDR_F_DATA_VALID;
    }
    if (frame->gso) {
        h.hdr.gso_type =
            frame->gso == NET_GSO_TCP6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
        h.hdr.gso_size = GUINT16_TO_LE(frame->gso_size);
        h.hdr.hdr_len = GUINT16_TO_LE(frame->header_len);
    }
    return h;
}

/* Header and frame as one run of bytes: the part of it that goes into this buffer. */
static bool rx_fill(VirtioNet *n, const VirtRequest *req, const void *header, size_t header_size,
                    const NetFrame *frame, uint64_t done, uint64_t part)
{
    const VirtMem *mem = &n->vp.virtio.mem;
    uint64_t of_header = done < header_size ? MIN(part, header_size - done) : 0;
    if (of_header > 0 &&
        !virt_request_write(req, mem, 0, (const uint8_t *)header + done, of_header)) {
        return false;
    }
    return virt_request_write(req, mem, of_header, frame->data + (done + of_header - header_size),
                              part - of_header);
}

typedef enum { RX_DONE, RX_NO_ROOM, RX_TOO_LONG, RX_BAD } RxResult;

/* Into buffers until all is in. `first` has the header, whose count of them is set at the end. */
static RxResult put_frame(VirtioNet *n, unsigned q, const NetFrame *frame, unsigned *buffers)
{
    VirtioDevice *v = &n->vp.virtio;
    struct virtio_net_hdr_mrg_rxbuf header = make_header(n, frame);
    size_t header_size = virtio_net_header_size(n);
    uint64_t total = header_size + frame->len, done = 0;
    bool merges = virtio_has_feature(v, VIRTIO_NET_F_MRG_RXBUF);
    while (done < total) {
        VirtRequest *req = *buffers == 0 ? &n->first : &n->next;
        if (!virtio_pop(v, q, req)) {
            return RX_NO_ROOM;
        }
        uint64_t part = MIN(total - done, req->in_len);
        ++*buffers;
        if (part == 0) {
            return RX_BAD;
        }
        if (!merges && part < total) {
            return RX_TOO_LONG;
        }
        if (!rx_fill(n, req, &header, header_size, frame, done, part)) {
            return RX_BAD;
        }
        virtio_push(v, q, req, (uint32_t)part);
        done += part;
    }
    uint8_t count[2];
    bytes_put16(count, (uint16_t)*buffers);
    return *buffers == 1 ||
                   virt_request_write(&n->first, &v->mem,
                                      offsetof(struct virtio_net_hdr_mrg_rxbuf, num_buffers), count,
                                      sizeof(count))
               ? RX_DONE
               : RX_BAD;
}

/* False: the frame has to wait. */
static bool receive_on(VirtioNet *n, unsigned pair, const NetFrame *frame)
{
    VirtioDevice *v = &n->vp.virtio;
    unsigned q = virtio_net_rx_queue(pair), buffers = 0;
    uint16_t pushed = v->queues[q].used_next;
    v->busy = true;
    RxResult result = put_frame(n, q, frame, &buffers);
    if (result != RX_DONE) {
        virtqueue_undo(&v->queues[q], buffers, (uint16_t)(v->queues[q].used_next - pushed));
    }
    v->busy = false;
    switch (result) {
    case RX_NO_ROOM:
        virtio_publish(v, q); /* the driver is to notify about more buffers */
        return false;
    case RX_BAD:
        virtio_fail(v, "net-receive-buffer");
        return true;
    case RX_DONE:
        n->rx_dirty |= 1u << pair;
        return true;
    default:
        return true; /* longer than what the driver takes: lost */
    }
}

bool virtio_net_receive(void *opaque, const NetFrame *frame)
{
    VirtioNet *n = opaque;
    const VirtioDevice *v = &n->vp.virtio;
    if (v->busy) {
        return false;
    }
    unsigned pair = pair_of(n, frame);
    const VirtQueue *queue = &v->queues[virtio_net_rx_queue(pair)];
    if (!virtio_is_running(v) || !queue->enabled || queue->broken ||
        !virtio_net_wants(n, frame->data, frame->len)) {
        return true;
    }
    return receive_on(n, pair, frame);
}

void virtio_net_received(void *opaque)
{
    VirtioNet *n = opaque;
    for (unsigned pair = 0; n->rx_dirty != 0; pair++) {
        if (n->rx_dirty & 1u << pair) {
            n->rx_dirty &= ~(1u << pair);
            virtio_publish(&n->vp.virtio, virtio_net_rx_queue(pair));
        }
    }
}
