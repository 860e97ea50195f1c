/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 82576, from its data sheet: what it has beside tests/include/e1000.h, or elsewhere. */
#ifndef TESTS_IGB_H
#define TESTS_IGB_H

#define IGB_R_ICR       0x1500
#define IGB_R_ICS       0x1504
#define IGB_R_IMS       0x1508
#define IGB_R_IAM       0x1510
#define IGB_R_GPIE      0x1514
#define IGB_R_EICS      0x1520
#define IGB_R_EIMS      0x1524
#define IGB_R_EIAC      0x152c
#define IGB_R_EIAM      0x1530
#define IGB_R_EICR      0x1580
#define IGB_R_EITR(n_)  (0x1680 + 4 * (n_))
#define IGB_R_IVAR(n_)  (0x1700 + 4 * (n_))
#define IGB_R_IVAR_MISC 0x1740
#define IGB_R_VMBMEM    0x0800
#define IGB_R_P2V(n_)   (0x0c00 + 4 * (n_))
#define IGB_R_V2P       0x0c40 /* a virtual function's */
#define IGB_R_MBVFICR   0x0c80
#define IGB_R_VFLRE     0x0c88
#define IGB_R_VFRE      0x0c8c
#define IGB_R_VFTE      0x0c90
#define IGB_R_DTXSWC    0x3500
#define IGB_R_VT_CTL    0x581c
#define IGB_R_VMOLR(n_) (0x5ad0 + 4 * (n_))
#define IGB_R_RX(n_)    (0xc000 + 0x40 * (n_))
#define IGB_R_TX(n_)    (0xe000 + 0x40 * (n_))
#define IGB_R_SRRCTL    0x0c /* a queue's */
#define IGB_R_CTL       0x28

#define IGB_QUEUE_ON     0x02000000
#define IGB_SRRCTL_ADV   0x02000002 /* one buffer of 2 KiB */
#define IGB_GPIE_MSIX    0x40000010 /* and EIAME */
#define IGB_EXT_PFRSTD   0x00004000
#define IGB_I_LSC        0x00000004
#define IGB_I_VMMB       0x00000100
#define IGB_MRQC_POOLS   3
#define IGB_VMOLR_BAM    0x08000000
#define IGB_SWC_LOOPBACK 0x80000000
#define IGB_TX_CONTEXT   0x20200000
#define IGB_TX_DATA      0x2b300000 /* end of packet, check sequence, report */
#define IGB_TX_TSE       0x80000000
#define IGB_VECTORS      10
#define IGBVF_VECTORS    3

#endif
