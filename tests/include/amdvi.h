/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: registers (3.4) and bits that several tests use. */
#ifndef TESTS_INCLUDE_AMDVI_H
#define TESTS_INCLUDE_AMDVI_H

#define AMD_BASE 0xfed80000ull /* of the board */

enum {
    DEV_TAB = 0x00,
    CMD_BUF = 0x08,
    EVT_LOG = 0x10,
    CONTROL = 0x18,
    EXCL_BASE = 0x20,
    EXCL_LIMIT = 0x28,
    EFR = 0x30,
    PPR_LOG = 0x38,
    GA_LOG = 0xe0,
    GA_LOG_TAIL_AT = 0xe8,
    XT_GENERAL = 0x170,
    XT_PPR = 0x178,
    XT_GA = 0x180,
    EFR2 = 0x1a0,
    CMD_HEAD = 0x2000,
    CMD_TAIL = 0x2008,
    EVT_HEAD = 0x2010,
    EVT_TAIL = 0x2018,
    AMD_STATUS = 0x2020,
    PPR_HEAD = 0x2030,
    PPR_TAIL = 0x2038,
    GA_HEAD = 0x2040,
    GA_TAIL = 0x2048,
};

/* CONTROL */
#define IOMMU_EN        (1ull << 0)
#define EVT_LOG_EN      (1ull << 2)
#define EVT_INT_EN      (1ull << 3)
#define COMWAIT_INTEN   (1ull << 4)
#define INV_TIMEOUT(n_) ((uint64_t)(n_) << 5)
#define CMD_BUF_EN      (1ull << 12)
#define PPR_LOG_EN      (1ull << 13)
#define PPR_INT_EN      (1ull << 14)
#define PPR_EN          (1ull << 15)
#define GA_EN           (1ull << 17)
#define GAM_EN          (1ull << 25)
#define GA_LOG_EN       (1ull << 28)
#define GA_INT_EN       (1ull << 29)
#define NUM_INT_2K      (1ull << 43)
#define XT_EN           (1ull << 50)
#define INTCAPXT_EN     (1ull << 51)
#define IRT_CACHE_DIS   (1ull << 59)

/* Of AMD_STATUS. */
#define EVT_OVERFLOW (1ull << 0)
#define EVT_INT      (1ull << 1)
#define COMWAIT_INT  (1ull << 2)
#define EVT_RUN      (1ull << 3)
#define CMD_RUN      (1ull << 4)
#define PPR_OVERFLOW (1ull << 5)
#define PPR_INT      (1ull << 6)
#define PPR_RUN      (1ull << 7)
#define GA_RUN       (1ull << 8)
#define GA_OVERFLOW  (1ull << 9)
#define GA_INT       (1ull << 10)

/* Codes of events (2.5), and flags of theirs. */
enum {
    ILLEGAL_DEV_TABLE_ENTRY = 1,
    IO_PAGE_FAULT,
    DEV_TAB_HARDWARE_ERROR,
    PAGE_TAB_HARDWARE_ERROR,
    ILLEGAL_COMMAND_ERROR,
    COMMAND_HARDWARE_ERROR,
    IOTLB_INV_TIMEOUT,
    INVALID_DEVICE_REQUEST = 8,
    INVALID_PPR_REQUEST,
};
#define EV_I        0x008
#define EV_PR       0x010
#define EV_RW       0x020
#define EV_PE       0x040
#define EV_RZ       0x080
#define EV_TR       0x100
#define EV_ABORT    0x200 /* a hardware error's type: master abort */
#define EV_TYPE(n_) ((n_) << 9)

/* Device table entries: quadwords 0 and 2; DTE_I of quadword 1. */
#define DTE_V        1ull
#define DTE_TV       2ull
#define DTE_MODE(n_) ((uint64_t)(n_) << 9)
#define DTE_IR       (1ull << 61)
#define DTE_IW       (1ull << 62)
#define DTE_PPR      (1ull << 52)
#define DTE_I        (1ull << 32)
#define DTE_IV       1ull
#define DTE_LEN(n_)  ((uint64_t)(n_) << 1)
#define DTE_IG       (1ull << 5)
#define DTE_INIT     (1ull << 56)
#define DTE_EINT     (1ull << 57)
#define DTE_NMI      (1ull << 58)
#define DTE_CTL(n_)  ((uint64_t)(n_) << 60)

#endif
