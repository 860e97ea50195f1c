/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intel-iommu: a DMA and interrupt remapping unit (Intel Virtualization Technology for Directed
 * I/O, revision 4.x). The board puts it between bus masters and the system fabric.
 */
#ifndef HW_I386_IOMMU_VTD_H
#define HW_I386_IOMMU_VTD_H

#include "hw/i386/iommu/iommu.h"

/* Registers, where the first unit has them: one window, or two where the fault records need it. */
#define VTD_DEFAULT_BASE 0xfed90000ull
#define VTD_WINDOW_SIZE  0x1000ull

extern const DeviceClass vtd_class; /* "intel-iommu" */

/* A device's completion of the device-TLB invalidations with these tags, a bit a tag (PCIe ATS
 * 10.3.2). A wrong tag or source is an ICE. */
void vtd_device_tlb_completed(Device *dev, uint16_t source_id, uint32_t tags);

#endif
