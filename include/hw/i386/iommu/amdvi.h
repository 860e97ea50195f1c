/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * amd-iommu: a DMA and interrupt remapping unit (AMD I/O Virtualization Technology specification,
 * revision 3.x). The board puts it between bus masters and the system fabric.
 */
#ifndef HW_I386_IOMMU_AMDVI_H
#define HW_I386_IOMMU_AMDVI_H

#include "hw/i386/iommu/iommu.h"

#define AMDVI_DEFAULT_BASE 0xfed80000ull
#define AMDVI_WINDOW_SIZE  0x4000ull

extern const DeviceClass amdvi_class;          /* "amd-iommu" */
extern const DeviceClass amdvi_function_class; /* its PCI function */

#endif
