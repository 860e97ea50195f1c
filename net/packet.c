/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cards see in a frame (packet.h). */
#include "net/packet.h"

#include "base/bytes.h"
#include "net/checksum.h"

#define UDP_SIZE     8
#define UDP_LEN      4
#define UDP_SUM      6
#define IP4_FRAGMENT 0x3fff /* more fragments, and the offset */

static uint16_t packet_get16_be(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static bool packet_find_ip4(const uint8_t *ip, NetPacket *p)
{
    uint16_t header = (uint16_t)(4 * (ip[0] & 0xf));
    p->transport = (uint16_t)(p->ip + header);
    p->end = p->ip + packet_get16_be(ip + NET_IP4_LEN);
    p->protocol = ip[NET_IP4_PROTOCOL];
    p->fragment = (packet_get16_be(ip + NET_IP4_FRAGMENT) & IP4_FRAGMENT) != 0;
    return header >= NET_IP4_SIZE && p->end >= p->transport;
}

static bool packet_find_ip6(const uint8_t *ip, NetPacket *p)
{
    p->transport = (uint16_t)(p->ip + NET_IP6_SIZE);
    p->end = p->transport + packet_get16_be(ip + NET_IP6_LEN);
    p->protocol = ip[NET_IP6_PROTOCOL];
    return true;
}

static void packet_find_ports(const uint8_t *frame, NetPacket *p)
{
    uint32_t size = p->protocol == NET_PROTOCOL_UDP ? UDP_SIZE : NET_TCP_SIZE;
    if ((p->protocol != NET_PROTOCOL_TCP && p->protocol != NET_PROTOCOL_UDP) || p->fragment ||
        p->transport + size > p->end) {
        return;
    }
    if (p->protocol == NET_PROTOCOL_TCP) {
        size = 4u * (frame[p->transport + NET_TCP_OFFSET] >> 4);
    }
    p->data = (uint16_t)(p->transport + size);
    p->has_ports = (p->protocol == NET_PROTOCOL_UDP || size >= NET_TCP_SIZE) && p->data <= p->end;
}

NetPacket net_packet_parse(const uint8_t *frame, size_t len)
{
    NetPacket p = {0};
    unsigned version;
    size_t ip = net_find_ip(frame, len, &version);
    p.ip = (uint16_t)ip;
    bool whole = version == 4   ? packet_find_ip4(frame + ip, &p)
                 : version == 6 ? packet_find_ip6(frame + ip, &p)
                                : false;
    if (!whole || p.end > len) {
        return (NetPacket){0};
    }
    p.version = (uint8_t)version;
    packet_find_ports(frame, &p);
    return p;
}

static NetSum packet_judge(uint64_t sum)
{
    return net_sum_fold(sum) == 0xffff ? NET_SUM_RIGHT : NET_SUM_WRONG;
}

NetSum net_packet_ip_sum(const uint8_t *frame, const NetPacket *p)
{
    return p->version == 4 ? packet_judge(net_sum_add(0, frame + p->ip, p->transport - p->ip))
                           : NET_SUM_NONE;
}

NetSum net_packet_transport_sum(const uint8_t *frame, const NetPacket *p)
{
    const uint8_t *at = frame + p->transport;
    uint32_t len = p->end - p->transport;
    if (!p->has_ports) {
        return NET_SUM_NONE;
    }
    if (p->protocol == NET_PROTOCOL_UDP) {
        uint16_t said = packet_get16_be(at + UDP_LEN);
        if (p->version == 4 && bytes_get16(at + UDP_SUM) == 0) {
            return NET_SUM_NONE;
        }
        if (said < UDP_SIZE || said > len) {
            return NET_SUM_WRONG;
        }
        len = said;
    }
    uint64_t sum = net_sum_pseudo(frame + p->ip, p->version == 6, p->protocol, len);
    return packet_judge(net_sum_add(sum, at, len));
}

uint16_t net_sum(const uint8_t *data, size_t len)
{
    return net_sum_fold(net_sum_add(0, data, len));
}

void net_store_sum(uint8_t *frame, size_t from, size_t to, size_t at)
{
    bytes_put16(frame + at, (uint16_t)~net_sum(frame + from, to - from));
}
