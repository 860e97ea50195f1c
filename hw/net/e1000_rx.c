/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receiving (8254x manual, 3.2; 82574, 7.1): filters, the choice of a queue, buffers by descriptors
 * of three forms. A frame waits with the netdev until all the descriptors that it needs are there.
 * Left out: header replication, early receive, time stamps.
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/net/e1000_internal.h"

#define MAX_STANDARD   1518 /* with check sequence; and a tag more */
#define RETA_QUEUE(v_) ((v_) >> 7 & 1)
#define MRQ_QUEUE(q_)  ((q_) << 8)

typedef enum { RX_LEGACY, RX_EXTENDED, RX_SPLIT } RxForm;

/* What one frame needs to know of where it goes. */
typedef struct {
    unsigned queue;
    RxForm form;
    uint32_t sizes[E1000_PS_BUFFERS]; /* of a descriptor's buffers */
    unsigned buffers;
    NicRssType rss;
    uint32_t hash;
    uint16_t sum;
} RxWay;

static RxForm rx_form(const E1000 *n)
{
    if (!n->model->is_82574) {
        return RX_LEGACY;
    }
    if (e1000_reg(n, E1000_RCTL) & RCTL_DTYP_PS) {
        return RX_SPLIT;
    }
    return e1000_more(n, E1000_RFCTL) & RFCTL_EXTEN ? RX_EXTENDED : RX_LEGACY;
}

static uint32_t rx_buffer_size(const E1000 *n)
{
    uint32_t rctl = e1000_reg(n, E1000_RCTL), size = 2048u >> RCTL_BSIZE(rctl);
    if (n->model->is_82574 && RCTL_FLXBUF(rctl)) {
        return RCTL_FLXBUF(rctl) * 1024;
    }
    return rctl & RCTL_BSEX ? MIN(size * 16, NIC_MAX_RECEIVE) : size;
}

/* 82574, 10.2.5.8: the first in units of 128 bytes, the others of 1 KiB. */
static void rx_split_sizes(const E1000 *n, RxWay *way)
{
    uint32_t psrctl = e1000_more(n, E1000_PSRCTL);
    way->buffers = E1000_PS_BUFFERS;
    way->sizes[0] = (psrctl & 0x7f) * 128;
    for (unsigned i = 1; i < E1000_PS_BUFFERS; i++) {
        way->sizes[i] = (psrctl >> 8 * i & 0x3f) * 1024;
    }
}

/* 82574, 7.1.8. */
static void rx_choose_queue(E1000 *n, const NetFrame *frame, const NetPacket *p, RxWay *way)
{
    uint32_t mrqc = e1000_more(n, E1000_MRQC), wanted = MRQC_TYPES(mrqc);
    uint32_t types = (wanted & MRQC_TCP4 ? 1u << NIC_RSS_TCP4 : 0) |
                     (wanted & MRQC_IP4 ? 1u << NIC_RSS_IP4 : 0) |
                     (wanted & MRQC_TCP6 ? 1u << NIC_RSS_TCP6 : 0) |
                     (wanted & MRQC_IP6 ? 1u << NIC_RSS_IP6 : 0);
    if ((mrqc & 3) != MRQC_RSS) {
        return;
    }
    way->rss = nic_rss_hash(n->rssrk, types, frame->data, p, &way->hash);
    unsigned index = way->hash & 0x7f;
    way->queue = RETA_QUEUE(n->reta[index / 4] >> 8 * (index % 4));
}

static RxWay rx_find_way(E1000 *n, const NetFrame *frame, const NicReceived *r)
{
    RxWay way = {.form = rx_form(n), .buffers = 1, .sizes = {rx_buffer_size(n)}};
    uint32_t start = RXCSUM_PCSS(e1000_reg(n, E1000_RXCSUM));
    if (way.form == RX_SPLIT) {
        rx_split_sizes(n, &way);
    }
    rx_choose_queue(n, frame, &r->packet, &way);
    if ((e1000_reg(n, E1000_RXCSUM) & RXCSUM_PCSD) == 0 && start < r->len) {
        way.sum = net_sum(r->data + start, r->len - start);
    }
    return way;
}

/* ---- What a descriptor says ---- */

static uint32_t rx_sums(const E1000 *n, const NicReceived *r, uint32_t *errors)
{
    uint32_t rxcsum = e1000_reg(n, E1000_RXCSUM), status = 0;
    if ((rxcsum & RXCSUM_IPOFL) && r->ip_sum != NET_SUM_NONE) {
        status |= RXD_IPCS;
        *errors |= r->ip_sum == NET_SUM_WRONG ? RXD_IPE : 0;
    }
    if ((rxcsum & RXCSUM_TUOFL) && r->transport_sum != NET_SUM_NONE) {
        bool udp = r->packet.protocol == NET_PROTOCOL_UDP;
        status |= RXD_TCPCS | (udp && n->model->is_82574 ? RXD_UDPCS : 0);
        *errors |= r->transport_sum == NET_SUM_WRONG ? RXD_TCPE : 0;
    }
    return status ? status : RXD_IXSM;
}

/* A multicast that a hash let in may be another than what was asked for. */
static bool rx_is_inexact(const E1000 *n, const NicReceived *r)
{
    return (r->data[0] & 1) && nic_filter_find(&n->filter, n->model->addresses, r->data) < 0 &&
           bytes_get32(r->data) != 0xffffffff;
}

static uint32_t rx_status(const E1000 *n, const NicReceived *r, bool last, uint32_t *errors)
{
    uint32_t status = RXD_DD;
    *errors = 0;
    if (last) {
        status |= RXD_EOP | rx_sums(n, r, errors) | (r->has_vlan ? RXD_VP : 0) |
                  (rx_is_inexact(n, r) ? RXD_PIF : 0);
    }
    return status;
}

static size_t rx_encode(const E1000 *n, const RxWay *way, const NicReceived *r,
                        const uint32_t parts[E1000_PS_BUFFERS], bool last, uint8_t raw[PS_BYTES])
{
    uint32_t errors, status = rx_status(n, r, last, &errors);
    if (way->form == RX_LEGACY) {
        bytes_put16(raw + 8, (uint16_t)parts[0]);
        bytes_put16(raw + 10, way->sum);
        raw[12] = (uint8_t)status;
        raw[13] = (uint8_t)errors;
        bytes_put16(raw + 14, r->vlan_tag);
        return DESC_BYTES;
    }
    memset(raw, 0, PS_BYTES);
    bytes_put32(raw, (uint32_t)way->rss | MRQ_QUEUE(way->queue));
    bytes_put32(raw + 4,
                e1000_reg(n, E1000_RXCSUM) & RXCSUM_PCSD ? way->hash : (uint32_t)way->sum << 16);
    bytes_put32(raw + 8, status | errors << RXD_EXT_ERRORS_SHIFT);
    bytes_put16(raw + 12, (uint16_t)parts[0]);
    bytes_put16(raw + 14, r->vlan_tag);
    if (way->form == RX_EXTENDED) {
        return DESC_BYTES;
    }
    for (unsigned i = 1; i < E1000_PS_BUFFERS; i++) {
        bytes_put16(raw + 16 + 2 * i, (uint16_t)parts[i]);
    }
    return PS_BYTES;
}

/* ---- Where the bytes go ---- */

/* The descriptors in the ring that a frame may take. */
static uint32_t rx_available(const E1000Ring *ring, RxForm form)
{
    uint32_t free = ring->entries ? (ring->tail + ring->entries - ring->head) % ring->entries : 0;
    return form == RX_SPLIT ? free / 2 : free;
}

static uint32_t rx_capacity(const RxWay *way)
{
    uint32_t all = 0;
    for (unsigned i = 0; i < way->buffers; i++) {
        all += way->sizes[i];
    }
    return all;
}

/* A descriptor's buffers get what is left of the frame; how much they took. */
static bool e1000_rx_fill(E1000 *n, const RxWay *way, const NicReceived *r, uint32_t done,
                          const uint8_t *raw, uint32_t parts[E1000_PS_BUFFERS])
{
    for (unsigned i = 0; i < way->buffers; i++) {
        parts[i] = MIN(way->sizes[i], r->len - done);
        if (parts[i] > 0 && pci_dma_write(&n->pci, bytes_load(raw + 8 * i, 8), r->data + done,
                                          parts[i]) != MEM_OK) {
            return false;
        }
        done += parts[i];
    }
    return true;
}

static void rx_put(E1000 *n, const RxWay *way, const NicReceived *r, E1000Ring *ring)
{
    uint32_t size = rx_capacity(way);
    size_t bytes = way->form == RX_SPLIT ? PS_BYTES : DESC_BYTES;
    for (uint32_t done = 0; done < r->len; done += size) {
        uint8_t raw[PS_BYTES];
        uint32_t parts[E1000_PS_BUFFERS] = {0};
        uint64_t at = ring->base + (uint64_t)ring->head * DESC_BYTES;
        if (pci_dma_read(&n->pci, at, raw, bytes) != MEM_OK ||
            !e1000_rx_fill(n, way, r, done, raw, parts)) {
            return; /* the frame is lost, and the descriptor stays */
        }
        rx_encode(n, way, r, parts, r->len - done <= size, raw);
        pci_dma_write(&n->pci, at, raw, bytes);
        e1000_ring_advance(n, ring);
        if (way->form == RX_SPLIT) {
            e1000_ring_advance(n, ring);
        }
    }
}

/* ---- Frames ---- */

static bool rx_vlan_is_wanted(const E1000 *n, const NetFrame *frame)
{
    uint32_t rctl = e1000_reg(n, E1000_RCTL);
    if (!(rctl & RCTL_VFE) || !nic_rx_is_tagged(frame, (uint16_t)e1000_reg(n, E1000_VET))) {
        return true;
    }
    uint16_t tag = nic_rx_tag(frame);
    bool cfi = tag & VLAN_CFI;
    return nic_filter_accepts_vlan(&n->filter, tag) &&
           !((rctl & RCTL_CFIEN) && cfi != ((rctl & RCTL_CFI) != 0));
}

static bool rx_fits(E1000 *n, const NetFrame *frame)
{
    bool tagged = nic_rx_is_tagged(frame, (uint16_t)e1000_reg(n, E1000_VET));
    size_t most = e1000_reg(n, E1000_RCTL) & RCTL_LPE ? NIC_MAX_RECEIVE
                                                      : MAX_STANDARD + (tagged ? NIC_VLAN_TAG : 0);
    bool fits = frame->len + NIC_FCS <= most;
    if (!fits) {
        nic_count(&n->regs, NIC_ROC);
    }
    return fits;
}

static bool rx_is_wanted(E1000 *n, const NetFrame *frame)
{
    uint32_t rctl = e1000_reg(n, E1000_RCTL);
    return (rctl & RCTL_EN) && pci_is_bus_master(&n->pci) && e1000_link_is_up(n) &&
           nic_filter_accepts(&n->filter, rctl, n->model->addresses, frame->data) &&
           rx_vlan_is_wanted(n, frame) && rx_fits(n, frame);
}

static void rx_look_at_threshold(E1000 *n, const E1000Ring *ring, RxForm form)
{
    uint32_t shift = 1 + RCTL_RDMTS(e1000_reg(n, E1000_RCTL));
    n->low |= rx_available(ring, form) == ring->entries >> shift;
}

bool e1000_receive(void *opaque, const NetFrame *frame)
{
    E1000 *n = opaque;
    if (!rx_is_wanted(n, frame)) {
        return true;
    }
    NicRxMode mode = {.strip_vlan = e1000_reg(n, E1000_CTRL) & CTRL_VME,
                      .strip_fcs = e1000_reg(n, E1000_RCTL) & RCTL_SECRC,
                      .vlan_type = (uint16_t)e1000_reg(n, E1000_VET)};
    NicReceived r = nic_rx_prepare(frame, &mode, n->room);
    RxWay way = rx_find_way(n, frame, &r);
    uint32_t size = rx_capacity(&way);
    E1000Ring ring = e1000_ring(n, E1000_RDBAL + way.queue * RING_NEXT);
    if (size == 0 || (r.len + size - 1) / size > rx_available(&ring, way.form)) {
        nic_count(&n->regs, NIC_RNBC);
        n->starved = true;
        return false;
    }
    n->busy = true;
    rx_put(n, &way, &r, &ring);
    n->busy = false;
    nic_count_received(&n->regs, frame);
    rx_look_at_threshold(n, &ring, way.form);
    n->received |= (uint8_t)(1u << way.queue);
    return true;
}

void e1000_received(void *opaque)
{
    e1000_rx_events(opaque);
}
