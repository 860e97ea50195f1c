/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that are sent: how descriptors put one together, and its offloads (8254x manual, 3.3
 * to 3.5; 82574L data sheet, 7.2): the IP header's checksum and VLAN tags are done here, those of
 * TCP and UDP and segmentation by the netdev, which may not need them done. What a descriptor asks
 * for beyond its frame is not done. Left out: segmentation of UDP, SCTP's sum.
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/net/nic.h"

#define IP4_LEN  2 /* in the header */
#define IP6_LEN  4
#define IP6_SIZE 40

const StateField nic_offload_state[] = {
    STATE_FIELD(STATE_UINT8, NicOffload, ip_sum),
    STATE_FIELD(STATE_UINT8, NicOffload, transport_sum),
    STATE_FIELD(STATE_UINT8, NicOffload, segment),
    STATE_FIELD(STATE_UINT8, NicOffload, is_v4),
    STATE_FIELD(STATE_UINT8, NicOffload, is_tcp),
    STATE_FIELD(STATE_UINT8, NicOffload, insert_vlan),
    STATE_FIELD(STATE_UINT16, NicOffload, vlan_type),
    STATE_FIELD(STATE_UINT16, NicOffload, vlan_tag),
    STATE_FIELD(STATE_UINT16, NicOffload, ip_at),
    STATE_FIELD(STATE_UINT16, NicOffload, ip_sum_at),
    STATE_FIELD(STATE_UINT16, NicOffload, ip_end),
    STATE_FIELD(STATE_UINT16, NicOffload, transport_at),
    STATE_FIELD(STATE_UINT16, NicOffload, transport_sum_at),
    STATE_FIELD(STATE_UINT16, NicOffload, transport_end),
    STATE_FIELD(STATE_UINT16, NicOffload, header_len),
    STATE_FIELD(STATE_UINT16, NicOffload, segment_size),
    STATE_END,
};

/* The end of what is summed; false if it is not within the frame. */
static bool tx_sum_range(size_t len, uint16_t start, uint16_t at, uint16_t last, size_t *end)
{
    *end = last ? (size_t)last + 1 : len;
    return *end <= len && start < *end && (size_t)at + 2 <= *end && at >= start;
}

/* A driver leaves the length of a packet that is to be cut out of its header. */
static void tx_set_ip_length(uint8_t *frame, size_t len, const NicOffload *o)
{
    size_t size = len - o->ip_at;
    if (o->is_v4) {
        bytes_put16_be(frame + o->ip_at + IP4_LEN, (uint16_t)size);
    } else {
        bytes_put16_be(frame + o->ip_at + IP6_LEN, (uint16_t)(size - IP6_SIZE));
    }
}

static size_t tx_insert_vlan(uint8_t *frame, size_t len, const NicOffload *o)
{
    memmove(frame + NIC_VLAN_AT + NIC_VLAN_TAG, frame + NIC_VLAN_AT, len - NIC_VLAN_AT);
    bytes_put16_be(frame + NIC_VLAN_AT, o->vlan_type);
    bytes_put16_be(frame + NIC_VLAN_AT + 2, o->vlan_tag);
    return len + NIC_VLAN_TAG;
}

/* Segments have new sums in any case. */
static bool tx_asks_netdev_for_segments(const NicOffload *o, size_t len)
{
    return o->segment && o->is_tcp && o->segment_size > 0 && (size_t)o->ip_at + IP6_SIZE <= len &&
           len <= o->ip_at + (size_t)NET_IP_MAX && len > o->header_len;
}

static NetFrame tx_offload(uint8_t *frame, size_t len, const NicOffload *o)
{
    NetFrame out = {.data = frame};
    size_t end;
    if (tx_asks_netdev_for_segments(o, len)) {
        tx_set_ip_length(frame, len, o);
        out.gso = o->is_v4 ? NET_GSO_TCP4 : NET_GSO_TCP6;
        out.gso_size = o->segment_size;
        out.header_len = o->header_len;
    } else {
        if (o->ip_sum && tx_sum_range(len, o->ip_at, o->ip_sum_at, o->ip_end, &end)) {
            net_store_sum(frame, o->ip_at, end, o->ip_sum_at);
        }
        if (o->transport_sum &&
            tx_sum_range(len, o->transport_at, o->transport_sum_at, o->transport_end, &end)) {
            out.needs_csum = end == len;
            out.csum_start = o->transport_at;
            out.csum_offset = (uint16_t)(o->transport_sum_at - o->transport_at);
            if (end < len) {
                net_store_sum(frame, o->transport_at, end, o->transport_sum_at);
            }
        }
    }
    if (o->insert_vlan && len >= NET_HEADER_SIZE) {
        len = tx_insert_vlan(frame, len, o);
        out.csum_start = (uint16_t)(out.csum_start + NIC_VLAN_TAG);
        out.header_len = (uint16_t)(out.header_len + NIC_VLAN_TAG);
    }
    out.len = len;
    return out;
}

static size_t nic_tx_bytes(const void *tx)
{
    return ((const NicTx *)tx)->frame ? NIC_TX_BYTES : 0;
}

const StateField nic_tx_state[] = {
    STATE_BYTES_PTR(NicTx, frame, nic_tx_bytes),
    STATE_FIELD_MAX(STATE_UINT32, NicTx, len, NET_FRAME_MAX),
    STATE_FIELD(STATE_UINT8, NicTx, lost),
    STATE_STRUCTS(NicTx, offload, 1, NicOffload, nic_offload_state),
    STATE_END,
};

void nic_tx_init(NicTx *tx)
{
    tx->frame = g_malloc0(NIC_TX_BYTES);
}

void nic_tx_free(NicTx *tx)
{
    g_clear_pointer(&tx->frame, g_free);
}

void nic_tx_begin(NicTx *tx)
{
    tx->len = 0;
    tx->lost = false;
    tx->offload = (NicOffload){0};
}

void nic_tx_add(NicTx *tx, PciDevice *owner, uint64_t address, uint32_t len)
{
    if (len > NET_FRAME_MAX - tx->len ||
        pci_dma_read(owner, address, tx->frame + tx->len, len) != MEM_OK) {
        tx->lost = true;
        return;
    }
    tx->len += len;
}

bool nic_tx_finish(NicTx *tx, bool pad, NetFrame *out)
{
    if (tx->lost || tx->len < NET_HEADER_SIZE) {
        return false;
    }
    if (pad && tx->len < NIC_MIN_FRAME) {
        memset(tx->frame + tx->len, 0, NIC_MIN_FRAME - tx->len);
        tx->len = NIC_MIN_FRAME;
    }
    *out = tx_offload(tx->frame, tx->len, &tx->offload);
    return true;
}
