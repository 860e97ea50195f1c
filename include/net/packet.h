/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cards see in an Ethernet frame: where its IP and transport headers are, and whether their
 * checksums are right (RFC 791, 768, 8200, 9293). At most one VLAN tag, no IPv6 extension headers.
 */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_PROTOCOL_TCP 6
#define NET_PROTOCOL_UDP 17

typedef enum { NET_SUM_NONE, NET_SUM_RIGHT, NET_SUM_WRONG } NetSum;

/* Offsets; `end` is without what pads a short frame. */
typedef struct {
    uint8_t version; /* of IP: 4, 6, or 0 for neither */
    uint8_t protocol;
    bool fragment;  /* its first or another: what is in it is not looked at */
    bool has_ports; /* TCP or UDP, and its header is there */
    uint16_t ip, transport, data;
    uint32_t end;
} NetPacket;

NetPacket net_packet_parse(const uint8_t *frame, size_t len);
/* IPv4 has one. */
NetSum net_packet_ip_sum(const uint8_t *frame, const NetPacket *p);
/* TCP has one, and UDP unless it is 0 over IPv4. */
NetSum net_packet_transport_sum(const uint8_t *frame, const NetPacket *p);

/* The one's complement sum of these bytes, as two bytes of memory have it. */
uint16_t net_sum(const uint8_t *data, size_t len);
/* Stores the Internet checksum of [from, to) at `at`, over what is there: zero, or a pseudo
 * header's sum. All of that has to be in the frame. */
void net_store_sum(uint8_t *frame, size_t from, size_t to, size_t at);

#endif
