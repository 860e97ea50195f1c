/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: interrupt remapping table entries (9.9, 9.10). */
#ifndef HW_I386_IOMMU_VTD_IRTE_H
#define HW_I386_IOMMU_VTD_IRTE_H

#include "hw/i386/iommu/vtd/fault.h"

/* How to decode: what the unit offers and the mode its table was set in. */
typedef struct {
    bool eime;
    bool posting; /* CAP.PI */
} VtdIrteMode;

typedef struct {
    bool present, fpd, posted;
    bool logical, redirection, level, urgent;
    uint8_t delivery, vector, avail;
    uint32_t dest; /* an id: already shifted down in xAPIC mode */
    uint64_t pid_address;
    uint16_t sid;
    uint8_t sq, svt;
} VtdIrte;

/* Takes the entry apart; VTD_OK, or the reason why it cannot be used. The fields are valid in any
 * case, for FPD counts also where P is clear. */
VtdFaultReason vtd_irte_decode(uint64_t low, uint64_t high, VtdIrteMode mode, VtdIrte *out);
/* What is reserved in an entry that is refused for that, in words; NULL: nothing. */
const char *vtd_irte_flaw(uint64_t low, uint64_t high, VtdIrteMode mode);
void vtd_irte_encode(const VtdIrte *irte, VtdIrteMode mode, uint64_t *low, uint64_t *high);

#endif
