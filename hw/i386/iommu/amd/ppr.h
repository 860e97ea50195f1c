/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: peripheral page requests and their log (2.6). */
#ifndef HW_I386_IOMMU_AMD_PPR_H
#define HW_I386_IOMMU_AMD_PPR_H

#include "hw/i386/iommu/amd/unit.h"

/* Is the log switched on, and has it not overflowed? */
void amdvi_ppr_update(AmdviState *s);
/* UpstreamOps': a page request from below. */
bool amdvi_ppr_request(void *opaque, const BusReq *req, const BusPageRequest *what);
/* COMPLETE_PPR_REQUEST: the response goes to the function. */
void amdvi_ppr_complete(AmdviState *s, const AmdviCmd *c);

#endif
