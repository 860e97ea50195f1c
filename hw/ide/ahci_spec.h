/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the AHCI specification (1.3.1) and of Serial ATA's frames (3.2, 10.5). */
#ifndef HW_IDE_AHCI_SPEC_H
#define HW_IDE_AHCI_SPEC_H

/* Generic host control, 3.1. */
enum { AHCI_CAP = 0x00, AHCI_GHC = 0x04, AHCI_IS = 0x08, AHCI_PI = 0x0c, AHCI_VS = 0x10 };
#define AHCI_PORTS_AT   0x100u
#define AHCI_PORT_BYTES 0x80u
#define AHCI_GENERIC    0x2cu

#define CAP_SXS          (1u << 5)
#define CAP_NCS_SHIFT    8
#define CAP_SAM          (1u << 18)
#define CAP_ISS_SHIFT    20
#define CAP_SCLO         (1u << 24)
#define CAP_SNCQ         (1u << 30)
#define CAP_S64A         (1u << 31)
#define GHC_HR           (1u << 0)
#define GHC_IE           (1u << 1)
#define GHC_AE           (1u << 31)
#define AHCI_VERSION_1_3 0x00010300

/* Ports, 3.3. */
enum {
    PX_CLB = 0x00,
    PX_CLBU = 0x04,
    PX_FB = 0x08,
    PX_FBU = 0x0c,
    PX_IS = 0x10,
    PX_IE = 0x14,
    PX_CMD = 0x18,
    PX_TFD = 0x20,
    PX_SIG = 0x24,
    PX_SSTS = 0x28,
    PX_SCTL = 0x2c,
    PX_SERR = 0x30,
    PX_SACT = 0x34,
    PX_CI = 0x38,
};

#define PXIS_DHRS (1u << 0)
#define PXIS_PSS  (1u << 1)
#define PXIS_DSS  (1u << 2)
#define PXIS_SDBS (1u << 3)
#define PXIS_DPS  (1u << 5)
#define PXIS_PCS  (1u << 6)
#define PXIS_PRCS (1u << 22)
#define PXIS_OFS  (1u << 24)
#define PXIS_IFS  (1u << 27)
#define PXIS_HBDS (1u << 28)
#define PXIS_HBFS (1u << 29)
#define PXIS_TFES (1u << 30)
/* All that can be; what software clears; PCS and PRCS follow PxSERR. */
#define PXIS_ALL                                                                                   \
    (PXIS_DHRS | PXIS_PSS | PXIS_DSS | PXIS_SDBS | PXIS_DPS | PXIS_PCS | PXIS_PRCS | PXIS_OFS |    \
     PXIS_IFS | PXIS_HBDS | PXIS_HBFS | PXIS_TFES)
#define PXIS_W1C (PXIS_ALL & ~(PXIS_PCS | PXIS_PRCS))

#define PXCMD_ST        (1u << 0)
#define PXCMD_SUD       (1u << 1)
#define PXCMD_POD       (1u << 2)
#define PXCMD_CLO       (1u << 3)
#define PXCMD_FRE       (1u << 4)
#define PXCMD_CCS_SHIFT 8
#define PXCMD_CCS       (0x1fu << PXCMD_CCS_SHIFT)
#define PXCMD_FR        (1u << 14)
#define PXCMD_CR        (1u << 15)
#define PXCMD_ATAPI     (1u << 24)
#define PXCMD_DLAE      (1u << 25)

#define PXSCTL_DET        0x0fu
#define DET_NONE          0u
#define DET_COMRESET      1u
#define DET_OFFLINE       4u
#define SSTS_PRESENT      0x133u /* communication at 6 Gb/s, active */
#define PXSERR_PHY_CHANGE (1u << 16)
#define PXSERR_EXCHANGED  (1u << 26)
#define PXTFD_RESET       0x7fu
#define PXSIG_RESET       0xffffffffu

/* Command list and tables, 4.2. */
#define AHCI_SLOTS        32u
#define AHCI_HEADER_BYTES 32u
#define HEADER_CFL        0x1fu
#define HEADER_A          (1u << 5)
#define HEADER_W          (1u << 6)
#define HEADER_C          (1u << 10)
#define HEADER_PRDBC_AT   4u
#define TABLE_ACMD_AT     0x40u
#define TABLE_PRDT_AT     0x80u
#define TABLE_ALIGN       0x7fu
#define PRD_BYTES         16u
#define PRD_COUNT         0x3fffffu
#define PRD_I             (1u << 31)

/* Frames, and where they are received (4.2.1). */
enum {
    FIS_H2D = 0x27,
    FIS_D2H = 0x34,
    FIS_DMA_SETUP = 0x41,
    FIS_PIO_SETUP = 0x5f,
    FIS_BITS = 0xa1
};
enum { RFIS_DMA_SETUP = 0x00, RFIS_PIO_SETUP = 0x20, RFIS_D2H = 0x40, RFIS_BITS = 0x58 };
#define FIS_H2D_BYTES 20u
#define FIS_C         0x80u
#define FIS_I         0x40u
#define FIS_D         0x20u

#endif
