/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the guest virtual APIC log: a ring of 8-byte entries in memory, which says by its tag
 * which guest that does not run was posted an interrupt (2.7). The tail is written to memory, too,
 * where software asked for that. A unit without EFR.GAMSup has
 * none of its registers.
 */
#include "hw/i386/iommu/amd/galog.h"

#include "hw/i386/iommu/amd/regs.h"
#include "hw/i386/iommu/amd/ring.h"

#define ENTRY_BYTES  8u
#define ENTRY_TAG    0, 32
#define ENTRY_DEVICE 32, 16
#define ENTRY_CODE   60, 4
#define CODE_GUEST   1 /* GUEST_NR */

static const AmdviRing guest_ring = {.base = AMDVI_GALOG_BASE,
                                     .head = AMDVI_GALOG_HEAD,
                                     .tail = AMDVI_GALOG_TAIL,
                                     .enable = AMDVI_CTL_GALOG_EN,
                                     .run = AMDVI_ST_GALOG_RUN,
                                     .overflow = AMDVI_ST_GALOG_OVERFLOW,
                                     .interrupt = AMDVI_ST_GALOG_INT};

void amdvi_galog_update(AmdviGaLog *log)
{
    amdvi_ring_update(log->regs, &guest_ring);
}

bool amdvi_galog_append(AmdviGaLog *log, uint32_t tag, uint16_t device_id)
{
    const uint64_t entry = field_put(tag, ENTRY_TAG) | field_put(device_id, ENTRY_DEVICE) |
                           field_put(CODE_GUEST, ENTRY_CODE);
    uint64_t at;
    bool logged = amdvi_ring_advance(log->regs, &guest_ring, ENTRY_BYTES, &at);
    amdvi_signals_update(log->signals);
    if (logged) {
        uint64_t tail = regfile_get(log->regs, AMDVI_GALOG_TAIL);
        amdvi_ring_store(log->memory, log->own, at, &entry, ENTRY_BYTES);
        amdvi_ring_store(log->memory, log->own, regfile_get(log->regs, AMDVI_GALOG_TAILAT), &tail,
                         ENTRY_BYTES);
    }
    return logged;
}
