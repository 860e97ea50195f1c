/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers and descriptors' bits of the 82540EM (PCI/PCI-X Family of Gigabit Ethernet Controllers
 * Software Developer's Manual, "8254x manual") and the 82574L (its data sheet, "82574").
 */
#ifndef HW_NET_E1000_SPEC_H
#define HW_NET_E1000_SPEC_H

/* Of both. */
enum {
    E1000_CTRL = 0x0000,
    E1000_STATUS = 0x0008,
    E1000_EECD = 0x0010,
    E1000_EERD = 0x0014,
    E1000_CTRL_EXT = 0x0018,
    E1000_FLA = 0x001c,
    E1000_MDIC = 0x0020,
    E1000_FCAL = 0x0028,
    E1000_FCAH = 0x002c,
    E1000_FCT = 0x0030,
    E1000_VET = 0x0038,
    E1000_ICR = 0x00c0,
    E1000_ITR = 0x00c4,
    E1000_ICS = 0x00c8,
    E1000_IMS = 0x00d0,
    E1000_IMC = 0x00d8,
    E1000_RCTL = 0x0100,
    E1000_FCTTV = 0x0170,
    E1000_TXCW = 0x0178,
    E1000_RXCW = 0x0180,
    E1000_TCTL = 0x0400,
    E1000_TIPG = 0x0410,
    E1000_AIT = 0x0458,
    E1000_LEDCTL = 0x0e00,
    E1000_PBA = 0x1000,
    E1000_FCRTL = 0x2160,
    E1000_FCRTH = 0x2168,
    E1000_RDFH = 0x2410,
    E1000_RDFT = 0x2418,
    E1000_RDFHS = 0x2420,
    E1000_RDFTS = 0x2428,
    E1000_RDFPC = 0x2430,
    E1000_RDBAL = 0x2800, /* a queue's: offsets from it below */
    E1000_RDTR = 0x2820,
    E1000_RXDCTL = 0x2828,
    E1000_RADV = 0x282c,
    E1000_RSRPD = 0x2c00,
    E1000_TDFH = 0x3410,
    E1000_TDFT = 0x3418,
    E1000_TDFHS = 0x3420,
    E1000_TDFTS = 0x3428,
    E1000_TDFPC = 0x3430,
    E1000_TDBAL = 0x3800,
    E1000_TIDV = 0x3820,
    E1000_TXDCTL = 0x3828,
    E1000_TADV = 0x382c,
    E1000_TSPMT = 0x3830,
    E1000_RXCSUM = 0x5000,
    E1000_MTA = 0x5200,
    E1000_RA = 0x5400,
    E1000_VFTA = 0x5600,
    E1000_WUC = 0x5800,
    E1000_WUFC = 0x5808,
    E1000_WUS = 0x5810,
    E1000_MANC = 0x5820,
    E1000_IPAV = 0x5838,
    E1000_WUPL = 0x5900,
};

/* A queue's registers. */
enum {
    RING_BAL = 0x00,
    RING_BAH = 0x04,
    RING_LEN = 0x08,
    RING_HEAD = 0x10,
    RING_TAIL = 0x18,
    RING_NEXT = 0x100, /* of the next queue */
};

/* Of the 82574L alone. */
enum {
    E1000_EIAC = 0x00dc,
    E1000_IAM = 0x00e0,
    E1000_IVAR = 0x00e4,
    E1000_EITR = 0x00e8, /* five */
    E1000_EXTCNF_CTRL = 0x0f00,
    E1000_EXTCNF_SIZE = 0x0f08,
    E1000_POEMB = 0x0f10,
    E1000_PBS = 0x1008,
    E1000_EEMNGCTL = 0x1010,
    E1000_FLOP = 0x103c,
    E1000_EEWR = 0x102c,
    E1000_PBA_ECC = 0x1100,
    E1000_ERT = 0x2008,
    E1000_PSRCTL = 0x2170,
    E1000_TARC = 0x3840,
    E1000_RFCTL = 0x5008,
    E1000_MRQC = 0x5818,
    E1000_GCR = 0x5b00,
    E1000_FACTPS = 0x5b30,
    E1000_SWSM = 0x5b50,
    E1000_FWSM = 0x5b54,
    E1000_SWSM2 = 0x5b58,
    E1000_GCR2 = 0x5b64,
    E1000_RETA = 0x5c00,
    E1000_RSSRK = 0x5c80,
    E1000_SYSTIML = 0xb600,
    E1000_SYSTIMH = 0xb604,
    E1000_TIMINCA = 0xb608,
    E1000_TIMADJL = 0xb60c,
    E1000_TIMADJH = 0xb610,
    E1000_TSYNCTXCTL = 0xb614,
    E1000_TSYNCRXCTL = 0xb620,
};

#define MDIC_INTERRUPT 0x20000000u

#define CTRL_FD             0x00000001u
#define CTRL_MASTER_DISABLE 0x00000004u /* 82574 */
#define CTRL_SLU            0x00000040u
#define CTRL_RST            0x04000000u
#define CTRL_VME            0x40000000u
#define CTRL_PHY_RST        0x80000000u
#define CTRL_WRITABLE       (0xffffffffu & ~(CTRL_RST | CTRL_PHY_RST))

#define STATUS_FD            0x00000001u
#define STATUS_LU            0x00000002u
#define STATUS_SPEED_1000    0x00000080u
#define STATUS_PHYRA         0x00000400u
#define STATUS_MASTER_ENABLE 0x00080000u

#define EECD_PRESENT       0x00000100u
#define EECD_AUTO_READ     0x00000200u /* 82574: what is in the EEPROM has been taken over */
#define EECD_SIZE_EX_SHIFT 11

#define CTRL_EXT_EE_RST 0x00002000u
#define CTRL_EXT_EIAME  0x01000000u
#define CTRL_EXT_IAME   0x08000000u

#define ICR_TXDW         0x00000001u
#define ICR_TXQE         0x00000002u
#define ICR_LSC          0x00000004u
#define ICR_RXDMT0       0x00000010u
#define ICR_RXO          0x00000040u
#define ICR_RXT0         0x00000080u
#define ICR_MDAC         0x00000200u
#define ICR_TXD_LOW      0x00008000u
#define ICR_SRPD         0x00010000u
#define ICR_ACK          0x00020000u
#define ICR_MNG          0x00040000u
#define ICR_RXQ0         0x00100000u
#define ICR_TXQ0         0x00400000u
#define ICR_OTHER        0x01000000u
#define ICR_INT_ASSERTED 0x80000000u
#define ICR_QUEUES_SHIFT 20 /* RXQ0, RXQ1, TXQ0, TXQ1, OTHER: IVAR's order, too */
#define ICR_OTHER_CAUSES (ICR_LSC | ICR_RXO | ICR_MDAC | ICR_SRPD | ICR_ACK | ICR_MNG)
#define ICR_82540_CAUSES 0x0001ffffu
#define ICR_82574_CAUSES 0x01f7ffffu

#define IVAR_VECTOR(ivar_, n_) ((ivar_) >> 4 * (n_)&7)
#define IVAR_VALID(ivar_, n_)  ((ivar_) >> (4 * (n_) + 3) & 1)
#define IVAR_EVERY_WRITE_BACK  0x80000000u
#define ITR_UNIT_NS            256

#define RCTL_EN         0x00000002u
#define RCTL_LPE        0x00000020u
#define RCTL_RDMTS(v_)  ((v_) >> 8 & 3)
#define RCTL_DTYP_PS    0x00000400u /* 82574: packet split descriptors */
#define RCTL_BSIZE(v_)  ((v_) >> 16 & 3)
#define RCTL_VFE        0x00040000u
#define RCTL_CFIEN      0x00080000u
#define RCTL_CFI        0x00100000u
#define RCTL_BSEX       0x02000000u
#define RCTL_SECRC      0x04000000u
#define RCTL_FLXBUF(v_) ((v_) >> 27 & 0xf) /* 82574: KiB, in place of BSIZE */
#define VLAN_CFI        0x1000u

#define TCTL_EN  0x00000002u
#define TCTL_PSP 0x00000008u

#define RXCSUM_PCSS(v_) ((v_)&0xff)
#define RXCSUM_IPOFL    0x00000100u
#define RXCSUM_TUOFL    0x00000200u
#define RXCSUM_IPPCSE   0x00001000u
#define RXCSUM_PCSD     0x00002000u

#define RFCTL_EXTEN    0x00008000u
#define MRQC_RSS       0x00000001u /* bits 1:0 */
#define MRQC_TYPES(v_) ((v_) >> 16)
#define MRQC_TCP4      0x01u
#define MRQC_IP4       0x02u
#define MRQC_TCP6      0x04u
#define MRQC_IP6       0x10u

#define EXTCNF_SW_OWNS 0x00000020u
#define SWSM_SMBI      0x00000001u

#define DESC_BYTES 16u
#define PS_BYTES   32u /* packet split */

/* Received: status, in the extended form's low bits, and errors. */
#define RXD_DD               0x01u
#define RXD_EOP              0x02u
#define RXD_IXSM             0x04u
#define RXD_VP               0x08u
#define RXD_UDPCS            0x10u
#define RXD_TCPCS            0x20u
#define RXD_IPCS             0x40u
#define RXD_PIF              0x80u
#define RXD_TCPE             0x20u
#define RXD_IPE              0x40u
#define RXD_EXT_ERRORS_SHIFT 24
#define RXD_HDR_SPLIT        0x8000u /* header status */

/* To be sent: the second dword, and the third. */
#define TXD_LEN(v_)     ((v_)&0xfffff)
#define TXD_LEGACY_LEN  0xffffu
#define TXD_TYPE(v_)    ((v_) >> 20 & 0xf)
#define TXD_CONTEXT     0
#define TXD_DATA        1
#define TXD_EOP         0x01000000u
#define TXD_IC          0x04000000u /* legacy */
#define TXD_TSE         0x04000000u /* data */
#define TXD_RS          0x08000000u
#define TXD_DEXT        0x20000000u
#define TXD_VLE         0x40000000u
#define TXD_IDE         0x80000000u
#define TXD_CONTEXT_TCP 0x01000000u
#define TXD_CONTEXT_IP  0x02000000u
#define TXD_POPTS_IXSM  0x01u
#define TXD_POPTS_TXSM  0x02u
#define TXD_DD          0x01u

#endif
