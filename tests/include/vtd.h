/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel VT-d: registers (11.4) and interrupt-remapping entries (9.10), for all tests. */
#ifndef TESTS_INCLUDE_VTD_H
#define TESTS_INCLUDE_VTD_H

#define VTD_BASE 0xfed90000ull /* of the board */

/* Registers (VT-d 11.4). */
enum {
    VER = 0x00,
    CAP = 0x08,
    ECAP = 0x10,
    GCMD = 0x18,
    GSTS = 0x1c,
    RTADDR = 0x20,
    CCMD = 0x28,
    FSTS = 0x34,
    FECTL = 0x38,
    FEDATA = 0x3c,
    FEADDR = 0x40,
    FEUADDR = 0x44,
    PMEN = 0x64,
    PLMBASE = 0x68,
    PLMLIMIT = 0x6c,
    PHMBASE = 0x70,
    PHMLIMIT = 0x78,
    IQH = 0x80,
    IQT = 0x88,
    IQA = 0x90,
    ICS = 0x9c,
    IECTL = 0xa0,
    IEDATA = 0xa4,
    IEADDR = 0xa8,
    IEUADDR = 0xac,
    IQERCD = 0xb0,
    IRTA = 0xb8,
    IVA = 0xf0,
    IOTLB = 0xf8,
};

#define TE    (1u << 31)
#define SRTP  (1u << 30)
#define WBF   (1u << 27)
#define QIE   (1u << 26)
#define IRE   (1u << 25)
#define SIRTP (1u << 24)
#define CFI   (1u << 23)

#define FSTS_PFO (1u << 0)
#define FSTS_PPF (1u << 1)
#define FSTS_IQE (1u << 4)
#define FSTS_ICE (1u << 5)
#define FSTS_ITE (1u << 6)

#define EVENT_IM (1u << 31)
#define EVENT_IP (1u << 30)

#define IRTA_EIME (1u << 11)

/* Entries: the lower half, and of SVT and SQ the upper. */
#define IRTE_P       (1ull << 0)
#define IRTE_FPD     (1ull << 1)
#define IRTE_LOGICAL (1ull << 2)
#define IRTE_RH      (1ull << 3)
#define IRTE_LEVEL   (1ull << 4)
#define IRTE_SVT_SID (1ull << 18) /* upper half, as the next one */
#define IRTE_SVT_BUS (2ull << 18)
#define IRTE_SQ(n_)  ((uint64_t)(n_) << 16)
#define IRTE_DLM(n_) ((uint64_t)(n_) << 5)

#endif
