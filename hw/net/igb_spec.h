/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers and descriptors' bits of the 82576 (its data sheet, "82576") that the 82574L has not,
 * or elsewhere. */
#ifndef HW_NET_IGB_SPEC_H
#define HW_NET_IGB_SPEC_H

enum {
    IGB_CTRL = 0x0000,
    IGB_STATUS = 0x0008,
    IGB_EECD = 0x0010,
    IGB_EERD = 0x0014,
    IGB_CTRL_EXT = 0x0018,
    IGB_MDIC = 0x0020,
    IGB_CONNSW = 0x0034,
    IGB_VET = 0x0038,
    IGB_RCTL = 0x0100,
    IGB_TCTL = 0x0400,
    IGB_TCTL_EXT = 0x0404,
    IGB_TIPG = 0x0410,
    IGB_VMBMEM = 0x0800, /* 16 dwords a virtual function */
    IGB_P2VMAILBOX = 0x0c00,
    IGB_MBVFICR = 0x0c80,
    IGB_MBVFIMR = 0x0c84,
    IGB_VFLRE = 0x0c88,
    IGB_VFRE = 0x0c8c,
    IGB_VFTE = 0x0c90,
    IGB_LEDCTL = 0x0e00,
    IGB_PBA = 0x1000,
    IGB_EEMNGCTL = 0x1010,
    IGB_ICR = 0x1500,
    IGB_ICS = 0x1504,
    IGB_IMS = 0x1508,
    IGB_IMC = 0x150c,
    IGB_IAM = 0x1510,
    IGB_RXPBS = 0x2404,
    IGB_QDE = 0x2408,
    IGB_TXPBS = 0x3404,
    IGB_DTXSWC = 0x3500,
    IGB_WVBR = 0x3554,
    IGB_RXCSUM = 0x5000,
    IGB_RLPML = 0x5004,
    IGB_RFCTL = 0x5008,
    IGB_MTA = 0x5200,
    IGB_RA = 0x5400,
    IGB_PSRTYPE = 0x5480,
    IGB_RA2 = 0x54e0,
    IGB_VFTA = 0x5600,
    IGB_WUC = 0x5800,
    IGB_WUFC = 0x5808,
    IGB_MRQC = 0x5818,
    IGB_VT_CTL = 0x581c,
    IGB_MANC = 0x5820,
    IGB_VMOLR = 0x5ad0,
    IGB_RPLOLR = 0x5af0,
    IGB_GCR = 0x5b00,
    IGB_FACTPS = 0x5b30,
    IGB_SWSM = 0x5b50,
    IGB_FWSM = 0x5b54,
    IGB_SW_FW_SYNC = 0x5b5c,
    IGB_RETA = 0x5c00,
    IGB_RSSRK = 0x5c80,
    IGB_VLVF = 0x5d00,
    IGB_UTA = 0xa000,
};

/* Each function's interrupts, at the same places. */
enum {
    IGB_GPIE = 0x1514,
    IGB_EICS = 0x1520,
    IGB_EIMS = 0x1524,
    IGB_EIMC = 0x1528,
    IGB_EIAC = 0x152c,
    IGB_EIAM = 0x1530,
    IGB_EICR = 0x1580,
    IGB_EITR = 0x1680,
    IGB_IVAR = 0x1700,
    IGB_IVAR_MISC = 0x1740,
};

/* A queue's. */
enum {
    IGBQ_BAL = 0x00,
    IGBQ_BAH = 0x04,
    IGBQ_LEN = 0x08,
    IGBQ_SRRCTL = 0x0c,
    IGBQ_HEAD = 0x10,
    IGBQ_DCA = 0x14,
    IGBQ_TAIL = 0x18,
    IGBQ_CTL = 0x28, /* RXDCTL and TXDCTL */
    IGBQ_DROPPED = 0x30,
    IGBQ_WBAL = 0x38,
    IGBQ_WBAH = 0x3c,
    IGBQ_SPAN = 0x40,
};
#define IGB_RX_NEAR 0x2800u /* queues 0 to 3, 100h each */
#define IGB_TX_NEAR 0x3800u
#define IGB_RX_ALL  0xc000u /* all of them, 40h each */
#define IGB_TX_ALL  0xe000u

/* A virtual function's. */
enum {
    IGBVF_CTRL = 0x0000,
    IGBVF_STATUS = 0x0008,
    IGBVF_FRTIMER = 0x1048,
    IGBVF_MAILBOX = 0x0c40,
    IGBVF_VMBMEM = 0x0800,
};

#define IGBQ_ENABLE     0x02000000u
#define SRRCTL_DROP     0x80000000u
#define SRRCTL_TYPE(v_) ((v_) >> 25 & 7)
#define SRRCTL_SIZE(v_) (((v_)&0x7f) * 1024)
#define GPIE_MSIX_MODE  0x00000010u
#define GPIE_EIAME      0x40000000u
#define EICR_OTHER      0x80000000u
#define IVAR_IS_VALID   0x80u
#define IVAR_NUMBER     0x1fu

#define IGB_ICR_TXDW 0x00000001u
#define IGB_ICR_LSC  0x00000004u
#define IGB_ICR_RXDW 0x00000080u
#define IGB_ICR_VMMB 0x00000100u
#define IGB_ICR_ALL  0x7fffffffu
#define IGB_ICR_INTA 0x80000000u

#define CTRL_EXT_PFRSTD 0x00004000u
#define MRQC_MODE(v_)   ((v_)&7)
#define MRQC_RSS_ALONE  2
#define MRQC_POOLS      3
#define MRQC_POOLS_RSS  5
#define VT_CTL_POOL(v_) ((v_) >> 7 & 7)
#define VT_CTL_NO_POOL  0x20000000u /* frames that no pool wants are lost */
#define VMOLR_ROMPE     0x02000000u
#define VMOLR_ROPE      0x04000000u
#define VMOLR_BAM       0x08000000u
#define VMOLR_MPE       0x10000000u
#define VMOLR_STRVLAN   0x40000000u
#define DTXSWC_LOOPBACK 0x80000000u         /* frames go from pool to pool */
#define DTXSWC_LLE(v_)  ((v_) >> 16 & 0xff) /* pools that receive what they send */
#define RAH_POOLS(v_)   ((v_) >> 18 & 0xff)
#define VLVF_ENABLE     0x80000000u
#define VLVF_POOLS(v_)  ((v_) >> 12 & 0xff)

#define P2V_STS         0x01u
#define P2V_ACK         0x02u
#define P2V_VFU         0x04u
#define P2V_PFU         0x08u
#define P2V_RVFU        0x10u
#define V2P_REQ         0x01u
#define V2P_ACK         0x02u
#define V2P_VFU         0x04u
#define V2P_PFU         0x08u
#define V2P_PFSTS       0x10u
#define V2P_PFACK       0x20u
#define V2P_RSTI        0x40u
#define V2P_RSTD        0x80u
#define V2P_READ_CLEARS (V2P_PFSTS | V2P_PFACK | V2P_RSTD)

/* Advanced descriptors. */
#define ADV_CONTEXT    2
#define ADV_DATA       3
#define ADV_DTALEN     0xffffu
#define ADV_PAYLEN(v_) ((v_) >> 14)
#define ADV_IDX(v_)    ((v_) >> 4 & 7)
#define ADV_IXSM       0x100u
#define ADV_TXSM       0x200u
#define ADV_TUCMD_IPV4 0x400u
#define ADV_TUCMD_TCP  0x800u

#endif
