/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intel-iommu: a DMA and interrupt remapping unit (Intel Virtualization Technology for Directed
 * I/O, revision 4.x). The board puts it between bus masters and the system fabric.
 */
#ifndef HW_I386_IOMMU_VTD_H
#define HW_I386_IOMMU_VTD_H

#include "hw/core/device.h"
#include "hw/core/upstream.h"
#include "hw/intc/apic_bus.h"

#define VTD_DEFAULT_BASE 0xfed90000ull
#define VTD_WINDOW_SIZE  0x1000ull

extern const DeviceClass vtd_class; /* "intel-iommu" */

typedef struct {
    ApicBus *apic_bus;     /* remapped requests, the unit's own events and posting notifications */
    AddressSpace *memory;  /* tables, descriptors, and DMA after translation */
    bool cpus_lack_x2apic; /* eim=auto is then off */
    bool trusts_ioapic;    /* its requests suit every entry: forgive=ioapic-sid */
    uint16_t ioapic_sid;
} VtdLinks;
VtdLinks *vtd_links(Device *dev);

/* The unit as bus masters under it see it: DMA, and interrupt requests. */
Upstream vtd_upstream(Device *dev);
/* The same for emitters that are not bus masters in the PCI sense (IOAPIC, HPET). */
IntrSink vtd_sink(Device *dev);
/* Mapped by the board at VTD_DEFAULT_BASE. Valid after realize; VTD_WINDOW_SIZE bytes, or twice
 * that where the fault records need it. */
MemRegion *vtd_region(Device *dev);

/* A device's completion of the device-TLB invalidations with these tags, a bit a tag (PCIe ATS
 * 10.3.2). A wrong tag or source is an ICE. */
void vtd_device_tlb_completed(Device *dev, uint16_t source_id, uint32_t tags);

/* What the DMAR table tells. */
typedef struct {
    bool intremap;
    bool x2apic_opt_out;
    uint8_t host_address_width;  /* bits */
    uint8_t register_pages_log2; /* the DRHD's size field: 2^n pages of registers */
    bool device_iotlb;
} VtdAcpiInfo;
VtdAcpiInfo vtd_acpi_info(Device *dev);

typedef struct {
    uint64_t remapped; /* sent on as an IRTE says */
    uint64_t posted;
    uint64_t compatibility; /* passed as they are: remapping off, or CFI */
    uint64_t blocked;
    uint64_t iec_hits;
    uint64_t iec_misses;
    uint64_t stale_hits;  /* a cached entry used that differs from memory */
    uint64_t faults;      /* primary faults recorded or lost to overflow */
    uint64_t descriptors; /* invalidation descriptors done */
} VtdStats;
VtdStats vtd_stats(Device *dev);

#endif
