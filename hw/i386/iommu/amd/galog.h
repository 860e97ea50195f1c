/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: the guest virtual APIC log (2.7). */
#ifndef HW_I386_IOMMU_AMD_GALOG_H
#define HW_I386_IOMMU_AMD_GALOG_H

#include "base/memory.h"
#include "hw/core/regfile.h"
#include "hw/i386/iommu/amd/signal.h"

typedef struct {
    RegFile *regs;
    AmdviSignals *signals;
    AddressSpace *memory;
    const MemRegion *own; /* the unit's registers, into which it does not write */
} AmdviGaLog;

/* Is it switched on, and has it not overflowed? Sets GALogRun. */
void amdvi_galog_update(AmdviGaLog *log);
/* Tells that something was posted for a guest that does not run. False: the log is not running, or
 * has just overflowed. */
bool amdvi_galog_append(AmdviGaLog *log, uint32_t tag, uint16_t device_id);

#endif
