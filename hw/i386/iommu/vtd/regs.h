/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: register offsets and fields (11.4). */
#ifndef HW_I386_IOMMU_VTD_REGS_H
#define HW_I386_IOMMU_VTD_REGS_H

#include <stdbool.h>

#include "hw/i386/iommu/vtd/fields.h"

/* Register offsets (11.4). Those of IVA and IOTLB are told by ECAP.IRO, and the fault records' by
 * CAP.FRO: the properties iro and fro; here is where they are otherwise. */
enum {
    VTD_VER = 0x00,
    VTD_CAP = 0x08,
    VTD_ECAP = 0x10,
    VTD_GCMD = 0x18,
    VTD_GSTS = 0x1c,
    VTD_RTADDR = 0x20,
    VTD_CCMD = 0x28,
    VTD_FSTS = 0x34,
    VTD_FECTL = 0x38,
    VTD_FEDATA = 0x3c,
    VTD_FEADDR = 0x40,
    VTD_FEUADDR = 0x44,
    VTD_PMEN = 0x64,
    VTD_PLMBASE = 0x68,
    VTD_PLMLIMIT = 0x6c,
    VTD_PHMBASE = 0x70,
    VTD_PHMLIMIT = 0x78,
    VTD_IQH = 0x80,
    VTD_IQT = 0x88,
    VTD_IQA = 0x90,
    VTD_ICS = 0x9c,
    VTD_IECTL = 0xa0,
    VTD_IEDATA = 0xa4,
    VTD_IEADDR = 0xa8,
    VTD_IEUADDR = 0xac,
    VTD_IQERCD = 0xb0,
    VTD_IRTA = 0xb8,
    VTD_VARIABLE = 0xc0, /* from here on, what iro and fro may place */
    VTD_IVA = 0xf0,
    VTD_IOTLB = 0xf8,
    VTD_FRCD_NEAR = 0x220, /* where the fault records are while they fit the first page */
    VTD_FRCD_FAR = 0x1000, /* where they are otherwise */
};
#define VTD_FRCD_SIZE   16
#define VTD_MAX_RECORDS 256
/* Base rows, and two a fault record. */
#define VTD_MAX_ROWS (40 + 2 * VTD_MAX_RECORDS)

/* GCMD and GSTS (11.4.4): each command bit is answered by the status bit of the same number. */
#define VTD_GCMD_TE    (1u << 31)
#define VTD_GCMD_SRTP  (1u << 30)
#define VTD_GCMD_WBF   (1u << 27)
#define VTD_GCMD_QIE   (1u << 26)
#define VTD_GCMD_IRE   (1u << 25)
#define VTD_GCMD_SIRTP (1u << 24)
#define VTD_GCMD_CFI   (1u << 23)

/* FSTS (11.4.7.1). */
#define VTD_FSTS_PFO (1u << 0)
#define VTD_FSTS_PPF (1u << 1)
#define VTD_FSTS_IQE (1u << 4)
#define VTD_FSTS_ICE (1u << 5)
#define VTD_FSTS_ITE (1u << 6)
#define VTD_FSTS_FRI 8, 8
/* The conditions that a fault event tells of. */
#define VTD_FSTS_EVENTS (VTD_FSTS_PFO | VTD_FSTS_PPF | VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE)

/* FECTL, IECTL. */
#define VTD_EVENT_IM (1u << 31)
#define VTD_EVENT_IP (1u << 30)

#define VTD_ICS_IWC (1u << 0)

/* IQERCD (11.4.9.9). */
#define VTD_IQERCD_IQEI   0, 4
#define VTD_IQERCD_ITESID 32, 16
#define VTD_IQERCD_ICESID 48, 16

/* IRTA (11.4.10.1) and RTADDR: bases are bits 63:12. */
#define VTD_IRTA_SIZE 0, 4
#define VTD_IRTA_EIME (1ull << 11)
#define VTD_BASE_MASK vtd_mask_from(12)

/* Host address width: physical addresses in guest tables have bits 63:HAW reserved. */
static inline bool vtd_above_haw(uint64_t address, uint8_t haw)
{
    return address >> haw;
}

#endif
