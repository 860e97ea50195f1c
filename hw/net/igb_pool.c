/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pools a frame is for (82576, 7.10.3): by the address's pools in RAH, for groups by what
 * each pool's VMOLR asks for, and within a VLAN by those of its VLVF entry; of one that a pool
 * sends, too. Left out: mirroring, anti-spoofing.
 */
#include <string.h>

#include "base/bytes.h"
#include "hw/net/igb_internal.h"

bool igb_has_pools(const Igb *n)
{
    unsigned mode = MRQC_MODE(igb_reg(n, IGB_MRQC));
    return mode == MRQC_POOLS || mode == MRQC_POOLS_RSS;
}

static uint8_t pools_with(const Igb *n, uint32_t bits)
{
    uint8_t pools = 0;
    for (unsigned i = 0; i < IGB_POOLS; i++) {
        pools |= n->vmolr[i] & bits ? (uint8_t)(1u << i) : 0;
    }
    return pools;
}

static uint8_t pools_by_address(const Igb *n, const uint8_t *frame)
{
    int at = nic_filter_find(&n->filter, IGB_ADDRESSES, frame);
    uint8_t pools = at < 0 ? 0 : RAH_POOLS(n->filter.ra[2 * at + 1]);
    if ((frame[0] & 1) == 0) {
        return pools;
    }
    if (bytes_get32(frame) == 0xffffffff && bytes_get16(frame + 4) == 0xffff) {
        return pools | pools_with(n, VMOLR_BAM);
    }
    pools |= pools_with(n, VMOLR_MPE);
    if (nic_filter_has_multicast(&n->filter, igb_reg(n, IGB_RCTL), frame)) {
        pools |= pools_with(n, VMOLR_ROMPE);
    }
    return pools;
}

static uint8_t pools_by_vlan(const Igb *n, const NetFrame *frame)
{
    uint16_t type = (uint16_t)igb_reg(n, IGB_VET);
    if (!nic_rx_is_tagged(frame, type)) {
        return 0xff;
    }
    uint16_t id = nic_rx_tag(frame) & 0xfff;
    for (unsigned i = 0; i < G_N_ELEMENTS(n->vlvf); i++) {
        if ((n->vlvf[i] & VLVF_ENABLE) && (n->vlvf[i] & 0xfff) == id) {
            return VLVF_POOLS(n->vlvf[i]);
        }
    }
    return 0xff;
}

uint8_t igb_pools_of(const Igb *n, const NetFrame *frame)
{
    uint32_t vt = igb_reg(n, IGB_VT_CTL);
    uint8_t pools = pools_by_address(n, frame->data);
    if (pools == 0 && !(frame->data[0] & 1) && !(vt & VT_CTL_NO_POOL)) {
        pools = (uint8_t)(1u << VT_CTL_POOL(vt));
    }
    return pools & pools_by_vlan(n, frame) & (uint8_t)igb_reg(n, IGB_VFRE);
}

/* 7.10.3.4: what has an address of one of them does not go out, what is for a group does both. */
uint8_t igb_local_pools(const Igb *n, const NetFrame *frame, unsigned from, bool *out)
{
    uint32_t control = igb_reg(n, IGB_DTXSWC);
    *out = true;
    if (!(control & DTXSWC_LOOPBACK) || !igb_has_pools(n)) {
        return 0;
    }
    uint8_t pools = pools_by_address(n, frame->data) & pools_by_vlan(n, frame);
    uint8_t sender = (uint8_t)(1u << from) & (uint8_t)~DTXSWC_LLE(control);
    *out = pools == 0 || (frame->data[0] & 1);
    return pools & (uint8_t)~sender & (uint8_t)igb_reg(n, IGB_VFRE);
}
