/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of the lists that the DMAR table tells: those of the properties. */
#ifndef HW_I386_IOMMU_DMAR_INTERNAL_H
#define HW_I386_IOMMU_DMAR_INTERNAL_H

#define DMAR_RMRR "rmrr"
#define DMAR_ANDD "andd"
#define DMAR_SATC "satc"

#endif
