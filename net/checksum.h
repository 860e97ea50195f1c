/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071), and where things are in TCP/IP headers; private to net/. */
#ifndef NET_CHECKSUM_H
#define NET_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_TCP 6 /* protocol number */

/* Offsets in headers: RFC 791, 8200 and 9293. */
enum {
    NET_IP4_LEN = 2,
    NET_IP4_ID = 4,
    NET_IP4_FRAGMENT = 6,
    NET_IP4_PROTOCOL = 9,
    NET_IP4_SUM = 10,
    NET_IP4_ADDRS = 12,
    NET_IP4_SIZE = 20,
    NET_IP6_LEN = 4,
    NET_IP6_PROTOCOL = 6,
    NET_IP6_ADDRS = 8,
    NET_IP6_SIZE = 40,
    NET_TCP_SEQ = 4,
    NET_TCP_ACK = 8,
    NET_TCP_OFFSET = 12,
    NET_TCP_FLAGS = 13,
    NET_TCP_WINDOW = 14,
    NET_TCP_SUM = 16,
    NET_TCP_SIZE = 20,
};
enum { NET_TCP_FIN = 1, NET_TCP_PSH = 8, NET_TCP_ACK_FLAG = 16, NET_TCP_CWR = 128 };

/* Adds `len` bytes, the first at an even place, to a running sum. */
uint64_t net_sum_add(uint64_t sum, const void *data, size_t len);
/* The sum as 16 bits in the host's order, not yet complemented. */
uint16_t net_sum_fold(uint64_t sum);
/* Of addresses, protocol and the length of what is in the packet: for IPv4 or IPv6. */
uint64_t net_sum_pseudo(const uint8_t *ip, bool is_v6, uint8_t protocol, uint32_t len);

/* Where the IP header is: version 4 or 6 in *version, or 0. */
size_t net_find_ip(const uint8_t *frame, size_t len, unsigned *version);

/* Where the parts of a TCP segment in an Ethernet frame are; false if it is none (or a fragment, or
 * one with IPv6 extension headers). */
typedef struct {
    bool is_v6;
    size_t ip, tcp, data, end; /* offsets; `end` without what pads a short frame */
} NetTcp;
bool net_find_tcp(const uint8_t *frame, size_t len, NetTcp *t);

#endif
