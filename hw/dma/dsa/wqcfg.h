/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A work queue's configuration, WQCFG: 32 bytes. */
#ifndef HW_DMA_DSA_WQCFG_H
#define HW_DMA_DSA_WQCFG_H

#include <inttypes.h>
#include <stdbool.h>

#define DSA_WQCFG_DWORDS 8u

typedef struct {
    uint16_t size, threshold;
    bool dedicated, block_on_fault, ats_disable, pasid_on, privileged;
    uint8_t priority;
    uint32_t pasid;
    uint8_t xfer_shift, batch_shift;
} DsaWqConfig;

DsaWqConfig dsa_wqcfg_decode(const uint32_t dwords[DSA_WQCFG_DWORDS]);
/* The bits of a dword that software may write. */
uint32_t dsa_wqcfg_writable(unsigned dword);
/* The dword that tells what the queue is at; the others are as they were written. */
#define DSA_WQCFG_STATUS 6u
uint32_t dsa_wqcfg_status(uint16_t occupancy, bool enabled);

#endif
