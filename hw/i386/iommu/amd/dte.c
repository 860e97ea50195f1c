/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the codec of device table entries (2.2.2.1). V says that the lower half counts, IV the
 * same of the upper one. Guest translation (GV) and host access bits (HAD) are not offered, and
 * reserved for that; fields that only belong to them are not looked at.
 */
#include "hw/i386/iommu/amd/dte.h"

#include "base/fields.h"

/* First quadword. */
#define DTE_V         0, 1
#define DTE_TV        1, 1
#define DTE_RESERVED0 2, 5
#define DTE_HAD       7, 2
#define DTE_MODE      9, 3
#define DTE_TABLE     12, 40
#define DTE_PPR       52, 1
#define DTE_GV        55, 1
#define DTE_IR        61, 1
#define DTE_IW        62, 1
#define DTE_RESERVED1 63, 1
/* Second. */
#define DTE_DOMAIN 0, 16
#define DTE_I      32, 1
#define DTE_SE     33, 1
#define DTE_SA     34, 1
#define DTE_EX     39, 1
#define DTE_SYSMGT 40, 2
/* Third. */
#define DTE_IV         0, 1
#define DTE_INTTABLEN  1, 4
#define DTE_IG         5, 1
#define DTE_INTTABLE   6, 46
#define DTE_RESERVED2  52, 2
#define DTE_INIT_PASS  56, 1
#define DTE_EINT_PASS  57, 1
#define DTE_NMI_PASS   58, 1
#define DTE_INTCTL     60, 2
#define DTE_LINT0_PASS 62, 1
#define DTE_LINT1_PASS 63, 1

#define MODE_RESERVED  7
#define INTTABLEN_LAST 11 /* 2048 entries */
#define INTTABLE_SHIFT 6

static void decode_dma(uint64_t first, uint64_t second, AmdviDte *out)
{
    out->v = field_get(first, DTE_V);
    out->tv = field_get(first, DTE_TV);
    out->mode = (uint8_t)field_get(first, DTE_MODE);
    out->table = first & field_mask(DTE_TABLE);
    out->ppr = field_get(first, DTE_PPR);
    out->ir = field_get(first, DTE_IR);
    out->iw = field_get(first, DTE_IW);
    out->domain = (uint16_t)field_get(second, DTE_DOMAIN);
    out->iotlb = field_get(second, DTE_I);
    out->se = field_get(second, DTE_SE);
    out->sa = field_get(second, DTE_SA);
    out->ex = field_get(second, DTE_EX);
    out->sys_mgt = (AmdviSysMgt)field_get(second, DTE_SYSMGT);
    uint64_t reserved = field_mask(DTE_RESERVED0) | field_mask(DTE_RESERVED1) |
                        field_mask(DTE_HAD) | field_mask(DTE_GV);
    out->dma_reserved = (first & reserved) || out->mode == MODE_RESERVED;
}

static void decode_interrupts(uint64_t third, AmdviDte *out)
{
    unsigned length = (unsigned)field_get(third, DTE_INTTABLEN);
    out->iv = field_get(third, DTE_IV);
    out->ig = field_get(third, DTE_IG);
    out->int_ctl = (AmdviIntCtl)field_get(third, DTE_INTCTL);
    out->int_table = field_get(third, DTE_INTTABLE) << INTTABLE_SHIFT;
    out->init_pass = field_get(third, DTE_INIT_PASS);
    out->eint_pass = field_get(third, DTE_EINT_PASS);
    out->nmi_pass = field_get(third, DTE_NMI_PASS);
    out->lint0_pass = field_get(third, DTE_LINT0_PASS);
    out->lint1_pass = field_get(third, DTE_LINT1_PASS);
    out->int_reserved = (third & field_mask(DTE_RESERVED2)) || length > INTTABLEN_LAST ||
                        out->int_ctl == AMDVI_INT_RESERVED;
    out->int_count = out->int_reserved ? 0 : (uint16_t)(1u << length);
}

void amdvi_dte_decode(const uint64_t words[AMDVI_DTE_WORDS], AmdviDte *out)
{
    *out = (AmdviDte){0};
    decode_dma(words[0], words[1], out);
    decode_interrupts(words[2], out);
}
