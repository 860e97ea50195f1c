/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors of frames to be sent (8254x manual, 3.3.3, 3.3.6 and 3.3.7; 82574, 7.2.10). */
#include "base/bytes.h"
#include "hw/net/e1000_internal.h"

static void e1000_decode_context(E1000TxDesc *d, const uint8_t *raw, uint32_t command)
{
    d->ip_start = raw[0];
    d->ip_sum_at = raw[1];
    d->ip_end = bytes_get16(raw + 2);
    d->transport_start = raw[4];
    d->transport_sum_at = raw[5];
    d->transport_end = bytes_get16(raw + 6);
    d->header_len = raw[13];
    d->segment_size = bytes_get16(raw + 14);
    d->is_tcp = command & TXD_CONTEXT_TCP;
    d->is_v4 = command & TXD_CONTEXT_IP;
}

E1000TxDesc e1000_tx_decode(const uint8_t raw[DESC_BYTES])
{
    uint32_t command = bytes_get32(raw + 8);
    E1000TxDesc d = {.address = bytes_load(raw, 8),
                     .len = TXD_LEN(command),
                     .eop = command & TXD_EOP,
                     .report = command & TXD_RS,
                     .delay = command & TXD_IDE,
                     .vlan = command & TXD_VLE,
                     .tag = bytes_get16(raw + 14)};
    if ((command & TXD_DEXT) == 0) {
        d.kind = E1000_TX_LEGACY;
        d.len = command & TXD_LEGACY_LEN;
        d.insert_sum = command & TXD_IC;
        d.sum_at = raw[10];
        d.sum_start = raw[13];
    } else if (TXD_TYPE(command) == TXD_CONTEXT) {
        d.kind = E1000_TX_CONTEXT;
        e1000_decode_context(&d, raw, command);
    } else if (TXD_TYPE(command) == TXD_DATA) {
        d.kind = E1000_TX_DATA;
        d.segment = command & TXD_TSE;
        d.ip_sum = raw[13] & TXD_POPTS_IXSM;
        d.transport_sum = raw[13] & TXD_POPTS_TXSM;
    } else {
        d.kind = E1000_TX_UNKNOWN;
    }
    return d;
}
