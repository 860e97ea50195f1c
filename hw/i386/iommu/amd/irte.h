/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: entries of interrupt remapping tables, in 32 and 128 bits (2.2.5.2). */
#ifndef HW_I386_IOMMU_AMD_IRTE_H
#define HW_I386_IOMMU_AMD_IRTE_H

#include <inttypes.h>
#include <stdbool.h>

#define AMDVI_IRT_MAX 2048u

/* How to read one: CONTROL.GAEn (128 bits), XTEn (32-bit ids), and GAMEn (guest mode). */
typedef struct {
    bool wide, xt, guests;
} AmdviIrteMode;

typedef struct {
    bool remap_en;
    bool sup_iopf; /* SupIOPF: use of it while RemapEn is clear leaves no event */
    bool rq_eoi;   /* level-triggered */
    bool logical;
    uint8_t int_type; /* 0 fixed, 1 arbitrated */
    uint8_t vector;
    uint32_t dest;
    /* GuestMode: it is posted to a virtual APIC. */
    bool guest;
    bool is_run; /* whose guest runs on `dest` */
    bool ga_log; /* GALogIntr: else the log is told */
    uint32_t tag;
    uint64_t page; /* the virtual APIC's backing page */
    bool reserved; /* something reserved is set: what, amdvi_irte_flaw() says */
} AmdviIrte;

static inline unsigned amdvi_irte_bytes(AmdviIrteMode mode)
{
    return mode.wide ? 16 : 4;
}

/* A 32-bit entry is `low`. */
void amdvi_irte_decode(uint64_t low, uint64_t high, AmdviIrteMode mode, AmdviIrte *out);
/* What is reserved in it, in words; NULL: nothing. */
const char *amdvi_irte_flaw(uint64_t low, uint64_t high, AmdviIrteMode mode);

#endif
