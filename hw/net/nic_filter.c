/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames are received (8254x manual, 3.2.1 and 13.4.22; 82574L data sheet, 7.1.1): addresses
 * by RAL and RAH, a hash for multicasts, a bit for each VLAN. */
#include <string.h>

#include "base/bytes.h"
#include "hw/net/nic.h"

#define RCTL_UPE       0x8u
#define RCTL_MPE       0x10u
#define RCTL_BAM       0x8000u
#define RCTL_MO(rctl_) ((rctl_) >> 12 & 3)
#define RAH_AV         0x80000000u
#define RAH_SOURCE     0x00010000u /* AS: of the source, which nobody asks for */

const StateField nic_filter_state[] = {
    STATE_ARRAY(STATE_UINT32, NicFilter, ra, 2 * NIC_ADDRESSES),
    STATE_ARRAY(STATE_UINT32, NicFilter, mta, NIC_MTA_WORDS),
    STATE_ARRAY(STATE_UINT32, NicFilter, vfta, NIC_VFTA_WORDS),
    STATE_END,
};

void nic_filter_reset(NicFilter *f, const uint8_t mac[NET_MAC_SIZE])
{
    memset(f, 0, sizeof(*f));
    f->ra[0] = bytes_get32(mac);
    f->ra[1] = bytes_get16(mac + 4) | RAH_AV;
}

int nic_filter_find(const NicFilter *f, unsigned addresses, const uint8_t *frame)
{
    uint32_t low = bytes_get32(frame), high = bytes_get16(frame + 4);
    for (unsigned i = 0; i < addresses; i++) {
        uint32_t rah = f->ra[2 * i + 1];
        if ((rah & (RAH_AV | RAH_SOURCE)) == RAH_AV && f->ra[2 * i] == low &&
            (rah & 0xffff) == high) {
            return (int)i;
        }
    }
    return -1;
}

/* 12 bits of the address's last two bytes. */
bool nic_filter_has_multicast(const NicFilter *f, uint32_t rctl, const uint8_t *frame)
{
    static const uint8_t shifts[] = {4, 3, 2, 0};
    unsigned hash = bytes_get16(frame + 4) >> shifts[RCTL_MO(rctl)] & 0xfff;
    return f->mta[hash / 32] >> hash % 32 & 1;
}

bool nic_filter_accepts(const NicFilter *f, uint32_t rctl, unsigned addresses, const uint8_t *frame)
{
    static const uint8_t broadcast[NET_MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    bool multicast = frame[0] & 1;
    if ((rctl & (multicast ? RCTL_MPE : RCTL_UPE)) != 0) {
        return true;
    }
    if ((rctl & RCTL_BAM) && memcmp(frame, broadcast, NET_MAC_SIZE) == 0) {
        return true;
    }
    return nic_filter_find(f, addresses, frame) >= 0 ||
           (multicast && nic_filter_has_multicast(f, rctl, frame));
}

bool nic_filter_accepts_vlan(const NicFilter *f, uint16_t id)
{
    return f->vfta[(id & 0xfff) / 32] >> id % 32 & 1;
}
