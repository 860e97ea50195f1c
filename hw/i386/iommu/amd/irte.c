/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi: the codec of interrupt remapping table entries (2.2.5.2 and, in 128 bits, 2.2.8). Guest
 * mode (a virtual APIC) is an affair of 128 bits and of GAMEn, and reserved without. In an entry of
 * 128 bits that is not in guest mode the pointer that guest mode has is not looked at.
 */
#include "hw/i386/iommu/amd/irte.h"

#include <stddef.h>

#include "base/fields.h"

#define IRTE_REMAP_EN   0, 1
#define IRTE_SUP_IOPF   1, 1
#define IRTE_INT_TYPE   2, 3
#define IRTE_RQ_EOI     5, 1
#define IRTE_DM         6, 1
#define IRTE_GUEST_MODE 7, 1
#define IRTE_DEST8      8, 8
/* In 32 bits. */
#define IRTE_VECTOR32   16, 8
#define IRTE_RESERVED32 24, 8
/* In 128: the lower quadword, */
#define IRTE_DEST24          8, 24
#define IRTE_RESERVED_WITHXT 32, 32
#define IRTE_RESERVED_NOXT   16, 48
/* and the upper. */
#define IRTE_VECTOR    0, 8
#define IRTE_RESERVED1 8, 4
#define IRTE_RESERVED2 52, 4
#define IRTE_DEST_HIGH 56, 8

/* In guest mode. */
#define IRTE_GALOG_INTR     2, 1
#define IRTE_GUEST_RESERVED 3, 3
#define IRTE_IS_RUN         6, 1
#define IRTE_GATAG          32, 32
#define IRTE_PAGE           12, 40

#define INT_TYPE_LAST 1 /* arbitrated; the others are reserved */

static bool irte_is_guest(uint64_t low, AmdviIrteMode mode)
{
    return mode.wide && mode.guests && field_get(low, IRTE_GUEST_MODE);
}

static uint64_t reserved_low(AmdviIrteMode mode)
{
    return !mode.wide ? field_mask(IRTE_RESERVED32)
           : mode.xt  ? field_mask(IRTE_RESERVED_WITHXT)
                      : field_mask(IRTE_RESERVED_NOXT);
}

static uint64_t reserved_high(AmdviIrteMode mode)
{
    return field_mask(IRTE_RESERVED1) | field_mask(IRTE_RESERVED2) |
           (mode.xt ? 0 : field_mask(IRTE_DEST_HIGH));
}

const char *amdvi_irte_flaw(uint64_t low, uint64_t high, AmdviIrteMode mode)
{
    if (irte_is_guest(low, mode)) {
        return (low & field_mask(IRTE_GUEST_RESERVED)) || (high & reserved_high(mode))
                   ? "bits are set that no field has in guest mode"
                   : NULL;
    }
    if (field_get(low, IRTE_GUEST_MODE)) {
        return "GuestMode is set, and CONTROL has no GAMEn";
    }
    if (field_get(low, IRTE_INT_TYPE) > INT_TYPE_LAST) {
        return "its IntType is reserved";
    }
    if (mode.wide && !mode.xt &&
        ((low & field_mask(IRTE_DEST24) & ~field_mask(IRTE_DEST8)) ||
         field_get(high, IRTE_DEST_HIGH))) {
        return "XTEn is clear, so its destination has bits 15:8 alone";
    }
    if ((low & reserved_low(mode)) || (mode.wide && (high & reserved_high(mode)))) {
        return "bits are set that no field has";
    }
    return NULL;
}

static uint32_t irte_destination(uint64_t low, uint64_t high, AmdviIrteMode mode)
{
    if (!mode.wide || !mode.xt) {
        return (uint32_t)field_get(low, IRTE_DEST8);
    }
    return (uint32_t)(field_get(low, IRTE_DEST24) | field_get(high, IRTE_DEST_HIGH) << 24);
}

void amdvi_irte_decode(uint64_t low, uint64_t high, AmdviIrteMode mode, AmdviIrte *out)
{
    *out = (AmdviIrte){
        .remap_en = field_get(low, IRTE_REMAP_EN),
        .sup_iopf = field_get(low, IRTE_SUP_IOPF),
        .rq_eoi = field_get(low, IRTE_RQ_EOI),
        .logical = field_get(low, IRTE_DM),
        .int_type = (uint8_t)field_get(low, IRTE_INT_TYPE),
        .vector =
            (uint8_t)(mode.wide ? field_get(high, IRTE_VECTOR) : field_get(low, IRTE_VECTOR32)),
        .dest = irte_destination(low, high, mode),
        .reserved = amdvi_irte_flaw(low, high, mode) != NULL,
    };
    if (irte_is_guest(low, mode)) {
        out->guest = true;
        out->is_run = field_get(low, IRTE_IS_RUN);
        out->ga_log = field_get(low, IRTE_GALOG_INTR);
        out->tag = (uint32_t)field_get(low, IRTE_GATAG);
        out->page = high & field_mask(IRTE_PAGE);
    }
}
