/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: the unit's own interrupts (2.6, 3.4.15). */
#ifndef HW_I386_IOMMU_AMD_SIGNAL_H
#define HW_I386_IOMMU_AMD_SIGNAL_H

#include "hw/core/regfile.h"
#include "hw/core/state.h"
#include "hw/intc/apic_bus.h"
#include "hw/pci/pci.h"

typedef enum {
    AMDVI_SIGNAL_EVENT,
    AMDVI_SIGNAL_COMWAIT,
    AMDVI_SIGNAL_GALOG,
    AMDVI_SIGNAL_PPR,
    AMDVI_SIGNALS
} AmdviSignal;

typedef struct {
    RegFile *regs;
    ApicBus *apic_bus;
    const Device *dev;
    const PciDevice *function; /* whose MSI it is; NULL: a unit alone in a test */
    uint32_t raised;           /* bit an AmdviSignal: its condition, and its enable bit, are set */
    uint32_t due;              /* the same of those to be sent */
} AmdviSignals;
extern const StateField amdvi_signals_state[];

void amdvi_signals_init(AmdviSignals *s, RegFile *regs, ApicBus *apic_bus, const Device *dev);
void amdvi_signals_reset(AmdviSignals *s);
/* STATUS or CONTROL may have changed. */
void amdvi_signals_update(AmdviSignals *s);
/* Sends what is due: the last act of every entry into the unit. */
void amdvi_signals_flush(AmdviSignals *s);

#endif
