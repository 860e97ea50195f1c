/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net-pci: the control queue (Virtio 1.1, 5.1.6.5) and what it sets up: which frames are
 * received, on how many pairs of queues, with which offloads.
 */
#include <linux/virtio_config.h>
#include <string.h>

#include "base/bytes.h"
#include "hw/virtio/virtio_net.h"

#define TYPE_AT      12
#define TYPE_VLAN    0x8100
#define VLAN_ID_MASK 0xfff
#define GUEST_OFFLOADS                                                                             \
    (VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_CSUM) | VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_TSO4) |           \
     VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_TSO6))

const StateField virtio_net_filter_state[] = {
    STATE_FIELD(STATE_UINT8, VirtioNetFilter, promisc),
    STATE_FIELD(STATE_UINT8, VirtioNetFilter, allmulti),
    STATE_FIELD(STATE_UINT8, VirtioNetFilter, alluni),
    STATE_FIELD(STATE_UINT8, VirtioNetFilter, nomulti),
    STATE_FIELD(STATE_UINT8, VirtioNetFilter, nouni),
    STATE_FIELD(STATE_UINT8, VirtioNetFilter, nobcast),
    STATE_ARRAY(STATE_UINT8, VirtioNetFilter, too_many, 2),
    {.name = "counts",
     .type = STATE_UINT32,
     .offset = offsetof(VirtioNetFilter, counts),
     .count = 2,
     .max = VIRTIO_NET_MACS / 2},
    {.name = "macs",
     .type = STATE_BYTES,
     .offset = offsetof(VirtioNetFilter, macs),
     .count = VIRTIO_NET_MACS * NET_MAC_SIZE},
    STATE_ARRAY(STATE_BYTES, VirtioNetFilter, vlans, VIRTIO_NET_VLANS / 8),
    STATE_END,
};

/* A driver without the control queue gets everything. */
void virtio_net_filter_reset(VirtioNetFilter *f)
{
    *f = (VirtioNetFilter){.promisc = true};
    memset(f->vlans, 0xff, sizeof(f->vlans));
}

void virtio_net_apply_offloads(VirtioNet *n)
{
    unsigned kinds = 0;
    if (n->guest_offloads & VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_CSUM)) {
        kinds |=
            n->guest_offloads & VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_TSO4) ? 1u << NET_GSO_TCP4 : 0;
        kinds |=
            n->guest_offloads & VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_TSO6) ? 1u << NET_GSO_TCP6 : 0;
    }
    netdev_set_merging(n->netdev, kinds);
}

static bool in_table(const VirtioNetFilter *f, const uint8_t *mac)
{
    for (uint32_t i = 0; i < f->counts[0] + f->counts[1]; i++) {
        if (memcmp(f->macs[i], mac, NET_MAC_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static bool wants_vlan(const VirtioNetFilter *f, const uint8_t *frame, size_t len)
{
    if (len < TYPE_AT + 4 || (frame[TYPE_AT] << 8 | frame[TYPE_AT + 1]) != TYPE_VLAN) {
        return true;
    }
    unsigned id = (frame[TYPE_AT + 2] << 8 | frame[TYPE_AT + 3]) & VLAN_ID_MASK;
    return (f->vlans[id / 8] & 1 << id % 8) != 0;
}

bool virtio_net_wants(const VirtioNet *n, const uint8_t *frame, size_t len)
{
    static const uint8_t broadcast[NET_MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const VirtioNetFilter *f = &n->filter;
    if (f->promisc) {
        return true;
    }
    if (!wants_vlan(f, frame, len)) {
        return false;
    }
    if (memcmp(frame, broadcast, NET_MAC_SIZE) == 0) {
        return !f->nobcast;
    }
    if (frame[0] & 1) {
        return !f->nomulti && (f->allmulti || f->too_many[1] || in_table(f, frame));
    }
    return !f->nouni && (f->alluni || f->too_many[0] || memcmp(frame, n->mac, NET_MAC_SIZE) == 0 ||
                         in_table(f, frame));
}

/* A command's data, behind its header. */
static bool command_data(const VirtioNet *n, const VirtRequest *req, uint64_t at, void *buf,
                         size_t len)
{
    return virt_request_read(req, &n->vp.virtio.mem, sizeof(struct virtio_net_ctrl_hdr) + at, buf,
                             len);
}

static bool set_rx_mode(VirtioNet *n, const VirtRequest *req, uint8_t cmd)
{
    bool *const modes[] = {
        [VIRTIO_NET_CTRL_RX_PROMISC] = &n->filter.promisc,
        [VIRTIO_NET_CTRL_RX_ALLMULTI] = &n->filter.allmulti,
        [VIRTIO_NET_CTRL_RX_ALLUNI] = &n->filter.alluni,
        [VIRTIO_NET_CTRL_RX_NOMULTI] = &n->filter.nomulti,
        [VIRTIO_NET_CTRL_RX_NOUNI] = &n->filter.nouni,
        [VIRTIO_NET_CTRL_RX_NOBCAST] = &n->filter.nobcast,
    };
    uint8_t on;
    if (cmd >= G_N_ELEMENTS(modes) || !command_data(n, req, 0, &on, 1)) {
        return false;
    }
    *modes[cmd] = on != 0;
    return true;
}

/* Two lists, each with a count in front; one that is too long stands for all addresses. */
static bool set_mac_table(VirtioNet *n, const VirtRequest *req)
{
    VirtioNetFilter to = n->filter;
    uint64_t at = 0;
    uint32_t used = 0;
    for (unsigned kind = 0; kind < 2; kind++) {
        uint8_t raw[4];
        if (!command_data(n, req, at, raw, sizeof(raw))) {
            return false;
        }
        uint32_t count = bytes_get32(raw);
        at += sizeof(raw);
        to.too_many[kind] = count > VIRTIO_NET_MACS / 2;
        to.counts[kind] = to.too_many[kind] ? 0 : count;
        if (!command_data(n, req, at, to.macs[used], to.counts[kind] * NET_MAC_SIZE)) {
            return false;
        }
        at += (uint64_t)count * NET_MAC_SIZE;
        used += to.counts[kind];
    }
    if (req->out_len < sizeof(struct virtio_net_ctrl_hdr) + at) {
        return false;
    }
    n->filter = to;
    return true;
}

static bool set_mac(VirtioNet *n, const VirtRequest *req, uint8_t cmd)
{
    if (cmd == VIRTIO_NET_CTRL_MAC_TABLE_SET) {
        return set_mac_table(n, req);
    }
    uint8_t mac[NET_MAC_SIZE];
    if (cmd != VIRTIO_NET_CTRL_MAC_ADDR_SET || !command_data(n, req, 0, mac, sizeof(mac))) {
        return false;
    }
    memcpy(n->mac, mac, sizeof(mac));
    memcpy(n->vp.virtio.config, mac, sizeof(mac));
    return true;
}

static bool set_vlan(VirtioNet *n, const VirtRequest *req, uint8_t cmd)
{
    uint8_t raw[2];
    if (cmd > VIRTIO_NET_CTRL_VLAN_DEL || !command_data(n, req, 0, raw, sizeof(raw)) ||
        bytes_get16(raw) >= VIRTIO_NET_VLANS) {
        return false;
    }
    unsigned id = bytes_get16(raw);
    uint8_t bit = (uint8_t)(1u << id % 8);
    if (cmd == VIRTIO_NET_CTRL_VLAN_ADD) {
        n->filter.vlans[id / 8] |= bit;
    } else {
        n->filter.vlans[id / 8] &= (uint8_t)~bit;
    }
    return true;
}

static bool set_pairs(VirtioNet *n, const VirtRequest *req, uint8_t cmd)
{
    uint8_t raw[2];
    if (cmd != VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET || !command_data(n, req, 0, raw, sizeof(raw)) ||
        bytes_get16(raw) < 1 || bytes_get16(raw) > n->max_pairs) {
        return false;
    }
    n->pairs = bytes_get16(raw);
    return true;
}

static bool set_offloads(VirtioNet *n, const VirtRequest *req, uint8_t cmd)
{
    uint8_t raw[8];
    if (cmd != VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET || !command_data(n, req, 0, raw, sizeof(raw)) ||
        (bytes_get64(raw) & ~(GUEST_OFFLOADS & n->vp.virtio.accepted)) != 0) {
        return false;
    }
    n->guest_offloads = bytes_get64(raw);
    virtio_net_apply_offloads(n);
    return true;
}

static bool obey(VirtioNet *n, const VirtRequest *req, const struct virtio_net_ctrl_hdr *h)
{
    static const struct {
        unsigned feature; /* without which the class does not exist */
        bool (*set)(VirtioNet *n, const VirtRequest *req, uint8_t cmd);
    } classes[] = {
        [VIRTIO_NET_CTRL_RX] = {VIRTIO_NET_F_CTRL_RX, set_rx_mode},
        [VIRTIO_NET_CTRL_MAC] = {VIRTIO_NET_F_CTRL_VQ, set_mac},
        [VIRTIO_NET_CTRL_VLAN] = {VIRTIO_NET_F_CTRL_VLAN, set_vlan},
        [VIRTIO_NET_CTRL_MQ] = {VIRTIO_NET_F_MQ, set_pairs},
        [VIRTIO_NET_CTRL_GUEST_OFFLOADS] = {VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, set_offloads},
    };
    return h->class < G_N_ELEMENTS(classes) && classes[h->class].set &&
           virtio_has_feature(&n->vp.virtio, classes[h->class].feature) &&
           classes[h->class].set(n, req, h->cmd);
}

uint32_t virtio_net_command(void *opaque, unsigned q, const VirtRequest *req)
{
    VirtioNet *n = opaque;
    VirtioDevice *v = &n->vp.virtio;
    struct virtio_net_ctrl_hdr h;
    if (!virt_request_read(req, &v->mem, 0, &h, sizeof(h)) || req->in_len < 1) {
        virtio_fail(v, "net-command");
        return 0;
    }
    uint8_t ack = obey(n, req, &h) ? VIRTIO_NET_OK : VIRTIO_NET_ERR;
    trace_event(v->trace, TRACE_VIRTIO, "virtio_net dev=%s class=%u command=%u ack=%u", v->name,
                h.class, h.cmd, ack);
    return virt_request_write(req, &v->mem, 0, &ack, 1) ? 1 : 0;
}
