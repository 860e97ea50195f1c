/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the guest virtual APIC log: a ring of 8-byte entries in memory, which says by its tag
 * which guest that does not run was posted an interrupt (2.7). The tail is written to memory, too,
 * where software asked for that. It overflows as the event log does. A unit without EFR.GAMSup has
 * none of its registers.
 */
#include "hw/i386/iommu/amd/galog.h"

#include "hw/i386/iommu/amd/regs.h"

#define ENTRY_BYTES  8u
#define ENTRY_TAG    0, 32
#define ENTRY_DEVICE 32, 16
#define ENTRY_CODE   60, 4
#define CODE_GUEST   1 /* GUEST_NR */
#define LENGTH_LEAST 8 /* a page: 512 entries; less is reserved */
#define LEAST_BYTES  4096u

void amdvi_galog_update(AmdviGaLog *log)
{
    const uint64_t on = AMDVI_CTL_IOMMU_EN | AMDVI_CTL_GALOG_EN;
    bool enabled = (regfile_get(log->regs, AMDVI_CONTROL) & on) == on;
    if (!enabled) {
        amdvi_change_status(log->regs, 0, AMDVI_ST_GALOG_RUN);
    } else if (!(regfile_get(log->regs, AMDVI_STATUS) & AMDVI_ST_GALOG_OVERFLOW)) {
        amdvi_change_status(log->regs, AMDVI_ST_GALOG_RUN, 0);
    }
}

static void galog_store(AmdviGaLog *log, uint64_t at, uint64_t value)
{
    if (as_lookup(log->memory, at, NULL, NULL) != log->own) {
        as_store(log->memory, at, value, ENTRY_BYTES);
    }
}

bool amdvi_galog_append(AmdviGaLog *log, uint32_t tag, uint16_t device_id)
{
    uint64_t base = regfile_get(log->regs, AMDVI_GALOG_BASE);
    unsigned length = (unsigned)field_get(base, AMDVI_RING_LENGTH);
    uint32_t bytes = LEAST_BYTES << (length < LENGTH_LEAST ? 0 : length - LENGTH_LEAST);
    uint32_t tail = (uint32_t)regfile_get(log->regs, AMDVI_GALOG_TAIL) % bytes;
    uint32_t next = (tail + ENTRY_BYTES) % bytes;
    if (!(regfile_get(log->regs, AMDVI_STATUS) & AMDVI_ST_GALOG_RUN)) {
        return false;
    }
    if (next == regfile_get(log->regs, AMDVI_GALOG_HEAD)) {
        amdvi_change_status(log->regs, AMDVI_ST_GALOG_OVERFLOW, AMDVI_ST_GALOG_RUN);
        amdvi_signals_update(log->signals);
        return false;
    }
    regfile_set(log->regs, AMDVI_GALOG_TAIL, next);
    amdvi_change_status(log->regs, AMDVI_ST_GALOG_INT, 0);
    amdvi_signals_update(log->signals);
    galog_store(log, (base & AMDVI_BASE_MASK) + tail,
                field_put(tag, ENTRY_TAG) | field_put(device_id, ENTRY_DEVICE) |
                    field_put(CODE_GUEST, ENTRY_CODE));
    galog_store(log, regfile_get(log->regs, AMDVI_GALOG_TAILAT), next);
    return true;
}
