/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: device table entries (2.2.2.1). */
#ifndef HW_I386_IOMMU_AMD_DTE_H
#define HW_I386_IOMMU_AMD_DTE_H

#include <inttypes.h>
#include <stdbool.h>

#define AMDVI_DTE_BYTES 32
#define AMDVI_DTE_WORDS 4

/* What becomes of fixed and arbitrated interrupts. */
typedef enum {
    AMDVI_INT_ABORT = 0,
    AMDVI_INT_FORWARD = 1,
    AMDVI_INT_REMAP = 2,
    AMDVI_INT_RESERVED = 3,
} AmdviIntCtl;

typedef enum {
    AMDVI_SYSMGT_ABORT = 0,
    AMDVI_SYSMGT_FORWARD = 1,
    AMDVI_SYSMGT_INTX = 2,
    AMDVI_SYSMGT_TRANSLATE = 3,
} AmdviSysMgt;

typedef struct {
    /* Of DMA. */
    bool v, tv;
    bool ir, iw; /* may read, may write */
    bool ex;     /* the exclusion range is for it */
    bool se, sa; /* page faults: only the first is logged; none is */
    bool iotlb;
    bool ppr;     /* it may ask for pages */
    uint8_t mode; /* levels; 0: no translation */
    uint16_t domain;
    uint64_t table;
    bool dma_reserved; /* with V: something reserved is set */
    /* Of interrupts. */
    bool iv;
    bool ig; /* requests for what is not mapped leave no event */
    AmdviIntCtl int_ctl;
    AmdviSysMgt sys_mgt;
    bool init_pass, eint_pass, nmi_pass, lint0_pass, lint1_pass;
    uint16_t int_count; /* entries of its interrupt remapping table */
    uint64_t int_table;
    bool int_reserved; /* with IV: the same */
} AmdviDte;

void amdvi_dte_decode(const uint64_t words[AMDVI_DTE_WORDS], AmdviDte *out);

#endif
