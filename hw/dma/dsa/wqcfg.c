/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WQCFG (DSA 1.0, 9.2). Occupancy interrupts are not there, so that their fields are read-only. */
#include "hw/dma/dsa/wqcfg.h"

#define ENABLED (1u << 30)

DsaWqConfig dsa_wqcfg_decode(const uint32_t d[DSA_WQCFG_DWORDS])
{
    return (DsaWqConfig){
        .size = (uint16_t)d[0],
        .threshold = (uint16_t)d[1],
        .dedicated = d[2] & 1,
        .block_on_fault = d[2] >> 1 & 1,
        .ats_disable = d[2] >> 2 & 1,
        .priority = d[2] >> 4 & 0xf,
        .pasid = d[2] >> 8 & 0xfffff,
        .pasid_on = d[2] >> 28 & 1,
        .privileged = d[2] >> 29 & 1,
        .xfer_shift = d[3] & 0x1f,
        .batch_shift = d[3] >> 5 & 0xf,
    };
}

uint32_t dsa_wqcfg_writable(unsigned dword)
{
    static const uint32_t writable[DSA_WQCFG_DWORDS] = {0xffff, 0xffff, 0x3ffffff7, 0x1ff};
    return writable[dword];
}

uint32_t dsa_wqcfg_status(uint16_t occupancy, bool enabled)
{
    return occupancy | (enabled ? ENABLED : 0);
}
