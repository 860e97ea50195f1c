/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AHCI 1.3.1, Serial ATA 3.2 and ACS-3, from the specifications. */
#ifndef TESTS_INCLUDE_AHCI_H
#define TESTS_INCLUDE_AHCI_H

#define AHCI_R_CAP 0x00
#define AHCI_R_GHC 0x04
#define AHCI_R_IS  0x08
#define AHCI_R_PI  0x0c
#define AHCI_R_VS  0x10
#define AHCI_HR    0x1u
#define AHCI_IE    0x2u
#define AHCI_AE    0x80000000u

#define AHCI_P(port_, reg_) (0x100 + 0x80 * (port_) + (reg_))
enum {
    P_CLB = 0x00,
    P_FB = 0x08,
    P_IS = 0x10,
    P_IE = 0x14,
    P_CMD = 0x18,
    P_TFD = 0x20,
    P_SIG = 0x24,
    P_SSTS = 0x28,
    P_SCTL = 0x2c,
    P_SERR = 0x30,
    P_SACT = 0x34,
    P_CI = 0x38,
};
#define P_CMD_ST  0x0001u
#define P_CMD_FRE 0x0010u
#define P_CMD_FR  0x4000u
#define P_CMD_CR  0x8000u

#define IS_DHRS 0x00000001u
#define IS_PSS  0x00000002u
#define IS_SDBS 0x00000008u
#define IS_DPS  0x00000020u
#define IS_PCS  0x00000040u
#define IS_OFS  0x01000000u
#define IS_IFS  0x08000000u
#define IS_HBDS 0x10000000u
#define IS_HBFS 0x20000000u
#define IS_TFES 0x40000000u

#endif
