/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for tests of an interrupt's whole way: an IOAPIC, an i8259 pair, an HPET and a PCI
 * function behind a bridge, a remapping unit, a local APIC or several, and all their traces in
 * memory.
 */
#ifndef TESTS_UNIT_INTR_RIG_H
#define TESTS_UNIT_INTR_RIG_H

#include "hw/i386/fabric.h"
#include "hw/i386/iommu/iommu.h"
#include "hw/i386/iommu/vtd.h"
#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/intr/lint.h"
#include "hw/pci/ims.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_internal.h"
#include "hw/timer/hpet.h"

#define RAM_SIZE  (8u << 20)
#define RIG_APICS 6

/* What may be otherwise from test to test. */
typedef struct {
    unsigned apics;
    uint32_t ids[RIG_APICS];
    bool software_enabled; /* the first local APIC */
    bool tsc_deadline;
    const char *props;             /* "iommu0.eim=off,hpet.msi=off": other than usual */
    const char *const (*unit)[2];  /* properties and values of the remapping unit; ends with NULL */
    uint16_t ioapic_rid, hpet_rid; /* requester ids */
    uint32_t active_low, any_polarity; /* the IOAPIC's lines */
    bool quiet;                        /* nothing is traced */
} RigSetup;

typedef struct {
    PciDevice pci;
    PciIms ims; /* two slots in BAR 1, two in memory */
} Widget;

typedef struct {
    Platform platform;
    Trace trace;
    char *text;
    size_t text_size;
    Journal journal;
    Lint lint;
    const char *props;
    MemRegion ram;
    ApicBus *apics;
    unsigned apic_count;
    Device *apic_devs[RIG_APICS];
    ApicState *apic; /* the first */
    Device *vtd, *ioapic, *hpet, *pic;
    Device *hyperv;        /* of a test that makes one, or NULL */
    PciDevice *vmd;        /* the same */
    IommuScopeEntry scope; /* the IOAPIC, as the unit knows it */
    Fabric fabric;
    IrqOut pin, pic_lines[16]; /* the IOAPIC's pin 3; the i8259 pair's inputs */
    PciBus *bus, *inner;
    PciDevice *bridge;
    Widget *widget;
} Rig;

void rig_open(Rig *rig);
void rig_open_with(Rig *rig, const char *props);
void rig_open_as(Rig *rig, const RigSetup *setup);
void rig_close(Rig *rig);
/* Writes to memory, to the local APIC's page, and to the command register of a PCI function. */
void rig_wr(Rig *rig, uint64_t at, uint64_t value, unsigned size);
void rig_put(Rig *rig, uint64_t at, uint64_t low, uint64_t high);
void rig_apic_wr(Rig *rig, uint32_t reg, uint32_t value);
void rig_command(PciDevice *pci, uint16_t value);
/* What was traced so far. */
const char *rig_text(Rig *rig);

#endif
