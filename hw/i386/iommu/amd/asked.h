/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: what devices were asked to forget (2.4.4), and have not answered. */
#ifndef HW_I386_IOMMU_AMD_ASKED_H
#define HW_I386_IOMMU_AMD_ASKED_H

#include "base/clock.h"
#include "hw/core/state.h"
#include "hw/i386/iommu/amd/cmd.h"

#define AMDVI_TAGS 32 /* PCI Express 5.0, 10.3 */

typedef struct {
    uint16_t device_id;
    uint64_t command; /* where it was */
    uint64_t ends;    /* when its time is over, in ns; 0: never */
} AmdviRequest;

typedef struct AmdviState AmdviState; /* unit.h */

typedef struct {
    Timer timeout; /* of the first that ends */
    uint32_t tags; /* which of these are under way */
    AmdviRequest requests[AMDVI_TAGS];
} AmdviAsked;
extern const StateField amdvi_asked_state[];

void amdvi_asked_init(AmdviState *s);
void amdvi_asked_reset(AmdviAsked *asked);
static inline bool amdvi_asked_is_full(const AmdviAsked *asked)
{
    return asked->tags == UINT32_MAX;
}
/* Asks a device; there is a tag left. `command`: the address of what says so. */
void amdvi_asked_add(AmdviState *s, const AmdviCmd *c, uint64_t command);
/* It has done what it was asked for under these tags. */
void amdvi_asked_answered(AmdviState *s, uint16_t device_id, uint32_t tags);

#endif
