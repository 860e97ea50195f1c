/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP segments that wait in a netdev's queue and follow each other go to a card that likes it as
 * one `gso` frame (NetFrame). Merged are segments of one connection with data, next in sequence,
 * whose headers say the same but for sequence number, length, identification, checksums and PSH:
 * nothing is lost, and the frame can be cut again to what it was. A segment shorter than the first
 * or with PSH is the last.
 */
#include <string.h>

#include "base/bytes.h"
#include "net/checksum.h"
#include "net/internal.h"

static bool is_plain_data(const NetBuf *buf, NetTcp *t)
{
    return net_find_tcp(buf->data, buf->len, t) && t->end > t->data &&
           (buf->data[t->tcp + NET_TCP_FLAGS] & ~NET_TCP_PSH) == NET_TCP_ACK_FLAG;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t from, size_t to)
{
    return memcmp(a + from, b + from, to - from) == 0;
}

/* All of the headers but what differs from segment to segment. */
static bool same_headers(const uint8_t *a, const uint8_t *b, const NetTcp *t)
{
    if (t->is_v6) {
        if (!same(a, b, 0, t->ip + NET_IP6_LEN) ||
            !same(a, b, t->ip + NET_IP6_PROTOCOL, t->tcp + NET_TCP_SEQ)) {
            return false;
        }
    } else if (!same(a, b, 0, t->ip + NET_IP4_LEN) ||
               !same(a, b, t->ip + NET_IP4_FRAGMENT, t->ip + NET_IP4_SUM) ||
               !same(a, b, t->ip + NET_IP4_ADDRS, t->tcp + NET_TCP_SEQ)) {
        return false;
    }
    return same(a, b, t->tcp + NET_TCP_ACK, t->tcp + NET_TCP_FLAGS) &&
           same(a, b, t->tcp + NET_TCP_WINDOW, t->tcp + NET_TCP_SUM) &&
           same(a, b, t->tcp + NET_TCP_SUM + 2, t->data);
}

static bool sum_is_right(const Netdev *nd, const NetBuf *buf, const NetTcp *t)
{
    if (nd->ops->sums_are_right) {
        return true;
    }
    uint32_t len = (uint32_t)(t->end - t->tcp);
    const uint8_t *tcp = buf->data + t->tcp;
    return net_sum_fold(net_sum_add(net_sum_pseudo(buf->data + t->ip, t->is_v6, NET_TCP, len), tcp,
                                    len)) == 0xffff;
}

/* The queue's next segment goes on where `seq` says, behind the headers of `first`. */
static bool goes_on(const Netdev *nd, const NetBuf *first, const NetTcp *t, const NetBuf *next,
                    NetTcp *n, uint32_t seq)
{
    return is_plain_data(next, n) && n->is_v6 == t->is_v6 && n->data == t->data &&
           bytes_get32_be(next->data + n->tcp + NET_TCP_SEQ) == seq &&
           n->end - n->data <= t->end - t->data && same_headers(first->data, next->data, t) &&
           sum_is_right(nd, next, n);
}

static void finish_merged(uint8_t *frame, const NetTcp *t, size_t len)
{
    uint8_t *ip = frame + t->ip, *tcp = frame + t->tcp;
    if (t->is_v6) {
        bytes_put16_be(ip + NET_IP6_LEN, (uint16_t)(len - t->tcp));
    } else {
        bytes_put16_be(ip + NET_IP4_LEN, (uint16_t)(len - t->ip));
        bytes_put16(ip + NET_IP4_SUM, 0);
        bytes_put16(ip + NET_IP4_SUM, (uint16_t)~net_sum_fold(net_sum_add(0, ip, t->tcp - t->ip)));
    }
    bytes_put16(tcp + NET_TCP_SUM,
                net_sum_fold(net_sum_pseudo(ip, t->is_v6, NET_TCP, (uint32_t)(len - t->tcp))));
}

static NetFrame whole(const Netdev *nd, const NetBuf *buf)
{
    return (NetFrame){.data = buf->data, .len = buf->len, .sum_is_right = nd->ops->sums_are_right};
}

static NetFrame merge_frame(Netdev *nd, const NetBuf *first, const NetTcp *t, unsigned *count)
{
    size_t mss = t->end - t->data, len = t->end;
    uint32_t seq = bytes_get32_be(first->data + t->tcp + NET_TCP_SEQ) + (uint32_t)mss;
    uint8_t *frame = nd->assembly;
    bool ended = (first->data[t->tcp + NET_TCP_FLAGS] & NET_TCP_PSH) != 0;
    memcpy(frame, first->data, len);
    for (GList *l = nd->queue.head->next; l && !ended; l = l->next) {
        const NetBuf *next = l->data;
        NetTcp n;
        if (len + mss > t->ip + NET_IP_MAX || !goes_on(nd, first, t, next, &n, seq)) {
            break;
        }
        size_t part = n.end - n.data;
        memcpy(frame + len, next->data + n.data, part);
        len += part;
        seq += (uint32_t)part;
        frame[t->tcp + NET_TCP_FLAGS] |= next->data[n.tcp + NET_TCP_FLAGS];
        ended = part < mss || (next->data[n.tcp + NET_TCP_FLAGS] & NET_TCP_PSH) != 0;
        ++*count;
    }
    if (*count == 1) {
        return whole(nd, first);
    }
    finish_merged(frame, t, len);
    return (NetFrame){
        .data = frame,
        .len = len,
        .needs_csum = true,
        .csum_start = (uint16_t)t->tcp,
        .csum_offset = NET_TCP_SUM,
        .gso = t->is_v6 ? NET_GSO_TCP6 : NET_GSO_TCP4,
        .gso_size = (uint16_t)mss,
        .header_len = (uint16_t)t->data,
    };
}

static bool may_merge(const Netdev *nd, const NetBuf *first, NetTcp *t)
{
    return nd->merging && nd->queue.length > 1 && is_plain_data(first, t) &&
           (nd->merging & (t->is_v6 ? 1u << NET_GSO_TCP6 : 1u << NET_GSO_TCP4)) != 0 &&
           sum_is_right(nd, first, t);
}

NetFrame netdev_next_frame(Netdev *nd, unsigned *count)
{
    const NetBuf *first = g_queue_peek_head(&nd->queue);
    NetTcp t;
    *count = 1;
    if (may_merge(nd, first, &t)) {
        return merge_frame(nd, first, &t, count);
    }
    return whole(nd, first);
}
