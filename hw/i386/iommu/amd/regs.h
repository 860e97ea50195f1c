/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: registers (3.4) and the fields of them that several parts use. */
#ifndef HW_I386_IOMMU_AMD_REGS_H
#define HW_I386_IOMMU_AMD_REGS_H

#include "base/fields.h"
#include "hw/core/regfile.h"

#define AMDVI_DEVTAB_BASE  0x0000
#define AMDVI_CMDBUF_BASE  0x0008
#define AMDVI_EVTLOG_BASE  0x0010
#define AMDVI_CONTROL      0x0018
#define AMDVI_EXCL_BASE    0x0020
#define AMDVI_EXCL_LIMIT   0x0028
#define AMDVI_EFR          0x0030
#define AMDVI_PPRLOG_BASE  0x0038
#define AMDVI_GALOG_BASE   0x00e0
#define AMDVI_GALOG_TAILAT 0x00e8
#define AMDVI_XT_GENERAL   0x0170
#define AMDVI_XT_PPR       0x0178
#define AMDVI_XT_GA        0x0180
#define AMDVI_EFR2         0x01a0
#define AMDVI_CMDBUF_HEAD  0x2000
#define AMDVI_CMDBUF_TAIL  0x2008
#define AMDVI_EVTLOG_HEAD  0x2010
#define AMDVI_EVTLOG_TAIL  0x2018
#define AMDVI_STATUS       0x2020
#define AMDVI_PPRLOG_HEAD  0x2030
#define AMDVI_PPRLOG_TAIL  0x2038
#define AMDVI_GALOG_HEAD   0x2040
#define AMDVI_GALOG_TAIL   0x2048
#define AMDVI_MAX_ROWS     32

/* CONTROL (3.4.3): bits, */
#define AMDVI_CTL_IOMMU_EN      (1ull << 0)
#define AMDVI_CTL_EVENT_LOG_EN  (1ull << 2)
#define AMDVI_CTL_EVENT_INT_EN  (1ull << 3)
#define AMDVI_CTL_COMWAIT_INTEN (1ull << 4)
#define AMDVI_CTL_CMDBUF_EN     (1ull << 12)
#define AMDVI_CTL_PPRLOG_EN     (1ull << 13)
#define AMDVI_CTL_PPRINT_EN     (1ull << 14)
#define AMDVI_CTL_PPR_EN        (1ull << 15)
#define AMDVI_CTL_GA_EN         (1ull << 17)
#define AMDVI_CTL_GALOG_EN      (1ull << 28)
#define AMDVI_CTL_GALOG_INTEN   (1ull << 29)
#define AMDVI_CTL_XT_EN         (1ull << 50)
#define AMDVI_CTL_INTCAPXT_EN   (1ull << 51)
#define AMDVI_CTL_IRT_CACHE_DIS (1ull << 59)
/* and fields. */
#define AMDVI_CTL_INV_TIMEOUT 5, 3
#define AMDVI_CTL_HINTS       8, 4 /* PassPW, ResPassPW, Coherent, Isoc: nothing here follows them */
#define AMDVI_CTL_GAM         25, 3
#define AMDVI_CTL_NUM_INT     43, 2 /* NumIntRemapMode */
#define AMDVI_NUM_INT_2K      1

/* STATUS (3.4.15). */
#define AMDVI_ST_EVENT_OVERFLOW (1ull << 0)
#define AMDVI_ST_EVENT_INT      (1ull << 1)
#define AMDVI_ST_COMWAIT_INT    (1ull << 2)
#define AMDVI_ST_EVENT_RUN      (1ull << 3)
#define AMDVI_ST_CMDBUF_RUN     (1ull << 4)
#define AMDVI_ST_PPR_OVERFLOW   (1ull << 5)
#define AMDVI_ST_PPR_INT        (1ull << 6)
#define AMDVI_ST_PPRLOG_RUN     (1ull << 7)
#define AMDVI_ST_GALOG_RUN      (1ull << 8)
#define AMDVI_ST_GALOG_OVERFLOW (1ull << 9)
#define AMDVI_ST_GALOG_INT      (1ull << 10)

/* Base registers. */
#define AMDVI_BASE_MASK   0x000ffffffffff000ull
#define AMDVI_DEVTAB_SIZE 0, 9  /* pages of 4 KiB, less one */
#define AMDVI_RING_LENGTH 56, 4 /* log2 of entries; 8 to 15 */
#define AMDVI_RING_PTR    0x7fff0ull
#define AMDVI_GALOG_PTR   0x3fff8ull

/* EXCL_BASE (3.4.4). */
#define AMDVI_EXCL_EN    (1ull << 0)
#define AMDVI_EXCL_ALLOW (1ull << 1)

/* What the unit itself says of its condition. */
static inline void amdvi_change_status(RegFile *regs, uint64_t set, uint64_t clear)
{
    regfile_set(regs, AMDVI_STATUS, (regfile_get(regs, AMDVI_STATUS) | set) & ~clear);
}

#endif
