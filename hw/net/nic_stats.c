/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See nic_stats.h. */
#include "hw/net/nic_stats.h"

#include "base/bytes.h"
#include "hw/net/nic.h"

void nic_count(RegFile *regs, uint32_t stat)
{
    uint32_t value = (uint32_t)regfile_get(regs, stat);
    regfile_set(regs, stat, value == UINT32_MAX ? value : value + 1); /* it sticks there */
}

static void count_octets(RegFile *regs, uint32_t low, uint64_t by)
{
    uint64_t all = (regfile_get(regs, low + 4) << 32 | regfile_get(regs, low)) + by;
    regfile_set(regs, low, (uint32_t)all);
    regfile_set(regs, low + 4, all >> 32);
}

static void count_size(RegFile *regs, uint32_t first, size_t len)
{
    static const uint16_t limits[] = {64, 127, 255, 511, 1023};
    uint32_t i = 0;
    while (i < G_N_ELEMENTS(limits) && len > limits[i]) {
        i++;
    }
    nic_count(regs, first + 4 * i);
}

static void count_group(RegFile *regs, const uint8_t *frame, uint32_t broadcast, uint32_t multicast)
{
    if (frame[0] & 1) {
        nic_count(regs, bytes_get32(frame) == 0xffffffff ? broadcast : multicast);
    }
}

void nic_count_received(RegFile *regs, const NetFrame *frame)
{
    size_t len = MAX(frame->len, NIC_MIN_FRAME) + NIC_FCS;
    nic_count(regs, NIC_GPRC);
    nic_count(regs, NIC_TPR);
    count_octets(regs, NIC_GORCL, len);
    count_octets(regs, NIC_TORL, len);
    count_size(regs, NIC_PRC64, len);
    count_group(regs, frame->data, NIC_BPRC, NIC_MPRC);
}

void nic_count_sent(RegFile *regs, const uint8_t *frame, size_t len, bool segmented)
{
    nic_count(regs, NIC_GPTC);
    nic_count(regs, NIC_TPT);
    count_octets(regs, NIC_GOTCL, len + NIC_FCS);
    count_octets(regs, NIC_TOTL, len + NIC_FCS);
    count_size(regs, NIC_PTC64, len + NIC_FCS);
    count_group(regs, frame, NIC_BPTC, NIC_MPTC);
    if (segmented) {
        nic_count(regs, NIC_TSCTC);
    }
}
