/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 82540EM and 82574L, from their manuals: registers and bits that drivers use. */
#ifndef TESTS_E1000_H
#define TESTS_E1000_H

#define E1000_R_CTRL     0x0000
#define E1000_R_STATUS   0x0008
#define E1000_R_EECD     0x0010
#define E1000_R_EERD     0x0014
#define E1000_R_CTRL_EXT 0x0018
#define E1000_R_MDIC     0x0020
#define E1000_R_VET      0x0038
#define E1000_R_ICR      0x00c0
#define E1000_R_ITR      0x00c4
#define E1000_R_ICS      0x00c8
#define E1000_R_IMS      0x00d0
#define E1000_R_IMC      0x00d8
#define E1000_R_EIAC     0x00dc
#define E1000_R_IAM      0x00e0
#define E1000_R_IVAR     0x00e4
#define E1000_R_EITR(n_) (0x00e8 + 4 * (n_))
#define E1000_R_RCTL     0x0100
#define E1000_R_TCTL     0x0400
#define E1000_R_PSRCTL   0x2170
#define E1000_R_RDBAL    0x2800
#define E1000_R_RDTR     0x2820
#define E1000_R_RADV     0x282c
#define E1000_R_TDBAL    0x3800
#define E1000_R_TIDV     0x3820
#define E1000_R_TADV     0x382c
#define E1000_R_GPRC     0x4074
#define E1000_R_GORCL    0x4088
#define E1000_R_GPTC     0x4080
#define E1000_R_RNBC     0x40a0
#define E1000_R_RXCSUM   0x5000
#define E1000_R_RFCTL    0x5008
#define E1000_R_MTA      0x5200
#define E1000_R_RAL      0x5400
#define E1000_R_RAH      0x5404
#define E1000_R_VFTA     0x5600
#define E1000_R_MRQC     0x5818
#define E1000_R_SWSM     0x5b50
#define E1000_R_RETA     0x5c00
#define E1000_R_RSSRK    0x5c80
#define E1000_R_SYSTIML  0xb600
#define E1000_R_TIMINCA  0xb608

/* From RDBAL or TDBAL on; the next queue's are 100h further. */
#define E1000_RING_LEN  0x08
#define E1000_RING_HEAD 0x10
#define E1000_RING_TAIL 0x18
#define E1000_RING_NEXT 0x100

#define E1000_CTRL_RST    0x04000000
#define E1000_CTRL_SLU    0x00000040
#define E1000_CTRL_VME    0x40000000
#define E1000_STATUS_LU   0x00000002
#define E1000_EXT_EIAME   0x01000000
#define E1000_EXT_IAME    0x08000000
#define E1000_RCTL_EN     0x00000002
#define E1000_RCTL_UPE    0x00000008
#define E1000_RCTL_LPE    0x00000020
#define E1000_RCTL_PS     0x00000400
#define E1000_RCTL_BAM    0x00008000
#define E1000_RCTL_256    0x00030000
#define E1000_RCTL_VFE    0x00040000
#define E1000_RCTL_SECRC  0x04000000
#define E1000_TCTL_EN     0x00000002
#define E1000_TCTL_PSP    0x00000008
#define E1000_RFCTL_EXTEN 0x00008000

#define E1000_I_TXDW  0x00000001
#define E1000_I_TXQE  0x00000002
#define E1000_I_LSC   0x00000004
#define E1000_I_RXT0  0x00000080
#define E1000_I_MDAC  0x00000200
#define E1000_I_RXQ0  0x00100000
#define E1000_I_RXQ1  0x00200000
#define E1000_I_TXQ0  0x00400000
#define E1000_I_OTHER 0x01000000
#define E1000_I_INTA  0x80000000

#define E1000_TX_EOP  0x01000000
#define E1000_TX_IFCS 0x02000000
#define E1000_TX_TSE  0x04000000
#define E1000_TX_RS   0x08000000
#define E1000_TX_DEXT 0x20000000
#define E1000_TX_VLE  0x40000000
#define E1000_TX_IDE  0x80000000
#define E1000_TX_DATA 0x00100000
#define E1000_TX_TCP  0x01000000 /* of a context */
#define E1000_TX_IP4  0x02000000
#define E1000_TX_IXSM 0x00000100 /* in the third dword */
#define E1000_TX_TXSM 0x00000200

#define E1000_RX_DD    0x01
#define E1000_RX_EOP   0x02
#define E1000_RX_IXSM  0x04
#define E1000_RX_VP    0x08
#define E1000_RX_TCPCS 0x20
#define E1000_RX_IPCS  0x40
#define E1000_RX_TCPE  0x20
#define E1000_RX_IPE   0x40

#endif
