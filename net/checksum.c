/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum and the finding of TCP segments (checksum.h). */
#include "net/checksum.h"

#include "base/bytes.h"
#include "net/net.h"

#define UDP       17
#define PORTS     4 /* bytes of them, in front of TCP and UDP alike */
#define TYPE_AT   12
#define TYPE_VLAN 0x8100
#define TYPE_IP4  0x0800
#define TYPE_IP6  0x86dd
#define VLAN_SIZE 4
#define FRAGMENT  0x3fff /* more fragments, and the offset */

/* The sum is the same in either byte order but for a swap at the end (RFC 1071, 2): the host's, 32
 * bits at a time. */
uint64_t net_sum_add(uint64_t sum, const void *data, size_t len)
{
    const uint8_t *p = data;
    for (; len >= 16; p += 16, len -= 16) {
        sum += (uint64_t)bytes_get32(p) + bytes_get32(p + 4) + bytes_get32(p + 8) +
               bytes_get32(p + 12);
    }
    for (; len >= 2; p += 2, len -= 2) {
        sum += bytes_get16(p);
    }
    return len ? sum + *p : sum;
}

uint16_t net_sum_fold(uint64_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

uint64_t net_sum_pseudo(const uint8_t *ip, bool is_v6, uint8_t protocol, uint32_t len)
{
    uint8_t rest[8] = {0};
    bytes_put32_be(rest, len);
    rest[7] = protocol;
    uint64_t sum = net_sum_add(0, rest, sizeof(rest));
    return is_v6 ? net_sum_add(sum, ip + NET_IP6_ADDRS, 32)
                 : net_sum_add(sum, ip + NET_IP4_ADDRS, 8);
}

static uint16_t sum_get16_be(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

size_t net_find_ip(const uint8_t *frame, size_t len, unsigned *version)
{
    size_t at = NET_HEADER_SIZE;
    *version = 0;
    if (len < NET_HEADER_SIZE + VLAN_SIZE) {
        return at;
    }
    uint16_t type = sum_get16_be(frame + TYPE_AT);
    if (type == TYPE_VLAN) {
        type = sum_get16_be(frame + TYPE_AT + VLAN_SIZE);
        at += VLAN_SIZE;
    }
    if (type == TYPE_IP4 && len >= at + NET_IP4_SIZE && frame[at] >> 4 == 4) {
        *version = 4;
    } else if (type == TYPE_IP6 && len >= at + NET_IP6_SIZE && frame[at] >> 4 == 6) {
        *version = 6;
    }
    return at;
}

static bool find_in_ip4(const uint8_t *ip, NetTcp *t)
{
    size_t header = 4u * (ip[0] & 0xf);
    t->tcp = t->ip + header;
    t->end = t->ip + sum_get16_be(ip + NET_IP4_LEN);
    return header >= NET_IP4_SIZE && ip[NET_IP4_PROTOCOL] == NET_TCP &&
           (sum_get16_be(ip + NET_IP4_FRAGMENT) & FRAGMENT) == 0;
}

static bool find_in_ip6(const uint8_t *ip, NetTcp *t)
{
    t->is_v6 = true;
    t->tcp = t->ip + NET_IP6_SIZE;
    t->end = t->tcp + sum_get16_be(ip + NET_IP6_LEN);
    return ip[NET_IP6_PROTOCOL] == NET_TCP;
}

bool net_find_tcp(const uint8_t *frame, size_t len, NetTcp *t)
{
    unsigned version;
    *t = (NetTcp){.ip = net_find_ip(frame, len, &version)};
    bool is_tcp = version == 4   ? find_in_ip4(frame + t->ip, t)
                  : version == 6 ? find_in_ip6(frame + t->ip, t)
                                 : false;
    if (!is_tcp || t->end > len || t->tcp + NET_TCP_SIZE > t->end) {
        return false;
    }
    t->data = t->tcp + 4u * (frame[t->tcp + NET_TCP_OFFSET] >> 4);
    return t->data >= t->tcp + NET_TCP_SIZE && t->data <= t->end;
}

/* The sum of a one's complement addition is the same for both directions. */
uint32_t net_flow_hash(const uint8_t *frame, size_t len)
{
    unsigned version;
    size_t ip = net_find_ip(frame, len, &version);
    if (version == 0) {
        return 0;
    }
    bool is_v6 = version == 6;
    size_t ports = ip + (is_v6 ? NET_IP6_SIZE : 4u * (frame[ip] & 0xf));
    uint8_t protocol = frame[ip + (is_v6 ? NET_IP6_PROTOCOL : NET_IP4_PROTOCOL)];
    if ((protocol != NET_TCP && protocol != UDP) || ports + PORTS > len) {
        return 0;
    }
    uint64_t sum = is_v6 ? net_sum_add(0, frame + ip + NET_IP6_ADDRS, 32)
                         : net_sum_add(0, frame + ip + NET_IP4_ADDRS, 8);
    return net_sum_fold(net_sum_add(sum, frame + ports, PORTS));
}
