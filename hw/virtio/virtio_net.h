/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-net-pci: its struct and its parts; private to hw/virtio/. */
#ifndef HW_VIRTIO_VIRTIO_NET_H
#define HW_VIRTIO_VIRTIO_NET_H

#include <linux/virtio_net.h>

#include "hw/virtio/virtio_pci.h"
#include "net/net.h"

#define VIRTIO_NET_MACS  64 /* addresses that it is told to receive */
#define VIRTIO_NET_VLANS 4096
#define VIRTIO_NET_FLOWS 256

/* What the driver asked to receive (5.1.6.5.1 to 5.1.6.5.3). */
typedef struct {
    bool promisc, allmulti, alluni, nomulti, nouni, nobcast;
    bool too_many[2];   /* unicast, multicast: more than the table holds, so all */
    uint32_t counts[2]; /* unicast addresses first */
    uint8_t macs[VIRTIO_NET_MACS][NET_MAC_SIZE];
    uint8_t vlans[VIRTIO_NET_VLANS / 8];
} VirtioNetFilter;

typedef struct {
    VirtioPci vp;
    Netdev *netdev;
    uint8_t first_mac[NET_MAC_SIZE]; /* mac= */
    bool mq, ctrl_vq, ctrl_rx, ctrl_vlan, ctrl_mac_addr, status, mrg_rxbuf;
    bool csum, host_tso4, host_tso6, host_ecn, guest_csum, guest_tso4, guest_tso6;
    bool ctrl_guest_offloads;
    uint16_t rx_queue_size, tx_queue_size, host_mtu;
    uint32_t bootindex;
    unsigned max_pairs;
    /* Registers and the like. */
    uint8_t mac[NET_MAC_SIZE];
    uint16_t pairs;          /* in use */
    uint64_t guest_offloads; /* feature bits that hold now */
    VirtioNetFilter filter;
    uint8_t flow_pair[VIRTIO_NET_FLOWS]; /* where a flow's frames were sent: so they are received */
    uint32_t tx_waits; /* bit a pair: sent on by the timer, or when the netdev can */
    Timer tx_timer;
    /* Within one call only. */
    uint32_t rx_dirty; /* bit a pair: received, and not shown to the driver yet */
    VirtRequest first, next;
    uint8_t frame[sizeof(struct virtio_net_hdr_mrg_rxbuf) + NET_FRAME_MAX];
} VirtioNet;

extern const StateField virtio_net_filter_state[];

static inline size_t virtio_net_header_size(const VirtioNet *n)
{
    const VirtioDevice *v = &n->vp.virtio;
    bool has_count =
        virtio_has_feature(v, VIRTIO_F_VERSION_1) || virtio_has_feature(v, VIRTIO_NET_F_MRG_RXBUF);
    return has_count ? sizeof(struct virtio_net_hdr_mrg_rxbuf) : sizeof(struct virtio_net_hdr);
}
static inline unsigned virtio_net_rx_queue(unsigned pair)
{
    return 2 * pair;
}
static inline unsigned virtio_net_tx_queue(unsigned pair)
{
    return 2 * pair + 1;
}

/* virtio_net_rx.c: NicOps. */
bool virtio_net_receive(void *opaque, const NetFrame *frame);
void virtio_net_received(void *opaque);
/* virtio_net_tx.c */
void virtio_net_send(VirtioNet *n, unsigned pair);
/* All queues that wait. */
void virtio_net_send_waiting(void *opaque);
/* virtio_net_ctrl.c: VirtioServe of the control queue. */
uint32_t virtio_net_command(void *opaque, unsigned q, const VirtRequest *req);
void virtio_net_filter_reset(VirtioNetFilter *f);
bool virtio_net_wants(const VirtioNet *n, const uint8_t *frame, size_t len);
/* The netdev is told what the driver takes. */
void virtio_net_apply_offloads(VirtioNet *n);

#endif
