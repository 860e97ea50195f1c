/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receiving (82576, 7.1): a frame goes to a queue of each pool that wants it, into one buffer or
 * several. It waits while its only queue has no room, unless SRRCTL has such frames dropped; of
 * several queues those without room lose it. Left out: header split, frames by their kind (ETQF,
 * FTQF, SYNQF).
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/net/igb_internal.h"

#define MAX_STANDARD   1518
#define DEFAULT_SIZE   2048
#define LEGACY         0
#define RETA_QUEUE(v_) ((v_)&0xf)

/* What is the same for all queues. */
typedef struct {
    NicReceived received[2]; /* with tags, and without */
    bool prepared[2];
    const NetFrame *frame;
    NetPacket packet;
    NicRssType rss;
    uint32_t hash;
} IgbArrival;

static void rx_hash(Igb *n, IgbArrival *a)
{
    uint32_t mrqc = igb_reg(n, IGB_MRQC), wanted = MRQC_TYPES(mrqc);
    uint32_t types = (wanted & MRQC_TCP4 ? 1u << NIC_RSS_TCP4 : 0) |
                     (wanted & MRQC_IP4 ? 1u << NIC_RSS_IP4 : 0) |
                     (wanted & MRQC_TCP6 ? 1u << NIC_RSS_TCP6 : 0) |
                     (wanted & MRQC_IP6 ? 1u << NIC_RSS_IP6 : 0);
    unsigned mode = MRQC_MODE(mrqc);
    if (mode == MRQC_RSS_ALONE || mode == MRQC_POOLS_RSS) {
        a->packet = net_packet_parse(a->frame->data, a->frame->len);
        a->rss = nic_rss_hash(n->rssrk, types, a->frame->data, &a->packet, &a->hash);
    }
}

/* 7.1.1.7 */
static unsigned rx_entry(const Igb *n, const IgbArrival *a)
{
    unsigned index = a->hash & 0x7f;
    return RETA_QUEUE(n->reta[index / 4] >> 8 * (index % 4));
}

/* Bits by queue. */
static uint16_t rx_queues_of(const Igb *n, const IgbArrival *a, uint16_t pools)
{
    bool second = MRQC_MODE(igb_reg(n, IGB_MRQC)) == MRQC_POOLS_RSS && (rx_entry(n, a) & 1);
    return (uint16_t)(second ? pools << IGB_POOLS : pools);
}

static uint16_t rx_queues(Igb *n, const IgbArrival *a)
{
    if (!igb_has_pools(n)) {
        bool scales = MRQC_MODE(igb_reg(n, IGB_MRQC)) == MRQC_RSS_ALONE;
        return (uint16_t)(1u << (scales ? rx_entry(n, a) : 0));
    }
    return rx_queues_of(n, a, igb_pools_of(n, a->frame));
}

static uint32_t igb_buffer_size(const IgbQueue *q)
{
    uint32_t size = SRRCTL_SIZE(igb_queue_reg(q, IGBQ_SRRCTL));
    return size ? size : DEFAULT_SIZE;
}

static uint32_t igb_rx_available(const IgbRing *ring)
{
    return ring->entries ? (ring->tail + ring->entries - ring->head) % ring->entries : 0;
}

static const NicReceived *rx_prepare(IgbQueue *q, IgbArrival *a)
{
    Igb *n = q->igb;
    bool strip = igb_has_pools(n) ? n->vmolr[q->number % IGB_POOLS] & VMOLR_STRVLAN
                                  : igb_reg(n, IGB_CTRL) & CTRL_VME;
    if (!a->prepared[strip]) {
        NicRxMode mode = {.strip_vlan = strip,
                          .strip_fcs = igb_reg(n, IGB_RCTL) & RCTL_SECRC,
                          .vlan_type = (uint16_t)igb_reg(n, IGB_VET)};
        a->received[strip] = nic_rx_prepare(a->frame, &mode, n->room);
        a->prepared[!strip] = false; /* they share the room */
        a->prepared[strip] = true;
    }
    return &a->received[strip];
}

static uint32_t igb_rx_sums(const Igb *n, const NicReceived *r, uint32_t *errors)
{
    uint32_t rxcsum = igb_reg(n, IGB_RXCSUM), status = 0;
    *errors = 0;
    if ((rxcsum & RXCSUM_IPOFL) && r->ip_sum != NET_SUM_NONE) {
        status |= RXD_IPCS;
        *errors |= r->ip_sum == NET_SUM_WRONG ? RXD_IPE : 0;
    }
    if ((rxcsum & RXCSUM_TUOFL) && r->transport_sum != NET_SUM_NONE) {
        bool udp = r->packet.protocol == NET_PROTOCOL_UDP;
        status |= RXD_TCPCS | (udp ? RXD_UDPCS : 0);
        *errors |= r->transport_sum == NET_SUM_WRONG ? RXD_TCPE : 0;
    }
    return status;
}

/* 7.1.5.2: kinds of headers, in the first dword from bit 4 on. */
static uint32_t packet_type(const NetPacket *p)
{
    bool tcp = p->has_ports && p->protocol == NET_PROTOCOL_TCP;
    bool udp = p->has_ports && p->protocol == NET_PROTOCOL_UDP;
    return (p->version == 4 ? 0x10u : 0) | (p->version == 6 ? 0x40u : 0) | (tcp ? 0x100u : 0) |
           (udp ? 0x200u : 0);
}

static void igb_rx_encode(const IgbQueue *q, const IgbArrival *a, const NicReceived *r,
                          uint32_t part, bool last, uint8_t raw[DESC_BYTES])
{
    uint32_t errors = 0, status = RXD_DD;
    if (last) {
        status |= RXD_EOP | igb_rx_sums(q->igb, r, &errors) | (r->has_vlan ? RXD_VP : 0);
    }
    if (SRRCTL_TYPE(igb_queue_reg(q, IGBQ_SRRCTL)) == LEGACY) {
        bytes_put16(raw + 8, (uint16_t)part);
        bytes_put16(raw + 10, 0);
        raw[12] = (uint8_t)status;
        raw[13] = (uint8_t)errors;
        bytes_put16(raw + 14, r->vlan_tag);
        return;
    }
    bytes_put32(raw, (uint32_t)a->rss | packet_type(&r->packet));
    bytes_put32(raw + 4, a->hash);
    bytes_put32(raw + 8, status | errors << RXD_EXT_ERRORS_SHIFT);
    bytes_put16(raw + 12, (uint16_t)part);
    bytes_put16(raw + 14, r->vlan_tag);
}

static void igb_rx_put(IgbQueue *q, const IgbArrival *a, const NicReceived *r, IgbRing *ring)
{
    PciDevice *owner = igb_queue_owner(q);
    uint32_t size = igb_buffer_size(q);
    for (uint32_t done = 0; done < r->len; done += size) {
        uint8_t raw[DESC_BYTES];
        uint64_t at = ring->base + (uint64_t)ring->head * DESC_BYTES;
        uint32_t part = MIN(size, r->len - done);
        if (pci_dma_read(owner, at, raw, sizeof(raw)) != MEM_OK ||
            pci_dma_write(owner, bytes_load(raw, 8), r->data + done, part) != MEM_OK) {
            return;
        }
        igb_rx_encode(q, a, r, part, r->len - done <= size, raw);
        pci_dma_write(owner, at, raw, sizeof(raw));
        igb_ring_advance(q, ring);
    }
    q->igb->received |= (uint16_t)(1u << q->number);
}

/* False: there is no room. */
static bool rx_into(IgbQueue *q, IgbArrival *a)
{
    const NicReceived *r = rx_prepare(q, a);
    IgbRing ring = igb_ring(q);
    uint32_t size = igb_buffer_size(q);
    if ((r->len + size - 1) / size > igb_rx_available(&ring)) {
        return false;
    }
    igb_rx_put(q, a, r, &ring);
    return true;
}

/* Of any kind of frame, whoever it is for. */
static bool rx_is_on(const Igb *n, const NetFrame *frame)
{
    uint32_t rctl = igb_reg(n, IGB_RCTL);
    bool tagged = nic_rx_is_tagged(frame, (uint16_t)igb_reg(n, IGB_VET));
    size_t most = rctl & RCTL_LPE ? igb_reg(n, IGB_RLPML) & 0x3fff : MAX_STANDARD;
    return (rctl & RCTL_EN) && igb_link_is_up(n) &&
           frame->len + NIC_FCS <= MIN(most + (tagged ? NIC_VLAN_TAG : 0), NIC_MAX_RECEIVE) &&
           (!(rctl & RCTL_VFE) || !tagged ||
            nic_filter_accepts_vlan(&n->filter, nic_rx_tag(frame)));
}

static bool igb_rx_is_wanted(Igb *n, const NetFrame *frame)
{
    return rx_is_on(n, frame) &&
           ((igb_has_pools(n) && (frame->data[0] & 1)) ||
            nic_filter_accepts(&n->filter, igb_reg(n, IGB_RCTL), IGB_ADDRESSES, frame->data));
}

/* Those that had no room. */
static uint16_t rx_into_all(Igb *n, IgbArrival *a, uint16_t queues)
{
    bool was_busy = n->busy;
    uint16_t full = 0;
    n->busy = true;
    for (unsigned i = 0; i < IGB_QUEUES; i++) {
        if ((queues >> i & 1) && igb_queue_is_on(&n->rx[i]) && !rx_into(&n->rx[i], a)) {
            full |= (uint16_t)(1u << i);
        }
    }
    n->busy = was_busy;
    return full;
}

static void rx_lose(Igb *n, uint16_t queues)
{
    for (unsigned i = 0; i < IGB_QUEUES; i++) {
        RegFile *regs = &n->rx[i].regs;
        regfile_set(regs, IGBQ_DROPPED, regfile_get(regs, IGBQ_DROPPED) + (queues >> i & 1));
    }
}

/* Does a queue that has no room keep the frame waiting? */
static bool rx_may_wait(IgbQueue *q)
{
    return !(igb_queue_reg(q, IGBQ_SRRCTL) & SRRCTL_DROP);
}

bool igb_receive(void *opaque, const NetFrame *frame)
{
    Igb *n = opaque;
    IgbArrival a = {.frame = frame};
    if (!igb_rx_is_wanted(n, frame)) {
        return true;
    }
    rx_hash(n, &a);
    uint16_t queues = rx_queues(n, &a), full = rx_into_all(n, &a, queues);
    bool alone = (queues & (queues - 1)) == 0;
    IgbQueue *only = full ? &n->rx[__builtin_ctz(full)] : NULL;
    if (only && alone && rx_may_wait(only)) {
        only->starved = true;
        nic_count(&n->regs, NIC_RNBC);
        return false;
    }
    rx_lose(n, full);
    nic_count_received(&n->regs, frame);
    return true;
}

void igb_receive_local(Igb *n, const NetFrame *frame, uint8_t pools)
{
    IgbArrival a = {.frame = frame};
    if (rx_is_on(n, frame)) {
        rx_hash(n, &a);
        rx_lose(n, rx_into_all(n, &a, rx_queues_of(n, &a, pools)));
    }
}

void igb_received(void *opaque)
{
    Igb *n = opaque;
    uint16_t queues = n->received;
    n->received = 0;
    for (unsigned i = 0; i < IGB_QUEUES; i++) {
        if (queues >> i & 1) {
            igb_queue_event(&n->rx[i]);
        }
    }
}
