/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the codec of interrupt remapping table entries, remapped (9.9) and posted (9.10) format.
 * A present entry with a reserved bit or a reserved encoding is refused as reason 24h: IM without
 * CAP.PI, SVT 11b, delivery modes 011b and 110b, and in xAPIC mode the bits around the 8-bit id.
 */
#include "hw/i386/iommu/vtd/irte.h"
#include "hw/i386/iommu/vtd/fields.h"

#define IRTE_P     0, 1
#define IRTE_FPD   1, 1
#define IRTE_DM    2, 1
#define IRTE_RH    3, 1
#define IRTE_TM    4, 1
#define IRTE_DLM   5, 3
#define IRTE_AVAIL 8, 4
#define IRTE_URG   14, 1
#define IRTE_IM    15, 1
#define IRTE_V     16, 8
#define IRTE_DST   32, 32
#define IRTE_DST8  40, 8
#define IRTE_PDAL  38, 26
/* Upper quadword. */
#define IRTE_SID  0, 16
#define IRTE_SQ   16, 2
#define IRTE_SVT  18, 2
#define IRTE_PDAH 32, 32

#define PID_ADDRESS_SHIFT 6

static uint64_t known_low(bool posted, VtdIrteMode mode)
{
    uint64_t common = vtd_mask(IRTE_P) | vtd_mask(IRTE_FPD) | vtd_mask(IRTE_AVAIL) |
                      vtd_mask(IRTE_V) | (mode.posting ? vtd_mask(IRTE_IM) : 0);
    if (posted) {
        return common | vtd_mask(IRTE_URG) | vtd_mask(IRTE_PDAL);
    }
    return common | vtd_mask(IRTE_DM) | vtd_mask(IRTE_RH) | vtd_mask(IRTE_TM) | vtd_mask(IRTE_DLM) |
           (mode.eime ? vtd_mask(IRTE_DST) : vtd_mask(IRTE_DST8));
}

static uint64_t known_high(bool posted)
{
    return vtd_mask(IRTE_SID) | vtd_mask(IRTE_SQ) | vtd_mask(IRTE_SVT) |
           (posted ? vtd_mask(IRTE_PDAH) : 0);
}

static bool delivery_is_reserved(uint8_t delivery)
{
    return delivery == 3 || delivery == 6;
}

VtdFaultReason vtd_irte_decode(uint64_t low, uint64_t high, VtdIrteMode mode, VtdIrte *out)
{
    *out = (VtdIrte){
        .present = vtd_get(low, IRTE_P),
        .fpd = vtd_get(low, IRTE_FPD),
        .posted = vtd_get(low, IRTE_IM),
        .avail = (uint8_t)vtd_get(low, IRTE_AVAIL),
        .vector = (uint8_t)vtd_get(low, IRTE_V),
        .sid = (uint16_t)vtd_get(high, IRTE_SID),
        .sq = (uint8_t)vtd_get(high, IRTE_SQ),
        .svt = (uint8_t)vtd_get(high, IRTE_SVT),
    };
    if (out->posted) {
        out->urgent = vtd_get(low, IRTE_URG);
        out->pid_address = vtd_get(high, IRTE_PDAH) << 32 | vtd_get(low, IRTE_PDAL)
                                                                << PID_ADDRESS_SHIFT;
    } else {
        out->logical = vtd_get(low, IRTE_DM);
        out->redirection = vtd_get(low, IRTE_RH);
        out->level = vtd_get(low, IRTE_TM);
        out->delivery = (uint8_t)vtd_get(low, IRTE_DLM);
        out->dest = (uint32_t)(mode.eime ? vtd_get(low, IRTE_DST) : vtd_get(low, IRTE_DST8));
    }
    if (!out->present) {
        return VTD_FR_IR_NOT_PRESENT;
    }
    if ((low & ~known_low(out->posted, mode)) || (high & ~known_high(out->posted)) ||
        out->svt == 3 || delivery_is_reserved(out->delivery)) {
        return VTD_FR_IR_ENTRY_RESERVED;
    }
    return VTD_OK;
}

const char *vtd_irte_flaw(uint64_t low, uint64_t high, VtdIrteMode mode)
{
    bool posted = vtd_get(low, IRTE_IM);
    uint64_t beside = vtd_mask(IRTE_DST) & ~vtd_mask(IRTE_DST8);

    if (posted && !mode.posting) {
        return "IM is set, and CAP has no PI";
    }
    if (vtd_get(high, IRTE_SVT) == 3) {
        return "SVT is 3";
    }
    if (!posted && delivery_is_reserved((uint8_t)vtd_get(low, IRTE_DLM))) {
        return "its delivery mode is reserved";
    }
    if (!posted && !mode.eime && (low & beside)) {
        return "IRTA.EIME is clear, so its destination has bits 47:40 alone, and 63:48 and 39:32 "
               "are reserved";
    }
    return (low & ~known_low(posted, mode)) || (high & ~known_high(posted))
               ? "bits are set that no field has"
               : NULL;
}

void vtd_irte_encode(const VtdIrte *irte, VtdIrteMode mode, uint64_t *low, uint64_t *high)
{
    *low = vtd_put(irte->present, IRTE_P) | vtd_put(irte->fpd, IRTE_FPD) |
           vtd_put(irte->avail, IRTE_AVAIL) | vtd_put(irte->posted, IRTE_IM) |
           vtd_put(irte->vector, IRTE_V);
    *high =
        vtd_put(irte->sid, IRTE_SID) | vtd_put(irte->sq, IRTE_SQ) | vtd_put(irte->svt, IRTE_SVT);
    if (irte->posted) {
        *low |= vtd_put(irte->urgent, IRTE_URG) |
                vtd_put(irte->pid_address >> PID_ADDRESS_SHIFT, IRTE_PDAL);
        *high |= vtd_put(irte->pid_address >> 32, IRTE_PDAH);
        return;
    }
    *low |= vtd_put(irte->logical, IRTE_DM) | vtd_put(irte->redirection, IRTE_RH) |
            vtd_put(irte->level, IRTE_TM) | vtd_put(irte->delivery, IRTE_DLM) |
            (mode.eime ? vtd_put(irte->dest, IRTE_DST) : vtd_put(irte->dest, IRTE_DST8));
}
