/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is made of a received frame (82574L data sheet, 7.1): the tag taken out, the check sequence
 * put behind, short frames as long as on a wire, checksums looked at; and receive-side scaling's
 * hash (7.1.8).
 */
#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "hw/net/nic.h"

#define IP4_SOURCE  12
#define IP6_SOURCE  8
#define PORTS       4 /* bytes */
#define MOST_HASHED (2 * 16 + PORTS)

static uint16_t rx_get16_be(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

bool nic_rx_is_tagged(const NetFrame *frame, uint16_t vlan_type)
{
    return frame->len >= NET_HEADER_SIZE + NIC_VLAN_TAG &&
           rx_get16_be(frame->data + NIC_VLAN_AT) == vlan_type;
}

uint16_t nic_rx_tag(const NetFrame *frame)
{
    return rx_get16_be(frame->data + NIC_VLAN_AT + 2);
}

static void rx_look_at_sums(NicReceived *r, const NetFrame *frame)
{
    r->packet = net_packet_parse(frame->data, frame->len);
    r->ip_sum = net_packet_ip_sum(frame->data, &r->packet);
    if (frame->sum_is_right && r->packet.has_ports) {
        r->transport_sum = NET_SUM_RIGHT;
    } else {
        r->transport_sum = net_packet_transport_sum(frame->data, &r->packet);
    }
}

NicReceived nic_rx_prepare(const NetFrame *frame, const NicRxMode *mode, uint8_t *room)
{
    NicReceived r = {.data = frame->data, .len = (uint32_t)frame->len};
    rx_look_at_sums(&r, frame);
    r.has_vlan = mode->strip_vlan && nic_rx_is_tagged(frame, mode->vlan_type);
    if (!r.has_vlan && mode->strip_fcs && r.len >= NIC_MIN_FRAME) {
        return r;
    }
    memcpy(room, frame->data, r.len);
    if (r.has_vlan) {
        r.vlan_tag = nic_rx_tag(frame);
        r.len -= NIC_VLAN_TAG;
        memmove(room + NIC_VLAN_AT, room + NIC_VLAN_AT + NIC_VLAN_TAG, r.len - NIC_VLAN_AT);
    }
    if (r.len < NIC_MIN_FRAME) {
        memset(room + r.len, 0, NIC_MIN_FRAME - r.len);
        r.len = NIC_MIN_FRAME;
    }
    if (!mode->strip_fcs) {
        bytes_put32(room + r.len, (uint32_t)crc32_z(0, room, r.len));
        r.len += NIC_FCS;
    }
    r.data = room;
    return r;
}

/* Toeplitz: for each bit that is set, from the first one's highest on, the 32 bits of the key that
 * begin there. */
static uint32_t rx_toeplitz(const uint32_t key[NIC_RSS_KEY_WORDS], const uint8_t *input, size_t len)
{
    uint8_t bytes[NIC_RSS_KEY_WORDS * 4];
    for (unsigned i = 0; i < NIC_RSS_KEY_WORDS; i++) {
        bytes_put32(bytes + 4 * i, key[i]);
    }
    uint32_t hash = 0, window = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                                (uint32_t)bytes[2] << 8 | bytes[3];
    for (size_t i = 0; i < 8 * len; i++) {
        if (input[i / 8] & 0x80 >> i % 8) {
            hash ^= window;
        }
        size_t next = i + 32;
        bool bit = next < 8 * sizeof(bytes) && (bytes[next / 8] & 0x80 >> next % 8);
        window = window << 1 | bit;
    }
    return hash;
}

NicRssType nic_rss_hash(const uint32_t key[NIC_RSS_KEY_WORDS], uint32_t types, const uint8_t *frame,
                        const NetPacket *p, uint32_t *hash)
{
    uint8_t input[MOST_HASHED];
    bool v4 = p->version == 4, tcp = p->has_ports && p->protocol == NET_PROTOCOL_TCP;
    size_t len = v4 ? 8 : 32;
    NicRssType with_ports = v4 ? NIC_RSS_TCP4 : NIC_RSS_TCP6,
               without = v4 ? NIC_RSS_IP4 : NIC_RSS_IP6;
    *hash = 0;
    if (p->version == 0) {
        return NIC_RSS_NONE;
    }
    memcpy(input, frame + p->ip + (v4 ? IP4_SOURCE : IP6_SOURCE), len);
    if (tcp && (types & 1u << with_ports)) {
        memcpy(input + len, frame + p->transport, PORTS);
        *hash = rx_toeplitz(key, input, len + PORTS);
        return with_ports;
    }
    if ((types & 1u << without) == 0) {
        return NIC_RSS_NONE;
    }
    *hash = rx_toeplitz(key, input, len);
    return without;
}
