/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cards promise and somebody has to do: checksums, and the cutting of large TCP segments into
 * those that fit the wire (NetFrame). A frame that asks for what its bytes do not bear out is sent
 * as it is: its receiver will not like it, as on a wire.
 */
#include <string.h>

#include "base/bytes.h"
#include "net/checksum.h"
#include "net/internal.h"

static bool csum_fits(const NetFrame *f)
{
    return f->csum_start <= f->len && f->csum_offset <= f->len - f->csum_start &&
           f->len - f->csum_start - f->csum_offset >= 2;
}

/* The field has the pseudo header's sum in it. A sum of 0 is sent as it is: only UDP has a meaning
 * of its own for that, and the other form of 0 serves all. */
static void fill_csum(const NetFrame *f, uint8_t *data)
{
    uint64_t sum = net_sum_add(0, data + f->csum_start, f->len - f->csum_start);
    uint16_t field = (uint16_t)~net_sum_fold(sum);
    bytes_put16(data + f->csum_start + f->csum_offset, field ? field : 0xffff);
}

static bool may_cut(const NetFrame *f, NetTcp *t)
{
    return f->gso && f->gso_size > 0 && net_find_tcp(f->data, f->len, t) &&
           t->is_v6 == (f->gso == NET_GSO_TCP6);
}

/* IP length, IPv4 identification and checksum of piece `n`, then TCP's sequence number, flags and
 * checksum. */
static void finish_piece(uint8_t *frame, size_t len, const NetTcp *t, unsigned n, uint32_t done,
                         bool last)
{
    uint8_t *ip = frame + t->ip, *tcp = frame + t->tcp;
    uint32_t tcp_len = (uint32_t)(len - t->tcp);
    if (t->is_v6) {
        bytes_put16_be(ip + NET_IP6_LEN, (uint16_t)(len - t->tcp));
    } else {
        uint16_t id = (uint16_t)(ip[NET_IP4_ID] << 8 | ip[NET_IP4_ID + 1]);
        bytes_put16_be(ip + NET_IP4_LEN, (uint16_t)(len - t->ip));
        bytes_put16_be(ip + NET_IP4_ID, (uint16_t)(id + n));
        bytes_put16(ip + NET_IP4_SUM, 0);
        bytes_put16(ip + NET_IP4_SUM, (uint16_t)~net_sum_fold(net_sum_add(0, ip, t->tcp - t->ip)));
    }
    bytes_put32_be(tcp + NET_TCP_SEQ, bytes_get32_be(tcp + NET_TCP_SEQ) + done);
    if (!last) {
        tcp[NET_TCP_FLAGS] &= (uint8_t) ~(NET_TCP_FIN | NET_TCP_PSH);
    }
    if (n > 0) { /* the window was reduced once (RFC 3168, 6.1.2) */
        tcp[NET_TCP_FLAGS] &= (uint8_t)~NET_TCP_CWR;
    }
    bytes_put16(tcp + NET_TCP_SUM, 0);
    uint64_t sum = net_sum_add(net_sum_pseudo(ip, t->is_v6, NET_TCP, tcp_len), tcp, tcp_len);
    bytes_put16(tcp + NET_TCP_SUM, (uint16_t)~net_sum_fold(sum));
}

/* What a frame, or a piece of one, is put together for. */
typedef struct {
    uint8_t *room;
    NetPlain plain;
    void *opaque;
} OffloadTo;

static void offload_cut(const NetFrame *f, const NetTcp *t, size_t step, const OffloadTo *to)
{
    uint32_t done = 0, total = (uint32_t)(t->end - t->data);
    for (unsigned n = 0; n == 0 || done < total; n++) {
        uint32_t part = (uint32_t)MIN(step, total - done);
        memcpy(to->room, f->data, t->data);
        memcpy(to->room + t->data, f->data + t->data + done, part);
        finish_piece(to->room, t->data + part, t, n, done, done + part == total);
        to->plain(to->opaque, to->room, t->data + part);
        done += part;
    }
}

void net_frame_finish(const NetFrame *f, bool large, uint8_t *room, NetPlain plain, void *opaque)
{
    NetTcp t;
    if (may_cut(f, &t)) {
        offload_cut(f, &t, large ? NET_IP_MAX : f->gso_size, &(OffloadTo){room, plain, opaque});
        return;
    }
    memcpy(room, f->data, f->len);
    if (f->needs_csum && csum_fits(f)) {
        fill_csum(f, room);
    }
    plain(opaque, room, f->len);
}

static void offload_send(void *opaque, const uint8_t *frame, size_t len)
{
    netdev_send_plain(opaque, frame, len);
}

void netdev_send_offloaded(Netdev *nd, const NetFrame *f)
{
    net_frame_finish(f, nd->ops->takes_large, nd->assembly, offload_send, nd);
}
