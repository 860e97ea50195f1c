/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net-pci: a network card (Virtio 1.1, 5.1) over a -netdev. Receiving, sending and the
 * control queue are in virtio_net_{rx,tx,ctrl}.c. Frames of a flow are received where it last sent
 * (5.1.6.5.6). Left out: RSS, hash reports, announcements, UDP fragmentation.
 */
#include "hw/virtio/virtio_net.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <string.h>

#include "hw/core/backends.h"
#include "hw/virtio/virtio_devices.h"

#define TRANSITIONAL_ID 0x1000
#define CLASS_ETHERNET  0x020000
#define CTRL_QUEUE_SIZE 64
#define MIN_MTU         68 /* RFC 791 */
#define CONFIG_SIZE     (offsetof(struct virtio_net_config, mtu) + 2)

static VirtioNet *net_of(void *opaque)
{
    return opaque;
}

/* 5.1.2: behind the pairs that the driver knows of. */
static unsigned control_queue(const VirtioNet *n)
{
    return virtio_has_feature(&n->vp.virtio, VIRTIO_NET_F_MQ) ? 2 * n->max_pairs : 2;
}

static void net_handle(void *opaque, unsigned q)
{
    VirtioNet *n = opaque;
    VirtioDevice *v = &n->vp.virtio;
    if (virtio_has_feature(v, VIRTIO_NET_F_CTRL_VQ) && q == control_queue(n)) {
        virtio_serve(v, q, virtio_net_command);
    } else if (q < 2 * n->max_pairs && q % 2 == 1) {
        virtio_net_send(n, q / 2);
    } else if (!v->busy) {
        netdev_receive_ready(n->netdev);
    }
}

static void net_set_status(VirtioNet *n)
{
    uint16_t status = netdev_link_is_up(n->netdev) ? VIRTIO_NET_S_LINK_UP : 0;
    status = GUINT16_TO_LE(status);
    memcpy(n->vp.virtio.config + offsetof(struct virtio_net_config, status), &status,
           sizeof(status));
}

static void set_address(VirtioNet *n, const uint8_t *mac)
{
    memmove(n->mac, mac, NET_MAC_SIZE);
    memcpy(n->vp.virtio.config, n->mac, NET_MAC_SIZE);
}

static void net_reset(void *opaque)
{
    VirtioNet *n = opaque;
    n->pairs = 1;
    n->guest_offloads = 0;
    n->tx_waits = n->rx_dirty = 0;
    timer_cancel(&n->tx_timer);
    memset(n->flow_pair, 0, sizeof(n->flow_pair));
    virtio_net_filter_reset(&n->filter);
    set_address(n, n->first_mac);
    net_set_status(n);
    virtio_net_apply_offloads(n);
}

static void net_started(void *opaque)
{
    VirtioNet *n = opaque;
    n->guest_offloads = n->vp.virtio.accepted & (VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_CSUM) |
                                                 VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_TSO4) |
                                                 VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_TSO6));
    if (virtio_has_feature(&n->vp.virtio, VIRTIO_NET_F_CTRL_VLAN)) {
        memset(n->filter.vlans, 0, sizeof(n->filter.vlans));
    }
    virtio_net_apply_offloads(n);
}

/* 5.1.4: legacy drivers write the address here; others have a command for that. */
static void net_config_written(void *opaque)
{
    VirtioNet *n = opaque;
    bool legacy = !virtio_has_feature(&n->vp.virtio, VIRTIO_F_VERSION_1);
    set_address(n, legacy ? n->vp.virtio.config : n->mac);
}

static const VirtioOps net_ops = {
    .device_id = VIRTIO_ID_NET,
    .transitional_id = TRANSITIONAL_ID,
    .handle = net_handle,
    .reset = net_reset,
    .started = net_started,
    .config_written = net_config_written,
};

static void net_link_changed(void *opaque, bool up)
{
    VirtioNet *n = opaque;
    net_set_status(n);
    if (virtio_has_feature(&n->vp.virtio, VIRTIO_NET_F_STATUS)) {
        virtio_config_changed(&n->vp.virtio);
    }
}

static const NicOps net_nic_ops = {
    .receive = virtio_net_receive,
    .received = virtio_net_received,
    .can_send = virtio_net_send_waiting,
    .link_changed = net_link_changed,
};

static uint64_t net_features_of(const VirtioNet *n)
{
    const struct {
        bool on;
        unsigned feature;
    } features[] = {
        {true, VIRTIO_NET_F_MAC},
        {n->status, VIRTIO_NET_F_STATUS},
        {n->mrg_rxbuf, VIRTIO_NET_F_MRG_RXBUF},
        {n->ctrl_vq, VIRTIO_NET_F_CTRL_VQ},
        {n->ctrl_vq && n->ctrl_rx, VIRTIO_NET_F_CTRL_RX},
        {n->ctrl_vq && n->ctrl_rx, VIRTIO_NET_F_CTRL_RX_EXTRA},
        {n->ctrl_vq && n->ctrl_vlan, VIRTIO_NET_F_CTRL_VLAN},
        {n->ctrl_vq && n->ctrl_mac_addr, VIRTIO_NET_F_CTRL_MAC_ADDR},
        {n->ctrl_vq && n->ctrl_guest_offloads, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS},
        {n->ctrl_vq && n->max_pairs > 1, VIRTIO_NET_F_MQ},
        {n->host_mtu != 0, VIRTIO_NET_F_MTU},
        {n->csum, VIRTIO_NET_F_CSUM},
        {n->csum && n->host_tso4, VIRTIO_NET_F_HOST_TSO4},
        {n->csum && n->host_tso6, VIRTIO_NET_F_HOST_TSO6},
        {n->csum && n->host_ecn, VIRTIO_NET_F_HOST_ECN},
        {n->guest_csum, VIRTIO_NET_F_GUEST_CSUM},
        {n->guest_csum && n->guest_tso4, VIRTIO_NET_F_GUEST_TSO4},
        {n->guest_csum && n->guest_tso6, VIRTIO_NET_F_GUEST_TSO6},
    };
    uint64_t bits = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
        bits |= features[i].on ? VIRTIO_FEATURE(features[i].feature) : 0;
    }
    return bits;
}

static bool net_queue_size_is_good(const VirtioNet *n, const char *name, uint16_t size,
                                   GError **error)
{
    if ((size & (size - 1)) == 0) {
        return true;
    }
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                "%s: %s=%u; it must be a power of two from 64 to %d", n->vp.pci.dev.id, name, size,
                VIRTQUEUE_MAX_SIZE);
    return false;
}

static bool net_check_properties(VirtioNet *n, GError **error)
{
    const char *id = n->vp.pci.dev.id;
    if (n->host_mtu != 0 && n->host_mtu < MIN_MTU) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: host_mtu=%u; it must be 0 or "
                    "at least %d",
                    id, n->host_mtu, MIN_MTU);
        return false;
    }
    if (n->first_mac[0] & 1) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: mac= is a multicast address; make its first byte even", id);
        return false;
    }
    return net_queue_size_is_good(n, "rx_queue_size", n->rx_queue_size, error) &&
           net_queue_size_is_good(n, "tx_queue_size", n->tx_queue_size, error);
}

static void net_fill_config(VirtioNet *n)
{
    VirtioDevice *v = &n->vp.virtio;
    struct virtio_net_config config = {
        .max_virtqueue_pairs = GUINT16_TO_LE((uint16_t)n->max_pairs),
        .mtu = GUINT16_TO_LE(n->host_mtu),
    };
    memcpy(v->config, &config, CONFIG_SIZE);
    v->config_size = CONFIG_SIZE;
    memset(v->config_writable, 0xff, NET_MAC_SIZE);
}

static bool net_realize(Device *dev, GError **error)
{
    VirtioNet *n = (VirtioNet *)dev;
    if (!net_check_properties(n, error) ||
        (n->netdev && !netdev_attach(n->netdev, dev->id, &net_nic_ops, n, error))) {
        return false;
    }
    backends_claim_mac(dev->platform->backends, n->first_mac);
    timer_init(&n->tx_timer, dev->platform->clock, virtio_net_send_waiting, n);
    n->max_pairs = n->mq && n->netdev ? netdev_queues(n->netdev) : 1;
    virtio_pci_init(&n->vp, &net_ops);
    n->vp.virtio.offered = net_features_of(n);
    net_fill_config(n);
    for (unsigned pair = 0; pair < n->max_pairs; pair++) {
        virtio_add_queue(&n->vp.virtio, n->rx_queue_size);
        virtio_add_queue(&n->vp.virtio, n->tx_queue_size);
    }
    if (n->ctrl_vq) {
        virtio_add_queue(&n->vp.virtio, CTRL_QUEUE_SIZE);
    }
    if (!virtio_pci_realize(&n->vp, error)) {
        netdev_detach(n->netdev);
        return false;
    }
    return true;
}

static void net_unrealize(Device *dev)
{
    VirtioNet *n = (VirtioNet *)dev;
    timer_cancel(&n->tx_timer);
    netdev_detach(n->netdev);
    virtio_pci_unrealize(dev);
}

/* The cable is the host's: a driver is told if it is another than when the machine was saved. */
static void net_restored(Device *dev)
{
    virtio_net_apply_offloads(net_of(dev));
    virtio_pci_restored(dev);
}

static const PropInfo net_props[] = {
    PROP(PROP_NETDEV, "netdev", VirtioNet, netdev, NULL, "the -netdev to talk to"),
    PROP(PROP_MAC, "mac", VirtioNet, first_mac, NULL,
         "address; else the next after 52:54:00:12:34:56"),
    PROP(PROP_BOOL, "mq", VirtioNet, mq, "off", "as many pairs of queues as the netdev's queues="),
    PROP(PROP_BOOL, "ctrl_vq", VirtioNet, ctrl_vq, "on", "control queue"),
    PROP(PROP_BOOL, "ctrl_rx", VirtioNet, ctrl_rx, "on", "the driver may say what is received"),
    PROP(PROP_BOOL, "ctrl_vlan", VirtioNet, ctrl_vlan, "on", "and from which VLANs"),
    PROP(PROP_BOOL, "ctrl_mac_addr", VirtioNet, ctrl_mac_addr, "on", "and change the address"),
    PROP(PROP_BOOL, "ctrl_guest_offloads", VirtioNet, ctrl_guest_offloads, "on",
         "and switch offloads of received frames"),
    PROP(PROP_BOOL, "status", VirtioNet, status, "on", "the driver sees the cable"),
    PROP(PROP_BOOL, "mrg_rxbuf", VirtioNet, mrg_rxbuf, "on", "a frame may take several buffers"),
    PROP(PROP_BOOL, "csum", VirtioNet, csum, "on", "checksums of sent frames are made here"),
    PROP(PROP_BOOL, "host_tso4", VirtioNet, host_tso4, "on",
         "sent TCP segments are cut here, IPv4"),
    PROP(PROP_BOOL, "host_tso6", VirtioNet, host_tso6, "on", "and IPv6"),
    PROP(PROP_BOOL, "host_ecn", VirtioNet, host_ecn, "on", "and with ECN"),
    PROP(PROP_BOOL, "guest_csum", VirtioNet, guest_csum, "on",
         "the driver takes frames without checksums"),
    PROP(PROP_BOOL, "guest_tso4", VirtioNet, guest_tso4, "on",
         "and TCP segments that were put together, IPv4"),
    PROP(PROP_BOOL, "guest_tso6", VirtioNet, guest_tso6, "on", "and IPv6"),
    PROP_RANGE(PROP_UINT16, "rx_queue_size", VirtioNet, rx_queue_size, "256", 64,
               VIRTQUEUE_MAX_SIZE, "entries of a queue to receive"),
    PROP_RANGE(PROP_UINT16, "tx_queue_size", VirtioNet, tx_queue_size, "256", 64,
               VIRTQUEUE_MAX_SIZE, "entries of a queue to send"),
    PROP(PROP_UINT16, "host_mtu", VirtioNet, host_mtu, "0",
         "the MTU to tell the driver, 0 for none"),
    PROP(PROP_UINT32, "bootindex", VirtioNet, bootindex, NULL, "accepted; no firmware reads it"),
    VIRTIO_PCI_PROPS(VirtioNet, vp),
    PROP_END,
};

static const StateField net_state[] = {
    VIRTIO_PCI_STATE,
    STATE_ARRAY(STATE_BYTES, VirtioNet, mac, NET_MAC_SIZE),
    STATE_FIELD_MAX(STATE_UINT16, VirtioNet, pairs, NET_MAX_QUEUES),
    STATE_FIELD(STATE_UINT64, VirtioNet, guest_offloads),
    STATE_STRUCTS(VirtioNet, filter, 1, VirtioNetFilter, virtio_net_filter_state),
    STATE_ARRAY(STATE_BYTES, VirtioNet, flow_pair, VIRTIO_NET_FLOWS),
    STATE_FIELD(STATE_UINT32, VirtioNet, tx_waits),
    STATE_FIELD(STATE_TIMER, VirtioNet, tx_timer),
    STATE_NOT_SAVED(VirtioNet, first), /* within one call only */
    STATE_NOT_SAVED(VirtioNet, next),
    STATE_NOT_SAVED(VirtioNet, frame),
    STATE_END,
};

static const PciDeviceClass net_pci = {
    .ids.vendor_id = VIRTIO_PCI_VENDOR,
    .ids.device_id = TRANSITIONAL_ID,
    .ids.class_code = CLASS_ETHERNET,
    .interrupt_pin = 1,
    .config_reading = virtio_pci_config_reading,
    .config_written = virtio_pci_config_written,
};

const DeviceClass virtio_net_class = {
    .name = "virtio-net-pci",
    .alias = "virtio-net",
    .desc = "Virtio network card",
    .bus = BUS_PCI,
    .category = DEVICE_NETWORK,
    .user_creatable = true,
    .instance_size = sizeof(VirtioNet),
    .props = net_props,
    .bus_props = pci_bus_props,
    .bus_class = &net_pci,
    .state = net_state,
    .realize = net_realize,
    .unrealize = net_unrealize,
    .reset = virtio_pci_reset,
    .restored = net_restored,
};
